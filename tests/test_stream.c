/* test_stream.c - bytes and lines of plain, gzip and zstd input */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <fcntl.h>
#include <zlib.h>
#include <zstd.h>

#include "tests/importing.h"
#include "traces/stream.h"

static struct problem problem;

static struct stream *open_bytes(const void *bytes, size_t n)
{
    const char *path = importing_file(bytes, n);
    struct stream *s = NULL;
    problem.text[0] = '\0';
    int err = stream_open(&s, path, &problem);
    unlink(path);
    return err == 0 ? s : NULL;
}

static struct stream *open_text(const char *text)
{
    return open_bytes(text, strlen(text));
}

/* Put `n` bytes into a pipe and make its other end standard input. */
static void pipe_in(const void *bytes, size_t n)
{
    int ends[2];
    cr_assert(eq(int, pipe(ends), 0));
    cr_assert(eq(long, write(ends[1], bytes, n), (long)n));
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
}

static size_t pack_gzip(const void *from, size_t n, uint8_t *to, size_t cap)
{
    z_stream z = {.next_in = (Bytef *)from, .avail_in = (uInt)n};
    deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    z.next_out = to;
    z.avail_out = (uInt)cap;
    deflate(&z, Z_FINISH);
    deflateEnd(&z);
    return cap - z.avail_out;
}

/* Read all lines; their sum of lengths, or the error. */
static long read_all(struct stream *s, uint64_t *n_lines)
{
    struct stream_line line;
    long total = 0;
    int got;
    while ((got = stream_next_line(s, &line, &problem)) > 0) {
        total += (long)line.length;
        *n_lines = line.number;
    }
    return got < 0 ? got : total;
}

Test(stream, gives_lines_with_their_numbers)
{
    struct stream *s = open_text("one\n\nthree\r\nfour");
    struct stream_line line;
    cr_assert(eq(int, stream_next_line(s, &line, &problem), 1));
    cr_expect(eq(str, line.text, "one"));
    cr_expect(eq(u64, line.number, 1));
    cr_assert(eq(int, stream_next_line(s, &line, &problem), 1));
    cr_expect(eq(sz, line.length, 0));
    cr_assert(eq(int, stream_next_line(s, &line, &problem), 1));
    cr_expect(eq(str, line.text, "three"));
    cr_expect(line.is_whole);
    cr_expect(eq(u64, stream_offset(s), 12));
    cr_assert(eq(int, stream_next_line(s, &line, &problem), 1));
    cr_expect(eq(str, line.text, "four"));
    cr_expect(eq(u64, line.number, 4));
    cr_expect(not(line.is_whole));
    cr_expect(eq(int, stream_next_line(s, &line, &problem), 0));
    cr_expect(eq(int, stream_next_line(s, &line, &problem), 0));
    stream_close(s);
}

Test(stream, a_peek_takes_nothing)
{
    struct stream *s = open_text("abc\ndef\n");
    const uint8_t *bytes;
    size_t n;
    cr_assert(eq(int, stream_peek(s, 100, &bytes, &n, &problem), 0));
    cr_expect(eq(sz, n, 8));
    cr_expect(eq(int, memcmp(bytes, "abc\ndef\n", 8), 0));
    cr_expect(eq(u64, stream_offset(s), 0));

    char to[16];
    cr_assert(eq(int, stream_read(s, to, 5, &n, &problem), 0));
    cr_expect(eq(sz, n, 5));
    cr_assert(eq(int, stream_read(s, to, 5, &n, &problem), 0));
    cr_expect(eq(sz, n, 3));
    cr_assert(eq(int, stream_read(s, to, 5, &n, &problem), 0));
    cr_expect(eq(sz, n, 0));
    stream_close(s);
}

Test(stream, a_line_may_be_longer_than_any_buffer)
{
    size_t n = 3u << 20;
    char *text = malloc(n);
    memset(text, 'x', n);
    text[n - 1] = '\n';
    struct stream *s = open_bytes(text, n);
    uint64_t n_lines = 0;
    cr_expect(eq(long, read_all(s, &n_lines), (long)n - 1));
    cr_expect(eq(u64, n_lines, 1));
    stream_close(s);
    free(text);
}

