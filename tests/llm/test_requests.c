/* test_requests.c -- what providers are asked: the same conversation in each tongue. */
#include "shapes.h"

/* ---- a conversation ------------------------------------------------------------------------- */

static const char question[] =
        "{\"system\":\"You are Jarvis.\",\"purpose\":\"plan\",\"max_tokens\":500,\"turns\":["
        "{\"role\":\"user\",\"text\":\"My tickets and costs?\"},"
        "{\"role\":\"assistant\",\"text\":\"I look.\",\"calls\":["
        "{\"id\":\"call.1\",\"name\":\"tickets_list\",\"arguments\":{\"username\":\"vishal\"},"
        "\"signature\":\"gemini-3-flash CikBAQ==\"},"
        "{\"id\":\"jv-2\",\"name\":\"costs\",\"broken\":\"{x\"}]},"
        "{\"role\":\"user\",\"results\":["
        "{\"id\":\"call.1\",\"name\":\"tickets_list\",\"result\":{\"tickets\":[12301]}},"
        "{\"id\":\"jv-2\",\"name\":\"costs\",\"result\":\"no JSON\"}]}],"
        "\"tools\":["
        "{\"name\":\"tickets_list\",\"description\":\"Somebody's tickets.\",\"schema\":{"
        "\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\","
        "\"additionalProperties\":false,\"required\":[\"username\"],\"properties\":{"
        "\"username\":{\"type\":\"string\",\"pattern\":\"[a-z]+\",\"format\":\"uuid\"},"
        "\"day\":{\"type\":\"string\",\"format\":\"date\"},"
        "\"pattern\":{\"anyOf\":[{\"type\":\"string\",\"minLength\":1},{\"type\":\"null\"}]}}}},"
        "{\"name\":\"costs\",\"description\":\"Costs.\",\"schema\":{\"type\":\"object\","
        "\"properties\":{}}}]}";

static const char in_json[] =
        "{\"purpose\":\"suggest\",\"turns\":[{\"role\":\"user\",\"text\":\"Five?\"}],"
        "\"json_schema\":{\"type\":\"object\",\"properties\":{\"five\":{\"type\":\"array\","
        "\"items\":{\"type\":\"string\",\"maxLength\":40}}}}}";

static const char no_calls[] = "{\"purpose\":\"answer\",\"turns\":[{\"role\":\"user\",\"text\":"
                               "\"So?\"}],\"no_calls\":true,"
                               "\"tools\":[{\"name\":\"costs\",\"description\":\"Costs.\"}]}";

static struct jv_arena *arena;

static const Llm__GenerateRequest *parse(const char *json)
{
    struct jv_err err = { 0 };
    void *m = jv_json_to_msg(&llm__generate_request__descriptor, json, strlen(json),
                             JV_JSON_SNAKE | JV_JSON_STRICT, arena, &err);

    CHECK_STR(err.text, "");
    return m;
}

/* ---- what each is sent ---------------------------------------------------------------------- */

