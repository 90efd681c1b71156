/* nats_users.c -- from the actors' tables to NATS permissions. */
#include "host/nats_auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jv/kept.h"

struct list {
    struct jv_arena *arena;
    const char **items; /* NULL-terminated */
    size_t n, cap;
};

static void add(struct list *l, const char *prefix, const char *fmt, ...) JV_PRINTF(3, 4);

/* prefix NULL: as it is. Once each. */
static void add(struct list *l, const char *prefix, const char *fmt, ...)
{
    const char *item;
    va_list args;

    va_start(args, fmt);
    item = jv_arena_vprintf(l->arena, fmt, args);
    va_end(args);
    if (prefix)
        item = jv_arena_printf(l->arena, "%s.%s", prefix, item);
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->items[i], item) == 0)
            return;
    if (l->n + 2 > l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 16;
        const char **items = JV_NEW_ARRAY(l->arena, const char *, cap);

        if (l->n)
            memcpy(items, l->items, l->n * sizeof(*items));
        l->items = items;
        l->cap = cap;
    }
    l->items[l->n++] = item;
    l->items[l->n] = NULL;
}

/* ---- an actor ----------------------------------------------------------------------------- */

/* Keys and revocations of tokens: every process that checks tokens asks for them. */
static void add_token_checks(struct list *pub, const char *prefix)
{
    add(pub, prefix, "svc.auth.Keys");
    add(pub, prefix, "svc.auth.Revocations");
    add(pub, prefix, "svc.auth.HasEnded");
}

/* Whoever has people's own data asks who is meant by a name. */
static bool has_owners(const struct jv_actor *actor)
{
    for (const struct jv_tool *t = actor->tools; t && t->method; t++)
        if (t->allow.owner)
            return true;
    return false;
}

static void actor_subscribes(struct list *sub, const struct jv_actor *actor, const char *prefix)
{
    add(sub, prefix, "svc.%s.*", actor->name);
    if (actor->agent) {
        add(sub, prefix, "a2a.%s.*", actor->agent->token);
        add(sub, prefix, "task.%s.>", actor->agent->token);
        add(sub, prefix, "task.*.*.cancel");
        add(sub, prefix, "work.%s", actor->agent->token);
    }
    add(sub, prefix, "ctl.%s.>", actor->name);
    add(sub, prefix, "ctl.all.>");
    add(sub, prefix, "evt.>");
    for (const struct jv_event *e = actor->events; e && e->subject; e++)
        add(sub, prefix, "%s", e->subject);
    add(sub, NULL, "$SRV.>");
    add(sub, NULL, "_INBOX.%s.>", actor->name);
}

static void add_call(struct list *pub, const char *prefix, const char *call)
{
    if (strcmp(call, "a2a:*") == 0)
        add(pub, prefix, "a2a.>");
    else if (strncmp(call, "a2a:", 4) == 0)
        add(pub, prefix, "a2a.%s.*", call + 4);
    else
        add(pub, prefix, "svc.%s.*", call);
}

/* Its tasks' events, a nudge when there is work, cancellations of what was sent for its tasks, and
 * what webhooks are to hear. */
static void agent_publishes(struct list *pub, const struct jv_actor *actor, const char *prefix)
{
    add(pub, prefix, "task.%s.>", actor->agent->token);
    add(pub, prefix, "work.%s", actor->agent->token);
    if (actor->needs & JV_NEEDS_DB) {
        add(pub, prefix, "svc.notifier.Enqueue");
        add(pub, prefix, "svc.notifier.CheckUrl");
        add(pub, prefix, "svc.notifier.Forget");
        add(pub, prefix, "svc.notifier.Change");
    }
}

