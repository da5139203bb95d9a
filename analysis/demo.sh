#!/usr/bin/env bash
# demo.sh PROGRAM FOLDER - replay every sample trace and one preset, list the
# runs, and draw the report into FOLDER. Killed at any moment, it may simply be
# started again: what the database holds already is not stored twice.
set -eu
program=$1
folder=$2
db=$folder/demo.db
mkdir -p "$folder"

for trace in traces/samples/*.ftb; do
    [ -e "$trace" ] || continue
    echo "replay $(basename "$trace")"
    "$program" replay "$trace" --manager marksweep --heap trace --db "$db" \
        >/dev/null
done
echo "replay wiki-question"
"$program" replay wiki-question --manager marksweep --heap 64K --db "$db" \
    >/dev/null

echo
"$program" runs --db "$db"
"$program" report --db "$db" -o "$folder"
echo
echo "The report: $folder/index.html"
