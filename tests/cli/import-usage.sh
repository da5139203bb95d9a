# Wrong usage is named, and nothing is read or written.
cp "$ROOT/LICENSE" script
"$FRAGLAB" import && echo done
"$FRAGLAB" import a b -o c && echo done
"$FRAGLAB" import a && echo done
"$FRAGLAB" import --scale-sizes 0 a -o c && echo done
"$FRAGLAB" import --scale-sizes 2 --pointer-scale 2 a -o c && echo done
"$FRAGLAB" import --bogus a -o c && echo done
"$FRAGLAB" import missing.gct -o c && echo done
"$FRAGLAB" import --format nonsense script -o c && echo done
"$FRAGLAB" import script -o c