static const struct {
    const char *model, *question;
    bool stream;
    const char *url, *headers, *body;
} cases[] = {
    { "gemini/", question, true,
      "http://g/v1beta/models/gemini-3-flash:streamGenerateContent?alt=sse",
      "Content-Type: application/json|x-goog-api-key: key-of-gemini-0123456789|",
      "{\"contents\":["
      "{\"parts\":[{\"text\":\"My tickets and costs?\"}],\"role\":\"user\"},"
      "{\"parts\":[{\"text\":\"I look.\"},"
      "{\"functionCall\":{\"id\":\"call.1\",\"name\":\"tickets_list\",\"args\":{\"username\":"
      "\"vishal\"}},\"thoughtSignature\":\"CikBAQ==\"},"
      "{\"functionCall\":{\"name\":\"costs\",\"args\":{}}}],\"role\":\"model\"},"
      "{\"parts\":[{\"functionResponse\":{\"id\":\"call.1\",\"name\":\"tickets_list\","
      "\"response\":{\"tickets\":[12301]}}},"
      "{\"functionResponse\":{\"name\":\"costs\",\"response\":{\"output\":\"no JSON\"}}}],"
      "\"role\":\"user\"}],"
      "\"systemInstruction\":{\"parts\":[{\"text\":\"You are Jarvis.\"}]},"
      "\"tools\":[{\"functionDeclarations\":[{\"name\":\"tickets_list\","
      "\"description\":\"Somebody's tickets.\",\"parametersJsonSchema\":{\"type\":\"object\","
      "\"required\":[\"username\"],\"properties\":{\"username\":{\"type\":\"string\"},"
      "\"day\":{\"type\":\"string\",\"format\":\"date\"},"
      "\"pattern\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}}}},"
      "{\"name\":\"costs\",\"description\":\"Costs.\"}]}],"
      "\"generationConfig\":{\"maxOutputTokens\":4596}}" },
    { "gemini/", in_json, false, "http://g/v1beta/models/gemini-3-flash:generateContent",
      "Content-Type: application/json|x-goog-api-key: key-of-gemini-0123456789|",
      "{\"contents\":[{\"parts\":[{\"text\":\"Five?\"}],\"role\":\"user\"}],"
      "\"generationConfig\":{\"maxOutputTokens\":5120,\"responseMimeType\":\"application/json\","
      "\"responseJsonSchema\":{\"type\":\"object\",\"properties\":{\"five\":{\"type\":\"array\","
      "\"items\":{\"type\":\"string\"}}}}}}" },
    { "openai/", question, true, "http://o/v1/chat/completions",
      "Content-Type: application/json|Authorization: Bearer sk-test-0123456789abcdef|",
      "{\"model\":\"llama3\",\"messages\":[{\"role\":\"system\",\"content\":\"You are Jarvis.\"},"
      "{\"role\":\"user\",\"content\":\"My tickets and costs?\"},"
      "{\"role\":\"assistant\",\"content\":\"I look.\",\"tool_calls\":["
      "{\"id\":\"call.1\",\"type\":\"function\",\"function\":{\"name\":\"tickets_list\","
      "\"arguments\":\"{\\\"username\\\":\\\"vishal\\\"}\"}},"
      "{\"id\":\"jv-2\",\"type\":\"function\",\"function\":{\"name\":\"costs\","
      "\"arguments\":\"{}\"}}]},"
      "{\"role\":\"tool\",\"tool_call_id\":\"call.1\",\"content\":\"{\\\"tickets\\\":[12301]}\"},"
      "{\"role\":\"tool\",\"tool_call_id\":\"jv-2\",\"content\":\"no JSON\"}],"
      "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"tickets_list\","
      "\"description\":\"Somebody's tickets.\",\"parameters\":{"
      "\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\","
      "\"additionalProperties\":false,\"required\":[\"username\"],\"properties\":{"
      "\"username\":{\"type\":\"string\",\"pattern\":\"[a-z]+\",\"format\":\"uuid\"},"
      "\"day\":{\"type\":\"string\",\"format\":\"date\"},"
      "\"pattern\":{\"anyOf\":[{\"type\":\"string\",\"minLength\":1},{\"type\":\"null\"}]}}}}},"
      "{\"type\":\"function\",\"function\":{\"name\":\"costs\",\"description\":\"Costs.\","
      "\"parameters\":{\"type\":\"object\",\"properties\":{}}}}],"
      "\"max_tokens\":500,\"stream\":true,\"stream_options\":{\"include_usage\":true}}" },
    { "openai/", in_json, false, "http://o/v1/chat/completions",
      "Content-Type: application/json|Authorization: Bearer sk-test-0123456789abcdef|",
      "{\"model\":\"llama3\",\"messages\":[{\"role\":\"user\",\"content\":\"Five?\"}],"
      "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"answer\","
      "\"schema\":{\"type\":\"object\",\"properties\":{\"five\":{\"type\":\"array\","
      "\"items\":{\"type\":\"string\",\"maxLength\":40}}}}}},\"max_tokens\":1024}" },
    { "anthropic/", question, true, "http://a/v1/messages",
      "Content-Type: application/json|x-api-key: key-of-anthropic-0123456789|"
      "anthropic-version: 2023-06-01|",
      "{\"model\":\"claude-x\",\"max_tokens\":500,\"system\":\"You are Jarvis.\",\"messages\":["
      "{\"content\":[{\"type\":\"text\",\"text\":\"My tickets and costs?\"}],\"role\":\"user\"},"
      "{\"content\":[{\"type\":\"text\",\"text\":\"I look.\"},"
      "{\"type\":\"tool_use\",\"id\":\"call_1\",\"name\":\"tickets_list\",\"input\":{"
      "\"username\":\"vishal\"}},"
      "{\"type\":\"tool_use\",\"id\":\"jv-2\",\"name\":\"costs\",\"input\":{}}],"
      "\"role\":\"assistant\"},"
      "{\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"call_1\","
      "\"content\":\"{\\\"tickets\\\":[12301]}\"},"
      "{\"type\":\"tool_result\",\"tool_use_id\":\"jv-2\",\"content\":\"no JSON\"}],"
      "\"role\":\"user\"}],"
      "\"tools\":[{\"name\":\"tickets_list\",\"description\":\"Somebody's tickets.\","
      "\"input_schema\":{"
      "\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\","
      "\"additionalProperties\":false,\"required\":[\"username\"],\"properties\":{"
      "\"username\":{\"type\":\"string\",\"pattern\":\"[a-z]+\",\"format\":\"uuid\"},"
      "\"day\":{\"type\":\"string\",\"format\":\"date\"},"
      "\"pattern\":{\"anyOf\":[{\"type\":\"string\",\"minLength\":1},{\"type\":\"null\"}]}}}},"
      "{\"name\":\"costs\",\"description\":\"Costs.\",\"input_schema\":{\"type\":\"object\","
      "\"properties\":{}}}],\"stream\":true}" },
    { "anthropic/", in_json, false, "http://a/v1/messages",
      "Content-Type: application/json|x-api-key: key-of-anthropic-0123456789|"
      "anthropic-version: 2023-06-01|",
      "{\"model\":\"claude-x\",\"max_tokens\":1024,\"messages\":[{\"content\":[{\"type\":\"text\","
      "\"text\":\"Five?\"}],\"role\":\"user\"}],\"tools\":[{\"name\":\"jv_answer_in_json\","
      "\"description\":\"Give the answer.\",\"input_schema\":{\"type\":\"object\","
      "\"properties\":{\"five\":{\"type\":\"array\","
      "\"items\":{\"type\":\"string\",\"maxLength\":40}}}}}],"
      "\"tool_choice\":{\"type\":\"tool\",\"name\":\"jv_answer_in_json\"}}" },
    { "gemini/", no_calls, false, "http://g/v1beta/models/gemini-3-flash:generateContent",
      "Content-Type: application/json|x-goog-api-key: key-of-gemini-0123456789|",
      "{\"contents\":[{\"parts\":[{\"text\":\"So?\"}],\"role\":\"user\"}],"
      "\"tools\":[{\"functionDeclarations\":[{\"name\":\"costs\",\"description\":\"Costs.\"}]}],"
      "\"toolConfig\":{\"functionCallingConfig\":{\"mode\":\"NONE\"}},"
      "\"generationConfig\":{\"maxOutputTokens\":5120}}" },
    { "openai/", no_calls, false, "http://o/v1/chat/completions",
      "Content-Type: application/json|Authorization: Bearer sk-test-0123456789abcdef|",
      "{\"model\":\"llama3\",\"messages\":[{\"role\":\"user\",\"content\":\"So?\"}],"
      "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"costs\","
      "\"description\":\"Costs.\"}}],\"tool_choice\":\"none\",\"max_tokens\":1024}" },
    { "anthropic/", no_calls, false, "http://a/v1/messages",
      "Content-Type: application/json|x-api-key: key-of-anthropic-0123456789|"
      "anthropic-version: 2023-06-01|",
      "{\"model\":\"claude-x\",\"max_tokens\":1024,\"messages\":[{\"content\":[{\"type\":\"text\","
      "\"text\":\"So?\"}],\"role\":\"user\"}],\"tools\":[{\"name\":\"costs\","
      "\"description\":\"Costs.\",\"input_schema\":{\"type\":\"object\"}}],"
      "\"tool_choice\":{\"type\":\"none\"}}" },
};

