/* access.c -- who is calling, and may they. The rules are data in the actors' tables; nothing of a
 * request's words decides anything here. */
#include "actor/audit.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <auth.pb-c.h>
#include <google/protobuf/empty.pb-c.h>

/* ---- who ------------------------------------------------------------------------------------ */

static int fetch_revocations(struct jv_ctx *ctx)
{
    const Google__Protobuf__Empty empty = GOOGLE__PROTOBUF__EMPTY__INIT;
    Auth__RevocationList *list;
    int r = jv_request(ctx, "svc.auth.Revocations", &empty, &auth__revocation_list__descriptor,
                       &list);

    for (size_t i = 0; !r && i < list->n_revocations; i++)
        jv_identity_revocation(ctx->node->identity, list->revocations[i]);
    return r;
}

/* Keys and revocations from auth, as the actor itself. */
static int ask_auth(struct jv_ctx *ctx)
{
    const Google__Protobuf__Empty empty = GOOGLE__PROTOBUF__EMPTY__INIT;
    unsigned changed = ctx->node->keys_changed;
    bool as_actor = ctx->as_actor;
    Auth__KeySet *keys;
    int r;

    ctx->as_actor = true;
    r = fetch_revocations(ctx);
    if (!r)
        r = jv_request(ctx, "svc.auth.Keys", &empty, &auth__key_set__descriptor, &keys);
    if (!r)
        r = jv_identity_keys(ctx->node->identity, keys, &ctx->err);
    ctx->as_actor = as_actor;
    if (r)
        return jv_fail(ctx, JV_UNAVAILABLE, "cannot check who is calling: auth does not answer");
    ctx->node->keys_fresh = changed == ctx->node->keys_changed;
    ctx->node->n_fetched++;
    return JV_OK;
}

struct jv_waiter {
    struct jv_fiber *fiber;
    struct jv_waiter *next;
    bool over;
};

static int await_fetch(struct jv_ctx *ctx)
{
    struct jv_waiter w = { jv_fiber_self(), ctx->node->waiters, false };
    struct jv_waiter **at = &ctx->node->waiters;
    int r = JV_OK;

    ctx->node->waiters = &w;
    while (!w.over && !r)
        r = jv_ctx_wait(ctx, ctx->deadline);
    if (w.over)
        return JV_OK;
    while (*at != &w)
        at = &(*at)->next;
    *at = w.next;
    return jv_fail(ctx, r, "out of time while waiting for auth");
}

static void end_fetch(struct jv_node *n)
{
    n->fetching = false;
    for (struct jv_waiter *w = n->waiters; w; w = w->next) {
        w->over = true;
        jv_fiber_wake(w->fiber);
    }
    n->waiters = NULL;
}

/* One asks for all. When that one fails, perhaps for want of time of its own, the next one does. */
static int fetch_keys(struct jv_ctx *ctx)
{
    struct jv_node *n = ctx->node;
    uint64_t before = n->n_fetched;
    int r;

    while (n->fetching) {
        r = await_fetch(ctx);
        if (r)
            return r;
    }
    if (n->n_fetched != before)
        return JV_OK;
    n->fetching = true;
    r = ask_auth(ctx);
    end_fetch(n);
    return r;
}

static int check(struct jv_ctx *ctx)
{
    return jv_identity_check(ctx->node->identity, ctx->env.token,
                             ctx->auth_ms ? ctx->auth_ms : jv_real_ms(ctx), ctx->arena,
                             &ctx->caller, &ctx->err);
}

static int authenticate(struct jv_ctx *ctx)
{
    int r;

    if (!ctx->env.token)
        return jv_fail(ctx, JV_UNAUTHENTICATED, "sign in first");
    /* After a break of the bus a revocation may have been missed: ask before trusting. */
    if (!ctx->node->keys_fresh && (r = fetch_keys(ctx)))
        return r;
    r = check(ctx);
    if (r == JV_NOT_FOUND &&
        (ctx->node->fetching || jv_identity_may_fetch(ctx->node->identity, jv_real_ms(ctx)))) {
        r = fetch_keys(ctx);
        if (r)
            return r;
        r = check(ctx);
    }
    if (r == JV_NOT_FOUND)
        r = jv_fail(ctx, JV_UNAUTHENTICATED, "the token is signed with an unknown key");
    return r;
}

int jv_authenticate(struct jv_ctx *ctx)
{
    int r = authenticate(ctx);

    if (r)
        ctx->caller = (struct jv_caller){ false, "", "", "", "", "", NULL, 0 };
    if (r == JV_UNAUTHENTICATED)
        jv_audit_token(ctx);
    return r;
}

