/*
 * handlesstep.c - see handles.h: pins, and the steps that move objects
 *
 * What an interrupt may meet: between two instructions of a step the heap is
 * whole, but for a hole that is in no list (`hand`), an object that changes
 * places with it (`torn`), and passages between begin_passage and end_passage.
 * The hole and the object that changes places with it look like one used chunk
 * while that goes on. What an interrupt may change is read again in the
 * passage that relies on it.
 */
#include "core/handles.h"
#include "core/handleschunk.h"

/* Why a part of a step returns. */
enum outcome {
    GO_ON,  /* there may be more to do within the budget                  */
    ENOUGH, /* the budget is used up                                      */
    SETTLED /* nothing is left to move                                    */
};

/* ---- Passages, pins ---------------------------------------------------- */

static inline void begin_passage(struct heap *h, struct handles *t)
{
    t->short_request = 0; /* every request takes the way that looks closer */
    h->phase = PHASE_MOVE;
    handles_fence();
}

static inline void end_passage(struct heap *h, struct handles *t)
{
    handles_fence();
    h->phase = PHASE_IDLE;
    t->short_request = handles_short_request(t);
}

/* The chunk at `c`, not pinned, says that it is. */
static inline void fasten(struct heap *h, addr32 c)
{
    uint32_t header = *word_at(h, c);
    *word_at(h, c) =
        (header >> 16) | ((header & HANDLES_LOW) == 0 ? 1u << 16 : 0);
}

/* A place right behind chunk `c`, which was pinned, is told its handle. */
static void name_place(struct handles_place *place, addr32 c, uint32_t handle)
{
    if (place->at == c)
        place->handle = handle;
}

/* The chunk of `handle`, which says that it is pinned, no longer does. */
static uint32_t unfasten(struct heap *h, struct handles *t, uint32_t handle)
{
    addr32 c = handles_chunk_of(h, handle);
    uint32_t header = *word_at(h, c);
    uint32_t index = handle / 4;
    if (header >> 16 != 0) {
        *word_at(h, c - 4) = (*word_at(h, c - 4) & ~HANDLES_LOW) | index;
        index = 0;
    }
    header = handles_header(header & HANDLES_LOW, index);
    *word_at(h, c) = header;
    name_place(&t->scan, c, handle);
    name_place(&t->before, c, handle);
    return header;
}

void handles_abort(struct heap *h, struct handles *t)
{
    uint32_t header = *word_at(h, t->copy);
    (void)unfasten(h, t, t->moving);
    t->moving = 0;
    handles_make_hole(h, t->copy, header >> 16, (header & HANDLES_LOW) == 0);
}

uint32_t handles_loosen(struct heap *h, struct handles *t, uint32_t handle)
{
    if (t->moving != handle)
        return unfasten(h, t, handle);
    handles_abort(h, t);
    return *word_at(h, handles_chunk_of(h, handle));
}

void handles_pin(struct heap *h, uint32_t handle)
{
    struct handles *t = handles_of(h);
    CORE_ASSERT(h->phase == PHASE_IDLE && !t->in_step);
    CORE_ASSERT(handles_is_valid(h, handle));
    if (t->moving == handle)
        handles_abort(h, t);
    addr32 c = handles_chunk_of(h, handle);
    if (!handles_header_is_pinned(*word_at(h, c)))
        fasten(h, c);
}

void handles_unpin(struct heap *h, uint32_t handle)
{
    struct handles *t = handles_of(h);
    CORE_ASSERT(h->phase == PHASE_IDLE && !t->in_step);
    if (!handles_is_pinned(h, handle))
        return;
    (void)unfasten(h, t, handle);
}

/* ---- The scan, and a hole in hand -------------------------------------- */

/* Is there still a chunk in use where the place says? */
static bool holds(struct heap *h, const struct handles_place *place)
{
    return place->at == 0 || place->handle == 0 ||
           (handles_is_valid(h, place->handle) &&
            handles_chunk_of(h, place->handle) == place->at);
}

/* What lies where the scan stands, which holds: a chunk, or the gap. */
static addr32 scanned(struct heap *h, const struct handles *t)
{
    addr32 c = t->scan.at;
    return c == 0 ? h->pool_min : c + 4 * handles_words(*word_at(h, c));
}

/* The scan goes past chunk `c`, which is in use. */
static inline void pass(struct handles *t, addr32 c, uint32_t handle)
{
    t->before = t->scan;
    t->scan = (struct handles_place){c, handle};
}

/* The hole in hand goes to its list. */
static void put_down(struct heap *h, struct handles *t)
{
    addr32 c = t->hand;
    if (c == 0)
        return;
    begin_passage(h, t);
    t->hand = 0;
    handles_insert(h, c, *word_at(h, c) >> 16);
    end_passage(h, t);
}

