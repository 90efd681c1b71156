/* write.c -- the answer in a model's words, from what the agents said.
 *
 * It is told as it comes. An answer that is cut, blocked, empty or without end is none: whoever
 * asked for it says what the agents said instead. */
#include "orchestrator.h"

#include <string.h>

enum {
    answer_tokens = 2048,
    max_result_text = 8 * 1024, /* bytes of one agent's answer that the model reads */
    max_result_data = 8 * 1024,
    piece_bytes = 160, /* told at once: each piece is a commit */
    piece_ms = 250,
    max_handed_on = 64, /* bytes of an argument that is not the person's: a name, an id */
    write_reserve_ms = 2000,
};

/* ---- what it is given ------------------------------------------------------------------------ */

static const char *function_name(const struct jv_function *f, size_t n, const struct jv_planned *p)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(f[i].agent, p->agent) == 0 &&
            strcmp(f[i].tool ? f[i].tool : "", p->tool ? p->tool : "") == 0)
            return f[i].name;
    return "tool__gone";
}

static const char *head_of(struct jv_arena *a, const char *text, size_t max)
{
    size_t n = jv_clip(text, strlen(text), max);

    if (!text[n])
        return text;
    return jv_arena_printf(a, "%.*s\n(The rest is left out.)", (int)n, text);
}

/* {"state", "text", "data"} */
static Google__Protobuf__Value *result_value(struct jv_ctx *ctx, const struct call *c)
{
    struct jv_arena *a = jv_arena(ctx);
    Google__Protobuf__Struct *s = jv_msg_new(&google__protobuf__struct__descriptor, a);
    const Google__Protobuf__Struct *data = call_result(c);

    jv_struct_set(s, a, "state", jv_value_text(a, call_state_name(c->state)));
    jv_struct_set(s, a, "text", jv_value_text(a, head_of(a, say_call(ctx, c), max_result_text)));
    if (data && protobuf_c_message_get_packed_size(&data->base) <= max_result_data)
        jv_struct_set(s, a, "data",
                      jv_value_struct(a, (Google__Protobuf__Struct *)(uintptr_t)data));
    return jv_value_struct(a, s);
}

struct request {
    Llm__GenerateRequest req;
    Llm__Turn turns[3], *list[3];
};

/* The question, the calls, what came of them. */
static void add_calls(struct writing *w, const struct jv_function *f, size_t n_f, struct request *r)
{
    struct jv_arena *a = jv_arena(w->ctx);

    r->turns[1].role = LLM__ROLE__assistant;
    r->turns[1].calls = JV_NEW_ARRAY(a, Llm__ToolCall *, w->n + 1);
    r->turns[2].role = LLM__ROLE__user;
    r->turns[2].results = JV_NEW_ARRAY(a, Llm__ToolResult *, w->n + 1);
    for (size_t i = 0; i < w->n; i++) {
        const struct jv_planned *p = w->calls[i].planned;
        Llm__ToolCall *call = jv_msg_new(&llm__tool_call__descriptor, a);
        Llm__ToolResult *result = jv_msg_new(&llm__tool_result__descriptor, a);

        call->id = result->id = jv_arena_printf(a, "call_%zu", i);
        call->name = result->name = function_name(f, n_f, p);
        call->arguments = p->arguments;
        result->result = result_value(w->ctx, &w->calls[i]);
        r->turns[1].calls[r->turns[1].n_calls++] = call;
        r->turns[2].results[r->turns[2].n_results++] = result;
    }
}

static void make_request(struct writing *w, const struct jv_function *f, size_t n_f,
                         struct request *r)
{
    struct model_question ask = model_ask(w->ctx, w->in);

    llm__generate_request__init(&r->req);
    for (size_t i = 0; i < JV_COUNT(r->turns); i++) {
        llm__turn__init(&r->turns[i]);
        r->list[i] = &r->turns[i];
    }
    r->turns[0].role = LLM__ROLE__user;
    r->turns[0].text = ask.text;
    add_calls(w, f, n_f, r);
    r->req.system = ask.answer_system;
    r->req.n_turns = JV_COUNT(r->turns);
    r->req.turns = r->list;
    r->req.tools = model_tools(jv_arena(w->ctx), f, n_f, true, &r->req.n_tools);
    r->req.max_tokens = answer_tokens;
    r->req.purpose = "answer";
    r->req.agent = "JarvisAgent";
}

/* ---- what it says ---------------------------------------------------------------------------- */

struct stream {
    struct writing *w;
    struct jv_buf waiting; /* not told yet */
    size_t total;
    bool said; /* more than blanks */
    int64_t told_ms;
    const Llm__GenerateReply *done;
};

static int tell(struct stream *s)
{
    int r = s->waiting.len ? s->w->say(s->w->arg, s->waiting.data) : JV_OK;

    s->waiting = jv_buf_new(jv_arena(s->w->ctx));
    s->told_ms = jv_real_ms(s->w->ctx);
    return r;
}

