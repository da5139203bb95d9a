/* machine_session.c - see machine_session.h. */
#include "analysis/machine_session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/machine_config.h"
#include "sim/machine/elf_arm.h"
#include "traces/nearest.h"

/* The machine for an image when none is named. */
static const char *standard_machine(const struct image *image)
{
    if (image->isa == IMAGE_RISCV)
        return "hazard3";
    switch (elf_arm_architecture(image)) {
    case ELF_ARM_V7:
        return "cortex-m3";
    case ELF_ARM_V7EM:
        return "cortex-m4";
    default:
        return "cortex-m0plus";
    }
}

int session_number(const char *word, uint64_t *out, struct problem *problem)
{
    char *end;
    bool is_negative = word[0] == '-';
    const char *digits = word + is_negative;
    int base = digits[0] == '0' && (digits[1] | 32) == 'x' ? 16 : 10;
    errno = 0;
    unsigned long long n = strtoull(digits, &end, base);
    if (digits[0] < '0' || digits[0] > '9' || *end != '\0' || errno != 0 ||
        (is_negative && n > 1ull << 31))
        return problem_set(problem, ERR_INPUT, "'%s' is not a number", word);
    *out = is_negative ? (uint32_t) - (uint32_t)n : n;
    return 0;
}

static int unknown_symbol(const struct image *image, const char *word,
                          struct problem *problem)
{
    const char **names = malloc((image->n_symbols + 1) * sizeof *names);
    const char *near = NULL;
    for (uint32_t i = 0; names != NULL && i < image->n_symbols; i++)
        names[i] = image->symbols[i].name;
    if (names != NULL)
        near = nearest_name(word, names, image->n_symbols);
    int err =
        problem_set(problem, ERR_INPUT, "%s: no symbol '%s'%s%s%s", image->name,
                    word, near == NULL ? "" : "; did you mean '",
                    near == NULL ? "" : near, near == NULL ? "" : "'?");
    free(names);
    return err;
}

int session_address(const struct session *s, const char *word,
                    uint32_t *address, struct problem *problem)
{
    const struct symbol *symbol = image_symbol(&s->image, word);
    struct problem ignored;
    uint64_t n;
    if (symbol != NULL) {
        *address = symbol->address & ~1u;
        return 0;
    }
    if (session_number(word, &n, &ignored) == 0 && n <= 0xffffffffu) {
        *address = (uint32_t)n & ~1u;
        return 0;
    }
    return unknown_symbol(&s->image, word, problem);
}

/* Messages of the simulator in the words of this room; equal numbers. */
static int pass_on(int err, const struct machine_problem *from,
                   struct problem *to)
{
    return err < 0 ? problem_set(to, err, "%s", from->text) : err;
}

static int read_between(struct session *s, const struct session_options *o,
                        struct problem *problem)
{
    struct machine_problem p = {""};
    s->between.is_asked = o->between[0] != NULL;
    if (!s->between.is_asked)
        return 0;
    int err = session_address(s, o->between[0], &s->between.from, problem);
    if (err == 0)
        err = session_address(s, o->between[1], &s->between.to, problem);
    if (err < 0)
        return err;
    err = machine_set_stop(&s->machine, s->between.to, &p);
    machine_clear_stop(&s->machine, s->between.to);
    if (err == 0)
        err = machine_set_stop(&s->machine, s->between.from, &p);
    return pass_on(err, &p, problem);
}

static int fill(struct session *s, const struct session_options *o,
                struct problem *problem)
{
    struct machine_problem p = {""};
    int err = machine_load(&s->machine, &s->image, &p);
    if (err < 0)
        return problem_set(problem, err, "%s (fraglab machines %s)", p.text,
                           s->config.name);
    machine_reset(&s->machine);
    err = o->limit == NULL ? 0 : session_number(o->limit, &s->limit, problem);
    if (err == 0)
        err = read_between(s, o, problem);
    return err;
}

int session_open(struct session *s, const char *path,
                 const struct session_options *o, struct problem *problem)
{
    struct machine_problem p = {""};
    *s = (struct session){.limit = SESSION_LIMIT};
    int err = image_open(&s->image, path, &p);
    if (err < 0)
        return pass_on(err, &p, problem);
    const char *name =
        o->machine != NULL ? o->machine : standard_machine(&s->image);
    err = machine_config_load(&s->config, name, problem);
    if (err == 0)
        err = pass_on(machine_open(&s->machine, &s->config, &p), &p, problem);
    if (err == 0) {
        err = fill(s, o, problem);
        if (err < 0)
            machine_close(&s->machine);
    }
    if (err < 0)
        image_close(&s->image);
    return err;
}

void session_close(struct session *s)
{
    machine_close(&s->machine);
    image_close(&s->image);
}

static enum machine_stop go_on(struct session *s, struct outcome *out)
{
    return out == NULL ? machine_run(&s->machine, s->limit)
                       : machine_resume(&s->machine, false, 0, s->limit, out);
}

/*
 * The machine stands at a stop: execute that instruction, and tell when it
 * started. False: it did not retire.
 */
static bool pass_stop(struct session *s, uint64_t *start)
{
    struct retired r = {0};
    bool retired = machine_step(&s->machine, &r) == MACHINE_RUNNING;
    *start = r.start;
    return retired;
}

/* Stopped at `from`: on to the next `to`, which may be `from` again. */
static void measure(struct session *s, struct outcome *out)
{
    struct session_between *b = &s->between;
    struct machine_problem p;
    uint64_t start, end;
    uint64_t before = s->machine.instructions;
    machine_clear_stop(&s->machine, b->from);
    if (!pass_stop(s, &start) || machine_set_stop(&s->machine, b->to, &p) < 0)
        return;
    /* One instruction may be all that lies between. */
    if (s->machine.pc != b->to && go_on(s, out) != MACHINE_STOPPED)
        return;
    b->instructions = s->machine.instructions - before;
    machine_clear_stop(&s->machine, b->to);
    if (pass_stop(s, &end) || s->machine.stop == MACHINE_EXITED) {
        b->cycles = end - start;
        b->is_known = true;
    }
}

enum machine_stop session_run(struct session *s, struct outcome *out)
{
    enum machine_stop why =
        out == NULL ? machine_run(&s->machine, s->limit) : s->machine.stop;
    if (why == MACHINE_STOPPED && s->between.is_asked) {
        measure(s, out);
        if (s->machine.stop == MACHINE_RUNNING)
            return go_on(s, out);
    }
    return s->machine.stop;
}

const char *session_status(const struct session *s, char *reason, size_t cap)
{
    reason[0] = '\0';
    switch (s->machine.stop) {
    case MACHINE_EXITED:
    case MACHINE_RETURNED:
        return "complete";
    case MACHINE_LIMIT:
        snprintf(reason, cap,
                 "stopped after %llu instructions (--limit allows more)",
                 (unsigned long long)s->machine.instructions);
        return "stopped";
    default:
        machine_describe_fault((struct machine *)&s->machine, reason, cap);
        return "failed";
    }
}

void session_add_between(const struct session *s, cJSON *json)
{
    if (!s->between.is_asked)
        return;
    if (!s->between.is_known) {
        cJSON_AddNullToObject(json, "between");
        return;
    }
    cJSON *b = cJSON_AddObjectToObject(json, "between");
    cJSON_AddNumberToObject(b, "cycles", (double)s->between.cycles);
    cJSON_AddNumberToObject(b, "instructions", (double)s->between.instructions);
}
