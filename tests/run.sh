#!/bin/bash
# Runs the tests and counts them.
#
#   tests/run.sh [--build DIR] [--jobs N] [--record] [--list] [PATTERN ...]
#
# The programs must have been built (`make all tests`). A PATTERN is a shell pattern or a beginning of a test's name:
#
#   tests/run.sh cli/cl-cat                  every case of cl-cat
#   tests/run.sh unit/test_options pipes     one unit program and all pipelines
#   tests/run.sh --record cli/cl-cat/head    writes head.out, head.err and head.exit anew: read the diff before you
#                                            commit it (or: make test T=cli/cl-cat/head UPDATE=1)
#   tests/run.sh --build /tmp/b cli          with the programs of another build folder
#
# Kinds of tests, by name:
#   unit/* engines/*   cmocka programs; every test in them counts
#   cli/TOOL/CASE      tests/cli/TOOL/CASE.sh, compared with CASE.out, CASE.err (missing: empty) and CASE.exit
#                      (missing: 0)
#   pipes/CASE         tests/pipes/CASE.sh; exit 0 = passed
#   fuzz/FORMAT        the corpus of tests/fuzz/corpus/FORMAT through its target
#   man/PAGE           the EXAMPLES of man/PAGE, see tests/examples.sh
#   readme/FOLDER      the ```sh blocks of FOLDER/README.md, likewise
#   lint/CHECK         build-aux/lint.sh CHECK
#
# Scripts run in an empty temporary folder with the built programs (and the helpers of tests/helpers) first in PATH, LC_ALL=C, $TESTS (this folder),
# $ROOT (the project), $CL_DATA (the shared data sets; may not exist) and $TMPDIR (another empty folder). Exit 77
# means skipped, with the reason on stdout. A first line "#!/bin/bash" is honoured; a line "# timeout: SECONDS" changes
# the limit of 120 seconds (x 5 in a sanitizer build).
set -u

TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(dirname "$TESTS")
: "${CL_DATA:=$ROOT/../shared/data}"
build=$ROOT/build jobs=$(nproc 2> /dev/null || echo 1) mode=run patterns=()

usage()
{
    sed -n '2,/^set -u/{/^set -u/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
    exit "$1"
}

while [ $# -gt 0 ]; do
    case $1 in
    --build) build=$2 && shift ;;
    --jobs) jobs=$2 && shift ;;
    --record) mode=record ;;
    --list) mode=list ;;
    --one) mode=one ;;
    -h | --help) usage 0 ;;
    -*) usage 2 >&2 ;;
    *) patterns+=("$1") ;;
    esac
    shift
done

# ---- one test: prints its report, appends "PASSED FAILED SKIPPED" to $RESULTS ----

limit_of()
{
    local seconds
    seconds=$(sed -n '1,15s/^# timeout: *\([0-9][0-9]*\).*/\1/p' "$1" | head -n 1)
    echo $((${seconds:-120} * ${CL_TEST_SLOW:-1}))
}

# run LIMIT COMMAND...: with a time limit, which is reported as such.
run()
{
    local limit=$1 status
    shift
    timeout -k 5 "$limit" "$@"
    status=$?
    if [ $status = 124 ] || [ $status = 137 ]; then
        echo "(ended: over $limit seconds, or killed)"
    fi
    return $status
}

# report PASSED FAILED SKIPPED [TEXT-FILE]
report()
{
    local passed=$1 failed=$2 skipped=$3 text=${4:-/dev/null} seconds word line
    seconds=$(awk -v a="$started" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
    if [ "$failed" -gt 0 ]; then
        word="FAIL"
    elif [ "$passed" = 0 ]; then
        word="skip"
    else
        word="ok  "
    fi
    line="$word $id ($seconds s)"
    [ $((passed + failed + skipped)) -gt 1 ] && line="$line: $passed passed, $failed failed, $skipped skipped"
    {
        flock 9
        if [ "$failed" -gt 0 ]; then
            printf '%s\n' "$line"
            head -c 20000 "$text" | sed 's/^/     | /'
        elif [ "$word" = skip ]; then
            printf '%s: %s\n' "$line" "$(tail -n 1 "$text")"
        else
            printf '%s\n' "$line"
        fi
        echo "$passed $failed $skipped $id" >> "$RESULTS"
    } 9>> "$RESULTS.lock"
}

# result STATUS TEXT-FILE: of a test that is one script.
result()
{
    case $1 in
    0) report 1 0 0 "$2" ;;
    77) report 0 0 1 "$2" ;;
    *)
        echo "(exit status $1)" >> "$2"
        report 0 1 0 "$2"
        ;;
    esac
}

