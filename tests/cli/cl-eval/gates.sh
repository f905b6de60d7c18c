# Met: 0. Not met: 1 and a line for each. Wrong: 2, before anything is read.
cl-ingest "$TESTS/data/iris.csv" | cl-split -f 0.8,0.2 --stratify > in.clt
cl-scale in.clt | cl-train -q --hidden 8 --epochs 20 > m.ck

cl-eval -q -m m.ck --gate 'accuracy>0' --gate 'n == 30' in.clt > /dev/null
echo "$?"
cl-eval -q -m m.ck --gate 'accuracy>1' 'n<30' 'recall[setosa]<0' in.clt 2> err > out
echo "$?"
cut -d: -f1,2 err
head -n 1 out
for gate in 'speed>1' 'rmse<1' 'accuracy' 'accuracy>=much' 'recall>0' 'recall[rose]>0'; do
    cl-eval -m m.ck --gate "$gate" < /dev/null
    echo "$?"
done
