/*
 * Writes the C source of the table that formats/powers.h declares: the leading 128 bits of 5^q, for every q that a
 * double needs, by exact arithmetic on big integers. Runs while building: powers > powers_table.c
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "powers.h"

/* 2^NUMERATOR / 5^342 has to keep 128 bits and more, and 5^342 has 795. */
enum { LIMBS = 32, NUMERATOR = 32 * (LIMBS - 1) };

/* Little-endian, 32 bits each. */
struct big {
    uint32_t limb[LIMBS];
};

static void
multiply_by_5(struct big *x)
{
    uint64_t carry = 0;
    for (int i = 0; i < LIMBS; i++) {
        carry += (uint64_t) x->limb[i] * 5;
        x->limb[i] = (uint32_t) carry;
        carry >>= 32;
    }
}

/* Rounds down; floor(floor(a / 5) / 5) is floor(a / 25), so no error adds up. */
static void
divide_by_5(struct big *x)
{
    uint64_t rest = 0;
    for (int i = LIMBS - 1; i >= 0; i--) {
        rest = rest << 32 | x->limb[i];
        x->limb[i] = (uint32_t) (rest / 5);
        rest %= 5;
    }
}

static unsigned
bit(const struct big *x, int i)
{
    return i < 0 ? 0 : x->limb[i / 32] >> i % 32 & 1;
}

/* The 128 bits from the highest set one on. */
static void
print(const struct big *x, int q)
{
    int top = 32 * LIMBS - 1;
    while (!bit(x, top))
        top--;
    uint64_t half[2] = {0, 0};
    for (int i = 0; i < 128; i++)
        half[i / 64] = half[i / 64] << 1 | bit(x, top - i);
    printf("    {0x%016llx, 0x%016llx}, /* %d */\n", (unsigned long long) half[0], (unsigned long long) half[1], q);
}

int
main(void)
{
    static struct big inverse[1 - POWERS_FIRST];
    inverse[0].limb[NUMERATOR / 32] = 1;
    for (int k = 1; k <= -POWERS_FIRST; k++) {
        inverse[k] = inverse[k - 1];
        divide_by_5(&inverse[k]);
    }
    printf("/* Made by build-aux/powers.c. */\n#include \"powers.h\"\n\n");
    printf("const uint64_t powers_of_5[POWERS_LAST - POWERS_FIRST + 1][2] = {\n");
    for (int k = -POWERS_FIRST; k > 0; k--)
        print(&inverse[k], -k);
    struct big power = {.limb = {1}};
    for (int q = 0; q <= POWERS_LAST; q++) {
        print(&power, q);
        multiply_by_5(&power);
    }
    printf("};\n");
    return fflush(stdout) != 0 || ferror(stdout);
}
