#!/bin/bash
# Memory: the largest resident set of filters over a CSV of 2 GB, and of cl-train against the size of its data.
#
# The CSV is made on the fly and stands nowhere; MEMORY_ROWS=N makes it shorter.
set -u -o pipefail
bad=0
# limit WHAT KIB LIMIT-KIB
limit() {
    local verdict=ok
    [ "$2" -le "$3" ] || { verdict=MISSED; bad=1; }
    printf '%-44s %8d KiB, limit %8d KiB  %s\n' "$1" "$2" "$3" "$verdict"
}

rows=${MEMORY_ROWS:-25000000}
start=$SECONDS
bytes=$(table "$rows" 12 | tee >(wc -c > size) | peak ingest.rss cl-ingest | peak split.rss cl-split | wc -c) || bad=1
while [ ! -s size ]; do sleep 0.1; done
echo "a CSV of $(($(cat size) / 1000000)) MB, a stream of $((bytes / 1000000)) MB, $((SECONDS - start)) s"
limit "cl-ingest" "$(cat ingest.rss)" 65536
limit "cl-split" "$(cat split.rss)" 65536

# 400,000 rows of 128 numbers: 205 MB in f32, the labels among them. The reservoir is part of the model, not of the data.
n=400000 d=127
table $n $d | cl-ingest --drop shop | peak scale.rss cl-scale -o data.clt || bad=1
limit "cl-scale, from a pipe" "$(cat scale.rss)" 65536
data=$((n * (d + 1) * 4 / 1024))
for device in cpu ref $(cl-train -V | sed -n 's/^engine blas: .*(.*/blas/p'); do
    peak train.rss cl-train -q --device $device --hidden 16 --epochs 1 --batch 256 -o model.ck data.clt || bad=1
    limit "cl-train --device $device" "$(cat train.rss)" $((data * 12 / 10))
done
# Spilled rows are pages of a file, which count as resident while there is room: measured is only that it cannot be seen.
cl-train -q --hidden 16 --epochs 1 --batch 256 --max-memory 50M -o small.ck data.clt || bad=1
cmp model.ck small.ck || { echo "--max-memory shows in the checkpoint"; bad=1; }
exit $bad
