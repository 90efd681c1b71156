/* doctor_bus.c -- the bus: its servers, who may sign in and say what, what it keeps. */
#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/doctor.h"
#include "host/nats_auth.h"
#include "io/bus_look.h"
#include "jv/kept.h"

enum { greet_ms = 2000, max_servers = 16, least_major = 2, least_minor = 9, full_percent = 90 };

/* ---- servers --------------------------------------------------------------------------------- */

static bool is_new_enough(const struct jv_bus_server *s)
{
    return s->major > least_major || (s->major == least_major && s->minor >= least_minor);
}

static void look_at_tls(struct jv_doctor *d, const struct jv_bus_server *s)
{
    bool asked = d->common.nats_ca[0] || strstr(d->common.nats_url, "tls://");

    if (s->tls && !asked)
        jv_found(d, JV_FAIL, "bus.tls", "%s speaks TLS: set NATS_CA to the file with its CA",
                 s->address);
    else if (asked && !s->tls)
        jv_found(d, JV_FAIL, "bus.tls", "%s speaks no TLS, but %s", s->address,
                 d->common.nats_ca[0] ? "NATS_CA is set" : "NATS_URL asks for it");
    else if (s->tls)
        jv_found(d, JV_OKAY, "bus.tls", "%s speaks TLS", s->address);
    else if (s->loopback)
        jv_found(d, JV_OKAY, "bus.tls", "%s is on loopback, without TLS", s->address);
    else
        jv_found(d, JV_WARN, "bus.tls",
                 "NATS_URL: %s speaks no TLS: whoever is on the way reads all", s->address);
}

/* Is one of them to be used? */
static bool look_at_servers(struct jv_doctor *d)
{
    struct jv_bus_server all[max_servers];
    size_t n = jv_bus_servers(d->common.nats_url, greet_ms, all, max_servers), there = 0;

    for (size_t i = 0; i < n; i++) {
        const struct jv_bus_server *s = &all[i];

        if (s->err.code) {
            jv_found(d, JV_FAIL, "bus", "NATS_URL: %s: %s", s->address, s->err.text);
            continue;
        }
        there++;
        jv_found(d, is_new_enough(s) ? JV_OKAY : JV_FAIL, "bus.version", "nats-server %s at %s%s",
                 s->version, s->address, is_new_enough(s) ? "" : ": at least 2.9 is needed");
        jv_found(d, s->jetstream ? JV_OKAY : JV_FAIL, "bus.jetstream", "JetStream is %s at %s",
                 s->jetstream ? "on" : "off, and audit records are lost without it,", s->address);
        look_at_tls(d, s);
    }
    return there;
}

/* ---- users ----------------------------------------------------------------------------------- */

static bool has(const char *const *list, const char *item)
{
    for (; list && *list; list++)
        if (strcmp(*list, item) == 0)
            return true;
    return false;
}

static const char *lacks(const char *const *want, const char *const *have)
{
    for (; want && *want; want++)
        if (!has(have, *want))
            return *want;
    return NULL;
}

/* What the server will hold them to, against what the tables say. */
static bool compare(struct jv_doctor *d, const char *check, const struct jv_nats_user *u,
                    const struct jv_bus_creds *c)
{
    const char *publish = lacks(u->publish, c->publish), *more = lacks(c->publish, u->publish);
    const char *subscribe = lacks(u->subscribe, c->subscribe);

    if (publish || subscribe)
        jv_found(d, JV_FAIL, check,
                 "NATS_CREDS: %s may not %s %s, as it must in this version: make the credentials "
                 "anew with `jarvis nats-conf`",
                 u->name, publish ? "publish" : "subscribe", publish ? publish : subscribe);
    else if (more || (more = lacks(c->subscribe, u->subscribe)))
        jv_found(d, JV_WARN, check,
                 "NATS_CREDS: %s may do more than this version needs (%s): make the credentials "
                 "anew with `jarvis nats-conf`",
                 u->name, more);
    return !publish && !subscribe && !more;
}

/* Subjects that nobody listens to, and a subscription that ends at once. NULL: as it must be. */
static const char *try_rules(struct jv_doctor *d, const struct jv_nats_user *u,
                             struct jv_bus_look *l, struct jv_err *err)
{
    const char *own = jv_arena_printf(d->arena, "_INBOX.%s.doctor", u->name);
    const char *none = jv_arena_printf(d->arena, "%s.doctor.refused", d->common.prefix);

    if (strcmp(u->name, "operator") != 0 && !jv_bus_look_subscribe(l, ">", err))
        return "may listen to everything";
    if (!jv_bus_look_publish(l, none, err))
        return jv_arena_printf(d->arena, "may publish %s, which nobody may", none);
    if (jv_bus_look_subscribe(l, own, err))
        return jv_arena_printf(d->arena, "may not listen to its own answers (%s)", err->text);
    return NULL;
}

