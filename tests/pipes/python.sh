#!/bin/bash
# examples/python reads a data stream and a checkpoint, and finds in them what cl-cat does.
set -euo pipefail
python=${PYTHON:-python3}
"$python" -c 'import msgpack, numpy' 2> /dev/null || {
    echo "$python has no msgpack or no numpy"
    exit 77
}
read_cl() { "$python" "$ROOT/examples/python/read_cl.py" "$@"; }

printf 'a,k,t,l\n1.5,u,xy,no\n,v,,yes\n3,u,z,no\n' | cl-ingest -q --types t:text --carry t > raw.clt
cat > expected << 'END'
raw.clt table class a k t l
raw.clt dict k 1 u v
raw.clt dict l 1 no yes
raw.clt rows 0 x float32 (3, 1) 4.5
raw.clt rows 0 c uint32 (3, 1) 4.0
raw.clt rows 0 y uint32 (3, 1) 4.0
raw.clt rows 0 text.t.at uint64 (4,) 7.0
raw.clt rows 0 text.t uint8 (3,) 363.0
END
read_cl raw.clt | diff expected -

cl-ingest -q "$TESTS/data/iris.csv" | cl-scale | cl-train -q --hidden 4 --epochs 2 > model.ck
cl-cat -z0 model.ck > raw.ck
read_cl raw.ck > shown
# Role, name and shape of every tensor are those of cl-cat --tensors.
awk '$2 !~ /^(model|dict)$/ { sub(/^raw.ck /, ""); sub(/ -?[0-9.e+-]*$/, ""); gsub(/[(),]/, ""); sub(/ (float|uint)[0-9]+/, ""); print }' shown > seen
cl-cat --tensors model.ck | sed -e 1d -e 's/ [a-z][0-9]*  *\[/ /' -e 's/\].*//' -e 's/,//g' -e 's/  */ /g' > listed
diff listed seen
test "$(grep -c . seen)" -ge 7

# Compressed and cut files are refused in a sentence.
if read_cl model.ck 2> err > /dev/null; then exit 1; fi
grep -q 'cl-cat -z0 model.ck' err
head -c 300 raw.clt > cut.clt
if read_cl cut.clt 2> err > /dev/null; then exit 1; fi
grep -q 'stops before its end frame' err
