/* messages.c -- what was said in a session, and which agents were asked. */
#include "sessions.h"

#include <string.h>

#include "jv/wire.h"

enum { newest = 100, max_history_page = 200 };

int messages_before(struct jv_ctx *ctx, const char *session_id, int64_t before, int32_t limit,
                    int64_t bytes, struct jv_rows *rows)
{
    return jv_db(ctx, rows,
                 "select id, message_id, role, content, said_at as \"timestamp\", "
                 "(select min(id) from messages where session_id = $1::uuid) as first_id "
                 "from (select *, row_number() over w as n, "
                 "      sum(octet_length(content)) over w as bytes "
                 "      from (select * from messages where session_id = $1::uuid and id < $2 "
                 "            order by id desc limit $3) newest "
                 "      window w as (order by id desc)) page "
                 "where n = 1 or bytes <= $4 order by id",
                 jv_text(session_id), jv_int(before), jv_int(limit), jv_int(bytes));
}

/* Each question reads them: of a long answer the beginning will do. */
int messages_heads(struct jv_ctx *ctx, const char *session_id, int64_t before, int32_t limit,
                   struct jv_rows *rows)
{
    return jv_db(ctx, rows,
                 "select id, message_id, role, left(content, $4::int) as content, "
                 "said_at as \"timestamp\" from (select * from messages "
                 "where session_id = $1::uuid and id < $2 order by id desc limit $3) newest "
                 "order by id",
                 jv_text(session_id), jv_int(before), jv_int(limit), jv_int(head_chars));
}

int messages_read(struct jv_ctx *ctx, const struct jv_rows *rows, size_t *ret_n,
                  Sessions__Message ***ret)
{
    Sessions__Message **m = JV_NEW_ARRAY(jv_arena(ctx), Sessions__Message *, rows->n + 1);
    int r = JV_OK;

    for (size_t i = 0; !r && i < rows->n; i++) {
        m[i] = jv_msg_new(&sessions__message__descriptor, jv_arena(ctx));
        r = jv_row_to_msg(ctx, rows, i, &m[i]->base);
    }
    *ret_n = rows->n;
    *ret = m;
    return r;
}

/* ---- history -------------------------------------------------------------------------------- */

/* The session asked for or the current one; *ret_id stays "" when there is no current one. */
static int history_of(struct jv_ctx *ctx, const char *asked, Sessions__HistoryReply *ret)
{
    struct jv_rows rows;
    int r;

    if (asked[0] && !is_uuid(asked))
        return no_session(ctx, asked);
    r = jv_db(ctx, &rows,
              "select session_id, message_count from sessions "
              "where session_id = coalesce($3::uuid, current_session($1, $2)) and owner = $1",
              jv_text(owner_of(ctx)), resume_since(ctx), jv_text(asked[0] ? asked : NULL));
    if (r)
        return r;
    if (!rows.n)
        return asked[0] ? no_session(ctx, asked) : JV_OK;
    ret->session_id = jv_col(&rows, 0, "session_id");
    ret->message_count = (int32_t)jv_col_int(&rows, 0, "message_count");
    return JV_OK;
}

int messages_history(struct jv_ctx *ctx, const Sessions__HistoryRequest *req,
                     Sessions__HistoryReply *ret)
{
    int64_t before = INT64_MAX;
    struct jv_rows rows;
    const char *of;
    int32_t size;
    int r;

    r = page_size(ctx, req->page_size, max_history_page, &size);
    if (!r)
        r = history_of(ctx, req->session_id, ret);
    if (!r && req->page_token[0]) {
        r = page_parse(ctx, req->page_token, &of, &before);
        if (!r && strcmp(of, ret->session_id) != 0)
            r = page_wrong(ctx);
    }
    if (r || !ret->session_id[0])
        return r;
    r = messages_before(ctx, ret->session_id, before, size, max_page_bytes, &rows);
    if (!r)
        r = messages_read(ctx, &rows, &ret->n_messages, &ret->messages);
    if (!r && rows.n && ret->messages[0]->id > jv_col_int(&rows, 0, "first_id"))
        ret->next_page_token = page_token(ctx, ret->session_id, ret->messages[0]->id);
    return r;
}

/* ---- adding --------------------------------------------------------------------------------- */

static const char *role_name(Sessions__Role role)
{
    const ProtobufCEnumValue *v =
            protobuf_c_enum_descriptor_get_value(&sessions__role__descriptor, (int)role);

    return v && role ? v->name : NULL;
}

