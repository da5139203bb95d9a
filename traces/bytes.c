/* bytes.c - see bytes.h for the contract. */
#include "traces/bytes.h"

#include <stdlib.h>

bool bytes_grow(struct bytes *b, size_t more)
{
    if (b->failed || more > SIZE_MAX / 4 - b->n) {
        b->failed = true;
        return false;
    }
    size_t cap = b->cap == 0 ? 256 : b->cap;
    while (cap - b->n < more)
        cap *= 2;
    uint8_t *data = realloc(b->data, cap);
    if (data == NULL) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

void bytes_free(struct bytes *b)
{
    free(b->data);
    *b = (struct bytes){0};
}

void bytes_put_text(struct bytes *b, const char *text)
{
    bytes_put(b, text, strlen(text));
}

void bytes_put_decimal(struct bytes *b, uint64_t value)
{
    char digits[20];
    size_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    bytes_put(b, digits + first, sizeof digits - first);
}

void bytes_put_hex64(struct bytes *b, uint64_t value)
{
    char digits[16];
    for (int i = 15; i >= 0; i--) {
        digits[i] = "0123456789abcdef"[value & 15];
        value >>= 4;
    }
    bytes_put(b, digits, sizeof digits);
}
