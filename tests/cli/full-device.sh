# Output that cannot be written is an error, not silence.
[ -w /dev/full ] || exit 77
"$FRAGLAB" --help >/dev/full
