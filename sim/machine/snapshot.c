/* snapshot.c - see snapshot.h. */
#include "sim/machine/snapshot.h"

#include <stdlib.h>

struct saved_page {
    struct saved_page *next;
    struct region *region;
    uint32_t page;
    uint8_t bytes[BUS_PAGE];
};

struct machine_snapshot {
    struct machine_snapshot *outer;
    struct saved_page *pages;
    struct machine state; /* all but memory; its pointers stay the machine's */
};

/* How much of page `page` the region has. */
static uint32_t page_bytes(const struct region *r, uint32_t page)
{
    uint32_t left = r->is.bytes - (page << BUS_PAGE_BITS);
    return left < BUS_PAGE ? left : BUS_PAGE;
}

static void guard_all(struct machine *m)
{
    for (uint32_t i = 0; i < m->bus.n_regions; i++) {
        struct region *r = &m->bus.regions[i];
        if (r->is.kind != REGION_RAM)
            continue;
        for (uint32_t p = 0; p << BUS_PAGE_BITS < r->is.bytes; p++)
            r->guard[p] |= GUARD_SAVE;
    }
}

/* A page that the host has no memory for cannot be taken back: give up. */
void snapshot_save_page(struct machine *m, struct region *r, uint32_t page)
{
    r->guard[page] &= (uint8_t)~GUARD_SAVE;
    if (m->snapshots == NULL)
        return;
    struct saved_page *s = malloc(sizeof *s);
    if (s == NULL)
        abort();
    s->region = r;
    s->page = page;
    memcpy(s->bytes, r->host + (page << BUS_PAGE_BITS), page_bytes(r, page));
    s->next = m->snapshots->pages;
    m->snapshots->pages = s;
}

int machine_snapshot(struct machine *m)
{
    struct machine_snapshot *s = malloc(sizeof *s);
    if (s == NULL)
        return MACHINE_NO_MEMORY;
    s->outer = m->snapshots;
    s->pages = NULL;
    s->state = *m;
    m->snapshots = s;
    guard_all(m);
    return 0;
}

static void free_pages(struct saved_page *p)
{
    while (p != NULL) {
        struct saved_page *next = p->next;
        free(p);
        p = next;
    }
}

/* Stores must find the pages guarded for the snapshot outside. */
static void unguard(struct machine *m)
{
    if (m->snapshots != NULL)
        return;
    for (uint32_t i = 0; i < m->bus.n_regions; i++) {
        struct region *r = &m->bus.regions[i];
        if (r->is.kind != REGION_RAM)
            continue;
        for (uint32_t p = 0; p << BUS_PAGE_BITS < r->is.bytes; p++)
            r->guard[p] &= (uint8_t)~GUARD_SAVE;
    }
}

/*
 * Put the machine's fields back, but what the host side owns: memory, the test
 * device, stops and the list of snapshots are as they are now.
 */
static void restore_fields(struct machine *m, const struct machine *from)
{
    struct bus bus = m->bus;
    struct machine_snapshot *snapshots = m->snapshots;
    uint32_t n_stops = m->n_stops;
    uint32_t stops[MACHINE_CAP_STOPS];
    memcpy(stops, m->stops, sizeof stops);
    *m = *from;
    bus.loads = from->bus.loads;
    bus.stores = from->bus.stores;
    bus.waits = from->bus.waits;
    m->bus = bus;
    m->snapshots = snapshots;
    m->n_stops = n_stops;
    memcpy(m->stops, stops, sizeof stops);
}

void machine_restore(struct machine *m)
{
    struct machine_snapshot *s = m->snapshots;
    m->snapshots = NULL; /* putting back is not to be saved ... */
    for (struct saved_page *p = s->pages; p != NULL; p = p->next) {
        uint32_t address = p->region->is.base + (p->page << BUS_PAGE_BITS);
        uint32_t bytes = page_bytes(p->region, p->page);
        machine_poke(m, address, p->bytes, bytes);
        /* ... the page is as the outer snapshot knew it, or saved there */
    }
    m->snapshots = s;
    restore_fields(m, &s->state);
    m->snapshots = s->outer;
    for (struct saved_page *p = s->pages; p != NULL && s->outer != NULL;
         p = p->next)
        p->region->guard[p->page] |= GUARD_SAVE;
    free_pages(s->pages);
    free(s);
    unguard(m);
}

/*
 * The pages go to the outer snapshot, in front of its own: of two copies of a
 * page the older one is put back last, and stays.
 */
void machine_drop(struct machine *m)
{
    struct machine_snapshot *s = m->snapshots;
    struct saved_page **last = &s->pages;
    while (*last != NULL)
        last = &(*last)->next;
    m->snapshots = s->outer;
    if (s->outer != NULL) {
        *last = s->outer->pages;
        s->outer->pages = s->pages;
    } else {
        free_pages(s->pages);
    }
    free(s);
    unguard(m);
}
