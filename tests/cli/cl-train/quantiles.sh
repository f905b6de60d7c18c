# Several numbers for a label: columns by their quantile, in order, in the label's units whatever scaled it.
cl-ingest "$TESTS/data/diabetes.csv" | cl-split > rows.clt
for label in none standard; do
    cl-scale --label $label rows.clt > $label.clt
    cl-train -q --hidden 16 --epochs 100 --lr 0.01 --valid 0 --weight-decay 0 --loss quantile -o $label.ck $label.clt
    cl-eval -m $label.ck --on train --gate 'coverage>0.7' 'coverage<0.9' 'pinball<17' rows.clt > /dev/null && echo "$label: good"
done
cl-predict -m standard.ck rows.clt | head -n 1
cl-predict -m standard.ck rows.clt | awk -F, 'NR > 1 && ($1 > $2 || $2 > $3)' | wc -l
cl-predict -m standard.ck -F jsonl rows.clt | head -n 1 | sed 's/: [0-9.]*/: N/g'
cl-predict -m standard.ck -F frames rows.clt | cl-cat -F csv | head -n 1
cl-eval -m standard.ck --predictions p.csv rows.clt | awk '/quantile/, 0 { print $1 }'
head -n 1 p.csv
cl-eval -m standard.ck --on all --by split rows.clt | awk '/^split/, 0 { print NF, $1, $4, $5, $6 }' | head -n 1
cl-eval -m standard.ck --json rows.clt | grep -o '"per_quantile".*' | sed 's/: [0-9.]*\([,}]\)/: N\1/g'
cl-cat standard.ck | grep task
for device in cpu ref; do
    cl-train -q --hidden 8 --epochs 2 --loss quantile --device $device standard.clt | cl-predict -m /dev/stdin rows.clt | cksum
done | uniq | wc -l
cl-tune -q -m standard.ck --epochs 1 -o tuned.ck rows.clt && cl-cat tuned.ck | grep task

# Two labels.
awk 'BEGIN { print "x,a,b"; for (i = 0; i < 200; i++) printf "%d,%d,%d\n", i % 20, 3 * (i % 20) + i % 7, -(i % 20) }' |
    cl-ingest -q -y a,b | cl-scale > two.clt
cl-train -q --hidden 4 --epochs 3 --loss quantile --quantiles 0.05,0.95 -o two.ck two.clt
cl-predict -m two.ck two.clt | head -n 1
cl-eval -m two.ck --predictions two.csv two.clt | grep -c 'mse\|r2'
head -n 1 two.csv

cl-train --loss quantile --quantiles 0.1,1 standard.clt; echo $?
cl-train --loss quantile --quantiles 0.5,0.1 standard.clt 2>&1 | head -n 1
cl-train --loss quantile --quantiles '' standard.clt 2>&1 | head -n 1
cl-train --loss quantile --quantiles 0.5,0.5000000001 standard.clt 2>&1 | head -n 1
cl-train --quantiles 0.1,0.9 standard.clt 2>&1 | head -n 1
cl-tune -m standard.ck --quantiles 0.2,0.8 rows.clt 2>&1 | head -n 1
cl-eval -m standard.ck --gate 'deviance<1' rows.clt; echo $?
cl-ingest "$TESTS/data/iris.csv" | cl-train --loss quantile; echo $?
