/*
 * Sixteen cells at a time with AVX-512: the bytes of each are loaded so that they end where the cell does, and what is
 * known of them are bit masks, 16 or 32 bits a cell, worked on for all sixteen at once.
 */
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "convert_parts.h"

enum {
    GROUP = 16,
    SHORT = 16, /* bytes of the cells that convert_short() can take */
    LONG = 32,  /* and convert_long() */
    MANY = 10,  /* so many long cells of a group: take all of it that way */
};

/* Vectors of one call. */
struct tables {
    __m512i valid;  /* by the low half of a byte: the byte that is allowed to have it */
    __m512i digits; /* by the low half of a valid byte: what it is worth */
    __m512i decimal, minus, zero;
};

static struct tables
tables_for(char decimal)
{
    char valid[16] = "0123456789", digits[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    valid['-' & 15] = '-';
    valid[decimal & 15] = decimal;
    return (struct tables){
        .valid = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *) valid)),
        .digits = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *) digits)),
        .decimal = _mm512_set1_epi8(decimal),
        .minus = _mm512_set1_epi8('-'),
        .zero = _mm512_set1_epi8('0'),
    };
}

/* Pairs of digits, then fours. */
static inline __m512i
fours(__m512i digits)
{
    const __m512i pairs = _mm512_maddubs_epi16(digits, _mm512_set1_epi16(10 + (1 << 8)));
    return _mm512_madd_epi16(pairs, _mm512_set1_epi32(100 + (1 << 16)));
}

/* Eights of two vectors of fours: the first eight of sixteen digits in the low, the others in the high half of 64 bits.
 */
static inline __m512i
eights(__m512i a, __m512i b)
{
    return _mm512_madd_epi16(_mm512_packus_epi32(a, b), _mm512_set1_epi32(10000 + (1 << 16)));
}

/* Sixteen digits as a number. */
static inline __m512i
sixteens(__m512i eights)
{
    return _mm512_add_epi64(_mm512_mul_epu32(eights, _mm512_set1_epi64(100000000)), _mm512_srli_epi64(eights, 32));
}

static inline __m256i
ymm_of_masks(const __mmask64 *k)
{
    return _mm256_set_epi64x((long long) k[3], (long long) k[2], (long long) k[1], (long long) k[0]);
}

static inline __m512i
zmm_of_masks(const __mmask64 *k)
{
    return _mm512_inserti64x4(_mm512_castsi256_si512(ymm_of_masks(k)), ymm_of_masks(k + 4), 1);
}

static inline __m512i
load_4_short(const char *text, const uint32_t *behind)
{
    const char *const end = text - SHORT;
    __m512i x = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *) (end + behind[0])));
    x = _mm512_inserti64x2(x, _mm_loadu_si128((const __m128i *) (end + behind[1])), 1);
    x = _mm512_inserti64x2(x, _mm_loadu_si128((const __m128i *) (end + behind[2])), 2);
    return _mm512_inserti64x2(x, _mm_loadu_si128((const __m128i *) (end + behind[3])), 3);
}

static inline __m512i
load_2_long(const char *text, const uint32_t *behind)
{
    const char *const end = text - LONG;
    return _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *) (end + behind[0]))),
                              _mm256_loadu_si256((const __m256i *) (end + behind[1])), 1);
}

/* Of these cells the ones whose first digit (a bit in `first`) is 0. */
static uint32_t
leading_zeros_short(const struct tables *t, const __m512i *bytes, __m256i first)
{
    __mmask64 bits[4] __attribute__((aligned(32)));
    __mmask64 zeros[4];
    _mm256_store_si256((__m256i *) bits, first);
    for (int q = 0; q < 4; q++)
        zeros[q] = _mm512_mask_cmpeq_epi8_mask(_load_mask64(&bits[q]), bytes[q], t->zero);
    const __m256i x = ymm_of_masks(zeros);
    return _mm256_test_epi16_mask(x, x);
}

static inline void
store(float *to, __m512 values, __mmask16 negative, __mmask16 empty)
{
    values = _mm512_mask_xor_ps(values, negative, values, _mm512_set1_ps(-0.0f));
    _mm512_storeu_ps(to, _mm512_mask_mov_ps(values, empty, _mm512_set1_ps(NAN)));
}

