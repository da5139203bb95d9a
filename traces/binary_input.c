/* binary_input.c - see binary_input.h for the contract. */
#include "traces/binary_input.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "traces/frame.h"

/* If `s` reads a plain file that is not packed: a descriptor of it, else -1. */
static int open_plain(const struct stream *s)
{
    struct stat st;
    uint8_t magic[BINARY_MAGIC_SIZE];
    int fd = open(stream_name(s), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -1;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
        pread(fd, magic, sizeof magic, 0) == (ssize_t)sizeof magic &&
        memcmp(magic, BINARY_MAGIC, sizeof magic) == 0)
        return fd;
    close(fd);
    return -1;
}

int binary_input_open(struct binary_input *in, struct stream *s,
                      struct problem *problem)
{
    *in = (struct binary_input){.stream = s};
    snprintf(in->name, sizeof in->name, "%s", stream_name(s));
    in->fd = open_plain(s);
    if (in->fd >= 0) {
        stream_close(s);
        in->stream = NULL;
    }
    in->check = XXH3_createState();
    return in->check == NULL ? binary_fail_memory(in, problem) : 0;
}

void binary_input_close(struct binary_input *in)
{
    stream_close(in->stream);
    if (in->fd >= 0)
        close(in->fd);
    bytes_free(&in->stored);
    XXH3_freeState(in->check);
}

int binary_fail(const struct binary_input *in, uint64_t offset,
                struct problem *problem, const char *format, ...)
{
    char reason[256];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    return problem_set(problem, ERR_INPUT, "%.200s: byte %" PRIu64 ": %s",
                       in->name, offset, reason);
}

int binary_fail_memory(const struct binary_input *in, struct problem *problem)
{
    return problem_set(problem, ERR_MEMORY, "%.200s: out of memory", in->name);
}

int binary_fail_truncated(const struct binary_input *in, uint64_t offset,
                          struct problem *problem)
{
    return binary_fail(
        in, offset, problem,
        "the file ends here, without its end record: it is truncated");
}

int binary_read_bytes(struct binary_input *in, void *to, size_t n, size_t *got,
                      struct problem *problem)
{
    int err = 0;
    *got = 0;
    if (in->fd < 0)
        err = stream_read(in->stream, to, n, got, problem);
    while (in->fd >= 0 && *got < n) {
        ssize_t done = pread(in->fd, (uint8_t *)to + *got, n - *got,
                             (off_t)(in->offset + *got));
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return problem_set(problem, ERR_IO, "%.200s: %s", in->name,
                               strerror(errno));
        if (done == 0)
            break;
        *got += (size_t)done;
    }
    in->offset += *got;
    return err;
}

int binary_read_all(struct binary_input *in, void *to, size_t n,
                    struct problem *problem)
{
    size_t got;
    int err = binary_read_bytes(in, to, n, &got, problem);
    if (err == 0 && got < n)
        err = binary_fail_truncated(in, in->offset, problem);
    return err;
}

static bool is_tag(uint32_t tag)
{
    return tag == BINARY_HEAD || tag == BINARY_DATA || tag == BINARY_TAIL ||
           tag == BINARY_INDX;
}

static bool is_sane(const struct binary_section *s)
{
    bool is_packed = s->tag == BINARY_DATA;
    return s->raw_bytes <= BINARY_PAYLOAD_MAX &&
           s->stored_bytes <= BINARY_PAYLOAD_MAX &&
           s->n_records <= (is_packed ? FRAME_RECORDS_MAX : 0) &&
           (is_packed || s->raw_bytes == s->stored_bytes);
}

/*
 * The payload of the section whose head was read, as it is stored. Memory is
 * taken in steps that the file has bytes for, so that a false length cannot ask
 * for much.
 */
static int read_payload(struct binary_input *in, struct problem *problem)
{
    size_t left = in->section.stored_bytes;
    in->stored.n = 0;
    while (left > 0) {
        size_t step = left < (1u << 20) ? left : 1u << 20;
        if (in->stored.cap - in->stored.n < step &&
            !bytes_grow(&in->stored, step))
            return binary_fail_memory(in, problem);
        int err =
            binary_read_all(in, in->stored.data + in->stored.n, step, problem);
        if (err < 0)
            return err;
        in->stored.n += step;
        left -= step;
    }
    return 0;
}

int binary_read_section(struct binary_input *in, struct problem *problem)
{
    uint8_t head[SECTION_SIZE];
    struct binary_section *s = &in->section;
    s->offset = in->offset;
    int err = binary_read_all(in, head, sizeof head, problem);
    if (err < 0)
        return err;
    s->tag = binary_get32(head + SECTION_TAG);
    s->n_records = binary_get32(head + SECTION_RECORDS);
    s->first_record = binary_get64(head + SECTION_FIRST_RECORD);
    s->first_operation = binary_get64(head + SECTION_FIRST_OPERATION);
    s->raw_bytes = binary_get32(head + SECTION_RAW_BYTES);
    s->stored_bytes = binary_get32(head + SECTION_STORED_BYTES);
    if (!is_tag(s->tag) || !is_sane(s))
        return binary_fail(in, s->offset, problem, "no section begins here");
    err = read_payload(in, problem);
    if (err < 0)
        return err;

    XXH3_64bits_reset(in->check);
    XXH3_64bits_update(in->check, head, SECTION_CHECK);
    XXH3_64bits_update(in->check, in->stored.data, in->stored.n);
    if (XXH3_64bits_digest(in->check) != binary_get64(head + SECTION_CHECK))
        return binary_fail(in, s->offset, problem,
                           "wrong checksum of a section");
    return 0;
}
