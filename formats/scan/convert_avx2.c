/*
 * Cells to floats with AVX2, a batch at a time in three passes: the bytes of each cell, loaded so that they end where
 * the cell does, become digits and bit masks of what is in it; the masks of many cells are judged at once; the digits
 * become numbers. What a pass leaves behind lies in arrays in the first cache.
 */
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "convert_parts.h"

enum {
    BATCH = 256,
    SHORT = 16, /* bytes of the cells that the passes for short cells can take */
    LONG = 32,  /* and those for long ones */
    SPARE = 16, /* elements behind an array that a vector may read */
};

/* Vectors of one call. */
struct tables {
    __m256i valid;  /* by the low half of a byte: the byte that is allowed to have it */
    __m256i digits; /* by the low half of a valid byte: what it is worth */
    __m256i decimal, minus, zero;
};

static struct tables
tables_for(char decimal)
{
    char valid[16] = "0123456789", digits[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    valid['-' & 15] = '-';
    valid[decimal & 15] = decimal;
    return (struct tables){
        .valid = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *) valid)),
        .digits = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *) digits)),
        .decimal = _mm256_set1_epi8(decimal),
        .minus = _mm256_set1_epi8('-'),
        .zero = _mm256_set1_epi8('0'),
    };
}

/* The last n bytes of 16 or of 32: load from `n` on. */
static const uint8_t last_of_16[32] __attribute__((aligned(32))) = {[16 ... 31] = 0xff};
static const uint8_t last_of_32[64] __attribute__((aligned(64))) = {[32 ... 63] = 0xff};

/*
 * Where the point is among 16 bytes, as a small number: SLOT(k) for byte k, and 0 for none. The same of a mask with at
 * most one bit is (mask * 0x8cf & 0xffff) >> 11.
 */
#define SLOT(k) ((0x8cfu << (k) &0xffff) >> 11)

/* What closes the gap of a point at byte k: the bytes before it go one on. */
#define MOVED(j, k) ((j) > (k) ? (j) : (j) == 0 ? 0x80 : (j) -1)
#define MOVES(k) \
    { \
        MOVED(0, k), MOVED(1, k), MOVED(2, k), MOVED(3, k), MOVED(4, k), MOVED(5, k), MOVED(6, k), MOVED(7, k), \
            MOVED(8, k), MOVED(9, k), MOVED(10, k), MOVED(11, k), MOVED(12, k), MOVED(13, k), MOVED(14, k), \
            MOVED(15, k) \
    }
static const uint8_t moves[32][16] __attribute__((aligned(64))) = {
    [0] = MOVES(-1),        [SLOT(0)] = MOVES(0),   [SLOT(1)] = MOVES(1),   [SLOT(2)] = MOVES(2),
    [SLOT(3)] = MOVES(3),   [SLOT(4)] = MOVES(4),   [SLOT(5)] = MOVES(5),   [SLOT(6)] = MOVES(6),
    [SLOT(7)] = MOVES(7),   [SLOT(8)] = MOVES(8),   [SLOT(9)] = MOVES(9),   [SLOT(10)] = MOVES(10),
    [SLOT(11)] = MOVES(11), [SLOT(12)] = MOVES(12), [SLOT(13)] = MOVES(13), [SLOT(14)] = MOVES(14),
    [SLOT(15)] = MOVES(15),
};
static const double powers_of_slots[32] = {
    [0] = 1,          [SLOT(15)] = 1e0, [SLOT(14)] = 1e1, [SLOT(13)] = 1e2, [SLOT(12)] = 1e3, [SLOT(11)] = 1e4,
    [SLOT(10)] = 1e5, [SLOT(9)] = 1e6,  [SLOT(8)] = 1e7,  [SLOT(7)] = 1e8,  [SLOT(6)] = 1e9,  [SLOT(5)] = 1e10,
    [SLOT(4)] = 1e11, [SLOT(3)] = 1e12, [SLOT(2)] = 1e13, [SLOT(1)] = 1e14, [SLOT(0)] = 1e15,
};

