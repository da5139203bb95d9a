# What an import leaves: the longest hole in place, and with survivors or the
# long-lived at the other end.
import=$ROOT/traces/samples/import-py-20k.ftb
compile=$ROOT/traces/samples/pystone-24k.ftb
play() {
    "$FRAGLAB" replay "$@" --quiet >out || cat out
}
play "$import" --assert 'end.largest_free == 1488' --assert 'refused == 3'
play "$import" --manager twoended --set promote=checkpoints --check \
    --assert 'end.largest_free >= 8544' --assert 'refused == 0'
play "$import" --manager twoended --set promote=oracle --check \
    --assert 'end.largest_free >= 8864'
play "$compile" --manager twoended --set promote=oracle --check \
    --assert 'end.free <= 6240' --assert 'end.largest_free >= 3400'
"$FRAGLAB" replay "$compile" --manager twoended --set promote=oracle --quiet \
    --db a.db >out && "$FRAGLAB" verify 1 --db a.db | sed 's/.*repeats.*/same/'
"$FRAGLAB" replay - --manager twoended --set promote=oracle <"$import"
echo "exit $?"
