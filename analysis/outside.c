/* outside.c - see outside.h. */
#include "analysis/outside.h"

#include <string.h>

#include "sim/replay/manager.h"

int outside_choose(struct run_spec *spec, struct guest_facts *facts,
                   const char *path, const char **machine,
                   struct problem *problem)
{
    static const char *const machines[] = {
        [IMAGE_ARM] = "cortex-m0plus",
        [IMAGE_RISCV] = "hazard3",
    };
    int err = guest_image_read(path, facts, problem);
    if (err < 0)
        return err;
    char *name = spec->options.manager;
    snprintf(name, sizeof spec->options.manager, "%s%s%s", OUTSIDE_MANAGER,
             facts->name[0] != '\0' ? ":" : "", facts->name);
    if (*machine == NULL)
        *machine = machines[facts->isa];
    return 0;
}

/* The entry point that `op` asks for, or may come to ask for; null: none. */
static const char *entry_for(const struct trace_op *op)
{
    switch (op->kind) {
    case TRACE_FREE:
    case TRACE_DEATH:
    case TRACE_FINALISE:
        return "guest_free";
    case TRACE_REALLOC:
        return "guest_realloc";
    case TRACE_REFUSED: /* asked again; granted, it is freed at once */
        return op->what == TRACE_REALLOC ? "guest_realloc" : "guest_free";
    case TRACE_COLLECT:
        return op->what == TRACE_COLLECT_ALL ? "guest_free" : NULL;
    case TRACE_CONTROL:
        return op->what == TRACE_CONTROL_RESET ? "guest_free" : NULL;
    default:
        return NULL;
    }
}

static bool lacks(const struct guest_facts *facts, const char *entry)
{
    if (entry == NULL)
        return false;
    return strcmp(entry, "guest_free") == 0 ? !facts->has_free
                                            : !facts->has_realloc;
}

int outside_check_needs(const struct run_spec *spec,
                        const struct guest_facts *facts,
                        struct problem *problem)
{
    struct workload *w;
    struct trace_op op;
    if ((facts->has_free && facts->has_realloc) ||
        strcmp(spec->workload, "-") == 0)
        return 0;
    int err = workload_open(&w, spec->workload, NULL, problem);
    if (err < 0)
        return err;
    while ((err = workload_next(w, NULL, &op, problem)) > 0) {
        const char *entry = entry_for(&op);
        if (!lacks(facts, entry))
            continue;
        err = workload_fail(w, &op, problem, ERR_INPUT,
                            "this needs %s, which %.200s does not have", entry,
                            spec->image);
        break;
    }
    workload_close(w);
    return err;
}
