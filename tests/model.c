/* model.c - see model.h: the rules, one loop each. */
#include "tests/model.h"

#include <stdlib.h>
#include <string.h>

enum { FREE = 0, HEAD = 1, TAIL = 2, MARK = 3 };

/* The area and block of an address in a pool; null outside of all. */
static struct model_area *find(const struct model *m, uint32_t address,
                               uint32_t *block)
{
    for (uint32_t i = 0; i < m->n_areas; i++) {
        const struct model_area *a = &m->areas[i];
        uint32_t end = a->pool + a->n_blocks * m->params.block;
        if (address >= a->pool && address < end) {
            *block = (address - a->pool) / m->params.block;
            return (struct model_area *)a;
        }
    }
    return NULL;
}

static uint32_t length_of(const struct model_area *a, uint32_t block)
{
    uint32_t n = 1;
    while (block + n < a->n_blocks && a->kind[block + n] == TAIL)
        n++;
    return n;
}

uint32_t model_object(const struct model *m, uint32_t address)
{
    uint32_t b;
    const struct model_area *a = find(m, address, &b);
    if (a == NULL || address % m->params.block != 0 || a->kind[b] != HEAD)
        return 0;
    return length_of(a, b);
}

static void forget_area(struct model *m, uint32_t place)
{
    struct model_area *a = &m->areas[place];
    uint32_t end = a->pool + a->n_blocks * m->params.block;
    uint32_t start = a->start;
    free(a->kind);
    free(a->finaliser);
    m->n_areas--;
    memmove(a, a + 1, (m->n_areas - place) * sizeof *a);
    if (place > 0) {
        m->calls.gone(m->calls.ctx, start, end);
        m->calls.more(m->calls.ctx, MORE_GIVE, start);
    }
}

/* T, A and the pool as the traces' description has them. */
static bool append(struct model *m, uint32_t start, uint32_t bytes)
{
    const struct marksweep_params *p = &m->params;
    uint32_t skip = m->n_areas == 0 ? 0 : p->area_struct;
    uint32_t end = (start + bytes) / p->block * p->block;
    if (end <= start + skip)
        return false;
    uint32_t t = end - start - skip;
    uint32_t per = 8 + (p->finalisers ? 4 : 0) + 8 * 4 * p->block;
    uint32_t table_bytes = (uint32_t)((t - 1) * UINT64_C(8) / per);
    if (table_bytes == 0 || m->n_areas == MODEL_AREAS_CAP)
        return false;

    struct model_area *a = &m->areas[m->n_areas++];
    *a = (struct model_area){.number = m->next_number++,
                             .start = start,
                             .table_bytes = table_bytes,
                             .n_blocks = 4 * table_bytes};
    a->pool = end - a->n_blocks * p->block;
    a->kind = calloc(a->n_blocks, 1);
    a->finaliser = calloc(a->n_blocks, 1);
    return true;
}

static void begin(struct model *m)
{
    append(m, m->heap_start, m->heap_bytes);
    m->areas[0].number = 0;
    m->search = 0;
    m->lock_depth = 0;
    m->is_auto = m->params.automatic;
    m->given_blocks = 0;
    m->refusal = REFUSAL_NONE;
    model_control(m, CONTROL_THRESHOLD, m->params.threshold);
}

void model_init(struct model *m, const struct marksweep_params *p,
                uint32_t heap_start, uint32_t heap_bytes,
                const struct model_calls *calls)
{
    *m = (struct model){.params = *p,
                        .calls = *calls,
                        .heap_start = heap_start,
                        .heap_bytes = heap_bytes};
    begin(m);
}

void model_close(struct model *m)
{
    for (uint32_t i = 0; i < m->n_areas; i++) {
        free(m->areas[i].kind);
        free(m->areas[i].finaliser);
    }
    m->n_areas = 0;
}

/* ---- Marking ---------------------------------------------------------- */

/* If `word` names an unmarked object: mark it. */
static bool mark(struct model *m, uint32_t word)
{
    uint32_t b;
    struct model_area *a = find(m, word, &b);
    if (a == NULL || word % m->params.block != 0 || a->kind[b] != HEAD)
        return false;
    a->kind[b] = MARK;
    return true;
}

/* Walk what the object reaches; returns whether the stack was too short. */
static bool walk(struct model *m, uint32_t object)
{
    uint32_t stack[MARKSWEEP_MARK_STACK_MAX];
    uint32_t depth = 0;
    bool overflow = false;
    for (;;) {
        uint32_t b;
        struct model_area *a = find(m, object, &b);
        uint32_t bytes = length_of(a, b) * m->params.block;
        for (uint32_t at = 0; at < bytes; at += 4) {
            uint32_t word = m->calls.word(m->calls.ctx, object + at);
            if (!mark(m, word))
                continue;
            if (depth < m->params.mark_stack)
                stack[depth++] = word;
            else
                overflow = true;
        }
        if (depth == 0)
            return overflow;
        object = stack[--depth];
    }
}