/*
 * Cells of up to 16 bytes, lengths: [16]; returns the cells that are not converted for certain.
 *
 * At most 15 digits come with a point, so the significand and the power of ten are exact doubles, and the quotient is
 * the nearest one; 16 digits without a point are rounded once, when they become a double.
 */
static inline uint32_t
convert_short(const struct tables *t, const char *text, const uint32_t *behind, __m512i lengths, float *to)
{
    /* By (0x135e << i & 0xffff) >> 12 for a point at bit i, with 15 - i digits behind it; and by 0 without a point. */
    static const double powers[] __attribute__((aligned(64))) = {1e0, 1e15, 1e14, 1e11, 1e13, 1e7, 1e10, 1e5,
                                                                 1e1, 1e12, 1e8,  1e6,  1e2,  1e9, 1e3,  1e4};
    const __m256i none = _mm256_setzero_si256(), one = _mm256_set1_epi16(1), lengths16 = _mm512_cvtepi32_epi16(lengths);
    const __m256i cell = _mm256_sllv_epi16(_mm256_set1_epi16(-1), _mm256_sub_epi16(_mm256_set1_epi16(16), lengths16));
    __mmask64 in_cell[4] __attribute__((aligned(32))), up_to_point[4] __attribute__((aligned(32)));
    _mm256_store_si256((__m256i *) in_cell, cell);

    __m512i bytes[4], digits[4];
    __mmask64 points[4], minuses[4], strange[4];
    for (int q = 0; q < 4; q++) {
        const __mmask64 k = _load_mask64(&in_cell[q]);
        bytes[q] = load_4_short(text, behind + 4 * q);
        digits[q] = _mm512_maskz_shuffle_epi8(k, t->digits, bytes[q]);
        strange[q] = _mm512_mask_cmpneq_epi8_mask(k, _mm512_shuffle_epi8(t->valid, bytes[q]), bytes[q]);
        points[q] = _mm512_mask_cmpeq_epi8_mask(k, bytes[q], t->decimal);
        minuses[q] = _mm512_mask_cmpeq_epi8_mask(k, bytes[q], t->minus);
    }
    const __m256i point = ymm_of_masks(points), minus = ymm_of_masks(minuses);
    const __m256i rest = _mm256_andnot_si256(_mm256_or_si256(point, minus), cell); /* digits */

    /* One point, a minus only as the lowest bit, a digit. */
    const __m256i second_point = _mm256_and_si256(point, _mm256_sub_epi16(point, one));
    const __m256i not_first = _mm256_and_si256(minus, _mm256_add_epi16(cell, cell));
    const __mmask16 empty = _mm256_testn_epi16_mask(lengths16, lengths16);
    const __mmask16 negative = _mm256_test_epi16_mask(minus, minus);
    __mmask16 odd = _mm256_cmpneq_epi16_mask(_mm256_or_si256(second_point, not_first), none) |
                    (_mm256_testn_epi16_mask(rest, rest) & ~empty);
    if (__builtin_expect(strange[0] | strange[1] | strange[2] | strange[3], 0)) {
        const __m256i x = ymm_of_masks(strange);
        odd |= _mm256_test_epi16_mask(x, x);
    }
    /* 007: an integer of two digits or more whose first one is 0. */
    const __mmask16 integers =
        _mm256_testn_epi16_mask(point, point) & _mm256_test_epi16_mask(rest, _mm256_sub_epi16(rest, one));
    if (integers) {
        const __m256i first = _mm256_maskz_mov_epi16(integers, _mm256_and_si256(rest, _mm256_sub_epi16(none, rest)));
        odd |= leading_zeros_short(t, bytes, first);
    }

    _mm256_store_si256((__m256i *) up_to_point, _mm256_or_si256(point, _mm256_subs_epu16(point, one)));
    for (int q = 0; q < 4; q++)
        digits[q] = fours(
            _mm512_mask_alignr_epi8(digits[q], _load_mask64(&up_to_point[q]), digits[q], _mm512_setzero_si512(), 15));
    /* Cells 0 4 1 5 2 6 3 7 and 8 12 9 13 10 14 11 15. */
    const __m512i low = sixteens(eights(digits[0], digits[1])), high = sixteens(eights(digits[2], digits[3]));
    const __m512i scale =
        _mm512_castsi256_si512(_mm256_srli_epi16(_mm256_mullo_epi16(point, _mm256_set1_epi16(0x135e)), 12));
    const __m512d powers_low = _mm512_load_pd(powers), powers_high = _mm512_load_pd(powers + 8);
    const __m512i scale_low = _mm512_permutexvar_epi16(_mm512_set_epi64(7, 3, 6, 2, 5, 1, 4, 0), scale);
    const __m512i scale_high = _mm512_permutexvar_epi16(_mm512_set_epi64(15, 11, 14, 10, 13, 9, 12, 8), scale);
    const __m512d power_low = _mm512_permutex2var_pd(powers_low, scale_low, powers_high);
    const __m512d power_high = _mm512_permutex2var_pd(powers_low, scale_high, powers_high);
    const __m256 value_low = _mm512_cvtpd_ps(_mm512_div_pd(_mm512_cvtepi64_pd(low), power_low));
    const __m256 value_high = _mm512_cvtpd_ps(_mm512_div_pd(_mm512_cvtepi64_pd(high), power_high));
    const __m512i in_order = _mm512_set_epi32(23, 21, 19, 17, 22, 20, 18, 16, 7, 5, 3, 1, 6, 4, 2, 0);
    store(to, _mm512_permutex2var_ps(_mm512_castps256_ps512(value_low), in_order, _mm512_castps256_ps512(value_high)),
          negative, empty);
    return odd;
}

