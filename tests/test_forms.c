/* test_forms.c - the text form and the binary form: what is written is read */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/random_trace.h"
#include "traces/ahead.h"
#include "traces/binary.h"
#include "traces/text.h"
#include "traces/writer.h"

static char folder[] = "/tmp/fraglab-forms-XXXXXX";
static char path[256], other[256];
static struct problem problem;

static void setup(void)
{
    cr_assert(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/one", folder);
    snprintf(other, sizeof other, "%s/two", folder);
}

static void teardown(void)
{
    char command[300];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_expect(eq(int, system(command), 0));
}

TestSuite(forms, .init = setup, .fini = teardown);

/* Write `n` random records of this seed; the writer checks that they are
 * lawful. Gives back what was written. */
static struct trace_written write_random(uint64_t seed, uint32_t n,
                                         enum trace_form form)
{
    struct random_trace t;
    struct trace_header header;
    struct trace_writer *w;
    struct trace_written written;
    random_init(&t, seed);
    random_header(&t, &header);
    int err = trace_writer_open(&w, path, form, &header, &problem);
    cr_assert(eq(int, err, 0), "seed %lu: %s", seed, problem.text);
    for (uint32_t i = 0; i < n; i++) {
        struct trace_op op;
        random_next(&t, &op);
        err = trace_write(w, &op, &problem);
        cr_assert(eq(int, err, 0), "seed %lu, record %u: %s", seed, i,
                  problem.text);
    }
    err = trace_writer_close(w, &written, &problem);
    cr_assert(eq(int, err, 0), "seed %lu: %s", seed, problem.text);
    return written;
}

static struct workload *open_trace(const char *file)
{
    struct workload *w = NULL;
    int err = workload_open(&w, file, NULL, &problem);
    cr_assert(eq(int, err, 0), "%s", problem.text);
    return w;
}

static bool is_same_header(const struct trace_header *a,
                           const struct trace_header *b)
{
    for (size_t i = 0; i < TRACE_N_HEADER_KEYS; i++) {
        const struct trace_header_key *key = &trace_header_keys[i];
        const char *at = (const char *)a + key->offset;
        const char *z = (const char *)b + key->offset;
        bool is_text = key->width == TRACE_NAME_CAP;
        if (strcmp(key->name, "peak-live") != 0 &&
            (is_text ? strcmp(at, z) : memcmp(at, z, key->width)) != 0)
            return false;
    }
    return a->version == b->version && a->n_areas == b->n_areas &&
           memcmp(a->areas, b->areas, a->n_areas * sizeof a->areas[0]) == 0;
}

/* The file at `path` gives header and records of this seed, and ends. */
static void expect_random(uint64_t seed, uint32_t n)
{
    struct random_trace t;
    struct trace_header header;
    struct workload *w = open_trace(path);
    struct trace_op op, want;
    random_init(&t, seed);
    random_header(&t, &header);
    cr_assert(is_same_header(&w->header, &header), "seed %lu", seed);
    for (uint32_t i = 0; i < n; i++) {
        int got = workload_next(w, NULL, &op, &problem);
        cr_assert(eq(int, got, 1), "seed %lu: %s", seed, problem.text);
        random_next(&t, &want);
        cr_assert(random_same(&op, &want), "seed %lu, record %u, a %s", seed, i,
                  trace_kind_name(want.kind));
    }
    cr_assert(eq(int, workload_next(w, NULL, &op, &problem), 1), "%s",
              problem.text);
    cr_assert(eq(int, op.kind, TRACE_END));
    cr_assert(eq(int, workload_next(w, NULL, &op, &problem), 0));
    workload_close(w);
}

Test(forms, text_gives_back_every_field_of_every_kind)
{
    for (uint64_t seed = 1; seed <= 40; seed++) {
        write_random(seed, 500, TRACE_FORM_TEXT);
        expect_random(seed, 500);
    }
}

Test(forms, binary_gives_back_every_field_of_every_kind)
{
    for (uint64_t seed = 1; seed <= 40; seed++) {
        write_random(seed, 500, TRACE_FORM_BINARY);
        expect_random(seed, 500);
    }
}

Test(forms, binary_frames_begin_anew_without_a_seam)
{
    write_random(99, 150000, TRACE_FORM_BINARY); /* three frames          */
    expect_random(99, 150000);
}

Test(forms, an_empty_trace_is_a_trace_in_both_forms)
{
    write_random(7, 0, TRACE_FORM_TEXT);
    expect_random(7, 0);
    write_random(7, 0, TRACE_FORM_BINARY);
    expect_random(7, 0);
}

Test(forms, text_and_binary_of_one_trace_hash_alike)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct trace_written a = write_random(seed, 2000, TRACE_FORM_TEXT);
        struct trace_written b = write_random(seed, 2000, TRACE_FORM_BINARY);
        cr_expect(eq(str, a.hash, b.hash), "seed %lu", seed);
        cr_expect(eq(u64, a.counts.events, 2000));
        cr_expect(eq(u64, a.counts.peak_live, b.counts.peak_live));
    }
}

