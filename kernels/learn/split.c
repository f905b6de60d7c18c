#include "split.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "rng_many.h"

enum { BLOCK_ROWS = 10 };

/* Where the dealing stands in one stratum. */
struct stratum {
    uint64_t name;
    uint64_t block; /* number of the block being dealt */
    uint32_t next;  /* rows of it that have been dealt */
    bool used;
    struct rng_key key;
    /* by shares */
    uint8_t tags[BLOCK_ROWS];  /* of the rows of this block */
    int64_t owed[SPLIT_PARTS]; /* billionths of a row, after this block */
    /* by folds */
    struct permutation order; /* of the places of this block */
};

struct split_dealer {
    const struct split_rule *rule;
    uint32_t block_rows;
    struct stratum *strata; /* open addressing by name */
    size_t n, n_slots;      /* n_slots: a power of two */
    /* Orders of blocks [first, first + RNG_LISTS) of the only stratum; or, in places[0], of a block of one of many. */
    const struct rng_many *many;
    bool ahead;
    uint64_t first;
    uint8_t places[RNG_LISTS][RNG_LIST_MOST];
};

static const enum split_tag part_tag[SPLIT_PARTS] = {SPLIT_TRAIN, SPLIT_VALID, SPLIT_TEST};

int
split_shares(struct split_rule *rule, const double *fractions, size_t n, struct error *error)
{
    if (n != 2 && n != 3)
        return error_set(error, STATUS_USAGE,
                         "three fractions (train, valid, test) or two (train, test) are needed, "
                         "not %zu",
                         n);
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(fractions[i] >= 0 && fractions[i] <= 1))
            return error_set(error, STATUS_USAGE, "%.10g is not a fraction between 0 and 1", fractions[i]);
        sum += fractions[i];
    }
    if (!(fabs(sum - 1) <= 1e-9))
        return error_set(error, STATUS_USAGE, "the fractions sum to %.10g, not to 1", sum);

    memset(rule->share, 0, sizeof rule->share);
    uint32_t *largest = &rule->share[0], given = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t *share = &rule->share[n == 2 ? 2 * i : i];
        *share = (uint32_t) llround(fractions[i] * SPLIT_WHOLE);
        given += *share;
        if (*share > *largest)
            largest = share;
    }
    /* What rounding to billionths left over, a few of them at most. */
    *largest += SPLIT_WHOLE - given;
    return 0;
}

/* The permuted places of a block by shares. While there is one stratum its next blocks are worked out together. */
static const uint8_t *
block_places(struct split_dealer *dealer, const struct stratum *stratum)
{
    if (dealer->n > 1) {
        const struct permutation order = permutation_make(stratum->key, stratum->block, BLOCK_ROWS);
        permutation_list(&order, dealer->places[0]);
        return dealer->places[0];
    }
    if (!dealer->ahead || stratum->block - dealer->first >= RNG_LISTS) {
        dealer->many->lists(stratum->key, stratum->block, BLOCK_ROWS, dealer->places);
        dealer->first = stratum->block;
        dealer->ahead = true;
    }
    return dealer->places[stratum->block - dealer->first];
}

/*
 * How many rows of the next block each part gets: what it is owed, whole rows first, then one more to the largest
 * remainders (the earlier part on a tie). In the order of permuted places the first rows are part 0, and so on.
 */
static void
share_block(struct split_dealer *dealer, struct stratum *stratum)
{
    const struct split_rule *rule = dealer->rule;
    const uint8_t *place = block_places(dealer, stratum);
    uint8_t by_place[BLOCK_ROWS];
    uint32_t rows[SPLIT_PARTS], left = BLOCK_ROWS;
    for (int p = 0; p < SPLIT_PARTS; p++) {
        stratum->owed[p] += (int64_t) BLOCK_ROWS * rule->share[p];
        int64_t whole = stratum->owed[p] > 0 ? stratum->owed[p] / SPLIT_WHOLE : 0;
        rows[p] = whole < left ? (uint32_t) whole : left;
        left -= rows[p];
        stratum->owed[p] -= (int64_t) rows[p] * SPLIT_WHOLE;
    }
    for (; left > 0; left--) {
        int most = 0;
        for (int p = 1; p < SPLIT_PARTS; p++)
            if (stratum->owed[p] > stratum->owed[most])
                most = p;
        rows[most]++;
        stratum->owed[most] -= SPLIT_WHOLE;
    }
    for (uint32_t p = 0, at = 0; p < SPLIT_PARTS; p++)
        for (; rows[p] > 0; rows[p]--)
            by_place[at++] = (uint8_t) part_tag[p];
    for (uint32_t i = 0; i < BLOCK_ROWS; i++)
        stratum->tags[i] = by_place[place[i]];
}

