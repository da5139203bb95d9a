/*
 * test_replay_random.c - traces of random operations, most of them lawful, on
 * heaps of all kinds: a run is complete with true figures, or its input is
 * wrong; it never fails
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/played.h"
#include "traces/synth/rng.h"

#define IDS_CAP 400

static struct played p;
static struct rng rng;

enum state { ALIVE, DEAD, ENDED };

static struct {
    FILE *out;
    uint8_t state[IDS_CAP];
    uint32_t bytes[IDS_CAP];
    uint32_t n_ids, lock_depth, n_added;
    uint32_t wild; /* in a thousand: any id at all                         */
    bool has_areas, has_pins; /* the manager's, as far as the trace asks   */
} g;

static uint32_t below(uint32_t n)
{
    return rng_below(&rng, n);
}

/* A live object's id; or, rarely, any. */
static uint32_t some_id(void)
{
    for (int tries = 0; tries < 50 && below(1000) >= g.wild; tries++) {
        uint32_t id = g.n_ids == 0 ? 0 : below(g.n_ids);
        if (g.n_ids > 0 && g.state[id] == ALIVE)
            return id;
    }
    return g.wild > 0 ? below(g.n_ids + 2) : IDS_CAP;
}

static uint32_t some_bytes(void)
{
    static const uint32_t most[] = {16, 40, 40, 100, 300, 2000};
    return below(60) == 0 ? 0 : 1 + below(most[below(6)]);
}

static void put_alloc(void)
{
    if (g.n_ids == IDS_CAP)
        return;
    g.bytes[g.n_ids] = some_bytes();
    g.state[g.n_ids] = ALIVE;
    if (below(8) == 0)
        fprintf(g.out, "intern %u %u\n", g.n_ids, g.bytes[g.n_ids]);
    else
        fprintf(g.out, "alloc %u %u%s\n", g.n_ids, g.bytes[g.n_ids],
                below(5) == 0 ? " finaliser" : "");
    g.n_ids++;
}

static void put_realloc(uint32_t id)
{
    bool is_refused = below(5) == 0;
    uint32_t bytes = 1 + some_bytes();
    fprintf(g.out, "%s %u %u%s\n",
            is_refused ? "refused realloc unknown" : "realloc", id, bytes,
            below(2) ? " move" : "");
    if (id < IDS_CAP && !is_refused)
        g.bytes[id] = bytes;
}

static void put_store(uint32_t id, uint32_t target)
{
    uint32_t n_words = id < IDS_CAP ? g.bytes[id] / 4 : 4;
    if (below(1000) < g.wild)
        n_words += 2;
    if (n_words == 0)
        return;
    if (below(4) == 0)
        fprintf(g.out, "touch %u %u\n", id, below(n_words));
    else if (target == IDS_CAP || below(5) == 0)
        fprintf(g.out, "store %u %u -\n", id, below(n_words));
    else
        fprintf(g.out, "store %u %u %u\n", id, below(n_words), target);
}

static void put_held(void)
{
    static const char *const kinds[] = {"roots", "roots", "inside", "interior"};
    fprintf(g.out, "held %s", kinds[below(4)]);
    for (uint32_t n = below(6); n > 0; n--)
        fprintf(g.out, " %u", below(g.n_ids + 1));
    fputc('\n', g.out);
}

/* Finalisers free a few live objects, whenever. */
static void put_finalise(void)
{
    uint32_t ids[3], n = 0;
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t id = some_id();
        for (uint32_t k = 0; k < n; k++)
            id = ids[k] == id ? IDS_CAP : id;
        if (id < g.n_ids)
            ids[n++] = id;
    }
    if (n == 0)
        return;
    fputs("finalise", g.out);
    for (uint32_t i = 0; i < n; i++) {
        fprintf(g.out, " %u", ids[i]);
        g.state[ids[i]] = g.lock_depth > 0 ? DEAD : ENDED;
    }
    fputs(below(2) ? "\ncollect ordinary\n" : "\nrefused alloc memory 300\n",
          g.out);
}

