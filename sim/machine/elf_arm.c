/* elf_arm.c - see elf_arm.h. */
#include "sim/machine/elf_arm.h"

#include <string.h>

enum {
    SECTION_BYTES = 40,
    SHT_ARM_ATTRIBUTES = 0x70000003,
    TAG_FILE = 1,
    TAG_CPU_RAW_NAME = 4,
    TAG_CPU_NAME = 5,
    TAG_CPU_ARCH = 6,
    TAG_COMPATIBILITY = 32
};

/* Bytes that are read from the front. */
struct bytes {
    const uint8_t *at, *end;
};

static uint32_t word_at(const uint8_t *b)
{
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
           (uint32_t)b[3] << 24;
}

/* A number in groups of seven bits, the lowest first. */
static uint32_t take_number(struct bytes *b)
{
    uint32_t value = 0;
    uint32_t shift = 0;
    while (b->at < b->end) {
        uint8_t byte = *b->at++;
        if (shift < 32)
            value |= (uint32_t)(byte & 127) << shift;
        shift += 7;
        if ((byte & 128) == 0)
            break;
    }
    return value;
}

static void skip_text(struct bytes *b)
{
    while (b->at < b->end && *b->at++ != '\0')
        ;
}

/* Below 32 the names are texts; above, odd tags are (section 2.2.6). */
static bool is_text(uint32_t tag)
{
    return tag == TAG_CPU_RAW_NAME || tag == TAG_CPU_NAME ||
           (tag > TAG_COMPATIBILITY && (tag & 1) != 0);
}

static int find_architecture(struct bytes b)
{
    while (b.at < b.end) {
        uint32_t tag = take_number(&b);
        if (tag == TAG_CPU_ARCH)
            return (int)(take_number(&b) & 0xff);
        if (!is_text(tag))
            take_number(&b);
        if (is_text(tag) || tag == TAG_COMPATIBILITY)
            skip_text(&b);
    }
    return ELF_ARM_UNKNOWN;
}

/* 'A', then { length, "aeabi", { Tag_File, length, attributes } }. */
static int read_attributes(struct bytes b)
{
    static const char vendor[] = "aeabi";
    if (b.end - b.at < 16 || *b.at != 'A' ||
        memcmp(b.at + 5, vendor, sizeof vendor) != 0 || b.at[11] != TAG_FILE)
        return ELF_ARM_UNKNOWN;
    uint32_t bytes = word_at(b.at + 12);
    const uint8_t *from = b.at + 11;
    if (bytes < 5 || bytes > (size_t)(b.end - from))
        return ELF_ARM_UNKNOWN;
    return find_architecture((struct bytes){from + 5, from + bytes});
}

int elf_arm_architecture(const struct image *image)
{
    const uint8_t *file = image->file;
    uint64_t table = word_at(file + 32);
    uint32_t n = (uint32_t)file[48] | (uint32_t)file[49] << 8;
    if (table + (uint64_t)n * SECTION_BYTES > image->file_bytes)
        return ELF_ARM_UNKNOWN;
    for (uint32_t i = 0; table != 0 && i < n; i++) {
        const uint8_t *section = file + table + (uint64_t)i * SECTION_BYTES;
        uint64_t offset = word_at(section + 16);
        uint64_t bytes = word_at(section + 20);
        if (word_at(section + 4) == SHT_ARM_ATTRIBUTES &&
            offset + bytes <= image->file_bytes)
            return read_attributes(
                (struct bytes){file + offset, file + offset + bytes});
    }
    return ELF_ARM_UNKNOWN;
}
