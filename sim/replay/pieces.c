/*
 * pieces.c - where objects are any blocks, wherever they lie: which they are,
 * as the manager leads to them, and that they stay
 */
#include "sim/replay/play.h"

#include <inttypes.h>

/* The block at `address` becomes one of the object's, `*link` leads to it. */
static int take_piece(struct play *p, uint64_t id, uint32_t address,
                      uint32_t *link)
{
    uint32_t unit = shadow_unit(&p->s, address);
    if ((address & (p->align - 1)) != 0 || address < p->s.origin ||
        !holes_all_free(&p->used, unit, 1))
        return play_fail(p,
                         "object %" PRIu64 " has a block at 0x%08x: not "
                         "aligned, outside the areas, or overlapping another",
                         id, address);
    holes_take(&p->used, unit, 1);
    *link = unit;
    return 0;
}

/* The blocks that hold its bytes, in their order. */
static int take_bytes(struct play *p, uint64_t id, uint32_t name,
                      uint32_t granted)
{
    const struct shadow *s = &p->s;
    uint32_t *link = &s->first_piece[shadow_unit(s, name)];
    int err = 0;
    for (uint32_t byte = 0; byte < granted && err == 0;
         byte += 1u << s->unit_shift) {
        err =
            take_piece(p, id, p->manager->deref(p->t->heap, name, byte), link);
        if (err == 0)
            link = &s->next_piece[*link];
    }
    *link = SHADOW_NO_PIECE;
    return err;
}

/* The blocks that lead to others, if it has such, from the one that names it.
 */
static int take_index(struct play *p, uint64_t id, uint32_t name)
{
    const struct shadow *s = &p->s;
    uint32_t address, first;
    uint32_t *link = &first;
    int err = 0;
    for (uint32_t k = 0;
         err == 0 &&
         (address = p->shape->index_block(p->t->heap, name, k)) != 0;
         k++) {
        err = take_piece(p, id, address, link);
        if (err == 0)
            link = &s->next_piece[*link];
    }
    if (link != &first)
        *link = SHADOW_NO_PIECE;
    else
        first = s->first_piece[shadow_unit(s, name)];
    if (err == 0 && first != shadow_unit(s, name))
        err = play_fail(p,
                        "object %" PRIu64 " is named by 0x%08x, which is no "
                        "block of its own",
                        id, name);
    return err;
}

int pieces_place(struct play *p, uint64_t id, uint32_t name, uint32_t granted)
{
    int err = take_bytes(p, id, name, granted);
    return err != 0 ? err : take_index(p, id, name);
}

/* All blocks of the object at `name` change. Returns how many they are. */
static uint32_t change(const struct play *p, uint32_t name, struct holes *index,
                       void (*how)(struct holes *, uint32_t, uint32_t))
{
    const struct shadow *s = &p->s;
    uint32_t named = shadow_unit(s, name);
    uint32_t first = s->first_piece[named];
    uint32_t n = 0;
    for (int list = 0; list < 1 + (first != named); list++) {
        uint32_t unit = list == 0 ? first : named;
        for (; unit != SHADOW_NO_PIECE; unit = s->next_piece[unit], n++) {
            if (index != NULL)
                how(index, unit, 1);
        }
    }
    return n;
}

void pieces_take(struct play *p, struct holes *index, uint32_t name)
{
    (void)change(p, name, index, holes_take);
}

void pieces_give(struct play *p, uint32_t name)
{
    (void)change(p, name, &p->used, holes_give);
}

uint32_t pieces_count(const struct play *p, uint32_t name)
{
    return change(p, name, NULL, NULL);
}

/* Block k of the object is where it was, or there is none, as before. */
static int judge_piece(struct play *p, const struct shadow_object *o,
                       uint32_t k, uint32_t unit, uint32_t found)
{
    uint32_t expected =
        unit == SHADOW_NO_PIECE ? 0 : shadow_piece_address(&p->s, unit);
    if (found == expected)
        return 0;
    return play_fail(p,
                     "block %u of object %" PRIu64
                     " should be at 0x%08x and is at 0x%08x",
                     k, o->id, expected, found);
}

int pieces_verify(struct play *p, uint32_t slot)
{
    const struct shadow *s = &p->s;
    const struct shadow_object *o = shadow_at(s, slot);
    struct heap *h = p->t->heap;
    uint32_t named = shadow_unit(s, o->address);
    uint32_t unit = s->first_piece[named];
    uint32_t index = unit == named ? SHADOW_NO_PIECE : named;
    int err = 0;
    for (uint32_t k = 0; unit != SHADOW_NO_PIECE && err == 0; k++) {
        uint32_t byte = k << s->unit_shift;
        uint32_t found = p->manager->deref(h, o->address, byte);
        err = judge_piece(p, o, k, unit, found);
        unit = s->next_piece[unit];
    }
    for (uint32_t k = 0; index != SHADOW_NO_PIECE && err == 0; k++) {
        uint32_t found = p->shape->index_block(h, o->address, k);
        err = judge_piece(p, o, k, index, found);
        index = s->next_piece[index];
    }
    return err;
}

int pieces_probe(struct play *p)
{
    struct heap_info info;
    p->manager->info(p->t->heap, &info);
    if (info.free_bytes == play_free_bytes(p))
        return 0;
    return play_fail(p,
                     "the manager has %u bytes free, but its objects leave "
                     "%" PRIu64,
                     info.free_bytes, play_free_bytes(p));
}

/* One list of an object's blocks: the first as `head`, the others as `tail`. */
static void map_list(const struct shadow *s, uint32_t unit, uint8_t head,
                     uint8_t tail, uint8_t *out)
{
    for (; unit != SHADOW_NO_PIECE; unit = s->next_piece[unit]) {
        out[unit] = head;
        head = tail;
    }
}

void pieces_map(const struct play *p, const struct shadow_object *o,
                uint8_t *out)
{
    uint32_t named = shadow_unit(&p->s, o->address);
    uint32_t first = p->s.first_piece[named];
    map_list(&p->s, first, UNIT_HEAD, UNIT_TAIL, out);
    if (first != named)
        map_list(&p->s, named, UNIT_TAG, UNIT_TAG, out);
}
