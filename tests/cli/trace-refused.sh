# Wrong input: a line on stderr, status 2, nothing on stdout, no file.
try() {
    "$FRAGLAB" trace "$@"
    echo "status $?"
}
printf 'fraglab-trace 1\nalloc 1 8\nfree 1\nfree 1\nend\n' >double.ft
printf 'fraglab-trace 1\nalloc 1 8\n' >cut.ft
printf 'fraglab-trace 1\nalloc 1 8\nend\n' >good.ft
: >empty
mkdir folder
try validate double.ft
try cat double.ft
try cat - <cut.ft
try convert cut.ft -o out.ftb
try info empty
try info folder
try info missing
try info churm
"$FRAGLAB" trace convert good.ft -o good.ftb >/dev/null
head -c 100 good.ftb >short.ftb
try validate short.ftb
try validat good.ft
try info
try info --jsn good.ft
try convert good.ft
try convert good.ft -o folder
try convert good.ft -o nowhere/out.ft
ls
