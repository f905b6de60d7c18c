#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture.h"
#include "file.h"

/* Each test runs in an empty folder of its own. */
static char home[4096];

static int
setup(void **state)
{
    char *folder = strdup("/tmp/cl-test-file.XXXXXX");
    assert_non_null(getcwd(home, sizeof home));
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    umask(022);
    *state = folder;
    return 0;
}

static int
teardown(void **state)
{
    char command[256];
    snprintf(command, sizeof command, "chmod -R u+w '%s' && rm -rf '%s'", (char *) *state, (char *) *state);
    assert_int_equal(chdir(home), 0);
    assert_int_equal(system(command), 0);
    free(*state);
    return 0;
}

static void
put(const char *path, const char *content)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static void
content_is(const char *path, const char *content)
{
    char bytes[256] = {0};
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fread(bytes, 1, sizeof bytes - 1, file), strlen(content));
    assert_string_equal(bytes, content);
    fclose(file);
}

/* How many names the current folder holds, hidden ones too. */
static int
count_names(void)
{
    FILE *list = popen("ls -A | wc -l", "r");
    int n = -1;
    assert_int_equal(fscanf(list, "%d", &n), 1);
    pclose(list);
    return n;
}

static mode_t
mode_of(const char *path)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return status.st_mode & 07777;
}

static void
write_whole(const char *path, const char *content)
{
    struct output output;
    struct error error;
    assert_int_equal(output_open(&output, path, true, &error), 0);
    assert_int_equal(output_write(&output, content, strlen(content), &error), 0);
    assert_int_equal(output_commit(&output, &error), 0);
    output_abandon(&output); /* is safe afterwards */
}

static void
test_commit(void **state)
{
    (void) state;
    struct output output;
    struct error error;
    put("f", "old");
    assert_int_equal(output_open(&output, "f", true, &error), 0);
    assert_int_equal(output_write(&output, "new", 3, &error), 0);
    content_is("f", "old");
    /* A file without a name where the file system has such, else one beside it. */
    assert_int_equal(count_names(), output.temporary == NULL ? 1 : 2);
    if (output.temporary != NULL)
        assert_memory_equal(strrchr(output.temporary, '/'), "/.f.", 4);
    assert_int_equal(output_commit(&output, &error), 0);
    content_is("f", "new");
    assert_int_equal(count_names(), 1);
}

static void
test_abandon(void **state)
{
    (void) state;
    struct output output;
    struct error error;
    put("f", "old");
    assert_int_equal(output_open(&output, "f", true, &error), 0);
    assert_int_equal(output_write(&output, "new", 3, &error), 0);
    output_abandon(&output);
    content_is("f", "old");
    assert_int_equal(count_names(), 1);
}

static void
test_permissions(void **state)
{
    (void) state;
    write_whole("new", "x");
    assert_int_equal(mode_of("new"), 0644);
    put("private", "old");
    chmod("private", 0600);
    write_whole("private", "x");
    assert_int_equal(mode_of("private"), 0600);
    put("shared", "old");
    chmod("shared", 0666);
    write_whole("shared", "x");
    assert_int_equal(mode_of("shared"), 0666);
}

static void
test_read_only_file_is_kept(void **state)
{
    (void) state;
    struct output output;
    struct error error;
    bool root = geteuid() == 0; /* for whom nothing is read-only */
    put("f", "old");
    chmod("f", 0444);
    chmod(".", 0777);
    if (root)
        assert_int_equal(seteuid(65534), 0);
    assert_int_equal(output_open(&output, "f", true, &error), -1);
    assert_int_equal(error.status, STATUS_SYSTEM);
    assert_string_equal(error.text, "cannot write f: Permission denied");
    if (root)
        assert_int_equal(seteuid(0), 0);
}

