/* test_moments.c - maps and snapshots of the heap at chosen moments. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "analysis/moments.h"
#include "tests/fake_run.h"
#include "traces/op.h"

static struct moments m;
static struct fake_heap h;

static void setup(void)
{
    moments_init(&m);
    h = (struct fake_heap){.random = 12345, .next_id = 1};
}

static void teardown(void)
{
    moments_free(&m);
}

TestSuite(moments, .init = setup, .fini = teardown);

static void play(uint64_t n_ops)
{
    struct replay_view view = fake_view(&h);
    for (uint64_t i = 0; i < n_ops; i++) {
        struct op_record r = fake_op(&h);
        cr_assert(eq(int, moments_op(&m, &r, &view), 0));
    }
}

Test(moments, a_map_is_written_as_runs_of_length_and_letter)
{
    static const uint8_t units[] = {
        UNIT_META, UNIT_META,    UNIT_HEAD,    UNIT_HEAD, UNIT_TAIL, UNIT_TAIL,
        UNIT_TAIL, UNIT_GARBAGE, UNIT_GARBAGE, UNIT_FREE, UNIT_HEAD};
    char *text = moments_text(units, sizeof units);
    cr_expect(eq(str, text, "2#2h3=2x1.1h"));
    free(text);

    text = moments_text(units, 0);
    cr_expect(eq(str, text, ""));
    free(text);
}

Test(moments, long_runs_and_single_units_fit_in_their_text)
{
    enum { N = 100000 };
    uint8_t *units = calloc(N, 1);
    char *text = moments_text(units, N);
    cr_expect(eq(str, text, "100000."));
    free(text);
    for (int i = 0; i < N; i++)
        units[i] = (uint8_t)(i % 2 == 0 ? UNIT_HEAD : UNIT_FREE);
    text = moments_text(units, N);
    cr_expect(eq(sz, strlen(text), 2 * N));
    free(text);
    free(units);
}

Test(moments, even_maps_lie_at_every_multiple_of_their_distance)
{
    static const uint64_t lengths[] = {1, 5, 64, 65, 1000, 4096, 4097, 100000};
    for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++) {
        teardown();
        setup();
        play(lengths[k]);
        cr_expect(le(u32, m.n_even, MOMENTS_EVEN_CAP));
        cr_expect(eq(u64, m.distance & (m.distance - 1), 0));
        cr_expect(eq(u64, m.n_even, lengths[k] / m.distance));
        for (uint32_t i = 0; i < m.n_even; i++)
            cr_expect(eq(u64, m.even[i].seq, (i + 1) * m.distance));
        cr_expect(lengths[k] < 4096 || m.n_even >= MOMENTS_EVEN_CAP / 2);
    }
}

Test(moments, the_worst_moment_is_the_first_with_the_smallest_request)
{
    struct fake_heap twin = h;
    play(3000);

    uint64_t smallest = UINT64_MAX, worst = 0;
    struct fake_heap at_worst = {0};
    for (int i = 0; i < 3000; i++) {
        struct op_record r = fake_op(&twin);
        if (r.after.largest_request >= smallest)
            continue;
        smallest = r.after.largest_request;
        worst = r.seq;
        at_worst = twin;
    }
    uint8_t map[FAKE_UNITS];
    fake_map(&at_worst, map);
    const struct snapshot *s = &m.at[MOMENT_WORST];
    cr_assert(s->is_taken);
    cr_expect(eq(u64, s->seq, worst));
    cr_expect(eq(int, memcmp(s->units, map, FAKE_UNITS), 0));
    cr_expect(eq(u64, moments_missing(&m), 0));
    for (size_t i = 1; i < s->n_objects; i++)
        cr_expect(s->objects[i - 1].address < s->objects[i].address);
}

Test(moments, a_minimum_passed_over_is_told_at_the_end)
{
    m.may_skip = true;
    m.spent_ns = UINT64_C(1) << 40; /* all its time is spent */
    play(3000);
    cr_expect(not(m.at[MOMENT_WORST].is_taken));
    cr_expect(eq(u64, moments_missing(&m), m.worst_seq));
    cr_expect(ne(u64, m.worst_seq, 0));
}

Test(moments, only_the_first_refusal_is_kept)
{
    struct replay_view view = fake_view(&h);
    play(10);
    cr_assert(eq(int, moments_refusal(&m, 10, &view), 0));
    play(10);
    cr_assert(eq(int, moments_refusal(&m, 20, &view), 0));
    cr_expect(eq(u64, m.at[MOMENT_FIRST_REFUSAL].seq, 10));
}

Test(moments, a_heap_without_a_view_has_no_maps)
{
    struct op_record r = fake_op(&h);
    cr_expect(eq(int, moments_op(&m, &r, NULL), 0));
    cr_expect(eq(int, moments_end(&m, 1, NULL), 0));
    cr_expect(eq(u32, m.n_even, 0));
    cr_expect(eq(u64, moments_missing(&m), 0));
}

Test(moments, copies_without_an_id_are_in_the_map_and_in_no_list)
{
    struct snapshot s = {0};
    struct replay_view view = fake_view(&h);
    play(100);
    uint32_t i = 0;
    while (h.at[i].n_units == 0)
        i++;
    cr_assert(eq(int, snapshot_take(&s, 1, &view), 0));
    size_t n = s.n_objects;
    h.at[i].id = TRACE_NONE;
    cr_assert(eq(int, snapshot_take(&s, 2, &view), 0));
    cr_expect(eq(sz, s.n_objects, n - 1));
    cr_expect(eq(u8, s.units[i], UNIT_HEAD));
    snapshot_free(&s);
}
