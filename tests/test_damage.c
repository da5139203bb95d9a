/* test_damage.c - damaged traces of our own forms: refused, or not damaged */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/random_trace.h"
#include "traces/binary.h"
#include "traces/check.h"
#include "traces/frame.h"
#include "traces/stats.h"
#include "traces/writer.h"

static char folder[64];
static char path[256];
static char whole_hash[TRACE_HASH_HEX];

static void setup(void)
{
    /* Thousands of small files: in memory, where there is such a folder. */
    snprintf(folder, sizeof folder, "%s/fraglab-damage-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    cr_assert(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/trace", folder);
}

static void teardown(void)
{
    unlink(path);
    rmdir(folder);
}

TestSuite(damage, .init = setup, .fini = teardown);

/* A small random trace as the bytes of its file. */
static uint8_t *make_trace(enum trace_form form, uint32_t n_records, size_t *n)
{
    struct random_trace t;
    struct trace_header header;
    struct trace_writer *w;
    struct trace_written written;
    struct problem problem;
    random_init(&t, 4);
    random_header(&t, &header);
    header.n_areas = 2;
    int err = trace_writer_open(&w, path, form, &header, &problem);
    cr_assert(eq(int, err, 0));
    for (uint32_t i = 0; i < n_records; i++) {
        struct trace_op op;
        random_next(&t, &op);
        err = trace_write(w, &op, &problem);
        cr_assert(eq(int, err, 0));
    }
    cr_assert(eq(int, trace_writer_close(w, &written, &problem), 0));
    memcpy(whole_hash, written.hash, sizeof whole_hash);

    FILE *f = fopen(path, "rb");
    struct stat st;
    cr_assert(f != NULL && fstat(fileno(f), &st) == 0);
    *n = (size_t)st.st_size;
    uint8_t *bytes = malloc(*n + 1);
    cr_assert(eq(sz, fread(bytes, 1, *n, f), *n));
    fclose(f);
    return bytes;
}

static void put_file(const uint8_t *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    cr_assert(f != NULL && fwrite(bytes, 1, n, f) == n);
    fclose(f);
}

/*
 * Read the file at `path` to its end: 0 and the hash of what it holds, or
 * negative; then there must be one line that begins with the file's name.
 */
static int read_file(char hash[TRACE_HASH_HEX], bool as_pipe)
{
    struct problem problem = {""};
    struct workload *w;
    char command[300];
    if (as_pipe) {
        snprintf(command, sizeof command, "cat %s", path);
        FILE *f = popen(command, "r");
        dup2(fileno(f), STDIN_FILENO);
        pclose(f);
    }
    int err = workload_open(&w, as_pipe ? "-" : path, NULL, &problem);
    if (err == 0) {
        struct trace_stats s;
        err = trace_stats_read(&s, w, &problem);
        if (err == 0) {
            memcpy(hash, s.hash, sizeof s.hash);
            trace_stats_free(&s);
        }
        workload_close(w);
    }
    if (err < 0) {
        const char *name = as_pipe ? "standard input" : path;
        cr_assert(problem.text[0] != '\0');
        cr_assert(strchr(problem.text, '\n') == NULL, "%s", problem.text);
        cr_assert(eq(int, strncmp(problem.text, name, strlen(name)), 0), "%s",
                  problem.text);
    }
    return err;
}

static void expect_refused_or_same(const char *what, size_t at)
{
    char hash[TRACE_HASH_HEX];
    if (read_file(hash, false) == 0)
        cr_assert(eq(str, hash, whole_hash), "%s %zu", what, at);
}

static void cut_everywhere(enum trace_form form)
{
    size_t n;
    uint8_t *bytes = make_trace(form, 30, &n);
    for (size_t i = 0; i < n; i++) {
        put_file(bytes, i);
        expect_refused_or_same("cut at", i);
    }
    free(bytes);
}

static void flip_everywhere(enum trace_form form)
{
    static const uint8_t flips[] = {1, 0x90};
    size_t n;
    uint8_t *bytes = make_trace(form, 30, &n);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < sizeof flips; j++) {
            bytes[i] ^= flips[j];
            put_file(bytes, n);
            expect_refused_or_same("flip at", i);
            bytes[i] ^= flips[j];
        }
    }
    free(bytes);
}

Test(damage, text_cut_anywhere_is_refused)
{
    cut_everywhere(TRACE_FORM_TEXT);
}

Test(damage, binary_cut_anywhere_is_refused)
{
    cut_everywhere(TRACE_FORM_BINARY);
}

Test(damage, text_with_any_byte_changed_is_refused_or_means_the_same)
{
    flip_everywhere(TRACE_FORM_TEXT);
}

