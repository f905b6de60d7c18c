/*
 * peak FILE COMMAND ...: runs a command and writes the largest resident set it had, in KiB, to FILE.
 *
 * Exits as the command did, 128 + n when a signal ended it.
 */
#include <err.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    if (argc < 3)
        errx(2, "usage: peak FILE COMMAND ...");
    pid_t child = fork();
    if (child < 0)
        err(4, "fork");
    if (child == 0) {
        execvp(argv[2], argv + 2);
        err(127, "%s", argv[2]);
    }
    /* The pipe belongs to the command alone: its end must be seen when it ends. */
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    int status;
    struct rusage usage;
    if (wait4(child, &status, 0, &usage) < 0)
        err(4, "wait4");
    FILE *file = fopen(argv[1], "w");
    if (file == NULL || fprintf(file, "%ld\n", usage.ru_maxrss) < 0 || fclose(file) != 0)
        err(4, "%s", argv[1]);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
