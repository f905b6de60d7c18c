#!/bin/bash
# Training: time of a step as cl-train runs it, on networks from narrow to wide and data made by tests/helpers/points.c,
# as a share of the fma peak that tests/helpers/peak_fma.c measures, and beside PyTorch and scikit-learn.
#
# A step of cl-train is the difference of two runs of different numbers of steps: reading, start and the checkpoint are
# in both. Each run is the best of three. The operations of a step are those that have to be done: forward, gradient of
# the weights, gradient of the inputs of all layers but the first; two for each product.
#
#   CL_BENCH_NETS='NET..'    some of 28-64-32-1/32 28-64-32-1/256 784-400-400-10/128 784-1024-1024-10/256
#                            64-4096-4096-1/1024: widths and rows of a step
#   CL_BENCH_PEERS=no        only cl-train
#   CL_PEERS_PYTHON=PYTHON   the Python that has the others [python3]
set -u -o pipefail
nets=${CL_BENCH_NETS:-28-64-32-1/32 28-64-32-1/256 784-400-400-10/128 784-1024-1024-10/256 64-4096-4096-1/1024}
python=${CL_PEERS_PYTHON:-python3}
# The environment may pin OpenBLAS to another processor's kernels: unfair to all who use it.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
enough=0.5  # seconds of processor time in which the steps are counted
slowest=2e9 # operations of a step that base and ref, which use no vector fma, are still asked for

# best COMMAND ...: wall and processor seconds, each the least of three runs.
TIMEFORMAT='%R %U %S'
best() {
    for _ in 1 2 3; do
        { time "$@" > /dev/null 2> said; } 2>> used || { cat said >&2; echo "$* failed" >&2; touch failed; return 1; }
    done
    awk '{ if (NR == 1 || $1 < wall) wall = $1; if (NR == 1 || $2 + $3 < cpu) cpu = $2 + $3 } END { print wall, cpu }' used
    rm used
}
# processor COMMAND ...: seconds of one run.
processor() {
    { time "$@" > /dev/null 2> said; } 2> used || return 1
    awk '{ print $2 + $3 }' used
    rm used
}

# train ISA DEVICE THREADS STEPS: on data.clt. ISA or DEVICE may be empty; DEVICE fast is --numerics fast.
train() {
    local where=--device=$2
    [ "$2" != fast ] || where=--numerics=fast
    env ${1:+CL_ISA="$1"} cl-train -q --hidden "$hidden" --batch "$batch" --steps "$4" --threads "$3" \
        --optimizer adam --ema 0 \
        ${2:+"$where"} --valid 0 --memory-rows 0 data.clt
}
# step ISA DEVICE THREADS: microseconds of a step, wall and processor; nothing where that cannot be run.
step() {
    local few=1 many s load
    load=$(processor train "$1" "$2" "$3" $few) || return 1
    many=$((few + 3))
    while s=$(processor train "$1" "$2" "$3" $many) && awk "BEGIN { exit !($s - $load < $enough / 4) }"; do
        many=$((many * 4))
    done
    many=$(awk -v n=$many -v s="$s" -v load="$load" -v enough=$enough 'BEGIN {
        factor = enough / (s - load)
        print int(factor > 1 ? n * factor : n) }')
    local a b
    a=$(best train "$1" "$2" "$3" $few) && b=$(best train "$1" "$2" "$3" "$many") || return 1
    awk -v a="$a" -v b="$b" -v n=$((many - few)) 'BEGIN {
        split(a, x, " ")
        split(b, y, " ")
        print (y[1] - x[1]) / n * 1e6, (y[2] - x[2]) / n * 1e6 }'
}

# line WHAT THREADS TIMES PEAK: a row of the table. Rows and operations a second by the processor time on one thread,
# which is the wall time of a calm machine, and by the wall time on more.
line() {
    awk -v what="$1" -v threads="$2" -v times="$3" -v peak="${4:-0}" -v flops="$flops" -v batch="$batch" 'BEGIN {
        split(times, at, " ")
        s = (threads == 1 ? at[2] : at[1]) * 1e-6
        if (at[1] < 1e4)
            printf "  %-40s %9.1f %9.1f us", what, at[1], at[2]
        else
            printf "  %-40s %9.1f %9.1f ms", what, at[1] / 1000, at[2] / 1000
        printf " %10.1f %7.1f", batch / s / 1000, flops / s / 1e9
        if (peak > 0)
            printf " %7.0f %5.1f %%", peak, 100 * flops / s / 1e9 / peak
        print "" }'
}
# note NAME THREADS TIMES: for the ratios at the end of a table.
note() {
    awk -v name="$1" -v threads="$2" -v times="$3" 'BEGIN {
        split(times, at, " ")
        print name, threads, threads == 1 ? at[2] : at[1] }' >> steps
}

# The peers, all networks in one process for each number of threads: peers.py PEER NET/BATCH ...
# prints "NET/BATCH WAY: wall processor" in microseconds a step, for the fastest of several blocks of steps.
cat > peers.py << 'END'
import os, sys, time

