/* plot_query.c - see plot_query.h for the contract. */
#include "analysis/plot_query.h"

/* Part of the fragmentation query: minimum, mean, maximum of one metric. */
static char *metric_columns(const char *m)
{
    return sqlite3_mprintf(
        ",\n       MIN(CASE metric WHEN '%s' THEN min END) AS %s_min,\n"
        "       SUM(CASE metric WHEN '%s' THEN mean * n END) /\n"
        "         SUM(CASE metric WHEN '%s' THEN n END) AS %s_mean,\n"
        "       MAX(CASE metric WHEN '%s' THEN max END) AS %s_max",
        m, m, m, m, m, m, m);
}

/* `list` with `more` behind it; both are freed. */
static char *longer(char *list, char *more)
{
    char *both = sqlite3_mprintf("%s%s", list, more);
    sqlite3_free(list);
    sqlite3_free(more);
    return both;
}

/*
 * The bins of one run, `together` of them a row. A bin's mean weighs as many
 * operations as it holds: the last may hold fewer.
 */
char *plot_series_query(const struct query_run *r, const char *const *metrics,
                        int64_t ops, int64_t together)
{
    int64_t width = INT64_C(1) << r->series_shift;
    char *columns = sqlite3_mprintf(""), *names = sqlite3_mprintf("");
    for (size_t i = 0; metrics[i] != NULL; i++) {
        columns = longer(columns, metric_columns(metrics[i]));
        names = longer(names,
                       sqlite3_mprintf(i == 0 ? "'%s'" : ", '%s'", metrics[i]));
    }
    char *sql = sqlite3_mprintf(
        "WITH part AS (\n"
        "  SELECT bin / %lld AS row, metric, min, mean, max,\n"
        "         MIN(%lld, %lld - bin * %lld) AS n\n"
        "  FROM series WHERE run = %lld AND bin * %lld < %lld AND\n"
        "       metric IN (%s))\n"
        "SELECT %lld AS run, row * %lld + 1 AS first_op,\n"
        "       MIN((row + 1) * %lld, %lld) AS last_op%s\n"
        "FROM part GROUP BY row ORDER BY row",
        together, width, ops, width, r->number, width, ops, names, r->number,
        together * width, together * width, ops, columns);
    sqlite3_free(columns);
    sqlite3_free(names);
    return sql;
}

/* Collections, at most one a column of the picture, with how many it is. */
char *plot_collections_query(const struct query_run *r, int64_t column)
{
    return sqlite3_mprintf(
        "SELECT %lld AS run, MIN(key - %lld) AS op, COUNT(*) AS collections\n"
        "FROM collection WHERE key >= %lld AND key <= %lld\n"
        "GROUP BY (key - %lld - 1) / %lld ORDER BY op",
        r->number, query_key_from(r->number), query_key_from(r->number),
        query_key_last(r->number), query_key_from(r->number), column);
}

/* Refusals likewise; of those in one column the smallest request is shown. */
char *plot_refusals_query(const struct query_run *r, int64_t column)
{
    return sqlite3_mprintf(
        "SELECT %lld AS run, key - %lld AS op, MIN(asked) AS asked,\n"
        "       COUNT(*) AS refusals\n"
        "FROM refusal WHERE key >= %lld AND key <= %lld\n"
        "GROUP BY (key - %lld - 1) / %lld ORDER BY op",
        r->number, query_key_from(r->number), query_key_from(r->number),
        query_key_last(r->number), query_key_from(r->number), column);
}