/* false: there is no way to the server, for nobody. */
static bool sign_in(struct jv_doctor *d, const char *check, const struct jv_nats_user *u,
                    const char *path, bool right)
{
    const struct jv_bus_options o = {
        .url = d->common.nats_url, .creds = path, .ca = d->common.nats_ca, .name = u->name
    };
    struct jv_err err = { 0 };
    struct jv_bus_look *l = jv_bus_look_new(&o, &err);
    const char *wrong;

    if (!l) {
        jv_found(d, JV_FAIL, check, "NATS_CREDS: %s cannot sign in with %s: %s", u->name, path,
                 err.code == JV_UNAUTHENTICATED ? "refused" : err.text);
        return err.code == JV_UNAUTHENTICATED;
    }
    wrong = try_rules(d, u, l, &err);
    if (wrong)
        jv_found(d, JV_FAIL, check, "NATS_CREDS: %s %s", u->name, wrong);
    else if (right)
        jv_found(d, JV_OKAY, check, "%s signs in and may do what the tables say, no more", u->name);
    jv_bus_look_free(l);
    return true;
}

static bool look_at_user(struct jv_doctor *d, const struct jv_nats_user *u, const char *path)
{
    const char *check = jv_arena_printf(d->arena, "bus.user.%s", u->name);
    struct jv_bus_creds creds;
    struct jv_err err = { 0 };

    if (jv_bus_creds_read(path, d->arena, &creds, &err))
        jv_found(d, JV_FAIL, check, "NATS_CREDS: %s", err.text);
    else if (strcmp(creds.name, u->name) != 0)
        jv_found(d, JV_FAIL, check, "NATS_CREDS: %s is for %s, not for %s", path, creds.name,
                 u->name);
    else
        return sign_in(d, check, u, path, compare(d, check, u, &creds));
    return true;
}

const char *jv_doctor_creds(const struct jv_doctor *d)
{
    const char *path = d->common.nats_creds, *slash = strrchr(path, '/'), *folder;
    struct stat st;

    if (!*path || stat(path, &st))
        return NULL;
    if (S_ISDIR(st.st_mode))
        return path;
    if (!slash || strcmp(slash + 1, "operator.creds") != 0)
        return NULL;
    folder = jv_arena_strndup(d->arena, path, (size_t)(slash - path));
    return access(jv_arena_printf(d->arena, "%s/gateway.creds", folder), F_OK) ? NULL : folder;
}