/*
 * Cells of up to 32 bytes; returns those that are not converted for certain, and those that are longer. exponents: [16]
 * powers of ten that they are to be multiplied by; NULL: 0.
 *
 * w, the digits as a number, has to be below 10^19 and f, the number of digits behind the point less the exponent, at
 * most 22 and at least -22, so that 10^|f| is exact. Let f be positive; else the quotients here are products. v =
 * (double) w / 10^f is what number_parse() gives where w <= 2^53. Else it may be another double, but still the same
 * float: let x be w / 10^f, D the double nearest to x, and ulp the distance of doubles at v. Two roundings give v = x
 * (1 + a)(1 + b) with |a|, |b| <= 2^-53, so |v - x| < 2.01 ulp. D is at most half a distance of doubles from x, and
 * that is at most 2 ulp (where x is over the next power of two). So |D - v| < 3.01 ulp: D is at most 3 doubles from v.
 * The float nearest to a double changes only at, or on either side of, the middle between two floats, which is a double
 * whose low 29 bits are 2^28: x is in the range of normal floats, since w >= 1 and f <= 22, and where there are
 * exponents v is looked at. (Below a power of two the middles are half as far apart, still 2^27 ulp.) Where the low 29
 * bits of v are more than 3 from 2^28, no middle lies in [v, D], and the float nearest to v is that nearest to D.
 */
