/* marksweep.c - see marksweep.h for the contract and the source. */
#include "core/marksweep.h"
#include "core/area.h"
#include "core/collected.h"
#include "core/grow.h"
#include "core/host.h"

/* ---- Setting up ------------------------------------------------------- */

static bool is_area_struct(const struct marksweep_params *p)
{
    if (p->area_struct == 0)
        return p->grow == 0;
    return p->area_struct >= sizeof(struct area) && p->area_struct <= 64 &&
           p->area_struct % 4 == 0;
}

static bool are_lawful(const struct marksweep_params *p)
{
    return collected_is_block(p->block) && is_area_struct(p) && p->zero <= 1 &&
           p->quirks <= QUIRKS_EXACT && p->finalisers <= 1 &&
           p->automatic <= 1 && p->grow <= 1 && p->growth_rule <= GROWTH_103 &&
           p->mark_stack >= 1 && p->mark_stack <= MARKSWEEP_MARK_STACK_MAX;
}

uint32_t marksweep_control_bytes(const struct marksweep_params *p)
{
    if (!are_lawful(p))
        return 0;
    uint32_t bytes = sizeof(struct heap) + sizeof(struct marksweep);
    bytes += p->mark_stack * (uint32_t)sizeof(addr32);
    return collected_control_bytes(bytes, p->block);
}

/* What init and a soft reset have in common. */
static bool start_empty(struct heap *h)
{
    const struct marksweep_params *p = &marksweep_of(h)->params;
    collected_begin(h, p->automatic, p->threshold);
    addr32 table = h->base + h->control_bytes;
    return area_setup_first(h, table, table + h->heap_bytes);
}

uint32_t marksweep_init(struct heap *h, addr32 base, uint32_t heap_bytes,
                        const struct marksweep_params *p)
{
    uint32_t control_bytes = marksweep_control_bytes(p);
    if (control_bytes == 0)
        return HEAP_BAD_PARAMETER;
    uint32_t error =
        collected_lay(h, base, control_bytes, heap_bytes, p->block);
    if (error != HEAP_OK)
        return error;
    h->manager = MANAGER_marksweep;
    h->has_finalisers = p->finalisers;
    struct marksweep *own = marksweep_of(h);
    own->params = *p;
    own->mark.stack = base + sizeof *h + sizeof *own;
    own->mark.cap = p->mark_stack;
    return start_empty(h) ? HEAP_OK : HEAP_TOO_SMALL;
}

/* ---- Collecting ------------------------------------------------------- */

void marksweep_collect_begin(struct heap *h, uint32_t cause)
{
    CORE_ASSERT(h->phase == PHASE_IDLE);
    struct marksweep *own = marksweep_of(h);
    h->phase = PHASE_MARK;
    h->n_collections++;
    h->last_cause = cause;
    h->last_freed_objects = 0;
    h->last_freed_blocks = 0;
    h->last_given_back = 0;
    if (cause != CAUSE_ALL)
        h->given_blocks = 0;
    mark_begin(&own->mark);
}

void marksweep_collect_root(struct heap *h, uint32_t word)
{
    CORE_ASSERT(h->phase == PHASE_MARK);
    mark_word(h, &marksweep_of(h)->mark, word);
}

/* Is the swept area `a` to be given back? See the quirks in the header. */
static bool is_given_back(struct heap *h, const struct area *a)
{
    const struct marksweep_params *p = &marksweep_of(h)->params;
    if (!p->grow || a == &h->first || a->last_used != 0)
        return false;
    return p->quirks == QUIRKS_EXACT ||
           atab_get_kind(area_table(h, a), 0) == ATAB_FREE;
}

/* Take the area behind `before` from the list and hand it back. */
static void give_back(struct heap *h, struct area *before)
{
    addr32 start = before->next;
    area_unlink(h, before);
    h->last_given_back++;
    heap_more(h, MORE_GIVE, start);
}

static void sweep(struct heap *h)
{
    struct area *before = NULL;
    struct area *a = &h->first;
    while (a != NULL) {
        struct atab_swept swept;
        struct area *next = area_next(h, a);
        atab_sweep(area_table(h, a), area_blocks(a), a->last_used, &swept);
        a->last_used = swept.last_used;
        a->hint = 0;
        h->last_freed_objects += swept.freed_objects;
        h->last_freed_blocks += swept.freed_blocks;
        if (is_given_back(h, a))
            give_back(h, before);
        else
            before = a;
        a = next;
    }
    h->search_area = area_address(h, &h->first);
}

