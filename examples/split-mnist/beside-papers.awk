# awk -f beside-papers.awk papers.txt RESULT ...: a line for each line of papers.txt of which there are results. A
# result is a file runs/SCENARIO-STRATEGY-SEED.txt with an accuracy in percent.
FNR == NR {
    if ($0 !~ /^#/ && NF == 5) {
        key[++lines] = $1 "-" $2
        paper[lines] = $3; error[lines] = $4; asked[lines] = $5
    }
    next
}
FNR == 1 {
    run = FILENAME
    sub(/.*\//, "", run); sub(/-[0-9]+\.txt$/, "", run)
    n[run]++; sum[run] += $1; squares[run] += $1 * $1
}
END {
    printf "%-8s %-10s %5s %7s %7s %8s %7s  %s\n", "", "", "seeds", "ours", "+-", "paper", "+-", ""
    for (i = 1; i <= lines; i++) {
        run = key[i]
        if (!n[run])
            continue
        mean = sum[run] / n[run]
        spread = n[run] > 1 ? (squares[run] - sum[run] * mean) / (n[run] - 1) / n[run] : 0
        se = spread > 0 ? sqrt(spread) : 0
        slack = 2 * sqrt(se * se + error[i] * error[i])
        if (asked[i] == "near") {
            slack = 2
            verdict = (mean > paper[i] + slack) ? "above" : (mean < paper[i] - slack) ? "below" : "ok"
        } else {
            slack = asked[i] == "least" ? 0 : slack > 1 ? slack : 1
            verdict = mean < paper[i] - slack ? "below" : "ok"
        }
        split(run, word, "-")
        strategy = substr(run, length(word[1]) + 2)
        printf "%-8s %-10s %5d %7.2f %7.2f %8s %7s  %s\n", word[1], strategy, n[run], mean, se,
            ((asked[i] == "least" ? ">= " : "") paper[i]), (error[i] > 0 ? error[i] : ""), verdict
    }
}
