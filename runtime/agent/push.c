/* push.c -- push configurations of tasks, and what is handed over to the notifier. A configuration
 * remembers up to which event the notifier has taken them; whatever dies in between, the same
 * events are handed over again, and the notifier knows them by their numbers. */
#include "agent/tasks.h"

#include <stdio.h>
#include <string.h>

#include <google/protobuf/empty.pb-c.h>
#include <notifier.pb-c.h>

enum { AT_ONCE = 50, MAX_CONFIGS = 20, MAX_TEXT = 2048, MAX_BYTES = JV_MAX_BODY / 2 };

bool jv_agent_pushes(const struct jv_actor *a)
{
    return (a->needs & JV_NEEDS_DB) && !(a->agent->flags & JV_AGENT_NO_PUSH);
}

/* ---- checking -------------------------------------------------------------------------------- */

static int ask_notifier(struct jv_ctx *ctx, const char *method, const void *req)
{
    Google__Protobuf__Empty *done;
    bool before = ctx->as_actor;
    int r;

    ctx->as_actor = true;
    r = jv_request(ctx, jv_arena_printf(ctx->arena, "svc.notifier.%s", method), req,
                   &google__protobuf__empty__descriptor, &done);
    ctx->as_actor = before;
    return r;
}

static int too_long(struct jv_ctx *ctx, const char *field, const char *member, const char *text,
                    size_t max)
{
    char path[96];

    if (strlen(text) <= max)
        return JV_OK;
    snprintf(path, sizeof(path), "%s%s", field, member);
    return jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, path, "%s is longer than %zu bytes", path,
                        max);
}

/* One that stands in no path could be neither got nor removed over HTTP+JSON. */
static int check_id(struct jv_ctx *ctx, const char *field, const char *id)
{
    bool dots = strcmp(id, ".") == 0 || strcmp(id, "..") == 0;
    size_t n = 0;
    char path[96];

    while ((unsigned char)id[n] >= ' ' && id[n] != 127 && id[n] != '/' && id[n] != '\\')
        n++;
    if (!id[n] && !dots)
        return too_long(ctx, field, "id", id, JV_MAX_ID);
    snprintf(path, sizeof(path), "%sid", field);
    return jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, path,
                        "%s cannot stand in a path: no slashes, control characters or dots alone",
                        path);
}

int jv_push_check(struct jv_ctx *ctx, A2a__TaskPushNotificationConfig *c, const char *field)
{
    Notifier__CheckUrlRequest req = NOTIFIER__CHECK_URL_REQUEST__INIT;
    char id[37], *path;
    int r = check_id(ctx, field, c->id);

    if (!r)
        r = too_long(ctx, field, "url", c->url, MAX_TEXT);
    if (!r)
        r = too_long(ctx, field, "token", c->token, MAX_TEXT);
    if (!r && c->authentication)
        r = too_long(ctx, field, "authentication.credentials", c->authentication->credentials,
                     2 * MAX_TEXT);
    if (r)
        return r;
    req.url = c->url;
    req.token = c->token;
    req.authentication = c->authentication;
    r = ask_notifier(ctx, "CheckUrl", &req);
    if (r == JV_INVALID_ARGUMENT) {
        path = jv_arena_printf(ctx->arena, "%s%s", field, ctx->err.field);
        snprintf(ctx->err.field, sizeof(ctx->err.field), "%.159s", path);
    }
    if (!c->id[0]) {
        jv_uuid(id);
        c->id = jv_arena_strdup(ctx->arena, id);
    }
    return r;
}

/* ---- keeping --------------------------------------------------------------------------------- */

int jv_push_keep(struct jv_ctx *ctx, const char *task_id, const A2a__TaskPushNotificationConfig *c,
                 int32_t sent)
{
    A2a__TaskPushNotificationConfig kept = *c;
    struct jv_rows rows;
    size_t len;
    const uint8_t *bytes;
    int r;

    kept.task_id = task_id;
    bytes = jv_pack(&kept, ctx->arena, &len);
    r = JV_OWN_DB(
            ctx, &rows,
            "insert into push_configs (task_id, id, config, sent, issued) "
            "select $1::text, $2::text, $3::bytea, $4::int, $6::bigint where (select count(*) from "
            "push_configs where task_id = $1 and id <> $2) < $5::int "
            "on conflict (task_id, id) do update set config = excluded.config, "
            "issued = excluded.issued",
            jv_text(task_id), jv_text(c->id), jv_bytes(bytes, len), jv_int(sent),
            jv_int(MAX_CONFIGS), jv_int(ctx->caller.issued));
    if (!r && !rows.affected)
        r = jv_fail(ctx, JV_RESOURCE_EXHAUSTED, "a task has at most %d push configurations",
                    MAX_CONFIGS);
    return r;
}