static void
test_symbolic_link(void **state)
{
    (void) state;
    struct stat status;
    mkdir("d", 0755);
    put("d/real", "old");
    assert_int_equal(symlink("d/real", "link"), 0);
    write_whole("link", "new");
    content_is("d/real", "new");
    assert_int_equal(lstat("link", &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(count_names(), 2);
}

static void
test_not_regular(void **state)
{
    (void) state;
    struct output output;
    struct error error;
    assert_int_equal(output_open(&output, "/dev/full", true, &error), 0);
    assert_int_equal(output_write(&output, "x", 1, &error), -1);
    assert_int_equal(error.status, STATUS_SYSTEM);
    assert_string_equal(error.text, "cannot write /dev/full: No space left on device");
    output_abandon(&output);
    write_whole("/dev/null", "x");
    assert_int_equal(access("/dev/full", F_OK), 0);

    assert_int_equal(output_open(&output, ".", true, &error), -1);
    assert_string_equal(error.text, "cannot write .: Is a directory");
    assert_int_equal(output_open(&output, "none/f", true, &error), -1);
    assert_string_equal(error.text, "cannot make a temporary file beside none/f: No such file or directory");
    assert_int_equal(output_open(&output, "", true, &error), -1);
    assert_int_equal(error.status, STATUS_USAGE);
}

/* A reader that left a named pipe is an error, and no signal, unlike on stdout. */
static void
test_broken_fifo(void **state)
{
    (void) state;
    struct output output;
    struct error error;
    assert_int_equal(mkfifo("p", 0600), 0);
    int reader = open("p", O_RDONLY | O_NONBLOCK);
    assert_int_equal(output_open(&output, "p", true, &error), 0);
    close(reader);
    assert_int_equal(output_write(&output, "x", 1, &error), -1);
    assert_string_equal(error.text, "cannot write p: Broken pipe");
    output_abandon(&output);
}

static void
test_long_name(void **state)
{
    (void) state;
    char name[256];
    memset(name, 'n', 255);
    name[255] = '\0';
    write_whole(name, "x");
    content_is(name, "x");
    assert_int_equal(count_names(), 1);
}

/* More parts and bytes than one writev(2) takes, through a pipe that a child drains. */
static void
test_writev(void **state)
{
    (void) state;
    enum { PARTS = 3000, BYTES = 701 };
    static char block[BYTES];
    static struct iovec parts[PARTS];
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        char buffer[1000];
        size_t sum = 0;
        close(ends[1]);
        for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;)
            sum += (size_t) n;
        _exit(sum == (size_t) PARTS / 3 * 2 * BYTES ? 0 : 1);
    }
    close(ends[0]);
    for (size_t i = 0; i < PARTS; i++)
        parts[i] = (struct iovec){.iov_base = block, .iov_len = i % 3 == 2 ? 0 : BYTES};
    struct output output = {.fd = ends[1], .path = "pipe"};
    struct error error;
    assert_int_equal(output_writev(&output, parts, PARTS, &error), 0);
    assert_int_equal(output_commit(&output, &error), 0);
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

/* Programs in a child, with stdout as `arg` says. */
static void
write_stdout(void *arg)
{
    const char *how = arg;
    struct output output;
    struct error error = {0};
    int ends[2];
    if (strcmp(how, "closed") == 0)
        close(STDOUT_FILENO);
    if (strcmp(how, "full") == 0)
        dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
    if (strncmp(how, "broken", 6) == 0) {
        if (pipe(ends) < 0)
            _exit(99);
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        signal(SIGPIPE, strcmp(how, "broken, ignored") == 0 ? SIG_IGN : SIG_DFL);
    }
    if (output_open(&output, "-", true, &error) < 0 || output_write(&output, "hello", 5, &error) < 0 ||
        output_commit(&output, &error) < 0) {
        dprintf(STDERR_FILENO, "%s", error.text);
        _exit((int) error.status);
    }
}

static void
test_stdout(void **state)
{
    (void) state;
    struct captured result = capture(write_stdout, "fine");
    assert_int_equal(result.exit_status, 0);
    assert_string_equal(result.out, "hello");
    result = capture(write_stdout, "closed");
    assert_int_equal(result.exit_status, 4);
    assert_string_equal(result.err, "cannot write to stdout: Bad file descriptor");
    result = capture(write_stdout, "full");
    assert_int_equal(result.exit_status, 4);
    assert_string_equal(result.err, "cannot write stdout: No space left on device");
    result = capture(write_stdout, "broken, ignored");
    assert_int_equal(result.exit_status, 141);
    assert_string_equal(result.err, "");
    result = capture(write_stdout, "broken");
    assert_int_equal(result.exit_status, 141);
    assert_string_equal(result.err, "");
}

/* With stdout closed, the file that is opened next must not become stdout. */
static void
open_input(void *arg)
{
    struct input input;
    struct error error;
    (void) arg;
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    if (input_open(&input, "f", &error) < 0 || input.fd <= STDERR_FILENO)
        _exit(1);
    int spool = spool_open(&error);
    _exit(spool > STDERR_FILENO ? 0 : 2);
}

static void
filter_onto_itself(void *arg)
{
    struct input input;
    struct error error = {0};
    dup2(open(arg, O_WRONLY | O_APPEND), STDOUT_FILENO);
    if (input_open(&input, arg, &error) < 0) {
        dprintf(STDERR_FILENO, "%s", error.text);
        _exit((int) error.status);
    }
}

static void
test_descriptors(void **state)
{
    (void) state;
    put("f", "x");
    assert_int_equal(capture(open_input, NULL).exit_status, 0);
    struct captured result = capture(filter_onto_itself, "f");
    assert_int_equal(result.exit_status, 3);
    assert_string_equal(result.err, "f is also the output (use -o FILE to replace the input when done)");
}

static void
test_input(void **state)
{
    (void) state;
    struct input input;
    struct error error;
    char buffer[16];
    assert_int_equal(input_open(&input, "none", &error), -1);
    assert_int_equal(error.status, STATUS_SYSTEM);
    assert_string_equal(error.text, "cannot open none: No such file or directory");
    assert_int_equal(input_open(&input, ".", &error), -1);
    assert_string_equal(error.text, "cannot read .: Is a directory");

    put("f", "hello");
    assert_int_equal(input_open(&input, "f", &error), 0);
    assert_true(input.regular && input.size == 5);
    assert_int_equal(input_read(&input, buffer, sizeof buffer, false, &error), 5);
    assert_int_equal(input_read(&input, buffer, sizeof buffer, false, &error), 0);
    assert_false(input.would_block);
    input_close(&input);

    int ends[2];
    assert_int_equal(pipe(ends), 0);
    input = (struct input){.fd = ends[0], .name = "pipe"};
    assert_int_equal(input_read(&input, buffer, sizeof buffer, false, &error), 0);
    assert_true(input.would_block);
    assert_int_equal(write(ends[1], "ab", 2), 2);
    assert_int_equal(input_read(&input, buffer, sizeof buffer, false, &error), 2);
    assert_false(input.would_block);
    /* Somebody made it non-blocking: waiting waits all the same. */
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    pid_t child = fork();
    if (child == 0) {
        usleep(50000);
        _exit(write(ends[1], "c", 1) == 1 ? 0 : 1);
    }
    assert_int_equal(input_read(&input, buffer, sizeof buffer, true, &error), 1);
    waitpid(child, NULL, 0);
    close(ends[1]);
    assert_int_equal(input_read(&input, buffer, sizeof buffer, false, &error), 0);
    assert_false(input.would_block);
    input_close(&input);
}

static void
test_spool(void **state)
{
    (void) state;
    struct error error;
    setenv("TMPDIR", ".", 1);
    int fd = spool_open(&error);
    assert_true(fd > STDERR_FILENO);
    assert_int_equal(write(fd, "abc", 3), 3);
    assert_int_equal(count_names(), 0);
    close(fd);
    setenv("TMPDIR", "none", 1);
    assert_int_equal(spool_open(&error), -1);
    assert_non_null(strstr(error.text, "cannot make a temporary file in none"));
    unsetenv("TMPDIR");
}

/* Blocks come ahead of what is written, for large files only, and do not show in the size. */
static void
test_reserved_spool(void **state)
{
    (void) state;
    struct error error;
    struct stat status;
    static char bytes[1 << 20];
    uint64_t reserved = 0, written = 0;
    setenv("TMPDIR", ".", 1);
    int fd = spool_open(&error);
    unsetenv("TMPDIR");
    for (; written < 12 * sizeof bytes; written += sizeof bytes) {
        spool_reserve(fd, sizeof bytes, &reserved);
        assert_true(reserved == 0 || reserved >= written + sizeof bytes);
        assert_int_equal(write(fd, bytes, sizeof bytes), sizeof bytes);
    }
    assert_true(reserved > 0);
    assert_int_equal(fstat(fd, &status), 0);
    assert_int_equal(status.st_size, written);
    close(fd);

    /* What cannot be reserved is written without: a pipe here. */
    int ends[2];
    reserved = 0;
    assert_int_equal(pipe(ends), 0);
    spool_reserve(ends[1], 10, &reserved);
    assert_int_equal(write(ends[1], bytes, 10), 10);
    close(ends[0]);
    close(ends[1]);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_commit),        TEST(test_abandon),        TEST(test_permissions), TEST(test_read_only_file_is_kept),
        TEST(test_symbolic_link), TEST(test_not_regular),    TEST(test_broken_fifo), TEST(test_long_name),
        TEST(test_writev),        TEST(test_stdout),         TEST(test_descriptors), TEST(test_input),
        TEST(test_spool),         TEST(test_reserved_spool),
    };
    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
