/* elf.c - see elf.h. */
#include "sim/machine/elf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Offsets and numbers of the ELF specification, figure 1-3 and following. */
enum {
    HEADER_BYTES = 52,
    PROGRAM_BYTES = 32,
    SECTION_BYTES = 40,
    SYMBOL_BYTES = 16,
    ET_EXEC = 2,
    EM_ARM = 40,
    EM_RISCV = 243,
    PT_LOAD = 1,
    PT_DYNAMIC = 2,
    PT_INTERP = 3,
    PF_X = 1,
    SHT_PROGBITS = 1,
    SHT_SYMTAB = 2,
    SHT_NOBITS = 8,
    SHF_ALLOC = 2,
    SHF_EXECINSTR = 4,
    STT_NOTYPE = 0,
    STT_OBJECT = 1,
    STT_FUNC = 2,
    SHN_UNDEF = 0,
    SHN_ABS = 0xfff1,
    FILE_CAP = 256 << 20 /* larger files are refused unread                  */
};

/* A file being read: its bytes and where complaints go. */
struct reader {
    struct image *image;
    struct machine_problem *p;
};

static uint32_t half_at(const struct reader *r, uint64_t offset)
{
    const uint8_t *b = r->image->file + offset;
    return (uint32_t)(b[0] | b[1] << 8);
}

static uint32_t word_at(const struct reader *r, uint64_t offset)
{
    return half_at(r, offset) | half_at(r, offset + 2) << 16;
}

static int bad(struct reader *r, uint64_t offset, const char *reason)
{
    return machine_problem_set(r->p, MACHINE_BAD_INPUT, "%s: offset %llu: %s",
                               r->image->name, (unsigned long long)offset,
                               reason);
}

static int refuse(struct reader *r, const char *reason)
{
    return machine_problem_set(r->p, MACHINE_BAD_INPUT, "%s: %s",
                               r->image->name, reason);
}

static int no_memory(struct reader *r)
{
    return machine_problem_set(r->p, MACHINE_NO_MEMORY, "%s: out of memory",
                               r->image->name);
}

/* Does [offset, offset + bytes) lie in the file? */
static bool is_inside(const struct reader *r, uint64_t offset, uint64_t bytes)
{
    return offset <= r->image->file_bytes &&
           bytes <= r->image->file_bytes - offset;
}

static int check_kind(struct reader *r)
{
    static const uint8_t magic[4] = {0x7f, 'E', 'L', 'F'};
    const uint8_t *f = r->image->file;
    if (r->image->file_bytes < 4 || memcmp(f, magic, 4) != 0)
        return refuse(r, "not an ELF file");
    if (r->image->file_bytes < HEADER_BYTES)
        return refuse(r, "truncated in the ELF header");
    if (f[4] != 1)
        return bad(r, 4, "not a 32-bit ELF file");
    if (f[5] != 1)
        return bad(r, 5, "not little-endian");
    if (f[6] != 1 || word_at(r, 20) != 1)
        return bad(r, 6, "unknown ELF version");
    if (half_at(r, 16) != ET_EXEC)
        return bad(r, 16, "not a static executable (link it first)");
    if (half_at(r, 18) != EM_ARM && half_at(r, 18) != EM_RISCV)
        return bad(r, 18, "neither for Arm nor for RISC-V");
    if (half_at(r, 40) < HEADER_BYTES)
        return bad(r, 40, "the ELF header is too short");
    r->image->isa = half_at(r, 18) == EM_ARM ? IMAGE_ARM : IMAGE_RISCV;
    return 0;
}

/* One program header. Returns 1 when it is a segment to load. */
static int read_segment(struct reader *r, uint64_t at, struct segment *s)
{
    uint32_t type = word_at(r, at);
    uint32_t offset = word_at(r, at + 4);
    *s = (struct segment){.address = word_at(r, at + 8),
                          .load = word_at(r, at + 12),
                          .file_bytes = word_at(r, at + 16),
                          .bytes = word_at(r, at + 20),
                          .is_code = (word_at(r, at + 24) & PF_X) != 0};
    if (type == PT_DYNAMIC || type == PT_INTERP)
        return bad(r, at, "dynamically linked; a static executable is needed");
    if (type != PT_LOAD || s->bytes == 0)
        return 0;
    if (!is_inside(r, offset, s->file_bytes))
        return bad(r, at, "a segment's content lies beyond the file");
    if (s->file_bytes > s->bytes)
        return bad(r, at, "a segment has more content than memory");
    if ((uint64_t)s->address + s->bytes > 1ull << 32 ||
        (uint64_t)s->load + s->file_bytes > 1ull << 32)
        return bad(r, at, "a segment ends beyond 4 GiB");
    s->data = r->image->file + offset;
    return 1;
}

