/* fuzz_elf.c - any file as an executable: read, loaded, run for a while. */
#include <stdlib.h>

#include "analysis/machine_config.h"
#include "sim/machine/machine.h"

static void run_image(struct machine *m, const struct image *image)
{
    struct machine_problem p;
    char text[512];
    if (machine_load(m, image, &p) < 0)
        return;
    machine_reset(m);
    if (machine_run(m, 20000) == MACHINE_FAULTED)
        machine_describe_fault(m, text, sizeof text);
}

static void run_file(const char *path)
{
    struct machine_config c;
    struct problem problem;
    struct machine_problem p;
    struct image image;
    if (image_open(&image, path, &p) < 0)
        return;
    struct machine *m = malloc(sizeof *m);
    if (m != NULL && machine_config_load(&c, "hazard3", &problem) == 0 &&
        machine_open(m, &c, &p) == 0) {
        run_image(m, &image);
        machine_close(m);
    }
    free(m);
    image_close(&image);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        run_file(argv[i]);
    return 0;
}