static void actor_publishes(struct list *pub, const struct jv_actor *actor, const char *prefix)
{
    for (const char *const *c = actor->calls; c && *c; c++)
        add_call(pub, prefix, *c);
    add_token_checks(pub, prefix);
    if (has_owners(actor))
        add(pub, prefix, "svc.auth.FindPerson");
    add(pub, prefix, "audit.%s.*", actor->name);
    if (actor->needs & JV_NEEDS_AUDIT) {
        add(pub, NULL, "$JS.API.STREAM.INFO." JV_AUDIT_STREAM);
        add(pub, NULL, "$JS.API.STREAM.MSG.GET." JV_AUDIT_STREAM);
    }
    add(pub, prefix, "evt.%s.*", actor->name);
    add(pub, prefix, "hb.%s.*", actor->name);
    if (actor->agent)
        agent_publishes(pub, actor, prefix);
    add(pub, NULL, "_INBOX.>"); /* answers */
}

struct jv_nats_user jv_nats_actor_user(const struct jv_actor *actor, const char *prefix,
                                       struct jv_arena *a)
{
    struct list pub = { .arena = a }, sub = { .arena = a };

    actor_publishes(&pub, actor, prefix);
    actor_subscribes(&sub, actor, prefix);
    return (struct jv_nats_user){ actor->name, pub.items, sub.items };
}

/* ---- the gateway and operators ------------------------------------------------------------ */

/* Every method but those that are for actors alone: nobody else's credentials reach these. */
static void add_open_methods(struct list *pub, const struct jv_program *p, const char *prefix)
{
    for (const struct jv_actor *const *a = p->actors; *a; a++)
        for (const struct jv_tool *t = (*a)->tools; t && t->method; t++)
            if (t->allow.kind != JV_ACCESS_ACTOR && t->allow.kind != JV_ACCESS_NOBODY)
                add(pub, prefix, "svc.%s.%s", (*a)->name, t->method);
    add(pub, prefix, "a2a.>");
}

static struct jv_nats_user gateway_user(const struct jv_program *p, const char *prefix,
                                        struct jv_arena *a)
{
    struct list pub = { .arena = a }, sub = { .arena = a };

    add_open_methods(&pub, p, prefix);
    add_token_checks(&pub, prefix);
    add(&pub, prefix, "svc.auth.SignCard");
    add(&pub, prefix, "audit.gateway.*");
    add(&sub, prefix, "evt.>");
    add(&sub, NULL, "_INBOX.gateway.>");
    return (struct jv_nats_user){ "gateway", pub.items, sub.items };
}

static struct jv_nats_user operator_user(const struct jv_program *p, const char *prefix,
                                         struct jv_arena *a)
{
    struct list pub = { .arena = a }, sub = { .arena = a };

    add_open_methods(&pub, p, prefix);
    add(&pub, prefix, "ctl.>");
    add(&pub, NULL, "$SRV.>");
    add(&pub, NULL, "$JS.API.>");
    add(&pub, NULL, "$JS.ACK.>");
    add(&sub, NULL, ">");
    return (struct jv_nats_user){ "operator", pub.items, sub.items };
}

size_t jv_nats_users(const struct jv_program *p, const char *prefix, struct jv_arena *a,
                     const struct jv_nats_user **ret)
{
    struct jv_nats_user *users;
    size_t n = 0;

    while (p->actors[n])
        n++;
    users = JV_NEW_ARRAY(a, struct jv_nats_user, n + 2);
    for (size_t i = 0; i < n; i++)
        users[i] = jv_nats_actor_user(p->actors[i], prefix, a);
    users[n] = gateway_user(p, prefix, a);
    users[n + 1] = operator_user(p, prefix, a);
    *ret = users;
    return n + 2;
}

/* ---- jarvis nats-conf --------------------------------------------------------------------- */

static void print_users(const struct jv_nats_user *users, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        printf("%s\n", users[i].name);
        for (const char *const *s = users[i].subscribe; s && *s; s++)
            printf("  subscribe %s\n", *s);
        for (const char *const *s = users[i].publish; s && *s; s++)
            printf("  publish   %s\n", *s);
    }
}

