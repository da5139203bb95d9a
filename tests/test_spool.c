/* test_spool.c - records come back as they were put, in memory or a file. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "analysis/spool.h"
#include "tests/scratch.h"

static char folder[SCRATCH_CAP], path[SCRATCH_CAP + 64];
static struct spool s;
static struct problem problem;

static void setup(void)
{
    scratch_make(folder);
    spool_init(&s, scratch_path(folder, "runs.db", path));
}

static void teardown(void)
{
    spool_free(&s);
    scratch_remove(folder);
}

TestSuite(spool, .init = setup, .fini = teardown);

/* Byte `i` of record `n`, and its length. */
static uint8_t byte_of(uint32_t n, size_t i)
{
    return (uint8_t)(n * 31 + i * 7);
}

static size_t length_of(uint32_t n, size_t longest)
{
    return (n * 2654435761u >> 7) % (longest + 1);
}

static void put_all(uint32_t n_records, size_t longest)
{
    uint8_t *bytes = malloc(longest + 1);
    for (uint32_t n = 0; n < n_records; n++) {
        for (size_t i = 0; i < length_of(n, longest); i++)
            bytes[i] = byte_of(n, i);
        int err = spool_put(&s, n % 9, bytes, length_of(n, longest), &problem);
        cr_assert(eq(int, err, 0), "%s", problem.text);
    }
    free(bytes);
}

static void expect_all(uint32_t n_records, size_t longest)
{
    struct spool_reader reader;
    struct spool_record r;
    cr_assert(eq(int, spool_read(&reader, &s, &problem), 0));
    for (uint32_t n = 0; n < n_records; n++) {
        cr_assert(eq(int, spool_next(&reader, &r, &problem), 1));
        cr_assert(eq(u32, r.type, n % 9));
        cr_assert(eq(sz, r.n_bytes, length_of(n, longest)));
        cr_assert(eq(sz, (size_t)r.bytes % 8, 0));
        const uint8_t *bytes = r.bytes;
        for (size_t i = 0; i < r.n_bytes; i++)
            if (bytes[i] != byte_of(n, i))
                cr_fail("byte %zu of record %u", i, n);
    }
    cr_expect(eq(int, spool_next(&reader, &r, &problem), 0));
    spool_read_end(&reader);
}

Test(spool, few_records_stay_in_memory)
{
    put_all(1000, 100);
    cr_expect(eq(int, s.fd, -1));
    expect_all(1000, 100);
}

Test(spool, many_records_go_to_a_file_that_has_no_name)
{
    put_all(50000, 200);
    cr_expect(ne(int, s.fd, -1));
    cr_expect(eq(int, scratch_count(folder), 0));
    expect_all(50000, 200);
    expect_all(50000, 200); /* a second reader begins anew */
}

Test(spool, records_longer_than_the_buffer_are_whole)
{
    put_all(6, 3 * SPOOL_BUFFER);
    expect_all(6, 3 * SPOOL_BUFFER);
}

Test(spool, an_empty_spool_has_no_records)
{
    expect_all(0, 1);
}

Test(spool, a_folder_that_is_not_there_is_named)
{
    spool_init(&s, "/nowhere/at/all/runs.db");
    uint8_t byte = 0;
    int err = 0;
    for (int i = 0; i < 400000 && err == 0; i++)
        err = spool_put(&s, 0, &byte, 1, &problem);
    cr_expect(eq(int, err, ERR_IO));
    cr_expect(strstr(problem.text, "/nowhere/at/all/runs.db: cannot make") !=
                  NULL,
              "%s", problem.text);
}
