# --net describes the layers in words; --hidden, --activation and --dropout are short forms of it.
cl-ingest "$TESTS/data/iris.csv" | cl-split | cl-scale > iris.clt
train()
{
    cl-train -q --epochs 3 "$@" iris.clt
}
train --net 'dense 8 gelu, dropout 0.25, dense 4 gelu, dropout .25' > long.ck
train --hidden 8,4 --activation gelu --dropout 0.25 > short.ck
cl-predict -m long.ck --proba iris.clt > long.csv
cl-predict -m short.ck --proba iris.clt | cmp - long.csv && echo the same
# Every item makes another model, whose words are recorded in one form.
for net in 'dense 8' 'dense 8 none' 'dense 8,layernorm' 'dense 8, residual 1' 'dense 8,  residual 2' \
    'dense 8, residual 2, layernorm, dropout 0.10' 'ple 4,dense 8' 'softclip 1,dense 8' 'ple 4,softclip 1' 'dense 8, layernorm, residual 2'; do
    train --net "$net" > m.ck
    cl-predict -m m.ck --proba iris.clt | cksum >> sums
    cl-cat m.ck | grep -o '^network.*\|^parameters.*\|"net": "[^"]*"'
done
sort sums | uniq -d
# A tuned model keeps its network; other words for it are no contradiction, another network is.
cl-tune -q --epochs 1 -m m.ck --net 'dense 8 relu,layernorm,residual 2' --freeze 2 iris.clt -o next.ck
cl-cat next.ck | grep ^network
cl-tune -q -m m.ck --net 'dense 8, residual 2' iris.clt -o next.ck || echo $?
cl-tune -q --epochs 1 -m m.ck --dropout 0.5 iris.clt | cl-cat | grep ^network
for more in '--hidden 8' '--activation gelu' '--dropout 0.1'; do
    train --net 'dense 8' $more || echo $?
done
train --net 'dense 8, dropuot 0.1' || echo $?
