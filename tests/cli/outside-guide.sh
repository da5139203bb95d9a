# The guide's code, as it stands there, makes images of a toy allocator for both
# architectures, and they play what the guide says; equally, but for cycles.
command -v arm-none-eabi-gcc >/dev/null || exit 77
command -v riscv64-unknown-elf-gcc >/dev/null || exit 77
guide=$ROOT/core/guest/README.md
block() { sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$guide" | sed '1d;$d'; }
block c >wrap.c
echo "lines of code: $(grep -c . wrap.c)"
cp "$ROOT/tests/outside/first_fit.c" my_malloc.c
ln -s "$ROOT/core" core
fraglab() {
    "$FRAGLAB" "$@" --quiet --json |
        grep -E '"(status|manager|machine|allocations|refused|largest_request|min_largest_request)":'
}
eval "$(block sh)"

# Refusals, resets, a store and what it leads to.
play() { "$FRAGLAB" replay churn:ops=4000 --image mine.elf --quiet "$@"; }
play --heap 16K --db a.db --set probe=16 | sed '1,4!d; s/^run [0-9a-f]*/run/'
play --heap 16K --refused reset --check | sed '/^resets\|^refused/!d'
"$FRAGLAB" verify 1 --db a.db | sed "s/[0-9a-f]\{12,32\}/HEX/g; s/, [0-9]* cycles//"
"$FRAGLAB" map 1 --at 4000 --db a.db | tail -n 1
"$FRAGLAB" report 1 --db a.db -o page && grep -q outside:mine page/index.html &&
    echo named
"$FRAGLAB" managers outside | head -n 1

# The same bytes under another name are the same run; others are not.
cp mine.elf other.elf
play --heap 16K --db a.db --set probe=16 --image other.elf >/dev/null
"$FRAGLAB" runs --db a.db --json | grep -c '"run":'
for elf in mine.elf other.elf; do
    printf '\377' | dd of=$elf bs=1 seek=4100 conv=notrunc 2>/dev/null
done
"$FRAGLAB" verify 1 --db a.db 2>&1 | sed 's/[0-9a-f]\{12\}/HEX/g; s|/.*/||'
