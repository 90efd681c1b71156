/* test_providers.c -- recorded answers of every provider and what is read from them: whole, byte by
 * byte, cut anywhere. */
#include "shapes.h"

#include "reading.h"

/* ---- what is read --------------------------------------------------------------------------- */

/* "stop 31/8 [text] name#id{...}" or what went wrong. */
static const struct {
    const char *file, *want;
} cases[] = {
    { "gemini/text.json", "stop 31/8 [Ticket 12301 is open.]" },
    { "gemini/text.sse", "stop 31/21 [Ticket 12301 is \xc3\xb6pen. \xf0\x9f\x98\x80]" },
    { "gemini/calls.json",
      "tool_calls 210/104 [] tickets_list#x1{\"username\":\"vishal\"}"
      "<gemini-3-flash CikBAQ==> finops_costs#own{\"cloud\":\"aws\",\"months\":3}" },
    { "gemini/calls.sse", "tool_calls 210/44 [] tickets_list#x1{}<gemini-3-flash CikBAQ==>"
                          " finops_costs#x2{\"cloud\":\"aws\"}" },
    { "gemini/blocked.json",
      "blocked 9/0 [the provider's filter refused the question: PROHIBITED_CONTENT]" },
    { "gemini/safety.sse", "blocked 9/4 [the provider's filter stopped it: SAFETY]" },
    { "gemini/length.json", "length 31/3 [The three]" },
    { "gemini/malformed.json", "UNAVAILABLE: the model stopped: MALFORMED_FUNCTION_CALL" },
    { "gemini/error.sse", "UNAVAILABLE: the model failed: The model is overloaded. Please try "
                          "again later." },
    { "gemini/nothing.json", "UNAVAILABLE: the model gave no answer" },
    { "openai/text.json", "stop 31/8 [Ticket 12301 is open.]" },
    { "openai/text.sse", "stop 31/8 [Ticket 12301 is \xc3\xb6pen. \xf0\x9f\x98\x80]" },
    { "openai/calls.json", "tool_calls 210/44 [] tickets_list#call_a{\"username\":\"vishal\"}"
                           " finops_costs#call_b{\"cloud\":\"aws\",\"months\":3}" },
    { "openai/calls.sse", "tool_calls 210/44 [] tickets_list#call_a{\"username\":\"vishal\"}"
                          " finops_costs#call_b{}" },
    { "openai/ollama.sse", "tool_calls 99/20 [] tickets_list#call_1{\"username\":\"vishal\"}"
                           " finops_costs#call_2{\"cloud\":\"aws\"}" },
    { "openai/broken.json", "tool_calls 31/8 [] tickets_list#call_a!{\"username\": vishal!"
                            " tickets_list#call_b![1]! tickets_list#call_c{}" },
    { "openai/refusal.json", "blocked 31/11 [I'm sorry, I can't assist with that.]" },
    { "openai/refusal.sse", "blocked 0/0 [I can't do that.]" },
    { "openai/filter.sse", "blocked 0/0 [the provider's filter stopped it]" },
    { "openai/length.sse", "length 31/3 [The three]" },
    { "openai/error.sse", "UNAVAILABLE: the model failed: The server had an error while "
                          "processing your request. Sorry about that!" },
    { "openai/nameless.sse", "UNAVAILABLE: the model called a tool without a name" },
    { "openai/reasonless.sse", "UNAVAILABLE: the model did not say why its answer ended" },
    { "anthropic/text.json", "stop 31/8 [Ticket 12301 is open.]" },
    { "anthropic/text.sse", "stop 31/8 [Ticket 12301 is \xc3\xb6pen. \xf0\x9f\x98\x80]" },
    { "anthropic/calls.json",
      "tool_calls 210/44 [I look.] tickets_list#toolu_1{\"username\":\"vishal\"}"
      " finops_costs#toolu_2{\"cloud\":\"aws\",\"months\":3}" },
    { "anthropic/calls.sse",
      "tool_calls 210/44 [I look.] tickets_list#toolu_1{\"username\":\"vishal\"}"
      " tickets_mine#toolu_2{}" },
    { "anthropic/thinking.sse", "stop 31/12 [Three.]" },
    { "anthropic/refusal.sse",
      "blocked 31/3 [This request was declined because it could enable cyber harm.]" },
    { "anthropic/overloaded.sse", "UNAVAILABLE: the model failed: Overloaded" },
    { "anthropic/json.sse", "stop 50/9 [{\"five\": [\"a\"]}]" },
    { "anthropic/json.json", "stop 50/9 [{\"five\":[\"a\"]}]" },
    { "anthropic/length.json", "length 31/3 [The three]" },
    { "anthropic/error.json", "UNAVAILABLE: the model failed: Internal server error" },
};

