/* test_hazard3.c - cycles, instructions and results against the core's RTL */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "tests/machines.h"

enum { CAP_REGIONS = 128, CAP_LINE = 512 };

/* One row of golden.csv. */
struct golden {
    char name[64];
    uint32_t region;
    uint64_t instructions;
    uint64_t cycles[3]; /* two ports; one port; two ports, one wait state     */
    char checksum[128];
};

static const char *const machine_names[3] = {"hazard3", "hazard3-1port",
                                             "hazard3-wait1"};

static FILE *open_golden(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, HAZARD3_GOLDEN "%s", name);
    FILE *f = fopen(path, "r");
    if (f == NULL)
        cr_skip("no golden data beside the project");
    return f;
}

static bool read_row(FILE *f, struct golden *g)
{
    char line[CAP_LINE];
    unsigned long long c[4];
    if (fgets(line, sizeof line, f) == NULL)
        return false;
    g->checksum[0] = '\0';
    int n =
        sscanf(line, "%63[^,],%*[^,],%*[^,],%u,%llu,%llu,%llu,%llu,%127s",
               g->name, &g->region, &c[0], &c[1], &c[2], &c[3], g->checksum);
    cr_assert(n >= 6, "golden.csv: %s", line);
    g->cycles[0] = c[0];
    g->instructions = c[1];
    g->cycles[1] = c[2];
    g->cycles[2] = c[3];
    return true;
}

static void checksum_of(const struct machine *m, char out[128])
{
    const struct test_device *d = &m->bus.device;
    out[0] = '\0';
    for (uint32_t i = 0; i < d->n_results && i < 13; i++)
        snprintf(out + strlen(out), 128 - strlen(out), "%s%08x",
                 i == 0 ? "" : "+", d->results[i]);
}

static void open_image(struct image *image, const char *name)
{
    struct machine_problem p = {""};
    char path[512];
    snprintf(path, sizeof path, HAZARD3_GOLDEN "elf/%s.elf", name);
    cr_assert(eq(int, image_open(image, path, &p), 0), "%s", p.text);
}

static void load(struct machine *m, const struct image *image)
{
    struct machine_problem p = {""};
    cr_assert(eq(int, machine_load(m, image, &p), 0), "%s", p.text);
    machine_reset(m);
}

/* Run `image` on `c` and hold every region against the rows. */
static void compare(const struct machine_config *c, const struct image *image,
                    const struct golden *rows, uint32_t n, int setting)
{
    struct machine *m = machines_open(c);
    char checksum[128];
    load(m, image);
    cr_assert(eq(int, machine_run(m, 0), MACHINE_EXITED), "%s", rows->name);
    cr_expect(eq(u32, m->exit_code, 0));
    checksum_of(m, checksum);
    cr_assert(eq(u32, m->bus.device.n_regions, n), "%s", rows->name);
    for (uint32_t i = 0; i < n; i++) {
        const struct mark_region *r = &m->bus.device.regions[i];
        cr_expect(eq(u32, r->region, rows[i].region));
        cr_expect(eq(u64, r->cycles, rows[i].cycles[setting]),
                  "%s region %u on %s", rows[i].name, r->region, c->name);
        cr_expect(eq(u64, r->instructions, rows[i].instructions),
                  "%s region %u", rows[i].name, r->region);
        cr_expect(eq(str, checksum, (char *)rows[i].checksum));
    }
    machines_close(m);
}

/* Every program of golden.csv on one machine. */
static void compare_all(int setting, bool is_clocked)
{
    static struct golden rows[CAP_REGIONS];
    struct machine_config c =
        machines_config(machine_names[setting], is_clocked);
    struct golden next;
    char line[CAP_LINE];
    uint32_t n = 0, n_programs = 0;
    FILE *f = open_golden("golden.csv");
    cr_assert(fgets(line, sizeof line, f) != NULL);
    bool more = read_row(f, &next);
    while (more) {
        struct image image;
        for (n = 0; more && (n == 0 || strcmp(rows[0].name, next.name) == 0);
             more = read_row(f, &next))
            rows[n++] = next;
        open_image(&image, rows[0].name);
        compare(&c, &image, rows, n, setting);
        image_close(&image);
        n_programs++;
    }
    cr_expect(ge(u32, n_programs, 40));
    fclose(f);
}

Test(hazard3, prices_give_the_cycles_of_two_buses)
{
    compare_all(0, false);
}

Test(hazard3, the_clocked_model_gives_the_same_cycles)
{
    compare_all(0, true);
}

Test(hazard3, one_shared_bus_is_exact)
{
    compare_all(1, false);
}

Test(hazard3, a_wait_state_on_every_access_is_exact)
{
    compare_all(2, false);
}

/* Of a 16-bit instruction only the lower half counts: the README says so. */
static bool is_same_line(const struct retired *r, const char *line)
{
    unsigned long long cycle;
    uint32_t pc, word;
    if (sscanf(line, "%llu,%x,%x", &cycle, &pc, &word) != 3)
        return false;
    uint32_t mask = (word & 3) == 3 ? 0xffffffffu : 0xffffu;
    return r->cycle == cycle && r->pc == pc && ((r->word ^ word) & mask) == 0;
}

static void compare_trace(const char *name, bool is_clocked)
{
    struct machine_config c = machines_config("hazard3", is_clocked);
    struct machine *m = machines_open(&c);
    struct retired r = {0};
    struct image image;
    char path[128], line[CAP_LINE];
    uint32_t n = 1;
    snprintf(path, sizeof path, "traces/%s.csv", name);
    FILE *f = open_golden(path);
    open_image(&image, name);
    load(m, &image);
    cr_assert(fgets(line, sizeof line, f) != NULL);
    while (fgets(line, sizeof line, f) != NULL) {
        machine_step(m, &r);
        cr_assert(is_same_line(&r, line), "%s:%u: %llu,%08x,%08x, not %s", path,
                  ++n, (unsigned long long)r.cycle, r.pc, r.word, line);
    }
    fclose(f);
    image_close(&image);
    machines_close(m);
}

Test(hazard3, every_line_of_the_traces_is_met)
{
    static const char *const names[] = {
        "mk_alu_mem_div.zb.asm", "mk_branch.zb.asm", "mk_zcmp_amo_trap.zb.asm",
        "rand_full_1.zb.asm"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        compare_trace(names[i], false);
        compare_trace(names[i], true);
    }
}
