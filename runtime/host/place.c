/* place.c -- the folders of var/, their owner, and files in them. */
#include "host/place.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

enum { need_mb = 100, tail_bytes = 4096, longest_var = 800 }; /* PostgreSQL has 1024 for a path */

static const char *below(struct jv_place *p, const char *name)
{
    return jv_arena_printf(p->arena, "%s/%s", p->var, name);
}

void jv_place_name(struct jv_place *p, struct jv_arena *a)
{
    const char *var = getenv("JARVIS_VAR");
    char here[PATH_MAX];

    *p = (struct jv_place){ .arena = a, .lock = -1, .kin = -1 };
    if (!var || !*var)
        var = "var";
    if (var[0] == '/' || !getcwd(here, sizeof(here)))
        p->var = jv_arena_strdup(a, var);
    else
        p->var = jv_arena_printf(a, "%s/%s", here, var);
    p->run = below(p, "run");
    p->log = below(p, "log");
    p->nats = below(p, "nats");
    p->postgres = below(p, "postgres");
}

/* ---- whom things belong to ------------------------------------------------------------------- */

static void be(struct jv_place *p, const struct passwd *pw)
{
    p->user = jv_arena_strdup(p->arena, pw->pw_name);
    p->uid = pw->pw_uid;
    p->gid = pw->pw_gid;
}

/* Who owns path, unless that is root. */
static const struct passwd *owner_of(const char *path)
{
    struct stat st;

    return stat(path, &st) || !st.st_uid ? NULL : getpwuid(st.st_uid);
}

/* As root: whose cluster it is already, else postgres, else the owner of the checkout, else nobody.
 */
static int choose_user(struct jv_place *p, struct jv_err *err)
{
    const struct passwd *pw;

    p->is_root = geteuid() == 0;
    if (!p->is_root) {
        pw = getpwuid(geteuid());
        p->uid = geteuid();
        p->gid = getegid();
        p->user = pw ? jv_arena_strdup(p->arena, pw->pw_name)
                     : jv_arena_printf(p->arena, "%u", (unsigned)p->uid);
        return JV_OK;
    }
    pw = owner_of(p->postgres);
    if (!pw)
        pw = getpwnam("postgres");
    if (!pw)
        pw = owner_of(".");
    if (!pw)
        pw = getpwnam("nobody");
    if (!pw)
        return jv_err_set(err, JV_FAILED_PRECONDITION,
                          "there is no ordinary user to run PostgreSQL as: run `up` as one");
    be(p, pw);
    return JV_OK;
}

