#!/bin/bash
# Sizes beyond the usual: 100,000 columns are trained on, a cell of 100 MB is refused where it stands, in little memory.
. "$TESTS/pipes/lib.bash"
awk 'BEGIN {
    d = 100000
    for (j = 0; j < d; j++) printf "c%d,", j
    print "y"
    for (i = 0; i < 12; i++) {
        for (j = 0; j < d; j++) printf "%d,", (i * 7 + j) % 13
        print i % 2 ? "odd" : "even"
    }
}' > wide.csv
cl-ingest wide.csv | cl-split -f 0.5,0.5 | cl-scale | cl-train --hidden 2 --epochs 2 -o wide.ck 2> err ||
    fail "100,000 columns cannot be trained on: $(cat err)"
cl-ingest -m wide.ck wide.csv | cl-predict -m wide.ck > p.csv || fail "100,000 columns cannot be predicted on"
[ "$(wc -l < p.csv)" -eq 13 ] || fail "100,000 columns: $(wc -l < p.csv) lines of predictions"

cell() {
    printf 'a,b,y\n1,2,x\n1,%s' "$1"
    head -c 100000000 /dev/zero | tr '\0' "$2"
    printf '%s,z\n' "$1"
}
for quote in '' '"'; do
    for fill in 7 z; do
        cell "$quote" $fill | peak rss cl-ingest > out 2> err
        got=("${PIPESTATUS[@]}")
        status 3 "${got[1]}" "a cell of 100 MB ($fill)"
        one_line err "a cell of 100 MB ($fill)"
        grep -q "stdin:3: column 'b'.*--max-cell" err || fail "a cell of 100 MB ($fill): '$(cat err)'"
        # The sanitizers have memory of their own.
        [ -n "${CL_TEST_SANITIZED:-}" ] || [ "$(cat rss)" -lt 65536 ] || fail "a cell of 100 MB ($fill) took $(cat rss) KiB"
    done
done
exit 0
