# Outside managers that err are caught with one line, and yield no number; what
# is no image, or lacks what the trace needs, is refused before the run.
command -v arm-none-eabi-gcc >/dev/null || exit 77
cat >t.ft <<'END'
fraglab-trace 1
alloc 1 40
alloc 2 40
alloc 3 40
alloc 4 40
realloc 3 80
free 3
free 4
end
END
image() {
    arm-none-eabi-gcc -mcpu=cortex-m0plus -mthumb -O2 -ffreestanding \
        -nostdlib -static -I "$ROOT" -T "$script" "$@"
}
script=$ROOT/core/guest/outside.ld
play() {
    "$FRAGLAB" replay "$@" --heap 1K --quiet 2>&1 >out.txt |
        sed 's/0x2000[0-9a-f]* (\(guest_[a-z]*\)+[0-9]*)/PLACE in \1/
             s/, instruction [0-9a-f]*/, instruction WORD/
             s/at 0x201[0-9a-f]*, inst/at STACK, inst/
             s/[0-9]* bytes at 0x20010400/BYTES at 0x20010400/'
    echo "exit ${PIPESTATUS[0]}, $(grep -c ': failed' out.txt) failed"
}
for wrong in OVERLAPS REPEATS MISALIGNED BELOW BEHIND FAR SCRIBBLES SCRAMBLES \
    LOOPS FAULTS RUNS_WILD EXITS GENEROUS SLOW_START POOR; do
    image -DWRONG=$wrong -o $wrong.elf "$ROOT/tests/outside/wrong.c"
    echo "$wrong"
    play t.ft --image $wrong.elf
done

image -o few.elf "$ROOT/tests/outside/few.c"
play t.ft --image few.elf
play - --image few.elf <t.ft
grep -v '^realloc' t.ft >u.ft
play u.ft --image few.elf
play - --image few.elf <u.ft
grep -v '^free' u.ft >v.ft
play v.ft --image few.elf --refused reset --assert 'machine_total.loads > 0'

sed 's/guest_alloc/other_alloc/' "$ROOT/tests/outside/few.c" >no.c
image -o no.elf no.c -Wl,--entry=0
play v.ft --image no.elf
{ cat "$ROOT/tests/outside/few.c"; echo 'const char guest_name[] = "a b";'; } \
    >name.c
image -o name.elf name.c
play v.ft --image name.elf
sed 's/0x20000000/0x20010400/; /ASSERT/d' "$ROOT/core/guest/outside.ld" >in.ld
script=in.ld image -o in.elf "$ROOT/tests/outside/few.c" 2>/dev/null
play v.ft --image in.elf
head -c 300 few.elf >cut.elf
play v.ft --image cut.elf
play v.ft --image t.ft
play v.ft --image none.elf
play v.ft --image few.elf --machine hazard3
play v.ft --image few.elf --machine native
play v.ft --image few.elf --set align=5
play v.ft --manager outside
