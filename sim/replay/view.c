/* view.c - the heap as a sink may look at it: map, objects, references, holes.
 */
#include "sim/replay/play.h"

#include <string.h>

static void view_map(const void *run, uint8_t *out)
{
    const struct play *p = run;
    memset(out, UNIT_META, p->s.n_units);
    uint32_t at = 0;
    for (uint32_t length; (length = holes_next(&p->used, &at)) != 0;) {
        memset(out + at, UNIT_TAG, p->tag_units);
        memset(out + at + p->tag_units, UNIT_FREE, length - p->tag_units);
        at += length;
    }
    for (int list = 0; list < 2; list++) {
        uint32_t slot = list == 0 ? p->s.live.oldest : p->s.dead.oldest;
        while (slot != SHADOW_NONE) {
            const struct shadow_object *o = shadow_at(&p->s, slot);
            slot = o->younger;
            if (p->in_pieces) {
                pieces_map(p, o, out);
                continue;
            }
            uint32_t unit = play_unit(p, o->address);
            uint32_t n = o->granted >> p->s.unit_shift;
            memset(out + unit - p->tag_units, UNIT_TAG, p->tag_units);
            memset(out + unit, list == 0 ? UNIT_TAIL : UNIT_GARBAGE, n);
            if (list == 0)
                out[unit] = UNIT_HEAD;
        }
    }
}

static void view_objects(const void *run,
                         bool (*each)(void *, const struct object_view *),
                         void *ctx)
{
    const struct play *p = run;
    for (uint32_t unit = 0; unit < p->s.n_units; unit++) {
        uint32_t slot = p->s.object_at[unit];
        if (slot == SHADOW_NONE)
            continue;
        const struct shadow_object *o = shadow_at(&p->s, slot);
        struct object_view v = {
            .id = o->id,
            .born_seq = o->born_seq,
            .asked = o->asked,
            .granted = o->granted,
            .address = o->address,
            .site = o->site,
            .is_dead = o->state == SHADOW_DEAD,
            .is_held = o->held != 0,
        };
        if (!each(ctx, &v))
            return;
    }
}

static void view_edges(const void *run,
                       bool (*each)(void *, uint64_t, uint32_t, uint64_t),
                       void *ctx)
{
    const struct play *p = run;
    for (uint32_t unit = 0; unit < p->s.n_units; unit++) {
        uint32_t slot = p->s.object_at[unit];
        if (slot == SHADOW_NONE)
            continue;
        const struct shadow_object *o = shadow_at(&p->s, slot);
        for (uint32_t e = o->first_out; e != 0; e = p->s.edges[e].next_out) {
            const struct shadow_edge *edge = &p->s.edges[e];
            const struct shadow_object *to = shadow_at(&p->s, edge->to);
            if (!to->is_outer && !each(ctx, o->id, edge->word, to->id))
                return;
        }
    }
}

static void view_holes(const void *run, void (*each)(void *, uint64_t),
                       void *ctx)
{
    const struct play *p = run;
    uint32_t at = 0;
    if (p->in_pieces && p->used.n_free > 0) /* one, wherever they lie */
        each(ctx, play_free_bytes(p));
    if (p->in_pieces)
        return;
    for (uint32_t length; (length = holes_next(&p->used, &at)) != 0;) {
        each(ctx, play_hole_bytes(p, length));
        at += length;
    }
}

void play_fill_view(struct play *p)
{
    p->view = (struct replay_view){
        .run = p,
        .base = p->s.origin,
        .unit_bytes = 1u << p->s.unit_shift,
        .n_units = p->s.n_units,
        .map = view_map,
        .objects = view_objects,
        .edges = view_edges,
        .holes = view_holes,
    };
}