static const char *const finish_names[] = { "unspecified", "stop", "length", "tool_calls",
                                            "blocked" };

static void describe_call(struct jv_buf *b, const Llm__ToolCall *c)
{
    jv_buf_printf(b, " %s#%s", c->name, request_is_own_id(c->id) ? "own" : c->id);
    if (c->arguments)
        jv_buf_str(b, json_print(b->arena, c->arguments));
    if (c->broken[0])
        jv_buf_printf(b, "!%s!", c->broken);
    if (c->signature[0])
        jv_buf_printf(b, "<%s>", c->signature);
}

static const char *describe(const struct wire_answer *ans, const struct jv_err *err)
{
    struct jv_buf b = jv_buf_new(ans->a);

    if (err->code) {
        jv_buf_printf(&b, "%s: %s", jv_code_name(err->code), err->text);
        return b.data;
    }
    jv_buf_printf(&b, "%s %lld/%lld [%s]", ans->ended ? finish_names[ans->finish] : "cut",
                  (long long)ans->input_tokens, (long long)ans->output_tokens, ans->text.data);
    for (size_t i = 0; i < ans->n_calls; i++)
        describe_call(&b, ans->calls[i]);
    for (size_t i = 0; ans->ended && i < ans->n_calls; i++)
        CHECK(!ans->calls[i]->arguments == (ans->calls[i]->broken[0] != '\0'));
    return b.data;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* The first n bytes, in pieces. */
static const char *read_shape(struct jv_arena *a, const char *file, const char *text, size_t n,
                              size_t piece)
{
    struct reading r = { .m = shape_model(file) };
    struct jv_arena *scratch = jv_arena_new(8 << 20);
    struct sse s;
    const char *ret;

    r.ans = (struct wire_answer){ .a = a, .text = jv_buf_new(a), .model = r.m };
    r.ans.scratch = scratch;
    sse_init(&s, a);
    if (shape_is(file, ".json"))
        (void)!r.m->provider->reply(&r.ans, text, n, &r.err);
    for (size_t i = 0; shape_is(file, ".sse") && i < n && !r.err.code; i += piece)
        (void)!sse_feed(&s, text + i, n - i < piece ? n - i : piece, reading_take, &r);
    r.ans.scratch = jv_arena_free(scratch);
    ret = describe(&r.ans, &r.err);
    return ret;
}

TEST(recorded_answers)
{
    static const size_t pieces[] = { 1 << 20, 1, 7, 100 };

    for (size_t i = 0; i < JV_COUNT(cases); i++)
        for (size_t k = 0; k < JV_COUNT(pieces); k++) {
            struct jv_arena *a = jv_arena_new(64 << 20);
            size_t n;
            const char *text = shape_read(a, cases[i].file, &n);

            CHECK_STR(read_shape(a, cases[i].file, text, n, pieces[k]), cases[i].want);
            jv_arena_free(a);
        }
}

static bool ends_well(const char *said)
{
    return strncmp(said, "cut ", 4) != 0 && strncmp(said, "UNAVAILABLE: ", 13) != 0;
}

/* Bytes behind which nothing more is to come: the blank line that ends the last event is known at
 * its CR. */
static size_t whole(const char *text, size_t n)
{
    while (n && (text[n - 1] == '\n'))
        n--;
    return n && text[n - 1] == '\r' ? n - 2 : n;
}

/* Half a thing is never taken for a whole one. */
TEST(cut_anywhere)
{
    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        struct jv_arena *a = jv_arena_new(64 << 20);
        size_t n, end;
        const char *text = shape_read(a, cases[i].file, &n);

        end = whole(text, n);
        CHECK(end > 0 && end < n);
        for (size_t cut = 0; cut < end; cut++) {
            struct jv_arena *b = jv_arena_new(64 << 20);
            const char *said = read_shape(b, cases[i].file, text, cut, 1 << 20);

            if (ends_well(said))
                printf("# %s at %zu: %s\n", cases[i].file, cut, said);
            CHECK(!ends_well(said));
            jv_arena_free(b);
        }
        jv_arena_free(a);
    }
}

/* ---- limits --------------------------------------------------------------------------------- */

static const char *event_of(struct jv_arena *a, const struct model *m, const char *json,
                            size_t times)
{
    struct reading r = { .m = m };

    r.ans = (struct wire_answer){ .a = a, .text = jv_buf_new(a), .model = m };
    for (size_t i = 0; i < times && !r.err.code; i++)
        (void)!m->provider->event(&r.ans, json, strlen(json), &r.err);
    return describe(&r.ans, &r.err);
}

static char *filled(struct jv_arena *a, const char *before, size_t n, const char *after)
{
    char *x = jv_arena_alloc(a, n + 1);

    memset(x, 'x', n);
    return jv_arena_printf(a, "%s%s%s", before, x, after);
}

