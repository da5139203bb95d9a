# fraglab: one Makefile for all rooms; everything built lies below build/.
#
# Newcomers: `make demo` and `make test` install what they need first (Debian
# and its kin; elsewhere they say what is missing). `make help` lists the rest.

VERSION := 0.1.0
JOBS    ?= $(shell nproc 2>/dev/null || echo 2)
prefix  ?= /usr/local
dest     = $(DESTDIR)$(prefix)
put     := install -D
CC      := gcc

# SANITIZE=1 builds the same things below build/asan/, with the sanitizers of
# addresses and undefined behaviour and the core's own assertions compiled in.
ifeq ($(SANITIZE),1)
BUILD := build/asan
OPT   ?= -O1
CHECK := -fsanitize=address,undefined -fno-sanitize-recover=all \
         -fno-omit-frame-pointer -DCORE_CHECKS=1
else
BUILD := build
OPT   ?= -O2
CHECK :=
endif

WARN     := -Wall -Wextra -Wconversion -Wshadow -Wundef -Wvla \
            -Wstrict-prototypes -Wmissing-prototypes -Werror
ifeq ($(SANITIZE),1) # in instrumented code gcc sees conversions of its own
WARN     += -Wno-conversion -Wno-sign-conversion -Wno-maybe-uninitialized
endif
HOST     := -std=c11 -D_GNU_SOURCE -DFRAGLAB_VERSION='"$(VERSION)"' -I. -g \
            -ffile-prefix-map=$(CURDIR)=. $(OPT) $(CHECK)
LDLIBS   := -lsqlite3 -lcjson -lzstd -lz -lxxhash -lm

