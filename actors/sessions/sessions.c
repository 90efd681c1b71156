/* sessions.c -- conversations: start, list, switch, change, remove. */
#include "sessions.h"

#include <string.h>

#include "jv/wire.h"

enum { max_sessions = 1000, max_list_page = 100 };

/* $1 is always the owner, $2 resume_since(). */
#define SESSION_COLUMNS                                                                            \
    "session_id, owner as user_id, title, created_at, updated_at, status, message_count, "         \
    "session_id is not distinct from current_session($1, $2) as current"

const char *owner_of(struct jv_ctx *ctx)
{
    return jv_caller(ctx)->username;
}

/* Whether there is one is asked for in either case: both take the same time. */
int no_session(struct jv_ctx *ctx, const char *id)
{
    struct jv_rows rows = { 0 };
    int r = JV_OK;

    if (is_uuid(id))
        r = jv_db(ctx, &rows, "select owner from sessions where session_id = $1::uuid",
                  jv_text(id));
    if (r)
        return r;
    jv_hidden(ctx, rows.n ? jv_col(&rows, 0, "owner") : NULL, "session %.64s", id);
    return jv_fail(ctx, JV_NOT_FOUND, "session not found");
}

struct jv_param resume_since(struct jv_ctx *ctx)
{
    const struct sessions *state = jv_state(ctx);

    return jv_ms(jv_now_ms(ctx) - state->resume_ms);
}

int session_insert(struct jv_ctx *ctx, const char *title, struct jv_param metadata, char ret_id[37])
{
    struct jv_rows rows;
    int r;

    jv_uuid(ret_id);
    r = jv_db(ctx, &rows,
              "with s as (insert into sessions (session_id, owner, title, metadata, created_at, "
              "                                 updated_at) "
              "           select $1::uuid, $2::text, $3::text, $4::jsonb, $5::timestamptz, $5 "
              "           where (select count(*) from sessions where owner = $2) < $6 "
              "           returning owner, session_id), "
              "p as (insert into pointers (owner, session_id) select owner, session_id from s "
              "      on conflict (owner) do update set session_id = excluded.session_id) "
              "select count(*) as n from s",
              jv_text(ret_id), jv_text(owner_of(ctx)), jv_text(title), metadata,
              jv_ms(jv_now_ms(ctx)), jv_int(max_sessions));
    if (r)
        return r;
    if (!jv_col_int(&rows, 0, "n"))
        return jv_fail(ctx, JV_RESOURCE_EXHAUSTED,
                       "there are %d sessions already; delete some first", max_sessions);
    return JV_OK;
}

static int read_session(struct jv_ctx *ctx, const char *id, Sessions__Session *ret)
{
    struct jv_rows rows;
    int r;

    if (!is_uuid(id))
        return no_session(ctx, id);
    r = jv_db(ctx, &rows,
              "select " SESSION_COLUMNS ", metadata from sessions "
              "where session_id = $3::uuid and owner = $1",
              jv_text(owner_of(ctx)), resume_since(ctx), jv_text(id));
    if (r)
        return r;
    return rows.n ? jv_row_to_msg(ctx, &rows, 0, &ret->base) : no_session(ctx, id);
}

static int read_whole(struct jv_ctx *ctx, const char *id, Sessions__Session *ret)
{
    int r = read_session(ctx, id, ret);

    return r ? r : session_fill(ctx, ret);
}

JV_TOOL_FN(create, Sessions__CreateRequest, Sessions__Session)
{
    struct jv_param metadata;
    char id[37];
    int r;

    r = check_size(ctx, "title", req->title, max_title);
    if (!r)
        r = check_json(ctx, "metadata", req->metadata, max_metadata, &metadata);
    if (!r)
        r = session_insert(ctx, req->title, metadata, id);
    return r ? r : read_session(ctx, id, ret);
}

JV_TOOL_FN(get, Sessions__GetRequest, Sessions__Session)
{
    return read_whole(ctx, req->session_id, ret);
}

JV_TOOL_FN(active, Google__Protobuf__Empty, Sessions__Session)
{
    struct jv_rows rows;
    int r;

    (void)req;
    r = jv_db(ctx, &rows, "select current_session($1, $2) as id", jv_text(owner_of(ctx)),
              resume_since(ctx));
    if (r)
        return r;
    if (jv_col_null(&rows, 0, "id"))
        return jv_fail(ctx, JV_NOT_FOUND, "no session was used lately");
    return read_whole(ctx, jv_col(&rows, 0, "id"), ret);
}

/* ---- list ----------------------------------------------------------------------------------- */

struct position { /* of the last session on the page before */
    int64_t updated_ms, id;
};

static int parse_position(struct jv_ctx *ctx, const char *token, struct position *ret)
{
    const char *updated;
    int r;

    *ret = (struct position){ .updated_ms = jv_now_ms(ctx) + 86400000, .id = INT64_MAX };
    if (!token[0])
        return JV_OK;
    r = page_parse(ctx, token, &updated, &ret->id);
    if (!r && (!parse_number(updated, &ret->updated_ms) || ret->updated_ms > (int64_t)1 << 47))
        r = page_wrong(ctx);
    return r;
}

