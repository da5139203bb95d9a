/*
 * thumb_memory.h - the rows of thumb.def that load and store
 *
 * An instruction whose access fails changes no register, so that its fault
 * shows the machine as it was. A store that the test device took is done, but
 * bus_store() says false, so that the engine looks at the device.
 *
 * Source    ARM DDI 0403E.b, A7.7 and B2.5 (unaligned accesses).
 */
#ifndef SIM_MACHINE_THUMB_MEMORY_H
#define SIM_MACHINE_THUMB_MEMORY_H

#include "sim/machine/thumb.h"

/* An access that bus_load() or bus_store() refused as unaligned, in parts. */
bool thumb_load_parts(struct machine *m, uint32_t address, uint32_t bytes,
                      uint32_t *value);
bool thumb_store_parts(struct machine *m, uint32_t address, uint32_t bytes,
                       uint32_t value);

/* MemU: unaligned addresses are served where the core can. */
static inline bool thumb_load(struct machine *m, uint32_t address,
                              uint32_t bytes, uint32_t *value)
{
    return bus_load(&m->bus, address, bytes, value) ||
           thumb_load_parts(m, address, bytes, value);
}

static inline bool thumb_store(struct machine *m, uint32_t address,
                               uint32_t bytes, uint32_t value)
{
    return bus_store(&m->bus, address, bytes, value) ||
           thumb_store_parts(m, address, bytes, value);
}

/* Is a store done that thumb_store() or bus_store() answered by `said`? */
static inline bool thumb_is_stored(const struct machine *m, bool said)
{
    return said || m->bus.event == BUS_DEVICE;
}

/* ---- one word, halfword or byte --------------------------------------- */

/* Load d from `address`; `extend` is a type whose sign it takes. */
#define THUMB_LOAD(op, bytes, extend)                                          \
    static inline bool thumb_##op##_lit(struct machine *m, uint32_t d,         \
                                        uint32_t address)                      \
    {                                                                          \
        uint32_t value = 0;                                                    \
        bool is_done = thumb_load(m, address, (bytes), &value);                \
        m->r[is_done ? d : MACHINE_SINK] = (uint32_t)(extend)value;            \
        return is_done;                                                        \
    }                                                                          \
    static inline bool thumb_##op##_imm(struct machine *m, uint32_t d,         \
                                        uint32_t n, uint32_t imm)              \
    {                                                                          \
        return thumb_##op##_lit(m, d, m->r[n] + imm);                          \
    }                                                                          \
    static inline bool thumb_##op##_ireg(struct machine *m, uint32_t d,        \
                                         uint32_t n, uint32_t rm)              \
    {                                                                          \
        return thumb_##op##_lit(m, d, m->r[n] + m->r[rm]);                     \
    }                                                                          \
    static inline bool thumb_##op##_reg(struct machine *m, uint32_t d,         \
                                        uint32_t n, uint32_t rm,               \
                                        uint32_t shift)                        \
    {                                                                          \
        return thumb_##op##_lit(m, d, m->r[n] + (m->r[rm] << shift));          \
    }                                                                          \
    static inline bool thumb_##op##_pre(struct machine *m, uint32_t d,         \
                                        uint32_t n, uint32_t imm)              \
    {                                                                          \
        uint32_t address = m->r[n] + imm;                                      \
        bool is_done = thumb_##op##_lit(m, d, address);                        \
        m->r[is_done ? n : MACHINE_SINK] = address;                            \
        return is_done;                                                        \
    }                                                                          \
    static inline bool thumb_##op##_post(struct machine *m, uint32_t d,        \
                                         uint32_t n, uint32_t imm)             \
    {                                                                          \
        uint32_t address = m->r[n];                                            \
        bool is_done = thumb_##op##_lit(m, d, address);                        \
        m->r[is_done ? n : MACHINE_SINK] = address + imm;                      \
        return is_done;                                                        \
    }

/* clang-format off */
THUMB_LOAD(ldr,   4, uint32_t)
THUMB_LOAD(ldrh,  2, uint16_t)
THUMB_LOAD(ldrb,  1, uint8_t)
THUMB_LOAD(ldrsh, 2, int16_t)
THUMB_LOAD(ldrsb, 1, int8_t)
/* clang-format on */

