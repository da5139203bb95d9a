# A 64-bit log from standard input, packed, becomes a 32-bit one.
printf '# allocation trace of x.py\na 0 48\na 1 33\nr 0 31\nd 1\na 2 1' |
    gzip | "$FRAGLAB" import --pointer-scale 0.5 - -o - 2>summary |
    sed 's/ hash=.*//'
sed '/^written:/d' summary
