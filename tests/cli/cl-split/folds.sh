# Folds are disjoint and cover every row, however they are made.
csv=$TESTS/data/iris.csv
for how in '' --stratify '--by content' '--group petal_width' --in-order; do
    : > test-rows
    for i in 1 2 3 4 5 6 7; do
        # shellcheck disable=SC2086 # words are meant
        cl-ingest "$csv" | cl-split --fold $i/7 $how > fold.clt
        cl-cat --only test -F csv fold.clt | tail -n +2 >> test-rows
        cl-cat --only train -F csv fold.clt | tail -n +2 > train-rows
        n=$(($(cl-cat --only test -F csv fold.clt | wc -l) + $(wc -l < train-rows) - 1))
        [ $n = 150 ] || echo "fold $i: $n rows"
    done
    cut -d, -f1-5 test-rows | LC_ALL=C sort > a
    tail -n +2 "$csv" | sed 's/\.0,/,/g' | LC_ALL=C sort > b
    cmp a b && echo "${how:-by row}: $(wc -l < test-rows) rows"
done
