/* store.c -- tasks in the agent's schema: all of their SQL. */
#include "agent/agent.h"

#include <stdio.h>
#include <string.h>

#include "jv/token.h"

int jv_own_db_done(struct jv_ctx *ctx, int r)
{
    ctx->own_db = false;
    return r;
}

int jv_no_task(struct jv_ctx *ctx, const char *id)
{
    jv_err_set(&ctx->err, JV_NOT_FOUND, "there is no task %.64s", id);
    return jv_a2a_reason(ctx, "TASK_NOT_FOUND");
}

const char *jv_owner(const struct jv_ctx *ctx)
{
    return ctx->node->actor->agent->flags & JV_AGENT_OPEN ? "" : ctx->caller.user_id;
}

static struct jv_param packed(struct jv_ctx *ctx, const void *msg)
{
    size_t len;
    const uint8_t *bytes;

    if (!msg)
        return jv_text(NULL);
    bytes = jv_pack(msg, ctx->arena, &len);
    return jv_bytes(bytes, len);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* A column that we packed ourselves; NULL for null. */
static int unpacked(struct jv_ctx *ctx, const struct jv_rows *rows, size_t row, const char *name,
                    const ProtobufCMessageDescriptor *type, void *ret)
{
    const uint8_t *bytes;
    size_t len;
    ProtobufCMessage *msg = NULL;

    if (!jv_col_null(rows, row, name)) {
        len = jv_col_bytes(ctx, rows, row, name, &bytes);
        msg = jv_unpack(type, bytes, len, ctx->arena, &ctx->err);
        if (!msg)
            return jv_fail_at(ctx, JV_DATA_LOSS, "reading a task");
    }
    memcpy(ret, &msg, sizeof(msg));
    return JV_OK;
}

int jv_store_read_row(struct jv_ctx *ctx, const struct jv_rows *rows, size_t i,
                      struct jv_task_row *ret)
{
    int r;

    *ret = (struct jv_task_row){
        .id = jv_col(rows, i, "id"),
        .context_id = jv_col(rows, i, "context_id"),
        .owner = jv_col(rows, i, "owner"),
        .parent = jv_col(rows, i, "parent"),
        .token = jv_col_null(rows, i, "token") ? NULL : jv_col(rows, i, "token"),
        .state = (A2a__TaskState)jv_col_int(rows, i, "state"),
        .status_ms = jv_col_ms(rows, i, "status_at"),
        .token_ms = jv_col_ms(rows, i, "token_at"),
        .last_seq = (int32_t)jv_col_int(rows, i, "last_seq"),
        .lease = (int32_t)jv_col_int(rows, i, "lease"),
        .tries = (int)jv_col_int(rows, i, "tries"),
        .size = (size_t)jv_col_int(rows, i, "size"),
    };
    r = unpacked(ctx, rows, i, "status", &a2a__task_status__descriptor, &ret->status);
    if (!r)
        r = unpacked(ctx, rows, i, "request", &a2a__send_message_request__descriptor,
                     &ret->request);
    if (!r)
        r = unpacked(ctx, rows, i, "run_state", &google__protobuf__struct__descriptor,
                     &ret->run_state);
    return r;
}

/* Somebody else's looks like none: whether there is one is asked for in either case, and told to
 * nobody but the audit. */
static int not_theirs(struct jv_ctx *ctx, const char *id)
{
    struct jv_rows rows;
    int r = JV_OWN_DB(ctx, &rows, "select owner from tasks where id = $1", jv_text(id));

    if (r)
        return r;
    jv_hidden(ctx, rows.n ? jv_col(&rows, 0, "owner") : NULL, "task %.64s", id);
    return jv_no_task(ctx, id);
}

int jv_store_load(struct jv_ctx *ctx, const char *id, const char *owner, struct jv_task_row *ret)
{
    struct jv_rows rows;
    int r;

    r = JV_OWN_DB(ctx, &rows,
                  "select " JV_TASK_COLUMNS
                  " from tasks where id = $1 and ($2::text is null or owner = $2)",
                  jv_text(id), jv_text(owner));
    if (r)
        return r;
    return rows.n ? jv_store_read_row(ctx, &rows, 0, ret) : not_theirs(ctx, id);
}

static int read_events(struct jv_ctx *ctx, const struct jv_rows *rows, struct jv_tevent *ret)
{
    for (size_t i = 0; i < rows->n; i++) {
        const uint8_t *body;

        ret[i].seq = (int32_t)jv_col_int(rows, i, "seq");
        ret[i].kind = (enum jv_kind)jv_col_int(rows, i, "kind");
        ret[i].len = jv_col_bytes(ctx, rows, i, "body", &body);
        ret[i].body = body;
    }
    return JV_OK;
}

int jv_store_events(struct jv_ctx *ctx, const char *id, int32_t after, struct jv_tevent **ret,
                    size_t *ret_n)
{
    struct jv_rows rows;
    int r = JV_OWN_DB(ctx, &rows,
                      "select seq, kind, body from (select seq, kind, body, "
                      "sum(octet_length(body)) over (order by seq) as total from task_events "
                      "where task_id = $1 and seq > $2 order by seq limit 200) as e "
                      "where total <= 393216 or total = octet_length(body) order by seq",
                      jv_text(id), jv_int(after));

    if (r)
        return r;
    *ret_n = rows.n;
    *ret = JV_NEW_ARRAY(ctx->arena, struct jv_tevent, rows.n + 1);
    return read_events(ctx, &rows, *ret);
}

/* Of the statuses only those count that something was said to. */
#define CONVERSATION                                                                               \
    "from (select seq, kind, body, lead(kind) over (order by seq) as next from task_events "       \
    "where task_id = $1) as e where "

int jv_store_story(struct jv_ctx *ctx, const char *id, struct jv_tevent **ret, size_t *ret_n)
{
    struct jv_rows rows;
    int r = JV_OWN_DB(ctx, &rows,
                      "select seq, kind, body " CONVERSATION "kind <> 2 or next = 1 order by seq",
                      jv_text(id));

    if (r)
        return r;
    *ret_n = rows.n;
    *ret = JV_NEW_ARRAY(ctx->arena, struct jv_tevent, rows.n + 1);
    return read_events(ctx, &rows, *ret);
}

int jv_too_much_said(struct jv_ctx *ctx)
{
    return jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, "message.parts",
                        "the messages of a task may have %d bytes together", JV_MAX_HISTORY);
}

