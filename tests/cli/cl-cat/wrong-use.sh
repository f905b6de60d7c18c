# Options that do not go together, and files that are something else.
cl-ingest -q "$TESTS/data/iris.csv" > a.clt
cl-train -q --hidden none --epochs 1 --valid 0 a.clt > m.ck
: > empty
echo hello > text
for args in '-F csv m.ck' '--head 1 m.ck' '--only test m.ck' 'm.ck m.ck' '--memory a.clt' '--tensors a.clt' \
    '--strip memory a.clt' '--strip weight m.ck' '--strip x m.ck' '--digest --memory m.ck' '-z -F csv a.clt' '--digest -F csv a.clt' \
    '--memory -F summary m.ck' '--only test a.clt' 'a.clt m.ck' empty text missing; do
    cl-cat $args > out 2> err
    echo "$? $args: $(sed 's/ (see .*//' err)"
    test -s out && echo output
done
exit 0
