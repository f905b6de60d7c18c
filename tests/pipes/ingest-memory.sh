#!/bin/bash
# The memory of cl-ingest does not depend on the number of rows: five times the rows, the same peak.
. "$TESTS/pipes/lib.bash"
[ -z "${CL_TEST_SANITIZED:-}" ] || skip "freed memory stays under the sanitizers"
threads=('')
if cl-ingest --help | grep -q -e '--threads'; then
    threads=(1 2)
fi
most=65536 slack=4096

# measure WHAT [OPTIONS] FEWER MORE: peaks, in KiB, of cl-ingest over two files
measure() {
    local what=$1 options=() fewer more a b n
    shift
    while [ $# -gt 2 ]; do
        # shellcheck disable=SC2206 # words are meant
        options+=($1)
        shift
    done
    fewer=$1 more=$2
    for n in "${threads[@]}"; do
        peak a.rss cl-ingest -q ${n:+--threads $n} "${options[@]}" "$fewer" > /dev/null || fail "$what: cl-ingest failed"
        peak b.rss cl-ingest -q ${n:+--threads $n} "${options[@]}" "$more" > /dev/null || fail "$what: cl-ingest failed"
        a=$(cat a.rss) b=$(cat b.rss)
        [ "$b" -le $((a + slack)) ] || fail "$what${n:+, --threads $n}: $a KiB, and $b KiB for five times the rows"
        [ "$b" -le $most ] || fail "$what${n:+, --threads $n}: $b KiB, more than $most"
        cat "$more" | peak b.rss cl-ingest -q ${n:+--threads $n} "${options[@]}" > /dev/null || fail "$what: cl-ingest failed on a pipe"
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

# Lines, arrays, compressed text, categories, hashes and text, and what is kept of rows to say what they were like.
lines() { awk -v rows="$1" 'BEGIN { for (i = 0; i < rows; i++) printf "{\"a\":%d.25,\"c\":\"k%d\",\"y\":%d}\n", i % 977, i % 500, i % 3 }'; }
lines 250000 > fewer.jsonl
lines 1250000 > more.jsonl
measure "JSON lines" fewer.jsonl more.jsonl
svm() { awk -v rows="$1" 'BEGIN { for (i = 0; i < rows; i++) printf "%d 1:%d 3:%d.5 7:1\n", i % 3, i % 977, i % 31 }'; }
svm 500000 > fewer.svm
svm 2500000 > more.svm
measure libsvm fewer.svm more.svm
npy() { printf '\223NUMPY\001\000\166\000%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': ($1, 64), }"; head -c $(($1 * 256)) /dev/zero; }
npy 40000 > fewer.npy
npy 200000 > more.npy
measure npy fewer.npy more.npy
mixed() {
    echo n,c,d,t,y
    awk -v rows="$1" 'BEGIN { for (i = 0; i < rows; i++)
        printf "%d.5,k%d,2024-01-%02d,\"some text of the row, number %d\",%d\n", i % 977, i * 7919 % 5000, i % 28 + 1, i, i % 3 }'
}
mixed 150000 > fewer.csv
mixed 750000 > more.csv
gzip -1 -c fewer.csv > fewer.gz
gzip -1 -c more.csv > more.gz
measure text --types t:text fewer.csv more.csv
measure gzip --types t:text fewer.gz more.gz
measure hashes --types c:hash,t:hash fewer.csv more.csv
measure "a schema" "--types t:text --write-schema s.json" fewer.csv more.csv
measure "a report" "--schema s.json --report r.json" fewer.csv more.csv
measure "compressed frames" "--types t:text -z" fewer.csv more.csv
