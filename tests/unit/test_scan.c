#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scan_check.h"

/* A random number below `bound` (splitmix64). */
static uint32_t
below(uint64_t *seed, uint32_t bound)
{
    uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t) ((z ^ z >> 31) >> 32) % bound;
}

static void
check(struct scan_check *scans, const char *text, size_t n, char delimiter, unsigned around)
{
    if (!scan_check_text(scans, text, n, delimiter, around))
        fail_msg("%s", scans->failure);
}

static void
test_named(void **state)
{
    static const char *const texts[] = {"",
                                        "\n",
                                        "\r",
                                        "\r\n",
                                        "\n\r",
                                        "\r\r\n\n",
                                        "a",
                                        "a\n",
                                        "a\r",
                                        "a\r\n",
                                        "a,b\r\nc,d\r\n",
                                        "a,b\rc,d\r",
                                        "a,b\n\rc,d\n\r",
                                        "\n\n\n",
                                        "a\n\n \n\t\nb\n",
                                        ",\n",
                                        ",,\r\n,,\r\n",
                                        "\"\"\n",
                                        "\"\"\"\"\n",
                                        "\"\"\"\"\"\"\n",
                                        "\"a\"\"b\"\n",
                                        "\"a\"\"\",b\n",
                                        "\"\"\"a\"\n",
                                        "\"a\",\"b\"\n\"c\",\"d\"\n",
                                        "\"a,b\",\"c\nd\"\ne,f\n",
                                        "\"a\r\nb\"\r\nc\r\n",
                                        "\"a\r\",b\r\n",
                                        "a\"b,c\"\"d\ne,f\n",
                                        "\"a\"x,b\nc,d\n",
                                        "a,\"b\"\"c\"d\n\"e\"\n",
                                        " \"a\" , \"b\"\n\"c\",d\n",
                                        "\"a\" \n\"b\"\n",
                                        "\" a \",b\n",
                                        "\"a\n",
                                        "a\n\"b",
                                        "\"a\"",
                                        "\"a\"\"",
                                        "\"a\"\n\"",
                                        "\"\n\"\n",
                                        "\"\r\"\r",
                                        "\r\"\"\r",
                                        "\"a\"\"b",
                                        "x\"\n\"y\"\n",
                                        "a \"b\" c,\"d\"\n",
                                        "\"a\" \"b\",c\nd\n",
                                        "\"a\"\"\"\"b\",c\n",
                                        "a,b\n\"c\r\n",
                                        "\xff\xfe\n",
                                        "\"\xc3\xa9\",caf\xc3\xa9\n",
                                        "=\"a\",b\n\"c\",\"d\"\n",
                                        "\"a\", \"b\n\", c\n",
                                        "a|b;c\td e\n1|2;3\t4 5\n"};
    static const char *const with_nul[] = {"a,~b\nc,d\n",   "~\n",  "\"~\"\nb\n",
                                           "\"a\"~,b\nc\n", "a\n~", "~~\r\n\"\"\"~\"\r\n"};
    static const char delimiters[] = ",;\t |x:";
    struct scan_check *scans = *state;
    for (size_t d = 0; d < sizeof delimiters - 1; d++) {
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
            for (unsigned around = 0; around < 8; around++)
                check(scans, texts[i], strlen(texts[i]), delimiters[d], around * 77 + 1);
        for (size_t i = 0; i < sizeof with_nul / sizeof *with_nul; i++) {
            char text[64];
            size_t n = strlen(with_nul[i]);
            for (size_t k = 0; k < n; k++)
                text[k] = with_nul[i][k] == '~' ? '\0' : with_nul[i][k];
            check(scans, text, n, delimiters[d], (unsigned) i);
        }
    }
}

/* Each named text at every place of a block: behind lines that shift it, before lines that fill the next blocks. */
static void
test_places(void **state)
{
    static const char *const texts[] = {"a\r\n",       "\"a\"\r\n",      "\"a\"\n",  "\"a\"\"b\"\n", "\"a\n\"\n",
                                        "a\rb\r",      "\"a\"\r\"b\"\r", "\"a\" \n", "a\"\"b\n",     " \"a\"\n",
                                        "\"a\"b\n",    "a ,\t\n",        "p ,p\n",   "p\n p\n",      "p\r p\n",
                                        "\"\",\"\"\n", "\r\r\n\"\"\n"};
    struct scan_check *scans = *state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (size_t before = 0; before < 70; before++) {
            char text[512];
            memset(text, 'p', sizeof text);
            if (before > 0)
                text[before - 1] = ',';
            size_t n = before + strlen(texts[i]);
            memcpy(text + before, texts[i], strlen(texts[i]));
            memcpy(text + n, texts[i], strlen(texts[i]));
            check(scans, text, n, ',', 1);
            check(scans, text, n + strlen(texts[i]), ',', 2);
            text[n + 100] = '\n';
            check(scans, text, n + 101, ',', (unsigned) before);
        }
}