Test(forms, conversion_there_and_back_leaves_the_same_text)
{
    char binary[256], back[256], command[600];
    snprintf(binary, sizeof binary, "%s/b.ftb", folder);
    snprintf(back, sizeof back, "%s/back.ft", folder);
    write_random(5, 5000, TRACE_FORM_TEXT);

    struct workload *w = open_trace(path);
    cr_assert(
        eq(int, trace_copy(w, binary, TRACE_FORM_BINARY, NULL, &problem), 0),
        "%s", problem.text);
    workload_close(w);
    w = open_trace(binary);
    w->header.peak_live = 0; /* the text did not know it when it began    */
    cr_assert(eq(int, trace_copy(w, back, TRACE_FORM_TEXT, NULL, &problem), 0),
              "%s", problem.text);
    workload_close(w);
    snprintf(command, sizeof command, "cmp %s %s", path, back);
    cr_expect(eq(int, system(command), 0));
}

Test(forms, a_pipe_is_read_like_a_file)
{
    write_random(11, 70000, TRACE_FORM_BINARY);
    int fds[2];
    cr_assert(eq(int, pipe(fds), 0));
    if (fork() == 0) {
        char piece[4096];
        int fd = open(path, O_RDONLY);
        ssize_t n;
        while ((n = read(fd, piece, sizeof piece)) > 0)
            if (write(fds[1], piece, (size_t)n) != n)
                _exit(1);
        _exit(0);
    }
    close(fds[1]);
    dup2(fds[0], STDIN_FILENO);
    snprintf(path, sizeof path, "-");
    expect_random(11, 70000);
}

Test(forms, seek_gives_the_operation_asked_for)
{
    enum { N = 140000 };
    write_random(3, N, TRACE_FORM_BINARY);
    uint64_t *place = calloc(N, sizeof *place);
    struct workload *w = open_trace(path);
    struct trace_op op;
    uint64_t n_operations = 0;
    while (workload_next(w, NULL, &op, &problem) > 0)
        if (trace_is_operation(op.kind))
            place[++n_operations] = op.place;
    const uint64_t wanted[] = {1,
                               2,
                               n_operations / 3,
                               n_operations / 2,
                               n_operations - 1,
                               n_operations,
                               77};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        cr_assert(eq(int, binary_seek(w, wanted[i], &problem), 0), "%s",
                  problem.text);
        cr_assert(eq(int, workload_next(w, NULL, &op, &problem), 1));
        cr_expect(eq(u64, op.place, place[wanted[i]]));
    }
    int got = 1;
    while (got == 1)
        got = workload_next(w, NULL, &op, &problem);
    cr_expect(eq(int, got, 0), "%s", problem.text); /* on to the end      */
    cr_expect(eq(int, binary_seek(w, n_operations + 1, &problem), ERR_INPUT));
    cr_expect(eq(int, binary_seek(w, 0, &problem), ERR_INPUT));
    workload_close(w);
    free(place);
}

Test(forms, the_end_record_of_a_binary_file_gives_the_peak_at_once)
{
    struct trace_written n = write_random(21, 3000, TRACE_FORM_BINARY);
    struct workload *w = open_trace(path);
    cr_expect(eq(u64, w->header.peak_live, n.counts.peak_live));
    cr_expect(eq(str, (char *)binary_stated_hash(w), n.hash));
    workload_close(w);
}

Test(forms, an_unlawful_record_leaves_no_file)
{
    struct trace_header header = {.version = TRACE_FORMAT_VERSION};
    struct trace_op op = {.kind = TRACE_FREE, .id = 42};
    struct trace_writer *w;
    cr_assert(eq(
        int, trace_writer_open(&w, path, TRACE_FORM_BINARY, &header, &problem),
        0));
    cr_expect(eq(int, trace_write(w, &op, &problem), ERR_INPUT));
    cr_expect(eq(str, problem.text,
                 "free of object 42, which is not live "
                 "(never allocated)"));
    trace_writer_abandon(w);
    cr_expect(eq(int, access(path, F_OK), -1));
}

Test(forms, a_file_keeps_its_old_contents_until_the_new_is_whole)
{
    struct trace_header header = {.version = TRACE_FORMAT_VERSION};
    struct trace_writer *w;
    struct stat before, during, after;
    write_random(1, 10, TRACE_FORM_TEXT);
    cr_assert(eq(int, stat(path, &before), 0));
    cr_assert(
        eq(int, trace_writer_open(&w, path, TRACE_FORM_TEXT, &header, &problem),
           0));
    cr_assert(eq(int, stat(path, &during), 0));
    cr_expect(eq(u64, during.st_ino, before.st_ino));
    cr_assert(eq(int, trace_writer_close(w, NULL, &problem), 0));
    cr_assert(eq(int, stat(path, &after), 0));
    cr_expect(ne(u64, after.st_ino, before.st_ino));
}

