#include "report_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "memory.h"

enum { NAME_WIDTH = 24, CELL = 512 };

static bool
takes_part(const struct report *report, uint32_t class)
{
    return report->mask == NULL || report->mask[class];
}

/* The name of a class as a table shows it: printable, of bounded width. Class n_classes is that of other labels. */
static const char *
shown_name(const struct report *report, uint32_t class, char cell[CELL])
{
    if (class == report->n_classes)
        return "(other)";
    return error_quote(cell, CELL, report->names->values[class], report->names->lengths[class], NAME_WIDTH);
}

int
report_width(const char *s)
{
    int n = 0;
    for (; *s != '\0'; s++)
        n += ((unsigned char) *s & 0xc0) != 0x80;
    return n;
}

void
report_pad(struct text *text, const char *s, int width, bool right)
{
    int blanks = width - report_width(s);
    if (right && blanks > 0)
        text_printf(text, "%*s", blanks, "");
    text_add(text, s, strlen(s));
    if (!right && blanks > 0)
        text_printf(text, "%*s", blanks, "");
}

void
report_number(struct text *text, double number, int width)
{
    char digits[40];
    text_add(text, "  ", 2); /* between columns, whatever the digits */
    width -= 2;
    /* Counts in full, all else with six digits. */
    bool whole = number >= 0 && number < 1e15 && number == (double) (uint64_t) number;
    snprintf(digits, sizeof digits, whole ? "%.0f" : "%.6g", number);
    report_pad(text, digits, width, true);
}

static int
name_width(const struct report *report, const char *heading)
{
    char cell[CELL];
    int width = report_width(heading);
    for (uint32_t k = 0; k <= report->n_classes; k++) {
        int n = report_width(shown_name(report, k, cell));
        if (n > width && (k == report->n_classes ? report->others : takes_part(report, k)))
            width = n;
    }
    return width;
}

static void
table_by_class(struct text *text, const struct report *report)
{
    char cell[CELL];
    int width = name_width(report, "class");
    text_add(text, "\n", 1);
    report_pad(text, "class", width, false);
    text_printf(text, "  %10s  %9s  %9s  %9s\n", "n", "precision", "recall", "f1");
    for (uint32_t k = 0; k < report->n_classes; k++) {
        if (!takes_part(report, k))
            continue;
        const struct class_report *class = &report->classes[k];
        report_pad(text, shown_name(report, k, cell), width, false);
        const double numbers[] = {class->n, class->precision, class->recall, class->f1};
        for (int i = 0; i < 4; i++)
            report_number(text, numbers[i], i == 0 ? 12 : 11);
        text_add(text, "\n", 1);
    }
}

static void
table_of_matrix(struct text *text, const struct report *report)
{
    char cell[CELL];
    uint32_t c = report->n_classes;
    int width = name_width(report, "label");
    text_printf(text, "\nconfusion (a row for each label, a column for each prediction)\n");
    report_pad(text, "label", width, false);
    for (uint32_t k = 0; k < c; k++)
        if (takes_part(report, k)) {
            text_add(text, "  ", 2);
            report_pad(text, shown_name(report, k, cell), 7, true);
        }
    text_add(text, "\n", 1);
    for (uint32_t label = 0; label <= c; label++) {
        if (label == c ? !report->others : !takes_part(report, label))
            continue;
        report_pad(text, shown_name(report, label, cell), width, false);
        for (uint32_t k = 0; k < c; k++) {
            if (!takes_part(report, k))
                continue;
            int column = report_width(shown_name(report, k, cell));
            report_number(text, report->confusion[(size_t) label * c + k], (column < 7 ? 7 : column) + 2);
        }
        text_add(text, "\n", 1);
    }
}

struct pair {
    uint32_t label, prediction;
    double n;
};

