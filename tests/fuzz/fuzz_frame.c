/*
 * fuzz_frame.c - any file as a frame of the binary form, before packing: what
 * stands behind the checksums, where fuzz_trace hardly ever comes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "traces/frame.h"
#include "traces/kinds.h"

static void read_frame(const char *path, struct frame_decoder *d)
{
    uint8_t bytes[65536];
    FILE *f = fopen(path, "rb");
    if (f == 0)
        return;
    size_t n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);

    struct trace_op op;
    if (!frame_decoder_begin(d, bytes, n))
        return;
    while (frame_decode(d, &op) > 0)
        if (trace_op_fault(&op) != 0)
            break;
}

int main(int argc, char **argv)
{
    struct frame_decoder *d = calloc(1, sizeof *d);
    for (int i = 1; d != 0 && i < argc; i++)
        read_frame(argv[i], d);
    if (d != 0)
        frame_decoder_free(d);
    free(d);
    return 0;
}
