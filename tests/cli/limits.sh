# What a manager cannot have is said in one line, before anything is played;
# a heap without handles left refuses by that name.
play() {
    "$FRAGLAB" replay wiki-question --quiet "$@"
    echo "exit $?"
}
play --manager handles --set indices=8 --heap 68K
play --manager handles --heap 300K
play --manager chains --set block=16 --set index_bytes=2 --heap 600K
play --manager handles --heap 64K --steps 1:100 2>&1 |
    sed 's/needs [0-9]*/needs so many/'
{
    echo "fraglab-trace 1"
    for n in $(seq 1 300); do
        echo "alloc $n 4"
    done
    echo end
} >many.ft
"$FRAGLAB" replay many.ft --manager handles --set indices=8 --heap 8K --check \
    --quiet --assert 'refused_other == 45' >out && echo held
"$FRAGLAB" minheap many.ft --manager handles --set indices=8 2>&1 |
    sed 's/to [0-9]* bytes/to so many bytes/'
