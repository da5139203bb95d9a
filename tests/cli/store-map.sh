# A heap of 1 KiB (960 bytes of blocks): objects, a free, a death, a map.
cat >t.ft <<'END'
fraglab-trace 1
header word-bytes 4
header has-deaths 1
alloc 1 16
alloc 2 40
alloc 3 100
alloc 4 16
alloc 5 32
free 3
death 4
alloc 6 16
end
END
"$FRAGLAB" replay t.ft --heap 1K --db a.db --quiet >/dev/null || exit
for at in 1 5 6 end; do
    "$FRAGLAB" map 1 --db a.db --at "$at" | sed 's/^run [0-9a-f]*/run ID/'
done
"$FRAGLAB" map 1 --db a.db --at 8 2>&1 | sed 's/run [0-9a-f]*/run ID/'
"$FRAGLAB" map 1 --db a.db --at refusal 2>&1 | sed 's/run [0-9a-f]*/run ID/'
"$FRAGLAB" map 1 --db a.db --at noon
"$FRAGLAB" map 9 --db a.db
"$FRAGLAB" map
