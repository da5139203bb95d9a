/* test_check.c - what is lawful in a trace, and what is said of the rest */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

#include "tests/random_trace.h"
#include "traces/check.h"
#include "traces/text_line.h"

static struct trace_check check;
static struct text_scratch scratch;
static struct problem reason;

static void setup(void)
{
    struct trace_header header = {
        .version = TRACE_FORMAT_VERSION, .word_bytes = 4, .root_words = 8};
    trace_check_init(&check, &header);
}

static void teardown(void)
{
    trace_check_free(&check);
    text_scratch_free(&scratch);
}

TestSuite(check, .init = setup, .fini = teardown);

static int give(const char *line)
{
    char text[256];
    struct trace_op op;
    struct text_cursor c;
    snprintf(text, sizeof text, "%s", line);
    cr_assert(text_decode(&scratch, text, &op, &c), "%s", line);
    return trace_check_op(&check, &op, &reason);
}

static void lawful(const char *line)
{
    cr_expect(eq(int, give(line), 0), "%s: %s", line, reason.text);
}

static void unlawful(const char *line, const char *why)
{
    cr_expect(eq(int, give(line), ERR_INPUT), "%s", line);
    cr_expect(eq(str, reason.text, (char *)why));
}

Test(check, an_id_is_given_out_once)
{
    lawful("alloc 5 8");
    unlawful("alloc 5 8", "alloc of object 5, whose id was given out before");
    lawful("free 5");
    unlawful("alloc 5 8", "alloc of object 5, whose id was given out before");
    unlawful("intern 5 8", "intern of object 5, whose id was given out before");
    lawful("alloc 4 8"); /* ids need not ascend                           */
    lawful("alloc 4611686018427387903 8");
}

Test(check, a_dead_object_may_be_freed_once_more)
{
    lawful("alloc 1 8");
    lawful("death 1");
    lawful("free 1");
    unlawful("free 1", "free of object 1, which is not live (freed or "
                       "collected before)");
}

Test(check, a_collection_takes_what_it_lists)
{
    lawful("alloc 1 8");
    lawful("alloc 2 8");
    lawful("death 1");
    lawful("collect ordinary");
    lawful("expect collection asked 0 1");
    unlawful("free 1", "free of object 1, which is not live (freed or "
                       "collected before)");
    lawful("store 2 0 2");
}

Test(check, collect_all_and_reset_leave_the_outer_heap_alone)
{
    lawful("alloc 1 8");
    lawful("alloc 2 8 outer");
    lawful("collect all");
    unlawful("pin 1", "pin of object 1, which is not live (freed or "
                      "collected before)");
    lawful("pin 2");
    lawful("alloc 3 8");
    lawful("control reset 0");
    unlawful("death 3", "death of object 3, which is not live (freed or "
                        "collected before)");
    lawful("death 2");
}

Test(check, an_area_given_back_takes_a_lone_object_with_it)
{
    lawful("alloc 1 8");
    lawful("expect given-back 1 1 1");
    unlawful("touch 1 0", "touch of object 1, which is not live (freed or "
                          "collected before)");
}

Test(check, words_lie_within_the_bytes_asked_for)
{
    lawful("alloc 1 9");
    lawful("touch 1 2");
    unlawful("touch 1 3",
             "touch of word 3 of object 1, which has 9 bytes (3 words)");
    lawful("realloc 1 8");
    unlawful("store 1 2 -",
             "store of word 2 of object 1, which has 8 bytes (2 words)");
    lawful("alloc 2 0");
    unlawful("store 2 0 1",
             "store of word 0 of object 2, which has 0 bytes (0 words)");
}

Test(check, roots_name_live_objects_in_slots_that_exist)
{
    lawful("alloc 1 4");
    lawful("root 7 1");
    lawful("root 7 -");
    unlawful("root 8 -", "root slot 8, but there are 8");
    lawful("death 1");
    unlawful("root 0 1", "root of a reference to object 1, which is dead");
    unlawful("root 0 9",
             "root of a reference to object 9, which is not live (never "
             "allocated)");
}

Test(check, pins_and_locks_are_taken_off_only_where_they_are)
{
    lawful("alloc 1 4");
    unlawful("unpin 1", "unpin of object 1, which is not pinned");
    lawful("pin 1");
    lawful("unpin 1");
    unlawful("control lock 0", "unlock of a heap that is not locked");
    lawful("control lock 1");
    lawful("control lock 1");
    lawful("control lock 0");
    lawful("control lock 0");
}

