/* stack.c -- what the whole system consists of: servers, migrations, actors, gateway. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/settings.h"
#include "host/configured.h"
#include "host/up.h"
#include "io/pg.h"

enum { servers_ms = 60000, migrate_ms = 120000, actors_ms = 40000, check_ms = 30000 };

extern char **environ;

/* ---- settings -------------------------------------------------------------------------------- */

static bool parse_listen(const char *s, struct sockaddr_in *at)
{
    const char *colon = strrchr(s, ':'), *port = colon ? colon + 1 : s;
    size_t host_len = colon ? (size_t)(colon - s) : 0, digits = strspn(port, "0123456789");
    char host[32] = "0.0.0.0";

    if (!digits || digits > 5 || port[digits] || strtol(port, NULL, 10) > 65535 ||
        host_len >= sizeof(host))
        return false;
    if (host_len)
        snprintf(host, sizeof(host), "%.*s", (int)host_len, s);
    if (strcmp(host, "localhost") == 0)
        snprintf(host, sizeof(host), "127.0.0.1");
    *at = (struct sockaddr_in){ .sin_family = AF_INET,
                                .sin_port = htons((uint16_t)strtol(port, NULL, 10)) };
    return inet_pton(AF_INET, host, &at->sin_addr) == 1;
}

/* Take the address and let it go again; port 0 becomes one that is free. */
static int try_address(struct sockaddr_in *at, const char *shown, struct jv_err *err)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, e = 0;
    socklen_t size = sizeof(*at);

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)at, size) || listen(fd, 1) ||
        getsockname(fd, (struct sockaddr *)at, &size))
        e = errno;
    close(fd);
    if (e == EADDRINUSE)
        return jv_err_set(err, JV_FAILED_PRECONDITION,
                          "another program is using %s: stop it, or set JARVIS_LISTEN to another "
                          "address",
                          shown);
    return e ? jv_err_set(err, JV_FAILED_PRECONDITION, "cannot listen on %s: %s", shown,
                          strerror(e))
             : JV_OK;
}

static int choose_address(struct jv_up *u, struct jv_err *err)
{
    const char *s = getenv("JARVIS_LISTEN");
    char host[INET_ADDRSTRLEN] = "";
    struct sockaddr_in at;
    int r;

    if (!s || !*s)
        s = "127.0.0.1:8080";
    if (!parse_listen(s, &at))
        return jv_err_set(err, JV_INVALID_ARGUMENT,
                          "JARVIS_LISTEN: %s is not address:port, such as 127.0.0.1:8080", s);
    r = try_address(&at, s, err);
    if (r)
        return r;
    inet_ntop(AF_INET, &at.sin_addr, host, sizeof(host));
    u->listen = jv_arena_printf(u->arena, "%s:%d", host, ntohs(at.sin_port));
    u->url = jv_arena_printf(u->arena, "http://%s:%d",
                             strcmp(host, "0.0.0.0") == 0 ? "127.0.0.1" : host, ntohs(at.sin_port));
    return JV_OK;
}

/* Are real servers named? A shell that has read run/env names ours. */
static bool names_nats(const struct jv_up *u)
{
    const char *url = getenv("NATS_URL");

    return url && *url && !jv_nats_is_ours(&u->place, url, u->common.nats_creds);
}

static bool names_postgres(const struct jv_up *u)
{
    const char *url = getenv("DATABASE_URL");

    return url && *url && !jv_postgres_is_ours(&u->place, url);
}

int jv_up_configure(struct jv_up *u, struct jv_err *err)
{
    static const struct jv_setting demo[] = { { "JARVIS_DEMO", "1", "", JV_SET_BOOL, 0, 0, 0 },
                                              { 0 } };
    int r = jv_common_load(&u->common, err);

    if (!r)
        r = jv_configured(u->program, err);
    if (!r)
        r = jv_settings_load(demo, &u->demo, err);
    if (r)
        return r;
    u->own_nats = !names_nats(u);
    u->own_postgres = !names_postgres(u);
    u->nats_url = u->common.nats_url;
    u->database_url = u->common.database_url;
    u->creds = u->own_nats ? "" : u->common.nats_creds;
    if (!u->own_postgres)
        r = jv_pg_url_check("DATABASE_URL", u->database_url, err);
    return r ? r : choose_address(u, err);
}

