/*
 * libc.c - memcpy, memmove and memset for a guest image
 *
 * Words where both addresses allow it, four at a time through one structure,
 * which a compiler turns into its widest loads and stores; bytes for the rest.
 * Always compiled with -O2, and so that loops and copies of structures are not
 * turned into calls of these very functions.
 */
#include <stddef.h>
#include <stdint.h>

struct four_words {
    uint32_t word[4];
};

void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int value, size_t n);

void *memcpy(void *to, const void *from, size_t n)
{
    uint8_t *t = to;
    const uint8_t *f = from;
    if ((((uintptr_t)t | (uintptr_t)f) & 3) == 0) {
        for (; n >= 16; n -= 16, t += 16, f += 16)
            *(struct four_words *)(void *)t =
                *(const struct four_words *)(const void *)f;
        for (; n >= 4; n -= 4, t += 4, f += 4)
            *(uint32_t *)(void *)t = *(const uint32_t *)(const void *)f;
    }
    for (; n > 0; n--)
        *t++ = *f++;
    return to;
}

void *memmove(void *to, const void *from, size_t n)
{
    uint8_t *t = to;
    const uint8_t *f = from;
    if ((uintptr_t)t - (uintptr_t)f >= n)
        return memcpy(to, from, n);
    if ((((uintptr_t)t | (uintptr_t)f | n) & 3) == 0) {
        for (; n > 0; n -= 4)
            *(uint32_t *)(void *)(t + n - 4) =
                *(const uint32_t *)(const void *)(f + n - 4);
    }
    for (; n > 0; n--)
        t[n - 1] = f[n - 1];
    return to;
}

void *memset(void *to, int value, size_t n)
{
    uint8_t *t = to;
    uint32_t byte = (uint8_t)value;
    uint32_t word = byte * 0x01010101u;
    for (; n > 0 && ((uintptr_t)t & 3) != 0; n--)
        *t++ = (uint8_t)byte;
    struct four_words four = {{word, word, word, word}};
    for (; n >= 16; n -= 16, t += 16)
        *(struct four_words *)(void *)t = four;
    for (; n >= 4; n -= 4, t += 4)
        *(uint32_t *)(void *)t = word;
    for (; n > 0; n--)
        *t++ = (uint8_t)byte;
    return to;
}