/* Texts of some bytes of an alphabet, of more bytes that are often structural, and of whole cells. */
static void
test_random(void **state)
{
    static const char *const alphabets[] = {
        "\",\n", "\",\na",         "\"\r\n,",        "\",\n \t",      "a\r\n,",
        "ab,\n", "\"\"a,\r\n \t;", "a,\n\"\xc3\xa9", "aaaaaaaa\",\n", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa,,,,\n\" \r"};
    static const char *const pieces[] = {
        "1",          "12.5",     "\"q\"",      "\"a,b\"",
        "\"x\"\"y\"", "\"l\nm\"", "\"l\r\nm\"", "",
        " pad",       "pad ",     "in ner",     "o\"dd",
        " \"b\"",     "\"c\" ",   "\"d\"e",     "long enough to leave a block, or nearly so, by itself, was it?",
        "\xc3\xbc"};
    static const char *const ends[] = {"\n", "\r\n", "\r", "\n\n", "\n \n"};
    static const char delimiters[] = ",,,,;\t |";
    struct scan_check *scans = *state;
    uint64_t seed = 7;
    static char text[80000];
    for (int round = 0; round < 100000; round++) {
        const char delimiter = delimiters[below(&seed, sizeof delimiters - 1)];
        size_t most = round % 5000 == 0 ? 40000 : round % 10 == 0 ? 600 : 150, n = 0;
        most = below(&seed, (uint32_t) most);
        if (round % 2 == 0) {
            const char *alphabet = alphabets[below(&seed, sizeof alphabets / sizeof *alphabets)];
            const size_t n_alphabet = strlen(alphabet) + (below(&seed, 8) == 0); /* its NUL too */
            for (; n < most; n++)
                text[n] = alphabet[below(&seed, (uint32_t) n_alphabet)];
        } else {
            const size_t n_pieces = below(&seed, 2) ? 5 : sizeof pieces / sizeof *pieces;
            const char *end = ends[below(&seed, sizeof ends / sizeof *ends)];
            while (n < most) {
                const char *piece = pieces[below(&seed, (uint32_t) n_pieces)];
                memcpy(text + n, piece, strlen(piece));
                n += strlen(piece);
                if (below(&seed, 4) == 0) {
                    memcpy(text + n, end, strlen(end));
                    n += strlen(end);
                } else {
                    text[n++] = delimiter;
                }
            }
        }
        check(scans, text, n, delimiter, below(&seed, 100000));
    }
    assert_true(scans->pieces > 10000);
}

/* Records and cells that are longer than a tile and than the room of a scan. */
static void
test_long(void **state)
{
    struct scan_check *scans = *state;
    const size_t n = 3 << 20;
    char *text = mem_alloc(n);
    for (int kind = 0; kind < 9; kind++) {
        /* Without the room that the kinds before have made. */
        for (size_t i = 0; i < scans->n_scans; i++) {
            const struct scan_kernels *kernels = scans->scans[i].kernels;
            scan_close(&scans->scans[i]);
            scan_open(&scans->scans[i], kernels);
        }
        memset(text, 'x', n);
        switch (kind) {
        case 0: /* 500,000 cells in one record */
            for (size_t i = 1; i < 1000000; i += 2)
                text[i] = ',';
            break;
        case 1: /* the same, in quotes */
            for (size_t i = 0; i + 4 <= 1000000; i += 4)
                memcpy(text + i, "\"x\",", 4);
            break;
        case 2: /* the same, with an odd cell at the end */
            for (size_t i = 1; i < 1000000; i += 2)
                text[i] = ',';
            text[1000001] = '"';
            break;
        case 8: /* the same, with an odd cell at the start */
            for (size_t i = 3; i < 1000000; i += 2)
                text[i] = ',';
            text[1] = '"';
            break;
        case 3: /* a cell of a megabyte with quotes around it */
            text[0] = text[1000002] = '"';
            break;
        case 4: /* a quote that is not closed */
            text[0] = '"';
            break;
        case 5: /* records of one byte */
            for (size_t i = 1; i < 200000; i += 2)
                text[i] = '\n';
            break;
        case 6: /* nothing but line ends */
            memset(text, '\n', 100000);
            break;
        case 7: /* no line end at all */
            break;
        }
        if (kind != 7)
            memcpy(text + 1000003, "\na,b\n\"c\",d\n", 11);
        check(scans, text, kind == 4 ? 1000100 : 1100000, ',', 3);
    }
    free(text);
}