static bool parse_listen(struct jv_nats_auth_options *o, struct jv_arena *a, const char *listen)
{
    const char *colon = strrchr(listen, ':');
    char *end;
    long port = colon ? strtol(colon + 1, &end, 10) : 0;

    if (!colon || colon == listen || *end || port < 1 || port > 65535)
        return false;
    o->host = jv_arena_strndup(a, listen, (size_t)(colon - listen));
    o->port = (int)port;
    return true;
}

static bool parse_value(struct jv_nats_auth_options *o, struct jv_arena *a, const char *option,
                        const char *value)
{
    const struct {
        const char *option, **to;
    } texts[] = { { "--dir", &o->dir },
                  { "--store", &o->store_dir },
                  { "--name", &o->name },
                  { "--conf", &o->conf } };

    for (size_t i = 0; i < JV_COUNT(texts); i++)
        if (strcmp(option, texts[i].option) == 0) {
            *texts[i].to = value;
            return value[0];
        }
    return strcmp(option, "--listen") == 0 && parse_listen(o, a, value);
}

static bool parse_options(struct jv_nats_auth_options *o, struct jv_arena *a, int argc, char **argv)
{
    bool ok = true;

    for (int i = 0; i < argc && ok; i++) {
        if (strcmp(argv[i], "--rotate") == 0 && o->keys != JV_NATS_REVOKE)
            o->keys = JV_NATS_ROTATE;
        else if (strcmp(argv[i], "--revoke") == 0 && o->keys != JV_NATS_ROTATE)
            o->keys = JV_NATS_REVOKE;
        else
            ok = i + 1 < argc && parse_value(o, a, argv[i], argv[i + 1]) && ++i;
    }
    return ok && (o->dir || o->keys == JV_NATS_KEEP);
}

static void say_what_next(const struct jv_nats_auth_options *o)
{
    static const char *const texts[] = {
        [JV_NATS_KEEP] = "Keep %s/keys: whoever has it can make users of every kind.\n",
        [JV_NATS_ROTATE] =
                "Every user has a new key; the old ones are good until `jarvis nats-conf "
                "--dir %s --revoke`.\n",
        [JV_NATS_REVOKE] = "The replaced keys of %s are refused as soon as nats-server gets a "
                           "SIGHUP.\n",
    };

    printf(texts[o->keys], o->dir);
}

static int write_conf(const struct jv_nats_auth_options *o)
{
    struct jv_err err = { 0 };

    if (jv_nats_auth_make(o, &err)) {
        fprintf(stderr, "jarvis: %s\n", err.text);
        return 1;
    }
    printf("Written: %s%s for `nats-server -c`, and for NATS_CREDS:\n", o->conf ? o->conf : o->dir,
           o->conf ? "" : "/server.conf");
    for (size_t i = 0; i < o->n_users; i++)
        printf("  %s/creds/%s.creds\n", o->dir, o->users[i].name);
    say_what_next(o);
    return 0;
}

int jv_cmd_nats_conf(const struct jv_program *p, int argc, char **argv)
{
    struct jv_arena *a = jv_arena_new(16 << 20);
    struct jv_nats_auth_options o = { .host = "0.0.0.0", .port = 4222 };
    const char *prefix = getenv("JARVIS_PREFIX");
    int r = 0;

    if (prefix && *prefix && !jv_is_token(prefix)) {
        fprintf(stderr, "jarvis: JARVIS_PREFIX: must be letters, digits, _ and -, at most 64\n");
        jv_arena_free(a);
        return JV_EXIT_CONFIG;
    }
    o.n_users = jv_nats_users(p, prefix && *prefix ? prefix : "jarvis", a, &o.users);
    if (!parse_options(&o, a, argc, argv)) {
        fprintf(stderr,
                "usage: jarvis nats-conf [--dir D [--listen HOST:PORT] [--store D] [--name N] "
                "[--conf FILE] [--rotate | --revoke]]\n");
        r = 2;
    } else if (o.dir) {
        r = write_conf(&o);
    } else {
        print_users(o.users, o.n_users);
    }
    jv_arena_free(a);
    return r;
}
