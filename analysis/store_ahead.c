/*
 * store_ahead.c - see store.h, store_run_may_hold: a thread that inserts a
 * run's operations while the run plays
 *
 * The playing thread hands over full arrays and gets empty ones; the other
 * owns the connection from begin to end. A ring of arrays lies between them:
 * memory is constant, and who is faster waits. Nobody sees the rows before
 * the run's end commits them; a run given up is rolled back.
 */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "analysis/store_parts.h"

#define RING 3

struct store_ahead {
    pthread_t thread;
    pthread_mutex_t lock;   /* of all below but `copy`                    */
    pthread_cond_t changed; /* something below has changed                */
    struct shard_op *arrays[RING];
    uint32_t n_ops[RING];
    uint32_t first;         /* array to be inserted next                  */
    uint32_t n_full;        /* arrays that wait, from `first` on          */
    bool is_ending;         /* no array will follow                       */
    int err;                /* what inserting came to                     */
    struct problem problem; /* its message                                */
    struct store_copy copy; /* the inserting thread's                     */
    int64_t bytes_before;   /* pages in use at the beginning              */
};

static void free_ahead(struct store_ahead *a)
{
    for (int i = 0; i < RING; i++)
        free(a->arrays[i]);
    pthread_cond_destroy(&a->changed);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

static struct store_ahead *new_ahead(void)
{
    struct store_ahead *a = calloc(1, sizeof *a);
    if (a == NULL)
        return NULL;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->changed, NULL);
    for (int i = 0; i < RING; i++) {
        a->arrays[i] = malloc(SHARD_OPS_CAP * sizeof a->arrays[i][0]);
        if (a->arrays[i] == NULL) {
            free_ahead(a);
            return NULL;
        }
    }
    return a;
}

/* Insert one array after the other until none will follow, or one fails. */
static void *insert_arrays(void *arg)
{
    struct store_ahead *a = arg;
    pthread_mutex_lock(&a->lock);
    while (a->err == 0) {
        while (a->n_full == 0 && !a->is_ending)
            pthread_cond_wait(&a->changed, &a->lock);
        if (a->n_full == 0)
            break;
        uint32_t i = a->first;
        pthread_mutex_unlock(&a->lock);
        int err = store_copy_ops(&a->copy, a->arrays[i], a->n_ops[i]);
        pthread_mutex_lock(&a->lock);
        a->err = err;
        a->first = (i + 1) % RING;
        a->n_full--;
        pthread_cond_signal(&a->changed);
    }
    pthread_mutex_unlock(&a->lock);
    return NULL;
}

/* Take the lock of the database if nobody has it; do not wait for it. */
static bool begin_at_once(struct store *s)
{
    store_set_patience(s, 0);
    int code = sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    store_set_patience(s, STORE_WAIT_MS);
    return code == SQLITE_OK;
}

/* What the transaction is about to add to. */
static int look_around(struct store_ahead *a)
{
    struct store_copy *c = &a->copy;
    int err = store_number(c, STORE_COUNT_PAGES, &a->bytes_before);
    if (err == 0)
        err = store_number(c, STORE_NEXT_NUMBER, &c->number);
    c->key = c->number << STORE_SEQ_BITS;
    return err;
}

void store_ahead_begin(struct store_run *r)
{
    struct store *s = r->store;
    struct store_ahead *a = s->ended == NULL ? new_ahead() : NULL;
    if (a == NULL)
        return;
    a->copy = (struct store_copy){.store = s, .run = r, .problem = &a->problem};
    if (begin_at_once(s)) {
        if (look_around(a) == 0 &&
            pthread_create(&a->thread, NULL, insert_arrays, a) == 0) {
            r->ahead = a;
            return;
        }
        store_roll_back(s);
    }
    free_ahead(a);
}

int store_ahead_put(struct store_run *r)
{
    struct store_ahead *a = r->ahead;
    assert(r->n_ops > 0);

    pthread_mutex_lock(&a->lock);
    while (a->n_full == RING && a->err == 0)
        pthread_cond_wait(&a->changed, &a->lock);
    int err = a->err;
    if (err == 0) {
        uint32_t i = (a->first + a->n_full) % RING;
        struct shard_op *empty = a->arrays[i];
        a->arrays[i] = r->ops;
        a->n_ops[i] = r->n_ops;
        r->ops = empty;
        a->n_full++;
        pthread_cond_signal(&a->changed);
    }
    pthread_mutex_unlock(&a->lock);
    r->n_ops = 0;
    if (err < 0)
        *r->problem = a->problem;
    return err;
}

static void join(struct store_ahead *a)
{
    pthread_mutex_lock(&a->lock);
    a->is_ending = true;
    pthread_cond_signal(&a->changed);
    pthread_mutex_unlock(&a->lock);
    pthread_join(a->thread, NULL);
}

int store_ahead_end(struct store_run *r)
{
    struct store_ahead *a = r->ahead;
    int64_t bytes = 0;
    join(a);
    int err = a->err;
    if (err == 0)
        err = store_number(&a->copy, STORE_COUNT_PAGES, &bytes);
    r->held_number = a->copy.number;
    r->held_bytes = bytes - a->bytes_before;
    if (err < 0) {
        *r->problem = a->problem;
        store_roll_back(r->store);
    }
    free_ahead(a);
    r->ahead = NULL;
    return err;
}

void store_ahead_stop(struct store_run *r)
{
    if (r->ahead == NULL)
        return;
    pthread_mutex_lock(&r->ahead->lock);
    r->ahead->err = ERR_IO; /* the thread stops after the array at hand */
    pthread_mutex_unlock(&r->ahead->lock);
    join(r->ahead);
    free_ahead(r->ahead);
    r->ahead = NULL;
    store_roll_back(r->store);
}