static int read_config(struct jv_ctx *ctx, const struct jv_rows *rows, size_t i,
                       A2a__TaskPushNotificationConfig **ret)
{
    const uint8_t *bytes;
    size_t len = jv_col_bytes(ctx, rows, i, "config", &bytes);

    *ret = (void *)jv_unpack(&a2a__task_push_notification_config__descriptor, bytes, len,
                             ctx->arena, &ctx->err);
    return *ret ? JV_OK : jv_fail_at(ctx, JV_DATA_LOSS, "reading a push configuration");
}

int jv_push_get(struct jv_ctx *ctx, const char *task_id, const char *id,
                A2a__TaskPushNotificationConfig **ret)
{
    struct jv_rows rows;
    int r = jv_db(ctx, &rows, "select config from push_configs where task_id = $1 and id = $2",
                  jv_text(task_id), jv_text(id));

    if (r)
        return r;
    if (rows.n)
        return read_config(ctx, &rows, 0, ret);
    jv_err_field(&ctx->err, JV_NOT_FOUND, "id", "task %.64s has no push configuration %.64s",
                 task_id, id);
    return jv_a2a_reason(ctx, "TASK_NOT_FOUND");
}

int jv_push_list(struct jv_ctx *ctx, const A2a__ListTaskPushNotificationConfigsRequest *req,
                 A2a__ListTaskPushNotificationConfigsResponse *ret)
{
    int32_t size = req->page_size ? req->page_size : 100;
    struct jv_rows rows;
    int r;

    if (size < 1 || size > 100)
        return jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, "pageSize",
                            "pageSize must be between 1 and 100");
    r = jv_db(ctx, &rows,
              "select id, config from push_configs where task_id = $1 and id > $2 "
              "order by id limit $3::int",
              jv_text(req->task_id), jv_text(req->page_token), jv_int(size + 1));
    if (r)
        return r;
    ret->configs = JV_NEW_ARRAY(ctx->arena, A2a__TaskPushNotificationConfig *, rows.n + 1);
    for (size_t i = 0; !r && i < rows.n && i < (size_t)size; i++)
        r = read_config(ctx, &rows, i, &ret->configs[ret->n_configs++]);
    if (!r && rows.n > (size_t)size)
        ret->next_page_token = ret->configs[ret->n_configs - 1]->id;
    return r;
}

/* What the notifier has it may still post when it does not hear of this. */
static void forget(struct jv_ctx *ctx, const char *task_id, const char *id)
{
    Notifier__ForgetRequest req = NOTIFIER__FORGET_REQUEST__INIT;

    req.agent = ctx->node->actor->agent->token;
    req.task_id = task_id;
    req.config_id = id;
    if (ask_notifier(ctx, "Forget", &req))
        jv_warn(ctx, "the notifier did not hear that a push configuration was removed");
}

int jv_push_changed(struct jv_ctx *ctx, const char *task_id,
                    const A2a__TaskPushNotificationConfig *c)
{
    Notifier__ChangeRequest req = NOTIFIER__CHANGE_REQUEST__INIT;

    req.agent = ctx->node->actor->agent->token;
    req.task_id = task_id;
    req.config = (A2a__TaskPushNotificationConfig *)(uintptr_t)c;
    return ask_notifier(ctx, "Change", &req);
}

int jv_push_delete(struct jv_ctx *ctx, const char *task_id, const char *id)
{
    struct jv_rows rows;
    int r = jv_db(ctx, &rows, "delete from push_configs where task_id = $1 and id = $2",
                  jv_text(task_id), jv_text(id));

    if (!r && rows.affected)
        forget(ctx, task_id, id);
    return r;
}

/* ---- handing over ---------------------------------------------------------------------------- */

struct whose {
    const char *owner;
    int64_t issued; /* of the token that the configuration was made with */
};

static int add_deliveries(struct jv_ctx *ctx, Notifier__EnqueueRequest *req, const char *task_id,
                          const struct whose *whose, A2a__TaskPushNotificationConfig *config,
                          const struct jv_tevent *events, size_t n)
{
    req->deliveries = JV_NEW_ARRAY(ctx->arena, Notifier__Delivery *, n + 1);
    for (size_t i = 0; i < n; i++) {
        Notifier__Delivery *d = jv_msg_new(&notifier__delivery__descriptor, ctx->arena);

        if (events[i].kind == JV_KIND_MESSAGE)
            continue; /* whoever sent it knows it */
        d->agent = ctx->node->actor->agent->token;
        d->task_id = task_id;
        d->owner = whose->owner;
        d->issued = whose->issued;
        d->seq = events[i].seq;
        d->config = config;
        d->event = (void *)jv_unpack(&a2a__stream_response__descriptor, events[i].body,
                                     events[i].len, ctx->arena, &ctx->err);
        if (!d->event)
            return jv_fail_at(ctx, JV_DATA_LOSS, "reading an event of a task");
        req->deliveries[req->n_deliveries++] = d;
    }
    return JV_OK;
}