def versions():
    found = []
    for name in "numpy", "sklearn", "torch":
        try:
            found.append(f"{name} {__import__(name).__version__}")
        except ImportError:
            found.append(f"{name} not installed")
    print(f"Python {sys.version.split()[0]}, " + ", ".join(found))

def best(run, steps):
    "Wall and processor microseconds a step, each the least of blocks of about 0.3 s; run(n) says how many it did."
    run(steps)
    start = time.perf_counter()
    done = run(steps)
    n = max(1, int(done * 0.3 / max(time.perf_counter() - start, 1e-6)))
    walls, processors = [], []
    for _ in range(5):
        start = time.perf_counter(), time.process_time()
        done = run(n)
        walls.append((time.perf_counter() - start[0]) / done)
        processors.append((time.process_time() - start[1]) / done)
    return min(walls) * 1e6, min(processors) * 1e6

def parse(net):
    widths, batch = net.split("/")
    return [int(w) for w in widths.split("-")], int(batch)

def rows_for(batch, widths):
    "Rows to take the batches from."
    return batch * max(4, min(2000, 20_000_000 // (batch * widths[0])))

def report(net, way, times):
    print(f"{net} {way}: {times[0]:.3f} {times[1]:.3f}", flush=True)

def sklearn_steps(nets):
    import warnings
    import numpy as np
    from sklearn.neural_network import MLPClassifier
    warnings.filterwarnings("ignore")
    for net in nets:
        widths, batch = parse(net)
        products = batch * sum(a * b for a, b in zip(widths, widths[1:]))
        steps = max(2, min(rows_for(batch, widths) // batch, int(3e9 / products)))
        rng = np.random.default_rng(1)
        x = rng.standard_normal((steps * batch, widths[0]), dtype=np.float32)
        y = rng.integers(0, max(widths[-1], 2), steps * batch)
        model = MLPClassifier(hidden_layer_sizes=widths[1:-1], batch_size=batch, alpha=0)
        classes = np.arange(max(widths[-1], 2))
        def run(n): # whole passes over the rows
            passes = max(1, n // steps)
            for _ in range(passes):
                model.partial_fit(x, y, classes=classes)
            return passes * steps
        report(net, "MLPClassifier", best(run, steps))

def torch_steps(nets):
    import torch
    from torch import nn
    threads = int(os.environ["OMP_NUM_THREADS"])
    torch.set_num_threads(threads)
    torch.set_float32_matmul_precision("highest")
    for net in nets:
        widths, batch = parse(net)
        n_rows = rows_for(batch, widths)
        torch.manual_seed(1)
        x = torch.randn(n_rows, widths[0])
        binary = widths[-1] == 1
        y = torch.randint(0, 2, (n_rows, 1)).float() if binary else torch.randint(0, widths[-1], (n_rows,))
        loss_of = nn.functional.binary_cross_entropy_with_logits if binary else nn.functional.cross_entropy

        def network():
            layers = []
            for i, (a, b) in enumerate(zip(widths, widths[1:])):
                layers += [nn.Linear(a, b)] + ([nn.ReLU()] if i + 2 < len(widths) else [])
            return nn.Sequential(*layers)

        def batches():
            while True:
                order = torch.randperm(n_rows)
                for i in range(0, n_rows, batch):
                    yield order[i:i + batch]

        def eager(compiled_loss, compiled_step):
            model = network()
            optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
            forward = lambda a, b: loss_of(model(a), b)
            if compiled_loss:
                forward = torch.compile(forward)
            update = torch.compile(optimizer.step) if compiled_step else optimizer.step
            source = batches()
            def run(n):
                for _, rows in zip(range(n), source):
                    optimizer.zero_grad(set_to_none=True)
                    forward(x[rows], y[rows]).backward()
                    update()
                return n
            return run

        def whole():
            "Forward, backward and Adam as one compiled function."
            w = [p.detach().clone() for p in network().parameters()]
            m = [torch.zeros_like(p) for p in w]
            v = [torch.zeros_like(p) for p in w]
            def loss(w, a, b):
                for i in range(0, len(w), 2):
                    a = nn.functional.linear(a, w[i], w[i + 1])
                    a = torch.relu(a) if i + 2 < len(w) else a
                return loss_of(a, b)
            def step(w, m, v, t, rows):
                gradient = torch.func.grad(loss)(w, x[rows], y[rows])
                c1, c2 = 1 - 0.9 ** t, 1 - 0.999 ** t
                for i, g in enumerate(gradient):
                    m[i].lerp_(g, 0.1)
                    v[i].mul_(0.999).addcmul_(g, g, value=0.001)
                    w[i].sub_(1e-3 / c1 * m[i] / ((v[i] / c2).sqrt() + 1e-8))
            compiled = torch.compile(step, fullgraph=True)
            t, source = torch.zeros(()), batches()
            def run(n):
                with torch.no_grad():
                    for _, rows in zip(range(n), source):
                        t.add_(1)
                        compiled(w, m, v, t, rows)
                return n
            return run

        few = 20 if widths[1] < 1024 else 2
        for way, make in (("eager", lambda: eager(False, False)), ("compiled", lambda: eager(True, False)),
                          ("compiled whole", whole)):
            try:
                torch._dynamo.reset()
                run = make()
                run(3)
                report(net, way, best(run, few))
            except Exception as e: # a compiler that is missing must not hide the eager figures
                print(f"{net} {way} failed: {type(e).__name__}: {str(e).splitlines()[0] if str(e) else ''}", file=sys.stderr)

if len(sys.argv) == 1:
    versions()
else:
    try:
        {"torch": torch_steps, "sklearn": sklearn_steps}[sys.argv[1]](sys.argv[2:])
    except ImportError:
        sys.exit(77)
END
# peer NAME THREADS: all networks, into the file NAME.THREADS.
peer() {
    # shellcheck disable=SC2086 # words are meant
    OMP_NUM_THREADS=$2 OPENBLAS_NUM_THREADS=$2 MKL_NUM_THREADS=$2 "$python" peers.py "$1" $nets > "$1.$2" 2> said
    case $? in
    0) grep ' failed: ' said ;;
    77) echo "$1 is not installed for $python" ;;
    *) cat said; echo "$1, $2 threads, failed" ;;
    esac
}

threads=1
[ "$(nproc)" -lt 2 ] || threads='1 2'
isas='avx512 avx2 neon base'
cl-train -V | sed -n 's/^engine blas: \(.*\) (.*/fast numerics: \1/p'
"$python" peers.py 2> /dev/null || echo "no $python here"
[ ! -r /proc/loadavg ] || echo "load average $(cut -d ' ' -f 1 /proc/loadavg): wall times are right on an idle machine only"
if [ "${CL_BENCH_PEERS:-}" != no ]; then
    for n in $threads; do
        peer torch "$n"
        peer sklearn "$n"
    done
fi
for net in $nets; do
    batch=${net#*/}
    IFS=- read -ra widths <<< "${net%/*}"
    inputs=${widths[0]} outputs=${widths[-1]}
    hidden=$(IFS=,; echo "${widths[*]:1:${#widths[@]}-2}")
    flops=0
    for ((l = 1; l < ${#widths[@]}; l++)); do
        flops=$((flops + 2 * (l == 1 ? 2 : 3) * batch * widths[l - 1] * widths[l]))
    done
    points $((20000000 / inputs < 200000 ? 20000000 / inputs : 200000)) "$inputs" $((outputs < 2 ? 2 : outputs)) |
        cl-ingest -q --task class | cl-scale -q > data.clt || exit 1
    echo
    awk -v net="${net%/*}" -v batch="$batch" -v flops=$flops 'BEGIN {
        printf "%s, batch %d: %.4g million operations a step\n", net, batch, flops / 1e6
        printf "  %-40s %9s %9s    %10s %7s %7s %7s\n", "a step", "wall", "processor", "k rows/s", "GF/s", "peak", "of it" }'
    rm -f steps
    for isa in $isas; do
        CL_ISA=$isa cl-train -q --steps 1 data.clt > one.ck 2> said || continue
        for n in $threads; do
            [ "$isa" = base ] && { [ "$n" -gt 1 ] || awk "BEGIN { exit !($flops > $slowest) }"; } && continue
            peak=$(peak_fma "$isa" "$n" 2> /dev/null)
            times=$(step "$isa" '' "$n") || continue
            line "cl-train, $isa, threads: $n" "$n" "$times" "$peak"
            note cl-train "$n" "$times"
        done
    done
    if ! awk "BEGIN { exit !($flops > $slowest) }" && times=$(step '' ref 1); then
        line 'cl-train --device ref' 1 "$times"
    fi
    for n in $threads; do
        cl-train -q --device blas --steps 1 data.clt > one.ck 2> said || continue
        times=$(step '' blas "$n") && line "cl-train --device blas, threads: $n" "$n" "$times"
        times=$(step '' fast "$n") && line "cl-train --numerics fast, threads: $n" "$n" "$times"
    done
    for peer in torch sklearn; do
        for n in $threads; do
            [ -s "$peer.$n" ] || continue
            sed -n "s,^$net ,,p" "$peer.$n" | while IFS=: read -r way times; do
                case $peer in
                torch) name="PyTorch, $way" ;;
                *) name="scikit-learn $way" ;;
                esac
                line "$name, threads: $n" "$n" "$times"
                note $peer "$n" "$times"
            done
        done
    done
    # The best of each, on one thread and on any number.
    awk '
        function better(name, one, us) { if (!((name, one) in best) || us < best[name, one]) best[name, one] = us }
        { better($1, 0, $3); if ($2 == 1) better($1, 1, $3) }
        END {
            for (one = 1; one >= 0; one--) {
                said = one ? "  on one thread cl-train has" : "  the best of all has"
                if (("torch", one) in best)
                    printf "%s %.1f times the rows/s of PyTorch", said, best["torch", one] / best["cl-train", one]
                if (("sklearn", one) in best)
                    printf "%s %.1f times those of scikit-learn", ("torch", one) in best ? "," : said,
                        best["sklearn", one] / best["cl-train", one]
                if (("torch", one) in best || ("sklearn", one) in best)
                    print ""
            }
        }' steps
done
[ ! -e failed ]
