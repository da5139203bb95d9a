/*
 * loops.c - work for the interpreter's benchmark: a checksum, a walk through a
 * table, a sort; about 100 million instructions
 *
 * Beside it is linked what knows where it runs: device.c or linux.c.
 */
#include "tests/bench/guest/host.h"

enum { N_BYTES = 4096, N_LINKS = 1024, N_WORDS = 256 };

static uint8_t bytes[N_BYTES];
static uint32_t links[N_LINKS], words[N_WORDS];

/* Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8(14), 2003. */
static uint32_t draw(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    return *state ^= *state << 5;
}

static uint32_t checksum(uint32_t rounds)
{
    uint32_t c = ~0u;
    for (uint32_t k = 0; k < rounds; k++)
        for (uint32_t i = 0; i < N_BYTES; i++) {
            c ^= bytes[i];
            for (int b = 0; b < 8; b++)
                c = (c >> 1) ^ (c & 1 ? 0xedb88320u : 0);
        }
    return ~c;
}

static uint32_t walk(uint32_t steps)
{
    uint32_t at = 0;
    for (uint32_t k = 0; k < steps; k++)
        at = links[at % N_LINKS] + k;
    return at;
}

static void sort(void)
{
    for (int i = 1; i < N_WORDS; i++) {
        uint32_t value = words[i];
        int at = i;
        for (; at > 0 && words[at - 1] > value; at--)
            words[at] = words[at - 1];
        words[at] = value;
    }
}

int main(void)
{
    uint32_t state = 1;
    for (int i = 0; i < N_BYTES; i++)
        bytes[i] = (uint8_t)draw(&state);
    for (int i = 0; i < N_LINKS; i++)
        links[i] = draw(&state);
    uint32_t sum = checksum(200) ^ walk(10000000);
    for (int k = 0; k < 50; k++) {
        for (int i = 0; i < N_WORDS; i++)
            words[i] = draw(&state);
        sort();
    }
    finish(sum ^ words[7]);
}
