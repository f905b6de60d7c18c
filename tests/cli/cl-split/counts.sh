# Exact counts, in all and in each class, whatever the frames.
csv=$TESTS/data/iris.csv
count() {
    cl-cat -F csv | tail -n +2 | cut -d, -f"$1" | LC_ALL=C sort | uniq -c | awk '{ print $1, $2 }'
}
echo "default"
cl-ingest "$csv" | cl-split | count 6
echo "two shares"
cl-ingest "$csv" | cl-split -f 0.7,0.3 | count 6
echo "all to the test"
cl-ingest "$csv" | cl-split -f 0,1 | count 6
echo "classes"
cl-ingest "$csv" | cl-split --stratify -f 0.6,0.2,0.2 | count 5,6
echo "frames of 7"
cl-ingest --frame-rows 7 "$csv" | cl-split --stratify --seed 9 | cl-cat --digest > seven
cl-ingest "$csv" | cl-split --stratify --seed 9 | cl-cat --digest > whole
cmp seven whole && echo "the same"
cl-ingest "$csv" | cl-split --stratify --seed 10 | cl-cat --digest | cmp -s - whole || echo "another seed, another split"
