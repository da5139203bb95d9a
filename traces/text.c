/* text.c - text.h's reading half: the lines of a file become a workload. */
#include "traces/text.h"

#include <stdlib.h>

#include "traces/hash.h"
#include "traces/kinds.h"
#include "traces/text_line.h"

struct text_reader {
    struct workload base; /* first, so that a workload is its reader      */
    struct stream *stream;
    struct stream_line line; /* the line in hand                          */
    bool is_pending;         /* it has not been decoded yet               */
    bool is_ended;
    struct text_scratch scratch;
    struct trace_counts counts;
    struct trace_hash *hash;
};

static int fail(const struct text_reader *r, struct problem *problem,
                const char *what, const char *detail)
{
    return problem_set(problem, ERR_INPUT, "%s:%llu: %s%.200s",
                       stream_name(r->stream),
                       (unsigned long long)r->line.number, what, detail);
}

/* Bring the next line that is neither empty nor a comment: 1, or 0 if none. */
static int advance(struct text_reader *r, struct problem *problem)
{
    int got;
    while ((got = stream_next_line(r->stream, &r->line, problem)) > 0) {
        if (r->line.text[0] == '#')
            workload_skip(&r->base, "comments");
        else if (r->line.length > 0)
            break;
    }
    return got;
}

static int fail_at(const struct text_reader *r, struct problem *problem,
                   const char *form, const char *at)
{
    char found[48];
    while (*at == ' ')
        at++;
    int n = (int)strcspn(at, " ");
    if (n > 40)
        n = 40;
    if (n == 0)
        snprintf(found, sizeof found, "the line ends too early");
    else
        snprintf(found, sizeof found, "'%.*s' does not belong here", n, at);
    return problem_set(problem, ERR_INPUT, "%s:%llu: %s; the form is: %s",
                       stream_name(r->stream),
                       (unsigned long long)r->line.number, found, form);
}

/* A header line whose key is in the table; `c` stands behind the key. */
static int read_header_key(struct text_reader *r, struct text_cursor *c,
                           const struct trace_header_key *key,
                           struct problem *problem)
{
    struct trace_header *h = &r->base.header;
    if (key->width != TRACE_NAME_CAP) {
        uint64_t value;
        uint64_t max = key->width == 8 ? UINT64_MAX : UINT32_MAX;
        if (!text_take_number(c, max, &value) || *c->at != '\0')
            return fail_at(r, problem, "header KEY NUMBER", c->at);
        trace_header_set(h, key, value);
        return 0;
    }
    const char *text;
    if (!text_take_text(c, &text))
        return fail(r, problem, "a bad escape in the text of header ",
                    key->name);
    size_t n = strlen(text);
    if (n >= TRACE_NAME_CAP)
        return fail(r, problem, "63 bytes are the most for header ", key->name);
    memcpy((char *)h + key->offset, text, n + 1);
    return 0;
}

static int read_header_line(struct text_reader *r, uint32_t *seen,
                            struct problem *problem)
{
    struct trace_header *h = &r->base.header;
    struct text_cursor c = {r->line.text + strlen("header")};

    if (text_take_word(&c, "area")) {
        if (h->n_areas == TRACE_AREAS_CAP)
            return fail(r, problem, "more than 64 areas in the header", "");
        if (!text_take_area(&c, &h->areas[h->n_areas]) || *c.at != '\0')
            return fail_at(r, problem,
                           "header area NUMBER INDEX BYTES TABLE-BYTES BLOCKS "
                           "POOL-OFFSET initial|explicit|automatic",
                           c.at);
        h->n_areas++;
        return 0;
    }
    for (uint32_t i = 0; i < TRACE_N_HEADER_KEYS; i++) {
        const struct trace_header_key *key = &trace_header_keys[i];
        if (!text_take_word(&c, key->name))
            continue;
        if ((*seen >> i & 1) != 0)
            return fail(r, problem, "a second header ", key->name);
        *seen |= UINT32_C(1) << i;
        return read_header_key(r, &c, key, problem);
    }
    return fail(r, problem, "an unknown key: ", r->line.text);
}

static int read_header(struct text_reader *r, struct problem *problem)
{
    int got = stream_next_line(r->stream, &r->line, problem);
    if (got < 0)
        return got;
    if (got == 0 || strcmp(r->line.text, TEXT_MAGIC) != 0)
        return fail(r, problem, "the first line is not '" TEXT_MAGIC "': ",
                    got == 0 ? "" : r->line.text);

    uint32_t seen = 0;
    r->base.header.version = TRACE_FORMAT_VERSION;
    while ((got = advance(r, problem)) > 0) {
        if (strncmp(r->line.text, "header ", 7) != 0)
            break;
        int err = read_header_line(r, &seen, problem);
        if (err < 0)
            return err;
    }
    r->is_pending = got > 0;
    return got < 0 ? got : 0;
}

