/* What the columns are, without a model: by their names, by the options, and by what a sample shows. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest_choices.h"
#include "ingest_columns.h"
#include "memory.h"

enum { NOTED = 1000 }; /* columns with a line of their own */

/* What -v says. */

/* Says what note_column() has gathered. */
static void
flush_notes(struct plan *plan)
{
    char *const *names = plan->source->names;
    char from[96], to[96];
    name_quoted(from, sizeof from, names[plan->noted.from]);
    if (plan->noted.n == 1)
        ingest_note(plan->in, "%s: column '%s': %s", plan->source->file, from, plan->noted.text);
    else if (plan->noted.n > 1)
        ingest_note(plan->in, "%s: columns '%s' to '%s': %s", plan->source->file, from,
                    name_quoted(to, sizeof to, names[plan->noted.to]), plan->noted.text);
    plan->noted.n = 0;
}

/* Labels. */

/* Regression or classes, for one label column. */
static int
label_type(struct plan *plan, size_t i, bool *two, struct error *error)
{
    const struct plan_source *source = plan->source;
    struct choice *choice = &plan->choices[i];
    const struct infer_column *stats = &source->stats[i];
    char shown[96], word[16];
    const char *name = name_quoted(shown, sizeof shown, source->names[i]), *file = source->file;
    enum task task = (enum task) plan->in->options->task;
    bool numbers = choice_type(choice) == COLUMN_NUM;
    if (stats->values == 0)
        return error_set(error, STATUS_DATA,
                         "%s: label column '%s' has no value in the first records (-y names another)", file, name);
    if (choice->type_given) {
        type_word_name(&choice->word, word);
        if ((choice_type(choice) != COLUMN_NUM && choice_type(choice) != COLUMN_CAT) || choice->word.hash)
            return error_set(error, STATUS_USAGE, "label column '%s' can be num or cat, not %s", name, word);
        if (task == (numbers ? TASK_CLASS : TASK_REGRESSION))
            return error_set(error, STATUS_USAGE, "--task %s contradicts --types %s:%s", task_name(task), name, word);
        return 0;
    }
    if (task == TASK_CLASS || task == TASK_REGRESSION) {
        choice->word.type = task == TASK_CLASS ? COLUMN_CAT : COLUMN_NUM;
        choice->type_given = true;
        return 0;
    }
    if (choice_type(choice) == COLUMN_TIME)
        return error_set(error, STATUS_DATA,
                         "%s: label column '%s' holds dates (-y names another column; --task class takes "
                         "them as classes)",
                         file, name);
    if (!numbers || source->integers) {
        choice->word.type = COLUMN_CAT; /* numbers with separators are refused with the other columns of that kind */
        return 0;
    }
    if (stats->n_distinct == 1 && !source->whole)
        return error_set(error, STATUS_DATA,
                         "%s: label column '%s' has a single value in the first records: are these "
                         "classes or amounts? (--task class or --task regression)",
                         file, name);
    *two = stats->n_distinct == 2;
    if (*two)
        choice->word.type = COLUMN_CAT;
    return 0;
}

/* One word among many numbers makes categories of them all: that is rarely meant. */
static void
warn_nearly(const struct plan *plan, size_t i, bool label)
{
    const struct infer_column *stats = &plan->source->stats[i];
    char shown[96], example[160] = "", read[128], keep[128];
    uint64_t others;
    const char *nearly = infer_nearly(stats, &others);
    if (nearly == NULL || (label && nearly[0] == 'd'))
        return;
    bool number = nearly[0] == 'n';
    if (number)
        error_quote(example, sizeof example, stats->example, strlen(stats->example), 40);
    name_quoted(shown, sizeof shown, plan->source->names[i]);
    snprintf(read, sizeof read, "--types %s:%s", shown, number ? "num" : "time");
    snprintf(keep, sizeof keep, "--types %s:cat", shown);
    ingest_warn(plan->in,
                "%s: column '%s' holds %" PRIu64 " %s and %" PRIu64 " other value%s%s%s%s: taken as %s "
                "(%s with --missing or --bad-rows reads the %s, %s says so)",
                plan->source->file, shown, stats->values - others, nearly, others, others == 1 ? "" : "s",
                !number       ? ""
                : others == 1 ? ", '"
                              : ", such as '",
                example, number ? "'" : "", label ? "classes" : "categories", label ? "--task regression" : read,
                nearly, label ? "--task class" : keep);
}

