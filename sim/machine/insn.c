/* insn.c - see insn.h for the notation. */
#include "sim/machine/insn.h"

#include <stdlib.h>
#include <string.h>

/* A picture's digits and letters, without blanks. */
struct drawing {
    char cell[33];
    uint32_t n;
};

static bool read_picture(const char *picture, struct drawing *out)
{
    out->n = 0;
    for (const char *c = picture; *c != '\0'; c++) {
        if (*c == ' ')
            continue;
        if (out->n == 32)
            return false;
        out->cell[out->n++] = *c;
    }
    out->cell[out->n] = '\0';
    return out->n == 16 || out->n == 32;
}

static bool is_digit(char c)
{
    return c == '0' || c == '1';
}

static uint32_t bits_set(uint32_t x)
{
    return (uint32_t)__builtin_popcount(x);
}

static int compile_row(struct insn_table *t, uint32_t row,
                       struct machine_problem *p)
{
    struct drawing d;
    if (!read_picture(t->rows[row].picture, &d))
        return machine_problem_set(p, MACHINE_BAD_INPUT,
                                   "row %u, %s: not 16 or 32 bits", row,
                                   t->rows[row].name);
    for (uint32_t i = 0; i < d.n; i++) {
        t->mask[row] = t->mask[row] << 1 | is_digit(d.cell[i]);
        t->match[row] = t->match[row] << 1 | (d.cell[i] == '1');
    }
    t->length[row] = (uint8_t)(d.n / 8);
    return 0;
}

/* Is there a row for just the words that both `a` and `b` match? */
static bool has_meet(const struct insn_table *t, uint32_t a, uint32_t b)
{
    for (uint32_t i = 0; i < t->n_rows; i++)
        if (t->length[i] == t->length[a] &&
            t->mask[i] == (t->mask[a] | t->mask[b]) &&
            t->match[i] == (t->match[a] | t->match[b]))
            return true;
    return false;
}

/*
 * Rows that share words must be ordered: one picture's fixed bits include the
 * other's, and it is the special case; or a third says what is meant.
 */
static int check_pair(const struct insn_table *t, uint32_t a, uint32_t b,
                      struct machine_problem *p)
{
    uint32_t both = t->mask[a] & t->mask[b];
    if (t->length[a] != t->length[b] || ((t->match[a] ^ t->match[b]) & both))
        return 0;
    if (t->mask[a] != t->mask[b] &&
        (both == t->mask[a] || both == t->mask[b] || has_meet(t, a, b)))
        return 0;
    return machine_problem_set(p, MACHINE_BAD_INPUT,
                               "rows '%s' (%s) and '%s' (%s) collide",
                               t->rows[a].picture, t->rows[a].name,
                               t->rows[b].picture, t->rows[b].name);
}

/* Enter row `row` wherever no more special one stands. */
static void fill16(struct insn_table *t, uint32_t row)
{
    uint32_t open = ~t->mask[row] & 0xffffu;
    uint32_t filling = 0;
    do { /* all subsets of the open bits */
        uint16_t *entry = &t->find16[t->match[row] | filling];
        if (*entry == 0 ||
            bits_set(t->mask[*entry - 1u]) < bits_set(t->mask[row]))
            *entry = (uint16_t)(row + 1);
        filling = (filling - open) & open;
    } while (filling != 0);
}

static void add_wide(struct insn_table *t, uint32_t row)
{
    uint32_t at = t->n_wide++;
    while (at > 0 &&
           bits_set(t->mask[t->by_fixed[at - 1]]) < bits_set(t->mask[row])) {
        t->by_fixed[at] = t->by_fixed[at - 1];
        at--;
    }
    t->by_fixed[at] = (uint16_t)row;
}

static bool take_memory(struct insn_table *t)
{
    t->find16 = calloc(65536, sizeof *t->find16);
    t->mask = calloc(t->n_rows, sizeof *t->mask);
    t->match = calloc(t->n_rows, sizeof *t->match);
    t->length = calloc(t->n_rows, sizeof *t->length);
    t->by_fixed = calloc(t->n_rows, sizeof *t->by_fixed);
    return t->find16 != NULL && t->mask != NULL && t->match != NULL &&
           t->length != NULL && t->by_fixed != NULL;
}

static int compile(struct insn_table *t, uint32_t has,
                   struct machine_problem *p)
{
    int err = 0;
    for (uint32_t i = 0; i < t->n_rows && err == 0; i++)
        err = compile_row(t, i, p);
    for (uint32_t i = 0; i < t->n_rows; i++) {
        for (uint32_t j = 0; j < i && err == 0; j++)
            err = check_pair(t, i, j, p);
        if (err < 0)
            return err;
        if ((t->rows[i].needs & ~has) != 0)
            continue;
        if (t->length[i] == 2)
            fill16(t, i);
        else
            add_wide(t, i);
    }
    return 0;
}

