/* turns.c -- a question and its answer: begin, finish, the events in between.
 *
 * A turn is stored when it begins (the question) and when it ends (all the rest, in one
 * statement). One that has not ended two minutes later was cut off and never will: what its agents
 * did is unknown, so its key is refused rather than tried again. */
#include "sessions.h"

#include <string.h>

#include "jv/token.h"
#include "jv/wire.h"

enum {
    cut_off_ms = 120 * 1000,
    max_recent = 10,
    max_recent_bytes = 200 * 1024,
    max_key = 128,
    max_invocations = 64,
    max_events = 4096,
    max_waiting = 128, /* messages that wait for the end of a turn */
    poll_ms = 50,
    max_wait_ms = 5000, /* then the caller asks again: a draining process is not held up for long */
    margin_ms = 250,    /* left for the answer when nothing happened */
};

/* ---- begin ---------------------------------------------------------------------------------- */

struct turn {
    const char *session_id;
    char message_id[37], new_session_id[37];
    const char *key; /* NULL: none */
    const char *question_hash;
};

static bool is_cut_off(struct jv_ctx *ctx, const struct jv_rows *rows)
{
    return jv_real_ms(ctx) - jv_col_ms(rows, 0, "began_at") > cut_off_ms;
}

/* The key was used before: JV_OK with `replayed` set, or why not. Unused: JV_OK without. */
static int find_replay(struct jv_ctx *ctx, const struct turn *t, Sessions__BeginReply *ret)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "select session_id, message_id, question_hash, began_at, "
              "finished_at is not null as finished from turns "
              "where owner = $1 and idempotency_key = $2",
              jv_text(owner_of(ctx)), jv_text(t->key));
    if (r || !rows.n)
        return r;
    if (strcmp(jv_col(&rows, 0, "question_hash"), t->question_hash) != 0)
        return jv_fail(ctx, JV_ALREADY_EXISTS, "idempotency_key was used for another message");
    if (!jv_col_bool(&rows, 0, "finished") && is_cut_off(ctx, &rows))
        return jv_fail(ctx, JV_ABORTED,
                       "the message with this idempotency_key was cut off before it was answered; "
                       "see what was done, then use another key");
    if (!jv_col_bool(&rows, 0, "finished"))
        return jv_fail(ctx, JV_ABORTED,
                       "the message with this idempotency_key is still being answered");
    ret->replayed = true;
    ret->session_id = jv_col(&rows, 0, "session_id");
    ret->message_id = jv_col(&rows, 0, "message_id");
    return JV_OK;
}

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
static int make_first(struct jv_ctx *ctx, struct turn *t)
{
    int r;

    r = jv_db_begin(ctx);
    if (!r)
        r = jv_db(ctx, NULL, "select pg_advisory_xact_lock(hashtextextended('sessions:' || $1, 0))",
                  jv_text(owner_of(ctx)));
    if (!r)
        r = find_current(ctx, &t->session_id);
    if (!r && !t->session_id[0]) {
        r = session_insert(ctx, "", jv_text(NULL), t->new_session_id);
        t->session_id = t->new_session_id;
    }
    return r ? r : jv_db_commit(ctx);
}

static int find_place(struct jv_ctx *ctx, const char *asked, struct turn *t)
{
    int r;

    t->session_id = asked;
    if (asked[0])
        return is_uuid(asked) ? JV_OK : no_session(ctx);
    r = find_current(ctx, &t->session_id);
    return r || t->session_id[0] ? r : make_first(ctx, t);
}

static int read_context(struct jv_ctx *ctx, const struct turn *t, Sessions__BeginReply *ret)
{
    struct jv_rows rows;
    int r;

    ret->context = jv_msg_new(&sessions__context__descriptor, jv_arena(ctx));
    r = jv_db(ctx, &rows,
              "select last_agent_called, last_query, last_response, plan from contexts "
              "join sessions using (session_id) where session_id = $1::uuid and owner = $2",
              jv_text(t->session_id), jv_text(owner_of(ctx)));
    if (!r && rows.n)
        r = jv_row_to_msg(ctx, &rows, 0, &ret->context->base);
    return r;
}

