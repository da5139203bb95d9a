/*
 * snapshot.h - a machine's state remembered, page by page as it changes
 *
 * Taking a snapshot guards every page (bus.h); the first store to a page saves
 * its bytes in the innermost snapshot. So a snapshot costs a byte a page, and
 * going back costs the pages that were written.
 *
 * State     a list of snapshots in the machine, innermost first.
 */
#ifndef SIM_MACHINE_SNAPSHOT_H
#define SIM_MACHINE_SNAPSHOT_H

#include "sim/machine/machine.h"

/* For the bus: page `page` of `r` is about to change for the first time. */
void snapshot_save_page(struct machine *m, struct region *r, uint32_t page);

#endif /* SIM_MACHINE_SNAPSHOT_H */
