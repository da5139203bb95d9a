/* idmap.c - see idmap.h: pages in a hash table, forgotten in order of birth. */
#include "sim/replay/idmap.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_IDS   256u
#define PAGES_KEPT 64u

struct page {
    uint64_t number;    /* id / PAGE_IDS                                 */
    struct page *chain; /* next in the bucket                            */
    struct page *older; /* finished pages, a queue in order of finishing */
    uint32_t n_alive;   /* slots, ABSENT and STRING                      */
    bool is_queued;     /* in the queue of finished pages                */
    uint32_t value[PAGE_IDS]; /* complement of the value: 0 is NEVER      */
};

struct idmap {
    struct page **buckets;
    uint32_t n_buckets; /* power of two                                   */
    uint32_t n_pages;
    struct page *last; /* the page asked for last                        */
    struct page *queue_head, *queue_tail;
    uint32_t n_queued;
    uint64_t highest; /* page number; pages at or below it have existed   */
    bool any;
};

static struct page **bucket_of(const struct idmap *m, uint64_t number)
{
    uint64_t h = number * UINT64_C(0x9e3779b97f4a7c15);
    return &m->buckets[(h >> 32) & (m->n_buckets - 1)];
}

static struct page *find(struct idmap *m, uint64_t number)
{
    if (m->last != NULL && m->last->number == number)
        return m->last;
    for (struct page *p = *bucket_of(m, number); p != NULL; p = p->chain) {
        if (p->number == number) {
            m->last = p;
            return p;
        }
    }
    return NULL;
}

static void unlink_page(struct idmap *m, struct page *p)
{
    struct page **at = bucket_of(m, p->number);
    while (*at != p)
        at = &(*at)->chain;
    *at = p->chain;
    m->n_pages--;
    if (m->last == p)
        m->last = NULL;
    free(p);
}

/* Forget the pages that finished first; one that came to life again stays. */
static void forget_oldest(struct idmap *m)
{
    while (m->n_queued > PAGES_KEPT) {
        struct page *p = m->queue_head;
        m->queue_head = p->older;
        if (m->queue_head == NULL)
            m->queue_tail = NULL;
        m->n_queued--;
        p->is_queued = false;
        if (p->n_alive == 0)
            unlink_page(m, p);
    }
}

static void enqueue(struct idmap *m, struct page *p)
{
    p->is_queued = true;
    p->older = NULL;
    if (m->queue_tail != NULL)
        m->queue_tail->older = p;
    else
        m->queue_head = p;
    m->queue_tail = p;
    m->n_queued++;
    forget_oldest(m);
}

static bool grow(struct idmap *m)
{
    uint32_t n = m->n_buckets * 2;
    struct page **old = m->buckets;
    struct page **buckets = calloc(n, sizeof *buckets);
    if (buckets == NULL)
        return false;
    uint32_t n_old = m->n_buckets;
    m->buckets = buckets;
    m->n_buckets = n;
    for (uint32_t i = 0; i < n_old; i++) {
        struct page *next;
        for (struct page *p = old[i]; p != NULL; p = next) {
            next = p->chain;
            struct page **at = bucket_of(m, p->number);
            p->chain = *at;
            *at = p;
        }
    }
    free(old);
    return true;
}

static struct page *add(struct idmap *m, uint64_t number)
{
    if (m->n_pages >= m->n_buckets && !grow(m))
        return NULL;
    struct page *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->number = number;
    struct page **at = bucket_of(m, number);
    p->chain = *at;
    *at = p;
    m->n_pages++;
    m->last = p;
    if (!m->any || number > m->highest)
        m->highest = number;
    m->any = true;
    return p;
}

struct idmap *idmap_new(void)
{
    struct idmap *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->n_buckets = 1024;
    m->buckets = calloc(m->n_buckets, sizeof *m->buckets);
    if (m->buckets == NULL) {
        free(m);
        return NULL;
    }
    return m;
}

void idmap_free(struct idmap *m)
{
    if (m == NULL)
        return;
    for (uint32_t i = 0; i < m->n_buckets; i++) {
        struct page *next;
        for (struct page *p = m->buckets[i]; p != NULL; p = next) {
            next = p->chain;
            free(p);
        }
    }
    free(m->buckets);
    free(m);
}

/*
 * What the ids of a page that is not there are. It was either never made or
 * forgotten. Pages are made on the first id, so one above the highest was
 * never made; below it, the ids that a source skipped cannot be told from
 * those that have ended, and IDMAP_ENDED makes no claim: neither is live.
 */
static uint32_t missing(const struct idmap *m, uint64_t number)
{
    return !m->any || number > m->highest ? IDMAP_NEVER : IDMAP_ENDED;
}

uint32_t idmap_get(struct idmap *m, uint64_t id)
{
    struct page *p = find(m, id / PAGE_IDS);
    return p != NULL ? ~p->value[id % PAGE_IDS] : missing(m, id / PAGE_IDS);
}

static bool is_alive(uint32_t value)
{
    return value < IDMAP_SLOT_MAX || value == IDMAP_ABSENT ||
           value == IDMAP_STRING;
}

bool idmap_set(struct idmap *m, uint64_t id, uint32_t value)
{
    struct page *p = find(m, id / PAGE_IDS);
    if (p == NULL) {
        uint32_t others = missing(m, id / PAGE_IDS);
        if (others == IDMAP_ENDED && !is_alive(value))
            return true; /* it has ended already, and stays forgotten */
        p = add(m, id / PAGE_IDS);
        if (p == NULL)
            return false;
        for (uint32_t i = 0; others != IDMAP_NEVER && i < PAGE_IDS; i++)
            p->value[i] = ~others;
    }
    bool was_alive = is_alive(~p->value[id % PAGE_IDS]);
    p->value[id % PAGE_IDS] = ~value;
    p->n_alive += (uint32_t)is_alive(value);
    p->n_alive -= (uint32_t)was_alive;
    if (was_alive && p->n_alive == 0 && !p->is_queued)
        enqueue(m, p);
    return true;
}