void marksweep_collect_end(struct heap *h)
{
    CORE_ASSERT(h->phase == PHASE_MARK);
    struct mark *m = &marksweep_of(h)->mark;
    mark_rescan(h, m);
    h->last_rescans = m->n_rescans;
    if (h->has_finalisers) {
        h->phase = PHASE_FINALISE;
        area_finalise(h);
    }
    h->phase = PHASE_SWEEP;
    sweep(h);
    h->phase = PHASE_IDLE;
}

/* A whole collection; its roots are heap_roots and an object being moved. */
static void collect(struct heap *h, uint32_t cause)
{
    marksweep_collect_begin(h, cause);
    if (cause != CAUSE_ALL) {
        struct mark *m = &marksweep_of(h)->mark;
        const struct guest_roots *roots = heap_roots(h);
        uint32_t n_words = roots->n_precise + roots->n_held;
        for (uint32_t i = 0; i < n_words; i++)
            mark_word(h, m, roots->word[i]);
        mark_word(h, m, marksweep_of(h)->moving);
    }
    marksweep_collect_end(h);
}

uint32_t marksweep_collect(struct heap *h, uint32_t kind)
{
    if (h->phase != PHASE_IDLE)
        return 0;
    collect(h, kind == COLLECT_EVERYTHING ? CAUSE_ALL : CAUSE_ASKED);
    return h->last_freed_blocks << h->block_shift;
}

/* ---- Allocating ------------------------------------------------------- */

/* Blocks for `bytes` bytes; 0 for 0 and for more than can be counted. */
static inline uint32_t blocks_for(const struct heap *h, uint32_t bytes)
{
    return (bytes + h->block_bytes - 1) >> h->block_shift;
}

/* Where a search for one block goes on after it passed `a` in vain. */
static uint32_t passed_hint(struct heap *h, const struct area *a)
{
    const struct marksweep_params *p = &marksweep_of(h)->params;
    if (p->quirks == QUIRKS_EXACT)
        return p->area_struct != 0 ? (a->table_bytes + 1) / 4 : a->hint;
    return h->n_areas > 1 ? a->table_bytes : a->hint;
}

/*
 * First fit for n_blocks: the area, and the block in `found`; null: none. In
 * place where a request begins with it; called where it is the second try.
 */
__attribute__((always_inline)) static inline struct area *search(
    struct heap *h, uint32_t n_blocks, uint32_t *found)
{
    struct area *a = area_at(h, h->search_area);
    while (a != NULL) {
        uint32_t b = atab_find_free(area_table(h, a), area_blocks(a),
                                    4 * a->hint, n_blocks);
        if (b != ATAB_NONE) {
            *found = b;
            return a;
        }
        if (n_blocks == 1)
            a->hint = passed_hint(h, a);
        a = area_next(h, a);
    }
    return NULL;
}

__attribute__((noinline)) static struct area *search_again(struct heap *h,
                                                           uint32_t n_blocks,
                                                           uint32_t *found)
{
    return search(h, n_blocks, found);
}

/* The same after a search in vain, with what collection and growth give. */
__attribute__((noinline)) static struct area *make_room(struct heap *h,
                                                        uint32_t bytes,
                                                        bool may_collect,
                                                        uint32_t *found)
{
    uint32_t n_blocks = blocks_for(h, bytes);
    struct area *a = NULL;
    if (may_collect) {
        collect(h, CAUSE_FULL);
        a = search_again(h, n_blocks, found);
    }
    const struct marksweep_params *p = &marksweep_of(h)->params;
    if (a == NULL && p->grow &&
        grow_for(h, bytes, p->growth_rule, p->area_struct))
        a = search_again(h, n_blocks, found);
    return a;
}

static inline void zero(struct heap *h, addr32 from, addr32 to)
{
    __builtin_memset(byte_at(h, from), 0, to - from);
}

/* The same for a few whole blocks, where a call would cost more. */
static inline void zero_blocks(struct heap *h, addr32 from, uint32_t n_blocks)
{
    uint32_t *word = word_at(h, from);
    uint32_t *end = word_at(h, from + (n_blocks << h->block_shift));
    do {
        *word++ = 0;
        *word++ = 0;
    } while (word != end);
}

static inline bool is_locked(const struct heap *h)
{
    return h->lock_depth > 0 || h->phase != PHASE_IDLE;
}

