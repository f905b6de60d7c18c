# A pipe, a file on stdin, a file by name, two files, and every cut into frames: one result.
cl-ingest "$TESTS/data/diabetes.csv" > in.clt
for method in auto robust; do
    cl-scale --method $method --impute median in.clt > whole.clt
    cl-scale --method $method --impute median < in.clt | cmp - whole.clt
    cat in.clt | cl-scale --method $method --impute median | cmp - whole.clt
    a=$(cl-cat --digest whole.clt)
    b=$(cl-ingest --frame-rows 7 "$TESTS/data/diabetes.csv" | cl-scale --method $method --impute median | cl-cat --digest)
    [ "${a%% *}" = "${b%% *}" ] || echo "cut into frames: $a is not $b"
done
