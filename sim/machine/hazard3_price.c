/* hazard3_price.c - see hazard3_price.h. */
#include "sim/machine/hazard3_price.h"

#include "sim/machine/rv32.h"

/*
 * Cycles in X, two buses, no wait states. All of TIMING-hazard3.md section 2,
 * all measured on the RTL; where a document disagrees it is named.
 */
static const uint8_t price[RV_N_COSTS] = {
    [RV_COST_ALU] = 1,     /* "ALU, shifts, lui, auipc, Zb*, mul, CSR, fence" */
    [RV_COST_LOAD] = 1,    /* "load, store (any size)"                        */
    [RV_COST_STORE] = 1,   /* the same                                        */
    [RV_COST_DIV] = 19,    /* "19, or 20 if the dividend is negative"; the
                              datasheet says 18 or 19 (section 4, 1)          */
    [RV_COST_DIVU] = 19,   /* "19, independent of the values"                 */
    [RV_COST_LR] = 1,      /* "lr.w, sc.w (success or failure)"               */
    [RV_COST_SC] = 1,      /* the same                                        */
    [RV_COST_AMO] = 4,     /* "amo*.w"                                        */
    [RV_COST_JUMP] = 1,    /* and one of refill: "jal, j, jalr, jr, ret" 2    */
    [RV_COST_BRANCH] = 1,  /* and one of refill unless it went as predicted   */
    [RV_COST_CSR] = 1,     /* as ALU                                          */
    [RV_COST_FENCE] = 1,   /* as ALU                                          */
    [RV_COST_FENCEI] = 1,  /* and one of refill: "fence.i" 2                  */
    [RV_COST_TRAP] = 1,    /* and two of refill: "ecall, ebreak" 3; "mret" 3,
                              the datasheet says 2 (section 4, 2)             */
    [RV_COST_PUSH] = 1,    /* and one a register: "cm.push, cm.pop" 1+n       */
    [RV_COST_POP] = 1,     /* the same                                        */
    [RV_COST_POPRET] = 2,  /* and one a register; n = 1 waits for ra: 4       */
    [RV_COST_POPRETZ] = 3, /* and one a register, "for every n" (section 4,3)*/
    [RV_COST_MOVE2] = 2,   /* "cm.mvsa01, cm.mva01s"                         */
    [RV_COST_BAD] = 1,     /* not reached                                    */
};

bool hazard3_word_at(struct machine *m, uint32_t address, uint32_t *word,
                     uint32_t *bytes)
{
    const uint8_t *host = bus_host(&m->bus, address, 2);
    uint16_t half[2] = {0, 0};
    if (host == NULL)
        return false;
    memcpy(&half[0], host, 2);
    *word = half[0];
    *bytes = 2;
    if ((half[0] & 3) != 3)
        return true;
    host = bus_host(&m->bus, address + 2, 2);
    if (host == NULL)
        return false;
    memcpy(&half[1], host, 2);
    *word |= (uint32_t)half[1] << 16;
    *bytes = 4;
    return true;
}

/* TIMING-hazard3.md section 2.1, "which fields count as sources". */
struct h3_reads hazard3_reads(const struct insn *i, uint32_t word)
{
    const struct insn_row *row = &rv_rows[i->op - INSN_FIRST_ROW];
    struct h3_reads r = {{0, 0}};
    switch (rv_form_reads[row->form]) {
    case RV_READS_NM:
        r.reg[1] = i->m;
        r.reg[0] = i->n;
        break;
    case RV_READS_N:
        r.reg[0] = i->n;
        break;
    case RV_READS_M:
        r.reg[0] = i->m;
        break;
    case RV_READS_CSR: /* also the number's low bits; also with immediate */
        r.reg[0] = word >> 15 & 31;
        r.reg[1] = word >> 20 & 31;
        break;
    case RV_READS_MV: /* the first of the two moves */
        r.reg[0] =
            (word >> 5 & 3) == 1 ? RV_A0 : (uint8_t)rv_saved_register(i->n);
        break;
    default:
        break;
    }
    return r;
}

/* The instruction at `address` without its price; false: there is none. */
static bool read_insn(struct machine *m, uint32_t address, struct insn *out,
                      uint32_t *word)
{
    uint32_t bytes;
    if (!hazard3_word_at(m, address, word, &bytes))
        return false;
    int row = insn_find(&m->table, *word, bytes);
    if (row < 0)
        return false;
    insn_extract(&m->table, row, *word, address, out);
    return true;
}

static bool is_load_like(const struct insn *i)
{
    return i->cost == RV_COST_LOAD || i->cost == RV_COST_LR ||
           i->cost == RV_COST_SC;
}

static bool is_exclusive(const struct insn *i)
{
    return i->cost == RV_COST_LR || i->cost == RV_COST_SC;
}

/* Does the instruction behind `i` wait a cycle for it? */
static bool delays_next(struct machine *m, const struct insn *i,
                        uint32_t address)
{
    struct insn next;
    uint32_t word;
    if (!is_load_like(i) || !read_insn(m, address + i->size, &next, &word))
        return false;
    if (is_exclusive(i) && (is_exclusive(&next) || next.cost == RV_COST_AMO))
        return true;
    struct h3_reads r = hazard3_reads(&next, word);
    return i->d != 0 && (r.reg[0] == i->d || r.reg[1] == i->d);
}

static uint8_t own_price(const struct insn *i)
{
    uint32_t n = price[i->cost];
    if (i->cost >= RV_COST_PUSH && i->cost <= RV_COST_POPRETZ)
        n += rv_list_length(i->x);
    if (i->cost == RV_COST_POPRET && rv_list_length(i->x) == 1)
        n++;
    return (uint8_t)n;
}

void hazard3_decode(struct machine *m, struct region *r, uint32_t address,
                    struct insn *out)
{
    uint32_t word;
    uint32_t page = (address - r->is.base) >> BUS_PAGE_BITS;
    if (!read_insn(m, address, out, &word)) {
        *out = (struct insn){.op = INSN_BAD, .cost = RV_COST_BAD};
        return;
    }
    /* A price depends on the successor: its bytes are watched, too. */
    uint32_t last = (address - r->is.base + 7) >> BUS_PAGE_BITS;
    r->guard[page] |= GUARD_CODE;
    if (last <= r->is.bytes >> BUS_PAGE_BITS)
        r->guard[last] |= GUARD_CODE;
    out->spare = delays_next(m, out, address);
    out->price = (uint8_t)(own_price(out) + out->spare);
    out->late = out->size == 4 && (address & 2) != 0;
    if (out->d == 0)
        out->d = MACHINE_SINK;
}