static const char *position_token(struct jv_ctx *ctx, const struct jv_rows *rows, size_t row)
{
    return page_token(
            ctx,
            jv_arena_printf(jv_arena(ctx), "%lld", (long long)jv_col_ms(rows, row, "updated_at")),
            jv_col_int(rows, row, "id"));
}

JV_TOOL_FN(list, Sessions__ListRequest, Sessions__ListReply)
{
    struct position from;
    struct jv_rows rows;
    int32_t size;
    int r;

    r = page_size(ctx, req->page_size, max_list_page, &size);
    if (!r)
        r = parse_position(ctx, req->page_token, &from);
    if (!r)
        r = jv_db(ctx, &rows,
                  "select " SESSION_COLUMNS ", id from sessions where owner = $1 "
                  "and (updated_at, id) < ($3, $4) order by updated_at desc, id desc limit $5",
                  jv_text(owner_of(ctx)), resume_since(ctx), jv_ms(from.updated_ms),
                  jv_int(from.id), jv_int(size + 1));
    if (r)
        return r;
    ret->sessions = JV_NEW_ARRAY(jv_arena(ctx), Sessions__Session *, rows.n + 1);
    for (size_t i = 0; !r && i < rows.n && i < (size_t)size; i++) {
        Sessions__Session *s = jv_msg_new(&sessions__session__descriptor, jv_arena(ctx));

        r = jv_row_to_msg(ctx, &rows, i, &s->base);
        ret->sessions[ret->n_sessions++] = s;
    }
    if (rows.n > (size_t)size)
        ret->next_page_token = position_token(ctx, &rows, (size_t)size - 1);
    return r;
}

/* ---- change --------------------------------------------------------------------------------- */

JV_TOOL_FN(switch_to, Sessions__GetRequest, Sessions__Session)
{
    int r;

    if (!is_uuid(req->session_id))
        return no_session(ctx, req->session_id);
    r = jv_db(ctx, NULL,
              "with s as (update sessions set status = 'active', updated_at = $3 "
              "           where session_id = $1::uuid and owner = $2 returning owner, session_id) "
              "insert into pointers (owner, session_id) select owner, session_id from s "
              "on conflict (owner) do update set session_id = excluded.session_id",
              jv_text(req->session_id), jv_text(owner_of(ctx)), jv_ms(jv_now_ms(ctx)));
    return r ? r : read_whole(ctx, req->session_id, ret);
}

static const char *status_name(Sessions__Status status)
{
    const ProtobufCEnumValue *v =
            protobuf_c_enum_descriptor_get_value(&sessions__status__descriptor, (int)status);

    return v ? v->name : NULL;
}

JV_TOOL_FN(update, Sessions__UpdateRequest, Sessions__Session)
{
    const char *status = status_name(req->status);
    int r;

    if (!status)
        return jv_fail_field(ctx, "status", "must be active, completed or expired");
    r = check_size(ctx, "title", req->title, max_title);
    if (r)
        return r;
    if (!is_uuid(req->session_id))
        return no_session(ctx, req->session_id);
    r = jv_db(ctx, NULL,
              "update sessions set updated_at = $3, title = coalesce(nullif($5, ''), title), "
              "status = coalesce(nullif($4, 'unspecified'), status) "
              "where session_id = $1::uuid and owner = $2",
              jv_text(req->session_id), jv_text(owner_of(ctx)), jv_ms(jv_now_ms(ctx)),
              jv_text(status), jv_text(req->title));
    return r ? r : read_session(ctx, req->session_id, ret);
}

JV_TOOL_FN(delete, Sessions__GetRequest, Google__Protobuf__Empty)
{
    Sessions__GetRequest gone = SESSIONS__GET_REQUEST__INIT;
    struct jv_rows rows;
    int r;

    (void)ret;
    if (!is_uuid(req->session_id))
        return no_session(ctx, req->session_id);
    r = jv_db(ctx, &rows,
              "delete from sessions where session_id = $1::uuid and owner = $2 "
              "returning session_id",
              jv_text(req->session_id), jv_text(owner_of(ctx)));
    if (r)
        return r;
    if (!rows.n)
        return no_session(ctx, req->session_id);
    gone.session_id = jv_col(&rows, 0, "session_id");
    (void)jv_publish(ctx, "evt.sessions.Deleted", &gone); /* it is gone, heard of or not */
    return JV_OK;
}

/* ---- what is said --------------------------------------------------------------------------- */

JV_TOOL_FN(history, Sessions__HistoryRequest, Sessions__HistoryReply)
{
    return messages_history(ctx, req, ret);
}

JV_TOOL_FN(add_message, Sessions__AddMessageRequest, Sessions__Message)
{
    return messages_add(ctx, req, ret);
}

