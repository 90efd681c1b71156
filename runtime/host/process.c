/* process.c -- fork, become who it shall be, exec. */
#include "host/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { max_log = 10 * 1024 * 1024, ready_fd = 3, kin_fd = 4 };
#define READY_FD "3"

/* ---- environments ---------------------------------------------------------------------------- */

void jv_env_set(struct jv_env *e, const char *name, const char *value)
{
    if (!value)
        return;
    if (e->n + 2 > e->cap) {
        const char **items = JV_NEW_ARRAY(e->arena, const char *, 2 * e->cap);

        memcpy(items, e->items, e->n * sizeof(*items));
        e->items = items;
        e->cap *= 2;
    }
    e->items[e->n++] = jv_arena_printf(e->arena, "%s=%s", name, value);
    e->items[e->n] = NULL;
}

void jv_env_pass(struct jv_env *e, const char *name)
{
    jv_env_set(e, name, getenv(name));
}

struct jv_env jv_env_new(struct jv_arena *a)
{
    static const char *const names[] = { "PATH",         "LANG",         "LC_ALL",
                                         "TMPDIR",       "ASAN_OPTIONS", "UBSAN_OPTIONS",
                                         "LSAN_OPTIONS", "TSAN_OPTIONS", "LD_LIBRARY_PATH" };
    struct jv_env e = { a, JV_NEW_ARRAY(a, const char *, 32), 0, 32 };

    for (size_t i = 0; i < JV_COUNT(names); i++)
        jv_env_pass(&e, names[i]);
    return e;
}

/* ---- starting -------------------------------------------------------------------------------- */

/* One old log is kept when it has grown big. */
static int open_log(const struct jv_place *place, const char *name)
{
    char path[PATH_MAX], old[PATH_MAX + 2];
    struct stat st;

    snprintf(path, sizeof(path), "%s/%s.log", place->log, name);
    snprintf(old, sizeof(old), "%s.1", path);
    if (!stat(path, &st) && st.st_size > max_log && rename(path, old))
        return -1;
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
}

static void reset_signals(void)
{
    sigset_t none;

    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool become(const struct jv_place *place, const struct jv_process *p)
{
    if (!place->is_root || p->as_root)
        return true;
    return !setgroups(0, NULL) && !setgid(place->gid) && !setuid(place->uid);
}

/* Descriptors: 0 to 2 as usual, 3 says ready, 4 is kin; nothing else survives exec. */
static bool arrange(int log, int ready, int kin)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int high_ready = ready < 0 ? -1 : fcntl(ready, F_DUPFD_CLOEXEC, 10);
    int high_kin = fcntl(kin, F_DUPFD_CLOEXEC, 10);

    if (dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
        return false;
    if (high_ready >= 0 && dup2(high_ready, ready_fd) < 0)
        return false;
    return dup2(high_kin, kin_fd) >= 0;
}

static _Noreturn void fail(const char *what, const char *which)
{
    fprintf(stderr, "jarvis: cannot %s %s: %s\n", what, which, strerror(errno));
    _exit(127);
}

static _Noreturn void child(const struct jv_place *place, const struct jv_process *p, pid_t parent,
                            int log, int ready)
{
    setpgid(0, 0);
    reset_signals();
    if (!arrange(log, ready, place->kin))
        fail("arrange the descriptors of", p->name);
    if (!become(place, p))
        fail("become the user", place->user);
    prctl(PR_SET_PDEATHSIG, p->death_signal); /* behind setuid, which clears it */
    if (getppid() != parent)
        _exit(0);
    umask(077);
    if (chdir(p->folder ? p->folder : "/"))
        fail("enter", p->folder);
    environ = (char **)p->env;
    if (p->says_ready && setenv("JARVIS_READY_FD", READY_FD, 1))
        fail("prepare", p->name);
    execve(p->program ? p->program : "/proc/self/exe", (char *const *)p->argv, environ);
    fail("run", p->program ? p->program : "this program");
}

int jv_process_start(const struct jv_place *place, const struct jv_process *p, pid_t *ret_pid,
                     int *ret_ready, struct jv_err *err)
{
    int ready[2] = { -1, -1 }, log = open_log(place, p->name);
    pid_t parent = getpid(), pid = -1;

    if (log >= 0 && (!p->says_ready || !pipe2(ready, O_CLOEXEC)))
        pid = fork();
    if (!pid)
        child(place, p, parent, log, ready[1]);
    if (pid < 0)
        jv_err_set(err, JV_RESOURCE_EXHAUSTED, "cannot start %s: %s", p->name, strerror(errno));
    if (log >= 0)
        close(log);
    if (ready[1] >= 0)
        close(ready[1]);
    if (pid < 0) {
        if (ready[0] >= 0)
            close(ready[0]);
        return JV_RESOURCE_EXHAUSTED;
    }
    *ret_pid = pid;
    *ret_ready = ready[0];
    return JV_OK;
}

const char *jv_process_end(struct jv_arena *a, int status)
{
    if (WIFSIGNALED(status))
        return jv_arena_printf(a, "killed by signal %d", WTERMSIG(status));
    return jv_arena_printf(a, "exit code %d", WEXITSTATUS(status));
}
