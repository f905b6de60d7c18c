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
# What has changed, for whoever reads the mail: no reason to stop, but rather one to learn. Only exit 1 means drift.
cl-drift -q -m model.ck -o drift.txt --then 'echo "nightly: drift, see drift.txt" >&2' new.clt || [ $? = 1 ]
# The rows of its memory, which the model brings along, keep what it knew. It says that it keeps rows: -q, not every night.
cl-tune -q -m model.ck -o next.ck new.clt
# Exit 1: the new model is not good enough.
cl-ingest -m model.ck holdout.csv | cl-eval -m next.ck --gate "$gate" > evaluation.txt
mv next.ck model.ck
mkdir -p past
mv new/*.csv past/
echo "nightly: model.ck is new"
