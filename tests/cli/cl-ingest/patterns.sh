# Patterns of names: they fit all columns of which no exact name says otherwise; the later of two counts.
data() { printf 'a1,a2,a*,b1,b2,y\n1,2,3,4,5,p\n2,3,4,5,6,q\n'; }
types() { cl-ingest -v "$@" 2>&1 > /dev/null | sed -n "s/.*column \('.*\) (.*/\1/p"; }
echo 'types'
data | types --types 'a?:cat'
data | types --types '*:cat,a1:num'
data | types --types 'a1:num,*:cat'
data | types --types 'a?:cat,*1:num'
echo 'a column that is really called so'
data | types --types 'a*:cat'
echo 'drop'
data | types --drop 'b*'
data | types --types 'b?:drop'
data | types --drop '*' --types b1:cat --role a2:feature -y y
data | types --drop '[ab]*' --types b2:drop -y y --keep 'b1'
echo 'keep'
data | types --keep 'b*,a1' -y y
data | types --keep '*' --drop a1
echo 'carry'
data | cl-ingest --carry 'b?' | cl-cat | sed -n '/^column/,$p'
data | cl-ingest --carry '*' --role b1:feature -y y | cl-cat | sed -n '/^column/,$p'
echo 'by a model'
data | cl-ingest --drop 'b*' | cl-train -q --hidden none --epochs 1 > m.ck
data | cl-ingest -m m.ck --carry 'b*' | cl-cat -F csv
echo 'none'
data | cl-ingest --types 'z*:cat' > /dev/null
echo $?
data | cl-ingest --drop 'z*' > /dev/null
echo $?
data | cl-ingest --keep 'z?' > /dev/null
echo $?
data | cl-ingest --carry '[z]' > /dev/null
echo $?
data | cl-ingest -y 'y*' > /dev/null
echo $?
data | cl-ingest -m m.ck --carry 'z*' > /dev/null
echo $?