# Sources by folder, sorted, so that a build is the same everywhere.
CORE     := $(sort $(wildcard core/*.c core/compat/*.c))
MACHINE  := $(sort $(wildcard sim/machine/*.c))
HOST_SRC := $(CORE) $(MACHINE) $(sort $(wildcard sim/replay/*.c traces/*.c \
            traces/*/*.c analysis/*.c))
SUITES   := $(sort $(wildcard tests/test_*.c))
FIXTURES := $(filter-out $(SUITES),$(sort $(wildcard tests/*.c)))
FUZZ_EXE := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/fuzz/*.c)))
ALL_SRC  := $(HOST_SRC) $(SUITES) $(FIXTURES) $(sort $(wildcard tests/*/*.c))
HEADERS  := $(sort $(wildcard core/*.h core/*/*.h sim/*/*.h traces/*.h \
            traces/*/*.h analysis/*.h tests/*.h))

OBJ      := $(HOST_SRC:%.c=$(BUILD)/%.o)
TEST_EXE := $(SUITES:%.c=$(BUILD)/%)
BENCH_EXE := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/bench/*.c)))
ASSETS   := $(sort $(wildcard analysis/plots/* analysis/report/*))
GENERATED := build/schema.h build/assets.h build/core_hash.h build/machines.h
CONFIGS  := $(sort $(wildcard configs/machines/*.json))
LIBS     := $(if $(CORE),$(BUILD)/libfragcore.a) \
            $(if $(MACHINE),$(BUILD)/libfragsim.a)

# The core as machine code: the guest rule differs from the host's in flags.
GUESTS       := m0plus m3 m4 hazard3 rv32imac
m0plus_CC    := arm-none-eabi-gcc -mcpu=cortex-m0plus -mthumb
m3_CC        := arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb
m4_CC        := arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb -mfloat-abi=soft
hazard3_CC   := riscv64-unknown-elf-gcc -mabi=ilp32 \
                -march=rv32imac_zicsr_zifencei_zba_zbb_zbs_zbkb
rv32imac_CC  := riscv64-unknown-elf-gcc -mabi=ilp32 -march=rv32imac
GUEST_CFLAGS := -std=c11 -g -ffreestanding -fno-tree-loop-distribute-patterns \
                -ffile-prefix-map=$(CURDIR)=. -DCORE_ON_TARGET=1 -I. $(WARN)
GUEST_LD     := -nostdlib -nostartfiles -static -Wl,--build-id=none \
                -Wl,-T,core/guest/guest.ld
# gcc's own library of the flavour without the Zb extensions: for those,
# Debian's gcc falls back to a 64-bit one.
libgcc        = $(shell $($(1)_CC) $(if $(filter hazard3,$(1)),-march=rv32imac) \
                -print-libgcc-file-name)
MANAGERS     := $(shell sed -n 's/^MANAGER.\([a-z]*\),.*/\1/p' core/managers.def)
GUEST_HERE   := $(foreach g,$(GUESTS),$(if $(shell command -v \
                $(firstword $($(g)_CC)) 2>/dev/null),$(g)))
FLAVOURS     := $(foreach g,$(GUEST_HERE),$(g)-O2 $(g)-Os)
GUEST_OBJ    := $(foreach f,$(FLAVOURS),$(CORE:%.c=build/guest/$(f)/%.o))
# Managers that can take areas from an outer heap: again, with a tlsf one inside.
GROWING      := $(shell sed -n '/^MANAGER/h; \
                /CAP_GROW/{g; s/MANAGER.\([a-z]*\),.*/\1/p}' core/managers.def)
IMAGES       := $(foreach f,$(FLAVOURS),$(MANAGERS:%=build/guest/%-$(f).elf) \
                $(GROWING:%=build/guest/%-tlsf-$(f).elf))
# marksweep on a table of bytes: what its cycles are held against; not installed.
YARDSTICK    := marksweep marksweepcheck area areacheck mark grow
YARDSTICKS   := $(patsubst %,build/guest/bytewise-%-O2.elf,$(filter \
                hazard3 m0plus m4,$(GUEST_HERE)))
# What the demo runs as machine code, where there is a compiler for it.
DEMO_IMAGES  := $(filter %/marksweep-hazard3-O2.elf %/tlsf-hazard3-O2.elf,$(IMAGES))

# The toolchains' own mallocs as images, where their libraries are installed:
# newlib comes with Arm's, picolibc is a package of its own. As with libgcc, the
# flavour without the Zb extensions is linked: there is no other.
library       = $(wildcard $(shell $(1) -print-file-name=$(2) 2>/dev/null))
OUTSIDE      := $(foreach g,m0plus m3 m4,$(if $(call library,$($(g)_CC),libc_nano.a), \
                newlib-$(g) newlib-nano-$(g))) \
                $(if $(call library,$(rv32imac_CC),picolibc.specs),picolibc-hazard3)
IMAGES       += $(OUTSIDE:%=build/guest/%-O2.elf)

# V=1 shows the commands.
Q     := $(if $(V),,@)
again = $(MAKE) $(if $(V),,-s) --no-print-directory SANITIZE=$(SANITIZE) \
        $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS))

.DEFAULT_GOAL := all
.PHONY: all demo study test test-long check bench golden guests lint format \
        layers sizes fuzz fuzz-here install uninstall clean help
.DELETE_ON_ERROR:

## build the program, the libraries and, with cross compilers, the guests
all: $(BUILD)/fraglab $(LIBS) $(IMAGES)

## install what is missing, build, replay the samples, draw the report
demo:
	@bash tests/needs.sh demo
	@$(again) build/fraglab $(DEMO_IMAGES)
	@bash analysis/demo.sh build/fraglab configs/demo.list results/demo

## play the study of managers, rewrite README's tables and picture of it
study:
	@bash tests/needs.sh study
	@$(again) all
	@bash analysis/study.sh $(BUILD)/fraglab configs/studies/managers.json \
	    results/study/managers.db README.md results/readme $(JOBS)

## install what is missing, build everything, run every test
test:
	@bash tests/needs.sh test
	@$(again) all layers guests
	@$(again) check

