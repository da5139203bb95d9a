/* cmd_machine.c - `fraglab machine`: programs in a simulated microcontroller */
#include "analysis/cmd.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/machine_session.h"
#include "analysis/machine_verbs.h"
#include "analysis/options.h"
#include "analysis/text.h"
#include "traces/nearest.h"

enum { CAP_WORDS = 16 };

/* ---- run ---------------------------------------------------------------- */

/* What the guest printed, as text: it may have printed anything. */
static void add_output(cJSON *json, const struct test_device *d)
{
    char *text = calloc(1, d->n_output + 1u);
    for (uint32_t i = 0; text != NULL && i < d->n_output; i++) {
        unsigned char c = (unsigned char)d->output[i];
        bool is_text = (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\t';
        text[i] = is_text ? (char)c : '?';
    }
    cJSON_AddStringToObject(json, "output", text == NULL ? "" : text);
    free(text);
}

static cJSON *run_json(const struct session *s, const char *status,
                       const char *reason)
{
    const struct machine *m = &s->machine;
    const struct test_device *d = &m->bus.device;
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "machine", s->config.name);
    cJSON_AddStringToObject(json, "status", status);
    if (reason[0] != '\0')
        cJSON_AddStringToObject(json, "reason", reason);
    if (m->stop == MACHINE_EXITED)
        cJSON_AddNumberToObject(json, "exit_code", m->exit_code);
    else
        cJSON_AddNullToObject(json, "exit_code");
    cJSON_AddNumberToObject(json, "cycles", (double)m->cycles);
    cJSON_AddNumberToObject(json, "instructions", (double)m->instructions);
    cJSON *regions = cJSON_AddArrayToObject(json, "regions");
    for (uint32_t i = 0; i < d->n_regions; i++) {
        const struct mark_region *r = &d->regions[i];
        cJSON *region = cJSON_CreateObject();
        cJSON_AddNumberToObject(region, "region", r->region);
        cJSON_AddNumberToObject(region, "cycles", (double)r->cycles);
        cJSON_AddNumberToObject(region, "instructions",
                                (double)r->instructions);
        cJSON_AddItemToArray(regions, region);
    }
    cJSON *results = cJSON_AddArrayToObject(json, "results");
    for (uint32_t i = 0; i < d->n_results; i++) {
        char word[16];
        snprintf(word, sizeof word, "%08x", d->results[i]);
        cJSON_AddItemToArray(results, cJSON_CreateString(word));
    }
    add_output(json, d);
    session_add_between(s, json);
    cJSON_AddNumberToObject(json, "unsettled", (double)m->unsettled);
    return json;
}

/* Microseconds at the machine's clock, beside the cycles. */
static void print_cycles(const struct session *s, const char *what,
                         uint64_t cycles, uint64_t instructions)
{
    char c[TEXT_NUMBER_CAP], n[TEXT_NUMBER_CAP];
    printf("%-12s %14s cycles %14s instructions", what, text_count(c, cycles),
           text_count(n, instructions));
    if (s->config.clock_hz != 0)
        printf(" %12.2f us", (double)cycles * 1e6 / (double)s->config.clock_hz);
    putchar('\n');
}

static void print_between(const struct session *s)
{
    if (!s->between.is_asked)
        return;
    if (s->between.is_known)
        print_cycles(s, "between", s->between.cycles, s->between.instructions);
    else
        printf("between      not reached\n");
}

static void print_run(const struct session *s, const char *status)
{
    const struct machine *m = &s->machine;
    const struct test_device *d = &m->bus.device;
    if (d->n_output > 0) {
        fwrite(d->output, 1, d->n_output, stdout);
        if (d->output[d->n_output - 1] != '\n')
            putchar('\n');
    }
    printf("%s on %s: %s", s->image.name, s->config.name, status);
    if (m->stop == MACHINE_EXITED)
        printf(", exit code %u", m->exit_code);
    putchar('\n');
    print_cycles(s, "total", m->cycles, m->instructions);
    for (uint32_t i = 0; i < d->n_regions; i++) {
        char name[32];
        snprintf(name, sizeof name, "region %u", d->regions[i].region);
        print_cycles(s, name, d->regions[i].cycles, d->regions[i].instructions);
    }
    print_between(s);
    for (uint32_t i = 0; i < d->n_results; i++)
        printf("%s%08x", i == 0 ? "results      " : " ", d->results[i]);
    if (d->n_results > 0)
        putchar('\n');
    if (m->unsettled > 0)
        printf("unsettled    %llu events whose price no document settles\n",
               (unsigned long long)m->unsettled);
}

/* The machine's state after the run as an exit status; faults to stderr. */
static int status_of(const struct session *s, const char *reason)
{
    if (reason[0] != '\0')
        fprintf(stderr, "fraglab: %s: %s\n", s->image.name, reason);
    if (s->machine.stop == MACHINE_RETURNED)
        return EXIT_DONE;
    return s->machine.stop == MACHINE_EXITED && s->machine.exit_code == 0
               ? EXIT_DONE
               : EXIT_FAILED;
}

