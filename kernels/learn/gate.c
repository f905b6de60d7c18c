#include "gate.h"

#include <stdio.h>
#include <string.h>

#include "options.h"

static const char *const op_names[] = {">=", ">", "<=", "<", "=="};

bool
gate_like(const char *text)
{
    return strpbrk(text, "<>=") != NULL;
}

/* Copies s[0 .. n) without the blanks at its ends; false when it does not fit. */
static bool
trim(char *to, size_t cap, const char *s, size_t n)
{
    while (n > 0 && *s == ' ') {
        s++;
        n--;
    }
    while (n > 0 && s[n - 1] == ' ')
        n--;
    if (n >= cap)
        return false;
    memcpy(to, s, n);
    to[n] = '\0';
    return true;
}

static int
metric_list(char *text, size_t cap)
{
    int n = 0;
    for (int m = 0; m < METRIC_COUNT; m++)
        n += snprintf(text + n, cap - (size_t) n, "%s%s", m == 0 ? "" : " ", metric_name((enum metric) m));
    return n;
}

static int
parse_subject(struct gate *gate, const char *name, const char *class_name, struct error *error)
{
    static const char *const part_names[] = {NULL, "precision", "recall", "f1"};
    char quoted[80], known[256];
    error_quote(quoted, sizeof quoted, name, strlen(name), 40);
    for (int part = GATE_PRECISION; part <= GATE_F1; part++)
        if (strcmp(name, part_names[part]) == 0) {
            if (class_name == NULL)
                return error_set(error, STATUS_USAGE, "--gate '%s': say which: %s[CLASS] or %s_macro", gate->text, name,
                                 name);
            gate->part = (enum gate_part) part;
            return 0;
        }
    gate->part = GATE_WHOLE;
    if (!metric_parse(name, &gate->metric)) {
        metric_list(known, sizeof known);
        return error_set(error, STATUS_USAGE,
                         "--gate '%s': there is no metric '%s'; there are %s, and precision, recall, f1 of a [CLASS]",
                         gate->text, quoted, known);
    }
    if (class_name != NULL)
        return error_set(error, STATUS_USAGE, "--gate '%s': only precision, recall and f1 are told by class",
                         gate->text);
    return 0;
}

/* The operator, the number and the names of an expression. */
static int
parse_parts(struct gate *gate, const char *text, char name[64], bool *by_class, struct error *error)
{
    *gate = (struct gate){.text = text};
    /* The class may hold any character, so the operator is looked for behind the last bracket. */
    const char *open = strchr(text, '['), *close = strrchr(text, ']');
    const char *op = text;
    if (open != NULL && close != NULL && open < close)
        op = close + 1;
    op += strcspn(op, "<>=");
    int found = -1;
    for (int i = 0; i <= GATE_EQ && found < 0; i++)
        if (strncmp(op, op_names[i], strlen(op_names[i])) == 0)
            found = i;
    if (found < 0)
        return error_set(error, STATUS_USAGE, "--gate '%s': one of >= > <= < == is missing", text);
    gate->op = (enum gate_op) found;
    char number[64];
    *by_class = open != NULL && close != NULL && open < close && close < op;
    size_t name_n = (size_t) ((*by_class ? open : op) - text);
    if (!trim(name, 64, text, name_n))
        return error_set(error, STATUS_USAGE, "--gate '%s': the name of the metric is too long", text);
    if (*by_class && !trim(gate->class_name, sizeof gate->class_name, open + 1, (size_t) (close - open - 1)))
        return error_set(error, STATUS_USAGE, "--gate '%s': the name of the class is too long", text);
    if (*by_class && strspn(close + 1, " ") != (size_t) (op - close - 1))
        return error_set(error, STATUS_USAGE, "--gate '%s': something stands between ] and the operator", text);
    const char *limit = op + strlen(op_names[found]);
    if (!trim(number, sizeof number, limit, strlen(limit)) || !parse_double(number, &gate->limit) ||
        gate->limit != gate->limit)
        return error_set(error, STATUS_USAGE, "--gate '%s': what stands behind %s is not a number", text,
                         op_names[found]);
    return 0;
}

int
gate_parse(struct gate *gate, const char *text, struct error *error)
{
    char name[64];
    bool by_class;
    if (parse_parts(gate, text, name, &by_class, error) < 0)
        return -1;
    return parse_subject(gate, name, by_class ? gate->class_name : NULL, error);
}

int
gate_parse_measure(struct gate *gate, const char *text, struct error *error)
{
    char name[64], quoted[80];
    bool by_class;
    if (parse_parts(gate, text, name, &by_class, error) < 0)
        return -1;
    gate->part = GATE_MEASURE;
    if (!by_class && measure_parse(name, &gate->measure))
        return 0;
    return error_set(error, STATUS_USAGE, "--gate '%s': of the matrix there are acc, bwt, fwt and forgetting, not '%s'",
                     text, error_quote(quoted, sizeof quoted, name, strlen(name), 40));
}

int
gate_bind(struct gate *gate, const struct decision *decision, struct error *error)
{
    enum task task = decision->model->schema.task;
    bool numbers = task != TASK_CLASS;
    if (gate->part == GATE_WHOLE) {
        if (!metric_applies(gate->metric, task))
            return error_set(error, STATUS_USAGE, "--gate '%s': %s is for models that predict %s; this one predicts %s",
                             gate->text, metric_name(gate->metric), numbers ? "classes" : "numbers",
                             numbers ? "numbers" : "classes");
        enum loss loss = decision->model->loss, wanted = gate->metric == METRIC_DEVIANCE ? LOSS_POISSON : LOSS_QUANTILE;
        if (gate->metric >= METRIC_DEVIANCE && loss != wanted)
            return error_set(error, STATUS_USAGE, "--gate '%s': %s is for models of loss %s; this one has %s",
                             gate->text, metric_name(gate->metric), loss_name(wanted), loss_name(loss));
        return 0;
    }
    if (numbers)
        return error_set(error, STATUS_USAGE, "--gate '%s': the model predicts numbers and has no classes", gate->text);
    uint32_t code = dict_find(decision->names, gate->class_name, strlen(gate->class_name));
    if (code == 0)
        return error_set(error, STATUS_USAGE, "--gate '%s': the model has no such class (cl-cat lists them)",
                         gate->text);
    gate->class = code - 1;
    if (!decision_allows(decision, gate->class))
        return error_set(error, STATUS_USAGE, "--gate '%s': the class is not among those of --among", gate->text);
    return 0;
}

bool
gate_value(const struct gate *gate, const struct report *report, double *value)
{
    if (gate->part == GATE_WHOLE) {
        *value = report->value[gate->metric];
        return report->defined[gate->metric];
    }
    const struct class_report *class = &report->classes[gate->class];
    *value = gate->part == GATE_PRECISION ? class->precision : gate->part == GATE_RECALL ? class->recall : class->f1;
    return true;
}

bool
gate_holds(const struct gate *gate, double value)
{
    switch (gate->op) {
    case GATE_GE:
        return value >= gate->limit;
    case GATE_GT:
        return value > gate->limit;
    case GATE_LE:
        return value <= gate->limit;
    case GATE_LT:
        return value < gate->limit;
    default:
        return value == gate->limit;
    }
}

bool
gate_met(const struct gate *gate, const struct report *report)
{
    double value;
    return gate_value(gate, report, &value) && gate_holds(gate, value);
}