static int store_question(struct jv_ctx *ctx, const struct turn *t, const char *text,
                          bool *ret_stored)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "with t as (insert into turns (message_id, session_id, owner, idempotency_key, "
              "                              question_hash, began_at) "
              "           select $3::uuid, session_id, owner, $4::text, $5::text, $6::timestamptz "
              "           from sessions where session_id = $1::uuid and owner = $2 "
              "           on conflict do nothing returning message_id, session_id, owner), "
              "s as (update sessions set updated_at = $7, status = 'active', "
              "      message_count = message_count + 1, title = case when title <> '' then title "
              "      else left(btrim(regexp_replace(left($8, 200), '\\s+', ' ', 'g')), 48) end "
              "      from t where sessions.session_id = t.session_id), "
              "m as (insert into messages (session_id, message_id, role, content, said_at) "
              "      select session_id, message_id, 'user', $8, $7 from t), "
              "p as (insert into pointers (owner, session_id) select owner, session_id from t "
              "      on conflict (owner) do update set session_id = excluded.session_id) "
              "select count(*) as n from t",
              jv_text(t->session_id), jv_text(owner_of(ctx)), jv_text(t->message_id),
              jv_text(t->key), jv_text(t->question_hash), jv_ms(jv_real_ms(ctx)),
              jv_ms(jv_now_ms(ctx)), jv_text(text));
    if (!r)
        *ret_stored = jv_col_int(&rows, 0, "n") > 0;
    return r;
}

static int check_begin(struct jv_ctx *ctx, const Sessions__BeginRequest *req)
{
    int r = check_size(ctx, "text", req->text, max_content);

    return r ? r : check_size(ctx, "idempotency_key", req->idempotency_key, max_key);
}

/* Not stored: the session is not there (any more), or another try with the key was faster. */
static int not_stored(struct jv_ctx *ctx, const struct turn *t, Sessions__BeginReply *ret)
{
    int r = t->key ? find_replay(ctx, t, ret) : JV_OK;

    return r || ret->replayed ? r : no_session(ctx);
}

int turn_begin(struct jv_ctx *ctx, const Sessions__BeginRequest *req, Sessions__BeginReply *ret)
{
    struct turn *t = JV_NEW(jv_arena(ctx), struct turn);
    struct jv_rows recent;
    bool stored;
    int r;

    r = check_begin(ctx, req);
    if (r)
        return r;
    t->key = req->idempotency_key[0] ? req->idempotency_key : NULL;
    t->question_hash = jv_sha256_hex(jv_arena(ctx), req->text, strlen(req->text));
    if (t->key && ((r = find_replay(ctx, t, ret)) || ret->replayed))
        return r;
    jv_uuid(t->message_id);
    r = find_place(ctx, req->session_id, t);
    if (!r)
        r = read_context(ctx, t, ret);
    if (!r)
        r = messages_before(ctx, t->session_id, INT64_MAX, max_recent, max_recent_bytes, &recent);
    if (!r)
        r = store_question(ctx, t, req->text, &stored);
    if (r)
        return r;
    if (!stored)
        return not_stored(ctx, t, ret);
    ret->session_id = t->session_id;
    ret->message_id = t->message_id;
    ret->new_session = t->new_session_id[0] != '\0';
    return messages_read(ctx, &recent, &ret->n_recent, &ret->recent);
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
    int r = check_size(ctx, "response", req->response, max_response);

    if (!r && req->n_invocations > max_invocations)
        r = jv_fail_field(ctx, "invocations", "has more than %d entries", max_invocations);
    if (!r && req->n_events > max_events)
        r = jv_fail_field(ctx, "events", "has more than %d entries", max_events);
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
    r = check_json(ctx, "events", &lists, 2 * JV_MAX_BODY, &json);
    if (r)
        return r;
    return jv_db(ctx, rows,
                 "with s as (select session_id from sessions where session_id = $1::uuid "
                 "           and owner = $2 for update), "
                 "t as (update turns set finished_at = $4 from s where message_id = $3::uuid "
                 "      and turns.session_id = s.session_id and finished_at is null "
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
                 "e as (insert into events (message_id, seq, event) "
                 "      select message_id, n, decode(event, 'base64') from t, "
                 "      jsonb_array_elements_text($6::jsonb -> 'events') with ordinality "
                 "      as x (event, n)), "
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

static int no_turn(struct jv_ctx *ctx)
{
    return jv_fail(ctx, JV_NOT_FOUND, "message not found");
}

/* A turn ends once. */
static int why_not_finished(struct jv_ctx *ctx, const Sessions__FinishRequest *req)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "select finished_at from turns where message_id = $1::uuid "
              "and session_id = $2::uuid and owner = $3",
              jv_text(req->message_id), jv_text(req->session_id), jv_text(owner_of(ctx)));
    if (r)
        return r;
    if (!rows.n)
        return no_turn(ctx);
    return jv_fail(ctx, JV_ALREADY_EXISTS, "this message was answered already");
}

