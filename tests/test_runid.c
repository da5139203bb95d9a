/* test_runid.c - the canonical text of a run: one run, one text, one id. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdlib.h>
#include <string.h>

#include "analysis/run.h"
#include "build/core_hash.h"

static struct run_spec make_spec(void)
{
    struct run_spec spec = {.workload = "some/where.ftb", .machine = "native"};
    struct replay_options *o = &spec.options;
    strcpy(o->manager, "marksweep");
    o->params[0] = (struct replay_param){"zero", "1"};
    o->params[1] = (struct replay_param){"block", "16"};
    o->params[2] = (struct replay_param){"pins", "none"};
    o->n_params = 3;
    o->heap_bytes = 65536;
    o->window_bytes = 1 << 20;
    return spec;
}

static char *id_of(const struct run_spec *spec, const char *hash,
                   char id[RUN_ID_CAP])
{
    char *json = run_spec_json(spec, hash);
    run_id(json, id);
    free(json);
    return id;
}

Test(runid, keys_are_sorted_and_nothing_is_superfluous)
{
    struct run_spec spec = make_spec();
    char *json = run_spec_json(&spec, "abcd");
    cr_expect(
        eq(str, json,
           "{\"core\":\"" CORE_SOURCES_HASH "\",\"heap_bytes\":65536,"
           "\"machine\":\"native\",\"manager\":\"marksweep\",\"options\":{"
           "\"check\":0,\"heap_trace\":0,\"refused\":\"skip\",\"step_every\":0,"
           "\"step_cycles\":0,\"step_units\":0,\"touch_every\":0,\"touch_"
           "stores\":0},"
           "\"parameters\":{\"block\":16,\"pins\":\"none\",\"zero\":1},"
           "\"replay\":3,\"trace\":\"abcd\",\"window_bytes\":1048576}"));
    free(json);
}

Test(runid, neither_the_place_nor_the_order_of_parameters_is_in_the_id)
{
    char a[RUN_ID_CAP], b[RUN_ID_CAP];
    struct run_spec spec = make_spec();
    id_of(&spec, "abcd", a);
    strcpy(spec.workload, "-");
    struct replay_param first = spec.options.params[0];
    spec.options.params[0] = spec.options.params[2];
    spec.options.params[2] = first;
    cr_expect(eq(str, id_of(&spec, "abcd", b), a));
    cr_expect(eq(sz, strlen(a), 32));
    cr_expect(eq(sz, strspn(a, "0123456789abcdef"), 32));
}

Test(runid, everything_that_makes_a_run_changes_the_id)
{
    char before[RUN_ID_CAP], after[RUN_ID_CAP];
    struct run_spec base = make_spec();
    id_of(&base, "abcd", before);
    for (int i = 0; i < 13; i++) {
        struct run_spec spec = base;
        struct replay_options *o = &spec.options;
        const char *hash = "abcd";
        switch (i) {
        case 0:
            hash = "abce";
            break;
        case 1:
            strcpy(o->manager, "tlsf");
            break;
        case 2:
            strcpy(o->params[1].value, "32");
            break;
        case 3:
            o->heap_bytes++;
            break;
        case 4:
            o->window_bytes *= 2;
            break;
        case 5:
            strcpy(spec.machine, "cortex-m0");
            break;
        case 6:
            o->check = true;
            break;
        case 7:
            o->heap_trace = true;
            break;
        case 8:
            o->refused = REFUSED_RESET;
            break;
        case 9:
            o->step_every = 1;
            break;
        case 10:
            o->step_units = 1;
            break;
        case 11:
            o->touch_every = 1;
            break;
        default:
            o->touch_stores = 1;
        }
        cr_expect(strcmp(id_of(&spec, hash, after), before) != 0, "case %d", i);
    }
}

Test(runid, the_text_reads_back_to_the_same_text)
{
    static const char *const values[] = {"0",
                                         "-1",
                                         "-0",
                                         "007",
                                         "9007199254740991",
                                         "9007199254740993",
                                         "1.5x",
                                         "",
                                         "a\"b\\c\n",
                                         "18446744073709551615"};
    struct problem problem = {""};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct run_spec spec = make_spec(), back = {.workload = "here"};
        strcpy(spec.options.params[0].value, values[i]);
        spec.options.refused = REFUSED_STOP;
        spec.options.check = true;
        spec.options.step_units = UINT32_MAX;
        char hash[RUN_ID_CAP];
        char *json = run_spec_json(&spec, "0123");
        int err = run_spec_parse(&back, json, hash, &problem);
        cr_assert(eq(int, err, 0), "%s", problem.text);
        char *again = run_spec_json(&back, hash);
        cr_expect(eq(str, again, json));
        cr_expect(eq(str, back.workload, "here"));
        free(json);
        free(again);
    }
}

/* `json` with the first `from` in it replaced by `to`. */
static char *edited(const char *json, const char *from, const char *to)
{
    char *out = malloc(strlen(json) + strlen(to) + 1);
    const char *at = strstr(json, from);
    cr_assert(at != NULL);
    sprintf(out, "%.*s%s%s", (int)(at - json), json, to, at + strlen(from));
    return out;
}

Test(runid, a_text_that_is_wrong_is_refused_by_the_name_of_its_key)
{
    static const char *const edits[][3] = {
        {"\"heap_bytes\":65536", "\"heap_bytes\":-1", "heap_bytes"},
        {"\"heap_bytes\":65536", "\"heap_bytes\":1e99", "heap_bytes"},
        {"\"heap_bytes\":65536,", "", "heap_bytes"},
        {"\"skip\"", "\"never\"", "refused"},
        {"\"skip\"", "7", "refused"},
        {"\"marksweep\"", "12", "manager"},
        {"\"pins\":\"none\"", "\"pins\":[1]", "pins"},
        {"\"window_bytes\":1048576", "\"window_bytes\":1.5", "window_bytes"},
        {"\"window_bytes\":1048576", "\"window_bytes\":4294967296",
         "window_bytes"},
        {"{\"core\"", "[\"core\"", "JSON"},
        {"\"replay\":3", "\"replay\":99", "version 99"},
        {CORE_SOURCES_HASH, "0123", "other sources of core/"},
    };
    struct run_spec spec = make_spec(), back = {0};
    struct problem problem;
    char hash[RUN_ID_CAP];
    char *json = run_spec_json(&spec, "abcd");
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        char *bad = edited(json, edits[i][0], edits[i][1]);
        int err = run_spec_parse(&back, bad, hash, &problem);
        cr_expect(eq(int, err, ERR_INPUT), "%s", bad);
        cr_expect(strstr(problem.text, edits[i][2]) != NULL, "'%s'",
                  problem.text);
        free(bad);
    }
    free(json);
}

Test(runid, a_text_cut_anywhere_is_refused)
{
    struct run_spec spec = make_spec(), back = {0};
    struct problem problem;
    char hash[RUN_ID_CAP];
    char *json = run_spec_json(&spec, "abcd");
    for (size_t n = strlen(json); n-- > 0;) {
        json[n] = '\0';
        cr_expect(
            eq(int, run_spec_parse(&back, json, hash, &problem), ERR_INPUT));
    }
    free(json);
}
