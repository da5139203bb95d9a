# A card's figures for one heap; measured ones vary with the
# compiler, so their places alone are looked at.
card() {
    "$FRAGLAB" managers "$@" >out || echo "exit $?"
    sed -n '/^in a heap/,/^$/p' out
}
card copying --heap 32K --set block=32
card fit --heap 32K
card marksweep --heap 32K
card handles --set wait=0
card handles --set indices=8
"$FRAGLAB" managers chains | awk '/^  machine/,/cortex-m4/ {print $1}'
"$FRAGLAB" managers outside | sed -n '/^in a heap/p;$p'
"$FRAGLAB" managers twoended --heap 3
echo "exit $?"
"$FRAGLAB" managers handles --heap 1M
echo "exit $?"
"$FRAGLAB" managers twoendet
echo "exit $?"
"$FRAGLAB" managers twoended --heap 3x
echo "exit $?"
"$FRAGLAB" managers copying --set areas=8K+8K
echo "exit $?"
# What a machine has no memory for is not measured, and that is said.
"$FRAGLAB" managers copying --heap 4M | sed -n 's/(not played: machine hazard3.*/not played/p'
