/* logbook.c - see logbook.h. */
#include "tests/logbook.h"
#include "tests/lab.h"
#include "traces/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_CAP 256

struct logbook {
    struct trace_op *op;
    size_t n_ops, cap_ops;
    uint64_t id[LAB_WINDOW / 8]; /* of the object at an address; 0: none  */
    uint32_t end;                /* no id from this place on              */
    uint64_t last_id;
    uint64_t root[SLOTS_CAP];
};

static struct logbook *book;

static uint64_t *id_of(addr32 object)
{
    static uint64_t none;
    uint32_t offset = object - LAB_BASE;
    none = 0;
    return offset < LAB_WINDOW && offset % 8 == 0 ? &book->id[offset / 8]
                                                  : &none;
}

static uint64_t target_of(addr32 object)
{
    uint64_t id = *id_of(object);
    return id != 0 ? id : TRACE_NONE;
}

/* The object at this address is called `id` from now on. */
static void name(addr32 object, uint64_t id)
{
    uint32_t place = (object - LAB_BASE) / 8;
    *id_of(object) = id;
    if (place >= book->end)
        book->end = place + 1;
}

static void note(struct trace_op op)
{
    if (book->n_ops == book->cap_ops) {
        book->cap_ops = book->cap_ops * 2 + 1024;
        book->op = realloc(book->op, book->cap_ops * sizeof op);
    }
    book->op[book->n_ops++] = op;
}

void logbook_open(void)
{
    book = calloc(1, sizeof *book);
}

void logbook_close(void)
{
    if (book != NULL)
        free(book->op);
    free(book);
    book = NULL;
}

void logbook_roots(const addr32 *slot, uint32_t n)
{
    for (uint32_t i = 0; i < n && i < SLOTS_CAP; i++) {
        uint64_t id = *id_of(slot[i]);
        if (id == book->root[i])
            continue;
        book->root[i] = id;
        note((struct trace_op){
            .kind = TRACE_ROOT, .word = i, .target = target_of(slot[i])});
    }
}

void logbook_store(addr32 object, uint32_t word, uint32_t value)
{
    note((struct trace_op){.kind = TRACE_STORE,
                           .id = *id_of(object),
                           .word = word,
                           .target = target_of(value)});
}

/* One id is kept in `value` until it is written: ids points nowhere yet. */
void logbook_finalise(addr32 object)
{
    note((struct trace_op){
        .kind = TRACE_FINALISE, .n_ids = 1, .value = *id_of(object)});
    *id_of(object) = 0;
}

void logbook_deaths(bool (*is_object)(addr32 object), addr32 given,
                    addr32 spared)
{
    for (uint32_t i = 0; i < book->end; i++) {
        addr32 object = LAB_BASE + 8 * i;
        bool stays = is_object(object) && object != given;
        if (book->id[i] == 0 || stays || object == spared)
            continue;
        note((struct trace_op){.kind = TRACE_DEATH, .id = book->id[i]});
        book->id[i] = 0;
    }
}

void logbook_alloc(uint32_t bytes, uint32_t flags, addr32 answer)
{
    struct trace_op op = {.kind = TRACE_ALLOC,
                          .bytes = bytes,
                          .flags = (uint8_t)flags,
                          .id = ++book->last_id};
    if (answer == 0 && bytes != 0) {
        op.kind = TRACE_REFUSED;
        op.what = TRACE_ALLOC;
        op.cause = TRACE_CAUSE_UNKNOWN;
        op.id = 0;
    }
    note(op);
    if (answer != 0)
        name(answer, op.id);
}

void logbook_realloc(addr32 object, uint32_t bytes, bool may_move,
                     addr32 answer)
{
    if (object == 0) {
        logbook_alloc(bytes, 0, answer);
        return;
    }
    if (bytes == 0) {
        logbook_free(object);
        return;
    }
    uint64_t id = *id_of(object);
    struct trace_op op = {.kind = TRACE_REALLOC,
                          .id = id,
                          .bytes = bytes,
                          .flags = may_move ? TRACE_MAY_MOVE : 0};
    if (answer == 0) {
        op.kind = TRACE_REFUSED;
        op.what = TRACE_REALLOC;
        op.cause = TRACE_CAUSE_UNKNOWN;
    } else {
        *id_of(object) = 0;
        name(answer, id);
    }
    note(op);
}

void logbook_free(addr32 object)
{
    if (*id_of(object) != 0)
        note((struct trace_op){.kind = TRACE_FREE, .id = *id_of(object)});
    *id_of(object) = 0;
}

void logbook_collect(uint32_t kind)
{
    note((struct trace_op){.kind = TRACE_COLLECT, .what = (uint8_t)kind});
    if (kind == COLLECT_EVERYTHING)
        memset(book->id, 0, sizeof book->id);
}

void logbook_control(uint32_t what, uint32_t value)
{
    bool is_none = what == TRACE_CONTROL_THRESHOLD && value == UINT32_MAX;
    note((struct trace_op){.kind = TRACE_CONTROL,
                           .what = (uint8_t)what,
                           .value = is_none ? TRACE_NONE : value});
    if (what == CONTROL_RESET)
        memset(book->id, 0, sizeof book->id);
}

void logbook_expect(uint32_t area, uint32_t block)
{
    note((struct trace_op){.kind = TRACE_EXPECT,
                           .what = TRACE_EXPECT_BLOCK,
                           .fact.block = {area, block}});
}

int logbook_write(const char *path, const char *program,
                  const struct marksweep_params *p, uint32_t heap_bytes)
{
    struct trace_header header = {.version = TRACE_FORMAT_VERSION,
                                  .source = "model test",
                                  .word_bytes = 4,
                                  .block_bytes = p->block,
                                  .n_areas = 1,
                                  .areas = {{.bytes = heap_bytes}},
                                  .area_struct_bytes = p->area_struct,
                                  .growth = p->grow,
                                  .outer_bytes = lab.outer.n_units * 16,
                                  .finalisers = p->finalisers,
                                  .zeroing = p->zero,
                                  .mark_stack = p->mark_stack,
                                  .root_words = SLOTS_CAP,
                                  .has_graph = 1,
                                  .has_deaths = 1};
    snprintf(header.program, sizeof header.program, "%s", program);
    struct trace_writer *w;
    struct problem problem;
    int err = trace_writer_open(&w, path, TRACE_FORM_TEXT, &header, &problem);
    if (err < 0)
        return err;
    for (size_t i = 0; i < book->n_ops; i++) {
        struct trace_op op = book->op[i];
        if (op.kind == TRACE_FINALISE)
            op.ids = &op.value;
        err = trace_write(w, &op, &problem);
        if (err < 0) {
            fprintf(stderr, "%s: record %zu: %s\n", path, i, problem.text);
            trace_writer_abandon(w);
            return err;
        }
    }
    return trace_writer_close(w, NULL, &problem);
}
