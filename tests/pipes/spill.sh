#!/bin/bash
# Rows beyond --max-memory live in an unlinked file: whatever the data, and wherever the limit cuts them, the checkpoint
# is that of a run that held them in memory.
. "$TESTS/pipes/lib.bash"
export TMPDIR=$PWD/tmp
mkdir tmp
make_rows() { # ROWS: two numbers, a category, weights, classes and an amount
    awk -v rows="$1" -v OFS=, 'BEGIN {
        print "a,b,kind,weight,class,amount"
        for (i = 0; i < rows; i++)
            print i % 97, i * 7 % 89, "k" i * 11 % 23, 1 + i % 3, "c" i * 31 % 101 % 4, i % 97 - i * 7 % 89 / 2
    }'
}
make_rows 30000 > rows.csv
common='--role weight:weight'
cl-ingest -q $common -y class --drop amount rows.csv | cl-scale -q > class.clt || fail 'no classes'
cl-ingest -q $common -y amount --drop class rows.csv | cl-scale -q > number.clt || fail 'no numbers'
cl-ingest -q -y class --drop amount,weight rows.csv | cl-split -q -f 0.7,0.2,0.1 | cl-scale -q > tagged.clt || fail 'no tags'
cl-ingest -q -y class --keep kind,class rows.csv > kinds.clt || fail 'no categories alone'

# spilled WHAT COMMAND ...: it cannot be done without a place for a temporary file.
spilled() {
    local what=$1
    shift
    TMPDIR=/nowhere "$@" > /dev/null 2> err
    status 4 $? "$what without a folder for the file"
    grep -q 'cannot make a temporary file in /nowhere' err || fail "$what: $(cat err)"
}
# try STREAM OPTION ...: limits of less than a row, below the first mapping, and amid the rows.
try() {
    local data=$1 limit
    shift
    cl-train -q --epochs 2 --hidden 8 "$@" -o memory.ck $data.clt || fail "$data $*"
    for limit in 1 10K 100K 400K; do
        cl-train -q --epochs 2 --hidden 8 "$@" --max-memory $limit -o file.ck $data.clt || fail "$data $* at $limit"
        same memory.ck file.ck "$data $*, --max-memory $limit"
        [ "$data" = kinds ] && [ $limit = 400K ] || spilled "$data" cl-train -q --epochs 2 --max-memory $limit $data.clt
    done
    [ -z "$(ls -A tmp)" ] || fail "$data: files are left: $(ls tmp)"
}
try class
try class --class-weights balanced --valid 0.3
try number --valid 0
try number --valid 0.5 --batch all
try tagged
try kinds --valid 0.2
try class --device ref --among c0,c2

# Rows on which a model is tuned, some of them held out, some rows of its own kept.
cl-train -q --epochs 1 --hidden 8 -o model.ck class.clt || fail 'no model'
make_rows 40000 | tail -n +30001 | sed '1i a,b,kind,weight,class,amount' | cl-ingest -q -m model.ck > new.clt || fail 'no rows'
for strategy in none l2sp; do
    tune="-q -m model.ck --epochs 2 --strategy $strategy --valid 0.2"
    cl-tune $tune -o memory.ck new.clt || fail "cl-tune"
    for limit in 1 50K; do
        cl-tune $tune --max-memory $limit -o file.ck new.clt || fail "cl-tune at $limit"
        same memory.ck file.ck "cl-tune $tune, --max-memory $limit"
    done
    spilled "cl-tune $strategy" cl-tune $tune --max-memory 1 new.clt
done

# A run that began in memory goes on from a file, and the other way round.
cl-train -q --epochs 6 --hidden 8 -o whole.ck class.clt || fail 'no whole run'
run="cl-train -q --epochs 6 --hidden 8"
for limits in '1G 1K' '1K 1G' '1K 300K'; do
    rm -f run.ck
    $run --max-memory ${limits% *} --checkpoint run.ck --every 0s class.clt > /dev/null & pid=$!
    for ((wait = 0; wait < 1000; wait++)); do
        [ -s run.ck ] && break
        sleep 0.005
    done
    kill -9 $pid 2> /dev/null
    wait $pid 2> /dev/null
    $run --max-memory ${limits#* } --resume run.ck -o resumed.ck class.clt 2> err || fail "resuming: $(cat err)"
    same whole.ck resumed.ck "resumed, --max-memory $limits"
done
[ -z "$(ls -A tmp)" ] || fail "files are left: $(ls tmp)"
