/* openai.c -- /chat/completions and /embeddings, as OpenAI, Ollama, vLLM and llama.cpp have them.
 */
#include "wire.h"

#include <string.h>

/* What a model thinks before it answers counts as output as well. */
enum { room_to_think = 4096 };

/* ---- requests ------------------------------------------------------------------------------- */

static void add_message(struct jv_arena *a, json_list *messages, const char *role, const char *text)
{
    json_object *m = json_add_object(a, messages);

    json_put_text(a, m, "role", role);
    json_put_text(a, m, "content", text);
}

static void add_results(struct jv_arena *a, json_list *messages, const Llm__Turn *t)
{
    for (size_t i = 0; i < t->n_results; i++) {
        json_object *m = json_add_object(a, messages);

        json_put_text(a, m, "role", "tool");
        json_put_text(a, m, "tool_call_id", t->results[i]->id);
        json_put_text(a, m, "content", json_print_value(a, t->results[i]->result));
    }
}

/* Arguments travel as text. What was broken stays out: only JSON is taken back. */
static void add_calls(struct jv_arena *a, json_object *message, const Llm__Turn *t)
{
    json_list *calls = json_put_list(a, message, "tool_calls");

    for (size_t i = 0; i < t->n_calls; i++) {
        const Llm__ToolCall *c = t->calls[i];
        json_object *call = json_add_object(a, calls), *f = json_new(a);

        json_put_text(a, call, "id", c->id);
        json_put_text(a, call, "type", "function");
        json_put_text(a, f, "name", c->name);
        json_put_text(a, f, "arguments", c->arguments ? json_print(a, c->arguments) : "{}");
        json_put_object(a, call, "function", f);
    }
}

static void add_assistant(struct jv_arena *a, json_list *messages, const Llm__Turn *t)
{
    json_object *m = json_add_object(a, messages);

    json_put_text(a, m, "role", "assistant");
    if (t->text[0] || !t->n_calls)
        json_put_text(a, m, "content", t->text);
    if (t->n_calls)
        add_calls(a, m, t);
}

static void add_turn(struct jv_arena *a, json_list *messages, const Llm__Turn *t)
{
    if (t->role == LLM__ROLE__assistant) {
        add_assistant(a, messages, t);
        return;
    }
    add_results(a, messages, t);
    if (t->text[0] || !t->n_results)
        add_message(a, messages, "user", t->text);
}

static void add_tools(struct jv_arena *a, json_object *body, const Llm__GenerateRequest *req)
{
    json_list *tools = json_put_list(a, body, "tools");

    for (size_t i = 0; i < req->n_tools; i++) {
        const Llm__Tool *t = req->tools[i];
        json_object *tool = json_add_object(a, tools), *f = json_new(a);

        json_put_text(a, tool, "type", "function");
        json_put_text(a, f, "name", t->name);
        json_put_text(a, f, "description", t->description);
        if (t->schema)
            json_put_object(a, f, "parameters", t->schema);
        json_put_object(a, tool, "function", f);
    }
    if (req->no_calls)
        json_put_text(a, body, "tool_choice", "none");
}

static void add_format(struct jv_arena *a, json_object *body, const Llm__GenerateRequest *req)
{
    json_object *format = json_new(a), *named = json_new(a);

    json_put_text(a, named, "name", "answer");
    json_put_object(a, named, "schema", req->json_schema);
    json_put_text(a, format, "type", "json_schema");
    json_put_object(a, format, "json_schema", named);
    json_put_object(a, body, "response_format", format);
}

/* OpenAI's own newer models refuse max_tokens; the others know nothing else. */
static void add_limit(struct jv_arena *a, json_object *body, const struct model *m,
                      const Llm__GenerateRequest *req)
{
    bool own = strcmp(m->url, provider_openai.url) == 0;
    bool thinks = own && (strncmp(m->model, "gpt-4", 5) != 0 && strncmp(m->model, "gpt-3", 5) != 0);

    json_put_number(a, body, own ? "max_completion_tokens" : "max_tokens",
                    request_max_tokens(req) + (thinks ? room_to_think : 0));
}

static void add_stream(struct jv_arena *a, json_object *body)
{
    json_object *options = json_new(a);

    json_put_bool(a, options, "include_usage", true);
    json_put_bool(a, body, "stream", true);
    json_put_object(a, body, "stream_options", options);
}

static void request(struct jv_arena *a, const struct model *m, const Llm__GenerateRequest *req,
                    bool stream, struct wire_request *ret)
{
    json_object *body = json_new(a);
    json_list *messages;

    json_put_text(a, body, "model", m->model);
    messages = json_put_list(a, body, "messages");
    if (req->system[0])
        add_message(a, messages, "system", req->system);
    for (size_t i = 0; i < req->n_turns; i++)
        add_turn(a, messages, req->turns[i]);
    if (req->n_tools)
        add_tools(a, body, req);
    if (req->json_schema)
        add_format(a, body, req);
    add_limit(a, body, m, req);
    if (stream)
        add_stream(a, body);
    request_make(a, jv_arena_printf(a, "%s/chat/completions", m->url), m, "Authorization: Bearer ",
                 NULL, body, ret);
}

/* ---- answers -------------------------------------------------------------------------------- */

