/* thumb_disasm.c - see thumb_disasm.h. */
#include "sim/machine/thumb_disasm.h"

#include "sim/machine/disasm.h"
#include "sim/machine/thumb.h"

/* Text that grows, cut where it does not fit. */
struct text {
    char *out;
    size_t cap, used;
};

/* What is to be written: an instruction and what lies around it. */
struct subject {
    const struct machine *m;
    const struct insn *insn;
    const struct insn_row *row;
    uint32_t address;
    uint8_t it; /* ITSTATE under which it runs; 0: in no IT block            */
};

static const char *const conditions[16] = {"eq", "ne", "cs", "cc", "mi", "pl",
                                           "vs", "vc", "hi", "ls", "ge", "lt",
                                           "gt", "le", "",   ""};

__attribute__((format(printf, 2, 3))) static void add(struct text *t,
                                                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(t->out + t->used, t->cap - t->used, format, args);
    va_end(args);
    if (n > 0)
        t->used += (size_t)n;
    if (t->used >= t->cap)
        t->used = t->cap - 1;
}

/* ---- mnemonics -------------------------------------------------------- */

/* IT with its then's and else's: "itte". */
static void add_it(struct text *t, uint32_t itstate)
{
    uint32_t first = itstate >> 4 & 1;
    add(t, "it");
    for (uint32_t mask = itstate & 15; (mask & 7) != 0; mask = mask << 1 & 15)
        add(t, "%c", (mask >> 3) == first ? 't' : 'e');
}

/*
 * The condition stands before the width; a 16-bit instruction that would set
 * flags loses its s for it.
 */
static void add_mnemonic(struct text *t, const struct subject *s)
{
    const char *name = s->row->name;
    const char *condition = s->it == 0 ? "" : conditions[s->it >> 4];
    if (s->insn->cost == TH_COST_IT) {
        add_it(t, s->insn->x);
        return;
    }
    if (s->insn->cost == TH_COST_CPS) {
        add(t, "cps%s", s->insn->x != 0 ? "id" : "ie");
        return;
    }
    int n = (int)strcspn(name, ".");
    const char *width = name + n;
    if (s->it != 0 && (s->insn->spare & TH_KEEPS_NZCV))
        n--;
    add(t, "%.*s%s%s", n, name, condition, width);
}

/* ---- operands --------------------------------------------------------- */

static void add_list(struct text *t, uint32_t list)
{
    const char *comma = "";
    add(t, "{");
    for (uint32_t r = 0; r < 16; r++)
        if (list >> r & 1) {
            add(t, "%s%s", comma, r == 13 ? "sp" : r == 14 ? "lr" : "");
            if (r == 15)
                add(t, "pc");
            else if (r < 13)
                add(t, "r%u", r);
            comma = ", ";
        }
    add(t, "}");
}

static void add_shift(struct text *t, uint32_t type, uint32_t amount)
{
    static const char *const names[] = {"lsl", "lsr", "asr", "ror"};
    if (type == TH_RRX)
        add(t, ", rrx");
    else if (amount != 0)
        add(t, ", %s #%u", names[type], amount);
}

static void add_special(struct text *t, const struct insn *i)
{
    static const char *const low[8] = {"APSR", "IAPSR", "EAPSR", "XPSR",
                                       "???",  "IPSR",  "EPSR",  "IEPSR"};
    static const char *const high[5] = {"PRIMASK", "BASEPRI", "BASEPRI_MAX",
                                        "FAULTMASK", "CONTROL"};
    static const char *const masks[4] = {"", "_g", "_nzcvq", "_nzcvqg"};
    uint32_t sysm = i->imm;
    if (i->cost != TH_COST_SPECIAL)
        return;
    if (sysm < 8)
        add(t, "%s%s", low[sysm], sysm < 4 ? masks[i->x & 3] : "");
    else if (sysm == 8 || sysm == 9)
        add(t, "%s", sysm == 8 ? "MSP" : "PSP");
    else if (sysm >= 16 && sysm < 21)
        add(t, "%s", high[sysm - 16]);
    else
        add(t, "%u", sysm);
}

