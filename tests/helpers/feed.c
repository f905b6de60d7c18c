/*
 * feed N: copies stdin to stdout in writes of N bytes, however large the pipe.
 *
 * A reader at the other end sees short reads. With a pipe of one page and N = 1 it sees nearly every boundary.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    static char buffer[65536];
    size_t n = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
    if (n == 0 || n > sizeof buffer)
        errx(2, "usage: feed N < FILE | COMMAND");
    fcntl(STDOUT_FILENO, F_SETPIPE_SZ, 4096);
    ssize_t got;
    while ((got = read(STDIN_FILENO, buffer, sizeof buffer)) > 0)
        for (ssize_t at = 0; at < got;) {
            size_t part = (size_t) (got - at) < n ? (size_t) (got - at) : n;
            ssize_t put = write(STDOUT_FILENO, buffer + at, part);
            if (put < 0)
                err(4, "write");
            at += put;
        }
    if (got < 0)
        err(4, "read");
    return 0;
}
