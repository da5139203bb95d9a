# Without a command: the help, on standard error, and the status of wrong use.
"$FRAGLAB" 2>err
status=$?
"$FRAGLAB" --help >out && cmp out err && exit $status
