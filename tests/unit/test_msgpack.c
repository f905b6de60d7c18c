#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "msgpack.h"
#include "oracle.h"

static int
hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "c4-01-ff" to bytes. Returns their number. */
static size_t
from_hex(const char *hex, size_t n, uint8_t *bytes)
{
    size_t k = 0;
    for (size_t i = 0; i + 1 < n; i += 3)
        bytes[k++] = (uint8_t) (hex_digit(hex[i]) << 4 | hex_digit(hex[i + 1]));
    return k;
}

static bool
same_number(const struct value *a, const struct value *b)
{
    double x, y;
    return value_to_double(a, &x) && value_to_double(b, &y) && x == y;
}

/* Decodes bytes that both decoders must read alike, whole, and in no shorter form. */
static struct value *
decode_agreed(struct arena *arena, const uint8_t *bytes, size_t n)
{
    struct error error;
    struct value *value;
    msgpack_unpacked result;
    size_t used = 0;
    assert_int_equal(msgpack_decode(bytes, n, arena, &value, &error), n);
    msgpack_unpacked_init(&result);
    assert_int_equal(msgpack_unpack_next(&result, (const char *) bytes, n, &used), MSGPACK_UNPACK_SUCCESS);
    assert_int_equal(used, n);
    assert_true(oracle_agrees(value, &result.data));
    msgpack_unpacked_destroy(&result);
    for (size_t cut = 0; cut < n; cut++) {
        struct value *none;
        uint8_t *exact = malloc(cut + 1); /* a sanitizer sees a read behind the end */
        memcpy(exact, bytes, cut);
        assert_int_equal(msgpack_decode(exact, cut, arena, &none, &error), 0);
        free(exact);
    }
    return value;
}

/*
 * The public vectors: all encodings of one value decode alike, and ours is as short as the first of them. In the file
 * each "msgpack": [...] lists the encodings; the JSON around them says nothing that the oracle does not.
 */
static void
test_vectors(void **state)
{
    (void) state;
    const char *folder = getenv("TESTS");
    char path[4096];
    snprintf(path, sizeof path, "%s/data/msgpack-vectors/msgpack-test-suite.json", folder != NULL ? folder : "tests");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    static char text[1 << 16];
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);

    struct arena arena = {0};
    unsigned groups = 0, encodings = 0;
    for (char *at = text; (at = strstr(at, "\"msgpack\"")) != NULL; groups++) {
        at = strchr(at, '[');
        char *end = strchr(at, ']');
        struct value *first = NULL;
        for (char *open; (open = strchr(at, '"')) != NULL && open < end; encodings++) {
            char *close = strchr(open + 1, '"');
            uint8_t bytes[1024];
            size_t n = from_hex(open + 1, (size_t) (close - open - 1), bytes);
            struct value *value = decode_agreed(&arena, bytes, n);
            if (first == NULL) {
                struct packed packed = {0};
                msgpack_encode(&packed, value);
                /* A float 32 is written as a float 64; 0xcf and 0xd3 are equally short. */
                if (bytes[0] != 0xca)
                    assert_int_equal(packed.n, n);
                assert_true(value_equal(value, decode_agreed(&arena, (uint8_t *) packed.bytes, packed.n)));
                free(packed.bytes);
                first = value;
            }
            assert_true(value_equal(first, value) || same_number(first, value));
            at = close + 1;
        }
        at = end;
    }
    assert_true(groups > 50);
    assert_true(encodings > 150);
    arena_free(&arena);
}

/* Random values through msgpack-c's packer and back. */
static uint64_t
next(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 11;
}

