# A grid: its points, playing them, going on; wrong words, wrong grids.
cat >grid.json <<'END'
{
    "name": "small",
    "axes": {
        "workload": "churn:ops=300,heap=8K",
        "manager": ["tlsf", "copying"],
        "heap": ["8K", "1min"]
    },
    "exclude": [{"manager": "tlsf", "heap": "1min"}]
}
END
"$FRAGLAB" sweep grid.json --dry-run
"$FRAGLAB" sweep grid.json --db a.db
"$FRAGLAB" sweep grid.json --db a.db -j 2 | sort
sed 's/"heap"/"haep"/' grid.json >wrong.json
"$FRAGLAB" sweep wrong.json --db b.db
echo "exit $?"
sed 's/"copying"/"copyin"/' grid.json >wrong.json
"$FRAGLAB" sweep wrong.json --db b.db
echo "exit $?"
echo '{"name": "large", "axes": {"workload": "comb", "heap": ["300M", "8K"]}}' \
    >large.json
"$FRAGLAB" sweep large.json --db a.db
echo "exit $?"
"$FRAGLAB" sweep grid.json -j 0
"$FRAGLAB" sweep
"$FRAGLAB" sweep none.json
"$FRAGLAB" sweep grid.json --db none/none/a.db
ls ./*.db
