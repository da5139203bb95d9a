# A manager that does not move loses buffers of 6,000 bytes among the keepers.
"$FRAGLAB" replay comb --manager marksweep --heap 64K --quiet \
    --assert 'refused_short == 0' --assert 'refused_fragmented > 5' \
    >out && echo held
