/*
 * each cut|flip FILE COMMAND ...: runs a command on every damaged form of a file and wants exit status 3 each time.
 *
 * cut: the file's first 0, 1, 2, ... bytes. flip: the file with one bit turned, for every bit. The command reads the
 * damaged form from stdin; its stdout is discarded, and it must say exactly one line on stderr. Prints what went
 * wrong and exits 1 when anything did; otherwise prints the number of forms. With EACH_STEP=N in the environment only
 * every Nth form is tried.
 */
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* A memory file that stands at its start. */
static int
memory_file(const char *name, const void *bytes, size_t n)
{
    int fd = memfd_create(name, 0);
    if (fd < 0 || write(fd, bytes, n) != (ssize_t) n || lseek(fd, 0, SEEK_SET) < 0)
        err(4, "memfd");
    return fd;
}

/* Runs the command; returns its wait status, and what it said on stderr in `said`. */
static int
run(char **command, const void *bytes, size_t n, char *said, size_t cap)
{
    int in = memory_file("stdin", bytes, n), out = memory_file("stderr", NULL, 0), status;
    pid_t child = fork();
    if (child < 0)
        err(4, "fork");
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY);
        if (null < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
            _exit(127);
        execvp(command[0], command);
        _exit(127);
    }
    if (waitpid(child, &status, 0) < 0)
        err(4, "waitpid");
    ssize_t got = pread(out, said, cap - 1, 0);
    said[got > 0 ? got : 0] = '\0';
    close(in);
    close(out);
    return status;
}

static bool
one_line(const char *said)
{
    const char *end = strchr(said, '\n');
    return end != NULL && end > said && end[1] == '\0';
}

int
main(int argc, char **argv)
{
    bool flip = argc > 1 && strcmp(argv[1], "flip") == 0;
    if (argc < 4 || (!flip && strcmp(argv[1], "cut") != 0))
        errx(2, "usage: each cut|flip FILE COMMAND ...");
    int fd = open(argv[2], O_RDONLY);
    off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    char *bytes = size > 0 ? malloc((size_t) size) : NULL;
    if (bytes == NULL || pread(fd, bytes, (size_t) size, 0) != size)
        err(4, "%s", argv[2]);

    const char *asked = getenv("EACH_STEP");
    size_t step = asked != NULL && atol(asked) > 0 ? (size_t) atol(asked) : 1;
    size_t n = (size_t) size, forms = flip ? 8 * n : n, tried = 0, bad = 0;
    char said[4096];
    for (size_t i = 0; i < forms; i += step, tried++) {
        if (flip)
            bytes[i / 8] ^= (char) (1 << i % 8);
        int status = run(argv + 3, bytes, flip ? n : i, said, sizeof said);
        if (flip)
            bytes[i / 8] ^= (char) (1 << i % 8);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 3 && one_line(said))
            continue;
        if (++bad > 20)
            continue;
        if (flip)
            printf("byte %zu bit %zu turned", i / 8, i % 8);
        else
            printf("cut at %zu of %zu bytes", i, n);
        if (WIFSIGNALED(status))
            printf(": ended by signal %d\n", WTERMSIG(status));
        else
            printf(": exit status %d, stderr: %s\n", WEXITSTATUS(status), said[0] ? said : "(nothing)");
    }
    if (bad > 0)
        printf("%zu of %zu damaged forms were not refused in one line with status 3\n", bad, tried);
    else
        printf("%zu damaged forms refused\n", tried);
    return bad > 0;
}
