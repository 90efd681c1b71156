/* queue.c -- the queues of events: taken in, leased, settled, forgotten.
 *
 * Several notifiers may run. A queue's row is the lock of everything about it, so events of one
 * task and configuration stay in order whoever posts them; a notifier that dies loses its lease,
 * and the event is posted again by another one. */
#include "notifier.h"

#include <string.h>

#include "jv/db.h"
#include "jv/wire.h"

enum {
    lane_limit = 8,         /* leased queues of one lane, at all notifiers together */
    lease_margin_ms = 15000 /* past the longest post */
};
static const int64_t keep_done_ms = INT64_C(3600) * 1000;
static const int64_t keep_dead_ms = INT64_C(30) * 24 * 3600 * 1000;

/* ---- taken in ------------------------------------------------------------------------------- */

struct columns {
    const char **agent, **task, **seq, **config, **url, **token, **scheme, **credentials, **body;
    const char **owner, **issued;
};

static const char **column(struct jv_ctx *ctx, size_t n)
{
    return JV_NEW_ARRAY(jv_arena(ctx), const char *, n);
}

static struct columns new_columns(struct jv_ctx *ctx, size_t n)
{
    return (struct columns){ column(ctx, n), column(ctx, n), column(ctx, n), column(ctx, n),
                             column(ctx, n), column(ctx, n), column(ctx, n), column(ctx, n),
                             column(ctx, n), column(ctx, n), column(ctx, n) };
}

static struct columns spread(struct jv_ctx *ctx, const Notifier__EnqueueRequest *req)
{
    struct columns c = new_columns(ctx, req->n_deliveries);
    struct jv_arena *a = jv_arena(ctx);
    size_t len;

    for (size_t i = 0; i < req->n_deliveries; i++) {
        const Notifier__Delivery *d = req->deliveries[i];
        const A2a__AuthenticationInfo *auth = d->config->authentication;

        c.agent[i] = d->agent;
        c.task[i] = d->task_id;
        c.seq[i] = jv_arena_printf(a, "%lld", (long long)d->seq);
        c.config[i] = d->config->id;
        c.url[i] = d->config->url;
        c.token[i] = d->config->token;
        c.scheme[i] = auth ? auth->scheme : "";
        c.credentials[i] = auth ? auth->credentials : "";
        c.owner[i] = d->owner;
        c.issued[i] = jv_arena_printf(a, "%lld", (long long)d->issued);
        c.body[i] = jv_msg_to_json(&d->event->base, JV_JSON_CAMEL, a, &len);
    }
    return c;
}

/* In one order, so that two who add to the same queues do not lock each other out. */
static int add_queues(struct jv_ctx *ctx, size_t n, const struct columns *c,
                      const char *const *lanes)
{
    return jv_db(ctx, NULL,
                 "insert into queues (agent, task_id, config_id, lane, due_at)"
                 " select distinct on (a, t, c) a, t, c, l, $5::timestamptz"
                 " from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as u (a, t, c, l)"
                 " order by a, t, c"
                 " on conflict (agent, task_id, config_id) do update"
                 " set due_at = coalesce(queues.due_at, excluded.due_at), lane = excluded.lane",
                 jv_text_array(ctx, n, c->agent), jv_text_array(ctx, n, c->task),
                 jv_text_array(ctx, n, c->config), jv_text_array(ctx, n, lanes),
                 jv_ms(jv_real_ms(ctx)));
}

static int add_deliveries(struct jv_ctx *ctx, size_t n, const struct columns *c)
{
    return jv_db(ctx, NULL,
                 "insert into deliveries (queue_id, seq, url, token, scheme, credentials, body,"
                 " owner, issued, trace_id, created_at)"
                 " select q.id, s::bigint, u, k, h, p, b, o, i::bigint, $10, $11"
                 " from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[],"
                 " $6::text[], $7::text[], $8::text[], $9::text[], $12::text[], $13::text[])"
                 " as x (a, t, c, s, u, k, h, p, b, o, i)"
                 " join queues q on q.agent = a and q.task_id = t and q.config_id = c"
                 " on conflict do nothing",
                 jv_text_array(ctx, n, c->agent), jv_text_array(ctx, n, c->task),
                 jv_text_array(ctx, n, c->config), jv_text_array(ctx, n, c->seq),
                 jv_text_array(ctx, n, c->url), jv_text_array(ctx, n, c->token),
                 jv_text_array(ctx, n, c->scheme), jv_text_array(ctx, n, c->credentials),
                 jv_text_array(ctx, n, c->body), jv_text(jv_trace_id(ctx)), jv_ms(jv_real_ms(ctx)),
                 jv_text_array(ctx, n, c->owner), jv_text_array(ctx, n, c->issued));
}

int queue_put(struct jv_ctx *ctx, const Notifier__EnqueueRequest *req, const char *const *lanes)
{
    struct columns c = spread(ctx, req);
    int r = add_queues(ctx, req->n_deliveries, &c, lanes);

    return r ? r : add_deliveries(ctx, req->n_deliveries, &c);
}