Test(damage, binary_with_any_byte_changed_is_refused_or_means_the_same)
{
    flip_everywhere(TRACE_FORM_BINARY);
}

Test(damage, a_cut_pipe_is_refused)
{
    size_t n;
    char hash[TRACE_HASH_HEX];
    uint8_t *bytes = make_trace(TRACE_FORM_BINARY, 40, &n);
    for (size_t i = 1; i < n; i += 97) {
        put_file(bytes, i);
        cr_expect(lt(int, read_file(hash, true), 0), "%zu", i);
    }
    put_file(bytes, n);
    cr_expect(eq(int, read_file(hash, true), 0));
    cr_expect(eq(str, hash, whole_hash));
    free(bytes);
}

Test(damage, more_bytes_behind_the_end_are_refused)
{
    for (int form = 0; form < 2; form++) {
        size_t n;
        char hash[TRACE_HASH_HEX];
        uint8_t *bytes = make_trace((enum trace_form)form, 10, &n);
        bytes[n] = 'x';
        put_file(bytes, n + 1);
        cr_expect(lt(int, read_file(hash, false), 0));
        free(bytes);
    }
}

/* Change, insert, remove or double a few bytes. */
static size_t mutate(struct random_trace *t, uint8_t *to, const uint8_t *from,
                     size_t n)
{
    memcpy(to, from, n);
    for (uint32_t k = 1 + random_below(t, 4); k > 0 && n > 1; k--) {
        size_t at = random_below(t, (uint32_t)n);
        size_t length = 1 + random_below(t, 8);
        if (length > n - at)
            length = n - at;
        switch (random_below(t, 5)) {
        case 0:
            to[at] = (uint8_t)random_below(t, 256);
            break;
        case 1:
            to[at] = (uint8_t)(to[at] + (random_below(t, 2) != 0 ? 1 : -1));
            break;
        case 2:
            memmove(to + at, to + at + length, n - at - length);
            n -= length;
            break;
        case 3:
            memmove(to + at + length, to + at, n - at);
            n += length;
            break;
        default:
            to[at] = "0123456789- \n:=,\xff\x80"[random_below(t, 18)];
            break;
        }
    }
    return n;
}

/* The end line without its checksum, so that changes reach further. */
static size_t bare_end(uint8_t *bytes, size_t n)
{
    for (size_t i = n - 4; i > 0; i--) {
        if (memcmp(bytes + i, "\nend ", 5) == 0) {
            bytes[i + 4] = '\n';
            return i + 5;
        }
    }
    return n;
}

Test(damage, text_mutated_at_random_never_breaks_the_reader)
{
    struct random_trace t;
    size_t n;
    char hash[TRACE_HASH_HEX];
    uint8_t *bytes = make_trace(TRACE_FORM_TEXT, 60, &n);
    uint8_t *mutant = malloc(n + 64);
    random_init(&t, 1);
    n = bare_end(bytes, n);
    for (int i = 0; i < 3000; i++) {
        put_file(mutant, mutate(&t, mutant, bytes, n));
        if (read_file(hash, false) < 0)
            continue;
    }
    free(mutant);
    free(bytes);
}

/* Frames as they come out of zstd, with every checksum met. */
Test(damage, frames_mutated_at_random_never_break_the_decoder)
{
    struct random_trace t;
    struct frame_encoder *e = calloc(1, sizeof *e);
    struct frame_decoder *d = calloc(1, sizeof *d);
    struct bytes frame = {0};
    uint64_t n_sound = 0;
    random_init(&t, 2);
    frame_encoder_begin(e);
    for (int i = 0; i < 400; i++) {
        struct trace_op op;
        random_next(&t, &op);
        frame_encode(e, &op);
    }
    frame_encoder_finish(e, &frame);
    uint8_t *mutant = malloc(frame.n + 64);
    for (int i = 0; i < 20000; i++) {
        struct trace_op op;
        size_t n = mutate(&t, mutant, frame.data, frame.n);
        uint8_t *exact = malloc(n); /* so that sanitizers see every step  */
        memcpy(exact, mutant, n);
        if (frame_decoder_begin(d, exact, n))
            while (frame_decode(d, &op) > 0)
                n_sound += trace_op_fault(&op) == NULL;
        free(exact);
    }
    cr_expect(gt(u64, n_sound, 100000)); /* it was no walk in the park    */
    free(mutant);
    bytes_free(&frame);
    frame_encoder_free(e);
    frame_decoder_free(d);
    free(e);
    free(d);
}

