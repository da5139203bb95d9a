# Figures of cycles: of a run on a machine, not of a native one; one that never
# collected has no pauses.
command -v gnuplot >/dev/null || exit 77
for manager in marksweep tlsf; do
    [ -e "$(dirname "$FRAGLAB")/guest/$manager-hazard3-O2.elf" ] || exit 77
done
play() {
    "$FRAGLAB" replay mpy-mix:ops=4000,heap=16K --heap 16K --db runs.db --quiet \
        --keep series "$@" >/dev/null
}
play --machine hazard3
play --machine hazard3 --manager tlsf
play
for kind in cycles cycles-time pauses; do
    "$FRAGLAB" plot $kind 1 --db runs.db -o f/$kind.svg
    "$FRAGLAB" plot $kind 2 --db runs.db -o f/$kind-tlsf.png
    "$FRAGLAB" plot $kind 1 3 --db runs.db -o f/$kind-none.png
done
ls f
head -n 1 f/*.csv
"$FRAGLAB" runs --db runs.db | awk '{ print $3, $4 }'
"$FRAGLAB" verify 1 --db runs.db | sed 's/[0-9a-f]\{12,32\}/HEX/g; s/, [0-9]* c/, N c/'
"$FRAGLAB" report --db runs.db -o page
grep -o '<h3>Cycles on [a-z0-9]*' page/index.html
