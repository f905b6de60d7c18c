/*
 * Rows held in memory once, as f32 and u32: what a trainer works on.
 *
 * Arrays grow by mremap, so growing copies nothing and the process never holds the data twice. When the bytes of all
 * datasets that share a `dataset_memory` would pass its limit, the growing array moves to an unlinked file that is
 * mapped instead; nothing else changes, so the limit cannot show in a result. Room in such a file is allocated before
 * it is written: a full disk is an error, not a signal.
 *
 *     struct dataset_memory memory = {.limit_bytes = 1 << 30, .spool = spool_open};
 *     dataset_open(&dataset, &memory, d, k, t, classes, weighted);
 *     dataset_add(&dataset, &rows, rowno, &error);
 *     uint64_t n_train = dataset_hold_out(&dataset, seed, 0.1);
 *     struct rowset train = dataset_rows(&dataset, 0, n_train);
 *     dataset_close(&dataset);
 *
 * Row sets point into the dataset: they live until it grows, is held out from, or is closed.
 */
#ifndef CL_DATASET_H
#define CL_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine.h"
#include "error.h"

struct dataset_memory {
    uint64_t limit_bytes;              /* 0 = none */
    uint64_t used_bytes;               /* in anonymous memory, by all datasets that share this */
    int (*spool)(struct error *error); /* an unlinked file: descriptor, or -1 */
    bool small_pages;                  /* large ones came too slowly */
};

struct dataset_array {
    void *data;
    size_t used_bytes, mapped_bytes;
    size_t touched_bytes; /* large pages up to here are there; 0: none are asked for */
    int fd;               /* -1 = anonymous */
};

struct dataset {
    struct dataset_memory *memory;
    uint32_t d, k, t;
    bool classes; /* the target is a u32 label (t = 1), else f32 y */
    bool weighted;
    uint64_t n;
    struct dataset_array x;      // [n, d] f32
    struct dataset_array c;      // [n, k] u32
    struct dataset_array target; // [n, t] f32, or [n] u32
    struct dataset_array w;      // [n] f32
    /* Record numbers as runs of consecutive ones, a varint for the gap and one for the length: rows in the order they
     * came. */
    struct dataset_array runs;
    uint64_t run_first, run_length, run_end; /* the run being extended; the record behind the last stored run */
    /* Hold-out: how many of each block of rows moved behind n_train. */
    uint64_t n_train, seed;
    double fraction;
};

void dataset_open(struct dataset *dataset, struct dataset_memory *memory, uint32_t d, uint32_t k, uint32_t t,
                  bool classes, bool weighted);
/* Rows that stand one after the other, of the records rowno, rowno + 1, ...; label, y and w as the data set has them.
 */
int dataset_add(struct dataset *dataset, const struct rowset *rows, uint64_t rowno, struct error *error);
/*
 * Moves a share of the rows behind the others, both in their old order: of every 100 consecutive rows the same number,
 * chosen by a keyed permutation. Once. In place, beside a buffer of at most 4 MiB. Returns how many stay in front.
 */
uint64_t dataset_hold_out(struct dataset *dataset, uint64_t seed, double fraction);
/* Rows [first, first + n). y or label as `classes` says. */
struct rowset dataset_rows(const struct dataset *dataset, uint64_t first, uint64_t n);
/* Record numbers of rows indices[0 .. m) among those in front; ascending indices. */
void dataset_record_numbers(const struct dataset *dataset, const uint64_t *indices, uint64_t m, uint64_t *rowno);
/* Labels become indices: label = map[label]; with `binary`, targets become f32 0 or 1 (bce) and `classes` is false. */
void dataset_map_labels(struct dataset *dataset, const uint32_t *map, bool binary);
/* Codes of category column j: c = map[c]. */
void dataset_map_codes(struct dataset *dataset, uint32_t j, const uint32_t *map);
/* Adds the array w when there is none: all ones. */
int dataset_make_weights(struct dataset *dataset, struct error *error);
/* Bytes of all arrays: "the data in f32". */
uint64_t dataset_bytes(const struct dataset *dataset);
void dataset_close(struct dataset *dataset);

#endif
