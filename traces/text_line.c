/* text_line.c - see text_line.h for the contract. */
#include "traces/text_line.h"

#include <stdlib.h>
#include <string.h>

#include "traces/kinds.h"
#include "traces/text_take.h"

/* What a line of each kind looks like, for messages. */
/* clang-format off */
static const char *const forms[TRACE_N_KINDS] = {
    [TRACE_END]      = "end [KEY=NUMBER]...",
    [TRACE_ALLOC]    = "alloc ID BYTES [FLAGS] [align=N] [site=N]",
    [TRACE_FREE]     = "free ID",
    [TRACE_REALLOC]  = "realloc ID BYTES [move] [site=N]",
    [TRACE_COLLECT]  = "collect ordinary|all",
    [TRACE_STEP]     = "step WORK",
    [TRACE_CONTROL]  = "control auto|lock|threshold|add-area|reset VALUE|-",
    [TRACE_PROMOTE]  = "promote ID",
    [TRACE_INTERN]   = "intern ID BYTES",
    [TRACE_REFUSED]  = "refused alloc CAUSE BYTES [FLAGS] [align=N], or "
                       "refused realloc CAUSE ID BYTES [move]",
    [TRACE_STORE]    = "store ID WORD TARGET|-",
    [TRACE_ROOT]     = "root SLOT TARGET|-",
    [TRACE_TOUCH]    = "touch ID WORD",
    [TRACE_PIN]      = "pin ID",
    [TRACE_UNPIN]    = "unpin ID",
    [TRACE_DEATH]    = "death ID",
    [TRACE_HELD]     = "held roots|inside|interior [ID]...",
    [TRACE_FINALISE] = "finalise [ID]...",
    [TRACE_EXPECT]   = "expect block|collection|state|graph|avail|area|"
                       "given-back FIELDS",
    [TRACE_PHASE]    = "phase begin|end TEXT",
    [TRACE_NOTE]     = "note TEXT",
    [TRACE_TIME]     = "time CLOCK",
    [TRACE_THREAD]   = "thread THREAD",
};
/* clang-format on */

static bool take_ids(struct text_cursor *c, struct text_scratch *s,
                     struct trace_op *op)
{
    size_t n = 0;
    while (*c->at != '\0') {
        if (n == s->cap_ids) {
            size_t cap = s->cap_ids == 0 ? 64 : 2 * s->cap_ids;
            uint64_t *ids = realloc(s->ids, cap * sizeof *ids);
            if (ids == NULL) {
                s->is_full = true;
                return false;
            }
            s->ids = ids;
            s->cap_ids = cap;
        }
        if (!text_take_id(c, &s->ids[n++]))
            return false;
    }
    op->n_ids = (uint32_t)n; /* a line ends long before 2^32 of them      */
    op->ids = s->ids;
    return true;
}

/* "NUMBER:HINT:LAST-USED:HEX16": colons become spaces once they are seen. */
static bool take_area_state(struct text_cursor *c, struct trace_area_state *a)
{
    struct text_cursor inner = *c;
    char *colon = c->at;
    for (int i = 0; i < 3; i++) {
        colon += 1 + strcspn(colon + 1, ": ");
        if (*colon != ':')
            return false;
        if (i < 2)
            *colon = ' ';
        else
            *colon = '\0'; /* the third number ends here                  */
    }
    if (!text_take_u32(&inner, &a->number) ||
        !text_take_u32(&inner, &a->hint) ||
        !text_take_u32(&inner, &a->last_used))
        return false;
    *colon = ':';
    inner.at = colon;
    if (!text_take_hex64(&inner, ':', &a->digest))
        return false;
    *c = inner;
    return true;
}

static bool take_area_states(struct text_cursor *c, struct text_scratch *s,
                             struct trace_state *state)
{
    uint32_t n = 0;
    while (c->at[0] == ' ' && c->at[1] >= '0' && c->at[1] <= '9') {
        if (n == s->cap_areas) {
            size_t cap = s->cap_areas == 0 ? 8 : 2 * s->cap_areas;
            struct trace_area_state *areas =
                realloc(s->areas, cap * sizeof *areas);
            if (areas == NULL) {
                s->is_full = true;
                return false;
            }
            s->areas = areas;
            s->cap_areas = cap;
        }
        if (!take_area_state(c, &s->areas[n++]))
            return false;
    }
    state->n_areas = n;
    state->areas = s->areas;
    return n > 0;
}

