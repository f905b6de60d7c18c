#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "inflate.h"
#include "memory.h"
#include "program.h"

enum { PIPE_BYTES = 1 << 20, SPOOL_SMALL = 4 << 20, SPOOL_RESERVE = 32 << 20 };

static bool
is_standard(const char *path)
{
    return path == NULL || strcmp(path, "-") == 0;
}

/*
 * open(2) that never gives descriptors 0 to 2: when a program was started with stdout closed, a data file must
 * not come to stand where the output goes.
 */
static int
open_high(const char *path, int flags, mode_t mode)
{
    int fd;
    do
        fd = open(path, flags | O_CLOEXEC, mode);
    while (fd < 0 && errno == EINTR);
    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    int high = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int saved = errno;
    close(fd);
    errno = saved;
    return high;
}

/* The default of 64 KiB costs a third of the speed; a refused size (quota, container) is normal. */
static void
enlarge_pipe(int fd)
{
    if (fcntl(fd, F_GETPIPE_SZ) < PIPE_BYTES)
        fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES);
}

int
input_open(struct input *input, const char *path, struct error *error)
{
    bool standard = is_standard(path);
    *input = (struct input){.fd = STDIN_FILENO, .name = standard ? "stdin" : path};
    if (!standard) {
        input->fd = open_high(path, O_RDONLY, 0);
        if (input->fd < 0)
            return error_errno(error, "cannot open %s", input->name);
    }
    struct stat status, out;
    if (fstat(input->fd, &status) < 0) {
        error_errno(error, "cannot read %s", input->name);
        goto fail;
    }
    if (S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        error_errno(error, "cannot read %s", input->name);
        goto fail;
    }
    if (S_ISFIFO(status.st_mode))
        enlarge_pipe(input->fd);
    if (S_ISREG(status.st_mode)) {
        /* A filter that appends to the file it reads would never come to its end. */
        if (fstat(STDOUT_FILENO, &out) == 0 && S_ISREG(out.st_mode) && out.st_dev == status.st_dev &&
            out.st_ino == status.st_ino) {
            error_set(error, STATUS_DATA, "%s is also the output (use -o FILE to replace the input when done)",
                      input->name);
            goto fail;
        }
        input->regular = true;
        input->size = (uint64_t) status.st_size;
        posix_fadvise(input->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    }
    return 0;
fail:
    input_close(input);
    return -1;
}

/* 1 when a read would not block, 0 when it would, -1 on error. timeout_ms: 0 to ask, -1 to wait. */
static int
readable(int fd, int timeout_ms)
{
    struct pollfd ask = {.fd = fd, .events = POLLIN};
    int n;
    do
        n = poll(&ask, 1, timeout_ms);
    while (n < 0 && errno == EINTR);
    return n;
}

/* Bytes as they are in the file. */
static ssize_t
read_source(struct input *input, void *buffer, size_t n, bool wait, struct error *error)
{
    input->would_block = false;
    if (!wait && !input->regular) {
        int ready = readable(input->fd, 0);
        if (ready < 0)
            return error_errno(error, "cannot poll %s", input->name);
        if (ready == 0) {
            input->would_block = true;
            return 0;
        }
    }
    for (;;) {
        ssize_t got = read(input->fd, buffer, n);
        if (got >= 0)
            return got;
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            return error_errno(error, "cannot read %s", input->name);
        /* Somebody made this descriptor non-blocking; two readers of one pipe come here too. */
        if (!wait) {
            input->would_block = true;
            return 0;
        }
        if (readable(input->fd, -1) < 0)
            return error_errno(error, "cannot poll %s", input->name);
    }
}

void
input_push(struct input *input, const void *bytes, size_t n)
{
    size_t left = input->n_pushed - input->pushed_at;
    if (n == 0)
        return;
    uint8_t *all = mem_alloc(n + left);
    memcpy(all, bytes, n);
    if (left > 0)
        memcpy(all + n, input->pushed + input->pushed_at, left);
    free(input->pushed);
    input->pushed = all;
    input->n_pushed = n + left;
    input->pushed_at = 0;
}

ssize_t
input_read(struct input *input, void *buffer, size_t n, bool wait, struct error *error)
{
    input->would_block = false;
    if (input->pushed_at < input->n_pushed) {
        size_t left = input->n_pushed - input->pushed_at, again = left < n ? left : n;
        memcpy(buffer, input->pushed + input->pushed_at, again);
        input->pushed_at += again;
        return (ssize_t) again;
    }
    if (input->inflate != NULL)
        return inflate_read(input->inflate, buffer, n, wait, &input->would_block, error);
    return read_source(input, buffer, n, wait, error);
}

int
input_wait(struct input *input, int timeout_ms, struct error *error)
{
    if (input->pushed_at < input->n_pushed)
        return 1;
    if (input->inflate != NULL)
        return inflate_wait(input->inflate, timeout_ms, error);
    if (input->regular)
        return 1;
    struct pollfd ask = {.fd = input->fd, .events = POLLIN};
    int ready = poll(&ask, 1, timeout_ms);
    if (ready < 0 && errno == EINTR)
        return 0;
    return ready < 0 ? error_errno(error, "cannot poll %s", input->name) : ready;
}

void
input_close(struct input *input)
{
    /* An input that was handed on has no descriptor any more: all else went with it. */
    if (input->fd >= 0) {
        free(input->pushed);
        input->pushed = NULL;
        input->n_pushed = input->pushed_at = 0;
    }
    if (input->inflate != NULL && input->fd >= 0) {
        inflate_close(input->inflate); /* and with it the descriptor */
        input->inflate = NULL;
    } else if (input->fd > STDERR_FILENO)
        close(input->fd);
    input->fd = -1;
}

/* Where the bytes of `path` will stand: behind a symbolic link the file it names. Owner frees. */
static char *
resolve(const char *path)
{
    char *real = realpath(path, NULL);
    return real != NULL ? real : mem_strdup(path);
}

/* Tries ".FILE.XXXXXX" names in the folder of FILE until make() has made one: returns what make() did, the name in
 * *temporary, owned by the caller; or -1 with errno. */
static int
with_temporary_name(const char *path, int (*make)(const char *name, int fd), int fd, char **temporary)
{
    enum { NAME_BYTES = 200, TRIES = 100 };
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    size_t folder = (size_t) (base - path);
    size_t cap = folder + NAME_BYTES + sizeof "..XXXXXX";
    char *name = mem_alloc(cap);
    for (int i = 0; i < TRIES; i++) {
        unsigned char random[6];
        if (getrandom(random, sizeof random, 0) != (ssize_t) sizeof random)
            break;
        int n = snprintf(name, cap, "%.*s.%.*s.", (int) folder, path, NAME_BYTES, base);
        for (size_t j = 0; j < sizeof random; j++)
            name[n++] = letters[random[j] % (sizeof letters - 1)];
        name[n] = '\0';
        int made = make(name, fd);
        if (made >= 0) {
            *temporary = name;
            return made;
        }
        if (errno != EEXIST)
            break;
    }
    int saved = errno;
    free(name);
    errno = saved;
    return -1;
}

static int
make_named(const char *name, int unused)
{
    (void) unused;
    return open_high(name, O_WRONLY | O_CREAT | O_EXCL, 0666);
}

/* Gives a file without a name one, through /proc as open(2) describes it. */
static int
make_linked(const char *name, int fd)
{
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return linkat(AT_FDCWD, link, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

/* The folder of a path, with its slash; owned by the caller. */
static char *
folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? mem_strdup(".") : mem_strndup(path, (size_t) (slash - path) + 1);
}

/* A file without a name in the folder of FILE: a killed process leaves nothing of it. -1 where there is no such thing,
 * or no way to name it later. */
static int
open_unnamed(const char *path)
{
    char *folder = folder_of(path), link[32];
    int fd = open_high(folder, O_WRONLY | O_TMPFILE, 0666);
    free(folder);
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (fd >= 0 && access(link, F_OK) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

int
output_open(struct output *output, const char *path, bool binary, struct error *error)
{
    struct stat status;
    *output = (struct output){.fd = -1};
    if (is_standard(path)) {
        output->fd = STDOUT_FILENO;
        if (fstat(STDOUT_FILENO, &status) < 0)
            return error_errno(error, "cannot write to stdout");
        if (S_ISFIFO(status.st_mode))
            enlarge_pipe(STDOUT_FILENO);
    } else {
        if (path[0] == '\0')
            return error_set(error, STATUS_USAGE, "the name of the output file is empty");
        bool exists = stat(path, &status) == 0;
        if (!exists && errno != ENOENT)
            return error_errno(error, "cannot write %s", path);
        if (exists && S_ISDIR(status.st_mode)) {
            errno = EISDIR;
            return error_errno(error, "cannot write %s", path);
        }
        if (exists && !S_ISREG(status.st_mode)) {
            /* A device or a named pipe: there is nothing to replace. */
            output->fd = open_high(path, O_WRONLY, 0);
            if (output->fd < 0)
                return error_errno(error, "cannot write %s", path);
            if (S_ISFIFO(status.st_mode))
                enlarge_pipe(output->fd);
        } else {
            /* The rename would pass over a file that was made read-only on purpose. */
            if (exists && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) < 0)
                return error_errno(error, "cannot write %s", path);
            output->target = resolve(path);
            output->fd = open_unnamed(output->target);
            if (output->fd < 0)
                output->fd = with_temporary_name(output->target, make_named, -1, &output->temporary);
            if (output->fd < 0) {
                error_errno(error, "cannot make a temporary file beside %s", path);
                output_abandon(output);
                return -1;
            }
            if (output->temporary != NULL)
                temp_register(output->temporary);
            if (exists && fchmod(output->fd, status.st_mode & 0777) < 0) {
                error_errno(error, "cannot keep the permissions of %s", path);
                output_abandon(output);
                return -1;
            }
        }
        output->path = path;
    }
    if (binary && isatty(output->fd)) {
        output_abandon(output);
        return error_set(error, STATUS_USAGE,
                         "binary data is not written to a terminal (use -o FILE, a pipe, or cl-cat to look at it)");
    }
    return 0;
}

static const char *
output_name(const struct output *output)
{
    return output->path != NULL ? output->path : "stdout";
}

/*
 * writev(2) to something else than stdout, so without SIGPIPE: a reader that left a named pipe is an error there,
 * not the quiet end. The signal is blocked in this thread and taken back if this write raised it.
 */
static ssize_t
writev_no_signal(int fd, const struct iovec *parts, int n_parts)
{
    sigset_t pipe_signal, before, pending;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    ssize_t n = writev(fd, parts, n_parts);
    int saved = errno;
    if (n < 0 && saved == EPIPE && !sigismember(&pending, SIGPIPE)) {
        const struct timespec at_once = {0};
        while (sigtimedwait(&pipe_signal, NULL, &at_once) < 0 && errno == EINTR)
            ;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = saved;
    return n;
}

int
output_writev(struct output *output, struct iovec *parts, int n_parts, struct error *error)
{
    while (n_parts > 0) {
        if (parts->iov_len == 0) {
            parts++;
            n_parts--;
            continue;
        }
        int now = n_parts < IOV_MAX ? n_parts : IOV_MAX;
        ssize_t n = output->path == NULL ? writev(output->fd, parts, now) : writev_no_signal(output->fd, parts, now);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            struct pollfd ask = {.fd = output->fd, .events = POLLOUT};
            if (poll(&ask, 1, -1) < 0 && errno != EINTR)
                return error_errno(error, "cannot poll %s", output_name(output));
            continue;
        }
        if (n < 0 && errno == EPIPE && output->path == NULL)
            program_quit(128 + SIGPIPE);
        if (n < 0)
            return error_errno(error, "cannot write %s", output_name(output));
        for (size_t left = (size_t) n; left > 0;) {
            size_t step = left < parts->iov_len ? left : parts->iov_len;
            parts->iov_base = (char *) parts->iov_base + step;
            parts->iov_len -= step;
            left -= step;
            if (parts->iov_len == 0) {
                parts++;
                n_parts--;
            }
        }
    }
    return 0;
}

int
output_write(struct output *output, const void *bytes, size_t n, struct error *error)
{
    struct iovec part = {.iov_base = (void *) (uintptr_t) bytes, .iov_len = n};
    return output_writev(output, &part, 1, error);
}

/* The rename itself must survive a power cut. A folder that cannot be opened or synced is not our failure. */
static void
sync_folder(const char *path)
{
    char *folder = folder_of(path);
    int fd = open_high(folder, O_RDONLY | O_DIRECTORY, 0);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(folder);
}

int
output_commit(struct output *output, struct error *error)
{
    int status = 0;
    if (output->target != NULL) {
        status = fsync(output->fd);
        if (status == 0 && output->temporary == NULL) {
            status = with_temporary_name(output->target, make_linked, output->fd, &output->temporary);
            if (status == 0)
                temp_register(output->temporary);
        }
    }
    int fd = output->fd;
    output->fd = -1;
    /* A network file system or a quota may say only now that the bytes went nowhere. */
    if (status < 0 || (close(fd) < 0 && errno != EINTR)) {
        error_errno(error, "cannot write %s", output_name(output));
        if (status < 0)
            close(fd);
        output_abandon(output);
        return -1;
    }
    if (output->target == NULL)
        return 0;
    if (rename(output->temporary, output->target) < 0) {
        error_errno(error, "cannot rename %s to %s", output->temporary, output->path);
        output_abandon(output);
        return -1;
    }
    sync_folder(output->target);
    temp_unregister(output->temporary);
    free(output->temporary);
    output->temporary = NULL;
    output_abandon(output);
    return 0;
}

void
output_abandon(struct output *output)
{
    if (output->fd > STDERR_FILENO)
        close(output->fd);
    output->fd = -1;
    if (output->temporary != NULL) {
        unlink(output->temporary);
        temp_unregister(output->temporary);
        free(output->temporary);
        output->temporary = NULL;
    }
    free(output->target);
    output->target = NULL;
}

int
spool_open(struct error *error)
{
    const char *folder = getenv("TMPDIR");
    if (folder == NULL || folder[0] == '\0')
        folder = "/tmp";
    int fd = open_high(folder, O_RDWR | O_TMPFILE, 0600);
    if (fd >= 0)
        return fd;
    /* File systems without O_TMPFILE: a name that is gone at once. */
    size_t cap = strlen(folder) + sizeof "/cl.XXXXXX";
    char *name = mem_alloc(cap);
    snprintf(name, cap, "%s/cl.XXXXXX", folder);
    fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0) {
        unlink(name);
        if (fd <= STDERR_FILENO) {
            int low = fd;
            fd = fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
            close(low);
        }
    }
    free(name);
    return fd >= 0 ? fd
                   : error_errno(error, "cannot make a temporary file in %s (TMPDIR names another folder)", folder);
}

void
spool_reserve(int fd, uint64_t bytes, uint64_t *reserved)
{
    const off_t at = lseek(fd, 0, SEEK_CUR);
    if (at < SPOOL_SMALL || (uint64_t) at + bytes <= *reserved)
        return;
    const uint64_t from = (uint64_t) at > *reserved ? (uint64_t) at : *reserved;
    if (fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t) from, (off_t) (bytes + SPOOL_RESERVE)) < 0)
        *reserved = UINT64_MAX - bytes; /* who writes finds out whether the disk is full */
    else
        *reserved = from + bytes + SPOOL_RESERVE;
}
