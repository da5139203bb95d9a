/*
 * cmd.h - one subcommand of the program: its words and its function
 *
 * Each family of subcommands is a file cmd_*.c that defines one struct command
 * a verb; fraglab.c lists them and prints their help. Results go to stdout,
 * messages to stderr.
 */
#ifndef ANALYSIS_CMD_H
#define ANALYSIS_CMD_H

/* Exit statuses (DESIGN: 0 done, 1 a run or check failed, 2 wrong input). */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct command {
    const char *name;    /* the verb                                      */
    const char *summary; /* one line for `fraglab --help`                 */
    const char *help;    /* `fraglab VERB --help`: usage, options, example*/
    /* argv[0] is the verb. Returns the exit status. --help is handled by */
    /* the caller.                                                        */
    int (*run)(int argc, char **argv);
};

extern const struct command cmd_replay;   /* cmd_replay.c                 */
extern const struct command cmd_trace;    /* cmd_trace.c                  */
extern const struct command cmd_import;   /* cmd_import.c                 */
extern const struct command cmd_generate; /* cmd_generate.c               */
extern const struct command cmd_runs;     /* cmd_runs.c                   */
extern const struct command cmd_verify;   /* cmd_verify.c                 */
extern const struct command cmd_map;      /* cmd_map.c                    */
extern const struct command cmd_minheap;  /* cmd_minheap.c                */
extern const struct command cmd_sweep;    /* cmd_sweep.c                  */
extern const struct command cmd_plot;     /* cmd_plot.c                   */
extern const struct command cmd_report;   /* cmd_report.c                 */
extern const struct command cmd_managers; /* cmd_managers.c               */
extern const struct command cmd_doctor;   /* cmd_doctor.c                 */
extern const struct command cmd_machine;  /* cmd_machine.c                */
extern const struct command cmd_machines; /* cmd_machines.c               */

/*
 * Write one line, `fraglab: ` before the message, to stderr and return
 * EXIT_USAGE, so that a command can `return cmd_usage_error(...)`.
 */
__attribute__((format(printf, 1, 2))) int cmd_usage_error(const char *format,
                                                          ...);

/*
 * For getopt_long() that found no option, or no value of one: one line that
 * names the word. Its short options begin with ':', so that it says nothing
 * itself. Returns EXIT_USAGE.
 */
int cmd_option_error(char *const *argv);

/* The exit status that a negative enum err stands for. */
int cmd_status_of(int err);

#endif /* ANALYSIS_CMD_H */
