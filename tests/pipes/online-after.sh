#!/bin/bash
# timeout: 240
# What becomes of a model that a stream made: later runs go by the training's options, its memory is of the kind it was,
# and rows that wait for their update or label are taken out of it like those of the memory.
. "$TESTS/pipes/lib.bash"

# Three classes of very different frequencies, the last one rare; a column that is empty at times.
awk 'BEGIN {
    print "id,a,b,k,kind"
    for (i = 0; i < 1200; i++) {
        a = (i * 37 % 101) / 101; b = (i * 53 % 89) / 89
        kind = i % 40 == 7 ? "rare" : a + b < 0.9 ? "few" : "many"
        print "r" i "," (i % 13 ? a : "") "," b "," (i % 3 ? "u" : "v") "," kind
    }
}' > all.csv
head -n 401 all.csv > old.csv
sed '2,401d' all.csv > new.csv
head -n 101 old.csv > more.csv
train_on() {
    local name=$1
    shift
    cl-ingest -q -y kind --role id:id old.csv | cl-scale -q |
        cl-train -q --hidden 12 --epochs 5 --optimizer adam --lr 0.01 --batch 16 --dropout 0.1 --weight-decay 0.03 "$@" \
            -o $name.ck || fail "$name: training failed"
}
train_on m --memory-rows 60
for name in new more old; do
    cl-ingest -q -m m.ck $name.csv > $name.clt || fail "no stream $name"
done
options() {
    cl-cat -F json $1 | tr -d '\n ' | sed 's/.*"training"://' | grep -o "\"$2\":[^,}]*" | head -n 1
}

# Options of the training, not those of the stream; and again after a second stream, and after a tuning in between.
cl-tune -q -m m.ck --online -o on.ck new.clt && cl-tune -q -m on.ck --epochs 1 -o after.ck more.clt &&
    cl-tune -q -m m.ck --epochs 1 -o direct.ck more.clt || fail "no tuning after a stream"
cl-tune -q -m on.ck --online -o on2.ck more.clt && cl-tune -q -m on2.ck --epochs 1 -o after2.ck more.clt ||
    fail "no tuning after two streams"
cl-cat --strip resume -o bare.ck on.ck && cl-tune -q -m bare.ck --online -o on3.ck more.clt &&
    cl-tune -q -m on3.ck --epochs 1 -o after3.ck more.clt || fail "no tuning after two runs on streams"
for option in optimizer lr batch dropout weight-decay clip beta1 memory-rows memory-by strategy; do
    for model in after after2 after3; do
        [ "$(options $model.ck $option)" = "$(options direct.ck $option)" ] ||
            fail "$model: $option is '$(options $model.ck $option)', of a model that no stream changed '$(options direct.ck $option)'"
    done
done
[ "$(options on.ck optimizer)" = '"optimizer":"sgd"' ] || fail "the stream was learned by $(options on.ck optimizer)"

# The memory is shared by classes as before: of the rare one 30 rows came, and 20 have room.
kinds() {
    cl-cat --memory $1 | awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "kind") c = i; next } { n[$c]++ }
        END { print n["few"] + 0, n["many"] + 0, n["rare"] + 0 }'
}
[ "$(kinds m.ck)" = "25 25 10" ] || fail "few, many and rare rows in the memory: $(kinds m.ck)"
[ "$(kinds on.ck)" = "20 20 20" ] || fail "few, many and rare rows in the memory after a stream: $(kinds on.ck)"
cl-cat --tensors on.ck > tensors || fail "no tensors"
for name in key stands run missing digest; do
    grep -q "memory\.$name " tensors || fail "after a stream the memory has no memory.$name: $(grep memory tensors)"
done
# What a tuning kept of its rows' outputs stays, and tuning again with them works.
cl-tune -q -m direct.ck --online -o on.direct.ck new.clt && cl-cat --tensors on.direct.ck | grep -q 'memory\.soft' ||
    fail "after a stream the memory has no outputs"
cl-tune -q -m on.direct.ck --strategy der --epochs 1 -o der.ck more.clt || fail "no tuning with outputs after a stream"
cl-cat --memory on.ck | head -n 1 | grep -q 'memory.run' || fail "the memory does not say in which run its rows came"
# Rows that a tuning keeps are those that a stream keeps: keys are of rows by their number.
cl-tune -q -m m.ck --online --update-rows 1 -o rows.ck new.clt && cl-tune -q -m m.ck --epochs 1 --valid 0 -o tuned.ck new.clt ||
    fail "no tuning"
