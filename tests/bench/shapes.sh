#!/bin/bash
# The products of a layer, exact against CBLAS: GF/s on one core of our kernels and of the library of --numerics fast,
# for the layers of the networks of train.sh and for square ones, by instruction set. Where the library is not ahead,
# --numerics fast does not use it.
#
# The library is told to use kernels of the same instruction set, or of the next one it has, in the words of OpenBLAS
# and MKL; what it says it took stands above its column. Where the exact kernels are the best ones of the machine,
# it chooses by itself, as it would in a run.
#
#   CL_BENCH_SHAPES='KIND:ROWSxINxOUT ..'  other products; KIND is forward, backward or gradient
#   CL_BENCH_ISAS='ISA ..'                 some of avx512 avx2 neon base
#   CL_BLAS=FILE                           another library
set -u -o pipefail
slowest=1e8 # operations of a product that base, which has no vector fma, is still asked for
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE MKL_ENABLE_INSTRUCTIONS

# layer ROWS IN OUT: its three products; of the first layer of a network (FIRST=1) nobody wants the one backward.
layer() {
    echo "forward:$1x$2x$3"
    [ "${first:-0}" = 1 ] || echo "backward:$1x$2x$3"
    echo "gradient:$1x$2x$3"
}
network() {
    local batch=$1 first=1
    shift
    while [ $# -gt 1 ]; do
        layer "$batch" "$1" "$2"
        first=0
        shift
    done
}
products() {
    network 32 28 64 32 1
    network 256 28 64 32 1
    network 128 784 400 400 10
    network 256 784 1024 1024 10
    network 1024 64 4096 4096 1
    for n in 32 48 64 96 128 192 256 512 1024; do layer $n $n $n; done
}
shapes=${CL_BENCH_SHAPES:-$(products)}

# column NAME COMMAND ...: a number for each shape, "-" where nobody asks for it, into the file NAME.
column() {
    local name=$1 shape
    shift
    for shape in $shapes; do
        # shellcheck disable=SC2046,SC2086 # words are meant
        if [ $isa = base ] && awk -v s=$slowest -v shape="${shape#*:}" \
            'BEGIN { split(shape, n, "x"); exit !(2 * n[1] * n[2] * n[3] > s) }'; then
            echo -
        else
            "$@" ${shape/:/ } || { touch failed; echo -; }
        fi
    done > "$name"
}

rm -f failed
for isa in ${CL_BENCH_ISAS:-avx512 avx2 neon base}; do
    CL_ISA=$isa shapes ours > name 2> said || continue
    case $isa in
    avx2) core='OPENBLAS_CORETYPE=Haswell MKL_ENABLE_INSTRUCTIONS=AVX2' ;;
    base) core='OPENBLAS_CORETYPE=Nehalem MKL_ENABLE_INSTRUCTIONS=SSE4_2' ;;
    *) core= ;;
    esac
    peak=$(peak_fma $isa 1 2> said || echo 0)
    echo
    column ours env CL_ISA=$isa shapes ours
    # shellcheck disable=SC2086 # words are meant
    if env $core shapes library > library.name 2> said; then
        column library env $core shapes library
    else
        sed 's/^/no library: /' said
        echo none > library.name
        for _ in $shapes; do echo -; done > library
    fi
    # shellcheck disable=SC2086 # words are meant
    printf '%s\n' $shapes | paste -d ' ' - ours library | awk -v isa=$isa -v peak="$peak" -v library="$(cat library.name)" '
        BEGIN {
            printf "exact: %s", isa
            if (peak > 0)
                printf ", peak of its fma %.0f GF/s", peak
            printf "; CBLAS: %s\n", library
            printf "  %-9s %18s %10s %10s %8s", "product", "rows x in x out", "exact", "CBLAS", "exact/it"
            if (peak > 0)
                printf " %10s", "of peak"
            print ""
        }
        {
            split($1, at, ":")
            printf "  %-9s %18s %10s %10s", at[1], at[2], $2, $3
            printf " %8s", ($2 > 0 && $3 > 0) ? sprintf("%.2f", $2 / $3) : "-"
            if (peak > 0)
                printf " %8.0f %%", 100 * $2 / peak
            print ""
        }'
done
rm -f name said ours library library.name
[ ! -e failed ]
