# A malloc-lab list becomes a trace in text; what was read is summed up.
printf '4096\n2\n5\n1\na 0 100\na 1 20\nr 0 200\nf 1\na 1 30\n' >small.rep
"$FRAGLAB" import small.rep -o small.ft | sed '/^written:/d'
grep -v '^end' small.ft
