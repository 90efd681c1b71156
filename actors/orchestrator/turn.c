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
    const struct turn_request *req;
    const char *message_id;
    const Sessions__BeginReply *began;
    struct jv_plan_input in;
    struct jv_plan plan;
    bool by_model, degraded;
    const char *why;             /* of degraded; NULL: it is not */
    Orchestrator__ModelUse *use; /* NULL: no model was asked */
    size_t n;
    struct call *calls;
    const char *comparison; /* NULL: there is none */
    struct telling tell;
    int broken; /* telling failed: the run ends */
    struct notice *notice;
    struct jv_buf answer;
    const char **suggestions;
    size_t n_suggestions;
    Orchestrator__ChatReply *reply;
};

/* ---- begin ----------------------------------------------------------------------------------- */

/* The turn is named by its task, so that one that is run again is the same. */
static const char *name_of(struct jv_ctx *ctx, int n)
{
    char id[37];

    if (jv_task_id(ctx)[0])
        return n ? jv_arena_printf(jv_arena(ctx), "%s-%d", jv_task_id(ctx), n) : jv_task_id(ctx);
    jv_uuid(id);
    return jv_arena_strdup(jv_arena(ctx), id);
}

static int begin(struct turn *t)
{
    Sessions__BeginRequest req = SESSIONS__BEGIN_REQUEST__INIT;
    Sessions__BeginReply *reply;
    int r;

    req.session_id = jv_context_id(t->ctx);
    req.message_id = t->message_id;
    req.text = t->req->question;
    r = jv_call(t->ctx, &sessions__sessions__descriptor, "Begin", &req, &reply);
    if (!r)
        t->began = reply;
    else if (plan_changed(t->ctx, t->req->n))
        r = jv_fail_at(t->ctx, r, "what was asked for may be done, but the answer cannot be kept");
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

static const Google__Protobuf__Struct *memory_before(const struct turn *t)
{
    if (t->req->memory)
        return t->req->memory;
    return t->began->context ? t->began->context->plan : NULL;
}

/* That something was done, or not, is said in the words of whoever did it. */
static bool changes_something(const struct planned *p)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->calls[i].changes && p->calls[i].planned->tool)
            return true;
    return false;
}

static int plan(struct turn *t)
{
    const struct jv_plan_input in = {
        .text = t->req->question,
        .username = jv_caller(t->ctx)->username,
        .scope = jv_caller(t->ctx)->scope,
        .memory = memory_before(t),
        .recent = recent_lines(t),
        .about = memory_lines(jv_arena(t->ctx), t->began),
        .now_ms = jv_now_ms(t->ctx),
    };
    struct planned p;
    int r;

    t->in = in;
    r = plan_turn(t->ctx, t->req->n, &t->in, &p);
    if (r)
        return r;
    t->by_model = p.by_model && !changes_something(&p);
    t->degraded = p.degraded;
    t->why = p.why;
    t->use = p.use;
    t->plan = p.plan;
    t->n = p.n;
    t->calls = p.calls;
    return JV_OK;
}

/* ---- answer ---------------------------------------------------------------------------------- */

/* An empty text tells no more than that the answer ends. */
static int say(struct turn *t, const char *text, bool last)
{
    text = text ? text : "";
    if (!text[0] && !last)
        return JV_OK;
    if (t->answer.len + strlen(text) > max_answer)
        text = "\n\n(The rest was too long.)";
    jv_buf_str(&t->answer, text);
    return tell_text(&t->tell, text, last);
}

/* What the agent says to it, with what goes before; "": it was said already. */
static const char *text_of(struct turn *t, size_t i)
{
    struct call *c = &t->calls[i];

    c->said = c->compared ? t->comparison
                          : memory_brief(t->ctx, t->began, t->req->question, say_call(t->ctx, c));
    for (size_t k = 0; k < i; k++)
        if (strcmp(t->calls[k].name, c->name) == 0 && strcmp(t->calls[k].said, c->said) == 0)
            return "";
    return jv_arena_printf(jv_arena(t->ctx), "%s%s", say_before(t->ctx, t->calls, t->n, i),
                           c->said);
}