/* As marksweep_alloc, whatever has to be done for it. */
__attribute__((noinline)) static addr32 alloc_any(struct heap *h,
                                                  uint32_t bytes,
                                                  uint32_t flags)
{
    uint32_t n_blocks = blocks_for(h, bytes);
    if (n_blocks == 0) {
        h->refusal = bytes == 0 ? REFUSAL_NONE : REFUSAL_LIMIT;
        return 0;
    }
    if (is_locked(h)) {
        h->refusal = REFUSAL_LOCKED;
        return 0;
    }
    bool may_collect = h->is_auto;
    if (may_collect && h->given_blocks >= h->threshold_blocks) {
        collect(h, CAUSE_THRESHOLD);
        may_collect = false;
    }
    uint32_t b;
    struct area *a = search(h, n_blocks, &b);
    if (a == NULL)
        a = make_room(h, bytes, may_collect, &b);
    if (a == NULL) {
        h->refusal = h->is_auto ? REFUSAL_FULL : REFUSAL_OFF;
        return 0;
    }

    /* Only a search for one block has seen that all before it are used. */
    if (n_blocks == 1) {
        h->search_area = area_address(h, a);
        a->hint = (b + 1) / 4;
    }
    if (b + n_blocks - 1 > a->last_used)
        a->last_used = b + n_blocks - 1;
    atab_take(area_table(h, a), b, n_blocks);
    h->given_blocks += n_blocks;

    addr32 object = area_block_address(h, a, b);
    bool is_whole = marksweep_of(h)->params.zero;
    addr32 end = object + (n_blocks << h->block_shift);
    if (is_whole && n_blocks <= 4)
        zero_blocks(h, object, n_blocks);
    else
        zero(h, is_whole ? object : object + bytes, end);
    if ((flags & HEAP_FINALISER) != 0 && h->has_finalisers) {
        *word_at(h, object) = 0;
        area_set_finaliser(h, a, b);
    }
    return object;
}

/*
 * Most requests are for one block, and most of those are met in the area that
 * is searched first: what alloc_any would do then, and no more. 0, and nothing
 * has changed: they are not.
 */
static inline addr32 take_one(struct heap *h)
{
    struct area *a = area_at(h, h->search_area);
    uint32_t b = atab_take_one(area_table(h, a), area_blocks(a), a->hint);
    if (b == ATAB_NONE)
        return 0;
    a->hint = (b + 1) / 4;
    if (b > a->last_used)
        a->last_used = b;
    h->given_blocks++;
    addr32 object = area_block_address(h, a, b);
    zero_blocks(h, object, 1);
    return object;
}

/* Nothing stands in the way of that: no lock, no collection that is due. */
static inline bool is_plain(struct heap *h, uint32_t flags)
{
    return (h->lock_depth | h->phase | (flags & HEAP_FINALISER)) == 0 &&
           marksweep_of(h)->params.zero != 0 &&
           !(h->given_blocks >= h->threshold_blocks && h->is_auto);
}

addr32 marksweep_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    h->refusal = REFUSAL_NONE;
    if (bytes - 1 >= h->block_bytes || !is_plain(h, flags))
        return alloc_any(h, bytes, flags);
    addr32 object = take_one(h);
    return object != 0 ? object : alloc_any(h, bytes, 0);
}

/* ---- Freeing and resizing --------------------------------------------- */

/* Blocks of `a` from `b` on have become free. */
static void lower_hint(struct heap *h, struct area *a, uint32_t b)
{
    if (h->search_area != area_address(h, a))
        h->search_area = area_address(h, &h->first);
    if (b / 4 < a->hint)
        a->hint = b / 4;
}

/* In one piece: split by the compiler at its first test, it costs a jump. */
__attribute__((noinline)) void marksweep_free(struct heap *h, addr32 object)
{
    if (h->lock_depth > 0)
        return;
    struct area *a = object == 0 ? NULL : area_of(h, object);
    if (a == NULL)
        return;
    CORE_ASSERT((object & (h->block_bytes - 1)) == 0);

    uint32_t b = area_block_of(h, a, object);
    if (h->has_finalisers)
        area_clear_finaliser(h, a, b);
    lower_hint(h, a, b);
    atab_release(area_table(h, a), b);
}

/* Cut the object at block `b` to n_blocks of its `old` ones. */
static void shrink(struct heap *h, struct area *a, uint32_t b, uint32_t old,
                   uint32_t n_blocks)
{
    atab_clear(area_table(h, a), b + n_blocks, old - n_blocks);
    lower_hint(h, a, b + n_blocks);
}

