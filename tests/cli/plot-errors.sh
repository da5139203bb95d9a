# Each wrong use of plot and report is one line that says what is wrong.
"$FRAGLAB" replay churn:ops=300,heap=16K --manager marksweep --heap 16K \
    --db runs.db --quiet >/dev/null || exit
try() {
    "$FRAGLAB" "$@"
    echo "exit status $?"
}
{
    try plot
    try plot fragmentation 1 --db runs.db
    try plot fragmentaton 1 --db runs.db -o x.svg
    try plot pie 1 --db runs.db -o x.svg
    try plot fragmentation 1 --db runs.db -o x.pdf
    try plot fragmentation zz --db runs.db -o x.svg
    try plot heapmap 1 1 --db runs.db -o x.svg
    try plot fragmentation 1 --db none.db -o x.svg
    echo 'no database at all' >text.db
    try plot fragmentation 1 --db text.db -o x.svg
    try report --db runs.db
    try report zz --db runs.db -o page
    try report --db none.db -o page
    mkdir empty
    PATH=$PWD/empty try plot fragmentation 1 --db runs.db -o x.svg
    PATH=$PWD/empty try report --db runs.db -o page
} 2>&1
ls -I "runs.db-*"