/* Others that servers make up are an ordinary end. */
static const struct finish finishes[] = {
    { "length", LLM__GENERATE_REPLY__FINISH__length },
    { "tool_calls", LLM__GENERATE_REPLY__FINISH__tool_calls },
    { "function_call", LLM__GENERATE_REPLY__FINISH__tool_calls },
    { "content_filter", LLM__GENERATE_REPLY__FINISH__blocked },
    { NULL, LLM__GENERATE_REPLY__FINISH__stop },
};

static void take_usage(struct wire_answer *ans, const json_object *o)
{
    const json_object *u = json_get_object(o, "usage");

    ans->input_tokens = json_get_number(u, "prompt_tokens", ans->input_tokens);
    ans->output_tokens = json_get_number(u, "completion_tokens", ans->output_tokens);
}

static int take_call(struct wire_answer *ans, const json_object *call, struct jv_err *err)
{
    const json_object *f = json_get_object(call, "function");
    const json_object *args = json_get_object(f, "arguments"); /* some send them as they are */

    return answer_piece(ans, json_get_number(call, "index", -1), json_get_text(call, "id"),
                        json_get_text(f, "name"),
                        args ? json_print(ans->scratch ? ans->scratch : ans->a, args)
                             : json_get_text(f, "arguments"),
                        err);
}

static int take_refusal(struct wire_answer *ans, const char *text, struct jv_err *err)
{
    struct jv_buf *b = &answer_partial(ans)->refusal;

    if (!b->arena)
        *b = jv_buf_new(ans->a);
    if (strlen(text) > max_text - b->len)
        return answer_too_much(err, "a refusal over 128 KiB");
    jv_buf_str(b, text);
    return JV_OK;
}

/* Of a message, or of what came of one. */
static int take_message(struct wire_answer *ans, const json_object *m, struct jv_err *err)
{
    const json_list *calls = json_get_list(m, "tool_calls");
    int r = answer_text(ans, json_get_text(m, "content"), err);

    if (!r)
        r = take_refusal(ans, json_get_text(m, "refusal"), err);
    for (size_t i = 0; i < calls->n_values && !r; i++)
        r = take_call(ans, json_to_object(calls->values[i]), err);
    return r;
}

static int take_choice(struct wire_answer *ans, const json_object *choice, const char *member,
                       struct jv_err *err)
{
    const char *reason = json_get_text(choice, "finish_reason");
    int r = take_message(ans, json_get_object(choice, member), err);

    if (reason[0])
        ans->finish = answer_finish(finishes, reason);
    if (!r && strcmp(reason, "error") == 0) /* of routers before several providers */
        r = jv_err_set(err, JV_UNAVAILABLE, "the model failed in the middle of its answer");
    return r;
}

static int end(struct wire_answer *ans, struct jv_err *err)
{
    const struct partial *p = answer_partial(ans);
    int r = answer_end(ans, err);

    if (!r && p->refusal.len)
        answer_blocked(ans, p->refusal.data);
    else if (!r && ans->finish == LLM__GENERATE_REPLY__FINISH__blocked)
        answer_blocked(ans, "the provider's filter stopped it");
    return r;
}

static int take(struct wire_answer *ans, const char *json, size_t len, const char *member,
                struct jv_err *err)
{
    const json_object *o = answer_read(ans, json, len, err);
    const json_list *choices;

    if (!o || answer_error(ans, o, err))
        return err->code;
    take_usage(ans, o);
    choices = json_get_list(o, "choices");
    return choices->n_values ? take_choice(ans, json_to_object(choices->values[0]), member, err)
                             : JV_OK;
}

static int reply(struct wire_answer *ans, const char *json, size_t len, struct jv_err *err)
{
    int r = take(ans, json, len, "message", err);

    return r ? r : end(ans, err);
}

static int event(struct wire_answer *ans, const char *json, size_t len, struct jv_err *err)
{
    if (len == 6 && memcmp(json, "[DONE]", 6) == 0)
        return end(ans, err);
    return take(ans, json, len, "delta", err);
}

/* ---- embedding ------------------------------------------------------------------------------ */

static void embed_request(struct jv_arena *a, const struct model *m, const Llm__EmbedRequest *req,
                          struct wire_request *ret)
{
    json_object *body = json_new(a);
    json_list *input = json_put_list(a, body, "input");

    for (size_t i = 0; i < req->n_texts; i++)
        json_add(a, input, jv_value_text(a, req->texts[i]));
    json_put_text(a, body, "model", m->model);
    json_put_text(a, body, "encoding_format", "float");
    request_make(a, jv_arena_printf(a, "%s/embeddings", m->url), m, "Authorization: Bearer ", NULL,
                 body, ret);
}

static int embed_reply(struct jv_arena *a, const char *json, size_t len, Llm__EmbedReply *ret,
                       int64_t *ret_tokens, struct jv_err *err)
{
    struct wire_answer ans = { .a = a };
    const json_object *o = answer_read(&ans, json, len, err);

    if (!o || answer_error(&ans, o, err))
        return err->code;
    *ret_tokens = json_get_number(json_get_object(o, "usage"), "prompt_tokens", 0);
    return embed_vectors(a, json_get_list(o, "data"), "embedding", ret, err);
}

const struct provider provider_openai = {
    .name = "openai",
    .url = "https://api.openai.com/v1",
    .key_setting = "OPENAI_API_KEY",
    .model = "gpt-4.1-mini",
    .embed_model = "text-embedding-3-small",
    .request = request,
    .reply = reply,
    .event = event,
    .embed_request = embed_request,
    .embed_reply = embed_reply,
};
