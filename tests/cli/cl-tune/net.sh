# Networks with encoded inputs, norms and residual blocks take in classes and categories, freeze and are drawn back as
# others do. (A linear one on bins has its bins in the output layer.)
{
    echo colour,length,kind
    awk -F, 'NR > 1 && $NF != "virginica" { print (NR % 2 ? "red" : "blue") "," $3 "," $NF }' "$TESTS/data/iris.csv"
} > two.csv
awk -F, -v OFS=, 'NR == 1 { print "colour,length,kind"; next } { print (NR % 3 ? "red" : "green"), $3, $NF }' \
    "$TESTS/data/iris.csv" > three.csv
for net in 'ple 6' 'softclip 2, ple 6, dense 12 silu, layernorm, residual 2, dropout 0.1'; do
    cl-ingest two.csv | cl-scale | cl-train -q --net "$net" --epochs 20 --lr 0.01 -o two.ck
    cl-ingest -m two.ck three.csv > three.clt 2> /dev/null
    cl-tune -q -m two.ck --epochs 60 --lr 0.01 --valid 0 -o three.ck three.clt
    cl-cat two.ck | grep ^network
    cl-cat three.ck | grep ^network
    cl-eval -m three.ck --on all --gate 'accuracy>=0.9' three.clt > report && echo learnt
    for options in '' '--strategy l2sp --strength 1' '--keep-optimiser' '--dropout 0.5' '--head-epochs 2' '--freeze 1'; do
        cl-tune -q -m two.ck --epochs 4 $options -o next.ck three.clt && cl-predict -m next.ck --proba three.clt | cksum
    done 2> err | sort | uniq -c | awk '{ print $1 }' | sort | uniq -c
    cat err
done