static void print_json(cJSON *json)
{
    char *text = cJSON_Print(json);
    if (text != NULL)
        puts(text);
    free(text);
    cJSON_Delete(json);
}

static int run(struct session *s, const struct session_options *o,
               const char *const *words, int n)
{
    char reason[512];
    (void)words;
    (void)n;
    session_run(s, NULL);
    const char *status = session_status(s, reason, sizeof reason);
    if (o->json)
        print_json(run_json(s, status, reason));
    else
        print_run(s, status);
    return status_of(s, reason);
}

/* ---- call --------------------------------------------------------------- */

static cJSON *call_json(const struct session *s, const struct outcome *out,
                        const char *status, const char *reason)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "machine", s->config.name);
    cJSON_AddStringToObject(json, "status", status);
    if (reason[0] != '\0')
        cJSON_AddStringToObject(json, "reason", reason);
    cJSON_AddNumberToObject(json, "result", out->result);
    cJSON_AddNumberToObject(json, "cycles", (double)out->spent.cycles);
    cJSON_AddNumberToObject(json, "instructions",
                            (double)out->spent.instructions);
    cJSON_AddNumberToObject(json, "loads", (double)out->spent.loads);
    cJSON_AddNumberToObject(json, "stores", (double)out->spent.stores);
    cJSON_AddNumberToObject(json, "stack_bytes", out->stack_bytes);
    session_add_between(s, json);
    cJSON_AddNumberToObject(json, "unsettled", (double)out->spent.unsettled);
    return json;
}

static int read_arguments(const struct session *s, const char *const *words,
                          int n, uint32_t *args)
{
    struct problem problem = {""};
    for (int i = 0; i < n; i++) {
        uint64_t value;
        uint32_t address;
        if (session_number(words[i], &value, &problem) == 0 &&
            value <= 0xffffffffu)
            args[i] = (uint32_t)value;
        else if (session_address(s, words[i], &address, &problem) == 0)
            args[i] = address;
        else
            return cmd_usage_error("machine call: argument '%s': neither a "
                                   "32-bit number nor a symbol",
                                   words[i]);
    }
    return EXIT_DONE;
}

static int call(struct session *s, const struct session_options *o,
                const char *const *words, int n)
{
    struct problem problem = {""};
    struct outcome out;
    uint32_t args[CAP_WORDS] = {0};
    uint32_t address;
    char reason[512];
    if (n == 0)
        return cmd_usage_error("machine call: which function?");
    if (session_address(s, words[0], &address, &problem) < 0)
        return cmd_usage_error("%s", problem.text);
    if (read_arguments(s, words + 1, n - 1, args) != EXIT_DONE)
        return EXIT_USAGE;

    machine_call(&s->machine, address, args, (uint32_t)(n - 1), s->limit, &out);
    session_run(s, &out);
    const char *status = session_status(s, reason, sizeof reason);
    if (o->json) {
        print_json(call_json(s, &out, status, reason));
    } else {
        printf("%s on %s: %s, result %u (0x%08x)\n", words[0], s->config.name,
               status, out.result, out.result);
        print_cycles(s, "call", out.spent.cycles, out.spent.instructions);
        printf("accesses     %llu loads, %llu stores\n",
               (unsigned long long)out.spent.loads,
               (unsigned long long)out.spent.stores);
        printf("stack        %u bytes\n", out.stack_bytes);
        print_between(s);
    }
    return status_of(s, reason);
}

/* ---- trace -------------------------------------------------------------- */

/* The cores go on for an instruction while the end of the run takes effect. */
static void print_trailing(struct session *s, struct retired *r)
{
    struct machine *m = &s->machine;
    if (m->stop != MACHINE_EXITED || m->core->isa != IMAGE_RISCV)
        return;
    uint32_t code = m->exit_code;
    if (machine_step(m, r) == MACHINE_RUNNING)
        printf("%llu,%08x,%08x\n", (unsigned long long)r->cycle, r->pc,
               r->word);
    m->stop = MACHINE_EXITED;
    m->exit_code = code;
}

static int trace(struct session *s, const struct session_options *o,
                 const char *const *words, int n)
{
    struct machine *m = &s->machine;
    struct retired r = {0};
    char reason[512];
    (void)o;
    (void)words;
    (void)n;
    puts("cycle,pc,instr");
    enum machine_stop why = MACHINE_RUNNING;
    while (why == MACHINE_RUNNING) {
        why = machine_step(m, &r);
        if (why == MACHINE_RUNNING || why == MACHINE_EXITED)
            printf("%llu,%08x,%08x\n", (unsigned long long)r.cycle, r.pc,
                   r.word);
        if (why == MACHINE_RUNNING && m->instructions >= s->limit)
            why = m->stop = MACHINE_LIMIT;
        if (ferror(stdout))
            return EXIT_USAGE;
    }
    print_trailing(s, &r);
    session_status(s, reason, sizeof reason);
    return status_of(s, reason);
}

/* ---- the verb ----------------------------------------------------------- */

