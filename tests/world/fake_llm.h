/* fake_llm.h -- an llm that says what the test tells it to: a script of answers, one after the
 * other, and what it was asked. */
#ifndef FAKE_LLM_H
#define FAKE_LLM_H

#include <google/protobuf/empty.pb-c.h>

#include "llm.pb-c.h"

#include "check.h"
#include "world/world.h"

enum { max_script = 16, max_asked = 32 };

/* One answer: JSON of a GenerateReply, or a failure. */
struct scripted {
    const char *json;
    int code;        /* instead of it */
    size_t cut;      /* a stream fails after so many pieces; 0: never */
    uint32_t gap_ms; /* between pieces */
};

static struct {
    size_t n_script, n_asked;
    struct scripted script[max_script];
    char *asked[max_asked]; /* the requests, as JSON */
    bool none;              /* no model is configured */
} fake_llm;

/* Its script from the beginning. */
static inline void fake_llm_again(void)
{
    for (size_t i = 0; i < fake_llm.n_asked; i++)
        free(fake_llm.asked[i]);
    fake_llm.n_asked = 0;
}

static inline void fake_llm_reset(void)
{
    fake_llm_again();
    memset(&fake_llm, 0, sizeof(fake_llm));
}

static inline void fake_llm_says(const char *json)
{
    fake_llm.script[fake_llm.n_script++] = (struct scripted){ .json = json };
}

static inline int fake_llm_next(struct jv_ctx *ctx, const Llm__GenerateRequest *req,
                                struct scripted *ret)
{
    size_t len;

    if (fake_llm.none)
        return jv_fail(ctx, JV_FAILED_PRECONDITION, "no model is configured");
    if (fake_llm.n_asked == max_asked)
        return jv_fail(ctx, JV_INTERNAL, "asked too often");
    fake_llm.asked[fake_llm.n_asked] =
            strdup(jv_msg_to_json(&req->base, JV_JSON_SNAKE, jv_arena(ctx), &len));
    *ret = fake_llm.n_asked < fake_llm.n_script ? fake_llm.script[fake_llm.n_asked]
                                                : (struct scripted){ .code = JV_UNAVAILABLE };
    fake_llm.n_asked++;
    return ret->code ? jv_fail(ctx, ret->code, "the model is away") : JV_OK;
}

static inline Llm__GenerateReply *fake_llm_reply(struct jv_ctx *ctx, const char *json)
{
    struct jv_err err;
    Llm__GenerateReply *reply = (void *)jv_json_to_msg(&llm__generate_reply__descriptor, json,
                                                       strlen(json), 0, jv_arena(ctx), &err);

    CHECK(reply != NULL);
    return reply;
}

JV_TOOL_FN(fake_generate, Llm__GenerateRequest, Llm__GenerateReply)
{
    struct scripted s = { 0 };
    int r = fake_llm_next(ctx, req, &s);

    if (!r)
        *ret = *fake_llm_reply(ctx, s.json);
    return r;
}

/* The text word by word, then the whole. */
static inline int fake_llm_pieces(struct jv_ctx *ctx, const struct scripted *s, const char *text)
{
    size_t n = 0;

    for (const char *p = text; *p; n++) {
        size_t len = strcspn(p, " ") + strspn(p + strcspn(p, " "), " ");
        Llm__Piece piece = LLM__PIECE__INIT;
        int r;

        if (s->cut && n == s->cut)
            return jv_fail(ctx, JV_UNAVAILABLE, "the stream was cut");
        piece.piece_case = LLM__PIECE__PIECE_TEXT;
        piece.text = jv_arena_strndup(jv_arena(ctx), p, len);
        r = jv_emit(ctx, &piece);
        if (!r && s->gap_ms)
            r = jv_sleep(ctx, s->gap_ms);
        if (r)
            return r;
        p += len;
    }
    return JV_OK;
}

JV_TOOL_FN(fake_stream, Llm__GenerateRequest, Llm__Piece)
{
    Llm__Piece piece = LLM__PIECE__INIT;
    struct scripted s = { 0 };
    int r = fake_llm_next(ctx, req, &s);

    (void)ret;
    if (r)
        return r;
    piece.piece_case = LLM__PIECE__PIECE_DONE;
    piece.done = fake_llm_reply(ctx, s.json);
    r = fake_llm_pieces(ctx, &s, piece.done->text);
    return r ? r : jv_emit(ctx, &piece);
}

JV_TOOL_FN(fake_embed, Llm__EmbedRequest, Llm__EmbedReply)
{
    (void)req, (void)ret;
    return jv_fail(ctx, JV_UNAVAILABLE, "no vectors here");
}

JV_TOOL_FN(fake_models, Google__Protobuf__Empty, Llm__ModelList)
{
    Llm__Model *m = jv_msg_new(&llm__model__descriptor, jv_arena(ctx));

    (void)req;
    m->name = "fake/one";
    m->state = "serving";
    ret->n_models = fake_llm.none ? 0 : 1;
    ret->models = JV_NEW_ARRAY(jv_arena(ctx), Llm__Model *, 1);
    ret->models[0] = m;
    return JV_OK;
}

JV_TOOL_FN(fake_usage, Llm__UsageRequest, Llm__UsageReply)
{
    (void)ctx, (void)req, (void)ret;
    return JV_OK;
}

static const struct jv_tool fake_llm_tools[] = {
    JV_TOOL("Generate", fake_generate, .allow = JV_ALLOW_ACTOR),
    JV_TOOL("Stream", fake_stream, .allow = JV_ALLOW_ACTOR, .flags = JV_TOOL_STREAMS),
    JV_TOOL("Embed", fake_embed, .allow = JV_ALLOW_ACTOR),
    JV_TOOL("Models", fake_models, .allow = JV_ALLOW_ACTOR),
    JV_TOOL("Usage", fake_usage, .allow = JV_ALLOW_USER),
    { 0 },
};

static const struct jv_actor fake_llm_actor = {
    .name = "llm",
    .version = "1.0.0",
    .summary = "a scripted model",
    .service = &llm__llm__descriptor,
    .tools = fake_llm_tools,
    .timeout_ms = 30000,
};

#endif
