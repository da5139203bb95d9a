# The list of runs, a choice of them, and deleting.
trace() {
    printf 'fraglab-trace 1\nalloc 1 %s\nalloc 2 40\nfree 1\nend\n' "$1"
}
runs() { "$FRAGLAB" runs --db a.db "$@"; }
trace 100 >t.ft
trace 9000 >long-name-of-a-trace-that-needs-more-room.ft
for t in *.ft; do
    "$FRAGLAB" replay "$t" --heap 1K --db a.db --quiet >/dev/null
done
# The id depends on the sources, the size on SQLite.
table() { sed 's/ [0-9a-f]\{8\} / IDIDIDID /; s/ [0-9]*  \([^ ]*\)$/ N  \1/'; }
runs | table
runs --where 'refused = 0' | table
# Behind the trace stands what was set.
"$FRAGLAB" replay t.ft --heap 1K --db b.db --set mark_stack=4 >/dev/null
"$FRAGLAB" runs --db b.db | sed 's/.*KiB//; s/.* t.ft/t.ft/'
runs --where 'refused = 7'
runs --where 'refused = '
runs --where '1); DROP TABLE run; --'
runs --delete 1 9
runs --delete 1 --vacuum
runs | table
runs 2
runs --bd a.db
rm -f a.db
runs
runs --delete 2
