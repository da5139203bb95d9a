/* bus.c - see bus.h: the slow paths, and the test device. */
#include "sim/machine/bus.h"

#include <stdlib.h>

enum {
    DEVICE_MARK = 0,
    DEVICE_RESULT = 4,
    DEVICE_EXIT = 8,
    DEVICE_PUTC = 12,
    DEVICE_CAP = 1 << 26 /* most results, regions, characters that are kept  */
};

/* A halfword index past the end is decoded as unmapped: see machine.c. */
enum { CODE_MARGIN = 4 };

static bool open_region(struct region *r, const struct region_config *c)
{
    r->is = *c;
    if (c->kind == REGION_DEVICE)
        return true;
    r->host = calloc(1, c->bytes);
    r->guard = calloc(1, c->bytes / BUS_PAGE + 1);
    r->code = calloc(c->bytes / 2 + CODE_MARGIN, sizeof *r->code);
    return r->host != NULL && r->guard != NULL && r->code != NULL;
}

int bus_open(struct bus *b, const struct machine_config *c,
             struct machine_problem *p)
{
    *b = (struct bus){.n_regions = c->n_regions};
    for (uint32_t i = 0; i < c->n_regions; i++)
        if (!open_region(&b->regions[i], &c->regions[i])) {
            bus_close(b);
            return machine_problem_set(p, MACHINE_NO_MEMORY,
                                       "region '%s': out of memory",
                                       c->regions[i].name);
        }
    return 0;
}

void bus_close(struct bus *b)
{
    for (uint32_t i = 0; i < b->n_regions; i++) {
        free(b->regions[i].host);
        free(b->regions[i].guard);
        free(b->regions[i].code);
    }
    free(b->device.regions);
    free(b->device.results);
    free(b->device.output);
    *b = (struct bus){0};
}

struct region *bus_region_at(struct bus *b, uint32_t address)
{
    for (uint32_t i = 0; i < b->n_regions; i++)
        if (address - b->regions[i].is.base < b->regions[i].is.bytes)
            return &b->regions[i];
    return NULL;
}

uint8_t *bus_host(struct bus *b, uint32_t address, uint32_t bytes)
{
    struct region *r = bus_region_at(b, address);
    if (r == NULL || r->host == NULL ||
        bytes > r->is.bytes - (address - r->is.base))
        return NULL;
    return r->host + (address - r->is.base);
}

/* The main RAM: the largest without wait states. */
static struct region *main_ram(struct bus *b)
{
    struct region *best = NULL;
    for (uint32_t i = 0; i < b->n_regions; i++) {
        struct region *r = &b->regions[i];
        if (r->is.kind != REGION_RAM || r->is.wait_load != 0 ||
            r->is.wait_store != 0 || r->is.is_io_port)
            continue;
        if (best == NULL || r->is.bytes > best->is.bytes)
            best = r;
    }
    return best;
}

void bus_set_fast(struct bus *b, bool is_on)
{
    struct region *r = is_on ? main_ram(b) : NULL;
    b->ram = r == NULL ? NULL : r->host;
    b->ram_guard = r == NULL ? NULL : r->guard;
    b->ram_base = r == NULL ? 0 : r->is.base;
    b->ram_bytes = r == NULL ? 0 : r->is.bytes;
}

static bool refuse(struct bus *b, enum bus_event event, uint32_t address,
                   bool is_store)
{
    b->event = event;
    b->event_address = address;
    b->event_is_store = is_store;
    return false;
}

static void count(struct bus *b, uint32_t address, enum bus_kind kind,
                  uint8_t waits)
{
    if (kind == BUS_STORE)
        b->stores++;
    else
        b->loads++;
    b->waits += waits;
    if (b->has_log && b->n_log < BUS_CAP_LOG)
        b->log[b->n_log++] = (struct bus_access){address, (uint8_t)kind, waits};
}

bool bus_load_slow(struct bus *b, uint32_t address, uint32_t bytes,
                   uint32_t *value)
{
    if (address % bytes != 0)
        return refuse(b, BUS_UNALIGNED, address, false);
    struct region *r = bus_region_at(b, address);
    if (r == NULL)
        return refuse(b, BUS_UNMAPPED, address, false);

    uint32_t word = 0; /* the test device reads as 0 */
    if (r->host != NULL)
        memcpy(&word, r->host + (address - r->is.base), bytes);
    *value = word;
    count(b, address, BUS_LOAD, r->is.wait_load);
    return true;
}

