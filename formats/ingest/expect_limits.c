/* The limits of --expect: text to structures and back. */
#include <stdio.h>
#include <string.h>

#include "expect_parts.h"
#include "json.h"
#include "options.h"

static const char *const names[CHECK_COUNT] = {"missing", "unseen", "outside"};

const char *
check_name(enum check check)
{
    return names[check];
}

const char *
limit_text(const struct limit *limit, char *buffer, size_t cap)
{
    char digits[32], quoted[128] = "";
    digits[format_double(digits, limit->share)] = '\0';
    if (limit->column != NULL)
        error_quote(quoted, sizeof quoted, limit->column, strlen(limit->column), 60);
    snprintf(buffer, cap, "%s%s%s%s%s%s", names[limit->check], limit->column != NULL ? "(" : "", quoted,
             limit->column != NULL ? ")" : "", limit->inclusive ? "<=" : "<", digits);
    return buffer;
}

static const char *
skip_blanks(const char *s)
{
    return s + strspn(s, " \t");
}

/* The end of the column's name that begins at s, and where what follows its parenthesis begins; NULL: there is none. */
static const char *
column_end(const char *s, const char **rest)
{
    if (*s == '"') {
        const char *quote = strchr(s + 1, '"');
        if (quote == NULL || *skip_blanks(quote + 1) != ')')
            return NULL;
        *rest = skip_blanks(quote + 1) + 1;
        return quote;
    }
    /* Names may hold commas and parentheses: the end is where a limit follows. */
    for (const char *end = strchr(s, ')'); end != NULL; end = strchr(end + 1, ')'))
        if (*skip_blanks(end + 1) == '<') {
            *rest = end + 1;
            return end;
        }
    return NULL;
}

static int
bad_form(const char *s, struct error *error)
{
    char quoted[128];
    return error_set(error, STATUS_USAGE,
                     "--expect: '%s' is not of the form missing<0.1 or missing(COLUMN)<=0.1; the checks are missing, "
                     "unseen and outside",
                     error_quote(quoted, sizeof quoted, s, strcspn(s, ","), 60));
}

/* One limit at *s, which moves behind it. */
static int
parse_limit(struct expect *expect, const char **s, struct limit *limit, struct error *error)
{
    const char *start = skip_blanks(*s), *at = start;
    size_t n = strcspn(start, "(<, \t");
    *limit = (struct limit){.check = CHECK_COUNT};
    for (int check = 0; check < CHECK_COUNT; check++)
        if (strlen(names[check]) == n && strncmp(start, names[check], n) == 0)
            limit->check = (enum check) check;
    at = skip_blanks(start + n);
    if (limit->check == CHECK_COUNT)
        return bad_form(start, error);
    if (*at == '(') {
        const char *first = skip_blanks(at + 1), *end = column_end(first, &at);
        if (end == NULL)
            return bad_form(start, error);
        bool quoted = *first == '"';
        first += quoted;
        while (!quoted && end > first && (end[-1] == ' ' || end[-1] == '\t'))
            end--;
        limit->column = arena_strndup(&expect->arena, first, (size_t) (end - first));
        at = skip_blanks(at);
    }
    if (*at++ != '<')
        return bad_form(start, error);
    limit->inclusive = *at == '=';
    at = skip_blanks(at + limit->inclusive);
    size_t digits = strcspn(at, ", \t");
    const char *number = arena_strndup(&expect->arena, at, digits);
    at = skip_blanks(at + digits);
    if (digits == 0 || (*at != ',' && *at != '\0'))
        return bad_form(start, error);
    char shown[128];
    if (!parse_double(number, &limit->share) || !(limit->share >= 0 && limit->share <= 1))
        return error_set(error, STATUS_USAGE, "--expect: the limit '%s' is no share from 0 to 1 (10 %% is 0.1)",
                         error_quote(shown, sizeof shown, number, digits, 40));
    if (limit->share == 0 && !limit->inclusive)
        return error_set(error, STATUS_USAGE, "--expect: no share is below 0 (%s<=0 allows none)", names[limit->check]);
    *s = at;
    return 0;
}

static bool
same_subject(const struct limit *a, const struct limit *b)
{
    if (a->check != b->check || (a->column == NULL) != (b->column == NULL))
        return false;
    return a->column == NULL || strcmp(a->column, b->column) == 0;
}

int
expect_parse(struct expect *expect, const char *text, struct error *error)
{
    size_t most = 1;
    for (const char *s = text; *s != '\0'; s++)
        most += *s == ',';
    expect->limits = arena_array(&expect->arena, most, sizeof *expect->limits);
    for (const char *s = text;; s++) {
        struct limit *limit = &expect->limits[expect->n_limits];
        if (parse_limit(expect, &s, limit, error) < 0)
            return -1;
        for (uint32_t i = 0; i < expect->n_limits; i++) {
            char first[256], second[256];
            if (same_subject(&expect->limits[i], limit))
                return error_set(error, STATUS_USAGE, "--expect: %s and %s limit the same",
                                 limit_text(&expect->limits[i], first, sizeof first),
                                 limit_text(limit, second, sizeof second));
        }
        expect->n_limits++;
        if (*s == '\0')
            return 0;
    }
}
