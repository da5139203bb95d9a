# A list that ends too early is refused, and nothing is left of the output.
printf '4096\n2\n3\n1\na 0 100\na 1 20\n' >short.rep
printf 'kept\n' >short.ft
"$FRAGLAB" import short.rep -o short.ft
status=$?
cat short.ft
ls
exit $status
