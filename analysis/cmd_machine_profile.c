/* cmd_machine_profile.c - `fraglab machine profile` and `machine disasm`. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/cmd.h"
#include "analysis/lines.h"
#include "analysis/machine_profile.h"
#include "analysis/machine_verbs.h"
#include "sim/machine/disasm.h"

/* One row of a table: a function or a source line. */
struct row {
    char name[200];
    uint64_t n; /* times executed: instructions                              */
    uint64_t cycles;
};

struct table {
    struct row *rows;
    uint32_t n, cap;
};

/* Add to the row `name`, which is often the one that was added to last. */
static void add_row(struct table *t, const char *name, struct spent spent)
{
    for (uint32_t i = t->n; i-- > 0;)
        if (strncmp(t->rows[i].name, name, sizeof t->rows[i].name - 1) == 0) {
            t->rows[i].n += spent.n;
            t->rows[i].cycles += spent.cycles;
            return;
        }
    if (t->n == t->cap) {
        uint32_t cap = t->cap == 0 ? 256 : t->cap * 2;
        struct row *rows = realloc(t->rows, cap * sizeof *rows);
        if (rows == NULL)
            return;
        t->rows = rows;
        t->cap = cap;
    }
    struct row *row = &t->rows[t->n++];
    *row = (struct row){.n = spent.n, .cycles = spent.cycles};
    snprintf(row->name, sizeof row->name, "%s", name);
}

static int compare_rows(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->cycles != y->cycles)
        return x->cycles > y->cycles ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* Call `visit` for every address at which something was executed. */
static void each_executed(const struct profile *p, const struct session *s,
                          void (*visit)(void *context, uint32_t address,
                                        struct spent spent),
                          void *context)
{
    const struct bus *b = &s->machine.bus;
    for (uint32_t i = 0; i < b->n_regions; i++) {
        const struct region *r = &b->regions[i];
        for (uint32_t k = 0; p->spent[i] != NULL && k < r->is.bytes / 2; k++)
            if (p->spent[i][k].n > 0)
                visit(context, r->is.base + 2 * k, p->spent[i][k]);
    }
}

/* ---- profile ------------------------------------------------------------- */

struct by_function {
    const struct session *s;
    struct table *table;
};

static void function_name(const struct session *s, uint32_t address, char *out,
                          size_t cap)
{
    const struct symbol *f = image_function_at(&s->image, address);
    if (f != NULL)
        snprintf(out, cap, "%s", f->name);
    else
        snprintf(out, cap, "0x%08x", address & ~0xffu); /* stripped: a page */
}

static void visit_function(void *context, uint32_t address, struct spent spent)
{
    struct by_function *f = context;
    char name[200];
    function_name(f->s, address, name, sizeof name);
    add_row(f->table, name, spent);
}

struct by_line {
    struct lines *lines;
    struct table *table;
};

static void ask_line(void *context, uint32_t address, struct spent spent)
{
    struct by_line *l = context;
    (void)spent;
    lines_ask(l->lines, address);
}

static void visit_line(void *context, uint32_t address, struct spent spent)
{
    struct by_line *l = context;
    add_row(l->table, lines_at(l->lines, address), spent);
}

static void print_table(const struct table *t, const char *title,
                        uint64_t total)
{
    printf("\n%14s %7s %14s  %s\n", "cycles", "share", "instructions", title);
    for (uint32_t i = 0; i < t->n; i++)
        printf("%14" PRIu64 " %6.2f%% %14" PRIu64 "  %s\n", t->rows[i].cycles,
               total == 0 ? 0
                          : 100.0 * (double)t->rows[i].cycles / (double)total,
               t->rows[i].n, t->rows[i].name);
}

/* A field of CSV, quoted when it must be. */
static void print_field(const char *text)
{
    if (strpbrk(text, ",\"\n") == NULL) {
        fputs(text, stdout);
        return;
    }
    putchar('"');
    for (; *text != '\0'; text++)
        printf(*text == '"' ? "\"\"" : "%c", *text);
    putchar('"');
}

static void print_csv(const struct table *t, const char *kind)
{
    for (uint32_t i = 0; i < t->n; i++) {
        printf("%s,", kind);
        print_field(t->rows[i].name);
        printf(",%" PRIu64 ",%" PRIu64 "\n", t->rows[i].cycles, t->rows[i].n);
    }
}

