/*
 * handlesstep.c - see handles.h: the steps that move objects
 *
 * What an interrupt may meet: between two instructions of a step the heap is
 * whole, but for an object that changes places with the hole in hand (`torn`),
 * and passages between begin_passage and end_passage. While they change places
 * the two look like one used chunk. What an interrupt may change is read again
 * in the passage that relies on it; it never takes the hole in hand.
 */
#include "core/handles.h"
#include "core/handleschunk.h"

/* Why a part of a step returns. */
enum outcome {
    GO_ON,  /* there may be more to do within the budget                  */
    ENOUGH, /* the budget is used up                                      */
    SETTLED /* nothing is left to move                                    */
};

/* What a step may still spend. */
struct budget {
    uint32_t units;
    uint32_t most;  /* words of the longest object that is moved at once  */
    uint32_t piece; /* ... of a longer one, most that are copied at once  */
};

/* ---- Passages ---------------------------------------------------------- */

static inline void begin_passage(struct heap *h)
{
    h->phase = PHASE_MOVE;
    handles_fence();
}

static inline void end_passage(struct heap *h)
{
    handles_fence();
    h->phase = PHASE_IDLE;
}

/* ---- The scan, and the hole in hand ------------------------------------ */

/* The scan goes past chunk `c`, which is in use. */
static inline void pass(struct handles *t, addr32 c, uint32_t handle)
{
    t->scan = c;
    t->scan_handle = handle;
}

/*
 * What lies where the scan stands: a chunk, or the gap. An entry that was
 * given is one for ever, so that it can be read whatever became of it.
 */
static addr32 scanned(struct heap *h, struct handles *t)
{
    addr32 c = t->scan;
    uint32_t handle = t->scan_handle;
    if (handle != 0 && handles_chunk_of(h, handle) != c)
        c = t->scan = t->scan_handle = 0;
    return c == 0 ? h->pool_min : c + 4 * handles_words(*word_at(h, c));
}

bool handles_put_down(struct heap *h)
{
    struct handles *t = handles_of(h);
    if (t->hand == 0)
        return false;
    begin_passage(h);
    handles_put_away(h, t->hand, t->hand_end);
    handles_let_go(t);
    end_passage(h);
    return true;
}

/* The hole at `c`, if it is one still, comes into the hand, which is empty. */
static void take_in_hand(struct heap *h, struct handles *t, addr32 c)
{
    begin_passage(h);
    uint32_t header = *word_at(h, c);
    if (c != t->frontier && (header & HANDLES_LOW) == 0) {
        addr32 end = c + 4 * (header >> 16);
        handles_take_out(h, c);
        handles_hold(h, c, end);
    }
    end_passage(h);
}

static inline bool has_holes(const struct handles *t)
{
    return (t->hand | t->bits) != 0;
}

/* The scan has come to the end: does it begin anew? */
static bool scan_again(struct handles *t)
{
    if (!has_holes(t) || !t->has_moved) {
        t->is_begun = 0;
        return false;
    }
    t->has_moved = 0;
    pass(t, 0, 0);
    return true;
}

/* Pass objects until there is a hole in hand. */
static __attribute__((noinline)) enum outcome look_for_hole(struct heap *h,
                                                            struct budget *b)
{
    struct handles *t = handles_of(h);
    if (b->units < HANDLES_SEEK)
        return ENOUGH;
    b->units -= HANDLES_SEEK;
    addr32 c = scanned(h, t);
    while (b->units >= HANDLES_PASS) {
        handles_fence();
        uint32_t header = *word_at(h, c);
        if (header == 0) { /* the gap */
            b->units -= HANDLES_PASS;
            if (!scan_again(t))
                return SETTLED;
            c = h->pool_min;
        } else if ((header & HANDLES_LOW) != 0) {
            bool is_pinned = handles_header_is_pinned(header);
            b->units -= HANDLES_PASS;
            pass(t, c, is_pinned ? 0 : 4 * (header & HANDLES_LOW));
            c += 4 * handles_words(header);
        } else if (b->units < HANDLES_TAKE) {
            return ENOUGH;
        } else {
            b->units -= HANDLES_TAKE;
            take_in_hand(h, t, c);
            return GO_ON;
        }
    }
    return ENOUGH;
}

/* ---- Moves ------------------------------------------------------------- */

static inline void copy_four(uint32_t *to, const uint32_t *from)
{
    uint32_t a = from[0];
    uint32_t b = from[1];
    uint32_t c = from[2];
    uint32_t d = from[3];
    to[0] = a;
    to[1] = b;
    to[2] = c;
    to[3] = d;
}

/*
 * Copy `n` words down, or up to where they do not overlap. Four are loaded
 * before any of them is stored: a hole is that long.
 */
