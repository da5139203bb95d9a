/* drawing.c - see drawing.h. */
#include "analysis/drawing.h"

#include <inttypes.h>
#include <string.h>

#define LINE_UNITS 64

static const char letters[] = ".h=x#:";

/* Units [first, end) between tables. */
struct area {
    uint32_t first, end;
};

/* The area at or behind `from`: true, or false if there is none. */
static bool next_area(const struct snapshot *s, uint32_t from, struct area *a)
{
    a->first = from;
    while (a->first < s->n_units && s->units[a->first] == UNIT_META)
        a->first++;
    a->end = a->first;
    while (a->end < s->n_units && s->units[a->end] != UNIT_META)
        a->end++;
    return a->first < a->end;
}

/* What MicroPython's mem_info says, over all areas. */
struct totals {
    uint64_t total, used, free, dead; /* bytes                             */
    uint64_t tags;                    /* in headers, of neither            */
    uint64_t n_one, n_two;            /* objects of one and of two units   */
    uint64_t longest, longest_free;   /* in units                          */
};

static void count_units(const struct snapshot *s, struct totals *t)
{
    uint32_t hole = 0;
    for (uint32_t i = 0; i < s->n_units; i++) {
        hole = s->units[i] == UNIT_FREE ? hole + 1 : 0;
        if (hole > t->longest_free)
            t->longest_free = hole;
        if (s->units[i] == UNIT_META)
            continue;
        t->total += s->unit_bytes;
        t->free += s->units[i] == UNIT_FREE ? s->unit_bytes : 0;
        t->dead += s->units[i] == UNIT_GARBAGE ? s->unit_bytes : 0;
        t->tags += s->units[i] == UNIT_TAG ? s->unit_bytes : 0;
    }
    t->used = t->total - t->free - t->tags;
}

/* Lengths come from the objects: the map does not tell dead ones apart. */
static void count_objects(const struct snapshot *s, struct totals *t)
{
    for (size_t i = 0; i < s->n_objects; i++) {
        uint64_t n =
            (s->objects[i].granted + s->unit_bytes - 1) / s->unit_bytes;
        t->n_one += n == 1;
        t->n_two += n == 2;
        if (n > t->longest)
            t->longest = n;
    }
}

static void print_totals(FILE *out, const struct snapshot *s)
{
    struct totals t = {0};
    count_units(s, &t);
    count_objects(s, &t);
    fprintf(out,
            "GC: total: %" PRIu64 ", used: %" PRIu64 ", free: %" PRIu64 "\n",
            t.total, t.used, t.free);
    fprintf(out,
            " No. of 1-blocks: %" PRIu64 ", 2-blocks: %" PRIu64
            ", max blk sz: %" PRIu64 ", max free sz: %" PRIu64 "\n",
            t.n_one, t.n_two, t.longest, t.longest_free);
    if (t.dead > 0)
        fprintf(out, " dead, not yet reclaimed: %" PRIu64 "\n", t.dead);
    if (t.tags > 0)
        fprintf(out, " headers, neither used nor free: %" PRIu64 "\n", t.tags);
}

/* Free units from `from` on, within the area. */
static uint32_t free_run(const struct snapshot *s, const struct area *a,
                         uint32_t from)
{
    uint32_t end = from;
    while (end < a->end && s->units[end] == UNIT_FREE)
        end++;
    return end - from;
}

static void print_line(FILE *out, const struct snapshot *s, uint32_t from,
                       uint32_t end, bool colour)
{
    bool is_dim = false;
    for (uint32_t i = from; i < end; i++) {
        bool dim = colour && s->units[i] == UNIT_GARBAGE;
        if (dim != is_dim)
            fputs(dim ? "\033[2m" : "\033[0m", out);
        is_dim = dim;
        fputc(letters[s->units[i]], out);
    }
    fputs(is_dim ? "\033[0m\n" : "\n", out);
}

static void print_area(FILE *out, const struct snapshot *s,
                       const struct area *a, bool colour)
{
    fprintf(out, "GC memory layout; from %08" PRIx64 ":\n",
            (uint64_t)s->base + (uint64_t)a->first * s->unit_bytes);
    for (uint32_t at = a->first; at < a->end;) {
        uint32_t n_lines = free_run(s, a, at) / LINE_UNITS;
        if (n_lines >= 2) {
            fprintf(out, "       (%" PRIu32 " lines all free)\n", n_lines);
            at += n_lines * LINE_UNITS;
            continue;
        }
        uint32_t end = a->end - at > LINE_UNITS ? at + LINE_UNITS : a->end;
        fprintf(out, "%08" PRIx64 ": ",
                (uint64_t)(at - a->first) * s->unit_bytes);
        print_line(out, s, at, end, colour);
        at = end;
    }
}

void drawing_print(FILE *out, const struct snapshot *s, bool colour)
{
    print_totals(out, s);
    struct area a = {0, 0};
    while (next_area(s, a.end, &a))
        print_area(out, s, &a, colour);
    bool has_dead = memchr(s->units, UNIT_GARBAGE, s->n_units) != NULL;
    bool has_tags = memchr(s->units, UNIT_TAG, s->n_units) != NULL;
    fprintf(out,
            "(h head, = tail, . free%s%s; a letter is %" PRIu32 " bytes)\n",
            has_dead ? ", x dead and not yet reclaimed" : "",
            has_tags ? ", : header" : "", s->unit_bytes);
}
