/*
 * wiki_question.c - preset `wiki-question`: arrays and structs in turn
 *
 * The question that users of a table of 16-byte blocks ask first: a program
 * allocates arrays of 100 bytes (7 blocks) and structs of 5 bytes (1 block) in
 * turn, then frees the arrays. How large a piece can it have now?
 *
 *     before   AAAAAAAsAAAAAAAsAAAAAAAsAAAAAAAs ...
 *     after    .......s.......s.......s.......s ...
 *
 * Seven eighths of the heap are free, in holes of 112 bytes, and stay so until
 * the structs go or move. The trace then asks for twice an array, and twice
 * that, up to a quarter of the heap, and frees what it is given: a manager
 * that does not move is refused from 1 KiB on (the bytes behind the last pair
 * serve the first requests), one that does is refused nothing.
 *
 * By default the pairs fill 31/32 of a heap of 16-byte blocks. With `ops` the
 * story is told again and again until so many operations are done.
 */
#include <stdlib.h>

#include "traces/synth/synth.h"

enum { KEY_PAIRS = KEY_OWN, KEY_ARRAY, KEY_STRUCT };

/* What the program does next; each is one turn. */
enum chapter { CHAPTER_FILL = 0, CHAPTER_FREE, CHAPTER_ASK, CHAPTER_LEAVE };

struct wiki {
    struct synth synth;
    uint64_t array_bytes, struct_bytes, heap_bytes;
    uint64_t n_pairs;
    uint64_t first_id; /* of the pairs: array, struct, array, struct ...  */
    uint64_t pair;     /* next of this chapter                            */
    enum chapter chapter;
    bool is_endless; /* told again until the operations are done        */
};

static const char *const chapter_names[] = {"arrays and structs in turn",
                                            "free the arrays", "ask for more",
                                            "free the structs"};

/* One pair of the present chapter. */
static int turn(struct wiki *w)
{
    struct synth *s = &w->synth;
    uint64_t id = w->first_id + 2 * w->pair;
    if (w->chapter == CHAPTER_FREE)
        return synth_free(s, id);
    if (w->chapter == CHAPTER_LEAVE)
        return synth_free(s, id + 1);

    int err = synth_alloc(s, w->array_bytes, 1, &id);
    if (w->pair == 0)
        w->first_id = id;
    return err < 0 ? err : synth_alloc(s, w->struct_bytes, 2, &id);
}

/* Twice an array, twice that, and so on to a quarter of the heap. */
static int ask(struct wiki *w)
{
    uint64_t bytes = 2 * w->array_bytes;
    for (; bytes <= w->heap_bytes / 4; bytes *= 2) {
        uint64_t id = 0;
        int err = synth_alloc(&w->synth, bytes, 3, &id);
        if (err == 0)
            err = synth_free(&w->synth, id);
        if (err < 0)
            return err;
    }
    return 0;
}

static int end_chapter(struct wiki *w)
{
    int err = synth_phase(&w->synth, 0, chapter_names[w->chapter]);
    w->pair = 0;
    if (w->chapter == CHAPTER_LEAVE)
        w->chapter = CHAPTER_FILL;
    else
        w->chapter++;
    return err;
}

static int step(struct synth *s)
{
    struct wiki *w = (struct wiki *)s;
    if (w->chapter == CHAPTER_LEAVE && !w->is_endless)
        return 0; /* nothing queued: the end */

    int err = 0;
    if (w->pair == 0)
        err = synth_phase(s, 1, chapter_names[w->chapter]);
    if (err == 0)
        err = w->chapter == CHAPTER_ASK ? ask(w) : turn(w);
    if (err < 0)
        return err;
    w->pair++;
    if (w->chapter == CHAPTER_ASK || w->pair == w->n_pairs)
        return end_chapter(w);
    return 0;
}

static void dispose(struct synth *s)
{
    (void)s; /* ids are counted, so nothing is kept of the live objects */
}

static struct synth *make(const uint64_t *values, int *err,
                          struct problem *problem)
{
    struct wiki *w = (struct wiki *)synth_new(sizeof *w, step, dispose);
    if (w == 0) {
        *err = problem_set(problem, ERR_MEMORY, "wiki-question: out of memory");
        return 0;
    }
    w->array_bytes = values[KEY_ARRAY];
    w->struct_bytes = values[KEY_STRUCT];
    w->heap_bytes = values[KEY_HEAP];
    w->is_endless = values[KEY_OPS] > 0;
    w->n_pairs = values[KEY_PAIRS];
    if (w->n_pairs == 0) {
        uint64_t blocks =
            (w->array_bytes + 15) / 16 + (w->struct_bytes + 15) / 16;
        w->n_pairs = w->heap_bytes / 32 * 31 / (16 * blocks);
    }
    if (w->n_pairs == 0) {
        *err = problem_set(problem, ERR_INPUT,
                           "wiki-question: not one pair fits into the heap");
        free(w);
        return 0;
    }
    return &w->synth;
}

/* clang-format off */
const struct preset preset_wiki_question = {
    .name = "wiki-question",
    .summary = "100-byte arrays and 5-byte structs in turn; the arrays go",
    .keys = {
        {"seed", "1", PRESET_NUMBER, 0, UINT64_MAX,
         "accepted, but nothing here is random"},
        {"heap", "64K", PRESET_BYTES, 1024, 1 << 30,
         "the heap that the pairs fill"},
        {"ops", "0", PRESET_NUMBER, 0, UINT64_C(1) << 40,
         "operations, telling the story again; 0: once"},
        {"pairs", "0", PRESET_NUMBER, 0, 1 << 26,
         "arrays, and structs; 0: as many as fill 31/32 of the heap"},
        {"array", "100", PRESET_BYTES, 1, 1 << 20,
         "size of an array"},
        {"struct", "5", PRESET_BYTES, 1, 1 << 20,
         "size of a struct"},
    },
    .make = make,
};
/* clang-format on */
