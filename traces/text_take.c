/* text_take.c - see text_take.h for the contract. */
#include "traces/text_take.h"

#include <string.h>

#include "traces/kinds.h"

bool text_take_number(struct text_cursor *c, uint64_t max, uint64_t *value)
{
    if (*c->at != ' ')
        return false;
    char *first = c->at + 1;
    char *at = first;
    uint64_t v = 0;
    for (unsigned digit; (digit = (unsigned)(*at - '0')) <= 9; at++)
        v = v * 10 + digit;

    /*
     * Nineteen digits always fit. Of the numbers of twenty those below 2^64
     * are at least 10^19, and those above it have wrapped around to less.
     */
    ptrdiff_t n = at - first;
    bool fits = n <= 19 || (n == 20 && *first == '1' &&
                            v >= UINT64_C(10000000000000000000));
    if (n == 0 || !fits || (*at != ' ' && *at != '\0') || v > max)
        return false;
    c->at = at;
    *value = v;
    return true;
}

bool text_take_u32(struct text_cursor *c, uint32_t *value)
{
    uint64_t wide;
    if (!text_take_number(c, UINT32_MAX, &wide))
        return false;
    *value = (uint32_t)wide;
    return true;
}

bool text_take_id(struct text_cursor *c, uint64_t *id)
{
    return text_take_number(c, TRACE_ID_MAX, id);
}

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

bool text_take_one_of(struct text_cursor *c, const char *const *words,
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

bool text_take_sort(struct text_cursor *c, const char *const *words, uint32_t n,
                    uint8_t *what)
{
    uint32_t which;
    if (!text_take_one_of(c, words, n, &which))
        return false;
    *what = (uint8_t)which;
    return true;
}

bool text_take_number_or_none(struct text_cursor *c, uint64_t max,
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
bool text_take_hex64(struct text_cursor *c, char before, uint64_t *value)
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
bool text_take_flags(struct text_cursor *c, uint8_t allowed, uint8_t *flags)
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
bool text_take_keyed(struct text_cursor *c, const char *key, uint32_t *value)
{
    size_t n = strlen(key);
    if (*c->at != ' ' || strncmp(c->at + 1, key, n) != 0)
        return true;
    struct text_cursor inner = {c->at + n};
    char kept = *inner.at;
    *inner.at = ' '; /* the equals sign: now a field follows              */
    bool is_sound = text_take_u32(&inner, value);
    c->at[n] = kept;
    if (is_sound)
        c->at = inner.at;
    return is_sound;
}

bool text_take_area(struct text_cursor *c, struct trace_area *a)
{
    return text_take_u32(c, &a->number) && text_take_u32(c, &a->index) &&
           text_take_u32(c, &a->bytes) && text_take_u32(c, &a->table_bytes) &&
           text_take_u32(c, &a->n_blocks) &&
           text_take_u32(c, &a->pool_offset) &&
           text_take_one_of(c, trace_area_reason_names, TRACE_N_AREA_REASONS,
                            &a->reason);
}