## run the suites and program tests (built already); STRESS=1: more stress
check: $(BUILD)/fraglab $(TEST_EXE) $(YARDSTICKS)
	@$(if $(STRESS),FRAGLAB_STRESS=1) bash tests/run.sh $(BUILD) $(TEST_EXE)

## the tests that take hours: the same suites with FRAGLAB_LONG set
test-long:
	@bash tests/needs.sh test-long
	@$(again) all
	@FRAGLAB_LONG=1 SUITE_SECONDS=36000 $(again) check

## measure the speeds that the design promises, as ratios in one run
bench: $(BUILD)/fraglab $(BENCH_EXE) $(YARDSTICKS)
	@bash tests/bench.sh $(BUILD)

## compile the core for every target; nothing but the core may be called
guests: $(IMAGES)
	@bash tests/guests.sh build/guest $(GUESTS:%=%-O2) $(GUESTS:%=%-Os)

## code size and deepest stack of every manager, by target
sizes: $(BUILD)/fraglab $(IMAGES)
	@bash tests/sizes.sh build/guest $< "$(MANAGERS)" $(FLAVOURS)

## write anew what every manager must leave and cost (tests/golden/)
golden: $(BUILD)/fraglab $(IMAGES)
	@bash tests/golden.sh $(BUILD) --write

## formatting, clang-tidy and cppcheck; changes nothing
lint: $(GENERATED)
	@bash tests/lint.sh $(JOBS) $(VERSION) $(ALL_SRC) $(HEADERS)

## rewrite every source the way clang-format wants it
format:
	clang-format -i $(ALL_SRC) $(HEADERS)

## fail on an include that crosses a boundary, and on circles
layers:
	@bash tests/layers.sh

## put the program, its manual, the libraries and headers below prefix
install: all
	$(put) -m 755 $(BUILD)/fraglab $(dest)/bin/fraglab
	$(put) -m 644 -t $(dest)/lib $(LIBS)
	$(put) -m 644 -t $(dest)/include/fraglab/core $(wildcard core/*.h core/*.def)
	$(put) -m 644 -t $(dest)/include/fraglab/core/guest \
	    $(wildcard core/guest/*.[ch] core/guest/*.ld)
	$(put) -m 644 -t $(dest)/include/fraglab/core/compat core/compat/gc.h
	[ -z "$(IMAGES)" ] || $(put) -m 644 -t $(dest)/lib/fraglab/guest $(IMAGES)
	sed 's,@prefix@,$(prefix),; s,@version@,$(VERSION),' core/fragcore.pc.in \
	    > build/fragcore.pc
	$(put) -m 644 -t $(dest)/lib/pkgconfig build/fragcore.pc
	bash analysis/man.sh $(BUILD)/fraglab $(VERSION) > build/fraglab.1
	$(put) -m 644 -t $(dest)/share/man/man1 build/fraglab.1
	$(put) -m 644 analysis/completion.bash \
	    $(dest)/share/bash-completion/completions/fraglab

## take away what `make install` put there
uninstall:
	rm -rf $(dest)/include/fraglab $(dest)/lib/fraglab
	rm -f $(dest)/bin/fraglab $(LIBS:$(BUILD)/%=$(dest)/lib/%) \
	    $(dest)/lib/pkgconfig/fragcore.pc $(dest)/share/man/man1/fraglab.1 \
	    $(dest)/share/bash-completion/completions/fraglab

## feed damaged files to every reader, FUZZ_SECONDS (60) each
fuzz:
	@$(MAKE) --no-print-directory SANITIZE=1 fuzz-here
fuzz-here: $(FUZZ_EXE)
	@bash tests/fuzz.sh $(BUILD)

## remove everything that was built
clean:
	rm -rf build

## this list
help:
	@awk '/^## /{s=substr($$0,4)} /^[a-z-]+:/ && s{sub(/:.*/,"",$$1); \
	printf "  make %-10s %s\n",$$1,s; s=""}' Makefile

# core/compat is for programs that have a gc_collect of their own.
$(BUILD)/fraglab: $(filter-out $(BUILD)/core/compat/%,$(OBJ))
	@echo "  LD  $@"
	$(Q)$(CC) $(HOST) -o $@ $^ $(LDLIBS)

