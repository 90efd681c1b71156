/* turns.c -- a question and its answer: where it belongs, begin, finish.
 *
 * A turn is stored when it begins (the question) and when it ends (all the rest, in one statement).
 * Whoever answers it may die in between and have it done again: both give the second time what
 * they gave the first, and store nothing twice. */
#include "sessions.h"

#include <string.h>

#include "jv/token.h"
#include "jv/wire.h"

enum {
    max_recent = 32,
    max_turn_id = 128,
    max_invocations = 64,
};

/* ---- where it belongs ----------------------------------------------------------------------- */

static int find_current(struct jv_ctx *ctx, const char **ret_id)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows, "select current_session($1, $2) as id", jv_text(owner_of(ctx)),
              resume_since(ctx));
    if (!r)
        *ret_id = jv_col(&rows, 0, "id");
    return r;
}

/* Of several first questions at once only one makes the session: they queue on a lock. */
static int make_first(struct jv_ctx *ctx, const char **ret_id)
{
    char *fresh = jv_arena_alloc(jv_arena(ctx), 37);
    int r;

    r = jv_db_begin(ctx);
    if (!r)
        r = jv_db(ctx, NULL, "select pg_advisory_xact_lock(hashtextextended('sessions:' || $1, 0))",
                  jv_text(owner_of(ctx)));
    if (!r)
        r = find_current(ctx, ret_id);
    if (!r && !(*ret_id)[0]) {
        r = session_insert(ctx, "", jv_text(NULL), fresh);
        *ret_id = fresh;
    }
    return r ? r : jv_db_commit(ctx);
}

static int find_named(struct jv_ctx *ctx, const char *id, const char **ret_id)
{
    struct jv_rows rows;
    int r;

    if (!is_uuid(id))
        return no_session(ctx, id);
    r = jv_db(ctx, &rows,
              "select session_id from sessions where session_id = $1::uuid and owner = $2",
              jv_text(id), jv_text(owner_of(ctx)));
    if (r)
        return r;
    if (!rows.n)
        return no_session(ctx, id);
    *ret_id = jv_col(&rows, 0, "session_id");
    return JV_OK;
}

int turn_resolve(struct jv_ctx *ctx, const Sessions__ResolveRequest *req,
                 Sessions__ResolveReply *ret)
{
    int r;

    if (req->session_id[0])
        return find_named(ctx, req->session_id, &ret->session_id);
    r = find_current(ctx, &ret->session_id);
    return r || ret->session_id[0] ? r : make_first(ctx, &ret->session_id);
}

/* ---- begin ---------------------------------------------------------------------------------- */

/* No row: the session is not there, or the turn was begun before. */
static int store_question(struct jv_ctx *ctx, const Sessions__BeginRequest *req, const char *hash,
                          struct jv_rows *rows)
{
    return jv_db(
            ctx, rows,
            "with t as (insert into turns (message_id, session_id, owner, question_hash, "
            "                              began_at, context) "
            "           select $3::text, session_id, owner, $4::text, $5::timestamptz, "
            "           (select to_jsonb(c) - 'session_id' from contexts c "
            "            where c.session_id = s.session_id) "
            "           from sessions s where session_id = $1::uuid and owner = $2 "
            "           on conflict do nothing "
            "           returning message_id, session_id, owner, context), "
            "s as (update sessions set updated_at = $6, status = 'active', "
            "      message_count = message_count + 1, title = case when title <> '' then "
            "      title else left(btrim(regexp_replace(left($7, 200), '\\s+', ' ', 'g')), 48) "
            "      end from t where sessions.session_id = t.session_id), "
            "m as (insert into messages (session_id, message_id, role, content, said_at) "
            "      select session_id, message_id, 'user', $7, $6 from t returning id), "
            "p as (insert into pointers (owner, session_id) select owner, session_id from t "
            "      on conflict (owner) do update set session_id = excluded.session_id) "
            "select t.session_id, t.context, m.id as question_id from t, m",
            jv_text(req->session_id), jv_text(owner_of(ctx)), jv_text(req->message_id),
            jv_text(hash), jv_ms(jv_real_ms(ctx)), jv_ms(jv_now_ms(ctx)), jv_text(req->text));
}

/* The turn as it was begun before; no row when it was not. */
static int find_begun(struct jv_ctx *ctx, const Sessions__BeginRequest *req, const char *hash,
                      struct jv_rows *rows)
{
    int r;

    r = jv_db(ctx, rows,
              "select session_id, context, question_hash, (select min(id) from messages m "
              "where m.session_id = t.session_id and m.message_id = t.message_id) as question_id "
              "from turns t where owner = $1 and message_id = $2",
              jv_text(owner_of(ctx)), jv_text(req->message_id));
    if (r || !rows->n || strcmp(jv_col(rows, 0, "question_hash"), hash) == 0)
        return r;
    return jv_fail(ctx, JV_ALREADY_EXISTS, "message_id was used for another question");
}

static int check_begin(struct jv_ctx *ctx, const Sessions__BeginRequest *req)
{
    int r = check_size(ctx, "text", req->text, max_content);

    if (!r)
        r = check_size(ctx, "message_id", req->message_id, max_turn_id);
    return r || is_uuid(req->session_id) ? r : no_session(ctx, req->session_id);
}

