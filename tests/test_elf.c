/* test_elf.c - hostile executables get one line, never a crash */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "sim/machine/elf.h"
#include "tests/machines.h"

enum { IMAGE_BYTES = 52 + 32 + 8 + 3 * 40 + 2 * 16 + 16 };

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value);
    put16(at + 2, value >> 16);
}

/* A small executable: one segment of 8 bytes, a symbol table, names. */
static void make(uint8_t *f)
{
    static const uint8_t ident[7] = {0x7f, 'E', 'L', 'F', 1, 1, 1};
    uint8_t *program = f + 52, *sections = f + 92;
    uint8_t *symbols = f + 92 + 120, *names = symbols + 32;
    memset(f, 0, IMAGE_BYTES);
    memcpy(f, ident, sizeof ident);
    put16(f + 16, 2);
    put16(f + 18, 243);
    put32(f + 20, 1);
    put32(f + 24, 0x20000000);
    put32(f + 28, 52);
    put32(f + 32, 92);
    put16(f + 40, 52);
    put16(f + 42, 32);
    put16(f + 44, 1);
    put16(f + 46, 40);
    put16(f + 48, 3);
    put32(program, 1);
    put32(program + 4, 84);
    put32(program + 8, 0x20000000);
    put32(program + 12, 0x20000000);
    put32(program + 16, 8);
    put32(program + 20, 64);
    put32(program + 24, 5);
    put32(f + 84, 0x0000006f);
    put32(sections + 40 + 4, 2);
    put32(sections + 40 + 16, 92 + 120);
    put32(sections + 40 + 20, 32);
    put32(sections + 40 + 24, 2);
    put32(sections + 40 + 36, 16);
    put32(sections + 80 + 4, 3);
    put32(sections + 80 + 16, 92 + 120 + 32);
    put32(sections + 80 + 20, 16);
    put32(symbols + 16, 1);
    put32(symbols + 20, 0x20000000);
    put32(symbols + 24, 8);
    symbols[28] = 2;
    put16(symbols + 30, 1);
    memcpy(names + 1, "main", 5);
}

static int read_image(const uint8_t *f, size_t bytes, struct machine_problem *p)
{
    struct image image;
    p->text[0] = '\0';
    int err = image_read(&image, "x.elf", f, bytes, p);
    if (err == 0)
        image_close(&image);
    return err;
}

Test(elf, a_small_executable_is_read)
{
    struct machine_problem p = {""};
    struct image image;
    uint8_t f[IMAGE_BYTES];
    make(f);
    cr_assert(eq(int, image_read(&image, "x.elf", f, sizeof f, &p), 0), "%s",
              p.text);
    cr_expect(eq(u32, image.n_segments, 1));
    cr_expect(eq(u32, image.entry, 0x20000000));
    cr_assert(eq(u32, image.n_symbols, 1));
    const struct symbol *s = image_function_at(&image, 0x20000004);
    cr_assert(ne(ptr, (void *)s, NULL));
    cr_expect(eq(str, (char *)s->name, "main"));
    cr_expect(eq(ptr, (void *)image_function_at(&image, 0x20000008), NULL));
    image_close(&image);
}

Test(elf, every_truncation_is_refused_in_one_line)
{
    struct machine_problem p;
    uint8_t f[IMAGE_BYTES];
    make(f);
    for (size_t n = 0; n < sizeof f; n++) {
        uint8_t *exact = malloc(n + 1); /* so that a sanitizer sees its end */
        memcpy(exact, f, n);
        cr_expect(lt(int, read_image(exact, n, &p), 0), "%zu bytes", n);
        cr_expect(eq(int, strncmp(p.text, "x.elf: ", 7), 0), "%s", p.text);
        free(exact);
    }
}

Test(elf, no_damaged_byte_does_harm)
{
    static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    struct machine_problem p;
    uint8_t f[IMAGE_BYTES];
    for (size_t at = 0; at < sizeof f; at++)
        for (size_t v = 0; v < sizeof values; v++) {
            make(f);
            f[at] = values[v];
            int err = read_image(f, sizeof f, &p);
            cr_expect(err == 0 || strlen(p.text) > 7, "byte %zu", at);
        }
}

Test(elf, pairs_of_damaged_words_do_no_harm)
{
    static const uint32_t values[] = {0,          1,          0x7fffffff,
                                      0x80000000, 0xffffffff, 0xfffffff0};
    struct machine_problem p;
    uint8_t f[IMAGE_BYTES];
    for (size_t a = 16; a + 4 <= 212; a += 4)
        for (size_t b = a; b + 4 <= 212; b += 4)
            for (size_t v = 0; v < 36; v++) {
                make(f);
                put32(f + a, values[v / 6]);
                put32(f + b, values[v % 6]);
                (void)!read_image(f, sizeof f, &p);
            }
}

Test(elf, an_image_outside_the_memory_is_refused_by_the_machine)
{
    struct machine_config c = machines_config("hazard3", false);
    struct machine *m = machines_open(&c);
    struct machine_problem p = {""};
    struct image image;
    uint8_t f[IMAGE_BYTES];
    make(f);
    put32(f + 52 + 8, 0x70000000);
    put32(f + 24, 0x70000000);
    cr_assert(eq(int, image_read(&image, "x.elf", f, sizeof f, &p), 0));
    cr_expect(eq(int, machine_load(m, &image, &p), MACHINE_BAD_INPUT));
    cr_expect(eq(str, p.text,
                 "x.elf: segment 0, 64 bytes at 0x70000000, is not in the "
                 "memory of hazard3"));
    image_close(&image);
    put16(f + 18, 40);
    cr_assert(eq(int, image_read(&image, "x.elf", f, sizeof f, &p), 0));
    cr_expect(eq(int, machine_load(m, &image, &p), MACHINE_BAD_INPUT));
    cr_expect(eq(str, p.text, "x.elf: a program for Arm; hazard3 is RISC-V"));
    image_close(&image);
    machines_close(m);
}
