/* What expect.c found, in words and as JSON. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expect_parts.h"
#include "json.h"
#include "options.h"

enum { FEW = 3, SOME = 10 }; /* unseen values in a sentence, and in the report */

static const char *const verdicts[] = {"ok", "unusual", "over"};

/* ---- words ---- */

/* The first values that training did not have. */
static void
list_unseen(const struct checked *checked, char *buffer, size_t cap)
{
    const struct dict *dict = &checked->column->dict;
    size_t used = 0;
    buffer[0] = '\0';
    for (uint32_t i = checked->known; i < dict->n && i < checked->known + FEW; i++) {
        char quoted[96];
        error_quote(quoted, sizeof quoted, dict->values[i], dict->lengths[i], 24);
        used += (size_t) snprintf(buffer + used, cap - used, "%s'%s'", used > 0 ? ", " : "", quoted);
    }
    if (dict->n > checked->known + FEW)
        snprintf(buffer + used, cap - used, " and %u more", dict->n - checked->known - FEW);
}

const char *
expect_finding(const struct expect *expect, const struct checked *checked, enum check check, char *buffer, size_t cap)
{
    char list[384];
    const char *of = "% of the rows";
    const double percent = 100 * checked->share[check];
    const uint32_t place = checked->place;
    const struct tally *tally = &expect->tally;
    switch (check) {
    case CHECK_MISSING:
        if (isnan(checked->missing))
            snprintf(buffer, cap, "%.3g %s have no value", percent, of);
        else
            snprintf(buffer, cap, "%.3g %s have no value (%.3g %% in training)", percent, of, 100 * checked->missing);
        break;
    case CHECK_UNSEEN:
        list_unseen(checked, list, sizeof list);
        snprintf(buffer, cap, "%.3g %s have categories not seen in training%s%s", percent, of,
                 checked->rows[check] > 0 ? ": " : "", checked->rows[check] > 0 ? list : "");
        break;
    default:
        if (isnan(checked->low))
            snprintf(buffer, cap, "%.3g %s have a number, where training had none", percent, of);
        else if (checked->rows[check] == 0)
            snprintf(buffer, cap, "0 %s are outside %.6g to %.6g", of, checked->low, checked->high);
        else
            snprintf(buffer, cap, "%.3g %s are outside %.6g to %.6g, the range in training (here %.6g to %.6g)",
                     percent, of, checked->low, checked->high, (double) tally->low[place], (double) tally->high[place]);
    }
    return buffer;
}

/* For -v, where most is as it should be: few words, and the eye finds figures that are not 0. */
static const char *
short_finding(const struct expect *expect, const struct checked *checked, enum check check, char *buffer, size_t cap)
{
    const double percent = 100 * checked->share[check];
    if (check == CHECK_MISSING && isnan(checked->missing))
        snprintf(buffer, cap, "missing %.3g %%", percent);
    else if (check == CHECK_MISSING)
        snprintf(buffer, cap, "missing %.3g %% (%.3g %% in training)", percent, 100 * checked->missing);
    else if (checked->rows[check] > 0)
        expect_finding(expect, checked, check, buffer, cap);
    else if (check == CHECK_UNSEEN)
        snprintf(buffer, cap, "unseen 0 %%");
    else if (isnan(checked->low))
        snprintf(buffer, cap, "no number, as in training");
    else
        snprintf(buffer, cap, "outside %.6g to %.6g: 0 %%", checked->low, checked->high);
    return buffer;
}

/* "column 'a': FINDING; FINDING": all in short, or in sentences those with the column's verdict. */
static const char *
column_text(const struct expect *expect, const struct checked *checked, bool all, char *buffer, size_t cap)
{
    char finding[512];
    size_t used = 0;
    for (int check = 0; check < CHECK_COUNT; check++) {
        if (!checked->applies[check] || (!all && checked->verdict[check] != checked->worst))
            continue;
        (all ? short_finding : expect_finding)(expect, checked, (enum check) check, finding, sizeof finding);
        int n = snprintf(buffer + used, cap - used, "%s%s", used > 0 ? "; " : "", finding);
        if (n < 0 || (size_t) n >= cap - used)
            break;
        used += (size_t) n;
    }
    return buffer;
}

void
expect_say(const struct expect *expect, void (*loud)(const char *sentence), void (*soft)(const char *sentence))
{
    const struct checked *first = NULL;
    char quoted[128], findings[2048], sentence[2560];
    for (uint32_t i = 0; i < expect->n; i++) {
        const struct checked *checked = &expect->columns[i];
        const char *name = checked->column->name;
        if (first == NULL && checked->worst > VERDICT_OK)
            first = checked;
        snprintf(sentence, sizeof sentence, "column '%s': %s",
                 error_quote(quoted, sizeof quoted, name, strlen(name), 60),
                 column_text(expect, checked, true, findings, sizeof findings));
        soft(sentence);
    }
    if (first == NULL)
        return;
    uint32_t more = expect->n_over + expect->n_unusual - 1;
    char others[96] = "";
    if (more > 0)
        snprintf(others, sizeof others, "; nor %s %u more column%s (-v or --report FILE)", more == 1 ? "is" : "are",
                 more, more == 1 ? "" : "s");
    snprintf(sentence, sizeof sentence, "warning: column '%s' is not as in training: %s%s",
             error_quote(quoted, sizeof quoted, first->column->name, strlen(first->column->name), 60),
             column_text(expect, first, false, findings, sizeof findings), others);
    loud(sentence);
}

