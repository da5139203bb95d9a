/* guest_image.c - see guest_image.h. */
#include "analysis/guest_image.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

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
    static const char *const places[] = {"guest", "../guest", "../../guest",
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

static void hash_segments(XXH3_state_t *state, const struct image *image,
                          uint32_t *code_bytes)
{
    *code_bytes = 0;
    for (uint32_t i = 0; i < image->n_segments; i++) {
        const struct segment *s = &image->segments[i];
        uint32_t place[4] = {s->address, s->load, s->file_bytes, s->bytes};
        XXH3_128bits_update(state, place, sizeof place);
        XXH3_128bits_update(state, s->data, s->file_bytes);
        *code_bytes += s->file_bytes;
    }
}

/* By address, and then by name: the order of the image's symbols. */
static void hash_entries(XXH3_state_t *state, const struct image *image)
{
    for (uint32_t i = 0; i < image->n_symbols; i++) {
        const struct symbol *s = &image->symbols[i];
        if (strncmp(s->name, "guest_", 6) != 0)
            continue;
        XXH3_128bits_update(state, s->name, strlen(s->name) + 1);
        XXH3_128bits_update(state, &s->address, sizeof s->address);
    }
}

static int hash_image(const struct image *image, struct guest_facts *facts,
                      struct problem *problem)
{
    XXH3_state_t *state = XXH3_createState();
    if (state == NULL)
        return problem_set(problem, ERR_MEMORY, "no memory left");
    XXH3_128bits_reset(state);
    hash_segments(state, image, &facts->code_bytes);
    if (image_symbol(image, "guest_caps") == NULL)
        hash_entries(state, image);
    XXH128_hash_t h = XXH3_128bits_digest(state);
    snprintf(facts->hash, sizeof facts->hash, "%016" PRIx64 "%016" PRIx64,
             h.high64, h.low64);
    XXH3_freeState(state);
    return 0;
}

/* The bytes at `address` that the file holds; `n` receives how many. */
static const char *content_at(const struct image *image, uint32_t address,
                              uint32_t *n)
{
    for (uint32_t i = 0; i < image->n_segments; i++) {
        const struct segment *s = &image->segments[i];
        uint32_t offset = address - s->address;
        if (address < s->address || offset >= s->file_bytes)
            continue;
        *n = s->file_bytes - offset;
        return (const char *)s->data + offset;
    }
    *n = 0;
    return NULL;
}

static int read_name(const struct image *image, struct guest_facts *facts,
                     struct problem *problem)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz0123456789._-";
    const struct symbol *s = image_symbol(image, "guest_name");
    uint32_t n, length = 0;
    facts->name[0] = '\0';
    if (s == NULL)
        return 0;
    const char *text = content_at(image, s->address, &n);
    while (length < n && text[length] != '\0' &&
           strchr(allowed, text[length]) != NULL)
        length++;
    if (length == 0 || length >= sizeof facts->name || length == n ||
        text[length] != '\0')
        return problem_set(problem, ERR_INPUT,
                           "%s: guest_name is not 1 to %zu letters, digits, "
                           "'.', '_' or '-'",
                           image->name, sizeof facts->name - 1);
    memcpy(facts->name, text, length + 1);
    return 0;
}

int guest_image_read(const char *path, struct guest_facts *facts,
                     struct problem *problem)
{
    struct image image;
    struct machine_problem mp = {""};
    if (image_open(&image, path, &mp) < 0)
        return problem_set(problem, ERR_INPUT, "%s", mp.text);
    facts->isa = image.isa;
    facts->has_free = image_symbol(&image, "guest_free") != NULL;
    facts->has_realloc = image_symbol(&image, "guest_realloc") != NULL;
    int err = 0;
    if (image_symbol(&image, "guest_alloc") == NULL)
        err = problem_set(problem, ERR_INPUT,
                          "%s: has no symbol guest_alloc: not a guest image",
                          image.name);
    if (err == 0)
        err = read_name(&image, facts, problem);
    if (err == 0)
        err = hash_image(&image, facts, problem);
    image_close(&image);
    return err;
}

int guest_image_hash(const char *path, char hash[33], uint32_t *code_bytes,
                     struct problem *problem)
{
    struct guest_facts facts;
    int err = guest_image_read(path, &facts, problem);
    if (err < 0)
        return err;
    strcpy(hash, facts.hash);
    *code_bytes = facts.code_bytes;
    return 0;
}
