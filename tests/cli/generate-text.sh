# The story of the question, small enough to read.
"$FRAGLAB" generate wiki-question:pairs=2,heap=1K -o -
