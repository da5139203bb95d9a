"$FRAGLAB" --version
