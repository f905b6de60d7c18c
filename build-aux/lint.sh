#!/bin/bash
# Checks that need no run of the programs, one name each.
#
#   build-aux/lint.sh [--build DIR] [CHECK ...]      all of them without CHECK; --list names them
#
# Exit status 0: clean; 1: findings, printed as FILE:LINE: what; 77: a check that was asked for alone was skipped.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
shopt -s nullglob

build=build
export LC_ALL=C
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
sources=(common/*.[ch] formats/*.[ch] formats/*/*.[ch] kernels/*.[ch] kernels/*/*.[ch] kernels/*/*/*.[ch] tools/*.[ch])
tests=(tests/*/*.[ch])

# tools -> {formats, kernels} -> common; formats and kernels never see each other.
check_includes()
{
    awk '
        FNR == 1 { layer = FILENAME; sub("/.*", "", layer) }
        # first pass: where each header lives
        pass == 1 { if (FNR == 1 && FILENAME ~ /\.h$/) { name = FILENAME; sub(".*/", "", name); home[name] = layer }; next }
        /^[ \t]*#[ \t]*include[ \t]*"/ {
            name = $0; sub("^[^\"]*\"", "", name); sub("\".*", "", name); sub(".*/", "", name)
            to = home[name]
            if (to == "")
                print FILENAME ":" FNR ": \"" name "\" is no header of this project"
            else if (to == layer || to == "common" || (layer == "tools" && to != "tools"))
                next
            else
                print FILENAME ":" FNR ": " layer " must not include " to " (" name ")"
        }' pass=1 "${sources[@]}" pass=2 "${sources[@]}"
}

# Library code neither prints nor exits; the five files of common/ that may are the ones that do it for the tools.
# abort() is allowed: like assert(), it is for our own bugs. And a process may end that library code started itself, as
# kernels/blas/library.c does.
check_calls()
{
    local file
    for file in common/*.c formats/*.c formats/*/*.c kernels/*.c kernels/*/*.c kernels/*/*/*.c; do
        case $file in
        common/program.c | common/options.c | common/completion.c | common/memory.c | common/progress.c) continue ;;
        esac
        strip_comments "$file" | if [ "$file" = kernels/blas/library.c ]; then sed 's/\<_exit(/end(/'; else cat; fi |
            grep -nE '\b(printf|puts|putchar|vprintf|perror|exit|_exit|die|die_errno|die_error|warn|warn_errno)[[:space:]]*\(|\b(stdout|stderr)\b' |
            sed "s,^\([0-9]*\):[[:space:]]*,$file:\1: library code prints or exits: ,"
    done
    # Numbers do not depend on the locale because nobody sets one; randomness and time come from rng.h and the data.
    for file in "${sources[@]}"; do
        strip_comments "$file" | grep -nE '\b(setlocale|rand|srand|random|drand48|gets|strcpy|strcat|sprintf|atoi|atof|strtok)[[:space:]]*\(' |
            sed "s,^\([0-9]*\):[[:space:]]*,$file:\1: not used here: ,"
    done
}

# Comments and the insides of strings become blanks; lines stay.
strip_comments()
{
    awk '{
        line = $0; out = ""
        while (line != "") {
            if (inside) {
                at = index(line, "*/")
                if (at == 0) { line = ""; break }
                line = substr(line, at + 2); inside = 0
            } else if (match(line, /\/\*|\/\/|"([^"\\]|\\.)*"|\x27([^\x27\\]|\\.)*\x27/)) {
                token = substr(line, RSTART, RLENGTH)
                out = out substr(line, 1, RSTART - 1) (token ~ /^["\x27]/ ? "\"\"" : " ")
                line = substr(line, RSTART + RLENGTH)
                if (token == "//") line = ""
                if (token == "/*") inside = 1
            } else {
                out = out line; line = ""
            }
        }
        print out
    }' "$1"
}

# A tool has no file-scope variables: only functions, types, constants.
check_statics()
{
    local file
    for file in tools/*.c; do
        strip_comments "$file" | awk -v file="$file" '
            depth == 0 && /^(static[ \t]+)?[a-z_][A-Za-z0-9_ \t*]*(\[[^]]*\])*[ \t]*(=.*|;)[ \t]*$/ && !/^(static[ \t]+)?const |\* *const |^(struct|enum|union)[ \t]+[a-z_0-9]+;|^(typedef|extern|return)|^}/ {
                print file ":" NR ": a variable at file scope"
            }
            { depth += gsub(/\{/, "{") - gsub(/\}/, "}") }'
    done
}

# A file is found by its name alone.
check_names()
{
    printf '%s\n' "${sources[@]}" "${tests[@]}" | sed 's,.*/,,' | sort | uniq -d | while read -r name; do
        printf '%s: this name is used twice: ' "$name"
        printf '%s\n' "${sources[@]}" "${tests[@]}" | grep "/$name\$" | tr '\n' ' '
        echo
    done
}

check_sizes()
{
    wc -l "${sources[@]}" "${tests[@]}" | awk '$2 != "total" && $1 > 1500 { print $2 ": " $1 " lines; readers get lost beyond 1500" }'
    awk 'length($0) > 120 { print FILENAME ":" FNR ": " length($0) " columns; the limit is 120" }' "${sources[@]}" "${tests[@]}"
}

