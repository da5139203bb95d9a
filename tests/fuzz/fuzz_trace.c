/* fuzz_trace.c - any file as a trace, of whatever format it looks like. */
#include "traces/stats.h"

static void read_trace(const char *path)
{
    struct problem problem;
    struct workload *w;
    if (workload_open(&w, path, 0, &problem) < 0)
        return;
    struct trace_stats s;
    if (trace_stats_read(&s, w, &problem) == 0)
        trace_stats_free(&s);
    workload_close(w);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        read_trace(argv[i]);
    return 0;
}
