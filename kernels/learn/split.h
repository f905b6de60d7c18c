/*
 * Which part a row belongs to: train, valid or test. The logic of cl-split.
 *
 * Three ways, none of which needs to know how many rows there are (except the last):
 *
 *   deal   rows in the order they come, per stratum (one for all, or one per class): a keyed permutation inside
 *          small blocks, so the counts are exact as the stream goes and each row's place is random
 *   hash   by a 64-bit hash of what must stay together (the row's content, a group): the same hash lands in the
 *          same part whatever else is in the stream
 *   place  by the place in a stream of known length: the last rows are the test rows
 *
 * Dealing by shares: blocks of 10 rows. A part is owed its share of each block; what it is owed is carried on in whole
 * billionths of a row and handed out by largest remainder. So at every multiple of 10 rows each part is within
 * one row of its exact share, at every multiple of 100 rows shares of whole percents are exact, and a last,
 * shorter block strays by chance among fewer than 10 rows.
 *
 * Dealing by folds: blocks of the smallest multiple of `folds` that is 10 or more; each fold has the same number
 * of rows in each block. Folds are disjoint and cover every row; they depend on the seed, not on which is asked for.
 *
 *     struct split_dealer *dealer = split_dealer_open(&rule);
 *     tag[i] = split_deal(dealer, stratum);
 *
 * One dealer, one thread.
 */
#ifndef CL_SPLIT_H
#define CL_SPLIT_H

#include <stdint.h>

#include "batch.h"
#include "error.h"

enum { SPLIT_PARTS = 3, SPLIT_WHOLE = 1000000000, SPLIT_MAX_FOLDS = 10000 };

struct split_rule {
    uint64_t seed;
    uint32_t share[SPLIT_PARTS]; /* of train, valid, test in billionths; they sum to SPLIT_WHOLE */
    uint32_t folds;              /* 0 = by shares; else test = fold `fold` of `folds`, train = the others */
    uint32_t fold;               /* 0 .. folds - 1 */
};

/*
 * Sets the shares from n fractions: three are train, valid, test; two are train, test. Refuses (-1, STATUS_USAGE)
 * another n, a fraction outside 0..1 and a sum further than 1e-9 from 1.
 */
int split_shares(struct split_rule *rule, const double *fractions, size_t n, struct error *error);

struct split_dealer;

/* The rule is borrowed. Memory: some bytes per stratum. */
struct split_dealer *split_dealer_open(const struct split_rule *rule);
/* The part of the next row of a stratum; any number names a stratum. */
enum split_tag split_deal(struct split_dealer *dealer, uint64_t stratum);
void split_dealer_close(struct split_dealer *dealer);

/* The part of everything that has this hash. */
enum split_tag split_by_hash(const struct split_rule *rule, uint64_t hash);

/* The part of row i of n, in order: the last rows are test. Folds are consecutive runs of rows. */
enum split_tag split_by_place(const struct split_rule *rule, uint64_t i, uint64_t n);

/*
 * Hashes of the rows of a batch; hash: [n] out. Values count, not their codes: a category or class is hashed by its
 * string, a number by its f32 bits (all NaN alike, -0 as 0), a missing cell as missing.
 *
 * content: every feature column (numeric, categorical, text), in column order. labels: every label column.
 * column: one column of any role. -1 when the batch has nothing of the kind, with a sentence.
 */
int split_hash_content(const struct batch *batch, uint64_t *hash, struct error *error);
int split_hash_labels(const struct batch *batch, uint64_t *hash, struct error *error);
int split_hash_column(const struct batch *batch, uint32_t column, uint64_t *hash, struct error *error);

#endif
