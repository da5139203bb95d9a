# Objects in pieces and packed strings: summary, map, and the run again.
"$FRAGLAB" replay wiki-question:heap=4K --manager chains --set block=16 \
    --set link=spine --heap 4K --check --quiet --db a.db --touch 1 | tail -n +3
"$FRAGLAB" map 1 --db a.db --at 20 | tail -n +2
"$FRAGLAB" verify 1 --db a.db |
    sed 's/.*repeats/repeats/; s/digest [0-9a-f]*/digest/'
"$FRAGLAB" replay identifiers --manager intern --heap 16K --check --quiet |
    grep strings
