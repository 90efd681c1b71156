/* gemini.c -- Google's generateContent, streamGenerateContent and batchEmbedContents. */
#include "wire.h"

#include <string.h>

/* What a model thinks before it answers counts as output as well. */
enum { room_to_think = 4096 };

/* ---- schemas -------------------------------------------------------------------------------- */

/* What the documentation of *JsonSchema lists; the rest is dropped, as it is refused or no good. */
static const char *const keywords[] = { "type",     "format",   "title",       "description",
                                        "enum",     "items",    "prefixItems", "minItems",
                                        "maxItems", "minimum",  "maximum",     "anyOf",
                                        "oneOf",    "required", "$ref" };
static const char *const formats[] = { "date-time", "date", "time" };
static const char *const maps[] = { "properties", "$defs" }; /* of schemas by name */

static bool among(const char *const *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], name) == 0)
            return true;
    return false;
}

static json_object *schema(struct jv_arena *a, const json_object *in);

/* Schemas are objects, alone or in a list; other values are as they are. */
static json_value *schema_value(struct jv_arena *a, json_value *v)
{
    json_object *holder = json_new(a);
    json_list *out;

    if (json_to_object(v))
        return jv_value_struct(a, schema(a, v->struct_value));
    if (!v || v->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE)
        return v;
    out = json_put_list(a, holder, "list");
    for (size_t i = 0; i < v->list_value->n_values; i++)
        json_add(a, out, schema_value(a, v->list_value->values[i]));
    return jv_struct_get(holder, "list");
}

static json_object *schema_map(struct jv_arena *a, const json_object *in)
{
    json_object *out = json_new(a);

    for (size_t i = 0; in && i < in->n_fields; i++)
        jv_struct_set(out, a, in->fields[i]->key, schema_value(a, in->fields[i]->value));
    return out;
}

static json_object *schema(struct jv_arena *a, const json_object *in)
{
    json_object *out = json_new(a);

    for (size_t i = 0; i < in->n_fields; i++) {
        const char *name = in->fields[i]->key;
        json_value *v = in->fields[i]->value;

        if (among(maps, JV_COUNT(maps), name))
            json_put_object(a, out, name, schema_map(a, json_to_object(v)));
        else if (strcmp(name, "format") == 0 &&
                 !among(formats, JV_COUNT(formats), json_get_text(in, name)))
            continue;
        else if (among(keywords, JV_COUNT(keywords), name))
            jv_struct_set(out, a, name, schema_value(a, v));
    }
    return out;
}

/* ---- requests ------------------------------------------------------------------------------- */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* From Gemini 3 on a call must come back with the signature that it came with. Those of another
 * model are no good: a signature is kept behind the name of its own. */
static const char *signature_for(const struct model *m, const Llm__Turn *t, size_t i)
{
    const char *s = t->calls[i]->signature;
    size_t n = strlen(m->model);
    bool strict = begins(m->model, "gemini-") && !begins(m->model, "gemini-1") &&
                  !begins(m->model, "gemini-2");

    if (begins(s, m->model) && s[n] == ' ')
        return s + n + 1;
    return strict && i == 0 ? "skip_thought_signature_validator" : ""; /* as documented */
}

static void add_calls(struct jv_arena *a, json_list *parts, const struct model *m,
                      const Llm__Turn *t)
{
    for (size_t i = 0; i < t->n_calls; i++) {
        const Llm__ToolCall *c = t->calls[i];
        const char *signature = signature_for(m, t, i);
        json_object *part = json_add_object(a, parts), *call = json_new(a);

        if (!request_is_own_id(c->id))
            json_put_text(a, call, "id", c->id);
        json_put_text(a, call, "name", c->name);
        json_put_object(a, call, "args", c->arguments);
        json_put_object(a, part, "functionCall", call);
        if (signature[0])
            json_put_text(a, part, "thoughtSignature", signature);
    }
}

/* A response is an object; anything else goes into one. */
static json_object *response(struct jv_arena *a, json_value *v)
{
    json_object *o = json_to_object(v);

    if (o)
        return o;
    o = json_new(a);
    if (v)
        jv_struct_set(o, a, "output", v);
    return o;
}

static void add_results(struct jv_arena *a, json_list *parts, const Llm__Turn *t)
{
    for (size_t i = 0; i < t->n_results; i++) {
        const Llm__ToolResult *r = t->results[i];
        json_object *part = json_add_object(a, parts), *result = json_new(a);

        if (!request_is_own_id(r->id))
            json_put_text(a, result, "id", r->id);
        json_put_text(a, result, "name", r->name);
        json_put_object(a, result, "response", response(a, r->result));
        json_put_object(a, part, "functionResponse", result);
    }
}