int jv_store_room(struct jv_ctx *ctx, const char *id)
{
    struct jv_rows rows;
    int r = JV_OWN_DB(ctx, &rows,
                      "select coalesce(sum(octet_length(body)), 0)::bigint as n " CONVERSATION
                      "kind = 1 or (kind = 2 and next = 1)",
                      jv_text(id));

    if (r)
        return r;
    return jv_col_int(&rows, 0, "n") > JV_MAX_HISTORY ? jv_too_much_said(ctx) : JV_OK;
}

int jv_store_last_seq(struct jv_ctx *ctx, const char *id, int32_t *ret)
{
    struct jv_rows rows;
    int r = JV_OWN_DB(ctx, &rows, "select last_seq from tasks where id = $1", jv_text(id));

    *ret = !r && rows.n ? (int32_t)jv_col_int(&rows, 0, "last_seq") : 0;
    return r;
}

/* ---- messages that were sent before ---------------------------------------------------------- */

int jv_store_stamp(struct jv_ctx *ctx, const struct jv_stamp *s, const char *task_id, bool *ret_new)
{
    struct jv_rows rows = { 0 };
    int r = JV_OK;

    *ret_new = true;
    if (!s->message_id)
        return JV_OK;
    r = JV_OWN_DB(ctx, &rows,
                  "insert into task_messages (owner, message_id, hash, task_id, scope) "
                  "values ($1, $2, $3, $4, $5) on conflict do nothing",
                  jv_text(s->owner), jv_text(s->message_id), jv_bytes(s->hash, sizeof(s->hash)),
                  jv_text(task_id), jv_text(s->scope));
    *ret_new = rows.affected != 0;
    return r;
}

