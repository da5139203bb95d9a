/*
 * fitlayout.h - what fit.c asks of a heap's layout, once for each: the
 * allocation table (fittable.c) and inline tags (fitinline.c)
 *
 * The same verbs under two prefixes. They know places, policies and joining;
 * fit.c knows requests, zeroing, copying and refusals. See fit.h for layouts,
 * state, cost and sources.
 */
#ifndef CORE_FITLAYOUT_H
#define CORE_FITLAYOUT_H

#include "core/fit.h"

/*
 * Make the heap's bytes its only area, empty. Requires the control block
 * filled in. Returns false when no object would fit.
 */
bool fittable_start(struct heap *h);
bool fitinline_start(struct heap *h);

/*
 * Place an object of `bytes` bytes by the policy. Requires 1 to
 * FIT_REQUEST_MAX bytes. Returns 0, changing nothing, when no hole is long
 * enough.
 */
addr32 fittable_take(struct heap *h, uint32_t bytes);
addr32 fitinline_take(struct heap *h, uint32_t bytes);

/* Free the object and join it with its neighbours. */
void fittable_give(struct heap *h, addr32 object);
void fitinline_give(struct heap *h, addr32 object);

/*
 * Make the object `bytes` bytes long where it is. Returns false, changing
 * nothing, when the hole behind it is too short.
 */
bool fittable_resize(struct heap *h, addr32 object, uint32_t bytes);
bool fitinline_resize(struct heap *h, addr32 object, uint32_t bytes);

/* As fit_bytes, fit_add_area, fit_info, fit_area_info, fit_walk. */
uint32_t fittable_bytes(struct heap *h, addr32 object);
uint32_t fitinline_bytes(struct heap *h, addr32 object);
uint32_t fitinline_add_area(struct heap *h, addr32 address, uint32_t bytes);
void fitinline_info(struct heap *h, struct heap_info *info);
bool fitinline_area_info(struct heap *h, uint32_t index,
                         struct area_info *info);
bool fitinline_walk(struct heap *h, struct heap_cursor *cursor,
                    struct heap_object *object);

/* The descriptor's address of the area behind the first; 0: there is none. */
addr32 fitinline_second_area(struct heap *h);

#endif /* CORE_FITLAYOUT_H */