const char *jv_up_creds(const struct jv_up *u, const char *name)
{
    struct stat st;

    if (!u->creds[0] || stat(u->creds, &st) || !S_ISDIR(st.st_mode))
        return u->creds;
    return jv_arena_printf(u->arena, "%s/%s.creds", u->creds, name);
}

const char *jv_up_ca(const struct jv_up *u)
{
    return u->own_nats ? "" : u->common.nats_ca;
}

/* ---- processes ------------------------------------------------------------------------------- */

static const char *const *argv_of(struct jv_arena *a, const char *w1, const char *w2,
                                  const char *w3)
{
    const char **argv = JV_NEW_ARRAY(a, const char *, 5);

    argv[0] = "jarvis";
    argv[1] = w1;
    argv[2] = w2;
    argv[3] = w3;
    return argv;
}

static struct jv_env env_of(const struct jv_up *u, const char *name)
{
    static const char *const passed[] = { "JARVIS_PREFIX", "JARVIS_LOG",         "JARVIS_LOG_JSON",
                                          "JARVIS_CLOCK",  "JARVIS_CONFORMANCE", "JARVIS_PROFILE" };
    struct jv_env e = jv_env_new(u->arena);

    for (size_t i = 0; i < JV_COUNT(passed); i++)
        jv_env_pass(&e, passed[i]);
    jv_env_set(&e, "NATS_URL", u->nats_url);
    jv_env_set(&e, "NATS_CREDS", jv_up_creds(u, name));
    jv_env_set(&e, "NATS_CA", jv_up_ca(u));
    return e;
}

static struct jv_process process_of(const struct jv_up *u, const char *name, const char *w1,
                                    const char *w2, const struct jv_env *e)
{
    return (struct jv_process){ .name = name,
                                .argv = argv_of(u->arena, w1, w2, NULL),
                                .env = e->items,
                                .death_signal = SIGTERM };
}

static int run_once(struct jv_up *u, const char *name, const char *option, const struct jv_env *e,
                    int64_t ms, struct jv_err *err)
{
    const struct jv_process p = process_of(u, name, name, option, e);

    return jv_supervisor_run(u->sup, &p, ms, err);
}

static int run_migrate(struct jv_up *u, struct jv_err *err)
{
    struct jv_env e = env_of(u, "operator");

    jv_env_set(&e, "DATABASE_URL", u->database_url);
    jv_env_pass(&e, "JARVIS_AUDIT_AGE");
    jv_env_pass(&e, "JARVIS_AUDIT_BYTES");
    jv_env_pass(&e, "JARVIS_MIGRATE_WAIT");
    if (!u->own_nats)
        jv_env_pass(&e, "JARVIS_STREAM_REPLICAS");
    return run_once(u, "migrate", u->demo ? "--seed" : NULL, &e, migrate_ms, err);
}

static int run_check(struct jv_up *u, struct jv_err *err)
{
    struct jv_env e = jv_env_new(u->arena);
    struct jv_process p;

    jv_env_set(&e, "JARVIS_URL", u->url);
    p = process_of(u, "check", "check", NULL, &e);
    p.argv = argv_of(u->arena, "check", "--wait", u->ready_path);
    return jv_supervisor_run(u->sup, &p, check_ms, err);
}

static void start_process(struct jv_up *u, const char *name, const struct jv_env *e)
{
    struct jv_child_spec spec = { .process = process_of(u, name, "run", name, e) };

    spec.process.says_ready = true;
    jv_supervisor_add(u->sup, &spec);
}