static inline __attribute__((always_inline)) void copy(struct heap *h,
                                                       addr32 to, addr32 from,
                                                       uint32_t n)
{
    uint32_t *t = word_at(h, to);
    const uint32_t *f = word_at(h, from);
    for (const uint32_t *end = f + n / 8 * 8; f != end; t += 8, f += 8) {
        copy_four(t, f);
        copy_four(t + 4, f + 4);
    }
    if ((n & 4) != 0) {
        copy_four(t, f);
        t += 4;
        f += 4;
    }
    if ((n & 2) != 0) {
        uint32_t a = f[0];
        uint32_t b = f[1];
        t[0] = a;
        t[1] = b;
        t += 2;
        f += 2;
    }
    if ((n & 1) != 0)
        *t = *f;
}

/*
 * The hole in hand has moved: from `c` to `end` it goes, and further if a hole
 * is there.
 */
static inline void land(struct heap *h, struct handles *t, addr32 c, addr32 end)
{
    uint32_t last = *handles_low(h, end);
    if (__builtin_expect(last != 0, 1)) {
        handles_go_behind(h, end, last);
    } else {
        uint32_t more = *handles_high(h, end);
        if (more == 0) {
            t->frontier = c;
            handles_clear(h, c);
            handles_let_go(t);
            return;
        }
        handles_take_out(h, end);
        end += 4 * more;
    }
    handles_hold(h, c, end);
}

/* The hole in hand and the object behind it, of `words`, change places. */
static __attribute__((noinline, aligned(4))) void
change_places(struct heap *h, uint32_t words)
{
    struct handles *t = handles_of(h);
    addr32 c = t->hand;
    addr32 from = t->hand_end;
    uint32_t index = handles_last(h, from);
    if (4 * words > from - c)
        t->torn = 4 * index;
    handles_fence();
    copy(h, c + 4, from + 4, words - 1);

    begin_passage(h);
    *word_at(h, c) = handles_header(words, index);
    handles_set_object(h, t, 4 * index, c + HANDLES_HEADER);
    pass(t, c, 4 * index);
    t->torn = 0;
    t->has_moved = 1;
    land(h, t, c + 4 * words, from + 4 * words);
    end_passage(h);
}

/* `place` becomes the place to which the object is copied from now on. */
static inline void begin_copy(struct heap *h, struct handles *t,
                              uint32_t handle, addr32 place, uint32_t words)
{
    *word_at(h, place) = handles_header(words, handle / 4);
    t->moving = handle;
    t->copy = place;
    t->copied = 1; /* the header is there */
    t->is_touched = 0;
}

/* Can `words` words be cut off a hole of `gap`, no more and no fewer? */
static inline bool fits(uint32_t words, uint32_t gap)
{
    return words == gap || words + HANDLES_CHUNK_MIN <= gap;
}

/* Begin to move an object of `words` words, which fits, into the hole in hand.
 */
static inline void begin_in_hand(struct heap *h, struct handles *t,
                                 uint32_t handle, uint32_t words)
{
    addr32 c = t->hand;
    begin_passage(h);
    (void)handles_cut_hand(h, t, words);
    begin_copy(h, t, handle, c, words);
    end_passage(h);
}

/*
 * The object behind the hole in hand does not fit into it: begin to move it
 * into the gap, from where it is fetched when there is more room. False: the
 * gap is too short, too.
 */
static inline bool begin_in_gap(struct heap *h, struct handles *t,
                                uint32_t handle, uint32_t words)
{
    begin_passage(h);
    addr32 place = t->frontier;
    bool has_room = h->pool_max - place > 4 * words;
    if (has_room) {
        t->frontier = place + 4 * words;
        handles_clear(h, t->frontier);
        begin_copy(h, t, handle, place, words);
    }
    end_passage(h);
    return has_room;
}

/*
 * The object that waits in the gap for a hole of its length: its words, if it
 * is there still, and fits into the hole in hand, of `gap` words; else 0.
 */
static uint32_t words_to_fetch(struct heap *h, const struct handles *t,
                               uint32_t gap)
{
    if (handles_entry(h, t, t->home) % 2 != 0)
        return 0;
    addr32 c = handles_chunk_of(h, t->home);
    uint32_t header = *word_at(h, c);
    uint32_t words = header >> 16;
    bool is_there = !handles_header_is_pinned(header) && c > t->hand &&
                    c + 4 * words == t->frontier;
    return is_there && fits(words, gap) ? words : 0;
}

/*
 * The last piece is copied: the handle names the new place, or, if the object
 * was written to since, still the old one. The other place is in nobody's use
 * any more: it joins the hole in hand if it is right behind it.
 */
static inline void end_move(struct heap *h, struct handles *t, addr32 old,
                            uint32_t words)
{
    uint32_t handle = t->moving;
    begin_passage(h);
    t->moving = HANDLES_GONE;
    if (t->is_touched) {
        pass(t, old, handle); /* so that others have their turn */
    } else {
        handles_set_object(h, t, handle, t->copy + HANDLES_HEADER);
        t->has_moved = 1;
        if (t->copy > old)
            t->home = handle;
        else
            pass(t, t->copy, handle);
        t->copy = old;
        if (t->hand_end == old) {
            t->moving = 0;
            land(h, t, t->hand, old + 4 * words);
        }
    }
    end_passage(h);
}

