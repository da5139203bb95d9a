/* cmd_doctor.c - `fraglab doctor`: optional tools, and what works without. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/cmd.h"

struct tool {
    const char *program; /* looked for along PATH                         */
    const char *package; /* Debian's name of what holds it                */
    const char *use;     /* what needs it                                 */
};

static const struct tool tools[] = {
    {"gnuplot", "gnuplot-nox", "the figures of `plot` and `report`"},
    {"arm-none-eabi-gcc", "gcc-arm-none-eabi",
     "the core as Cortex-M code (make guests)"},
    {"riscv64-unknown-elf-gcc", "gcc-riscv64-unknown-elf",
     "the core as RISC-V code (make guests)"},
    {"sqlite3", "sqlite3", "SQL on a database of runs, by hand"},
};

/* Is `program` an executable file in one of the folders of PATH? */
static bool is_on_path(const char *program)
{
    const char *path = getenv("PATH");
    while (path != 0 && *path != '\0') {
        size_t length = strcspn(path, ":");
        char file[4096];
        int n =
            snprintf(file, sizeof file, "%.*s/%s", (int)length, path, program);
        if (n > 0 && (size_t)n < sizeof file && access(file, X_OK) == 0)
            return true;
        path += length;
        path += *path == ':';
    }
    return false;
}

static int run_doctor(int argc, char **argv)
{
    if (argc > 1)
        return cmd_usage_error("doctor: unexpected argument '%s'", argv[1]);

    size_t n_missing = 0;
    for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++) {
        const struct tool *t = &tools[i];
        bool is_here = is_on_path(t->program);
        printf("%-8s %-24s %s\n", is_here ? "found" : "missing", t->program,
               t->use);
        if (!is_here)
            printf("%-8s %-24s install the package %s\n", "", "", t->package);
        n_missing += !is_here;
    }
    if (n_missing == 0)
        puts("Nothing is missing.");
    else
        puts("Everything else works without them.");
    return EXIT_DONE;
}

const struct command cmd_doctor = {
    .name = "doctor",
    .summary = "say which optional tools are missing, and what that disables",
    .help = "usage: fraglab doctor\n"
            "\n"
            "Looks for the programs that fraglab can use but does not need, "
            "and says for\n"
            "each that is missing what does not work and which Debian package "
            "holds it.\n"
            "The exit status is 0 either way.\n"
            "\n"
            "example: fraglab doctor\n",
    .run = run_doctor,
};