static int
plan_label(struct plan *plan, size_t i, struct error *error)
{
    struct ingest *in = plan->in;
    const struct plan_source *source = plan->source;
    struct choice *choice = &plan->choices[i];
    char shown[96], figures[160];
    bool two = false, given = choice->type_given;
    if (label_type(plan, i, &two, error) < 0)
        return -1;
    flush_notes(plan);
    enum task task = choice_type(choice) == COLUMN_CAT ? TASK_CLASS : TASK_REGRESSION;
    size_t before = in->y.n + in->label.n;
    if (before > 0 && (task == TASK_CLASS || in->schema.task == TASK_CLASS))
        return error_set(error, STATUS_DATA,
                         "%s: more than one label column goes with regression only, but '%s' is a "
                         "class (--task regression if they all are numbers)",
                         source->file,
                         name_quoted(shown, sizeof shown,
                                     source->names[task == TASK_CLASS ? i : (size_t) in->label.items[0].source]));
    if (task == TASK_CLASS && !choice->type_given)
        warn_nearly(plan, i, true);
    in->schema.task = task;
    struct sink *sink = ingest_column(in, source->names[i], choice_type(choice), ROLE_LABEL, (int64_t) i);
    if (task == TASK_REGRESSION)
        column_number(in, sink, infer_percent(&source->stats[i]));
    sink->inferred = !choice->type_given;
    sink->two = two;
    if (task == TASK_CLASS && !given)
        sink->most = CATEGORIES_INFERRED;
    const char *reason = given                ? "as asked"
                         : choice->type_given ? "by --task"
                         : two                ? "exactly two values"
                         : source->integers   ? "integers"
                                              : infer_reason(&source->stats[i]);
    infer_figures(&source->stats[i], figures, sizeof figures);
    ingest_note(in, "%s: label '%s': %s (%s%s%s)", source->file, name_quoted(shown, sizeof shown, source->names[i]),
                task_name(task), reason, figures[0] != '\0' ? ", " : "", figures);
    return 0;
}

/* Dates. */

/*
 * The column whose dates become the time tensor: that of the role; else the first that --types calls one; else the
 * first that holds dates. SIZE_MAX when there is none.
 */
static size_t
time_column(const struct plan *plan)
{
    size_t best = SIZE_MAX;
    int best_rank = 0;
    for (size_t i = 0; i < plan->source->n; i++) {
        const struct choice *choice = &plan->choices[i];
        int rank = choice->dropped                                            ? 0
                   : choice->role == ROLE_TIME                                ? 3
                   : choice->role_given || choice_type(choice) != COLUMN_TIME ? 0
                   : choice->type_given                                       ? 2
                                                                              : 1;
        if (rank > best_rank) {
            best_rank = rank;
            best = i;
        }
    }
    return best;
}

/* Does the order of its dates have to be told? 0, or -1 where they cannot be read without. */
static int
check_order(struct plan *plan, size_t i, struct error *error)
{
    const struct plan_source *source = plan->source;
    const struct choice *choice = &plan->choices[i];
    const struct infer_column *stats = &source->stats[i];
    char shown[96], example[160];
    bool wanted = choice->role == ROLE_TIME || (choice->type_given && choice_type(choice) == COLUMN_TIME);
    name_quoted(shown, sizeof shown, source->names[i]);
    if (wanted && infer_mixed(stats))
        return error_set(error, STATUS_DATA,
                         "%s: column '%s' holds dates with the day first and dates with the month first: no order "
                         "reads them all",
                         source->file, shown);
    if (!infer_unordered(stats))
        return 0;
    error_quote(example, sizeof example, stats->example, strlen(stats->example), 40);
    if (wanted)
        return error_set(error, STATUS_DATA,
                         "%s: column '%s': does the day or the month come first in dates like '%s'? (--dates dmy or "
                         "--dates mdy)",
                         source->file, shown, example);
    if (!choice->type_given && (choice->role == ROLE_FEATURE || choice->role == ROLE_LABEL))
        ingest_warn(plan->in,
                    "%s: column '%s' holds dates like '%s', and whether the day or the month comes first cannot be "
                    "seen: taken as categories (--dates dmy or --dates mdy reads them)",
                    source->file, shown, example);
    return 0;
}

