/*
 * elf.h - static ELF32 executables: segments, symbols
 *
 * Reads little-endian 32-bit executables for Arm and RISC-V. Every offset and
 * size in the file is checked against the file before it is followed; what is
 * wrong is named in one line.
 *
 * State     an image owns copies of all it needs; image_close gives them back.
 * Cost      O(file + symbols log symbols) once; look-ups O(log symbols) by
 *           address, O(symbols) by name.
 * Source    Tool Interface Standard, "Executable and Linking Format (ELF)
 *           Specification", version 1.2, 1995; "ELF for the Arm Architecture";
 *           "RISC-V ELF psABI Specification".
 */
#ifndef SIM_MACHINE_ELF_H
#define SIM_MACHINE_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/machine/problem.h"

enum image_isa { IMAGE_ARM, IMAGE_RISCV };

/* One piece of memory that the image fills. */
struct segment {
    uint32_t address;    /* where it runs (virtual address)                  */
    uint32_t load;       /* where it lies first (physical address)           */
    uint32_t file_bytes; /* bytes of content                                 */
    uint32_t bytes;      /* bytes in memory; the rest is zero                */
    bool is_code;        /* executable                                       */
    const uint8_t *data; /* content, inside the image's copy of the file     */
};

struct symbol {
    const char *name;
    uint32_t address; /* bit 0 cleared                                       */
    uint32_t bytes;   /* 0: not stated                                       */
    bool is_function;
    bool is_label; /* of no type, in code: assembly                           */
    bool is_thumb; /* Arm: bit 0 was set                                     */
};

/* From `address` to the next mark is data, or code. */
struct mark {
    uint32_t address;
    uint32_t order; /* of those at one address the last counts               */
    bool is_data;
};

struct image {
    char *name; /* the file's name, for messages                           */
    uint8_t *file;
    size_t file_bytes;
    enum image_isa isa;
    uint32_t entry; /* bit 0 cleared                                         */
    bool has_entry; /* e_entry is not 0 or lies in a segment                 */
    uint32_t n_segments;
    struct segment *segments;
    uint32_t n_symbols; /* sorted by address, then name                      */
    struct symbol *symbols;
    uint32_t n_marks; /* sorted by address                                   */
    struct mark *marks;
};

/*
 * Read the file `path` into `image`. Returns 0, or a negative machine_err with
 * one line `path: reason` or `path: offset N: reason` in `p`.
 */
MACHINE_MUST_CHECK int image_open(struct image *image, const char *path,
                                  struct machine_problem *p);

/* The same from `bytes` at `data`, which is copied; `name` is for messages. */
MACHINE_MUST_CHECK int image_read(struct image *image, const char *name,
                                  const void *data, size_t bytes,
                                  struct machine_problem *p);

/* Give back all memory. An image that failed to open needs no closing. */
void image_close(struct image *image);

/* The symbol called `name`; null when there is none. */
const struct symbol *image_symbol(const struct image *image, const char *name);

/*
 * The function that `address` lies in: the last function of a stated size, if
 * it reaches so far; else the last label or function without a size behind it.
 * Null when there is none.
 */
const struct symbol *image_function_at(const struct image *image,
                                       uint32_t address);

/*
 * Does data lie at `address`, by the sections and the mapping symbols ($d, $t,
 * $x) of the file? Without those all is code. `*end` is where the next kind
 * begins, 0xffffffff when none does.
 */
bool image_is_data(const struct image *image, uint32_t address, uint32_t *end);

#endif /* SIM_MACHINE_ELF_H */
