/* world.c -- real actors in one process: in-memory bus, virtual clock. */
#include "world/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <auth.pb-c.h>
#include <google/rpc/status.pb-c.h>

#include "base/log.h"
#include "base/settings.h"
#include "io/jwt.h"

enum {
    MAX_NODES = 32,
    MAX_ASKED = 1024,
    MAX_HEARD = 512,
    GIVE_UP_MS = 60000,
    MONTH_S = 30 * 86400
};

struct node {
    struct jv_node *node;
    struct jv_bus *bus;
    struct jv_pg *pg;
    void *state;
};

struct asked {
    struct world *world;
    struct jv_bus_sub *sub;
    struct jv_buf body;
    bool done, stream;
    struct world_reply reply;
};

struct world {
    struct jv_loop *loop;
    struct jv_broker *broker;
    struct jv_arena *arena;
    struct jv_identity *identity;
    struct jv_bus *bus; /* the test's own */
    char *pem;
    struct jv_jwk jwk;
    struct node nodes[MAX_NODES];
    size_t n_nodes;
    struct asked asked[MAX_ASKED]; /* a ring: n_asked - n_collected are out */
    size_t n_asked, n_collected;
    struct {
        const char *subject, *data;
    } heard[MAX_HEARD];
    size_t n_heard;
    struct jv_loop_timer limit;
    bool gave_up;
};

static void die(const char *what, const struct jv_err *err)
{
    printf("# world: %s: %s\n", what, err ? err->text : "");
    fflush(stdout);
    abort();
}

/* ---- running -------------------------------------------------------------------------------- */

static void give_up(struct jv_loop_timer *t)
{
    struct world *w = t->arg;

    w->gave_up = true;
    jv_loop_stop(w->loop);
}

/* Until *flag, which whoever sets it follows by jv_loop_stop(); at most a virtual minute. */
static bool run_until(struct world *w, const bool *flag)
{
    w->gave_up = false;
    w->limit.fn = give_up;
    w->limit.arg = w;
    jv_loop_timer_start(w->loop, &w->limit, jv_loop_mono_ms(w->loop) + GIVE_UP_MS);
    while (!*flag && !w->gave_up)
        jv_loop_run(w->loop);
    jv_loop_timer_stop(w->loop, &w->limit);
    return *flag;
}

void world_advance(struct world *w, int64_t ms)
{
    jv_loop_run_until(w->loop, jv_loop_mono_ms(w->loop) + ms);
}

void world_set_wall(struct world *w, const char *rfc3339)
{
    int64_t s;
    int32_t ns;

    if (jv_time_parse(rfc3339, &s, &ns))
        die("bad time", NULL);
    jv_loop_set_wall(w->loop, s * 1000 + ns / 1000000);
}

/* ---- the world itself ----------------------------------------------------------------------- */

static void trust_own_key(struct world *w)
{
    Auth__Jwk jwk = AUTH__JWK__INIT;
    Auth__Jwk *keys[] = { &jwk };
    Auth__KeySet set = AUTH__KEY_SET__INIT;
    struct jv_err err = { 0 };

    if (jv_key_generate(w->arena, &w->pem, &w->jwk, &err))
        die("no key", &err);
    jwk.kid = w->jwk.kid;
    jwk.x = w->jwk.x;
    jwk.y = w->jwk.y;
    set.n_keys = 1;
    set.keys = keys;
    if (jv_identity_keys(w->identity, &set, &err))
        die("key refused", &err);
}

struct world *world_new(void)
{
    struct world *w = calloc(1, sizeof(*w));

    if (!w)
        abort();
    jv_log_init("world", getenv("WORLD_LOG") ? JV_LOG_DEBUG : JV_LOG_ERROR, false);
    w->arena = jv_arena_new((size_t)256 << 20);
    w->loop = jv_loop_new(JV_CLOCK_VIRTUAL);
    world_set_wall(w, "2025-01-10T00:00:00Z");
    w->broker = jv_broker_new(w->loop);
    w->bus = jv_bus_mem(w->broker, "test");
    w->identity = jv_identity_new(256);
    trust_own_key(w);
    return w;
}