static void expect_message(const char *text, const char *want)
{
    struct problem problem = {""};
    struct workload *w;
    struct trace_stats s;
    char full[512];
    put_file((const uint8_t *)text, strlen(text));
    int err = workload_open(&w, path, NULL, &problem);
    if (err == 0) {
        err = trace_stats_read(&s, w, &problem);
        if (err == 0)
            trace_stats_free(&s);
        workload_close(w);
    }
    snprintf(full, sizeof full, "%s%s", path, want);
    cr_expect(eq(int, err, ERR_INPUT));
    cr_expect(eq(str, problem.text, full));
}

Test(damage, messages_name_the_place_and_the_reason)
{
    /* clang-format off */
    static const char *const cases[][2] = {
        {"", ": is empty"},
        {"hello\n", ": its first bytes are of no trace format that is known "
                    "here"},
        {"fraglab-trace 2\n", ":1: the first line is not 'fraglab-trace 1': "
                              "fraglab-trace 2"},
        {"fraglab-trace 1\nfree 42\nend\n",
         ":2: free of object 42, which is not live (never allocated)"},
        {"fraglab-trace 1\nalloc 1 8\nfree 1\nfree 1\nend\n",
         ":4: free of object 1, which is not live (freed or collected "
         "before)"},
        {"fraglab-trace 1\nalloc 1 8\n\n# x\nalloc 1 8\nend\n",
         ":5: alloc of object 1, whose id was given out before"},
        {"fraglab-trace 1\nalloc 1 8\nalloc 2 8\nstore 1 2 2\nend\n",
         ":4: store of word 2 of object 1, which has 8 bytes (2 words)"},
        {"fraglab-trace 1\nalloc 1 8\nalloc 2 8\ndeath 2\nstore 1 0 2\nend\n",
         ":5: store of a reference to object 2, which is dead"},
        {"fraglab-trace 1\nalloc 1 8\ndeath 1\nrealloc 1 16\nend\n",
         ":4: realloc of object 1, which is dead"},
        {"fraglab-trace 1\nalloc 1 8\ndeath 1\ndeath 1\nend\n",
         ":4: death of object 1, which is dead"},
        {"fraglab-trace 1\nalloc 1 8\n",
         ":2: no end record: the trace is truncated"},
        {"fraglab-trace 1\nalloc 1 -8\nend\n",
         ":2: '-8' does not belong here; the form is: alloc ID BYTES [FLAGS] "
         "[align=N] [site=N]"},
        {"fraglab-trace 1\nalloc 1\nend\n",
         ":2: the line ends too early; the form is: alloc ID BYTES [FLAGS] "
         "[align=N] [site=N]"},
        {"fraglab-trace 1\nalloc 99999999999999999999 1\nend\n",
         ":2: '99999999999999999999' does not belong here; the form is: alloc "
         "ID BYTES [FLAGS] [align=N] [site=N]"},
        {"fraglab-trace 1\nalloc 1 8 move\nend\n",
         ":2: 'move' does not belong here; the form is: alloc ID BYTES "
         "[FLAGS] [align=N] [site=N]"},
        {"fraglab-trace 1\nallot 1 8\nend\n",
         ":2: neither operation nor event: allot 1 8"},
        {"fraglab-trace 1\nheader wrod-bytes 4\nend\n",
         ":2: an unknown key: header wrod-bytes 4"},
        {"fraglab-trace 1\nend events=1\n",
         ":2: the end line says events=1, but there are 0"},
        {"fraglab-trace 1\nend hash=0\n",
         ":2: wrong checksum: the contents hash to "
         "bc7eb8226202235de515506bf0bd0702"},
        {"fraglab-trace 1\nend\nfree 1\n",
         ":3: a line after the end record: free 1"},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_message(cases[i][0], cases[i][1]);
}

Test(damage, another_version_of_the_binary_form_is_named)
{
    size_t n;
    struct problem problem = {""};
    struct workload *w;
    uint8_t *bytes = make_trace(TRACE_FORM_BINARY, 3, &n);
    /* HEAD's payload begins behind the magic and 40 bytes; its checksum is
     * not met any more, which is the first thing to be said. */
    bytes[48] = 2;
    put_file(bytes, n);
    cr_expect(eq(int, workload_open(&w, path, NULL, &problem), ERR_INPUT));
    cr_expect(strstr(problem.text, "byte 8: wrong checksum") != NULL);
    free(bytes);
}

Test(damage, a_folder_and_a_missing_file_are_named)
{
    struct problem problem = {""};
    struct workload *w;
    cr_expect(eq(int, workload_open(&w, folder, NULL, &problem), ERR_INPUT));
    cr_expect(strstr(problem.text, "is a directory") != NULL, "%s",
              problem.text);
    cr_expect(lt(int, workload_open(&w, "/nonexistent", NULL, &problem), 0));
    cr_expect(strstr(problem.text, "no such file") != NULL, "%s", problem.text);
}