static bool take_state(struct text_cursor *c, struct text_scratch *s,
                       struct trace_op *op)
{
    struct trace_state *state = &op->fact.state;
    uint64_t avail;
    state->after_collection = text_take_word(c, "after");
    if (!state->after_collection && !text_take_word(c, "at"))
        return false;
    if (!text_take_number(c, UINT64_MAX, &state->used_bytes) ||
        !text_take_number(c, UINT64_MAX, &state->free_bytes) ||
        !text_take_u32(c, &state->max_free_blocks) ||
        !text_take_u32(c, &state->n_one_block) ||
        !text_take_u32(c, &state->n_two_block) ||
        !text_take_u32(c, &state->max_block) ||
        !text_take_u32(c, &state->last_free_area) ||
        !text_take_number_or_none(c, INT64_MAX, &avail) ||
        !text_take_hex64(c, ' ', &state->digest) ||
        !take_area_states(c, s, state))
        return false;
    state->outer_avail = avail == TRACE_NONE ? -1 : (int64_t)avail;
    op->text = "";
    return !text_take_word(c, "label") || text_take_text(c, &op->text);
}

static bool take_collection(struct text_cursor *c, struct text_scratch *s,
                            struct trace_op *op)
{
    uint64_t rescans;
    if (!text_take_one_of(c, trace_gc_cause_names, TRACE_N_GC_CAUSES,
                          &op->fact.collection.cause) ||
        !text_take_number_or_none(c, INT32_MAX, &rescans))
        return false;
    op->fact.collection.rescans = rescans == TRACE_NONE ? -1 : (int32_t)rescans;
    return take_ids(c, s, op);
}

static bool take_expect(struct text_cursor *c, struct text_scratch *s,
                        struct trace_op *op)
{
    if (!text_take_sort(c, trace_expect_names, TRACE_N_EXPECTS, &op->what))
        return false;
    switch (op->what) {
    case TRACE_EXPECT_BLOCK:
        return text_take_u32(c, &op->fact.block.area) &&
               text_take_u32(c, &op->fact.block.block);
    case TRACE_EXPECT_COLLECTION:
        return take_collection(c, s, op);
    case TRACE_EXPECT_STATE:
        return take_state(c, s, op);
    case TRACE_EXPECT_GRAPH:
        return text_take_u32(c, &op->fact.graph.live) &&
               text_take_u32(c, &op->fact.graph.edges) &&
               text_take_u32(c, &op->fact.graph.interior) &&
               text_take_u32(c, &op->fact.graph.dangling);
    case TRACE_EXPECT_AVAIL:
        return text_take_number(c, UINT64_MAX, &op->fact.avail);
    case TRACE_EXPECT_AREA:
        return text_take_area(c, &op->fact.area);
    default:
        return text_take_u32(c, &op->fact.given_back.area) &&
               text_take_u32(c, &op->fact.given_back.index) &&
               text_take_number_or_none(c, TRACE_ID_MAX,
                                        &op->fact.given_back.lost);
    }
}

static bool is_power_or_zero(uint32_t align)
{
    return (align & (align - 1)) == 0;
}

static bool take_refused(struct text_cursor *c, struct trace_op *op)
{
    bool is_alloc = text_take_word(c, "alloc");
    if (!is_alloc && !text_take_word(c, "realloc"))
        return false;
    op->what = is_alloc ? TRACE_ALLOC : TRACE_REALLOC;
    if (!text_take_sort(c, trace_cause_names, TRACE_N_CAUSES, &op->cause))
        return false;
    if (is_alloc)
        return text_take_number(c, TRACE_ID_MAX, &op->bytes) &&
               text_take_flags(c, TRACE_FLAGS_ALL & ~TRACE_MAY_MOVE,
                               &op->flags) &&
               text_take_keyed(c, "align=", &op->align) &&
               is_power_or_zero(op->align);
    return text_take_id(c, &op->id) &&
           text_take_number(c, TRACE_ID_MAX, &op->bytes) &&
           text_take_flags(c, TRACE_MAY_MOVE, &op->flags);
}

/* Fields of everything but facts, refusals and texts. */
static bool take_fields(struct text_cursor *c, struct text_scratch *s,
                        struct trace_op *op)
{
    static const char *const collects[] = {"ordinary", "all"};

    switch (op->kind) {
    case TRACE_ALLOC:
        return text_take_id(c, &op->id) &&
               text_take_number(c, TRACE_ID_MAX, &op->bytes) &&
               (*c->at == '\0' ||
                (text_take_flags(c, TRACE_FLAGS_ALL & ~TRACE_MAY_MOVE,
                                 &op->flags) &&
                 text_take_keyed(c, "align=", &op->align) &&
                 is_power_or_zero(op->align) &&
                 text_take_keyed(c, "site=", &op->site)));
    case TRACE_REALLOC:
        return text_take_id(c, &op->id) &&
               text_take_number(c, TRACE_ID_MAX, &op->bytes) &&
               text_take_flags(c, TRACE_MAY_MOVE, &op->flags) &&
               text_take_keyed(c, "site=", &op->site);
    case TRACE_STORE:
        return text_take_id(c, &op->id) && text_take_u32(c, &op->word) &&
               text_take_number_or_none(c, TRACE_ID_MAX, &op->target);
    case TRACE_ROOT:
        return text_take_u32(c, &op->word) &&
               text_take_number_or_none(c, TRACE_ID_MAX, &op->target);
    case TRACE_TOUCH:
        return text_take_id(c, &op->id) && text_take_u32(c, &op->word);
    case TRACE_INTERN:
        return text_take_id(c, &op->id) &&
               text_take_number(c, TRACE_ID_MAX, &op->bytes);
    case TRACE_COLLECT:
        return text_take_sort(c, collects, 2, &op->what);
    case TRACE_CONTROL:
        return text_take_sort(c, trace_control_names, TRACE_N_CONTROLS,
                              &op->what) &&
               text_take_number_or_none(c, UINT64_MAX, &op->value);
    case TRACE_STEP:
    case TRACE_TIME:
    case TRACE_THREAD:
        return text_take_number(c, UINT64_MAX, &op->value);
    case TRACE_HELD:
        return text_take_sort(c, trace_held_names, TRACE_N_HELD, &op->what) &&
               take_ids(c, s, op);
    case TRACE_FINALISE:
        return take_ids(c, s, op);
    default:
        return text_take_id(c, &op->id);
    }
}

