/* machine_profile.c - see machine_profile.h. */
#include "analysis/machine_profile.h"

#include <stdlib.h>

int profile_open(struct profile *p, const struct session *s,
                 struct problem *problem)
{
    const struct bus *b = &s->machine.bus;
    *p = (struct profile){.n_paths = 1};
    p->paths = calloc(PROFILE_CAP_PATHS, sizeof *p->paths);
    bool is_whole = p->paths != NULL;
    for (uint32_t i = 0; i < b->n_regions; i++) {
        if (b->regions[i].code == NULL)
            continue;
        p->spent[i] = calloc(b->regions[i].is.bytes / 2, sizeof *p->spent[i]);
        is_whole = is_whole && p->spent[i] != NULL;
    }
    if (is_whole)
        return 0;
    profile_close(p);
    return problem_set(problem, ERR_MEMORY, "machine profile: out of memory");
}

void profile_close(struct profile *p)
{
    for (uint32_t i = 0; i < CONFIG_CAP_REGIONS; i++)
        free(p->spent[i]);
    free(p->paths);
    *p = (struct profile){.n_paths = 0};
}

static struct spent *slot(const struct profile *p, const struct session *s,
                          uint32_t address)
{
    const struct bus *b = &s->machine.bus;
    for (uint32_t i = 0; i < b->n_regions; i++) {
        uint32_t offset = address - b->regions[i].is.base;
        if (offset < b->regions[i].is.bytes && p->spent[i] != NULL)
            return &p->spent[i][offset / 2];
    }
    return NULL;
}

struct spent profile_at(const struct profile *p, const struct session *s,
                        uint32_t address)
{
    const struct spent *at = slot(p, s, address);
    return at == NULL ? (struct spent){0, 0} : *at;
}

/* The address that stands for the function around `pc`. */
static uint32_t function_of(const struct session *s, uint32_t pc)
{
    const struct symbol *f = image_function_at(&s->image, pc);
    return f == NULL ? 0 : f->address;
}

/* The path of `function` under `parent`; when there is no room, `parent`. */
static uint32_t find_path(struct profile *p, uint32_t parent, uint32_t function)
{
    uint32_t *at = &p->paths[parent].child;
    while (*at != 0 && p->paths[*at].function != function)
        at = &p->paths[*at].sibling;
    if (*at != 0)
        return *at;
    if (p->n_paths == PROFILE_CAP_PATHS)
        return parent;
    p->paths[p->n_paths] =
        (struct profile_path){.parent = parent, .function = function};
    *at = p->n_paths++;
    return *at;
}

static void enter(struct profile *p, uint32_t function, uint32_t back)
{
    uint32_t parent = p->depth == 0 ? 0 : p->path[p->depth - 1];
    if (p->depth == PROFILE_CAP_DEPTH)
        return;
    p->path[p->depth] = find_path(p, parent, function);
    p->back[p->depth++] = back;
}

static bool leave(struct profile *p, uint32_t to)
{
    for (uint32_t i = p->depth; i-- > 1;)
        if (p->back[i] == to) {
            p->depth = i;
            return true;
        }
    return false;
}

/* Execution goes on elsewhere than behind `r`. */
static void follow_jump(struct profile *p, struct session *s,
                        const struct retired *r)
{
    const struct machine *m = &s->machine;
    uint32_t behind = r->pc + r->size;
    uint32_t to = r->next_pc;
    if (leave(p, to))
        return;
    uint32_t function = function_of(s, to);
    uint32_t link = m->r[m->core->link_register] & ~1u;
    if (link == behind && to == function && function != 0) {
        enter(p, function, behind);
    } else if (function != function_of(s, r->pc) && p->depth > 0) {
        uint32_t back = p->back[--p->depth];
        enter(p, function, back);
    }
}

static void count(struct profile *p, struct session *s, const struct retired *r)
{
    struct spent *at = slot(p, s, r->pc);
    if (at != NULL) {
        at->n++;
        at->cycles += r->cycles;
    }
    if (p->depth > 0)
        p->paths[p->path[p->depth - 1]].cycles += r->cycles;
    if (r->next_pc != r->pc + r->size)
        follow_jump(p, s, r);
}

enum machine_stop profile_run(struct profile *p, struct session *s)
{
    struct machine *m = &s->machine;
    struct retired r = {0};
    enum machine_stop why = MACHINE_RUNNING;
    uint32_t first = function_of(s, m->pc);
    enter(p, first != 0 ? first : m->pc, 1);
    while (why == MACHINE_RUNNING) {
        uint32_t pc = m->pc;
        why = machine_step(m, &r);
        r.pc = pc;
        if (why == MACHINE_RUNNING || why == MACHINE_EXITED)
            count(p, s, &r);
        if (why == MACHINE_RUNNING && m->instructions >= s->limit)
            why = m->stop = MACHINE_LIMIT;
    }
    return why;
}
