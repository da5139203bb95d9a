/*
 * err.h - what can fail outside, and the one line that says so
 *
 * A function that can meet a failure of the world (a file, its contents,
 * memory) returns an int: 0 or positive is success, negative is one of these.
 * The layer that knows the place writes the message, once, into the struct
 * problem that it was handed; the layers above pass the number up.
 */
#ifndef TRACES_ERR_H
#define TRACES_ERR_H

#include <stdarg.h>
#include <stdio.h>

#define MUST_CHECK __attribute__((warn_unused_result))

enum err {
    ERR_INPUT = -1,    /* the input is wrong: exit 2                      */
    ERR_IO = -2,       /* reading or writing failed: exit 2               */
    ERR_MEMORY = -3,   /* the host has no memory left: exit 2             */
    ERR_CHECK = -4,    /* a run failed, a check did not hold: exit 1      */
    ERR_TOO_LARGE = -5 /* a heap that the manager cannot have: exit 2     */
};

struct problem {
    char text[512]; /* one line, no newline: place, colon, reason; or ""  */
};

/*
 * Write the message of `p` as printf would, and return `err`. What it quotes
 * may come from anywhere: control characters become '?', so that it stays one
 * line and nothing acts on a terminal.
 */
__attribute__((format(printf, 3, 4))) static inline int problem_set(
    struct problem *p, int err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(p->text, sizeof p->text, format, args);
    va_end(args);
    for (char *c = p->text; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    return err;
}

#endif /* TRACES_ERR_H */
