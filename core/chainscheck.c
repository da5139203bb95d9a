/*
 * chainscheck.c - chains_check, which shares no code with what it checks
 *
 * Tables are read byte by byte, and every index is looked at before it is
 * followed. That no block is used twice is found without memory of its own in
 * the heap: of 4,096 blocks at a time, all links are followed and each block
 * met is ticked off. No pass meets more blocks than there are.
 */
#include "core/chains.h"

#define AT_A_TIME 4096u

/* What is known without believing the heap, and what a pass meets. */
struct known {
    struct heap *h;
    addr32 base;
    uint32_t window_bytes;
    uint32_t n_blocks;  /* of all areas                                   */
    uint32_t n_objects; /* blocks that name one                           */
    uint32_t low;       /* this pass ticks off low .. low + AT_A_TIME - 1 */
    uint32_t n_met;     /* in this pass, of all blocks                    */
    uint32_t met[AT_A_TIME / 32];
};

static bool is_inside(const struct known *k, addr32 p, uint32_t n)
{
    uint32_t offset = p - k->base;
    return offset <= k->window_bytes && n <= k->window_bytes - offset;
}

/* ---- 1, 2: the control block ------------------------------------------- */

static int check_control(const struct known *k)
{
    struct heap *h = k->h;
    uint32_t control_bytes = sizeof(struct heap) + sizeof(struct chains);
    if (k->window_bytes < control_bytes || h->base != k->base ||
        h->manager != MANAGER_chains || h->control_bytes != control_bytes ||
        h->heap_bytes > k->window_bytes - control_bytes)
        return 1;
    const struct chains *c = chains_of(h);
    const struct chains_params *p = &c->params;
    bool is_wide = p->index_bytes == 4;
    if ((p->block != 16 && p->block != 32 && p->block != 64) || p->zero > 1 ||
        p->link > 1 || (p->index_bytes != 2 && !is_wide) ||
        h->block_bytes != p->block || h->block_shift > 6 ||
        UINT32_C(1) << h->block_shift != p->block ||
        c->blocks.index_bytes != p->index_bytes ||
        c->blocks.index_max != (is_wide ? 0x7fffffff : 0x7fff) ||
        c->blocks.table_bits != (p->link == 1 ? 2
                                 : is_wide    ? 32
                                              : 16))
        return 2;
    return 0;
}

/* ---- 3, 4: the list of areas ------------------------------------------- */

static const struct fixed_area *area_at(const struct known *k, addr32 p)
{
    return p == 0 ? NULL
                  : (const struct fixed_area *)(const void *)word_at(k->h, p);
}

static const struct fixed_area *first_area(const struct known *k)
{
    return &chains_of(k->h)->blocks.first;
}

static addr32 pool_of(const struct known *k, const struct fixed_area *a)
{
    return a->origin + a->from * k->h->block_bytes;
}

static addr32 end_of(const struct known *k, const struct fixed_area *a)
{
    return pool_of(k, a) + a->n_blocks * k->h->block_bytes;
}

/* Do table and blocks lie as they must behind `start`? */
static bool is_area_right(const struct known *k, addr32 start,
                          const struct fixed_area *a, uint32_t before)
{
    const struct fixed *f = &chains_of(k->h)->blocks;
    uint32_t block = k->h->block_bytes;
    if (a->table != start || a->from != before + 1 || a->n_blocks == 0 ||
        a->n_blocks > k->window_bytes / block ||
        (f->table_bits == 2 && a->n_blocks % 4 != 0))
        return false;
    uint32_t table_bytes = a->n_blocks * f->table_bits / 8;
    addr32 pool = pool_of(k, a);
    return is_inside(k, start, table_bytes) && pool % block == 0 &&
           pool >= start + table_bytes &&
           is_inside(k, pool, a->n_blocks * block) && k->h->pool_min <= pool &&
           end_of(k, a) <= k->h->pool_max;
}

