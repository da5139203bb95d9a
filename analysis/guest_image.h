/*
 * guest_image.h - the guest images of fraglab's own managers: where they lie,
 * and what makes one what it is
 *
 * The build puts an image for every manager, target and optimisation level
 * into build/guest, `make install` into lib/fraglab/guest. A program finds
 * them beside itself: in guest/, ../guest or ../lib/fraglab/guest from its own
 * folder, wherever it is run from.
 */
#ifndef ANALYSIS_GUEST_IMAGE_H
#define ANALYSIS_GUEST_IMAGE_H

#include "sim/machine/config.h"
#include "traces/err.h"

#define GUEST_PATH_CAP 4096

/*
 * The path of the image of `manager` for the machine `c`, compiled with
 * `flags` ("O2" or "Os"). ERR_INPUT: there is none; the message says where it
 * was looked for and what builds it.
 */
MUST_CHECK int guest_image_find(char path[GUEST_PATH_CAP], const char *manager,
                                const struct machine_config *c,
                                const char *flags, struct problem *problem);

/*
 * The hash of what the image at `path` loads (addresses and bytes; no names,
 * no debug information), 32 hexadecimal digits, and the bytes of its code and
 * constants.
 */
MUST_CHECK int guest_image_hash(const char *path, char hash[33],
                                uint32_t *code_bytes, struct problem *problem);

#endif /* ANALYSIS_GUEST_IMAGE_H */