cl-cat --memory rows.ck | sed 1d | sort > a.rows && cl-cat --memory tuned.ck | sed 1d | sort > b.rows || fail "no rows"
cmp -s a.rows b.rows || fail "a stream keeps other rows than a tuning: $(diff a.rows b.rows | head -n 3)"
# A uniform one stays one, as does one that runs share.
for by in rows run; do
    train_on $by --memory-rows 60 --memory-by $by
    cl-ingest -q -m $by.ck new.csv > $by.clt && cl-tune -q -m $by.ck --online -o $by.on.ck $by.clt &&
        cl-tune -q -m $by.on.ck --epochs 1 -o $by.after.ck $by.clt || fail "$by: no stream"
done
cl-cat --tensors rows.on.ck | grep -q 'memory\.key' && fail "a uniform memory got keys"
[ "$(cl-cat --memory run.on.ck | awk -F, 'NR > 1 { n[$NF]++ } END { print n[0], n[1] }')" = "30 30" ] ||
    fail "runs share the memory as $(cl-cat --memory run.on.ck | awk -F, 'NR > 1 { n[$NF]++ } END { print n[0], n[1] }')"

# Two parts of a stream, with all kinds of memory, replayed and aged, give what the whole gives.
for by in m rows run; do
    head -n 334 new.csv > first.csv
    sed '2,334d' new.csv > second.csv
    for part in first second new; do
        cl-ingest -q -m $by.ck $part.csv > $part.part || fail "$by: no part"
    done
    for set in '' '--replay 1' '--adapt --replay 2 --update-rows 3' '--memory-rows 17' '--memory-rows 200'; do
        cl-tune -q -m $by.ck --online $set -o whole.ck new.part && cl-tune -q -m $by.ck --online $set -o half.ck first.part &&
            cl-tune -q -m half.ck --online -o end.ck second.part || fail "$by $set: no stream"
        [ "$(cl-cat --digest end.ck)" = "$(cl-cat --digest whole.ck)" ] || fail "$by $set: in two parts it is another model"
    done
done

# Rows that wait: five for their update, three for their label. They are found, go, and the run goes on.
awk -F, -v OFS=, 'NR == 1 || NR <= 14 { print } NR > 14 && NR <= 17 { print $1, $2, $3, $4, "" }' new.csv > late.csv
cl-ingest -q -m m.ck late.csv > late.clt && cl-tune -q -m m.ck --online --id id -o wait.ck late.clt || fail "no late stream"
sed -n '1p;11p;16p' new.csv | cl-ingest -q -m m.ck > gone.clt
cl-cat wait.ck | grep -q '8 rows of a stream wait' || fail "rows that wait are not said: $(cl-cat wait.ck | grep -i 'memory\|wait')"
cl-tune -m wait.ck --forget gone.clt -o less.ck 2> err || fail "rows that wait cannot be taken out"
grep -q '2 of them waited' err || fail "rows that wait were not found: $(cat err)"
cl-cat --tensors less.ck > tensors
grep -q 'online\.x .*4' tensors && grep -q 'late\.x .*2' tensors || fail "rows wait still: $(grep 'online.x\|late.x' tensors)"
cl-tune -m less.ck --forget gone.clt 2>&1 > again.ck | grep -q '0 kept rows' || fail "rows are found that had gone"
cl-tune -q -m less.ck --online -o on.less.ck more.clt || fail "the run does not go on without rows that were taken out"
cl-cat on.less.ck > less.text
[ "$(grep -c '"forgot"' less.text)" = 1 ] || fail "the lineage of a run that goes on lost what was forgotten"
[ "$(grep -c '"parent"' less.text)" = "$(($(cl-cat wait.ck | grep -c '"parent"') + 1))" ] || fail "the lineage has another entry"
# All of the memory's, too.
cl-tune -q -m on2.ck --forget old.clt -o some.ck && cl-tune -q -m some.ck --online -o on.some.ck new.clt ||
    fail "the run does not go on after rows of the memory were taken out"
# Without the memory no row is left, and the run goes on.
cl-cat --strip memory -o strip.ck wait.ck || fail "cannot strip"
cl-cat --tensors strip.ck | awk '/online\.(x|c|w|row|label|born)|late\./ && !/[^0-9]0/ { print; bad = 1 } END { exit bad }' ||
    fail "rows of the data are in a model without its memory"
cl-tune -q -m strip.ck --online -o on.strip.ck new.clt || fail "the run does not go on without the memory"
[ "$(kinds on.strip.ck)" = "20 20 20" ] || fail "few, many and rare rows after the memory was stripped: $(kinds on.strip.ck)"