/* For long cells: by the digits behind the point, of which more than 22 are not taken; and without a point. */
enum { MOST_FRACTION = 22, NO_POINT = LONG };
static const double powers_of_fractions[] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,           1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1,   1,   1,   1,   1,    1,    1,    1,    1,    [NO_POINT] = 1,
};
/* The bytes up to a point: load from the number of digits behind it on. */
static const uint8_t up_to_point[64] __attribute__((aligned(64))) = {[0 ... 31] = 0xff};

/* Cells on their way through the passes. behind, lengths: 16 more than n may be read. */
struct batch_of_cells {
    const char *text;
    const uint32_t *behind, *lengths;
    uint32_t n;
};

/* By cell, two or one to a vector; bits of masks are bytes of the cell's 16 or 32. */
struct passes {
    uint8_t digits[BATCH * LONG] __attribute__((aligned(64)));
    uint32_t valid[BATCH], point[BATCH], minus[BATCH], zero[BATCH];
    uint16_t slots[BATCH];    /* short cells: twice the slot of the point */
    uint32_t scale[BATCH];    /* long cells: digits behind the point */
    uint32_t signs[BATCH];    /* bits to set: the sign of a negative number, those of NaN for an empty cell */
    uint64_t odd[BATCH / 64]; /* cells that are not converted for certain */
};

static inline __m256i
load_256(const void *p)
{
    return _mm256_loadu_si256((const __m256i *) p);
}

static inline void
store_256(void *p, __m256i x)
{
    _mm256_storeu_si256((__m256i *) p, x);
}

static inline __m256i
load_2(const void *low, const void *high)
{
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *) low)),
                                   _mm_loadu_si128((const __m128i *) high), 1);
}

/* Bytes of the `at`-th vector, one or two cells, to digits, those of other bytes 0, and masks. */
static inline void
look_at(const struct tables *t, __m256i bytes, __m256i cell, struct passes *passes, uint32_t at)
{
    const __m256i inside = _mm256_and_si256(bytes, cell), valid = _mm256_shuffle_epi8(t->valid, bytes);
    store_256(passes->digits + at * 32, _mm256_and_si256(_mm256_shuffle_epi8(t->digits, bytes), cell));
    passes->valid[at] = (uint32_t) _mm256_movemask_epi8(_mm256_cmpeq_epi8(valid, bytes));
    passes->point[at] = (uint32_t) _mm256_movemask_epi8(_mm256_cmpeq_epi8(inside, t->decimal));
    passes->minus[at] = (uint32_t) _mm256_movemask_epi8(_mm256_cmpeq_epi8(inside, t->minus));
    passes->zero[at] = (uint32_t) _mm256_movemask_epi8(_mm256_cmpeq_epi8(inside, t->zero));
}

/* The four 16-digit halves of a and b, which have fours of digits. */
static inline __m256i
eights(__m256i a, __m256i b)
{
    return _mm256_madd_epi16(_mm256_packus_epi32(a, b), _mm256_set1_epi32(10000 + (1 << 16)));
}

static inline __m256i
fours(__m256i digits)
{
    const __m256i pairs = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(10 + (1 << 8)));
    return _mm256_madd_epi16(pairs, _mm256_set1_epi32(100 + (1 << 16)));
}

/* Integers below 2^32 in 64 bits as doubles: put behind 2^52, which is taken away again. */
static inline __m256d
to_double(__m256i x)
{
    const __m256d bias = _mm256_set1_pd(0x1p52);
    return _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(x, _mm256_castpd_si256(bias))), bias);
}

/* Sixteen digits, as eights() leaves them, to the nearest double. */
static inline __m256d
sixteens(__m256i eights)
{
    const __m256i low_half = _mm256_set1_epi64x(0xffffffff);
    return _mm256_fmadd_pd(to_double(_mm256_and_si256(eights, low_half)), _mm256_set1_pd(1e8),
                           to_double(_mm256_srli_epi64(eights, 32)));
}

/* Pass 1 for cells of up to 16 bytes. */
static void
look_at_short(const struct tables *t, const struct batch_of_cells *cells, struct passes *passes)
{
    const char *const end = cells->text - SHORT;
    for (uint32_t i = 0; i < cells->n; i += 2) {
        const uint32_t *const behind = cells->behind + i, *const lengths = cells->lengths + i;
        const uint32_t n0 = lengths[0] < SHORT ? lengths[0] : SHORT, n1 = lengths[1] < SHORT ? lengths[1] : SHORT;
        look_at(t, load_2(end + behind[0], end + behind[1]), load_2(last_of_16 + n0, last_of_16 + n1), passes, i / 2);
    }
}

