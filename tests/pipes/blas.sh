#!/bin/bash
# --numerics fast: which library it takes, what it says of it, how many threads it leaves it, and what it refuses. The
# libraries are made up here, from a few lines of C.
set -u
command -v "${CC:-cc}" > /dev/null || { echo "skipped: no C compiler"; exit 77; }
log=$PWD/calls
export CL_ISA=base
unset CL_BLAS CL_NUMERICS OPENBLAS_CORETYPE OPENBLAS_L2_SIZE

cat > fake.c << 'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is called, in its order; products once. */
static void
note(const char *what)
{
    static char last[64];
    if (strcmp(last, what) == 0)
        return;
    snprintf(last, sizeof last, "%s", what);
    FILE *file = fopen(getenv("CALLS"), "a");
    fprintf(file, "%s %s\n", NAME, what);
    fclose(file);
}

#ifdef HAS_SGEMM
void
cblas_sgemm(int order, int ta, int tb, LENGTH m, LENGTH n, LENGTH k, float alpha, const float *A, LENGTH lda,
            const float *B, LENGTH ldb, float beta, float *C, LENGTH ldc)
{
    note("sgemm");
    if (order != 101)
        abort();
    for (LENGTH i = 0; i < m; i++)
        for (LENGTH j = 0; j < n; j++) {
            volatile float sum = 0;
            for (int turn = 0; turn < TURNS; turn++)
                sum += 1 - sum;
            sum = 0;
            for (LENGTH t = 0; t < k; t++)
                sum += (ta == 111 ? A[i * lda + t] : A[t * lda + i]) * (tb == 111 ? B[t * ldb + j] : B[j * ldb + t]);
            C[i * ldc + j] = alpha * sum + (beta == 0 ? 0 : beta * C[i * ldc + j]) + WRONG;
        }
}
#endif
#ifdef OPENBLAS
const char *openblas_get_config(void) { return "OpenBLAS 9.8.7 NO_AFFINITY Made up"; }
const char *openblas_get_corename(void) { return "Paper"; }
void openblas_set_num_threads(int n) { note(n == 1 ? "one thread" : "other threads"); }
#endif
#ifdef MKL
int MKL_Set_Interface_Layer(int layer) { note(layer == 0 ? "LP64" : "ILP64"); return layer; }
int MKL_Set_Threading_Layer(int layer) { note(layer == 1 ? "sequential" : "threaded"); return layer; }
int MKL_CBWR_Get_Auto_Branch(void) { return 12; }
void MKL_Get_Version_String(char *to, int n) { snprintf(to, (size_t) n, "Made up Library Version 2030.4-Product Build 1"); }
#endif
#ifdef BLIS
const char *bli_info_get_version_str(void) { return "1.2.3"; }
const char *bli_arch_string(int id) { return id == 3 ? "paper" : "stone"; }
int bli_arch_query_id(void) { return 3; }
void bli_thread_set_num_threads(long n) { note(n == 1 ? "one thread" : "other threads"); }
#endif
END
# library FILE -DWHAT ...: makes one.
library() {
    local file=$1
    shift
    "${CC:-cc}" -O1 -shared -fPIC -DNAME="\"$(basename "$file" .so)\"" -DLENGTH=int -DWRONG=0 -DTURNS=0 -w "$@" -o "$file" fake.c ||
        { echo "$file does not compile"; exit 1; }
}
# says FILE or nothing: the line of --version about it.
says() {
    CALLS=$log CL_BLAS=${1:-} cl-train -V 2>&1 | sed -n 's/^engine blas: //p' | sed "s,$PWD/,,g"
}
# refused STATUS SENTENCE COMMAND ...
refused() {
    local status=$1 sentence=$2 got
    shift 2
    got=$(CALLS=$log "$@" 2>&1 > out)
    check_eq "$status" $? "status of $*"
    check_eq "$sentence" "$(sed "s,$PWD/,,g" <<< "$got")" "what $* says"
    [ ! -s out ] || fail "$* writes"
}
check_eq() { [ "$1" = "$2" ] || fail "$3: $2, and should be: $1"; }
bad=0
fail() { echo "$*"; bad=1; }

# ---- what is said, and one thread ----

library ./open.so -DHAS_SGEMM -DOPENBLAS
library ./mkl.so -DHAS_SGEMM -DMKL
library ./blis.so -DHAS_SGEMM -DBLIS
library ./plain.so -DHAS_SGEMM
: > "$log"
check_eq 'OpenBLAS 9.8.7, Paper (open.so)' "$(says ./open.so)" OpenBLAS
check_eq 'MKL 2030.4, AVX-512 (mkl.so)' "$(says "$PWD/mkl.so")" MKL
check_eq 'BLIS 1.2.3, paper (blis.so)' "$(says ./blis.so)" BLIS
check_eq 'plain.so (plain.so)' "$(says ./plain.so)" 'one that says nothing'
printf '%s\n' 'open one thread' 'open sgemm' 'mkl LP64' 'mkl sequential' 'mkl sgemm' 'blis one thread' 'blis sgemm' \
    'plain sgemm' | cmp - "$log" || fail "calls are $(cat "$log")"