int queue_add(struct jv_ctx *ctx, const Notifier__EnqueueRequest *req, const char *const *lanes)
{
    int r = jv_db_begin(ctx);

    if (!r)
        r = queue_put(ctx, req, lanes);
    return r ? r : jv_db_commit(ctx);
}

/* ---- leased --------------------------------------------------------------------------------- */

/* First the lanes with the least under way; a lane's limit counts the others' leases too. */
int queue_claim(struct jv_ctx *ctx, int64_t n, struct claim **ret, size_t *ret_n)
{
    const struct notifier *s = jv_state(ctx);
    int64_t now = jv_real_ms(ctx);
    struct jv_rows rows;
    char lease[37];
    int r;

    jv_uuid(lease);
    *ret_n = 0;
    r = jv_db(ctx, &rows,
              "with busy as (select lane, count(*) as n from queues where lease_until > $1"
              " group by lane),"
              " due as (select id, lane, due_at, row_number() over (partition by lane"
              " order by due_at, id) as place from queues where due_at <= $1"
              " and (lease_until is null or lease_until <= $1)),"
              " chosen as (select id from due left join busy using (lane)"
              " where place + coalesce(n, 0) <= $2 order by place + coalesce(n, 0), due_at, id"
              " limit $3),"
              " locked as (select id from queues where id in (select id from chosen)"
              " and due_at <= $1 and (lease_until is null or lease_until <= $1)"
              " for update skip locked)"
              " update queues set lease = $4, lease_until = $5 from locked"
              " where queues.id = locked.id returning queues.id",
              jv_ms(now), jv_int(lane_limit), jv_int(n), jv_text(lease),
              jv_ms(now + s->timeout_ms + lease_margin_ms));
    if (r)
        return r;
    *ret = JV_NEW_ARRAY(jv_arena(ctx), struct claim, rows.n);
    *ret_n = rows.n;
    for (size_t i = 0; i < rows.n; i++) {
        (*ret)[i].queue = jv_col_int(&rows, i, "id");
        memcpy((*ret)[i].lease, lease, sizeof(lease));
    }
    return JV_OK;
}

int queue_first(struct jv_ctx *ctx, const struct claim *c, struct delivery *ret)
{
    struct jv_rows rows;
    int r;

    *ret = (struct delivery){ 0 };
    r = jv_db(ctx, &rows,
              "select d.id, agent, task_id, seq, url, token, scheme, credentials, body, trace_id,"
              " owner, issued, attempts from queues q join deliveries d on d.queue_id = q.id"
              " where q.id = $1 and lease = $2 and state = 'waiting' order by seq limit 1",
              jv_int(c->queue), jv_text(c->lease));
    if (r || !rows.n)
        return r;
    *ret = (struct delivery){
        .id = jv_col_int(&rows, 0, "id"),
        .attempts = jv_col_int(&rows, 0, "attempts"),
        .issued = jv_col_int(&rows, 0, "issued"),
        .owner = jv_col(&rows, 0, "owner"),
        .agent = jv_col(&rows, 0, "agent"),
        .task_id = jv_col(&rows, 0, "task_id"),
        .seq = jv_col(&rows, 0, "seq"),
        .url = jv_col(&rows, 0, "url"),
        .token = jv_col(&rows, 0, "token"),
        .scheme = jv_col(&rows, 0, "scheme"),
        .credentials = jv_col(&rows, 0, "credentials"),
        .body = jv_col(&rows, 0, "body"),
        .trace_id = jv_col(&rows, 0, "trace_id"),
    };
    return JV_OK;
}

/* ---- settled -------------------------------------------------------------------------------- */

/* The queue is ours until the transaction ends, if it is still ours at all. */
static int hold(struct jv_ctx *ctx, const struct claim *c, bool *ret_held)
{
    struct jv_rows rows;
    int r = jv_db_begin(ctx);

    *ret_held = false;
    if (!r)
        r = jv_db(ctx, &rows, "select from queues where id = $1 and lease = $2 for update",
                  jv_int(c->queue), jv_text(c->lease));
    *ret_held = !r && rows.n;
    return r;
}

/* The next time is that of the first event that waits, if any: those added meanwhile are seen, as
 * this is a statement of its own after the lock. */
static int let_go(struct jv_ctx *ctx, const struct claim *c, int64_t due_ms)
{
    int r = jv_db(ctx, NULL,
                  "update queues set lease = null, lease_until = null, due_at = (select"
                  " $2::timestamptz where exists (select from deliveries where queue_id = $1"
                  " and state = 'waiting')) where id = $1",
                  jv_int(c->queue), jv_ms(due_ms));

    return r ? r : jv_db_commit(ctx);
}