static void add_barrier(struct text *t, uint32_t option)
{
    static const char *const names[16] = {
        [2] = "oshst",  [3] = "osh",  [6] = "unst", [7] = "un",
        [10] = "ishst", [11] = "ish", [14] = "st",  [15] = "sy"};
    if (names[option & 15] != NULL)
        add(t, "%s", names[option & 15]);
    else
        add(t, "#%u", option);
}

/* Offsets have signs, values have none. */
static void add_immediate(struct text *t, const struct subject *s)
{
    uint32_t fix = thumb_form_more[s->row->form].fix;
    const struct insn *i = s->insn;
    bool is_offset = fix == TH_FIX_NEG || fix == TH_FIX_SIGN;
    if (is_offset && i->imm == 0 && (fix == TH_FIX_NEG || i->x == 0))
        add(t, "#-0");
    else if (is_offset)
        add(t, "#%d", (int32_t)i->imm);
    else
        add(t, "#%u", i->imm);
}

static void add_from_pc(struct text *t, const struct subject *s)
{
    uint32_t pc = (s->address + 4) & ~3u;
    uint32_t fix = thumb_form_more[s->row->form].fix;
    int32_t offset = (int32_t)(s->insn->imm - pc);
    if (fix == TH_FIX_LITSUB)
        add(t, "#%d", -offset);
    else if (offset == 0 && fix == TH_FIX_LITX && s->insn->x == 0)
        add(t, "#-0");
    else
        add(t, "#%d", offset);
}

static void add_register(struct text *t, const struct subject *s, char letter)
{
    const struct insn *i = s->insn;
    uint32_t r = letter == 'd'   ? i->d
                 : letter == 'n' ? i->n
                 : letter == 'm' ? i->m
                                 : i->a;
    add(t, "%s", disasm_register(s->m, r));
}

/* The letters of shifts. */
static bool add_shift_letter(struct text *t, const struct insn *i, char letter)
{
    if (letter == 'S')
        add_shift(t, i->x, i->imm);
    else if (letter == 'T' || letter == 'Z')
        add_shift(t, TH_LSL, i->imm);
    else if (letter == 'J')
        add_shift(t, TH_LSL, 1);
    else if (letter == 'V')
        add_shift(t, TH_RRX, 1);
    else if (letter == 'Y')
        add_shift(t, TH_LSR, i->imm);
    else if (letter == 'A')
        add_shift(t, TH_ASR, i->imm == 0 ? 32 : i->imm);
    else if (letter == 'R')
        add_shift(t, TH_ROR, i->imm);
    else
        return false;
    return true;
}

/* Those of numbers. */
static bool add_number_letter(struct text *t, const struct insn *i, char letter)
{
    if (letter == 'x' || letter == 'X' || letter == 'w')
        add(t, "#%u", i->x + (letter != 'x'));
    else if (letter == 'W')
        add(t, "#%u", i->x - i->imm + 1);
    else if (letter == 'h')
        add(t, "0x%04x", i->imm);
    else if (letter == 'U')
        add(t, "%u", i->imm);
    else if (letter == 'H')
        add(t, "{%u}", i->x);
    else
        return false;
    return true;
}

static void add_letter(struct text *t, const struct subject *s, char letter)
{
    const struct insn *i = s->insn;
    if (add_shift_letter(t, i, letter) || add_number_letter(t, i, letter))
        return;
    switch (letter) {
    case 'd':
    case 'n':
    case 'm':
    case 'a':
        add_register(t, s, letter);
        break;
    case '#':
        add_immediate(t, s);
        break;
    case 'P':
        add_from_pc(t, s);
        break;
    case '@':
        add(t, "0x%08x", i->imm);
        break;
    case 'L':
        add_list(t, i->imm);
        break;
    case '*':
        add(t, "%s", i->imm >> i->n & 1 ? "" : "!");
        break;
    case 'I':
        add(t, "%s", i->x >> 4 == 14 ? "al" : conditions[i->x >> 4]);
        break;
    case 'q':
        add_special(t, i);
        break;
    case 'B':
        add_barrier(t, i->x);
        break;
    default:
        add(t, "%c", letter);
    }
}

