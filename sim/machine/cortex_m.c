/* cortex_m.c - see cortex_m.h: what the four cores have in common. */
#include "sim/machine/cortex_m.h"

#include <stdlib.h>
#include <string.h>

#include "sim/machine/thumb.h"

static int read_prefetch(struct machine *m, struct machine_problem *p)
{
    const char *word = config_option(&m->config, "prefetch", "none");
    m->timing.cortex_m.has_prefetch = strcmp(word, "word") == 0;
    if (m->timing.cortex_m.has_prefetch || strcmp(word, "none") == 0)
        return 0;
    return machine_problem_set(p, MACHINE_BAD_INPUT,
                               "option 'prefetch': none or word, not '%s'",
                               word);
}

static void look_at_memory(struct machine *m)
{
    struct cortex_m *c = &m->timing.cortex_m;
    for (uint32_t i = 0; i < m->config.n_regions; i++) {
        const struct region_config *r = &m->config.regions[i];
        c->has_io_port |= r->is_io_port;
        c->has_fetch_wait |= r->kind != REGION_DEVICE && r->wait_fetch != 0;
    }
}

int cortex_m_open(struct machine *m, uint32_t has, struct machine_problem *p)
{
    int err = read_prefetch(m, p);
    if (err < 0)
        return err;
    m->timing.cortex_m.has_v7 = (has & TH_V7) != 0;
    m->timing.cortex_m.has_dsp = (has & TH_DSP) != 0;
    look_at_memory(m);
    bus_set_fast(&m->bus, true);

    struct insn_table *literals = calloc(1, sizeof *literals);
    if (literals == NULL)
        return machine_problem_set(p, MACHINE_NO_MEMORY, "out of memory");
    err = insn_compile(&m->table, thumb_rows, TH_N_PLAIN, thumb_forms, has, p);
    if (err < 0) {
        free(literals);
        return err;
    }
    err = insn_compile(literals, thumb_rows + TH_N_PLAIN,
                       TH_N_ROWS - TH_N_PLAIN, thumb_forms, has, p);
    if (err < 0) {
        insn_table_close(&m->table);
        free(literals);
        return err;
    }
    m->core_data = literals;
    return 0;
}

void cortex_m_close(struct machine *m)
{
    insn_table_close(m->core_data);
    free(m->core_data);
    m->core_data = NULL;
    insn_table_close(&m->table);
}

int cortex_m_switch(const struct machine *m, const char *key, uint32_t low,
                    uint32_t high, uint32_t standard, uint8_t *out,
                    struct machine_problem *p)
{
    const char *word = config_option(&m->config, key, NULL);
    char *end = NULL;
    unsigned long value = word == NULL ? standard : strtoul(word, &end, 10);
    *out = (uint8_t)value;
    if (word == NULL ||
        (end != word && *end == '\0' && value >= low && value <= high))
        return 0;
    return machine_problem_set(p, MACHINE_BAD_INPUT,
                               "option '%s': %u to %u, not '%s'", key, low,
                               high, word);
}

void cortex_m_restart(struct machine *m)
{
    struct cortex_m *c = &m->timing.cortex_m;
    c->fetched = CORTEX_M_NOTHING;
    c->before = (struct insn){0};
    c->wide_next = CORTEX_M_NOTHING;
    c->wide_run = 0;
    m->arm.it = 0;
}

/*
 * Does a vector table lie at `table`? Its second word is an address of Thumb
 * code; when the image names an entry, that one.
 */
static bool is_vectors(struct machine *m, uint32_t table, uint32_t entry)
{
    uint32_t vector[2] = {0, 0};
    return machine_peek(m, table, vector, sizeof vector) &&
           (vector[1] & 1) != 0 && (vector[0] & 3) == 0 &&
           machine_insn_at(m, vector[1] & ~1u) != NULL &&
           (entry == table || entry == (vector[1] & ~1u));
}

/* Where a run begins, or near the start of what the image loads: RP2040's and
 * others' tables follow a boot block. */
static uint32_t find_vectors(struct machine *m, uint32_t entry)
{
    enum { FAR = 4096, STEP = 128 }; /* a table's least alignment, VTOR */
    if (is_vectors(m, m->config.reset_pc, entry))
        return m->config.reset_pc;
    for (uint32_t i = 0; m->image != NULL && i < m->image->n_segments; i++) {
        const struct segment *s = &m->image->segments[i];
        uint32_t at = (s->address + STEP - 1) & ~(uint32_t)(STEP - 1);
        for (; at - s->address < FAR && at - s->address < s->file_bytes;
             at += STEP)
            if (at != entry && is_vectors(m, at, entry))
                return at;
    }
    return CORTEX_M_NOTHING;
}

/* TakeReset (B1.5.5), if there is a vector table. */
static void take_vectors(struct machine *m, uint32_t entry)
{
    uint32_t vector[2];
    uint32_t table = find_vectors(m, entry);
    m->timing.cortex_m.vectors = table;
    m->r[TH_SP] = m->config.reset_sp;
    if (table == CORTEX_M_NOTHING ||
        !machine_peek(m, table, vector, sizeof vector))
        return;
    m->r[TH_SP] = vector[0];
    m->pc = vector[1] & ~1u;
}

void cortex_m_reset(struct machine *m, uint32_t entry)
{
    thumb_reset(m, entry);
    take_vectors(m, entry);
    m->timing.cortex_m.is_exclusive = false;
    m->timing.cortex_m.waits_charged = m->bus.waits;
    m->cycles = 0;
    cortex_m_restart(m);
}

/* Nothing but the decoded instructions themselves is kept of code. */
void cortex_m_code_changed(struct machine *m, uint32_t address, uint32_t bytes)
{
    (void)m;
    (void)address;
    (void)bytes;
}

/* ---- fetch ------------------------------------------------------------ */

/*
 * A word that is not the one fetched last costs the wait states of its region;
 * with prefetch, the word in sequence was asked for when the one before came,
 * and costs what is left of them (inferred: published counts of STM32F0 at one
 * wait state rise by 45 % without prefetch, by 0.5 to 4 % with it).
 */
static uint32_t fetch_word(struct machine *m, uint32_t word, uint64_t now)
{
    struct cortex_m *c = &m->timing.cortex_m;
    const struct region *r = bus_region_at(&m->bus, word);
    uint32_t waits = r == NULL ? 0 : r->is.wait_fetch;
    uint32_t left = waits;
    if (word == c->fetched)
        return 0;
    if (c->has_prefetch && word == c->fetched + 4)
        left = c->next_at > now ? (uint32_t)(c->next_at - now) : 0;
    c->fetched = word;
    c->next_at = now + left + 1 + waits;
    return left;
}

uint32_t cortex_m_fetch(struct machine *m, uint32_t pc, uint32_t size)
{
    uint32_t waits = fetch_word(m, pc & ~3u, m->cycles);
    if (size == 4 && (pc & 2) != 0)
        waits += fetch_word(m, (pc & ~3u) + 4, m->cycles + waits);
    return waits;
}
