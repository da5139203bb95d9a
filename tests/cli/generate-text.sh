# The story of the question, small enough to read.
"$FRAGLAB" generate wiki-question:pairs=2,heap=1K -o story.ft --quiet &&
    grep -vE '^(fraglab-trace|header|end) ' story.ft
