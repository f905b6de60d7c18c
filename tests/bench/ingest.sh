#!/bin/bash
# Reading CSV: cl-ingest against wc -l, cat, and pandas, Polars and DuckDB where a Python has them; all read from the
# page cache, best of three runs. The files are made by tests/helpers/sample.c, one at a time: 240 MB of disk.
#
#   CL_BENCH_ROWS=N          rows of the first file, others in proportion [1000000]
#   CL_BENCH_FILES='KIND..'  some of physics, digits, quoted, wide
#   CL_BENCH_PEERS=no        only cl-ingest, wc and cat
#   CL_PEERS_PYTHON=PYTHON   the Python that has the others [python3]
#   CL_BENCH_PROFILE=no      without the part that perf prints
set -u -o pipefail
trap 'rm -f data.csv data.perf* peers.py tiny.* said used' EXIT
rows=${CL_BENCH_ROWS:-1000000}
python=${CL_PEERS_PYTHON:-python3}

# seconds COMMAND ...: the best of three runs, and the processor time of that one: both in seconds.
TIMEFORMAT='%3U %3S'
seconds() {
    local start end
    for _ in 1 2 3; do
        start=$EPOCHREALTIME
        { time "$@" > /dev/null 2> said; } 2> used || { cat said >&2; echo "$* failed" >&2; touch failed; }
        end=$EPOCHREALTIME
        awk -v a="$start" -v b="$end" '{ print b - a, $1 + $2 }' used
    done | sort -g | head -n 1
}
# line WHAT TIMES: of seconds(), as speed, and as a multiple of the time of wc -l. On a busy machine look at the
# processor time: what others take is not in it.
line() {
    awk -v what="$1" -v times="$2" -v bytes="$bytes" -v wc="${wc% *}" 'BEGIN {
        split(times, at, " ")
        s = at[1]
        printf "  %-38s %6.0f MB/s %8.1f ms %8.0f ms %10.2f\n", what, bytes / s / 1e6, s * 1e3, at[2] * 1e3, s / wc }'
}

# What this cl-ingest can choose from.
printf 'a,b\n1,2\n' > tiny.csv
isas=()
if ! CL_ISA=none cl-ingest tiny.csv > tiny.clt 2> /dev/null; then
    for isa in avx512 avx2 base; do
        CL_ISA=$isa cl-ingest tiny.csv > tiny.clt 2> /dev/null && isas+=("$isa")
    done