static int check_overlap(struct reader *r, uint64_t at, uint32_t n)
{
    const struct segment *s = r->image->segments;
    for (uint32_t i = 0; i < n; i++)
        if (s[i].address < (uint64_t)s[n].address + s[n].bytes &&
            s[n].address < (uint64_t)s[i].address + s[i].bytes)
            return bad(r, at, "two segments overlap");
    return 0;
}

static int read_segments(struct reader *r)
{
    uint64_t table = word_at(r, 28);
    uint32_t n = half_at(r, 44);
    if (n == 0)
        return bad(r, 44, "no segments: nothing to load");
    if (half_at(r, 42) != PROGRAM_BYTES)
        return bad(r, 42, "program headers of an unknown size");
    if (!is_inside(r, table, (uint64_t)n * PROGRAM_BYTES))
        return bad(r, 28, "the program headers lie beyond the file");
    if (n > 1024)
        return bad(r, 44, "more than 1024 program headers");
    r->image->segments = calloc(n, sizeof *r->image->segments);
    if (r->image->segments == NULL)
        return no_memory(r);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t at = table + (uint64_t)i * PROGRAM_BYTES;
        uint32_t next = r->image->n_segments;
        int kind = read_segment(r, at, &r->image->segments[next]);
        if (kind == 1) {
            kind = check_overlap(r, at, next);
            r->image->n_segments++;
        }
        if (kind < 0)
            return kind;
    }
    if (r->image->n_segments == 0)
        return bad(r, 28, "no segment has memory: nothing to load");
    return 0;
}

/* The entry must lie in what is loaded. 0 with an unmapped 0 means "none". */
static int read_entry(struct reader *r)
{
    uint32_t entry = word_at(r, 24);
    r->image->entry = entry & ~1u;
    for (uint32_t i = 0; i < r->image->n_segments; i++) {
        const struct segment *s = &r->image->segments[i];
        if (r->image->entry - s->address < s->bytes)
            r->image->has_entry = true;
    }
    if (!r->image->has_entry && entry != 0)
        return bad(r, 24, "the entry point lies in no segment");
    return 0;
}

static bool is_wanted(uint32_t type, uint32_t section, const char *name)
{
    return (type == STT_FUNC || type == STT_OBJECT || type == STT_NOTYPE) &&
           section != SHN_UNDEF && (section < 0xff00 || section == SHN_ABS) &&
           name[0] != '\0' &&
           name[0] != '$'; /* mapping symbols: $t, $a, $d, $x */
}

static bool is_in_code(const struct image *image, uint32_t address)
{
    for (uint32_t i = 0; i < image->n_segments; i++) {
        const struct segment *s = &image->segments[i];
        if (s->is_code && address - s->address < s->file_bytes)
            return true;
    }
    return false;
}

/* Mapping symbols: $a, $t and $x begin code, $d begins data. */
static bool is_mapping(const char *name)
{
    return name[0] == '$' && name[1] != '\0' && strchr("atxd", name[1]) != NULL;
}

static int reserve_marks(struct reader *r, uint32_t n)
{
    uint64_t all = (uint64_t)r->image->n_marks + n;
    struct mark *marks = realloc(r->image->marks, all * sizeof *marks);
    if (marks == NULL)
        return no_memory(r);
    r->image->marks = marks;
    return 0;
}

/* Requires room: reserve_marks(). */
static void add_mark(struct image *image, uint32_t address, bool is_data)
{
    image->marks[image->n_marks] =
        (struct mark){address, image->n_marks, is_data};
    image->n_marks++;
}

