#!/usr/bin/env bash
# demo.sh PROGRAM LIST FOLDER - replay every workload of the list as
# MicroPython would have it, show the runs, and draw the report into FOLDER.
# Killed at any moment, it may simply be started again: what the database holds
# already is not stored twice.
set -eu
program=$1
list=$2
folder=$3
db=$folder/demo.db
mkdir -p "$folder"

grep -v '^#' "$list" | while read -r pattern heap; do
    for workload in $pattern; do # a pattern of files, or a preset
        echo "replay $(basename "$workload")"
        "$program" replay "$workload" --manager marksweep --heap "$heap" \
            --set quirks=exact --db "$db" >/dev/null
    done
done

echo
"$program" runs --db "$db"
"$program" report --db "$db" -o "$folder"
echo
echo "The report: $folder/index.html"