static void add_turn(struct jv_arena *a, json_list *contents, const struct model *m,
                     const Llm__Turn *t)
{
    json_object *content = json_add_object(a, contents);
    json_list *parts = json_put_list(a, content, "parts");

    json_put_text(a, content, "role", t->role == LLM__ROLE__assistant ? "model" : "user");
    add_results(a, parts, t);
    if (t->text[0] || (!t->n_calls && !t->n_results))
        json_put_text(a, json_add_object(a, parts), "text", t->text);
    add_calls(a, parts, m, t);
}

/* A schema without properties is refused: a tool without parameters has none. */
static void add_tools(struct jv_arena *a, json_object *body, const Llm__GenerateRequest *req)
{
    json_object *holder = json_add_object(a, json_put_list(a, body, "tools"));
    json_list *functions = json_put_list(a, holder, "functionDeclarations");

    for (size_t i = 0; i < req->n_tools; i++) {
        const Llm__Tool *t = req->tools[i];
        json_object *f = json_add_object(a, functions);
        const json_object *properties = json_get_object(t->schema, "properties");

        json_put_text(a, f, "name", t->name);
        json_put_text(a, f, "description", t->description);
        if (properties && properties->n_fields)
            json_put_object(a, f, "parametersJsonSchema", schema(a, t->schema));
    }
    if (req->no_calls)
        json_put_object(a, body, "toolConfig",
                        jv_struct(a, "{\"functionCallingConfig\":{\"mode\":\"NONE\"}}"));
}

/* Thinking is switched off where it can be; elsewhere there is room for it. */
static void add_config(struct jv_arena *a, json_object *body, const struct model *m,
                       const Llm__GenerateRequest *req)
{
    json_object *config = json_new(a), *thinking = json_new(a);
    bool still = begins(m->model, "gemini-2.5-flash");

    json_put_number(a, config, "maxOutputTokens",
                    request_max_tokens(req) + (still ? 0 : room_to_think));
    json_put_number(a, thinking, "thinkingBudget", 0);
    if (still)
        json_put_object(a, config, "thinkingConfig", thinking);
    if (req->json_schema) {
        json_put_text(a, config, "responseMimeType", "application/json");
        json_put_object(a, config, "responseJsonSchema", schema(a, req->json_schema));
    }
    json_put_object(a, body, "generationConfig", config);
}

static const char *url_of(struct jv_arena *a, const struct model *m, const char *verb)
{
    return jv_arena_printf(a, "%s/models/%s:%s", m->url, request_path(a, m->model), verb);
}

static void request(struct jv_arena *a, const struct model *m, const Llm__GenerateRequest *req,
                    bool stream, struct wire_request *ret)
{
    json_object *body = json_new(a), *system = json_new(a);
    json_list *contents = json_put_list(a, body, "contents");

    if (req->system[0]) {
        json_put_text(a, json_add_object(a, json_put_list(a, system, "parts")), "text",
                      req->system);
        json_put_object(a, body, "systemInstruction", system);
    }
    for (size_t i = 0; i < req->n_turns; i++)
        add_turn(a, contents, m, req->turns[i]);
    if (req->n_tools)
        add_tools(a, body, req);
    add_config(a, body, m, req);
    request_make(a, url_of(a, m, stream ? "streamGenerateContent?alt=sse" : "generateContent"), m,
                 "x-goog-api-key: ", NULL, body, ret);
}

/* ---- answers -------------------------------------------------------------------------------- */

static const struct finish finishes[] = {
    { "STOP", LLM__GENERATE_REPLY__FINISH__stop },
    { "MAX_TOKENS", LLM__GENERATE_REPLY__FINISH__length },
    { "SAFETY", LLM__GENERATE_REPLY__FINISH__blocked },
    { "RECITATION", LLM__GENERATE_REPLY__FINISH__blocked },
    { "LANGUAGE", LLM__GENERATE_REPLY__FINISH__blocked },
    { "BLOCKLIST", LLM__GENERATE_REPLY__FINISH__blocked },
    { "PROHIBITED_CONTENT", LLM__GENERATE_REPLY__FINISH__blocked },
    { "SPII", LLM__GENERATE_REPLY__FINISH__blocked },
    { 0 },
};

static void take_usage(struct wire_answer *ans, const json_object *o)
{
    const json_object *u = json_get_object(o, "usageMetadata");

    if (!u)
        return;
    ans->input_tokens = json_get_number(u, "promptTokenCount", ans->input_tokens);
    ans->output_tokens = json_get_number(u, "candidatesTokenCount", 0) +
                         json_get_number(u, "thoughtsTokenCount", 0);
}

static int take_call(struct wire_answer *ans, const json_object *part, const json_object *call,
                     struct jv_err *err)
{
    const char *signature = json_get_text(part, "thoughtSignature");
    const json_object *args = json_get_object(call, "args");
    const char *text = args ? json_print(ans->scratch ? ans->scratch : ans->a, args) : "";
    Llm__ToolCall *c =
            answer_call(ans, json_get_text(call, "id"), json_get_text(call, "name"), err);