/* Told when the agent has answered. */
static int hear(struct turn *t, size_t i)
{
    struct call *c = &t->calls[i];
    int r;

    if (c->heard)
        return JV_OK;
    c->heard = true;
    call_wait(t->ctx, c);
    r = tell_agent(&t->tell, c, call_state_name(c->state));
    return r ? r : tell_data(&t->tell, c);
}

/* Nothing failed, was denied or was not found. */
static bool all_well(const struct turn *t)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->calls[i].state != CALL_ANSWERED || t->calls[i].missing)
            return false;
    return !t->plan.missing;
}

/* What is said behind the answers: that it was too much at once, what is missing, what the person
 * should know besides. NULL: nothing. */
static const char *rest_of(struct turn *t)
{
    struct jv_buf b = jv_buf_new(jv_arena(t->ctx));
    const char *line = NULL;

    if (t->plan.more)
        jv_buf_printf(&b, "\n\n" JV_PLAN_MORE, t->n);
    if (t->plan.missing)
        jv_buf_printf(&b, "\n\n%s", t->plan.text);
    if (all_well(t))
        line = notify_line(t->ctx, t->notice, t->message_id);
    if (line)
        jv_buf_printf(&b, "\n\n%s", line);
    return b.len ? b.data : NULL;
}

/* Alternatives are said when all of them are known, anything else as soon as it is. */
static int answer_in_order(struct turn *t)
{
    const char *rest = t->n ? NULL : rest_of(t);
    int r = JV_OK;

    if (t->plan.taken)
        r = say(t, jv_arena_printf(jv_arena(t->ctx), "%s\n\n", t->plan.taken), false);
    for (size_t i = 0; !r && t->plan.compare && i < t->n; i++)
        r = hear(t, i);
    if (!r && t->plan.compare)
        t->comparison = compare_calls(t->ctx, t->calls, t->n);
    for (size_t i = 0; !r && i < t->n; i++) {
        if (!t->plan.compare)
            r = hear(t, i);
        if (!r && i + 1 == t->n)
            rest = rest_of(t);
        if (!r)
            r = say(t, text_of(t, i), i + 1 == t->n && !rest);
    }
    if (!r && rest)
        r = say(t, rest, true);
    return r;
}

/* ---- in a model's words ---------------------------------------------------------------------- */

static int say_piece(void *arg, const char *text)
{
    struct turn *t = arg;

    t->broken = say(t, text, false);
    return t->broken;
}

/* What was said so far is taken back: a plan that is told again begins the answer again. */
static int say_again(struct turn *t)
{
    t->answer = jv_buf_new(jv_arena(t->ctx));
    t->tell.has_text = false;
    return tell_plan(&t->tell, t->began->session_id, t->message_id, t->calls, t->n);
}

static void *joined(struct jv_arena *a, const void *first, size_t n_first, const void *second,
                    size_t n_second, size_t size)
{
    char *both = jv_arena_alloc(a, (n_first + n_second + 1) * size);

    memset(both, 0, (n_first + n_second + 1) * size);
    if (n_first)
        memcpy(both, first, n_first * size);
    if (n_second)
        memcpy(both + n_first * size, second, n_second * size);
    return both;
}