static struct node *slot_of(struct world *w, const struct jv_node *n)
{
    for (size_t i = 0; i < w->n_nodes; i++)
        if (w->nodes[i].node == n)
            return &w->nodes[i];
    die("no such node", NULL);
    return NULL;
}

static void forget(struct node *n)
{
    jv_node_free(n->node);
    jv_bus_free(n->bus);
    jv_pg_free(n->pg);
    free(n->state);
    *n = (struct node){ 0 };
}

struct drain {
    struct world *world;
    bool done;
};

static void drained(void *arg)
{
    struct drain *d = arg;

    d->done = true;
    jv_loop_stop(d->world->loop);
}

void world_drain(struct world *w, struct jv_node *n)
{
    struct drain d = { w, false };
    const struct jv_actor *actor = n->actor;
    struct node *slot = slot_of(w, n);

    jv_node_drain(n, drained, &d);
    if (!run_until(w, &d.done))
        die("does not drain", NULL);
    if (actor->fini)
        actor->fini(slot->state);
    forget(slot);
}

void world_kill(struct world *w, struct jv_node *n)
{
    n->quiet = true;
    world_drain(w, n);
}

struct world *world_free(struct world *w)
{
    for (size_t i = w->n_nodes; i-- > 0;)
        if (w->nodes[i].node)
            world_drain(w, w->nodes[i].node);
    jv_bus_free(w->bus);
    jv_broker_free(w->broker);
    jv_identity_free(w->identity);
    jv_loop_free(w->loop);
    jv_arena_free(w->arena);
    free(w);
    return NULL;
}

struct jv_loop *world_loop(struct world *w)
{
    return w->loop;
}

struct jv_broker *world_broker(struct world *w)
{
    return w->broker;
}

struct jv_arena *world_arena(struct world *w)
{
    return w->arena;
}

struct jv_identity *world_identity(struct world *w)
{
    return w->identity;
}

/* ---- actors --------------------------------------------------------------------------------- */

struct starting {
    struct world *world;
    struct jv_err *err;
    bool done;
    int code;
};

static void on_ready(void *arg, int code, const struct jv_err *err)
{
    struct starting *s = arg;

    s->code = code;
    *s->err = *err;
    s->done = true;
    jv_loop_stop(s->world->loop);
}

static int start(struct world *w, const struct jv_actor *actor, struct jv_node **ret,
                 struct jv_err *err)
{
    struct node *slot = &w->nodes[w->n_nodes];
    struct jv_node_options o = { .loop = w->loop, .identity = w->identity, .prefix = "jarvis" };
    struct starting s = { w, err, false, 0 };
    int r;

    if (w->n_nodes == MAX_NODES)
        die("too many nodes", NULL);
    slot->state = calloc(1, actor->state_size + 1);
    slot->bus = jv_bus_mem(w->broker, actor->name);
    if (actor->needs & JV_NEEDS_DB) {
        const char *url = getenv("TEST_DATABASE_URL");

        if (!url && !actor->agent) /* an agent without a database keeps no tasks */
            die("TEST_DATABASE_URL is not set: run this test with tests/with-servers pg", NULL);
        if (url)
            slot->pg = jv_pg_new(w->loop, url, actor->name, 8);
    }
    o.bus = slot->bus;
    o.pg = slot->pg;
    o.state = slot->state;
    r = actor->settings ? jv_settings_load(actor->settings, slot->state, err) : JV_OK;
    if (!r && actor->check)
        r = actor->check(slot->state, err);
    if (!r) {
        slot->node = jv_node_new(actor, &o, err);
        r = slot->node ? JV_OK : JV_INTERNAL;
    }
    if (!r) {
        slot->node->keys_fresh = true; /* the world's own key is known already */
        jv_node_start(slot->node, on_ready, &s);
        r = run_until(w, &s.done) ? s.code : JV_DEADLINE_EXCEEDED;
    }
    if (r) {
        world_advance(w, 0);
        if (slot->node && actor->fini) /* as a process does */
            actor->fini(slot->state);
        forget(slot);
        return r;
    }
    w->n_nodes++;
    *ret = slot->node;
    return JV_OK;
}