/* Features from a column of dates. Those of the hour only where there is one. Returns how many. */
static size_t
plan_parts(struct plan *plan, size_t i)
{
    size_t n = 0;
    struct ingest *in = plan->in;
    const char *of = plan->source->names[i];
    const struct infer_column *stats = &plan->source->stats[i];
    for (enum date_part part = 0; part < PART_COUNT; part++) {
        if (!stats->clock && (part == PART_HOUR_SIN || part == PART_HOUR_COS))
            continue;
        const char *name = arena_printf(&in->schema.arena, "%s.%s", of, date_part_name(part));
        int64_t same = name_index_find(&plan->index, name);
        if (is_part_dropped(plan, name))
            continue;
        if (same == -1 || (same >= 0 && plan->choices[same].dropped)) {
            column_part(in, of, name, part, infer_dates(stats), infer_origin(stats), (int64_t) i);
            n++;
            continue;
        }
        char shown[96], shown_of[96];
        ingest_warn(in, "%s: column '%s' stays what it is and is not made of the dates in '%s'", plan->source->file,
                    name_quoted(shown, sizeof shown, name), name_quoted(shown_of, sizeof shown_of, of));
    }
    return n;
}

static void
plan_time(struct plan *plan, size_t i)
{
    struct sink *sink = ingest_column(plan->in, plan->source->names[i], COLUMN_TIME, ROLE_TIME, (int64_t) i);
    column_dates(plan->in, sink, infer_dates(&plan->source->stats[i]));
}

/* Other columns. */

/* A role that the type given, or that of the values, does not go with. */
static int
check_role_type(const struct plan *plan, size_t i, struct error *error)
{
    const struct choice *choice = &plan->choices[i];
    char shown[96], word[16];
    enum column_type wanted = choice->role == ROLE_WEIGHT ? COLUMN_NUM
                              : choice->role == ROLE_TIME ? COLUMN_TIME
                                                          : COLUMN_TEXT;
    if (choice->role == ROLE_LABEL || choice->role == ROLE_FEATURE || !choice->role_given || !choice->type_given ||
        (choice_type(choice) == wanted && !choice->word.hash))
        return 0;
    type_word_name(&choice->word, word);
    return error_set(error, STATUS_USAGE, "column '%s': the role %s goes with the type %s, not %s",
                     name_quoted(shown, sizeof shown, plan->source->names[i]), column_role_name(choice->role),
                     column_type_name(wanted), word);
}

/* What else the figures say, for -v. */
static const char *
hint_of(const struct infer_column *stats, enum column_type type)
{
    enum { FEW = 100 };
    bool exact;
    uint64_t distinct = infer_distinct(stats, &exact);
    if (stats->set == NULL || stats->values < FEW || (type != COLUMN_CAT && type != COLUMN_NUM))
        return "";
    bool unique = distinct * 100 >= stats->values * 97;
    if (type == COLUMN_NUM)
        return unique && stats->points == 0 && stats->comma.commas == 0 && stats->numbers == stats->values
                   ? "; integers that are nearly all different: an id? --drop leaves it out"
                   : "";
    return unique ? "; nearly all values are different: an id? --drop leaves it out, --types NAME:hash shares codes"
                  : "";
}

/* A line for each column; for columns of arrays and of libsvm, which are called by numbers, one for all that are alike.
 */