int messages_add(struct jv_ctx *ctx, const Sessions__AddMessageRequest *req, Sessions__Message *ret)
{
    const char *role = role_name(req->role);
    struct jv_rows rows;
    int r;

    if (!role)
        return jv_fail_field(ctx, "role", "must be user, assistant or system");
    r = check_size(ctx, "content", req->content, max_content);
    if (r)
        return r;
    if (!is_uuid(req->session_id))
        return no_session(ctx, req->session_id);
    r = jv_db(ctx, &rows,
              "with s as (update sessions set updated_at = $3, message_count = message_count + 1 "
              "           where session_id = $1::uuid and owner = $2 returning session_id) "
              "insert into messages (session_id, role, content, said_at) "
              "select session_id, $4::text, $5::text, $3 from s "
              "returning id, role, content, said_at as \"timestamp\"",
              jv_text(req->session_id), jv_text(owner_of(ctx)), jv_ms(jv_now_ms(ctx)),
              jv_text(role), jv_text(req->content));
    if (r)
        return r;
    return rows.n ? jv_row_to_msg(ctx, &rows, 0, &ret->base) : no_session(ctx, req->session_id);
}

int invocations_add(struct jv_ctx *ctx, const Sessions__AddInvocationRequest *req)
{
    const Sessions__Invocation *i = req->invocation;
    bool failed = i->_success_case == SESSIONS__INVOCATION___SUCCESS_SUCCESS && !i->success;
    struct jv_rows rows;
    int r;

    r = check_invocation(ctx, "invocation", i);
    if (r)
        return r;
    if (!is_uuid(req->session_id))
        return no_session(ctx, req->session_id);
    r = jv_db(ctx, &rows,
              "with s as (update sessions set updated_at = $3 "
              "           where session_id = $1::uuid and owner = $2 returning session_id) "
              "insert into invocations (session_id, agent_name, query, response, success, "
              "error_message, duration_ms, invoked_at) select session_id, $4::text, $5::text, "
              "$6::text, $7::boolean, $8::text, $9::integer, $3 from s",
              jv_text(req->session_id), jv_text(owner_of(ctx)), jv_ms(jv_now_ms(ctx)),
              jv_text(i->agent_name), jv_text(i->query), jv_text(i->response), jv_bool(!failed),
              jv_text(i->error_message), jv_int(i->duration_ms));
    if (r)
        return r;
    return rows.affected ? JV_OK : no_session(ctx, req->session_id);
}

/* ---- a whole session ------------------------------------------------------------------------ */

static int fill_invocations(struct jv_ctx *ctx, Sessions__Session *ret)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "select agent_name, query, response, success, error_message, duration_ms, "
              "invoked_at as \"timestamp\" "
              "from (select *, row_number() over w as n, "
              "      sum(octet_length(query) + octet_length(response)) over w as bytes "
              "      from (select * from invocations where session_id = $1::uuid "
              "            order by id desc limit $2) newest "
              "      window w as (order by id desc)) page "
              "where n = 1 or bytes <= $3 order by id",
              jv_text(ret->session_id), jv_int(newest), jv_int(max_page_bytes));
    if (r)
        return r;
    ret->agents_invoked = JV_NEW_ARRAY(jv_arena(ctx), Sessions__Invocation *, rows.n + 1);
    for (size_t i = 0; !r && i < rows.n; i++) {
        Sessions__Invocation *v = jv_msg_new(&sessions__invocation__descriptor, jv_arena(ctx));

        r = jv_row_to_msg(ctx, &rows, i, &v->base);
        ret->agents_invoked[ret->n_agents_invoked++] = v;
    }
    return r;
}

int session_fill(struct jv_ctx *ctx, Sessions__Session *ret)
{
    struct jv_rows rows;
    int r;

    r = messages_before(ctx, ret->session_id, INT64_MAX, newest, max_page_bytes, &rows);
    if (!r)
        r = messages_read(ctx, &rows, &ret->n_conversation_history, &ret->conversation_history);
    if (!r)
        r = fill_invocations(ctx, ret);
    if (!r)
        r = jv_db(ctx, &rows, "select last_agent_called from contexts where session_id = $1::uuid",
                  jv_text(ret->session_id));
    if (r)
        return r;
    if (rows.n)
        ret->last_agent_called = jv_col(&rows, 0, "last_agent_called");
    if (!ret->last_agent_called[0] && ret->n_agents_invoked)
        ret->last_agent_called = ret->agents_invoked[ret->n_agents_invoked - 1]->agent_name;
    return JV_OK;
}
