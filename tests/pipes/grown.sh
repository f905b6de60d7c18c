#!/bin/bash
# A model that grows says what it said, to the last bit, until training starts: classes, categories, columns, each with
# what every strategy keeps; and it can be trained on from there.
. "$TESTS/pipes/lib.bash"
awk 'BEGIN {
    srand(4)
    for (i = 0; i < 400; i++) {
        a = rand(); b = rand(); c = substr("pqr", 1 + int(3 * rand()), 1)
        print a "," b "," c "," (a + (c == "p") / 3 > 0.6 ? "yes" : "no")
    }
}' > rows
(echo a,b,c,y; head -n 200 rows) > old.csv
(echo a,b,c,y; tail -n 100 rows) > test.csv
# New: the number z, which some rows lack, the category k, the category s of c, the class maybe.
columns() { awk -F, -v OFS=, 'NR == 1 { print $1, $2, "z", $3, "k", $4 }
    NR > 1 { print $1, $2, (NR % 5 ? NR % 9 * 1000 : ""), $3, (NR % 3 ? "u" : "v"), $4 }'; }
(echo a,b,c,y; tail -n +201 rows | head -n 100) > plain.csv
columns < plain.csv > columns.csv
awk -F, -v OFS=, 'NR > 1 && NR % 4 == 0 { $3 = "s" } 1' plain.csv > categories.csv
awk -F, -v OFS=, 'NR > 1 && NR % 4 == 0 { $4 = "maybe" } 1' plain.csv > classes.csv
awk -F, -v OFS=, 'NR > 1 && NR % 4 == 0 { $4 = "maybe"; $3 = "s" } 1' plain.csv | columns > all.csv

for net in "--hidden none" "--hidden 8" ""; do
    for strategy in none ewc si der; do
        cl-ingest -q old.csv | cl-scale -q | cl-train -q $net --epochs 3 --strategy $strategy --optimizer adam -o m.ck ||
            fail "training $net failed"
        cl-ingest -q -m m.ck test.csv > test.clt
        cl-predict -m m.ck test.clt > labels
        cl-predict --proba -m m.ck test.clt > probabilities
        for what in columns categories classes all; do
            cl-ingest -q $what.csv > new.clt
            cl-tune -m m.ck --new-columns add --epochs 0 -o grown.ck new.clt 2> err || fail "$what: $(cat err)"
            case $what in
            columns) lines="new column 'z'|new column 'k'|column 'k': 2 new categories" ;;
            categories) lines="column 'c': 1 new category" ;;
            classes) lines="1 new class" ;;
            all) lines="new column 'z'|new column 'k'|column 'k': 2 new categories|column 'c': 1 new category|1 new class" ;;
            esac
            [ "$(grep -cE "$lines" err)" = "$(tr '|' '\n' <<< "$lines" | wc -l)" ] || fail "$what is not said: $(cat err)"
            cl-ingest -q -m grown.ck --missing-columns nan test.csv > after.clt || fail "$what: reading by it failed"
            cl-predict -m grown.ck after.clt > labels.after
            same labels labels.after "$net $strategy $what: labels"
            cl-predict --proba -m grown.ck after.clt > probabilities.after
            case $what in columns | categories) same probabilities probabilities.after "$net $strategy $what" ;; esac
            # On from there, with the moments that were kept; rows of before are read as those that lack the columns.
            cl-tune -q -m grown.ck --keep-optimiser --epochs 2 -o next.ck new.clt 2> err ||
                fail "$net $strategy $what: tuning on failed: $(cat err)"
            cl-ingest -q -m next.ck --missing-columns nan test.csv | cl-tune -q -m next.ck --epochs 1 -o more.ck ||
                fail "$net $strategy $what: tuning without the columns failed"
            cl-ingest -q -m more.ck --missing-columns nan test.csv | cl-eval -m more.ck > /dev/null ||
                fail "$net $strategy $what: evaluating failed"
            cl-cat --memory more.ck > memory || fail "$what: the memory cannot be shown"
        done
    done
done

# A column that is not there is one whose every cell is empty, in each program that has the model.
(head -n 1 columns.csv; tail -n +2 test.csv | awk -F, -v OFS=, '{ print $1, $2, "", $3, "", $4 }') > empty.csv
for program in "cl-predict --proba" cl-eval "cl-tune -q --epochs 1 -o -"; do
    cl-ingest -q -m next.ck --missing-columns nan test.csv | $program -m next.ck > absent || fail "$program: no column"
    cl-ingest -q -m next.ck empty.csv | $program -m next.ck > empty || fail "$program: empty cells"
    same absent empty "$program without columns"
done

# What a missing number is, is what the new rows say it is: the mean, here.
cl-ingest -q columns.csv > new.clt
mean=$(awk -F, 'NR > 1 && $3 != "" { s += $3; n++ } END { printf "%.3f", s / n }' columns.csv)
cl-tune -m m.ck --strategy none --new-columns add --epochs 0 -o n.ck new.clt 2>&1 |
    awk -v m="$mean" "/'z': numbers/ { d = \$(NF - 4) - m; found = d < 1 && d > -1 } END { exit !found }" ||
    fail "the fill of z is not its mean $mean"

# Strategy analytic: sums grow, too; a hidden layer that stays as it is takes nothing from a new column, and that is said.
cl-ingest -q old.csv | cl-scale -q | cl-train -q --strategy analytic --hidden none --memory-rows 0 -o m.ck
cl-ingest -q all.csv | cl-tune -q -m m.ck --new-columns add -o next.ck || fail "analytic: growth failed"
cl-ingest -q -m next.ck --missing-columns nan test.csv | cl-eval -m next.ck > /dev/null || fail "analytic: evaluating failed"
cl-ingest -q old.csv | cl-scale -q | cl-train -q --strategy analytic --hidden 8 --epochs 3 --memory-rows 0 -o m.ck
cl-ingest -q all.csv | cl-tune -m m.ck --new-columns add -o next.ck 2>&1 | grep -q 'new columns change nothing' ||
    fail "analytic: that new columns change nothing is not said"