static int write_down(struct jv_ctx *ctx, const struct delivery *d, const char *state,
                      const char *reason)
{
    return jv_db(ctx, NULL,
                 "update deliveries set state = $2, reason = $3, settled_at = $4,"
                 " attempts = attempts + 1,"
                 " letter_id = case when $2 = 'dead' then nextval('letters') end,"
                 " body = case when $2 = 'done' then '' else body end,"
                 " token = case when $2 = 'done' then '' else token end,"
                 " credentials = case when $2 = 'done' then '' else credentials end"
                 " where id = $1 and state = 'waiting'",
                 jv_int(d->id), jv_text(state), jv_text(reason), jv_ms(jv_real_ms(ctx)));
}

int queue_settle(struct jv_ctx *ctx, const struct claim *c, const struct delivery *d,
                 enum outcome outcome, const char *reason, int64_t due_ms)
{
    static const char *const states[] = { [DONE] = "done", [RETRY] = "waiting", [DEAD] = "dead" };
    bool held;
    int r = hold(ctx, c, &held);

    if (r)
        return r;
    if (!held) {
        jv_db_rollback(ctx);
        jv_warn(ctx, "a lease ran out: %s/%s/%s is posted twice", d->agent, d->task_id, d->seq);
        return JV_OK;
    }
    r = write_down(ctx, d, states[outcome], reason);
    return r ? r : let_go(ctx, c, due_ms);
}

int queue_end(struct jv_ctx *ctx, const struct claim *c, const struct delivery *d)
{
    bool held;
    int r = hold(ctx, c, &held);

    if (!r && held)
        r = jv_db(ctx, NULL,
                  "delete from deliveries where queue_id = $1 and owner = $2 and issued <= $3"
                  " and state <> 'done'",
                  jv_int(c->queue), jv_text(d->owner), jv_int(d->issued));
    if (!r && held)
        return let_go(ctx, c, jv_real_ms(ctx));
    jv_db_rollback(ctx);
    return r;
}

int queue_release(struct jv_ctx *ctx, const struct claim *c, int64_t after_ms)
{
    bool held;
    int r = hold(ctx, c, &held);

    if (!r && held)
        return let_go(ctx, c, jv_real_ms(ctx) + after_ms);
    jv_db_rollback(ctx);
    return r;
}

/* ---- forgotten ------------------------------------------------------------------------------ */

/* The queue's time stays as it is: whoever comes for its first event finds none. */
int queue_forget(struct jv_ctx *ctx, const Notifier__ForgetRequest *req)
{
    return jv_db(ctx, NULL,
                 "delete from deliveries where state <> 'done' and queue_id in (select id"
                 " from queues where agent = $1 and task_id = $2 and ($3 = '' or config_id = $3))",
                 jv_text(req->agent), jv_text(req->task_id), jv_text(req->config_id));
}

/* The queue first: its row is the lock. What is just being posted is not called back. */
static int due_now(struct jv_ctx *ctx, const Notifier__ChangeRequest *req)
{
    return jv_db(ctx, NULL,
                 "update queues set due_at = least(due_at, $4) where agent = $1 and task_id = $2"
                 " and config_id = $3 and due_at is not null",
                 jv_text(req->agent), jv_text(req->task_id), jv_text(req->config->id),
                 jv_ms(jv_real_ms(ctx)));
}

int queue_change(struct jv_ctx *ctx, const Notifier__ChangeRequest *req)
{
    const A2a__TaskPushNotificationConfig *c = req->config;
    const A2a__AuthenticationInfo *auth = c->authentication;
    int r = jv_db_begin(ctx);

    if (!r)
        r = due_now(ctx, req);
    if (!r)
        r = jv_db(ctx, NULL,
                  "update deliveries set url = $4, token = $5, scheme = $6, credentials = $7,"
                  " attempts = case when state = 'dead' then attempts else 0 end"
                  " where state <> 'done' and queue_id = (select id from queues"
                  " where agent = $1 and task_id = $2 and config_id = $3)",
                  jv_text(req->agent), jv_text(req->task_id), jv_text(c->id), jv_text(c->url),
                  jv_text(c->token), jv_text(auth ? auth->scheme : ""),
                  jv_text(auth ? auth->credentials : ""));
    return r ? r : jv_db_commit(ctx);
}

static int forget_old(struct jv_ctx *ctx, const char *state, int64_t before_ms)
{
    return jv_db(ctx, NULL, "delete from deliveries where state = $1 and settled_at < $2",
                 jv_text(state), jv_ms(before_ms));
}

/* A queue that an event is just being added to is locked, or has a time when looked at again. */
static int forget_queues(struct jv_ctx *ctx)
{
    return jv_db(ctx, NULL,
                 "delete from queues where id in (select id from queues q where due_at is null"
                 " and lease is null and not exists (select from deliveries where queue_id = q.id)"
                 " for update skip locked)");
}

int queue_sweep(struct jv_ctx *ctx)
{
    int64_t now = jv_real_ms(ctx);
    int r = forget_old(ctx, "done", now - keep_done_ms);

    if (!r)
        r = forget_old(ctx, "dead", now - keep_dead_ms);
    return r ? r : forget_queues(ctx);
}