static void start_actor(struct jv_up *u, const struct jv_actor *actor)
{
    struct jv_env e = env_of(u, actor->name);

    if (actor->needs & JV_NEEDS_DB)
        jv_env_set(&e, "DATABASE_URL", u->database_url);
    for (const struct jv_setting *s = actor->settings; s && s->env; s++) {
        if (strcmp(s->env, "JARVIS_DEMO") == 0)
            jv_env_set(&e, s->env, u->demo ? "1" : "0");
        else
            jv_env_pass(&e, s->env);
    }
    start_process(u, actor->name, &e);
}

static bool is_setting_of_an_actor(const struct jv_program *p, const char *name, size_t len)
{
    for (size_t i = 0; p->actors[i]; i++)
        for (const struct jv_setting *s = p->actors[i]->settings; s && s->env; s++)
            if (strlen(s->env) == len && strncmp(s->env, name, len) == 0)
                return true;
    return false;
}

/* Its settings are its own; what it must not get is an actor's. */
static void start_gateway(struct jv_up *u)
{
    struct jv_env e = env_of(u, "gateway");

    jv_env_set(&e, "JARVIS_LISTEN", u->listen);
    for (char **v = environ; *v; v++) {
        size_t len = strcspn(*v, "=");
        char *name = jv_arena_strndup(u->arena, *v, len);

        if (strncmp(name, "JARVIS_", 7) == 0 && strcmp(name, "JARVIS_LISTEN") != 0 &&
            strcmp(name, "JARVIS_VAR") != 0 && strcmp(name, "JARVIS_READY_FD") != 0 &&
            strcmp(name, "JARVIS_PASSWORD") != 0 && !is_setting_of_an_actor(u->program, *v, len))
            jv_env_pass(&e, name);
    }
    start_process(u, "gateway", &e);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int start_servers(struct jv_up *u, struct jv_err *err)
{
    struct jv_child_spec spec;
    int r = JV_OK;

    if (u->own_nats) {
        r = jv_nats_prepare(&u->nats, &u->place, u->program, u->common.prefix, err);
        if (r)
            return r;
        u->nats_url = u->nats.url;
        u->creds = u->nats.creds;
        spec = jv_nats_spec(&u->nats);
        jv_supervisor_add(u->sup, &spec);
    }
    if (u->own_postgres) {
        r = jv_postgres_prepare(&u->postgres, u->sup, &u->place, err);
        if (r)
            return r;
        u->database_url = u->postgres.url;
        spec = jv_postgres_spec(&u->postgres);
        jv_supervisor_add(u->sup, &spec);
    }
    return jv_supervisor_ready(u->sup, servers_ms, err);
}

int jv_up_start(struct jv_up *u, struct jv_err *err)
{
    int r = start_servers(u, err);

    if (!r)
        r = run_migrate(u, err);
    if (r)
        return r;
    for (size_t i = 0; u->program->actors[i]; i++)
        start_actor(u, u->program->actors[i]);
    start_gateway(u);
    r = jv_supervisor_ready(u->sup, actors_ms, err);
    return r ? r : run_check(u, err);
}

void jv_up_stop(struct jv_up *u)
{
    static const char *const gateway[] = { "gateway", NULL };
    const char **names;
    size_t n = 0;

    while (u->program->actors[n])
        n++;
    names = JV_NEW_ARRAY(u->arena, const char *, n + 1);
    for (size_t i = 0; i < n; i++)
        names[i] = u->program->actors[i]->name;
    jv_supervisor_stop(u->sup, gateway);
    jv_supervisor_stop(u->sup, names);
    jv_supervisor_stop_all(u->sup);
    if (u->own_postgres)
        jv_postgres_done(&u->postgres);
}

void jv_up_write_pids(struct jv_up *u)
{
    struct jv_arena *a = jv_arena_new(0);
    struct jv_buf b = jv_buf_new(a);
    struct jv_err err = { 0 };
    const char *name;
    pid_t pid;

    for (size_t i = 0; jv_supervisor_get(u->sup, i, &name, &pid); i++)
        jv_buf_printf(&b, "%s %d\n", name, (int)pid);
    if (jv_place_write(jv_arena_printf(a, "%s/pids", u->place.run), b.data, &err))
        fprintf(stderr, "jarvis: %s\n", err.text);
    jv_arena_free(a);
}
