/*
 * idmap.h - from a trace's ids to what became of them
 *
 * An id is a live slot of the shadow, or one of the ends below. Ids that a
 * trace hands out in order cost a table look-up; any others work, too.
 *
 * State     on the host's heap: a page of 256 ids while one of them is live
 *           or lately used. A page whose ids have all ended is forgotten once
 *           64 younger ones exist: its ids then read as IDMAP_ENDED.
 * Cost      O(1) an access; memory: live objects, not the length of a trace.
 */
#ifndef SIM_REPLAY_IDMAP_H
#define SIM_REPLAY_IDMAP_H

#include <stdbool.h>
#include <stdint.h>

/* What idmap_get answers besides a slot (slots are below these). */
enum {
    IDMAP_NEVER = 0xffffffff,  /* no operation has made it               */
    IDMAP_FREED = 0xfffffffe,  /* freed by the program                   */
    IDMAP_DEAD = 0xfffffffd,   /* died, and its memory is reclaimed      */
    IDMAP_ABSENT = 0xfffffffc, /* this run never had it, or lost it      */
    IDMAP_ENDED = 0xfffffffb,  /* freed or dead, long ago                */
    IDMAP_STRING = 0xfffffffa, /* interned, among other strings: it stays*/
    IDMAP_SLOT_MAX = 0xfffffff0
};

struct idmap;

struct idmap *idmap_new(void); /* null: no memory */
void idmap_free(struct idmap *m);

uint32_t idmap_get(struct idmap *m, uint64_t id);

/*
 * Set what `id` is. An id counts as alive while it is a slot, ABSENT or STRING;
 * one that is not, in a page forgotten already, stays IDMAP_ENDED. False: no
 * memory.
 */
bool idmap_set(struct idmap *m, uint64_t id, uint32_t value);

#endif /* SIM_REPLAY_IDMAP_H */
