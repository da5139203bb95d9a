/* text_line.c - see text_line.h for the contract. */
#include "traces/text_line.h"

#include <stdlib.h>
#include <string.h>

#include "traces/kinds.h"

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

bool text_take_number(struct text_cursor *c, uint64_t max, uint64_t *value)
{
    char *at = c->at;
    if (*at++ != ' ')
        return false;
    unsigned digit = (unsigned)(*at - '0');
    if (digit > 9)
        return false;
    uint64_t v = 0;
    do {
        if (v > UINT64_MAX / 10 || v * 10 > UINT64_MAX - digit)
            return false;
        v = v * 10 + digit;
        digit = (unsigned)(*++at - '0');
    } while (digit <= 9);
    if ((*at != ' ' && *at != '\0') || v > max)
        return false;
    c->at = at;
    *value = v;
    return true;
}

static bool take_u32(struct text_cursor *c, uint32_t *value)
{
    uint64_t wide;
    if (!text_take_number(c, UINT32_MAX, &wide))
        return false;
    *value = (uint32_t)wide;
    return true;
}

static bool take_id(struct text_cursor *c, uint64_t *id)
{
    return text_take_number(c, TRACE_ID_MAX, id);
}

/* Is the next field exactly `word`? Then it is taken. */
bool text_take_word(struct text_cursor *c, const char *word)
{
    if (*c->at != ' ')
        return false;
    size_t n = strlen(word);
    if (strncmp(c->at + 1, word, n) != 0)
        return false;
    char after = c->at[1 + n];
    if (after != ' ' && after != '\0')
        return false;
    c->at += 1 + n;
    return true;
}

static bool take_one_of(struct text_cursor *c, const char *const *words,
                        uint32_t n, uint32_t *which)
{
    for (uint32_t i = 0; i < n; i++) {
        if (text_take_word(c, words[i])) {
            *which = i;
            return true;
        }
    }
    return false;
}

/* As take_one_of, into a byte-wide field. */
static bool take_sort(struct text_cursor *c, const char *const *words,
                      uint32_t n, uint8_t *what)
{
    uint32_t which;
    if (!take_one_of(c, words, n, &which))
        return false;
    *what = (uint8_t)which;
    return true;
}

