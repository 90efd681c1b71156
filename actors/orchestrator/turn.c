/* turn.c -- one question and its answer: begin, plan, fan out, say, finish.
 *
 * Nothing is told as done that is not stored: a turn that cannot be begun asks nobody, one that
 * cannot be finished fails. */
#include "orchestrator.h"

#include <string.h>

enum {
    max_stored_answer = 4 * 1024, /* bytes of an invocation's response, for the record */
    max_stored_query = 4 * 1024,
};

struct turn {
    struct jv_ctx *ctx;
    const char *question;
    const Sessions__BeginReply *began;
    struct jv_plan plan;
    size_t n;
    struct call *calls;
    struct events events;
    struct jv_buf answer;
    Orchestrator__ChatReply *reply;
};

/* ---- begin ----------------------------------------------------------------------------------- */

static int check_question(struct jv_ctx *ctx, const Orchestrator__ChatRequest *req)
{
    if (!req->message[strspn(req->message, " \t\r\n")])
        return jv_fail_field(ctx, "message", "is empty");
    if (strlen(req->message) > max_question)
        return jv_fail_field(ctx, "message", "is longer than %d bytes", max_question);
    return JV_OK;
}

/* The question goes into the session; its key may show that it was answered before. */
static int begin(struct turn *t, const Orchestrator__ChatRequest *req)
{
    Sessions__BeginRequest begin = SESSIONS__BEGIN_REQUEST__INIT;
    Sessions__BeginReply *reply;
    int r;

    begin.session_id = req->session_id;
    begin.text = req->message;
    begin.idempotency_key = req->idempotency_key;
    r = jv_call(t->ctx, &sessions__sessions__descriptor, "Begin", &begin, &reply);
    if (!r)
        t->began = reply;
    return r;
}

/* ---- plan ------------------------------------------------------------------------------------ */

static const char *const *recent_lines(struct turn *t)
{
    struct jv_arena *a = jv_arena(t->ctx);
    const char **lines = JV_NEW_ARRAY(a, const char *, t->began->n_recent + 1);

    for (size_t i = 0; i < t->began->n_recent; i++) {
        const Sessions__Message *m = t->began->recent[i];
        const char *who = m->role == SESSIONS__ROLE__assistant ? "assistant" : "user";

        lines[i] = jv_arena_printf(a, "%s: %s", who, m->content);
    }
    return lines;
}

static int plan(struct turn *t)
{
    struct jv_arena *a = jv_arena(t->ctx);
    const struct jv_catalog *catalog;
    struct jv_plan_input in = {
        .text = t->question,
        .username = jv_caller(t->ctx)->username,
        .memory = t->began->context ? t->began->context->plan : NULL,
        .recent = recent_lines(t),
    };
    int r;

    r = catalog_get(t->ctx, &catalog);
    if (!r)
        r = jv_planner_builtin.plan(t->ctx, catalog, &in, a, &t->plan);
    if (r)
        return r;
    t->n = t->plan.kind == JV_PLAN_CALLS ? t->plan.n : 0;
    t->calls = JV_NEW_ARRAY(a, struct call, t->n + 1);
    for (size_t i = 0; i < t->n; i++) {
        const struct jv_planned *p = &t->plan.calls[i];

        t->calls[i].planned = p;
        t->calls[i].name = jv_arena_strdup(a, jv_catalog_name(catalog, p->agent));
        t->calls[i].message_id = jv_arena_printf(a, "%s-%zu", t->began->message_id, i);
        t->calls[i].changes = !p->tool || !jv_catalog_read_only(catalog, p->agent, p->tool);
        t->calls[i].media_type = "";
    }
    return JV_OK;
}

/* ---- answer ---------------------------------------------------------------------------------- */

static void say(struct turn *t, const char *text)
{
    if (!text || !text[0])
        return;
    if (t->answer.len + strlen(text) > max_answer)
        text = "\n\n(The rest was too long.)";
    jv_buf_str(&t->answer, text);
    event_delta(&t->events, text);
}

static void answer_by_agents(struct turn *t)
{
    struct jv_arena *a = jv_arena(t->ctx);

    for (size_t i = 0; i < t->n; i++)
        event_agent(&t->events, &t->calls[i], "asked");
    call_start(t->ctx, t->calls, t->n);
    for (size_t i = 0; i < t->n; i++) {
        struct call *c = &t->calls[i];

        call_wait(t->ctx, c);
        event_agent(&t->events, c, call_state_name(c->state));
        event_artifact(&t->events, c);
        say(t,
            jv_arena_printf(a, "%s%s", say_before(t->ctx, t->calls, t->n, i), say_call(t->ctx, c)));
    }
    if (t->plan.compare)
        say(t, say_difference(t->ctx, t->calls, t->n));
    if (t->plan.missing)
        say(t, jv_arena_printf(a, "\n\n%s", t->plan.text));
}

