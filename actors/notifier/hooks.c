/* hooks.c -- people's webhooks for notices. Each is a queue of its own among those of the tasks: a
 * notice is posted as an A2A message, with the same headers, retries and guard. */
#include "notifier.h"

#include <string.h>

#include "jv/db.h"
#include "jv/wire.h"

enum { max_hooks = 5 };

#define HOOK        "id::text as id, url, created_at"
#define CONFIG      "hook"
#define NOTICE_TYPE "application/vnd.jarvis.notification+json"

/* ---- named by people ------------------------------------------------------------------------ */

int hooks_list(struct jv_ctx *ctx, Notifier__HookList *ret)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows, "select " HOOK " from hooks where username = $1 order by created_at, id",
              jv_text(jv_caller(ctx)->username));
    if (r)
        return r;
    ret->hooks = JV_NEW_ARRAY(jv_arena(ctx), Notifier__Hook *, rows.n + 1);
    for (size_t i = 0; i < rows.n && !r; i++) {
        Notifier__Hook *h = jv_msg_new(&notifier__hook__descriptor, jv_arena(ctx));

        ret->hooks[ret->n_hooks++] = h;
        r = jv_row_to_msg(ctx, &rows, i, &h->base);
    }
    return r;
}

/* Counted and added under a lock of the person's. */
static int insert(struct jv_ctx *ctx, const Notifier__AddHookRequest *req, struct jv_rows *ret)
{
    const struct jv_caller *c = jv_caller(ctx);
    char id[37];
    int r;

    jv_uuid(id);
    r = jv_db(ctx, NULL,
              "select pg_advisory_xact_lock(hashtextextended('notifier.hooks:' || $1, 0))",
              jv_text(c->username));
    if (r)
        return r;
    return jv_db(ctx, ret,
                 "insert into hooks (id, username, user_id, scope, issued, url, token, created_at)"
                 " select $1::uuid, $2, $3, $4, $5, $6, $7, $8"
                 " where (select count(*) from hooks where username = $2) < $9 returning " HOOK,
                 jv_text(id), jv_text(c->username), jv_text(c->user_id), jv_text(c->scope),
                 jv_int(c->issued), jv_text(req->url), jv_text(req->token), jv_ms(jv_real_ms(ctx)),
                 jv_int(max_hooks));
}

int hooks_add(struct jv_ctx *ctx, const Notifier__AddHookRequest *req, Notifier__Hook *ret)
{
    struct jv_rows rows;
    int r = webhook_check(ctx, req->url, req->token, NULL);

    if (!r)
        r = jv_db_begin(ctx);
    if (!r)
        r = insert(ctx, req, &rows);
    if (!r && !rows.n)
        r = jv_fail(ctx, JV_RESOURCE_EXHAUSTED,
                    "you have %d webhooks already; remove one of them first", max_hooks);
    if (!r)
        r = jv_row_to_msg(ctx, &rows, 0, &ret->base);
    return r ? r : jv_db_commit(ctx);
}

/* Somebody else's looks like none: the same statements, and one record either way. */
static int no_hook(struct jv_ctx *ctx, const char *id)
{
    struct jv_rows rows;
    int r = jv_db(ctx, &rows, "select username from hooks where id::text = $1", jv_text(id));

    if (r)
        return r;
    jv_hidden(ctx, rows.n ? jv_col(&rows, 0, "username") : NULL, "webhook %.64s", id);
    return jv_fail(ctx, JV_NOT_FOUND, "webhook not found");
}

int hooks_remove(struct jv_ctx *ctx, const Notifier__RemoveHookRequest *req)
{
    Notifier__ForgetRequest forget = NOTIFIER__FORGET_REQUEST__INIT;
    struct jv_rows rows;
    int r = jv_db_begin(ctx);

    if (!r)
        r = jv_db(ctx, &rows,
                  "delete from hooks where id::text = $1 and username = $2 returning id",
                  jv_text(req->id), jv_text(jv_caller(ctx)->username));
    if (!r && !rows.n)
        return no_hook(ctx, req->id);
    forget.agent = HOOK_AGENT;
    forget.task_id = req->id;
    if (!r)
        r = queue_forget(ctx, &forget);
    return r ? r : jv_db_commit(ctx);
}

int hooks_end(struct jv_ctx *ctx, const char *user_id, int64_t issued)
{
    return jv_db(ctx, NULL, "delete from hooks where user_id = $1 and issued <= $2",
                 jv_text(user_id), jv_int(issued));
}

/* ---- into the queues ------------------------------------------------------------------------ */

