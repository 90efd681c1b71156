/* fuzz_answer.c -- whatever a provider says: an answer within its limits, or an error that says
 * something, is text, and has no key in it. The first byte chooses the provider and the way. */
#include <assert.h>
#include <string.h>

#include "llm/reading.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char key[] = "SECRETKEY";
static const struct model models[] = {
    { &provider_gemini, "gemini/m", "m", "http://g", key, .embeds = false },
    { &provider_openai, "openai/m", "m", "http://o", key, .embeds = false },
    { &provider_anthropic, "anthropic/m", "m", "http://a", key, .embeds = false },
};

static void check_error(const struct jv_err *err)
{
    assert(err->code == JV_UNAVAILABLE || err->code == JV_INTERNAL);
    assert(err->text[0] && jv_is_utf8(err->text, strlen(err->text)));
    assert(!strstr(err->text, key));
}

static void check_answer(const struct wire_answer *ans)
{
    assert(ans->finish);
    assert(ans->text.len <= max_text && jv_is_utf8(ans->text.data, ans->text.len));
    assert(ans->n_calls <= max_calls);
    assert(ans->input_tokens >= 0 && ans->output_tokens >= 0);
    for (size_t i = 0; i < ans->n_calls; i++) {
        const Llm__ToolCall *c = ans->calls[i];

        assert(c->name[0] && c->id[0] && strlen(c->name) <= max_name);
        assert(!c->arguments == (c->broken[0] != '\0'));
        assert(jv_is_utf8(c->broken, strlen(c->broken)) && strlen(c->broken) <= max_broken);
    }
}

static void read_answer(struct jv_arena *a, const struct model *m, bool stream, const char *p,
                        size_t n)
{
    struct reading r = { .m = m };
    struct sse s;
    int code;

    r.ans = (struct wire_answer){ .a = a, .text = jv_buf_new(a), .model = m };
    r.ans.scratch = jv_arena_new(256 << 20);
    sse_init(&s, a);
    code = stream ? sse_feed(&s, p, n, reading_take, &r) : m->provider->reply(&r.ans, p, n, &r.err);
    assert(stream || !code == r.ans.ended);
    if (r.err.code)
        check_error(&r.err);
    else if (r.ans.ended)
        check_answer(&r.ans);
    jv_arena_free(r.ans.scratch);
}

static void read_refusal(struct jv_arena *a, const struct model *m, long status, const char *p,
                         size_t n)
{
    struct wire_outcome out = { .status = status, .retry_after_ms = -1 };
    struct jv_err err = { 0 };

    refused(a, m, p, n, &out, &err);
    check_error(&err);
    assert(out.code == err.code && out.retry_after_ms >= -1);
}

static void read_vectors(struct jv_arena *a, const struct model *m, const char *p, size_t n)
{
    Llm__EmbedReply ret = LLM__EMBED_REPLY__INIT;
    struct jv_err err = { 0 };
    const char *page = wire_without_key(a, m, jv_arena_strndup(a, p, n));
    int64_t tokens;

    if (m->provider->embed_reply &&
        m->provider->embed_reply(a, page, strlen(page), &ret, &tokens, &err))
        check_error(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jv_arena *a = jv_arena_new(256 << 20);
    const struct model *m = size ? &models[*data % JV_COUNT(models)] : models;
    const char *p = (const char *)data + 1;

    if (size) {
        read_answer(a, m, *data & 0x80, p, size - 1);
        read_refusal(a, m, 400 + *data, p, size - 1);
        read_vectors(a, m, p, size - 1);
    }
    jv_arena_free(a);
    return 0;
}
