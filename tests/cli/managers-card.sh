# A card's words, and its figures for one heap; measured ones vary with the
# compiler, so their places alone are looked at.
"$FRAGLAB" managers copying --heap 32K --set block=32 | sed -n '1,/^in a heap/p'
"$FRAGLAB" managers chains | awk '/^  machine/,/cortex-m4/ {print $1}'
"$FRAGLAB" managers outside | sed -n '/^in a heap/p;$p'
"$FRAGLAB" managers twoended --heap 3
echo "exit $?"
"$FRAGLAB" managers twoendet
echo "exit $?"
"$FRAGLAB" managers twoended --heap 3x
echo "exit $?"
