# A --checkpoint that cannot be written is told before the data is read, not after the first minute of training.
cl-train --checkpoint nowhere/run.ck -o m.ck no-such-file