/* One "key=N" or "hash=HEX" of the end line against what was counted. */
static int check_end_field(struct text_reader *r, char *field, const char *hash,
                           struct problem *problem)
{
    const struct trace_counts *n = &r->counts;
    const struct {
        const char *key;
        uint64_t value;
    } counted[] = {
        {"events=", n->events},
        {"operations=", n->operations},
        {"allocations=", n->allocations},
        {"frees=", n->frees},
        {"reallocs=", n->reallocs},
        {"failed=", n->failed},
        {"collections=", n->collections},
        {"peak_live=", UINT64_MAX},
        {"failed_reallocs=", n->failed_reallocs},
    };

    for (size_t i = 0; i < sizeof counted / sizeof counted[0]; i++) {
        size_t length = strlen(counted[i].key);
        if (strncmp(field, counted[i].key, length) != 0)
            continue;
        field[length - 1] = ' ';
        struct text_cursor c = {field + length - 1};
        uint64_t value;
        if (!text_take_number(&c, UINT64_MAX, &value))
            return fail(r, problem, "not a number in the end line: ", field);
        if (counted[i].value == UINT64_MAX) {
            r->base.header.peak_live = value;
            return 0;
        }
        if (value == counted[i].value)
            return 0;
        field[length - 1] = '\0';
        return problem_set(
            problem, ERR_INPUT,
            "%s:%llu: the end line says %s=%llu, but there "
            "are %llu",
            stream_name(r->stream), (unsigned long long)r->line.number, field,
            (unsigned long long)value, (unsigned long long)counted[i].value);
    }
    if (strncmp(field, "hash=", 5) != 0)
        return fail(r, problem, "an unknown field of the end line: ", field);
    if (strcmp(field + 5, hash) != 0)
        return fail(r, problem, "wrong checksum: the contents hash to ", hash);
    return 0;
}

/* Check the end line, and that nothing follows it. */
static int read_end(struct text_reader *r, char *fields,
                    struct problem *problem)
{
    char hash[TRACE_HASH_HEX];
    char *rest = NULL;
    trace_hash_digest(r->hash, hash);
    for (char *field = strtok_r(fields, " ", &rest); field != NULL;
         field = strtok_r(NULL, " ", &rest)) {
        int err = check_end_field(r, field, hash, problem);
        if (err < 0)
            return err;
    }
    r->is_ended = true;
    int got = advance(r, problem);
    if (got > 0)
        return fail(r, problem, "a line after the end record: ", r->line.text);
    return got < 0 ? got : 1;
}

static int next(struct workload *w, const struct workload_view *view,
                struct trace_op *op, struct problem *problem)
{
    (void)view;
    struct text_reader *r = (struct text_reader *)w;
    if (r->is_ended)
        return 0;
    if (!r->is_pending) {
        int got = advance(r, problem);
        if (got < 0)
            return got;
        if (got == 0)
            return fail(r, problem, "no end record: the trace is truncated",
                        "");
    }
    r->is_pending = false;

    struct text_cursor c;
    if (!text_decode(&r->scratch, r->line.text, op, &c)) {
        if (r->scratch.is_full)
            return problem_set(problem, ERR_MEMORY, "%s: out of memory",
                               stream_name(r->stream));
        if (op->kind == TRACE_N_KINDS)
            return fail(r, problem,
                        "neither operation nor event: ", r->line.text);
        return fail_at(r, problem, text_form(op->kind), c.at);
    }
    op->place = r->line.number;
    if (op->kind == TRACE_END)
        return read_end(r, c.at, problem);
    counts_add(&r->counts, op);
    trace_hash_op(r->hash, op);
    return 1;
}

static void close_reader(struct workload *w)
{
    struct text_reader *r = (struct text_reader *)w;
    stream_close(r->stream);
    text_scratch_free(&r->scratch);
    trace_hash_free(r->hash);
    free(r);
}

bool text_sniff(const uint8_t *bytes, size_t n)
{
    static const char magic[] = "fraglab-trace ";
    return n >= strlen(magic) && memcmp(bytes, magic, strlen(magic)) == 0;
}

int text_open(struct workload **out, struct stream *s, struct problem *problem)
{
    struct text_reader *r = calloc(1, sizeof *r);
    if (r == NULL) {
        stream_close(s);
        return problem_set(problem, ERR_MEMORY, "out of memory");
    }
    r->stream = s;
    r->base.format = "text";
    r->base.next = next;
    r->base.close = close_reader;

    int err = read_header(r, problem);
    if (err == 0) {
        r->hash = trace_hash_new(&r->base.header);
        if (r->hash == NULL)
            err = problem_set(problem, ERR_MEMORY, "out of memory");
    }
    if (err < 0) {
        close_reader(&r->base);
        return err;
    }
    *out = &r->base;
    return 0;
}
