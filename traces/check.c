/* check.c - see check.h for the contract. */
#include "traces/check.h"

#include <inttypes.h>
#include <stdlib.h>

#include "traces/kinds.h"

#define DEAD_CAP (1u << 16)

/* The target's word: objects are words of four bytes in every machine.    */
#define DEFAULT_WORD_BYTES 4

static int refuse(const struct trace_op *op, uint64_t id, const char *why,
                  struct problem *reason)
{
    return problem_set(reason, ERR_INPUT, "%s of object %" PRIu64 ", %s",
                       trace_kind_name(op->kind), id, why);
}

static int refuse_memory(struct problem *reason)
{
    return problem_set(reason, ERR_MEMORY, "out of memory");
}

/* Why `id` cannot be used: it is not there, or it is dead. */
static const char *why_not_live(const struct trace_check *c, uint64_t id,
                                const struct live_object *o)
{
    if (o != NULL)
        return "which is dead";
    return live_was_used(&c->live, id)
               ? "which is not live (freed or collected before)"
               : "which is not live (never allocated)";
}

/* The live object `id`, or null and the reason. */
static struct live_object *need_live(const struct trace_check *c,
                                     const struct trace_op *op, uint64_t id,
                                     struct problem *reason)
{
    struct live_object *o = live_find(&c->live, id);
    if (o != NULL && !o->is_dead)
        return o;
    refuse(op, id, why_not_live(c, id, o), reason);
    return NULL;
}

static void add_bytes(struct trace_check *c, uint64_t bytes)
{
    c->live_bytes += bytes;
    if (c->live_bytes > c->counts.peak_live)
        c->counts.peak_live = c->live_bytes;
}

/* A live object ceases to be alive. */
static void end_life(struct trace_check *c, const struct live_object *o)
{
    c->live_bytes -= o->bytes;
    c->n_live--;
    if (c->ended != NULL)
        c->ended(c->ctx, c, o);
}

/* The object is gone, whether it was alive or dead. */
static void drop(struct trace_check *c, struct live_object *o)
{
    if (!o->is_dead)
        end_life(c, o);
    live_remove(&c->live, o);
}

static void drop_id(struct trace_check *c, uint64_t id)
{
    struct live_object *o = live_find(&c->live, id);
    if (o != NULL)
        drop(c, o);
}

/* Everything but the outer heap's objects is gone. */
static void drop_all(struct trace_check *c)
{
    if (c->live.bits == 0)
        return;
    size_t n_slots = (size_t)1 << c->live.bits;
    size_t i = 0;
    while (i < n_slots) {
        struct live_object *o = &c->live.slots[i];
        /* A removal may move another object into this slot: look again. */
        if (o->is_used && (o->flags & TRACE_OUTER) == 0)
            drop(c, o);
        else
            i++;
    }
}

static int check_birth(struct trace_check *c, const struct trace_op *op,
                       struct problem *reason)
{
    if (live_was_used(&c->live, op->id))
        return refuse(op, op->id, "whose id was given out before", reason);
    struct live_object *o = live_add(&c->live, op->id);
    if (o == NULL)
        return refuse_memory(reason);
    o->bytes = op->bytes;
    o->born = c->clock;
    o->flags = op->kind == TRACE_ALLOC ? op->flags : 0;
    c->clock += op->bytes;
    c->n_live++;
    add_bytes(c, op->bytes);
    return 0;
}

static int check_free(struct trace_check *c, const struct trace_op *op,
                      uint64_t id, struct problem *reason)
{
    struct live_object *o = live_find(&c->live, id);
    if (o != NULL) {
        drop(c, o);
        return 0;
    }
    if (c->has_forgotten && live_was_used(&c->live, id))
        return 0;
    return refuse(op, id, why_not_live(c, id, NULL), reason);
}

static int check_realloc(struct trace_check *c, const struct trace_op *op,
                         struct problem *reason)
{
    struct live_object *o = need_live(c, op, op->id, reason);
    if (o == NULL)
        return ERR_INPUT;
    if (op->bytes > o->bytes)
        c->clock += op->bytes - o->bytes;
    c->live_bytes -= o->bytes;
    o->bytes = op->bytes;
    add_bytes(c, op->bytes);
    return 0;
}

static int check_death(struct trace_check *c, const struct trace_op *op,
                       struct problem *reason)
{
    struct live_object *o = need_live(c, op, op->id, reason);
    if (o == NULL)
        return ERR_INPUT;
    if (c->dead == NULL) {
        c->dead = malloc(DEAD_CAP * sizeof *c->dead);
        if (c->dead == NULL)
            return refuse_memory(reason);
    }
    end_life(c, o);
    o->is_dead = true;

    if (c->n_dead == DEAD_CAP) {
        struct live_object *old = live_find(&c->live, c->dead[c->first_dead]);
        if (old != NULL) {
            live_remove(&c->live, old);
            c->has_forgotten = true;
        }
        c->first_dead = (c->first_dead + 1) % DEAD_CAP;
        c->n_dead--;
    }
    c->dead[(c->first_dead + c->n_dead++) % DEAD_CAP] = op->id;
    return 0;
}

