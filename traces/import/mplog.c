/* mplog.c - see mplog.h for the contract and the source. */
#include "traces/import/mplog.h"

#include <string.h>

#include "traces/import/idlog.h"

#define MAGIC "# allocation trace of "

bool mplog_sniff(const uint8_t *bytes, size_t n)
{
    return n >= strlen(MAGIC) && memcmp(bytes, MAGIC, strlen(MAGIC)) == 0;
}

/* The word behind the magic, if the log has the line: whose log this is. */
static int peek_program(struct idlog *g)
{
    const uint8_t *bytes;
    size_t n;
    int err = stream_peek(g->stream, 256, &bytes, &n, g->problem);
    if (err < 0)
        return err;

    if (n > 256)
        n = 256;
    if (!mplog_sniff(bytes, n))
        return 0;
    char *program = g->base.header.program;
    for (size_t i = strlen(MAGIC), k = 0; i < n && k < TRACE_NAME_CAP - 1;
         i++, k++) {
        if (bytes[i] <= ' ')
            break;
        program[k] = (char)bytes[i];
    }
    return 0;
}

int mplog_open(struct workload **out, struct stream *s, struct problem *problem)
{
    struct idlog *g = idlog_new(s, "mplog", problem);
    if (g == NULL)
        return ERR_MEMORY;
    int err = peek_program(g);
    if (err < 0) {
        idlog_close(g);
        return err;
    }
    g->has_deaths = true;
    g->base.header.word_bytes = 8;
    g->base.header.block_bytes = 32;
    g->base.header.has_deaths = 2;
    g->base.remark = "deaths as of the collection that freed them";
    *out = &g->base;
    return 0;
}
