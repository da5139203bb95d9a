/*
 * test_store_faults.c - the disk fails at the n-th write, for n = 1, 2, 3 ...
 * until the case passes untouched
 *
 * Source    sqlite.org/testing.html, "I/O Error Testing"
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include "tests/fake_run.h"
#include "tests/scratch.h"

/* --- a file system that fails on demand -------------------------------- */

struct faults {
    int countdown;  /* calls until a failure; 0: none is due               */
    bool for_good;  /* every later call fails, too (a disk that is full)   */
    int code;       /* what a failing call returns                         */
    bool has_fired; /* a call has failed                                   */
};

static struct faults faults;
static sqlite3_vfs *real_vfs;

struct file {
    sqlite3_file base;
    sqlite3_file *real; /* lies behind this struct                         */
};

static sqlite3_file *real_of(sqlite3_file *f)
{
    return ((struct file *)f)->real;
}

/* SQLITE_OK, or what the next call has to fail with. */
static int fault(void)
{
    if (faults.countdown == 0)
        return SQLITE_OK;
    if (faults.countdown > 1) {
        faults.countdown--;
        return SQLITE_OK;
    }
    faults.has_fired = true;
    if (!faults.for_good)
        faults.countdown = 0;
    return faults.code;
}

#define PASS(f, verb, ...) real_of(f)->pMethods->verb(real_of(f), __VA_ARGS__)

static int file_close(sqlite3_file *f)
{
    return real_of(f)->pMethods->xClose(real_of(f));
}

static int file_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
    return PASS(f, xRead, to, n, at);
}

static int file_write(sqlite3_file *f, const void *from, int n,
                      sqlite3_int64 at)
{
    int code = fault();
    return code != SQLITE_OK ? code : PASS(f, xWrite, from, n, at);
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 n)
{
    int code = fault();
    return code != SQLITE_OK ? code : PASS(f, xTruncate, n);
}

