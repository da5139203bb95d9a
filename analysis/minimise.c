/* minimise.c - see minimise.h. */
#include "analysis/minimise.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sim/replay/manager.h"
#include "traces/tape.h"
#include "traces/writer.h"

struct search {
    const struct run_spec *spec;
    struct tape tape;
    char reason[sizeof((struct replay_result *)0)->reason];
    struct timespec begin;
};

static bool is_late(const struct search *s)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec - s->begin.tv_sec >= MINIMISE_SECONDS;
}

/* A run's reason without its place. */
static const char *skip_place(const char *reason)
{
    const char *from = strstr(reason, ": operation ");
    return from != NULL ? from : reason;
}

/* ... and without its numbers. */
static void read_reason(char *to, const char *reason)
{
    const char *from = skip_place(reason);
    while (*from != '\0') {
        while (isdigit((unsigned char)*from)) // 12, 0x200104c0
            while (isalnum((unsigned char)*from))
                from++;
        if (*from != '\0')
            *to++ = *from++;
    }
    *to = '\0';
}

/* Does what is left of the tape fail for the same reason? */
static bool still_fails(struct search *s)
{
    struct workload *w;
    struct problem problem;
    struct replay_result result;
    const struct sink nobody = {0};
    char reason[sizeof s->reason] = "";
    if (tape_workload(&w, &s->tape, &problem) < 0)
        return false;
    int err = run_spec_play(s->spec, w, &nobody, &result, &problem);
    workload_close(w);
    if (err == 0 && result.status == REPLAY_FAILED)
        read_reason(reason, result.reason);
    return err == 0 && strcmp(reason, s->reason) == 0;
}

/* Leave out what can go of is_out[0 .. n), in ever smaller pieces. Was any? */
static bool shrink(struct search *s, bool *is_out, size_t n)
{
    bool has_shrunk = false;
    size_t *piece = malloc((n + 1) * sizeof *piece);
    for (size_t size = (n + 1) / 2; size > 0 && piece != NULL; size /= 2) {
        for (size_t i = 0; i < n && !is_late(s);) {
            size_t n_piece = 0;
            for (; i < n && n_piece < size; i++)
                if (!is_out[i])
                    piece[n_piece++] = i;
            for (size_t k = 0; k < n_piece; k++)
                is_out[piece[k]] = true;
            if (n_piece == 0)
                continue;
            if (still_fails(s))
                has_shrunk = true;
            else
                for (size_t k = 0; k < n_piece; k++)
                    is_out[piece[k]] = false;
        }
    }
    free(piece);
    return has_shrunk;
}

/* Leave out all records of a kind, if they can go. */
static void drop_kind(struct search *s, uint8_t kind)
{
    bool any = false;
    for (size_t i = 0; i < s->tape.n; i++)
        if (s->tape.op[i].kind == kind)
            any = s->tape.is_out[i] = true;
    if (!any || still_fails(s))
        return;
    for (size_t i = 0; i < s->tape.n; i++)
        if (s->tape.op[i].kind == kind)
            s->tape.is_out[i] = false;
}

/* The run again, up to its failure, on tape. */
static int record(struct search *s, const struct replay_result *result,
                  struct problem *problem)
{
    struct workload *w, *kept = NULL;
    struct replay_result again;
    const struct sink nobody = {0};
    int err = workload_open(&w, s->spec->workload, NULL, problem);
    if (err < 0)
        return err;
    err = tape_begin(&s->tape, w, result->events, &kept, problem);
    if (err == 0)
        err = run_spec_play(s->spec, kept, &nobody, &again, problem);
    if (err == 0)
        err = tape_end(&s->tape, problem);
    workload_close(kept);
    workload_close(w);
    if (err == 0 &&
        strcmp(skip_place(again.reason), skip_place(result->reason)) != 0)
        err = problem_set(problem, ERR_CHECK, "the failure does not repeat");
    return err;
}