# cmocka's TAP lines: "ok N - name", "not ok N - name", "ok N # SKIP name".
one_program()
{
    local program=$1 status passed failed skipped
    if [ ! -x "$program" ]; then
        echo "$program has not been built" > "$work/text"
        report 0 1 0 "$work/text"
        return
    fi
    CMOCKA_MESSAGE_OUTPUT=TAP run "$(limit_of "$2")" "$program" > "$work/text" 2>&1 < /dev/null
    status=$?
    skipped=$(grep -c '^\(not \)\{0,1\}ok [0-9]* *# SKIP' "$work/text")
    passed=$(grep -c '^ok [0-9]* *-' "$work/text")
    failed=$(grep -c '^not ok [0-9]* *-' "$work/text")
    if [ $((passed + failed + skipped)) = 0 ]; then
        echo "(no test reported a result; exit status $status)" >> "$work/text"
        failed=1
    elif [ $status != 0 ] && [ "$failed" = 0 ]; then
        echo "(exit status $status)" >> "$work/text"
        failed=1
    fi
    if [ "$failed" -gt 0 ]; then
        grep -v '^ok ' "$work/text" > "$work/shown"
        mv "$work/shown" "$work/text"
    fi
    report "$passed" "$failed" "$skipped" "$work/text"
}

shell_of()
{
    case $(head -n 1 "$1") in
    '#!'*bash) echo bash ;;
    *) echo sh ;;
    esac
}

# same EXPECTED ACTUAL NAME: a missing expected file is an empty one.
same()
{
    local expected=$1
    [ -f "$expected" ] || expected=/dev/null
    cmp -s "$expected" "$2" && return 0
    diff -a -u --label "expected $3" --label "actual $3" "$expected" "$2"
    return 1
}

one_cli()
{
    local base=$TESTS/$id status wanted=0 good=0
    run "$(limit_of "$base.sh")" "$(shell_of "$base.sh")" "$base.sh" > "$work/out" 2> "$work/err" < /dev/null
    status=$?
    if [ $status = 77 ]; then
        result 77 "$work/out"
        return
    fi
    if [ "$mode" = record ]; then
        rm -f "$base.out" "$base.err" "$base.exit"
        [ -s "$work/out" ] && cp "$work/out" "$base.out"
        [ -s "$work/err" ] && cp "$work/err" "$base.err"
        [ $status = 0 ] || echo $status > "$base.exit"
        report 1 0 0
        return
    fi
    [ -f "$base.exit" ] && wanted=$(cat "$base.exit")
    {
        same "$base.out" "$work/out" stdout || good=1
        same "$base.err" "$work/err" stderr || good=1
        if [ "$status" != "$wanted" ]; then
            echo "exit status $status, expected $wanted"
            good=1
        fi
    } > "$work/text"
    if [ $good = 0 ]; then
        report 1 0 0
    else
        report 0 1 0 "$work/text"
    fi
}

