/*
 * bus.h - the memory of a machine: regions, counted accesses, faults
 *
 * A load or a store that hits the main RAM of a machine without wait states is
 * a comparison and a host load; everything else goes through bus_load_slow()
 * and bus_store_slow(), which find the region, charge its wait states, talk to
 * the test device and name faults.
 *
 * Pages     Memory is watched in pages of BUS_PAGE bytes, one guard byte each:
 *           a page that holds decoded code, or whose bytes a snapshot has yet
 *           to save, is guarded, and the first store to it takes the slow path.
 * State     owned by the struct machine that the bus is part of.
 * Units     addresses and sizes in bytes, waits in clock cycles.
 */
#ifndef SIM_MACHINE_BUS_H
#define SIM_MACHINE_BUS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "sim/machine/config.h"
#include "sim/machine/insn.h"

enum {
    BUS_PAGE_BITS = 8,
    BUS_PAGE = 1 << BUS_PAGE_BITS,
    BUS_CAP_LOG = 32 /* most accesses of one instruction that are logged     */
};

enum bus_guard {
    GUARD_CODE = 1, /* decoded instructions lie in this page                 */
    GUARD_SAVE = 2, /* a snapshot saves this page before it changes          */
    GUARD_WATCH = 4 /* the watched word lies in this page                    */
};

/* Why an access did not go the ordinary way; bus.event. */
enum bus_event {
    BUS_OK,        /*                                                        */
    BUS_DEVICE,    /* the test device or the watched word was written        */
    BUS_UNMAPPED,  /* no region there                                        */
    BUS_READ_ONLY, /* a store to ROM                                         */
    BUS_UNALIGNED  /* the address is no multiple of the size                 */
};

enum bus_kind { BUS_FETCH, BUS_LOAD, BUS_STORE };

struct region {
    struct region_config is;
    uint8_t *host;     /* its bytes; null for a device                       */
    uint8_t *guard;    /* bus_guard of each page                             */
    struct insn *code; /* one a halfword and a few beyond; null for a device */
};

/* One access, as the exact timing models ask for it. */
struct bus_access {
    uint32_t address;
    uint8_t kind;  /* enum bus_kind: load or store                           */
    uint8_t waits; /* wait states of the region                              */
};

/* One measured stretch of the program: the device's answer. */
struct mark_region {
    uint32_t region;
    uint64_t cycles;
    uint64_t instructions;
};

/*
 * The test device (DESIGN section 5), four words at its region's base:
 * +0 a store of 2k+1 opens region k, the next store closes it; +4 a result
 * word; +8 ends the run with this exit code; +12 prints a character.
 */
struct test_device {
    bool mark_written; /* a mark waits to be stamped with the time           */
    bool exit_written;
    bool is_open;
    uint32_t mark;      /* value written                                     */
    uint32_t exit_code; /*                                                   */
    uint32_t open_region;
    uint64_t open_cycles;
    uint64_t open_instructions;
    struct mark_region *regions;
    uint32_t n_regions, cap_regions;
    uint32_t *results;
    uint32_t n_results, cap_results;
    char *output;
    uint32_t n_output, cap_output;
};

/* What the watched word became, and when. */
struct watch_stamp {
    uint32_t value;
    uint64_t cycles;
};

/*
 * One word whose changes are stamped with the time, at no cost to the guest.
 * Who watches empties the list; what does not fit is lost, and is counted.
 */
struct bus_watch {
    bool is_on;
    bool is_written; /* a change waits to be stamped                         */
    uint32_t address;
    uint32_t n_stamps, n_lost;
    struct watch_stamp stamps[64];
};

struct bus {
    /* The fast path: the main RAM, when it has no wait states. */
    uint8_t *ram;       /* host address of ram_base                          */
    uint8_t *ram_guard; /* its guard bytes                                   */
    uint32_t ram_base;
    uint32_t ram_bytes; /* 0 turns the fast path off                         */

    uint64_t loads, stores; /* accesses made                                 */
    uint64_t waits;         /* wait states that loads and stores met         */