Test(check, finalisers_free_what_was_allocated)
{
    lawful("alloc 1 4");
    lawful("alloc 2 4");
    lawful("death 2");
    lawful("finalise 1 2");
    unlawful("finalise 3", "finalise of object 3, which is not live (never "
                           "allocated)");
    cr_expect(eq(u64, check.counts.frees, 2));
}

Test(check, refusals_need_the_object_that_they_are_about)
{
    lawful("refused alloc memory 99");
    unlawful("refused realloc memory 1 99",
             "refused of object 1, which is not live (never allocated)");
    cr_expect(eq(u64, check.counts.failed, 1));
}

Test(check, counts_say_what_there_was)
{
    lawful("alloc 1 100");
    lawful("realloc 1 300 move");
    lawful("alloc 2 50");
    lawful("free 1");
    lawful("alloc 3 10");
    lawful("death 3");
    lawful("collect ordinary");
    lawful("expect collection asked 0 3");
    lawful("alloc 4 10");
    lawful("expect collection full 0"); /* one within an operation        */
    cr_expect(eq(u64, check.counts.events, 10));
    cr_expect(eq(u64, check.counts.operations, 7));
    cr_expect(eq(u64, check.counts.allocations, 4));
    cr_expect(eq(u64, check.counts.reallocs, 1));
    cr_expect(eq(u64, check.counts.frees, 1));
    cr_expect(eq(u64, check.counts.collections, 2));
    cr_expect(eq(u64, check.counts.peak_live, 350));
    cr_expect(eq(u64, check.live_bytes, 60));
    cr_expect(eq(u64, check.n_live, 2));
}

Test(check, memory_goes_with_live_objects_not_with_the_length)
{
    struct trace_op op = {.kind = TRACE_ALLOC, .bytes = 16};
    for (uint64_t i = 0; i < 300000; i++) {
        op.kind = TRACE_ALLOC;
        op.id = 3 * i; /* gaps, too                                       */
        cr_assert(eq(int, trace_check_op(&check, &op, &reason), 0));
        op.kind = TRACE_DEATH;
        cr_assert(eq(int, trace_check_op(&check, &op, &reason), 0));
    }
    cr_expect(le(sz, check.live.n, 1 << 16));
    cr_expect(le(u32, check.live.bits, 18));
    cr_expect(le(sz, check.live.ids.n, 1 << 17));
    op.kind = TRACE_FREE; /* it died long ago, and was forgotten          */
    op.id = 0;
    cr_expect(eq(int, trace_check_op(&check, &op, &reason), 0));
    op.id = UINT64_C(3) * 300000;
    cr_expect(eq(int, trace_check_op(&check, &op, &reason), ERR_INPUT));
}

/* The table against an array of flags. */
Test(check, the_table_of_live_objects_agrees_with_a_naive_one)
{
    enum { N = 3000 };
    static uint8_t state[N]; /* 0 never, 1 live, 2 gone                   */
    struct live_table t = {0};
    struct rng rng;
    rng_seed(&rng, 8);
    for (int i = 0; i < 100000; i++) {
        uint64_t id = rng_below(&rng, N);
        struct live_object *o = live_find(&t, id * 64);
        cr_assert(eq(int, o != NULL, state[id] == 1));
        cr_assert(eq(int, live_was_used(&t, id * 64), state[id] != 0));
        if (state[id] == 0) {
            o = live_add(&t, id * 64);
            cr_assert(o != NULL && o->bytes == 0);
            o->bytes = id;
            state[id] = 1;
        } else if (o != NULL && rng_below(&rng, 8) == 0) {
            cr_assert(eq(u64, o->bytes, id));
            live_remove(&t, o);
            state[id] = 2;
        }
    }
    live_free(&t);
}

Test(check, ids_in_any_order_join_to_runs)
{
    enum { N = 1000 };
    struct live_table t = {0};
    uint64_t ids[N];
    struct rng rng;
    rng_seed(&rng, 9);
    for (uint32_t i = 0; i < N; i++)
        ids[i] = 7 + i;
    for (uint32_t i = N - 1; i > 0; i--) {
        uint32_t j = rng_below(&rng, i + 1);
        uint64_t swap = ids[i];
        ids[i] = ids[j];
        ids[j] = swap;
    }
    for (uint32_t i = 0; i < N; i++) {
        cr_assert(not(live_was_used(&t, ids[i])));
        cr_assert(live_add(&t, ids[i]) != NULL);
        cr_assert(live_was_used(&t, ids[i]));
    }
    cr_expect(eq(sz, t.ids.n, 1));
    cr_expect(not(live_was_used(&t, 6)));
    cr_expect(not(live_was_used(&t, 7 + N)));
    live_free(&t);
}
