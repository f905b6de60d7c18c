#!/bin/bash
# The whole line, from a CSV to a trained model, against the same work in pandas and scikit-learn: wall time, processor
# time and largest memory of each, and how many times faster and smaller the line is.
#
# The work: read 29 columns of numbers (tests/helpers/sample.c, physics: 234 MB), hold 10 % of the rows out for
# validation and 10 % for a test, scale by the training rows, train 28-64-32-1 with Adam for two epochs, look at the
# validation rows after each, write the model. Everything is read from the page cache, best of three runs (the peers:
# two for each number of threads). Python counts from after its imports, which take a second or two themselves. Of each
# program of the line its processor time is shown, and when it was done: cl-scale has all rows when cl-ingest is done,
# cl-train when cl-scale is, so these are the three parts of the wall time.
#
#   CL_BENCH_ROWS=N          rows of the file [1000000]
#   CL_BENCH_BATCHES='N ..'  rows of a step [32 256]
#   CL_BENCH_PEERS=no        only cl
#   CL_PEERS_PYTHON=PYTHON   the Python that has the others [python3]
#   CL_BENCH_PROFILE=no      without the part that perf prints
set -u -o pipefail
rows=${CL_BENCH_ROWS:-1000000}
python=${CL_PEERS_PYTHON:-python3}
batches=${CL_BENCH_BATCHES:-32 256}
# The environment may pin OpenBLAS to another processor's kernels: unfair to all who use it.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
TIMEFORMAT='%R %U %S'

# Each program of the line leaves its largest resident set in a file.
line() {
    peak cat.rss cat data.csv | peak ingest.rss cl-ingest -q | peak split.rss cl-split -q | peak scale.rss cl-scale -q |
        peak train.rss cl-train -q --hidden 64,32 --optimizer adam --lr 0.001 --ema 0 --batch $batch --epochs 2 > model.ck
}
train() { cl-train -q --hidden 64,32 --optimizer adam --lr 0.001 --ema 0 --batch $batch --epochs 2 scaled.clt; }
# Parts of the line, each from a file to a pipe: what one costs that waits for no other.
ingest() { cl-ingest -q data.csv | cat; }
split() { cl-split -q rows.clt | cat; }
scale() { cl-scale -q split.clt | cat; }
scale_pipe() { cl-split -q rows.clt | cl-scale -q | cat; }