JV_TOOL_FN(add_invocation, Sessions__AddInvocationRequest, Google__Protobuf__Empty)
{
    (void)ret;
    return invocations_add(ctx, req);
}

JV_TOOL_FN(resolve, Sessions__ResolveRequest, Sessions__ResolveReply)
{
    return turn_resolve(ctx, req, ret);
}

JV_TOOL_FN(begin, Sessions__BeginRequest, Sessions__BeginReply)
{
    return turn_begin(ctx, req, ret);
}

JV_TOOL_FN(finish, Sessions__FinishRequest, Google__Protobuf__Empty)
{
    (void)ret;
    return turn_finish(ctx, req);
}

/* ---- memories ------------------------------------------------------------------------------- */

JV_TOOL_FN(remember, Sessions__RememberRequest, Sessions__Memory)
{
    return memory_remember(ctx, req, ret);
}

JV_TOOL_FN(list_memories, Google__Protobuf__Empty, Sessions__MemoryList)
{
    (void)req;
    return memory_list(ctx, &ret->n_memories, &ret->memories);
}

JV_TOOL_FN(forget, Sessions__ForgetRequest, Google__Protobuf__Empty)
{
    (void)ret;
    return memory_forget(ctx, req->id);
}

JV_TOOL_FN(forget_all, Google__Protobuf__Empty, Google__Protobuf__Empty)
{
    (void)req, (void)ret;
    return memory_forget_all(ctx);
}

/* ---- age ------------------------------------------------------------------------------------ */

#define DAY_MS ((int64_t)24 * 3600 * 1000)

/* Those that can no longer be resumed say so. */
static int expire(struct jv_ctx *ctx)
{
    return jv_db(ctx, NULL,
                 "update sessions set status = 'expired' "
                 "where status = 'active' and updated_at <= $1",
                 resume_since(ctx));
}

/* Completed and expired ones go after a week, all after a month; a thousand at a time. */
static int purge(struct jv_ctx *ctx)
{
    enum { batch = 1000 };
    int64_t now = jv_now_ms(ctx);
    struct jv_rows rows;
    int r;

    do {
        r = jv_db(ctx, &rows,
                  "delete from sessions where session_id in (select session_id from sessions "
                  "where (status <> 'active' and updated_at < $1) or updated_at < $2 limit $3)",
                  jv_ms(now - 7 * DAY_MS), jv_ms(now - 30 * DAY_MS), jv_int(batch));
    } while (!r && rows.affected == batch);
    return r;
}

static const struct jv_tool tools[] = {
    JV_TOOL("Create", create, .allow = JV_ALLOW_USER),
    JV_TOOL("List", list, .allow = JV_ALLOW_USER, .flags = JV_TOOL_READONLY),
    JV_TOOL("Get", get, .allow = JV_ALLOW_USER, .flags = JV_TOOL_READONLY),
    JV_TOOL("Active", active, .allow = JV_ALLOW_USER, .flags = JV_TOOL_READONLY),
    JV_TOOL("SwitchTo", switch_to, .allow = JV_ALLOW_USER),
    JV_TOOL("Update", update, .allow = JV_ALLOW_USER),
    JV_TOOL("Delete", delete, .allow = JV_ALLOW_USER),
    JV_TOOL("History", history, .allow = JV_ALLOW_USER, .flags = JV_TOOL_READONLY),
    JV_TOOL("AddMessage", add_message, .allow = JV_ALLOW_USER),
    JV_TOOL("AddInvocation", add_invocation, .allow = JV_ALLOW_USER),
    JV_TOOL("Resolve", resolve, .allow = JV_ALLOW_USER),
    JV_TOOL("Begin", begin, .allow = JV_ALLOW_USER),
    JV_TOOL("Finish", finish, .allow = JV_ALLOW_USER),
    JV_TOOL("Remember", remember, .allow = JV_ALLOW_USER),
    JV_TOOL("ListMemories", list_memories, .allow = JV_ALLOW_USER, .flags = JV_TOOL_READONLY),
    JV_TOOL("Forget", forget, .allow = JV_ALLOW_USER),
    JV_TOOL("ForgetAll", forget_all, .allow = JV_ALLOW_USER),
    { 0 },
};

static const struct jv_timer timers[] = {
    { "expire", 10 * 60 * 1000, expire },
    { "purge", 3600 * 1000, purge },
    { 0 },
};

static const struct jv_setting settings[] = {
    { "JARVIS_SESSION_RESUME", "24h", "how long after its last use a session goes on by itself",
      JV_SET_MSEC, offsetof(struct sessions, resume_ms), 1000, 30 * DAY_MS },
    { 0 },
};

JV_ACTOR(sessions) = {
    .name = "sessions",
    .version = "1.0.0",
    .summary = "conversations: messages, invocations, what a follow-up refers to; memories",
    .service = &sessions__sessions__descriptor,
    .tools = tools,
    .timers = timers,
    .settings = settings,
    .needs = JV_NEEDS_DB,
    .max_inflight = 1024,
    .state_size = sizeof(struct sessions),
};
