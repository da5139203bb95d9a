# A figure stands beside what it was made from; a report is one folder.
command -v gnuplot >/dev/null || exit 77
"$FRAGLAB" replay churn:ops=3000,heap=16K --manager marksweep --heap 16K \
    --db runs.db --quiet >/dev/null || exit
"$FRAGLAB" plot fragmentation 1 --db runs.db -o figures/life.svg
"$FRAGLAB" plot histogram 1 --db runs.db -o holes.png
"$FRAGLAB" report --db runs.db -o page
mv runs.db page/
"$FRAGLAB" report --db page/runs.db -o page
find . -name '.?*' ! -path ./page/figures/.made-by-fraglab
ls -I "runs.db-*" figures page
ls | grep holes
