#!/bin/bash
# The same line gives the same bytes again, and another seed gives others.
. "$TESTS/pipes/lib.bash"
line() {
    cl-ingest "$DATA/flights.csv" | cl-split --seed "$1" | cl-scale | train --seed "$1"
}
line 1 > a.ck && line 1 > b.ck && line 2 > c.ck || fail "training failed"
same a.ck b.ck "the same line twice"
cmp -s a.ck c.ck && fail "seeds 1 and 2 give the same checkpoint"
[ "$(cl-cat --digest a.ck)" = "$(cl-cat --digest b.ck)" ] || fail "the digests differ"
[ "$(cl-cat --digest a.ck)" != "$(cl-cat --digest c.ck)" ] || fail "seeds 1 and 2 have the same digest"
# A bare run has no clock and no host in it.
sleep 1.1
line 1 > later.ck
same a.ck later.ck "the same line a second later"