Test(stream, a_line_beyond_the_limit_is_refused)
{
    size_t n = STREAM_LINE_MAX + 2;
    char *text = malloc(n);
    memset(text, 'x', n);
    struct stream *s = open_bytes(text, n);
    uint64_t n_lines = 0;
    cr_expect(eq(long, read_all(s, &n_lines), ERR_INPUT));
    cr_expect(ne(ptr, strstr(problem.text, ":1: line is longer"), NULL));
    stream_close(s);
    free(text);
}

Test(stream, a_nul_is_refused_where_it_stands)
{
    struct stream *s = open_bytes("one\ntwo\nth\0ree\nfour\n", 20);
    uint64_t n_lines = 0;
    cr_expect(eq(long, read_all(s, &n_lines), ERR_INPUT));
    cr_expect(eq(u64, n_lines, 2));
    cr_expect(ne(ptr, strstr(problem.text, ":3: holds a NUL byte"), NULL));
    stream_close(s);
}

/* Lines enough for several buffers, as both packings see them. */
static char *many_lines(size_t *n)
{
    size_t n_lines = 200000;
    char *text = malloc(n_lines * 16);
    *n = 0;
    for (size_t i = 0; i < n_lines; i++)
        *n += (size_t)sprintf(text + *n, "line %zu\n", i * 7919 % n_lines);
    return text;
}

Test(stream, packed_input_reads_like_plain_input_also_a_second_time)
{
    size_t n;
    char *text = many_lines(&n);
    size_t cap = n + 4096;
    uint8_t *packed[3] = {(uint8_t *)text, malloc(cap), malloc(cap)};
    size_t sizes[3] = {n, pack_gzip(text, n, packed[1], cap),
                       ZSTD_compress(packed[2], cap, text, n, 3)};
    for (int i = 0; i < 3; i++) {
        struct stream *s = open_bytes(packed[i], sizes[i]);
        cr_assert(ne(ptr, s, NULL), "%s", problem.text);
        cr_assert(eq(int, stream_keep(s, &problem), 0));
        uint64_t n_lines = 0;
        cr_expect(eq(long, read_all(s, &n_lines), (long)(n - 200000)));
        cr_assert(eq(int, stream_rewind(s, &problem), 0));
        cr_expect(eq(long, read_all(s, &n_lines), (long)(n - 200000)));
        cr_expect(eq(u64, n_lines, 200000));
        stream_close(s);
    }
    free(packed[1]);
    free(packed[2]);
    free(text);
}

Test(stream, members_that_follow_one_another_are_one_input)
{
    uint8_t packed[512];
    size_t n = pack_gzip("one\n", 4, packed, sizeof packed);
    n += pack_gzip("", 0, packed + n, sizeof packed - n);
    n += pack_gzip("two\n", 4, packed + n, sizeof packed - n);
    struct stream *s = open_bytes(packed, n);
    uint64_t n_lines = 0;
    cr_expect(eq(long, read_all(s, &n_lines), 6));
    stream_close(s);

    n = ZSTD_compress(packed, sizeof packed, "one\n", 4, 1);
    n += ZSTD_compress(packed + n, sizeof packed - n, "two\n", 4, 1);
    s = open_bytes(packed, n);
    cr_expect(eq(long, read_all(s, &n_lines), 6));
    cr_expect(eq(u64, n_lines, 2));
    stream_close(s);
}

Test(stream, packed_input_cut_or_damaged_anywhere_is_refused)
{
    char text[600];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 20 == 19 ? '\n' : (char)('a' + i * i % 23);
    uint8_t packed[2][1024];
    size_t sizes[2] = {pack_gzip(text, sizeof text, packed[0], 1024), 0};
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
    sizes[1] = ZSTD_compress2(zstd, packed[1], 1024, text, sizeof text);
    ZSTD_freeCCtx(zstd);

    for (int i = 0; i < 2; i++) {
        for (size_t cut = 4; cut < sizes[i]; cut++) {
            struct stream *s = open_bytes(packed[i], cut);
            uint64_t n_lines = 0;
            if (s != NULL)
                cr_expect(eq(long, read_all(s, &n_lines), ERR_INPUT),
                          "packing %d cut at %zu", i, cut);
            cr_expect(ne(ptr, strstr(problem.text, "packed offset"), NULL));
            stream_close(s);
        }
        for (size_t at = 0; at < sizes[i]; at++) {
            packed[i][at] ^= 0x55;
            struct stream *s = open_bytes(packed[i], sizes[i]);
            uint64_t n_lines = 0;
            if (s != NULL)
                (void)read_all(s, &n_lines); /* must end, whatever it says */
            stream_close(s);
            packed[i][at] ^= 0x55;
        }
    }
}

