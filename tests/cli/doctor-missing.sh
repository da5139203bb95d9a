# With nothing on the path everything optional is missing; that is no failure.
mkdir empty
PATH=$PWD/empty "$FRAGLAB" doctor | grep -c '^missing'