static int hear(void *arg, const void *part)
{
    struct stream *s = arg;
    const Llm__Piece *p = part;

    if (p->piece_case == LLM__PIECE__PIECE_DONE)
        s->done = p->done;
    if (p->piece_case != LLM__PIECE__PIECE_TEXT)
        return JV_OK;
    s->total += strlen(p->text);
    s->said = s->said || p->text[strspn(p->text, " \t\r\n")];
    if (s->total > max_written)
        return jv_fail(s->w->ctx, JV_ABORTED, "the model's answer has no end");
    jv_buf_str(&s->waiting, p->text);
    if (s->waiting.len < piece_bytes && jv_real_ms(s->w->ctx) - s->told_ms < piece_ms)
        return JV_OK;
    return tell(s);
}

/* What was read may hold an order to tell it to somebody: a further look takes no more of it than
 * what a thing is called. */
static bool hands_on(const struct writing *w, const struct jv_choice *choice)
{
    for (size_t i = 0; choice->arguments && i < choice->arguments->n_fields; i++) {
        const Google__Protobuf__Value *v = choice->arguments->fields[i]->value;
        const char *text = jv_struct_text(choice->arguments, choice->arguments->fields[i]->key);

        if (protobuf_c_message_get_packed_size(&v->base) > max_handed_on &&
            !(text && strcasestr(w->in->text, text)))
            return true;
    }
    return false;
}

static int check_more(struct writing *w, const struct jv_function *f, size_t n_f,
                      const struct jv_choice *choice)
{
    for (size_t i = 0; i < n_f; i++)
        if (strcmp(f[i].name, choice->name) == 0 && !f[i].read_only)
            return jv_fail(w->ctx, JV_ABORTED, "the model calls what it was not offered");
    return hands_on(w, choice) ? jv_fail(w->ctx, JV_ABORTED, "the model hands on what agents said")
                               : JV_OK;
}

/* What the turn asks the person stays open. */
static void keep_question(const struct writing *w)
{
    static const char *const members[] = { "ask", "confirm", ASKED };

    for (size_t i = 0; i < JV_COUNT(members); i++) {
        Google__Protobuf__Value *v = w->plan->memory && w->plan->missing
                                             ? jv_struct_get(w->plan->memory, members[i])
                                             : NULL;

        if (v)
            jv_struct_set(w->more.memory, jv_arena(w->ctx), members[i], v);
    }
}

/* It wants to look something up first; only looks are offered. */
static int read_more(struct writing *w, const struct jv_function *f, size_t n_f,
                     const Llm__GenerateReply *reply)
{
    struct jv_plan_input in = *w->in;
    const struct jv_catalog *catalog;
    struct jv_choice *choices;
    struct jv_err err = { 0 };
    size_t n = model_choices(jv_arena(w->ctx), reply, &choices);
    int r = catalog_get(w->ctx, &catalog);

    in.memory = w->plan->memory;
    if (!r && w->last)
        r = jv_fail(w->ctx, JV_ABORTED, "the model goes on calling instead of answering");
    for (size_t i = 0; !r && i < n; i++)
        r = check_more(w, f, n_f, &choices[i]);
    if (r)
        return r;
    r = jv_plan_chosen(catalog, &in, w->plan, n_f, f, n, choices, jv_arena(w->ctx), &w->more, &err);
    if (r)
        return jv_fail(w->ctx, r, "%s", err.text);
    keep_question(w);
    return JV_OK;
}

static int end(struct stream *s, const struct jv_function *f, size_t n_f)
{
    struct writing *w = s->w;

    if (!s->done)
        return jv_fail(w->ctx, JV_ABORTED, "the model's answer has no end");
    model_count(w->ctx, w->use, s->done->use);
    if (s->done->finish == LLM__GENERATE_REPLY__FINISH__blocked)
        return jv_fail(w->ctx, JV_ABORTED, "the model's answer was blocked");
    if (s->done->n_calls)
        return read_more(w, f, n_f, s->done);
    if (!s->said)
        return jv_fail(w->ctx, JV_ABORTED, "the model's answer is empty");
    if (s->done->finish == LLM__GENERATE_REPLY__FINISH__length)
        jv_buf_str(&s->waiting, "\n\n(The rest was too long.)");
    return tell(s);
}

/* The agents' own words must still be said when the model's are none. */
static struct jv_patience patience(struct jv_ctx *ctx)
{
    int64_t left = jv_left_ms(ctx) - write_reserve_ms;

    left = left < 1 ? 1 : left;
    return (struct jv_patience){ .idle_ms = model_idle_ms, .total_ms = left };
}

int write_answer(struct writing *w)
{
    const struct jv_catalog *catalog;
    struct stream s = { .w = w,
                        .waiting = jv_buf_new(jv_arena(w->ctx)),
                        .told_ms = jv_real_ms(w->ctx) };
    struct jv_function *f;
    struct request r;
    size_t n_f;
    int code;

    w->more = (struct jv_plan){ 0 };
    code = catalog_get(w->ctx, &catalog); /* a run that goes on with a kept plan has none yet */
    if (code)
        return code;
    n_f = jv_plan_functions(catalog, w->in, w->plan, max_functions, jv_arena(w->ctx), &f);
    make_request(w, f, n_f, &r);
    if (w->last)
        r.req.no_calls = true;
    code = jv_call_stream(w->ctx, &llm__llm__descriptor, "Stream", &r.req, patience(w->ctx), hear,
                          &s);
    return code ? code : end(&s, f, n_f);
}
