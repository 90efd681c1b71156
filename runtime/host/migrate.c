/* migrate.c -- `jarvis migrate` and `jarvis seed`: database and streams as this binary needs them.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/settings.h"
#include "host/commands.h"
#include "host/configured.h"
#include "host/migrations.h"
#include "io/bus.h"
#include "jv/kept.h"

enum { pause_ms = 250, list_limit = 16 << 20 };

struct limits {
    int64_t audit_ms, audit_bytes, replicas, wait_ms;
};

const struct jv_setting jv_migrate_settings[] = {
    { "JARVIS_AUDIT_AGE", "400d", "how long audit records are kept", JV_SET_MSEC,
      offsetof(struct limits, audit_ms), 3600 * 1000, 36500LL * 86400 * 1000 },
    { "JARVIS_AUDIT_BYTES", "268435456", "how much of them JetStream keeps, the newest", JV_SET_INT,
      offsetof(struct limits, audit_bytes), 1 << 20, 1LL << 50 },
    { "JARVIS_STREAM_REPLICAS", "1", "on how many servers of a NATS cluster: 1, 3 or 5", JV_SET_INT,
      offsetof(struct limits, replicas), 1, 5 },
    { "JARVIS_MIGRATE_WAIT", "10s", "how long to wait for database and bus, each", JV_SET_MSEC,
      offsetof(struct limits, wait_ms), 0, 3600 * 1000 },
    { 0 },
};

static struct jv_stream_limits audit_limits(const struct limits *l)
{
    return (struct jv_stream_limits){ l->audit_ms / 1000, l->audit_bytes, JV_AUDIT_MOST,
                                      (int)l->replicas };
}

static void say_applied(void *arg, const struct jv_migration *m)
{
    (void)arg;
    printf("%s: %s\n", m->actor, m->name);
}

static int migrate_database(const struct jv_program *p, const struct jv_common *c, int wait_ms,
                            struct jv_err *err)
{
    struct jv_arena *a = jv_arena_new(list_limit);
    struct jv_migration *list;
    size_t n;
    int r;

    list = jv_migration_list(p->migrations, p->actors, a, &n);
    r = jv_pg_check(c->database_url, wait_ms, err);
    if (!r)
        r = jv_pg_migrate(c->database_url, list, n, say_applied, NULL, err);
    jv_arena_free(a);
    return r;
}

/* A cluster has no leader at first, or not all of its servers. */
static int make_stream(struct jv_loop *l, struct jv_bus *bus, const char *const *subjects,
                       const struct jv_stream_limits *limits, int64_t wait_ms, struct jv_err *err)
{
    const struct timespec pause = { 0, pause_ms * 1000000L };
    int64_t until = jv_loop_mono_ms(l) + wait_ms;
    int r;

    while ((r = jv_bus_stream(bus, JV_AUDIT_STREAM, subjects, limits, err)) == JV_UNAVAILABLE ||
           r == JV_RESOURCE_EXHAUSTED) {
        if (jv_loop_mono_ms(l) >= until)
            break;
        nanosleep(&pause, NULL);
    }
    return r;
}

/* What JetStream keeps: who did what. */
static int make_streams(const struct jv_common *c, const struct limits *limits, struct jv_err *err)
{
    const struct jv_stream_limits of_audit = audit_limits(limits);
    struct jv_arena *a = jv_arena_new(0);
    const char *const subjects[] = { jv_arena_printf(a, "%s.audit.>", c->prefix), NULL };
    const struct jv_bus_options o = {
        .url = c->nats_url, .creds = c->nats_creds, .ca = c->nats_ca, .name = "operator"
    };
    struct jv_loop *l = jv_loop_new(JV_CLOCK_REAL);
    struct jv_bus *bus = jv_bus_nats(l, &o, (int)limits->wait_ms, err);
    int r = err->code;

    if (bus) {
        r = make_stream(l, bus, subjects, &of_audit, limits->wait_ms, err);
        jv_bus_free(bus);
    }
    jv_loop_free(l);
    jv_arena_free(a);
    return r;
}

static int load(struct jv_common *c, struct jv_err *err)
{
    int r = jv_common_load(c, err);

    if (!r)
        r = jv_common_creds(c, "operator", err);
    if (!r)
        r = jv_pg_url_check("DATABASE_URL", c->database_url, err);
    if (!r)
        jv_log_init("", JV_LOG_WARN, c->log_json);
    return r;
}

static int load_limits(struct limits *l, struct jv_err *err)
{
    int r = jv_settings_load(jv_migrate_settings, l, err);

    if (!r && l->replicas % 2 == 0)
        r = jv_err_set(err, JV_INVALID_ARGUMENT, "JARVIS_STREAM_REPLICAS: must be 1, 3 or 5");
    return r;
}

int jv_migrate_limits(struct jv_stream_limits *ret, struct jv_err *err)
{
    struct limits limits;
    int r = load_limits(&limits, err);

    if (!r)
        *ret = audit_limits(&limits);
    return r;
}

int jv_cmd_migrate(const struct jv_program *p, int argc, char **argv)
{
    bool seed = argc == 1 && strcmp(argv[0], "--seed") == 0;
    struct jv_err err = { 0 };
    struct jv_common c;
    struct limits limits;
    int r;

    if (argc > 1 || (argc && !seed))
        return jv_complain(2, "usage: jarvis migrate [--seed]");
    jv_borrow_env();
    if (load(&c, &err) || load_limits(&limits, &err))
        return jv_complain(JV_EXIT_CONFIG, "%s", err.text);
    r = migrate_database(p, &c, (int)limits.wait_ms, &err);
    if (!r && seed)
        r = jv_seed_all(c.database_url, p->seeds, &err);
    if (!r)
        r = make_streams(&c, &limits, &err);
    return r ? jv_complain(1, "%s", err.text) : 0;
}

int jv_cmd_seed(const struct jv_program *p, int argc, char **argv)
{
    struct jv_err err = { 0 };
    struct jv_common c;

    (void)argv;
    if (argc)
        return jv_complain(2, "usage: jarvis seed");
    jv_borrow_env();
    if (load(&c, &err))
        return jv_complain(JV_EXIT_CONFIG, "%s", err.text);
    return jv_seed_all(c.database_url, p->seeds, &err) ? jv_complain(1, "%s", err.text) : 0;
}