static void
note_column(struct plan *plan, size_t i, const char *more)
{
    const struct choice *choice = &plan->choices[i];
    const struct infer_column *stats = &plan->source->stats[i];
    const int format = plan->in->format;
    const bool gather = format != INGEST_CSV && format != INGEST_TSV && format != INGEST_JSONL;
    char word[16], figures[160], text[sizeof plan->noted.text];
    if (!gather && plan->in->schema.n_columns > NOTED)
        return;
    type_word_name(&choice->word, word);
    infer_figures(stats, figures, sizeof figures);
    snprintf(text, sizeof text, "%s (%s%s%s%s)", word, choice->type_given ? "as asked" : infer_reason(stats),
             figures[0] != '\0' ? ", " : "", figures, more);
    if (!gather || plan->noted.to + 1 != i || strcmp(text, plan->noted.text) != 0)
        flush_notes(plan);
    if (plan->noted.n++ == 0)
        plan->noted.from = i;
    plan->noted.to = i;
    memcpy(plan->noted.text, text, sizeof text);
    if (!gather)
        flush_notes(plan);
}

/* What becomes of a column of dates, for -v: the time of the row, and features that can be left out by their names. */
static void
parts_text(const struct plan *plan, bool is_time, uint32_t first, size_t n, char *buffer, size_t cap)
{
    const struct column *columns = plan->in->schema.columns;
    char from[96], to[96];
    const char *time = is_time ? "; the time of the row" : "";
    if (n == 0)
        snprintf(buffer, cap, "%s; no feature", time);
    else if (n == 1)
        snprintf(buffer, cap, "%s; the feature '%s'", time, name_quoted(from, sizeof from, columns[first].name));
    else
        snprintf(buffer, cap, "%s; the %zu features '%s' to '%s'", time, n,
                 name_quoted(from, sizeof from, columns[first].name),
                 name_quoted(to, sizeof to, columns[first + n - 1].name));
}

static void
plan_feature(struct plan *plan, size_t i, bool is_time)
{
    struct ingest *in = plan->in;
    const struct choice *choice = &plan->choices[i];
    const struct infer_column *stats = &plan->source->stats[i];
    const char *name = plan->source->names[i], *hint = choice->type_given ? "" : hint_of(stats, choice_type(choice));
    char parts[320] = "", shown[96];
    name_quoted(shown, sizeof shown, name);
    if (choice->word.hash) {
        column_hash(in, name, choice->word.bits, (int64_t) i);
    } else if (choice_type(choice) == COLUMN_TIME) {
        uint32_t first = in->schema.n_columns + is_time;
        if (is_time)
            plan_time(plan, i);
        size_t n = plan_parts(plan, i);
        parts_text(plan, is_time, first, n, parts, sizeof parts);
        hint = parts;
    } else {
        struct sink *sink = ingest_column(in, name, choice_type(choice), ROLE_FEATURE, (int64_t) i);
        sink->inferred = !choice->type_given;
        sink->most = choice->type_given ? CATEGORIES_MOST : CATEGORIES_INFERRED;
        if (choice_type(choice) == COLUMN_NUM)
            column_number(in, sink, infer_percent(stats));
        if (choice_type(choice) == COLUMN_CAT && !choice->type_given)
            warn_nearly(plan, i, false);
        if (choice_type(choice) == COLUMN_TEXT && !choice->type_given)
            ingest_warn(in,
                        "%s: column '%s' holds long text that is mostly different: kept as text, which no training "
                        "uses (--types %s:cat takes it as categories, --types %s:text says so)",
                        plan->source->file, shown, shown, shown);
    }
    note_column(plan, i, hint);
}

