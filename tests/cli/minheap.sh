# The smallest heap of a preset, for people and programs, and wrong words.
"$FRAGLAB" minheap churn:ops=2000,heap=16K --manager tlsf --json
"$FRAGLAB" minheap wiki-question:heap=16K --manager copying
"$FRAGLAB" minheap - --manager tlsf
echo "exit $?"
"$FRAGLAB" minheap none.ftb
echo "exit $?"
"$FRAGLAB" minheap wiki-question --set blok=16
echo "exit $?"
"$FRAGLAB" minheap wiki-question --machine hazard3
"$FRAGLAB" minheap wiki-question --set
"$FRAGLAB" minheap wiki-question -xy
# Kept in a database, and taken from there; a heap may be a multiple of it.
"$FRAGLAB" minheap churn:ops=2000,heap=16K --manager tlsf --db a.db
"$FRAGLAB" minheap churn:ops=2000,heap=16K --manager tlsf --db a.db
"$FRAGLAB" replay churn:ops=2000,heap=16K --manager tlsf --heap 1min |
    grep refused
"$FRAGLAB" replay churn:ops=2000,heap=16K --manager tlsf --heap 1.5min |
    sed -n 's/.*heap \([0-9]*\) bytes.*/\1/p'
printf 'fraglab-trace 1\nalloc 1 100\nend\n' | "$FRAGLAB" replay - --heap 1min
echo "exit $?"
"$FRAGLAB" replay churn --heap 1mim
echo "exit $?"
# What asks for nothing, and for more than any heap has.
printf 'fraglab-trace 1\nend\n' >none.ft
"$FRAGLAB" minheap none.ft
printf 'fraglab-trace 1\nalloc 1 4000000000\nend\n' >large.ft
"$FRAGLAB" minheap large.ft --manager fit
echo "exit $?"