static Orchestrator__Outcome outcome_of(const struct turn *t)
{
    size_t answered = 0, denied = 0;

    if (t->plan.kind != JV_PLAN_CALLS)
        return turn_outcome(&t->plan);
    for (size_t i = 0; i < t->n; i++) {
        answered += t->calls[i].state == CALL_ANSWERED;
        denied += t->calls[i].state == CALL_DENIED;
    }
    if (answered == t->n && !t->plan.missing)
        return ORCHESTRATOR__OUTCOME__answered;
    return denied && !answered ? ORCHESTRATOR__OUTCOME__denied : ORCHESTRATOR__OUTCOME__partial;
}

Orchestrator__Outcome turn_outcome(const struct jv_plan *p)
{
    static const Orchestrator__Outcome outcomes[] = {
        [JV_PLAN_CALLS] = ORCHESTRATOR__OUTCOME__answered,
        [JV_PLAN_ASK] = ORCHESTRATOR__OUTCOME__needs_input,
        [JV_PLAN_TALK] = ORCHESTRATOR__OUTCOME__answered,
        [JV_PLAN_UNKNOWN] = ORCHESTRATOR__OUTCOME__not_understood,
    };

    return outcomes[p->kind];
}

/* Each agent once; of several calls the best ending counts. */
static void list_agents(const struct turn *t, Orchestrator__ChatReply *reply)
{
    struct jv_arena *a = jv_arena(t->ctx);

    reply->agents = JV_NEW_ARRAY(a, Orchestrator__AgentState *, t->n + 1);
    for (size_t i = 0; i < t->n; i++) {
        enum call_state best = t->calls[i].state;
        Orchestrator__AgentState *s;
        bool listed = false;

        for (size_t k = 0; k < t->n; k++) {
            if (strcmp(t->calls[k].name, t->calls[i].name) != 0)
                continue;
            listed = listed || k < i;
            best = t->calls[k].state < best ? t->calls[k].state : best;
        }
        if (listed)
            continue;
        s = jv_msg_new(&orchestrator__agent_state__descriptor, a);
        s->name = t->calls[i].name;
        s->state = call_state_name(best);
        reply->agents[reply->n_agents++] = s;
    }
}

static void make_reply(struct turn *t)
{
    Orchestrator__ChatReply *reply =
            jv_msg_new(&orchestrator__chat_reply__descriptor, jv_arena(t->ctx));

    reply->response = t->answer.data;
    reply->session_id = t->began->session_id;
    reply->message_id = t->began->message_id;
    reply->outcome = outcome_of(t);
    list_agents(t, reply);
    reply->n_suggestions = suggest_next(t->ctx, &t->plan, t->answer.data, &reply->suggestions);
    t->reply = reply;
}

/* ---- finish ---------------------------------------------------------------------------------- */

static const char *head_of(struct jv_arena *a, const char *text, size_t max)
{
    size_t n = text ? strlen(text) : 0;

    if (n > max)
        for (n = max; n && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
            ;
    return jv_arena_strndup(a, text ? text : "", n);
}

static Sessions__Invocation *invocation(struct turn *t, const struct call *c)
{
    struct jv_arena *a = jv_arena(t->ctx);
    Sessions__Invocation *i = jv_msg_new(&sessions__invocation__descriptor, a);

    i->agent_name = c->name;
    i->query = head_of(a, call_json(t->ctx, c), max_stored_query);
    i->response = head_of(a, c->text, max_stored_answer);
    i->_success_case = SESSIONS__INVOCATION___SUCCESS_SUCCESS;
    i->success = c->state == CALL_ANSWERED;
    i->error_message = c->why ? c->why : "";
    i->duration_ms = (int32_t)(c->ms < INT32_MAX ? c->ms : INT32_MAX);
    return i;
}

static Sessions__Context *context_of(struct turn *t)
{
    struct jv_arena *a = jv_arena(t->ctx);
    Sessions__Context *c = jv_msg_new(&sessions__context__descriptor, a);
    const Sessions__Context *before = t->began->context;

    c->last_agent_called = t->n ? t->calls[t->n - 1].name : before ? before->last_agent_called : "";
    c->last_query = head_of(a, t->question, max_stored_query);
    c->last_response = head_of(a, t->answer.data, max_stored_answer);
    c->plan = t->plan.memory;
    return c;
}

static int finish(struct turn *t)
{
    struct jv_arena *a = jv_arena(t->ctx);
    Sessions__FinishRequest req = SESSIONS__FINISH_REQUEST__INIT;
    Google__Protobuf__Empty *reply;

    req.session_id = t->began->session_id;
    req.message_id = t->began->message_id;
    req.response = t->answer.data;
    req.context = context_of(t);
    req.n_events = t->events.n;
    req.events = t->events.packed;
    req.invocations = JV_NEW_ARRAY(a, Sessions__Invocation *, t->n + 1);
    for (size_t i = 0; i < t->n; i++)
        req.invocations[req.n_invocations++] = invocation(t, &t->calls[i]);
    return jv_call(t->ctx, &sessions__sessions__descriptor, "Finish", &req, &reply);
}

/* The answer cannot be kept, so it is not given; what an agent changed is changed all the same. */
static int not_kept(struct turn *t, int r)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->calls[i].state == CALL_ANSWERED && t->calls[i].changes)
            return jv_fail_at(t->ctx, JV_UNAVAILABLE,
                              "%s did its part, but the answer could not be kept",
                              t->calls[i].name);
    return jv_fail_at(t->ctx, r == JV_NOT_FOUND ? r : JV_UNAVAILABLE, "keeping the answer");
}

