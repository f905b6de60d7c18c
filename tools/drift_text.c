#include "drift_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

/* ---- the table ---- */

enum { NAME_MOST = 30 };

/* A name that came from data, cut so that the table stays one. */
static int
shown_name(char *to, size_t cap, const char *name)
{
    error_quote(to, cap, name, strlen(name), NAME_MOST);
    return (int) strlen(to);
}

static const char *
verdict(const struct compare_column *column)
{
    return column->distribution.drift && column->share.drift ? "drift, missing"
           : column->distribution.drift                      ? "drift"
           : column->share.drift                             ? "missing"
           : !column->there                                  ? "not there"
                                                             : "";
}

static void
put_test(struct text *text, const struct compare_column *column)
{
    const struct compare_test *test = &column->distribution;
    if (!test->made)
        text_printf(text, " %8s %6s %15s %9s", "-", "-", "-", "-");
    else if (column->category)
        text_printf(text, " %8.3f %6.3f  chi2 %9.4g %9.2g", test->psi, test->js, test->statistic, test->adjusted);
    else
        text_printf(text, " %8.3f %6.3f  D    %9.3f %9.2g", test->psi, test->js, test->statistic, test->adjusted);
}

static void
put_rows(struct text *text, const struct comparison *comparison, int width)
{
    for (uint32_t i = 0; i < comparison->n; i++) {
        const struct compare_column *column = &comparison->columns[i];
        const double rows = (double) comparison->rows, then = (double) comparison->profile->rows;
        char name[4 * NAME_MOST + 8];
        const int n = shown_name(name, sizeof name, column->then->name);
        text_printf(text, "%s%*s", name, width - n, "");
        put_test(text, column);
        if (column->there)
            text_printf(text, "  %6.2f %% %6.2f %%", 100 * (double) column->missing / rows,
                        100 * (double) column->then->missing / then);
        else
            text_printf(text, "  %6s   %6.2f %%", "-", 100 * (double) column->then->missing / then);
        const char *said = verdict(column);
        text_printf(text, "%s%s\n", said[0] != '\0' ? "  " : "", said);
    }
}

static int
widest_name(const struct comparison *comparison, int width)
{
    char name[4 * NAME_MOST + 8];
    for (uint32_t i = 0; comparison != NULL && i < comparison->n; i++) {
        const int n = shown_name(name, sizeof name, comparison->columns[i].then->name);
        width = n > width ? n : width;
    }
    return width;
}

static void
put_errors(struct text *text, const struct drift_errors *errors)
{
    text_printf(text, "\nerrors       %" PRIu64 " labelled rows, %s %.6g\n", errors->rows,
                errors->classes ? "share of wrong classes" : "mean absolute error", errors->mean);
    text_printf(text, "detector     %s: %" PRIu64 " alarm%s\n", errors->detector, errors->alarms,
                errors->alarms == 1 ? "" : "s");
    for (uint64_t i = 0; i < errors->alarms && i < DRIFT_ALARMS; i++) {
        text_printf(text, "             record %" PRIu64 ": %.4g before", errors->records[i], errors->before[i]);
        if (!isnan(errors->after[i]))
            text_printf(text, ", %.4g since", errors->after[i]);
        text_printf(text, "%s\n", errors->classes ? "" : " (of e / (e + scale))");
    }
    if (errors->alarms > DRIFT_ALARMS)
        text_printf(text, "             and %" PRIu64 " more\n", errors->alarms - DRIFT_ALARMS);
}

void
drift_table(struct text *text, const struct drift_report *report)
{
    const struct comparison *features = report->features, *predictions = report->predictions;
    const int width = widest_name(predictions, widest_name(features, (int) strlen("prediction")));
    text_printf(text, "rows         %" PRIu64 ", compared with %" PRIu64 "\n", features->rows, features->profile->rows);
    text_printf(text, "drift        %s: p <= %g for all tests together, and PSI >= %g\n\n",
                report->drift ? "found" : "none", report->alpha, report->least_psi);
    text_printf(text, "%-*s %8s %6s  %-14s %9s  %8s %8s\n", width, "column", "PSI", "JS", "test", "p", "missing",
                "then");
    put_rows(text, features, width);
    if (predictions != NULL) {
        text_add(text, "\n", 1);
        put_rows(text, predictions, width);
    }
    if (report->errors->detector != NULL)
        put_errors(text, report->errors);
}

/* ---- JSON ---- */

static void
put_number(struct text *text, const char *key, double number)
{
    text_printf(text, ", \"%s\": ", key);
    json_number(text, number);
}

static void
json_columns(struct text *text, const struct comparison *comparison)
{
    for (uint32_t i = 0; i < comparison->n; i++) {
        const struct compare_column *column = &comparison->columns[i];
        const struct compare_test *test = &column->distribution, *share = &column->share;
        text_printf(text, i > 0 ? ", {\"column\": " : "{\"column\": ");
        json_string(text, column->then->name, strlen(column->then->name));
        if (column->there) {
            text_printf(text, ", \"values\": %" PRIu64 ", \"missing\": %" PRIu64 ", \"missing_then\": %" PRIu64,
                        column->present, column->missing, column->then->missing);
            if (share->made)
                put_number(text, "missing_p", share->adjusted);
        }
        if (test->made) {
            text_printf(text, ", \"test\": \"%s\"", column->category ? "chi2" : "ks");
            put_number(text, "statistic", test->statistic);
            if (column->category)
                text_printf(text, ", \"degrees\": %" PRIu32, test->degrees);
            put_number(text, "p", test->p);
            put_number(text, "p_corrected", test->adjusted);
            put_number(text, "psi", test->psi);
            put_number(text, "js", test->js);
        }
        text_printf(text, ", \"drift\": %s, \"missing_drift\": %s}", test->drift ? "true" : "false",
                    share->drift ? "true" : "false");
    }
}

void
drift_json(struct text *text, const struct drift_report *report)
{
    const struct drift_errors *errors = report->errors;
    text_printf(text, "{\"drift\": %s, \"rows\": %" PRIu64 ", \"rows_then\": %" PRIu64,
                report->drift ? "true" : "false", report->features->rows, report->features->profile->rows);
    put_number(text, "alpha", report->alpha);
    put_number(text, "min_psi", report->least_psi);
    text_printf(text, ", \"columns\": [");
    json_columns(text, report->features);
    text_add(text, "]", 1);
    if (report->predictions != NULL) {
        text_printf(text, ", \"predictions\": [");
        json_columns(text, report->predictions);
        text_add(text, "]", 1);
    }
    if (errors->detector != NULL) {
        text_printf(text, ", \"errors\": {\"detector\": \"%s\", \"rows\": %" PRIu64, errors->detector, errors->rows);
        put_number(text, errors->classes ? "error" : "mae", errors->mean);
        text_printf(text, ", \"alarms\": %" PRIu64 ", \"records\": [", errors->alarms);
        for (uint64_t i = 0; i < errors->alarms && i < DRIFT_ALARMS; i++)
            text_printf(text, i > 0 ? ", %" PRIu64 : "%" PRIu64, errors->records[i]);
        text_printf(text, "]}");
    }
    text_printf(text, "}\n");
}