struct split_dealer *
split_dealer_open(const struct split_rule *rule)
{
    struct split_dealer *dealer = mem_zalloc(1, sizeof *dealer);
    dealer->rule = rule;
    dealer->block_rows = BLOCK_ROWS;
    dealer->many = rng_many();
    if (rule->folds > 0)
        dealer->block_rows = (BLOCK_ROWS + rule->folds - 1) / rule->folds * rule->folds;
    return dealer;
}

/* The stratum of a name, or the empty slot for it. */
static struct stratum *
stratum_slot(const struct split_dealer *dealer, uint64_t name)
{
    size_t slot = (size_t) (name & (dealer->n_slots - 1));
    while (dealer->strata[slot].used && dealer->strata[slot].name != name)
        slot = (slot + 1) & (dealer->n_slots - 1);
    return &dealer->strata[slot];
}

static void
strata_grow(struct split_dealer *dealer)
{
    struct split_dealer old = *dealer;
    dealer->n_slots = old.n_slots ? 2 * old.n_slots : 16;
    dealer->strata = mem_zalloc(dealer->n_slots, sizeof *dealer->strata);
    for (size_t i = 0; i < old.n_slots; i++)
        if (old.strata[i].used)
            *stratum_slot(dealer, old.strata[i].name) = old.strata[i];
    free(old.strata);
}

enum split_tag
split_deal(struct split_dealer *dealer, uint64_t name)
{
    const struct split_rule *rule = dealer->rule;
    if (2 * dealer->n >= dealer->n_slots)
        strata_grow(dealer);
    struct stratum *stratum = stratum_slot(dealer, name);
    bool fresh = !stratum->used || stratum->next == dealer->block_rows;
    if (!stratum->used) {
        *stratum = (struct stratum){.name = name, .used = true, .key = rng_key(rule->seed, RNG_SPLIT, name)};
        dealer->n++;
    } else if (fresh) {
        stratum->block++;
        stratum->next = 0;
    }
    if (fresh && rule->folds > 0)
        stratum->order = permutation_make(stratum->key, stratum->block, dealer->block_rows);
    else if (fresh)
        share_block(dealer, stratum);

    uint32_t next = stratum->next++;
    if (rule->folds == 0)
        return (enum split_tag) stratum->tags[next];
    return permutation_at(&stratum->order, next) % rule->folds == rule->fold ? SPLIT_TEST : SPLIT_TRAIN;
}

void
split_dealer_close(struct split_dealer *dealer)
{
    if (dealer == NULL)
        return;
    free(dealer->strata);
    free(dealer);
}

enum split_tag
split_by_hash(const struct split_rule *rule, uint64_t hash)
{
    /* Hashed again with the seed: the input may be a hash that data were built around, or that another seed used. */
    uint64_t number = rng_u64(rng_key(rule->seed, RNG_SPLIT, 0), hash);
    if (rule->folds > 0) {
        uint64_t fold = (uint64_t) (((unsigned __int128) number * rule->folds) >> 64);
        return fold == rule->fold ? SPLIT_TEST : SPLIT_TRAIN;
    }
    uint64_t place = (uint64_t) (((unsigned __int128) number * SPLIT_WHOLE) >> 64);
    if (place < rule->share[0])
        return SPLIT_TRAIN;
    return place < rule->share[0] + rule->share[1] ? SPLIT_VALID : SPLIT_TEST;
}

enum split_tag
split_by_place(const struct split_rule *rule, uint64_t i, uint64_t n)
{
    if (rule->folds > 0) {
        /* Fold f holds rows f n / folds .. (f + 1) n / folds: sizes differ by at most one. */
        uint64_t first = (uint64_t) ((unsigned __int128) n * rule->fold / rule->folds);
        uint64_t end = (uint64_t) ((unsigned __int128) n * (rule->fold + 1) / rule->folds);
        return i >= first && i < end ? SPLIT_TEST : SPLIT_TRAIN;
    }
    uint32_t until = 0;
    for (int p = 0; p < SPLIT_PARTS - 1; p++) {
        until += rule->share[p];
        if (i < (uint64_t) (((unsigned __int128) n * until + SPLIT_WHOLE / 2) / SPLIT_WHOLE))
            return part_tag[p];
    }
    return SPLIT_TEST;
}

/* Hashes of single cells. A missing one is 0 for strings and NaN for numbers. */

static uint64_t
hash_number(float number)
{
    uint32_t bits = 0x7fc00000;
    if (!isnan(number)) {
        number += 0.0f; /* -0 becomes 0 */
        memcpy(&bits, &number, sizeof bits);
    }
    return XXH3_64bits(&bits, sizeof bits);
}

static uint64_t
hash_code(const struct dict *dict, uint32_t code)
{
    return code == 0 || code > dict->n ? 0 : XXH3_64bits(dict->values[code - 1], dict->lengths[code - 1]);
}