int jv_identify(struct jv_ctx *ctx)
{
    return ctx->env.token && !ctx->caller.signed_in ? jv_authenticate(ctx) : JV_OK;
}

int jv_still_in(struct jv_ctx *ctx, int64_t since_ms)
{
    struct jv_arena *a;
    struct jv_caller unused;
    int r;

    if (!ctx->caller.signed_in)
        return JV_OK;
    a = jv_arena_new(1 << 20);
    r = jv_identity_check(ctx->node->identity, ctx->caller.token, since_ms, a, &unused, &ctx->err);
    jv_arena_free(a);
    return r == JV_UNAUTHENTICATED ? r : JV_OK; /* a key that is gone since ends nothing */
}

/* As no person: whose token it is stands in the question. */
static int ask_ended(struct jv_ctx *ctx, const char *user_id, const char *sid, int64_t issued,
                     bool *ret)
{
    Auth__HasEndedRequest req = AUTH__HAS_ENDED_REQUEST__INIT;
    bool as_actor = ctx->as_actor;
    Auth__HasEndedReply *reply;
    int r;

    req.user_id = user_id;
    req.sid = sid;
    req.issued = issued;
    ctx->as_actor = true;
    r = jv_request(ctx, "svc.auth.HasEnded", &req, &auth__has_ended_reply__descriptor, &reply);
    ctx->as_actor = as_actor;
    *ret = r || reply->ended;
    return r ? jv_fail(ctx, JV_UNAVAILABLE, "cannot check who is calling: auth does not answer")
             : JV_OK;
}

int jv_person_ended(struct jv_ctx *ctx, const char *user_id, int64_t issued, bool *ret)
{
    return ask_ended(ctx, user_id, "", issued, ret);
}

int jv_authenticate_late(struct jv_ctx *ctx)
{
    bool ended = true;
    int r = jv_authenticate(ctx);

    if (r || !jv_still_in(ctx, jv_real_ms(ctx)))
        return r;
    r = ask_ended(ctx, ctx->caller.user_id, ctx->caller.sid, ctx->caller.issued, &ended);
    if (r || !ended)
        return r;
    ctx->caller = (struct jv_caller){ false, "", "", "", "", "", NULL, 0 };
    r = jv_fail(ctx, JV_UNAUTHENTICATED, "this sign-in has ended");
    jv_audit_token(ctx);
    return r;
}

/* ---- may ------------------------------------------------------------------------------------ */

bool jv_scope_in(const char *scopes, const char *scope, size_t len)
{
    for (const char *p = scopes; *p;) {
        size_t n = strcspn(p, " ");

        if (n == len && memcmp(p, scope, n) == 0)
            return true;
        p += n + (p[n] == ' ');
    }
    return false;
}

static bool has_all(const struct jv_ctx *ctx, const char *scope)
{
    char all[80];
    int n = snprintf(all, sizeof(all), "%s:all", scope);

    return n > 0 && (size_t)n < sizeof(all) && jv_caller_has(ctx, all);
}

/* "tickets:delete for ticket_id 7": of what a request asks for by a number or an id. */
static const char *scope_for(struct jv_ctx *ctx, const char *scope, ProtobufCMessage *req)
{
    const ProtobufCMessageDescriptor *d = req->descriptor;

    for (unsigned i = 0; i < d->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &d->fields[i];
        size_t n = strlen(f->name);
        const char *text = jv_get_text(req, f->name);

        if (n < 3 || strcmp(f->name + n - 3, "_id") != 0 || f->label == PROTOBUF_C_LABEL_REPEATED)
            continue;
        if (f->type == PROTOBUF_C_TYPE_INT32)
            return jv_arena_printf(ctx->arena, "%s for %s %d", scope, f->name,
                                   *(const int32_t *)(const void *)((char *)req + f->offset));
        if (text && text[0])
            return jv_arena_printf(ctx->arena, "%s for %s %.64s", scope, f->name, text);
    }
    return scope;
}

static int deny_scope(struct jv_ctx *ctx, const char *scope, ProtobufCMessage *req)
{
    jv_denied(ctx, "scope", "%s", scope_for(ctx, scope, req));
    return jv_fail(ctx, JV_PERMISSION_DENIED, "access denied: %s is needed", scope);
}

