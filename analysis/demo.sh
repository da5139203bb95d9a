#!/usr/bin/env bash
# demo.sh PROGRAM LIST FOLDER - replay every workload of the list as
# MicroPython would have it, or on a machine, show the runs, and draw the
# report into FOLDER. Killed at any moment, it may simply be started again: what
# the database holds already is not stored twice. What needs machine code that
# is not there is passed over.
set -eu
program=$1
list=$2
folder=$3
db=$folder/demo.db
mkdir -p "$folder"

# Flavour of the machine code that a machine of the list runs.
has_code() {
    case $1 in
    hazard3) flavour=hazard3 ;;
    *) flavour=m0plus ;;
    esac
    [ -e "${program%/*}/guest/$2-$flavour-O2.elf" ]
}

grep -v '^#' "$list" | while read -r pattern heap machine manager; do
    for workload in $pattern; do # a pattern of files, or a preset
        name=$(basename "$workload")
        if [ -z "$machine" ]; then
            echo "replay $name"
            "$program" replay "$workload" --manager marksweep --heap "$heap" \
                --set quirks=exact --db "$db" >/dev/null
        elif has_code "$machine" "$manager"; then
            echo "replay $name with $manager on $machine"
            "$program" replay "$workload" --manager "$manager" --heap "$heap" \
                --machine "$machine" --db "$db" >/dev/null
        else
            echo "no cross compiler: $manager on $machine is left out"
        fi
    done
done

echo
"$program" runs --db "$db"
"$program" report --db "$db" -o "$folder"
echo
echo "The report: $folder/index.html"