/* All files of a folder of tests/data. */
static void
check_folder(struct scan_check *scans, const char *folder)
{
    char path[4096];
    const char *tests = getenv("TESTS");
    struct dirent **entries;
    static char text[1 << 20];
    unsigned files = 0;
    snprintf(path, sizeof path, "%s/data/%s", tests != NULL ? tests : "tests", folder);
    int n = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        if (strstr(entries[i]->d_name, ".csv") != NULL) {
            snprintf(path, sizeof path, "%s/data/%s/%s", tests != NULL ? tests : "tests", folder, entries[i]->d_name);
            FILE *file = fopen(path, "rb");
            assert_non_null(file);
            size_t size = fread(text, 1, sizeof text, file);
            fclose(file);
            for (size_t cut = 0; cut < size && cut < 300; cut++)
                check(scans, text + cut, size - cut, ',', (unsigned) cut * 13);
            check(scans, text, size, ';', 0);
            files++;
        }
        free(entries[i]);
    }
    free(entries);
    assert_true(files >= 4);
}

static void
test_files(void **state)
{
    check_folder(*state, "csv-spectrum/csvs");
    check_folder(*state, "papaparse");
}

/* What other programs may rely on, and the differential tests do not see. */
static void
test_interface(void **state)
{
    struct scan_check *scans = *state;
    static const char text[] = "\n\na,\"b\"\r\n c,d\ne";
    char room[SCAN_SLACK * 2 + sizeof text];
    memset(room, ' ', sizeof room);
    memcpy(room + SCAN_SLACK, text, sizeof text - 1);
    for (size_t i = 0; i < scans->n_scans; i++) {
        struct scan *scan = &scans->scans[i];
        scan_begin(scan, room + SCAN_SLACK, sizeof text - 1, ',');
        assert_true(scan_next(scan));
        assert_int_equal(scan->n_records, 4);
        assert_int_equal(scan->n_cells, 6);
        assert_int_equal(scan->before[0], UINT32_MAX);
        assert_int_equal(scan->behind[0], 0);
        assert_int_equal(scan->before[3], 4);
        assert_int_equal(scan->behind[3], 6);
        assert_int_equal(scan->before[4], 8);
        assert_int_equal(scan->behind[5], 13);
        assert_int_equal(scan->starts[3], 9);
        assert_int_equal(scan->end, 14);
        assert_true(scan->ascii);
        assert_true(scan->blanks);
        assert_int_equal(scan->doubled[0], 0);
        assert_false(scan_next(scan));
        assert_int_equal(scan->end, 14);
    }
}

/* CL_ISA names the set; what is picked runs here. */
static void
test_pick(void **state)
{
    (void) state;
    struct error error;
    unsetenv("CL_ISA");
    assert_ptr_equal(scan_kernels_pick(&error), scan_kernels_here(0));
    setenv("CL_ISA", "base", 1);
    assert_ptr_equal(scan_kernels_pick(&error), &scan_kernels_base);
    setenv("CL_ISA", "mmx", 1);
    assert_null(scan_kernels_pick(&error));
    unsetenv("CL_ISA");
}

static int
open_scans(void **state)
{
    static struct scan_check scans;
    scan_check_open(&scans);
    *state = &scans;
    return 0;
}

static int
close_scans(void **state)
{
    struct scan_check *scans = *state;
    printf("%zu kernels, %u texts, %u in two pieces\n", scans->n_scans, (unsigned) scans->texts,
           (unsigned) scans->pieces);
    scan_check_close(scans);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_named),  cmocka_unit_test(test_places),    cmocka_unit_test(test_long),
        cmocka_unit_test(test_files),  cmocka_unit_test(test_interface), cmocka_unit_test(test_pick),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, open_scans, close_scans);
}
