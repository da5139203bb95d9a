/*
 * entry.c - the guest interface (abi.h), spelled for the manager that the
 * build names: -DGUEST_MANAGER=marksweep
 *
 * The window's address is a constant, so that the manager gets its heap in
 * one instruction, as firmware would have it.
 */
#include "core/guest/abi.h"
#include "core/host.h"

#define TEXT_OF(x) #x
/* clang-format off */
#define HEADER_OF(name) TEXT_OF(core/name.h)
/* clang-format on */
#include HEADER_OF(GUEST_MANAGER)

#define JOIN_NAMES(a, b) a##_##b
#define JOIN(a, b)       JOIN_NAMES(a, b)
#define VERB(verb)       JOIN(GUEST_MANAGER, verb)

enum {
#define MANAGER(name, capabilities, summary) CAPS_##name = (capabilities),
#include "core/managers.def"
#undef MANAGER
};

const uint32_t guest_abi_version = GUEST_ABI_VERSION;
const uint32_t guest_caps = JOIN(CAPS, GUEST_MANAGER);

/* What a manager may lack: called only if it is there. */
uint32_t VERB(collect)(struct heap *h, uint32_t kind) __attribute__((weak));
uint32_t VERB(control)(struct heap *h, uint32_t what, uint32_t value)
    __attribute__((weak));
uint32_t VERB(add_area)(struct heap *h, addr32 address, uint32_t bytes)
    __attribute__((weak));
uint32_t VERB(step)(struct heap *h, uint32_t units) __attribute__((weak));
uint32_t VERB(promote)(struct heap *h, addr32 object) __attribute__((weak));
void VERB(pin)(struct heap *h, addr32 object) __attribute__((weak));
void VERB(unpin)(struct heap *h, addr32 object) __attribute__((weak));

static inline struct heap *heap(void)
{
    return (struct heap *)GUEST_WINDOW;
}

uint32_t guest_init(uint32_t window, uint32_t heap_bytes, uint32_t params)
{
    return VERB(init)(heap(), window, heap_bytes,
                      (const struct VERB(params) *)params);
}

uint32_t guest_alloc(uint32_t bytes, uint32_t flags, uint32_t align)
{
    (void)align;
    return VERB(alloc)(heap(), bytes, flags);
}

void guest_free(uint32_t object)
{
    VERB(free)(heap(), object);
}

uint32_t guest_realloc(uint32_t object, uint32_t bytes, uint32_t flags)
{
    return VERB(realloc)(heap(), object, bytes, (flags & 1) != 0);
}

void guest_store(uint32_t object, uint32_t word, uint32_t value)
{
    VERB(store)(heap(), object, word, value);
}

uint32_t guest_collect(uint32_t kind)
{
    return VERB(collect) != 0 ? VERB(collect)(heap(), kind) : 0;
}

uint32_t guest_control(uint32_t what, uint32_t value)
{
    return VERB(control) != 0 ? VERB(control)(heap(), what, value) : 0;
}

uint32_t guest_add_area(uint32_t address, uint32_t bytes)
{
    return VERB(add_area) != 0 ? VERB(add_area)(heap(), address, bytes) : 0;
}

uint32_t guest_deref(uint32_t object, uint32_t byte)
{
    return VERB(deref)(heap(), object, byte);
}

uint32_t guest_step(uint32_t units)
{
    return VERB(step) != 0 ? VERB(step)(heap(), units) : 0;
}

uint32_t guest_promote(uint32_t object)
{
    return VERB(promote) != 0 ? VERB(promote)(heap(), object) : 0;
}

void guest_pin(uint32_t object)
{
    if (VERB(pin) != 0)
        VERB(pin)(heap(), object);
}

void guest_unpin(uint32_t object)
{
    if (VERB(unpin) != 0)
        VERB(unpin)(heap(), object);
}

void guest_nop(void)
{
}

/*
 * The stubs. The host stops before their first instruction and answers in
 * their place; the barrier keeps the compiler from knowing what they return.
 */
__attribute__((noinline)) void guest_on_finalise(uint32_t object)
{
    __asm__ volatile("" : : "r"(object) : "memory");
}

__attribute__((noinline)) uint32_t guest_more(uint32_t what, uint32_t value)
{
    uint32_t answer = 0;
    __asm__ volatile("" : "+r"(answer) : "r"(what), "r"(value) : "memory");
    return answer;
}

void heap_on_finalise(struct heap *h, addr32 object)
{
    (void)h;
    guest_on_finalise(object);
}

uint32_t heap_more(struct heap *h, uint32_t what, uint32_t value)
{
    (void)h;
    return guest_more(what, value);
}
