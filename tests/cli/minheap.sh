# The smallest heap of a preset, for people and programs, and wrong words.
"$FRAGLAB" minheap churn:ops=2000,heap=16K --manager tlsf --json
"$FRAGLAB" minheap wiki-question:heap=16K --manager copying
"$FRAGLAB" minheap - --manager tlsf
echo "exit $?"
"$FRAGLAB" minheap none.ftb
echo "exit $?"
"$FRAGLAB" minheap wiki-question --set blok=16
echo "exit $?"
