printf '\377\376a\000,\000y\000\n\000' | cl-ingest > /dev/null
