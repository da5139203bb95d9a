/* rep.c - see rep.h for the contract and the source. */
#include "traces/import/rep.h"

#include "traces/import/fields.h"
#include "traces/import/idlog.h"

#define N_HEADER_LINES 4

/* Pass over one line that is a number: where the next one begins, or null. */
static const uint8_t *pass_number(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *first = at;
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    if (at == first)
        return NULL;
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r'))
        at++;
    return at < end && *at == '\n' ? at + 1 : NULL;
}

bool rep_sniff(const uint8_t *bytes, size_t n)
{
    const uint8_t *at = bytes;
    const uint8_t *end = bytes + n;
    for (int i = 0; i < N_HEADER_LINES && at != NULL; i++)
        at = pass_number(at, end);
    if (at == NULL)
        return false;
    if (at == end)
        return true; /* a list of no operations */
    return (*at == 'a' || *at == 'r' || *at == 'f') &&
           (end - at == 1 || at[1] == ' ');
}

static int read_header(struct idlog *g)
{
    static const char *const names[N_HEADER_LINES] = {
        "suggested heap bytes", "number of ids", "number of operations",
        "weight"};
    uint64_t numbers[N_HEADER_LINES];
    for (int i = 0; i < N_HEADER_LINES; i++) {
        int got = stream_next_line(g->stream, &g->line, g->problem);
        if (got < 0)
            return got;
        const char *at = g->line.text;
        bool is_read = got > 0 && fields_digits(&at, TRACE_ID_MAX, &numbers[i]);
        while (is_read && (*at == ' ' || *at == '\t'))
            at++;
        if (!is_read || !fields_end(at))
            return idlog_fail(g, "header line %d of %d is not a number: %s",
                              i + 1, N_HEADER_LINES, names[i]);
    }
    g->n_ids = numbers[1];
    g->next_new = numbers[1];
    g->n_declared = numbers[2];
    return 0;
}

int rep_open(struct workload **out, struct stream *s, struct problem *problem)
{
    struct idlog *g = idlog_new(s, "rep", problem);
    if (g == NULL)
        return ERR_MEMORY;
    g->realloc_flags = TRACE_MAY_MOVE;
    int err = read_header(g);
    if (err < 0) {
        idlog_close(g);
        return err;
    }
    *out = &g->base;
    return 0;
}