/* The symbols of one table; their names lie in [names, names + name_bytes). */
static int read_symbols(struct reader *r, uint64_t table, uint32_t n,
                        uint64_t names, uint32_t name_bytes)
{
    r->image->symbols = calloc(n, sizeof *r->image->symbols);
    if (r->image->symbols == NULL)
        return no_memory(r);
    int err = reserve_marks(r, n);
    if (err < 0)
        return err;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t at = table + (uint64_t)i * SYMBOL_BYTES;
        uint32_t name = word_at(r, at);
        uint32_t type = r->image->file[at + 12] & 15;
        uint32_t value = word_at(r, at + 4);
        if (name >= name_bytes)
            return bad(r, at, "a symbol's name lies beyond the string table");
        const char *text = (const char *)r->image->file + names + name;
        bool is_code = type == STT_FUNC && r->image->isa == IMAGE_ARM;
        if (is_mapping(text))
            add_mark(r->image, value & ~1u, text[1] == 'd');
        if (!is_wanted(type, half_at(r, at + 14), text))
            continue;
        r->image->symbols[r->image->n_symbols++] = (struct symbol){
            .name = text,
            .address = is_code ? value & ~1u : value,
            .bytes = word_at(r, at + 8),
            .is_function = type == STT_FUNC,
            .is_label = type == STT_NOTYPE && is_in_code(r->image, value) &&
                        strncmp(text, ".L", 2) != 0,
            .is_thumb = is_code && (value & 1) != 0,
        };
    }
    return 0;
}

static int compare_symbols(const void *a, const void *b)
{
    const struct symbol *x = a, *y = b;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    return strcmp(x->name, y->name);
}

