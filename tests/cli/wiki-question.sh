# 56,064 bytes are free in the end, and not 1,600 of them in one piece.
"$FRAGLAB" replay wiki-question --manager marksweep --heap 64K --quiet \
    --assert 'min_largest_request == 112' --assert 'refused == 5' \
    --assert 'refused_fragmented == 5' --assert 'end.free >= 56000' \
    --assert 'end.largest_free < 1600' >out && echo held
