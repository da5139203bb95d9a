#!/usr/bin/env bash
# demo.sh PROGRAM FOLDER - replay every sample trace and one preset, list the
# runs, and draw the report into FOLDER. A run that is in the database already
# is done again only if it was lost; killed at any moment, the next start goes
# on.
set -eu
program=$1
folder=$2
db=$folder/demo.db
mkdir -p "$folder"

for trace in traces/samples/*.ftb; do
    [ -e "$trace" ] || continue
    echo "replay $(basename "$trace")"
    "$program" replay "$trace" --manager marksweep --heap trace --db "$db" \
        --quiet >/dev/null
done
echo "replay wiki-question"
"$program" replay wiki-question --manager marksweep --heap 64K --db "$db" \
    --quiet >/dev/null

echo
"$program" runs --db "$db"
"$program" report --db "$db" -o "$folder"
echo
echo "The report: $folder/index.html"
