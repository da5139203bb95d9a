/* fuzz_machine.c - any file as a machine's configuration. */
#include <stdlib.h>

#include "analysis/machine_config.h"

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        struct machine_config c;
        struct problem problem;
        char path[4200];
        snprintf(path, sizeof path, "./%s", argv[i]);
        if (machine_config_load(&c, path, &problem) < 0 &&
            problem.text[0] == '\0')
            abort();
    }
    return 0;
}
