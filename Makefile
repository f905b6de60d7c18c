# cl: continual learning as Unix filters. The only build file.
#
#   make            build everything under build/
#   make demo       set up, build, train on a real CSV, show the evaluation
#   make test       set up, build, run every test; ends in one line "N passed, N failed, N skipped"
#
# Honours CC CFLAGS CPPFLAGS LDFLAGS PREFIX DESTDIR. BUILD chooses another build folder.

BUILD ?= build
CC ?= cc
PREFIX ?= /usr/local
CFLAGS ?= -O2 -g
WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes
ALL_CFLAGS = -std=gnu11 $(CFLAGS) $(WARN) -ffp-contract=off -fno-math-errno -ffunction-sections -fdata-sections \
	-pthread -D_GNU_SOURCE -Icommon -Iformats -Ikernels -Ikernels/learn $(CPPFLAGS)
ALL_LDFLAGS = -Wl,--as-needed -Wl,--gc-sections -pthread $(LDFLAGS)
LIBS = -lmsgpackc -lzstd -lxxhash -lz -ldl -lm

SRC := $(wildcard common/*.c formats/*.c kernels/*.c kernels/*/*.c)
OBJ := $(SRC:%.c=$(BUILD)/%.o)
TOOLS := $(patsubst tools/%.c,%,$(wildcard tools/cl-*.c))
UNIT := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c tests/engines/test_*.c))

all: $(TOOLS:%=$(BUILD)/%)

$(BUILD)/libcl.a: $(OBJ)
	@rm -f $@
	$(AR) rcs $@ $(OBJ)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ISA_CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/cl-%: $(BUILD)/tools/cl-%.o $(BUILD)/libcl.a
	$(CC) $(ALL_CFLAGS) $< $(BUILD)/libcl.a $(ALL_LDFLAGS) $(LIBS) -o $@

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(BUILD)/libcl.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $< $(BUILD)/libcl.a $(ALL_LDFLAGS) -lcmocka $(LIBS) -o $@

# One kernel source, compiled once per instruction set; picked at run time.
$(BUILD)/kernels/cpu/isa_avx512.o: ISA_CFLAGS = -O3 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mprefer-vector-width=512
$(BUILD)/kernels/cpu/isa_avx2.o: ISA_CFLAGS = -O3 -mavx2 -mfma
$(BUILD)/kernels/cpu/isa_base.o: ISA_CFLAGS = -O3

-include $(OBJ:.o=.d) $(wildcard $(BUILD)/tools/*.d $(BUILD)/tests/*/*.d)
.SECONDARY:
.PHONY: all
