#!/bin/bash
# Runs the measurements: tests/bench/run.sh [NAME ...], all of tests/bench/*.sh without names.
#
# A script gets the built programs first in PATH, $ROOT, $TESTS, $CL_DATA (the shared data sets) and an empty folder to
# work in; exit 77 means that its data are not there. What it prints is the result: put machine and commit beside it.
set -u
TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
ROOT=$(dirname "$TESTS")
: "${CL_DATA:=$ROOT/../shared/data}" "${BUILD:=build}"
export TESTS ROOT CL_DATA LC_ALL=C
build=$(cd "$ROOT" && cd "$BUILD" && pwd) || exit 1
export PATH=$build:$build/tests/helpers:$PATH

cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2> /dev/null | head -n 1)
echo "machine: ${cpu:-$(uname -m)}, $(nproc) cores; commit $(git -C "$ROOT" rev-parse --short HEAD 2> /dev/null || echo unknown)"
status=0
for script in "$TESTS"/bench/*.sh; do
    name=$(basename "$script" .sh)
    [ "$name" = run ] && continue
    [ $# = 0 ] || [[ " $* " == *" $name "* ]] || continue
    echo
    echo "== $name"
    folder=$(mktemp -d) || exit 1
    (cd "$folder" && bash "$script")
    case $? in
    0 | 77) ;;
    *) status=1 ;;
    esac
    rm -rf "$folder"
done
exit $status