static inline __attribute__((always_inline)) uint32_t
convert_long(const struct tables *t, const char *text, const uint32_t *behind, __m512i lengths,
             const int32_t *exponents, float *to)
{
    static const double powers[] __attribute__((aligned(64))) = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                                 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const __m512i none = _mm512_setzero_si512(), one = _mm512_set1_epi32(1);
    const __m512i cell = _mm512_sllv_epi32(_mm512_set1_epi32(-1), _mm512_sub_epi32(_mm512_set1_epi32(LONG), lengths));
    __mmask64 in_cell[8] __attribute__((aligned(64))), up_to_point[8] __attribute__((aligned(64)));
    _mm512_store_si512(in_cell, cell);

    __m512i bytes[8], digits[8];
    __mmask64 points[8], minuses[8], strange[8], any_strange = 0;
    for (int q = 0; q < 8; q++) {
        const __mmask64 k = _load_mask64(&in_cell[q]);
        bytes[q] = load_2_long(text, behind + 2 * q);
        digits[q] = _mm512_maskz_shuffle_epi8(k, t->digits, bytes[q]);
        strange[q] = _mm512_mask_cmpneq_epi8_mask(k, _mm512_shuffle_epi8(t->valid, bytes[q]), bytes[q]);
        points[q] = _mm512_mask_cmpeq_epi8_mask(k, bytes[q], t->decimal);
        minuses[q] = _mm512_mask_cmpeq_epi8_mask(k, bytes[q], t->minus);
        any_strange |= strange[q];
    }
    const __m512i point = zmm_of_masks(points), minus = zmm_of_masks(minuses);
    const __m512i rest = _mm512_andnot_si512(_mm512_or_si512(point, minus), cell); /* digits */
    const __m512i second_point = _mm512_and_si512(point, _mm512_sub_epi32(point, one));
    const __m512i not_first = _mm512_and_si512(minus, _mm512_add_epi32(cell, cell));
    const __mmask16 empty = _mm512_testn_epi32_mask(lengths, lengths);
    const __mmask16 negative = _mm512_test_epi32_mask(minus, minus);
    __mmask16 odd = _mm512_test_epi32_mask(_mm512_or_si512(second_point, not_first), _mm512_set1_epi32(-1)) |
                    _mm512_cmpgt_epu32_mask(lengths, _mm512_set1_epi32(LONG)) |
                    (_mm512_testn_epi32_mask(rest, rest) & ~empty);
    if (__builtin_expect(any_strange, 0)) {
        const __m512i x = zmm_of_masks(strange);
        odd |= _mm512_test_epi32_mask(x, x);
    }
    const __mmask16 integers =
        _mm512_testn_epi32_mask(point, point) & _mm512_test_epi32_mask(rest, _mm512_sub_epi32(rest, one));
    if (integers) {
        __mmask64 first[8] __attribute__((aligned(64)));
        __mmask64 zeros[8];
        _mm512_store_si512(first, _mm512_maskz_and_epi32(integers, rest, _mm512_sub_epi32(none, rest)));
        for (int q = 0; q < 8; q++)
            zeros[q] = _mm512_mask_cmpeq_epi8_mask(_load_mask64(&first[q]), bytes[q], t->zero);
        const __m512i x = zmm_of_masks(zeros);
        odd |= _mm512_test_epi32_mask(x, x);
    }

    /* The bytes up to the point go one place on: the lower half's last one to the upper half. */
    _mm512_store_si512(
        up_to_point, _mm512_or_si512(point, _mm512_maskz_sub_epi32(_mm512_test_epi32_mask(point, point), point, one)));
    for (int q = 0; q < 8; q++) {
        const __m512i lower = _mm512_maskz_shuffle_i64x2(0xcc, digits[q], digits[q], _MM_SHUFFLE(2, 2, 0, 0));
        digits[q] = fours(_mm512_mask_alignr_epi8(digits[q], _load_mask64(&up_to_point[q]), digits[q], lower, 15));
    }
    /* f is 31 less the bit of the point, which is the exponent of the mask as a float. */
    const __m512i bit = _mm512_srli_epi32(_mm512_castps_si512(_mm512_cvtepu32_ps(point)), 23);
    __m512i f = _mm512_maskz_sub_epi32(_mm512_test_epi32_mask(point, point), _mm512_set1_epi32(127 + 31), bit);
    __mmask16 times = 0;
    if (exponents != NULL) {
        f = _mm512_sub_epi32(f, _mm512_loadu_si512(exponents));
        times = _mm512_movepi32_mask(f);
        f = _mm512_abs_epi32(f);
    }
    odd |= _mm512_cmpgt_epu32_mask(f, _mm512_set1_epi32(22));

    const __m512d powers_low = _mm512_load_pd(powers), powers_high = _mm512_load_pd(powers + 8);
    const __m512i indices[2] = {_mm512_cvtepu32_epi64(_mm512_castsi512_si256(f)),
                                _mm512_cvtepu32_epi64(_mm512_extracti64x4_epi64(f, 1))};
    __m256 values[2];
    for (int h = 0; h < 2; h++) {
        /* Sixteen digits of cells 0 2 0 2 1 3 1 3 (upper, upper, lower, lower, ...), and of those four on. */
        const __m512i a = eights(digits[4 * h], digits[4 * h + 1]), b = eights(digits[4 * h + 2], digits[4 * h + 3]);
        const __m512i upper = _mm512_permutex2var_epi64(a, _mm512_set_epi64(13, 9, 12, 8, 5, 1, 4, 0), b);
        const __m512i lower = _mm512_permutex2var_epi64(a, _mm512_set_epi64(15, 11, 14, 10, 7, 3, 6, 2), b);
        const __m512i most = _mm512_rol_epi64(upper, 32); /* its first eight digits, 0 or too many, now on top */
        const __m512i w =
            _mm512_add_epi64(sixteens(lower), _mm512_mullo_epi64(most, _mm512_set1_epi64(10000000000000000)));
        __m512d power = _mm512_permutex2var_pd(powers_low, indices[h], powers_high);
        power = _mm512_mask_mul_pd(power, _mm512_test_epi64_mask(indices[h], _mm512_set1_epi64(16)), power,
                                   _mm512_set1_pd(1e16));
        __m512d v = _mm512_div_pd(_mm512_cvtepu64_pd(w), power);
        if (exponents != NULL) {
            v = _mm512_mask_mul_pd(v, (__mmask8) (times >> 8 * h), _mm512_cvtepu64_pd(w), power);
            odd |= (__mmask16) (_mm512_cmp_pd_mask(v, _mm512_set1_pd(3.4e38), _CMP_GE_OQ) << 8 * h);
        }
        const __m512i from_middle =
            _mm512_sub_epi64(_mm512_and_si512(_mm512_castpd_si512(v), _mm512_set1_epi64((1 << 29) - 1)),
                             _mm512_set1_epi64((1 << 28) - 3));
        const __mmask8 unsure = _mm512_cmple_epu64_mask(from_middle, _mm512_set1_epi64(6)) &
                                _mm512_cmpgt_epu64_mask(w, _mm512_set1_epi64((long long) 1 << 53));
        odd |= (__mmask16) ((unsure | _mm512_cmpge_epu64_mask(most, _mm512_set1_epi64(1000))) << 8 * h);
        values[h] = _mm512_cvtpd_ps(v);
    }
    store(to, _mm512_insertf32x8(_mm512_castps256_ps512(values[0]), values[1], 1), negative, empty);
    return odd;
}

