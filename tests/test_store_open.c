/* test_store_open.c - databases that are not what they should be. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fake_run.h"
#include "tests/scratch.h"

static char folder[SCRATCH_CAP], path[SCRATCH_CAP + 64];
static struct problem problem;
static struct store *s;

static void setup(void)
{
    scratch_make(folder);
    scratch_path(folder, "runs.db", path);
}

static void teardown(void)
{
    store_close(s);
    scratch_remove(folder);
}

TestSuite(store_open, .init = setup, .fini = teardown);

static void expect_refusal(int wanted, const char *reason)
{
    for (int readonly = 0; readonly < 2; readonly++) {
        int err = store_open(&s, path, readonly, &problem);
        cr_expect(eq(int, err, wanted));
        cr_expect(strstr(problem.text, reason) != NULL, "'%s'", problem.text);
        cr_expect(eq(int, strncmp(problem.text, path, strlen(path)), 0),
                  "'%s' does not begin with the file", problem.text);
        cr_expect(strchr(problem.text, '\n') == NULL);
        cr_expect(s == NULL);
    }
}

/* Change a database behind the store's back. */
static void change(const char *sql)
{
    sqlite3 *db;
    cr_assert(eq(int, sqlite3_open(path, &db), SQLITE_OK));
    cr_assert(eq(int, sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK));
    sqlite3_close(db);
}

static void make_good(void)
{
    char id[RUN_ID_CAP];
    cr_assert(eq(int, store_open(&s, path, false, &problem), 0));
    cr_assert(eq(int, fake_store(s, KEEP_OPS, 1, 3000, id, &problem), 0));
    store_close(s);
    s = NULL;
}

Test(store_open, a_file_that_is_no_database_is_refused)
{
    FILE *f = fopen(path, "w");
    for (int i = 0; i < 1000; i++)
        fputs("this is not a database ", f);
    fclose(f);
    expect_refusal(ERR_INPUT, "not an SQLite database");
}

Test(store_open, a_database_of_somebody_else_is_refused)
{
    change("CREATE TABLE song (title)");
    expect_refusal(ERR_INPUT, "not one of fraglab's");
}

Test(store_open, a_newer_schema_is_refused)
{
    make_good();
    change("PRAGMA user_version = 7");
    expect_refusal(ERR_INPUT, "version 7, newer");
}

Test(store_open, an_older_schema_is_refused)
{
    make_good();
    change("PRAGMA user_version = 0");
    expect_refusal(ERR_INPUT, "version 0, older");
}

Test(store_open, a_folder_is_no_database)
{
    mkdir(path, 0777);
    expect_refusal(ERR_IO, "a folder");
    rmdir(path);
}

Test(store_open, reading_a_database_that_is_not_there_makes_none)
{
    int err = store_open(&s, path, true, &problem);
    cr_expect(eq(int, err, ERR_IO));
    cr_expect(eq(int, access(path, F_OK), -1));
}

Test(store_open, an_empty_file_becomes_a_database)
{
    fclose(fopen(path, "w"));
    make_good();
}

Test(store_open, a_name_that_looks_like_an_uri_is_a_file)
{
    char here[1024];
    cr_assert(getcwd(here, sizeof here) != NULL && chdir(folder) == 0);
    cr_assert(eq(int, store_open(&s, "file:a?mode=memory", false, &problem), 0),
              "%s", problem.text);
    cr_expect(eq(int, access("file:a?mode=memory", F_OK), 0));
    store_close(s);
    s = NULL;
    cr_assert(eq(int, store_open(&s, ":memory:", false, &problem), 0));
    cr_expect(eq(int, access(":memory:", F_OK), 0));
    cr_assert(eq(int, chdir(here), 0));
}

Test(store_open, the_folder_of_a_new_database_is_made)
{
    char deep[SCRATCH_CAP + 64];
    scratch_path(folder, "results/fraglab.db", deep);
    cr_assert(eq(int, store_open(&s, deep, false, &problem), 0), "%s",
              problem.text);
    store_close(s);
    s = NULL;
    unlink(deep);
    rmdir(scratch_path(folder, "results", deep));
}

Test(store_open, a_reader_cannot_write)
{
    char id[RUN_ID_CAP];
    make_good();
    cr_assert(eq(int, store_open(&s, path, true, &problem), 0));
    int err = fake_store(s, KEEP_OPS, 2, 100, id, &problem);
    cr_expect(eq(int, err, ERR_IO));
    cr_expect(strstr(problem.text, "may only be read") != NULL, "%s",
              problem.text);
}

/* Root may write everywhere, and becomes nobody to be refused. */
Test(store_open, what_may_only_be_read_can_be_read)
{
    bool is_root = geteuid() == 0;
    make_good();
    cr_assert(eq(int, chmod(path, 0444), 0));
    cr_assert(eq(int, chmod(folder, 0555), 0));
    if (is_root)
        cr_assert(eq(int, setresuid(65534, 65534, 0), 0));
    cr_expect(eq(int, store_open(&s, path, true, &problem), 0), "%s",
              problem.text);
    if (is_root)
        cr_assert(eq(int, setresuid(0, 0, 0), 0));
    cr_assert(eq(int, chmod(folder, 0755), 0));
}

/* Whatever bytes are damaged: an answer or a line, never a crash. */
Test(store_open, a_damaged_database_gives_a_line_or_an_answer)
{
    char bad[SCRATCH_CAP + 64], id[RUN_ID_CAP];
    make_good();
    FILE *f = fopen(path, "rb");
    static unsigned char good[1 << 20];
    size_t n = fread(good, 1, sizeof good, f);
    fclose(f);
    uint64_t random = 42;
    scratch_path(folder, "bad.db", bad);
    for (int round = 0; round < 40; round++) {
        f = fopen(bad, "wb");
        fwrite(good, 1, n, f);
        for (int i = 0; i < 20; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            fseek(f, (long)((random >> 20) % (i < 10 ? 8192 : n)), SEEK_SET);
            fputc((int)(random >> 56), f);
        }
        fclose(f);
        problem.text[0] = '\0';
        int err = store_open(&s, bad, false, &problem);
        if (err == 0)
            err = fake_store(s, KEEP_OPS, 2, 500, id, &problem);
        cr_expect(err == 0 || problem.text[0] != '\0');
        store_close(s);
        s = NULL;
    }
}

Test(store_open, triggers_of_a_hostile_database_do_not_run)
{
    char id[RUN_ID_CAP];
    make_good();
    change("CREATE TABLE trap (x);"
           "CREATE TRIGGER spring AFTER INSERT ON run"
           " BEGIN INSERT INTO trap VALUES (1); END");
    cr_assert(eq(int, store_open(&s, path, false, &problem), 0));
    cr_assert(eq(int, fake_store(s, KEEP_OPS, 2, 100, id, &problem), 0));
    sqlite3_stmt *q;
    sqlite3_prepare_v2(store_db(s), "SELECT count(*) FROM trap", -1, &q, NULL);
    sqlite3_step(q);
    cr_expect(eq(int, sqlite3_column_int(q, 0), 0));
    sqlite3_finalize(q);
}
