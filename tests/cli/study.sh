# A small study: its tables go between the markers of a text, the rest of which
# stays; numbers depend on the compiler, so only their places are shown.
command -v sqlite3 >/dev/null && command -v gnuplot >/dev/null || exit 77
[ -f "$ROOT/build/guest/tlsf-hazard3-O2.elf" ] || exit 77
cat >grid.json <<'END'
{
    "name": "small",
    "axes": {
        "workload": "churn:ops=300,heap=8K",
        "manager": ["tlsf", "copying:pins=k,zero=0"],
        "heap": ["8K", "1min"],
        "machine": ["native", "hazard3"]
    },
    "exclude": [{"heap": "1min", "machine": "hazard3"}]
}
END
printf 'before\n<!-- managers -->\nold\n<!-- /managers -->\nafter\n' >text.md
study() {
    bash "$ROOT/analysis/study.sh" "$FRAGLAB" grid.json db/small.db "$1" out 1
}
study text.md
sed 's/[0-9][0-9,.]*/N/g' text.md
head -n 1 out/managers-table.csv
wc -l <out/managers-table.csv
ls out
study text.md | head -n 1
# A point that fails is told, has no row, and leaves the others theirs.
sed -i 's/"copying:pins=k,zero=0"/"fit"/; s/"1min"\]/"1min", "300M"]/' grid.json
study text.md
echo "exit $?"
grep -c '^| tlsf' text.md
echo "nothing to fill" >bare.md
study bare.md
echo "exit $?"