/* Nothing is synced: these tests are about failing calls, not about power. */
static int file_sync(sqlite3_file *f, int flags)
{
    (void)f, (void)flags;
    return fault() != SQLITE_OK ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int file_size(sqlite3_file *f, sqlite3_int64 *n)
{
    return PASS(f, xFileSize, n);
}

static int file_lock(sqlite3_file *f, int level)
{
    return PASS(f, xLock, level);
}

static int file_unlock(sqlite3_file *f, int level)
{
    return PASS(f, xUnlock, level);
}

static int file_reserved(sqlite3_file *f, int *out)
{
    return PASS(f, xCheckReservedLock, out);
}

static int file_control(sqlite3_file *f, int op, void *arg)
{
    return PASS(f, xFileControl, op, arg);
}

static int file_sector(sqlite3_file *f)
{
    return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int file_device(sqlite3_file *f)
{
    return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

static int file_shm_map(sqlite3_file *f, int page, int size, int extend,
                        void volatile **out)
{
    return PASS(f, xShmMap, page, size, extend, out);
}

static int file_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    return PASS(f, xShmLock, offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *f)
{
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int file_shm_unmap(sqlite3_file *f, int delete)
{
    return PASS(f, xShmUnmap, delete);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_device,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base,
                    int flags, int *out_flags)
{
    (void)vfs;
    struct file *f = (struct file *)base;
    f->base.pMethods = NULL;
    f->real = (sqlite3_file *)(f + 1);
    int code = real_vfs->xOpen(real_vfs, name, f->real, flags, out_flags);
    if (code == SQLITE_OK)
        f->base.pMethods = &methods;
    return code;
}

static sqlite3_vfs failing;

/* --- the cases --------------------------------------------------------- */

static char folder[SCRATCH_CAP], path[SCRATCH_CAP + 64];
static struct problem problem;
static char id[RUN_ID_CAP];
static uint64_t n_ops = 100; /* of each run                                */

static void setup(void)
{
    scratch_make(folder);
    scratch_path(folder, "runs.db", path);
    real_vfs = sqlite3_vfs_find(NULL);
    failing = *real_vfs;
    failing.zName = "failing";
    failing.szOsFile = (int)sizeof(struct file) + real_vfs->szOsFile;
    failing.xOpen = vfs_open;
    sqlite3_vfs_register(&failing, 1);
    faults = (struct faults){0};
}

static void teardown(void)
{
    sqlite3_vfs_unregister(&failing);
    scratch_remove(folder);
}

TestSuite(store_faults, .init = setup, .fini = teardown);

static int64_t number(struct store *s, const char *sql)
{
    sqlite3_stmt *q;
    cr_assert(eq(int, sqlite3_prepare_v2(store_db(s), sql, -1, &q, NULL), 0),
              "%s", sqlite3_errmsg(store_db(s)));
    cr_assert(eq(int, sqlite3_step(q), SQLITE_ROW));
    int64_t n = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return n;
}

static void remove_database(void)
{
    char other[SCRATCH_CAP + 80];
    unlink(path);
    snprintf(other, sizeof other, "%s-wal", path);
    unlink(other);
    snprintf(other, sizeof other, "%s-shm", path);
    unlink(other);
}

/* Open, keep a run, close: whether the run was promised to be there. */
static bool keep(uint64_t seed, bool holds)
{
    struct store *s;
    problem.text[0] = '\0';
    int err = store_open(&s, path, false, &problem);
    if (err == 0)
        err = fake_store_with(s, holds, KEEP_OPS, seed, n_ops, id, &problem);
    store_close(s);
    cr_expect(err == 0 || problem.text[0] != '\0');
    return err == 0;
}

/* After a failure: whole runs only, and every promised one. */
static void expect_whole(int64_t n_promised)
{
    struct store *s;
    faults.countdown = 0;
    cr_assert(eq(int, store_open(&s, path, false, &problem), 0), "%s",
              problem.text);
    int64_t n = number(s, "SELECT count(*) FROM run");
    cr_expect(n >= n_promised, "%d of %d runs", (int)n, (int)n_promised);
    cr_expect(
        eq(i64, number(s, "SELECT count(*) FROM op"), n * (int64_t)n_ops));
    cr_expect(eq(i64, number(s, "SELECT count(*) FROM summary"), n));
    cr_expect(eq(i64,
                 number(s, "SELECT integrity_check = 'ok'"
                           " FROM pragma_integrity_check"),
                 1));
    store_close(s);
}

/* A new database and two runs, with the n-th call failing: did one fail? */
static bool fail_at_call(int n, int code, bool for_good, bool holds)
{
    remove_database();
    faults = (struct faults){n, for_good, code, false};
    int64_t n_promised = keep(1, holds);
    n_promised += keep(2, holds);
    bool has_fired = faults.has_fired;
    expect_whole(n_promised);
    cr_expect(has_fired || n_promised == 2);
    return has_fired;
}

static void fail_at_every_call(int code, bool for_good)
{
    int n = 1;
    while (fail_at_call(n, code, for_good, false))
        n++;
    cr_expect(gt(int, n, 20)); /* it was worth while */
}

Test(store_faults, a_call_that_fails_once_breaks_nothing)
{
    fail_at_every_call(SQLITE_IOERR_WRITE, false);
}

Test(store_faults, a_disk_that_stays_full_breaks_nothing)
{
    fail_at_every_call(SQLITE_FULL, true);
}

/* Such runs are long, so the calls that fail lie ever farther apart. */
Test(store_faults, a_held_run_fails_as_a_whole)
{
    n_ops = 40000;
    for (int n = 1; fail_at_call(n, SQLITE_FULL, true, true);)
        n += n / 4 + 1;
}

Test(store_faults, a_full_disk_is_called_full)
{
    struct store *s;
    cr_assert(eq(int, store_open(&s, path, false, &problem), 0));
    faults = (struct faults){1, true, SQLITE_FULL, false};
    cr_expect(eq(int, fake_store(s, KEEP_OPS, 1, 600, id, &problem), ERR_IO));
    cr_expect(strstr(problem.text, "the disk is full") != NULL, "%s",
              problem.text);

    /* With room again the run that had ended is written after all. */
    faults.countdown = 0;
    cr_expect(eq(int, store_flush(s, &problem), 0), "%s", problem.text);
    cr_expect(eq(i64, number(s, "SELECT count(*) FROM run"), 1));
    store_close(s);
}

Test(store_faults, a_shard_that_finds_no_room_ends_the_run)
{
    struct store *s;
    cr_assert(eq(int, store_open(&s, path, false, &problem), 0));
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {1 << 20, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &limit);
    int err = fake_store(s, KEEP_OPS, 1, 200000, id, &problem);
    limit.rlim_cur = RLIM_INFINITY;
    setrlimit(RLIMIT_FSIZE, &limit);
    cr_expect(eq(int, err, ERR_IO));
    cr_expect(strstr(problem.text, "cannot keep a run") != NULL, "%s",
              problem.text);
    cr_expect(eq(i64, number(s, "SELECT count(*) FROM run"), 0));
    store_close(s);
}
