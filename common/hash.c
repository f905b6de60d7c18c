#include "hash.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "isa.h"
#include "memory.h"

enum { PIECE_BYTES = 32 << 10 }; /* stays in the first-level cache */

/*
 * The library's own choice by processor. A weak symbol is NULL where the library was built without it, so neither the
 * build nor the program depends on it.
 */
#if defined(__x86_64__) && defined(__has_include)
#if __has_include(<xxh_x86dispatch.h>)
#define XXH_DISPATCH_DISABLE_REPLACE
#include <xxh_x86dispatch.h>
#pragma weak XXH3_128bits_dispatch
#pragma weak XXH3_128bits_update_dispatch
#define HAVE_DISPATCH (XXH3_128bits_dispatch != NULL && XXH3_128bits_update_dispatch != NULL)
#endif
#endif

#ifndef HAVE_DISPATCH
#define HAVE_DISPATCH false
#define XXH3_128bits_dispatch XXH3_128bits
#define XXH3_128bits_update_dispatch XXH3_128bits_update
#endif

static bool
use_dispatch(void)
{
    static atomic_int known; /* 0 not yet, 1 no, 2 yes */
    int use = atomic_load_explicit(&known, memory_order_relaxed);
    if (use == 0) {
        struct error ignored; /* who computes with CL_ISA reports it */
        use = HAVE_DISPATCH && isa_pick(&ignored) > ISA_BASE ? 2 : 1;
        atomic_store_explicit(&known, use, memory_order_relaxed);
    }
    return use == 2;
}

XXH3_state_t *
hash_new(void)
{
    XXH3_state_t *hash = XXH3_createState();
    if (hash == NULL)
        mem_exhausted("for a hash state");
    XXH3_128bits_reset(hash);
    return hash;
}

void
hash_update(XXH3_state_t *hash, const void *bytes, size_t n)
{
    if (n == 0)
        return;
    if (use_dispatch())
        XXH3_128bits_update_dispatch(hash, bytes, n);
    else
        XXH3_128bits_update(hash, bytes, n);
}

void
hash_update_both(XXH3_state_t *a, XXH3_state_t *b, const void *bytes, size_t n)
{
    const char *p = bytes;
    for (size_t piece; n > 0; p += piece, n -= piece) {
        piece = n < PIECE_BYTES ? n : PIECE_BYTES;
        hash_update(a, p, piece);
        hash_update(b, p, piece);
    }
}

XXH128_hash_t
hash_bytes(const void *bytes, size_t n)
{
    return use_dispatch() ? XXH3_128bits_dispatch(bytes, n) : XXH3_128bits(bytes, n);
}

void
hash_text(XXH128_hash_t hash, char hex[33])
{
    snprintf(hex, 33, "%016" PRIx64 "%016" PRIx64, (uint64_t) hash.high64, (uint64_t) hash.low64);
}