# ---- what is refused ----

points 200 70 2 | cl-ingest -q --task class > data.clt
library ./nothing.so
library ./long.so -DHAS_SGEMM -ULENGTH -DLENGTH='long long'
library ./wrong.so -DHAS_SGEMM -UWRONG -DWRONG=1
echo text > text.so
long="does not multiply right when lengths are 32 bits wide: is it one of 64-bit lengths (ILP64)? There is an LP64 one\
 beside it as a rule"
train="cl-train -q --numerics fast data.clt"
# shellcheck disable=SC2086 # words are meant
{
    refused 4 "cl-train: CL_BLAS: the library '/nowhere/lib.so' cannot be opened: cannot open shared object file:\
 No such file or directory" env CL_BLAS=/nowhere/lib.so $train
    refused 4 "cl-train: CL_BLAS: the library './text.so' cannot be opened: file too short" env CL_BLAS=./text.so $train
    refused 4 "cl-train: CL_BLAS: the library './nothing.so' has no cblas_sgemm, the product that a CBLAS has" \
        env CL_BLAS=./nothing.so $train
    refused 4 "cl-train: CL_BLAS: the library './long.so' $long" env CL_BLAS=./long.so $train
    refused 4 "cl-train: CL_BLAS: the library './wrong.so' $long" env CL_BLAS=./wrong.so $train
    refused 4 "cl-train: CL_BLAS: the library './nothing.so' has no cblas_sgemm, the product that a CBLAS has" \
        env CL_BLAS=./nothing.so cl-train --device blas data.clt
    refused 4 "cl-train: CL_BLAS: the library './nothing.so' has no cblas_sgemm, the product that a CBLAS has" \
        env CL_BLAS=./nothing.so CL_NUMERICS=fast cl-train data.clt
}
cl-train -q --epochs 1 -o model.ck data.clt || fail 'exact numerics need a library'
for tool in cl-predict cl-eval; do
    refused 4 "$tool: CL_BLAS: the library './nothing.so' has no cblas_sgemm, the product that a CBLAS has" \
        env CL_BLAS=./nothing.so $tool -m model.ck --numerics fast data.clt
done
CL_BLAS=./nothing.so cl-train -q --epochs 1 -o same.ck data.clt && cmp model.ck same.ck ||
    fail 'exact numerics look at CL_BLAS'

# ---- what the system has: files in LD_LIBRARY_PATH are found before others of their names ----

names='libblas.so.3 libcblas.so.3 libflexiblas.so.3 libmkl_rt.so.3 libmkl_rt.so.2 libopenblas.so.0 libopenblas.so.3
    libblis-mt.so.5 libblis-mt.so.4 libblis.so.5 libblis.so.4'
mkdir system
for name in $names; do cp text.so system/$name; done
has() { cp "$1" "system/$2"; }
system() { LD_LIBRARY_PATH=$PWD/system "$@"; }
refused 4 "cl-train: fast numerics need a CBLAS library, and there is none by any of the usual names, from libblas.so.3\
 to libopenblas.so.0 (apt install libopenblas0-pthread, name one by CL_BLAS=FILE, or use --numerics exact)" \
    system cl-train --device blas data.clt
has plain.so libblas.so.3
check_eq 'libblas.so.3 (system/libblas.so.3)' "$(system says)" 'only the reference BLAS'
has open.so libopenblas.so.0
check_eq 'OpenBLAS 9.8.7, Paper (system/libopenblas.so.0)' "$(system says)" 'OpenBLAS beside the reference BLAS'
has mkl.so libmkl_rt.so.2
check_eq 'MKL 2030.4, AVX-512 (system/libmkl_rt.so.2)' "$(system says)" 'MKL beside OpenBLAS'
has blis.so libblas.so.3
check_eq 'BLIS 1.2.3, paper (system/libblas.so.3)' "$(system says)" 'what the system prefers'
has long.so libblas.so.3
check_eq 'MKL 2030.4, AVX-512 (system/libmkl_rt.so.2)' "$(system says)" 'lengths that the system cannot mean'

# ---- what it does ----

# Wide layers go to the library that was asked for by name, and to no slow one by --numerics fast.
CALLS=$log CL_BLAS=./plain.so cl-train -v --epochs 2 --hidden 80,70 --device blas -o named.ck data.clt 2> said
grep -q '^cl-train: engine blas (plain.so, in 2 of 3 layers; base, ' said || fail "--device blas: $(cat said)"
library ./slow.so -DHAS_SGEMM -UTURNS -DTURNS=1000
CALLS=$log CL_BLAS=./slow.so cl-train -v --epochs 40 --patience 0 --hidden 80,70 --numerics fast -o fast.ck \
    data.clt 2> said
grep -q '^cl-train: engine blas (slow.so, where it is faster; ' said || fail "--numerics fast: $(cat said)"
grep -q '^cl-train: engine blas (slow.so, in 0 of 3 layers; ' said || fail "--numerics fast: $(cat said)"
cl-cat fast.ck > summary && grep -q 'slow.so, in 0 of 3 layers' summary ||
    fail "the checkpoint does not say what multiplied: $(cat summary)"
exit $bad