/* Room for one more of `size` bytes each; false when there is none. */
static bool grow(void **list, uint32_t n, uint32_t *cap, size_t size)
{
    if (n < *cap)
        return true;
    if (*cap >= DEVICE_CAP)
        return false;
    uint32_t wider = *cap == 0 ? 64 : *cap * 2;
    void *grown = realloc(*list, wider * size);
    if (grown == NULL)
        return false;
    *list = grown;
    *cap = wider;
    return true;
}

/* What does not fit any more is lost; the guest cannot be told. */
static void device_store(struct test_device *d, uint32_t offset, uint32_t value)
{
    if (offset == DEVICE_MARK) {
        d->mark_written = true;
        d->mark = value;
    } else if (offset == DEVICE_RESULT) {
        if (grow((void **)&d->results, d->n_results, &d->cap_results,
                 sizeof *d->results))
            d->results[d->n_results++] = value;
    } else if (offset == DEVICE_EXIT) {
        d->exit_written = true;
        d->exit_code = value;
    } else if (offset == DEVICE_PUTC) {
        if (grow((void **)&d->output, d->n_output, &d->cap_output, 1))
            d->output[d->n_output++] = (char)value;
    }
}

bool bus_store_slow(struct bus *b, uint32_t address, uint32_t bytes,
                    uint32_t value)
{
    if (address % bytes != 0)
        return refuse(b, BUS_UNALIGNED, address, true);
    struct region *r = bus_region_at(b, address);
    if (r == NULL)
        return refuse(b, BUS_UNMAPPED, address, true);
    if (r->is.kind == REGION_ROM)
        return refuse(b, BUS_READ_ONLY, address, true);

    uint32_t offset = address - r->is.base;
    count(b, address, BUS_STORE, r->is.wait_store);
    if (r->is.kind == REGION_DEVICE) {
        if (bytes == 4)
            device_store(&b->device, offset, value);
        return refuse(b, BUS_DEVICE, address, true);
    }
    if (r->guard[offset >> BUS_PAGE_BITS] != 0)
        b->on_guarded(b->context, r, address, bytes);
    memcpy(r->host + offset, &value, bytes);
    if (address != b->watch.address || !b->watch.is_on)
        return true;
    b->watch.is_written = true;
    return refuse(b, BUS_DEVICE, address, true);
}

bool bus_watch_word(struct bus *b, uint32_t address)
{
    struct region *r = bus_region_at(b, address);
    if (r == NULL || r->is.kind != REGION_RAM || address % 4 != 0)
        return false;
    r->guard[(address - r->is.base) >> BUS_PAGE_BITS] |= GUARD_WATCH;
    b->watch = (struct bus_watch){.is_on = true, .address = address};
    return true;
}

static void watch_stamp(struct bus *b, uint64_t cycles)
{
    struct bus_watch *w = &b->watch;
    uint32_t value;
    w->is_written = false;
    if (w->n_stamps == sizeof w->stamps / sizeof w->stamps[0]) {
        w->n_lost++;
        return;
    }
    memcpy(&value, bus_host(b, w->address, 4), sizeof value);
    w->stamps[w->n_stamps++] = (struct watch_stamp){value, cycles};
}

/* A region that the host has no memory for is lost; the guest runs on. */
static void device_stamp(struct test_device *d, uint64_t cycles,
                         uint64_t instructions)
{
    d->mark_written = false;
    if (d->is_open) {
        d->is_open = false;
        if (!grow((void **)&d->regions, d->n_regions, &d->cap_regions,
                  sizeof *d->regions))
            return;
        d->regions[d->n_regions++] = (struct mark_region){
            .region = d->open_region,
            .cycles = cycles - d->open_cycles,
            .instructions = instructions - d->open_instructions,
        };
        return;
    }
    if (d->mark % 2 == 1) {
        d->is_open = true;
        d->open_region = d->mark / 2;
        d->open_cycles = cycles;
        d->open_instructions = instructions;
    }
}

void bus_stamp(struct bus *b, uint64_t cycles, uint64_t instructions)
{
    if (b->watch.is_written)
        watch_stamp(b, cycles);
    if (b->device.mark_written)
        device_stamp(&b->device, cycles, instructions);
}