Test(stream, a_pipe_is_kept_for_a_second_pass)
{
    uint8_t packed[512];
    size_t n = pack_gzip("one\ntwo\n", 8, packed, sizeof packed);
    const void *inputs[] = {"one\ntwo\n", packed};
    size_t sizes[] = {8, n};
    for (int i = 0; i < 2; i++) {
        pipe_in(inputs[i], sizes[i]);
        struct stream *s;
        uint64_t n_lines = 0;
        cr_assert(eq(int, stream_open(&s, "-", &problem), 0));
        cr_expect(eq(str, (char *)stream_name(s), "standard input"));
        cr_assert(eq(int, stream_keep(s, &problem), 0), "%s", problem.text);
        cr_expect(eq(long, read_all(s, &n_lines), 6));
        cr_assert(eq(int, stream_rewind(s, &problem), 0));
        cr_expect(eq(long, read_all(s, &n_lines), 6));
        stream_close(s);
    }
}

Test(stream, a_redirected_file_begins_where_its_descriptor_stands)
{
    const char *path = importing_file("skipped\none\ntwo\n", 16);
    int fd = open(path, O_RDONLY);
    unlink(path);
    cr_assert(eq(long, lseek(fd, 8, SEEK_SET), 8));
    dup2(fd, STDIN_FILENO);
    close(fd);

    struct stream *s;
    uint64_t n_lines = 0;
    cr_assert(eq(int, stream_open(&s, "-", &problem), 0));
    cr_assert(eq(int, stream_keep(s, &problem), 0));
    cr_expect(eq(long, read_all(s, &n_lines), 6));
    cr_assert(eq(int, stream_rewind(s, &problem), 0));
    cr_expect(eq(long, read_all(s, &n_lines), 6));
    stream_close(s);
}

Test(stream, finds_lines_by_their_first_letter)
{
    struct stream *s = open_text("a 1\nd 2\n\nx d\nu 3\nd");
    struct stream_line line;
    uint64_t offset;
    cr_assert(
        eq(int, stream_find_line(s, 'd', 'u', &line, &offset, &problem), 1));
    cr_expect(eq(str, line.text, "d 2"));
    cr_expect(eq(u64, offset, 4));
    cr_assert(
        eq(int, stream_find_line(s, 'd', 'u', &line, &offset, &problem), 1));
    cr_expect(eq(str, line.text, "u 3"));
    cr_expect(eq(u64, offset, 13));
    cr_assert(
        eq(int, stream_find_line(s, 'd', 'u', &line, &offset, &problem), 1));
    cr_expect(eq(str, line.text, "d"));
    cr_expect(
        eq(int, stream_find_line(s, 'd', 'u', &line, &offset, &problem), 0));
    stream_close(s);
}

Test(stream, what_cannot_be_read_is_named)
{
    struct stream *s;
    cr_expect(eq(int, stream_open(&s, "/nowhere/at/all", &problem), ERR_IO));
    cr_expect(eq(str, problem.text,
                 "/nowhere/at/all: cannot open: No such file or directory"));
    cr_expect(eq(int, stream_open(&s, "/tmp", &problem), ERR_INPUT));
    cr_expect(eq(str, problem.text, "/tmp: is a directory"));
    cr_expect(eq(int, stream_open(&s, "/dev/null", &problem), ERR_INPUT));
    cr_expect(eq(str, problem.text, "/dev/null: is empty"));

    close(STDIN_FILENO);
    cr_expect(eq(int, stream_open(&s, "-", &problem), ERR_IO));
    cr_expect(eq(str, problem.text,
                 "standard input: cannot open: Bad file descriptor"));
}

Test(stream, packed_nothing_is_empty)
{
    uint8_t packed[64];
    size_t n = pack_gzip("", 0, packed, sizeof packed);
    cr_expect(eq(ptr, open_bytes(packed, n), NULL));
    cr_expect(ne(ptr, strstr(problem.text, ": is empty"), NULL));
}
