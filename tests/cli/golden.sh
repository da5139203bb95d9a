# Every manager leaves and costs on sample traces what it did before.
bash "$ROOT/tests/golden.sh" "$(dirname "$FRAGLAB")" | grep -v "cycles skipped"
exit "${PIPESTATUS[0]}"
