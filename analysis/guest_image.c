/* guest_image.c - see guest_image.h. */
#include "analysis/guest_image.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "sim/machine/elf.h"

/* The folder of the running program, with its slash. */
static void own_folder(char path[GUEST_PATH_CAP])
{
    ssize_t n = readlink("/proc/self/exe", path, GUEST_PATH_CAP - 1);
    path[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(path, '/');
    if (slash != NULL)
        slash[1] = '\0';
}

/* The target whose instructions the machine's core has. */
static const char *target_of(const struct machine_config *c)
{
    if (strcmp(c->core, "hazard3") == 0) {
        const char *extensions = config_option(c, "extensions", "rp2350");
        return strcmp(extensions, "rp2350") == 0 ? "hazard3" : "rv32imac";
    }
    if (strcmp(c->core, "cortex-m3") == 0)
        return "m3";
    return strcmp(c->core, "cortex-m4") == 0 ? "m4" : "m0plus";
}

int guest_image_find(char path[GUEST_PATH_CAP], const char *manager,
                     const struct machine_config *c, const char *flags,
                     struct problem *problem)
{
    static const char *const places[] = {"guest", "../guest",
                                         "../lib/fraglab/guest"};
    char folder[GUEST_PATH_CAP];
    own_folder(folder);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        int n = snprintf(path, GUEST_PATH_CAP, "%s%s/%s-%s-%s.elf", folder,
                         places[i], manager, target_of(c), flags);
        if (n < GUEST_PATH_CAP && access(path, R_OK) == 0)
            return 0;
    }
    return problem_set(problem, ERR_INPUT,
                       "no machine code of %s for %s (%s-%s-%s.elf) beside "
                       "the program: 'make all' builds it where the cross "
                       "compiler is installed (fraglab doctor)",
                       manager, c->name, manager, target_of(c), flags);
}

int guest_image_hash(const char *path, char hash[33], uint32_t *code_bytes,
                     struct problem *problem)
{
    struct image image;
    struct machine_problem mp = {""};
    if (image_open(&image, path, &mp) < 0)
        return problem_set(problem, ERR_INPUT, "%s", mp.text);
    XXH3_state_t *state = XXH3_createState();
    if (state == NULL) {
        image_close(&image);
        return problem_set(problem, ERR_MEMORY, "no memory left");
    }
    XXH3_128bits_reset(state);
    *code_bytes = 0;
    for (uint32_t i = 0; i < image.n_segments; i++) {
        const struct segment *s = &image.segments[i];
        uint32_t place[4] = {s->address, s->load, s->file_bytes, s->bytes};
        XXH3_128bits_update(state, place, sizeof place);
        XXH3_128bits_update(state, s->data, s->file_bytes);
        *code_bytes += s->file_bytes;
    }
    XXH128_hash_t h = XXH3_128bits_digest(state);
    snprintf(hash, 33, "%016" PRIx64 "%016" PRIx64, h.high64, h.low64);
    XXH3_freeState(state);
    image_close(&image);
    return 0;
}