/* Whose the one file is, it says itself. */
static void look_at_one(struct jv_doctor *d, const struct jv_nats_user *users, size_t n)
{
    struct jv_bus_creds creds;
    struct jv_err err = { 0 };

    if (jv_bus_creds_read(d->common.nats_creds, d->arena, &creds, &err)) {
        jv_found(d, JV_FAIL, "bus.user", "NATS_CREDS: %s", err.text);
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (strcmp(users[i].name, creds.name) == 0) {
            if (look_at_user(d, &users[i], d->common.nats_creds))
                jv_found(d, JV_SKIP, "bus.user",
                         "NATS_CREDS is one file: the other users are not "
                         "looked at");
            return;
        }
    jv_found(d, JV_FAIL, "bus.user", "NATS_CREDS: %s is for %s, which is no user of this version",
             d->common.nats_creds, creds.name);
}

static void look_at_users(struct jv_doctor *d)
{
    const char *folder = jv_doctor_creds(d);
    const struct jv_nats_user *users;
    size_t n = jv_nats_users(d->program, d->common.prefix, d->arena, &users);

    if (!d->common.nats_creds[0])
        jv_found(d, JV_WARN, "bus.user",
                 "NATS_CREDS is not set: whoever reaches the bus may say anything");
    else if (!folder)
        look_at_one(d, users, n);
    else
        for (size_t i = 0; i < n; i++)
            if (!look_at_user(d, &users[i],
                              jv_arena_printf(d->arena, "%s/%s.creds", folder, users[i].name)))
                break;
}

/* ---- streams --------------------------------------------------------------------------------- */

static void look_at_limits(struct jv_doctor *d, const struct jv_bus_stream *s,
                           const struct jv_stream_limits *want)
{
    const char *check = "bus.stream";

    if (s->max_age_s != want->max_age_s || s->max_bytes != want->max_bytes ||
        s->max_message != want->max_message)
        jv_found(d, JV_FAIL, check,
                 "the stream " JV_AUDIT_STREAM " keeps %lld days and %lld bytes, JARVIS_AUDIT_AGE "
                 "and JARVIS_AUDIT_BYTES say %lld and %lld: run `jarvis migrate`",
                 (long long)s->max_age_s / 86400, (long long)s->max_bytes,
                 (long long)want->max_age_s / 86400, (long long)want->max_bytes);
    else
        jv_found(d, JV_OKAY, check,
                 "the stream " JV_AUDIT_STREAM " has %lld records, %lld %% of "
                 "what it keeps",
                 (long long)s->messages,
                 (long long)(s->max_bytes ? s->bytes * 100 / s->max_bytes : 0));
}

static void look_at_replicas(struct jv_doctor *d, const struct jv_bus_stream *s, int want)
{
    if (s->replicas != want)
        jv_found(d, JV_FAIL, "bus.replicas",
                 "the stream " JV_AUDIT_STREAM " has %d replicas, JARVIS_STREAM_REPLICAS says %d: "
                 "run `jarvis migrate`",
                 s->replicas, want);
    else if (!s->led)
        jv_found(d, JV_FAIL, "bus.replicas",
                 "the stream " JV_AUDIT_STREAM " has no leader: too many NATS servers are away");
    else if (s->behind)
        jv_found(d, JV_WARN, "bus.replicas",
                 "%d of %d replicas of the stream " JV_AUDIT_STREAM " are away or behind",
                 s->behind, s->replicas);
    else
        jv_found(d, JV_OKAY, "bus.replicas", "the stream " JV_AUDIT_STREAM " has %d %s",
                 s->replicas, s->replicas == 1 ? "replica" : "replicas, all up to date");
}

static void look_at_store(struct jv_doctor *d, struct jv_bus_look *l)
{
    struct jv_err err = { 0 };
    int64_t used, most;

    if (jv_bus_look_store(l, &used, &most, &err))
        jv_found(d, JV_FAIL, "bus.store", "JetStream: %s", err.text);
    else if (most <= 0)
        jv_found(d, JV_OKAY, "bus.store",
                 "JetStream keeps %lld bytes, and may use what its disk has", (long long)used);
    else
        jv_found(d, used * 100 / most >= full_percent ? JV_FAIL : JV_OKAY, "bus.store",
                 "JetStream keeps %lld of %lld bytes", (long long)used, (long long)most);
}

static void look_at_stream(struct jv_doctor *d, struct jv_bus_look *l)
{
    struct jv_stream_limits want;
    struct jv_bus_stream s;
    struct jv_err err = { 0 };
    int r = jv_bus_look_stream(l, JV_AUDIT_STREAM, &s, &err);

    if (r) {
        jv_found(d, JV_FAIL, "bus.stream", "the stream " JV_AUDIT_STREAM ": %s",
                 r == JV_NOT_FOUND ? "is not there: run `jarvis migrate`" : err.text);
        return;
    }
    if (!jv_migrate_limits(&want, NULL)) { /* else that is said of the settings */
        look_at_limits(d, &s, &want);
        look_at_replicas(d, &s, want.replicas);
    }
    look_at_store(d, l);
    if (s.has_clock)
        jv_found_clock(d, "bus.clock", "the bus", s.ahead_ms);
    else
        jv_found(d, JV_SKIP, "bus.clock", "this NATS server does not tell its time");
}

static void look_at_streams(struct jv_doctor *d)
{
    const char *folder = jv_doctor_creds(d), *creds = d->common.nats_creds;
    struct jv_bus_options o = { .url = d->common.nats_url,
                                .ca = d->common.nats_ca,
                                .name = "operator" };
    struct jv_bus_creds c = { .name = "operator" };
    struct jv_bus_look *l;

    o.creds = folder ? jv_arena_printf(d->arena, "%s/operator.creds", folder) : creds;
    if (*o.creds &&
        (jv_bus_creds_read(o.creds, d->arena, &c, NULL) || strcmp(c.name, "operator") != 0)) {
        jv_found(d, JV_SKIP, "bus.stream",
                 "NATS_CREDS has no operator's credentials: streams are "
                 "not looked at");
        return;
    }
    l = jv_bus_look_new(&o, NULL);
    if (l)
        look_at_stream(d, l);
    else
        jv_found(d, JV_SKIP, "bus.stream", "the operator cannot sign in");
    jv_bus_look_free(l);
}

void jv_doctor_bus(struct jv_doctor *d)
{
    if (!jv_is_set("NATS_URL"))
        jv_found(d, JV_SKIP, "bus", "NATS_URL is not set");
    else if (!d->has_common)
        jv_found(d, JV_SKIP, "bus", "the settings cannot be used");
    else if (look_at_servers(d)) {
        look_at_users(d);
        look_at_streams(d);
    }
}