static struct value *
random_value(struct arena *arena, uint64_t *seed, unsigned depth)
{
    static const size_t lengths[] = {0, 1, 15, 16, 31, 32, 255, 256, 65535, 65536};
    static char bytes[65536];
    uint64_t pick = next(seed) % (depth < 5 ? 10 : 8);
    size_t n = lengths[next(seed) % (depth == 0 ? 10 : 8)];
    switch (pick) {
    case 0:
        return value_nil(arena);
    case 1:
        return value_bool(arena, next(seed) & 1);
    case 2:
        return value_int(arena, (int64_t) (next(seed) << 11 ^ next(seed)) >> next(seed) % 64);
    case 3:
        return value_uint(arena, (next(seed) << 11 ^ next(seed)) >> next(seed) % 64);
    case 4: {
        uint64_t bits = next(seed) << 11 ^ next(seed);
        double f;
        memcpy(&f, &bits, sizeof f);
        return value_float(arena, f);
    }
    case 5:
        return value_string_n(arena, bytes, n);
    case 6:
        return value_binary(arena, bytes, n);
    case 7: {
        struct value *ext = value_binary(arena, bytes, n);
        ext->kind = VALUE_EXT;
        ext->ext_type = (int8_t) next(seed);
        return ext;
    }
    case 8: {
        struct value *array = value_array(arena);
        for (uint64_t i = next(seed) % 40; i > 0; i--)
            value_push(arena, array, random_value(arena, seed, depth + 1));
        return array;
    }
    default: {
        struct value *map = value_map(arena);
        for (uint64_t i = next(seed) % 40; i > 0; i--)
            value_set(arena, map, arena_printf(arena, "k%u", (unsigned) i), random_value(arena, seed, depth + 1));
        return map;
    }
    }
}

static void
test_round_trip(void **state)
{
    (void) state;
    uint64_t seed = 1;
    struct arena arena = {0};
    for (int i = 0; i < 300; i++) {
        struct packed packed = {0};
        struct value *value = random_value(&arena, &seed, 0), *back;
        struct error error;
        msgpack_unpacked result;
        size_t used = 0;
        msgpack_encode(&packed, value);
        assert_int_equal(msgpack_decode(packed.bytes, packed.n, &arena, &back, &error), packed.n);
        assert_true(value_equal(value, back));
        msgpack_unpacked_init(&result);
        assert_int_equal(msgpack_unpack_next(&result, packed.bytes, packed.n, &used), MSGPACK_UNPACK_SUCCESS);
        assert_true(oracle_agrees(back, &result.data));
        msgpack_unpacked_destroy(&result);
        free(packed.bytes);
        arena_reset(&arena);
    }
    arena_free(&arena);
}

/* Bytes that must be refused, and where. */
static void
refuse(const void *bytes, size_t n, const char *sentence)
{
    struct arena arena = {0};
    struct error error = {0};
    struct value *value;
    assert_int_equal(msgpack_decode(bytes, n, &arena, &value, &error), -1);
    assert_int_equal(error.status, STATUS_DATA);
    assert_string_equal(error.text, sentence);
    arena_free(&arena);
}

static void
test_refused(void **state)
{
    (void) state;
    refuse("\xc1", 1, "byte 0: 0xc1 begins no MessagePack value");
    refuse("\x92\x01\xc1", 3, "byte 2: 0xc1 begins no MessagePack value");
    refuse("\x81\x01\x02", 3, "byte 1: a map key is not a string");
    refuse("\x82\xa1y\x81\x90\x02", 6, "byte 4: a map key is not a string");
    refuse("\x82\xa1x\x01\xa1x\x02", 7, "byte 7: a map has the key 'x' twice");
    refuse("\x82\xa2\n\\\x01\xa2\n\\\x02", 9, "byte 9: a map has the key '\\x0a\\x5c' twice");
    refuse("\xdd\x00\xff\xff\xff", 5, "byte 0: a value of more than 2097152 items");
    refuse("\xdf\x80\x00\x00\x00", 5, "byte 0: a value of more than 2097152 items");
    refuse("\xdb\xff\xff\xff\xff", 5, "byte 0: a value of more than 16777216 bytes");
    refuse("\xc6\x01\x00\x00\x00", 5, "byte 0: a value of more than 16777216 bytes");
    refuse("\xc9\x01\x00\x00\x00\x05", 6, "byte 0: a value of more than 16777216 bytes");

    uint8_t deep[MSGPACK_MAX_DEPTH + 1];
    memset(deep, 0x91, sizeof deep);
    refuse(deep, sizeof deep, "byte 16: a value nested more than 16 levels deep");
    deep[MSGPACK_MAX_DEPTH] = 0xc0;
    struct arena arena = {0};
    decode_agreed(&arena, deep, sizeof deep);
    arena_free(&arena);
}

