/* kinds.c - see kinds.h for the contract. */
#include "traces/kinds.h"

#include <stddef.h>
#include <string.h>

/* clang-format off */
static const char *const names[TRACE_N_KINDS] = {
    [TRACE_END]      = "end",
    [TRACE_ALLOC]    = "alloc",
    [TRACE_FREE]     = "free",
    [TRACE_REALLOC]  = "realloc",
    [TRACE_COLLECT]  = "collect",
    [TRACE_STEP]     = "step",
    [TRACE_CONTROL]  = "control",
    [TRACE_PROMOTE]  = "promote",
    [TRACE_INTERN]   = "intern",
    [TRACE_REFUSED]  = "refused",
    [TRACE_STORE]    = "store",
    [TRACE_ROOT]     = "root",
    [TRACE_TOUCH]    = "touch",
    [TRACE_PIN]      = "pin",
    [TRACE_UNPIN]    = "unpin",
    [TRACE_DEATH]    = "death",
    [TRACE_HELD]     = "held",
    [TRACE_FINALISE] = "finalise",
    [TRACE_EXPECT]   = "expect",
    [TRACE_PHASE]    = "phase",
    [TRACE_NOTE]     = "note",
    [TRACE_TIME]     = "time",
    [TRACE_THREAD]   = "thread",
};

const uint32_t trace_kind_fields[TRACE_N_KINDS] = {
    [TRACE_END]      = 0,
    [TRACE_ALLOC]    = FIELD_ID | FIELD_BYTES | FIELD_FLAGS |
                       FIELD_ALIGN | FIELD_SITE,
    [TRACE_FREE]     = FIELD_ID,
    [TRACE_REALLOC]  = FIELD_ID | FIELD_BYTES | FIELD_FLAGS | FIELD_SITE,
    [TRACE_COLLECT]  = FIELD_WHAT,
    [TRACE_STEP]     = FIELD_VALUE,
    [TRACE_CONTROL]  = FIELD_WHAT | FIELD_VALUE,
    [TRACE_PROMOTE]  = FIELD_ID,
    [TRACE_INTERN]   = FIELD_ID | FIELD_BYTES,
    [TRACE_REFUSED]  = FIELD_WHAT | FIELD_CAUSE | FIELD_BYTES |
                       FIELD_FLAGS,
    [TRACE_STORE]    = FIELD_ID | FIELD_WORD | FIELD_TARGET,
    [TRACE_ROOT]     = FIELD_WORD | FIELD_TARGET,
    [TRACE_TOUCH]    = FIELD_ID | FIELD_WORD,
    [TRACE_PIN]      = FIELD_ID,
    [TRACE_UNPIN]    = FIELD_ID,
    [TRACE_DEATH]    = FIELD_ID,
    [TRACE_HELD]     = FIELD_WHAT | FIELD_IDS,
    [TRACE_FINALISE] = FIELD_IDS,
    [TRACE_EXPECT]   = FIELD_WHAT | FIELD_FACT,
    [TRACE_PHASE]    = FIELD_WHAT | FIELD_TEXT,
    [TRACE_NOTE]     = FIELD_TEXT,
    [TRACE_TIME]     = FIELD_VALUE,
    [TRACE_THREAD]   = FIELD_VALUE,
};

const char *const trace_control_names[] = {
    "auto", "lock", "threshold", "add-area", "reset"};
const char *const trace_cause_names[] = {"memory", "locked", "unknown"};
const char *const trace_held_names[] = {"roots", "inside", "interior"};
const char *const trace_expect_names[] = {
    "block", "collection", "state", "graph", "avail", "area", "given-back"};
const char *const trace_gc_cause_names[] = {
    "full", "threshold", "asked", "all"};
const char *const trace_area_reason_names[] = {
    "initial", "explicit", "automatic"};
const char *const trace_flag_names[] = {
    "finaliser", "long-lived", "leaf", "ambiguous", "outer", "move"};

#define KEY(name, field, is_semantic)                   \
    {name, (uint16_t)offsetof(struct trace_header, field), \
     (uint8_t)sizeof((struct trace_header *)0)->field, is_semantic}

const struct trace_header_key trace_header_keys[] = {
    KEY("program",           program,           0),
    KEY("source",            source,            0),
    KEY("source-version",    source_version,    0),
    KEY("time-unit",         time_unit,         1),
    KEY("word-bytes",        word_bytes,        1),
    KEY("block-bytes",       block_bytes,       1),
    KEY("area-struct-bytes", area_struct_bytes, 1),
    KEY("growth",            growth,            1),
    KEY("outer-bytes",       outer_bytes,       1),
    KEY("finalisers",        finalisers,        1),
    KEY("zeroing",           zeroing,           1),
    KEY("mark-stack",        mark_stack,        1),
    KEY("root-words",        root_words,        1),
    KEY("has-graph",         has_graph,         1),
    KEY("has-held",          has_held,          1),
    KEY("has-deaths",        has_deaths,        1),
    KEY("has-blocks",        has_blocks,        1),
    KEY("peak-live",         peak_live,         0),
};
/* clang-format on */