/* One bit for each of sixteen elements that are 0 or -1. */
static inline uint32_t
bits_of_16(__m256i x)
{
    const uint32_t bytes = (uint32_t) _mm256_movemask_epi8(_mm256_packs_epi16(x, _mm256_setzero_si256()));
    return (bytes & 0xff) | (bytes >> 8 & 0xff00);
}

/* Bits to set for cells that are negative, or empty (0 or -1). */
static inline __m256i
sign_bits(__m256i negative, __m256i empty)
{
    return _mm256_or_si256(_mm256_slli_epi32(negative, 31), _mm256_and_si256(empty, _mm256_set1_epi32(0x7fc00000)));
}

/* Pass 2: one point, a minus only as the first byte, a digit, nothing else; and no 007. */
static void
judge_short(const struct batch_of_cells *cells, struct passes *passes)
{
    const __m256i none = _mm256_setzero_si256(), all = _mm256_set1_epi8(-1), most = _mm256_set1_epi32(SHORT);
    for (uint32_t i = 0; i < cells->n; i += 16) {
        const __m256i lengths0 = load_256(cells->lengths + i), lengths1 = load_256(cells->lengths + i + 8);
        const __m256i cell32[2] = {_mm256_sllv_epi32(all, _mm256_sub_epi32(most, lengths0)),
                                   _mm256_sllv_epi32(all, _mm256_sub_epi32(most, lengths1))};
        const __m256i low = _mm256_set1_epi32(0xffff);
        const __m256i cell = _mm256_permute4x64_epi64(
            _mm256_packus_epi32(_mm256_and_si256(cell32[0], low), _mm256_and_si256(cell32[1], low)),
            _MM_SHUFFLE(3, 1, 2, 0));
        const __m256i valid = load_256(passes->valid + i / 2), point = load_256(passes->point + i / 2);
        const __m256i minus = load_256(passes->minus + i / 2), zero = load_256(passes->zero + i / 2);
        const __m256i digits = _mm256_andnot_si256(_mm256_or_si256(point, minus), cell);
        const __m256i second_point = _mm256_and_si256(point, _mm256_add_epi16(point, all));
        const __m256i not_first = _mm256_and_si256(minus, _mm256_add_epi16(cell, cell));
        /* 007: an integer whose first digit is 0, and not its only one. */
        const __m256i first = _mm256_and_si256(digits, _mm256_sub_epi16(none, digits));
        const __m256i leading_zero =
            _mm256_andnot_si256(_mm256_cmpeq_epi16(first, digits),
                                _mm256_and_si256(_mm256_cmpeq_epi16(point, none), _mm256_and_si256(first, zero)));
        const __m256i wrong = _mm256_or_si256(_mm256_or_si256(second_point, not_first),
                                              _mm256_or_si256(_mm256_andnot_si256(valid, cell), leading_zero));
        const __m256i empty = _mm256_cmpeq_epi16(cell, none);
        const __m256i no_digit = _mm256_andnot_si256(empty, _mm256_cmpeq_epi16(digits, none));
        const __m256i right = _mm256_andnot_si256(no_digit, _mm256_cmpeq_epi16(wrong, none));
        passes->odd[i / 64] |= (uint64_t) (bits_of_16(right) ^ 0xffff) << i % 64;

        const __m256i negative = _mm256_xor_si256(_mm256_cmpeq_epi16(minus, none), all);
        for (int h = 0; h < 2; h++) {
            const __m128i negative_half =
                h == 0 ? _mm256_castsi256_si128(negative) : _mm256_extracti128_si256(negative, 1);
            const __m256i empty32 = _mm256_cmpeq_epi32(h == 0 ? lengths0 : lengths1, none);
            store_256(passes->signs + i + 8 * h, sign_bits(_mm256_cvtepi16_epi32(negative_half), empty32));
        }
        const __m256i slot = _mm256_srli_epi16(_mm256_mullo_epi16(point, _mm256_set1_epi16(0x8cf)), 11);
        store_256(passes->slots + i, _mm256_add_epi16(slot, slot));
    }
}

