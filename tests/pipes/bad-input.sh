#!/bin/bash
# Bad input through the whole line: what a user would expect, or one sentence with file, line and column, status 3 from
# there on, and nothing half-written.
. "$TESTS/pipes/lib.bash"
printf 'the old model' > old.ck

# line FILE OPTION ...: the whole line; statuses in got[], messages in e0 to e3.
line() {
    cp old.ck model.ck
    cl-ingest "$@" 2> e0 | cl-split 2> e1 | cl-scale 2> e2 | train -o model.ck 2> e3
    got=("${PIPESTATUS[@]}")
}

# refused PATTERN FILE OPTION ...: cl-ingest says one line that matches, and no program after it has a result.
refused() {
    local pattern=$1 i
    shift
    line "$@"
    for i in 0 1 2 3; do
        status 3 "${got[$i]}" "cl-ingest $*: program $i ($(cat e0))"
        one_line e$i "cl-ingest $*: program $i"
    done
    grep -Eq "^cl-ingest: $pattern" e0 || fail "cl-ingest $*: '$(cat e0)' does not match '$pattern'"
    same model.ck old.ck "cl-ingest $*: the old model"
    [ -z "$(compgen -G '.[!.]*')" ] || fail "cl-ingest $*: left $(compgen -G '.[!.]*')"
}

# refused_later PROGRAM PATTERN FILE OPTION ...: program 1 to 3 (cl-split, cl-scale, cl-train) is the one that refuses.
refused_later() {
    local who=$1 pattern=$2 i
    shift 2
    line "$@"
    for ((i = who; i < 4; i++)); do
        status 3 "${got[$i]}" "cl-ingest $*: program $i ($(cat e$i))"
        one_line e$i "cl-ingest $*: program $i"
    done
    grep -Eq "$pattern" e$who || fail "cl-ingest $*: '$(cat e$who)' does not match '$pattern'"
    same model.ck old.ck "cl-ingest $*: the old model"
}

# trains FILE OPTION ...: every program is content, and the model can be used.
trains() {
    line "$@"
    for i in 0 1 2 3; do
        status 0 "${got[$i]}" "cl-ingest $*: program $i ($(cat e$i))"
    done
    cl-ingest -m model.ck "$1" | cl-predict -m model.ck > p.csv || fail "cl-ingest $*: no predictions"
    [ "$(wc -l < p.csv)" -gt 1 ] || fail "cl-ingest $*: no predictions"
    rm -f model.ck
}

rows() { # rows N LINE: a line N times, with %d for the number
    local i
    for ((i = 0; i < $1; i++)); do
        printf "$2\n" $i
    done
}

{ echo 'a,b,y'; rows 20 '1,%d,yes'; echo '2,"open,no'; rows 5 '3,%d,no'; } > quote.csv
refused 'quote\.csv:22: .*quot' quote.csv
{ echo 'a,b,y'; rows 20 '1,%d,yes'; echo '2,no'; rows 5 '3,%d,no'; } > ragged.csv
refused 'ragged\.csv:22: ' ragged.csv
{ echo 'a,b,y'; rows 20 '1,%d,yes'; echo '2,3,4,no'; } > long.csv
refused 'long\.csv:22: ' long.csv
{ echo 'a,b,y'; rows 20 '1,%d,yes'; echo 'abc,3,no'; rows 9 '1,%d,no'; } > text.csv
refused "text\.csv:22: column 'a': 'abc'" text.csv --types a:num
# The same after the sample of 10,000 records, where nobody had to say so.
{ echo 'a,b,y'; rows 10050 '1,%d,yes' ; echo 'abc,3,no'; } | cat > late.csv
cl-ingest < late.csv > /dev/null 2> e0
status 3 $? "text in a numeric column after the sample"
grep -q "stdin:10052: column 'a': 'abc'.*--types" e0 || fail "text after the sample: '$(cat e0)'"
: > empty.csv
refused 'empty\.csv' empty.csv
printf '\n\n\n' > blank.csv
refused 'blank\.csv' blank.csv
echo 'a,b,y' > header.csv
line header.csv
status 3 "${got[3]}" "header only: cl-train"
[ "${got[0]}" -eq 3 ] || [ "${got[0]}" -eq 0 ] || fail "header only: cl-ingest exits ${got[0]}"
same model.ck old.ck "header only: the old model"
{ echo 'a,b,y'; rows 30 '1,%d,yes'; } > one.csv
refused "one\.csv.*'nosuch'" one.csv -y nosuch
refused_later 3 "class" one.csv
{ echo 'a,b,y'; rows 30 '1,%d,yes'; rows 30 '1,-%d,no'; } > constant.csv
trains constant.csv
{ echo 'a,b,y'; rows 30 ',%d,yes'; rows 30 'NaN,-%d,no'; } > nan.csv
trains nan.csv
{ echo 'a,b,y'; rows 30 '1,%d,yes'; rows 30 '2,%d,'; } > nolabel.csv
line nolabel.csv
[ "${got[3]}" -eq 0 ] || { status 3 "${got[3]}" "rows without a label"; same model.ck old.ck "rows without a label"; }
{ echo 'a,b,y'; rows 20 '1,%d,yes'; printf '1\0002,3,no\n'; rows 9 '1,%d,no'; } > nul.csv
refused 'nul\.csv:22: ' nul.csv
{ echo 'a,b,y'; rows 20 'x,%d,yes'; printf 'caf\351,3,no\n'; rows 9 'x,%d,no'; } > latin.csv
line latin.csv
if [ "${got[0]}" -eq 0 ]; then
    cl-ingest -m model.ck latin.csv | cl-predict -m model.ck > p.csv || fail "invalid UTF-8: no predictions"
else
    refused 'latin\.csv:22: ' latin.csv
fi
head -c 1000000 /dev/urandom > noise.csv
line noise.csv
for i in 0 1 2 3; do
    status 3 "${got[$i]}" "noise: program $i"
done
same model.ck old.ck "noise: the old model"
cl-ingest nosuch.csv > out 2> e0
status 4 $? "a file that is not there"
one_line e0 "a file that is not there"
[ -s out ] && fail "a file that is not there gives output"
cl-ingest . > out 2> e0
status 4 $? "a folder"
# Streams where text should be, text where streams should be.
cl-ingest constant.csv > s.clt
cl-split < constant.csv > out 2> e0
status 3 $? "cl-split reads a CSV"
one_line e0 "cl-split reads a CSV"
cl-predict -m s.clt < s.clt > out 2> e0
status 3 $? "a data stream as a model"
one_line e0 "a data stream as a model"
cl-predict -m constant.csv < s.clt > out 2> e0
status 3 $? "a CSV as a model"
one_line e0 "a CSV as a model"
for program in cl-split cl-scale cl-train cl-cat; do
    $program < /dev/null > out 2> e0
    status 3 $? "$program with an empty stdin"
    one_line e0 "$program with an empty stdin"
done
exit 0