static int check_areas(struct known *k)
{
    struct heap *h = k->h;
    addr32 behind_control = k->base + h->control_bytes;
    const struct fixed_area *a = first_area(k);
    if (a->number != 0 || h->n_areas == 0 || h->pool_min < behind_control ||
        !is_area_right(k, behind_control, a, 0))
        return 3;
    k->n_blocks = a->n_blocks;
    for (uint32_t i = 1; i < h->n_areas; i++) {
        uint32_t number = a->number;
        addr32 at = a->next;
        if (at % 16 != 0 || at < behind_control || !is_inside(k, at, sizeof *a))
            return 3;
        a = area_at(k, at);
        if (a->number <= number ||
            !is_area_right(k, at + (uint32_t)sizeof *a, a, k->n_blocks))
            return 3;
        k->n_blocks += a->n_blocks;
    }
    const struct fixed *f = &chains_of(h)->blocks;
    bool is_right = a->next == 0 && a->number < h->next_area &&
                    k->n_blocks == f->n_blocks && k->n_blocks <= f->index_max;
    return is_right ? 0 : 3;
}

/* Descriptors of added areas lie right before their tables. */
static int check_overlaps(const struct known *k)
{
    addr32 behind_control = k->base + k->h->control_bytes;
    for (const struct fixed_area *a = first_area(k); a != NULL;) {
        const struct fixed_area *b = area_at(k, a->next);
        addr32 from =
            a->number == 0 ? behind_control : a->table - (uint32_t)sizeof *a;
        for (; b != NULL; b = area_at(k, b->next)) {
            addr32 other = b->table - (uint32_t)sizeof *b;
            if (from < end_of(k, b) && other < end_of(k, a))
                return 4;
        }
        a = area_at(k, a->next);
    }
    return 0;
}

/* ---- 5: the tables ----------------------------------------------------- */

/* The link of index_bytes bytes at `p`. */
static uint32_t read_link(const struct known *k, addr32 p)
{
    uint32_t link = 0;
    for (uint32_t i = chains_of(k->h)->params.index_bytes; i > 0; i--)
        link = link << 8 | *byte_at(k->h, p + i - 1);
    return link;
}

/* What the table says of block b: its link with the flag, or its kind. */
static uint32_t entry_of(const struct known *k, const struct fixed_area *a,
                         uint32_t b)
{
    const struct chains_params *p = &chains_of(k->h)->params;
    if (p->link == CHAINS_LIST)
        return read_link(k, a->table + p->index_bytes * b);
    return *byte_at(k->h, a->table + b / 4) >> 2 * (b % 4) & 3u;
}

static bool is_list(const struct known *k)
{
    return chains_of(k->h)->params.link == CHAINS_LIST;
}

/* Does a block with this entry name an object? */
static bool names_object(const struct known *k, uint32_t entry)
{
    return is_list(k) ? entry > chains_of(k->h)->blocks.index_max : entry != 0;
}

/* A link without the flag. */
static uint32_t without_flag(const struct known *k, uint32_t link)
{
    return link & chains_of(k->h)->blocks.index_max;
}

static int check_tables(struct known *k)
{
    for (const struct fixed_area *a = first_area(k); a != NULL;
         a = area_at(k, a->next)) {
        for (uint32_t b = 0; b < a->n_blocks; b++) {
            uint32_t entry = entry_of(k, a, b);
            if (is_list(k) ? without_flag(k, entry) > k->n_blocks : entry == 2)
                return 5;
            k->n_objects += names_object(k, entry);
        }
    }
    return 0;
}

/* ---- 6 to 9: who leads to whom ----------------------------------------- */

/* The area of block `i`, which is one. */
static const struct fixed_area *area_with(const struct known *k, uint32_t i)
{
    const struct fixed_area *a = first_area(k);
    while (i > a->from + a->n_blocks - 1)
        a = area_at(k, a->next);
    return a;
}

static addr32 address_of(const struct known *k, uint32_t i)
{
    const struct fixed_area *a = area_with(k, i);
    return pool_of(k, a) + (i - a->from) * k->h->block_bytes;
}

static uint32_t entry_of_block(const struct known *k, uint32_t i)
{
    const struct fixed_area *a = area_with(k, i);
    return entry_of(k, a, i - a->from);
}

/*
 * A link leads to `i`. False: not to a block, or to one that names an object,
 * or another link of this pass did so before.
 */
static bool meet(struct known *k, uint32_t i)
{
    if (i == 0 || i > k->n_blocks || ++k->n_met > k->n_blocks ||
        names_object(k, entry_of_block(k, i)))
        return false;
    uint32_t place = i - k->low;
    if (place >= AT_A_TIME)
        return true;
    uint32_t bit = UINT32_C(1) << place % 32;
    bool is_new = (k->met[place / 32] & bit) == 0;
    k->met[place / 32] |= bit;
    return is_new;
}