static void put_control(void)
{
    switch (below(9)) {
    case 0:
        fputs("control lock 1\n", g.out);
        g.lock_depth++;
        break;
    case 1:
    case 2:
    case 3:
        if (g.lock_depth == 0 && below(1000) >= g.wild)
            break;
        fputs("control lock 0\n", g.out);
        g.lock_depth -= g.lock_depth > 0;
        break;
    case 4:
        fprintf(g.out, "control auto %d\n", below(3) != 0);
        break;
    case 5:
        fprintf(g.out, "control threshold %u\n", 16 * below(200));
        break;
    case 6:
        fputs("control threshold -\n", g.out);
        break;
    case 7:
        if (g.has_areas && g.n_added++ < 4)
            fprintf(g.out, "control add-area %u\n", 300 + below(3000));
        break;
    default:
        if (below(6) != 0)
            break;
        fputs("control reset 0\n", g.out);
        g.lock_depth = 0;
        break;
    }
}

static void put_line(void)
{
    uint32_t dice = below(100);
    uint32_t id = some_id();
    if (dice < 35) {
        put_alloc();
    } else if (id == IDS_CAP) {
        return;
    } else if (dice < 55) {
        put_store(id, some_id());
    } else if (dice < 60) {
        fprintf(g.out, "root %u %u\n", below(6), id);
    } else if (dice < 62) {
        fprintf(g.out, "root %u -\n", below(6));
    } else if (dice < 72) {
        put_realloc(id);
    } else if (dice < 79) {
        fprintf(g.out, "free %u\n", id);
        if (id < IDS_CAP)
            g.state[id] = ENDED;
    } else if (dice < 87) {
        fprintf(g.out, "death %u\n", id);
        if (id < IDS_CAP)
            g.state[id] = DEAD;
    } else if (dice < 90) {
        put_held();
    } else if (dice < 92) {
        fprintf(g.out, "collect %s\n", below(10) == 0 ? "all" : "ordinary");
    } else if (dice < 94) {
        fprintf(g.out, "refused alloc unknown %u\n", some_bytes());
    } else if (dice < 96) {
        put_finalise();
    } else if (dice < 97) {
        fprintf(g.out, "promote %u\n", id);
        fprintf(g.out, "phase %s %u\n", below(2) ? "begin" : "end", below(3));
    } else if (dice < 98) {
        fprintf(g.out, "step %u\n", below(2) ? 0 : below(500));
        if (g.has_pins)
            fprintf(g.out, "%s %u\n", below(3) ? "pin" : "unpin", id);
    } else {
        put_control();
    }
}

/* A trace for a run with these options. */
static char *make(uint32_t wild, const char *options)
{
    char *text;
    size_t n;
    memset(&g, 0, sizeof g);
    g.out = open_memstream(&text, &n);
    g.wild = wild;
    g.has_pins = strstr(options, "manager=semispace") == NULL;
    g.has_areas = g.has_pins && strstr(options, "manager=handles") == NULL;
    if (below(2) == 0)
        fputs("header has-held 1\n", g.out);
    for (uint32_t i = 0; i < 250; i++)
        put_line();
    fclose(g.out);
    return text;
}

