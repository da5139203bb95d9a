#!/usr/bin/env bash
# layers.sh - fail on an include that crosses a boundary between the rooms of
# the house, naming file and line, and on circles between modules.
#
#   room           may include, besides the C library
#   core/          core/ and three freestanding headers, nothing else
#   core/guest/    core/
#   sim/machine/   sim/machine/
#   traces/        traces/, zstd, zlib, cJSON, xxHash
#   sim/replay/    core/ sim/machine/ sim/replay/ traces/, xxHash
#   analysis/      everything but tests, and SQLite
#
# In core/ no manager (a row of managers.def) includes another.
set -u
status=0
edges=$(mktemp) && trap 'rm -f "$edges"' EXIT
managers=$(sed -n 's/^[A-Z_]*MANAGER(\([a-z0-9_]*\).*/\1/p' core/managers.def \
    2>/dev/null | tr '\n' ' ')

find core sim traces analysis -name '*.[ch]' -o -name '*.def' | sort |
    xargs awk -v managers="$managers" -v edges="$edges" '
    BEGIN {
        n = split(managers, names, " ")
        for (i = 1; i <= n; i++)
            is_manager[names[i]] = 1
        may["core"] = "^core/[^/]*$|^core/compat/"
        may["core/guest"] = "^core/"
        may["sim/machine"] = "^sim/machine/"
        may["traces"] = "^traces/"
        may["sim/replay"] = "^(core|sim/machine|sim/replay|traces)/"
        may["analysis"] = "^(core|sim/machine|sim/replay|traces|analysis)/"
        may["analysis"] = may["analysis"] "|^build/[a-z_]+\\.h$"
        no["sim/machine"] = "^(sqlite3|zstd|zlib|xxhash|cjson/|cJSON)"
        no["traces"] = "^sqlite3"
        no["sim/replay"] = "^(sqlite3|zstd|zlib|cjson/|cJSON)"
        no["analysis"] = "^$"
        no["core/guest"] = "^$"
    }
    function room_of(file) {
        if (file ~ /^core\/guest\//) return "core/guest"
        if (file ~ /^core\//) return "core"
        if (file ~ /^sim\/machine\//) return "sim/machine"
        if (file ~ /^sim\/replay\//) return "sim/replay"
        if (file ~ /^traces\//) return "traces"
        return "analysis"
    }
    function breach(why) {
        printf "%s:%d: %s\n", FILENAME, FNR, why
        failed = 1
    }
    function stem(file) {
        sub(/^.*\//, "", file)
        sub(/\.[a-z]+$/, "", file)
        return file
    }
    /^[ \t]*#[ \t]*include[ \t]*["<]/ {
        match($0, /["<][^">]*[">]/)
        quoted = substr($0, RSTART, 1) == "\""
        name = substr($0, RSTART + 1, RLENGTH - 2)
        room = room_of(FILENAME)
        if (!quoted) {
            if (room == "core" && name !~ /^std(int|def|bool)\.h$/)
                breach("core/ may not include <" name ">")
            if (room != "core" && name ~ no[room])
                breach(room "/ may not include <" name ">")
            next
        }
        if (name !~ may[room])
            breach(room "/ may not include \"" name "\"")
        if (room == "core" && stem(FILENAME) in is_manager &&
            stem(name) in is_manager && stem(name) != stem(FILENAME))
            breach("manager " stem(FILENAME) " includes manager " stem(name))
        print FILENAME, name >> edges
    }
    END { exit failed }' || status=1

if ! circles=$(tsort "$edges" 2>&1 >/dev/null); then
    echo "$circles" | sed -n -e 's/.*contains a loop.*/layers: a circle:/p' \
        -e 's/^tsort: \([a-z].*\)/    \1/p'
    status=1
fi
[ $status -eq 0 ] && echo "layers: clean"
exit $status
