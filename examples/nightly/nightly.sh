#!/bin/sh
# One night of a model's life: learn from what came in, check, and go into service only when good enough.
#
#   nightly.sh FOLDER
#
# FOLDER/model.ck is in service, FOLDER/new/*.csv came in since last night, FOLDER/holdout.csv is never trained on.
# Whatever happens, model.ck is the old one or the new one, whole. From crontab(5):
#
#   15 3 * * *  /usr/local/bin/nightly.sh /srv/model || echo "model not updated" | mail -s nightly me
set -eu
cd "$1"
gate=${GATE:-accuracy>=0.9}
expect=${EXPECT:-missing<0.1,unseen<0.05,outside<0.2}

# Two nights at once would train on the same files.
exec 9> lock
flock -n 9 || { echo "nightly: still running since last time" >&2; exit 4; }

ls new/*.csv > /dev/null 2>&1 || { echo "nightly: nothing new"; exit 0; }
# A broken file stops the line here (exit 3), and so do rows that are not like those the model learned from: report.json
# says what is the matter with them.
cl-ingest -m model.ck --expect "$expect" --report report.json -o new.clt new/*.csv
cl-tune -m model.ck --epochs 20 -o next.ck new.clt
# Exit 1: the new model is not good enough.
cl-ingest -m model.ck holdout.csv | cl-eval -m next.ck --gate "$gate" > evaluation.txt
mv next.ck model.ck
mkdir -p past
mv new/*.csv past/
echo "nightly: model.ck is new"