/* The largest off the diagonal; the first of equals first. */
static uint32_t
find_pairs(const struct report *report, struct pair pairs[REPORT_PAIRS])
{
    uint32_t c = report->n_classes, n_pairs = 0;
    for (uint32_t label = 0; label <= c; label++)
        for (uint32_t k = 0; k < c; k++) {
            double n = report->confusion[(size_t) label * c + k];
            if (label == k || !(n > 0))
                continue;
            uint32_t at = n_pairs;
            while (at > 0 && pairs[at - 1].n < n)
                at--;
            if (at == REPORT_PAIRS)
                continue;
            n_pairs += n_pairs < REPORT_PAIRS;
            memmove(pairs + at + 1, pairs + at, (n_pairs - at - 1) * sizeof *pairs);
            pairs[at] = (struct pair){label, k, n};
        }
    return n_pairs;
}

static void
table_of_pairs(struct text *text, const struct report *report)
{
    struct pair pairs[REPORT_PAIRS];
    char cell[CELL];
    uint32_t n = find_pairs(report, pairs);
    int width = name_width(report, "prediction");
    if (n == 0)
        return;
    text_printf(text, "\nconfused most\n");
    report_pad(text, "label", width, false);
    text_add(text, "  ", 2);
    report_pad(text, "prediction", width, false);
    text_printf(text, "  %10s\n", "n");
    for (uint32_t i = 0; i < n; i++) {
        report_pad(text, shown_name(report, pairs[i].label, cell), width, false);
        text_add(text, "  ", 2);
        report_pad(text, shown_name(report, pairs[i].prediction, cell), width, false);
        report_number(text, pairs[i].n, 12);
        text_add(text, "\n", 1);
    }
}

static void
table_by_quantile(struct text *text, const struct report *report)
{
    text_printf(text, "\n%-10s  %10s  %10s\n", "quantile", "below", "pinball");
    for (uint32_t q = 0; q < report->n_quantiles; q++) {
        text_printf(text, "%-10.6g", report->quantiles[q]);
        report_number(text, report->per_quantile[q].below, 12);
        report_number(text, report->per_quantile[q].pinball, 12);
        text_add(text, "\n", 1);
    }
}

void
report_table(struct text *text, const struct report *report)
{
    for (int m = 0; m < METRIC_COUNT; m++)
        if (report->defined[m]) {
            text_printf(text, "%-16s", metric_name((enum metric) m));
            report_number(text, report->value[m], 12);
            text_add(text, "\n", 1);
        }
    if (report->n_quantiles > 0)
        table_by_quantile(text, report);
    if (report->n_classes == 0)
        return;
    table_by_class(text, report);
    if (report->n_classes <= REPORT_MATRIX_CLASSES)
        table_of_matrix(text, report);
    else
        table_of_pairs(text, report);
}

void
report_parts(struct text *text, const char *column, const char *const *values, const struct report *const *reports,
             size_t n)
{
    static const enum metric of_classes[] = {METRIC_N, METRIC_LOSS, METRIC_ACCURACY, METRIC_F1_MACRO, METRIC_AUC};
    static const enum metric of_numbers[] = {METRIC_N, METRIC_LOSS, METRIC_RMSE, METRIC_MAE, METRIC_R2};
    static const enum metric of_quantiles[] = {METRIC_N, METRIC_LOSS, METRIC_PINBALL, METRIC_COVERAGE, METRIC_WIDTH};
    enum { SHOWN = 5 };
    char cell[CELL];
    int width = report_width(error_quote(cell, sizeof cell, column, strlen(column), NAME_WIDTH));
    for (size_t i = 0; i < n; i++) {
        int value = report_width(error_quote(cell, sizeof cell, values[i], strlen(values[i]), NAME_WIDTH));
        width = value > width ? value : width;
    }
    const enum metric *shown = n > 0 && reports[0]->n_classes > 0     ? of_classes
                               : n > 0 && reports[0]->n_quantiles > 0 ? of_quantiles
                                                                      : of_numbers;
    text_add(text, "\n", 1);
    report_pad(text, error_quote(cell, sizeof cell, column, strlen(column), NAME_WIDTH), width, false);
    for (int m = 0; m < SHOWN; m++)
        text_printf(text, "  %10s", metric_name(shown[m]));
    text_add(text, "\n", 1);
    for (size_t i = 0; i < n; i++) {
        report_pad(text, error_quote(cell, sizeof cell, values[i], strlen(values[i]), NAME_WIDTH), width, false);
        for (int m = 0; m < SHOWN; m++)
            if (reports[i]->defined[shown[m]])
                report_number(text, reports[i]->value[shown[m]], 12);
            else
                report_pad(text, "-", 12, true);
        text_add(text, "\n", 1);
    }
}

