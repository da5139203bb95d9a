/*
 * fields.h - the fields of a line of text, from left to right
 *
 * For formats whose fields are separated by exactly one space. A reader holds
 * a pointer to the first byte not yet read; a field begins at the space before
 * it. Lines end in NUL, so that no length has to be carried along.
 *
 * Cost      one step a character; no call of the C library.
 * Errors    each function returns false, leaving the pointer somewhere in the
 *           field, iff the field is missing or not what it must be.
 */
#ifndef TRACES_IMPORT_FIELDS_H
#define TRACES_IMPORT_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

/* Decimal digits, at most 19 of them (so that nothing can overflow). */
static inline bool fields_digits(const char **at, uint64_t max, uint64_t *out)
{
    const char *p = *at;
    uint64_t value = 0;
    while ((unsigned char)(*p - '0') <= 9)
        value = value * 10 + (uint64_t)(*p++ - '0');

    bool is_number = p > *at && p - *at <= 19 && value <= max;
    *at = p;
    *out = value;
    return is_number;
}

/* A space and a decimal number of at most `max`. */
static inline bool fields_u64(const char **at, uint64_t max, uint64_t *out)
{
    if (**at != ' ')
        return false;
    (*at)++;
    return fields_digits(at, max, out);
}

static inline bool fields_u32(const char **at, uint32_t max, uint32_t *out)
{
    uint64_t value = 0;
    bool is_number = fields_u64(at, max, &value);
    *out = (uint32_t)value;
    return is_number;
}

/* The separator and a lower-case hexadecimal number of at most 16 digits. */
static inline bool fields_hex(const char **at, char separator, uint64_t *out)
{
    const char *p = *at;
    if (*p++ != separator)
        return false;

    const char *first = p;
    uint64_t value = 0;
    for (;; p++) {
        if ((unsigned char)(*p - '0') <= 9)
            value = value << 4 | (uint64_t)(*p - '0');
        else if ((unsigned char)(*p - 'a') <= 5)
            value = value << 4 | (uint64_t)(*p - 'a' + 10);
        else
            break;
    }
    *at = p;
    *out = value;
    return p > first && p - first <= 16;
}

/* Nothing is left. */
static inline bool fields_end(const char *at)
{
    return *at == '\0';
}

#endif /* TRACES_IMPORT_FIELDS_H */