static const struct {
    const char *model, *before;
    size_t fill;
    const char *after;
    size_t times;
    const char *want;
} limits[] = {
    { "gemini/", "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"", 1000, "\"}]}}]}", 200,
      "text over 128 KiB" },
    { "openai/", "{\"choices\":[{\"delta\":{\"content\":\"", 1000, "\"}}]}", 200,
      "text over 128 KiB" },
    { "openai/", "{\"choices\":[{\"delta\":{\"refusal\":\"", 1000, "\"}}]}", 200,
      "a refusal over 128 KiB" },
    { "anthropic/",
      "{\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"", 1000,
      "\"}}", 200, "text over 128 KiB" },
    { "openai/",
      "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{"
      "\"name\":\"n\",\"arguments\":\"",
      1000, "\"}}]}}]}", 100, "arguments over 64 KiB" },
    { "gemini/", "{\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{\"name\":\"", 5,
      "\"}}]}}]}", 1000, "over 32 calls" },
    { "gemini/",
      "{\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{\"name\":\"n\",\"args\":{\"a\":"
      "\"",
      70000, "\"}}}]}}]}", 1, "arguments over 64 KiB" },
    { "openai/", "{\"error\":{\"message\":\"\\u001b[31mred\\n\\u202e ", 5000, "\"}}", 1,
      "the model failed:  [31mred   xxxxxxxx" },
    { "openai/", "{\"error\":{\"message\":\"the key sk-test-0123456789abcdef is ", 5, "\"}}", 1,
      "the model failed: the key [key] is xxxxx" },
    { "gemini/", "[{\"error\":{\"message\":\"", 5, "\"}}]", 1, "makes no sense" },
    { "anthropic/", "{\"type\":\"a\",\"type\":\"", 5, "\"}", 1, "makes no sense" },
};

TEST(what_grows_has_an_end)
{
    for (size_t i = 0; i < JV_COUNT(limits); i++) {
        struct jv_arena *a = jv_arena_new(256 << 20);
        const char *json = filled(a, limits[i].before, limits[i].fill, limits[i].after);
        const char *said = event_of(a, shape_model(limits[i].model), json, limits[i].times);

        CHECK_HAS(said, limits[i].want);
        CHECK(strlen(said) < 260);
        CHECK(!strstr(said, "0123456789abcdef"));
        jv_arena_free(a);
    }
}

/* A key that is cut by the limit of what is quoted would be half a key. */
TEST(no_part_of_a_key_is_quoted)
{
    struct jv_arena *a = jv_arena_new(8 << 20);
    const struct model *m = shape_model("openai/");

    for (size_t i = 150; i < 250; i++) {
        const char *said = wire_theirs(a, m, filled(a, "", i, m->key));

        CHECK(!strstr(said, "sk-t"));
        CHECK(strlen(said) <= max_theirs);
    }
    jv_arena_free(a);
}

/* ---- refusals ------------------------------------------------------------------------------- */

static const struct {
    const char *file;
    long status;
    int code;
    bool try_again, other_model;
    int64_t retry_after_ms;
    const char *want;
} pages[] = {
    { "gemini/400-key.json", 400, JV_UNAVAILABLE, false, true, -1,
      "the provider does not accept the key (400)" },
    { "gemini/400-argument.json", 400, JV_INTERNAL, false, false, -1,
      "the provider refused the request (400): Invalid JSON payload received. Unknown name \"x\": "
      "Cannot find field." },
    { "gemini/400-place.json", 400, JV_UNAVAILABLE, false, true, -1,
      "the provider does not allow it (400): User location is not supported for the API use." },
    { "gemini/404.json", 404, JV_UNAVAILABLE, false, true, -1,
      "the provider does not know the model (404): models/gemini-0 is not found for API version "
      "v1beta" },
    { "gemini/429.json", 429, JV_UNAVAILABLE, true, true, 37500,
      "the provider is asked too often (429): You exceeded your current quota." },
    { "gemini/503.json", 503, JV_UNAVAILABLE, true, true, -1,
      "the provider failed (503): The model is overloaded. Please try again later." },
    { "openai/401.json", 401, JV_UNAVAILABLE, false, true, -1,
      "the provider does not accept the key (401)" },
    { "openai/429.json", 429, JV_UNAVAILABLE, true, true, -1,
      "the provider is asked too often (429): Rate limit reached for gpt-4.1-mini in organization "
      "org-x on requests per min (RPM): Limit 3, Used 3, Requested 1." },
    { "openai/429-quota.json", 429, JV_UNAVAILABLE, false, true, -1,
      "the provider is asked too often (429): You exceeded your current quota, please check your "
      "plan and billing details." },
    { "openai/404-ollama.json", 404, JV_UNAVAILABLE, false, true, -1,
      "the provider does not know the model (404): model \"llama9\" not found, try pulling it "
      "first" },
    { "openai/500-text.json", 500, JV_UNAVAILABLE, true, true, -1,
      "the provider failed (500): llama runner process has terminated" },
    { "anthropic/401.json", 401, JV_UNAVAILABLE, false, true, -1,
      "the provider does not accept the key (401)" },
    { "anthropic/413.json", 413, JV_INTERNAL, false, false, -1,
      "the request is too big for the provider (413): Request exceeds the maximum size" },
    { "anthropic/529.json", 529, JV_UNAVAILABLE, true, true, -1,
      "the provider failed (529): Overloaded" },
    { "gemini/text.json", 301, JV_UNAVAILABLE, false, true, -1,
      "the provider's address leads elsewhere (301)" },
    { "gemini/text.sse", 502, JV_UNAVAILABLE, true, true, -1, "the provider failed (502)" },
    { "gemini/text.sse", 418, JV_UNAVAILABLE, false, true, -1,
      "the provider's answer is none (418)" },
    { "gemini/text.sse", 999, JV_UNAVAILABLE, false, true, -1,
      "the provider's answer is none (999)" },
};

