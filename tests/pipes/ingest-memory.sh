#!/bin/bash
# The memory of cl-ingest does not depend on the number of rows: five times the rows, the same peak.
. "$TESTS/pipes/lib.bash"
[ -z "${CL_TEST_SANITIZED:-}" ] || skip "freed memory stays under the sanitizers"
threads=('')
if cl-ingest --help | grep -q -e '--threads'; then
    threads=(1 2)
fi
most=65536 slack=4096

# measure WHAT FEWER MORE COMMAND ...: peaks, in KiB, of cl-ingest over two files
measure() {
    local what=$1 fewer=$2 more=$3 a b n
    for n in "${threads[@]}"; do
        peak a.rss cl-ingest ${n:+--threads $n} "$fewer" > /dev/null || fail "$what: cl-ingest failed"
        peak b.rss cl-ingest ${n:+--threads $n} "$more" > /dev/null || fail "$what: cl-ingest failed"
        a=$(cat a.rss) b=$(cat b.rss)
        [ "$b" -le $((a + slack)) ] || fail "$what${n:+, --threads $n}: $a KiB, and $b KiB for five times the rows"
        [ "$b" -le $most ] || fail "$what${n:+, --threads $n}: $b KiB, more than $most"
        cat "$more" | peak b.rss cl-ingest ${n:+--threads $n} > /dev/null || fail "$what: cl-ingest failed on a pipe"
        b=$(cat b.rss)
        [ "$b" -le $((a + slack)) ] || fail "$what${n:+, --threads $n}: $a KiB, and $b KiB from a pipe with more rows"
    done
}

table 200000 12 > fewer.csv
table 1000000 12 > more.csv
measure numbers fewer.csv more.csv
sample quoted 60000 > fewer.csv
sample quoted 300000 > more.csv
measure "quoted text" fewer.csv more.csv