/*
 * Pass 3. At most 15 digits come with a point, so the significand and the power of ten are exact doubles, and the
 * quotient is the nearest one; 16 digits without a point are rounded once, when they become a double.
 */
static void
convert_short(const struct batch_of_cells *cells, const struct passes *passes, float *to)
{
    const uint16_t *slots = passes->slots;
    const char *const move = (const char *) moves, *const power = (const char *) powers_of_slots;
    const uint8_t *digits = passes->digits;
    for (uint32_t i = 0; i < cells->n; i += 8, slots += 8, digits += 8 * SHORT) {
        __m256i four[4];
        for (int q = 0; q < 4; q++)
            four[q] = fours(_mm256_shuffle_epi8(load_256(digits + 2 * SHORT * q),
                                                load_2(move + 8 * slots[2 * q], move + 8 * slots[2 * q + 1])));
        __m128 values[2];
        for (int h = 0; h < 2; h++) {
            /* Cells 0 2 1 3 */
            const uint16_t *const at = slots + 4 * h;
            const __m256d powers =
                _mm256_set_pd(*(const double *) (power + 4 * at[3]), *(const double *) (power + 4 * at[1]),
                              *(const double *) (power + 4 * at[2]), *(const double *) (power + 4 * at[0]));
            values[h] = _mm256_cvtpd_ps(_mm256_div_pd(sixteens(eights(four[2 * h], four[2 * h + 1])), powers));
        }
        const __m256 in_order = _mm256_permute_ps(_mm256_set_m128(values[1], values[0]), _MM_SHUFFLE(3, 1, 2, 0));
        _mm256_storeu_ps(to + i, _mm256_or_ps(in_order, _mm256_castsi256_ps(load_256(passes->signs + i))));
    }
}

static void
look_at_long(const struct tables *t, const struct batch_of_cells *cells, struct passes *passes)
{
    for (uint32_t i = 0; i < cells->n; i++) {
        const uint32_t n = cells->lengths[i] < LONG ? cells->lengths[i] : LONG;
        look_at(t, load_256(cells->text - LONG + cells->behind[i]), load_256(last_of_32 + n), passes, i);
    }
}

static void
judge_long(const struct batch_of_cells *cells, struct passes *passes)
{
    const __m256i none = _mm256_setzero_si256(), all = _mm256_set1_epi8(-1), most = _mm256_set1_epi32(LONG);
    for (uint32_t i = 0; i < cells->n; i += 8) {
        const __m256i lengths = load_256(cells->lengths + i);
        const __m256i cell = _mm256_sllv_epi32(all, _mm256_sub_epi32(most, lengths));
        const __m256i valid = load_256(passes->valid + i), point = load_256(passes->point + i);
        const __m256i minus = load_256(passes->minus + i), zero = load_256(passes->zero + i);
        const __m256i digits = _mm256_andnot_si256(_mm256_or_si256(point, minus), cell);
        const __m256i second_point = _mm256_and_si256(point, _mm256_add_epi32(point, all));
        const __m256i not_first = _mm256_and_si256(minus, _mm256_add_epi32(cell, cell));
        const __m256i no_point = _mm256_cmpeq_epi32(point, none);
        const __m256i first = _mm256_and_si256(digits, _mm256_sub_epi32(none, digits));
        const __m256i leading_zero = _mm256_andnot_si256(_mm256_cmpeq_epi32(first, digits),
                                                         _mm256_and_si256(no_point, _mm256_and_si256(first, zero)));
        const __m256i wrong = _mm256_or_si256(_mm256_or_si256(second_point, not_first),
                                              _mm256_or_si256(_mm256_andnot_si256(valid, cell), leading_zero));
        const __m256i empty = _mm256_cmpeq_epi32(lengths, none);
        const __m256i no_digit = _mm256_andnot_si256(empty, _mm256_cmpeq_epi32(digits, none));

        /* The bit of the point is the exponent of its mask as a float; the sign it has for the last bit is cut off. */
        const __m256i exponent = _mm256_and_si256(_mm256_srli_epi32(_mm256_castps_si256(_mm256_cvtepi32_ps(point)), 23),
                                                  _mm256_set1_epi32(0xff));
        const __m256i fraction = _mm256_sub_epi32(_mm256_set1_epi32(127 + LONG - 1), exponent);
        const __m256i scale = _mm256_blendv_epi8(fraction, _mm256_set1_epi32(NO_POINT), no_point);
        store_256(passes->scale + i, scale);
        const __m256i too_fine =
            _mm256_andnot_si256(no_point, _mm256_cmpgt_epi32(fraction, _mm256_set1_epi32(MOST_FRACTION)));
        /* Lengths are below 2^31. */
        const __m256i too_long = _mm256_cmpgt_epi32(lengths, most);
        const __m256i bad = _mm256_or_si256(no_digit, _mm256_or_si256(too_fine, too_long));
        const __m256i right = _mm256_andnot_si256(bad, _mm256_cmpeq_epi32(wrong, none));
        passes->odd[i / 64] |= (uint64_t) (_mm256_movemask_ps(_mm256_castsi256_ps(right)) ^ 0xff) << i % 64;

        const __m256i negative = _mm256_xor_si256(_mm256_cmpeq_epi32(minus, none), all);
        store_256(passes->signs + i, sign_bits(negative, empty));
    }
}

