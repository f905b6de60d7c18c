# cl: continual learning as Unix filters. The only build file.
#
#   make            build everything under build/
#   make demo       set up, build, train on a real CSV, show the evaluation
#   make test       set up, build, run every test; ends in one line "N passed, N failed, N skipped"
#                   T='PATTERN ...' picks tests, UPDATE=1 records the expected output of cli tests anew
#   make test-asan  the same under the address and undefined-behaviour sanitizers
#   make bench      measure on real data (B='PATTERN ...' picks scripts of tests/bench)
#   make fuzz       run the fuzz targets with clang's libFuzzer, FUZZ_SECONDS each
#   make check-arm  the engine tests and pinned digests on 64-bit ARM, emulated; skipped where its tools are missing
#   make lint       layering, style, man pages, shell scripts
#   make format     run clang-format on every C file
#   make install    PREFIX=/usr/local DESTDIR=; and make uninstall
#   make dist       build/cl-VERSION.tar.gz of the last commit
#   make clean
#
# Honours CC CFLAGS CPPFLAGS LDFLAGS PREFIX DESTDIR, and CC_FOR_BUILD where CC makes programs for another machine. BUILD
# chooses another build folder. With CI set, warnings are errors. V=1 shows whole commands. SETUP=check never installs anything: it says what is missing.

BUILD ?= build
CC ?= cc
PREFIX ?= /usr/local
CFLAGS ?= -O2 -g
WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes $(if $(CI),-Werror)
ALL_CFLAGS = -std=gnu11 $(CFLAGS) $(WARN) -ffp-contract=off -fno-math-errno -ffunction-sections -fdata-sections \
	-pthread -D_GNU_SOURCE -Icommon -Iformats -Iformats/ingest -Iformats/scan -Ikernels -Ikernels/learn -Ikernels/learn/drift \
	$(CPPFLAGS)
ALL_LDFLAGS = -Wl,--as-needed -Wl,--gc-sections -pthread $(LDFLAGS)
LIBS = $(LIBS_MSGPACK) -lzstd -lxxhash -lz -ldl -lm
VERSION = $(shell sed -n 's/^.define CL_VERSION "\(.*\)"/\1/p' common/version.h)
FUZZ_SECONDS ?= 10
# V=1 shows whole command lines.
say = @$(if $(V),:,echo '  ')
run = $(if $(V),,@)
SANITIZE = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined

