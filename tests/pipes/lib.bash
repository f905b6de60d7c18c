# What the pipe tests share: `. "$TESTS/pipes/lib.bash"`.
#
# Every test runs in an empty folder of its own, with build/ and the helpers of tests/helpers/ first in PATH.

DATA=$TESTS/data
# A start takes long under the sanitizers: fewer damaged forms of a file are tried there (tests/helpers/each.c).
[ -z "${CL_TEST_SANITIZED:-}" ] || export EACH_STEP=31

# fail SENTENCE: the test has failed.
fail() {
    printf '%s\n' "$*"
    exit 1
}

# skip SENTENCE: the test cannot be run here.
skip() {
    printf '%s\n' "$*"
    exit 77
}

# same FILE FILE WHAT: both files hold the same bytes.
same() {
    cmp -s "$1" "$2" || fail "$3: $1 ($(wc -c < "$1") bytes) and $2 ($(wc -c < "$2") bytes) differ"
}

# status WANTED GOT WHAT
status() {
    [ "$1" = "$2" ] || fail "$3: exit status $2 instead of $1"
}

# one_line FILE WHAT: a program said exactly one line.
one_line() {
    [ "$(wc -l < "$1")" -eq 1 ] || fail "$2: $(wc -l < "$1") lines on stderr instead of one: $(cat "$1")"
}

# only NAME ...: the folder holds these files and no others (temporaries included).
only() {
    local found
    found=$(ls -A | LC_ALL=C sort | tr '\n' ' ')
    [ "$found" = "$(printf '%s\n' "$@" | LC_ALL=C sort | tr '\n' ' ')" ] ||
        fail "files here: $found, instead of: $*"
}

# The training line of most tests, small enough to take a fraction of a second: train OPTION ... < STREAM > CHECKPOINT
train() {
    cl-train --hidden 8,4 --epochs 3 "$@"
}
