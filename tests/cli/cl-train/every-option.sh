# Each option of the optimiser, schedule and run changes the result; each is recorded, so it is another model.
cl-ingest "$TESTS/data/flights.csv" | cl-scale > f.clt
n=0
while read -r options; do
    cl-train -q --hidden 8 --epochs 3 --memory-rows 0 $options -o m.ck f.clt || echo "failed: $options"
    cl-predict -m m.ck --proba f.clt | cksum
    n=$((n + 1))
done << 'END' | sort | uniq -d

--activation tanh
--activation gelu
--activation silu
--activation sigmoid
--activation leaky-relu
--init glorot-normal
--init he-uniform
--loss ce
--optimizer sgd
--optimizer momentum
--optimizer momentum --dampening 0
--optimizer momentum --momentum 0.5
--optimizer nesterov
--optimizer rmsprop
--optimizer rmsprop --beta2 0.99
--optimizer adam --beta1 0.8
--optimizer adam --epsilon 0.1
--hidden 8,8
--hidden 8,8 --optimizer muon
--hidden 8,8 --optimizer muon --momentum 0.5
--weight-decay 0.1
--optimizer adam --weight-decay 0.1
--optimizer sgd --weight-decay 0.1
--optimizer sgd --weight-decay 0.1 --decoupled
--lr 0.01
--lr auto
--lr 0.01 --schedule cosine
--lr 0.01 --schedule cosine --lr-min 0.005
--lr 0.01 --schedule step --schedule-step 1
--lr 0.01 --schedule step --schedule-step 1 --schedule-factor 0.5
--warmup 20
--batch 16
--batch all
--valid 0
--dropout 0.3
--clip 0.01
--ema 0
--class-weights balanced
--label-smoothing 0.1
--seed 2
END
