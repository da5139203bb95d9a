/* figures.c - the numbers of a moment, and whether they are true. */
#include "sim/replay/play.h"

#include <inttypes.h>
#include <string.h>

uint32_t play_unit(const struct play *p, uint32_t address)
{
    return shadow_unit(&p->s, address);
}

/* Holes that touch [from, from + n): 0, 1 or 2. */
static uint32_t holes_beside(const struct holes *h, uint32_t from, uint32_t n)
{
    uint32_t before = from > 0 && holes_all_free(h, from - 1, 1);
    return before + holes_all_free(h, from + n, 1);
}

void play_take(struct play *p, uint32_t address, uint32_t granted, bool is_live)
{
    if (p->in_pieces)
        return; /* pieces_place has */
    uint32_t from = play_from(p, address);
    uint32_t n = play_units(p, granted);
    holes_take(&p->used, from, n);
    if (p->tag_units != 0)
        p->n_holes += holes_beside(&p->used, from, n) - 1;
    if (is_live && !p->live_is_used)
        holes_take(&p->live, from, n);
}

void play_give(struct play *p, uint32_t address, uint32_t granted, bool is_live)
{
    if (p->in_pieces) {
        pieces_give(p, address);
        return;
    }
    uint32_t from = play_from(p, address);
    uint32_t n = play_units(p, granted);
    holes_give(&p->used, from, n);
    if (p->tag_units != 0)
        p->n_holes += 1 - holes_beside(&p->used, from, n);
    if (is_live && !p->live_is_used)
        holes_give(&p->live, from, n);
}

void play_give_live(struct play *p, uint32_t address, uint32_t granted)
{
    if (p->live_is_used)
        holes_copy(&p->live, &p->used);
    p->live_is_used = false;
    holes_give(&p->live, play_from(p, address), play_units(p, granted));
}

uint64_t play_free_bytes(const struct play *p)
{
    uint64_t tags = (uint64_t)p->n_holes * p->tag_units;
    return (p->used.n_free - tags) << p->s.unit_shift;
}

uint64_t play_hole_bytes(const struct play *p, uint32_t units)
{
    return units == 0 ? 0 : (uint64_t)(units - p->tag_units) << p->s.unit_shift;
}

uint64_t play_longest_hole(const struct play *p)
{
    if (p->in_pieces) /* all together are one */
        return play_free_bytes(p);
    return play_hole_bytes(p, holes_longest(&p->used));
}

void play_figures(struct play *p, struct heap_figures *f)
{
    f->asked = p->s.asked;
    f->live = p->s.live_bytes;
    f->used = p->s.used_bytes;
    f->free = play_free_bytes(p);
    if (p->is_outside) {
        f->largest_free = f->largest_request = outside_largest(p);
        return;
    }
    f->largest_free = play_longest_hole(p);
    f->largest_request = play_largest_request(p);
}

bool play_would_grant(struct play *p, uint64_t bytes)
{
    if (bytes == 0)
        return true;
    if (bytes > UINT32_MAX)
        return false;
    struct outer outer = p->outer;
    bool granted = p->t->alloc(p->t, (uint32_t)bytes, 0) != 0;
    p->t->restore(p->t);
    p->outer = outer;
    return granted;
}

/* The largest request, by bisection on a snapshot, where `low` bytes would be
 * granted; never more than `high`. */
static uint64_t bisect(struct play *p, uint64_t low, uint64_t high)
{
    while (low < high) {
        uint64_t middle = (low + high + 1) / 2;
        if (play_would_grant(p, middle))
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* Is the figure what the manager grants for sure, and not all that it may? */
static bool is_bound(const struct play *p)
{
    return p->shape->largest != NULL &&
           (play_count_pins(p) > 0 ||
            manager_number(p->o, "ambiguous", 0) != 0);
}

int play_ask_largest(struct play *p, uint64_t *largest)
{
    if (p->is_outside || !is_bound(p))
        return 0;
    int err = p->moves ? play_set_pins(p) : 0;
    if (err != 0)
        return err;
    uint64_t free = (uint64_t)play_live(p)->n_free << p->s.unit_shift;
    p->t->snapshot(p->t);
    p->is_probing = true;
    *largest = bisect(p, *largest, free);
    p->is_probing = false;
    return p->t->trouble[0] == '\0' ? 0 : play_fail(p, "%s", p->t->trouble);
}

/*
 * Every search here is monotone: if r is granted, so is all below (a first fit
 * takes what is long enough; a good fit looks from r's class upwards, and the
 * class grows with r). So the figure r is true iff r is granted and r + 1 is
 * not (with growth by 3 % more may yet be granted above, which is not asked).
 */
int play_probe(struct play *p)
{
    if (p->is_outside)
        return outside_probe(p);
    int err = play_walk(p);
    if (err == 0 && p->in_pieces)
        err = pieces_probe(p);
    if (err == 0 && p->outer_heap.is_open)
        err = outer_heap_probe(p);
    if (err != 0)
        return err;
    uint64_t figure = play_largest_request(p);
    err = p->moves ? play_set_pins(p) : 0;
    if (err != 0)
        return err;
    p->t->snapshot(p->t);
    p->is_probing = true;
    bool is_true = play_would_grant(p, figure) &&
                   (is_bound(p) || !play_would_grant(p, figure + 1));
    uint64_t truth = is_true ? figure : bisect(p, 0, p->o->window_bytes);
    p->is_probing = false;
    if (p->t->trouble[0] != '\0')
        return play_fail(p, "%s", p->t->trouble);
    if (is_true)
        return 0;
    return play_fail(p,
                     "largest_request is %" PRIu64 ", but by asking it is "
                     "%" PRIu64,
                     figure, truth);
}

double play_frag_index(const struct refusal_record *f)
{
    double asked = (double)f->asked;
    if (f->largest_free >= f->asked && f->asked > 0)
        return -1;
    if (f->n_holes == 0 || f->asked == 0)
        return 0;
    return 1 - (1 + (double)f->free / asked) / (double)f->n_holes;
}
