# The training loss of every 100th epoch, from the log of cl-train (one JSON object a line).
function number(key)
{
    if (!match($0, "\"" key "\": *[-+.0-9eE]+"))
        return ""
    text = substr($0, RSTART, RLENGTH)
    sub(/.*: */, "", text)
    return text
}
number("epoch") != "" && number("epoch") % 100 == 0 && number("loss") != "" {
    printf "epoch %4d   loss %s\n", number("epoch"), number("loss")
}
