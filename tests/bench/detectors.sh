#!/bin/bash
# Detectors of drift at their default options: alarms where nothing changes, what is found of a change, and the cost.
# Errors come with probability p, draws by number and run (tests/helpers/alarms.c): the figures are the same each time,
# but for the nanoseconds. kswin, which costs most, has a quarter of the runs.
#
#   CL_BENCH_RUNS=N   runs of 10,000 rows [400]
set -u
runs=${CL_BENCH_RUNS:-400}
quarter=$(((runs + 3) / 4))
detectors='adwin hddm_a page_hinkley kswin ddm eddm'

line() {
    printf '%-14s' "$1"
    for detector in $detectors; do
        local n=$runs
        [ $detector = kswin ] && n=$quarter
        printf ' %-13s' "$(alarms "${@:2}" "$n" $detector)"
    done
    echo
}
printf '%-14s' ''
printf ' %-13s' $detectors
printf '\n\nno change: alarms in 10,000 rows (share of runs of 10,000 rows with any)\n'
line 'p = .05' still 0.05 10000
line 'p = .20' still 0.20 10000
line 'p = .50' still 0.50 10000
printf '\nchange at row 5,000: found within 1,000 rows / rows after it, median\n'
line '.20 to .30' step 0.20 0.30 5000
line '.20 to .50' step 0.20 0.50 5000
line '.05 to .15' step 0.05 0.15 5000
printf '\nnanoseconds a row\n'
printf '%-14s' 'p = .20'
for detector in $detectors; do
    rows=2000000
    [ $detector = kswin ] && rows=100000
    printf ' %-13s' "$(alarms time $rows $detector)"
done
printf '\n\nkswin on uniform numbers: alarms in 10,000 rows\n'
for words in kswin kswin,alpha=0.005 kswin,window=200,recent=100 kswin,window=200,recent=100,alpha=0.005; do
    printf '%-40s %s\n' $words "$(alarms flat 10000 $quarter $words)"
done