static bool take_number_or_none(struct text_cursor *c, uint64_t max,
                                uint64_t *value)
{
    if (c->at[0] == ' ' && c->at[1] == '-' && text_take_word(c, "-")) {
        *value = TRACE_NONE;
        return true;
    }
    return text_take_number(c, max, value);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Sixteen digits that follow the character `before`. */
static bool take_hex64(struct text_cursor *c, char before, uint64_t *value)
{
    if (*c->at != before)
        return false;
    uint64_t v = 0;
    for (int i = 1; i <= 16; i++) {
        int digit = hex_digit(c->at[i]);
        if (digit < 0)
            return false;
        v = v << 4 | (uint64_t)digit;
    }
    if (c->at[17] != ' ' && c->at[17] != '\0')
        return false;
    c->at += 17;
    *value = v;
    return true;
}

/* The byte that the escape at `at` stands for, or -1. */
static int read_escape(const char *at)
{
    if (at[1] == '\\')
        return '\\';
    int high = at[1] == 'x' ? hex_digit(at[2]) : -1;
    int low = high >= 0 ? hex_digit(at[3]) : -1;
    return low < 0 || (high | low) == 0 ? -1 : high << 4 | low;
}

/* The line is left as it is if an escape is wrong: it will be quoted. */
bool text_take_text(struct text_cursor *c, const char **text)
{
    if (*c->at != ' ')
        return false;
    char *from = c->at + 1;
    for (const char *at = from; (at = strchr(at, '\\')) != NULL;) {
        if (read_escape(at) < 0)
            return false;
        at += at[1] == 'x' ? 4 : 2;
    }

    char *to = from;
    *text = from;
    while (*from != '\0') {
        if (*from != '\\') {
            *to++ = *from++;
            continue;
        }
        *to++ = (char)read_escape(from);
        from += from[1] == 'x' ? 4 : 2;
    }
    *to = '\0';
    c->at = from;
    return true;
}

/* Words joined by commas, each at most once; none at all is no flags. */
static bool take_flags(struct text_cursor *c, uint8_t allowed, uint8_t *flags)
{
    char *at = c->at;
    if (*at != ' ' || at[1] == '\0')
        return true;
    size_t n = strcspn(at + 1, " ");
    if (memchr(at + 1, '=', n) != NULL)
        return true;
    do {
        at++;
        n = strcspn(at, ", ");
        uint32_t i = 0;
        while (i < TRACE_N_FLAGS && (strlen(trace_flag_names[i]) != n ||
                                     memcmp(trace_flag_names[i], at, n) != 0))
            i++;
        if (i == TRACE_N_FLAGS || (allowed >> i & 1) == 0 ||
            (*flags >> i & 1) != 0)
            return false;
        *flags = (uint8_t)(*flags | 1u << i);
        at += n;
    } while (*at == ',');
    c->at = at;
    return true;
}

/* "key=N", or nothing. */
static bool take_keyed(struct text_cursor *c, const char *key, uint32_t *value)
{
    size_t n = strlen(key);
    if (*c->at != ' ' || strncmp(c->at + 1, key, n) != 0)
        return true;
    struct text_cursor inner = {c->at + n};
    char kept = *inner.at;
    *inner.at = ' '; /* the equals sign: now a field follows              */
    bool is_sound = take_u32(&inner, value);
    c->at[n] = kept;
    if (is_sound)
        c->at = inner.at;
    return is_sound;
}

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
        if (!take_id(c, &s->ids[n++]))
            return false;
    }
    op->n_ids = (uint32_t)n; /* a line ends long before 2^32 of them      */
    op->ids = s->ids;
    return true;
}

bool text_take_area(struct text_cursor *c, struct trace_area *a)
{
    return take_u32(c, &a->number) && take_u32(c, &a->index) &&
           take_u32(c, &a->bytes) && take_u32(c, &a->table_bytes) &&
           take_u32(c, &a->n_blocks) && take_u32(c, &a->pool_offset) &&
           take_one_of(c, trace_area_reason_names, TRACE_N_AREA_REASONS,
                       &a->reason);
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
    if (!take_u32(&inner, &a->number) || !take_u32(&inner, &a->hint) ||
        !take_u32(&inner, &a->last_used))
        return false;
    *colon = ':';
    inner.at = colon;
    if (!take_hex64(&inner, ':', &a->digest))
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
        !take_u32(c, &state->max_free_blocks) ||
        !take_u32(c, &state->n_one_block) ||
        !take_u32(c, &state->n_two_block) || !take_u32(c, &state->max_block) ||
        !take_u32(c, &state->last_free_area) ||
        !take_number_or_none(c, INT64_MAX, &avail) ||
        !take_hex64(c, ' ', &state->digest) || !take_area_states(c, s, state))
        return false;
    state->outer_avail = avail == TRACE_NONE ? -1 : (int64_t)avail;
    op->text = "";
    return !text_take_word(c, "label") || text_take_text(c, &op->text);
}

static bool take_collection(struct text_cursor *c, struct text_scratch *s,
                            struct trace_op *op)
{
    uint64_t rescans;
    if (!take_one_of(c, trace_gc_cause_names, TRACE_N_GC_CAUSES,
                     &op->fact.collection.cause) ||
        !take_number_or_none(c, INT32_MAX, &rescans))
        return false;
    op->fact.collection.rescans = rescans == TRACE_NONE ? -1 : (int32_t)rescans;
    return take_ids(c, s, op);
}