/* Cells put by until there are enough of them: long ones among short ones, or those with exponents. */
struct later {
    uint32_t before[2 * GROUP], behind[2 * GROUP], index[2 * GROUP];
    int32_t exponent[2 * GROUP];
    uint32_t n;
};

static inline void
put_by(struct later *later, __mmask16 which, __m512i before, __m512i behind, uint32_t first)
{
    const __m512i index = _mm512_add_epi32(_mm512_set1_epi32((int) first),
                                           _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
    _mm512_storeu_si512(later->before + later->n, _mm512_maskz_compress_epi32(which, before));
    _mm512_storeu_si512(later->behind + later->n, _mm512_maskz_compress_epi32(which, behind));
    _mm512_storeu_si512(later->index + later->n, _mm512_maskz_compress_epi32(which, index));
    later->n += (uint32_t) __builtin_popcount(which);
}

/* Bytes between the two places. */
static inline __m512i
lengths_of(__m512i before, __m512i behind)
{
    return _mm512_sub_epi32(_mm512_sub_epi32(behind, before), _mm512_set1_epi32(1));
}

/* Sixteen of those put by, or the last few; to, marks: of the block. */
static void
take_later(const struct tables *t, const char *text, struct later *later, float *to, uint64_t *marks)
{
    float values[GROUP] __attribute__((aligned(64)));
    const uint32_t n = later->n < GROUP ? later->n : GROUP;
    /* Empty cells fill the group. */
    for (uint32_t i = n; i < GROUP; i++) {
        later->behind[i] = later->behind[0];
        later->before[i] = later->behind[0] - 1;
    }
    const __m512i lengths = lengths_of(_mm512_loadu_si512(later->before), _mm512_loadu_si512(later->behind));
    const uint32_t odd = convert_long(t, text, later->behind, lengths, later->exponent, values);
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t at = later->index[i];
        to[at] = values[i];
        marks[at / 64] &= ~((uint64_t) 1 << at % 64);
        marks[at / 64] |= (uint64_t) (odd >> i & 1) << at % 64;
    }
    later->n -= n;
    memcpy(later->before, later->before + GROUP, GROUP * sizeof *later->before);
    memcpy(later->behind, later->behind + GROUP, GROUP * sizeof *later->behind);
    memcpy(later->index, later->index + GROUP, GROUP * sizeof *later->index);
    memcpy(later->exponent, later->exponent + GROUP, GROUP * sizeof *later->exponent);
}

