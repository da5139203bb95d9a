/*
 * slide.h - objects slide down into the holes below them, in address order,
 * with the allocation table itself as the map from old places to new ones
 *
 * An object's new place is its old one less the free blocks below it, back to
 * the object before it that may not move, or to block 0. They need not be
 * stored: the table has them. A vector of offsets, one entry for each group
 * of 64 blocks, says how many they are before the group; the rest is counted
 * in at most four words of the table. No forwarding word, no header, no
 * second space; addresses inside objects have new ones as well as heads.
 *
 *      blocks    A A . . B C C . | D . P P . E E F      P: pinned
 *      distance  0 0     2 2 2   | 3   0 0   1 1 1
 *      offset    0               | 3                    (groups of 8 here)
 *      after     A A B C C D . .   . . P P E E F .
 *
 * So every stretch between two pinned objects, a gap, is packed to its lower
 * end; the order of all objects stays; k pinned objects leave at most k + 1
 * holes, and none leave one.
 *
 * The passes, each over all areas. Pinned objects are those that are MARK, all
 * others HEAD, throughout:
 *
 *   plan     fills the offset vectors: one pass over the table
 *   update   gives every reference its new value: all words of objects that
 *            are not leaves, and whatever words the caller adds; then each
 *            bit of the side tables moves to its object's new block. On its
 *            way it leaves a sign in each hole: where the next run begins and
 *            ends
 *   move     copies: not object by object but a run of neighbours at once, and
 *            goes from sign to sign. A run's copy ends no later than the run
 *            did, so it does not reach the sign behind. Where something is
 *            pinned, runs follow no hole: there the table is read again
 *   settle   writes the new places into the table, and MARK becomes HEAD
 *
 * A word is a reference if it is the address of an object's first block.
 *
 * THE AREA is that of area.h with more tables behind the finaliser table:
 *
 *   table                                                               end
 *   | allocation table |0| finalisers | leaves | ambiguous |  | offsets | pool
 * | A bytes       1   ceil(A/2)   likewise   likewise    2 ceil(A/16)
 *
 * The vector ends where the pool begins; entries have 2 bytes, or 4 in an
 * area of more than 65,536 blocks. Leaves and ambiguous objects have tables
 * only if there shall be any. Without them and with 16-byte blocks the tables
 * take 13/525 of the area: 2.5 %; without finalisers 9/521: 1.7 %.
 *
 * State     struct slide_area; struct slide, in the control block.
 * Units     blocks, but for what is named bytes or is an address.
 * Cost      plan, settle: O(table words). update: O(words of objects), and
 *           one lookup, O(1), for each reference to what moves. move: O(bytes
 *           that move), and O(1) for each run.
 * Source    Kermany and Petrank, "The Compressor", PLDI 2006: offsets and a
 *           bit vector; here the bit vector is the allocation table. Known as
 *           offset-vector compaction where the whole program stands still.
 */
#ifndef CORE_SLIDE_H
#define CORE_SLIDE_H

#include "core/area.h"

#define SLIDE_GROUP     64u    /* blocks for each entry of the vector      */
#define SLIDE_SHORT_MAX 65536u /* most blocks for entries of 2 bytes       */

/* An area whose objects slide. */
struct slide_area {
    struct area area;
    uint32_t n_free;  /* free blocks                                      */
    addr32 leaf;      /* leaf table, one bit a block; 0: there is none    */
    addr32 ambiguous; /* ambiguous objects, likewise                      */
    addr32 offset;    /* offset vector                                    */
};

_Static_assert(sizeof(struct slide_area) == 44, "eleven words, no padding");

/* Which side tables an area has besides the finalisers'. */
enum slide_sides { SLIDE_LEAVES = 1 << 0, SLIDE_AMBIGUOUS = 1 << 1 };

/* How the new place of what moves is found. */
enum slide_way {
    SLIDE_DOWN = 0, /* by the plan                                        */
    SLIDE_UP,       /* all by the same distance: slide_plan_raise         */
    SLIDE_OUT       /* in the first word of what is MARK: evacuate.h      */
};

/* What the passes know of each other. */
struct slide {
    addr32 low;             /* no object below it moves                   */
    uint32_t span;          /* bytes from there to the last that may      */
    uint32_t n_pinned;      /* objects that may not, this time            */
    uint32_t way;           /* enum slide_way                             */
    uint32_t raise;         /* SLIDE_UP: blocks that all of these go up   */
    uint32_t moved_objects; /* since the counters were cleared            */
    uint32_t moved_bytes;
};

_Static_assert(sizeof(struct slide) == 28, "seven words, no padding");

/* The first words of a hole, from slide_update to slide_move. */
struct slide_sign {
    addr32 from; /* the run behind the hole begins, ...                   */
    addr32 end;  /* ... and ends here; both: the pool's end               */
};