static bool take_expect(struct text_cursor *c, struct text_scratch *s,
                        struct trace_op *op)
{
    if (!take_sort(c, trace_expect_names, TRACE_N_EXPECTS, &op->what))
        return false;
    switch (op->what) {
    case TRACE_EXPECT_BLOCK:
        return take_u32(c, &op->fact.block.area) &&
               take_u32(c, &op->fact.block.block);
    case TRACE_EXPECT_COLLECTION:
        return take_collection(c, s, op);
    case TRACE_EXPECT_STATE:
        return take_state(c, s, op);
    case TRACE_EXPECT_GRAPH:
        return take_u32(c, &op->fact.graph.live) &&
               take_u32(c, &op->fact.graph.edges) &&
               take_u32(c, &op->fact.graph.interior) &&
               take_u32(c, &op->fact.graph.dangling);
    case TRACE_EXPECT_AVAIL:
        return text_take_number(c, UINT64_MAX, &op->fact.avail);
    case TRACE_EXPECT_AREA:
        return text_take_area(c, &op->fact.area);
    default:
        return take_u32(c, &op->fact.given_back.area) &&
               take_u32(c, &op->fact.given_back.index) &&
               take_number_or_none(c, TRACE_ID_MAX, &op->fact.given_back.lost);
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
    if (!take_sort(c, trace_cause_names, TRACE_N_CAUSES, &op->cause))
        return false;
    if (is_alloc)
        return text_take_number(c, TRACE_ID_MAX, &op->bytes) &&
               take_flags(c, TRACE_FLAGS_ALL & ~TRACE_MAY_MOVE, &op->flags) &&
               take_keyed(c, "align=", &op->align) &&
               is_power_or_zero(op->align);
    return take_id(c, &op->id) &&
           text_take_number(c, TRACE_ID_MAX, &op->bytes) &&
           take_flags(c, TRACE_MAY_MOVE, &op->flags);
}

/* Fields of everything but facts, refusals and texts. */
static bool take_fields(struct text_cursor *c, struct text_scratch *s,
                        struct trace_op *op)
{
    static const char *const collects[] = {"ordinary", "all"};

    switch (op->kind) {
    case TRACE_ALLOC:
        return take_id(c, &op->id) &&
               text_take_number(c, TRACE_ID_MAX, &op->bytes) &&
               (*c->at == '\0' ||
                (take_flags(c, TRACE_FLAGS_ALL & ~TRACE_MAY_MOVE, &op->flags) &&
                 take_keyed(c, "align=", &op->align) &&
                 is_power_or_zero(op->align) &&
                 take_keyed(c, "site=", &op->site)));
    case TRACE_REALLOC:
        return take_id(c, &op->id) &&
               text_take_number(c, TRACE_ID_MAX, &op->bytes) &&
               take_flags(c, TRACE_MAY_MOVE, &op->flags) &&
               take_keyed(c, "site=", &op->site);
    case TRACE_STORE:
        return take_id(c, &op->id) && take_u32(c, &op->word) &&
               take_number_or_none(c, TRACE_ID_MAX, &op->target);
    case TRACE_ROOT:
        return take_u32(c, &op->word) &&
               take_number_or_none(c, TRACE_ID_MAX, &op->target);
    case TRACE_TOUCH:
        return take_id(c, &op->id) && take_u32(c, &op->word);
    case TRACE_INTERN:
        return take_id(c, &op->id) &&
               text_take_number(c, TRACE_ID_MAX, &op->bytes);
    case TRACE_COLLECT:
        return take_sort(c, collects, 2, &op->what);
    case TRACE_CONTROL:
        return take_sort(c, trace_control_names, TRACE_N_CONTROLS, &op->what) &&
               take_number_or_none(c, UINT64_MAX, &op->value);
    case TRACE_STEP:
    case TRACE_TIME:
    case TRACE_THREAD:
        return text_take_number(c, UINT64_MAX, &op->value);
    case TRACE_HELD:
        return take_sort(c, trace_held_names, TRACE_N_HELD, &op->what) &&
               take_ids(c, s, op);
    case TRACE_FINALISE:
        return take_ids(c, s, op);
    default:
        return take_id(c, &op->id);
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
        return take_sort(c, marks, 2, &op->what) &&
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
