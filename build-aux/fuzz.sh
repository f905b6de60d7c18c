#!/bin/bash
# Runs every fuzz target for some seconds; what it finds stays in the build folder.
#
#   build-aux/fuzz.sh BUILD SECONDS
#
# A crash leaves its input in BUILD/crashes: shrink it, fix the bug, and put it into tests/fuzz/corpus/FORMAT.
set -eu
build=$1 seconds=$2
mkdir -p "$build/crashes"
for target in tests/fuzz/fuzz_*.c; do
    name=$(basename "$target" .c)
    format=${name#fuzz_}
    mkdir -p "$build/corpus/$format" "tests/fuzz/corpus/$format"
    echo "== $format, $seconds seconds"
    ASAN_OPTIONS=allocator_may_return_null=1 "$build/tests/fuzz/$name" -max_total_time="$seconds" -timeout=10 \
        -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 -artifact_prefix="$build/crashes/$format-" \
        "$build/corpus/$format" "tests/fuzz/corpus/$format"
done