struct jv_node *world_start(struct world *w, const struct jv_actor *actor)
{
    struct jv_node *n = NULL;
    struct jv_err err = { 0 };

    if (start(w, actor, &n, &err))
        die(actor->name, &err);
    return n;
}

int world_try(struct world *w, const struct jv_actor *actor, struct jv_err *err)
{
    struct jv_node *n;

    return start(w, actor, &n, err);
}

/* ---- people --------------------------------------------------------------------------------- */

static const struct {
    const char *role, *scopes;
} roles[] = {
    { "admin", "tickets:read tickets:write finops:read oxygen:read registry:read users:read "
               "tickets:read:all tickets:write:all tickets:delete finops:read:all oxygen:read:all "
               "users:read:all users:write registry:write registry:approve audit:read "
               "notifications:read:all notifications:write:all llm:read:all" },
    { "", "tickets:read tickets:write finops:read oxygen:read registry:read users:read" },
};

static const char *token_for(struct world *w, const char *user_id, const char *username,
                             const char *role, const char *scopes, int64_t life_s)
{
    char jti[37], sid[37], *token;
    int64_t now = jv_loop_real_ms(w->loop) / 1000;
    struct jv_claims c = { user_id, username, role, scopes, jti, sid, now, now + life_s };
    struct jv_err err = { 0 };

    jv_uuid(jti);
    jv_uuid(sid);
    if (jv_jwt_sign(w->pem, w->jwk.kid, &c, w->arena, &token, &err))
        die("cannot sign", &err);
    return token;
}

const char *world_person(struct world *w, const char *user_id, const char *username,
                         const char *role)
{
    size_t i = 0;

    while (roles[i].role[0] && strcmp(roles[i].role, role) != 0)
        i++;
    return token_for(w, user_id, username, role, roles[i].scopes, MONTH_S);
}

const char *world_token(struct world *w, const char *user_id, const char *username,
                        const char *scopes)
{
    return token_for(w, user_id, username, "user", scopes, MONTH_S);
}

const char *world_brief_token(struct world *w, const char *user_id, const char *username,
                              const char *scopes, int64_t life_s)
{
    return token_for(w, user_id, username, "user", scopes, life_s);
}

/* ---- asking --------------------------------------------------------------------------------- */

static bool is_stream(const struct world *w, const char *subject)
{
    const char *name = strrchr(subject, '.') + 1;
    bool a2a = strncmp(subject, "a2a.", 4) == 0;

    for (size_t i = 0; i < w->n_nodes; i++) {
        struct jv_node *n = w->nodes[i].node;
        const struct jv_method *m = n ? jv_find_method(n, a2a ? "a2a" : "svc", name) : NULL;
        const char *owner = !n                       ? ""
                            : a2a && n->actor->agent ? n->actor->agent->token
                                                     : n->actor->name;

        if (m && strncmp(subject + 4, owner, strlen(owner)) == 0)
            return m->streams;
    }
    return false;
}

static void read_error(struct asked *q, const struct jv_bus_msg *m, const char *code)
{
    struct world_reply *r = &q->reply;
    struct jv_err err = { 0 };

    jv_err_from_status(&err, code, jv_bus_header(m, JV_H_ERROR), m->data, m->len);
    r->code = err.code;
    r->http = atoi(code);
    r->text = jv_arena_strdup(q->world->arena, err.text);
    r->field = jv_arena_strdup(q->world->arena, err.field);
}

/* A unary answer is one message; a stream ends with an empty body. */
static void on_answer(void *arg, struct jv_bus_msg *m)
{
    struct asked *q = arg;
    const char *code = jv_bus_header(m, JV_H_ERROR_CODE);

    if (q->done)
        return;
    if (m->status == 503) {
        q->reply.code = JV_UNAVAILABLE;
        q->reply.text = "no responders";
    } else if (code) {
        read_error(q, m, code);
    } else if (!m->len && jv_bus_header(m, JV_H_ALIVE)) {
        return;
    }
    if (m->len) {
        jv_buf_printf(&q->body, "%s%.*s", q->body.len ? "\n" : "", (int)m->len,
                      (const char *)m->data);
        q->reply.parts++;
    }
    if (q->stream && m->len && m->status != 503)
        return;
    if (q->stream && code)
        return; /* the end follows */
    q->reply.json = q->body.data;
    q->done = true;
    jv_loop_stop(q->world->loop);
}