static void mark_all(struct model *m)
{
    bool overflow = false;
    for (uint32_t i = 0; i < m->n_roots; i++) {
        if (mark(m, m->roots[i]))
            overflow |= walk(m, m->roots[i]);
    }
    while (overflow) {
        overflow = false;
        m->last_rescans++;
        for (uint32_t i = 0; i < m->n_areas; i++) {
            struct model_area *a = &m->areas[i];
            for (uint32_t b = 0; b < a->n_blocks; b++) {
                if (a->kind[b] == MARK)
                    overflow |= walk(m, a->pool + b * m->params.block);
            }
        }
    }
}

/* ---- Sweeping --------------------------------------------------------- */

static void finalise(struct model *m)
{
    for (uint32_t i = 0; i < m->n_areas; i++) {
        struct model_area *a = &m->areas[i];
        for (uint32_t b = 0; b < a->n_blocks; b++) {
            if (!a->finaliser[b] || a->kind[b] != HEAD)
                continue;
            m->calls.finalise(m->calls.ctx, a->pool + b * m->params.block);
            a->finaliser[b] = 0;
        }
    }
}

static void sweep_area(struct model_area *a)
{
    uint32_t last = 0;
    bool is_dead = false;
    for (uint32_t b = 0; b < a->n_blocks; b++) {
        if (a->kind[b] == HEAD)
            is_dead = true;
        if (a->kind[b] == MARK) {
            is_dead = false;
            a->kind[b] = HEAD;
        }
        if (a->kind[b] != FREE && is_dead)
            a->kind[b] = FREE;
        if (a->kind[b] != FREE)
            last = b;
    }
    a->last_used = last;
    a->hint = 0;
}

static void sweep(struct model *m)
{
    for (uint32_t i = 0; i < m->n_areas;) {
        struct model_area *a = &m->areas[i];
        sweep_area(a);
        bool is_empty = a->last_used == 0;
        if (m->params.quirks == QUIRKS_SAFE && a->kind[0] != FREE)
            is_empty = false;
        if (is_empty && i > 0 && m->params.grow) {
            m->last_given_back++;
            forget_area(m, i);
        } else {
            i++;
        }
    }
    m->search = 0;
}

static void collect(struct model *m, uint32_t cause)
{
    m->is_collecting = true;
    m->n_collections++;
    m->last_cause = cause;
    m->last_rescans = 0;
    m->last_given_back = 0;
    if (m->calls.begins != NULL)
        m->calls.begins(m->calls.ctx, cause);
    if (cause != CAUSE_ALL) {
        m->given_blocks = 0;
        mark_all(m);
    }
    finalise(m);
    sweep(m);
    if (m->calls.ends != NULL)
        m->calls.ends(m->calls.ctx);
    m->is_collecting = false;
}

void model_collect(struct model *m, uint32_t kind)
{
    if (!m->is_collecting)
        collect(m, kind == COLLECT_EVERYTHING ? CAUSE_ALL : CAUSE_ASKED);
}

/* ---- Allocating ------------------------------------------------------- */

static bool grow(struct model *m, uint32_t bytes)
{
    const struct marksweep_params *p = &m->params;
    if (!p->grow)
        return false;
    uint32_t avail = m->calls.more(m->calls.ctx, MORE_AVAIL, 0);
    uint64_t n = bytes;
    uint64_t needed = p->growth_rule == GROWTH_103 ? 103 * n / 100
                      : 13 * n / 512 > 2048        ? n + 13 * n / 512
                                                   : n + 2048;
    if (avail < needed)
        return false;
    uint64_t blocks = 0;
    for (uint32_t i = 0; i < m->n_areas; i++)
        blocks += m->areas[i].n_blocks;
    uint64_t total = blocks / 4 + (p->finalisers ? blocks / 8 : 0) +
                     blocks * p->block + 1 + p->area_struct;
    total = (total + p->block - 1) / p->block * p->block;
    uint64_t taken = needed > total ? needed : total;
    if (taken > avail)
        taken = avail;
    uint32_t start = m->calls.more(m->calls.ctx, MORE_TAKE, (uint32_t)taken);
    if (start == 0)
        return false;
    if (append(m, start, (uint32_t)taken))
        return true;
    m->calls.more(m->calls.ctx, MORE_GIVE, start);
    return false;
}

/* Look for n free blocks in a row, block by block. */
static struct model_area *search(struct model *m, uint32_t n, uint32_t *found)
{
    const struct marksweep_params *p = &m->params;
    for (uint32_t i = m->search; i < m->n_areas; i++) {
        struct model_area *a = &m->areas[i];
        uint32_t run = 0;
        for (uint32_t b = 4 * a->hint; b < a->n_blocks; b++) {
            run = a->kind[b] == FREE ? run + 1 : 0;
            if (run == n) {
                *found = b + 1 - n;
                if (n == 1) {
                    m->search = i;
                    a->hint = (b + 1) / 4;
                }
                return a;
            }
        }
        if (n == 1 && p->quirks == QUIRKS_EXACT && p->area_struct != 0)
            a->hint = (a->table_bytes + 1) / 4;
        if (n == 1 && p->quirks == QUIRKS_SAFE && m->n_areas > 1)
            a->hint = a->table_bytes;
    }
    return NULL;
}