uint64_t trace_header_number(const struct trace_header *h,
                             const struct trace_header_key *key)
{
    const char *at = (const char *)h + key->offset;
    if (key->width == sizeof(uint64_t)) {
        uint64_t value;
        memcpy(&value, at, sizeof value);
        return value;
    }
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

void trace_header_set(struct trace_header *h,
                      const struct trace_header_key *key, uint64_t value)
{
    char *at = (char *)h + key->offset;
    if (key->width == sizeof(uint64_t)) {
        memcpy(at, &value, sizeof value);
        return;
    }
    uint32_t narrow = (uint32_t)value;
    memcpy(at, &narrow, sizeof narrow);
}

const char *trace_kind_name(uint8_t kind)
{
    return kind < TRACE_N_KINDS ? names[kind] : "?";
}

/* One more than the largest `what` of a kind; 1 where it has none. */
static unsigned limit_what(uint8_t kind)
{
    switch (kind) {
    case TRACE_COLLECT:
        return TRACE_COLLECT_ALL + 1;
    case TRACE_CONTROL:
        return TRACE_N_CONTROLS;
    case TRACE_HELD:
        return TRACE_N_HELD;
    case TRACE_EXPECT:
        return TRACE_N_EXPECTS;
    case TRACE_PHASE:
        return 2;
    default:
        return 1;
    }
}

static const char *find_flag_fault(const struct trace_op *op)
{
    bool is_realloc = op->kind == TRACE_REALLOC ||
                      (op->kind == TRACE_REFUSED && op->what == TRACE_REALLOC);
    unsigned allowed = is_realloc ? (unsigned)TRACE_MAY_MOVE
                                  : TRACE_FLAGS_ALL & ~TRACE_MAY_MOVE;
    return (op->flags & ~allowed) != 0 ? "a flag that it cannot have" : NULL;
}

static const char *find_area_fault(const struct trace_area *a)
{
    return a->reason >= TRACE_N_AREA_REASONS ? "an unknown reason of an area"
                                             : NULL;
}

static const char *find_fact_fault(const struct trace_op *op)
{
    switch (op->what) {
    case TRACE_EXPECT_COLLECTION:
        if (op->fact.collection.cause >= TRACE_N_GC_CAUSES)
            return "an unknown cause of a collection";
        if (op->fact.collection.rescans < -1)
            return "a number of rescans below -1";
        return NULL;
    case TRACE_EXPECT_STATE:
        if (op->fact.state.n_areas == 0)
            return "a state without an area";
        if (op->fact.state.n_areas > TRACE_STATE_AREAS_MAX)
            return "a state of more than 2^16 areas";
        if (op->fact.state.outer_avail < -1)
            return "an outer heap below -1";
        return NULL;
    case TRACE_EXPECT_AREA:
        return find_area_fault(&op->fact.area);
    case TRACE_EXPECT_GIVEN_BACK:
        if (op->fact.given_back.lost > TRACE_ID_MAX &&
            op->fact.given_back.lost != TRACE_NONE)
            return "an id beyond 2^62 - 1";
        return NULL;
    default:
        return NULL;
    }
}

/* What is left to look at when a record has more than ids and a size. */
static const char *find_fault(const struct trace_op *op, uint32_t fields)
{
    if (op->kind == TRACE_REFUSED) {
        if (op->what != TRACE_ALLOC && op->what != TRACE_REALLOC)
            return "a refused request that is neither alloc nor realloc";
    } else if ((fields & FIELD_WHAT) != 0 && op->what >= limit_what(op->kind)) {
        return "an unknown sort";
    }
    if ((fields & FIELD_CAUSE) != 0 && op->cause >= TRACE_N_CAUSES)
        return "an unknown cause";
    if ((fields & FIELD_ALIGN) != 0 && (op->align & (op->align - 1)) != 0)
        return "an alignment that is no power of two";
    if ((fields & FIELD_IDS) != 0) {
        if (op->n_ids > TRACE_IDS_MAX)
            return "more than 2^22 ids";
        for (uint32_t i = 0; i < op->n_ids; i++) {
            if (op->ids[i] > TRACE_ID_MAX)
                return "an id beyond 2^62 - 1";
        }
    }
    if ((fields & FIELD_TEXT) != 0 && op->text != NULL &&
        strnlen(op->text, TRACE_TEXT_MAX + 1) > TRACE_TEXT_MAX)
        return "a text of more than 2^16 bytes";
    if ((fields & FIELD_FLAGS) != 0) {
        const char *fault = find_flag_fault(op);
        if (fault != NULL)
            return fault;
    }
    return (fields & FIELD_FACT) != 0 ? find_fact_fault(op) : NULL;
}

const char *trace_op_fault(const struct trace_op *op)
{
    if (op->kind >= TRACE_N_KINDS)
        return "an unknown kind";
    uint32_t fields = trace_fields(op);
    if ((fields & FIELD_ID) != 0 && op->id > TRACE_ID_MAX)
        return "an id beyond 2^62 - 1";
    if ((fields & FIELD_BYTES) != 0 && op->bytes > TRACE_ID_MAX)
        return "a size beyond 2^62 - 1";
    if ((fields & FIELD_TARGET) != 0 && op->target > TRACE_ID_MAX &&
        op->target != TRACE_NONE)
        return "an id beyond 2^62 - 1";

    const uint32_t plain = FIELD_ID | FIELD_BYTES | FIELD_TARGET | FIELD_WORD |
                           FIELD_VALUE | FIELD_SITE;
    bool is_block = op->kind == TRACE_EXPECT && op->what == TRACE_EXPECT_BLOCK;
    return (fields & ~plain) == 0 || is_block ? NULL : find_fault(op, fields);
}

static bool is_text(const char *text)
{
    return memchr(text, '\0', TRACE_NAME_CAP) != NULL;
}

const char *trace_header_fault(const struct trace_header *h)
{
    if (h->version != TRACE_FORMAT_VERSION)
        return "a format version other than 1";
    if (!is_text(h->program) || !is_text(h->source) ||
        !is_text(h->source_version) || !is_text(h->time_unit))
        return "a name that is too long";
    if (h->n_areas > TRACE_AREAS_CAP)
        return "more than 64 areas";
    for (uint32_t i = 0; i < h->n_areas; i++) {
        const char *fault = find_area_fault(&h->areas[i]);
        if (fault != NULL)
            return fault;
    }
    return NULL;
}
