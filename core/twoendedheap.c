/* twoendedheap.c - see twoended.h: the heap as a whole, and its collector. */
#include "core/collected.h"
#include "core/host.h"
#include "core/twoendedpart.h"

/* ---- Setting up -------------------------------------------------------- */

static bool are_lawful(const struct twoended_params *p)
{
    return collected_is_block(p->block) && p->zero <= 1 && p->finalisers <= 1 &&
           p->automatic <= 1 && p->grow <= 1 && p->growth_rule <= GROWTH_103 &&
           p->mark_stack >= 1 && p->mark_stack <= TWOENDED_MARK_STACK_MAX;
}

uint32_t twoended_control_bytes(const struct twoended_params *p)
{
    if (!are_lawful(p))
        return 0;
    uint32_t bytes = sizeof(struct heap) + sizeof(struct twoended);
    bytes += p->mark_stack * (uint32_t)sizeof(addr32);
    return collected_control_bytes(bytes, p->block);
}

void twoended_open_area(struct heap *h, struct area *a)
{
    a->last_used = area_blocks(a);
    *twoended_long_start(a) = area_blocks(a);
    twoended_of(h)->free_after += area_blocks(a);
    twoended_raise_high(h, a, a->table_bytes);
}

static bool start_empty(struct heap *h)
{
    struct twoended *own = twoended_of(h);
    collected_begin(h, own->params.automatic, own->params.threshold);
    own->used_blocks = 0;
    own->free_after = 0;
    own->high_area = 0;
    own->high = 0;
    addr32 table = h->base + h->control_bytes;
    if (!area_setup_first(h, table, table + h->heap_bytes))
        return false;
    twoended_open_area(h, &h->first);
    return true;
}

uint32_t twoended_init(struct heap *h, addr32 base, uint32_t heap_bytes,
                       const struct twoended_params *p)
{
    uint32_t control_bytes = twoended_control_bytes(p);
    if (control_bytes == 0)
        return HEAP_BAD_PARAMETER;
    uint32_t error =
        collected_lay(h, base, control_bytes, heap_bytes, p->block);
    if (error != HEAP_OK)
        return error;
    h->manager = MANAGER_twoended;
    h->has_finalisers = p->finalisers;
    struct twoended *own = twoended_of(h);
    own->params = *p;
    own->mark.stack = base + sizeof *h + sizeof *own;
    own->mark.cap = p->mark_stack;
    return start_empty(h) ? HEAP_OK : HEAP_TOO_SMALL;
}

/* ---- Collecting -------------------------------------------------------- */

static void mark_roots(struct heap *h)
{
    struct twoended *own = twoended_of(h);
    const struct guest_roots *roots = heap_roots(h);
    uint32_t n_words = roots->n_precise + roots->n_held;
    for (uint32_t i = 0; i < n_words; i++)
        mark_word(h, &own->mark, roots->word[i]);
    mark_word(h, &own->mark, own->moving);
}

/* Sweep `a`, draw its bound back. Returns whether nothing is left in it. */
static bool sweep_area(struct heap *h, struct area *a)
{
    uint32_t *t = area_table(h, a);
    uint32_t n_blocks = area_blocks(a);
    struct atab_swept swept;
    atab_sweep(t, n_blocks, n_blocks, &swept);
    h->last_freed_objects += swept.freed_objects;
    h->last_freed_blocks += swept.freed_blocks;
    twoended_of(h)->used_blocks -= swept.freed_blocks;
    a->hint = 0;
    uint32_t *start = twoended_long_start(a);
    *start += atab_free_run(t, n_blocks, *start, n_blocks);
    return swept.last_used == 0 && atab_get_kind(t, 0) == ATAB_FREE;
}

/* Take the area behind `before` from the list and hand it back. */
static void give_back(struct heap *h, struct area *before)
{
    addr32 start = before->next;
    area_unlink(h, before);
    h->last_given_back++;
    (void)heap_more(h, MORE_GIVE, start);
}

/* `kept` is not given back, though it may be empty. */
static void sweep(struct heap *h, const struct area *kept)
{
    struct twoended *own = twoended_of(h);
    struct area *before = NULL;
    struct area *a = &h->first;
    while (a != NULL) {
        struct area *next = area_next(h, a);
        bool is_empty = sweep_area(h, a);
        if (is_empty && own->params.grow && before != NULL && a != kept)
            give_back(h, before);
        else
            before = a;
        a = next;
    }
    own->high_area = before->number;
    own->high = before->table_bytes;
    own->free_after = area_total_blocks(h) - own->used_blocks;
}

void twoended_gather(struct heap *h, uint32_t cause, const struct area *kept)
{
    struct mark *m = &twoended_of(h)->mark;
    h->phase = PHASE_MARK;
    h->n_collections++;
    h->last_cause = cause;
    h->last_freed_objects = 0;
    h->last_freed_blocks = 0;
    h->last_given_back = 0;
    mark_begin(m);
    if (cause != CAUSE_ALL) {
        h->given_blocks = 0;
        mark_roots(h);
        mark_rescan(h, m);
    }
    h->last_rescans = m->n_rescans;
    if (h->has_finalisers) {
        h->phase = PHASE_FINALISE;
        area_finalise(h);
    }
    h->phase = PHASE_SWEEP;
    sweep(h, kept);
    h->phase = PHASE_IDLE;
}

uint32_t twoended_collect(struct heap *h, uint32_t kind)
{
    if (h->phase != PHASE_IDLE)
        return 0;
    twoended_gather(h, kind == COLLECT_EVERYTHING ? CAUSE_ALL : CAUSE_ASKED,
                    NULL);
    return h->last_freed_blocks << h->block_shift;
}

/* ---- Control and areas ------------------------------------------------- */

static uint32_t reset(struct heap *h)
{
    if (h->phase != PHASE_IDLE)
        return HEAP_BUSY;
    twoended_gather(h, CAUSE_ALL, NULL);
    while (h->first.next != 0)
        give_back(h, &h->first);
    (void)start_empty(h);
    return HEAP_OK;
}

uint32_t twoended_control(struct heap *h, uint32_t what, uint32_t value)
{
    if (what == CONTROL_RESET)
        return reset(h);
    return collected_switch(h, what, value);
}

uint32_t twoended_add_area(struct heap *h, addr32 address, uint32_t bytes)
{
    if (h->phase != PHASE_IDLE)
        return HEAP_BUSY;
    if (address == 0 || address % 16 != 0 || address + bytes < address)
        return HEAP_BAD_ADDRESS;
    if (!area_append(h, address, bytes, TWOENDED_AREA_BYTES))
        return HEAP_TOO_SMALL;
    twoended_open_area(h, area_at(h, address));
    return HEAP_OK;
}
