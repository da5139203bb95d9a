# The mallocs that the toolchains bring play what is recorded, and one of them
# costs what was measured on the RTL of its core (../shared/bench/README.md).
guests=$ROOT/build/guest
[ -f "$guests/newlib-m0plus-O2.elf" ] || exit 77
play() { "$FRAGLAB" replay "$@" --quiet --json; }
show() { tr -d '\t\n ' | grep -oE "$1"; }

cat >t.ft <<'END'
fraglab-trace 1
alloc 1 0
alloc 2 1
alloc 3 100
realloc 3 300 move
realloc 3 302
realloc 3 3000
free 1
realloc 3 8
alloc 4 900000
alloc 5 4294967295
free 2
end
END
for name in newlib newlib-nano; do
    for target in m0plus m3 m4; do
        machine=cortex-$target
        play t.ft --heap 16K --image "$guests/$name-$target-O2.elf" \
            --machine $machine --check --set align=8 >t.json
        echo "$name on $machine: $(show '"refused":[0-9]*' <t.json)" \
            "$(show '"end":{"asked":[0-9]*' <t.json)"
    done
    play "$ROOT/traces/samples/pystone-24k.ftb" --heap 24K --assert 'refused == 0' \
        --image "$guests/$name-m0plus-O2.elf" --set probe=4096 |
        show '"status":"[a-z]*"'
done

bench=$ROOT/../shared/bench/churn-64k.rep
image=$guests/picolibc-hazard3-O2.elf
if [ -f "$bench" ] && [ -f "$image" ] &&
    [ "$(riscv64-unknown-elf-gcc -dumpversion)" = 12.2.0 ]; then
    play "$bench" --heap 64K --image "$image" >pico.json
    for figure in 'alloc.min == 124' 'alloc.p50 == 849' 'alloc.p999 == 3797' \
        'alloc.max == 3947' 'free.min == 48' 'free.p50 == 676' \
        'free.p99 == 1912' 'free.p999 == 2056' 'free.max == 2206' \
        'alloc.total == 11838601' 'free.total == 7647948'; do
        set -- "$@" --assert "cycles.$figure"
    done
    play "$bench" --heap 64K --image "$image" "$@" --assert 'refused == 0' \
        >/dev/null || exit 1
fi
