# 01/02/2024: the sample decides, or the user, or it is no date.
# shellcheck disable=SC2120
types() { cl-ingest -v "$@" 2>&1 > /dev/null | sed -n "s/.*stdin: \(column '.*\)/\1/p"; }
days() { cl-ingest "$@" | cl-cat -F csv | cut -d, -f1; }
echo 'decided by a value above 12'
printf 'd,y\n01/02/2024,1\n13/02/2024,2\n14/02/2024,3\n' | types
printf 'd,y\n01/02/2024,1\n02/13/2024,2\n02/14/2024 1:05 PM,3\n' | types
printf 'd,y\n01/02/2024,1\n13/02/2024,2\n14/02/2024,3\n' | days
printf 'd,y\n01/02/2024,1\n02/13/2024,2\n02/14/2024 1:05 PM,3\n' | days
echo 'not decided'
printf 'd,y\n01/02/2024,1\n02/03/2024,2\n03/03/2024,3\n' > open.csv
types < open.csv
cl-ingest -v open.csv 2>&1 > /dev/null | grep "'d'"
cl-ingest --types d:time open.csv > /dev/null
echo $?
cl-ingest --role d:time open.csv > /dev/null
echo $?
days --dates dmy open.csv
days --dates mdy open.csv
days --dates mdy --types d:time open.csv
echo 'one of each kind'
printf 'd,y\n13/02/2024,1\n02/13/2024,2\n03/03/2024,3\n' | types
printf 'd,y\n13/02/2024,1\n02/13/2024,2\n03/03/2024,3\n' | cl-ingest --types d:time > /dev/null
echo $?
echo 'a later value that does not fit'
printf 'd,y\n13/02/2024,1\n12/02/2024,2\n03/03/2024,3\n' > first.csv
printf 'd,y\n02/13/2024,1\n' > late.csv
cl-ingest first.csv late.csv > /dev/null
echo $?
echo 'the model reads alike'
cl-ingest --dates dmy --write-schema s.json open.csv | cl-train -q --hidden none --epochs 1 > m.ck
printf 'd\n05/06/2024\n' | days -m m.ck
printf 'd\n05/06/2024\n' | days --schema s.json
grep -c '"dates": "dmy"' s.json
cl-ingest --dates dmy -m m.ck open.csv > /dev/null
echo $?
echo 'other forms'
for d in 2024/3/4 4.3.2024 '4 Mar 2024' 'March 4, 2024' 20240304T0000 '2024-03-04 00:00 UTC'; do
    printf 'd;y\n%s;1\n%s;2\n%s;3\n' "$d" "$d" "$d" | cl-ingest --role d:time | cl-cat -F csv | sed -n 2p
done
echo 'no header'
printf '13/02/2024,1\n14/02/2024,2\n15/02/2024,3\n' | cl-ingest 2> /dev/null | cl-cat -F csv | cut -d, -f1
