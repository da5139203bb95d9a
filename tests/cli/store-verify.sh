# A run repeats from its number; not from another trace, nor from none.
trace() {
    printf 'fraglab-trace 1\nalloc 1 %s\nalloc 2 40\nfree 1\nend\n' "$1"
}
masked() { sed 's/[0-9a-f]\{12,32\}/HEX/g'; }
trace 16 >t.ft
"$FRAGLAB" replay t.ft --heap 1K --db a.db --keep summary --quiet >/dev/null
"$FRAGLAB" verify 1 --db a.db | masked
"$FRAGLAB" verify 1 --db a.db --keep ops --quiet
"$FRAGLAB" runs --db a.db --json --where "keep = 'ops'" | grep -c '"run": 1'

trace 17 >t.ft
"$FRAGLAB" verify 1 --db a.db 2>&1 | masked | sed 's|^\(fraglab: \).*/|\1|'
trace 16 >u.ft
"$FRAGLAB" verify 1 --db a.db --trace u.ft | masked
rm t.ft
"$FRAGLAB" verify 1 --db a.db 2>&1 | sed 's|^\(fraglab: \).*/|\1|'
trace 18 | "$FRAGLAB" replay - --heap 2K --db a.db --quiet >/dev/null
"$FRAGLAB" verify 2 --db a.db 2>&1 | masked
"$FRAGLAB" verify 1 --db a.db --keep all
