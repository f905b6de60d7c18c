# What two options say of one column is refused, not settled in silence.
data() { printf 'a,b,y\n1,2,x\n3,4,z\n'; }
try() {
    data | cl-ingest "$@" > out
    echo "$*: $?, $(wc -c < out) bytes"
}
try -y y --drop y
try -y y --types y:drop
try -y ''
try --types a:num,a:cat
try --types a:cat --role a:weight
try --types a:num --carry a
try --role a:feature,a:group
data | cl-ingest --carry a,a --carry a --drop b --drop b | cl-cat -F csv