static cJSON *table_json(const struct table *t, const char *kind)
{
    cJSON *list = cJSON_CreateArray();
    for (uint32_t i = 0; i < t->n; i++) {
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, kind, t->rows[i].name);
        cJSON_AddNumberToObject(row, "cycles", (double)t->rows[i].cycles);
        cJSON_AddNumberToObject(row, "instructions", (double)t->rows[i].n);
        cJSON_AddItemToArray(list, row);
    }
    return list;
}

static void print_json(const struct session *s, const struct table *functions,
                       const struct table *lines)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "machine", s->config.name);
    cJSON_AddNumberToObject(json, "cycles", (double)s->machine.cycles);
    cJSON_AddNumberToObject(json, "instructions",
                            (double)s->machine.instructions);
    cJSON_AddItemToObject(json, "functions", table_json(functions, "function"));
    cJSON_AddItemToObject(json, "lines", table_json(lines, "line"));
    char *text = cJSON_Print(json);
    if (text != NULL)
        puts(text);
    free(text);
    cJSON_Delete(json);
}

/* "main;walk;mark 1234", the input of flame graph programs. */
static void print_folded(const struct profile *p, const struct session *s)
{
    for (uint32_t i = 1; i < p->n_paths; i++) {
        uint32_t chain[PROFILE_CAP_DEPTH + 1];
        uint32_t n = 0;
        if (p->paths[i].cycles == 0)
            continue;
        for (uint32_t k = i; k != 0 && n <= PROFILE_CAP_DEPTH;
             k = p->paths[k].parent)
            chain[n++] = k;
        while (n-- > 0) {
            char name[200];
            function_name(s, p->paths[chain[n]].function, name, sizeof name);
            printf("%s%s", name, n == 0 ? "" : ";");
        }
        printf(" %" PRIu64 "\n", p->paths[i].cycles);
    }
}

static void print_profile(const struct profile *p, const struct session *s,
                          const struct session_options *o)
{
    struct table functions = {0}, by_line = {0};
    struct lines lines;
    struct by_function f = {s, &functions};
    struct by_line l = {&lines, &by_line};
    each_executed(p, s, visit_function, &f);
    qsort(functions.rows, functions.n, sizeof *functions.rows, compare_rows);
    if (lines_open(&lines, &s->image)) {
        each_executed(p, s, ask_line, &l);
        lines_answer(&lines);
        each_executed(p, s, visit_line, &l);
        qsort(by_line.rows, by_line.n, sizeof *by_line.rows, compare_rows);
    }
    lines_close(&lines);
    if (o->json) {
        print_json(s, &functions, &by_line);
    } else if (o->csv) {
        puts("kind,name,cycles,instructions");
        print_csv(&functions, "function");
        print_csv(&by_line, "line");
    } else {
        printf("%s on %s: %" PRIu64 " cycles, %" PRIu64 " instructions\n",
               s->image.name, s->config.name, s->machine.cycles,
               s->machine.instructions);
        print_table(&functions, "function", s->machine.cycles);
        if (by_line.n > 0)
            print_table(&by_line, "line", s->machine.cycles);
    }
    free(functions.rows);
    free(by_line.rows);
}

/* Did the run end as it should? Its reason goes to stderr. */
static int status_of(const struct session *s)
{
    char reason[512];
    session_status(s, reason, sizeof reason);
    if (reason[0] != '\0')
        fprintf(stderr, "fraglab: %s: %s\n", s->image.name, reason);
    return s->machine.stop == MACHINE_EXITED && s->machine.exit_code == 0
               ? EXIT_DONE
               : EXIT_FAILED;
}

int machine_profile(struct session *s, const struct session_options *o,
                    const char *const *words, int n)
{
    struct problem problem = {""};
    struct profile p;
    (void)words;
    (void)n;
    int err = profile_open(&p, s, &problem);
    if (err < 0) {
        cmd_usage_error("%s", problem.text);
        return cmd_status_of(err);
    }
    profile_run(&p, s);
    if (o->folded)
        print_folded(&p, s);
    else
        print_profile(&p, s, o);
    profile_close(&p);
    return status_of(s);
}

/* ---- disasm -------------------------------------------------------------- */

