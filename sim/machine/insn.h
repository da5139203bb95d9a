/*
 * insn.h - instruction tables: bit pictures compiled, code predecoded
 *
 * An encoding is stated once, in a .def file, as the manual draws it: 16 or 32
 * binary digits and letters, most significant first, blanks free. A letter
 * names an operand field, repeated letters join:
 *
 *   d n m a   register operands: destination, first, second, third source
 *   D N M     the same in three bits, naming registers 8 to 15 (RISC-V)
 *   i         the immediate; the row's form says which bits these are
 *   x         whatever else the handler wants (a list, a condition, a type)
 *   .         a bit that may be anything and means nothing
 *
 * A 32-bit Thumb picture is drawn as the manual draws it, first halfword
 * first; its word has the first halfword in the upper 16 bits. A RISC-V
 * picture's word is the little-endian one.
 *
 * Where two pictures match one word, the one with more fixed bits is meant.
 * Pictures that overlap without one being a special case of the other need a
 * third that says what is meant; else compiling reports them.
 *
 * State     a table belongs to whoever compiled it; rows and forms are static
 *           const and outlive it.
 * Cost      compile: O(65536 + rows^2). find16: one load. find32: the rows of
 *           one bucket.
 */
#ifndef SIM_MACHINE_INSN_H
#define SIM_MACHINE_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/machine/problem.h"

/*
 * How the operand letters of a picture become operands, shared by the rows of
 * one encoding form.
 */
struct insn_form {
    /* The immediate's bits in the picture's order, as the RISC-V manual lists
     * them: "12|10:5|4:1|11". Null: the letters are the value. */
    const char *bits;
    bool is_signed;     /* the highest bit named is a sign                   */
    bool is_relative;   /* the instruction's address is added                */
    uint8_t shift;      /* the joined letters count units of 2^shift bytes   */
    const char *fixed;  /* operands that the form implies: "d=1 n=d"         */
    const char *syntax; /* disassembly: "d, n, i" (disasm.h)                 */
};

/* One encoding. `op`, its place in the table, selects its handler. */
struct insn_row {
    const char *picture;
    const char *name;   /* mnemonic                                          */
    const char *manual; /* the encoding's name in the manual                 */
    uint32_t needs;     /* the extensions it belongs to, bits of the core's  */
    uint8_t cost;       /* cost class, an index of the core's price list     */
    uint8_t form;       /* index of the table's forms                        */
};

/*
 * One decoded instruction, 16 bytes, one for each halfword of code. op 0 is a
 * halfword not decoded yet; rows count from INSN_FIRST_ROW.
 */
struct insn {
    uint16_t op;   /* INSN_*, or row number + INSN_FIRST_ROW                 */
    uint8_t size;  /* bytes: 2 or 4                                          */
    uint8_t price; /* cycles known before it runs; the core's model says     */
    uint8_t d, n, m, a;
    uint8_t x;     /* field x                                                */
    uint8_t late;  /* cycles more when a jump leads here                     */
    uint8_t cost;  /* the row's cost class                                   */
    uint8_t spare; /* free for the core's model                              */
    uint32_t imm;  /* immediate, absolute where the form is relative         */
};

/* Values of insn.op that are no row. */
enum {
    INSN_UNKNOWN = 0,  /* decode it first                                   */
    INSN_STOP = 1,     /* a stop was set at this address                    */
    INSN_BAD = 2,      /* no row, or one that this core lacks               */
    INSN_CAREFUL = 3,  /* a row's, but stepped: its time matters to it       */
    INSN_FIRST_ROW = 4 /* row 0                                              */
};

struct insn_table {
    const struct insn_row *rows;
    const struct insn_form *forms;
    uint32_t n_rows;
    uint16_t *find16;   /* 65536 row numbers + 1, 0 = none                    */
    uint32_t *mask;     /* of each row                                        */
    uint32_t *match;    /* of each row                                        */
    uint8_t *length;    /* bytes of each row                                  */
    uint16_t *by_fixed; /* the 32-bit rows, those with more fixed bits first  */
    uint32_t n_wide;
};

/*
 * Compile the `n_rows` pictures. `has` are the extensions of the core: a row
 * whose needs are not all among them is left out. Returns 0, or names the two
 * rows that collide, or the row that is badly drawn, in `p`.
 */
MACHINE_MUST_CHECK int insn_compile(struct insn_table *t,
                                    const struct insn_row *rows,
                                    uint32_t n_rows,
                                    const struct insn_form *forms, uint32_t has,
                                    struct machine_problem *p);

/* Give back what compiling took. */
void insn_table_close(struct insn_table *t);

/*
 * The row that `word` matches, of a word of `bytes` (2 or 4) bytes; -1 when
 * there is none.
 */
int insn_find(const struct insn_table *t, uint32_t word, uint32_t bytes);

/*
 * Extract the operands of `word`, which matches row `row`, at `address` into
 * `out`, price and late as 0.
 */
void insn_extract(const struct insn_table *t, int row, uint32_t word,
                  uint32_t address, struct insn *out);

/* The value of the letters `letter` of a picture in `word`, and their number.
 */
uint32_t insn_field(const char *picture, char letter, uint32_t word,
                    uint32_t *n_bits);

#endif /* SIM_MACHINE_INSN_H */