static void name_file(char path[128], const char *trace)
{
    int n = 0;
    for (; n < 100 && trace[n] != '\0' && trace[n] != '.'; n++)
        path[n] = trace[n];
    for (int i = 0; i < n; i++)
        if (!isalnum((unsigned char)path[i]) && path[i] != '_')
            path[i] = '-';
    snprintf(path + n, 128 - (size_t)n, "%s.failed.ft", n == 0 ? "trace" : "");
}

/* The options that are not the manager's. */
static void tell_how(FILE *out, const struct replay_options *o)
{
    static const char *const refused[] = {"", " --refused stop",
                                          " --refused reset"};
    fputs(refused[o->refused], out);
    if (o->step_every > 0)
        fprintf(out, " --steps %u:%u", o->step_every, o->step_cycles);
    if (o->touch_stores > 0)
        fputs(" --touch stores", out);
    if (o->touch_every > 0)
        fprintf(out, " --touch %u", o->touch_every);
    if (o->check)
        fputs(" --check", out);
}

/* What the trace repeats, and under which options. */
static void tell(const struct search *s, const struct replay_result *result,
                 char *text, size_t cap)
{
    const struct replay_options *o = &s->spec->options;
    memset(text, 0, cap);
    FILE *out = fmemopen(text, cap - 1, "w");
    if (out == NULL)
        return;
    fprintf(out, "--manager %s --machine %s", o->manager, s->spec->machine);
    if (o->heap_trace)
        fputs(" --heap trace", out);
    else
        fprintf(out, " --heap %" PRIu64, o->heap_bytes);
    for (uint32_t i = 0; i < o->n_params; i++)
        if (o->params[i].value[0] != '\0')
            fprintf(out, " --set %s=%s", o->params[i].key, o->params[i].value);
    tell_how(out, o);
    fputs(skip_place(result->reason), out);
    fclose(out);
}

static int write_trace(struct search *s, const struct replay_result *result,
                       struct minimised *m, struct problem *problem)
{
    struct trace_writer *writer;
    struct trace_written written;
    struct workload *w;
    struct trace_op op;
    char note[4096];
    name_file(m->path, result->trace_name);
    tell(s, result, note, sizeof note);
    int err = tape_workload(&w, &s->tape, problem);
    if (err < 0)
        return err;
    err = trace_writer_open(&writer, m->path, TRACE_FORM_TEXT, &s->tape.header,
                            problem);
    if (err < 0) {
        workload_close(w);
        return err;
    }
    op = (struct trace_op){.kind = TRACE_NOTE, .text = note};
    err = trace_write(writer, &op, problem);
    while (err == 0 && (err = workload_next(w, NULL, &op, problem)) > 0)
        err = trace_write(writer, &op, problem);
    workload_close(w);
    if (err < 0)
        trace_writer_abandon(writer);
    else
        err = trace_writer_close(writer, &written, problem);
    if (err == 0)
        m->operations = written.counts.operations;
    return err;
}

int minimise(struct minimised *m, const struct run_spec *spec,
             const struct replay_result *result, struct problem *problem)
{
    static const uint8_t idle[] = {TRACE_EXPECT, TRACE_NOTE, TRACE_PHASE,
                                   TRACE_TIME, TRACE_THREAD};
    struct search s = {.spec = spec};
    const char *policy = manager_value(&spec->options, "promote");
    bool needs_whole = policy != NULL && strcmp(policy, "oracle") == 0;
    if (strcmp(spec->workload, "-") == 0 || result->events == 0 || needs_whole)
        return 0;
    clock_gettime(CLOCK_MONOTONIC, &s.begin);
    read_reason(s.reason, result->reason);
    int err = record(&s, result, problem);
    if (err == 0) {
        for (size_t i = 0; i < sizeof idle; i++)
            drop_kind(&s, idle[i]);
        bool is_less = true;
        while (is_less && !is_late(&s)) {
            is_less = shrink(&s, s.tape.object_is_out, s.tape.n_objects);
            is_less |= shrink(&s, s.tape.is_out, s.tape.n);
        }
        err = write_trace(&s, result, m, problem);
    }
    tape_free(&s.tape);
    return err < 0 ? err : 1;
}
