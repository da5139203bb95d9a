cp "$ROOT/tests/fuzz/elf/square.elf" .
elf=square.elf
try() { "$FRAGLAB" machine "$@" || echo "exit $?"; }
try
try ruin x
try run
try run none.elf
try run "$elf" --machine hazard4
try run "$elf" --limit x
try run "$elf" --between square
try run "$elf" more
try call "$elf" sqare 7
try call "$elf" square seven
echo '{"core": "hazard3", "memori": []}' > m.json
try run "$elf" --machine m.json
echo '{"core": "hazard3", "memory": [{"name": "a", "kind": "ram", "base": "0x20000000", "bytes": "64K", "wait": 64}]}' > m.json
try run "$elf" --machine m.json
echo '{"core": "hazard3", "memory": [{"name": "a", "kind": "ram", "base": 0, "bytes": 4}, {"name": "b", "kind": "rom", "base": 0, "bytes": 4}]}' > m.json
try run "$elf" --machine m.json
echo '{' > m.json
try run "$elf" --machine m.json
head -c 200 "$elf" > cut.elf
try run cut.elf
try trace "$elf" --between _start square
try run "$elf" --between _start --json
try call "$elf" square 1 --between _start 0x70000000