/* Announced items count before they come: nested announcements cannot multiply what is allocated. */
static void
test_announced_items(void **state)
{
    (void) state;
    uint8_t bytes[64];
    size_t n = 0;
    for (int i = 0; i < 12; i++) {
        memcpy(bytes + n, "\xdd\x00\x08\x00\x00", 5); /* 2^19 items, the first of them the next array */
        n += 5;
    }
    refuse(bytes, n, "byte 15: a value of more than 2097152 items");
}

/* A map of 10^5 keys, all different or the last one repeated, takes no quadratic time (that would be minutes). */
static void
test_large_map(void **state)
{
    (void) state;
    enum { KEYS = 100000 };
    struct packed packed = {0};
    struct arena arena = {0};
    struct error error;
    struct value *value;
    char head[5] = {(char) 0xdf, 0, KEYS >> 16, (char) (KEYS >> 8 & 0xff), (char) (KEYS & 0xff)};
    mem_grow(&packed.bytes, &packed.cap, sizeof head, 1);
    memcpy(packed.bytes, head, sizeof head);
    packed.n = sizeof head;
    for (int i = 0; i < KEYS; i++) {
        char key[16];
        int k = snprintf(key, sizeof key, "%06d", i);
        msgpack_encode_string(&packed, key, (size_t) k);
        msgpack_encode_array_head(&packed, 0);
    }
    clock_t start = clock();
    assert_int_equal(msgpack_decode(packed.bytes, packed.n, &arena, &value, &error), packed.n);
    assert_int_equal(value->n, KEYS);
    memcpy(packed.bytes + packed.n - 7, "050000", 6);
    assert_int_equal(msgpack_decode(packed.bytes, packed.n, &arena, &value, &error), -1);
    assert_non_null(strstr(error.text, "the key '050000' twice"));
    assert_true((double) (clock() - start) / CLOCKS_PER_SEC < 10);
    free(packed.bytes);
    arena_free(&arena);
}

/* The scan may be given its bytes one by one, and then says the same as at once. */
static void
test_scan_in_steps(void **state)
{
    (void) state;
    const char bytes[] = "\x83\xa1"
                         "a\x93\x01\xcd\x01\x00\xc0\xa2"
                         "bc\xc4\x03xyz\xa1"
                         "d\x81\xa1"
                         "e\xd9\x02hi\xff";
    size_t n = sizeof bytes - 2; /* without the last value and the NUL */
    struct msgpack_scan scan = {0};
    struct error error;
    for (size_t i = 0; i < n; i++)
        assert_int_equal(msgpack_scan(&scan, bytes, i, &error), 0);
    assert_int_equal(msgpack_scan(&scan, bytes, n, &error), 1);
    assert_int_equal(scan.at, n);
    assert_int_equal(msgpack_scan(&scan, bytes, n + 1, &error), 1);
    assert_int_equal(scan.at, n);
}

/* What follows a value is not looked at. */
static void
test_value_then_more(void **state)
{
    (void) state;
    struct arena arena = {0};
    struct error error;
    struct value *value;
    assert_int_equal(msgpack_decode("\x05\xc1", 2, &arena, &value, &error), 1);
    assert_int_equal(value->i, 5);
    arena_free(&arena);
}

static void
test_heads(void **state)
{
    (void) state;
    struct packed packed = {0};
    msgpack_encode_array_head(&packed, 3);
    msgpack_encode_string(&packed, "rows", 4);
    msgpack_encode_bin_head(&packed, 255);
    msgpack_encode_bin_head(&packed, 256);
    msgpack_encode_bin_head(&packed, 1 << 20);
    const char expected[] = "\x93\xa4rows\xc4\xff\xc5\x01\x00\xc6\x00\x10\x00\x00";
    assert_int_equal(packed.n, sizeof expected - 1);
    assert_memory_equal(packed.bytes, expected, packed.n);
    free(packed.bytes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),         cmocka_unit_test(test_round_trip), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_announced_items), cmocka_unit_test(test_large_map),  cmocka_unit_test(test_scan_in_steps),
        cmocka_unit_test(test_value_then_more), cmocka_unit_test(test_heads),
    };
    return cmocka_run_group_tests_name("msgpack", tests, NULL, NULL);
}
