/*
 * config.h - what a machine is made of: core, build options, memory map
 *
 * A plain description, filled from a JSON file by whoever reads such files, or
 * by a test in C. machine_open() copies what it needs.
 *
 * Units     addresses and sizes in bytes, wait states in clock cycles.
 */
#ifndef SIM_MACHINE_CONFIG_H
#define SIM_MACHINE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/machine/problem.h"

enum {
    CONFIG_CAP_REGIONS = 12, /* most regions of a memory map                 */
    CONFIG_CAP_OPTIONS = 24  /* most options of a core                       */
};

enum region_kind {
    REGION_RAM,   /* read, written, executed                                 */
    REGION_ROM,   /* read and executed; a store is a fault                   */
    REGION_DEVICE /* the test device (DESIGN section 5), 16 bytes            */
};

/* One piece of the memory map. */
struct region_config {
    char name[24];         /* "sram", "flash", "test"                        */
    enum region_kind kind; /*                                                */
    uint32_t base;         /* first address; a multiple of 4                 */
    uint32_t bytes;        /* a multiple of 4, > 0; base + bytes <= 2^32     */
    uint8_t wait_fetch;    /* wait states of an instruction fetch, 0..63     */
    uint8_t wait_load;     /* of a load                                      */
    uint8_t wait_store;    /* of a store                                     */
    bool is_io_port;       /* on the core's single-cycle I/O port            */
};

/* One build option or named switch of the core, as words: "multiplier" "32". */
struct option_config {
    char key[32];
    char value[64];
};

struct machine_config {
    char name[48];     /* the file's name: "hazard3-1port"                   */
    char core[24];     /* a core_model's name: "hazard3", "cortex-m0plus"    */
    char summary[160]; /* one line for people                                */
    uint32_t clock_hz; /* for microseconds beside cycles; 0: not stated      */
    bool one_port;     /* fetch and load/store share one bus                 */
    uint32_t reset_pc; /* where a run begins when the image names no entry   */
    uint32_t reset_sp; /* stack pointer of machine_call when none was set;
                          0: the end of the first RAM                        */
    uint32_t n_regions;
    struct region_config regions[CONFIG_CAP_REGIONS];
    uint32_t n_options;
    struct option_config options[CONFIG_CAP_OPTIONS];
};

/* The value of option `key`, or `standard` when the file does not name it. */
const char *config_option(const struct machine_config *c, const char *key,
                          const char *standard);

/*
 * Check sizes, overlaps and limits of the memory map. Returns 0, or writes one
 * line that names the region to `p` and returns MACHINE_BAD_INPUT.
 */
MACHINE_MUST_CHECK int config_check(const struct machine_config *c,
                                    struct machine_problem *p);

#endif /* SIM_MACHINE_CONFIG_H */
