/* gcrec_header.c - the header of a gcrec recording, and its areas. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "traces/import/fields.h"
#include "traces/import/gcrec_state.h"

#define MAGIC "# gcrec "

/* What the header says beyond struct trace_header, as far as it was said. */
struct header_facts {
    uint32_t heap_bytes, atb_bytes, blocks, pool_offset; /* version 1     */
    uint32_t areas;                                      /* version 2     */
    uint32_t graph, mark_every, roots_every;
};

/* The keys whose value is a number, and where it goes. */
struct header_key {
    const char *name;
    uint32_t *value;
    uint32_t versions; /* bit v: belongs to version v                     */
};

static int read_version(struct gcrec *g)
{
    int got = stream_next_line(g->stream, &g->line, g->problem);
    if (got <= 0)
        return got < 0 ? got : gcrec_fail(g, "is empty");

    if (strcmp(g->line.text, MAGIC "1") == 0)
        g->version = 1;
    else if (strcmp(g->line.text, MAGIC "2") == 0)
        g->version = 2;
    else if (strncmp(g->line.text, MAGIC, strlen(MAGIC)) == 0)
        return gcrec_fail(g, "version %.20s is not known: only 1 and 2 are",
                          g->line.text + strlen(MAGIC));
    else
        return gcrec_fail(g, "the first line is not '# gcrec 1' or "
                             "'# gcrec 2'");
    return 0;
}

static int set_program(struct gcrec *g, const char *value)
{
    char *program = g->base.header.program;
    size_t length = strlen(value);
    if (length >= TRACE_NAME_CAP)
        length = TRACE_NAME_CAP - 1;
    memcpy(program, value, length);
    program[length] = '\0';
    return 0;
}

/* One h line; `at` stands behind the h. */
static int read_key(struct gcrec *g, const char *at, struct header_facts *f)
{
    struct trace_header *h = &g->base.header;
    const struct header_key keys[] = {
        {"word_bytes", &h->word_bytes, 6},
        {"block_bytes", &h->block_bytes, 6},
        {"heap_bytes", &f->heap_bytes, 2},
        {"atb_bytes", &f->atb_bytes, 2},
        {"blocks", &f->blocks, 2},
        {"pool_offset", &f->pool_offset, 2},
        {"areas", &f->areas, 4},
        {"area_struct_bytes", &h->area_struct_bytes, 4},
        {"growth", &h->growth, 4},
        {"finaliser", &h->finalisers, 6},
        {"conservative_clear", &h->zeroing, 6},
        {"mark_stack", &h->mark_stack, 6},
        {"root_words", &h->root_words, 6},
        {"graph", &f->graph, 6},
        {"mark_every", &f->mark_every, 6},
        {"roots_every", &f->roots_every, 6},
    };

    const char *space = at[0] == ' ' ? strchr(at + 1, ' ') : NULL;
    if (space == NULL)
        return gcrec_fail(g, "the form is: h KEY VALUE");
    size_t length = (size_t)(space - at - 1);
    if (length == strlen("program") && strncmp(at + 1, "program", length) == 0)
        return set_program(g, space + 1);
    if (length == strlen("outer_bytes") &&
        strncmp(at + 1, "outer_bytes", length) == 0) {
        if (!fields_u64(&space, TRACE_ID_MAX, &h->outer_bytes) ||
            !fields_end(space))
            return gcrec_fail(g, "outer_bytes is not a number");
        return 0;
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strlen(keys[i].name) != length ||
            strncmp(at + 1, keys[i].name, length) != 0)
            continue;
        if ((keys[i].versions >> g->version & 1) == 0)
            return gcrec_fail(g, "%s does not belong to version %u",
                              keys[i].name, g->version);
        if (!fields_u32(&space, INT32_MAX, keys[i].value) || !fields_end(space))
            return gcrec_fail(g, "%s is not a number up to 2147483647",
                              keys[i].name);
        return 0;
    }
    workload_skip(&g->base, "unknown header keys");
    return 0;
}

/* The next line that is neither empty nor a comment; 0 at the end. */
static int next_line(struct gcrec *g)
{
    for (;;) {
        int got = stream_next_line(g->stream, &g->line, g->problem);
        if (got <= 0)
            return got;
        bool is_header = g->line.text[0] == 'h' || g->line.text[0] == 'N';
        if (!g->line.is_whole && is_header)
            return gcrec_fail(g, "ends in the middle of a line (truncated)");
        if (g->line.length > 0 && g->line.text[0] != '#')
            return 1;
        workload_skip(&g->base, "comments");
    }
}

static int check_machine(struct gcrec *g)
{
    const struct trace_header *h = &g->base.header;
    uint32_t block = h->block_bytes;
    uint32_t word = h->word_bytes;
    if (word == 0 || word > 8 || (word & (word - 1)) != 0)
        return gcrec_fail(g, "the header's word_bytes is not 1, 2, 4 or 8");
    if (block < word || block > 4096 || (block & (block - 1)) != 0)
        return gcrec_fail(g, "the header's block_bytes is not a power of two "
                             "from word_bytes to 4096");
    g->block_shift = (uint32_t)__builtin_ctz(block);
    return 0;
}