int turn_begin(struct jv_ctx *ctx, const Sessions__BeginRequest *req, Sessions__BeginReply *ret)
{
    const char *hash = jv_sha256_hex(jv_arena(ctx), req->text, strlen(req->text));
    struct jv_rows turn = { 0 }, recent;
    int r;

    r = check_begin(ctx, req);
    if (!r)
        r = store_question(ctx, req, hash, &turn);
    if (!r && !turn.n)
        r = find_begun(ctx, req, hash, &turn);
    if (r)
        return r;
    if (!turn.n)
        return no_session(ctx, req->session_id);
    r = jv_row_to_msg(ctx, &turn, 0, &ret->base);
    if (!r)
        r = messages_heads(ctx, ret->session_id, jv_col_int(&turn, 0, "question_id"), max_recent,
                           &recent);
    if (!r)
        r = messages_read(ctx, &recent, &ret->n_recent, &ret->recent);
    return r ? r : memory_list(ctx, &ret->n_memories, &ret->memories);
}

/* ---- finish --------------------------------------------------------------------------------- */

static int check_context(struct jv_ctx *ctx, const Sessions__Context *c)
{
    struct jv_param plan;
    int r;

    if (!c)
        return JV_OK;
    r = check_size(ctx, "context.last_agent_called", c->last_agent_called, max_name);
    if (!r)
        r = check_size(ctx, "context.last_query", c->last_query, max_content);
    if (!r)
        r = check_size(ctx, "context.last_response", c->last_response, max_response);
    if (!r)
        r = check_json(ctx, "context.plan", c->plan, max_plan, &plan);
    return r;
}

static int check_finish(struct jv_ctx *ctx, const Sessions__FinishRequest *req)
{
    int r = check_size(ctx, "message_id", req->message_id, max_turn_id);

    if (!r)
        r = check_size(ctx, "response", req->response, max_response);
    if (!r && req->n_invocations > max_invocations)
        r = jv_fail_field(ctx, "invocations", "has more than %d entries", max_invocations);
    for (size_t i = 0; !r && i < req->n_invocations; i++)
        r = check_invocation(ctx, jv_arena_printf(jv_arena(ctx), "invocations[%zu]", i),
                             req->invocations[i]);
    return r ? r : check_context(ctx, req->context);
}

/* Lists go in as one JSON document: they are spread into rows by the statement itself. */
static int store_answer(struct jv_ctx *ctx, const Sessions__FinishRequest *req,
                        struct jv_rows *rows)
{
    Sessions__FinishRequest lists = *req;
    struct jv_param json;
    int r;

    lists.response = "";
    r = check_json(ctx, "invocations", &lists, 2 * JV_MAX_BODY, &json);
    if (r)
        return r;
    return jv_db(ctx, rows,
                 "with s as (select session_id from sessions where session_id = $1::uuid "
                 "           and owner = $2 for update), "
                 "t as (update turns set finished_at = $4 from s where message_id = $3 "
                 "      and owner = $2 and turns.session_id = s.session_id and finished_at is null "
                 "      returning message_id, turns.session_id), "
                 "touched as (update sessions set updated_at = $4, "
                 "      message_count = message_count + ($5 <> '')::integer "
                 "      from t where sessions.session_id = t.session_id), "
                 "m as (insert into messages (session_id, message_id, role, content, said_at) "
                 "      select session_id, message_id, 'assistant', $5::text, $4 from t "
                 "      where $5 <> ''), "
                 "i as (insert into invocations (session_id, message_id, agent_name, query, "
                 "      response, success, error_message, duration_ms, invoked_at) "
                 "      select session_id, message_id, agent_name, coalesce(query, ''), "
                 "      coalesce(response, ''), coalesce(success, true), "
                 "      coalesce(error_message, ''), coalesce(duration_ms, 0), $4 "
                 "      from t, jsonb_to_recordset($6::jsonb -> 'invocations') as x (agent_name "
                 "      text, query text, response text, success boolean, error_message text, "
                 "      duration_ms integer)), "
                 "c as (insert into contexts (session_id, last_agent_called, last_query, "
                 "      last_response, plan) select session_id, coalesce(last_agent_called, ''), "
                 "      coalesce(last_query, ''), coalesce(last_response, ''), plan "
                 "      from t, jsonb_to_record($6::jsonb -> 'context') as x (last_agent_called "
                 "      text, last_query text, last_response text, plan jsonb) "
                 "      where $6::jsonb ? 'context' on conflict (session_id) do update set "
                 "      last_agent_called = excluded.last_agent_called, "
                 "      last_query = excluded.last_query, "
                 "      last_response = excluded.last_response, plan = excluded.plan) "
                 "select (select count(*) from s) as sessions, (select count(*) from t) as turns",
                 jv_text(req->session_id), jv_text(owner_of(ctx)), jv_text(req->message_id),
                 jv_ms(jv_now_ms(ctx)), jv_text(req->response), json);
}

/* A turn ends once; the first end counts. */
static int check_finished(struct jv_ctx *ctx, const Sessions__FinishRequest *req)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "select 1 from turns where message_id = $1 and session_id = $2::uuid and owner = $3",
              jv_text(req->message_id), jv_text(req->session_id), jv_text(owner_of(ctx)));
    if (r)
        return r;
    return rows.n ? JV_OK : jv_fail(ctx, JV_NOT_FOUND, "message not found");
}

int turn_finish(struct jv_ctx *ctx, const Sessions__FinishRequest *req)
{
    struct jv_rows rows;
    int r;

    if (!is_uuid(req->session_id))
        return no_session(ctx, req->session_id);
    r = check_finish(ctx, req);
    if (!r)
        r = store_answer(ctx, req, &rows);
    if (r)
        return r;
    if (!jv_col_int(&rows, 0, "sessions"))
        return no_session(ctx, req->session_id);
    return jv_col_int(&rows, 0, "turns") ? JV_OK : check_finished(ctx, req);
}