static int compare_marks(const void *a, const void *b)
{
    const struct mark *x = a, *y = b;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

/* What lies in memory and in no executable section is data. */
static void mark_section(struct reader *r, uint64_t at)
{
    uint32_t flags = word_at(r, at + 8);
    if (word_at(r, at + 4) == SHT_PROGBITS && (flags & SHF_ALLOC) != 0 &&
        word_at(r, at + 20) > 0)
        add_mark(r->image, word_at(r, at + 12), (flags & SHF_EXECINSTR) == 0);
}

static void sort_tables(struct image *image)
{
    if (image->n_symbols > 0)
        qsort(image->symbols, image->n_symbols, sizeof *image->symbols,
              compare_symbols);
    if (image->n_marks > 0)
        qsort(image->marks, image->n_marks, sizeof *image->marks,
              compare_marks);
}

/* The section `at` is a symbol table: check it and what it links to. */
static int read_symbol_section(struct reader *r, uint64_t at, uint64_t table,
                               uint32_t n_sections)
{
    uint64_t offset = word_at(r, at + 16);
    uint32_t bytes = word_at(r, at + 20);
    uint32_t link = word_at(r, at + 24);
    if (word_at(r, at + 36) != SYMBOL_BYTES || bytes % SYMBOL_BYTES != 0)
        return bad(r, at, "symbols of an unknown size");
    if (!is_inside(r, offset, bytes))
        return bad(r, at, "the symbol table lies beyond the file");
    if (link >= n_sections)
        return bad(r, at, "the symbol table names no string table");
    uint64_t strings = table + (uint64_t)link * SECTION_BYTES;
    uint64_t names = word_at(r, strings + 16);
    uint32_t name_bytes = word_at(r, strings + 20);
    if (!is_inside(r, names, name_bytes))
        return bad(r, strings, "the string table lies beyond the file");
    if (name_bytes == 0 || r->image->file[names + name_bytes - 1] != '\0')
        return bad(r, strings, "the string table does not end in a zero");
    if (bytes == 0)
        return 0;
    return read_symbols(r, offset, bytes / SYMBOL_BYTES, names, name_bytes);
}

/* Sections are optional: a stripped image has no symbols, and that is fine. */
static int read_sections(struct reader *r)
{
    uint64_t table = word_at(r, 32);
    uint32_t n = half_at(r, 48);
    if (table == 0 || n == 0)
        return 0;
    if (half_at(r, 46) != SECTION_BYTES)
        return bad(r, 46, "section headers of an unknown size");
    if (!is_inside(r, table, (uint64_t)n * SECTION_BYTES))
        return bad(r, 32, "the section headers lie beyond the file");
    int err = reserve_marks(r, n);
    for (uint32_t i = 0; err == 0 && i < n; i++)
        mark_section(r, table + (uint64_t)i * SECTION_BYTES);
    for (uint32_t i = 0; err == 0 && i < n; i++) {
        uint64_t at = table + (uint64_t)i * SECTION_BYTES;
        if (word_at(r, at + 4) != SHT_SYMTAB)
            continue;
        err = read_symbol_section(r, at, table, n);
        break; /* there is one at most */
    }
    sort_tables(r->image);
    return err;
}

static int parse(struct reader *r)
{
    int err = check_kind(r);
    if (err == 0)
        err = read_segments(r);
    if (err == 0)
        err = read_entry(r);
    if (err == 0)
        err = read_sections(r);
    if (err < 0)
        image_close(r->image);
    return err;
}

int image_read(struct image *image, const char *name, const void *data,
               size_t bytes, struct machine_problem *p)
{
    struct reader r = {image, p};
    *image = (struct image){.name = strdup(name), .file_bytes = bytes};
    image->file = malloc(bytes + 1);
    if (image->name == NULL || image->file == NULL) {
        image_close(image);
        return machine_problem_set(p, MACHINE_NO_MEMORY, "%s: out of memory",
                                   name);
    }
    if (bytes > 0)
        memcpy(image->file, data, bytes);
    return parse(&r);
}

/* The whole of `f`, which has `bytes` bytes. */
static int read_whole(struct reader *r, FILE *f, size_t bytes)
{
    r->image->file = malloc(bytes + 1);
    if (r->image->file == NULL)
        return no_memory(r);
    r->image->file_bytes = fread(r->image->file, 1, bytes, f);
    if (ferror(f))
        return machine_problem_set(r->p, MACHINE_NO_IO, "%s: cannot be read",
                                   r->image->name);
    return 0;
}

int image_open(struct image *image, const char *path, struct machine_problem *p)
{
    struct reader r = {image, p};
    struct stat st;
    FILE *f = fopen(path, "rb");
    *image = (struct image){0};
    if (f == NULL || fstat(fileno(f), &st) != 0) {
        int reason = errno;
        if (f != NULL)
            fclose(f);
        return machine_problem_set(p, MACHINE_NO_IO, "%s: %s", path,
                                   strerror(reason));
    }
    int err = 0;
    if (!S_ISREG(st.st_mode))
        err = machine_problem_set(p, MACHINE_BAD_INPUT, "%s: not a file", path);
    else if (st.st_size > FILE_CAP)
        err = machine_problem_set(p, MACHINE_BAD_INPUT,
                                  "%s: larger than 256 MiB", path);
    else if ((image->name = strdup(path)) == NULL)
        err = machine_problem_set(p, MACHINE_NO_MEMORY, "%s: out of memory",
                                  path);
    if (err == 0)
        err = read_whole(&r, f, (size_t)st.st_size);
    fclose(f);
    if (err < 0) {
        image_close(image);
        return err;
    }
    return parse(&r);
}

void image_close(struct image *image)
{
    free(image->name);
    free(image->file);
    free(image->segments);
    free(image->symbols);
    free(image->marks);
    *image = (struct image){0};
}

const struct symbol *image_symbol(const struct image *image, const char *name)
{
    for (uint32_t i = 0; i < image->n_symbols; i++)
        if (strcmp(image->symbols[i].name, name) == 0)
            return &image->symbols[i];
    return NULL;
}

const struct symbol *image_function_at(const struct image *image,
                                       uint32_t address)
{
    uint32_t low = 0, high = image->n_symbols;
    while (low < high) { /* the first symbol behind the address */
        uint32_t middle = low + (high - low) / 2;
        if (image->symbols[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    const struct symbol *label = NULL; /* of assembly, nearer than a function */
    while (low-- > 0) {
        const struct symbol *s = &image->symbols[low];
        if (s->is_function && s->bytes != 0)
            return address - s->address < s->bytes ? s : label;
        if ((s->is_function || s->is_label) && label == NULL)
            label = s;
    }
    return label;
}

bool image_is_data(const struct image *image, uint32_t address, uint32_t *end)
{
    uint32_t low = 0, high = image->n_marks;
    while (low < high) { /* the first mark behind the address */
        uint32_t middle = low + (high - low) / 2;
        if (image->marks[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    bool is_data = low > 0 && image->marks[low - 1].is_data;
    *end = ~0u;
    for (; low < image->n_marks; low++) {
        bool is_last =
            low + 1 == image->n_marks ||
            image->marks[low + 1].address != image->marks[low].address;
        if (is_last && image->marks[low].is_data != is_data) {
            *end = image->marks[low].address;
            break;
        }
    }
    return is_data;
}