char *plot_availability_query(const struct query_run *r)
{
    return sqlite3_mprintf(
        "SELECT %lld AS run, 0 AS bytes, SUM(count) AS moments,\n"
        "       100.0 AS percent\n"
        "FROM histogram WHERE run = %lld AND name = 'largest_request'\n"
        "GROUP BY run\n"
        "UNION ALL SELECT %lld, lower,\n"
        "       SUM(count) OVER later,\n"
        "       100.0 * SUM(count) OVER later / (SELECT SUM(count)\n"
        "         FROM histogram WHERE run = %lld AND\n"
        "         name = 'largest_request')\n"
        "FROM histogram WHERE run = %lld AND name = 'largest_request'\n"
        "WINDOW later AS (ORDER BY lower DESC)\n"
        "UNION ALL\n"
        "SELECT %lld, MAX(upper) + 1, 0, 0 FROM histogram\n"
        "WHERE run = %lld AND name = 'largest_request'\n"
        "GROUP BY run ORDER BY bytes",
        r->number, r->number, r->number, r->number, r->number, r->number,
        r->number);
}

char *plot_histogram_query(const struct query_run *r)
{
    return sqlite3_mprintf(
        "SELECT %lld AS run, lower, upper,\n"
        "       MAX(CASE name WHEN 'holes_at_worst' THEN count END)\n"
        "         AS holes_at_worst,\n"
        "       MAX(CASE name WHEN 'holes_at_end' THEN count END)\n"
        "         AS holes_at_end\n"
        "FROM histogram WHERE run = %lld AND lower > 0 AND\n"
        "     name IN ('holes_at_worst', 'holes_at_end')\n"
        "GROUP BY lower ORDER BY lower",
        r->number, r->number);
}

char *plot_cycles_query(const struct query_run *r)
{
    return sqlite3_mprintf(
        "SELECT h.run, c.kind, MAX(h.lower, c.min) AS cycles,\n"
        "       SUM(h.count) OVER later AS operations,\n"
        "       100.0 * SUM(h.count) OVER later / c.count AS percent\n"
        "FROM cycles c JOIN histogram h\n"
        "     ON h.run = c.run AND h.name = 'cycles_' || c.kind\n"
        "WHERE c.run = %lld\n"
        "WINDOW later AS (PARTITION BY h.name ORDER BY h.lower DESC)\n"
        "UNION ALL\n"
        "SELECT run, kind, max, 1, 100.0 / count FROM cycles c\n"
        "WHERE run = %lld AND max > (SELECT MAX(lower) FROM histogram h\n"
        "      WHERE h.run = c.run AND h.name = 'cycles_' || c.kind)\n"
        "ORDER BY kind, cycles",
        r->number, r->number);
}

char *plot_pauses_query(const struct query_run *r, int64_t column)
{
    return sqlite3_mprintf(
        "SELECT %lld AS run, key - %lld AS op, COUNT(*) AS collections,\n"
        "       MAX(cycles) AS cycles, mark, finalise, sweep, plan,\n"
        "       \"update\", move\n"
        "FROM collection WHERE key >= %lld AND key <= %lld AND cycles > 0\n"
        "GROUP BY (key - %lld - 1) / %lld ORDER BY op",
        r->number, query_key_from(r->number), query_key_from(r->number),
        query_key_last(r->number), query_key_from(r->number), column);
}

char *plot_collected_query(const struct query_run *r)
{
    return sqlite3_mprintf("SELECT clock, cycles FROM collection\n"
                           "WHERE key >= %lld AND key <= %lld AND cycles > 0\n"
                           "ORDER BY key, part",
                           query_key_from(r->number),
                           query_key_last(r->number));
}

char *plot_paused_query(const struct query_run *r)
{
    return sqlite3_mprintf(
        "SELECT cycles, gc_cycles FROM (\n"
        "  SELECT key, -1 AS part, cycles, gc_cycles FROM op_cost\n"
        "  WHERE key >= %lld AND key <= %lld\n"
        "  UNION ALL SELECT key, part, cycles, gc_cycles FROM event_cost\n"
        "  WHERE key >= %lld AND key <= %lld)\n"
        "ORDER BY key, part",
        query_key_from(r->number), query_key_last(r->number),
        query_key_from(r->number), query_key_last(r->number));
}