SRC := $(wildcard common/*.c formats/*.c formats/*/*.c kernels/*.c kernels/*/*.c kernels/*/*/*.c)
OBJ := $(SRC:%.c=$(BUILD)/%.o) $(BUILD)/formats/powers_table.o
TOOLS := $(patsubst tools/%.c,%,$(wildcard tools/cl-*.c))
PROGRAMS := $(TOOLS:%=$(BUILD)/%)
UNIT := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c tests/engines/test_*.c))
HELPERS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/helpers/*.c))
FUZZ := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/fuzz/fuzz_*.c))
MAN := $(wildcard man/*.[157])
COMPLETIONS := $(TOOLS:%=$(BUILD)/completions/bash/%) $(TOOLS:cl-%=$(BUILD)/completions/zsh/_cl-%) \
	$(TOOLS:%=$(BUILD)/completions/fish/%.fish)

all: $(PROGRAMS)

# What the build needs from the system: found, and for `demo` and the tests installed, before anything else.
SETUP ?= $(if $(filter demo test test-asan,$(MAKECMDGOALS)),install,check)
ifneq ($(filter-out clean uninstall dist format lint check-arm,$(or $(MAKECMDGOALS),all)),)
include $(BUILD)/config.mk
ifneq ($(filter test test-asan,$(MAKECMDGOALS)),)
include $(BUILD)/config-test.mk
endif
endif
$(BUILD)/config.mk: build-aux/setup.sh
	@CC='$(CC)' build-aux/setup.sh $(SETUP) build $@
$(BUILD)/config-test.mk: build-aux/setup.sh | $(BUILD)/config.mk
	@CC='$(CC)' build-aux/setup.sh $(SETUP) test $@

# Other flags or other sources than last time: build again.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS)' | cmp -s - $@ || echo '$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS)' > $@
$(BUILD)/sources: FORCE
	@mkdir -p $(@D)
	@echo '$(OBJ)' | cmp -s - $@ || echo '$(OBJ)' > $@

$(BUILD)/libcl.a: $(OBJ) $(BUILD)/sources
	$(say) AR $@
	$(run)rm -f $@ && $(AR) rcs $@ $(OBJ)

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(say) CC $<
	$(run)$(CC) $(ALL_CFLAGS) $(ISA_CFLAGS) -MMD -MP -c $< -o $@

# A table that is computed: a program of the machine that builds writes its source.
CC_FOR_BUILD ?= $(CC)
$(BUILD)/build-aux/powers: build-aux/powers.c formats/powers.h
	@mkdir -p $(@D)
	$(say) HOSTCC $<
	$(run)$(CC_FOR_BUILD) -std=gnu11 -O1 $(WARN) -Iformats $< -o $@
$(BUILD)/formats/powers_table.c: $(BUILD)/build-aux/powers
	@mkdir -p $(@D)
	$(say) GEN $@
	$(run)$< > $@
$(BUILD)/formats/powers_table.o: $(BUILD)/formats/powers_table.c $(BUILD)/flags
	$(say) CC $<
	$(run)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

# What cl-drift prints is a file of its own.
$(BUILD)/cl-drift: $(BUILD)/tools/drift_text.o

# tools/training.c and tools/solving.c are what cl-train and cl-tune share.
$(BUILD)/cl-train $(BUILD)/cl-tune: $(BUILD)/tools/training.o $(BUILD)/tools/solving.o
$(BUILD)/cl-tune: $(BUILD)/tools/streaming.o $(BUILD)/tools/streaming_options.o $(BUILD)/tools/forgetting.o $(BUILD)/tools/growing.o $(BUILD)/tools/tuning.o

# cl-eval: rows to metrics, and the matrix of several models.
$(BUILD)/cl-eval: $(BUILD)/tools/evaluating.o $(BUILD)/tools/comparing.o

$(BUILD)/cl-%: $(BUILD)/tools/cl-%.o $(BUILD)/libcl.a
	$(say) LD $@
	$(run)$(CC) $(ALL_CFLAGS) $(filter %.o,$^) $(BUILD)/libcl.a $(ALL_LDFLAGS) $(LIBS) -o $@

$(UNIT) $(HELPERS): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/libcl.a
	$(say) LD $@
	$(run)$(CC) $(ALL_CFLAGS) $< $(BUILD)/libcl.a $(ALL_LDFLAGS) -lcmocka $(LIBS) -o $@

# A fuzz target and something that feeds it: our driver, which replays a corpus, or libFuzzer.
FUZZ_DRIVER = $(BUILD)/tests/fuzz/driver.o
$(FUZZ): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/tests/fuzz/driver.o $(BUILD)/libcl.a
	$(say) LD $@
	$(run)$(CC) $(ALL_CFLAGS) $< $(FUZZ_DRIVER) $(BUILD)/libcl.a $(ALL_LDFLAGS) $(LIBS) -o $@

# One kernel source, compiled once per instruction set; picked at run time.
ifneq ($(filter x86_64% amd64%,$(shell $(CC) -dumpmachine 2>/dev/null)),)
# common/isa.h says what each set contains.
AVX2_CFLAGS = -O3 -mavx2 -mfma -mbmi -mbmi2 -mpclmul -mpopcnt
AVX512_CFLAGS = $(AVX2_CFLAGS) -mavx512f -mavx512bw -mavx512dq -mavx512vl -mprefer-vector-width=512
$(BUILD)/kernels/cpu/isa_avx512.o: ISA_CFLAGS = $(AVX512_CFLAGS) -fno-trapping-math
$(BUILD)/kernels/cpu/isa_avx2.o: ISA_CFLAGS = $(AVX2_CFLAGS) -fno-trapping-math
$(BUILD)/formats/scan/%_avx512.o: ISA_CFLAGS = $(AVX512_CFLAGS)
$(BUILD)/formats/scan/%_vbmi2.o: ISA_CFLAGS = $(AVX512_CFLAGS) -mavx512vbmi2
$(BUILD)/formats/scan/%_avx2.o $(BUILD)/common/%_avx2.o: ISA_CFLAGS = $(AVX2_CFLAGS)
endif
$(BUILD)/kernels/cpu/isa_base.o $(BUILD)/kernels/cpu/isa_neon.o: ISA_CFLAGS = -O3 -fno-trapping-math
$(BUILD)/formats/scan/%_base.o $(BUILD)/formats/scan/%_neon.o: ISA_CFLAGS = -O3
$(BUILD)/formats/array_floats.o $(BUILD)/common/tally_base.o $(BUILD)/common/columns_base.o: ISA_CFLAGS = -O3

demo: all
	@PATH="$(abspath $(BUILD)):$$PATH" examples/demo.sh $(BUILD)/demo

tests: $(UNIT) $(HELPERS) $(FUZZ)

test: all tests
	@tests/run.sh --build $(BUILD) $(if $(UPDATE),--record) $(T)

test-asan:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan CFLAGS='$(SANITIZE)' LDFLAGS='$(LDFLAGS)' SETUP=$(SETUP) test

bench: all $(HELPERS)
	@BUILD=$(BUILD) tests/bench/run.sh $(B)

fuzz:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC=clang CFLAGS='$(SANITIZE) -fsanitize=fuzzer-no-link' \
		FUZZ_DRIVER=-fsanitize=fuzzer fuzz-run
fuzz-run: $(FUZZ)
	@build-aux/fuzz.sh $(BUILD) $(FUZZ_SECONDS)

check-arm:
	@MAKE='$(MAKE)' build-aux/check-arm.sh $(abspath $(BUILD))

lint:
	@build-aux/lint.sh --build $(BUILD)

format:
	clang-format -i $(wildcard common/*.[ch] formats/*.[ch] formats/*/*.[ch] kernels/*.[ch] kernels/*/*.[ch] kernels/*/*/*.[ch] tools/*.[ch] tests/*/*.[ch])

