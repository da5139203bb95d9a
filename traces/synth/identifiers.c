/*
 * identifiers.c - preset `identifiers`: names interned while a program is read
 *
 * A compiler on the device meets a name, interns it, and goes on building: its
 * nodes of the parse tree soon die, some of what it makes stays. So strings
 * that live for ever are born between objects that do not.
 *
 * Strings the identifiers of the sample programs (five of MicroPython, four of
 *         C and C++) in the order in which they are met, keywords not counted;
 *         beyond them, two of these joined by an underscore. Each takes its
 *         letters and `overhead` bytes, MicroPython's hash of two bytes,
 *         length and final zero.
 * Between `between` objects of 1 to 4 times 16 bytes after each string: one in
 *         eight stays for ever (site 2), the others die after eight further
 *         ones (site 1).
 *
 * Cost    O(1) an operation; memory: constant.
 */
#include <stdlib.h>
#include <string.h>

#include "traces/synth/synth.h"

enum { KEY_STRINGS = KEY_OWN, KEY_OVERHEAD, KEY_BETWEEN };

enum { N_WORDS = 84, N_RECENT = 8, STAYS_ONE_IN = 8, BLOCK_BYTES = 16 };

static const char words[] =
    "gc keep i range b bytearray j extend p bytes q join append len pop "
    "collect r t micropython mem_info json out m bool dumps loads Node "
    "__init__ s k v l ins n root cache str next iter hist avg sum d uint64_t "
    "ull uint32_t rnd main c atol mtrace free malloc muntrace node value push "
    "head grow_buffer realloc memset NULL z calloc a aligned_alloc "
    "posix_memalign zero strdup alignas A std nothrow al vector push_back "
    "shared work pthread_t mine pthread_create pthread_join huge size_t";

struct identifiers {
    struct synth synth;
    uint64_t overhead, between, n_strings;
    uint64_t string;  /* next one                                        */
    uint64_t n_nodes; /* objects born so far                             */
    bool is_endless;  /* until the operations are done                   */
    uint8_t length[N_WORDS];
    uint64_t recent[N_RECENT]; /* those that will die; 0: none            */
};

static uint64_t next_bytes(struct identifiers *w)
{
    struct rng *r = &w->synth.rng;
    if (w->string < N_WORDS)
        return w->length[w->string] + w->overhead;
    uint64_t first = w->length[rng_below(r, N_WORDS)];
    return first + 1 + w->length[rng_below(r, N_WORDS)] + w->overhead;
}

/* One more object, and the death of an older one. */
static int build(struct identifiers *w)
{
    struct synth *s = &w->synth;
    bool stays = w->n_nodes % STAYS_ONE_IN == STAYS_ONE_IN - 1;
    uint64_t bytes = BLOCK_BYTES * (uint64_t)rng_between(&s->rng, 1, 4);
    uint64_t id = 0;
    int err = synth_alloc(s, bytes, stays ? 2 : 1, &id);
    uint64_t *place = &w->recent[w->n_nodes++ % N_RECENT];
    if (err == 0 && *place != 0)
        err = synth_death(s, *place);
    *place = stays ? 0 : id;
    return err;
}

static int step(struct synth *s)
{
    struct identifiers *w = (struct identifiers *)s;
    if (!w->is_endless && w->string == w->n_strings)
        return 0; /* nothing queued: the end */
    int err = synth_intern(s, next_bytes(w));
    w->string++;
    for (uint64_t i = 0; i < w->between && err == 0; i++)
        err = build(w);
    return err;
}

static void dispose(struct synth *s)
{
    (void)s;
}

static void measure_words(uint8_t length[N_WORDS])
{
    const char *word = words;
    for (uint32_t i = 0; i < N_WORDS; i++) {
        length[i] = (uint8_t)strcspn(word, " ");
        word += length[i] + (word[length[i]] == ' ');
    }
}

static struct synth *make(const uint64_t *values, int *err,
                          struct problem *problem)
{
    struct identifiers *w =
        (struct identifiers *)synth_new(sizeof *w, step, dispose);
    if (w == 0) {
        *err = problem_set(problem, ERR_MEMORY, "identifiers: out of memory");
        return 0;
    }
    w->is_endless = values[KEY_OPS] > 0;
    w->n_strings = values[KEY_STRINGS];
    w->overhead = values[KEY_OVERHEAD];
    w->between = values[KEY_BETWEEN];
    measure_words(w->length);
    return &w->synth;
}

/* clang-format off */
const struct preset preset_identifiers = {
    .name = "identifiers",
    .summary = "the names of the sample programs, interned while compiling",
    .keys = {
        {"seed", "1", PRESET_NUMBER, 0, UINT64_MAX,
         "chooses sizes of objects, and names beyond the first 84"},
        {"heap", "64K", PRESET_BYTES, 1024, 1 << 30,
         "the heap that the header names"},
        {"ops", "0", PRESET_NUMBER, 0, UINT64_C(1) << 40,
         "operations, with ever more names; 0: as `strings` says"},
        {"strings", "84", PRESET_NUMBER, 1, 1 << 26,
         "names; beyond 84, two joined by an underscore"},
        {"overhead", "4", PRESET_BYTES, 0, 64,
         "bytes of a string beside its letters"},
        {"between", "3", PRESET_NUMBER, 0, 1000,
         "objects born after each string"},
    },
    .make = make,
};
/* clang-format on */
