#!/bin/bash
# How rows were cut into frames cannot be seen in the checkpoint.
. "$TESTS/pipes/lib.bash"
for data in flights diabetes wine; do
    for rows in 1 7 default; do
        [ $rows = default ] && option= || option="--frame-rows $rows"
        cl-ingest $option "$DATA/$data.csv" | cl-split | cl-scale | train > $data.$rows.ck ||
            fail "$data: training on frames of $rows rows failed"
    done
    same $data.1.ck $data.default.ck "$data, frames of 1 row and the default"
    same $data.7.ck $data.default.ck "$data, frames of 7 rows and the default"
    # The streams differ in bytes, but are the same data.
    for rows in 1 7 1000000; do
        cl-ingest --frame-rows $rows "$DATA/$data.csv" | cl-split | cl-scale | cl-cat --digest
    done > digests || fail "$data: no digest"
    [ "$(sort -u digests | wc -l)" -eq 1 ] || fail "$data: the digest depends on the frames: $(tr '\n' ' ' < digests)"
    [ "$(wc -l < digests)" -eq 3 ] || fail "$data: $(wc -l < digests) digests instead of 3"
done
