/* cmd_managers.c - `fraglab managers`: what there is, its card, its keys. */
#include <stdio.h>
#include <string.h>

#include "analysis/cmd.h"
#include "sim/replay/manager.h"

static int list_managers(void)
{
    for (uint32_t i = 0; i < manager_list_n; i++)
        printf("%-12s %s\n", manager_list[i]->name,
               manager_summary(manager_list[i]));
    printf("\n`fraglab managers NAME` shows a manager's guarantee and its "
           "parameters.\n");
    return EXIT_DONE;
}

static void print_card(const struct manager *m)
{
    const struct manager_card *c = m->card;
    printf("%s: %s\n\n", m->name, manager_summary(m));
    printf("  succeeds surely when  %s\n", c->succeeds);
    printf("  metadata              %s\n", c->metadata);
    printf("  longest pause         %s\n", c->pause);
    printf("  moves                 %s\n", c->moves);
    printf("  needs of the mutator  %s\n", c->needs);
}

static void print_keys(const struct manager *m)
{
    printf("\nparameters (--set KEY=VALUE):\n\n");
    for (uint32_t i = 0; i < m->n_keys; i++) {
        const struct manager_key *k = &m->keys[i];
        char range[64];
        if (k->max == 0)
            snprintf(range, sizeof range, "%s", k->words);
        else
            snprintf(range, sizeof range, "%u..%u%s%s", k->min, k->max,
                     k->words != NULL ? " or " : "",
                     k->words != NULL ? k->words : "");
        printf("  %-12s %-22s %s (default: %s)\n", k->key, range, k->meaning,
               k->standard[0] != '\0' ? k->standard : "none");
    }
}

static int run_managers(int argc, char **argv)
{
    if (argc == 1)
        return list_managers();
    if (argc > 2)
        return cmd_usage_error("managers: give one name, or none");
    const struct manager *m = manager_find(argv[1]);
    if (m == NULL)
        return cmd_usage_error("managers: no manager '%s'; there is '%s'",
                               argv[1], manager_nearest(argv[1]));
    print_card(m);
    print_keys(m);
    return EXIT_DONE;
}

const struct command cmd_managers = {
    .name = "managers",
    .summary = "list the memory managers, their guarantees and parameters",
    .help = "usage: fraglab managers [NAME]\n"
            "\n"
            "Without a name: all managers, a line each. With one: its\n"
            "guarantee card and its --set keys with range and default.\n"
            "\n"
            "example: fraglab managers marksweep\n",
    .run = run_managers,
};
