#include "reservoir.h"

#include "rng_many.h"

enum { DRAWN = 512 }; /* random numbers at once */

uint64_t
reservoir_choose(uint64_t seed, uint64_t capacity, uint64_t seen, uint64_t n_old, uint64_t n_new, uint64_t *picks)
{
    const struct rng_key key = rng_key(seed, RNG_RESERVOIR, 0);
    uint64_t full = 0;
    if (capacity == 0)
        return 0;
    struct permutation thin = permutation_make(key, seen, n_old > 0 ? n_old : 1);
    for (uint64_t i = 0; i < n_old; i++)
        if (n_old <= capacity || permutation_at(&thin, i) < capacity)
            picks[full++] = i;
    uint64_t i = 0;
    for (; i < n_new && full < capacity; i++)
        picks[full++] = n_old + i;
    const struct rng_many *many = rng_many();
    for (uint64_t random[DRAWN], n; i < n_new; i += n) {
        n = n_new - i < DRAWN ? n_new - i : DRAWN;
        many->u64(key, seen + i, n, random);
        for (uint64_t j = 0; j < n; j++) {
            /* rng_below(key, t, t + 1), which hardly ever has a second try to make. */
            const uint64_t t = seen + i + j, bound = t + 1;
            const uint64_t slot = random[j] >= bound ? random[j] % bound : rng_below(key, t, bound);
            if (slot < capacity)
                picks[slot] = n_old + i + j;
        }
    }
    return full;
}
