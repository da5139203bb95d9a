# The same words give the same bytes; another seed gives others.
"$FRAGLAB" generate mpy-mix:ops=5K,seed=7 -o one.ftb --quiet
"$FRAGLAB" generate mpy-mix:seed=7,ops=5000 -o two.ftb --quiet
"$FRAGLAB" generate mpy-mix:ops=5K,seed=8 -o three.ftb --quiet
cmp one.ftb two.ftb && ! cmp -s one.ftb three.ftb && ls