    enum bus_event event;   /* why the last slow access returned false       */
    uint32_t event_address; /* and where                                     */
    bool event_is_store;

    bool has_log; /* log accesses (exact timing); set before the instruction */
    uint32_t n_log;
    struct bus_access log[BUS_CAP_LOG];

    uint32_t n_regions;
    struct region regions[CONFIG_CAP_REGIONS];
    struct test_device device;
    struct bus_watch watch;

    /* Called before a guarded page changes: [address, address + bytes). */
    void (*on_guarded)(void *context, struct region *r, uint32_t address,
                       uint32_t bytes);
    void *context;
};

/*
 * Make the regions of `c`, RAM and ROM zeroed. Requires config_check(c) = 0.
 * Returns 0 or MACHINE_NO_MEMORY.
 */
MACHINE_MUST_CHECK int bus_open(struct bus *b, const struct machine_config *c,
                                struct machine_problem *p);

void bus_close(struct bus *b);

/* The region that holds `address`; null when none does. */
struct region *bus_region_at(struct bus *b, uint32_t address);

/*
 * The host's address of `bytes` bytes at `address`, which must lie in one RAM
 * or ROM; else null. For reading: poke goes through machine_poke().
 */
uint8_t *bus_host(struct bus *b, uint32_t address, uint32_t bytes);

/* Turn the fast path on or off: off, every access is seen and logged. */
void bus_set_fast(struct bus *b, bool is_on);

/* The ways round the fast path; false leaves the reason in b->event. */
bool bus_load_slow(struct bus *b, uint32_t address, uint32_t bytes,
                   uint32_t *value);
bool bus_store_slow(struct bus *b, uint32_t address, uint32_t bytes,
                    uint32_t value);

/*
 * Watch the words stored to `address`, a multiple of 4 in RAM. False, and
 * nothing is watched, when it is not.
 */
bool bus_watch_word(struct bus *b, uint32_t address);

/* Stamp what the guest wrote to the device's mark or to the watched word. */
void bus_stamp(struct bus *b, uint64_t cycles, uint64_t instructions);

/*
 * Is `address` an aligned access of `bytes` inside the fast RAM? One
 * comparison: a misaligned offset, rotated, is a huge one.
 */
static inline bool bus_is_fast(const struct bus *b, uint32_t address,
                               uint32_t bytes)
{
    uint32_t offset = address - b->ram_base;
    if (bytes == 4)
        return ((offset >> 2) | (offset << 30)) < b->ram_bytes >> 2;
    if (bytes == 2)
        return ((offset >> 1) | (offset << 31)) < b->ram_bytes >> 1;
    return offset < b->ram_bytes;
}

/*
 * Load or store `bytes` (1, 2 or 4) at `address`, little-endian, counted. True
 * when it is done. False when it is not, or when something is to be looked
 * after: the reason is b->event, and *value is untouched. (A store to the test
 * device is done, and returns false so that the engine looks at the device.)
 */
static inline bool bus_load(struct bus *b, uint32_t address, uint32_t bytes,
                            uint32_t *value)
{
    if (__builtin_expect(!bus_is_fast(b, address, bytes), 0))
        return bus_load_slow(b, address, bytes, value);
    const uint8_t *host = b->ram + (address - b->ram_base);
    uint32_t word = 0;
    memcpy(&word, host, bytes);
    *value = word;
    b->loads++;
    return true;
}

static inline bool bus_store(struct bus *b, uint32_t address, uint32_t bytes,
                             uint32_t value)
{
    uint32_t offset = address - b->ram_base;
    if (__builtin_expect(!bus_is_fast(b, address, bytes), 0) ||
        __builtin_expect(b->ram_guard[offset >> BUS_PAGE_BITS] != 0, 0))
        return bus_store_slow(b, address, bytes, value);
    memcpy(b->ram + offset, &value, bytes);
    b->stores++;
    return true;
}

#endif /* SIM_MACHINE_BUS_H */
