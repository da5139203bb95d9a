/* test_mark.c - the order of marking, and what a short stack costs. */
#include "core/area.h"
#include "core/host.h"
#include "core/mark.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#define BASE   0x20010000u
#define STACK  (BASE + 256)
#define HEAP   (BASE + 1024)
#define WINDOW 16384u

static _Alignas(16) uint8_t window[WINDOW];
static struct heap *h = (struct heap *)window;
static struct mark m;

void heap_on_finalise(struct heap *heap, addr32 object)
{
    (void)heap, (void)object;
}

uint32_t heap_more(struct heap *heap, uint32_t what, uint32_t value)
{
    return (void)heap, (void)what, (void)value, 0;
}

struct guest_roots *heap_roots(struct heap *heap)
{
    return (void)heap, NULL;
}

static void setup(void)
{
    memset(window, 0, sizeof window);
    h->base = BASE;
    h->block_bytes = 16;
    h->block_shift = 4;
    h->has_finalisers = 1;
    cr_assert(area_setup_first(h, HEAP, HEAP + 4096));
    m = (struct mark){.stack = STACK, .cap = 4};
    mark_begin(&m);
}

TestSuite(mark, .init = setup);

/* An object of n blocks at block `b`; its address. */
static addr32 object(uint32_t b, uint32_t n)
{
    atab_take(area_table(h, &h->first), b, n);
    return area_block_address(h, &h->first, b);
}

static void point(addr32 from, uint32_t word, addr32 to)
{
    *word_at(h, from + 4 * word) = to;
}

static bool is_marked(uint32_t b)
{
    return atab_get_kind(area_table(h, &h->first), b) == ATAB_MARK;
}

Test(mark, reaches_through_every_word_of_an_object)
{
    addr32 a = object(0, 3);
    for (uint32_t word = 0; word < 12; word++)
        point(a, word, object(10 + word, 1));
    m.cap = 64;
    mark_word(h, &m, a);

    cr_expect(is_marked(0));
    for (uint32_t b = 10; b < 22; b++)
        cr_expect(is_marked(b));
    cr_expect(eq(u32, m.has_overflowed, 0));
}

Test(mark, takes_no_word_for_a_reference_but_the_address_of_a_head)
{
    addr32 a = object(4, 2);
    mark_word(h, &m, a + 4);              /* inside the first block         */
    mark_word(h, &m, a + 16);             /* a tail                         */
    mark_word(h, &m, a + 32);             /* a free block                   */
    mark_word(h, &m, h->first.pool - 16); /* before the pool                */
    mark_word(h, &m, h->pool_max);        /* behind it                      */
    mark_word(h, &m, 0);
    mark_word(h, &m, UINT32_MAX);
    cr_expect(not(is_marked(4)));

    mark_word(h, &m, a);
    cr_expect(is_marked(4));
}

Test(mark, ends_on_rings)
{
    addr32 a = object(0, 1);
    addr32 b = object(1, 1);
    point(a, 0, b);
    point(b, 3, a);
    point(b, 2, b);
    mark_word(h, &m, a);
    cr_expect(is_marked(0) && is_marked(1));
    cr_expect(eq(u32, m.has_overflowed, 0));
}

Test(mark, a_chain_needs_one_entry_whatever_its_length)
{
    addr32 before = object(0, 1);
    addr32 first = before;
    m.cap = 1;
    for (uint32_t b = 1; b < 200; b++) {
        addr32 a = object(b, 1);
        point(before, b % 4, a);
        before = a;
    }
    mark_word(h, &m, first);
    cr_expect(is_marked(199));
    cr_expect(eq(u32, m.has_overflowed, 0));
}

Test(mark, pops_what_was_pushed_last)
{
    /* a names b and c; both name a fan that fills the stack of two. */
    addr32 a = object(0, 1);
    addr32 b = object(1, 1);
    addr32 c = object(2, 1);
    m.cap = 2;
    point(a, 0, b);
    point(a, 1, c);
    point(c, 0, object(3, 1));
    point(c, 1, object(4, 1)); /* with b below, one entry is left for two */
    mark_word(h, &m, a);
    cr_expect(eq(u32, m.has_overflowed, 1));

    /* Had b been popped first, the stack would have been empty for c. */
    mark_rescan(h, &m);
    cr_expect(eq(u32, m.n_rescans, 1));
}

Test(mark, a_pass_goes_on_to_what_it_marks_ahead_and_not_back)
{
    /*
     * Stack of one. The root names b (pushed) and c (noted). c lies behind
     * and names two more, the second noted in the pass: one ahead of the
     * pass needs no further one to be looked at, one behind it does.
     */
    addr32 root = object(8, 1);
    addr32 c = object(20, 1);
    m.cap = 1;
    point(root, 0, object(10, 1));
    point(root, 1, c);
    mark_word(h, &m, root);
    cr_expect(is_marked(20));
    cr_expect(eq(u32, m.has_overflowed, 1));

    addr32 behind = object(2, 1);
    point(c, 0, object(30, 1));
    point(c, 1, behind);
    point(behind, 0, object(40, 1));
    mark_rescan(h, &m);
    cr_expect(is_marked(30) && is_marked(2) && is_marked(40));
    cr_expect(eq(u32, m.n_rescans, 2));
    cr_expect(eq(u32, m.has_overflowed, 0));
}

Test(mark, a_stack_of_one_entry_marks_a_wide_tree_all_the_same)
{
    /* Node i has children 4 i + 1 .. 4 i + 4, laid out in reverse. */
    enum { N = 240 };
    addr32 node[N];
    for (uint32_t i = 0; i < N; i++)
        node[i] = object(N - 1 - i, 1);
    for (uint32_t i = 1; i < N; i++)
        point(node[(i - 1) / 4], (i - 1) % 4, node[i]);
    m.cap = 1;
    mark_word(h, &m, node[0]);
    mark_rescan(h, &m);
    for (uint32_t b = 0; b < N; b++)
        cr_expect(is_marked(b));
    cr_expect(gt(u32, m.n_rescans, 0));
}

Test(mark, finds_objects_in_every_area)
{
    cr_assert(area_append(h, HEAP + 4096, 2048, 32));
    struct area *second = area_at(h, HEAP + 4096);
    uint32_t *t = area_table(h, second);
    atab_take(t, 0, 1);
    atab_take(t, 5, 2);
    addr32 there = area_block_address(h, second, 0);
    addr32 a = object(0, 1);
    point(a, 0, there);
    point(there, 0, area_block_address(h, second, 5));
    mark_word(h, &m, a);
    cr_expect(eq(u32, atab_get_kind(t, 0), ATAB_MARK));
    cr_expect(eq(u32, atab_get_kind(t, 5), ATAB_MARK));
}