/* The label at `address`, if a symbol of code stands there. */
static const char *label_at(const struct session *s, uint32_t address)
{
    uint32_t low = 0, high = s->image.n_symbols;
    while (low < high) { /* the first symbol not before the address */
        uint32_t middle = low + (high - low) / 2;
        if (s->image.symbols[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    bool is_one =
        low < s->image.n_symbols && s->image.symbols[low].address == address;
    return is_one ? s->image.symbols[low].name : NULL;
}

/* Thumb as the manual draws it: the first halfword first. */
static void print_word(struct session *s, uint32_t address, uint32_t size)
{
    uint32_t word = 0, ignored;
    machine_peek(&s->machine, address, &word, size);
    if (size == 4 && s->image.isa == IMAGE_ARM &&
        !image_is_data(&s->image, address, &ignored))
        printf("%04x %04x", word & 0xffff, word >> 16);
    else
        printf("%0*x%*s", (int)size * 2, word, 9 - (int)size * 2, "");
}

static void print_line(const struct profile *p, struct session *s,
                       const struct session_options *o, uint32_t address,
                       uint32_t size, const char *text)
{
    struct spent spent = {0, 0};
    if (!o->is_static)
        spent = profile_at(p, s, address);
    if (o->csv) {
        printf("%08x,%" PRIu64 ",%" PRIu64 ",", address, spent.n, spent.cycles);
        print_field(text);
        putchar('\n');
        return;
    }
    if (!o->is_static && spent.n > 0)
        printf("%12" PRIu64 " %12" PRIu64 "  ", spent.n, spent.cycles);
    else if (!o->is_static)
        printf("%27s", "");
    printf("%08x  ", address);
    print_word(s, address, size);
    printf(" %s\n", text);
}

/* One line of data: a word, or what lies before the next whole one. */
static uint32_t data_text(struct session *s, uint32_t address, uint32_t end,
                          char *out, size_t cap)
{
    static const char *const names[] = {"", ".byte", ".2byte", "", ".word"};
    uint32_t size = address % 4 == 0 ? 4 : address % 2 == 0 ? 2 : 1;
    uint32_t word = 0;
    while (size > end - address)
        size /= 2;
    machine_peek(&s->machine, address, &word, size);
    snprintf(out, cap, "%s 0x%0*x", names[size], (int)size * 2, word);
    return size;
}

/* The code or the data of [at, end), all of one kind. */
static void print_stretch(const struct profile *p, struct session *s,
                          const struct session_options *o, uint32_t at,
                          uint32_t end, bool is_data)
{
    uint32_t begin = at;
    while (at < end) {
        char text[128];
        const char *label = label_at(s, at);
        uint32_t size = 0;
        if (!is_data && end - at >= 2 && at % 2 == 0)
            size = disasm(&s->machine, begin, at, text, sizeof text);
        if (size == 0 || size > end - at)
            size = data_text(s, at, end, text, sizeof text);
        /* Data before a function may look like an instruction's first half. */
        if (size == 4 && label_at(s, at + 2) != NULL)
            size = data_text(s, at, at + 2, text, sizeof text);
        if (label != NULL && !o->csv)
            printf("\n%s:\n", label);
        print_line(p, s, o, at, size, text);
        at += size;
    }
}

static void disassemble(const struct profile *p, struct session *s,
                        const struct session_options *o,
                        const struct segment *segment)
{
    uint32_t at = segment->address;
    uint32_t end = segment->address + segment->file_bytes;
    while (at < end) {
        uint32_t next;
        bool is_data = image_is_data(&s->image, at, &next);
        next = next < end ? next : end;
        print_stretch(p, s, o, at, next, is_data);
        at = next;
    }
}

int machine_disasm(struct session *s, const struct session_options *o,
                   const char *const *words, int n)
{
    struct problem problem = {""};
    struct profile p;
    (void)words;
    (void)n;
    int err = profile_open(&p, s, &problem);
    if (err < 0) {
        cmd_usage_error("%s", problem.text);
        return cmd_status_of(err);
    }
    if (!o->is_static)
        profile_run(&p, s);
    if (o->csv)
        puts("address,executed,cycles,instruction");
    else if (!o->is_static)
        printf("%12s %12s\n", "executed", "cycles");
    for (uint32_t i = 0; i < s->image.n_segments; i++)
        if (s->image.segments[i].is_code)
            disassemble(&p, s, o, &s->image.segments[i]);
    profile_close(&p);
    return o->is_static ? EXIT_DONE : status_of(s);
}
