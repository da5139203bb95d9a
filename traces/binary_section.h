/*
 * binary_section.h - the layout of a section's head in the binary form, for
 * its reader and its writer (binary.h)
 */
#ifndef TRACES_BINARY_SECTION_H
#define TRACES_BINARY_SECTION_H

#include <stddef.h>
#include <stdint.h>

#define BINARY_MAGIC                                                           \
    "\x89"                                                                     \
    "ftb\r\n\x1a\n"
#define BINARY_MAGIC_END  "ftb end\n"
#define BINARY_MAGIC_SIZE 8

#define BINARY_TAG(a, b, c, d)                                                 \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 |                \
     (uint32_t)(d) << 24)

enum {
    BINARY_HEAD = BINARY_TAG('H', 'E', 'A', 'D'),
    BINARY_DATA = BINARY_TAG('D', 'A', 'T', 'A'),
    BINARY_TAIL = BINARY_TAG('T', 'A', 'I', 'L'),
    BINARY_INDX = BINARY_TAG('I', 'N', 'D', 'X')
};

enum {
    SECTION_TAG = 0,
    SECTION_RECORDS = 4,
    SECTION_FIRST_RECORD = 8,
    SECTION_FIRST_OPERATION = 16,
    SECTION_RAW_BYTES = 24,
    SECTION_STORED_BYTES = 28,
    SECTION_CHECK = 32,
    SECTION_SIZE = 40,

    TAIL_COUNTS = 9,                  /* words before the hash            */
    TAIL_SIZE = 8 * TAIL_COUNTS + 16, /* of TAIL's payload                */
    INDX_ENTRY_SIZE = 32,
    FOOTER_SIZE = 16
};

static inline uint32_t binary_get32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
           (uint32_t)at[3] << 24;
}

static inline uint64_t binary_get64(const uint8_t *at)
{
    return binary_get32(at) | (uint64_t)binary_get32(at + 4) << 32;
}

#endif /* TRACES_BINARY_SECTION_H */
