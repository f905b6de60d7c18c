#include "detector.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detector_inside.h"
#include "memory.h"
#include "options.h"

/* One row per detector, and its name again below: options want names alone. */
static const struct detector_kind *const kinds[] = {&detector_adwin,        &detector_hddm_a, &detector_kswin,
                                                    &detector_page_hinkley, &detector_ddm,    &detector_eddm};
enum { N_KINDS = sizeof kinds / sizeof *kinds };
const char *const detector_names[] = {"adwin", "hddm_a", "kswin", "page_hinkley", "ddm", "eddm", NULL};
_Static_assert(sizeof detector_names / sizeof *detector_names == N_KINDS + 1, "one name per detector");

/* ---- words ---- */

static const struct detector_kind *
find_kind(const char *name, struct error *error)
{
    char quoted[80];
    for (size_t i = 0; i < N_KINDS; i++)
        if (strcmp(name, kinds[i]->name) == 0)
            return kinds[i];
    error_quote(quoted, sizeof quoted, name, strlen(name), 40);
    error_set(error, STATUS_USAGE, "there is no detector '%s'; there are adwin, hddm_a, kswin, page_hinkley, ddm, eddm",
              quoted);
    return NULL;
}

static int
set_option(struct detector *detector, char *word, struct error *error)
{
    const struct detector_kind *kind = detector->kind;
    char quoted[80], known[160] = "";
    error_quote(quoted, sizeof quoted, word, strlen(word), 40);
    char *number = strchr(word, '=');
    if (number != NULL)
        *number++ = '\0';
    for (int i = 0; i < DETECTOR_OPTIONS && kind->options[i].name != NULL; i++) {
        const struct detector_option *option = &kind->options[i];
        double value;
        if (strcmp(word, option->name) != 0) {
            size_t n = strlen(known);
            snprintf(known + n, sizeof known - n, "%s%s", n > 0 ? ", " : "", option->name);
            continue;
        }
        if (number == NULL || !parse_double(number, &value) || !(value >= option->low && value <= option->high) ||
            (option->whole && value != rint(value)))
            return error_set(error, STATUS_USAGE, "detector %s: '%s': %s is a%s number from %.10g to %.10g", kind->name,
                             quoted, option->name, option->whole ? " whole" : "", option->low, option->high);
        detector->option[i] = value;
        return 0;
    }
    /* The loop has collected all names. */
    return error_set(error, STATUS_USAGE, "detector %s: '%s' is no option of it (there are %s; as in %s=%.10g)",
                     kind->name, quoted, known, kind->options[0].name, kind->options[0].value);
}

/* With as many digits as are needed to read the same numbers. */
static void
spell(struct detector *detector)
{
    size_t n = (size_t) snprintf(detector->words, sizeof detector->words, "%s", detector->kind->name);
    for (int i = 0; i < DETECTOR_OPTIONS && detector->kind->options[i].name != NULL; i++) {
        char number[32];
        double again = NAN;
        for (int digits = 6; again != detector->option[i]; digits++) {
            snprintf(number, sizeof number, "%.*g", digits, detector->option[i]);
            parse_double(number, &again);
        }
        n += (size_t) snprintf(detector->words + n, sizeof detector->words - n, ",%s=%s",
                               detector->kind->options[i].name, number);
    }
}

/* The sentence why these words are none, else 0. */
static int
read_words(struct detector *detector, char *words, struct error *error)
{
    char *rest = strchr(words, ',');
    if (rest != NULL)
        *rest++ = '\0';
    detector->kind = find_kind(words, error);
    if (detector->kind == NULL)
        return -1;
    for (int i = 0; i < DETECTOR_OPTIONS && detector->kind->options[i].name != NULL; i++)
        detector->option[i] = detector->kind->options[i].value;
    while (rest != NULL) {
        char *word = rest;
        rest = strchr(word, ',');
        if (rest != NULL)
            *rest++ = '\0';
        if (set_option(detector, word, error) < 0)
            return -1;
    }
    const char *sentence = detector->kind->prepare != NULL ? detector->kind->prepare(detector) : NULL;
    if (sentence != NULL)
        return error_set(error, STATUS_USAGE, "detector %s: %s", detector->kind->name, sentence);
    return 0;
}

struct detector *
detector_open(const char *words, struct error *error)
{
    struct detector *detector = mem_zalloc(1, sizeof *detector);
    char *copy = mem_strdup(words);
    int status = read_words(detector, copy, error);
    free(copy);
    if (status < 0) {
        free(detector);
        return NULL;
    }
    spell(detector);
    detector->n_state = detector->kind->n_state(detector);
    detector->state = mem_zalloc(detector->n_state, sizeof *detector->state);
    if (detector->kind->n_scratch != NULL)
        detector->scratch = mem_zalloc(detector->kind->n_scratch(detector), sizeof *detector->scratch);
    return detector;
}

void
detector_close(struct detector *detector)
{
    if (detector == NULL)
        return;
    free(detector->state);
    free(detector->scratch);
    free(detector);
}

/* ---- values ---- */

enum detector_signal
detector_add(struct detector *detector, double value)
{
    return isfinite(value) ? detector->kind->add(detector, value) : DETECTOR_QUIET;
}

void
detector_reset(struct detector *detector)
{
    memset(detector->state, 0, detector->n_state * sizeof *detector->state);
}

enum detector_values
detector_values(const struct detector *detector)
{
    return detector->kind->values;
}

const char *
detector_words(const struct detector *detector)
{
    return detector->words;
}

uint64_t
detector_width(const struct detector *detector)
{
    return (uint64_t) detector->state[STATE_WIDTH];
}

double
detector_mean(const struct detector *detector)
{
    const double width = detector->state[STATE_WIDTH];
    return width > 0 ? detector->state[STATE_SUM] / width : 0;
}

const double *
detector_state(const struct detector *detector, size_t *n)
{
    *n = detector->n_state;
    return detector->state;
}

int
detector_restore(struct detector *detector, const double *state, size_t n, struct error *error)
{
    if (n != detector->n_state)
        return error_set(error, STATUS_DATA, "the state of detector %s has %zu numbers where %zu are needed",
                         detector->kind->name, n, detector->n_state);
    bool possible = true;
    for (size_t i = 0; i < n; i++)
        possible = possible && isfinite(state[i]);
    if (!possible || !detector_count(state[STATE_WIDTH], DETECTOR_MOST) || !detector->kind->possible(detector, state))
        return error_set(error, STATUS_DATA, "the state of detector %s is one that it never has", detector->kind->name);
    memcpy(detector->state, state, n * sizeof *state);
    return 0;
}

double
detector_unit(double e, double scale)
{
    const double size = fabs(e);
    return isinf(size) ? 1 : size / (size + scale);
}
