/*
 * logbook.h - what a model test asked of a heap, kept so that it can be
 * written as a trace when the test fails, and `fraglab replay` repeats it
 *
 * Objects are named by address here and get their ids by and by. A death is
 * told where a collection took the object, because the trace must say before
 * an operation what the operation may free.
 *
 * State     one logbook, on the host's heap, from open to close.
 */
#ifndef TESTS_LOGBOOK_H
#define TESTS_LOGBOOK_H

#include "core/marksweep.h"
#include "traces/op.h"

void logbook_open(void);
void logbook_close(void);

/* The root slots from now on; only changes are noted. */
void logbook_roots(const addr32 *slot, uint32_t n);

/* Word `word` of the object was written; a reference if `value` names one. */
void logbook_store(addr32 object, uint32_t word, uint32_t value);

/* A finaliser of the operation to come frees it. */
void logbook_finalise(addr32 object);

/*
 * The operation to come takes every object for which `is_object` is false,
 * and what stood where it puts a new one (`given`), but not `spared`.
 */
void logbook_deaths(bool (*is_object)(addr32 object), addr32 given,
                    addr32 spared);

/* Operations. An answer of 0 is a refusal. */
void logbook_alloc(uint32_t bytes, uint32_t flags, addr32 answer);
void logbook_realloc(addr32 object, uint32_t bytes, bool may_move,
                     addr32 answer);
void logbook_free(addr32 object);
void logbook_collect(uint32_t kind);
void logbook_control(uint32_t what, uint32_t value);

/* Where the last operation must put its object. */
void logbook_expect(uint32_t area, uint32_t block);

/*
 * Write all of it to `path`, as the trace of a program called `program`.
 * Returns 0, or negative when it cannot be written.
 */
int logbook_write(const char *path, const char *program,
                  const struct marksweep_params *p, uint32_t heap_bytes);

#endif /* TESTS_LOGBOOK_H */