static int deny(struct jv_ctx *ctx, const char *rule, const char *about)
{
    jv_denied(ctx, rule, "%s", about);
    if (strcmp(rule, "owner") == 0)
        return jv_fail(ctx, JV_PERMISSION_DENIED,
                       "access denied: this is %s's, and only your own data may be used; an "
                       "administrator can help",
                       about);
    return jv_fail(ctx, JV_PERMISSION_DENIED, "access denied: %s is needed", about);
}

/* ---- whose ---------------------------------------------------------------------------------- */

enum { FIND_MS = 2000 };

/* Asked only for somebody who may see everybody's: for all others there is nothing to be learnt. */
static int find_person(struct jv_ctx *ctx, const char *name, Auth__FoundPerson **ret)
{
    Auth__FindPersonRequest req = AUTH__FIND_PERSON_REQUEST__INIT;
    int64_t deadline = ctx->deadline;
    bool as_actor = ctx->as_actor;
    int r;

    req.name = name;
    req.alike = jv_caller_has(ctx, "users:read:all");
    ctx->as_actor = true;
    jv_within(ctx, FIND_MS);
    r = jv_request(ctx, "svc.auth.FindPerson", &req, &auth__found_person__descriptor, ret);
    ctx->deadline = deadline;
    ctx->as_actor = as_actor;
    return r;
}

static int nobody(struct jv_ctx *ctx, const char *name, const Auth__FoundPerson *p)
{
    struct jv_buf b = jv_buf_new(ctx->arena);

    for (size_t i = 0; i < p->n_alike; i++)
        jv_buf_printf(&b, "%s%s",
                      !i                   ? ". Do you mean "
                      : i + 1 < p->n_alike ? ", "
                                           : " or ",
                      p->alike[i]);
    return jv_fail(ctx, JV_NOT_FOUND, "I know nobody called %s%s%s",
                   jv_arena_strndup(ctx->arena, name, jv_clip(name, strlen(name), 64)),
                   b.len ? b.data : "", b.len ? "?" : "");
}

/* A name or a user id becomes a user name. Whoever was removed still has what is theirs, and gets
 * nothing new. While auth is away data can be looked at by the name as it is. */
static int resolve_owner(struct jv_ctx *ctx, const struct jv_tool *row, ProtobufCMessage *req,
                         const char *name)
{
    bool reads = row->flags & JV_TOOL_READONLY;
    Auth__FoundPerson *p;
    int r = find_person(ctx, name, &p);

    if (r == JV_CANCELLED)
        return r;
    if (r && !reads)
        return jv_fail(ctx, JV_UNAVAILABLE, "cannot look up who %s is: auth does not answer",
                       jv_arena_strndup(ctx->arena, name, jv_clip(name, strlen(name), 64)));
    if (!r && (!p->username[0] || (p->removed && !reads)))
        return nobody(ctx, name, p);
    jv_set_text(req, row->allow.owner, r ? name : p->username);
    return JV_OK;
}

/* Whose data: empty means the caller's; a user id of the caller is the caller, too. */
static int check_owner(struct jv_ctx *ctx, const struct jv_tool *row, ProtobufCMessage *req)
{
    const struct jv_access *allow = &row->allow;
    const char *given = jv_get_text(req, allow->owner);
    const char *me = ctx->caller.username;
    char *owner = jv_lower(ctx->arena, given ? given : "");

    if (!owner[0] || strcmp(owner, me) == 0 || strcasecmp(owner, ctx->caller.user_id) == 0) {
        jv_set_text(req, allow->owner, me);
        return JV_OK;
    }
    if (!has_all(ctx, allow->scope))
        return deny(ctx, "owner",
                    jv_arena_strndup(ctx->arena, owner, jv_clip(owner, strlen(owner), 64)));
    return resolve_owner(ctx, row, req, owner);
}

int jv_authorize(struct jv_ctx *ctx, const struct jv_tool *row, ProtobufCMessage *req)
{
    const struct jv_access *allow = &row->allow;

    switch (allow->kind) {
    case JV_ACCESS_ANYONE:
    case JV_ACCESS_ACTOR: /* NATS let it through: only actors may publish there */
        return JV_OK;
    case JV_ACCESS_USER:
    case JV_ACCESS_SCOPE:
        break;
    default:
        return deny(ctx, "nobody", row->method);
    }
    if (!ctx->caller.signed_in)
        return jv_fail(ctx, JV_UNAUTHENTICATED, "sign in first");
    if (allow->kind == JV_ACCESS_SCOPE && !jv_caller_has(ctx, allow->scope))
        return deny_scope(ctx, allow->scope, req);
    return allow->owner ? check_owner(ctx, row, req) : JV_OK;
}