static uint32_t refuse(struct model *m, uint32_t why)
{
    m->refusal = why;
    return 0;
}

uint32_t model_alloc(struct model *m, uint32_t bytes, uint32_t flags)
{
    m->refusal = REFUSAL_NONE;
    uint32_t n = (bytes + m->params.block - 1) / m->params.block;
    if (bytes == 0)
        return 0;
    if (m->lock_depth > 0 || m->is_collecting)
        return refuse(m, REFUSAL_LOCKED);

    bool may_collect = m->is_auto;
    if (may_collect && m->given_blocks >= m->threshold_blocks) {
        collect(m, CAUSE_THRESHOLD);
        may_collect = false;
    }
    uint32_t b;
    struct model_area *a = search(m, n, &b);
    if (a == NULL && may_collect) {
        collect(m, CAUSE_FULL);
        a = search(m, n, &b);
    }
    if (a == NULL && grow(m, bytes))
        a = search(m, n, &b);
    if (a == NULL)
        return refuse(m, m->is_auto ? REFUSAL_FULL : REFUSAL_OFF);

    for (uint32_t k = 0; k < n; k++)
        a->kind[b + k] = k == 0 ? HEAD : TAIL;
    if (b + n - 1 > a->last_used)
        a->last_used = b + n - 1;
    m->given_blocks += n;
    a->finaliser[b] = (flags & HEAP_FINALISER) != 0 && m->params.finalisers;
    return a->pool + b * m->params.block;
}

/* Blocks from `b` on have become free. */
static void lower(struct model *m, struct model_area *a, uint32_t b)
{
    if (a != &m->areas[m->search])
        m->search = 0;
    if (b / 4 < a->hint)
        a->hint = b / 4;
}

void model_free(struct model *m, uint32_t object)
{
    uint32_t b;
    struct model_area *a = find(m, object, &b);
    if (m->lock_depth > 0 || a == NULL)
        return;
    uint32_t n = length_of(a, b);
    for (uint32_t k = 0; k < n; k++)
        a->kind[b + k] = FREE;
    a->finaliser[b] = 0;
    lower(m, a, b);
}

uint32_t model_realloc(struct model *m, uint32_t object, uint32_t bytes,
                       bool may_move)
{
    if (object == 0)
        return model_alloc(m, bytes, 0);
    m->refusal = REFUSAL_NONE;
    if (bytes == 0) {
        model_free(m, object);
        return 0;
    }
    if (m->lock_depth > 0 || m->is_collecting)
        return refuse(m, REFUSAL_LOCKED);

    uint32_t b;
    struct model_area *a = find(m, object, &b);
    uint32_t old = length_of(a, b);
    uint32_t n = (bytes + m->params.block - 1) / m->params.block;
    if (n < old) {
        for (uint32_t k = n; k < old; k++)
            a->kind[b + k] = FREE;
        lower(m, a, b + n);
    }
    if (n <= old)
        return object;

    uint32_t k = old;
    while (k < n && b + k < a->n_blocks && a->kind[b + k] == FREE)
        k++;
    if (k == n) {
        for (k = old; k < n; k++)
            a->kind[b + k] = TAIL;
        if (b + n > a->last_used)
            a->last_used = b + n;
        return object;
    }
    if (!may_move)
        return refuse(m, REFUSAL_IN_PLACE);
    uint32_t number = a->number;
    uint32_t to = model_alloc(m, bytes, a->finaliser[b] ? HEAP_FINALISER : 0);
    a = find(m, object, &b);
    if (to != 0 && a != NULL && a->number == number)
        model_free(m, object);
    return to;
}

void model_control(struct model *m, uint32_t what, uint32_t value)
{
    if (what == CONTROL_AUTO)
        m->is_auto = value != 0;
    if (what == CONTROL_LOCK && (value != 0 || m->lock_depth > 0))
        m->lock_depth += value != 0 ? 1 : UINT32_MAX;
    if (what == CONTROL_THRESHOLD)
        m->threshold_blocks = value == HEAP_NO_THRESHOLD
                                  ? HEAP_NO_THRESHOLD
                                  : value / m->params.block;
    if (what == CONTROL_RESET) {
        collect(m, CAUSE_ALL);
        while (m->n_areas > 1) {
            m->last_given_back++;
            forget_area(m, 1);
        }
        forget_area(m, 0);
        uint32_t next = m->next_number;
        begin(m);
        m->next_number = next;
    }
}

bool model_add_area(struct model *m, uint32_t start, uint32_t bytes)
{
    return m->params.area_struct != 0 && append(m, start, bytes);
}