/* Looks that the model wants besides, behind those that were made. */
static int look_more(struct turn *t, const struct jv_plan *more)
{
    struct jv_arena *a = jv_arena(t->ctx);
    struct planned p = { .plan = *more };
    const struct jv_catalog *catalog;
    size_t n = t->n;
    int r = catalog_get(t->ctx, &catalog);

    if (r)
        return r;
    plan_list(t->ctx, catalog, &p);
    plan_name(t->ctx, t->req->n, n, p.calls, p.n);
    t->calls = joined(a, t->calls, n, p.calls, p.n, sizeof(*p.calls));
    t->plan.calls = joined(a, t->plan.calls, n, more->calls, p.n, sizeof(*more->calls));
    t->plan.memory = more->memory;
    t->n = t->plan.n = n + p.n;
    r = say_again(t);
    for (size_t i = n; !r && i < t->n; i++) {
        r = tell_agent(&t->tell, &t->calls[i], "asked");
        call_start(t->ctx, &t->calls[i]);
    }
    for (size_t i = n; !r && i < t->n; i++)
        r = hear(t, i);
    return r;
}

static int write_once(struct turn *t, struct writing *w)
{
    w->plan = &t->plan;
    w->calls = t->calls;
    w->n = t->n;
    return write_answer(w);
}

/* Twice at most: once more when it wants to look something up. */
static int written(struct turn *t)
{
    struct writing w = { .ctx = t->ctx, .in = &t->in, .use = &t->use, .say = say_piece, .arg = t };
    int r = write_once(t, &w);

    if (r || !w.more.n)
        return r;
    r = t->broken = look_more(t, &w.more);
    w.last = true;
    return r ? r : write_once(t, &w);
}

/* The agents' own words, when the model's are none. */
static int answer_in_words(struct turn *t)
{
    const char *rest;
    int r = JV_OK;

    for (size_t i = 0; !r && i < t->n; i++)
        r = hear(t, i);
    if (r)
        return r;
    r = written(t);
    if (t->broken)
        return t->broken;
    if (!r) {
        rest = rest_of(t);
        return say(t, rest ? rest : "", true);
    }
    jv_info(t->ctx, "answered without the model: %s", jv_error(t->ctx)->text);
    t->degraded = true;
    t->why = model_why(t->ctx);
    r = t->answer.len ? say_again(t) : JV_OK;
    return r ? r : answer_in_order(t);
}