static bool take_rest(struct text_cursor *c, struct text_scratch *s,
                      struct trace_op *op)
{
    static const char *const marks[] = {"end", "begin"};

    switch (op->kind) {
    case TRACE_REFUSED:
        return take_refused(c, op);
    case TRACE_EXPECT:
        return take_expect(c, s, op);
    case TRACE_PHASE:
        return text_take_sort(c, marks, 2, &op->what) &&
               text_take_text(c, &op->text);
    case TRACE_NOTE:
        return text_take_text(c, &op->text);
    default:
        return take_fields(c, s, op);
    }
}

#define PREFIX(a, b, c)                                                        \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16)

/* The only kind whose name begins with these three characters. */
static uint8_t guess_kind(const char *line)
{
    if (line[0] == '\0' || line[1] == '\0')
        return TRACE_N_KINDS;
    switch (PREFIX((uint8_t)line[0], (uint8_t)line[1], (uint8_t)line[2])) {
    case PREFIX('e', 'n', 'd'):
        return TRACE_END;
    case PREFIX('a', 'l', 'l'):
        return TRACE_ALLOC;
    case PREFIX('f', 'r', 'e'):
        return TRACE_FREE;
    case PREFIX('r', 'e', 'a'):
        return TRACE_REALLOC;
    case PREFIX('c', 'o', 'l'):
        return TRACE_COLLECT;
    case PREFIX('s', 't', 'e'):
        return TRACE_STEP;
    case PREFIX('c', 'o', 'n'):
        return TRACE_CONTROL;
    case PREFIX('p', 'r', 'o'):
        return TRACE_PROMOTE;
    case PREFIX('i', 'n', 't'):
        return TRACE_INTERN;
    case PREFIX('r', 'e', 'f'):
        return TRACE_REFUSED;
    case PREFIX('s', 't', 'o'):
        return TRACE_STORE;
    case PREFIX('r', 'o', 'o'):
        return TRACE_ROOT;
    case PREFIX('t', 'o', 'u'):
        return TRACE_TOUCH;
    case PREFIX('p', 'i', 'n'):
        return TRACE_PIN;
    case PREFIX('u', 'n', 'p'):
        return TRACE_UNPIN;
    case PREFIX('d', 'e', 'a'):
        return TRACE_DEATH;
    case PREFIX('h', 'e', 'l'):
        return TRACE_HELD;
    case PREFIX('f', 'i', 'n'):
        return TRACE_FINALISE;
    case PREFIX('e', 'x', 'p'):
        return TRACE_EXPECT;
    case PREFIX('p', 'h', 'a'):
        return TRACE_PHASE;
    case PREFIX('n', 'o', 't'):
        return TRACE_NOTE;
    case PREFIX('t', 'i', 'm'):
        return TRACE_TIME;
    case PREFIX('t', 'h', 'r'):
        return TRACE_THREAD;
    default:
        return TRACE_N_KINDS;
    }
}

bool text_decode(struct text_scratch *s, char *line, struct trace_op *op,
                 struct text_cursor *c)
{
    c->at = line;
    memset(op, 0, offsetof(struct trace_op, fact));
    op->kind = guess_kind(line);
    if (op->kind == TRACE_N_KINDS)
        return false;
    const char *name = trace_kind_name(op->kind);
    size_t n = 3; /* which guess_kind has compared                        */
    while (name[n] != '\0' && name[n] == line[n])
        n++;
    if (name[n] != '\0' || (line[n] != ' ' && line[n] != '\0')) {
        op->kind = TRACE_N_KINDS;
        return false;
    }
    c->at = line + n;
    if (op->kind == TRACE_END)
        return true;
    return take_rest(c, s, op) && *c->at == '\0';
}

const char *text_form(uint8_t kind)
{
    return forms[kind];
}

void text_scratch_free(struct text_scratch *s)
{
    free(s->ids);
    free(s->areas);
    *s = (struct text_scratch){0};
}