static const struct text_cells *
find_text(const struct batch *batch, const char *name)
{
    for (uint32_t j = 0; j < batch->n_text; j++)
        if (strcmp(batch->text[j].name, name) == 0)
            return &batch->text[j];
    return NULL;
}

/* How many columns of the same role (and, for features, type) stand before this one: its place in the tensor. */
static uint32_t
column_place(const struct schema *schema, uint32_t column)
{
    const struct column *one = &schema->columns[column];
    uint32_t place = 0;
    for (uint32_t j = 0; j < column; j++)
        place +=
            schema->columns[j].role == one->role && (one->role == ROLE_LABEL || schema->columns[j].type == one->type);
    return place;
}

static void
hash_floats(const float *values, uint64_t n, uint32_t stride, uint64_t *hash)
{
    for (uint64_t i = 0; i < n; i++)
        hash[i] = hash_number(values[i * stride]);
}

static void
hash_codes(const struct dict *dict, const uint32_t *codes, uint64_t n, uint32_t stride, uint64_t *hash)
{
    for (uint64_t i = 0; i < n; i++)
        hash[i] = hash_code(dict, codes[i * stride]);
}

int
split_hash_column(const struct batch *batch, uint32_t column, uint64_t *hash, struct error *error)
{
    const struct schema *schema = batch->schema;
    const struct column *one = &schema->columns[column];
    const struct text_cells *text = find_text(batch, one->name);
    uint32_t place = column_place(schema, column);

    if (one->role == ROLE_GROUP && batch->group != NULL)
        memcpy(hash, batch->group, batch->n * sizeof *hash);
    else if (one->role == ROLE_ID && batch->id != NULL)
        memcpy(hash, batch->id, batch->n * sizeof *hash);
    else if (one->role == ROLE_WEIGHT && batch->w != NULL)
        hash_floats(batch->w, batch->n, 1, hash);
    else if (one->role == ROLE_LABEL && batch->label != NULL)
        hash_codes(&one->dict, batch->label + place, batch->n, schema->n_y, hash);
    else if (one->role == ROLE_LABEL && batch->y != NULL)
        hash_floats(batch->y + place, batch->n, schema->n_y, hash);
    else if (one->role == ROLE_FEATURE && one->type == COLUMN_NUM && batch->x != NULL)
        hash_floats(batch->x + place, batch->n, schema->n_x, hash);
    else if (one->role == ROLE_FEATURE && one->type == COLUMN_CAT && batch->c != NULL)
        hash_codes(&one->dict, batch->c + place, batch->n, schema->n_c, hash);
    else if (text != NULL)
        for (uint64_t i = 0; i < batch->n; i++)
            hash[i] = XXH3_64bits(text->bytes + text->at[i], text->at[i + 1] - text->at[i]);
    else if (one->type == COLUMN_TIME && batch->time != NULL)
        for (uint64_t i = 0; i < batch->n; i++)
            hash[i] = XXH3_64bits(&batch->time[i], sizeof batch->time[i]);
    else {
        char name[256];
        return error_set(error, STATUS_DATA, "the rows carry no values of column '%s' (role %s, type %s)",
                         error_quote(name, sizeof name, one->name, strlen(one->name), 60), column_role_name(one->role),
                         column_type_name(one->type));
    }
    return 0;
}

/* Folds the hashes of each column that `wanted` accepts into one hash a row. Returns the number of columns. */
static int
hash_columns(const struct batch *batch, enum column_role role, uint64_t *hash, struct error *error)
{
    uint64_t *cell = arena_array(batch->arena, batch->n, sizeof *cell);
    int n_columns = 0;
    memset(hash, 0, batch->n * sizeof *hash);
    for (uint32_t j = 0; j < batch->schema->n_columns; j++) {
        if (batch->schema->columns[j].role != role || batch->schema->columns[j].type == COLUMN_TIME)
            continue;
        if (split_hash_column(batch, j, cell, error) < 0)
            return -1;
        n_columns++;
        for (uint64_t i = 0; i < batch->n; i++) {
            uint64_t pair[2] = {hash[i], cell[i]};
            hash[i] = XXH3_64bits(pair, sizeof pair);
        }
    }
    return n_columns;
}

int
split_hash_content(const struct batch *batch, uint64_t *hash, struct error *error)
{
    int n = hash_columns(batch, ROLE_FEATURE, hash, error);
    if (n == 0)
        return error_set(error, STATUS_DATA, "the stream has no feature columns, so its rows have no content");
    return n < 0 ? -1 : 0;
}

int
split_hash_labels(const struct batch *batch, uint64_t *hash, struct error *error)
{
    int n = hash_columns(batch, ROLE_LABEL, hash, error);
    if (n == 0)
        return error_set(error, STATUS_DATA, "the stream has no label column (name one with cl-ingest -y COLUMN)");
    return n < 0 ? -1 : 0;
}
