/* cmd_runs.c - fraglab runs: what a database holds; delete, give space back. */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/cmd.h"
#include "analysis/options.h"
#include "analysis/store.h"
#include "analysis/text.h"
#include "analysis/variant.h"

#define MAX_DELETES 64

static int report(const struct problem *problem, int err)
{
    cmd_usage_error("%s", problem->text);
    return cmd_status_of(err);
}

/* --- the list ---------------------------------------------------------- */

/*
 * Prepare `SELECT columns FROM runs`, narrowed by the user's expression. The
 * connection only reads, so an expression can do no harm.
 */
static int prepare_list(struct store *s, const char *columns, const char *where,
                        sqlite3_stmt **q, struct problem *problem)
{
    const char *rest = "";
    char *sql =
        where == NULL
            ? sqlite3_mprintf("SELECT %s FROM runs ORDER BY run", columns)
            : sqlite3_mprintf("SELECT %s FROM runs WHERE (%s\n)"
                              " ORDER BY run",
                              columns, where);
    if (sql == NULL)
        return problem_set(problem, ERR_MEMORY, "no memory for a query");
    int code = sqlite3_prepare_v2(store_db(s), sql, -1, q, &rest);
    bool is_one = code == SQLITE_OK && *rest == '\0';
    sqlite3_free(sql);
    if (is_one)
        return 0;
    if (code == SQLITE_OK)
        sqlite3_finalize(*q);
    if (where == NULL)
        return problem_set(problem, ERR_INPUT, "%s",
                           sqlite3_errmsg(store_db(s)));
    return problem_set(problem, ERR_INPUT, "--where: '%.200s': %s", where,
                       code == SQLITE_OK ? "more than an expression"
                                         : sqlite3_errmsg(store_db(s)));
}

static int finish_list(struct store *s, sqlite3_stmt *q, int code,
                       struct problem *problem)
{
    int err = 0;
    if (code != SQLITE_DONE)
        err =
            problem_set(problem, ERR_INPUT, "%s", sqlite3_errmsg(store_db(s)));
    sqlite3_finalize(q);
    return err;
}

