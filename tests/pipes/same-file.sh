#!/bin/bash
# A file named, a file on stdin and a pipe give the same checkpoint, and so do stored streams at each stage.
. "$TESTS/pipes/lib.bash"
for data in flights diabetes wine; do
    cat "$DATA/$data.csv" | cl-ingest | cl-split | cl-scale | train > pipe.ck || fail "$data: the pipe failed"
    cl-ingest < "$DATA/$data.csv" > stdin.clt && cl-split < stdin.clt > split.clt && cl-scale < split.clt > scaled.clt &&
        train < scaled.clt > stdin.ck || fail "$data: files on stdin failed"
    same pipe.ck stdin.ck "$data, a pipe and files on stdin"
    cl-ingest -o named.clt "$DATA/$data.csv" && cl-split -o split.clt named.clt && cl-scale -o scaled.clt split.clt &&
        train -o named.ck scaled.clt || fail "$data: named files failed"
    same pipe.ck named.ck "$data, a pipe and named files"
    same stdin.clt named.clt "$data, cl-ingest by stdin and by name"
    cl-ingest -z "$DATA/$data.csv" | cl-split -z9 | cl-scale -z | train > packed.ck || fail "$data: compressed streams failed"
    same pipe.ck packed.ck "$data, raw and compressed streams"
    rm -f ./*.clt ./*.ck
done
