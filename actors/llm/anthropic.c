/* anthropic.c -- Anthropic's messages. They have no embeddings.
 *
 * An answer of a given schema is asked for as the one tool that must be called: that works with
 * every model, and what it is called with is the answer. */
#include "wire.h"

#include <string.h>

static const char json_tool[] = "jv_answer_in_json";

/* ---- requests ------------------------------------------------------------------------------- */

static json_object *add_block(struct jv_arena *a, json_list *content, const char *type)
{
    json_object *b = json_add_object(a, content);

    json_put_text(a, b, "type", type);
    return b;
}

/* Ids are of [A-Za-z0-9_-] there; one that another provider gave may not be. */
static const char *id_of(struct jv_arena *a, const char *id)
{
    char *copy = jv_arena_strdup(a, id);
    size_t n = strspn(copy, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

    while (copy[n]) {
        copy[n] = '_';
        n += strspn(copy + n, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
    }
    return copy;
}

/* Results come before anything else; an empty text is refused. */
static void add_turn(struct jv_arena *a, json_list *messages, const Llm__Turn *t)
{
    json_object *m = json_add_object(a, messages), *b;
    json_list *content = json_put_list(a, m, "content");

    json_put_text(a, m, "role", t->role == LLM__ROLE__assistant ? "assistant" : "user");
    for (size_t i = 0; i < t->n_results; i++) {
        b = add_block(a, content, "tool_result");
        json_put_text(a, b, "tool_use_id", id_of(a, t->results[i]->id));
        json_put_text(a, b, "content", json_print_value(a, t->results[i]->result));
    }
    if (t->text[0] || (!t->n_calls && !t->n_results))
        json_put_text(a, add_block(a, content, "text"), "text", t->text[0] ? t->text : "-");
    for (size_t i = 0; i < t->n_calls; i++) {
        b = add_block(a, content, "tool_use");
        json_put_text(a, b, "id", id_of(a, t->calls[i]->id));
        json_put_text(a, b, "name", t->calls[i]->name);
        json_put_object(a, b, "input", t->calls[i]->arguments);
    }
}

static void add_tool(struct jv_arena *a, json_list *tools, const char *name, const char *what,
                     const json_object *schema)
{
    json_object *t = json_add_object(a, tools);

    json_put_text(a, t, "name", name);
    json_put_text(a, t, "description", what);
    json_put_object(a, t, "input_schema", schema ? schema : jv_struct(a, "{\"type\":\"object\"}"));
}

static void add_tools(struct jv_arena *a, json_object *body, const Llm__GenerateRequest *req)
{
    json_list *tools = json_put_list(a, body, "tools");
    json_object *choice = json_new(a);

    for (size_t i = 0; i < req->n_tools; i++)
        add_tool(a, tools, req->tools[i]->name, req->tools[i]->description, req->tools[i]->schema);
    if (req->no_calls)
        json_put_object(a, body, "tool_choice", jv_struct(a, "{\"type\":\"none\"}"));
    if (!req->json_schema)
        return;
    add_tool(a, tools, json_tool, "Give the answer.", req->json_schema);
    json_put_text(a, choice, "type", "tool");
    json_put_text(a, choice, "name", json_tool);
    json_put_object(a, body, "tool_choice", choice);
}

static void request(struct jv_arena *a, const struct model *m, const Llm__GenerateRequest *req,
                    bool stream, struct wire_request *ret)
{
    json_object *body = json_new(a);
    json_list *messages;

    json_put_text(a, body, "model", m->model);
    json_put_number(a, body, "max_tokens", request_max_tokens(req));
    if (req->system[0])
        json_put_text(a, body, "system", req->system);
    messages = json_put_list(a, body, "messages");
    for (size_t i = 0; i < req->n_turns; i++)
        add_turn(a, messages, req->turns[i]);
    if (req->n_tools || req->json_schema)
        add_tools(a, body, req);
    if (stream)
        json_put_bool(a, body, "stream", true);
    request_make(a, jv_arena_printf(a, "%s/messages", m->url), m,
                 "x-api-key: ", "anthropic-version: 2023-06-01", body, ret);
}

/* ---- answers -------------------------------------------------------------------------------- */

static const struct finish finishes[] = {
    { "max_tokens", LLM__GENERATE_REPLY__FINISH__length },
    { "model_context_window_exceeded", LLM__GENERATE_REPLY__FINISH__length },
    { "tool_use", LLM__GENERATE_REPLY__FINISH__tool_calls },
    { "refusal", LLM__GENERATE_REPLY__FINISH__blocked },
    { NULL, LLM__GENERATE_REPLY__FINISH__stop },
};

/* What was in their cache was read all the same. */
static void take_usage(struct wire_answer *ans, const json_object *o)
{
    const json_object *u = json_get_object(o, "usage");

    if (u && jv_struct_get(u, "input_tokens"))
        ans->input_tokens = json_get_number(u, "input_tokens", 0) +
                            json_get_number(u, "cache_creation_input_tokens", 0) +
                            json_get_number(u, "cache_read_input_tokens", 0);
    ans->output_tokens = json_get_number(u, "output_tokens", ans->output_tokens);
}

/* The reason stands in a message, or in what is told of one at its end. */
static void take_reason(struct wire_answer *ans, const json_object *o)
{
    const char *reason = json_get_text(o, "stop_reason");
    const char *why = json_get_text(json_get_object(o, "stop_details"), "explanation");

    if (!reason[0])
        return;
    ans->finish = answer_finish(finishes, reason);
    if (ans->finish == LLM__GENERATE_REPLY__FINISH__blocked)
        answer_blocked(ans, wire_theirs(ans->a, ans->model, why));
}

static int start_block(struct wire_answer *ans, int64_t index, const json_object *b,
                       struct jv_err *err)
{
    const char *type = json_get_text(b, "type");
    const json_object *input = json_get_object(b, "input");
    const char *text =
            input && input->n_fields ? json_print(ans->scratch ? ans->scratch : ans->a, input) : "";

    if (strcmp(type, "text") == 0)
        return answer_text(ans, json_get_text(b, "text"), err);
    if (strcmp(type, "tool_use") != 0)
        return JV_OK; /* thoughts, what their servers do */
    if (strcmp(json_get_text(b, "name"), json_tool) == 0) {
        answer_partial(ans)->json_at = index + 1;
        return answer_text(ans, text, err);
    }
    return answer_piece(ans, index, json_get_text(b, "id"), json_get_text(b, "name"), text, err);
}

static int grow_block(struct wire_answer *ans, int64_t index, const json_object *d,
                      struct jv_err *err)
{
    const char *type = json_get_text(d, "type"), *json = json_get_text(d, "partial_json");

    if (strcmp(type, "text_delta") == 0)
        return answer_text(ans, json_get_text(d, "text"), err);
    if (strcmp(type, "input_json_delta") != 0)
        return JV_OK;
    if (answer_partial(ans)->json_at == index + 1)
        return answer_text(ans, json, err);
    for (size_t i = 0; i < answer_partial(ans)->n; i++)
        if (answer_partial(ans)->calls[i].index == index)
            return answer_piece(ans, index, "", "", json, err);
    return JV_OK; /* of a block that is not for us */
}

static int take_message(struct wire_answer *ans, const json_object *o, struct jv_err *err)
{
    const json_list *content = json_get_list(o, "content");
    int r = JV_OK;

    take_usage(ans, o);
    for (size_t i = 0; i < content->n_values && !r; i++)
        r = start_block(ans, (int64_t)i, json_to_object(content->values[i]), err);
    if (!r)
        take_reason(ans, o);
    return r;
}

static int reply(struct wire_answer *ans, const char *json, size_t len, struct jv_err *err)
{
    const json_object *o = answer_read(ans, json, len, err);
    int r = o ? answer_error(ans, o, err) : err->code;

    if (!r)
        r = take_message(ans, o, err);
    return r ? r : answer_end(ans, err);
}

/* Kinds of events that are not known here say nothing that is wanted. */
static int event(struct wire_answer *ans, const char *json, size_t len, struct jv_err *err)
{
    const json_object *o = answer_read(ans, json, len, err);
    const char *type = json_get_text(o, "type");
    int64_t index = json_get_number(o, "index", 0);

    if (!o || answer_error(ans, o, err))
        return err->code;
    if (strcmp(type, "message_start") == 0)
        return take_message(ans, json_get_object(o, "message"), err);
    if (strcmp(type, "content_block_start") == 0)
        return start_block(ans, index, json_get_object(o, "content_block"), err);
    if (strcmp(type, "content_block_delta") == 0)
        return grow_block(ans, index, json_get_object(o, "delta"), err);
    if (strcmp(type, "message_delta") == 0) {
        take_usage(ans, o);
        take_reason(ans, json_get_object(o, "delta"));
    }
    return strcmp(type, "message_stop") == 0 ? answer_end(ans, err) : JV_OK;
}

const struct provider provider_anthropic = {
    .name = "anthropic",
    .url = "https://api.anthropic.com/v1",
    .key_setting = "ANTHROPIC_API_KEY",
    .model = "claude-haiku-4-5",
    .request = request,
    .reply = reply,
    .event = event,
};
