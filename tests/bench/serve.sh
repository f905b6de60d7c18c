#!/bin/bash
# Serving: rows a second that cl-predict answers on one core, from frames and from CSV text, to printed answers; beside
# the same work in PyTorch, scikit-learn and ONNX Runtime; and how long programs take for one row.
#
# Rows a second are by processor time (user + system, of all programs of a pipe together), the least of five runs: that
# is the wall time of a calm machine, and what others take is not in it. All files come from the page cache.
#
#   CL_BENCH_ROWS=N          rows of the data, made by tests/helpers/sample.c [1000000]
#   CL_BENCH_PEERS=no        only cl
#   CL_PEERS_PYTHON=PYTHON   the Python that has the others [python3]
#   CL_BENCH_PROFILE=no      without the part that perf prints
set -u -o pipefail
trap 'rm -f rows.csv letters.csv *.clt *.ck peers.py said used serve.perf*' EXIT
rows=${CL_BENCH_ROWS:-1000000}
python=${CL_PEERS_PYTHON:-python3}
# The environment may pin OpenBLAS to another processor's kernels: unfair to all who use it.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE

# processor COMMAND ...: seconds of user and system time, the least of five runs.
TIMEFORMAT='%U %S'
processor() {
    for _ in 1 2 3 4 5; do
        { time "$@" > /dev/null 2> said; } 2> used || { cat said >&2; echo "$* failed" >&2; touch failed; }
        awk '{ print $1 + $2 }' used
    done | sort -g | head -n 1
}
# line WHAT ROWS SECONDS
line() {
    awk -v what="$1" -v n="$2" -v s="$3" 'BEGIN {
        printf "  %-62s %8.1f ns %8.2f million\n", what, s / n * 1e9, n / (s > 0 ? s : 1e-9) / 1e6 }'
}
predict() { cl-predict --threads 1 "$@"; }
from_csv() { cl-ingest --threads 1 -m class.ck rows.csv | cl-predict --threads 1 -m class.ck; }

# ---- start ----

# times COMMAND ...: 50 runs, each of them behind one of `true`. Prints the median of both and what the command takes
# above `true`, by the medians and by the least times, in milliseconds: a busy machine interrupts what is not done
# within its first slice, and the least times are those of a calm one.
true_program=$(type -P true)
times() {
    local a b c i
    for i in {1..50}; do
        a=$EPOCHREALTIME
        "$true_program" > /dev/null 2>&1
        b=$EPOCHREALTIME
        "$@" > /dev/null 2>&1 || touch failed
        c=$EPOCHREALTIME
        echo "$i ${a/./} ${b/./} ${c/./}"
    done | awk '
        function sort(x, n,  i, j, t) {
            for (i = 2; i <= n; i++)
                for (j = i; j > 1 && x[j] < x[j - 1]; j--) { t = x[j]; x[j] = x[j - 1]; x[j - 1] = t }
        }
        function middle(x, n) { return (x[n / 2] + x[n / 2 + 1]) / 2000 }
        { before[NR] = $3 - $2; it[NR] = $4 - $3 }
        END {
            sort(before, NR)
            sort(it, NR)
            print middle(before, NR), middle(it, NR), middle(it, NR) - middle(before, NR), (it[1] - before[1]) / 1000
        }'
}
# start WHAT COMMAND ...
start() {
    local what=$1
    shift
    awk -v what="$what" -v times="$(times "$@")" 'BEGIN {
        split(times, at, " ")
        printf "  %-36s %8.2f ms %8.2f ms %+8.2f ms %+8.2f ms\n", what, at[1], at[2], at[3], at[4] }'
}

# ---- peers: all of it in one process and one thread, without the start of Python ----

cat > peers.py << 'END'
import os, struct, sys, time

for name in "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS":
    os.environ[name] = "1"
WIDTHS = [28, 64, 32, 1]

def versions():
    found = []
    for name in "numpy", "pandas", "torch", "sklearn", "onnxruntime":
        try:
            found.append(f"{name} {__import__(name).__version__}")
        except ImportError:
            found.append(f"{name} not installed")
    print(f"Python {sys.version.split()[0]}, " + ", ".join(found))