static void
json_key(struct text *text, const char *key)
{
    text_printf(text, "\"%s\": ", key);
}

static void
json_names(struct text *text, const struct report *report, bool others)
{
    text_add(text, "[", 1);
    bool first = true;
    for (uint32_t k = 0; k < report->n_classes; k++) {
        if (!takes_part(report, k))
            continue;
        text_add(text, ", ", first ? 0 : 2);
        json_string(text, report->names->values[k], report->names->lengths[k]);
        first = false;
    }
    text_printf(text, "%s]", others ? ", \"(other)\"" : "");
}

static void
json_by_class(struct text *text, const struct report *report)
{
    static const char *const keys[] = {"n", "precision", "recall", "f1"};
    text_add(text, "{", 1);
    bool first = true;
    for (uint32_t k = 0; k < report->n_classes; k++) {
        if (!takes_part(report, k))
            continue;
        const struct class_report *class = &report->classes[k];
        const double numbers[] = {class->n, class->precision, class->recall, class->f1};
        text_add(text, ", ", first ? 0 : 2);
        json_string(text, report->names->values[k], report->names->lengths[k]);
        for (int i = 0; i < 4; i++) {
            text_add(text, i == 0 ? ": {" : ", ", i == 0 ? 3 : 2);
            json_key(text, keys[i]);
            json_number(text, numbers[i]);
        }
        text_add(text, "}", 1);
        first = false;
    }
    text_add(text, "}", 1);
}

static void
json_confusion(struct text *text, const struct report *report)
{
    uint32_t c = report->n_classes;
    text_add(text, "{", 1);
    json_key(text, "labels");
    json_names(text, report, report->others);
    text_add(text, ", ", 2);
    json_key(text, "predictions");
    json_names(text, report, false);
    text_add(text, ", ", 2);
    json_key(text, "counts");
    for (uint32_t label = 0, rows = 0; label <= c; label++) {
        if (label == c ? !report->others : !takes_part(report, label))
            continue;
        text_printf(text, rows++ == 0 ? "[[" : ", [");
        for (uint32_t k = 0, columns = 0; k < c; k++) {
            if (!takes_part(report, k))
                continue;
            text_add(text, ", ", columns++ == 0 ? 0 : 2);
            json_number(text, report->confusion[(size_t) label * c + k]);
        }
        text_add(text, "]", 1);
    }
    text_add(text, "]}", 2);
}

static void
json_by_quantile(struct text *text, const struct report *report)
{
    for (uint32_t q = 0; q < report->n_quantiles; q++) {
        text_printf(text, q == 0 ? "{\"" : ", \"");
        json_number(text, report->quantiles[q]);
        text_printf(text, "\": {\"below\": ");
        json_number(text, report->per_quantile[q].below);
        text_printf(text, ", \"pinball\": ");
        json_number(text, report->per_quantile[q].pinball);
        text_add(text, "}", 1);
    }
    text_add(text, "}", 1);
}

void
report_json(struct text *text, const struct report *report, bool open)
{
    text_add(text, "{", 1);
    for (int m = 0; m < METRIC_COUNT; m++)
        if (report->defined[m]) {
            text_add(text, ", ", m == METRIC_N ? 0 : 2);
            json_key(text, metric_name((enum metric) m));
            json_number(text, report->value[m]);
        }
    if (report->n_quantiles > 0) {
        text_add(text, ", ", 2);
        json_key(text, "per_quantile");
        json_by_quantile(text, report);
    }
    if (report->n_classes > 0) {
        text_add(text, ", ", 2);
        json_key(text, "per_class");
        json_by_class(text, report);
        text_add(text, ", ", 2);
        json_key(text, "confusion");
        json_confusion(text, report);
    }
    text_add(text, "}", open ? 0 : 1);
}