/* Can that user get to a folder? Asked by becoming him. */
static bool is_reachable(const struct jv_place *p, const char *path)
{
    int status = 0;
    pid_t pid;

    if (!p->is_root)
        return true;
    pid = fork();
    if (!pid)
        _exit(setgroups(0, NULL) || setgid(p->gid) || setuid(p->uid) || chdir(path));
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* ---- folders --------------------------------------------------------------------------------- */

static int cannot(struct jv_err *err, const char *what, const char *path)
{
    int e = errno;

    if (e == ENOSPC || e == EDQUOT)
        return jv_err_set(err, JV_RESOURCE_EXHAUSTED, "no space is left on the disk of %s", path);
    if (e == ENOTDIR || e == EEXIST)
        return jv_err_set(err, JV_FAILED_PRECONDITION,
                          "cannot %s %s: there is a file where a folder is needed", what, path);
    if (e == EROFS || e == EACCES || e == EPERM)
        return jv_err_set(err, JV_FAILED_PRECONDITION,
                          "cannot %s %s: %s (JARVIS_VAR may name another folder)", what, path,
                          strerror(e));
    return jv_err_set(err, JV_FAILED_PRECONDITION, "cannot %s %s: %s", what, path, strerror(e));
}

static int make_folder(const char *path, mode_t mode, struct jv_err *err)
{
    struct stat st;

    if (!mkdir(path, mode))
        return JV_OK;
    if (errno != EEXIST)
        return cannot(err, "make", path);
    if (stat(path, &st))
        return cannot(err, "use", path);
    if (!S_ISDIR(st.st_mode)) {
        errno = ENOTDIR;
        return cannot(err, "make", path);
    }
    if (access(path, W_OK | X_OK))
        return cannot(err, "write to", path);
    return JV_OK;
}

int jv_place_folder(struct jv_place *p, const char *path, struct jv_err *err)
{
    struct stat st;
    int r = make_folder(path, 0700, err);

    if (r)
        return r;
    if (stat(path, &st))
        return cannot(err, "use", path);
    if (st.st_uid == p->uid)
        return JV_OK;
    if (!p->is_root)
        return jv_err_set(err, JV_FAILED_PRECONDITION,
                          "%s belongs to another user: run as that one, or set JARVIS_VAR", path);
    return jv_place_give(p, path, err);
}

/* nftw() has no argument to hand through. */
static struct jv_place *giving;

static int give(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return lchown(path, giving->uid, giving->gid);
}

int jv_place_give(struct jv_place *p, const char *path, struct jv_err *err)
{
    if (!p->is_root)
        return JV_OK;
    giving = p;
    return nftw(path, give, 16, FTW_PHYS) ? cannot(err, "give away", path) : JV_OK;
}

/* Root's own folders are closed to others. Then var/ becomes a link to a place that is not. */
static int move_out(struct jv_place *p, struct jv_err *err)
{
    uint64_t hash = 14695981039346656037U;
    const char *elsewhere;
    int r;

    for (const char *s = p->var; *s; s++)
        hash = (hash ^ (unsigned char)*s) * 1099511628211U;
    elsewhere = jv_arena_printf(p->arena, "/var/lib/jarvis-%08x", (unsigned)(hash >> 32));
    if (rmdir(p->var))
        return jv_err_set(
                err, JV_FAILED_PRECONDITION,
                "the user %s, who must run PostgreSQL, cannot reach %s: set JARVIS_VAR to "
                "a folder that others may enter",
                p->user, p->var);
    r = make_folder(elsewhere, 0755, err);
    if (!r && symlink(elsewhere, p->var))
        r = cannot(err, "make", p->var);
    if (!r)
        fprintf(stderr, "jarvis: the user %s cannot reach %s, so it is a link to %s now\n", p->user,
                p->var, elsewhere);
    return r;
}

/* Everything below is named by the real path: one that the servers' user can follow. */
static void follow_link(struct jv_place *p)
{
    char real[PATH_MAX];

    if (!realpath(p->var, real))
        return;
    p->var = jv_arena_strdup(p->arena, real);
    p->run = below(p, "run");
    p->log = below(p, "log");
    p->nats = below(p, "nats");
    p->postgres = below(p, "postgres");
}

static int check_space(const struct jv_place *p, struct jv_err *err)
{
    struct statvfs fs;

    if (statvfs(p->var, &fs) ||
        (uint64_t)fs.f_bavail * fs.f_frsize >= (uint64_t)need_mb * 1024 * 1024)
        return JV_OK;
    return jv_err_set(err, JV_RESOURCE_EXHAUSTED,
                      "only %llu MB are free on the disk of %s; at least %d are needed",
                      (unsigned long long)fs.f_bavail * fs.f_frsize >> 20, p->var, need_mb);
}

int jv_place_open(struct jv_place *p, struct jv_err *err)
{
    int r;

    umask(022);
    r = make_folder(p->var, 0755, err);
    if (!r)
        r = choose_user(p, err);
    follow_link(p); /* moved out by an earlier run */
    if (!r && !is_reachable(p, p->var)) {
        r = move_out(p, err);
        follow_link(p);
    }
    if (!r && strlen(p->var) > longest_var)
        r = jv_err_set(
                err, JV_FAILED_PRECONDITION,
                "the path of var/ has more than %d bytes: JARVIS_VAR may name another folder",
                longest_var);
    if (r)
        return r;
    r = make_folder(p->run, 0755, err);
    if (!r)
        r = make_folder(p->log, 0750, err);
    if (!r)
        r = jv_place_folder(p, p->nats, err);
    return r ? r : check_space(p, err);
}

/* ---- files ----------------------------------------------------------------------------------- */

int jv_place_write(const char *path, const char *text, struct jv_err *err)
{
    char temporary[PATH_MAX];
    size_t n = strlen(text);
    int fd;
    bool ok;

    snprintf(temporary, sizeof(temporary), "%s.new", path);
    fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return cannot(err, "write", temporary);
    ok = write(fd, text, n) == (ssize_t)n && !fchmod(fd, 0600);
    ok = !close(fd) && ok && !rename(temporary, path);
    return ok ? JV_OK : cannot(err, "write", path);
}

static int open_log(const struct jv_place *p, const char *name)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s.log", p->log, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

int64_t jv_place_log_size(const struct jv_place *p, const char *name)
{
    int fd = open_log(p, name);
    off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);

    if (fd >= 0)
        close(fd);
    return size;
}

/* A line without what opens it; NULL for one of no importance. */
static char *complaint_in(char *line)
{
    static const char *const openings[] = { "jarvis: ", "gateway: ", "FATAL:  ", "nats-server: " };

    for (size_t i = 0; i < JV_COUNT(openings); i++) {
        char *at = strstr(line, openings[i]);

        if (at)
            return at + strlen(openings[i]);
    }
    return NULL;
}

const char *jv_place_last_words(const struct jv_place *p, struct jv_arena *a, const char *name,
                                int64_t from)
{
    char tail[tail_bytes + 1], *rest = tail, *line, *found = NULL, *last = NULL;
    int64_t size = jv_place_log_size(p, name);
    int fd = open_log(p, name);
    ssize_t n;

    if (fd < 0)
        return "";
    n = pread(fd, tail, tail_bytes, size - from > tail_bytes ? size - tail_bytes : from);
    close(fd);
    tail[n < 0 ? 0 : n] = '\0';
    while ((line = strsep(&rest, "\n"))) {
        char *complaint = complaint_in(line);

        if (complaint)
            found = complaint;
        if (*line)
            last = line;
    }
    if (!found)
        found = last;
    return found ? jv_arena_strdup(a, found) : "";
}