/* Of 32-bit loads and stores objdump leaves out an offset of +0. */
static bool hides_offset(const struct subject *s, const char *syntax)
{
    uint32_t fix = thumb_form_more[s->row->form].fix;
    return s->insn->size == 4 && s->insn->imm == 0 &&
           strncmp(syntax, ", #]", 4) == 0 && syntax[4] == '\0' &&
           (fix == TH_FIX_NO || (fix == TH_FIX_SIGN && s->insn->x != 0));
}

static void add_operands(struct text *t, const struct subject *s)
{
    const char *syntax = thumb_forms[s->row->form].syntax;
    if (syntax[0] != '\0')
        add(t, " ");
    for (const char *c = syntax; *c != '\0'; c++) {
        if (hides_offset(s, c))
            c += 3;
        add_letter(t, s, *c);
    }
}

/* ---- IT blocks -------------------------------------------------------- */

enum { FAR_BACK = 14 }; /* bytes: an IT and three wide instructions          */

static uint32_t size_at(struct machine *m, uint32_t address)
{
    uint16_t half = 0;
    machine_peek(m, address, &half, 2);
    return half >> 11 >= 29 ? 4 : 2;
}

/*
 * Does an instruction begin at `address`? Behind a halfword that opens no wide
 * instruction one does; behind a run of n that might, if n is even.
 */
static bool is_beginning(struct machine *m, uint32_t begin, uint32_t address)
{
    bool is_one = true;
    while (address - begin >= 2 && size_at(m, address - 2) == 4) {
        is_one = !is_one;
        address -= 2;
    }
    return is_one;
}

/* ITSTATE at `address` if an IT stands at `it_at`; 0: its block ends before. */
static uint8_t it_from(struct machine *m, uint32_t begin, uint32_t it_at,
                       uint32_t address)
{
    uint16_t half = 0;
    machine_peek(m, it_at, &half, 2);
    if (half >> 8 != 0xbf || (half & 15) == 0 || !is_beginning(m, begin, it_at))
        return 0;
    uint8_t it = (uint8_t)half;
    uint32_t at = it_at + 2;
    while (at < address && it != 0) {
        at += size_at(m, at);
        it = thumb_it_advance(it);
    }
    return at == address ? it : 0;
}

static uint8_t it_at(struct machine *m, uint32_t begin, uint32_t address)
{
    if (!m->timing.cortex_m.has_v7)
        return 0;
    for (uint32_t back = 2; back <= FAR_BACK && back <= address - begin;
         back += 2) {
        uint8_t it = it_from(m, begin, address - back, address);
        if (it != 0)
            return it;
    }
    return 0;
}

uint32_t thumb_disasm(struct machine *m, uint32_t begin, uint32_t address,
                      char *out, size_t cap)
{
    struct region *r = bus_region_at(&m->bus, address);
    struct insn insn;
    struct text t = {out, cap, 0};
    uint16_t half[2] = {0, 0};
    out[0] = '\0';
    if (r == NULL || r->code == NULL)
        return 0;
    m->core->decode(m, r, address, &insn);
    if (insn.op < INSN_FIRST_ROW) {
        uint32_t size = size_at(m, address);
        if (size == 4 && machine_peek(m, address, half, 4))
            add(&t, ".2byte 0x%04x, 0x%04x", half[0], half[1]);
        else if (machine_peek(m, address, half, 2))
            add(&t, ".2byte 0x%04x", half[0]);
        return size;
    }
    struct subject s = {.m = m,
                        .insn = &insn,
                        .row = &thumb_rows[insn.op - INSN_FIRST_ROW],
                        .address = address,
                        .it = it_at(m, begin, address)};
    add_mnemonic(&t, &s);
    add_operands(&t, &s);
    return insn.size;
}
