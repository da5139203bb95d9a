/*
 * host.h - what a benchmark's program asks of where it runs
 */
#ifndef TESTS_BENCH_GUEST_HOST_H
#define TESTS_BENCH_GUEST_HOST_H

#include <stdint.h>

/* Tell the result, and end. */
__attribute__((noreturn)) void finish(uint32_t result);

/* Where the program starts; it calls this with a stack. */
int main(void);

#endif /* TESTS_BENCH_GUEST_HOST_H */