/* Take the free blocks behind the object at `b`; false: they are too few. */
static bool grow_in_place(struct heap *h, struct area *a, uint32_t b,
                          uint32_t old, uint32_t bytes)
{
    uint32_t n_blocks = blocks_for(h, bytes);
    uint32_t more = n_blocks - old;
    uint32_t *t = area_table(h, a);
    if (atab_free_run(t, area_blocks(a), b + old, more) < more)
        return false;

    atab_extend(t, b + old, more);
    /* One past the object, as the original has it. */
    if (b + n_blocks > a->last_used)
        a->last_used = b + n_blocks;
    bool is_whole = marksweep_of(h)->params.zero;
    addr32 object = area_block_address(h, a, b);
    addr32 from = is_whole ? area_block_address(h, a, b + old) : object + bytes;
    zero(h, from, area_block_address(h, a, b + n_blocks));
    return true;
}

/*
 * The collection that may come with it can, with quirks = exact, give back the
 * area in which the object lies, and growth can put another one there. What
 * lies at the object's address then is not it, and must not be freed.
 */
static addr32 move(struct heap *h, const struct area *a, addr32 object,
                   uint32_t bytes)
{
    struct marksweep *own = marksweep_of(h);
    uint32_t b = area_block_of(h, a, object);
    uint32_t old = atab_object_blocks(area_table(h, a), b);
    uint32_t flags = area_has_finaliser(h, a, b) ? HEAP_FINALISER : 0;
    uint32_t number = a->number;

    own->moving = object; /* keeps it alive meanwhile */
    addr32 to = marksweep_alloc(h, bytes, flags);
    own->moving = 0;
    if (to == 0)
        return 0;
    __builtin_memmove(byte_at(h, to), byte_at(h, object),
                      old << h->block_shift);
    a = area_of(h, object);
    if (a != NULL && a->number == number)
        marksweep_free(h, object);
    return to;
}

addr32 marksweep_realloc(struct heap *h, addr32 object, uint32_t bytes,
                         bool may_move)
{
    if (object == 0)
        return marksweep_alloc(h, bytes, 0);
    h->refusal = REFUSAL_NONE;
    if (bytes == 0) {
        marksweep_free(h, object);
        return 0;
    }
    struct area *a = area_of(h, object);
    uint32_t n_blocks = blocks_for(h, bytes);
    if (is_locked(h) || n_blocks == 0 || a == NULL) {
        h->refusal = is_locked(h) ? REFUSAL_LOCKED : REFUSAL_LIMIT;
        return 0;
    }

    uint32_t b = area_block_of(h, a, object);
    uint32_t old = atab_object_blocks(area_table(h, a), b);
    if (n_blocks < old)
        shrink(h, a, b, old, n_blocks);
    if (n_blocks <= old || grow_in_place(h, a, b, old, bytes))
        return object;
    if (!may_move) {
        h->refusal = REFUSAL_IN_PLACE;
        return 0;
    }
    return move(h, a, object, bytes);
}

uint32_t marksweep_bytes(struct heap *h, addr32 object)
{
    struct area *a = area_of(h, object);
    if (a == NULL || (object & (h->block_bytes - 1)) != 0)
        return 0;
    uint32_t b = area_block_of(h, a, object);
    const uint32_t *t = area_table(h, a);
    if (atab_get_kind(t, b) != ATAB_HEAD)
        return 0;
    return atab_object_blocks(t, b) << h->block_shift;
}

/* ---- Control ---------------------------------------------------------- */

static uint32_t reset(struct heap *h)
{
    if (h->phase != PHASE_IDLE)
        return HEAP_BUSY;
    collect(h, CAUSE_ALL);
    while (h->first.next != 0)
        give_back(h, &h->first);
    start_empty(h);
    return HEAP_OK;
}

uint32_t marksweep_control(struct heap *h, uint32_t what, uint32_t value)
{
    if (what == CONTROL_RESET)
        return reset(h);
    return collected_switch(h, what, value);
}

uint32_t marksweep_add_area(struct heap *h, addr32 address, uint32_t bytes)
{
    uint32_t skip = marksweep_of(h)->params.area_struct;
    if (skip == 0)
        return HEAP_NO_AREAS;
    if (h->phase != PHASE_IDLE)
        return HEAP_BUSY;
    if (address == 0 || address % 16 != 0 || address + bytes < address)
        return HEAP_BAD_ADDRESS;
    return area_append(h, address, bytes, skip) ? HEAP_OK : HEAP_TOO_SMALL;
}