$(BUILD)/libfragcore.a: $(CORE:%.c=$(BUILD)/%.o)
$(BUILD)/libfragsim.a: $(MACHINE:%.c=$(BUILD)/%.o)
$(BUILD)/%.a:
	@echo "  AR  $@"
	$(Q)rm -f $@ && ar rcsD $@ $^

$(BUILD)/%.o: %.c Makefile | $(GENERATED)
	@mkdir -p $(@D) && echo "  CC  $@"
	$(Q)$(CC) $(HOST) $(WARN) -MMD -MP -c -o $@ $<

# Engines are one function of many cases: where its variables live at every
# line is not worth the minute that gcc would take to find out.
$(addprefix $(BUILD)/sim/machine/,cortex_m0.o cortex_m4.o): \
    HOST += -fno-var-tracking-assignments

# Every word of every object is written and compared: by vectors.
$(BUILD)/sim/replay/shadow_words.o: HOST += -O3

# A suite is one program. It takes what it needs from an archive of all else,
# so that it may define the core's outward calls itself. Criterion's macros
# break -Wconversion.
$(BUILD)/tests/%: tests/%.c $(BUILD)/tests/libfraglab.a Makefile
	@mkdir -p $(@D) && echo "  CC  $@"
	$(Q)$(CC) $(HOST) -Wall -Wextra -Werror -MMD -MP -MF $@.d -o $@ $< \
	    $(filter %.a,$^) -lcriterion $(LDLIBS)

$(BUILD)/tests/libfraglab.a: $(filter-out %/fraglab.o,$(OBJ)) \
    $(FIXTURES:%.c=$(BUILD)/%.o)

$(FIXTURES:%.c=$(BUILD)/%.o): $(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D) && echo "  CC  $@"
	$(Q)$(CC) $(HOST) -Wall -Wextra -Werror -MMD -MP -c -o $@ $<

$(BUILD)/tests/fuzz/%: tests/fuzz/%.c \
    $(filter-out %/fraglab.o $(BUILD)/core/compat/%,$(OBJ)) Makefile
	@mkdir -p $(@D) && echo "  CC  $@"
	$(Q)$(CC) $(HOST) $(WARN) -o $@ $(filter %.c %.o,$^) $(LDLIBS)

$(BUILD)/tests/bench/%: tests/bench/%.c $(GENERATED) Makefile
	@mkdir -p $(@D) && echo "  CC  $@"
	$(Q)$(CC) $(HOST) $(WARN) -o $@ $< -lsqlite3

define guest_rule
build/guest/$(1)-$(2)/%.o: %.c Makefile
	@mkdir -p $$(@D) && echo "  CC  $$@"
	$(Q)$$($(1)_CC) -$(2) $$(GUEST_CFLAGS) -MMD -MP -c -o $$@ $$<

# For size, gcc would copy four words by calling memcpy, from memcpy.
build/guest/$(1)-$(2)/core/guest/libc.o: core/guest/libc.c Makefile
	@mkdir -p $$(@D) && echo "  CC  $$@"
	$(Q)$$($(1)_CC) -O2 $$(GUEST_CFLAGS) -c -o $$@ $$<

build/guest/$(1)-$(2)/libcore.a: $(CORE:%.c=build/guest/$(1)-$(2)/%.o) \
    build/guest/$(1)-$(2)/core/guest/libc.o
	@rm -f $$@ && ar rcsD $$@ $$^

build/guest/%-$(1)-$(2).elf: core/guest/entry.c core/guest/guest.ld \
    build/guest/$(1)-$(2)/libcore.a Makefile
	@echo "  LD  $$@"
	$(Q)$$($(1)_CC) -$(2) $$(GUEST_CFLAGS) -DGUEST_MANAGER=$$* $$(GUEST_LD) \
	    -o $$@ $$(filter %.c %.a,$$^) $$(call libgcc,$(1))

