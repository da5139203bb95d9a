# Wrong words: one line each, status 2, and no file.
"$FRAGLAB" generate
for words in "churn" "chrun -o x.ft" "zebra -o x.ft" "churn:sed=1 -o x.ft" \
    "churn:max=4 -o x.ft" "churn:ops=1e6 -o x.ft" "churn comb -o x.ft" \
    "churn -o" "churn -x" "churn -o no/such/folder/x.ft"; do
    # shellcheck disable=SC2086
    "$FRAGLAB" generate $words
    echo $?
done
ls
