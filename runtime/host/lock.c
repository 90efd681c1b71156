/* lock.c -- one `up` per var/, and what a killed one has left behind.
 *
 * Both facts are the kernel's: a record lock tells who holds it and ends with its process; a shared
 * lock that every child inherits tells whether any of them is alive. No process id is read from a
 * file and trusted. */
#include "host/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { patience_ms = 12000, step_ms = 20 };

static int open_in_run(const struct jv_place *p, const char *name, int flags)
{
    return open(jv_arena_printf(p->arena, "%s/%s", p->run, name), O_RDWR | O_CLOEXEC | flags, 0600);
}

pid_t jv_place_holder(const struct jv_place *p)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    int fd = open_in_run(p, "lock", 0);
    bool known;

    if (fd < 0)
        return 0;
    known = !fcntl(fd, F_GETLK, &lock) && lock.l_type != F_UNLCK;
    close(fd);
    return known ? lock.l_pid : 0;
}

bool jv_place_is_closed(const struct jv_place *p)
{
    int fd = open_in_run(p, "lock", 0);
    bool closed = fd < 0 && errno == EACCES;

    if (fd >= 0)
        close(fd);
    return closed;
}

/* Does that process have our kin file open? */
static bool is_kin(const struct jv_place *p, const char *pid)
{
    char folder[64], path[400];
    struct stat ours, theirs;
    struct dirent *e;
    bool found = false;
    DIR *d;

    snprintf(folder, sizeof(folder), "/proc/%.20s/fd", pid);
    d = opendir(folder);
    if (!d || fstat(p->kin, &ours)) {
        if (d)
            closedir(d);
        return false;
    }
    while (!found && (e = readdir(d))) {
        snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
        found = !stat(path, &theirs) && theirs.st_ino == ours.st_ino &&
                theirs.st_dev == ours.st_dev;
    }
    closedir(d);
    return found;
}

static void signal_kin(const struct jv_place *p, int sig)
{
    DIR *proc = opendir("/proc");
    struct dirent *e;

    while (proc && (e = readdir(proc))) {
        pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);

        if (pid > 1 && pid != getpid() && is_kin(p, e->d_name))
            kill(pid, sig);
    }
    if (proc)
        closedir(proc);
}

/* The children of an `up` that was killed are told by the kernel to end; some take a moment. */
static int wait_for_kin(struct jv_place *p, struct jv_err *err)
{
    const struct timespec step = { 0, step_ms * 1000000L };

    for (int waited = 0; flock(p->kin, LOCK_EX | LOCK_NB); waited += step_ms) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return jv_err_set(err, JV_FAILED_PRECONDITION, "cannot lock %s/kin: %s", p->run,
                              strerror(errno));
        if (waited == 0)
            signal_kin(p, SIGTERM);
        if (waited == patience_ms)
            signal_kin(p, SIGKILL);
        if (waited > 2 * patience_ms)
            return jv_err_set(err, JV_FAILED_PRECONDITION,
                              "processes of an earlier run are still alive and do not end: see who "
                              "has %s/kin open",
                              p->run);
        nanosleep(&step, NULL);
    }
    return JV_OK; /* children share the lock with the descriptor */
}

int jv_place_lock(struct jv_place *p, struct jv_err *err)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

    p->lock = open_in_run(p, "lock", O_CREAT);
    p->kin = open_in_run(p, "kin", O_CREAT);
    if (p->lock < 0 || p->kin < 0)
        return jv_err_set(err, JV_FAILED_PRECONDITION, "cannot write to %s: %s", p->run,
                          strerror(errno));
    if (fcntl(p->lock, F_SETLK, &lock))
        return jv_err_set(err, JV_ALREADY_EXISTS, "it is running already");
    return wait_for_kin(p, err);
}
