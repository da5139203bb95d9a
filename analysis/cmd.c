/* cmd.c - what all subcommands share; see cmd.h. */
#include "analysis/cmd.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>

#include "traces/err.h"

int cmd_usage_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("fraglab: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return EXIT_USAGE;
}

int cmd_option_error(char *const *argv)
{
    /* A word of several letters is not passed before its last. */
    const char *word = argv[optind - 1][0] == '-' && optind > 1
                           ? argv[optind - 1]
                           : argv[optind];
    return cmd_usage_error("%s: %s is not an option, or its value is missing; "
                           "see 'fraglab %s --help'",
                           argv[0], word, argv[0]);
}

int cmd_status_of(int err)
{
    if (err >= 0)
        return EXIT_DONE;
    return err == ERR_CHECK ? EXIT_FAILED : EXIT_USAGE;
}
