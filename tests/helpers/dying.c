/*
 * dying N COMMAND ...: runs a command, passes the first N bytes of its stdout on, and kills it with SIGKILL.
 *
 * For the programs after it the pipe then ends just as if the command itself had been killed at that moment. A command
 * that writes less than N bytes ends by itself; dying exits as it did.
 */
#include <err.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    if (argc < 3)
        errx(2, "usage: dying N COMMAND ...");
    unsigned long long left = strtoull(argv[1], NULL, 10);
    int ends[2];
    if (pipe(ends) < 0)
        err(4, "pipe");
    pid_t child = fork();
    if (child < 0)
        err(4, "fork");
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execvp(argv[2], argv + 2);
        err(127, "%s", argv[2]);
    }
    close(ends[1]);
    close(STDIN_FILENO);

    char buffer[65536];
    ssize_t got = 1;
    while (left > 0 && (got = read(ends[0], buffer, left < sizeof buffer ? left : sizeof buffer)) > 0) {
        for (ssize_t at = 0; at < got;) {
            ssize_t put = write(STDOUT_FILENO, buffer + at, (size_t) (got - at));
            if (put < 0)
                err(4, "write");
            at += put;
        }
        left -= (unsigned long long) got;
    }
    bool cut = left == 0;
    if (cut)
        kill(child, SIGKILL);
    int status;
    if (waitpid(child, &status, 0) < 0)
        err(4, "waitpid");
    /* It may have written the rest into the pipe and ended before the signal came: nobody will see that rest. */
    return cut ? 128 + SIGKILL : WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