static void print_json_string(const char *text)
{
    putchar('"');
    for (const char *p = text; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

static void print_json_value(sqlite3_stmt *q, int column)
{
    switch (sqlite3_column_type(q, column)) {
    case SQLITE_NULL:
        printf("null");
        break;
    case SQLITE_INTEGER:
        printf("%" PRId64, (int64_t)sqlite3_column_int64(q, column));
        break;
    case SQLITE_FLOAT:
        printf("%.17g", sqlite3_column_double(q, column));
        break;
    default:
        print_json_string((const char *)sqlite3_column_text(q, column));
    }
}

static int print_json(struct store *s, const char *where,
                      struct problem *problem)
{
    sqlite3_stmt *q;
    int n_rows = 0, code;
    int err = prepare_list(s, "*", where, &q, problem);
    if (err < 0)
        return err;
    putchar('[');
    while ((code = sqlite3_step(q)) == SQLITE_ROW) {
        printf(n_rows++ == 0 ? "\n  {" : ",\n  {");
        for (int i = 0; i < sqlite3_column_count(q); i++) {
            printf(i == 0 ? "" : ", ");
            print_json_string(sqlite3_column_name(q, i));
            printf(": ");
            print_json_value(q, i);
        }
        putchar('}');
    }
    printf(n_rows == 0 ? "]\n" : "\n]\n");
    return finish_list(s, q, code, problem);
}

/*
 * Columns of the table: title, width (negative: to the left), SQL. Behind the
 * last stands what was set otherwise than by default.
 */
static const struct {
    const char *title;
    int width;
    const char *sql;
} columns[] = {
    {"run", 4, "run"},
    {"id", -8, "substr(id, 1, 8)"},
    {"manager", -9, "manager"},
    {"machine", -13, "machine"},
    {"heap", 7, "heap_bytes"},
    {"ops", 9, "operations"},
    {"gc", 5, "collections"},
    {"refused", 7, "refused"},
    {"min req", 7, "min_largest_request"},
    {"frag", 5, "printf('%.3f', frag_mean)"},
    {"max", 5, "printf('%.3f', frag_max)"},
    {"status", -8, "status"},
    {"KiB", 6, "(stored_bytes + 1023) / 1024"},
    {"trace", -1, "trace"},
};

enum { N_COLUMNS = sizeof columns / sizeof columns[0] };

/* `text`, filled up to the width of its column; nothing is cut off. */
static void print_cell(const char *text, int column)
{
    char clean[512];
    int width = columns[column].width, n_characters = 0;
    text_clean(clean, sizeof clean, text);
    for (const char *p = clean; *p != '\0'; p++)
        n_characters += (*p & 0xc0) != 0x80;
    int fill = abs(width) > n_characters ? abs(width) - n_characters : 0;
    printf("%s%*s%s%*s", column == 0 ? "" : "  ", width > 0 ? fill : 0, "",
           clean, width < 0 ? fill : 0, "");
}

/* " pins=k": what tells the run from others of its manager. */
static void print_settings(const char *manager, const char *spec)
{
    char bare[VARIANT_CAP], label[VARIANT_CAP];
    variant_label(bare, manager, "");
    variant_label(label, manager, spec);
    printf(strlen(label) > strlen(bare) ? " %s" : "%s", label + strlen(bare));
}

static int print_table(struct store *s, const char *where,
                       struct problem *problem)
{
    char list[512];
    char *to = list;
    for (int i = 0; i < N_COLUMNS; i++)
        to += sprintf(to, "%s, ", columns[i].sql);
    strcpy(to, "manager, (SELECT r.spec FROM run r WHERE r.number = runs.run)");
    sqlite3_stmt *q;
    int err = prepare_list(s, list, where, &q, problem);
    if (err < 0)
        return err;

    int n_rows = 0, code;
    while ((code = sqlite3_step(q)) == SQLITE_ROW) {
        for (int i = 0; i < N_COLUMNS && n_rows == 0; i++)
            print_cell(columns[i].title, i);
        printf(n_rows++ == 0 ? "\n" : "");
        for (int i = 0; i < N_COLUMNS; i++)
            print_cell((const char *)sqlite3_column_text(q, i), i);
        print_settings((const char *)sqlite3_column_text(q, N_COLUMNS),
                       (const char *)sqlite3_column_text(q, N_COLUMNS + 1));
        putchar('\n');
    }
    err = finish_list(s, q, code, problem);
    if (err == 0 && n_rows == 0)
        printf("no runs\n");
    return err;
}

static int list_runs(const char *db, const char *where, bool json,
                     struct problem *problem)
{
    struct store *s;
    int err = store_open(&s, db, true, problem);
    if (err < 0)
        return err;
    err = json ? print_json(s, where, problem) : print_table(s, where, problem);
    store_close(s);
    return err;
}

/* --- changes ----------------------------------------------------------- */

static int delete_named(struct store *s, const char *const *names, int n_names,
                        struct problem *problem)
{
    int64_t numbers[MAX_DELETES];
    int err = 0;
    /* All names are looked up first: a wrong one deletes nothing. */
    for (int i = 0; i < n_names && err == 0; i++)
        err = store_find_run(s, names[i], &numbers[i], problem);
    for (int i = 0; i < n_names && err == 0; i++)
        err = store_delete_run(s, numbers[i], problem);
    return err;
}

static int change(const char *db, const char *const *names, int n_names,
                  bool vacuum, struct problem *problem)
{
    struct store *s;
    if (access(db, F_OK) < 0)
        return problem_set(problem, ERR_INPUT, "%.400s: no such database", db);
    int err = store_open(&s, db, false, problem);
    if (err < 0)
        return err;
    err = delete_named(s, names, n_names, problem);
    if (err == 0 && vacuum)
        err = store_vacuum(s, problem);
    store_close(s);
    return err;
}

/* --- the command ------------------------------------------------------- */

static int runs(int argc, char **argv)
{
    const char *db = STORE_DEFAULT_PATH, *where = NULL;
    const char *names[MAX_DELETES];
    bool json = false, deletes = false, vacuum = false;
    const struct option_row rows[] = {
        {"--db", &db, NULL},         {"--where", &where, NULL},
        {"--json", NULL, &json},     {"--delete", NULL, &deletes},
        {"--vacuum", NULL, &vacuum},
    };
    int n_names = options_read(argc, argv, rows, sizeof rows / sizeof rows[0],
                               names, MAX_DELETES);
    if (n_names < 0)
        return EXIT_USAGE;
    if (n_names > 0 && !deletes)
        return cmd_usage_error("runs: unexpected argument '%s'", names[0]);
    if (deletes && n_names == 0)
        return cmd_usage_error("runs: --delete needs a run");

    struct problem problem = {""};
    int err = deletes || vacuum ? change(db, names, n_names, vacuum, &problem)
                                : list_runs(db, where, json, &problem);
    return err < 0 ? report(&problem, err) : EXIT_DONE;
}

const struct command cmd_runs = {
    "runs", "list the runs of a database, delete some of them",
    "usage: fraglab runs [--db FILE] [--where EXPRESSION] [--json]\n"
    "       fraglab runs [--db FILE] --delete RUN... [--vacuum]\n"
    "\n"
    "One line a run: number, id, manager, machine (or native), heap in bytes,\n"
    "operations, collections, refusals, the smallest largest request of all "
    "moments,\n"
    "fragmentation (mean and greatest), status, what it takes in the file, "
    "and\n"
    "its trace.\n"
    "A RUN is a number, or an id or the beginning of one (4 digits or more).\n"
    "\n"
    "  --db FILE     the database (" STORE_DEFAULT_PATH ")\n"
    "  --where EXPR  only runs for which EXPR of SQL is true; its columns are\n"
    "                those of the view `runs`, which --json shows\n"
    "  --json        all that is known of each run, as JSON\n"
    "  --delete      delete the named runs with all their rows\n"
    "  --vacuum      give the space of deleted runs back\n"
    "\n"
    "example: fraglab runs --where \"refused > 0 AND manager = 'marksweep'\"\n",
    runs};