/* ---- earlier turns --------------------------------------------------------------------------- */

static int read_event(struct jv_ctx *ctx, const ProtobufCBinaryData *packed,
                      Orchestrator__ChatEvent **ret)
{
    struct jv_err err = { 0 };
    ProtobufCMessage *m = jv_unpack(&orchestrator__chat_event__descriptor, packed->data,
                                    packed->len, jv_arena(ctx), &err);

    if (!m)
        return jv_fail(ctx, JV_DATA_LOSS, "an event of this turn cannot be read");
    *ret = (Orchestrator__ChatEvent *)m;
    return JV_OK;
}

/* Tell the events after a number again; the last one is the reply. */
static int tell_again(struct jv_ctx *ctx, const char *message_id, int32_t after, bool streams,
                      Orchestrator__ChatReply **ret)
{
    Sessions__EventsRequest req = SESSIONS__EVENTS_REQUEST__INIT;
    Sessions__EventsReply *reply;
    int r;

    req.message_id = message_id;
    req.after = after;
    do {
        r = jv_call(ctx, &sessions__sessions__descriptor, "Events", &req, &reply);
    } while (!r && !reply->finished && !reply->n_events && jv_left_ms(ctx) > reserve_ms);
    if (!r && !reply->finished && !reply->n_events)
        r = jv_fail(ctx, JV_DEADLINE_EXCEEDED, "the answer is not there yet");
    for (size_t i = 0; !r && i < reply->n_events; i++) {
        Orchestrator__ChatEvent *event = NULL;

        r = read_event(ctx, &reply->events[i], &event);
        if (!r && streams)
            r = jv_emit(ctx, event);
        if (!r && event->event_case == ORCHESTRATOR__CHAT_EVENT__EVENT_DONE)
            *ret = event->done;
    }
    return r;
}

int turn_resume(struct jv_ctx *ctx, const Orchestrator__ResumeRequest *req)
{
    Orchestrator__ChatReply *reply;

    if (req->after < 0)
        return jv_fail_field(ctx, "after", "is negative");
    return tell_again(ctx, req->message_id, req->after, true, &reply);
}

static int replay(struct turn *t, bool streams, Orchestrator__ChatReply **ret)
{
    Orchestrator__ChatReply *reply = NULL;
    int r = tell_again(t->ctx, t->began->message_id, 0, streams, &reply);

    if (!r && !reply)
        r = jv_fail(t->ctx, JV_DATA_LOSS, "the earlier answer is not there");
    if (!r)
        *ret = reply;
    return r;
}

/* ---- the turn -------------------------------------------------------------------------------- */

int turn_run(struct jv_ctx *ctx, const Orchestrator__ChatRequest *req, bool streams,
             Orchestrator__ChatReply **ret)
{
    struct turn *t = JV_NEW(jv_arena(ctx), struct turn);
    const struct jv_catalog *catalog;
    int r;

    t->ctx = ctx;
    t->question = req->message;
    t->events = (struct events){ .ctx = ctx, .streams = streams, .data_left = max_data };
    t->answer = jv_buf_new(jv_arena(ctx));
    r = check_question(ctx, req);
    if (!r)
        r = catalog_get(ctx, &catalog); /* without agents nothing is begun */
    if (!r)
        r = begin(t, req);
    if (r)
        return r;
    if (t->began->replayed)
        return replay(t, streams, ret);
    r = plan(t);
    if (r)
        return r;
    event_plan(&t->events, t->began->session_id, t->began->message_id, t->calls, t->n);
    if (t->plan.kind == JV_PLAN_CALLS)
        answer_by_agents(t);
    else
        say(t, t->plan.text);
    make_reply(t);
    event_keep_done(&t->events, t->reply);
    r = finish(t);
    if (r)
        return not_kept(t, r);
    event_tell_done(&t->events, t->reply);
    if (streams && !t->events.streams)
        return jv_fail(ctx, JV_UNAVAILABLE,
                       "the stream was cut off; the rest of it can be resumed");
    *ret = t->reply;
    return JV_OK;
}