# All of marksweep again: its yardstick has a table's header of its own.
build/guest/bytewise-$(1)-$(2).elf: tests/yardstick/bytewise.c \
    core/guest/entry.c core/guest/libc.c $(YARDSTICK:%=core/%.c) \
    tests/yardstick/core/atab.h core/guest/guest.ld $(wildcard core/*.h) Makefile
	@mkdir -p $$(@D) && echo "  LD  $$@"
	$(Q)$$($(1)_CC) -$(2) -Itests/yardstick $$(GUEST_CFLAGS) $$(GUEST_LD) \
	    -DGUEST_MANAGER=marksweep -o $$@ $$(filter %.c,$$^) $$(call libgcc,$(1))

build/guest/%-tlsf-$(1)-$(2).elf: core/guest/entry.c core/guest/outer.c \
    core/guest/guest.ld build/guest/$(1)-$(2)/libcore.a Makefile
	@echo "  LD  $$@"
	$(Q)$$($(1)_CC) -$(2) $$(GUEST_CFLAGS) -DGUEST_MANAGER=$$* $$(GUEST_LD) \
	    -o $$@ $$(filter %.c %.a,$$^) $$(call libgcc,$(1))
endef
$(foreach g,$(GUESTS),$(foreach o,O2 Os,$(eval $(call guest_rule,$(g),$(o)))))

# Name, target, and what links it.
define outside_rule
build/guest/outside/$(1)-$(2).o: core/guest/outside_malloc.c core/guest/abi.h \
    Makefile
	@mkdir -p $$(@D) && echo "  CC  $$@"
	$(Q)$$($(2)_CC) -O2 $$(GUEST_CFLAGS) -DOUTSIDE_NAME='"$(1)"' -c -o $$@ $$<

build/guest/$(1)-$(2)-O2.elf: build/guest/outside/$(1)-$(2).o \
    core/guest/outside.ld
	@echo "  LD  $$@"
	$(Q)$(3) -nostartfiles -static -Wl,--build-id=none,--no-gc-sections \
	    -T core/guest/outside.ld -o $$@ $$<
endef
$(foreach g,m0plus m3 m4,$(eval $(call outside_rule,newlib,$(g),$($(g)_CC)))\
    $(eval $(call outside_rule,newlib-nano,$(g),$($(g)_CC) --specs=nano.specs)))
$(eval $(call outside_rule,picolibc,hazard3,$(rv32imac_CC) \
    --specs=picolibc.specs))

# Texts as strings of C: the schema; the pictures' scripts and styles.
quoted = sed 's/[\\"]/\\&/g; s/.*/    "&\\n"/'

build/schema.h: analysis/schema.sql
	@mkdir -p $(@D)
	@{ echo 'static const char schema_sql[] ='; $(quoted) $<; echo '    ;'; } > $@

build/assets.h: $(ASSETS) Makefile
	@mkdir -p $(@D)
	@{ echo 'static const struct asset assets[] = {'; for f in $(ASSETS); do \
	echo "{\"$${f##*/}\","; $(quoted) $$f; echo '},'; done; echo '};'; } > $@

build/machines.h: $(CONFIGS) Makefile
	@mkdir -p $(@D)
	@{ echo 'static const struct machine_file machine_files[] = {'; \
	for f in $(CONFIGS); do n=$${f##*/}; echo "{\"$${n%.json}\","; \
	$(quoted) $$f; echo '},'; done; echo '};'; } > $@

# What makes a native run what it is: the core's sources.
build/core_hash.h: $(sort $(wildcard core/*.[ch] core/*.def))
	@mkdir -p $(@D)
	@echo "#define CORE_SOURCES_HASH \"$$(cat $^ /dev/null | sha256sum | \
	cut -c1-32)\"" > $@

-include $(OBJ:.o=.d) $(FIXTURES:%.c=$(BUILD)/%.d) $(TEST_EXE:%=%.d) $(GUEST_OBJ:.o=.d)