/* How many go into one message to the notifier; one always does. */
static size_t fitting(const A2a__TaskPushNotificationConfig *config, const struct jv_tevent *events,
                      size_t n)
{
    size_t each = protobuf_c_message_get_packed_size(&config->base) + 256, bytes = 0, some = 0;

    while (some < n && some < AT_ONCE && (!some || bytes + events[some].len + each < MAX_BYTES))
        bytes += events[some++].len + each;
    return some;
}

/* The notifier has events up to one. Meanwhile the configuration may have been removed or replaced,
 * and then it took them for what is no more. */
static int handed_over(struct jv_ctx *ctx, const struct jv_rows *rows, size_t i, int32_t seq)
{
    const char *task_id = jv_col(rows, i, "task_id"), *id = jv_col(rows, i, "id");
    A2a__TaskPushNotificationConfig *config;
    struct jv_rows now = { 0 };
    const uint8_t *a, *b;
    size_t len;
    int r = jv_db(ctx, &now,
                  "update push_configs set sent = greatest(sent, $3::int), done = (select "
                  "state in (3, 4, 5, 7) and last_seq <= $3::int from tasks where id = $1) "
                  "where task_id = $1 and id = $2 returning config",
                  jv_text(task_id), jv_text(id), jv_int(seq));

    if (!r && !now.n)
        forget(ctx, task_id, id);
    if (r || !now.n)
        return r;
    len = jv_col_bytes(ctx, rows, i, "config", &a);
    if (jv_col_bytes(ctx, &now, 0, "config", &b) == len && memcmp(a, b, len) == 0)
        return JV_OK;
    r = read_config(ctx, &now, 0, &config);
    return r ? r : jv_push_changed(ctx, task_id, config);
}

static int hand_over(struct jv_ctx *ctx, const struct jv_rows *rows, size_t i)
{
    Notifier__EnqueueRequest req = NOTIFIER__ENQUEUE_REQUEST__INIT;
    A2a__TaskPushNotificationConfig *config;
    const char *task_id = jv_col(rows, i, "task_id");
    struct jv_tevent *events = NULL;
    size_t n = 0;
    int r = read_config(ctx, rows, i, &config);

    if (!r)
        r = jv_store_events(ctx, task_id, (int32_t)jv_col_int(rows, i, "sent"), &events, &n);
    if (!r) {
        n = fitting(config, events, n);
        r = add_deliveries(
                ctx, &req, task_id,
                &(struct whose){ jv_col(rows, i, "owner"), jv_col_int(rows, i, "issued") }, config,
                events, n);
    }
    if (!r && req.n_deliveries)
        r = ask_notifier(ctx, "Enqueue", &req);
    if (n && (r == JV_INVALID_ARGUMENT || r == JV_DATA_LOSS)) { /* and so it will be each time */
        jv_warn(ctx, "events %d to %d of task %s are not pushed: %s", events[0].seq,
                events[n - 1].seq, task_id, ctx->err.text);
        r = JV_OK;
    }
    return r || !n ? r : handed_over(ctx, rows, i, events[n - 1].seq);
}

int jv_push_hand_over(struct jv_ctx *ctx)
{
    struct jv_rows rows;
    int r;

    if (!jv_agent_pushes(ctx->node->actor))
        return JV_OK;
    r = jv_db(ctx, &rows,
              "select p.task_id, p.id, p.config, p.sent, p.issued, (select owner from tasks where "
              "id = "
              "p.task_id) as owner from push_configs as p where not p.done "
              "and p.sent < (select last_seq from tasks where id = p.task_id) limit $1::int",
              jv_int(AT_ONCE));
    for (size_t i = 0; !r && i < rows.n; i++) { /* one that fails does not stop the others */
        struct jv_arena *whole = jv_aside(ctx);
        int code = hand_over(ctx, &rows, i);

        jv_aside_end(ctx, whole);
        if (code && code != JV_UNAVAILABLE)
            jv_warn(ctx, "events of task %s do not reach the notifier: %s",
                    jv_col(&rows, i, "task_id"), ctx->err.text);
        r = code == JV_UNAVAILABLE ? code : JV_OK;
    }
    return r;
}