/* `n` traces; FRAGLAB_LONG makes them many. */
static void play_random(uint32_t base, uint32_t wild, uint32_t n)
{
    static const char *const kinds[] = {
        "heap=%u check",
        "heap=%u check refused=reset",
        "heap=%u check mark_stack=2 block=8",
        "heap=%u check threshold=500 zero=0 block=32",
        "heap=%u check grow=1 outer_bytes=6000 quirks=exact",
        "heap=%u check grow=1 outer_bytes=40000 quirks=exact refused=reset",
        "heap=%u check grow=1 outer_bytes=12345 growth=103%% block=32",
        "heap=%u check auto=0 finalisers=0",
        "manager=tlsf heap=%u check",
        "manager=tlsf heap=%u check align=8 zero=1 refused=reset",
        "manager=tlsf heap=%u check align=16",
        "manager=tlsf areas=%u+500+700 check zero=1",
        "manager=fit heap=%u check policy=first refused=reset",
        "manager=fit areas=%u+500+700 check policy=next zero=1",
        "manager=fit heap=%u check policy=best block=8",
        "manager=fit heap=%u check policy=worst block=32",
        "manager=fit heap=%u check tags=inline refused=reset",
        "manager=fit areas=%u+500+700 check tags=inline tag=8 policy=next",
        "manager=fit heap=%u check tags=inline align=16 policy=best zero=1",
        "manager=chains heap=%u check block=16 refused=reset",
        "manager=chains areas=%u+500+700 check block=32 zero=1",
        "manager=chains heap=%u check block=64 index_bytes=4",
        "manager=chains heap=%u check block=16 link=spine refused=reset",
        "manager=chains areas=%u+500+700 check block=16 link=spine zero=1",
        "manager=chains heap=%u check link=spine index_bytes=4 block=32",
        "manager=intern heap=%u check refused=reset",
        "manager=intern areas=%u+500+700 check block=8 chunk=60 zero=1",
        "manager=twoended heap=%u check refused=reset",
        "manager=twoended heap=%u check grow=1 outer_bytes=12345 block=32",
        "manager=twoended areas=%u+700+700 check mark_stack=2 zero=0",
        "manager=copying heap=%u check refused=reset",
        "manager=copying heap=%u check pins=k leaf=1 mark_stack=4",
        "manager=copying heap=%u check pins=kjv ration=20 block=8",
        "manager=copying heap=%u check slide=window zero=0 block=32",
        "manager=copying heap=%u check holes=0 threshold=1 pins=k",
        "manager=copying heap=%u check auto=0 pins=kj refused=reset",
        "manager=copying areas=%u+700+700 check ambiguous=1",
        "manager=twoended heap=%u check promote=imports",
        "manager=twoended areas=%u+700 check promote=imports refused=reset",
        "manager=twoended heap=%u check promote=oracle",
        "manager=semispace heap=%u check refused=reset",
        "manager=semispace heap=%u check block=8 threshold=500 zero=0",
        "manager=handles heap=%u check refused=reset",
        "manager=handles heap=%u check indices=8 per_alloc=40 zero=1",
        "manager=handles heap=%u check wait=0 start_bytes=0 handles=30",
        "manager=handles heap=%u check wait=0 per_alloc=300",
    };
    const uint32_t n_kinds = sizeof kinds / sizeof *kinds;
    char options[200];
    n *= getenv("FRAGLAB_LONG") != NULL ? 100 : 1;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t seed = (uint64_t)base << 32 | i;
        rng_seed(&rng, seed);
        snprintf(options, sizeof options, kinds[below(n_kinds)],
                 600 + below(4000));
        char *body = make(wild, options);
        play_text(&p, options, body);
        cr_assert(p.err == 0 || (wild > 0 && p.err == ERR_INPUT),
                  "seed %llu, %s: %s", (unsigned long long)seed, options,
                  p.problem.text);
        cr_assert(p.err != 0 || p.result.status == REPLAY_COMPLETE,
                  "seed %llu, %s: %s", (unsigned long long)seed, options,
                  p.result.reason);
        cr_assert(p.wrong[0] == '\0', "seed %llu, %s: %s",
                  (unsigned long long)seed, options, p.wrong);
        free(body);
    }
}

Test(replay_random, lawful_traces_are_played_to_their_end)
{
    play_random(1, 0, 250);
}

Test(replay_random, unlawful_ones_end_in_a_message)
{
    play_random(2, 20, 250);
}
