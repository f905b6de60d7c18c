npy() { printf '\223NUMPY\001\000\166\000'; printf '%-117s\n' "$1"; }
{ npy "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 2), }" && printf '\001\000\002\000\003\000\377\377'; } > x.npy
{ npy "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }" && printf '\005\006'; } > y.npy
cl-ingest x.npy y.npy | cl-cat -F csv
cl-ingest -y x1 --task regression < x.npy | cl-cat -F csv
{ npy "{'descr': '|O', 'fortran_order': False, 'shape': (2,), }" && printf '\005\006'; } | cl-ingest
