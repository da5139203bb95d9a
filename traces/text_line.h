/*
 * text_line.h - one line of the text form (text.h) becomes one record
 *
 * State     struct text_scratch holds what a record points at; the caller
 *           owns it. A record's text lies in the line itself.
 * Cost      one pass over the line.
 * Errors    false: the cursor stands where decoding stopped, at the space
 *           before the field that is wrong or at the NUL where one is missing.
 */
#ifndef TRACES_TEXT_LINE_H
#define TRACES_TEXT_LINE_H

#include "traces/text_take.h"

struct text_scratch {
    uint64_t *ids;
    size_t cap_ids;
    struct trace_area_state *areas;
    size_t cap_areas;
    bool is_full; /* a take failed because the host has no memory         */
};

void text_scratch_free(struct text_scratch *s);

/*
 * Decode `line`, which ends in NUL and may be written to. Of an end line only
 * the word is taken. Where no kind begins so, op->kind is TRACE_N_KINDS.
 */
bool text_decode(struct text_scratch *s, char *line, struct trace_op *op,
                 struct text_cursor *c);

/* What a line of this kind looks like, for messages. */
const char *text_form(uint8_t kind);

#endif /* TRACES_TEXT_LINE_H */
