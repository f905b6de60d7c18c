#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "capture.h"
#include "program.h"

static void
do_die(void *arg)
{
    program_start("cl-x");
    die(STATUS_DATA, "%s:%d: odd", (const char *) arg, 3);
}

static void
do_die_errno(void *arg)
{
    program_start("cl-x");
    errno = ENOSPC;
    die_errno("cannot write %s", (const char *) arg);
}

static void
do_talk(void *arg)
{
    program_start("cl-x");
    program_set_verbosity(*(enum verbosity *) arg);
    warn("a warning");
    note("a note");
    errno = EACCES;
    warn_errno("a file");
}

static void
test_messages(void **state)
{
    (void) state;
    struct captured result = capture(do_die, "a.csv");
    assert_int_equal(result.exit_status, 3);
    assert_string_equal(result.err, "cl-x: a.csv:3: odd\n");
    result = capture(do_die_errno, "a.ck");
    assert_int_equal(result.exit_status, 4);
    assert_string_equal(result.err, "cl-x: cannot write a.ck: No space left on device\n");
}

static void
test_verbosity(void **state)
{
    (void) state;
    enum verbosity verbosity = VERBOSITY_QUIET;
    assert_string_equal(capture(do_talk, &verbosity).err, "");
    verbosity = VERBOSITY_NORMAL;
    assert_string_equal(capture(do_talk, &verbosity).err, "cl-x: a warning\ncl-x: a file: Permission denied\n");
    verbosity = VERBOSITY_VERBOSE;
    assert_string_equal(capture(do_talk, &verbosity).err,
                        "cl-x: a warning\ncl-x: a note\ncl-x: a file: Permission denied\n");
}

static void
do_long_message(void *arg)
{
    char text[5000];
    (void) arg;
    program_start("cl-x");
    memset(text, 'y', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    die(STATUS_DATA, "%s", text);
}

static void
test_long_message_is_one_line(void **state)
{
    (void) state;
    struct captured result = capture(do_long_message, NULL);
    size_t n = strlen(result.err);
    assert_int_equal(result.exit_status, 3);
    assert_int_equal(result.err[n - 1], '\n');
    assert_true(n <= 2048);
}

static void
make_temporary(const char *path)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        abort();
    fclose(file);
    temp_register(path);
}

static void
do_die_with_files(void *arg)
{
    (void) arg;
    program_start("cl-x");
    make_temporary("gone");
    make_temporary("kept");
    temp_unregister("kept");
    die(STATUS_DATA, "enough");
}

static void
do_signal(void *arg)
{
    program_start("cl-x");
    make_temporary("gone");
    raise(*(int *) arg);
}

static void
test_temporaries(void **state)
{
    (void) state;
    char folder[] = "/tmp/cl-test-program.XXXXXX";
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(capture(do_die_with_files, NULL).exit_status, 3);
    assert_int_equal(access("gone", F_OK), -1);
    assert_int_equal(access("kept", F_OK), 0);
    const int ending[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) {
        int number = ending[i];
        assert_int_equal(capture(do_signal, &number).exit_status, 128 + number);
        assert_int_equal(access("gone", F_OK), -1);
    }
    unlink("kept");
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void
do_ignored_hangup(void *arg)
{
    (void) arg;
    signal(SIGHUP, SIG_IGN);
    program_start("cl-x");
    raise(SIGHUP);
    printf("still here\n");
}

static void
test_ignored_signals_stay_ignored(void **state)
{
    (void) state;
    struct captured result = capture(do_ignored_hangup, NULL);
    assert_int_equal(result.exit_status, 0);
    assert_string_equal(result.out, "still here\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_verbosity),
        cmocka_unit_test(test_long_message_is_one_line),
        cmocka_unit_test(test_temporaries),
        cmocka_unit_test(test_ignored_signals_stay_ignored),
    };
    return cmocka_run_group_tests_name("program", tests, NULL, NULL);
}
