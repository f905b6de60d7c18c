#!/bin/bash
# timeout: 240
# The number of threads cannot be seen in what cl-ingest writes, nor in what it says; nor can the instruction set, nor
# whether a file or a pipe is read.
. "$TESTS/pipes/lib.bash"
cl-ingest --help | grep -q -e '--threads' || skip "cl-ingest has no --threads"
rows=20000
[ -z "${CL_TEST_SANITIZED:-}" ] || rows=8000

# same_threads STATUS NAME ARGUMENT ...: of cl-ingest; the stream is left in NAME.1.
same_threads() {
    local wanted=$1 name=$2 n got
    shift 2
    for n in 1 2 3 8; do
        cl-ingest --threads $n "$@" > "$name.$n" 2> "$name.$n.err"
        got=$?
        status "$wanted" $got "$name, --threads $n ($(tail -n 1 "$name.$n.err"))"
        same "$name.1" "$name.$n" "$name, --threads $n"
        same "$name.1.err" "$name.$n.err" "$name, what --threads $n says"
        [ $n = 1 ] || rm "$name.$n"
    done
}

# same_isa NAME ARGUMENT ...
same_isa() {
    local name=$1 isa
    shift
    for isa in base avx2 avx512 neon; do
        CL_ISA=$isa cl-ingest --threads 2 "$@" > isa.clt 2> isa.err
        [ $? != 4 ] || continue # this machine does not have it
        same "$name.1" isa.clt "$name, CL_ISA=$isa"
    done
}

# same_pipe NAME FILE ARGUMENT ...: where a pipe pauses, what has come is given out; so on a busy machine frames may be
# smaller, but a pipe that never pauses gives the bytes of a file.
same_pipe() {
    local name=$1 file=$2 n try digest
    shift 2
    digest=$(cl-cat --digest "$name.1")
    for n in 1 3; do
        for try in 1 2 3 4 5; do
            cat "$file" | cl-ingest --threads $n "$@" > pipe.clt 2> /dev/null || fail "$name: --threads $n, from a pipe"
            [ "$(cl-cat --digest pipe.clt)" = "$digest" ] || fail "$name: --threads $n from a pipe is another stream"
            ! cmp -s "$name.1" pipe.clt || break
        done
        same "$name.1" pipe.clt "$name, --threads $n from a pipe, in $try tries"
        cl-ingest --threads $n "$@" < "$file" > pipe.clt 2> /dev/null || fail "$name: --threads $n < $file"
        same "$name.1" pipe.clt "$name, --threads $n < $file"
    done
}

# slow NAME FILE N ARGUMENT ...: a pipe fed N bytes at a time.
slow() {
    local name=$1 file=$2 step=$3 n digest
    shift 3
    digest=$(cl-cat --digest "$name.1")
    for n in 1 3; do
        [ "$(feed "$step" < "$file" | cl-ingest --threads $n "$@" 2> /dev/null | cl-cat --digest)" = "$digest" ] ||
            fail "$name: --threads $n, fed $step bytes at a time, is another stream"
    done
}

# Numbers, and text in quotes: several chunks of a MiB each.
sample physics $rows > physics.csv
sample digits $((rows / 2)) > digits.csv
sample quoted $rows > quoted.csv
sample wide $((rows / 20)) > wide.csv
for data in physics digits quoted wide; do
    same_threads 0 $data $data.csv
    same_isa $data $data.csv
done
same_pipe physics physics.csv
same_pipe quoted quoted.csv
slow quoted quoted.csv 4097
for n in 1 7 1000; do
    head -n 3000 quoted.csv > short.csv
    same_threads 0 frames-$n --frame-rows $n short.csv
done
same_threads 0 compressed -z quoted.csv
same_threads 0 carried --carry company2,street1 quoted.csv
same_threads 0 text --types note5:text quoted.csv
lags=$(head -n 1 physics.csv | tr , '\n' | tail -n 1):1,x0:7 # the label's name is the last
same_threads 0 lagged --lag "$lags" physics.csv
same_pipe lagged physics.csv --lag "$lags"

# Line ends of Windows; line ends inside quotes, which make any guess at a record's end a wrong one in half the places.
sed 's/$/\r/' quoted.csv > crlf.csv
same_threads 0 crlf crlf.csv
# Frames are cut where records end in the text, so only what is in them is the same.
[ "$(cl-cat --digest quoted.1)" = "$(cl-cat --digest crlf.1)" ] || fail "CR LF instead of LF makes another stream"
same_isa crlf crlf.csv
awk '{ gsub(/ street, /, " street,\n") } 1' quoted.csv > lines.csv
same_threads 0 lines lines.csv
same_isa lines lines.csv
same_pipe lines lines.csv
slow lines lines.csv 1021
sed 's/$/\r/' lines.csv > lines-crlf.csv
same_threads 0 lines-crlf lines-crlf.csv

