# Keys are columns, whatever their order; those that a line does not have are missing.
printf '{"age": 31, "city": "K\\u00f6ln", "y": "p"}\n\n{"y":"q","city":"a,b \\"c\\"","age":2.5e1}\r\n{"age":null,"y":"p"}' > x.jsonl
cl-ingest x.jsonl | cl-cat -F csv
gzip -c x.jsonl | cl-ingest -y y --drop city | cl-cat -F csv
# What is no flat object says where.
{ cat x.jsonl && printf '\n{"age": [1], "y": "p"}\n'; } > bad.jsonl
cl-ingest bad.jsonl > /dev/null; echo $?
cl-ingest --bad-rows skip bad.jsonl > /dev/null; echo $?
printf '{"a": 1, "y": 2}\n{"a": 1, "a": 2}\n' | cl-ingest > /dev/null; echo $?
printf '{\n  "a": 1\n}\n' | cl-ingest > /dev/null; echo $?