/* The digits of a long cell without the gap of the point, in fours. */
static inline __m256i
long_fours(const struct passes *passes, uint32_t i)
{
    const __m256i digits = load_256(passes->digits + i * LONG);
    const __m256i moved = _mm256_alignr_epi8(digits, _mm256_permute2x128_si256(digits, digits, 0x08), 15);
    return fours(_mm256_blendv_epi8(digits, moved, load_256(up_to_point + passes->scale[i])));
}

/*
 * As convert_avx512.c has it, with three roundings instead of two: w, up to 19 digits, is summed up in doubles, where
 * the lower 16 digits are rounded, then the sum; then the quotient. So |v - x| < 3.02 ulp, D is at most 4 doubles from
 * v, and the low 29 bits of v have to be more than 4 from 2^28. A sum of at most 2^53 is exact. exponents: [n] or NULL.
 */
static void
convert_long(const struct batch_of_cells *cells, const int32_t *exponents, struct passes *passes, float *to)
{
    enum { UNSURE = 4 };
    const __m128i most_fraction = _mm_set1_epi32(MOST_FRACTION);
    for (uint32_t i = 0; i < cells->n; i += 4) {
        /* The upper sixteen digits of two cells, then the lower. */
        const __m256i a = eights(long_fours(passes, i), long_fours(passes, i + 1));
        const __m256i b = eights(long_fours(passes, i + 2), long_fours(passes, i + 3));
        const __m256i upper = _mm256_permute2x128_si256(a, b, 0x20), lower = _mm256_permute2x128_si256(a, b, 0x31);
        const __m256i low_half = _mm256_set1_epi64x(0xffffffff), most = _mm256_srli_epi64(upper, 32);
        const __m256i too_many =
            _mm256_or_si256(_mm256_cmpgt_epi64(_mm256_and_si256(upper, low_half), _mm256_setzero_si256()),
                            _mm256_cmpgt_epi64(most, _mm256_set1_epi64x(999)));
        const __m256d w = _mm256_fmadd_pd(to_double(most), _mm256_set1_pd(1e16), sixteens(lower));
        const uint32_t *at = passes->scale + i;
        uint32_t apart[4];
        __m256d times = _mm256_setzero_pd();
        uint32_t odd = 0;
        if (exponents != NULL) {
            const __m128i scale = _mm_loadu_si128((const __m128i *) at);
            const __m128i f = _mm_andnot_si128(_mm_cmpeq_epi32(scale, _mm_set1_epi32(NO_POINT)), scale);
            const __m128i power = _mm_sub_epi32(f, _mm_loadu_si128((const __m128i *) (exponents + i)));
            const __m128i far = _mm_cmpgt_epi32(_mm_abs_epi32(power), most_fraction);
            times = _mm256_castsi256_pd(_mm256_cvtepi32_epi64(power));
            odd = (uint32_t) _mm_movemask_ps(_mm_castsi128_ps(far));
            _mm_storeu_si128((__m128i *) apart, _mm_andnot_si128(far, _mm_abs_epi32(power)));
            at = apart;
        }
        const __m256d powers = _mm256_set_pd(powers_of_fractions[at[3]], powers_of_fractions[at[2]],
                                             powers_of_fractions[at[1]], powers_of_fractions[at[0]]);
        __m256d v = _mm256_div_pd(w, powers);
        if (exponents != NULL) {
            v = _mm256_blendv_pd(v, _mm256_mul_pd(w, powers), times);
            odd |= (uint32_t) _mm256_movemask_pd(_mm256_cmp_pd(v, _mm256_set1_pd(3.4e38), _CMP_GE_OQ));
        }
        const __m256i from_middle = _mm256_sub_epi64(
            _mm256_and_si256(_mm256_castpd_si256(v), _mm256_set1_epi64x((1 << 29) - 1)), _mm256_set1_epi64x(1 << 28));
        const __m256i near = _mm256_and_si256(_mm256_cmpgt_epi64(from_middle, _mm256_set1_epi64x(-UNSURE - 1)),
                                              _mm256_cmpgt_epi64(_mm256_set1_epi64x(UNSURE + 1), from_middle));
        const __m256d unsure =
            _mm256_and_pd(_mm256_castsi256_pd(near), _mm256_cmp_pd(w, _mm256_set1_pd(0x1p53), _CMP_GT_OQ));
        odd |= (uint32_t) _mm256_movemask_pd(_mm256_or_pd(unsure, _mm256_castsi256_pd(too_many)));
        passes->odd[i / 64] |= (uint64_t) odd << i % 64;
        _mm_storeu_ps(to + i, _mm_or_ps(_mm256_cvtpd_ps(v), _mm_loadu_ps((const float *) (passes->signs + i))));
    }
}

