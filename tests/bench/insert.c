/*
 * insert.c - the yardstick of the store: a bare loop of one prepared INSERT
 *
 * usage: insert FILE ROWS
 *
 * Makes a database of fraglab's schema in FILE and fills its table `op` with
 * ROWS rows, in one transaction, with the journal and the waiting for the disk
 * switched off: the least that any program can do that inserts row by row.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "build/schema.h"

static int fail(sqlite3 *db)
{
    fprintf(stderr, "insert: %s\n", sqlite3_errmsg(db));
    return 1;
}

/* Bind a row that looks like those of a real run, and insert it. */
static int insert_row(sqlite3_stmt *insert, sqlite3_int64 i)
{
    sqlite3_bind_int64(insert, 1, (sqlite3_int64)1 << 36 | i);
    sqlite3_bind_int(insert, 2, 1 + (int)(i % 2));
    sqlite3_bind_int64(insert, 3, i / 2);
    sqlite3_bind_int(insert, 4, 8 + (int)(i % 500));
    sqlite3_bind_int(insert, 5, 16 + (int)(i % 500));
    sqlite3_bind_int(insert, 6, 0x20010000 + (int)(i % 60000));
    for (int column = 7; column <= 11; column++)
        sqlite3_bind_int(insert, column, 10000 + (int)(i % 40000));
    int rc = sqlite3_step(insert);
    sqlite3_reset(insert);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: insert FILE ROWS\n", stderr);
        return 2;
    }
    sqlite3 *db = 0;
    sqlite3_stmt *insert = 0;
    long long n_rows = atoll(argv[2]);
    if (sqlite3_open(argv[1], &db) != SQLITE_OK ||
        sqlite3_exec(db, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", 0,
                     0, 0) != SQLITE_OK ||
        sqlite3_exec(db, schema_sql, 0, 0, 0) != SQLITE_OK ||
        sqlite3_exec(db, "BEGIN", 0, 0, 0) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "INSERT INTO op VALUES(?,?,?,?,?,?,?,?,?,?,?)",
                           -1, &insert, 0) != SQLITE_OK)
        return fail(db);
    for (long long i = 1; i <= n_rows; i++)
        if (insert_row(insert, i) != SQLITE_OK)
            return fail(db);
    sqlite3_finalize(insert);
    if (sqlite3_exec(db, "COMMIT", 0, 0, 0) != SQLITE_OK)
        return fail(db);
    sqlite3_close(db);
    return 0;
}
