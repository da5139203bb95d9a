/* thumb_decode.c - finds the row of a Thumb instruction, reads its operands. */
#include <string.h>

#include "sim/machine/thumb.h"

/* ---- the immediate ---------------------------------------------------- */

/* A number of `n` + 1 bits with a sign, as 32 bits. */
static uint32_t sign_extend(uint32_t value, uint32_t n)
{
    return thumb_asr(value << (31 - n), 31 - n);
}

/* ThumbExpandImm_C() of the twelve bits in i->imm (A5.3.2). */
static void expand(struct insn *i)
{
    static const uint32_t pattern[4] = {1, 0x00010001, 0x01000100, 0x01010101};
    uint32_t imm8 = i->imm & 0xff;
    i->x = TH_CARRY_KEPT;
    if (i->imm >> 10 == 0) {
        i->imm = imm8 * pattern[i->imm >> 8 & 3];
        return;
    }
    i->imm = thumb_ror((imm8 & 0x7f) | 0x80, i->imm >> 7);
    i->x = i->imm >> 31 ? TH_CARRY_SET : TH_CARRY_CLEAR;
}

/* DecodeImmShift() of type i->x and amount i->imm (A7.4.2). */
static void decode_shift(struct insn *i)
{
    if (i->imm != 0 || i->x == TH_LSL)
        return;
    if (i->x == TH_ROR) {
        i->x = TH_RRX;
        i->imm = 1;
    } else {
        i->imm = 32;
    }
}

static void fix_operands(struct insn *i, uint32_t fix, uint32_t address)
{
    uint32_t pc = address + 4;
    uint32_t imm = i->imm;
    switch (fix) {
    case TH_FIX_SHIFT32:
        i->imm = imm == 0 ? 32 : imm;
        break;
    case TH_FIX_SHIFT:
        decode_shift(i);
        break;
    case TH_FIX_EXPAND:
        expand(i);
        break;
    case TH_FIX_NEG:
        i->imm = -imm;
        break;
    case TH_FIX_SIGN:
        i->imm = i->x ? imm : -imm;
        break;
    case TH_FIX_LIT:
        i->imm = (pc & ~3u) + imm;
        break;
    case TH_FIX_LITSUB:
        i->imm = (pc & ~3u) - imm;
        break;
    case TH_FIX_LITX:
        i->imm = (pc & ~3u) + (i->x ? imm : -imm);
        break;
    case TH_FIX_REL:
        i->imm = pc + imm;
        break;
    case TH_FIX_REL8:
        i->imm = pc + sign_extend(imm, 8);
        break;
    case TH_FIX_REL11:
        i->imm = pc + sign_extend(imm, 11);
        break;
    case TH_FIX_REL20:
        i->imm = pc + sign_extend(imm, 20);
        break;
    case TH_FIX_REL24:
        i->imm = pc + sign_extend(imm >> 24 ? imm : imm ^ 0xc00000, 24);
        break;
    case TH_FIX_LISTPC:
        i->imm = imm | 0x8000;
        break;
    default:
        break;
    }
}

/* ---- what the manual forbids ------------------------------------------ */

static uint32_t operand(const struct insn *i, char letter)
{
    switch (letter) {
    case 'd':
        return i->d;
    case 'n':
        return i->n;
    case 'm':
        return i->m;
    default:
        return i->a;
    }
}

/* Limits of one register: the letter and a kind of limit. */
static int check_register(const struct insn *i, const char *limit)
{
    uint32_t r = operand(i, limit[0]);
    bool is_broken = false;
    switch (limit[1]) {
    case 'B': /* BadReg(): neither SP nor PC */
        is_broken = r == TH_SP || r == TH_PC;
        break;
    case 'P': /* not PC */
        is_broken = r == TH_PC;
        break;
    case 'N': /* not SP */
        is_broken = r == TH_SP;
        break;
    case 'S': /* SP only if the first source is */
        is_broken = r == TH_PC || (r == TH_SP && i->n != TH_SP);
        break;
    default: /* 'U': PC is undefined */
        return r == TH_PC ? FAULT_UNDEFINED : FAULT_NONE;
    }
    return is_broken ? FAULT_UNPREDICTABLE : FAULT_NONE;
}

