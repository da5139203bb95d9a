/* store.c - see store.h: the database itself; runs: store_sink, store_copy. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "analysis/store_parts.h"
#include "build/schema.h"

const char *const keep_names[3] = {"summary", "series", "ops"};

uint64_t store_clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The folder that `path` lies in, if its name is not too long. */
static bool folder_of(const char *path, char folder[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    size_t n = slash == NULL || slash == path ? 1 : (size_t)(slash - path);
    if (n >= PATH_MAX)
        return false;
    memcpy(folder, slash == NULL ? "." : path, n);
    folder[n] = '\0';
    return true;
}

/* SQLite tries several ways to open a file; the last failure misleads. */
static const char *why_not_open(const struct store *s)
{
    char folder[PATH_MAX];
    bool is_there = access(s->path, F_OK) == 0;
    if (!is_there && s->is_readonly)
        return strerror(errno);
    if (folder_of(s->path, folder) &&
        access(is_there ? s->path : folder, W_OK) < 0)
        return strerror(errno);
    return strerror(sqlite3_system_errno(s->db));
}

int store_failed(struct store *s, int code, struct problem *problem)
{
    const char *says = sqlite3_errmsg(s->db);
    switch (code & 0xff) {
    case SQLITE_FULL:
        return problem_set(problem, ERR_IO, "%s: the disk is full", s->path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return problem_set(problem, ERR_IO,
                           "%s: another process has kept it locked for %d s",
                           s->path, STORE_WAIT_MS / 1000);
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return problem_set(problem, ERR_IO, "%s: it may only be read", s->path);
    case SQLITE_CANTOPEN:
        return problem_set(problem, ERR_IO, "%s: cannot open it: %s", s->path,
                           why_not_open(s));
    case SQLITE_NOMEM:
        return problem_set(problem, ERR_MEMORY, "%s: no memory for a query",
                           s->path);
    case SQLITE_NOTADB:
        return problem_set(problem, ERR_INPUT, "%s: not an SQLite database",
                           s->path);
    case SQLITE_CORRUPT:
    case SQLITE_ERROR:
    case SQLITE_SCHEMA:
        return problem_set(problem, ERR_INPUT, "%s: damaged: %s", s->path,
                           says);
    case SQLITE_IOERR:
        return problem_set(problem, ERR_IO, "%s: reading or writing it failed",
                           s->path);
    default:
        return problem_set(problem, ERR_IO, "%s: %s", s->path, says);
    }
}

int store_execute(struct store *s, const char *sql, struct problem *problem)
{
    int code = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? 0 : store_failed(s, code, problem);
}

/* What the database says of itself. */
struct label {
    int64_t n_tables, version, application;
};

static int read_label(struct store *s, struct label *out,
                      struct problem *problem)
{
    sqlite3_stmt *q;
    int code = sqlite3_prepare_v2(
        s->db,
        "SELECT (SELECT count(*) FROM sqlite_master), user_version,"
        " application_id FROM pragma_user_version, pragma_application_id",
        -1, &q, NULL);
    if (code != SQLITE_OK)
        return store_failed(s, code, problem);

    code = sqlite3_step(q);
    out->n_tables = sqlite3_column_int64(q, 0);
    out->version = sqlite3_column_int64(q, 1);
    out->application = sqlite3_column_int64(q, 2);
    sqlite3_finalize(q);
    return code == SQLITE_ROW ? 0 : store_failed(s, code, problem);
}

static bool is_empty(const struct label *l)
{
    return l->n_tables == 0 && l->version == 0 && l->application == 0;
}

static int expect_ours(struct store *s, const struct label *l,
                       struct problem *problem)
{
    if (l->application != STORE_APPLICATION_ID)
        return problem_set(problem, ERR_INPUT,
                           "%s: a database, but not one of fraglab's", s->path);
    if (l->version != STORE_SCHEMA_VERSION)
        return problem_set(
            problem, ERR_INPUT,
            "%s: its schema is version %" PRId64
            ", %s than this program's %d; %s",
            s->path, l->version,
            l->version > STORE_SCHEMA_VERSION ? "newer" : "older",
            STORE_SCHEMA_VERSION,
            l->version > STORE_SCHEMA_VERSION
                ? "a newer fraglab can read it"
                : "let the runs be played again into a new file");
    return 0;
}

/*
 * Turn WAL mode on. The switch needs the database for itself, and SQLite does
 * not wait for that, so this does: another process may be making it, too.
 */
static int use_wal(struct store *s, struct problem *problem)
{
    uint64_t start = store_clock_ms();
    int code;
    while ((code = sqlite3_exec(s->db, "PRAGMA journal_mode = WAL", NULL, NULL,
                                NULL)) == SQLITE_BUSY &&
           store_clock_ms() - start < STORE_WAIT_MS)
        usleep(2000);
    return code == SQLITE_OK ? 0 : store_failed(s, code & 0xff, problem);
}

/* Make the tables, unless another process was faster. */
static int make_tables(struct store *s, struct problem *problem)
{
    char label[96];
    snprintf(label, sizeof label,
             "PRAGMA application_id = %d; PRAGMA user_version = %d",
             STORE_APPLICATION_ID, STORE_SCHEMA_VERSION);

    struct label now;
    int err = store_execute(s, "BEGIN IMMEDIATE", problem);
    if (err == 0)
        err = read_label(s, &now, problem);
    if (err == 0 && is_empty(&now)) {
        err = store_execute(s, schema_sql, problem);
        if (err == 0)
            err = store_execute(s, label, problem);
    }
    if (err == 0)
        err = store_execute(s, "COMMIT", problem);
    if (err < 0)
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return err;
}

void store_set_patience(struct store *s, uint32_t ms)
{
    s->patience_ms = ms;
}

/*
 * SQLite's question whether to try again: after a moment, yes, until the
 * patience is at its end. Who waits long is told why, once.
 */
static int wait_a_little(void *ctx, int n_tries)
{
    struct store *s = ctx;
    uint64_t now = store_clock_ms();
    if (n_tries == 0)
        s->waiting_since = now;
    uint64_t waited = now - s->waiting_since;
    if (waited >= s->patience_ms)
        return 0;
    if (waited >= 2000 && !s->has_said_so) {
        fprintf(stderr, "fraglab: %s: waiting for another writer\n", s->path);
        s->has_said_so = true;
    }
    usleep(n_tries < 10 ? 1000 : 20000);
    return 1;
}

/*
 * Nothing in a database that somebody handed us may run by itself, and pages
 * freed need not be overwritten. A large cache would not help: rows come in
 * the order of their keys.
 */
static int configure(struct store *s, struct problem *problem)
{
    sqlite3_extended_result_codes(s->db, 1);
    store_set_patience(s, STORE_WAIT_MS);
    sqlite3_busy_handler(s->db, wait_a_little, s);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return store_execute(s,
                         "PRAGMA synchronous = FULL;"
                         "PRAGMA secure_delete = OFF;"
                         "PRAGMA journal_size_limit = 16777216;"
                         "PRAGMA cell_size_check = ON;"
                         "PRAGMA cache_size = -16384",
                         problem);
}

static int prepare_readonly(struct store *s, struct problem *problem)
{
    struct label found;
    int err = configure(s, problem);
    if (err == 0)
        err = store_execute(s, "PRAGMA query_only = ON", problem);
    if (err == 0)
        err = read_label(s, &found, problem);
    if (err == 0)
        err = expect_ours(s, &found, problem);
    return err;
}

static int prepare_writable(struct store *s, struct problem *problem)
{
    struct label found;
    int err = configure(s, problem);
    if (err == 0)
        err = read_label(s, &found, problem);
    if (err < 0)
        return err;

    if (!is_empty(&found) && (err = expect_ours(s, &found, problem)) < 0)
        return err;
    err = use_wal(s, problem);
    if (err == 0 && is_empty(&found)) {
        err = make_tables(s, problem);
        if (err == 0)
            err = read_label(s, &found, problem);
        if (err == 0)
            err = expect_ours(s, &found, problem);
    }
    if (err == 0 && store_register_shard(s) != SQLITE_OK)
        err = problem_set(problem, ERR_MEMORY, "%s: no memory", s->path);
    return err;
}

/* Make the folder that `path` lies in, if only its last part is missing. */
static void make_folder(const char *path)
{
    char folder[PATH_MAX];
    if (folder_of(path, folder))
        mkdir(folder, 0777); /* what goes wrong shows when opening the file */
}

/*
 * A name that SQLite takes for a file: `path` from here or the root, never an
 * URI. With `parameters`, an URI of that file.
 */
static char *sqlite_name(const char *path, const char *parameters)
{
    char *name = malloc(3 * strlen(path) + strlen(parameters) + 8);
    if (name == NULL)
        return NULL;
    char *to = name;
    if (*parameters != '\0')
        to = stpcpy(to, "file:");
    if (*path != '/')
        to = stpcpy(to, "./");
    for (const char *p = path; *p != '\0'; p++)
        if (*parameters != '\0' && strchr("%?#", *p) != NULL)
            to += sprintf(to, "%%%02x", (unsigned)*p);
        else
            *to++ = *p;
    strcpy(to, parameters);
    return name;
}

static int open_file(struct store *s, int flags, const char *parameters,
                     struct problem *problem)
{
    char *name = sqlite_name(s->path, parameters);
    if (name == NULL)
        return problem_set(problem, ERR_MEMORY, "%s: no memory", s->path);
    int code = sqlite3_open_v2(
        name, &s->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
        NULL);
    free(name);
    return code == SQLITE_OK ? 0 : store_failed(s, code, problem);
}

/*
 * The file is opened for writing where that is allowed and then only read: a
 * connection that could not write would leave the helper files of WAL mode
 * behind. On a medium or in a folder that cannot be written these cannot be
 * made, unless SQLite is told that nobody writes the file; without them that
 * is so.
 */
static int open_readonly(struct store *s, struct problem *problem)
{
    int err = open_file(s, SQLITE_OPEN_READWRITE, "", problem);
    if (err == 0)
        err = prepare_readonly(s, problem);

    int code = s->db == NULL ? SQLITE_NOMEM : sqlite3_errcode(s->db) & 0xff;
    if (err == 0 || access(s->path, R_OK) < 0 ||
        (code != SQLITE_CANTOPEN && code != SQLITE_READONLY))
        return err;
    char wal[4100];
    snprintf(wal, sizeof wal, "%s-wal", s->path);
    if (access(wal, F_OK) == 0)
        return err;

    sqlite3_close(s->db);
    s->db = NULL;
    err = open_file(s, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, "?immutable=1",
                    problem);
    return err < 0 ? err : prepare_readonly(s, problem);
}

static int open_writable(struct store *s, struct problem *problem)
{
    make_folder(s->path);
    int err =
        open_file(s, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "", problem);
    return err < 0 ? err : prepare_writable(s, problem);
}

int store_open(struct store **out, const char *path, bool readonly,
               struct problem *problem)
{
    struct store *s = calloc(1, sizeof *s);
    *out = NULL;
    if (s == NULL || (s->path = strdup(path)) == NULL) {
        free(s);
        return problem_set(problem, ERR_MEMORY, "%s: no memory", path);
    }
    s->last_ended = &s->ended;
    s->is_readonly = readonly;

    struct stat file;
    if (stat(path, &file) == 0 && S_ISDIR(file.st_mode)) {
        store_close(s);
        return problem_set(problem, ERR_IO, "%s: it is a folder", path);
    }
    int err = readonly ? open_readonly(s, problem) : open_writable(s, problem);
    if (err < 0) {
        store_close(s);
        return err;
    }
    *out = s;
    return 0;
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    store_forget_ended(s);
    for (int i = 0; i < STORE_N_STATEMENTS; i++)
        sqlite3_finalize(s->statements[i]);
    sqlite3_close(s->db);
    free(s->path);
    free(s);
}

struct sqlite3 *store_db(struct store *s)
{
    return s->db;
}

void store_group_commits(struct store *s, uint32_t ms)
{
    s->group_ms = ms;
}

static bool is_number(const char *text)
{
    size_t n = strlen(text);
    return n > 0 && n < 10 && strspn(text, "0123456789") == n;
}

static bool is_id_prefix(const char *text)
{
    size_t n = strlen(text);
    return n >= 4 && n < RUN_ID_CAP && strspn(text, "0123456789abcdef") == n;
}

/* The rows of `run` that `where` chooses for `text`: how many, and one. */
static int look_up(struct store *s, const char *where, const char *text,
                   int64_t *n, int64_t *number, struct problem *problem)
{
    char sql[128];
    sqlite3_stmt *q;
    snprintf(sql, sizeof sql, "SELECT count(*), min(number) FROM run WHERE %s",
             where);
    int code = sqlite3_prepare_v2(s->db, sql, -1, &q, NULL);
    if (code != SQLITE_OK)
        return store_failed(s, code, problem);
    sqlite3_bind_text(q, 1, text, -1, SQLITE_STATIC);
    code = sqlite3_step(q);
    *n = sqlite3_column_int64(q, 0);
    *number = sqlite3_column_int64(q, 1);
    sqlite3_finalize(q);
    return code == SQLITE_ROW ? 0 : store_failed(s, code, problem);
}

int store_find_run(struct store *s, const char *text, int64_t *number,
                   struct problem *problem)
{
    int64_t n = 0;
    int err = 0;
    if (is_number(text))
        err = look_up(s, "number = CAST(?1 AS INTEGER)", text, &n, number,
                      problem);
    if (err == 0 && n == 0 && is_id_prefix(text))
        err = look_up(s, "id >= ?1 AND id < ?1 || 'g'", text, &n, number,
                      problem);
    if (err < 0)
        return err;
    if (n == 0)
        return problem_set(problem, ERR_INPUT, "%s: no run '%.40s'", s->path,
                           text);
    if (n > 1)
        return problem_set(problem, ERR_INPUT,
                           "%s: '%s' begins the ids of %" PRId64 " runs",
                           s->path, text, n);
    return 0;
}