/* What changes something goes first, each when the one before has ended; then all looks at once. */
static int answer_by_agents(struct turn *t)
{
    int r = JV_OK;

    t->notice = notify_look(t->ctx);
    for (size_t i = 0; !r && i < t->n; i++)
        r = tell_agent(&t->tell, &t->calls[i], "asked");
    for (size_t i = 0; !r && i < t->n; i++)
        if (order_in_turn(t->ctx, &t->plan, t->calls, i)) {
            if (!order_skip(t->calls, i))
                call_start(t->ctx, &t->calls[i]);
            r = hear(t, i);
        }
    for (size_t i = 0; !r && i < t->n; i++)
        if (!t->calls[i].heard)
            call_start(t->ctx, &t->calls[i]);
    if (r)
        return r;
    return t->by_model ? answer_in_words(t) : answer_in_order(t);
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

/* The result of a tool call; what an agent without tools gave, as it is. */
static Google__Protobuf__Value *result_of(const struct turn *t, const struct call *c)
{
    const Google__Protobuf__Struct *result = call_result(c);

    if (!result || !c->planned->tool)
        return c->data;
    return jv_value_struct(jv_arena(t->ctx), (Google__Protobuf__Struct *)(uintptr_t)result);
}

static void list_data(const struct turn *t, Orchestrator__ChatReply *reply)
{
    struct jv_arena *a = jv_arena(t->ctx);
    size_t left = max_reply - t->answer.len; /* the answer is shorter */

    reply->data = JV_NEW_ARRAY(a, Orchestrator__ReplyData *, t->n + 1);
    for (size_t i = 0; i < t->n; i++) {
        Google__Protobuf__Value *v = result_of(t, &t->calls[i]);
        size_t size = v ? protobuf_c_message_get_packed_size(&v->base) : 0;
        Orchestrator__ReplyData *d;

        if (!v || size > left)
            continue;
        left -= size;
        d = jv_msg_new(&orchestrator__reply_data__descriptor, a);
        d->agent = t->calls[i].name;
        d->tool = t->calls[i].planned->tool ? t->calls[i].planned->tool : "";
        d->result = v;
        reply->data[reply->n_data++] = d;
    }
}

static void make_reply(struct turn *t)
{
    Orchestrator__ChatReply *reply =
            jv_msg_new(&orchestrator__chat_reply__descriptor, jv_arena(t->ctx));

    reply->response = t->answer.data;
    reply->session_id = t->began->session_id;
    reply->message_id = t->message_id;
    reply->outcome = outcome_of(t);
    list_agents(t, reply);
    list_data(t, reply);
    reply->degraded = t->degraded;
    reply->degraded_why = t->why ? t->why : "";
    reply->model = t->use;
    reply->n_suggestions = t->n_suggestions;
    reply->suggestions = t->suggestions;
    t->reply = reply;
}

/* ---- finish ---------------------------------------------------------------------------------- */

static const char *head_of(struct jv_arena *a, const char *text, size_t max)
{
    text = text ? text : "";
    return jv_arena_strndup(a, text, jv_clip(text, strlen(text), max));
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
    c->last_query = head_of(a, t->req->question, max_stored_query);
    c->last_response = head_of(a, t->answer.data, max_stored_answer);
    c->plan = t->plan.memory;
    return c;
}

/* For "the first one" of the next question, and for what to suggest then. */
static void look_ahead(struct turn *t)
{
    struct jv_arena *a = jv_arena(t->ctx);
    const struct orchestrator *o = jv_state(t->ctx);
    const Google__Protobuf__Struct **results =
            JV_NEW_ARRAY(a, const Google__Protobuf__Struct *, t->n + 1);
    const struct suggest_for about = { .plan = &t->plan,
                                       .results = results,
                                       .question = t->req->question,
                                       .answer = t->answer.data,
                                       .session = t->began,
                                       .memory = memory_before(t) };

    for (size_t i = 0; i < t->n; i++)
        results[i] = call_result(&t->calls[i]);
    if (t->n && o->catalog && t->plan.memory)
        jv_plan_heard(o->catalog, t->plan.memory, t->n, t->plan.calls, results, a);
    t->n_suggestions = suggest_next(t->ctx, &about, &t->suggestions);
    suggest_remember(t->ctx, t->plan.memory, t->suggestions, t->n_suggestions);
}

static int finish(struct turn *t)
{
    struct jv_arena *a = jv_arena(t->ctx);
    Sessions__FinishRequest req = SESSIONS__FINISH_REQUEST__INIT;
    Google__Protobuf__Empty *reply;

    req.session_id = t->began->session_id;
    req.message_id = t->message_id;
    req.response = t->answer.data;
    look_ahead(t);
    req.context = context_of(t);
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

/* ---- the turn -------------------------------------------------------------------------------- */

int turn_run(struct jv_ctx *ctx, const struct turn_request *req, Orchestrator__ChatReply **ret,
             Google__Protobuf__Struct **ret_memory)
{
    struct turn *t = JV_NEW(jv_arena(ctx), struct turn);
    int r;

    t->ctx = ctx;
    t->req = req;
    t->message_id = name_of(ctx, req->n);
    t->tell = (struct telling){ .ctx = ctx, .turn = req->n, .data_left = max_data };
    t->answer = jv_buf_new(jv_arena(ctx));
    r = begin(t);
    if (!r)
        r = plan(t);
    if (!r)
        r = tell_plan(&t->tell, t->began->session_id, t->message_id, t->calls, t->n);
    if (r)
        return r;
    r = t->plan.kind == JV_PLAN_CALLS ? answer_by_agents(t) : say(t, t->plan.text, true);
    if (!r)
        r = finish(t);
    if (r)
        return not_kept(t, r);
    make_reply(t);
    *ret = t->reply;
    *ret_memory = t->plan.memory;
    return JV_OK;
}
