# Formats that are not read are told from text.
printf 'PK\003\004abcdefgh' | cl-ingest; echo $?
printf 'PAR1\025\004abcdefgh' | cl-ingest; echo $?
printf '[\n {"a": 1}\n]\n' | cl-ingest; echo $?
printf 'BZh91AY&SY' | cl-ingest; echo $?
