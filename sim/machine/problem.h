/*
 * problem.h - what can fail outside a machine, and the one line that says so
 *
 * The numbers are those of traces/err.h, so that a caller passes them up; the
 * simulator includes nothing of the other rooms and has names of its own.
 */
#ifndef SIM_MACHINE_PROBLEM_H
#define SIM_MACHINE_PROBLEM_H

#include <stdarg.h>
#include <stdio.h>

#define MACHINE_MUST_CHECK __attribute__((warn_unused_result))

enum machine_err {
    MACHINE_BAD_INPUT = -1, /* an image or a configuration is wrong: exit 2  */
    MACHINE_NO_IO = -2,     /* a file cannot be read: exit 2                 */
    MACHINE_NO_MEMORY = -3, /* the host has no memory left: exit 2           */
    MACHINE_FAILED = -4     /* the guest faulted: exit 1                     */
};

struct machine_problem {
    char text[512]; /* one line, no newline: place, colon, reason; or ""     */
};

/*
 * Write the message of `p` as printf would, and return `err`. Control
 * characters, which a hostile file may bring, become '?'.
 */
__attribute__((format(printf, 3, 4))) static inline int machine_problem_set(
    struct machine_problem *p, int err, const char *format, ...)
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

#endif /* SIM_MACHINE_PROBLEM_H */