one()
{
    local status
    id=$1 started=$EPOCHREALTIME
    work=$(mktemp -d "${TMPDIR:-/tmp}/cl-test.XXXXXX") || exit 1
    trap 'rm -rf "$work"' EXIT
    mkdir "$work/here" "$work/tmp"
    export TMPDIR=$work/tmp HOME=$work/tmp
    cd "$work/here" || exit 1
    case $id in
    unit/* | engines/*) one_program "$build/tests/$id" "$TESTS/$id.c" ;;
    cli/*) one_cli ;;
    pipes/*)
        run "$(limit_of "$TESTS/$id.sh")" "$(shell_of "$TESTS/$id.sh")" "$TESTS/$id.sh" > "$work/text" 2>&1 < /dev/null
        result $? "$work/text"
        ;;
    fuzz/*)
        if [ -x "$build/tests/fuzz/fuzz_${id#fuzz/}" ]; then
            run $((120 * ${CL_TEST_SLOW:-1})) "$build/tests/fuzz/fuzz_${id#fuzz/}" \
                "$TESTS/fuzz/corpus/${id#fuzz/}" > "$work/text" 2>&1 < /dev/null
            status=$?
        else
            echo "fuzz_${id#fuzz/} has not been built" > "$work/text"
            status=1
        fi
        result $status "$work/text"
        ;;
    man/* | readme/*)
        run $((120 * ${CL_TEST_SLOW:-1})) bash "$TESTS/examples.sh" "$id" > "$work/text" 2>&1 < /dev/null
        result $? "$work/text"
        ;;
    lint/*)
        run 120 "$ROOT/build-aux/lint.sh" --build "$build" "${id#lint/}" > "$work/text" 2>&1 < /dev/null
        result $? "$work/text"
        ;;
    *)
        echo "no such kind of test" > "$work/text"
        report 0 1 0 "$work/text"
        ;;
    esac
}

if [ "$mode" = one ]; then
    mode=$CL_TEST_MODE build=$CL_TEST_BUILD
    one "${patterns[0]}"
    exit 0
fi

# ---- all of them ----

# Long ones first, so that the cores are busy to the end.
list_tests()
{
    cd "$TESTS" || exit 1
    local file
    for file in pipes/*.sh engines/test_*.c unit/test_*.c fuzz/fuzz_*.c; do
        [ -e "$file" ] || continue
        file=${file%.*}
        echo "${file/fuzz_/}"
    done
    for file in ../man/*.[17]; do
        [ -e "$file" ] && grep -q '^\.Sh EXAMPLES' "$file" && echo "man/$(basename "$file")"
    done
    for file in ../README.md ../examples/*/README.md; do
        [ -e "$file" ] && grep -q '^```sh' "$file" || continue
        file=$(dirname "${file#../}")
        echo "readme/$(basename "${file/#./cl}")"
    done
    for file in cli/*/*.sh; do
        [ -e "$file" ] && echo "${file%.sh}"
    done
    "$ROOT/build-aux/lint.sh" --list | sed 's,^,lint/,'
}

chosen()
{
    local test pattern
    while read -r test; do
        [ ${#patterns[@]} = 0 ] && echo "$test"
        for pattern in "${patterns[@]}"; do
            pattern=${pattern#tests/}
            # shellcheck disable=SC2053 # a pattern is meant
            if [[ $test == $pattern || $test == "${pattern%.*}" || $test == "${pattern%/}"/* || $test == $pattern/* ]]; then
                echo "$test"
                break
            fi
        done
    done
}

list=$(list_tests | chosen)
[ "$mode" = record ] && list=$(grep '^cli/' <<< "$list")
if [ "$mode" = list ]; then
    [ -n "$list" ] && printf '%s\n' "$list"
    exit 0
fi

case $build in
/*) ;;
*) build=$PWD/$build ;;
esac
state=$(mktemp -d) && mkdir -p "$build/tests" || exit 1
trap 'rm -rf "$state"' EXIT
trap 'exit 130' INT TERM
: > "$state/results"
export TESTS ROOT CL_DATA RESULTS=$state/results CL_TEST_MODE=$mode CL_TEST_BUILD=$build
export PATH=$build:$build/tests/helpers:$PATH LC_ALL=C TERM=dumb
unset CL_NUMERICS CL_ISA CL_PLUGIN_DIR COLUMNS MAKEFLAGS MFLAGS MAKELEVEL
# Programs leave freeing at the end to the system; what the unit tests own, they free.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0:allocator_may_return_null=1} UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
if [ -f "$build/flags" ] && grep -q -e -fsanitize= "$build/flags"; then
    export CL_TEST_SLOW=5 CL_TEST_SANITIZED=1
fi

if [ -n "$list" ]; then
    printf '%s\n' "$list" | xargs -d '\n' -n 1 -P "$jobs" "$TESTS/run.sh" --one
fi

failures=$(awk '$2 > 0 { print "     " $4 }' "$state/results")
[ -n "$failures" ] && printf '\nFailed:\n%s\n' "$failures"
echo
awk -v wanted="$(grep -c . <<< "$list")" '
    { passed += $1; failed += $2; skipped += $3 }
    END {
        # A test that left no result is a failure of the runner, and must not look like success.
        if (NR < wanted)
            failed += wanted - NR
        printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
        exit failed > 0 || passed == 0
    }' "$state/results" | tee "$build/tests/summary"
exit "${PIPESTATUS[0]}"
