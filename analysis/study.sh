#!/usr/bin/env bash
# study.sh PROGRAM GRID DB README FOLDER JOBS - play the study of managers and
# write what came of it: FOLDER/managers-table.csv (every point on a machine),
# FOLDER/managers.svg and managers-last.svg (the first and the last workload of
# the grid, a line a manager), and in README, between its markers, the tables.
# What DB holds already is not played again.
set -euo pipefail
program=$1
grid=$2
db=$3
readme=$4
folder=$5
mkdir -p "${db%/*}"
status=0 # 1: points failed; they are told, and have no row in the tables
"$program" sweep "$grid" --db "$db" -j "$6" |
    { grep -E ': failed: |^[^ ]*: [0-9]+ points' || true; } || status=$?
[ $status -le 1 ] || exit $status

# The points in the grid's order, with what stands behind each axis.
points() {
    "$program" sweep "$grid" --dry-run | awk -v q="'" '
    /^workload=/ {
        delete axis
        for (i = 1; i <= NF; i++)
            axis[substr($i, 1, index($i, "=") - 1)] = \
                substr($i, index($i, "=") + 1)
        name = axis["workload"]
        sub(/.*\//, "", name)
        sub(/\.[a-z]+$/, "", name)
        gsub(/,/, " ", name)
        label = axis["manager"]
        gsub(/,/, " ", label)
        if (axis["steps"] ~ /:/)
            label = label " steps=" axis["steps"]
        printf "INSERT INTO place VALUES(%d,%s,%s,%s,%s,%s);\n", ++n,
            q $0 q, q name q, q label q, q axis["machine"] q, q axis["heap"] q
    }'
}

ask() {
    {
        echo "CREATE TEMP TABLE place(n, point, trace, label, machine, heap);"
        points
        echo "$1"
    } | sqlite3 -batch -list -separator , "${@:2}" "$db"
}

# The smallest heap in which nothing is refused, over what lived in it; the mean
# of a series over operations; the longest operation of any kind.
csv="CREATE TEMP TABLE least AS SELECT p.trace, p.label,
    1.0 * r.heap_bytes / s.max_live AS ratio FROM place p
    JOIN point o ON o.point = p.point JOIN run r ON r.id = o.run
    JOIN summary s ON s.run = r.number WHERE p.heap = '1min';
CREATE TEMP TABLE bins(run, metric, mean, PRIMARY KEY (run, metric));
INSERT INTO bins SELECT s.run, s.metric,
    SUM(s.mean * MIN(1 << r.series_shift,
        u.operations - (s.bin << r.series_shift))) / u.operations AS mean
    FROM series s JOIN run r ON r.number = s.run
    JOIN summary u ON u.run = s.run
    WHERE s.metric IN ('largest_request', 'used', 'free')
    GROUP BY s.run, s.metric;
SELECT p.trace, p.label AS manager, p.machine, r.heap_bytes,
    CASE WHEN l.ratio > 0 THEN printf('%.3f', l.ratio) ELSE '' END
        AS smallest_heap,
    s.refused_fragmented, s.refused_short, s.refused_other,
    s.min_largest_request,
    printf('%.3f', (SELECT mean FROM bins WHERE run = r.number AND
        metric = 'largest_request') / r.heap_bytes) AS largest_request_share,
    s.collections, s.moved_bytes,
    printf('%.3f', 1 - (SELECT SUM(mean) FROM bins WHERE run = r.number AND
        metric <> 'largest_request') / r.heap_bytes) AS metadata_share,
    r.control_bytes, a.p50 AS alloc_median, a.p99 AS alloc_99,
    a.max AS alloc_max, f.p50 AS free_median, f.p99 AS free_99,
    f.max AS free_max, (SELECT MAX(max) FROM cycles WHERE run = r.number)
        AS longest_pause, t.cycles, t.stack AS stack_bytes, i.code_bytes
FROM place p JOIN point o ON o.point = p.point JOIN run r ON r.id = o.run
    JOIN summary s ON s.run = r.number
    LEFT JOIN least l ON l.trace = p.trace AND l.label = p.label
    LEFT JOIN cycles a ON a.run = r.number AND a.kind = 'alloc'
    LEFT JOIN cycles f ON f.run = r.number AND f.kind = 'free'
    LEFT JOIN machine_total t ON t.run = r.number
    LEFT JOIN image i ON i.hash = r.image
WHERE p.machine <> 'native' AND r.status = 'complete' ORDER BY p.n;"
mkdir -p "$folder"
ask "$csv" -header >"$folder/managers-table.csv"

# picture PLACE FILE - native runs of the workload that stands first or last in
# the grid, in its recorded heap, every manager as it is.
picture() {
    local runs
    runs=$(ask "SELECT r.number FROM place p JOIN point o ON o.point = p.point
        JOIN run r ON r.id = o.run WHERE p.machine = 'native'
        AND p.heap <> '1min' AND r.status = 'complete'
        AND p.label NOT LIKE '%=%'
        AND p.trace = (SELECT trace FROM place ORDER BY $1 LIMIT 1)
        ORDER BY p.n;")
    # shellcheck disable=SC2086
    "$program" plot managers $runs --db "$db" -o "$2" >/dev/null
}
picture n "$folder/managers.svg"
picture 'n DESC' "$folder/managers-last.svg"

# The tables, of the first machine: smallest heaps by trace; all else of the
# first trace.
tables() {
    awk -F, '
    function count(n,  out) {
        for (; length(n) > 3; n = substr(n, 1, length(n) - 3))
            out = "," substr(n, length(n) - 2) out
        return n out
    }
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    NR == 2 { trace = $1; machine = $3 }
    $3 != machine { next }
    !($1 in seen) { seen[$1] = 1; traces[++n_traces] = $1 }
    !($2 in known) { known[$2] = 1; names[++n_names] = $2 }
    { least[$2, $1] = $5 }
    $1 == trace {
        row[$2] = sprintf("| %s | %s + %s%s | %s | %.0f %% | %s | %.1f %% " \
            "| %s / %s / %s | %s / %s | %s |", $2,
            $at["refused_fragmented"], $at["refused_short"],
            $at["refused_other"] > 0 ? " + " $at["refused_other"] : "",
            count($at["min_largest_request"]),
            100 * $at["largest_request_share"], count($at["moved_bytes"]),
            100 * $at["metadata_share"], count($at["alloc_median"]),
            count($at["alloc_99"]), count($at["alloc_max"]),
            $at["free_median"] == "" ? "-" : count($at["free_median"]),
            $at["free_max"] == "" ? "-" : count($at["free_max"]),
            count($at["longest_pause"]))
    }
    END {
        printf "| smallest heap / peak live |"
        for (i = 1; i <= n_traces; i++) printf " %s |", traces[i]
        printf "\n| --- |"
        for (i = 1; i <= n_traces; i++) printf " --- |"
        printf "\n"
        for (k = 1; k <= n_names; k++) {
            if (least[names[k], traces[1]] == "")
                continue
            printf "| %s |", names[k]
            for (i = 1; i <= n_traces; i++)
                printf " %s |", least[names[k], traces[i]] == "" \
                    ? "-" : least[names[k], traces[i]]
            printf "\n"
        }
        printf "\n| %s, %s | refused: fragmented + short | largest request at " \
            "every moment | mean, of the heap | bytes moved | metadata | " \
            "alloc, cycles | free | longest pause |\n", trace, machine
        print "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
        for (k = 1; k <= n_names; k++)
            if (names[k] in row)
                print row[names[k]]
    }' "$folder/managers-table.csv"
}

# Put them between the markers, or say that there are none.
grep -q '^<!-- managers -->$' "$readme" || {
    echo "study: $readme has no line <!-- managers -->" >&2
    exit 1
}
tables >"$folder/managers.md"
awk -v file="$folder/managers.md" '
    $0 == "<!-- /managers -->" { is_out = 0 }
    !is_out { print }
    $0 == "<!-- managers -->" {
        is_out = 1
        while ((getline line <file) > 0)
            print line
    }' "$readme" >"$folder/readme.part"
cat "$folder/readme.part" >"$readme"
rm "$folder/readme.part" "$folder/managers.md"
echo "$readme, and $folder: managers-table.csv, managers.svg, managers-last.svg"
exit $status
