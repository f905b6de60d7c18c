# The labels of an array from a file of text.
npy() { printf '\223NUMPY\001\000\166\000'; printf '%-117s\n' "$1"; }
{ npy "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 2), }" && printf '\001\002\003\004\005\006'; } > x.npy
show() { cl-ingest "$@" | cl-cat -F csv; }
printf 'kind\nred\nblue\nred\n' > header && show x.npy header
printf 'red\nblue\nred\n' > bare && show x.npy bare
printf '0.5\n1.5\n2.5' > numbers && show x.npy numbers
printf 'y\n50%%\n25 %%\nNA\n' | gzip > percent.gz && show --task regression x.npy percent.gz
printf 'id;price;kind\n1;2,5;a\n2;3,5;"b;c"\n3;4,5;a\n' > many
show -y kind x.npy many
show -y price --task regression x.npy many
printf '3\t1\n4\t0\n5\t1\n' > tabbed && show -y c2 --no-header x.npy tabbed
# Which column, how many, and what is no label.
cl-ingest x.npy many; echo $?
cl-ingest -y cost x.npy many; echo $?
printf 'red\nblue\n' > two && cl-ingest x.npy two > /dev/null; echo $?
printf 'y\nred\nblue\nred\nred\n' > four && cl-ingest x.npy four > /dev/null; echo $?
printf '1\nx\n3\n' > mixed && cl-ingest --task regression x.npy mixed > /dev/null; echo $?
cl-ingest --task regression --bad-rows skip x.npy mixed | cl-cat -F csv
printf '{"y":1}\n' > lines && cl-ingest x.npy lines; echo $?
cl-ingest x.npy /dev/null; echo $?