#define THUMB_STORE(op, bytes)                                                 \
    static inline bool thumb_##op##_imm(struct machine *m, uint32_t d,         \
                                        uint32_t n, uint32_t imm)              \
    {                                                                          \
        return thumb_store(m, m->r[n] + imm, (bytes), m->r[d]);                \
    }                                                                          \
    static inline bool thumb_##op##_ireg(struct machine *m, uint32_t d,        \
                                         uint32_t n, uint32_t rm)              \
    {                                                                          \
        return thumb_store(m, m->r[n] + m->r[rm], (bytes), m->r[d]);           \
    }                                                                          \
    static inline bool thumb_##op##_reg(struct machine *m, uint32_t d,         \
                                        uint32_t n, uint32_t rm,               \
                                        uint32_t shift)                        \
    {                                                                          \
        uint32_t address = m->r[n] + (m->r[rm] << shift);                      \
        return thumb_store(m, address, (bytes), m->r[d]);                      \
    }                                                                          \
    static inline bool thumb_##op##_pre(struct machine *m, uint32_t d,         \
                                        uint32_t n, uint32_t imm)              \
    {                                                                          \
        uint32_t address = m->r[n] + imm;                                      \
        bool said = thumb_store(m, address, (bytes), m->r[d]);                 \
        m->r[thumb_is_stored(m, said) ? n : MACHINE_SINK] = address;           \
        thumb_watch_stack(m);                                                  \
        return said;                                                           \
    }                                                                          \
    static inline bool thumb_##op##_post(struct machine *m, uint32_t d,        \
                                         uint32_t n, uint32_t imm)             \
    {                                                                          \
        uint32_t address = m->r[n];                                            \
        bool said = thumb_store(m, address, (bytes), m->r[d]);                 \
        m->r[thumb_is_stored(m, said) ? n : MACHINE_SINK] = address + imm;     \
        thumb_watch_stack(m);                                                  \
        return said;                                                           \
    }

/* clang-format off */
THUMB_STORE(str,  4)
THUMB_STORE(strh, 2)
THUMB_STORE(strb, 1)
/* clang-format on */

/* LDR PC: where to go is left in r[15]. */
static inline bool thumb_ldr_pc_lit(struct machine *m, uint32_t address)
{
    return thumb_ldr_lit(m, TH_PC, address);
}

static inline bool thumb_ldr_pc_imm(struct machine *m, uint32_t n, uint32_t imm)
{
    return thumb_ldr_imm(m, TH_PC, n, imm);
}

static inline bool thumb_ldr_pc_reg(struct machine *m, uint32_t n, uint32_t rm,
                                    uint32_t shift)
{
    return thumb_ldr_reg(m, TH_PC, n, rm, shift);
}

static inline bool thumb_ldr_pc_pre(struct machine *m, uint32_t n, uint32_t imm)
{
    return thumb_ldr_pre(m, TH_PC, n, imm);
}

static inline bool thumb_ldr_pc_post(struct machine *m, uint32_t n,
                                     uint32_t imm)
{
    return thumb_ldr_post(m, TH_PC, n, imm);
}

/* TBB, TBH: the table's entry counts halfwords from the PC. */
static inline bool thumb_tbb(struct machine *m, uint32_t n, uint32_t rm)
{
    uint32_t halfwords;
    if (!bus_load(&m->bus, m->r[n] + m->r[rm], 1, &halfwords))
        return false;
    m->r[TH_PC] = (m->r[TH_PC] + 2 * halfwords) | 1;
    return true;
}

static inline bool thumb_tbh(struct machine *m, uint32_t n, uint32_t rm)
{
    uint32_t halfwords;
    if (!thumb_load(m, m->r[n] + (m->r[rm] << 1), 2, &halfwords))
        return false;
    m->r[TH_PC] = (m->r[TH_PC] + 2 * halfwords) | 1;
    return true;
}

/* ---- lists: bit k of `list` is register k, the lowest at the lowest --- */

static inline uint32_t thumb_list_bytes(uint32_t list)
{
    return 4 * (uint32_t)__builtin_popcount(list);
}

/* Load the registers of `list` from `address` on; all of them or none. */
static inline bool thumb_load_list(struct machine *m, uint32_t address,
                                   uint32_t list)
{
    uint32_t value[16] = {0};
    uint32_t n = thumb_list_bytes(list) / 4;
    for (uint32_t k = 0; k < n; k++)
        if (!bus_load(&m->bus, address + 4 * k, 4, &value[k]))
            return false;
    uint32_t rest = list;
    for (uint32_t k = 0; k < n; k++, rest &= rest - 1)
        m->r[__builtin_ctz(rest)] = value[k];
    return true;
}

