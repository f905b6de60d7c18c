# Wrong usage: status 2 and one line each.
try() {
    cl-split "$@" < /dev/null
    echo "$?"
}
try -f 0.5,0.6
try -f 80,20
try -f 0.5
try -f 0.5,x
try -f 0.25,0.25,0.25,0.25
try --fold 0/5
try --fold 6/5
try --fold 5
try --fold 1/1
try --fold 1/2 -f 0.5,0.5
try --by column
try --stratify --in-order
try --group a --by content
try --part train=a --part valid=b
try --part all=a
try --part train
try --part train=a --part valid=a --part test=b
try --part train=a --part train=b
try --fold 1/2 --part train=a --part test=b -o c
try --seed -1
ls -A
