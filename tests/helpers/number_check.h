/*
 * Numbers of number.h against strtod, and those of every convert_kernels against them: for test_convert.c and
 * numbers.c.
 */
#ifndef CL_NUMBER_CHECK_H
#define CL_NUMBER_CHECK_H

#include "convert.h"
#include "isa.h"
#include "number.h"
#include "number_texts.h"

struct number_check {
    size_t cap;
    float *expected, *got;
    bool *left_expected;
    uint32_t *left;
    const struct convert_kernels *kernels[ISA_COUNT];
    size_t n_kernels;
    uint64_t cells, left_cells;
    char failure[256]; /* "" while all is well */
};

static inline void
number_check_open(struct number_check *check, size_t cap)
{
    *check = (struct number_check){.cap = cap,
                                   .expected = malloc(cap * sizeof *check->expected),
                                   .got = malloc((cap + 16) * sizeof *check->got),
                                   .left_expected = malloc(cap),
                                   .left = malloc(cap * sizeof *check->left)};
    if (!check->expected || !check->got || !check->left_expected || !check->left)
        abort();
    const char *const asked = getenv("CL_ISA");
    char *const before = asked != NULL ? strdup(asked) : NULL;
    for (int isa = 0; isa < ISA_COUNT; isa++) {
        struct error error;
        if (!isa_here(isa))
            continue;
        setenv("CL_ISA", isa_name(isa), 1);
        check->kernels[check->n_kernels] = convert_kernels_pick(&error);
        check->n_kernels += check->kernels[check->n_kernels] != NULL;
    }
    unsetenv("CL_ISA");
    if (before != NULL)
        setenv("CL_ISA", before, 1);
    free(before);
}

static inline void
number_check_close(struct number_check *check)
{
    free(check->expected);
    free(check->got);
    free(check->left_expected);
    free(check->left);
}

/* number_parse_as() against strtod; fills expected[i] and left_expected[i]. */
static inline bool
number_check_cell(struct number_check *check, size_t i, const char *s, size_t n, char decimal)
{
    char copy[TEXTS_LONGEST + 1];
    double value = NAN, judge;
    const bool number = number_parse_as(s, n, decimal, &value);
    check->left_expected[i] = n > 0 && (!number || number_is_code(s, n) || isinf((float) value));
    check->expected[i] = (float) value;
    if (!number)
        return true;
    memcpy(copy, s, n);
    copy[n] = '\0';
    char *const point = strchr(copy, decimal);
    if (point != NULL)
        *point = '.';
    judge = strtod(copy, NULL);
    if (memcmp(&judge, &value, sizeof value) == 0)
        return true;
    snprintf(check->failure, sizeof check->failure, "number_parse '%s': %a, strtod %a", copy, value, judge);
    return false;
}

/* Every kernel against expected[] and left_expected[]; false with a sentence in `failure`. */
static inline bool
number_check_kernels(struct number_check *check, const struct texts *texts, char decimal)
{
    for (size_t k = 0; k < check->n_kernels; k++) {
        memset(check->got, 0x55, texts->n * sizeof *check->got);
        const size_t n_left = check->kernels[k]->floats(texts->text, texts->before, texts->behind, texts->n, decimal,
                                                        check->got, check->left);
        check->cells += texts->n;
        check->left_cells += n_left;
        for (size_t i = 0, l = 0; i < texts->n; i++) {
            const uint32_t first = texts->before[i] + 1;
            const bool left = l < n_left && check->left[l] == i;
            l += left;
            if (left == check->left_expected[i] &&
                (left || memcmp(&check->got[i], &check->expected[i], sizeof(float)) == 0))
                continue;
            snprintf(check->failure, sizeof check->failure, "%s: cell %zu of %zu, '%.*s': %s%a instead of %s%a",
                     check->kernels[k]->name, i, texts->n, (int) (texts->behind[i] - first), texts->text + first,
                     left ? "left, " : "", check->got[i], check->left_expected[i] ? "left, " : "", check->expected[i]);
            return false;
        }
    }
    return true;
}

/* False with a sentence in `failure`. */
static inline bool
number_check(struct number_check *check, const struct texts *texts, char decimal)
{
    for (size_t i = 0; i < texts->n; i++) {
        const uint32_t first = texts->before[i] + 1;
        if (!number_check_cell(check, i, texts->text + first, texts->behind[i] - first, decimal))
            return false;
    }
    return number_check_kernels(check, texts, decimal);
}

#endif
