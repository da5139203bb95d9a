/* fuzz_preset.c - any file as the words that name a preset. */
#include <stdio.h>

#include "traces/synth/preset.h"

static void read_spec(const char *path)
{
    char spec[512];
    FILE *f = fopen(path, "rb");
    if (f == 0)
        return;
    size_t n = fread(spec, 1, sizeof spec - 1, f);
    fclose(f);
    spec[n] = '\0';

    struct workload *w = 0;
    struct problem problem;
    struct trace_op op;
    if (preset_open(&w, spec, &problem) != 0)
        return;
    for (int i = 0; i < 1000; i++)
        if (workload_next(w, 0, &op, &problem) <= 0)
            break;
    workload_close(w);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        read_spec(argv[i]);
    return 0;
}
