/* fault.c - machine.h: what went wrong in the guest, and how it got there. */
#include "sim/machine/machine.h"

enum { SCAN_BYTES = 4096 }; /* of stack, for callers                         */

static const char *const kind_names[] = {
    [FAULT_NONE] = "no fault",
    [FAULT_UNDEFINED] = "undefined",
    [FAULT_UNPREDICTABLE] = "unpredictable",
    [FAULT_UNIMPLEMENTED] = "unimplemented",
    [FAULT_UNALIGNED] = "unaligned",
    [FAULT_UNMAPPED] = "unmapped",
    [FAULT_TRAP] = "trap",
    [FAULT_LOCKUP] = "lockup",
    [FAULT_STACK] = "stack",
};

void machine_fault(struct machine *m, enum fault_kind kind, uint32_t address,
                   const char *what)
{
    uint32_t word = 0;
    if (!machine_peek(m, m->pc, &word, 4))
        machine_peek(m, m->pc, &word, 2);
    m->fault = (struct fault){.kind = kind,
                              .pc = m->pc,
                              .word = word,
                              .address = address,
                              .what = what};
    m->stop = MACHINE_FAULTED;
}

uint32_t machine_backtrace(struct machine *m,
                           uint32_t out[MACHINE_CAP_BACKTRACE])
{
    uint32_t n = 0;
    uint32_t sp = m->r[m->core->stack_register];
    uint32_t link = m->r[m->core->link_register] & ~1u;
    if (m->core->is_return_address == NULL)
        return 0;
    if (m->core->is_return_address(m, link))
        out[n++] = link;
    for (uint32_t at = 0; at < SCAN_BYTES && n < MACHINE_CAP_BACKTRACE;
         at += 4) {
        uint32_t word;
        if (!machine_peek(m, (sp & ~3u) + at, &word, 4))
            break;
        word &= ~1u;
        if (m->core->is_return_address(m, word) &&
            (n == 0 || out[n - 1] != word))
            out[n++] = word;
    }
    return n;
}

/* Append as printf would; what does not fit is cut. */
__attribute__((format(printf, 3, 4))) static void append(char *out, size_t cap,
                                                         const char *format,
                                                         ...)
{
    size_t used = strlen(out);
    va_list args;
    va_start(args, format);
    vsnprintf(out + used, cap - used, format, args);
    va_end(args);
}

static void append_place(struct machine *m, char *out, size_t cap,
                         uint32_t address)
{
    const struct symbol *f =
        m->image == NULL ? NULL : image_function_at(m->image, address);
    append(out, cap, "0x%08x", address);
    if (f != NULL)
        append(out, cap, " (%s+%u)", f->name, address - f->address);
}

void machine_describe_fault(struct machine *m, char *out, size_t cap)
{
    const struct fault *f = &m->fault;
    uint32_t callers[MACHINE_CAP_BACKTRACE];
    out[0] = '\0';
    append(out, cap, "%s: %s at ", kind_names[f->kind],
           f->what == NULL ? "fault" : f->what);
    append_place(m, out, cap, f->pc);
    append(out, cap, ", instruction %08x", f->word);
    if (f->address != f->pc)
        append(out, cap, ", address 0x%08x", f->address);
    uint32_t n = machine_backtrace(m, callers);
    for (uint32_t i = 0; i < n && i < 8; i++) {
        append(out, cap, i == 0 ? ", called from " : ", ");
        append_place(m, out, cap, callers[i]);
    }
}
