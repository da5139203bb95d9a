"$FRAGLAB" doctr
