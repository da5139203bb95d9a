# Text, binary and back; what each verb prints.
cat >small.ft <<'END'
fraglab-trace 1
header word-bytes 4
alloc 1 24
alloc 2 17 finaliser
store 1 2 2
death 2
collect ordinary
expect collection asked 0 2
end
END
"$FRAGLAB" trace validate small.ft
"$FRAGLAB" trace convert small.ft -o small.ftb | sed 's/[0-9]* bytes ([^)]*)/N bytes/'
"$FRAGLAB" trace validate small.ftb
"$FRAGLAB" trace cat - <small.ftb
gzip -c small.ftb | "$FRAGLAB" trace validate -
"$FRAGLAB" trace info small.ftb
"$FRAGLAB" trace info --json small.ft |
    grep -E '"(format|events|operations|allocations|frees|reallocs|failed|collections|peak_live|skipped)"'