static void
all_short(const struct tables *t, const struct batch_of_cells *cells, struct passes *passes, float *to)
{
    memset(passes->odd, 0, sizeof passes->odd);
    look_at_short(t, cells, passes);
    judge_short(cells, passes);
    convert_short(cells, passes, to);
}

static void
all_long(const struct tables *t, const struct batch_of_cells *cells, const int32_t *exponents, struct passes *passes,
         float *to)
{
    memset(passes->odd, 0, sizeof passes->odd);
    look_at_long(t, cells, passes);
    judge_long(cells, passes);
    convert_long(cells, exponents, passes, to);
}

/* Lengths of n cells, and a bit for each one that is long. Returns how many are. */
static uint32_t
measure(const uint32_t *before, const uint32_t *behind, uint32_t n, uint32_t *lengths, uint64_t *longer)
{
    uint32_t n_long = 0;
    for (uint32_t word = 0; word < BATCH / 64; word++) {
        uint64_t bits = 0;
        for (uint32_t i = 64 * word; i < n && i < 64 * word + 64; i += 8) {
            const __m256i length =
                _mm256_sub_epi32(_mm256_sub_epi32(load_256(behind + i), load_256(before + i)), _mm256_set1_epi32(1));
            const __m256i is_longer = _mm256_cmpgt_epi32(length, _mm256_set1_epi32(SHORT));
            store_256(lengths + i, length);
            bits |= (uint64_t) _mm256_movemask_ps(_mm256_castsi256_ps(is_longer)) << i % 64;
        }
        longer[word] = bits;
        n_long += (uint32_t) __builtin_popcountll(bits);
    }
    return n_long;
}

/* Cells of a batch that are converted by themselves: long ones among short ones, or those with exponents. */
struct few {
    uint32_t index[BATCH], behind[BATCH + SPARE], lengths[BATCH + SPARE];
    int32_t exponents[BATCH + SPARE];
    uint32_t n;
};