# best COMMAND: wall and processor seconds, each the least of three runs.
best() {
    for _ in 1 2 3; do
        { time "$@" > /dev/null 2> said; } 2>> used || { cat said >&2; echo "$* failed" >&2; touch failed; return 1; }
    done
    awk '{ if (NR == 1 || $1 < wall) wall = $1; if (NR == 1 || $2 + $3 < cpu) cpu = $2 + $3 } END { print wall, cpu }' used
    rm used
}
# Processor seconds of each program of the line and when it was done, in the quickest of three runs.
stages() {
    local program whole best=
    for _ in 1 2 3; do
        { time {
            { time cat data.csv; } 2> cat.now | { time cl-ingest -q; } 2> ingest.now | { time cl-split -q; } 2> split.now |
                { time cl-scale -q; } 2> scale.now |
                { time cl-train -q --hidden 64,32 --optimizer adam --lr 0.001 --ema 0 --batch $batch --epochs 2; } 2> train.now > model.ck
        }; } 2> whole.now || { cat ./*.now >&2; touch failed; return 1; }
        whole=$(cut -d ' ' -f 1 whole.now)
        if [ -z "$best" ] || awk -v a="$whole" -v b="$best" 'BEGIN { exit !(a < b) }'; then
            best=$whole
            for program in cat ingest split scale train; do mv $program.now $program.stage; done
        fi
    done
    for program in cat ingest split scale train; do
        awk -v what="${program/#/cl-}" '{ sub(/^cl-cat$/, "cat", what)
            printf "    %-56s %8.3f s %8.3f s\n", what ", done after", $1, $2 + $3 }' $program.stage
    done
}
# row WHAT TIMES [MIB]
row() {
    awk -v what="$1" -v times="$2" -v mib="${3:-}" 'BEGIN {
        split(times, at, " ")
        printf "  %-58s %8.3f s %8.3f s", what, at[1], at[2]
        if (mib != "")
            printf " %7.0f MiB", mib
        print "" }'
}

cat > peers.py << 'END'
import os, pickle, resource, sys, time

def versions():
    found = []
    for name in "numpy", "pandas", "pyarrow", "sklearn":
        try:
            found.append(f"{name} {__import__(name).__version__}")
        except ImportError:
            found.append(f"{name} not installed")
    print(f"Python {sys.version.split()[0]}, " + ", ".join(found))

def work(way, path, batch):
    import pandas
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier
    from sklearn.preprocessing import StandardScaler
    import warnings
    warnings.filterwarnings("ignore")
    if way == "tuned":
        import pyarrow.csv
    start = time.perf_counter(), time.process_time()
    if way == "plain": # as people write it
        table = pandas.read_csv(path)
    else: # what is known to be faster: a threaded reader, and half the bytes
        with open(path) as file:
            names = file.readline().rstrip("\n").split(",")
        table = pandas.read_csv(path, dtype=dict.fromkeys(names, "float32"), engine="pyarrow")
    read = time.perf_counter()
    y = table.pop(table.columns[-1]).to_numpy().astype("int32")
    x = table.to_numpy()
    del table
    # MLPClassifier holds its validation rows out itself: a ninth of nine tenths.
    x, x_test, y, y_test = train_test_split(x, y, test_size=0.1, random_state=1, stratify=None)
    scaler = StandardScaler(copy=False)
    x = scaler.fit_transform(x)
    x_test = scaler.transform(x_test)
    scaled = time.perf_counter()
    model = MLPClassifier((64, 32), alpha=0, batch_size=batch, max_iter=2, early_stopping=True,
                          validation_fraction=1 / 9, random_state=1)
    model.fit(x, y)
    with open("model.pickle", "wb") as file:
        pickle.dump((scaler, model), file)
    end = time.perf_counter(), time.process_time()
    print(end[0] - start[0], end[1] - start[1], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
          read - start[0], scaled - read, end[0] - scaled)

if len(sys.argv) == 1:
    versions()
else:
    try:
        work(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    except ImportError:
        sys.exit(77)
END
# peer WAY WHAT: one row, and the ratios to the line.
peer() {
    local n times
    rm -f ran
    for n in 1 2; do
        [ $n -le "$(nproc)" ] || continue
        for _ in 1 2; do
            OMP_NUM_THREADS=$n OPENBLAS_NUM_THREADS=$n "$python" peers.py "$1" data.csv $batch 2> said |
                sed "s/\$/ $n/" >> ran
            case ${PIPESTATUS[0]} in
            0) ;;
            77) echo "  $2: not installed"; return ;;
            *) cat said; echo "  $2: failed"; touch failed; return ;;
            esac
        done
    done
    times=$(sort -g ran | head -n 1)
    # shellcheck disable=SC2086 # words are meant
    set -- "$2" $times
    row "$1, BLAS threads: $8" "$2 $3" "$4"
    awk -v read="$5" -v scale="$6" -v fit="$7" -v wall="$2" -v cpu="$3" -v mib="$4" -v ours="$whole" -v memory="$memory" '
        BEGIN {
            split(ours, at, " ")
            printf "    reading %.2f s, splitting and scaling %.2f s, training %.2f s\n", read, scale, fit
            printf "    the line is %.1f times faster (%.1f times by processor time) and takes 1/%.1f of the memory\n",
                wall / at[1], cpu / at[2], mib / memory
        }'
}

"$python" peers.py 2> /dev/null || echo "no $python here"
[ ! -r /proc/loadavg ] || echo "load average $(cut -d ' ' -f 1 /proc/loadavg): wall times are right on an idle machine only"
sample physics "$rows" > data.csv || exit 1
cat data.csv > /dev/null
cl-ingest -q data.csv > rows.clt && cl-split -q rows.clt > split.clt && cl-scale -q split.clt > scaled.clt || exit 1
awk -v rows="$rows" -v bytes="$(wc -c < data.csv)" 'BEGIN {
    printf "\n%d rows, %.1f MB of CSV\n  %-58s %10s %10s %11s\n", rows, bytes / 1e6, "", "wall", "processor", "memory" }'
row 'cl-ingest alone' "$(best ingest)"
row 'cl-split alone' "$(best split)"
row 'cl-scale alone, from a file' "$(best scale)"
row 'cl-split | cl-scale, through a pipe' "$(best scale_pipe)"
for batch in $batches; do
    echo "batch $batch"
    row 'cl-train alone, from a file' "$(best train)"
    whole=$(best line) || exit 1
    memory=$(cat ./*.rss | awk '{ sum += $1 } END { print sum / 1024 }')
    row 'cat | cl-ingest | cl-split | cl-scale | cl-train' "$whole" "$memory"
    awk '{ printf "%s%s %.0f", (NR > 1 ? ", " : "    MiB: "), substr(FILENAME, 1, index(FILENAME, ".") - 1), $1 / 1024 }
         END { print "" }' cat.rss ingest.rss split.rss scale.rss train.rss
    stages
    [ "${CL_BENCH_PEERS:-}" != no ] || continue
    peer plain 'pandas and scikit-learn, as people write it'
    peer tuned 'the same in f32, read by pyarrow'
done
if [ "${CL_BENCH_PROFILE:-}" != no ]; then
    if perf record -q -e cpu-clock -F 8000 -o data.perf -- bash -c "batch=$batch; $(declare -f line); line" > said 2>&1 &&
        [ -s data.perf ]; then
        echo '  where the time of the line goes:'
        perf report -q -i data.perf --stdio --sort comm 2> /dev/null | grep '%' | sed 's/ *$//; s/^/    /'
        echo
        perf report -q -i data.perf --stdio --sort comm,dso,sym 2> /dev/null | grep '%' | head -n 30 |
            sed 's/ *$//; s/^/    /'
    else
        echo '  where the time of the line goes: perf does not work here'
    fi
fi
[ ! -e failed ]
