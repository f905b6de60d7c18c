/*
 * MessagePack: a bounded decoder of our own, and a packer over msgpack-c.
 *
 * msgpack-c 4.0.0 allocates what hostile bytes ask for and cuts lengths above 4 GiB; so heads are decoded here:
 * at most 16 MiB of input, 16 levels, 2^21 items in all, every length checked against the bytes that are there
 * before anything is allocated. msgpack-c is the oracle in tests and fuzzing.
 */
#ifndef CL_MSGPACK_H
#define CL_MSGPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"
#include "value.h"

enum { MSGPACK_MAX_BYTES = 16 << 20, MSGPACK_MAX_DEPTH = 16, MSGPACK_MAX_ITEMS = 1 << 21 };

/* The first bytes of a value: its kind and what follows them. */
struct msgpack_token {
    enum value_kind kind;
    int8_t ext_type;
    uint32_t n; /* bytes of a string, binary or ext; items of an array; pairs of a map */
    union {
        uint64_t u;
        int64_t i;
        double f;
        bool boolean;
    };
};
/* Reads a token. Returns its length without what follows (1 .. 9); 0 when bytes[0 .. n) end too early; -1 for 0xc1. */
int msgpack_token(const void *bytes, size_t n, struct msgpack_token *token);

/* How far a value has been walked. Zero it to start. */
struct msgpack_scan {
    size_t at;    /* bytes walked */
    size_t items; /* values in them, and values announced by their containers */
    unsigned depth;
    struct msgpack_level {
        uint64_t left; /* values still to come in this container */
        bool map;
    } levels[MSGPACK_MAX_DEPTH];
    bool done;
};
/*
 * Walks on to the end of the value that starts at bytes[0]; give the same bytes again, and more of them, while it
 * returns 0. Returns 1 at the end, where scan->at is the value's length; -1 when the bytes at scan->at are no
 * MessagePack, break a bound or are a map key that is no string.
 */
int msgpack_scan(struct msgpack_scan *scan, const void *bytes, size_t n, struct error *error);

/*
 * Decodes one value from bytes[0 .. n). Returns the bytes used (> 0); 0 when they end too early; -1 when they are
 * no MessagePack or break a bound, with the offset in the sentence. Duplicate map keys and keys that are no
 * strings are refused.
 */
ptrdiff_t msgpack_decode(const void *bytes, size_t n, struct arena *arena, struct value **value, struct error *error);

/* A growing buffer of packed bytes. Zero it to start; free(bytes) at the end. */
struct packed {
    char *bytes;
    size_t n, cap;
};
/* Appends the canonical (shortest) form; floats are always float 64. Strings above 4 GiB are the caller's mistake. */
void msgpack_encode(struct packed *packed, const struct value *value);
/* Appends only the head of an array of n, or of a bin of n bytes (n < 2^32). */
void msgpack_encode_array_head(struct packed *packed, uint32_t n);
void msgpack_encode_bin_head(struct packed *packed, uint32_t n);
void msgpack_encode_string(struct packed *packed, const char *s, size_t n);

#endif
