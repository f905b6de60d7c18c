/* Primitives of scan.inc.h with NEON (64-bit ARM); block_avx512.h says what each is. */
#ifndef CL_BLOCK_NEON_H
#define CL_BLOCK_NEON_H

#include <arm_neon.h>
#include <stdbool.h>
#include <stdint.h>

struct block {
    uint8x16_t part[4];
};

/* One bit of each byte, which are 0 or 0xff: sums of neighbours that have different bits. */
static inline uint64_t
block_join(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d)
{
    static const uint8_t places[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t bits = vld1q_u8(places);
    uint8x16_t first = vpaddq_u8(vandq_u8(a, bits), vandq_u8(b, bits));
    uint8x16_t second = vpaddq_u8(vandq_u8(c, bits), vandq_u8(d, bits));
    first = vpaddq_u8(first, second);
    first = vpaddq_u8(first, first);
    return vgetq_lane_u64(vreinterpretq_u64_u8(first), 0);
}

static inline struct block
block_load(const char *p)
{
    const uint8_t *s = (const uint8_t *) p;
    return (struct block){{vld1q_u8(s), vld1q_u8(s + 16), vld1q_u8(s + 32), vld1q_u8(s + 48)}};
}

static inline struct block
block_zero(void)
{
    const uint8x16_t zero = vdupq_n_u8(0);
    return (struct block){{zero, zero, zero, zero}};
}

static inline struct block
block_or(struct block a, struct block b)
{
    for (int i = 0; i < 4; i++)
        a.part[i] = vorrq_u8(a.part[i], b.part[i]);
    return a;
}

static inline bool
block_high(struct block b)
{
    uint8x16_t all = vorrq_u8(vorrq_u8(b.part[0], b.part[1]), vorrq_u8(b.part[2], b.part[3]));
    return vmaxvq_u8(all) > 0x7f;
}

static inline uint64_t
block_eq(struct block b, char c)
{
    const uint8x16_t v = vdupq_n_u8((uint8_t) c);
    return block_join(vceqq_u8(b.part[0], v), vceqq_u8(b.part[1], v), vceqq_u8(b.part[2], v), vceqq_u8(b.part[3], v));
}

struct block_set {
    uint8x16_t table;
};

static inline struct block_set
block_set(const char *members, unsigned n)
{
    uint8_t table[16];
    for (unsigned i = 0; i < 16; i++)
        table[i] = (uint8_t) (i ^ 1);
    for (unsigned i = 0; i < n; i++)
        table[members[i] & 15] = (uint8_t) members[i];
    return (struct block_set){vld1q_u8(table)};
}

static inline uint8x16_t
block_member(uint8x16_t v, uint8x16_t table)
{
    return vceqq_u8(v, vqtbl1q_u8(table, vandq_u8(v, vdupq_n_u8(15))));
}

static inline uint64_t
block_among(struct block b, struct block_set set)
{
    return block_join(block_member(b.part[0], set.table), block_member(b.part[1], set.table),
                      block_member(b.part[2], set.table), block_member(b.part[3], set.table));
}

static inline unsigned
block_count(uint64_t mask)
{
    return vaddv_u8(vcnt_u8(vcreate_u8(mask)));
}

#include "block_shift.h"

#include "block_bits.h"

#endif