/* Copy a piece of the object in motion, perhaps the last one. */
static __attribute__((noinline, aligned(4))) enum outcome
carry_on(struct heap *h, struct budget *b)
{
    struct handles *t = handles_of(h);
    if (b->units < HANDLES_CARRY)
        return ENOUGH;
    addr32 old = handles_chunk_of(h, t->moving);
    uint32_t units = b->units - HANDLES_CARRY;
    uint32_t words = *handles_high(h, old);
    uint32_t left = words - t->copied;
    uint32_t n = left < units ? left : units;
    n = n < b->piece ? n : b->piece;
    uint32_t at = 4 * t->copied;
    t->copied += n;
    copy(h, t->copy + at, old + at, n);
    if (n < left || units - n < HANDLES_ARRIVE)
        return ENOUGH;
    b->units = units - n - HANDLES_ARRIVE;
    end_move(h, t, old, words);
    return GO_ON;
}

/*
 * What is behind the hole in hand is pinned, or moved in pieces, or not moved
 * because another object is.
 */
static __attribute__((noinline)) enum outcome begin(struct heap *h,
                                                    struct budget *b)
{
    struct handles *t = handles_of(h);
    uint32_t gap = (t->hand_end - t->hand) / 4;
    addr32 object = t->hand_end;
    uint32_t handle = 4 * handles_last(h, object);
    uint32_t words = *handles_high(h, object);
    if (b->units < HANDLES_BEGIN)
        return ENOUGH;
    b->units -= HANDLES_BEGIN;
    if (t->home != 0) {
        handle = t->home;
        words = words_to_fetch(h, t, gap);
        t->home = 0;
        if (words == 0)
            return GO_ON;
    }
    if (words >= 2 && fits(words, gap)) { /* 0 or 1: pinned */
        begin_in_hand(h, t, handle, words);
    } else if (words < 2 || !begin_in_gap(h, t, handle, words)) {
        (void)handles_put_down(h);
        pass(t, object, words < 2 ? 0 : handle);
        return GO_ON;
    }
    return carry_on(h, b);
}

/* The hole in hand moves up, object by object. */
static inline __attribute__((always_inline)) enum outcome
move_hole(struct heap *h, struct budget *b)
{
    struct handles *t = handles_of(h);
    uint32_t units = b->units;
    const uint32_t most = b->most;
    if (t->home != 0)
        return begin(h, b);
    do {
        uint32_t words = *handles_high(h, t->hand_end);
        if (words < 2 || words > most) {
            b->units = units;
            return units < HANDLES_BEGIN ? ENOUGH : begin(h, b);
        }
        uint32_t price = words + HANDLES_SLIDE;
        if (units < price - HANDLES_SPARE)
            return ENOUGH; /* the next step can */
        units -= units < price ? units : price;
        change_places(h, words);
    } while (t->hand != 0);
    b->units = units;
    return GO_ON;
}

/* The place that a move has left becomes a hole. */
static __attribute__((noinline)) enum outcome release(struct heap *h,
                                                      struct budget *b)
{
    struct handles *t = handles_of(h);
    if (b->units < HANDLES_END)
        return ENOUGH;
    b->units -= HANDLES_END;
    begin_passage(h);
    handles_end_motion(h, t);
    end_passage(h);
    return GO_ON;
}

/* ---- Steps ------------------------------------------------------------- */

/* Does defragmentation begin now? */
static bool begins(const struct heap *h, struct handles *t)
{
    if ((t->moving == 0 && !has_holes(t)) ||
        (h->pool_max - t->frontier > t->start_gap &&
         t->issued > t->start_issued))
        return false;
    t->is_begun = 1;
    t->has_moved = 1;
    return true;
}

uint32_t handles_work(struct heap *h, uint32_t units, uint32_t most,
                      uint32_t piece)
{
    struct handles *t = handles_of(h);
    struct budget b = {units, most, piece};
    if (t->in_step)
        return 1;
    if (t->free_handle == 0 && units >= HANDLES_ADD) {
        begin_passage(h);
        (void)handles_add_entry(h, t);
        end_passage(h);
        b.units -= HANDLES_ADD;
    }
    if (!t->is_begun && !begins(h, t))
        return 0;
    t->in_step = 1;
    t->short_request = 0; /* requests take the way that looks closer */
    handles_fence();
    enum outcome o;
    do {
        handles_fence();
        if (t->moving == 0)
            o = t->hand != 0 ? move_hole(h, &b) : look_for_hole(h, &b);
        else if (t->moving != HANDLES_GONE)
            o = carry_on(h, &b);
        else
            o = release(h, &b);
    } while (o == GO_ON && b.units >= HANDLES_ROUND);
    handles_fence();
    t->in_step = 0;
    t->short_request = t->usual_request;
    return o != SETTLED;
}

uint32_t handles_step(struct heap *h, uint32_t units)
{
    uint32_t least = HANDLES_SLIDE - HANDLES_SPARE;
    return handles_work(h, units, units > least ? units - least : 0, units);
}

void handles_settle(struct heap *h)
{
    struct handles *t = handles_of(h);
    CORE_ASSERT(!t->in_step);
    t->is_begun = 1;
    t->has_moved = 1;
    (void)handles_step(h, UINT32_MAX);
}