def weights():
    import numpy as np
    rng = np.random.default_rng(1)
    return [(rng.standard_normal((a, b), dtype=np.float32) / np.float32(a ** 0.5), np.zeros(b, np.float32))
            for a, b in zip(WIDTHS, WIDTHS[1:])]

# ModelProto of ONNX by hand, as the package that writes it is seldom there: a key is number * 8 + kind.
def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])

def number(key, n):
    return varint(key * 8) + varint(n)

def field(key, data):
    data = data.encode() if isinstance(data, str) else data
    return varint(key * 8 + 2) + varint(len(data)) + data

def onnx_model():
    def value(name, width):
        shape = field(1, field(2, "n")) + field(1, number(1, width))
        return field(1, name) + field(2, field(1, number(1, 1) + field(2, shape)))
    def node(kind, inputs, output):
        return field(1, b"".join(field(1, name) for name in inputs) + field(2, output) + field(4, kind))
    graph, last = b"", "x"
    for i, (w, b) in enumerate(weights()):
        for name, array in (f"w{i}", w), (f"b{i}", b):
            dims = b"".join(number(1, size) for size in array.shape)
            graph += field(5, dims + number(2, 1) + field(8, name) + field(9, array.tobytes()))
        graph += node("Gemm", [last, f"w{i}", f"b{i}"], f"z{i}")
        last = "p" if i == len(WIDTHS) - 2 else f"h{i}"
        graph += node("Sigmoid" if last == "p" else "Relu", [f"z{i}"], last)
    graph += field(2, "net") + field(11, value("x", WIDTHS[0])) + field(12, value("p", 1))
    return number(1, 8) + field(7, graph) + field(8, number(2, 17))

def torch_model():
    import torch
    from torch import nn
    torch.set_num_threads(1)
    layers = []
    for w, b in weights():
        layer = nn.Linear(*w.shape)
        layer.weight.data = torch.from_numpy(w.T.copy())
        layers += [layer, nn.ReLU()]
    net = nn.Sequential(*layers[:-1], nn.Sigmoid()).eval()
    def run(x):
        with torch.inference_mode():
            return net(torch.from_numpy(x)).numpy()[:, 0]
    return run

def sklearn_model():
    import numpy as np, warnings
    from sklearn.neural_network import MLPClassifier
    warnings.filterwarnings("ignore")
    model = MLPClassifier(hidden_layer_sizes=WIDTHS[1:-1])
    model.partial_fit(np.zeros((4, WIDTHS[0]), np.float32), [0, 1, 0, 1], classes=[0, 1])
    for i, (w, b) in enumerate(weights()):
        model.coefs_[i], model.intercepts_[i] = w, b
    return lambda x: model.predict_proba(x)[:, 1]

def onnx_session():
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(onnx_model(), options, providers=["CPUExecutionProvider"])
    return lambda x: session.run(None, {"x": x})[0][:, 0]

def serve(model, x, batch, out):
    "Scale, predict, print the class of every row."
    import numpy as np
    shift, divisor = np.zeros(x.shape[1], np.float32), np.ones(x.shape[1], np.float32)
    names = np.array([b"0\n", b"1\n"])
    for first in range(0, len(x), batch):
        p = model((x[first:first + batch] - shift) / divisor)
        out.write(names[(p >= 0.5).astype(np.intp)].tobytes())

def least(times, work):
    best = float("inf")
    for _ in range(times):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best

def measure(path):
    import numpy as np, pandas
    try:
        pandas.set_option("mode.max_threads", 1) # since pandas 3.1
    except KeyError:
        pass
    def read():
        types = dict.fromkeys((f"x{i}" for i in range(WIDTHS[0])), np.float32)
        return pandas.read_csv(path, dtype=types, engine="c").iloc[:, :WIDTHS[0]].to_numpy(np.float32)
    x = np.ascontiguousarray(read())
    out = open(os.devnull, "wb")
    for name, make in ("PyTorch", torch_model), ("scikit-learn MLP", sklearn_model), ("ONNX Runtime", onnx_session):
        try:
            model = make()
        except ImportError:
            print(f"{name}: not installed", file=sys.stderr)
            continue
        best = min((least(3, lambda: serve(model, x, batch, out)), batch) for batch in (1024, 8192, 65536))
        text = least(2, lambda: serve(model, np.ascontiguousarray(read()), best[1], out))
        print(f"{name}, {best[1]} rows at a time|{len(x)}|{best[0]}|{text}", flush=True)

