/*
 * first_fit.c - a toy allocator for the guide of core/guest/README.md: first
 * fit over one list of chunks in address order, neighbours joined in passing
 *
 * A chunk is a word that holds its length in bytes, itself included, with bit
 * 0 set while it is used; then its payload. The list ends at `end`.
 */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *to, const void *from, size_t bytes);
void my_init(void *heap, size_t bytes);
void *my_malloc(size_t bytes);
void my_free(void *object);
void *my_realloc(void *object, size_t bytes);

static char *heap_start, *end;

static uint32_t *tag(char *chunk)
{
    return (uint32_t *)(void *)chunk;
}

void my_init(void *heap, size_t bytes)
{
    heap_start = heap;
    end = heap_start + bytes / 4 * 4;
    *tag(heap_start) = (uint32_t)(end - heap_start);
}

/* Join the free chunks that follow the free chunk `c`. */
static void join(char *c)
{
    char *next = c + *tag(c);
    while (next < end && (*tag(next) & 1) == 0) {
        *tag(c) += *tag(next);
        next = c + *tag(c);
    }
}

void *my_malloc(size_t bytes)
{
    if (bytes > 0x7fffffff)
        return NULL;
    uint32_t want = (uint32_t)(bytes + 3) / 4 * 4 + 4;
    for (char *c = heap_start; c < end; c += *tag(c) & ~1u) {
        if (*tag(c) & 1)
            continue;
        join(c);
        uint32_t left = *tag(c) - want;
        if (*tag(c) < want)
            continue;
        *tag(c) = want | 1;
        if (left > 0)
            *tag(c + want) = left;
        return c + 4;
    }
    return NULL;
}

void my_free(void *object)
{
    if (object != NULL)
        *tag((char *)object - 4) &= ~1u;
}

void *my_realloc(void *object, size_t bytes)
{
    size_t had = (*tag((char *)object - 4) & ~1u) - 4;
    if (bytes <= had)
        return object;
    void *copy = my_malloc(bytes);
    if (copy != NULL) {
        memcpy(copy, object, had);
        my_free(object);
    }
    return copy;
}