static A2a__Part *part(struct jv_arena *a)
{
    return jv_msg_new(&a2a__part__descriptor, a);
}

static int message_of(struct jv_ctx *ctx, const struct jv_rows *rows, size_t i,
                      A2a__StreamResponse **ret)
{
    struct jv_arena *a = jv_arena(ctx);
    Notifier__Notification *n = jv_msg_new(&notifier__notification__descriptor, a);
    A2a__StreamResponse *e = jv_msg_new(&a2a__stream_response__descriptor, a);
    A2a__Message *m = jv_msg_new(&a2a__message__descriptor, a);
    int r = jv_row_to_msg(ctx, rows, i, &n->base);

    m->message_id = jv_arena_printf(a, "notice-%lld", (long long)n->id);
    m->role = A2A__ROLE__ROLE_AGENT;
    m->parts = JV_NEW_ARRAY(a, A2a__Part *, 2);
    m->parts[m->n_parts] = part(a);
    m->parts[m->n_parts]->content_case = A2A__PART__CONTENT_TEXT;
    m->parts[m->n_parts++]->text = n->text;
    m->parts[m->n_parts] = part(a);
    m->parts[m->n_parts]->content_case = A2A__PART__CONTENT_DATA;
    m->parts[m->n_parts]->media_type = NOTICE_TYPE;
    m->parts[m->n_parts++]->data = jv_value_struct(a, jv_msg_to_struct(&n->base, JV_JSON_SNAKE, a));
    e->payload_case = A2A__STREAM_RESPONSE__PAYLOAD_MESSAGE;
    e->message = m;
    *ret = e;
    return r;
}

static Notifier__Delivery *delivery(struct jv_ctx *ctx, const struct jv_rows *wanted, size_t i,
                                    A2a__StreamResponse *event)
{
    struct jv_arena *a = jv_arena(ctx);
    Notifier__Delivery *d = jv_msg_new(&notifier__delivery__descriptor, a);

    d->agent = HOOK_AGENT;
    d->task_id = jv_col(wanted, i, "hook");
    d->seq = jv_col_int(wanted, i, "id");
    d->config = jv_msg_new(&a2a__task_push_notification_config__descriptor, a);
    d->config->id = CONFIG;
    d->config->url = jv_col(wanted, i, "url");
    d->config->token = jv_col(wanted, i, "token");
    d->event = event;
    d->owner = jv_col(wanted, i, "user_id");
    d->issued = jv_col_int(wanted, i, "issued");
    return d;
}

/* The hooks of those whose notices these are, who may see them and did not mute them. */
static int find_wanted(struct jv_ctx *ctx, const struct jv_rows *news, struct jv_rows *ret)
{
    const char **ids = JV_NEW_ARRAY(jv_arena(ctx), const char *, news->n);

    for (size_t i = 0; i < news->n; i++)
        ids[i] = jv_col(news, i, "id");
    return jv_db(ctx, ret,
                 "select n.id, h.id::text as hook, url, token, user_id, issued,"
                 " n.kind, n.priority, n.text, n.key, n.at"
                 " from notices n join hooks h on n.username in (h.username, '')"
                 " where n.id = any($1::text[]::bigint[])"
                 " and n.source || ':read' = any(string_to_array(h.scope, ' '))"
                 " and not exists (select from mutes m where m.username = h.username"
                 " and m.kind = n.kind) order by n.id, h.id",
                 jv_text_array(ctx, news->n, ids));
}

int hooks_queue(struct jv_ctx *ctx, const struct jv_rows *news, size_t *ret)
{
    Notifier__EnqueueRequest req = NOTIFIER__ENQUEUE_REQUEST__INIT;
    struct jv_arena *a = jv_arena(ctx);
    struct jv_rows wanted = { 0 };
    const char **lanes;
    int r = news->n ? find_wanted(ctx, news, &wanted) : JV_OK;

    *ret = r ? 0 : wanted.n;
    if (r || !wanted.n)
        return r;
    lanes = JV_NEW_ARRAY(a, const char *, wanted.n);
    req.deliveries = JV_NEW_ARRAY(a, Notifier__Delivery *, wanted.n);
    for (size_t i = 0; !r && i < wanted.n; i++) {
        A2a__StreamResponse *event;

        r = message_of(ctx, &wanted, i, &event);
        lanes[i] = jv_arena_printf(a, "person %s", jv_col(&wanted, i, "user_id"));
        req.deliveries[req.n_deliveries++] = delivery(ctx, &wanted, i, event);
    }
    return r ? r : queue_put(ctx, &req, lanes);
}
