# Claims about a run: those that hold, those that do not, and no claims at all,
# for which nothing is played.
replay() { "$FRAGLAB" replay wiki-question:heap=4K --quiet "$@" >out; }
replay --assert 'refused >= 0' --assert 'status==complete' && echo held
replay --assert 'end.free < 16'
echo "exit $?, $(grep -c operations out)"
replay --assert 'refused = 0'
echo "exit $?, $(grep -c operations out)"
replay --assert 'refused'
echo "exit $?, $(grep -c operations out)"