check_whitespace()
{
    grep -nE '[[:space:]]+$' "${sources[@]}" "${tests[@]}" Makefile README.md CONTRIBUTING.md CHANGELOG.md man/* 2> /dev/null | sed 's/$/<- blanks at the end/'
    grep -nP '\t' "${sources[@]}" "${tests[@]}" | sed 's/$/<- a tab/'
    local file
    for file in "${sources[@]}" "${tests[@]}"; do
        [ -s "$file" ] && [ -n "$(tail -c 1 "$file")" ] && echo "$file: no newline at the end"
    done
}

check_format()
{
    command -v clang-format > /dev/null || skip "clang-format is not installed"
    local file
    for file in "${sources[@]}" "${tests[@]}"; do
        clang-format "$file" | cmp -s - "$file" || echo "$file: differs from what clang-format makes of it (make format)"
    done
}

check_man()
{
    command -v mandoc > /dev/null || skip "mandoc is not installed"
    local page tool
    for page in man/*.[157]; do
        # Names of our own pages cannot be looked up before they are installed.
        mandoc -T lint -W warning "$page"
    done
    for tool in tools/cl-*.c; do
        tool=$(basename "$tool" .c)
        [ -f "man/$tool.1" ] || echo "man/$tool.1: missing"
    done
}

# man_options PAGE MACRO: the long options on the lines of a page that begin with the macro.
man_options()
{
    grep -E "^\\.($2) " "$1" | grep -oE 'Fl +-[a-z0-9-]+' | sed 's/^Fl *-//' |
        grep -vE '^(help|version|quiet|verbose)$' | sort -u
}

# Every option of --help is in the man page, in a list or in a sentence, and every option in a list is in --help. The
# four that all programs share are in cl.7.
check_help()
{
    local tool page
    [ -n "$(echo "$build"/cl-*)" ] || skip "nothing has been built"
    for tool in tools/cl-*.c; do
        tool=$(basename "$tool" .c) page=man/$(basename "$tool" .c).1
        [ -f "$page" ] || continue
        if [ ! -x "$build/$tool" ]; then
            echo "$tool: has not been built"
            continue
        fi
        "$build/$tool" --help | sed -n 's/^  \(-., \|    \)--\([a-z0-9-]*\).*/\2/p' |
            grep -vE '^(help|version|quiet|verbose)$' | sort > "$scratch/program"
        man_options "$page" 'It|Fl' > "$scratch/page"
        man_options "$page" It > "$scratch/lists"
        comm -23 "$scratch/program" "$scratch/page" | sed "s,.*,$page: option --& of the program is missing,"
        comm -13 "$scratch/program" "$scratch/lists" | sed "s,.*,$page: option --& does not exist in the program,"
    done
}

check_completion()
{
    local tool shell syntax
    [ -n "$(echo "$build"/cl-*)" ] || skip "nothing has been built"
    for tool in "$build"/cl-*; do
        [ -x "$tool" ] || continue
        for shell in bash zsh fish; do
            command -v $shell > /dev/null || continue
            syntax=-n
            [ $shell = fish ] && syntax=--no-execute
            if ! "$tool" --completion $shell > "$scratch/completion" || ! [ -s "$scratch/completion" ]; then
                echo "$(basename "$tool") --completion $shell: failed"
            else
                $shell $syntax "$scratch/completion" 2>&1 | sed "s,^,$(basename "$tool") --completion $shell: ,"
            fi
        done
    done
}

check_shell()
{
    command -v shellcheck > /dev/null || skip "shellcheck is not installed"
    local cases=(tests/cli/*/*.sh)
    # ls of names that are known, variables that are read by name
    local not=SC2010,SC2034,SC2154,SC2206
    shellcheck -e $not -S warning -f gcc build-aux/*.sh .ci/run tests/*.sh examples/*.sh examples/*/*.sh tests/pipes/*.sh tests/bench/*.sh
    [ ${#cases[@]} = 0 ] || shellcheck -e $not -S warning -s sh -f gcc "${cases[@]}"
}

skip()
{
    echo "$1"
    exit 77
}

all=(includes calls statics names sizes whitespace format man help completion shell)
asked=()
while [ $# -gt 0 ]; do
    case $1 in
    --build) build=$2 && shift ;;
    --list)
        printf '%s\n' "${all[@]}"
        exit 0
        ;;
    *) asked+=("$1") ;;
    esac
    shift
done

run_check()
{
    local found status
    found=$("check_$1")
    status=$?
    if [ $status = 77 ]; then
        echo "skipped: $found"
        return 77
    fi
    [ -z "$found" ] && return 0
    printf '%s\n' "$found"
    return 1
}

if [ ${#asked[@]} = 1 ]; then
    run_check "${asked[0]}"
    exit
fi
bad=0
for check in "${asked[@]:-${all[@]}}"; do
    output=$(run_check "$check")
    case $? in
    0) echo "ok   $check" ;;
    77) echo "skip $check (${output#skipped: })" ;;
    *)
        echo "FAIL $check"
        printf '%s\n' "$output" | sed 's/^/     /'
        bad=1
        ;;
    esac
done
exit $bad