static void
convert_few(const struct tables *t, const char *text, struct few *few, struct passes *passes, float *to, uint64_t *odd)
{
    float values[BATCH];
    for (uint32_t i = few->n; i < few->n + SPARE; i++) {
        few->behind[i] = few->behind[0];
        few->lengths[i] = 0;
        few->exponents[i] = 0;
    }
    const struct batch_of_cells cells = {text, few->behind, few->lengths, (few->n + 7) & ~7u};
    all_long(t, &cells, few->exponents, passes, values);
    for (uint32_t i = 0; i < few->n; i++) {
        const uint32_t at = few->index[i];
        const uint64_t bit = (uint64_t) 1 << at % 64;
        to[at] = values[i];
        odd[at / 64] = (odd[at / 64] & ~bit) | (passes->odd[i / 64] >> i % 64 & 1 ? bit : 0);
    }
}

static void
convert_long_ones(const struct tables *t, const struct batch_of_cells *cells, const uint64_t *longer,
                  struct passes *passes, float *to, uint64_t *odd)
{
    struct few few;
    few.n = 0;
    for (uint32_t word = 0; word < BATCH / 64; word++)
        for (uint64_t bits = longer[word]; bits != 0; bits &= bits - 1) {
            const uint32_t at = 64 * word + (uint32_t) __builtin_ctzll(bits);
            few.index[few.n] = at;
            few.behind[few.n] = cells->behind[at];
            few.lengths[few.n] = cells->lengths[at];
            few.exponents[few.n++] = 0;
        }
    convert_few(t, cells->text, &few, passes, to, odd);
}

/* Of the odd cells those that are a decimal and an exponent. */
static void
convert_exponents(const struct tables *t, const struct batch_of_cells *cells, struct passes *passes, float *to,
                  uint64_t *odd)
{
    struct few few;
    few.n = 0;
    for (uint32_t word = 0; word < BATCH / 64; word++)
        for (uint64_t bits = odd[word]; bits != 0; bits &= bits - 1) {
            const uint32_t at = 64 * word + (uint32_t) __builtin_ctzll(bits);
            int exponent;
            const uint32_t cut = convert_split(cells->text + cells->behind[at], cells->lengths[at], &exponent);
            if (cut == 0)
                continue;
            few.index[few.n] = at;
            few.behind[few.n] = cells->behind[at] - cut;
            few.lengths[few.n] = cells->lengths[at] - cut;
            few.exponents[few.n++] = exponent;
        }
    if (few.n > 0)
        convert_few(t, cells->text, &few, passes, to, odd);
}

static size_t
floats(const char *text, const uint32_t *before, const uint32_t *behind, size_t n, char decimal, float *to,
       uint32_t *left)
{
    const struct tables tables = tables_for(decimal);
    struct convert_cells marked = {text, before, behind, decimal, to, left, 0};
    struct passes passes;
    uint32_t starts[BATCH], ends[BATCH], lengths[BATCH + SPARE];
    for (size_t i = 0; i < n; i += BATCH) {
        uint32_t m = BATCH;
        const uint32_t *first = before + i, *end = behind + i;
        if (n - i < BATCH) {
            /* Empty cells fill the last vector. */
            const uint32_t there = (uint32_t) (n - i);
            m = (there + 15) & ~15u;
            memcpy(starts, first, there * sizeof *starts);
            memcpy(ends, end, there * sizeof *ends);
            for (uint32_t k = there; k < m; k++) {
                ends[k] = ends[there - 1];
                starts[k] = ends[k] - 1;
            }
            first = starts;
            end = ends;
        }
        uint64_t longer[BATCH / 64], odd[BATCH / 64];
        const uint32_t n_long = measure(first, end, m, lengths, longer);
        const struct batch_of_cells cells = {text, end, lengths, m};
        if (n_long > m / 2) {
            all_long(&tables, &cells, NULL, &passes, to + i);
            memcpy(odd, passes.odd, sizeof odd);
        } else {
            all_short(&tables, &cells, &passes, to + i);
            memcpy(odd, passes.odd, sizeof odd);
            if (n_long > 0)
                convert_long_ones(&tables, &cells, longer, &passes, to + i, odd);
        }
        convert_exponents(&tables, &cells, &passes, to + i, odd);
        convert_marked(&marked, i, odd, BATCH / 64);
    }
    return marked.n_left;
}

const struct convert_kernels convert_kernels_avx2 = {.name = "avx2", .floats = floats};
#endif