completions: $(COMPLETIONS)
$(BUILD)/completions/bash/%: $(BUILD)/%
	@mkdir -p $(@D)
	$< --completion bash > $@
$(BUILD)/completions/zsh/_%: $(BUILD)/%
	@mkdir -p $(@D)
	$< --completion zsh > $@
$(BUILD)/completions/fish/%.fish: $(BUILD)/%
	@mkdir -p $(@D)
	$< --completion fish > $@

install: all completions
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5 \
		$(DESTDIR)$(PREFIX)/share/man/man7 $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
		$(DESTDIR)$(PREFIX)/share/zsh/site-functions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(filter %.1,$(MAN)) $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 $(filter %.5,$(MAN)) $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 644 $(filter %.7,$(MAN)) $(DESTDIR)$(PREFIX)/share/man/man7
	install -m 644 $(BUILD)/completions/bash/* $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 644 $(BUILD)/completions/zsh/* $(DESTDIR)$(PREFIX)/share/zsh/site-functions
	install -m 644 $(BUILD)/completions/fish/* $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d

uninstall:
	rm -f $(TOOLS:%=$(DESTDIR)$(PREFIX)/bin/%) \
		$(foreach s,1 5 7,$(patsubst man/%,$(DESTDIR)$(PREFIX)/share/man/man$(s)/%,$(filter %.$(s),$(MAN)))) \
		$(TOOLS:%=$(DESTDIR)$(PREFIX)/share/bash-completion/completions/%) \
		$(TOOLS:%=$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_%) \
		$(TOOLS:%=$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/%.fish)

dist:
	@mkdir -p $(BUILD)
	git archive --prefix=cl-$(VERSION)/ HEAD | gzip -9n > $(BUILD)/cl-$(VERSION).tar.gz

clean:
	rm -rf $(BUILD)

-include $(OBJ:.o=.d) $(wildcard $(BUILD)/tools/*.d $(BUILD)/tests/*/*.d)
FORCE:
.SECONDARY:
.DELETE_ON_ERROR:
.PHONY: all demo tests test test-asan bench fuzz fuzz-run check-arm lint format completions install uninstall dist clean FORCE