static inline struct slide_sign *slide_sign_at(struct heap *h, addr32 hole)
{
    return (struct slide_sign *)(void *)word_at(h, hole);
}

/* Are there signs? Where something is pinned, a run may follow no hole. */
static inline bool slide_has_signs(const struct slide *s)
{
    return s->way == SLIDE_DOWN && s->n_pinned == 0;
}

/*
 * The heap's areas. The first one's four last words lie right behind struct
 * heap, whose last part is struct area: the manager's part must begin so.
 */
static inline struct slide_area *slide_first(struct heap *h)
{
    return (struct slide_area *)(void *)((uint8_t *)h +
                                         offsetof(struct heap, first));
}

static inline struct slide_area *slide_at(struct heap *h, addr32 p)
{
    return p == 0 ? NULL : (struct slide_area *)(void *)word_at(h, p);
}

static inline struct slide_area *slide_next(struct heap *h,
                                            const struct slide_area *a)
{
    return slide_at(h, a->area.next);
}

/* The area in whose pool `p` lies, or null. */
static inline struct slide_area *slide_area_of(struct heap *h, addr32 p)
{
    struct slide_area *a = slide_first(h);
    while (p - a->area.pool >= area_blocks(&a->area) << h->block_shift) {
        a = slide_next(h, a);
        if (a == NULL)
            return NULL;
    }
    return a;
}

/* The finaliser table of `a`; 0: there is none. */
static inline addr32 slide_finalisers(const struct heap *h,
                                      const struct slide_area *a)
{
    return h->has_finalisers ? a->area.table + a->area.table_bytes + 1 : 0;
}

/* Bit of block `b` in the side table at `bits`. */
static inline bool slide_get_bit(struct heap *h, addr32 bits, uint32_t b)
{
    return *byte_at(h, bits + b / 8) >> b % 8 & 1;
}

static inline void slide_set_bit(struct heap *h, addr32 bits, uint32_t b)
{
    uint8_t *byte = byte_at(h, bits + b / 8);
    *byte = (uint8_t)(*byte | 1u << b % 8);
}

static inline void slide_clear_bit(struct heap *h, addr32 bits, uint32_t b)
{
    uint8_t *byte = byte_at(h, bits + b / 8);
    *byte = (uint8_t)(*byte & ~(1u << b % 8));
}

/*
 * Make `a` the empty area whose allocation table is at `table` and whose bytes
 * end at `end`, with the side tables of `sides`, and clear its tables. Leaves
 * next and number alone. Requires table a multiple of 4. Returns false,
 * writing nothing, when not even four blocks fit.
 */
bool slide_setup(struct heap *h, struct slide_area *a, addr32 table, addr32 end,
                 uint32_t sides);

/* Bytes from the table on that an area of n blocks, rounded up to four, needs
 * with the side tables of `sides`. */
uint32_t slide_bytes(const struct heap *h, uint32_t n_blocks, uint32_t sides);

/* The object at `word`, if one begins there, may not move: HEAD to MARK. */
void slide_pin(struct heap *h, struct slide *s, uint32_t word);

/* Pin what the words of ambiguous objects name. */
void slide_pin_ambiguous(struct heap *h, struct slide *s);

/* In tables of leaves and ambiguous objects, keep only the bits of objects. */
void slide_prune(struct heap *h);

/*
 * Plan the slide of all areas. Returns false when nothing would move: then
 * there is no need of the passes that follow, but for slide_settle if there
 * are pinned objects.
 */
bool slide_plan(struct heap *h, struct slide *s);

/* Update the `n` words at `p`. */
void slide_update_words(struct heap *h, const struct slide *s, uint32_t *p,
                        uint32_t n);

/* Update all objects' words, and move the bits of the side tables. */
void slide_update(struct heap *h, const struct slide *s);

/* Copy every object to its new place. */
void slide_move(struct heap *h, const struct slide *s);

/* Write the new places into the tables; nothing is pinned any more. */
void slide_settle(struct heap *h, struct slide *s);

/*
 * The other direction: make room for n blocks at block `b` of `a` by moving
 * what lies there, up to the next hole, up into that hole. Returns false, and
 * nothing is planned, if the hole is too short or something there is pinned.
 * After it slide_update applies, then slide_raise in the place of slide_move
 * and slide_settle, and leaves the n blocks free.
 */
bool slide_plan_raise(struct heap *h, struct slide *s,
                      const struct slide_area *a, uint32_t b, uint32_t n);
void slide_raise(struct heap *h, struct slide *s, const struct slide_area *a);

/* Nothing is pinned any more: MARK to HEAD. */
void slide_unpin(struct heap *h, struct slide *s);

#endif /* CORE_SLIDE_H */
