/* postgres.c -- our own PostgreSQL: a cluster in var/postgres, a socket that is closed to others.
 */
#include "host/servers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { init_ms = 120000, oldest_major = 14 };

#define SOCKET_NAME "/.s.PGSQL.5432.lock" /* the longest file there */

static const char password_name[] = "jarvis.password";

/* ---- which PostgreSQL ------------------------------------------------------------------------ */

static int newest_major(void)
{
    DIR *d = opendir("/usr/lib/postgresql");
    struct dirent *e;
    int newest = 0;

    while (d && (e = readdir(d))) {
        int major = (int)strtol(e->d_name, NULL, 10);
        char path[300];

        snprintf(path, sizeof(path), "/usr/lib/postgresql/%s/bin/postgres", e->d_name);
        if (major > newest && !access(path, X_OK))
            newest = major;
    }
    if (d)
        closedir(d);
    return newest;
}

/* Of the cluster that is there; "" when there is none. */
static int read_version(struct jv_postgres *g, struct jv_err *err)
{
    const char *path = jv_arena_printf(g->place->arena, "%s/PG_VERSION", g->place->postgres);
    FILE *f = fopen(path, "re");
    struct stat st;
    bool ok;

    g->major[0] = '\0';
    if (!f && stat(g->place->postgres, &st))
        return JV_OK;
    ok = f && fgets(g->major, sizeof(g->major), f);
    if (f)
        fclose(f);
    g->major[strcspn(g->major, "\n")] = '\0';
    if (ok && strtol(g->major, NULL, 10) > 0)
        return JV_OK;
    return jv_err_set(
            err, JV_FAILED_PRECONDITION,
            "%s holds no PostgreSQL cluster (PG_VERSION is missing or broken): restore it, "
            "or move it away to start anew",
            g->place->postgres);
}

static int find_programs(struct jv_postgres *g, struct jv_err *err)
{
    int r = read_version(g, err);

    if (r)
        return r;
    if (!g->major[0]) {
        int major = newest_major();

        if (major < oldest_major)
            return jv_err_set(err, JV_FAILED_PRECONDITION,
                              "PostgreSQL %d or later is not installed (package postgresql)",
                              oldest_major);
        snprintf(g->major, sizeof(g->major), "%d", major);
    }
    g->bin = jv_arena_printf(g->place->arena, "/usr/lib/postgresql/%s/bin", g->major);
    if (!access(jv_arena_printf(g->place->arena, "%s/postgres", g->bin), X_OK))
        return JV_OK;
    return jv_err_set(err, JV_FAILED_PRECONDITION,
                      "%s was made by PostgreSQL %s, which is not installed: install the package "
                      "postgresql-%s, or move the folder away to start anew",
                      g->place->postgres, g->major, g->major);
}

/* ---- a new cluster --------------------------------------------------------------------------- */

static const char *const *words(struct jv_arena *a, const char *const *list)
{
    size_t n = 0;

    while (list[n])
        n++;
    return jv_arena_memdup(a, list, (n + 1) * sizeof(*list));
}

static int run_init(struct jv_postgres *g, struct jv_supervisor *s, const char *fresh,
                    const char *password, struct jv_err *err)
{
    struct jv_arena *a = g->place->arena;
    const char *program = jv_arena_printf(a, "%s/initdb", g->bin);
    const char *const initdb[] = {
        program, /* by its path: it looks for the others beside itself */
        "--pgdata",
        fresh,
        "--username=jarvis",
        "--auth=scram-sha-256",
        "--encoding",
        "UTF8",
        "--locale=C",
        "--no-sync",
        jv_arena_printf(a, "--pwfile=%s", password),
        NULL,
    };
    const struct jv_process p = { .name = "initdb",
                                  .program = program,
                                  .argv = words(a, initdb),
                                  .env = jv_env_new(a).items,
                                  .folder = fresh,
                                  .death_signal = SIGTERM };

    return jv_supervisor_run(s, &p, init_ms, err);
}

/* One sync of the file system instead of one for each of a thousand files. */
static void sync_all(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) {
        syncfs(fd);
        close(fd);
    }
}

static int cannot_make(const struct jv_postgres *g, struct jv_err *err)
{
    return jv_err_set(err, JV_FAILED_PRECONDITION, "cannot make %s: %s", g->place->postgres,
                      strerror(errno));
}

