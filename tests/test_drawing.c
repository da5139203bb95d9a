/* test_drawing.c - the heap on a terminal, as MicroPython prints it. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdlib.h>
#include <string.h>

#include "analysis/drawing.h"

/* What is drawn of units given as letters; objects from their lengths. */
static char *draw(const char *letters, const uint32_t *lengths, size_t n,
                  bool colour)
{
    static const char names[] = ".h=x#";
    struct snapshot s = {.is_taken = true,
                         .base = 0x20000000,
                         .unit_bytes = 16,
                         .n_units = (uint32_t)strlen(letters)};
    s.units = malloc(s.n_units + 1);
    for (uint32_t i = 0; i < s.n_units; i++)
        s.units[i] = (uint8_t)(strchr(names, letters[i]) - names);
    s.objects = calloc(n + 1, sizeof s.objects[0]);
    s.n_objects = n;
    for (size_t i = 0; i < n; i++)
        s.objects[i].granted = 16 * lengths[i];

    char *text = NULL;
    size_t n_bytes;
    FILE *f = open_memstream(&text, &n_bytes);
    drawing_print(f, &s, colour);
    fclose(f);
    snapshot_free(&s);
    return text;
}

Test(drawing, says_what_mem_info_says)
{
    static const uint32_t lengths[] = {1, 2, 3, 1};
    char *text = draw("##h.h=h==..h...", lengths, 4, false);
    cr_expect(eq(str, text,
                 "GC: total: 208, used: 112, free: 96\n"
                 " No. of 1-blocks: 2, 2-blocks: 1, max blk sz: 3, "
                 "max free sz: 3\n"
                 "GC memory layout; from 20000020:\n"
                 "00000000: h.h=h==..h...\n"
                 "(h head, = tail, . free; a letter is 16 bytes)\n"));
    free(text);
}

Test(drawing, tells_lines_without_an_object_instead_of_drawing_them)
{
    char units[64 * 5 + 3 + 1];
    memset(units, '.', sizeof units);
    units[sizeof units - 1] = '\0';
    units[0] = 'h';
    units[64 * 4] = 'h';
    char *text = draw(units, NULL, 0, false);
    cr_expect(strstr(text, "       (3 lines all free)\n00001000: h") != NULL,
              "%s", text);
    cr_expect(strstr(text, "00001400: ...\n") != NULL, "%s", text);
    free(text);
}

Test(drawing, gives_every_area_its_own_heading_and_offsets)
{
    char *text = draw("#h=##.h", NULL, 0, false);
    cr_expect(strstr(text, "from 20000010:\n00000000: h=\n") != NULL);
    cr_expect(strstr(text, "from 20000050:\n00000000: .h\n") != NULL);
    free(text);
}

Test(drawing, shows_the_dead_apart_and_dims_them_in_colour)
{
    static const uint32_t lengths[] = {1, 2};
    char *text = draw("hxx.", lengths, 2, false);
    cr_expect(strstr(text, "hxx.\n") != NULL);
    cr_expect(strstr(text, "dead, not yet reclaimed: 32\n") != NULL);
    cr_expect(strstr(text, "x dead") != NULL);
    free(text);
    text = draw("hxx.", lengths, 2, true);
    cr_expect(strstr(text, "h\033[2mxx\033[0m.\n") != NULL);
    free(text);
}
