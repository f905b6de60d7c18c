#include "ranking.h"

#include <string.h>

/* The score's bits in an order that integers share, above; the row below, so that a stable sort is not even needed. */
static uint64_t
pack(float score, size_t row)
{
    uint32_t bits;
    score += 0.0f; /* -0 is 0 */
    memcpy(&bits, &score, sizeof bits);
    bits = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
    return (uint64_t) bits << 32 | (uint64_t) row;
}

/* Radix sort, least byte first; rows are ascending already, so only the four bytes of the score are sorted by. */
static void
sort_packed(uint64_t *packed, uint64_t *other, size_t n)
{
    for (unsigned shift = 32; shift < 64; shift += 8) {
        size_t at[256] = {0}, sum = 0;
        for (size_t i = 0; i < n; i++)
            at[packed[i] >> shift & 0xff]++;
        for (unsigned b = 0; b < 256; b++) {
            size_t count = at[b];
            at[b] = sum;
            sum += count;
        }
        for (size_t i = 0; i < n; i++)
            other[at[packed[i] >> shift & 0xff]++] = packed[i];
        uint64_t *swap = packed;
        packed = other;
        other = swap;
    }
}

struct ranking
rank_scores(const float *scores, size_t stride, const uint32_t *label, uint32_t class, const double *w, size_t n,
            uint64_t *scratch)
{
    struct ranking ranking = {0};
    for (size_t i = 0; i < n; i++) {
        scratch[i] = pack(scores[i * stride], i);
        *(label[i] == class ? &ranking.positives : &ranking.negatives) += w == NULL ? 1 : w[i];
    }
    sort_packed(scratch, scratch + n, n);
    double above = 0, seen = 0, wins = 0; /* weight of positives, of all rows so far; of pairs in the right order */
    for (size_t end = n, first; end > 0; end = first) {
        double positives = 0, negatives = 0;
        for (first = end - 1; first > 0 && scratch[first - 1] >> 32 == scratch[first] >> 32;)
            first--;
        for (size_t i = first; i < end; i++) {
            uint32_t row = (uint32_t) scratch[i];
            *(label[row] == class ? &positives : &negatives) += w == NULL ? 1 : w[row];
        }
        wins += negatives * (above + positives / 2);
        above += positives;
        seen += positives + negatives;
        if (seen > 0)
            ranking.pr_auc += positives * (above / seen);
    }
    double pairs = ranking.positives * ranking.negatives;
    ranking.auc = pairs > 0 ? wins / pairs : 0;
    ranking.pr_auc = ranking.positives > 0 ? ranking.pr_auc / ranking.positives : 0;
    return ranking;
}