Test(forms, the_hash_leaves_out_names_and_places_and_nothing_else)
{
    struct trace_header a = {.version = 1, .word_bytes = 4};
    struct trace_header b = a;
    struct trace_op op = {.kind = TRACE_STORE, .id = 1, .word = 2};
    char one[TRACE_HASH_HEX], two[TRACE_HASH_HEX];
    snprintf(b.program, sizeof b.program, "another");
    struct trace_hash *h = trace_hash_new(&a);
    struct trace_hash *k = trace_hash_new(&b);
    trace_hash_op(h, &op);
    op.place = 77;
    op.align = 8; /* a store has no alignment                             */
    trace_hash_op(k, &op);
    trace_hash_digest(h, one);
    trace_hash_digest(k, two);
    cr_expect(eq(str, one, two));
    op.word = 3;
    trace_hash_op(h, &op);
    op.word = 4;
    trace_hash_op(k, &op);
    trace_hash_digest(h, one);
    trace_hash_digest(k, two);
    cr_expect(ne(str, one, two));
    trace_hash_free(h);
    trace_hash_free(k);
}

/* The recordings beside the checkout, where there are some. */
Test(forms, sample_recordings_take_at_most_two_bytes_an_event)
{
    static const char *const names[] = {"web-64k",       "logger-32k",
                                        "chaos-40k",     "json-32k",
                                        "auto-lone-16k", "import-py-20k"};
    char file[256];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct trace_written n, back;
        snprintf(file, sizeof file, "../shared/traces/%s.gct.zst", names[i]);
        if (access(file, R_OK) != 0)
            cr_skip("no recordings here");
        struct workload *w = open_trace(file);
        int err = trace_copy(w, path, TRACE_FORM_BINARY, &n, &problem);
        cr_assert(eq(int, err, 0), "%s", problem.text);
        workload_close(w);
        cr_expect(le(u64, n.n_bytes, 2 * n.counts.events), "%s", names[i]);

        w = open_trace(path);
        err = trace_copy(w, other, TRACE_FORM_TEXT, &back, &problem);
        cr_assert(eq(int, err, 0), "%s", problem.text);
        workload_close(w);
        cr_expect(eq(str, back.hash, n.hash), "%s", names[i]);
    }
}

/* Both ways must give the same records, whatever lists they carry. */
Test(forms, a_workload_read_ahead_is_the_same_workload)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct random_trace t;
        struct trace_header header;
        struct workload *w;
        struct trace_op op, want;
        write_random(seed, 3000, TRACE_FORM_TEXT);
        cr_assert(eq(int, ahead_open(&w, open_trace(path), &problem), 0));
        random_init(&t, seed);
        random_header(&t, &header);
        for (uint32_t i = 0; i < 3000; i++) {
            cr_assert(eq(int, workload_next(w, NULL, &op, &problem), 1));
            random_next(&t, &want);
            cr_assert(random_same(&op, &want), "seed %lu, record %u", seed, i);
        }
        cr_assert(eq(int, workload_next(w, NULL, &op, &problem), 1));
        cr_assert(eq(int, op.kind, TRACE_END));
        cr_assert(eq(int, workload_next(w, NULL, &op, &problem), 0));
        cr_assert(eq(int, workload_next(w, NULL, &op, &problem), 0));
        workload_close(w);
    }
}

Test(forms, an_error_met_ahead_comes_after_the_records_before_it)
{
    static const uint32_t n_lines[] = {1, 511, 512, 513, 1600, 5000};
    for (size_t i = 0; i < sizeof n_lines / sizeof n_lines[0]; i++) {
        struct workload *w;
        struct trace_op op;
        FILE *f = fopen(path, "w");
        fputs("fraglab-trace 1\n", f);
        for (uint32_t j = 0; j < n_lines[i]; j++)
            fprintf(f, "# note\nnote %u\n", j);
        fputs("nonsense\n", f);
        fclose(f);
        cr_assert(eq(int, ahead_open(&w, open_trace(path), &problem), 0));
        for (uint32_t j = 0; j < n_lines[i]; j++) {
            char text[16];
            snprintf(text, sizeof text, "%u", j);
            cr_assert(eq(int, workload_next(w, NULL, &op, &problem), 1));
            cr_assert(eq(str, (char *)op.text, text));
        }
        cr_expect(eq(int, workload_next(w, NULL, &op, &problem), ERR_INPUT));
        cr_expect(strstr(problem.text, "nonsense") != NULL);
        cr_expect(eq(u64, w->skipped[0].n, n_lines[i]));
        workload_close(w);
    }
}

Test(forms, a_reader_ahead_can_be_left_at_any_moment)
{
    write_random(1, 9000, TRACE_FORM_TEXT);
    for (int n = 0; n < 3000; n += 97) {
        struct workload *w;
        struct trace_op op;
        cr_assert(eq(int, ahead_open(&w, open_trace(path), &problem), 0));
        for (int i = 0; i < n; i++)
            cr_assert(eq(int, workload_next(w, NULL, &op, &problem), 1));
        workload_close(w);
    }
}
