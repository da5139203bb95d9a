/* cmd_machines.c - `fraglab machines`: the microcontrollers there are. */
#include <string.h>

#include "analysis/cmd.h"
#include "analysis/machine_config.h"
#include "analysis/options.h"
#include "sim/machine/machine.h"

static int list_machines(void)
{
    struct problem problem = {""};
    struct machine_config c;
    for (size_t i = 0; i < machine_config_count(); i++) {
        const char *name = machine_config_file(i)->name;
        if (machine_config_load(&c, name, &problem) < 0)
            return cmd_usage_error("%s", problem.text);
        printf("%-20s %s\n", name, c.summary);
    }
    printf("\n`fraglab machines NAME` shows one; --machine also takes a JSON "
           "file.\n");
    return EXIT_DONE;
}

static void print_region(const struct region_config *r)
{
    static const char *const kinds[] = {"RAM", "ROM", "test device"};
    printf("  0x%08x  %8u bytes  %-11s  %s", r->base, r->bytes, kinds[r->kind],
           r->name);
    if (r->wait_fetch != 0 || r->wait_load != 0 || r->wait_store != 0)
        printf(", wait states: fetch %u, load %u, store %u", r->wait_fetch,
               r->wait_load, r->wait_store);
    if (r->is_io_port)
        printf(", single-cycle I/O port");
    putchar('\n');
}

static int show_machine(const char *name)
{
    struct problem problem = {""};
    struct machine_config c;
    int err = machine_config_load(&c, name, &problem);
    if (err < 0) {
        cmd_usage_error("%s", problem.text);
        return cmd_status_of(err);
    }
    const struct core_model *core = core_model_find(c.core);
    printf("%s: %s\n\n", c.name, c.summary);
    printf("  core    %s, timing model version %u\n", core->name,
           core->version);
    printf("  claim   %s\n", core->claim);
    printf("  source  %s\n", core->source);
    printf("  bus     %s\n", c.one_port ? "one shared by fetch and load/store"
                                        : "fetch and load/store apart");
    if (c.clock_hz != 0)
        printf("  clock   %u Hz\n", c.clock_hz);
    for (uint32_t i = 0; i < c.n_options; i++)
        printf("  option  %s = %s\n", c.options[i].key, c.options[i].value);
    putchar('\n');
    for (uint32_t i = 0; i < c.n_regions; i++)
        print_region(&c.regions[i]);
    return EXIT_DONE;
}

/* The file itself: what one of one's own begins as. */
static int print_file(const char *name)
{
    struct problem problem = {""};
    struct machine_config c;
    for (size_t i = 0; i < machine_config_count(); i++)
        if (strcmp(machine_config_file(i)->name, name) == 0) {
            fputs(machine_config_file(i)->text, stdout);
            return EXIT_DONE;
        }
    int err = machine_config_load(&c, name, &problem);
    if (err < 0)
        return cmd_usage_error("%s", problem.text);
    return cmd_usage_error("machines: %s is a file already", name);
}

static int run_machines(int argc, char **argv)
{
    bool is_json = false;
    const char *words[1];
    const struct option_row rows[] = {{"--json", NULL, &is_json}};
    int n = options_read(argc, argv, rows, 1, words, 1);
    if (n < 0)
        return EXIT_USAGE;
    if (n == 0)
        return is_json ? cmd_usage_error("machines: --json: of which one?")
                       : list_machines();
    return is_json ? print_file(words[0]) : show_machine(words[0]);
}

const struct command cmd_machines = {
    "machines", "list the microcontrollers, their memory and their claims",
    "usage: fraglab machines [NAME | FILE.json] [--json]\n"
    "\n"
    "Without a name: all machines, a line each. With one: its core, what its\n"
    "cycle counts are worth and where they come from, its memory map.\n"
    "--json prints its file, to begin one of your own from.\n"
    "\n"
    "example: fraglab machines hazard3\n",
    run_machines};
