# Both spellings print the same page.
"$FRAGLAB" doctor --help >one
"$FRAGLAB" help doctor >two
cmp one two && head -n 1 one