/* Store them. False at a fault, and at the end if the device was met. */
static inline bool thumb_store_list(struct machine *m, uint32_t address,
                                    uint32_t list)
{
    bool has_met_device = false;
    for (uint32_t rest = list; rest != 0; rest &= rest - 1, address += 4) {
        bool said = bus_store(&m->bus, address, 4, m->r[__builtin_ctz(rest)]);
        if (!thumb_is_stored(m, said))
            return false;
        has_met_device |= !said;
    }
    if (has_met_device)
        m->bus.event = BUS_DEVICE;
    return !has_met_device;
}

/* Load from `from` on, then n becomes `base`, unless it was loaded. */
static inline bool thumb_load_list_wb(struct machine *m, uint32_t n,
                                      uint32_t from, uint32_t base,
                                      uint32_t list)
{
    if (!thumb_load_list(m, from, list))
        return false;
    if ((list >> n & 1) == 0)
        m->r[n] = base;
    return true;
}

static inline bool thumb_store_list_wb(struct machine *m, uint32_t n,
                                       uint32_t from, uint32_t base,
                                       uint32_t list)
{
    bool said = thumb_store_list(m, from, list);
    m->r[thumb_is_stored(m, said) ? n : MACHINE_SINK] = base;
    thumb_watch_stack(m);
    return said;
}

static inline bool thumb_ldmia(struct machine *m, uint32_t n, uint32_t list)
{
    return thumb_load_list(m, m->r[n], list);
}

static inline bool thumb_ldmdb(struct machine *m, uint32_t n, uint32_t list)
{
    return thumb_load_list(m, m->r[n] - thumb_list_bytes(list), list);
}

static inline bool thumb_ldmia_wb(struct machine *m, uint32_t n, uint32_t list)
{
    uint32_t base = m->r[n];
    return thumb_load_list_wb(m, n, base, base + thumb_list_bytes(list), list);
}

static inline bool thumb_ldmdb_wb(struct machine *m, uint32_t n, uint32_t list)
{
    uint32_t base = m->r[n] - thumb_list_bytes(list);
    return thumb_load_list_wb(m, n, base, base, list);
}

static inline bool thumb_stmia(struct machine *m, uint32_t n, uint32_t list)
{
    return thumb_store_list(m, m->r[n], list);
}

static inline bool thumb_stmdb(struct machine *m, uint32_t n, uint32_t list)
{
    return thumb_store_list(m, m->r[n] - thumb_list_bytes(list), list);
}

static inline bool thumb_stmia_wb(struct machine *m, uint32_t n, uint32_t list)
{
    uint32_t base = m->r[n];
    return thumb_store_list_wb(m, n, base, base + thumb_list_bytes(list), list);
}

static inline bool thumb_stmdb_wb(struct machine *m, uint32_t n, uint32_t list)
{
    uint32_t base = m->r[n] - thumb_list_bytes(list);
    return thumb_store_list_wb(m, n, base, base, list);
}

/* The rows with PC in the list are the same; it lands in r[15]. */
#define thumb_ldmia_pc    thumb_ldmia
#define thumb_ldmdb_pc    thumb_ldmdb
#define thumb_ldmia_wb_pc thumb_ldmia_wb
#define thumb_ldmdb_wb_pc thumb_ldmdb_wb
#define thumb_stm16       thumb_stmia_wb
#define thumb_ldm16       thumb_ldmia_wb

static inline bool thumb_push(struct machine *m, uint32_t list)
{
    return thumb_stmdb_wb(m, TH_SP, list);
}

static inline bool thumb_pop(struct machine *m, uint32_t list)
{
    return thumb_ldmia_wb(m, TH_SP, list);
}

#define thumb_pop_pc thumb_pop

/* ---- two words -------------------------------------------------------- */

static inline bool thumb_ldrd_lit(struct machine *m, uint32_t t, uint32_t t2,
                                  uint32_t address)
{
    uint32_t low, high;
    if (!bus_load(&m->bus, address, 4, &low) ||
        !bus_load(&m->bus, address + 4, 4, &high))
        return false;
    m->r[t] = low;
    m->r[t2] = high;
    return true;
}

static inline bool thumb_ldrd(struct machine *m, uint32_t t, uint32_t t2,
                              uint32_t n, uint32_t imm)
{
    return thumb_ldrd_lit(m, t, t2, m->r[n] + imm);
}

static inline bool thumb_ldrd_pre(struct machine *m, uint32_t t, uint32_t t2,
                                  uint32_t n, uint32_t imm)
{
    uint32_t address = m->r[n] + imm;
    bool is_done = thumb_ldrd_lit(m, t, t2, address);
    m->r[is_done ? n : MACHINE_SINK] = address;
    return is_done;
}

