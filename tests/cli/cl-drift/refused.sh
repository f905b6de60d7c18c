# What cannot be compared, and options that do not go together.
cl-ingest "$TESTS/data/iris.csv" > iris.clt
cl-scale iris.clt > scaled.clt
cl-train -q --hidden 8 --epochs 2 scaled.clt > m.ck
cl-ingest "$TESTS/data/diabetes.csv" > numbers.clt
cl-scale numbers.clt | cl-train -q --hidden none --epochs 2 > numbers.ck
for words in '' '-m m.ck scaled.clt' '-m older.ck iris.clt' '-m m.ck numbers.clt' '--reference scaled.clt iris.clt' \
    '-m m.ck --detector adwyn iris.clt' '-m m.ck --detector adwin,delta=2 iris.clt' '-m numbers.ck --detector ddm numbers.clt' \
    '-m m.ck --alpha 0 iris.clt' '-m m.ck --min-psi -1 iris.clt' '-m missing.ck' '--reference missing.clt iris.clt' \
    '-m m.ck iris.clt missing.clt'; do
    cp "$TESTS/data/older.ck" .
    cl-drift $words < /dev/null > out
    echo $?
done