/* n cells, at most CONVERT_BLOCK; the arrays are theirs. */
static void
convert_block(const struct tables *t, const char *text, const uint32_t *before, const uint32_t *behind, uint32_t n,
              float *to, uint64_t *marks)
{
    struct later later = {.n = 0};
    for (uint32_t i = 0; i < n; i += GROUP) {
        const uint32_t *ends = behind + i;
        uint32_t padded[GROUP] __attribute__((aligned(64)));
        __m512i first = _mm512_loadu_si512(before + i), end = _mm512_loadu_si512(ends);
        __mmask16 there = 0xffff;
        if (n - i < GROUP) {
            /* What lies behind the last cell is none: empty ones in its place. */
            there = (__mmask16) ((1u << (n - i)) - 1);
            const __m512i last = _mm512_set1_epi32((int) behind[n - 1]);
            end = _mm512_mask_mov_epi32(last, there, end);
            first = _mm512_mask_mov_epi32(_mm512_sub_epi32(last, _mm512_set1_epi32(1)), there, first);
            _mm512_store_si512(padded, end);
            ends = padded;
        }
        const __m512i lengths = lengths_of(first, end);
        const __mmask16 long_ones = _mm512_cmpgt_epu32_mask(lengths, _mm512_set1_epi32(SHORT));
        uint32_t odd;
        if (__builtin_popcount(long_ones) >= MANY) {
            odd = convert_long(t, text, ends, lengths, NULL, to + i);
        } else {
            odd = convert_short(t, text, ends, lengths, to + i) & ~(uint32_t) long_ones;
            if (long_ones) {
                put_by(&later, long_ones, first, end, i);
                if (later.n >= GROUP)
                    take_later(t, text, &later, to, marks);
            }
        }
        marks[i / 64] |= (uint64_t) odd << i % 64;
    }
    if (later.n > 0)
        take_later(t, text, &later, to, marks);
}

/* Of the marked cells of a block those that are a decimal and an exponent. */
static void
convert_exponents(const struct tables *t, const char *text, const uint32_t *before, const uint32_t *behind, uint32_t n,
                  float *to, uint64_t *marks)
{
    struct later later = {.n = 0};
    for (uint32_t word = 0; word < n; word += 64)
        for (uint64_t bits = marks[word / 64]; bits != 0; bits &= bits - 1) {
            const uint32_t i = word + (uint32_t) __builtin_ctzll(bits);
            int exponent;
            const uint32_t cut = convert_split(text + behind[i], behind[i] - before[i] - 1, &exponent);
            if (cut == 0)
                continue;
            later.before[later.n] = before[i];
            later.behind[later.n] = behind[i] - cut;
            later.index[later.n] = i;
            later.exponent[later.n++] = exponent;
            if (later.n == GROUP)
                take_later(t, text, &later, to, marks);
        }
    if (later.n > 0)
        take_later(t, text, &later, to, marks);
}

static size_t
floats(const char *text, const uint32_t *before, const uint32_t *behind, size_t n, char decimal, float *to,
       uint32_t *left)
{
    const struct tables tables = tables_for(decimal);
    struct convert_cells cells = {text, before, behind, decimal, to, left, 0};
    for (size_t i = 0; i < n; i += CONVERT_BLOCK) {
        const size_t m = n - i < CONVERT_BLOCK ? n - i : CONVERT_BLOCK;
        uint64_t marks[CONVERT_WORDS] = {0};
        convert_block(&tables, text, before + i, behind + i, (uint32_t) m, to + i, marks);
        convert_exponents(&tables, text, before + i, behind + i, (uint32_t) m, to + i, marks);
        convert_marked(&cells, i, marks, (m + 63) / 64);
    }
    return cells.n_left;
}

const struct convert_kernels convert_kernels_avx512 = {.name = "avx512", .floats = floats};
#endif