int jv_store_earlier(struct jv_ctx *ctx, const struct jv_stamp *s, const char **ret_task)
{
    const uint8_t *hash;
    struct jv_rows rows;
    int r;

    *ret_task = NULL;
    if (!s->message_id)
        return JV_OK;
    r = JV_OWN_DB(ctx, &rows,
                  "select task_id, hash, coalesce(scope = $3, false) as same_rights "
                  "from task_messages where owner = $1 and message_id = $2",
                  jv_text(s->owner), jv_text(s->message_id), jv_text(s->scope));
    if (r || !rows.n)
        return r;
    if (jv_col_bytes(ctx, &rows, 0, "hash", &hash) != sizeof(s->hash) ||
        memcmp(hash, s->hash, sizeof(s->hash)) != 0)
        return jv_err_field(&ctx->err, JV_ALREADY_EXISTS, "message.messageId",
                            "message.messageId %.64s was used for another message", s->message_id);
    if (!jv_col_bool(&rows, 0, "same_rights"))
        return jv_err_field(&ctx->err, JV_FAILED_PRECONDITION, "message.messageId",
                            "message.messageId %.64s was used when your rights were others: its "
                            "answer is not repeated; send it as a new one",
                            s->message_id);
    *ret_task = jv_col(&rows, 0, "task_id");
    return JV_OK;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* Event i of a statement's JV_EVENTS_AT_ONCE. */
static struct jv_param kind_of(const struct jv_tevent *e, size_t n, size_t i)
{
    return i < n ? jv_int(e[i].kind) : jv_text(NULL);
}

static struct jv_param body_of(const struct jv_tevent *e, size_t n, size_t i)
{
    return i < n ? jv_bytes(e[i].body, e[i].len) : jv_text(NULL);
}

#define EVENT_PARAMS(e, n)                                                                         \
    kind_of(e, n, 0), body_of(e, n, 0), kind_of(e, n, 1), body_of(e, n, 1), kind_of(e, n, 2),      \
            body_of(e, n, 2), kind_of(e, n, 3), body_of(e, n, 3)

/* $1 to $8: the events; `first` is an expression for the number before the first one's. */
#define EVENTS_OF(from, first)                                                                     \
    "insert into task_events (task_id, seq, kind, body) "                                          \
    "select " from ".id, " first " + e.i, e.kind, e.body from " from                               \
    ", (values (1, $1::smallint, $2::bytea), (2, $3::smallint, $4::bytea), "                       \
    "(3, $5::smallint, $6::bytea), (4, $7::smallint, $8::bytea)) as e (i, kind, body) "            \
    "where e.body is not null "

static size_t at_once(size_t n)
{
    return n < JV_EVENTS_AT_ONCE ? n : JV_EVENTS_AT_ONCE;
}

/* Those that did not fit into the first statement: of a row that nobody else sees yet. */
static int append_more(struct jv_ctx *ctx, const char *id, struct jv_tevent *events, size_t n)
{
    int r = JV_OK;

    for (size_t i = JV_EVENTS_AT_ONCE; !r && i < n; i += JV_EVENTS_AT_ONCE) {
        const struct jv_tevent *e = events + i;
        size_t some = at_once(n - i);

        r = JV_OWN_DB(ctx, NULL,
                      "with t as (update tasks set last_seq = last_seq + $10::int where id = $9 "
                      "returning id, last_seq) " EVENTS_OF("t", "t.last_seq - $10::int"),
                      EVENT_PARAMS(e, some), jv_text(id), jv_int((int64_t)some));
    }
    return r;
}

static void number(struct jv_tevent *events, size_t n, int32_t first)
{
    for (size_t i = 0; i < n; i++)
        events[i].seq = first + (int32_t)i;
}

/* What waits for a runner is taken in the order of its coming. */
static struct jv_param lease_end(struct jv_ctx *ctx, const char *lease_by)
{
    return jv_ms(jv_real_ms(ctx) + (lease_by && lease_by[0] ? JV_LEASE_MS : 0));
}

#define BIRTH(stamped)                                                                             \
    "with m as (" stamped "), t as ("                                                              \
    "insert into tasks (id, context_id, owner, state, status, status_at, last_seq, told, size, "   \
    "request, run_state, token, token_at, parent, lease, lease_by, lease_until, tries, "           \
    "created_at) select $9::text, $10::text, $11::text, $12::smallint, $13::bytea, "               \
    "$14::timestamptz, $15::int, 0, $16::int, $17::bytea, $18::bytea, $19::text, "                 \
    "$14::timestamptz, $20::text, 1, $21::text, $22::timestamptz, 1, $14::timestamptz from m "     \
    "returning id), e as (" EVENTS_OF("t", "0") "returning 1) select id from t"

int jv_store_birth(struct jv_ctx *ctx, const struct jv_run *run, const struct jv_birth *b,
                   struct jv_tevent *events, size_t n, bool *ret_new)
{
    bool over = jv_is_terminal(b->state) || jv_is_interrupted(b->state);
    const struct jv_stamp none = { 0 }, *s = b->stamp ? b->stamp : &none;
    struct jv_rows rows = { 0 };
    int r;

#define BIRTH_PARAMS                                                                               \
    EVENT_PARAMS(events, at_once(n)), jv_text(run->id), jv_text(run->context_id),                  \
            jv_text(run->owner), jv_int(b->state), packed(ctx, b->status), jv_ms(jv_real_ms(ctx)), \
            jv_int((int64_t)at_once(n)), jv_int((int64_t)run->size),                               \
            packed(ctx, jv_is_terminal(b->state) ? NULL : run->request), packed(ctx, run->state),  \
            jv_text(over ? NULL : ctx->env.token), jv_text(b->parent), jv_text(b->lease_by),       \
            lease_end(ctx, b->lease_by)
    if (s->message_id)
        r = JV_OWN_DB(
                ctx, &rows,
                BIRTH("insert into task_messages (owner, message_id, hash, task_id, scope) values "
                      "($11, $23, $24, $9, $25) on conflict do nothing returning 1"),
                BIRTH_PARAMS, jv_text(s->message_id), jv_bytes(s->hash, sizeof(s->hash)),
                jv_text(s->scope));
    else
        r = JV_OWN_DB(ctx, &rows, BIRTH("select 1"), BIRTH_PARAMS);
#undef BIRTH_PARAMS
    *ret_new = rows.n != 0;
    number(events, n, 1);
    if (!r && rows.n)
        r = append_more(ctx, run->id, events, n);
    if (!r && rows.n && b->push)
        r = jv_push_keep(ctx, run->id, b->push, 0);
    return r;
}

/* What a statement about a row gave: its events have their numbers, or it did not apply. */
static int appended(struct jv_rows *rows, struct jv_tevent *events, size_t n, bool *ret_done)
{
    *ret_done = rows->n != 0;
    if (rows->n)
        number(events, n, (int32_t)jv_col_int(rows, 0, "last_seq") - (int32_t)n + 1);
    return JV_OK;
}

int jv_store_append(struct jv_ctx *ctx, const struct jv_run *run, A2a__TaskState state,
                    const A2a__TaskStatus *status, struct jv_tevent *events, size_t n,
                    bool *ret_done)
{
    bool over = jv_is_terminal(state) || jv_is_interrupted(state);
    struct jv_rows rows = { 0 };
    int r;

    *ret_done = false;
    r = JV_OWN_DB(
            ctx, &rows,
            "with t as (update tasks set last_seq = last_seq + $13::int, size = $14::int, "
            "state = coalesce(nullif($12::smallint, 0), state), "
            "status = coalesce($15::bytea, status), "
            "status_at = case when $15::bytea is null then status_at else $16::timestamptz end, "
            "run_state = case when $12::smallint in (3, 4, 5, 7) then null else $17::bytea end, "
            "token = case when $18::bool then null else token end, "
            "request = case when $12::smallint in (3, 4, 5, 7) then null else request end, "
            "lease_by = case when $18::bool then null else lease_by end, "
            "lease_until = greatest(lease_until, $16::timestamptz + interval '6 seconds') "
            "where id = $9 and lease = $10::int and lease_by = $11 and state in (1, 2) "
            "returning id, last_seq), "
            "e as (" EVENTS_OF("t", "t.last_seq - $13::int") "returning 1) select last_seq from t",
            EVENT_PARAMS(events, n), jv_text(run->id), jv_int(run->lease),
            jv_text(ctx->node->instance), jv_int(state), jv_int((int64_t)n),
            jv_int((int64_t)run->size), packed(ctx, status), jv_ms(jv_real_ms(ctx)),
            packed(ctx, run->state), jv_bool(over));
    return r ? r : appended(&rows, events, n, ret_done);
}

int jv_store_intervene(struct jv_ctx *ctx, const struct jv_task_row *t,
                       const struct jv_intervention *i, struct jv_tevent *events, size_t n,
                       bool *ret_done, int32_t *ret_lease)
{
    struct jv_rows rows = { 0 };
    int r;

    *ret_done = false;
    r = JV_OWN_DB(
            ctx, &rows,
            "with t as (update tasks set last_seq = last_seq + $12::int, "
            "state = coalesce(nullif($11::smallint, 0), state), "
            "status = coalesce($13::bytea, status), "
            "status_at = case when $13::bytea is null then status_at else $14::timestamptz end, "
            "token = case when $15::text is not null then $15 when $11::smallint in (3, 4, 5, 7) "
            "then null else token end, "
            "token_at = case when $15::text is null then token_at else $14::timestamptz end, "
            "request = case when $11::smallint in (3, 4, 5, 7) then null else request end, "
            "run_state = case when $11::smallint in (3, 4, 5, 7) then null else run_state end, "
            "lease = case when $16::text is null then lease else lease + 1 end, "
            "lease_by = coalesce($16::text, lease_by), "
            "lease_until = case when $16::text is null then lease_until else $17::timestamptz end, "
            "tries = case when $16::text is null then tries else 1 end "
            "where id = $9 and (1 << state) & $10::int <> 0 returning id, last_seq, lease), "
            "e as (" EVENTS_OF("t", "t.last_seq - $12::int") "returning 1) "
                                                             "select last_seq, lease from t",
            EVENT_PARAMS(events, n), jv_text(t->id), jv_int(i->mask), jv_int(i->state),
            jv_int((int64_t)n), packed(ctx, i->status), jv_ms(jv_real_ms(ctx)), jv_text(i->token),
            jv_text(i->lease_by), lease_end(ctx, i->lease_by));
    if (!r && rows.n && ret_lease)
        *ret_lease = (int32_t)jv_col_int(&rows, 0, "lease");
    return r ? r : appended(&rows, events, n, ret_done);
}