static inline bool thumb_ldrd_post(struct machine *m, uint32_t t, uint32_t t2,
                                   uint32_t n, uint32_t imm)
{
    uint32_t address = m->r[n];
    bool is_done = thumb_ldrd_lit(m, t, t2, address);
    m->r[is_done ? n : MACHINE_SINK] = address + imm;
    return is_done;
}

static inline bool thumb_store_two(struct machine *m, uint32_t t, uint32_t t2,
                                   uint32_t address)
{
    bool said = bus_store(&m->bus, address, 4, m->r[t]);
    if (!thumb_is_stored(m, said))
        return false;
    bool said2 = bus_store(&m->bus, address + 4, 4, m->r[t2]);
    return said && said2;
}

static inline bool thumb_strd(struct machine *m, uint32_t t, uint32_t t2,
                              uint32_t n, uint32_t imm)
{
    return thumb_store_two(m, t, t2, m->r[n] + imm);
}

static inline bool thumb_strd_pre(struct machine *m, uint32_t t, uint32_t t2,
                                  uint32_t n, uint32_t imm)
{
    uint32_t address = m->r[n] + imm;
    bool said = thumb_store_two(m, t, t2, address);
    m->r[thumb_is_stored(m, said) ? n : MACHINE_SINK] = address;
    thumb_watch_stack(m);
    return said;
}

static inline bool thumb_strd_post(struct machine *m, uint32_t t, uint32_t t2,
                                   uint32_t n, uint32_t imm)
{
    uint32_t address = m->r[n];
    bool said = thumb_store_two(m, t, t2, address);
    m->r[thumb_is_stored(m, said) ? n : MACHINE_SINK] = address + imm;
    thumb_watch_stack(m);
    return said;
}

/* ---- exclusive accesses: one core, so only an open LDREX counts ------- */

#define THUMB_EXCLUSIVE(size, bytes)                                           \
    static inline bool thumb_load_exclusive##size(struct machine *m,           \
                                                  uint32_t d, uint32_t at)     \
    {                                                                          \
        uint32_t value = 0;                                                    \
        bool is_done = bus_load(&m->bus, at, (bytes), &value);                 \
        m->r[is_done ? d : MACHINE_SINK] = value;                              \
        m->timing.cortex_m.is_exclusive |= is_done;                            \
        return is_done;                                                        \
    }                                                                          \
    static inline bool thumb_store_exclusive##size(                            \
        struct machine *m, uint32_t d, uint32_t t, uint32_t at)                \
    {                                                                          \
        bool is_open = m->timing.cortex_m.is_exclusive;                        \
        bool said = !is_open || bus_store(&m->bus, at, (bytes), m->r[t]);      \
        m->timing.cortex_m.is_exclusive = false;                               \
        m->r[thumb_is_stored(m, said) ? d : MACHINE_SINK] = !is_open;          \
        return said;                                                           \
    }

/* clang-format off */
THUMB_EXCLUSIVE(, 4)
THUMB_EXCLUSIVE(h, 2)
THUMB_EXCLUSIVE(b, 1)
/* clang-format on */

static inline bool thumb_ldrex(struct machine *m, uint32_t d, uint32_t n,
                               uint32_t imm)
{
    return thumb_load_exclusive(m, d, m->r[n] + imm);
}

static inline bool thumb_ldrexh(struct machine *m, uint32_t d, uint32_t n)
{
    return thumb_load_exclusiveh(m, d, m->r[n]);
}

static inline bool thumb_ldrexb(struct machine *m, uint32_t d, uint32_t n)
{
    return thumb_load_exclusiveb(m, d, m->r[n]);
}

static inline bool thumb_strex(struct machine *m, uint32_t d, uint32_t t,
                               uint32_t n, uint32_t imm)
{
    return thumb_store_exclusive(m, d, t, m->r[n] + imm);
}

static inline bool thumb_strexh(struct machine *m, uint32_t d, uint32_t t,
                                uint32_t n)
{
    return thumb_store_exclusiveh(m, d, t, m->r[n]);
}

static inline bool thumb_strexb(struct machine *m, uint32_t d, uint32_t t,
                                uint32_t n)
{
    return thumb_store_exclusiveb(m, d, t, m->r[n]);
}

static inline void thumb_clrex(struct machine *m)
{
    m->timing.cortex_m.is_exclusive = false;
}

#endif /* SIM_MACHINE_THUMB_MEMORY_H */
