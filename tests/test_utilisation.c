/* test_utilisation.c - MMU and BMU: worked examples, and windows tried out. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "analysis/utilisation.h"

static struct pauses p;

static void teardown(void)
{
    pauses_free(&p);
}

TestSuite(utilisation, .fini = teardown);

Test(utilisation, is_that_of_the_worked_example)
{
    static const struct {
        uint64_t window;
        double mmu;
    } rows[] = {{10, 0}, {15, 1.0 / 3}, {20, 0.25}, {50, 0.70}, {100, 0.85}};
    cr_assert(pauses_add(&p, 20, 5));
    cr_assert(pauses_add(&p, 30, 10));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect(epsilon_eq(dbl, utilisation_mmu(&p, 100, rows[i].window),
                             rows[i].mmu, 1e-12));
}

Test(utilisation, bounded_looks_at_longer_windows_too)
{
    for (uint64_t start = 0; start < 30; start += 10)
        cr_assert(pauses_add(&p, start, 4));
    cr_expect(epsilon_eq(dbl, utilisation_mmu(&p, 30, 8), 0.5, 1e-12));
    cr_expect(epsilon_eq(dbl, utilisation_bmu(&p, 30, 8), 6.0 / 14, 1e-12));
}

Test(utilisation, without_pauses_is_whole)
{
    cr_assert(pauses_add(&p, 5, 0));
    cr_expect(eq(sz, p.n, 0));
    cr_expect(eq(dbl, utilisation_mmu(&p, 10, 10), 1));
    cr_expect(eq(dbl, utilisation_bmu(&p, 10, 1), 1));
}

Test(utilisation, of_one_pause_that_fills_the_clock_is_none)
{
    cr_assert(pauses_add(&p, 0, 50));
    for (uint64_t window = 1; window <= 50; window++) {
        cr_expect(eq(dbl, utilisation_mmu(&p, 50, window), 0));
        cr_expect(eq(dbl, utilisation_bmu(&p, 50, window), 0));
    }
}

/* Every window of a short clock, tried at every place. */
static double tried(const bool *is_paused, int total, int window)
{
    int most = 0;
    for (int a = 0; a + window <= total; a++) {
        int held = 0;
        for (int i = a; i < a + window; i++)
            held += is_paused[i];
        most = held > most ? held : most;
    }
    return 1 - (double)most / window;
}

Test(utilisation, agrees_with_every_window_of_random_clocks)
{
    enum { TOTAL = 90 };
    srand(7);
    for (int round = 0; round < 300; round++) {
        bool is_paused[TOTAL] = {false};
        int density = 1 + rand() % 12;
        for (int at = rand() % density; at < TOTAL;) {
            int cycles = 1 + rand() % 9;
            cycles = cycles < TOTAL - at ? cycles : TOTAL - at;
            cr_assert(pauses_add(&p, (uint64_t)at, (uint64_t)cycles));
            for (int i = 0; i < cycles; i++)
                is_paused[at + i] = true;
            at += cycles + rand() % (density * 2);
        }
        double bmu = 1;
        for (int window = TOTAL; window >= 1; window--) {
            double mmu = tried(is_paused, TOTAL, window);
            bmu = mmu < bmu ? mmu : bmu;
            cr_assert(epsilon_eq(
                dbl, utilisation_mmu(&p, TOTAL, (uint64_t)window), mmu, 1e-12));
            cr_assert(epsilon_eq(
                dbl, utilisation_bmu(&p, TOTAL, (uint64_t)window), bmu, 1e-12));
        }
        pauses_free(&p);
    }
}

Test(utilisation, of_very_many_pauses_is_bounded_and_never_too_high)
{
    enum { N = UTILISATION_PAUSES + UTILISATION_PAUSES / 2 };
    uint64_t start = 0;
    for (uint64_t i = 0; i < N; i++) {
        cr_assert(pauses_add(&p, start, 3 + i % 5));
        start += 3 + i % 5 + 10 + (i * 2654435761u) % 300;
    }
    cr_expect(le(sz, p.n, (size_t)UTILISATION_PAUSES));
    cr_expect(gt(u64, p.joined, 0));
    cr_expect(eq(u64, p.longest, 7));
    double mmu = utilisation_mmu(&p, start, start);
    cr_expect(le(dbl, mmu, 1 - (double)(N * 5.0 - 10) / (double)start));
    cr_expect(le(dbl, utilisation_bmu(&p, start, 1000), mmu));
}