static bool is_bad_it(uint32_t itstate)
{
    uint32_t condition = itstate >> 4;
    uint32_t mask = itstate & 15;
    return condition == 15 ||
           (condition == 14 && __builtin_popcount(mask) != 1);
}

/* A limit of two letters that are no register's. */
struct limit {
    const char name[3];
    enum fault_kind kind; /* that breaking it is                             */
    bool (*is_broken)(const struct insn *i);
};

#define LIMIT(function, expression)                                            \
    static bool function(const struct insn *i)                                 \
    {                                                                          \
        return (expression);                                                   \
    }

/* clang-format off */
LIMIT(list_is_empty, i->imm == 0)
LIMIT(list_is_short, __builtin_popcount(i->imm) < 2)
LIMIT(list_has_pc_and_lr, (i->imm >> 14 & 3) == 3)
LIMIT(list_has_base, (i->imm >> i->n & 1) != 0)
LIMIT(is_no_it, is_bad_it(i->x))
LIMIT(both_are_sp, i->d == TH_SP && i->m == TH_SP)
LIMIT(sources_differ, i->n != i->m)
LIMIT(both_are_low, i->n < 8 && i->m < 8)
LIMIT(field_is_long, i->imm + i->x > 31)
LIMIT(field_is_reversed, i->x < i->imm)
LIMIT(d_is_a, i->d == i->a)
LIMIT(d_is_n, i->d == i->n)
LIMIT(a_is_n, i->a == i->n)
LIMIT(shift_is_zero, i->imm == 0)
LIMIT(shift_is_long, i->x != TH_LSL || i->imm > 3)
/* clang-format on */

static const struct limit limits[] = {
    {"l1", FAULT_UNPREDICTABLE, list_is_empty},
    {"l2", FAULT_UNPREDICTABLE, list_is_short},
    {"lp", FAULT_UNPREDICTABLE, list_has_pc_and_lr},
    {"lw", FAULT_UNPREDICTABLE, list_has_base},
    {"it", FAULT_UNPREDICTABLE, is_no_it},
    {"ds", FAULT_UNPREDICTABLE, both_are_sp},
    {"=m", FAULT_UNPREDICTABLE, sources_differ},
    {"lo", FAULT_UNPREDICTABLE, both_are_low},
    {"bf", FAULT_UNPREDICTABLE, field_is_long},
    {"bi", FAULT_UNPREDICTABLE, field_is_reversed},
    {"da", FAULT_UNPREDICTABLE, d_is_a},
    {"dn", FAULT_UNPREDICTABLE, d_is_n},
    {"wb", FAULT_UNPREDICTABLE, d_is_n},
    {"wa", FAULT_UNPREDICTABLE, a_is_n},
    {"s3", FAULT_UNPREDICTABLE, shift_is_long},
    {"sh", FAULT_UNDEFINED, shift_is_zero}, /* SSAT16, which has a row */
};

static int check_limit(const struct insn *i, const char *name)
{
    for (size_t k = 0; k < sizeof limits / sizeof limits[0]; k++)
        if (memcmp(limits[k].name, name, 2) == 0)
            return limits[k].is_broken(i) ? (int)limits[k].kind : 0;
    return check_register(i, name);
}

/* `limits`: names of two letters, a blank between. */
static int check_limits(const struct insn *i, const char *names)
{
    int fault = FAULT_NONE;
    for (const char *c = names; c != NULL && *c != '\0' && fault == FAULT_NONE;
         c += c[2] == '\0' ? 2 : 3)
        fault = check_limit(i, c);
    return fault;
}

/* Bits drawn as (0) and (1). */
static bool has_drawn_bits(const char *picture, uint32_t word)
{
    uint32_t n_zeros, n_ones;
    uint32_t zeros = insn_field(picture, 'z', word, &n_zeros);
    uint32_t ones = insn_field(picture, 'y', word, &n_ones);
    return zeros == 0 && ones == (uint32_t)((1ull << n_ones) - 1);
}

/* ---- the row ---------------------------------------------------------- */