static int remove_tree(struct jv_postgres *g, struct jv_supervisor *s, const char *path,
                       struct jv_err *err)
{
    struct jv_arena *a = g->place->arena;
    const char *const rm[] = { "rm", "-rf", "--", path, NULL };
    const struct jv_process p = { .name = "initdb",
                                  .program = "/bin/rm",
                                  .argv = words(a, rm),
                                  .env = jv_env_new(a).items,
                                  .death_signal = SIGTERM,
                                  .as_root = true };

    return jv_supervisor_run(s, &p, init_ms, err);
}

/* Made beside its place and moved there when whole, with its password in it. */
static int make_cluster(struct jv_postgres *g, struct jv_supervisor *s, struct jv_err *err)
{
    struct jv_arena *a = g->place->arena;
    const char *fresh = jv_arena_printf(a, "%s.new", g->place->postgres);
    const char *given = jv_arena_printf(a, "%s/initdb.password", g->place->run);
    const char *kept = jv_arena_printf(a, "%s/%s", fresh, password_name);
    uint8_t secret[24];
    struct stat st;
    int r = JV_OK;

    jv_random(secret, sizeof(secret));
    if (!stat(fresh, &st))
        r = remove_tree(g, s, fresh, err);
    if (!r)
        r = jv_place_folder(g->place, fresh, err);
    if (!r)
        r = jv_place_write(given, jv_base64url(a, secret, sizeof(secret)), err);
    if (!r)
        r = jv_place_give(g->place, given, err);
    if (!r)
        r = run_init(g, s, fresh, given, err);
    if (!r && rename(given, kept))
        r = cannot_make(g, err);
    if (r) {
        unlink(given);
        return r;
    }
    sync_all(fresh);
    return rename(fresh, g->place->postgres) ? cannot_make(g, err) : JV_OK;
}

/* ---- the socket ------------------------------------------------------------------------------ */

static bool fits(const char *folder)
{
    return strlen(folder) + sizeof(SOCKET_NAME) <= sizeof(((struct sockaddr_un *)0)->sun_path);
}

static bool is_mine(const struct jv_postgres *g, const char *path)
{
    struct stat st;

    return !lstat(path, &st) && S_ISDIR(st.st_mode) && st.st_uid == g->place->uid &&
           (st.st_mode & 0777) == 0700;
}

/* In /tmp, and the same again next time. */
static int make_folder_outside(struct jv_postgres *g, struct jv_err *err)
{
    const char *record = jv_arena_printf(g->place->arena, "%s/socket", g->place->run);
    char path[64] = "";
    FILE *f = fopen(record, "re");
    bool again = f && fgets(path, sizeof(path), f) && is_mine(g, path);

    if (f)
        fclose(f);
    if (!again) {
        snprintf(path, sizeof(path), "/tmp/jarvis-XXXXXX");
        if (!mkdtemp(path))
            return jv_err_set(
                    err, JV_FAILED_PRECONDITION,
                    "the path of %s is too long for a socket, and /tmp cannot be used: %s",
                    g->place->run, strerror(errno));
    }
    g->socket = jv_arena_strdup(g->place->arena, path);
    return again ? JV_OK : jv_place_write(record, path, err);
}

/* A socket's path is at most 107 bytes. */
static int make_socket_folder(struct jv_postgres *g, struct jv_err *err)
{
    int r;

    g->socket = jv_arena_printf(g->place->arena, "%s/postgres", g->place->run);
    g->is_outside = !fits(g->socket);
    if (!g->is_outside)
        return jv_place_folder(g->place, g->socket, err);
    r = make_folder_outside(g, err);
    return r ? r : jv_place_give(g->place, g->socket, err);
}

void jv_postgres_done(struct jv_postgres *g)
{
    if (g->is_outside && g->socket)
        rmdir(g->socket);
}

static void quote_path(struct jv_buf *b, const char *path)
{
    for (const char *s = path; *s; s++) {
        bool plain = (*s >= '0' && *s <= '9') || ((*s | 32) >= 'a' && (*s | 32) <= 'z');

        jv_buf_printf(b, plain || strchr("/-_.", *s) ? "%c" : "%%%02X", (unsigned char)*s);
    }
}

static bool read_password(const struct jv_place *place, char *password, int size)
{
    FILE *f = fopen(jv_arena_printf(place->arena, "%s/%s", place->postgres, password_name), "re");
    bool ok = f && fgets(password, size, f) && *password;

    if (f)
        fclose(f);
    return ok;
}

