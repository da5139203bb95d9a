/* hazard3_fetch.c - see hazard3_fetch.h. */
#include "sim/machine/hazard3_fetch.h"

void h3_fetch_reset(struct h3_fetch *f, uint32_t address)
{
    *f = (struct h3_fetch){.counter = address & ~3u,
                           .takes_low = !(address & 2)};
}

static bool is_in_word(uint32_t address, uint32_t word)
{
    return address >> 2 == word >> 2;
}

/*
 * The word at the counter, now that the bus accepts its address; the predictor
 * may bend what follows.
 */
static struct h3_word next_word(struct h3_fetch *f,
                                const struct h3_predictor *p)
{
    bool is_hit = p->is_valid && is_in_word(p->branch, f->counter);
    bool is_high = (p->branch & 2) != 0;
    bool is_straddling = p->is_wide && is_high;
    bool is_passed = !p->is_wide && !is_high && !f->takes_low;
    bool turns = (is_hit && !is_straddling && !is_passed) || f->is_over;
    /* The branch ends in the low half: the high half is not on the way. */
    bool ends_low = is_high == (p->is_wide != 0);
    struct h3_word w = {1, f->takes_low, !(turns && ends_low), 0};

    if (is_hit)
        w.marks = is_high ? 2 : p->is_wide ? 3 : 1;
    else if (f->is_over)
        w.marks = 1;
    f->takes_low = !(turns && (p->target & 2));
    f->counter = turns ? p->target & ~3u : f->counter + 4;
    f->is_over = is_hit && is_straddling;
    return w;
}

/* The buffer takes a word that it has room for, and says whether it did. */
static bool fill_buffer(struct h3_fetch *f, const struct h3_word *w)
{
    uint8_t room_from = w->has_low && w->has_high ? 1 : 2;
    if (!w->is_valid || f->level > room_from)
        return false;
    if (w->has_low)
        f->mark[f->level++] = w->marks & 1;
    if (w->has_high)
        f->mark[f->level++] = w->marks >> 1 & 1;
    return true;
}

static void drop_front(struct h3_fetch *f, uint8_t use)
{
    for (uint8_t k = 0; k < 3; k++)
        f->mark[k] = k + use < f->level ? f->mark[k + use] : 0;
    f->level = (uint8_t)(f->level - use);
}

/* The word that arrives joins the buffer or the queue. */
static void take_words(struct h3_fetch *f, bool has_arrived)
{
    const struct h3_word none = {0};
    struct h3_word arrived = has_arrived && !f->is_dropped ? f->fly : none;

    if (f->n_queue == 0) {
        if (fill_buffer(f, &arrived))
            return;
    } else if (fill_buffer(f, &f->queue[0])) {
        f->queue[0] = f->queue[1];
        f->queue[1] = none;
        f->n_queue--;
    }
    if (arrived.is_valid)
        f->queue[f->n_queue++] = arrived;
}

static void redirect(struct h3_fetch *f, const struct h3_step *s,
                     bool has_arrived)
{
    const struct h3_word none = {0};
    uint8_t first = f->mark[0];
    f->mark[0] = f->mark[1] = f->mark[2] = 0;
    f->level = 0;
    if (s->keeps) {
        f->level = s->keep_size;
        f->mark[0] = first;
    }
    f->n_queue = 0;
    f->queue[0] = f->queue[1] = none;
    f->is_dropped = !has_arrived;
    f->is_over = 0;
    f->takes_low = !(s->target & 2);
    f->counter = s->target & ~3u;
}

/* A jump's word that goes straight out is not held against the predictor. */
static struct h3_word jump_word(struct h3_fetch *f)
{
    struct h3_word w = {1, f->takes_low, 1, 0};
    f->takes_low = 1;
    f->counter += 4;
    return w;
}

void h3_fetch_clock(struct h3_fetch *f, const struct h3_predictor *p,
                    const struct h3_step *s)
{
    const struct h3_word none = {0};
    bool wants = h3_fetch_wants(f, s->is_jump);
    bool has_arrived = f->fly.is_valid && f->fly_wait == 0;

    if (s->is_jump) {
        redirect(f, s, has_arrived);
    } else {
        drop_front(f, s->use);
        take_words(f, has_arrived);
    }
    if (has_arrived) {
        f->fly = none;
        f->is_dropped = 0;
    } else if (f->fly.is_valid) {
        f->fly_wait--;
    }
    f->is_held = wants && !s->is_granted;
    if (wants && s->is_granted) {
        f->fly = s->is_jump ? jump_word(f) : next_word(f, p);
        f->fly_wait = s->wait;
        f->is_dropped = 0;
    }
}