TEST(refusals)
{
    for (size_t i = 0; i < JV_COUNT(pages); i++) {
        struct jv_arena *a = jv_arena_new(8 << 20);
        struct wire_outcome out = { .status = pages[i].status, .retry_after_ms = -1 };
        struct jv_err err = { 0 };
        size_t n;
        const char *text = shape_read(a, pages[i].file, &n);

        refused(a, shape_model(pages[i].file), text, n, &out, &err);
        CHECK_STR(err.text, pages[i].want);
        CHECK_INT(out.code, pages[i].code);
        CHECK_INT(err.code, pages[i].code);
        CHECK_INT(out.try_again, pages[i].try_again);
        CHECK_INT(out.other_model, pages[i].other_model);
        CHECK_INT(out.retry_after_ms, pages[i].retry_after_ms);
        jv_arena_free(a);
    }
}

/* ---- embedding ------------------------------------------------------------------------------ */

static const struct {
    const char *file;
    int64_t tokens;
} embeddings[] = { { "gemini/embed.json", 0 }, { "openai/embed.json", 8 } };

TEST(vectors)
{
    static const float want[2][3] = { { 0.25F, -0.5F, 0.125F }, { 1, 0, -2e-3F } };

    for (size_t i = 0; i < JV_COUNT(embeddings); i++) {
        struct jv_arena *a = jv_arena_new(8 << 20);
        Llm__EmbedReply ret = LLM__EMBED_REPLY__INIT;
        struct jv_err err = { 0 };
        int64_t tokens = -1;
        size_t n;
        const char *text = shape_read(a, embeddings[i].file, &n);
        const struct provider *p = shape_model(embeddings[i].file)->provider;

        CHECK_INT(p->embed_reply(a, text, n, &ret, &tokens, &err), JV_OK);
        CHECK_INT(tokens, embeddings[i].tokens);
        CHECK_INT(ret.n_vectors, 2);
        for (size_t k = 0; k < ret.n_vectors; k++) {
            CHECK_INT(ret.vectors[k]->n_values, 3);
            CHECK(memcmp(ret.vectors[k]->values, want[k], sizeof(want[k])) == 0);
        }
        for (size_t cut = 0; cut < n - 1; cut++)
            CHECK_INT(p->embed_reply(a, text, cut, &ret, &tokens, &err), JV_UNAVAILABLE);
        jv_arena_free(a);
    }
}

static const char *const bad_vectors[] = {
    "{\"data\":[{\"index\":0,\"embedding\":[1]},{\"index\":0,\"embedding\":[1]}]}",
    "{\"data\":[{\"index\":7,\"embedding\":[1]}]}",
    "{\"data\":[{\"embedding\":[]}]}",
    "{\"data\":[{\"embedding\":[\"1\"]}]}",
    "{\"data\":[1]}",
    "{\"error\":\"no\"}",
    "[]",
};

TEST(bad_vectors)
{
    struct jv_arena *a = jv_arena_new(8 << 20);

    for (size_t i = 0; i < JV_COUNT(bad_vectors); i++) {
        Llm__EmbedReply ret = LLM__EMBED_REPLY__INIT;
        struct jv_err err = { 0 };
        int64_t tokens;

        CHECK_INT(provider_openai.embed_reply(a, bad_vectors[i], strlen(bad_vectors[i]), &ret,
                                              &tokens, &err),
                  JV_UNAVAILABLE);
        CHECK(err.text[0]);
    }
    jv_arena_free(a);
}

TEST_MAIN()
