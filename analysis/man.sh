#!/usr/bin/env bash
# man.sh PROGRAM VERSION - the manual page, in roff, made of the program's own
# help texts, so that the two cannot disagree.
set -eu
program=$1
version=$2

# Text as it stands: backslashes, and dots at the start of a line, are roff's.
verbatim() {
    echo '.nf'
    sed -e 's/\\/\\e/g' -e 's/-/\\-/g' -e "s/^[.']/\\\\\&&/"
    echo '.fi'
}

cat <<PAGE
.TH FRAGLAB 1 "" "fraglab $version" "User Commands"
.SH NAME
fraglab \\- a laboratory for the heaps of microcontrollers
.SH SYNOPSIS
.B fraglab
.I COMMAND
.RI [ ARGUMENTS ]
.SH DESCRIPTION
fraglab replays allocation traces against real memory managers, checks every
answer, and tells after every operation what is left of the heap: free bytes,
live bytes, the largest free block, the largest request that would succeed. It
stores this in SQLite, draws it and reports it.
.SH COMMANDS
PAGE
"$program" --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p' |
    while read -r command; do
        echo ".SS $command"
        "$program" help "$command" | verbatim
    done
cat <<'PAGE'
.SH EXIT STATUS
0 done (refusals in a run are data, not errors); 1 a run failed, or a check or
an assertion did not hold; 2 wrong usage or input.
.SH ENVIRONMENT
.TP
.B NO_COLOR
When set and not empty, nothing is printed in colour.
PAGE
