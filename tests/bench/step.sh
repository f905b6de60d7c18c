#!/bin/bash
# One training step of the cpu engine on one core: a narrow network with every instruction set, then what else it may
# have, other networks, and a wide one.
set -u
for isa in avx512 avx2 base; do
    CL_ISA=$isa steps 28-64-32-1 32 28-64-32-1 256 2> isa.err || sed 's/^/skipped: /' isa.err
done
for more in '-a gelu' '-p 0.2' '-c 1' '-w' '-k 4' '-n'; do
    echo "$more"
    steps $more 28-64-32-1 32
done
echo
steps 28-64-32-10 32 28-100-1 32 784-400-400-10 128
