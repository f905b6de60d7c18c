/*
 * XXH3-128, as fast as the machine can: every large buffer is hashed through here.
 *
 * libxxhash is compiled for the oldest machine of its architecture (SSE2: 21 GB/s where AVX-512 reaches 98). Where the
 * library brings code for newer x86 processors, which it picks by itself, this uses it unless CL_ISA is base; hashes
 * are the same. Short strings (dictionaries, names) use XXH3_64bits() of <xxhash.h> as it is.
 *
 *     XXH3_state_t *hash = hash_new();
 *     hash_update(hash, bytes, n);
 *     hash_text(XXH3_128bits_digest(hash), hex);
 *     XXH3_freeState(hash);
 */
#ifndef CL_HASH_H
#define CL_HASH_H

#include <stddef.h>

#include <xxhash.h>

/* Empty; owner frees with XXH3_freeState(). XXH3_128bits_reset() makes it empty again. */
XXH3_state_t *hash_new(void);
void hash_update(XXH3_state_t *hash, const void *bytes, size_t n);
/* Two states over the same bytes, which are brought into the cache once. */
void hash_update_both(XXH3_state_t *a, XXH3_state_t *b, const void *bytes, size_t n);
XXH128_hash_t hash_bytes(const void *bytes, size_t n);
/* The canonical (big-endian) form in 32 hexadecimal digits, as `xxhsum -H2` prints it. */
void hash_text(XXH128_hash_t hash, char hex[33]);

#endif
