# Numbers with thousands separators are no categories: they are refused, whatever divides them, with a hint.
try() { printf 'n;y\n%s;1\n12.5;2\n%s;3\n' "$1" "$1" | cl-ingest -d ';' > out; echo $?; }
try "1'234"
try '1 234'
try "$(printf '1\302\240234,5')"
try "$(printf '12\342\200\257345\342\200\257678')"
try '1.234.567'
echo 'where a number stood in every row of the sample'
printf 'n;y\n1;1\n1 234;2\n' | cl-ingest -d ';' --types n:num > out; echo $?
printf 'n;y\n1;1\n1,234;2\n' | cl-ingest -d ';' --types n:num > out; echo $?
printf 'n;y\n1;1\n1,23;2\n' | cl-ingest -d ';' --types n:num > out; echo $?
echo 'what only looks like them'
printf 'n;y\n1 23;1\n10.0.0.1;2\n012 345;3\n1.2.3;4\n' | cl-ingest -d ';' | cl-cat -F csv
echo 'as categories where that is asked for'
printf 'n;y\n1 234;1\n5 678;2\n' | cl-ingest -d ';' --types n:cat | cl-cat -F csv
