# Live objects that go with their area are told of, and by default none goes.
for how in "--check" "--set quirks=safe"; do
    "$FRAGLAB" replay "$ROOT/traces/samples/auto-lone-16k.ftb" --quiet $how \
        >out || echo "exit $?"
    grep "^lone blocks" out || echo "none"
done