/* ---- JSON ---- */

/* The decimals of the f32, not those of the double it becomes; null where there is no number. */
static struct value *
plain(float number, struct arena *arena)
{
    char digits[32];
    double as_double = 0;
    if (!isfinite(number))
        return value_nil(arena);
    digits[format_float(digits, number)] = '\0';
    parse_double(digits, &as_double);
    return value_float(arena, as_double);
}

static struct value *
check_to_value(const struct expect *expect, const struct checked *checked, enum check check, struct arena *arena)
{
    struct value *map = value_map(arena), *values = value_array(arena);
    const struct dict *dict = &checked->column->dict;
    value_set(arena, map, "verdict", value_string(arena, verdicts[checked->verdict[check]]));
    value_set(arena, map, "share", value_float(arena, checked->share[check]));
    value_set(arena, map, "rows", value_uint(arena, checked->rows[check]));
    if (checked->limit[check] != NULL)
        value_set(arena, map, "limit", value_float(arena, checked->limit[check]->share));
    switch (check) {
    case CHECK_MISSING:
        value_set(arena, map, "training_share",
                  isnan(checked->missing) ? value_nil(arena) : value_float(arena, checked->missing));
        break;
    case CHECK_UNSEEN:
        for (uint32_t i = checked->known; i < dict->n && i < checked->known + SOME; i++)
            value_push(arena, values, value_string_n(arena, dict->values[i], dict->lengths[i]));
        value_set(arena, map, "values", values);
        value_set(arena, map, "new_values", value_uint(arena, dict->n - checked->known));
        break;
    default:
        value_set(arena, map, "min", plain(expect->tally.low[checked->place], arena));
        value_set(arena, map, "max", plain(expect->tally.high[checked->place], arena));
        value_set(arena, map, "training_min", plain((float) checked->low, arena));
        value_set(arena, map, "training_max", plain((float) checked->high, arena));
    }
    return map;
}

static struct value *
limit_to_value(const struct limit *limit, struct arena *arena)
{
    struct value *map = value_map(arena);
    value_set(arena, map, "check", value_string(arena, check_name(limit->check)));
    if (limit->column != NULL)
        value_set(arena, map, "column", value_string(arena, limit->column));
    value_set(arena, map, limit->inclusive ? "at_most" : "below", value_float(arena, limit->share));
    return map;
}

static struct value *
report_to_value(const struct expect *expect, struct arena *arena)
{
    struct value *report = value_map(arena), *limits = value_array(arena), *columns = value_array(arena);
    enum verdict worst = expect->n_over > 0 ? VERDICT_OVER : expect->n_unusual > 0 ? VERDICT_UNUSUAL : VERDICT_OK;
    for (uint32_t i = 0; i < expect->n_limits; i++)
        value_push(arena, limits, limit_to_value(&expect->limits[i], arena));
    for (uint32_t i = 0; i < expect->n; i++) {
        const struct checked *checked = &expect->columns[i];
        struct value *column = value_map(arena);
        value_set(arena, column, "name", value_string(arena, checked->column->name));
        value_set(arena, column, "type", value_string(arena, column_type_name(checked->column->type)));
        value_set(arena, column, "verdict", value_string(arena, verdicts[checked->worst]));
        for (int check = 0; check < CHECK_COUNT; check++)
            if (checked->applies[check])
                value_set(arena, column, check_name((enum check) check),
                          check_to_value(expect, checked, (enum check) check, arena));
        value_push(arena, columns, column);
    }
    value_set(arena, report, "verdict", value_string(arena, verdicts[worst]));
    value_set(arena, report, "rows", value_uint(arena, expect->tally.rows));
    value_set(arena, report, "training_rows", value_uint(arena, expect->training_rows));
    if (expect->model[0] != '\0')
        value_set(arena, report, "model", value_string(arena, expect->model));
    value_set(arena, report, "expect", limits);
    value_set(arena, report, "columns_over", value_uint(arena, expect->n_over));
    value_set(arena, report, "columns_unusual", value_uint(arena, expect->n_unusual));
    value_set(arena, report, "columns", columns);
    return report;
}

int
expect_report(const struct expect *expect, struct output *output, struct error *error)
{
    struct arena arena = {0};
    struct text text = {0};
    json_value(&text, report_to_value(expect, &arena), true);
    text_add(&text, "\n", 1);
    int result = output_write(output, text.bytes, text.n, error);
    free(text.bytes);
    arena_free(&arena);
    return result;
}
