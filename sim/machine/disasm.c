/* disasm.c - see disasm.h. */
#include "sim/machine/disasm.h"

#include "sim/machine/rv32.h"
#include "sim/machine/rv32_rows.h"
#include "sim/machine/thumb_disasm.h"

static const char *const rv_names[MACHINE_N_REGISTERS] = {
    "zero", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
    "a1",   "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
    "s6",   "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6", "zero"};

static const char *const arm_names[16] = {"r0",  "r1", "r2", "r3", "r4",  "r5",
                                          "r6",  "r7", "r8", "r9", "r10", "r11",
                                          "r12", "sp", "lr", "pc"};

struct csr_name {
    uint32_t number;
    const char *name;
};

static const struct csr_name csr_names[] = {
    {0x300, "mstatus"},       {0x301, "misa"},       {0x304, "mie"},
    {0x305, "mtvec"},         {0x306, "mcounteren"}, {0x310, "mstatush"},
    {0x320, "mcountinhibit"}, {0x340, "mscratch"},   {0x341, "mepc"},
    {0x342, "mcause"},        {0x343, "mtval"},      {0x344, "mip"},
    {0xb00, "mcycle"},        {0xb02, "minstret"},   {0xb80, "mcycleh"},
    {0xb82, "minstreth"},     {0xc00, "cycle"},      {0xc02, "instret"},
    {0xc80, "cycleh"},        {0xc82, "instreth"},   {0xf11, "mvendorid"},
    {0xf12, "marchid"},       {0xf13, "mimpid"},     {0xf14, "mhartid"},
    {0xf15, "mconfigptr"},
};

const char *disasm_register(const struct machine *m, uint32_t n)
{
    if (m->core->isa == IMAGE_ARM)
        return n < 16 ? arm_names[n] : "?";
    return n < MACHINE_N_REGISTERS ? rv_names[n] : "?";
}

/* Text that grows, cut where it does not fit. */
struct text {
    char *out;
    size_t cap, used;
};

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

static void add_csr(struct text *t, uint32_t number)
{
    for (size_t i = 0; i < sizeof csr_names / sizeof csr_names[0]; i++)
        if (csr_names[i].number == number) {
            add(t, "%s", csr_names[i].name);
            return;
        }
    add(t, "0x%x", number);
}

/* "{ra, s0-s3}, -32" */
static void add_list(struct text *t, const struct insn *i)
{
    uint32_t n = rv_list_length(i->x);
    uint32_t bytes = rv_list_bytes(i->x, i->imm);
    bool is_push = i->cost == RV_COST_PUSH;
    add(t, "{ra");
    if (n == 2)
        add(t, ", s0");
    else if (n > 2)
        add(t, ", s0-s%u", n - 2);
    add(t, "}, %s%u", is_push ? "-" : "", bytes);
}

static void add_letter(struct text *t, const struct machine *m,
                       const struct insn *i, char letter)
{
    switch (letter) {
    case 'd':
        add(t, "%s", disasm_register(m, i->d));
        break;
    case 'n':
        add(t, "%s", disasm_register(m, i->n));
        break;
    case 'm':
        add(t, "%s", disasm_register(m, i->m));
        break;
    case 'a':
        add(t, "%s", disasm_register(m, i->a));
        break;
    case 'i':
        add(t, "%d", (int32_t)i->imm);
        break;
    case 'h':
        add(t, "0x%x", i->imm);
        break;
    case 'x':
        add(t, "%u", i->x);
        break;
    case 'u':
        add(t, "0x%x", i->imm >> 12);
        break;
    case '@':
        add(t, "0x%08x", i->imm);
        break;
    case 'c':
        add_csr(t, i->imm);
        break;
    case 'N':
        add(t, "%u", i->n);
        break;
    case 'r':
        add_list(t, i);
        break;
    case 'S':
        add(t, "%s, %s", disasm_register(m, rv_saved_register(i->n)),
            disasm_register(m, rv_saved_register(i->m)));
        break;
    default:
        add(t, "%c", letter);
    }
}

/* What is no instruction: a half or a whole word by its lowest two bits. */
static uint32_t add_undefined(struct text *t, struct machine *m,
                              uint32_t address)
{
    uint32_t word = 0;
    if (machine_peek(m, address, &word, 4) && (word & 3) == 3) {
        add(t, ".4byte 0x%08x", word);
        return 4;
    }
    machine_peek(m, address, &word, 2);
    if ((word & 0xffff) == 0)
        add(t, "c.unimp");
    else
        add(t, ".2byte 0x%04x", word & 0xffff);
    return 2;
}

uint32_t disasm(struct machine *m, uint32_t begin, uint32_t address, char *out,
                size_t cap)
{
    if (m->core->isa == IMAGE_ARM)
        return thumb_disasm(m, begin, address, out, cap);
    struct region *r = bus_region_at(&m->bus, address);
    struct insn insn;
    struct text t = {out, cap, 0};
    out[0] = '\0';
    if (r == NULL || r->code == NULL)
        return 0;
    m->core->decode(m, r, address, &insn);
    if (insn.op < INSN_FIRST_ROW || insn.cost == RV_COST_BAD)
        return add_undefined(&t, m, address);
    const struct insn_row *row = &m->table.rows[insn.op - INSN_FIRST_ROW];
    const char *syntax = m->table.forms[row->form].syntax;
    add(&t, "%s", row->name);
    if (syntax[0] != '\0')
        add(&t, " ");
    for (const char *c = syntax; *c != '\0'; c++)
        add_letter(&t, m, &insn, *c);
    return insn.size;
}