bool jv_postgres_is_ours(const struct jv_place *place, const char *url)
{
    char password[128];

    return read_password(place, password, sizeof(password)) && strstr(url, password);
}

static int make_url(struct jv_postgres *g, struct jv_err *err)
{
    struct jv_buf url = jv_buf_new(g->place->arena);
    char password[128];

    if (!read_password(g->place, password, sizeof(password)))
        return jv_err_set(
                err, JV_FAILED_PRECONDITION,
                "%s/%s is missing, the password of the database: restore it, or move %s away "
                "to start anew",
                g->place->postgres, password_name, g->place->postgres);
    jv_buf_printf(&url, "postgresql://jarvis:%s@/postgres?host=", password);
    quote_path(&url, g->socket);
    g->url = url.data;
    return JV_OK;
}

/* A lock file with the number of a process that is somebody else's now would keep the server from
 * starting. Only before the first start: then nothing of an earlier run is alive. While one runs
 * the server's own look at what is left of its predecessor is the better one. */
static void drop_stale_lock(const struct jv_postgres *g, const char *path)
{
    char line[64] = "", cwd[64], at[PATH_MAX] = "";
    FILE *f = fopen(path, "re");

    if (!f)
        return;
    if (fgets(line, sizeof(line), f)) {
        snprintf(cwd, sizeof(cwd), "/proc/%ld/cwd", strtol(line, NULL, 10));
        if (readlink(cwd, at, sizeof(at) - 1) < 0 || strcmp(at, g->place->postgres) != 0)
            unlink(path);
    }
    fclose(f);
}

static void drop_stale_locks(const struct jv_postgres *g)
{
    struct jv_arena *a = g->place->arena;

    drop_stale_lock(g, jv_arena_printf(a, "%s/postmaster.pid", g->place->postgres));
    drop_stale_lock(g, jv_arena_printf(a, "%s%s", g->socket, SOCKET_NAME));
}

int jv_postgres_prepare(struct jv_postgres *g, struct jv_supervisor *s, struct jv_place *place,
                        struct jv_err *err)
{
    struct stat st;
    int r;

    *g = (struct jv_postgres){ .place = place };
    r = find_programs(g, err);
    if (!r && stat(place->postgres, &st))
        r = make_cluster(g, s, err);
    if (!r)
        r = jv_place_folder(place, place->postgres, err);
    if (!r)
        r = make_socket_folder(g, err);
    if (!r)
        r = make_url(g, err);
    if (!r)
        drop_stale_locks(g);
    return r;
}

/* ---- running --------------------------------------------------------------------------------- */

/* The server writes how it is into the eighth line of its pid file. */
static bool probe(void *arg, pid_t pid)
{
    const struct jv_postgres *g = arg;
    char path[PATH_MAX], line[PATH_MAX] = "";
    FILE *f;
    bool ours;

    snprintf(path, sizeof(path), "%s/postmaster.pid", g->place->postgres);
    f = fopen(path, "re");
    ours = f && fgets(line, sizeof(line), f) && strtol(line, NULL, 10) == pid;

    for (int i = 2; ours && i <= 8; i++)
        ours = fgets(line, sizeof(line), f) != NULL;
    if (f)
        fclose(f);
    return ours && strncmp(line, "ready", 5) == 0;
}

struct jv_child_spec jv_postgres_spec(struct jv_postgres *g)
{
    struct jv_arena *a = g->place->arena;
    const char *program = jv_arena_printf(a, "%s/postgres", g->bin);
    const char *const argv[] = {
        program,
        "-D",
        g->place->postgres,
        "-c",
        "listen_addresses=",
        "-c",
        jv_arena_printf(a, "unix_socket_directories=%s", g->socket),
        "-c",
        "unix_socket_permissions=0700",
        "-c",
        "port=5432",
        "-c",
        "shared_buffers=64MB",
        "-c",
        "max_connections=100",
        "-c",
        "logging_collector=off",
        NULL,
    };

    return (struct jv_child_spec){ .process = { .name = "postgres",
                                                .program =
                                                        jv_arena_printf(a, "%s/postgres", g->bin),
                                                .argv = words(a, argv),
                                                .env = jv_env_new(a).items,
                                                .folder = g->place->postgres,
                                                .death_signal = SIGINT },
                                   .stop_signal = SIGINT, /* end sessions, then close */
                                   .last_signal = SIGQUIT,
                                   .probe = probe,
                                   .arg = g };
}