int thumb_find(const struct machine *m, uint32_t word, uint32_t bytes,
               uint32_t address, struct insn *out, int *lawful)
{
    const struct insn_table *literals = m->core_data;
    const struct insn_table *t = literals;
    int row = bytes == 4 ? insn_find(literals, word, 4) : -1;
    uint32_t first = TH_N_PLAIN;
    if (row < 0) {
        t = &m->table;
        row = insn_find(t, word, bytes);
        first = 0;
    }
    *lawful = FAULT_UNDEFINED;
    if (row < 0)
        return -1;

    insn_extract(t, row, word, address, out);
    out->op = (uint16_t)(out->op + first);
    const struct insn_row *r = &t->rows[row];
    const struct thumb_form_more *more = &thumb_form_more[r->form];
    fix_operands(out, more->fix, address);
    *lawful = has_drawn_bits(r->picture, word) ? check_limits(out, more->limits)
                                               : FAULT_UNPREDICTABLE;
    return row + (int)first;
}

/* ---- marks ------------------------------------------------------------ */

static uint8_t marks_of_cost(uint32_t cost)
{
    switch (cost) {
    case TH_COST_FLAGS:
    case TH_COST_MULF:
        return TH_WRITES | TH_KEEPS_NZCV;
    case TH_COST_ALU:
    case TH_COST_READPC:
    case TH_COST_MUL:
    case TH_COST_MLA:
    case TH_COST_MULL:
    case TH_COST_MLAL:
    case TH_COST_DIV:
        return TH_WRITES;
    case TH_COST_LOAD:
    case TH_COST_STORE:
    case TH_COST_STORER:
    case TH_COST_STREX:
    case TH_COST_LDM:
    case TH_COST_STM:
    case TH_COST_LDRD:
    case TH_COST_STRD:
        return TH_ADDRESS;
    case TH_COST_LOADPC:
    case TH_COST_LDMPC:
    case TH_COST_TABLE:
        return TH_ADDRESS | TH_LAST_IN_IT;
    case TH_COST_GOTO:
    case TH_COST_BX:
    case TH_COST_BLX:
    case TH_COST_B:
    case TH_COST_BL:
        return TH_LAST_IN_IT;
    case TH_COST_BCC:
    case TH_COST_CBZ:
    case TH_COST_IT:
    case TH_COST_CPS:
        return TH_NOT_IN_IT;
    default:
        return 0;
    }
}

static uint8_t marks_of(const struct insn *i, uint32_t role, uint32_t address)
{
    uint8_t marks = marks_of_cost(i->cost);
    if (role == TH_ROLE_IX)
        marks |= TH_INDEX;
    if (role == TH_ROLE_WB)
        marks |= TH_BACK;
    if (i->size == 4 && (address & 2) != 0)
        marks |= TH_ODD_WIDE;
    return marks;
}

/* ---- decoding --------------------------------------------------------- */

/* The halfword at `offset`; false: the region ends before. */
static bool read_half(const struct region *r, uint32_t offset, uint32_t *out)
{
    if (offset + 2 > r->is.bytes)
        return false;
    *out = r->host[offset] | (uint32_t)r->host[offset + 1] << 8;
    return true;
}

static void watch(struct region *r, uint32_t offset, uint32_t bytes)
{
    for (uint32_t k = offset; k < offset + bytes && k < r->is.bytes; k += 2)
        r->guard[k >> BUS_PAGE_BITS] |= GUARD_CODE;
}

static void set_bad(struct insn *out, int kind)
{
    *out = (struct insn){
        .op = INSN_BAD, .cost = TH_COST_BAD, .x = (uint8_t)kind, .size = 2};
}

void thumb_decode(struct machine *m, struct region *r, uint32_t address,
                  struct insn *out)
{
    uint32_t offset = address - r->is.base;
    uint32_t word, second;
    uint32_t bytes = 2;
    int lawful;
    if (!read_half(r, offset, &word)) {
        set_bad(out, FAULT_UNMAPPED);
        return;
    }
    if (word >> 11 >= 29) { /* A5.1: 0b11101, 0b11110, 0b11111 */
        if (!read_half(r, offset + 2, &second)) {
            set_bad(out, FAULT_UNMAPPED);
            return;
        }
        word = word << 16 | second;
        bytes = 4;
    }
    watch(r, offset, bytes);
    int row = thumb_find(m, word, bytes, address, out, &lawful);
    if (row < 0 || lawful != FAULT_NONE) {
        set_bad(out, lawful);
        return;
    }
    const struct insn_row *it = &thumb_rows[row];
    out->spare = marks_of(out, thumb_form_more[it->form].role, address);
}
