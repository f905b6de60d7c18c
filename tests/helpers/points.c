/*
 * points ROWS COLUMNS CLASSES: writes a CSV of made-up numbers between -1 and 1 and a class 0 .. CLASSES - 1 that
 * depends on the first of them: what a network of any shape can be trained on.
 *
 * Fast, the same bytes every time, and no file anywhere.
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_COLUMNS = 10000, MOST_CLASSES = 1000, CELL = 8, BELOW_ONE = 10000 };

/* "0.1234," or "-0.1234,": a number of ten thousandths. */
static char *
put_number(char *p, int number)
{
    unsigned digits = (unsigned) (number < 0 ? -number : number);
    if (number < 0)
        *p++ = '-';
    p[0] = '0';
    p[1] = '.';
    p[2] = (char) ('0' + digits / 1000);
    p[3] = (char) ('0' + digits / 100 % 10);
    p[4] = (char) ('0' + digits / 10 % 10);
    p[5] = (char) ('0' + digits % 10);
    p[6] = ',';
    return p + 7;
}

int
main(int argc, char **argv)
{
    unsigned long long rows = argc == 4 ? strtoull(argv[1], NULL, 10) : 0;
    unsigned long columns = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
    unsigned classes = argc == 4 ? (unsigned) strtoul(argv[3], NULL, 10) : 0;
    if (rows == 0 || columns == 0 || columns > MOST_COLUMNS || classes < 2 || classes > MOST_CLASSES)
        errx(2, "usage: points ROWS COLUMNS CLASSES");
    for (unsigned long j = 0; j < columns; j++)
        printf("x%lu,", j);
    printf("y\n");
    static char line[MOST_COLUMNS * CELL + 8];
    uint64_t random = 88172645463325252u;
    for (unsigned long long i = 0; i < rows; i++) {
        char *p = line;
        int sum = 0;
        for (unsigned long j = 0; j < columns; j++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            int number = (int) ((random >> 40) % (2 * BELOW_ONE - 1)) - (BELOW_ONE - 1);
            sum += j < 3 ? number : 0;
            p = put_number(p, number);
        }
        p += sprintf(p, "%u\n", (unsigned) (sum / 100 + BELOW_ONE) % classes);
        if (fwrite(line, 1, (size_t) (p - line), stdout) != (size_t) (p - line))
            err(4, "write");
    }
    if (fflush(stdout) != 0)
        err(4, "write");
    return 0;
}