static const char *joined(const char *const *headers)
{
    struct jv_buf b = jv_buf_new(arena);

    for (; *headers; headers++)
        jv_buf_printf(&b, "%s|", *headers);
    return b.data;
}

TEST(each_in_its_tongue)
{
    arena = jv_arena_new(8 << 20);
    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        const struct model *m = shape_model(cases[i].model);
        struct wire_request w = { 0 };

        m->provider->request(arena, m, parse(cases[i].question), cases[i].stream, &w);
        CHECK_STR(w.url, cases[i].url);
        CHECK_STR(joined(w.headers), cases[i].headers);
        CHECK_STR(w.body, cases[i].body);
        CHECK_INT(w.len, strlen(w.body));
        CHECK(!strstr(w.url, m->key) && !strstr(w.body, m->key));
    }
    jv_arena_free(arena);
}

/* ---- what hangs on the model ---------------------------------------------------------------- */

static const struct {
    const struct provider *provider;
    const char *model, *url, *has, *lacks;
} models[] = {
    /* Calls of another model's have no signature of this one's. */
    { &provider_gemini, "gemini-flash-latest", "http://g", "skip_thought_signature_validator",
      "CikBAQ==" },
    { &provider_gemini, "gemini-2.5-flash", "http://g",
      "\"maxOutputTokens\":500,\"thinkingConfig\":{\"thinkingBudget\":0}", "thoughtSignature" },
    { &provider_gemini, "gemini-2.5-pro", "http://g", "\"maxOutputTokens\":4596",
      "thinkingConfig" },
    { &provider_openai, "gpt-4.1-mini", "https://api.openai.com/v1",
      "\"max_completion_tokens\":500", "\"max_tokens\"" },
    { &provider_openai, "gpt-5-mini", "https://api.openai.com/v1", "\"max_completion_tokens\":4596",
      "\"max_tokens\"" },
    { &provider_openai, "gpt-5-mini", "http://127.0.0.1:11434/v1", "\"max_tokens\":500",
      "max_completion_tokens" },
};