fi
[ ${#isas[@]} -gt 0 ] || isas=('')
threads=('')
cl-ingest --threads 1 tiny.csv > tiny.clt 2> /dev/null && threads=(1 2)

# ingest ISA THREADS: of data.csv.
ingest() {
    local options=()
    [ -z "$2" ] || options+=(--threads "$2")
    if [ -z "$1" ]; then
        cl-ingest "${options[@]}" data.csv
    else
        CL_ISA=$1 cl-ingest "${options[@]}" data.csv
    fi
}
cl_ingest() {
    local isa n digest='' here
    for isa in "${isas[@]}"; do
        for n in "${threads[@]}"; do
            line "cl-ingest${n:+ --threads $n}${isa:+, $isa}" "$(seconds ingest "$isa" "$n")"
            here=$(ingest "$isa" "$n" | cl-cat --digest)
            [ "${digest:=$here}" = "$here" ] || { echo "  NOT THE SAME STREAM: $here, before $digest"; touch failed; }
        done
    done
}

# The same for a read of a file by another program, without the start of Python: peers.py PEER THREADS FILE
cat > peers.py << 'END'
import sys, time

def versions():
    found = []
    for name in "pandas", "pyarrow", "polars", "duckdb":
        try:
            found.append(f"{name} {__import__(name).__version__}")
        except ImportError:
            found.append(f"{name} not installed")
    print(f"Python {sys.version.split()[0]}, " + ", ".join(found))

def numeric_columns(path):
    with open(path) as file:
        names, first = file.readline().rstrip("\n").split(","), file.readline()
    return names[6:] if first.startswith('"') else names

def reader(peer, threads, path):
    numbers = numeric_columns(path)
    if peer in ("pandas-c", "pandas-pyarrow"):
        import pandas
        try:
            pandas.set_option("mode.max_threads", threads) # since pandas 3.1
        except KeyError:
            if peer == "pandas-c" and threads > 1:
                sys.exit(78)
        types = dict.fromkeys(numbers, "float32")
        if peer == "pandas-c":
            return lambda: pandas.read_csv(path, dtype=types, engine="c")
        import pyarrow
        pyarrow.set_cpu_count(threads)
        return lambda: pandas.read_csv(path, dtype=types, engine="pyarrow")
    if peer == "polars":
        import polars
        types = dict.fromkeys(numbers, polars.Float32)
        return lambda: polars.read_csv(path, schema_overrides=types)
    if peer == "duckdb":
        import duckdb
        types = ", ".join(f"'{name}': 'FLOAT'" for name in numbers)
        def read():
            with duckdb.connect(config={"threads": threads}) as db:
                db.sql(f"create table t as from read_csv('{path}', types={{{types}}})")
        return read

if len(sys.argv) == 1:
    versions()
else:
    try:
        read = reader(sys.argv[1], int(sys.argv[2]), sys.argv[3])
    except ImportError:
        sys.exit(77)
    best = float("inf"), 0.0
    for _ in range(3):
        start = time.perf_counter(), time.process_time()
        table = read()
        best = min(best, (time.perf_counter() - start[0], time.process_time() - start[1]))
        del table
    print(*best)
END
# peer PEER THREADS WHAT
peer() {
    local s
    s=$(env -u OPENBLAS_NUM_THREADS -u OMP_NUM_THREADS POLARS_MAX_THREADS="$2" "$python" peers.py "$1" "$2" data.csv)
    case $? in
    0) line "$3" "$s" ;;
    77) printf '  %-38s not installed\n' "$3" ;;
    78) printf '  %-38s not in this version\n' "$3" ;;
    *) printf '  %-38s failed\n' "$3" ;;
    esac
}
peers() {
    [ "${CL_BENCH_PEERS:-}" != no ] || return 0
    command -v "$python" > /dev/null || { echo "  pandas, Polars, DuckDB: no $python here"; return 0; }
    for n in 1 2; do
        [ $n -le "$(nproc)" ] || continue
        peer pandas-c $n "pandas, C engine, threads: $n"
        peer pandas-pyarrow $n "pandas, pyarrow engine, threads: $n"
        peer polars $n "Polars, threads: $n"
        peer duckdb $n "DuckDB, threads: $n"
    done
}

# Where one thread spends its time: samples by function.
profile() {
    [ "${CL_BENCH_PROFILE:-}" != no ] || return 0
    if ! perf record -q -e cpu-clock -F 10000 -o data.perf -- \
        cl-ingest ${threads[0]:+--threads 1} data.csv 2> /dev/null > /dev/null || ! [ -s data.perf ]; then
        echo "  where the time goes: perf does not work here"
        return 0
    fi
    echo "  where the time goes${threads[0]:+, one thread}:"
    perf report -q -i data.perf --stdio --sort dso,sym 2> /dev/null | grep -v '^$' | head -n 16 |
        sed 's/ *$//; s/^/    /'
}

"$python" peers.py 2> /dev/null || echo "no $python here"
wc --version | head -n 1
for kind in ${CL_BENCH_FILES:-physics digits quoted wide}; do
    case $kind in
    physics) n=$rows what='28 numbers (%.6g) and a label' ;;
    digits) n=$((rows / 5)) what='28 numbers (%.17g) and a label' ;;
    quoted) n=$((rows / 2)) what='6 columns of quoted text, 13 numbers and a label' ;;
    wide) n=$((rows / 40)) what='500 numbers and a label' ;;
    *) echo "CL_BENCH_FILES: '$kind' is none of physics, digits, quoted, wide"; exit 2 ;;
    esac
    [ "$n" -gt 0 ] || n=1
    sample $kind $n > data.csv || exit 1
    bytes=$(wc -c < data.csv)
    cat data.csv > /dev/null
    wc=$(seconds wc -l data.csv)
    echo
    awk -v kind=$kind -v n=$n -v what="$what" -v bytes="$bytes" 'BEGIN {
        printf "%s: %d rows of %s, %.1f MB\n", kind, n, what, bytes / 1e6
        printf "%63s %11s %10s\n", "time", "processor", "x wc -l" }'
    line 'wc -l' "$wc"
    line 'cat' "$(seconds cat data.csv)"
    cl_ingest
    peers
    profile
done
[ ! -e failed ]
