/*
 * bytes.h - a growable run of bytes that the writers of traces append to
 *
 * State     the caller's; data is on the host's heap, freed by bytes_free.
 *           All zero is an empty one.
 * Cost      O(1) amortised an append.
 * Errors    when the host has no memory left, `failed` is set and stays, and
 *           further appends do nothing: look once, before the data is used.
 */
#ifndef TRACES_BYTES_H
#define TRACES_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    uint8_t *data;
    size_t n;   /* bytes in use                                           */
    size_t cap; /* bytes allocated                                        */
    bool failed;
};

/* Make room for `more` bytes behind the n in use; false if there is none. */
bool bytes_grow(struct bytes *b, size_t more);

void bytes_free(struct bytes *b);

static inline void bytes_put(struct bytes *b, const void *from, size_t n)
{
    if (b->cap - b->n < n && !bytes_grow(b, n))
        return;
    if (n > 0)
        memcpy(b->data + b->n, from, n);
    b->n += n;
}

static inline void bytes_put8(struct bytes *b, uint8_t value)
{
    if (b->cap == b->n && !bytes_grow(b, 1))
        return;
    b->data[b->n++] = value;
}

/* Little-endian, whatever the host is. */
static inline void bytes_put32(struct bytes *b, uint32_t value)
{
    uint8_t le[4];
    for (int i = 0; i < 4; i++)
        le[i] = (uint8_t)(value >> (8 * i));
    bytes_put(b, le, sizeof le);
}

static inline void bytes_put64(struct bytes *b, uint64_t value)
{
    bytes_put32(b, (uint32_t)value);
    bytes_put32(b, (uint32_t)(value >> 32));
}

/* LEB128: seven bits a byte, lowest first, top bit set on all but the last. */
static inline void bytes_put_varint(struct bytes *b, uint64_t value)
{
    if (b->cap - b->n < 10 && !bytes_grow(b, 10))
        return;
    uint8_t *at = b->data + b->n;
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    b->n = (size_t)(at - b->data);
}

/* Signed numbers near zero become small unsigned ones: 0 -1 1 -2 2 ... */
static inline uint64_t bytes_zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}

static inline int64_t bytes_unzigzag(uint64_t code)
{
    return (int64_t)((code >> 1) ^ ((code & 1) != 0 ? UINT64_MAX : 0));
}

void bytes_put_text(struct bytes *b, const char *text);
void bytes_put_decimal(struct bytes *b, uint64_t value);
void bytes_put_hex64(struct bytes *b, uint64_t value); /* 16 digits       */

#endif /* TRACES_BYTES_H */
