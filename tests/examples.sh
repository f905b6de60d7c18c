#!/bin/bash
# Runs what the documentation shows, in the current folder, which should be empty.
#
#   tests/examples.sh man/PAGE       the literal blocks (.Bd -literal ... .Ed) of EXAMPLES, in order
#   tests/examples.sh readme/FOLDER  the ```sh blocks of examples/FOLDER/README.md in a copy of examples/;
#                                    readme/cl is README.md of the project
#
# Each block is one script and must succeed (bash -eu -o pipefail). The files it may read are made here: iris.csv,
# wine.csv, diabetes.csv, flights.csv (tests/data), and from flights.csv data.csv, new.csv, holdout.csv, today.csv
# (without labels, with a column `flight` that the model does not know), data.clt, train.clt, test.clt, scaled.clt,
# few.clt, and model.ck, next.ck. A block that cannot run here has the line
#     .\" not run: REASON        or        <!-- not run: REASON -->
# before it.
set -u

# The blocks of a manual page as scripts block-01.sh, block-02.sh, ...
man_blocks()
{
    awk '
        /^\.Sh / { inside = ($2 == "EXAMPLES") }
        !inside { next }
        /^\.\\" not run:/ { skip = 1; next }
        /^\.Bd -literal/ { block = 1; if (!skip) name = sprintf("block-%02d.sh", ++n); next }
        /^\.Ed/ { if (!skip) close(name); block = skip = 0; next }
        block && !skip {
            gsub(/\\\(aq/, "\x27"); gsub(/\\\(ha/, "^"); gsub(/\\\(ti/, "~"); gsub(/\\\(dq/, "\"")
            gsub(/\\&/, ""); gsub(/\\-/, "-"); gsub(/\\e/, "\\")
            print > name
        }' "$1"
}

readme_blocks()
{
    awk '
        /^<!-- not run:/ { skip = 1; next }
        /^```sh/ { block = 1; if (!skip) name = sprintf("block-%02d.sh", ++n); next }
        /^```/ { if (block && !skip) close(name); if (block) block = skip = 0; next }
        block && !skip { print > name }' "$1"
}

make_files()
{
    cp "$TESTS"/data/*.csv .
    head -n 301 flights.csv > data.csv
    { head -n 1 flights.csv && sed -n 302,451p flights.csv; } > new.csv
    { head -n 1 flights.csv && sed -n 452,601p flights.csv; } > holdout.csv
    cut -d, -f1-4 holdout.csv | awk '{ print (NR == 1 ? "flight" : 1000 + NR) "," $0 }' > today.csv
    cl-ingest data.csv > data.clt &&
        cl-split -f 0.8,0.2 data.clt > train.clt &&
        cl-scale train.clt > scaled.clt &&
        cl-train -q --hidden 8 --epochs 20 < scaled.clt > model.ck &&
        cp model.ck next.ck &&
        cl-ingest -m model.ck holdout.csv > test.clt &&
        cp model.ck 1.ck &&
        cp test.clt test1.clt &&
        cp test.clt test2.clt &&
        cl-ingest -m model.ck new.csv > second.clt &&
        head -n 21 new.csv | cl-ingest -m model.ck > few.clt
}

run_blocks()
{
    local block count=0
    for block in "$scripts"/block-*.sh; do
        [ -e "$block" ] || continue
        if ! bash -eu -o pipefail "$block" > "$scripts/output" 2>&1; then
            echo "this block failed:"
            cat "$block"
            echo "with the output:"
            tail -n 40 "$scripts/output"
            return 1
        fi
        count=$((count + 1))
    done
    echo "$count blocks"
    if [ $count = 0 ]; then
        echo "no block to run"
        return 77
    fi
}

id=$1
scripts=$TMPDIR/scripts
mkdir -p "$scripts"
case $id in
man/*) (cd "$scripts" && man_blocks "$ROOT/$id") ;;
readme/cl) (cd "$scripts" && readme_blocks "$ROOT/README.md") ;;
readme/*)
    (cd "$scripts" && readme_blocks "$ROOT/examples/${id#readme/}/README.md")
    cp -R "$ROOT/examples" . && cd "examples/${id#readme/}" || exit 1
    make -s clean > "$scripts/output" 2>&1 || { cat "$scripts/output"; exit 1; }
    run_blocks
    exit
    ;;
esac
make_files || exit 1
run_blocks