int insn_compile(struct insn_table *t, const struct insn_row *rows,
                 uint32_t n_rows, const struct insn_form *forms, uint32_t has,
                 struct machine_problem *p)
{
    *t = (struct insn_table){.rows = rows, .forms = forms, .n_rows = n_rows};
    int err = take_memory(t)
                  ? compile(t, has, p)
                  : machine_problem_set(p, MACHINE_NO_MEMORY, "out of memory");
    if (err < 0)
        insn_table_close(t);
    return err;
}

void insn_table_close(struct insn_table *t)
{
    free(t->find16);
    free(t->mask);
    free(t->match);
    free(t->length);
    free(t->by_fixed);
    *t = (struct insn_table){0};
}

int insn_find(const struct insn_table *t, uint32_t word, uint32_t bytes)
{
    if (bytes == 2)
        return (int)t->find16[word & 0xffff] - 1;
    for (uint32_t i = 0; i < t->n_wide; i++) {
        uint32_t row = t->by_fixed[i];
        if ((word & t->mask[row]) == t->match[row])
            return (int)row;
    }
    return -1;
}

uint32_t insn_field(const char *picture, char letter, uint32_t word,
                    uint32_t *n_bits)
{
    struct drawing d;
    *n_bits = 0;
    if (!read_picture(picture, &d))
        return 0;
    uint32_t value = 0;
    for (uint32_t i = 0; i < d.n; i++)
        if (d.cell[i] == letter) {
            value = value << 1 | (word >> (d.n - 1 - i) & 1);
            ++*n_bits;
        }
    return value;
}

/* Put the joined bits `raw`, `n` of them, where the list `bits` says. */
static uint32_t place_bits(const char *bits, uint32_t raw, uint32_t n,
                           uint32_t *top)
{
    uint32_t value = 0;
    *top = 0;
    for (const char *c = bits; *c != '\0';) {
        uint32_t high = (uint32_t)strtoul(c, (char **)&c, 10);
        uint32_t low = high;
        if (*c == ':')
            low = (uint32_t)strtoul(c + 1, (char **)&c, 10);
        for (uint32_t bit = high + 1; bit-- > low && n > 0;)
            value |= (raw >> --n & 1) << bit;
        if (high > *top)
            *top = high;
        if (*c == '|')
            c++;
    }
    return value;
}

static uint32_t read_immediate(const struct insn_row *row,
                               const struct insn_form *form, uint32_t word)
{
    uint32_t n;
    uint32_t value = insn_field(row->picture, 'i', word, &n);
    uint32_t top = n - 1;
    if (n == 0)
        return 0;
    if (form->bits != NULL)
        value = place_bits(form->bits, value, n, &top);
    if (form->is_signed && top < 31 && (value >> top & 1) != 0)
        value |= ~0u << top;
    return value << form->shift;
}

/* "d=1 n=d": operands that the form implies. */
static void read_fixed(const char *fixed, struct insn *out)
{
    const char *c = fixed == NULL ? "" : fixed;
    while (*c != '\0') {
        char letter = *c;
        uint8_t value = out->d;
        if (c[2] == 'd')
            c += 3;
        else
            value = (uint8_t)strtoul(c + 2, (char **)&c, 10);
        if (letter == 'd')
            out->d = value;
        else if (letter == 'n')
            out->n = value;
        else if (letter == 'm')
            out->m = value;
        else if (letter == 'a')
            out->a = value;
        while (*c == ' ')
            c++;
    }
}

/* The field of the letter, or of its capital, which counts from 8. */
static uint8_t read_register(const char *picture, char letter, uint32_t word)
{
    uint32_t n;
    uint32_t value = insn_field(picture, letter, word, &n);
    if (n != 0)
        return (uint8_t)value;
    value = insn_field(picture, (char)(letter - 'a' + 'A'), word, &n);
    return (uint8_t)(n != 0 ? value + 8 : 0);
}

void insn_extract(const struct insn_table *t, int row, uint32_t word,
                  uint32_t address, struct insn *out)
{
    const struct insn_row *r = &t->rows[row];
    const struct insn_form *form = &t->forms[r->form];
    uint32_t n;

    *out = (struct insn){0};
    out->op = (uint16_t)(row + INSN_FIRST_ROW);
    out->size = t->length[row];
    out->cost = r->cost;
    out->d = read_register(r->picture, 'd', word);
    out->n = read_register(r->picture, 'n', word);
    out->m = read_register(r->picture, 'm', word);
    out->a = read_register(r->picture, 'a', word);
    out->x = (uint8_t)insn_field(r->picture, 'x', word, &n);
    out->imm = read_immediate(r, form, word);
    read_fixed(form->fixed, out);
    if (form->is_relative)
        out->imm += address;
}