/* List: every link of a table, and `free`. */
static int meet_links(struct known *k)
{
    uint32_t free_first = chains_of(k->h)->blocks.free;
    if (free_first != 0 && !meet(k, free_first))
        return 7;
    for (uint32_t i = 1; i <= k->n_blocks; i++) {
        uint32_t link = without_flag(k, entry_of_block(k, i));
        if (link != 0 && !meet(k, link))
            return 7;
    }
    return 0;
}

/*
 * Spine: the blocks on the way from `top` to data block d, each when d is the
 * first data block that it leads to. A link of the top leads to `span` ones.
 */
static int meet_way(struct known *k, addr32 top, uint32_t d, uint32_t span)
{
    uint32_t bytes = chains_of(k->h)->params.index_bytes;
    uint32_t fan = k->h->block_bytes / bytes;
    addr32 slot = top + bytes * (1 + d / span);
    for (;;) {
        uint32_t i = read_link(k, slot);
        if (d % span == 0 && !meet(k, i))
            return 7;
        if (span == 1)
            return 0;
        span /= fan;
        slot = address_of(k, i) + bytes * (d / span % fan);
    }
}

static int meet_spine(struct known *k, addr32 top)
{
    uint32_t fan = k->h->block_bytes / chains_of(k->h)->params.index_bytes;
    uint32_t n = read_link(k, top);
    uint32_t span = 1;
    int broken = 0;
    if (n < 2 || n > k->n_blocks)
        return 6;
    while (n > (fan - 1) * span)
        span *= fan;
    for (uint32_t d = 0; d < n && broken == 0; d++)
        broken = meet_way(k, top, d, span);
    return broken;
}

static int meet_spines(struct known *k)
{
    int broken = 0;
    for (uint32_t i = 1; i <= k->n_blocks && broken == 0; i++) {
        if (entry_of_block(k, i) == 3)
            broken = meet_spine(k, address_of(k, i));
    }
    if (broken != 0)
        return broken;
    uint32_t i = chains_of(k->h)->blocks.free;
    for (; i != 0; i = read_link(k, address_of(k, i))) {
        if (!meet(k, i))
            return 7;
    }
    return 0;
}

/* Nothing is met twice: a pass for each so many blocks. */
static int check_links(struct known *k)
{
    int broken = 0;
    for (k->low = 1; k->low <= k->n_blocks && broken == 0;
         k->low += AT_A_TIME) {
        for (uint32_t i = 0; i < AT_A_TIME / 32; i++)
            k->met[i] = 0;
        k->n_met = 0;
        broken = is_list(k) ? meet_links(k) : meet_spines(k);
    }
    return broken;
}

/*
 * Blocks of the chain from `i` on. It ends: no two links lead to the same
 * block, and none back to its beginning.
 */
static uint32_t length_from(const struct known *k, uint32_t i)
{
    uint32_t n = 0;
    while (i != 0) {
        n++;
        i = is_list(k) ? without_flag(k, entry_of_block(k, i))
                       : read_link(k, address_of(k, i));
    }
    return n;
}

/* In a list, blocks in a ring of their own were met and yet are nobody's. */
static int check_sums(const struct known *k)
{
    const struct fixed *f = &chains_of(k->h)->blocks;
    if (length_from(k, f->free) != f->n_free)
        return 8;
    uint32_t total = k->n_met + k->n_objects;
    if (is_list(k)) {
        total = f->n_free;
        for (uint32_t i = 1; i <= k->n_blocks; i++) {
            if (names_object(k, entry_of_block(k, i)))
                total += length_from(k, i);
        }
    }
    return total == k->n_blocks ? 0 : 9;
}

int chains_check(struct heap *h, addr32 base, uint32_t window_bytes)
{
    struct known k = {.h = h, .base = base, .window_bytes = window_bytes};
    int broken = check_control(&k);
    if (broken == 0)
        broken = check_areas(&k);
    if (broken == 0)
        broken = check_overlaps(&k);
    if (broken == 0)
        broken = check_tables(&k);
    if (broken == 0)
        broken = check_links(&k);
    return broken != 0 ? broken : check_sums(&k);
}