int turn_finish(struct jv_ctx *ctx, const Sessions__FinishRequest *req)
{
    struct jv_rows rows;
    int r;

    if (!is_uuid(req->session_id))
        return no_session(ctx);
    if (!is_uuid(req->message_id))
        return no_turn(ctx);
    r = check_finish(ctx, req);
    if (!r)
        r = store_answer(ctx, req, &rows);
    if (r)
        return r;
    if (!jv_col_int(&rows, 0, "sessions"))
        return no_session(ctx);
    return jv_col_int(&rows, 0, "turns") ? JV_OK : why_not_finished(ctx, req);
}

/* ---- events --------------------------------------------------------------------------------- */

static int read_events(struct jv_ctx *ctx, const Sessions__EventsRequest *req,
                       Sessions__EventsReply *ret)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "select event from events where message_id = $1::uuid and seq > $2 order by seq",
              jv_text(req->message_id), jv_int(req->after));
    if (r)
        return r;
    ret->finished = true;
    ret->events = JV_NEW_ARRAY(jv_arena(ctx), ProtobufCBinaryData, rows.n + 1);
    for (size_t i = 0; i < rows.n; i++) {
        const uint8_t *data;
        size_t len = jv_col_bytes(ctx, &rows, i, "event", &data);

        ret->events[ret->n_events++] = (ProtobufCBinaryData){ len, (uint8_t *)data };
    }
    return JV_OK;
}

/* Has it ended? NOT_FOUND, or FAILED_PRECONDITION when it never will. */
static int look(struct jv_ctx *ctx, const char *message_id, bool *ret_finished)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "select began_at, finished_at is not null as finished from turns "
              "where message_id = $1::uuid and owner = $2",
              jv_text(message_id), jv_text(owner_of(ctx)));
    if (r)
        return r;
    if (!rows.n)
        return no_turn(ctx);
    *ret_finished = jv_col_bool(&rows, 0, "finished");
    if (!*ret_finished && is_cut_off(ctx, &rows))
        return jv_fail(ctx, JV_FAILED_PRECONDITION, "the answer was cut off, ask again");
    return JV_OK;
}

static int wait_for_end(struct jv_ctx *ctx, const char *message_id, bool *ret_finished)
{
    int r = look(ctx, message_id, ret_finished);

    for (int waited = 0; !r && !*ret_finished && waited < max_wait_ms; waited += poll_ms) {
        if (jv_left_ms(ctx) <= margin_ms)
            break;
        r = jv_sleep(ctx, poll_ms);
        if (!r)
            r = look(ctx, message_id, ret_finished);
    }
    return r;
}

int turn_events(struct jv_ctx *ctx, const Sessions__EventsRequest *req, Sessions__EventsReply *ret)
{
    struct sessions *state = jv_state(ctx);
    int32_t after = req->after;
    bool finished = false;
    int r;

    if (!is_uuid(req->message_id))
        return no_turn(ctx);
    if (after < 0)
        return jv_fail_field(ctx, "after", "is negative");
    if (state->waiting >= max_waiting)
        return jv_fail(ctx, JV_RESOURCE_EXHAUSTED, "too many wait for answers just now");
    state->waiting++;
    r = wait_for_end(ctx, req->message_id, &finished);
    state->waiting--;
    if (r)
        return r;
    ret->first = after < INT32_MAX ? after + 1 : after;
    return finished ? read_events(ctx, req, ret) : JV_OK;
}
