/*
 * Runs a function in a child process and catches what it prints and how it ends: for functions that print and exit.
 */
#ifndef CL_TEST_CAPTURE_H
#define CL_TEST_CAPTURE_H

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct captured {
    int exit_status; /* 128 + n when signal n ended it */
    char out[16384], err[16384];
};

static void
capture_read(FILE *file, char *buffer, size_t cap)
{
    rewind(file);
    buffer[fread(buffer, 1, cap - 1, file)] = '\0';
    fclose(file);
}

/* The child ends with exit status 0 when `function` returns. */
static struct captured
capture(void (*function)(void *arg), void *arg)
{
    static struct captured result;
    FILE *out = tmpfile(), *err = tmpfile();
    int status;
    if (out == NULL || err == NULL)
        abort();
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        dup2(fileno(out), STDOUT_FILENO);
        dup2(fileno(err), STDERR_FILENO);
        /* The test runner's own handlers would report a crash as theirs. */
        signal(SIGSEGV, SIG_DFL);
        signal(SIGABRT, SIG_DFL);
        function(arg);
        fflush(NULL);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        abort();
    result.exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    capture_read(out, result.out, sizeof result.out);
    capture_read(err, result.err, sizeof result.err);
    return result;
}

#endif