# Quotes inside cells, an odd number of them, so that counting quotes guesses wrong.
awk -v rows=$((2 * rows)) 'BEGIN {
    print "size,n,city,kind,y"
    for (i = 0; i < rows; i++) {
        size = i % 7 == 0 ? "5\"" : i % 11 == 0 ? "3.5\" x 5\"" : "none"
        city = i % 5 == 0 ? "\"Rome, or \"\"Roma\"\"\"" : i % 13 == 0 ? "\"two\nlines\"" : "Paris"
        printf "%s,%d,%s,k%d,%d\n", size, i * 37 % 1001, city, i % 9, i % 2
    }
}' > odd.csv
same_threads 0 odd odd.csv
same_isa odd odd.csv
same_pipe odd odd.csv
slow odd odd.csv 4097

# Categories that come late are counted in the order of the file, whoever meets them first.
awk -v rows=$((4 * rows)) 'BEGIN {
    print "a,b,when,y"
    for (i = 0; i < rows; i++)
        printf "v%d,%d,2024-01-%02d %02d:%02d:%02d,class %d\n", i * i / rows, i % 101, i % 28 + 1, i % 24, i % 60, i % 60,
            i < rows / 2 ? i % 3 : i % 7
}' > late.csv
same_threads 0 late --types a:cat,y:cat late.csv
same_isa late --types a:cat,y:cat late.csv
same_pipe late late.csv --types a:cat,y:cat

# Bad records: the same are skipped, the same are told, and the same line is the first that stops.
awk -v rows=$rows 'NR == 1 || NR % 997 != 0 { print; next }
    NR % 3 == 0 { print $0 ",more"; next }
    NR % 3 == 1 { print "too,few"; next }
    { print "x" $0 }' physics.csv > bad.csv
same_threads 0 skipped --types x0:num --bad-rows skip bad.csv
same_pipe skipped bad.csv --types x0:num --bad-rows skip
same_threads 3 limited --types x0:num --bad-rows 5 bad.csv
same_threads 3 stopped --types x0:num bad.csv
head -c $(($(wc -c < quoted.csv) - 30)) quoted.csv > open.csv
printf '"never closed' >> open.csv
same_threads 3 open open.csv
(cat physics.csv; printf 'abc%s\n' "$(sed -n 2p physics.csv)") > letters.csv
same_threads 3 letters --types x0:num letters.csv
(head -n $((rows / 2)) physics.csv; printf 'a\0b,1\n'; tail -n +$((rows / 2)) physics.csv) > nul.csv
same_threads 3 nul nul.csv

# Several files are one table: a record number and a category go on; so does a file without a line end behind it.
split -n l/3 -d physics.csv part.
sed -i "1{h;d};\$!b" part.00 && head -n 1 physics.csv | cat - part.00 > p0.csv
head -n 1 physics.csv | cat - part.01 | head -c -1 > p1.csv
head -n 1 physics.csv | cat - part.02 > p2.csv
same_threads 0 several p0.csv p1.csv p2.csv
[ "$(cl-cat --digest several.1)" = "$(cl-cat --digest physics.1)" ] || fail "three files are another table than one"
same_threads 0 twice odd.csv odd.csv
same_threads 4 missing p0.csv none.csv

# Odd beginnings and ends.
(printf '\xef\xbb\xbf'; sed '$d' physics.csv; printf '%s' "$(tail -n 1 physics.csv)") > marked.csv
same_threads 0 marked marked.csv
[ "$(cl-cat --digest physics.1)" = "$(cl-cat --digest marked.1)" ] ||
    fail "a byte order mark, and no line end at the end, make another stream"
awk 'NR % 500 == 0 { print "" } 1' physics.csv > blank.csv
same_threads 0 blank blank.csv
tail -n +2 physics.csv | tr ',' '\t' > plain.tsv
same_threads 0 tsv -f tsv --no-header plain.tsv
tr ',' ';' < physics.csv > semicolon.csv
same_threads 0 semicolon semicolon.csv
same physics.1 semicolon.1 "semicolons"
head -n 1 physics.csv > header.csv
same_threads 3 header header.csv
: > empty.csv
same_threads 3 empty empty.csv
for data in flights diabetes wine; do
    same_threads 0 $data "$DATA/$data.csv"
    slow $data "$DATA/$data.csv" 1
done

# A model's columns, and nothing else, decide what is read with it.
cl-split < quoted.1 | cl-scale -q | train -q --epochs 1 > m.ck || fail "training failed"
same_threads 0 by-model -m m.ck quoted.csv
same_isa by-model -m m.ck quoted.csv
