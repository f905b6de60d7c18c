#!/bin/bash
# The number of threads cannot be seen in the checkpoint.
. "$TESTS/pipes/lib.bash"
for data in flights diabetes wine; do
    cl-ingest "$DATA/$data.csv" | cl-split | cl-scale > $data.clt || fail "$data: no stream"
    for threads in 1 2 3; do
        train --threads $threads < $data.clt > $data.$threads.ck || fail "$data: training with $threads threads failed"
    done
    same $data.1.ck $data.2.ck "$data, 1 and 2 threads"
    same $data.1.ck $data.3.ck "$data, 1 and 3 threads"
done
# A batch wide enough to be shared by threads.
train --hidden 128,64 --batch 512 --threads 1 < flights.clt > wide.1.ck
train --hidden 128,64 --batch 512 --threads 2 < flights.clt > wide.2.ck
same wide.1.ck wide.2.ck "a wide network, 1 and 2 threads"