static int
plan_column(struct plan *plan, size_t i, bool is_time, struct error *error)
{
    struct ingest *in = plan->in;
    const struct plan_source *source = plan->source;
    struct choice *choice = &plan->choices[i];
    const struct infer_column *stats = &source->stats[i];
    const char *name = source->names[i], *file = source->file;
    const struct sinks *const alone[ROLE_COUNT] = {
        [ROLE_WEIGHT] = &in->w, [ROLE_GROUP] = &in->group, [ROLE_ID] = &in->id, [ROLE_TIME] = &in->time};
    char shown[96], example[160];
    const char *grouped = in->decimal == ',' ? stats->comma.example : stats->example;
    name_quoted(shown, sizeof shown, name);
    if (check_role_type(plan, i, error) < 0 || check_order(plan, i, error) < 0 ||
        (choice->role == ROLE_LABEL && plan_label(plan, i, error) < 0))
        return -1;
    bool read_as_cell = choice->role == ROLE_CARRY || choice->role == ROLE_GROUP || choice->role == ROLE_ID;
    if (!choice->type_given && !read_as_cell && infer_grouped(stats))
        return error_set(error, STATUS_DATA,
                         "%s: column '%s': '%s' looks like a number with %s, which are not read (write numbers without "
                         "separators%s; --types %s:cat takes them as categories, --drop %s leaves them out)",
                         file, shown, error_quote(example, sizeof example, grouped, strlen(grouped), 40),
                         in->decimal == ',' ? "thousands separators" : "a decimal comma or thousands separators",
                         in->options->decimal == NULL && in->decimal != ',' ? ", or --decimal , if it is the comma"
                                                                            : "",
                         shown, shown);
    if (alone[choice->role] != NULL && alone[choice->role]->n > 0)
        return error_set(error, STATUS_USAGE, "only one column can have the role %s", column_role_name(choice->role));
    struct sink *sink;
    switch (choice->role) {
    case ROLE_LABEL:
        return 0;
    case ROLE_CARRY:
    case ROLE_GROUP:
    case ROLE_ID:
        ingest_column(in, name, COLUMN_TEXT, choice->role, (int64_t) i);
        return 0;
    case ROLE_WEIGHT:
        sink = ingest_column(in, name, COLUMN_NUM, ROLE_WEIGHT, (int64_t) i);
        column_number(in, sink, infer_percent(stats));
        return 0;
    case ROLE_TIME:
        plan_time(plan, i);
        return 0;
    default:
        break;
    }
    if (name_is_made_up(name, i) && stats->values == 0 && !choice->type_given)
        ingest_note(in, "%s: column %zu has no name and no value: left out", file, i + 1);
    else
        plan_feature(plan, i, is_time);
    return 0;
}

static int
plan_all(struct plan *plan, struct error *error)
{
    struct ingest *in = plan->in;
    const struct plan_source *source = plan->source;
    struct choice *choices = plan->choices;
    char shown[96];
    if (choose_columns(plan, error) < 0)
        return -1;
    if (in->decimal == ',' && in->options->decimal == NULL)
        ingest_note(in, "%s: numbers have a decimal comma (--decimal . if it divides thousands)", source->file);
    if (source->n == 1 && in->format == INGEST_CSV && choices[0].role == ROLE_LABEL && !choices[0].dropped)
        ingest_warn(in,
                    "%s: there is one column only, the label '%s', and no feature (-d CHAR: what stands between cells)",
                    source->file, name_quoted(shown, sizeof shown, source->names[0]));
    size_t time = time_column(plan), most = source->n;
    for (size_t i = 0; i < source->n; i++)
        most += choice_type(&choices[i]) == COLUMN_TIME ? PART_COUNT : 0;
    in->schema.columns = arena_zalloc(&in->schema.arena, most, sizeof *in->schema.columns);
    for (size_t i = 0; i < source->n; i++) {
        if (choices[i].dropped)
            continue;
        if (name_index_find(&plan->index, source->names[i]) == -2)
            return name_twice(in, source->file, source->names[i], error);
        if (plan_column(plan, i, i == time, error) < 0)
            return -1;
    }
    flush_notes(plan);
    if (in->schema.n_columns > NOTED)
        ingest_note(in, "%s: %" PRIu32 " columns in all", source->file, in->schema.n_columns);
    if (check_dropped(plan, error) < 0)
        return -1;
    if (in->schema.n_columns == 0)
        return error_set(error, STATUS_DATA,
                         "%s: no column is left (--keep, --drop and --types NAME:drop leave out all)", source->file);
    if (in->decimal == 0)
        in->decimal = '.';
    ingest_ready(in);
    return 0;
}

int
ingest_plan(struct ingest *in, const struct plan_source *source, struct error *error)
{
    struct plan plan = {.in = in, .source = source};
    name_index_open(&plan.index, source->names, source->n);
    plan.choices = mem_zalloc(source->n, sizeof *plan.choices);
    plan.fits = mem_zalloc(in->drop.n, sizeof *plan.fits);
    int result = plan_all(&plan, error);
    free(plan.choices);
    free(plan.fits);
    name_index_close(&plan.index);
    return result;
}