/* The one area of version 1, from its keys. */
static int take_single_area(struct gcrec *g, const struct header_facts *f)
{
    struct trace_area area = {
        .bytes = f->heap_bytes,
        .table_bytes = f->atb_bytes,
        .n_blocks = f->blocks,
        .pool_offset = f->pool_offset,
    };
    return gcrec_add_area(g, &area);
}

/* The `areas` N lines that follow the header of version 2. */
static int take_first_areas(struct gcrec *g, const struct header_facts *f)
{
    if (f->areas == 0 || f->areas > TRACE_AREAS_CAP)
        return gcrec_fail(g, "the header's areas is not from 1 to %d",
                          TRACE_AREAS_CAP);
    while (g->n_areas < f->areas) {
        struct trace_area area;
        if (g->line.text[0] != 'N' || !gcrec_take_area(g->line.text + 1, &area))
            return gcrec_fail(g,
                              "area %u of the header's %u is missing: N "
                              "AREA INDEX REASON BYTES ATB-BYTES BLOCKS "
                              "POOL-OFFSET",
                              g->n_areas, f->areas);
        if (area.reason == 2)
            return gcrec_fail(g, "an automatic area before the program");
        int err = gcrec_add_area(g, &area);
        if (err < 0)
            return err;
        if (g->n_areas == f->areas)
            break;
        int got = next_line(g);
        if (got <= 0)
            return got < 0 ? got : gcrec_fail(g, "ends within the header");
    }
    return 0;
}

int gcrec_read_header(struct gcrec *g)
{
    int err = read_version(g);
    if (err < 0)
        return err;

    struct header_facts facts = {0};
    int got;
    while ((got = next_line(g)) > 0 && g->line.text[0] == 'h') {
        err = read_key(g, g->line.text + 1, &facts);
        if (err < 0)
            return err;
    }
    if (got <= 0)
        return got < 0 ? got
                       : gcrec_fail(g, "ends within the header "
                                       "(truncated)");

    err = check_machine(g);
    if (err < 0)
        return err;
    err = g->version == 1 ? take_single_area(g, &facts)
                          : take_first_areas(g, &facts);
    if (err < 0)
        return err;

    struct trace_header *h = &g->base.header;
    h->version = TRACE_FORMAT_VERSION;
    snprintf(h->source, sizeof h->source, "gcrec");
    snprintf(h->source_version, sizeof h->source_version, "%u", g->version);
    h->n_areas = g->n_areas;
    memcpy(h->areas, g->areas, g->n_areas * sizeof *g->areas);
    h->has_graph = facts.graph != 0;
    h->has_held = 1;
    h->has_deaths = facts.mark_every > 0 ? 1 : 2;
    h->has_blocks = 1;
    g->mark_every = facts.mark_every;
    g->is_pending = g->version == 1;
    return 0;
}

/* N AREA INDEX REASON BYTES ATB-BYTES BLOCKS POOL-OFFSET */
bool gcrec_take_area(const char *at, struct trace_area *area)
{
    static const char *const reasons[] = {" initial", " explicit", " auto"};
    *area = (struct trace_area){0};
    if (!fields_u32(&at, UINT32_MAX - 1, &area->number) ||
        !fields_u32(&at, UINT32_MAX - 1, &area->index))
        return false;
    while (strncmp(at, reasons[area->reason], strlen(reasons[area->reason])))
        if (++area->reason == 3)
            return false;
    at += strlen(reasons[area->reason]);
    if (!fields_u32(&at, INT32_MAX, &area->bytes) ||
        !fields_u32(&at, INT32_MAX, &area->table_bytes) ||
        !fields_u32(&at, INT32_MAX, &area->n_blocks) ||
        !fields_u32(&at, INT32_MAX, &area->pool_offset))
        return false;
    return fields_end(at);
}

int gcrec_add_area(struct gcrec *g, const struct trace_area *area)
{
    uint64_t pool_bytes = (uint64_t)area->n_blocks << g->block_shift;
    if (area->number != g->next_area || area->index != g->n_areas)
        return gcrec_fail(g,
                          "area %u at place %u, but number %u at place %u is "
                          "next",
                          area->number, area->index, g->next_area, g->n_areas);
    if (area->n_blocks == 0 || area->n_blocks != 4ull * area->table_bytes)
        return gcrec_fail(g,
                          "an area of %u blocks and a table of %u bytes: "
                          "a table byte is 4 blocks",
                          area->n_blocks, area->table_bytes);
    if (area->pool_offset + pool_bytes > area->bytes)
        return gcrec_fail(g,
                          "an area of %u bytes cannot hold %u blocks from "
                          "offset %u",
                          area->bytes, area->n_blocks, area->pool_offset);

    if (g->n_areas == g->cap_areas) {
        uint32_t cap = g->cap_areas == 0 ? 16 : 2 * g->cap_areas;
        struct trace_area *areas = realloc(g->areas, cap * sizeof *areas);
        if (areas == NULL)
            return gcrec_no_memory(g);
        g->areas = areas;
        g->cap_areas = cap;
    }
    g->areas[g->n_areas++] = *area;
    g->next_area++;
    return 0;
}

struct trace_area *gcrec_find_area(struct gcrec *g, uint32_t number)
{
    /* Numbers ascend in list order, and most traces have one area. */
    for (uint32_t i = 0; i < g->n_areas && g->areas[i].number <= number; i++)
        if (g->areas[i].number == number)
            return &g->areas[i];
    return NULL;
}
