/*
 * kinds.h - which fields each kind of operation or event has, what it is
 * called, and what its values may be: the one table that both native forms,
 * the content hash and the checker go by
 */
#ifndef TRACES_KINDS_H
#define TRACES_KINDS_H

#include "traces/op.h"

/* The most of a record that has no fixed length. */
#define TRACE_IDS_MAX         (UINT32_C(1) << 22)
#define TRACE_TEXT_MAX        (UINT32_C(1) << 16)
#define TRACE_STATE_AREAS_MAX (UINT32_C(1) << 16)

/* Fields of struct trace_op that a kind uses; all others are not looked at. */
enum trace_field {
    FIELD_ID = 1 << 0,
    FIELD_BYTES = 1 << 1,
    FIELD_FLAGS = 1 << 2,
    FIELD_ALIGN = 1 << 3,
    FIELD_SITE = 1 << 4,
    FIELD_WHAT = 1 << 5,
    FIELD_CAUSE = 1 << 6,
    FIELD_VALUE = 1 << 7,
    FIELD_TARGET = 1 << 8,
    FIELD_WORD = 1 << 9,
    FIELD_IDS = 1 << 10,
    FIELD_TEXT = 1 << 11,
    FIELD_FACT = 1 << 12
};

/* By kind; of `refused` and `expect` without those that hang on `what`.    */
extern const uint32_t trace_kind_fields[TRACE_N_KINDS];

/* The fields of this operation; 0 if it is of no kind. */
static inline uint32_t trace_fields(const struct trace_op *op)
{
    if (op->kind >= TRACE_N_KINDS)
        return 0;
    uint32_t fields = trace_kind_fields[op->kind];
    if (op->kind == TRACE_REFUSED)
        fields |= op->what == TRACE_ALLOC ? FIELD_ALIGN : FIELD_ID;
    if (op->kind == TRACE_EXPECT && op->what == TRACE_EXPECT_COLLECTION)
        fields |= FIELD_IDS;
    if (op->kind == TRACE_EXPECT && op->what == TRACE_EXPECT_STATE)
        fields |= FIELD_TEXT;
    return fields;
}

/* "alloc", "free", ...; "?" for a number that is no kind. */
const char *trace_kind_name(uint8_t kind);

/* Names of the further enumerations, as the text form spells them. */
extern const char *const trace_control_names[TRACE_N_CONTROLS];
extern const char *const trace_cause_names[TRACE_N_CAUSES];
extern const char *const trace_held_names[TRACE_N_HELD];
extern const char *const trace_expect_names[TRACE_N_EXPECTS];

#define TRACE_N_GC_CAUSES    4
#define TRACE_N_AREA_REASONS 3
#define TRACE_N_FLAGS        6
extern const char *const trace_gc_cause_names[TRACE_N_GC_CAUSES];
extern const char *const trace_area_reason_names[TRACE_N_AREA_REASONS];
extern const char *const trace_flag_names[TRACE_N_FLAGS]; /* bit i        */

/* One scalar field of struct trace_header, by the key of the text form.   */
struct trace_header_key {
    const char *name;
    uint16_t offset;     /* in struct trace_header                        */
    uint8_t width;       /* bytes: 4, 8, or TRACE_NAME_CAP of a text      */
    uint8_t is_semantic; /* can change a replay, so it is hashed          */
};

#define TRACE_N_HEADER_KEYS 18
extern const struct trace_header_key trace_header_keys[TRACE_N_HEADER_KEYS];

/* Read and write such a field that is a number; it must fit its width.    */
uint64_t trace_header_number(const struct trace_header *h,
                             const struct trace_header_key *key);
void trace_header_set(struct trace_header *h,
                      const struct trace_header_key *key, uint64_t value);

/*
 * Why no trace can hold this operation, whatever came before it: a number out
 * of its range, a flag that the kind does not have. Null if it is sound.
 */
const char *trace_op_fault(const struct trace_op *op);

/* The same of a header. */
const char *trace_header_fault(const struct trace_header *h);

#endif /* TRACES_KINDS_H */