TEST(models_differ)
{
    arena = jv_arena_new(8 << 20);
    for (size_t i = 0; i < JV_COUNT(models); i++) {
        const struct model m = { .provider = models[i].provider,
                                 .model = models[i].model,
                                 .url = models[i].url,
                                 .key = "" };
        struct wire_request w = { 0 };

        m.provider->request(arena, &m, parse(question), true, &w);
        CHECK_HAS(w.body, models[i].has);
        CHECK(!strstr(w.body, models[i].lacks));
        CHECK_STR(joined(w.headers), "Content-Type: application/json|"); /* no key, none sent */
    }
    jv_arena_free(arena);
}

TEST(a_models_name_is_no_way_out_of_the_path)
{
    const struct model m = {
        .provider = &provider_gemini, .model = "../x?key=1#\xc3\xb6", .url = "http://g", .key = ""
    };
    struct wire_request w = { 0 };

    arena = jv_arena_new(8 << 20);
    m.provider->request(arena, &m, parse(in_json), false, &w);
    CHECK_STR(w.url, "http://g/models/..%2Fx%3Fkey%3D1%23%C3%B6:generateContent");
    jv_arena_free(arena);
}

TEST(embeddings)
{
    const char *texts[] = { "one", "two" };
    Llm__EmbedRequest req = LLM__EMBED_REQUEST__INIT;
    const struct model *g = shape_model("gemini/"), *o = shape_model("openai/");
    struct wire_request w = { 0 };

    arena = jv_arena_new(8 << 20);
    req.texts = texts;
    req.n_texts = 2;
    g->provider->embed_request(arena, g, &req, &w);
    CHECK_STR(w.url, "http://g/v1beta/models/gemini-3-flash:batchEmbedContents");
    CHECK_STR(w.body, "{\"requests\":[{\"model\":\"models/gemini-3-flash\",\"content\":{\"parts\":"
                      "[{\"text\":\"one\"}]}},{\"model\":\"models/gemini-3-flash\",\"content\":{"
                      "\"parts\":[{\"text\":\"two\"}]}}]}");
    o->provider->embed_request(arena, o, &req, &w);
    CHECK_STR(w.url, "http://o/v1/embeddings");
    CHECK_STR(w.body, "{\"input\":[\"one\",\"two\"],\"model\":\"llama3\","
                      "\"encoding_format\":\"float\"}");
    CHECK(!provider_anthropic.embed_request);
    jv_arena_free(arena);
}

TEST(are_found_by_name)
{
    CHECK(provider_find("gemini") == &provider_gemini);
    CHECK(provider_find("openai") == &provider_openai);
    CHECK(provider_find("anthropic") == &provider_anthropic);
    CHECK(!provider_find("") && !provider_find("Gemini"));
}

TEST_MAIN()
