#include "ingest_names.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "options.h"

/* Look-ups. */

void
name_index_open(struct name_index *index, char *const *names, size_t n)
{
    *index = (struct name_index){0};
    index->position = mem_array(n, sizeof *index->position);
    index->twice = mem_zalloc(n, sizeof *index->twice);
    for (size_t i = 0; i < n; i++) {
        uint32_t before = index->dict.n, code = dict_add(&index->dict, names[i], strlen(names[i]));
        if (code > before)
            index->position[code - 1] = (uint32_t) i;
        else
            index->twice[code - 1] = true;
    }
}

int64_t
name_index_find(const struct name_index *index, const char *name)
{
    uint32_t code = dict_find(&index->dict, name, strlen(name));
    return code == 0 ? -1 : index->twice[code - 1] ? -2 : (int64_t) index->position[code - 1];
}

void
name_index_close(struct name_index *index)
{
    dict_free(&index->dict);
    free(index->position);
    free(index->twice);
}

/* Patterns: of the shell, without a meaning of backslashes, slashes and leading dots. */

bool
is_pattern(const char *name)
{
    return strpbrk(name, "*?[") != NULL;
}

bool
pattern_match(const char *pattern, const char *name)
{
    return fnmatch(pattern, name, FNM_NOESCAPE) == 0;
}

bool
name_is_made_up(const char *name, size_t i)
{
    char made_up[32];
    snprintf(made_up, sizeof made_up, "c%zu", i + 1);
    return strcmp(name, made_up) == 0;
}

/* Words. */

bool
type_word_parse(const char *word, struct type_word *type)
{
    *type = (struct type_word){.type = COLUMN_CAT};
    if (strcmp(word, "drop") == 0) {
        type->drop = true;
        return true;
    }
    if (strncmp(word, "hash", 4) == 0 && (word[4] == '\0' || word[4] == ':')) {
        uint64_t bits = HASH_BITS;
        type->hash = true;
        if (word[4] == ':' && (!parse_u64(word + 5, &bits) || bits < 1 || bits > HASH_BITS_MOST))
            return false;
        type->bits = (unsigned) bits;
        return true;
    }
    for (int i = 0; i < COLUMN_TYPE_COUNT; i++)
        if (strcmp(word, column_type_name((enum column_type) i)) == 0) {
            type->type = (enum column_type) i;
            return true;
        }
    return false;
}

void
type_word_name(const struct type_word *type, char buffer[16])
{
    if (type->hash)
        snprintf(buffer, 16, "hash:%u", type->bits);
    else
        snprintf(buffer, 16, "%s", type->drop ? "drop" : column_type_name(type->type));
}

int
role_word(const char *word)
{
    for (int i = 0; i < ROLE_COUNT; i++)
        if (strcmp(word, column_role_name((enum column_role) i)) == 0)
            return i;
    return -1;
}

int
ingest_check_words(const struct ingest *in, struct error *error)
{
    struct type_word type;
    for (size_t i = 0; i < in->types.n; i++)
        if (!type_word_parse(in->types.words[i], &type))
            return error_set(error, STATUS_USAGE,
                             "--types knows num, cat, hash, hash:BITS (1 to %d), text, time and drop, not '%s'",
                             HASH_BITS_MOST, in->types.words[i]);
    for (size_t i = 0; i < in->roles.n; i++)
        if (role_word(in->roles.words[i]) < 0)
            return error_set(error, STATUS_USAGE,
                             "--role knows feature, label, weight, group, id, time and carry, not '%s'",
                             in->roles.words[i]);
    return 0;
}

/* Lists. */

void
name_list_close(struct name_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->names[i]);
    free(list->names);
    free(list->words);
    *list = (struct name_list){0};
}

/* The colon between name and word: the last one, or that in front of hash:BITS. NULL without one. */
static char *
find_colon(char *part)
{
    char *colon = strrchr(part, ':');
    if (colon == NULL || colon[1] == '\0' || colon[1 + strspn(colon + 1, "0123456789")] != '\0')
        return colon;
    return colon - part > 5 && memcmp(colon - 5, ":hash", 5) == 0 ? colon - 5 : colon;
}

