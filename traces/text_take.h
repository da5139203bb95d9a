/*
 * text_take.h - the fields of a line of the text form (text.h), from left to
 * right
 *
 * Cost      one step a character.
 * Errors    false: the field is missing or not what it must be, and the
 *           cursor stands where it stood.
 */
#ifndef TRACES_TEXT_TAKE_H
#define TRACES_TEXT_TAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "traces/op.h"

/* At the space before the next field, or at the NUL that ends the line.   */
struct text_cursor {
    char *at;
};

/* A number of at most `max`. */
bool text_take_number(struct text_cursor *c, uint64_t max, uint64_t *value);
bool text_take_u32(struct text_cursor *c, uint32_t *value);
bool text_take_id(struct text_cursor *c, uint64_t *id);

/* A number, or "-" for TRACE_NONE. */
bool text_take_number_or_none(struct text_cursor *c, uint64_t max,
                              uint64_t *value);

/* Sixteen hexadecimal digits that follow the character `before`. */
bool text_take_hex64(struct text_cursor *c, char before, uint64_t *value);

/* The next field if it is `word`. */
bool text_take_word(struct text_cursor *c, const char *word);

/* The next field if it is one of `words`: its index. */
bool text_take_one_of(struct text_cursor *c, const char *const *words,
                      uint32_t n, uint32_t *which);
bool text_take_sort(struct text_cursor *c, const char *const *words, uint32_t n,
                    uint8_t *what);

/*
 * Names of flags joined by commas, each at most once and `allowed`. A line
 * that ends here, or a field with an equals sign, is no flags: true.
 */
bool text_take_flags(struct text_cursor *c, uint8_t allowed, uint8_t *flags);

/* "KEYn", the key ending in an equals sign; another field, or none: true.  */
bool text_take_keyed(struct text_cursor *c, const char *key, uint32_t *value);

/* The rest of the line as text, its escapes undone in place. */
bool text_take_text(struct text_cursor *c, const char **text);

/* The seven fields of an area. */
bool text_take_area(struct text_cursor *c, struct trace_area *a);

#endif /* TRACES_TEXT_TAKE_H */
