#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/mman.h>
#include <unistd.h>

#include "../helpers/number_check.h"
#include "scan.h"

enum { CELLS = 10000 };

/* A million cells of all kinds, by every instruction set that this machine has, against number_parse and strtod. */
static void
test_random(void **state)
{
    (void) state;
    struct number_check check;
    struct texts texts;
    number_check_open(&check, CELLS);
    texts_open(&texts, CELLS, 20240229);
    assert_true(check.n_kernels > 0);
    for (int round = 0; round < 10; round++)
        for (int kind = 0; kind < TEXTS_KINDS; kind++) {
            const char decimal = round % 5 == 4 ? ',' : '.';
            texts_fill(&texts, kind, decimal);
            /* Not only whole blocks. */
            texts.n -= (size_t) (round * 13);
            if (!number_check(&check, &texts, decimal))
                fail_msg("%s: %s", texts_names[kind], check.failure);
        }
    texts_close(&texts);
    number_check_close(&check);
}

static const char *const hard[] = {
    "",
    "0",
    "-0",
    "-0.0",
    "00",
    "007",
    "-007",
    "00.5",
    "0.5",
    ".5",
    "-.5",
    "5.",
    "-5.",
    ".",
    "-",
    "-.",
    "--1",
    "1-",
    "1-2",
    "1.2.3",
    "..",
    "1..",
    "+5",
    "+.5",
    "1e5",
    "1e999",
    "-1e999",
    "1e-999",
    "1e39",
    "3.4028235677973366e38",
    "3.4028235677973365e38",
    "0x10",
    "1e-05",
    "e-05",
    "-e5",
    "1e5e05",
    "1e5e",
    "1E+22",
    "1e23",
    "1e22",
    "1e-22",
    "1e-23",
    "1.5e+05",
    "1.5e+5",
    "1.5e++5",
    "1.5e-5",
    "1.5e005",
    "1.5e-105",
    "0e5",
    "-0e-05",
    "5.e1",
    ".5e1",
    "-.5e-1",
    ".e1",
    "007e5",
    "00e05",
    "3.4e38",
    "3.4028234e38",
    "3.4028236e38",
    "-3.5e38",
    "1e-38",
    "1.1754942e-38",
    "1e-45",
    "1.000000059604644775e+00",
    "1.00000005960464478e-00",
    "123456789012345678901e-05",
    "1.234567890123456789e-05",
    "-1.234567890123456789e+19",
    "12345678901234567890.12345678e-05",
    "0.00000000000000000000000001e+26",
    "e",
    "e5",
    "-1e",
    "1e+",
    "1e-",
    "1ee5",
    "inf",
    "-inf",
    "nan",
    "NA",
    "1,5",
    "1,234.5",
    "1.234,5",
    "1'000",
    " 1",
    "1 ",
    "1 2",
    "/",
    ":",
    "1/",
    "1:",
    "\xb1",
    "\xff",
    "1\xb1",
    "1\xae"
    "5",
    /* Middles between floats: exactly, and just beside. */
    "16777217",
    "16777217.0",
    "16777217.000000001",
    "16777216.999999999",
    "16777217.0000000001",
    "16777217.00000000001",
    "16777216.99999999999",
    "16777219",
    "0.000000059604648328104515558",
    "1.000000059604644775390625",
    "1.00000005960464477539062",
    "1.00000005960464478",
    "1.00000005960464477",
    "1.000000059604644776",
    "1.000000059604644775",
    "-1.000000059604644775",
    /* Rounded twice on purpose: nearer to 1 + 2^-23, but the nearest double is the middle, and the cast goes to even.
     */
    "1.00000005960464480",
    /* 15, 16, 17 bytes, and 31, 32, 33. */
    "123456789012345",
    "1234567890123456",
    "9007199254740993",
    "9999999999999999",
    "-999999999999999",
    "0000000000000000",
    "0.00000000000000",
    "0000000000000.00",
    "12345678901234.5",
    "-12345678901234.5",
    "12345678901234567",
    "00000000000000000",
    "0.0000000000000000",
    "-0.000000000000000",
    "9999999999999999999",
    "10000000000000000000",
    "18446744073709551615",
    "18446744073709551616",
    "0.0000000000000000000001",
    "0.00000000000000000000001",
    "0.00000000000001234567890123456",
    "000000000000001234567890123456.7",
    "-00000000000001234567890123456.7",
    "0000000000000001234567890123456.7",
    "99999999999999999999999999999999",
    "999999999999999999999999999999999",
    "0.000000000000000000000000000001",
    "1234567890123456789.012345678901",
    "1234567.890123456789",
    "123456789.123456789.123456",
    "1234567890123456-8901",
    "-1234567890123456-8901",
    "340282356779733661637539395458142568447",
    "340282356779733661637539395458142568448",
};