int
name_list_open(struct name_list *list, const struct option_list *values, bool words, const char *option,
               struct error *error)
{
    size_t cap = 0, cap_words = 0;
    struct dict seen = {0};
    int result = 0;
    for (size_t i = 0; i < values->n && result == 0; i++) {
        size_t n;
        char **parts = split_list(values->values[i], &n);
        for (size_t k = 0; k < n && result == 0; k++) {
            char *colon = words ? find_colon(parts[k]) : NULL;
            if (parts[k][0] == '\0' || (words && (colon == NULL || colon == parts[k] || colon[1] == '\0'))) {
                result =
                    error_set(error, STATUS_USAGE, "%s wants %s between commas, not '%s'", option,
                              words ? strcmp(option, "--role") == 0 ? "NAME:ROLE" : "NAME:TYPE" : "names", parts[k]);
                continue;
            }
            /* Of patterns the last one counts, so one that comes again stays. */
            uint32_t before = seen.n;
            if (dict_add(&seen, parts[k], strlen(parts[k])) <= before && !is_pattern(parts[k]))
                continue;
            mem_grow(&list->names, &cap, list->n + 1, sizeof *list->names);
            mem_grow(&list->words, &cap_words, list->n + 1, sizeof *list->words);
            char *name = list->names[list->n] = mem_strdup(parts[k]);
            list->words[list->n] = NULL;
            if (words) {
                name[colon - parts[k]] = '\0';
                list->words[list->n] = name + (colon - parts[k]) + 1;
            }
            list->n++;
        }
        free(parts);
    }
    dict_free(&seen);
    return result;
}

/* Sentences. */

/* Levenshtein distance of the first 63 bytes, upper and lower case alike. */
static size_t
distance(const char *a, const char *b)
{
    size_t row[64], n_a = strnlen(a, 63), n_b = strnlen(b, 63);
    for (size_t j = 0; j <= n_b; j++)
        row[j] = j;
    for (size_t i = 1; i <= n_a; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n_b; j++) {
            bool differ = tolower((unsigned char) a[i - 1]) != tolower((unsigned char) b[j - 1]);
            size_t best = diagonal + differ;
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[n_b];
}

const char *
name_quoted(char *buffer, size_t cap, const char *name)
{
    return error_quote(buffer, cap, name, strlen(name), 60);
}

const char *
name_listed(char list[LIST_BYTES], char *const *names, size_t n)
{
    enum { NAMED = 20 };
    char shown[96];
    size_t used = 0, told = 0;
    for (list[0] = '\0'; told < n && told < NAMED && used + 100 < LIST_BYTES; told++)
        used += (size_t) snprintf(list + used, LIST_BYTES - used, "%s%s", told > 0 ? ", " : "",
                                  name_quoted(shown, sizeof shown, names[told]));
    if (told < n)
        snprintf(list + used, LIST_BYTES - used, " and %zu more", n - told);
    return list;
}

int
ingest_no_column(const char *file, const char *name, const char *what, char *const *names, size_t n,
                 struct error *error)
{
    char shown[96], hint[128] = "", all[LIST_BYTES];
    size_t best = SIZE_MAX, nearest = 0;
    for (size_t i = 0; i < n; i++) {
        size_t d = distance(name, names[i]);
        if (d < best) {
            best = d;
            nearest = i;
        }
    }
    if (best <= (strnlen(name, 63) + 2) / 3 && best < strnlen(names[nearest], 63))
        snprintf(hint, sizeof hint, "did you mean '%s'? ", name_quoted(shown, sizeof shown, names[nearest]));
    return error_set(error, STATUS_DATA, "%s: no column '%s'%s (%sthe columns are %s)", file,
                     name_quoted(shown, sizeof shown, name), what, hint, name_listed(all, names, n));
}

int
name_unknown(const char *file, const char *name, const char *what, char *const *names, size_t n, struct error *error)
{
    char shown[96], all[LIST_BYTES];
    if (!is_pattern(name))
        return ingest_no_column(file, name, what, names, n, error);
    return error_set(error, STATUS_DATA, "%s: no column is like '%s'%s (the columns are %s)", file,
                     name_quoted(shown, sizeof shown, name), what, name_listed(all, names, n));
}

int
name_twice(const struct ingest *in, const char *file, const char *name, struct error *error)
{
    char shown[96];
    return error_set(error, STATUS_DATA, "%s: more than one column is called '%s' (rename one%s)", file,
                     name_quoted(shown, sizeof shown, name), in->by_model ? "" : ", or --drop both");
}
