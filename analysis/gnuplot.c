/* gnuplot.c - see gnuplot.h for the contract. */
#include "analysis/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analysis/assets.h"

#define MAX_AT_ONCE 16

struct child {
    pid_t pid;
    const char *name;
    FILE *complaints; /* its standard error                                */
};

int gnuplot_find(struct problem *problem)
{
    const char *path = getenv("PATH");
    while (path != NULL && *path != 0) {
        size_t length = strcspn(path, ":");
        char file[PATH_MAX];
        int n = snprintf(file, sizeof file, "%.*s/gnuplot", (int)length, path);
        if (n > 0 && (size_t)n < sizeof file && access(file, X_OK) == 0)
            return 0;
        path += length + (path[length] == ':');
    }
    return problem_set(problem, ERR_INPUT,
                       "gnuplot: not found; pictures need it (Debian: "
                       "apt-get install gnuplot-nox)");
}

static int start(const char *dir, const char *name, struct child *c,
                 struct problem *problem)
{
    extern char **environ;
    char script[PATH_MAX];
    snprintf(script, sizeof script, "./%s.gp", name);
    char program[] = "gnuplot", defaults[] = "-d";
    char *argv[] = {program, defaults, script, NULL};

    c->name = name;
    c->complaints = tmpfile();
    if (c->complaints == NULL)
        return problem_set(problem, ERR_IO, "a temporary file: %s",
                           strerror(errno));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, dir);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, fileno(c->complaints), 2);
    int status = posix_spawnp(&c->pid, program, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (status == 0)
        return 0;
    fclose(c->complaints);
    if (gnuplot_find(problem) < 0)
        return ERR_INPUT;
    return problem_set(problem, ERR_IO, "gnuplot: %s", strerror(status));
}

/* gnuplot shows the line, points at it, and then says what is wrong. */
static void first_complaint(FILE *f, char *out, size_t cap)
{
    char line[256];
    snprintf(out, cap, "it gave no reason");
    rewind(f);
    bool has_one = false;
    while (fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "\n")] = 0;
        bool is_reason = strstr(line, "line ") != NULL;
        if (line[strspn(line, " ^")] == 0 || (has_one && !is_reason))
            continue;
        snprintf(out, cap, "%s", line);
        has_one = true;
        if (is_reason)
            break;
    }
}

static int finish(struct child *c, struct problem *problem)
{
    int status, err = 0;
    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        char reason[256];
        first_complaint(c->complaints, reason, sizeof reason);
        err = problem_set(problem, ERR_IO, "%s.gp: gnuplot failed: %s", c->name,
                          reason);
    }
    fclose(c->complaints);
    return err;
}

/* A report of hundreds of runs takes minutes: on a terminal, how far it is. */
static void show(int n_drawn, int n)
{
    if (n > 1 && isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r%d of %d figures drawn\033[K", n_drawn, n);
        fflush(stderr);
    }
}

int gnuplot_run(const char *dir, const char *const *names, int n,
                struct problem *problem)
{
    long n_processors = sysconf(_SC_NPROCESSORS_ONLN);
    int at_once = n_processors < 1             ? 1
                  : n_processors > MAX_AT_ONCE ? MAX_AT_ONCE
                                               : (int)n_processors;
    struct child running[MAX_AT_ONCE];
    int err = 0, n_started = 0, n_finished = 0;
    while (n_finished < n_started || (err == 0 && n_started < n)) {
        bool may_start =
            err == 0 && n_started < n && n_started - n_finished < at_once;
        if (may_start) {
            err = start(dir, names[n_started], &running[n_started % at_once],
                        problem);
            n_started += err == 0;
            continue;
        }
        /* After the first failure, only wait for those that still run. */
        struct problem later;
        int status = finish(&running[n_finished++ % at_once],
                            err == 0 ? problem : &later);
        err = err == 0 ? status : err;
        show(n_finished, n);
    }
    if (n > 1 && isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
    return err;
}

static char *read_all(const char *path, size_t *length)
{
    FILE *f = fopen(path, "r");
    char *text = NULL;
    long size = -1;
    if (f != NULL && fseek(f, 0, SEEK_END) == 0)
        size = ftell(f);
    if (size >= 0)
        text = malloc((size_t)size + 1);
    if (text != NULL) {
        rewind(f);
        *length = fread(text, 1, (size_t)size, f);
        text[*length] = 0;
    }
    if (f != NULL)
        fclose(f);
    return text;
}

int gnuplot_darken(const char *path, struct problem *problem)
{
    char part[PATH_MAX];
    snprintf(part, sizeof part, "%s.part", path);
    size_t length = 0;
    char *svg = read_all(path, &length);
    FILE *out = svg == NULL ? NULL : fopen(part, "w");
    bool is_written = out != NULL;
    if (is_written) {
        char *tag = strstr(svg, "<svg");
        char *end = tag == NULL ? NULL : strchr(tag, '>');
        char *rest = end == NULL ? svg : end + 1;
        fwrite(svg, 1, (size_t)(rest - svg), out);
        if (end != NULL)
            fprintf(out, "\n<style>\n%s</style>\n", asset_text("figure.css"));
        fwrite(rest, 1, length - (size_t)(rest - svg), out);
        is_written = ferror(out) == 0;
        is_written = fclose(out) == 0 && is_written;
    }
    is_written = is_written && rename(part, path) == 0;
    free(svg);
    if (!is_written)
        return problem_set(problem, ERR_IO, "%s: %s", path, strerror(errno));
    return 0;
}