void world_send(struct world *w, const char *token, const char *subject, const char *json)
{
    struct asked *q = &w->asked[w->n_asked++ % MAX_ASKED];
    char *inbox = jv_arena_printf(w->arena, "%s.%zu", jv_bus_inbox(w->bus), w->n_asked);
    struct jv_header headers[2] = { { JV_H_CONTENT_TYPE, "application/json" } };
    size_t n = 1;

    if (w->n_asked - w->n_collected > MAX_ASKED)
        die("too many questions are out", NULL);
    *q = (struct asked){ .world = w,
                         .body = jv_buf_new(w->arena),
                         .stream = is_stream(w, subject) };
    q->reply.text = q->reply.field = "";
    q->sub = jv_bus_subscribe(w->bus, inbox, NULL, on_answer, q);
    if (token)
        headers[n++] = (struct jv_header){ JV_H_AUTHORIZATION,
                                           jv_arena_printf(w->arena, "Bearer %s", token) };
    if (jv_bus_publish(w->bus, jv_arena_printf(w->arena, "jarvis.%s", subject), inbox, headers, n,
                       json, strlen(json)))
        die("cannot publish", NULL);
}

struct world_reply world_collect(struct world *w)
{
    struct asked *q = &w->asked[w->n_collected++ % MAX_ASKED];

    if (!run_until(w, &q->done)) {
        q->reply.code = JV_DEADLINE_EXCEEDED;
        q->reply.text = "no answer within a virtual minute";
        q->reply.json = q->body.data;
        q->done = true;
    }
    jv_bus_unsubscribe(w->bus, q->sub);
    return q->reply;
}

struct world_reply world_ask(struct world *w, const char *token, const char *subject,
                             const char *json)
{
    world_send(w, token, subject, json);
    return world_collect(w);
}

static struct world_reply send_part(struct world *w, const char *token, const char *agent,
                                    const char *part)
{
    char id[37];

    jv_uuid(id);
    return world_ask(w, token, jv_arena_printf(w->arena, "a2a.%s.SendMessage", agent),
                     jv_arena_printf(w->arena,
                                     "{\"message\":{\"messageId\":\"%s\",\"role\":\"ROLE_USER\","
                                     "\"parts\":[%s]}}",
                                     id, part));
}

struct world_reply world_tool(struct world *w, const char *token, const char *agent,
                              const char *tool, const char *arguments)
{
    return send_part(w, token, agent,
                     jv_arena_printf(w->arena,
                                     "{\"data\":{\"tool\":\"%s\",\"arguments\":%s},"
                                     "\"mediaType\":\"%s\"}",
                                     tool, arguments, JV_TOOL_CALL_TYPE));
}

struct world_reply world_say(struct world *w, const char *token, const char *agent,
                             const char *text)
{
    struct jv_buf b = jv_buf_new(w->arena);

    jv_buf_str(&b, "{\"text\":");
    jv_json_quote(&b, text, strlen(text));
    jv_buf_char(&b, '}');
    return send_part(w, token, agent, b.data);
}

/* ---- listening ------------------------------------------------------------------------------ */

static void on_heard(void *arg, struct jv_bus_msg *m)
{
    struct world *w = arg;

    if (w->n_heard == MAX_HEARD)
        return;
    w->heard[w->n_heard].subject = jv_arena_strdup(w->arena, m->subject + strlen("jarvis."));
    w->heard[w->n_heard++].data = jv_arena_strndup(w->arena, m->len ? m->data : "", m->len);
}

void world_listen(struct world *w, const char *subject)
{
    jv_bus_subscribe(w->bus, jv_arena_printf(w->arena, "jarvis.%s", subject), NULL, on_heard, w);
}

const char *world_heard(struct world *w, size_t i, const char **ret_subject)
{
    world_advance(w, 0);
    if (i >= w->n_heard)
        return NULL;
    if (ret_subject)
        *ret_subject = w->heard[i].subject;
    return w->heard[i].data;
}