static int check_word(const struct trace_check *c, const struct trace_op *op,
                      struct problem *reason)
{
    const struct live_object *o = need_live(c, op, op->id, reason);
    if (o == NULL)
        return ERR_INPUT;
    if ((uint64_t)op->word * c->word_bytes < o->bytes)
        return 0; /* it begins within them, so it is one of their words   */
    uint64_t reach = (o->bytes + c->grain_bytes - 1) / c->grain_bytes;
    if ((uint64_t)op->word * c->word_bytes < reach * c->grain_bytes)
        return 0;
    uint64_t n_words = (o->bytes + c->word_bytes - 1) / c->word_bytes;
    return problem_set(reason, ERR_INPUT,
                       "%s of word %" PRIu32 " of object %" PRIu64
                       ", which has %" PRIu64 " bytes (%" PRIu64 " words)",
                       trace_kind_name(op->kind), op->word, op->id, o->bytes,
                       n_words);
}

static int check_target(const struct trace_check *c, const struct trace_op *op,
                        struct problem *reason)
{
    if (op->target == TRACE_NONE)
        return 0;
    const struct live_object *o = live_find(&c->live, op->target);
    if (o != NULL && !o->is_dead)
        return 0;
    return problem_set(
        reason, ERR_INPUT, "%s of a reference to object %" PRIu64 ", %s",
        trace_kind_name(op->kind), op->target, why_not_live(c, op->target, o));
}

static int check_root(const struct trace_check *c, const struct trace_op *op,
                      struct problem *reason)
{
    if (c->root_words != 0 && op->word >= c->root_words)
        return problem_set(reason, ERR_INPUT,
                           "root slot %" PRIu32 ", but there are %" PRIu32,
                           op->word, c->root_words);
    return check_target(c, op, reason);
}

static int check_pin(struct trace_check *c, const struct trace_op *op,
                     struct problem *reason)
{
    struct live_object *o = need_live(c, op, op->id, reason);
    if (o == NULL)
        return ERR_INPUT;
    if (op->kind == TRACE_PIN) {
        o->n_pins++;
        return 0;
    }
    if (o->n_pins == 0)
        return refuse(op, op->id, "which is not pinned", reason);
    o->n_pins--;
    return 0;
}

static int check_control(struct trace_check *c, const struct trace_op *op,
                         struct problem *reason)
{
    if (op->what == TRACE_CONTROL_RESET)
        drop_all(c);
    if (op->what != TRACE_CONTROL_LOCK)
        return 0;
    if (op->value != 0) {
        c->n_locks++;
        return 0;
    }
    if (c->n_locks == 0)
        return problem_set(reason, ERR_INPUT,
                           "unlock of a heap that is not locked");
    c->n_locks--;
    return 0;
}

static int check_finalise(struct trace_check *c, const struct trace_op *op,
                          struct problem *reason)
{
    for (uint32_t i = 0; i < op->n_ids; i++) {
        int err = check_free(c, op, op->ids[i], reason);
        if (err < 0)
            return err;
    }
    return 0;
}

/* Facts are believed: what the recording saw go is gone. */
static void follow_fact(struct trace_check *c, const struct trace_op *op)
{
    if (op->what == TRACE_EXPECT_COLLECTION) {
        for (uint32_t i = 0; i < op->n_ids; i++)
            drop_id(c, op->ids[i]);
    } else if (op->what == TRACE_EXPECT_GIVEN_BACK &&
               op->fact.given_back.lost != TRACE_NONE) {
        drop_id(c, op->fact.given_back.lost);
    }
}

static int check_kind(struct trace_check *c, const struct trace_op *op,
                      struct problem *reason)
{
    switch (op->kind) {
    case TRACE_ALLOC:
    case TRACE_INTERN:
        return check_birth(c, op, reason);
    case TRACE_FREE:
        return check_free(c, op, op->id, reason);
    case TRACE_REALLOC:
        return check_realloc(c, op, reason);
    case TRACE_REFUSED:
        return op->what == TRACE_ALLOC ||
                       need_live(c, op, op->id, reason) != NULL
                   ? 0
                   : ERR_INPUT;
    case TRACE_COLLECT:
        if (op->what == TRACE_COLLECT_ALL)
            drop_all(c);
        return 0;
    case TRACE_CONTROL:
        return check_control(c, op, reason);
    case TRACE_PROMOTE:
        return need_live(c, op, op->id, reason) != NULL ? 0 : ERR_INPUT;
    case TRACE_STORE: {
        int err = check_word(c, op, reason);
        return err < 0 ? err : check_target(c, op, reason);
    }
    case TRACE_TOUCH:
        return check_word(c, op, reason);
    case TRACE_ROOT:
        return check_root(c, op, reason);
    case TRACE_PIN:
    case TRACE_UNPIN:
        return check_pin(c, op, reason);
    case TRACE_DEATH:
        return check_death(c, op, reason);
    case TRACE_FINALISE:
        return check_finalise(c, op, reason);
    case TRACE_EXPECT:
        follow_fact(c, op);
        return 0;
    default:
        return 0;
    }
}

void trace_check_init(struct trace_check *c, const struct trace_header *h)
{
    *c = (struct trace_check){0};
    c->word_bytes = h->word_bytes != 0 ? h->word_bytes : DEFAULT_WORD_BYTES;
    c->grain_bytes = h->has_blocks != 0 && h->block_bytes != 0 ? h->block_bytes
                                                               : c->word_bytes;
    c->root_words = h->root_words;
}

int trace_check_op(struct trace_check *c, const struct trace_op *op,
                   struct problem *reason)
{
    const char *fault = trace_op_fault(op);
    if (fault != NULL)
        return problem_set(reason, ERR_INPUT, "%s: %s",
                           trace_kind_name(op->kind), fault);
    int err = check_kind(c, op, reason);
    if (err == 0)
        counts_add(&c->counts, op);
    return err;
}

void trace_check_free(struct trace_check *c)
{
    live_free(&c->live);
    free(c->dead);
    *c = (struct trace_check){0};
}