if len(sys.argv) == 1:
    versions()
else:
    measure(sys.argv[1])
END

# ---- measurements ----

sample physics "$rows" > rows.csv || exit 1
# The same numbers and 26 classes, for a softmax.
head -n $((rows / 5 + 1)) rows.csv |
    awk -F, -v OFS=, 'NR > 1 { $NF = sprintf("%c", 65 + int(($1 + $2 + 10) * 7) % 26) } 1' > letters.csv
train() { cl-scale -q | cl-train -q --hidden 64,32 --batch 256 --epochs 1 -o "$1"; }
cl-ingest -q --task class rows.csv | train class.ck || exit 1
cl-ingest -q --task regression rows.csv | train number.ck || exit 1
cl-ingest -q --task class letters.csv | train letter.ck || exit 1
cl-ingest -q -m class.ck rows.csv > class.clt || exit 1
cl-ingest -q -m class.ck --carry x0 rows.csv > carry.clt || exit 1
cl-ingest -q -m number.ck rows.csv > number.clt || exit 1
cl-ingest -q -m letter.ck letters.csv > letter.clt || exit 1
few=$((rows / 5))

echo "$rows rows of 28 numbers, network 28-64-32-1, one thread"
printf '%75s %16s\n' 'a row' 'rows/s'
line 'frames to CSV, the class' "$rows" "$(processor predict -m class.ck class.clt)"
line 'frames to CSV, --proba' "$rows" "$(processor predict -m class.ck --proba class.clt)"
line 'frames to CSV, --append of a column' "$rows" "$(processor predict -m class.ck --append carry.clt)"
line 'frames to CSV, a number' "$rows" "$(processor predict -m number.ck number.clt)"
line 'frames to JSON, --proba' "$rows" "$(processor predict -m class.ck --proba -F jsonl class.clt)"
line 'frames to frames' "$rows" "$(processor predict -m class.ck -F frames class.clt)"
line 'CSV text to CSV: cl-ingest | cl-predict, both together' "$rows" "$(processor from_csv)"
line '26 classes, frames to CSV, the class' $few "$(processor predict -m letter.ck letter.clt)"
line '26 classes, frames to CSV, --proba' $few "$(processor predict -m letter.ck --proba letter.clt)"

if [ "${CL_BENCH_PEERS:-}" != no ]; then
    echo
    if "$python" peers.py 2> /dev/null; then
        if "$python" peers.py rows.csv > peers.txt 2> said; then
            while IFS='|' read -r name n numbers text; do
                line "$name, memory to text" "$n" "$numbers"
                line "$name, CSV (pandas) to text" "$n" "$text"
            done < peers.txt
            grep 'not installed' said | sed 's/^/  /'
        else
            echo "  peers: $(tail -n 1 said)"
        fi
        rm -f peers.txt
    else
        echo "  PyTorch, scikit-learn, ONNX Runtime: no $python here"
    fi
fi

head -n 2 rows.csv > one.csv
cl-ingest -q -m class.ck one.csv > one.clt || exit 1
echo
printf '%-38s %11s %11s %11s %11s\n' 'one row, median of 50' true program 'above true' least
start 'cl-predict -m MODEL one.clt' cl-predict -m class.ck one.clt
! cl-predict -m class.ck --numerics fast one.clt > one.out 2> said ||
    start 'cl-predict --numerics fast ...' cl-predict -m class.ck --numerics fast one.clt
rm -f one.out
start 'cl-ingest -m MODEL one.csv' cl-ingest -q -m class.ck one.csv
start 'cl-ingest one.csv' cl-ingest -q one.csv
rm -f one.csv

if [ "${CL_BENCH_PROFILE:-}" != no ]; then
    echo
    if perf record -q -e cpu-clock -F 10000 -o serve.perf -- cl-predict --threads 1 -m class.ck class.clt 2> /dev/null \
        > /dev/null && [ -s serve.perf ]; then
        echo "where the time goes, frames to CSV, the class:"
        perf report -q -i serve.perf --stdio --sort dso,sym 2> /dev/null | grep -v '^$' | head -n 12 |
            sed 's/ *$//; s/^/  /'
    else
        echo "where the time goes: perf does not work here"
    fi
fi
[ ! -e failed ]
