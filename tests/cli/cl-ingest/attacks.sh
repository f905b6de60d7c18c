# Attacks on the reader of text: each ends in a sentence or in rows, soon, and in little memory.
# A million columns: more than a stream could describe.
awk 'BEGIN { for (i = 0; i < 1000000; i++) printf "c%d,", i; print "y" }' > columns.csv
cl-ingest columns.csv > /dev/null; echo $?
# A header of 10 MB, whose delimiter and columns are found behind it.
awk 'BEGIN { s = sprintf("%99s", ""); gsub(/ /, "n", s)
    for (i = 0; i < 100000; i++) printf "%s%d%s", s, i, i < 99999 ? "\t" : "\n"
    for (r = 0; r < 3; r++) for (i = 0; i < 100000; i++) printf "%d%s", (i * 7 + r) % 10, i < 99999 ? "\t" : "\n" }' > header.csv
cl-ingest header.csv > header.clt; echo $?
cl-cat -F csv header.clt | wc -l
# One record of 20 MB, in quotes and not.
(printf 'a,y\n1,1\n2,2\n3,3\n"'; yes 'x"",' | head -c 20000000; printf '",4\n5,5\n') | cl-ingest --bad-rows skip | cl-cat -F csv
(printf 'a,y\n1,1\n2,2\n3,3\n'; yes xxxxxxxxxx | tr -d '\n' | head -c 20000000; printf ',4\n5,5\n') |
    cl-ingest --bad-rows skip | cl-cat -F csv
# Nothing but NULs behind the sample, and a file of blank lines.
(printf 'a,y\n1,1\n2,2\n3,3\n'; head -c 5000000 /dev/zero) | cl-ingest --bad-rows skip | cl-cat -F csv
(printf 'a,y\n1,1\n2,2\n3,3\n'; yes '' | head -c 5000000) | cl-ingest | cl-cat -F csv
yes '' | cl-ingest -f csv > /dev/null; echo $?
yes '' | cl-ingest -f jsonl > /dev/null; echo $?
# A line that never ends.
yes x | tr -d '\n' | head -c 70000000 | cl-ingest -f jsonl > /dev/null; echo $?
# Names and cells that would do something to a terminal.
printf 'a\033[31m,b\033]0;x\007,y\n1,x,1\n2,z,2\n3,x,3\nq\033[2J,z,3\n' > escapes.csv
cl-ingest -v --types 'a*:num' escapes.csv > /dev/null; echo $?
cl-ingest --drop c escapes.csv > /dev/null; echo $?
printf '{"a\\u001b[31m":1,"y":2}\n{"y":3}\n{"y":"\\u001b"}\n' | cl-ingest -f jsonl --types y:num > /dev/null; echo $?
