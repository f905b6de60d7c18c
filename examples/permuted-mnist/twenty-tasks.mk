# What permuted-mnist and rotated-mnist have in common; KIND, RATE and HERE are set by their Makefiles.
CL ?= ../../build
export PATH := $(abspath $(CL)):$(PATH)
SHELL = bash
.SHELLFLAGS = -eu -o pipefail -c
MNIST ?= ../../../shared/data/mnist
SEEDS ?= 2 3 4 5 6
STRATEGIES ?= none joint replay-200 replay-500 der-200 der-500
export RATE
export TASKS ?= 20
export THREADS ?= 1

RUNS := $(foreach m,$(STRATEGIES),$(foreach s,$(SEEDS),runs/$(KIND)-$(m)-$(s).txt))
AWK = ../split-mnist/beside-papers.awk

ifeq ($(wildcard $(MNIST)/train-images*),)
all:
	@echo "$(KIND)-mnist: skipped: no MNIST in $(MNIST) (make MNIST=FOLDER, with the four IDX files, packed or not)"
else
all: $(RUNS)
	@awk -f $(AWK) papers.txt $(RUNS)
endif

# runs/permuted-der-200-2.txt: one run
DATA = $(addprefix data/,train-images train-labels test-images test-labels)
define run_rule
runs/$(KIND)-$(1)-%.txt: $(HERE)twenty-tasks.sh tasks $(DATA)
	@mkdir -p runs
	$(HERE)twenty-tasks.sh $(KIND) $(1) $$* runs/$(KIND)-$(1)-$$* > $$@
endef
$(foreach m,$(STRATEGIES),$(eval $(call run_rule,$(m))))

# The four files, unpacked.
unpack = @mkdir -p data && f=$$(ls $(MNIST)/$(1)* | head -n 1) && \
	case $$f in *.zst) zstd -dcq $$f ;; *.gz) gzip -dc $$f ;; *) cat $$f ;; esac > $@
data/train-images:
	$(call unpack,train-images)
data/train-labels:
	$(call unpack,train-labels)
data/test-images:
	$(call unpack,t10k-images)
data/test-labels:
	$(call unpack,t10k-labels)

tasks: $(HERE)tasks.c
	$(CC) -O2 -Wall -Wextra -o $@ $< -lm

clean:
	rm -rf runs data tasks

.DELETE_ON_ERROR:
.PHONY: all clean