struct verb {
    const char *name;
    int cap_words; /* after the ELF                                          */
    bool has_between;
    int (*run)(struct session *s, const struct session_options *o,
               const char *const *words, int n);
};

static const struct verb verbs[] = {
    {"run", 0, true, run},
    {"call", CAP_WORDS - 2, true, call},
    {"trace", 0, false, trace},
    {"profile", 0, false, machine_profile},
    {"disasm", 0, false, machine_disasm},
};

enum { N_VERBS = sizeof verbs / sizeof verbs[0] };

static const struct verb *find_verb(const char *name)
{
    const char *names[N_VERBS];
    for (size_t i = 0; i < N_VERBS; i++) {
        names[i] = verbs[i].name;
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    }
    const char *near = nearest_name(name, names, N_VERBS);
    cmd_usage_error("machine: unknown verb '%s'; %s%s%s", name,
                    near == NULL ? "run, call, trace, profile or disasm"
                                 : "did you mean '",
                    near == NULL ? "" : near, near == NULL ? "" : "'?");
    return NULL;
}

/*
 * `--between A B` has two values: take it out of the words, wherever it
 * stands. Returns the number of words left, or -1.
 */
static int take_between(int argc, char **argv, const char *between[2])
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--between") != 0)
            continue;
        if (i + 2 >= argc || argv[i + 1][0] == '-' || argv[i + 2][0] == '-') {
            cmd_usage_error("machine: --between needs two labels");
            return -1;
        }
        between[0] = argv[i + 1];
        between[1] = argv[i + 2];
        for (int k = i; k + 3 < argc; k++)
            argv[k] = argv[k + 3];
        return argc - 3;
    }
    return argc;
}

static int machine_main(int argc, char **argv)
{
    struct session_options o = {.machine = NULL};
    const char *words[CAP_WORDS];
    const struct option_row rows[] = {
        {"--machine", &o.machine, NULL}, {"--limit", &o.limit, NULL},
        {"--json", NULL, &o.json},       {"--csv", NULL, &o.csv},
        {"--folded", NULL, &o.folded},   {"--static", NULL, &o.is_static},
    };
    argc = take_between(argc, argv, o.between);
    if (argc < 0)
        return EXIT_USAGE;
    int n = options_read(argc, argv, rows, sizeof rows / sizeof rows[0], words,
                         CAP_WORDS);
    if (n < 0)
        return EXIT_USAGE;
    if (n == 0)
        return cmd_usage_error("machine: run, call, trace, profile or disasm?");
    const struct verb *verb = find_verb(words[0]);
    if (verb == NULL)
        return EXIT_USAGE;
    if (n == 1)
        return cmd_usage_error("machine %s: which ELF file?", verb->name);
    if (o.between[0] != NULL && !verb->has_between)
        return cmd_usage_error("machine %s: --between is for run and call",
                               verb->name);
    if (n - 2 > verb->cap_words)
        return cmd_usage_error("machine %s: unexpected word '%s'", verb->name,
                               words[2 + verb->cap_words]);

    struct problem problem = {""};
    struct session *s = malloc(sizeof *s);
    if (s == NULL)
        return cmd_usage_error("out of memory");
    int err = session_open(s, words[1], &o, &problem);
    int status = err < 0 ? cmd_status_of(err) : EXIT_DONE;
    if (err < 0) {
        cmd_usage_error("%s", problem.text);
    } else {
        status = verb->run(s, &o, words + 2, n - 2);
        session_close(s);
    }
    free(s);
    return status;
}

const struct command cmd_machine = {
    "machine",
    "run machine code in a simulated microcontroller, cycle by cycle",
    "usage: fraglab machine run|trace|profile|disasm ELF [OPTIONS]\n"
    "       fraglab machine call ELF FUNCTION [ARGUMENT...] [OPTIONS]\n"
    "\n"
    "  run      from the ELF's entry until it ends; regions, results, output\n"
    "  call     one function of any firmware; arguments are numbers or "
    "symbols\n"
    "  trace    every retired instruction: cycle,pc,instr\n"
    "  profile  cycles by function and source line\n"
    "  disasm   the code, with how often and how long each instruction ran\n"
    "\n"
    "  --machine NAME  a machine (fraglab machines) or a JSON file of one; "
    "else\n"
    "                  cortex-m0plus, -m3, -m4 or hazard3, by what the ELF is\n"
    "                  built for\n"
    "  --between A B   measure from the instruction at A to the one at B\n"
    "  --limit N       stop after about N instructions (10000000000)\n"
    "  --json, --csv   results for programs\n"
    "  --folded        profile: call stacks, for flame graphs\n"
    "  --static        disasm: do not run the program\n"
    "\n"
    "A word stored at 0xF0000000 marks a region (2k+1 opens region k, the "
    "next\n"
    "such store closes it); at 0xF0000004 it is a result, at 0xF0000008 the\n"
    "exit code, at 0xF000000C a character.\n"
    "\n"
    "example: fraglab machine call firmware.elf crc32 0x20000100 64 --json\n",
    machine_main};