/* The hard cells among plain ones, at every place of a group of sixteen and in batches of every length up to 70. */
static void
test_hard(void **state)
{
    (void) state;
    struct number_check check;
    struct texts texts;
    number_check_open(&check, 1000);
    texts_open(&texts, 1000, 1);
    for (size_t k = 0; k < sizeof hard / sizeof *hard; k++)
        for (size_t n = 1; n <= 70; n += n < 36 ? 1 : 17)
            for (int decimal = 0; decimal < 2; decimal++) {
                char *p = texts.text;
                texts.n = n;
                for (size_t i = 0; i < n; i++) {
                    const char *const text = i % 16 == n % 16 || i % 7 == 3 || n < 3 ? hard[k]
                                             : i % 5 == 0                            ? ""
                                                                                     : "-12.5";
                    const size_t length = strlen(text);
                    memcpy(p, text, length);
                    texts.before[i] = (uint32_t) (p - texts.text) - 1;
                    texts.behind[i] = (uint32_t) (p - texts.text) + (uint32_t) length;
                    p += length;
                    *p++ = '\t';
                }
                if (!number_check(&check, &texts, decimal == 0 ? '.' : ','))
                    fail_msg("'%s' in a batch of %zu: %s", hard[k], n, check.failure);
            }
    texts_close(&texts);
    number_check_close(&check);
}

/* Memory with pages on both sides that are out of bounds. */
struct guarded {
    char *start, *end;
};

static struct guarded
guarded_open(size_t n)
{
    const size_t page = (size_t) sysconf(_SC_PAGESIZE), whole = (n + page - 1) / page * page;
    char *const p = mmap(NULL, whole + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(p != MAP_FAILED);
    assert_int_equal(mprotect(p, page, PROT_NONE), 0);
    assert_int_equal(mprotect(p + page + whole, page, PROT_NONE), 0);
    return (struct guarded){p + page, p + page + whole};
}

static void
guarded_close(struct guarded *guarded)
{
    const size_t page = (size_t) sysconf(_SC_PAGESIZE);
    munmap(guarded->start - page, (size_t) (guarded->end - guarded->start) + 2 * page);
}

/* Cells at both ends of a text, the first one at offset 0; no more than the slack is read, no more than told written.
 */
static void
test_bounds(void **state)
{
    (void) state;
    static const char *const texts[] = {"7",  "-1.5", "",  "1234567890123456",  "-1234567.89012345678",
                                        "ab", "-",    ".", "12345678901234567", "123456789012345678901234567890123"};
    enum { MOST = 200, LONGEST = 40 };
    struct number_check check;
    struct guarded memory[5];
    number_check_open(&check, MOST);
    for (size_t k = 0; k < sizeof memory / sizeof *memory; k++)
        memory[k] = guarded_open(MOST * LONGEST + 2 * SCAN_SLACK);
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
        for (uint32_t n = 1; n <= MOST; n = n < 40 ? n + 1 : n + 80) {
            const uint32_t length = (uint32_t) strlen(texts[k]), bytes = n * (length + 1) - 1;
            for (int end = 0; end < 2; end++) {
                char *const text = end ? memory[0].end - SCAN_SLACK - bytes : memory[0].start + SCAN_SLACK;
                uint32_t *const before = (uint32_t *) memory[1].end - (n + 16);
                uint32_t *const behind = (uint32_t *) memory[2].end - (n + 16);
                uint32_t *const left = (uint32_t *) memory[3].end - n;
                float *const to = (float *) memory[4].end - (n + 16);
                /* What lies behind the arrays leads far away. */
                memset(before, 0x40, (n + 16) * sizeof *before);
                memset(behind, 0x41, (n + 16) * sizeof *behind);
                for (uint32_t i = 0; i < n; i++) {
                    before[i] = i * (length + 1) - 1;
                    behind[i] = before[i] + 1 + length;
                    memcpy(text + (uint32_t) (before[i] + 1), texts[k], length);
                    if (i + 1 < n)
                        text[behind[i]] = ',';
                }
                assert_true(before[0] == UINT32_MAX);
                for (uint32_t i = 0; i < n; i++)
                    assert_true(number_check_cell(&check, i, text + (uint32_t) (before[i] + 1), length, '.'));
                for (size_t kernel = 0; kernel < check.n_kernels; kernel++) {
                    const size_t n_left = check.kernels[kernel]->floats(text, before, behind, n, '.', to, left);
                    assert_int_equal(n_left, check.left_expected[0] ? n : 0);
                    for (uint32_t i = 0; i < n; i++)
                        if (n_left == 0)
                            assert_memory_equal(&to[i], &check.expected[i], sizeof *to);
                        else
                            assert_int_equal(left[i], i);
                }
            }
        }
    for (size_t k = 0; k < sizeof memory / sizeof *memory; k++)
        guarded_close(&memory[k]);
    number_check_close(&check);
}

static void
test_pick(void **state)
{
    (void) state;
    struct error error = {.text = ""};
    setenv("CL_ISA", "base", 1);
    const struct convert_kernels *kernels = convert_kernels_pick(&error);
    assert_non_null(kernels);
    assert_string_equal(kernels->name, "base");
    setenv("CL_ISA", "mmx", 1);
    assert_null(convert_kernels_pick(&error));
    assert_int_equal(error.status, STATUS_USAGE);
    unsetenv("CL_ISA");
    assert_non_null(convert_kernels_pick(&error));
    assert_int_equal(kernels->floats("", NULL, NULL, 0, '.', NULL, NULL), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_hard),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_pick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
