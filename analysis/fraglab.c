/* fraglab.c - the program: finds the command that was asked for, runs it. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "analysis/cmd.h"
#include "traces/nearest.h"

/* In the order in which a user meets them. */
static const struct command *const commands[] = {
    &cmd_replay,   &cmd_minheap,  &cmd_sweep,   &cmd_runs,     &cmd_verify,
    &cmd_report,   &cmd_plot,     &cmd_map,     &cmd_trace,    &cmd_import,
    &cmd_generate, &cmd_managers, &cmd_machine, &cmd_machines, &cmd_doctor,
};

enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return 0;
}

static void print_help(FILE *out)
{
    fputs("fraglab - a laboratory for the heaps of microcontrollers\n\n"
          "usage: fraglab COMMAND [ARGUMENTS]\n\n",
          out);
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n`fraglab COMMAND --help` explains one command, with an example.\n"
          "Exit status: 0 done, 1 a run or a check failed, 2 wrong usage or "
          "input.\n",
          out);
}

static int unknown_command(const char *name)
{
    const char *names[N_COMMANDS];
    size_t n = 0;
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (commands[i] != 0)
            names[n++] = commands[i]->name;

    const char *near = nearest_name(name, names, n);
    if (near != 0)
        return cmd_usage_error("unknown command '%s'; did you mean '%s'?", name,
                               near);
    return cmd_usage_error("unknown command '%s'; see fraglab --help", name);
}

/* Does `--help` stand among the arguments, before a lone `--`? */
static bool wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

/* `fraglab help [COMMAND]`. */
static int run_help(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stdout);
        return EXIT_DONE;
    }
    const struct command *c = find_command(argv[1]);
    if (c == 0)
        return unknown_command(argv[1]);
    fputs(c->help, stdout);
    return EXIT_DONE;
}

/* Results that could not be written are not results. */
static int close_stdout(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    if (status == EXIT_DONE)
        return cmd_usage_error("standard output: cannot write");
    return status;
}

static int dispatch(int argc, char **argv)
{
    const char *verb = argv[0];
    if (strcmp(verb, "--version") == 0) {
        puts("fraglab " FRAGLAB_VERSION);
        return EXIT_DONE;
    }
    if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0 ||
        strcmp(verb, "help") == 0)
        return run_help(argc, argv);

    const struct command *c = find_command(verb);
    if (c == 0)
        return unknown_command(verb);
    if (wants_help(argc, argv)) {
        fputs(c->help, stdout);
        return EXIT_DONE;
    }
    return c->run(argc, argv);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    return close_stdout(dispatch(argc - 1, argv + 1));
}
