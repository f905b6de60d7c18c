#!/bin/bash
# The line of a bad record is right, wherever it stands: behind quoted line ends, blank lines, line ends of any kind, in
# any chunk. Whoever writes the file counts its lines.
. "$TESTS/pipes/lib.bash"
rows=60000
[ -z "${CL_TEST_SANITIZED:-}" ] || rows=20000

# write KIND: file.csv, several MiB, with bad records on the lines of the file bad.
write() {
    awk -v rows=$rows -v kind="$1" 'BEGIN {
        ends[0] = "\n"; ends[1] = "\r\n"; ends[2] = "\r"
        only = kind == "lf" ? 0 : kind == "crlf" ? 1 : kind == "cr" ? 2 : -1
        printf "n,note,size,y%s", ends[only < 0 ? 0 : only]
        line = 2
        long = "so many words that the file takes several chunks of a MiB each"
        for (i = 0; i < rows; i++) {
            end = ends[only < 0 ? i % 2 : only]
            # Two line ends in a cell are two lines, unless they are CR and LF of one.
            inside = i % 7 == 0 ? ends[only < 0 ? i % 3 : only] : ""
            text = inside == "" ? long : "\"one" inside "two, " inside inside "\"\"three\"\"\""
            lines = 1 + (inside == "" ? 0 : 3)
            size = kind == "odd" && i % 5 == 0 ? "5\"" : "none"
            if (i % 1999 == 1000) {
                printf "%d,%s%s", i, text, end > "file.csv"
                print line > "bad"
            } else if (i % 1999 == 1500) {
                printf "x%d,%s,%s,1%s", i, text, size, end > "file.csv"
                print line > "bad"
            } else {
                printf "%d,%s,%s,%d.%d%s", i, text, size, i % 100, i % 7, end > "file.csv"
            }
            line += lines
            if (i % 11 == 0) {
                printf "  %s", end > "file.csv"
                line++
            }
        }
    }' > header
    cat header file.csv > whole.csv
}

for kind in lf crlf cr mixed odd; do
    rm -f file.csv bad
    write $kind
    [ "$(wc -c < whole.csv)" -gt $((rows * 60)) ] || fail "$kind: the file is shorter than several chunks"
    n=$(wc -l < bad)
    [ "$n" -gt 19 ] || fail "$kind: $n bad records"
    options=(--types 'note:text,n:num,size:cat')
    for threads in 1 3; do
        cl-ingest --threads $threads "${options[@]}" --bad-rows skip whole.csv 2> err > /dev/null || fail "$kind: failed"
        # The first ten are told, each by its line.
        sed -n 's/^cl-ingest: whole.csv:\([0-9]*\): .* (row skipped)$/\1/p' err > told
        head -n 10 bad | cmp -s - told || fail "$kind, --threads $threads: lines $(tr '\n' ' ' < told) are told"
        grep -q "^cl-ingest: $n of $rows records skipped as bad; the first ten were told$" err ||
            fail "$kind, --threads $threads: $(tail -n 1 err)"
        # The one above the limit ends the reading: any of them.
        for limit in 0 1 9 10 11 $((n / 2)) $((n - 1)); do
            cl-ingest --threads $threads "${options[@]}" --bad-rows $limit whole.csv 2> err > /dev/null
            status 3 $? "$kind, --bad-rows $limit"
            want=$(sed -n $((limit + 1))p bad)
            tail -n 1 err | grep -q "^cl-ingest: whole.csv:$want: .*bad row number $((limit + 1)): " ||
                fail "$kind, --threads $threads, --bad-rows $limit: line $want, not $(tail -n 1 err)"
        done
        cl-ingest --threads $threads "${options[@]}" --bad-rows "$n" whole.csv > /dev/null 2>&1 ||
            fail "$kind, --threads $threads: as many bad records as --bad-rows allows are too many"
    done
done
