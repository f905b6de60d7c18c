/*
 * The natural logarithm in double, by + - * / only: the same bits on every machine, which libm does not promise.
 */
#ifndef CL_LOGARITHM_H
#define CL_LOGARITHM_H

#include <stdint.h>
#include <string.h>

/*
 * log x for x > 0 and normal, about 1e-16 of the value: x = 2^e m with m in [sqrt 1/2, sqrt 2), then
 * log m = 2 artanh s = 2 (s + s^3/3 + s^5/5 + ...) with s = (m - 1) / (m + 1), |s| <= 0.1716.
 */
static inline double
logarithm(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int e = (int) (bits >> 52) - 1022;
    bits = (bits & 0x000FFFFFFFFFFFFFu) | 0x3FE0000000000000u; /* m in [1/2, 1) */
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m < 0.70710678118654752440) {
        m *= 2;
        e--;
    }
    static const double inverse[] = {1.0 / 23, 1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13,
                                     1.0 / 11, 1.0 / 9,  1.0 / 7,  1.0 / 5,  1.0 / 3};
    double s = (m - 1) / (m + 1), s2 = s * s, sum = 0;
    for (int k = 0; k < 11; k++)
        sum = (sum + inverse[k]) * s2;
    return e * 0.69314718055994530942 + 2 * (s + s * sum);
}

#endif