/* The hole at `c`, if it is one still, is taken out of its list. */
static void take_in_hand(struct heap *h, struct handles *t, addr32 c)
{
    begin_passage(h, t);
    if (c != t->frontier && (*word_at(h, c) & HANDLES_LOW) == 0) {
        handles_take_out(h, c);
        t->hand = c;
    }
    end_passage(h, t);
}

/* The scan has come to the end: does it begin anew? */
static bool scan_again(struct handles *t)
{
    if (t->bits == 0 || !t->has_moved) {
        t->is_begun = 0;
        return false;
    }
    t->has_moved = 0;
    t->scan = t->before = (struct handles_place){0, 0};
    return true;
}

/* Pass objects until there is a hole in hand. */
static enum outcome look_for_hole(struct heap *h, struct handles *t,
                                  struct handles_budget *b)
{
    addr32 c = scanned(h, t);
    while (b->units >= HANDLES_PASS) {
        handles_fence();
        uint32_t header = *word_at(h, c);
        if (c == t->frontier) {
            b->units -= HANDLES_PASS;
            if (!scan_again(t))
                return SETTLED;
            c = h->pool_min;
        } else if ((header & HANDLES_LOW) != 0) {
            bool is_pinned = handles_header_is_pinned(header);
            b->units -= HANDLES_PASS;
            pass(t, c, is_pinned ? 0 : 4 * (header & HANDLES_LOW));
            c += 4 * handles_words(header);
        } else if (b->units < HANDLES_LEAST) {
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

struct four_words {
    uint32_t word[4];
};

/*
 * Copy `n` words down, or up to where they do not overlap. Four at a time
 * through a structure, which a compiler turns into its widest loads and
 * stores, if they do not overlap either.
 */
static __attribute__((noinline)) void copy(struct heap *h, addr32 to,
                                           addr32 from, uint32_t n)
{
    uint32_t *t = word_at(h, to);
    const uint32_t *f = word_at(h, from);
    if (from - to >= 16) {
        for (; n >= 4; n -= 4, t += 4, f += 4)
            *(struct four_words *)(void *)t =
                *(const struct four_words *)(const void *)f;
    }
    for (; n > 0; n--)
        *t++ = *f++;
}

/* The hole in hand, of `gap` words, and the object behind it change places. */
static void change_places(struct heap *h, struct handles *t, uint32_t gap,
                          uint32_t words, uint32_t handle)
{
    addr32 c = t->hand;
    if (words > gap)
        t->torn = handle;
    *word_at(h, c) = handles_header(gap + words, handle / 4);
    handles_fence();
    copy(h, c + 4, c + 4 * gap + 4, words - 1);

    begin_passage(h, t);
    *word_at(h, c) = handles_header(words, handle / 4);
    handles_set_object(h, t, handle, c + HANDLES_HEADER);
    t->torn = 0;
    struct handles_piece hole = {c + 4 * words, gap};
    t->hand = handles_join(h, &hole, false) ? hole.at : 0;
    t->has_moved = 1;
    pass(t, c, handle);
    end_passage(h, t);
}

/* `copy` becomes the place to which the object is copied from now on. */
static void begin_copy(struct heap *h, struct handles *t, uint32_t handle,
                       addr32 place, uint32_t words)
{
    *word_at(h, place) = handles_header(words, handle / 4);
    fasten(h, handles_chunk_of(h, handle));
    t->moving = handle;
    t->copy = place;
    t->copied = 1; /* the header is there */
    t->is_touched = 0;
}

/* Begin to move an object of `words` words into the hole in hand. */
static void begin_in_hand(struct heap *h, struct handles *t, uint32_t handle,
                          uint32_t words)
{
    addr32 c = t->hand;
    begin_passage(h, t);
    t->hand = 0;
    t->home = 0;
    words = handles_cut(h, c, *word_at(h, c) >> 16, words);
    begin_copy(h, t, handle, c, words);
    end_passage(h, t);
}

/*
 * The object behind the hole in hand is longer than that: begin to move it
 * into the gap, from where it is fetched when there is more room. If the gap
 * is too short, too, leave hole and object alone.
 */
static void begin_in_gap(struct heap *h, struct handles *t, uint32_t handle,
                         uint32_t words)
{
    addr32 c = t->hand;
    begin_passage(h, t);
    t->hand = 0;
    handles_insert(h, c, *word_at(h, c) >> 16);
    addr32 place = t->frontier;
    if (h->pool_max - place > 4 * words) {
        handles_begin_gap(h, place + 4 * words);
        begin_copy(h, t, handle, place, words);
    } else {
        pass(t, handles_chunk_of(h, handle), handle);
    }
    end_passage(h, t);
}

/*
 * The object that waits in the gap for a hole of its length: its words, if it
 * is there still, and fits into a hole of `gap` words; else 0.
 */
static uint32_t words_to_fetch(struct heap *h, struct handles *t, uint32_t gap)
{
    if (t->home == 0)
        return 0;
    if (handles_is_valid(h, t->home)) {
        addr32 c = handles_chunk_of(h, t->home);
        uint32_t header = *word_at(h, c);
        uint32_t words = header >> 16;
        if (!handles_header_is_pinned(header) && c > t->hand &&
            c + 4 * words == t->frontier && words <= gap)
            return words;
    }
    t->home = 0;
    return 0;
}

/* The hole in hand moves up by an object. */
static enum outcome move_hole(struct heap *h, struct handles *t,
                              struct handles_budget *b)
{
    uint32_t gap = *word_at(h, t->hand) >> 16;
    addr32 object = t->hand + 4 * gap;
    uint32_t header = *word_at(h, object);
    if (handles_header_is_pinned(header)) {
        put_down(h, t);
        pass(t, object, 0);
        return GO_ON;
    }
    uint32_t handle = 4 * (*word_at(h, object - 4) & HANDLES_LOW);
    uint32_t words = header >> 16;
    uint32_t fetched = words_to_fetch(h, t, gap);
    if (fetched == 0 && words <= b->most) {
        uint32_t units = words + HANDLES_SLIDE;
        if (units > b->units || words > b->words)
            return ENOUGH; /* the next step can */
        b->units -= units;
        b->words -= words;
        change_places(h, t, gap, words, handle);
        return GO_ON;
    }
    if (b->units < HANDLES_BEGIN)
        return ENOUGH;
    b->units -= HANDLES_BEGIN;
    if (fetched != 0)
        begin_in_hand(h, t, t->home, fetched);
    else if (words <= gap)
        begin_in_hand(h, t, handle, words);
    else
        begin_in_gap(h, t, handle, words);
    return GO_ON;
}

/* The last piece is copied: the handle names the new place. */
static void end_move(struct heap *h, struct handles *t, addr32 old,
                     uint32_t words)
{
    uint32_t handle = t->moving;
    begin_passage(h, t);
    if (t->is_touched) {
        handles_abort(h, t);
        pass(t, old, handle); /* so that others have their turn */
    } else {
        bool is_behind = *word_at(h, old) >> 16 != 0;
        handles_set_object(h, t, handle, t->copy + HANDLES_HEADER);
        t->moving = 0;
        t->has_moved = 1;
        t->home = t->copy > old ? handle : 0;
        handles_make_hole(h, old, words, is_behind);
    }
    end_passage(h, t);
}

/* Copy a piece of the object in motion, perhaps the last one. */
static enum outcome carry_on(struct heap *h, struct handles *t,
                             struct handles_budget *b)
{
    addr32 old = handles_chunk_of(h, t->moving);
    uint32_t words = *word_at(h, old) & HANDLES_LOW;
    uint32_t n = words - t->copied;
    if (n > b->units)
        n = b->units;
    if (n > b->words)
        n = b->words;
    uint32_t at = 4 * t->copied;
    copy(h, t->copy + at, old + at, n);
    t->copied += n;
    b->units -= n;
    b->words -= n;
    if (t->copied != words || b->units < HANDLES_END)
        return ENOUGH;
    b->units -= HANDLES_END;
    end_move(h, t, old, words);
    return GO_ON;
}

/* ---- Steps ------------------------------------------------------------- */

/* Has defragmentation begun, or does it now? */
static bool is_due(const struct heap *h, struct handles *t)
{
    if (t->in_step || (t->bits == 0 && t->moving == 0))
        return false;
    if (!t->is_begun && (h->pool_max - t->frontier <= t->start_gap ||
                         t->issued <= t->start_issued)) {
        t->is_begun = 1;
        t->has_moved = 1;
    }
    return t->is_begun;
}

uint32_t handles_work(struct heap *h, struct handles_budget b)
{
    struct handles *t = handles_of(h);
    if (!is_due(h, t))
        return 0;
    t->in_step = 1;
    if (!holds(h, &t->scan)) {
        t->scan = t->before;
        t->before = (struct handles_place){0, 0};
        if (!holds(h, &t->scan))
            t->scan = t->before;
    }
    enum outcome o = GO_ON;
    while (o == GO_ON) {
        handles_fence();
        if (t->moving != 0)
            o = carry_on(h, t, &b);
        else if (t->hand != 0)
            o = move_hole(h, t, &b);
        else
            o = look_for_hole(h, t, &b);
    }
    put_down(h, t);
    t->in_step = 0;
    return o != SETTLED;
}

uint32_t handles_step(struct heap *h, uint32_t units)
{
    uint32_t fixed = HANDLES_TAKE + HANDLES_SLIDE;
    uint32_t most = units > fixed ? units - fixed : 0;
    return handles_work(h, (struct handles_budget){units, units, most});
}

void handles_settle(struct heap *h)
{
    struct handles *t = handles_of(h);
    CORE_ASSERT(!t->in_step);
    t->is_begun = 1;
    t->has_moved = 1;
    (void)handles_step(h, UINT32_MAX);
}
