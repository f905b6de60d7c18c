/*
 * Gradients of losses on soft targets, row by row (formulas: kernels/ref/soft.c): a part of kernels.inc.h, which
 * includes it. NaN is no target.
 */

static size_t
count_targets(size_t n, const float *s)
{
    uint32_t m = 0;
    for (size_t j = 0; j < n; j++)
        m += s[j] == s[j];
    return m;
}

static void
soft_squares(size_t n, const float *z, const float *s, float scale, float *dz)
{
    const size_t m = count_targets(n, s);
    const float twice = (float) (2.0 / (double) m);
    if (m == n)
        for (size_t j = 0; j < n; j++)
            dz[j] = fmaf((z[j] - s[j]) * twice, scale, dz[j]);
    else
        for (size_t j = 0; j < n; j++)
            dz[j] = s[j] == s[j] ? fmaf((z[j] - s[j]) * twice, scale, dz[j]) : dz[j];
}

static void
soft_sigmoids(size_t n, float temperature, const float *z, const float *s, float scale, float *dz)
{
    const float inverse = (float) (1.0 / (double) temperature);
    const float factor = (float) ((double) temperature / (double) count_targets(n, s));
    for (size_t j = 0; j < n; j++) {
        float g = (num_sigmoid(z[j] * inverse) - num_sigmoid(s[j] * inverse)) * factor;
        dz[j] = s[j] == s[j] ? fmaf(g, scale, dz[j]) : dz[j];
    }
}

/* Softmax of z * inverse into p, over outputs whose mark is 0: that of others is -infinity, and their share 0. */
static void
marked_softmax(size_t n, const float *z, const float *mark, float inverse, float *p)
{
    float max = -INFINITY;
    for (size_t j = 0; j < n; j++)
        max = mark[j] == 0.0f && z[j] > max ? z[j] : max;
    for (size_t j = 0; j < n; j++) {
        float e = num_exp((z[j] - max) * inverse);
        p[j] = mark[j] == 0.0f ? e : 0.0f;
    }
    const float denominator = total(n, p);
    for (size_t j = 0; j < n; j++)
        p[j] /= denominator;
}

/*
 * Group by group. What comes before and after a group are zeros, and the tree of the lanes (rule 3) is the same from
 * wherever it is begun, so in a single block a sum may begin with the group. room: [3, ld].
 */
static void
soft_softmaxes(size_t o, const struct plan_groups *groups, float temperature, const float *z, const float *s,
               float scale, float *dz, float *room, size_t ld)
{
    const float inverse = (float) (1.0 / (double) temperature);
    float *mark = room, *p = room + ld, *q = room + 2 * ld;
    size_t n_groups = 0;
    for (size_t g = 0; g < groups->n; g++) {
        const uint8_t *mask = groups->masks + g * o;
        bool any = false;
        for (size_t j = groups->first[g]; j < groups->end[g]; j++)
            any |= mask[j] != 0 && s[j] == s[j];
        n_groups += any;
    }
    const float factor = (float) ((double) temperature / (double) n_groups);
    for (size_t g = 0; g < groups->n; g++) {
        const uint8_t *mask = groups->masks + g * o;
        const size_t first = o > NUM_SUM_BLOCK ? 0 : groups->first[g];
        const size_t n = groups->end[g] - first;
        bool any = false;
        for (size_t j = 0; j < n; j++) {
            const bool in = mask[first + j] != 0 && s[first + j] == s[first + j];
            mark[j] = in ? 0.0f : -INFINITY;
            any |= in;
        }
        if (!any)
            continue;
        marked_softmax(n, z + first, mark, inverse, p);
        marked_softmax(n, s + first, mark, inverse, q);
        for (size_t j = 0; j < n; j++)
            dz[first + j] = mark[j] == 0.0f ? fmaf((p[j] - q[j]) * factor, scale, dz[first + j]) : dz[first + j];
    }
}
