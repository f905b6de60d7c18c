#!/bin/bash
# One training step of the cpu engine on one core: narrow and wide networks, every instruction set.
set -u
for isa in avx512 avx2 base; do
    export CL_ISA=$isa
    steps 28-64-32-1 32 28-64-32-1 256 28-100-1 32 28-64-32-10 32 2> isa.err || sed 's/^/skipped: /' isa.err
    steps -d 28-64-32-1 32 2> /dev/null
done
unset CL_ISA
steps 784-400-400-10 128