    if (!c)
        return err->code;
    if (strlen(signature) > max_signature)
        return answer_too_much(err, "a signature over 64 KiB");
    if (signature[0])
        c->signature = jv_arena_printf(ans->a, "%s %s", ans->model->model, signature);
    return answer_arguments(ans, c, text, strlen(text), err);
}

/* Thoughts are no part of the answer. */
static int take_part(struct wire_answer *ans, const json_object *part, struct jv_err *err)
{
    const json_object *call = json_get_object(part, "functionCall");

    if (call)
        return take_call(ans, part, call, err);
    if (json_is_true(part, "thought"))
        return JV_OK;
    return answer_text(ans, json_get_text(part, "text"), err);
}

static int take_finish(struct wire_answer *ans, const char *reason, struct jv_err *err)
{
    ans->finish = answer_finish(finishes, reason);
    if (!ans->finish)
        return jv_err_set(err, JV_UNAVAILABLE, "the model stopped: %s",
                          wire_theirs(ans->a, ans->model, reason));
    if (ans->finish == LLM__GENERATE_REPLY__FINISH__blocked)
        answer_blocked(ans, jv_arena_printf(ans->a, "the provider's filter stopped it: %s",
                                            wire_theirs(ans->a, ans->model, reason)));
    return answer_end(ans, err);
}

static int take_candidate(struct wire_answer *ans, const json_object *candidate, struct jv_err *err)
{
    const json_list *parts = json_get_list(json_get_object(candidate, "content"), "parts");
    const char *reason = json_get_text(candidate, "finishReason");
    int r = JV_OK;

    for (size_t i = 0; i < parts->n_values && !r; i++)
        r = take_part(ans, json_to_object(parts->values[i]), err);
    return !r && reason[0] ? take_finish(ans, reason, err) : r;
}

/* A reply, and an event of a stream: they look the same. */
static int event(struct wire_answer *ans, const char *json, size_t len, struct jv_err *err)
{
    const json_object *o = answer_read(ans, json, len, err);
    const json_list *candidates;
    const char *block;

    if (!o)
        return err->code;
    if (answer_error(ans, o, err))
        return err->code;
    take_usage(ans, o);
    block = json_get_text(json_get_object(o, "promptFeedback"), "blockReason");
    candidates = json_get_list(o, "candidates");
    if (block[0]) {
        answer_blocked(ans,
                       jv_arena_printf(ans->a, "the provider's filter refused the question: %s",
                                       wire_theirs(ans->a, ans->model, block)));
        return answer_end(ans, err);
    }
    return candidates->n_values ? take_candidate(ans, json_to_object(candidates->values[0]), err)
                                : JV_OK;
}

static int reply(struct wire_answer *ans, const char *json, size_t len, struct jv_err *err)
{
    int r = event(ans, json, len, err);

    if (!r && !ans->ended)
        r = jv_err_set(err, JV_UNAVAILABLE, "the model gave no answer");
    return r;
}

/* ---- embedding ------------------------------------------------------------------------------ */

static void embed_request(struct jv_arena *a, const struct model *m, const Llm__EmbedRequest *req,
                          struct wire_request *ret)
{
    json_object *body = json_new(a);
    json_list *requests = json_put_list(a, body, "requests");

    for (size_t i = 0; i < req->n_texts; i++) {
        json_object *r = json_add_object(a, requests), *content = json_new(a);

        json_put_text(a, r, "model", jv_arena_printf(a, "models/%s", m->model));
        json_put_text(a, json_add_object(a, json_put_list(a, content, "parts")), "text",
                      req->texts[i]);
        json_put_object(a, r, "content", content);
    }
    request_make(a, url_of(a, m, "batchEmbedContents"), m, "x-goog-api-key: ", NULL, body, ret);
}

/* It does not say how many tokens that were. */
static int embed_reply(struct jv_arena *a, const char *json, size_t len, Llm__EmbedReply *ret,
                       int64_t *ret_tokens, struct jv_err *err)
{
    struct wire_answer ans = { .a = a };
    const json_object *o = answer_read(&ans, json, len, err);
    const json_list *all = json_get_list(o, "embeddings");

    if (!o)
        return err->code;
    *ret_tokens = 0;
    return embed_vectors(a, all, "values", ret, err);
}

const struct provider provider_gemini = {
    .name = "gemini",
    .url = "https://generativelanguage.googleapis.com/v1beta",
    .key_setting = "GEMINI_API_KEY",
    .model = "gemini-flash-latest",
    .embed_model = "gemini-embedding-001",
    .request = request,
    .reply = reply,
    .event = event,
    .embed_request = embed_request,
    .embed_reply = embed_reply,
};
