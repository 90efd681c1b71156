/* wire.c -- one attempt with one model: ask, wait, read, and say what another one would be good
 * for.
 */
#include "wire.h"

#include <limits.h>
#include <string.h>

enum {
    scratch_limit = 32 << 20, /* of one event, read */
    embed_at_once = 8, /* so that the longest vectors fit into what may be read as JSON at once */
};

static const struct provider *const providers[] = { &provider_gemini, &provider_openai,
                                                    &provider_anthropic };

const struct provider *provider_find(const char *name)
{
    for (size_t i = 0; i < JV_COUNT(providers); i++)
        if (strcmp(providers[i]->name, name) == 0)
            return providers[i];
    return NULL;
}

struct attempt {
    struct jv_ctx *ctx;
    const struct model *m;
    const struct wire_limits *limits;
    struct wire_outcome *out;
    struct wire_answer *ans;
    int (*piece)(void *arg, const char *text, size_t len);
    void *arg;
    struct sse sse;
    size_t told;       /* of the text */
    struct jv_err err; /* of reading it */
    int stopped;       /* what piece() said */
};

/* ---- asking --------------------------------------------------------------------------------- */

static int bounded(int64_t ms)
{
    return ms <= 0 ? 1 : ms > INT_MAX ? INT_MAX : (int)ms;
}

static struct jv_fetch fetch_of(const struct attempt *t, const struct wire_request *w)
{
    int64_t left = jv_left_ms(t->ctx);

    return (struct jv_fetch){
        .url = w->url,
        .allow = t->limits->allow,
        .ca = t->limits->ca,
        .post = w->body,
        .post_len = w->len,
        .headers = w->headers,
        .max_bytes = max_reply,
        .timeout_ms = bounded(t->limits->total_ms < left ? t->limits->total_ms : left),
        .reuse = true, /* the address is the operator's */
    };
}

static void fail(const struct attempt *t, int code, const char *why)
{
    t->out->code = code;
    jv_fail(t->ctx, code, "%s: %s", t->m->name, wire_without_key(jv_arena(t->ctx), t->m, why));
}

/* The caller waits no longer: no attempt is of use. */
static bool is_too_late(const struct attempt *t)
{
    if (jv_left_ms(t->ctx) > 0)
        return false;
    fail(t, JV_DEADLINE_EXCEEDED, "no answer in time");
    return true;
}

/* There was no answer, or it broke off. */
static void fail_unreached(const struct attempt *t, const struct jv_fetch *f)
{
    struct wire_outcome *o = t->out;

    if (f->err.code == JV_CANCELLED) {
        o->code = JV_CANCELLED;
        return;
    }
    if (is_too_late(t))
        return;
    o->other_model = !o->begun;
    o->try_again = !o->begun && !f->late &&
                   (f->err.code == JV_UNAVAILABLE || f->err.code == JV_RESOURCE_EXHAUSTED);
    fail(t, JV_UNAVAILABLE, f->err.text);
}

/* It came, and is no good. */
static void fail_unread(const struct attempt *t, const struct jv_err *err)
{
    struct wire_outcome *o = t->out;

    o->other_model = !o->begun;
    o->try_again = !o->begun && strcmp(err->reason, too_much) != 0;
    fail(t, err->code, err->text);
}

/* ---- a stream ------------------------------------------------------------------------------- */

/* What is new of the text. A text that says why there is no answer is none. */
static int hand_on(struct attempt *t)
{
    const struct wire_answer *ans = t->ans;
    size_t from = t->told;

    if (ans->finish == LLM__GENERATE_REPLY__FINISH__blocked || ans->text.len <= from)
        return JV_OK;
    t->told = ans->text.len;
    t->out->begun = true;
    t->stopped = t->piece(t->arg, ans->text.data + from, ans->text.len - from);
    return t->stopped;
}

static int take_event(void *arg, const char *event, const char *data, size_t len)
{
    struct attempt *t = arg;
    int r;

    (void)event; /* all of them say it in the data, too */
    if (t->ans->ended)
        return JV_OK;
    r = t->m->provider->event(t->ans, data, len, &t->err);
    return r ? r : hand_on(t);
}

static int take(void *arg, const char *data, size_t len)
{
    struct attempt *t = arg;
    int r = sse_feed(&t->sse, data, len, take_event, t);

    if (r && !t->err.code && !t->stopped)
        answer_too_much(&t->err, "an event over 256 KiB");
    return r;
}

/* Once the provider has said that it was all, it does not matter how the connection ended. */
static void judge_stream(const struct attempt *t, const struct jv_fetch *f)
{
    struct jv_err cut = { 0 };

    jv_err_set(&cut, JV_UNAVAILABLE, "the answer was cut: its end did not come");
    if (t->stopped)
        t->out->code = t->stopped;
    else if (t->err.code)
        fail_unread(t, &t->err);
    else if (t->ans->ended)
        t->out->code = JV_OK;
    else if (f->err.code)
        fail_unreached(t, f);
    else
        fail_unread(t, &cut);
}

static void judge_reply(struct attempt *t, const struct jv_fetch *f)
{
    if (f->err.code)
        fail_unreached(t, f);
    else if (t->m->provider->reply(t->ans, f->body, f->len, &t->err))
        fail_unread(t, &t->err);
}

/* ---- generate ------------------------------------------------------------------------------- */

static void note_status(const struct attempt *t, const struct jv_fetch *f)
{
    t->out->status = f->status;
    t->out->retry_after_ms = f->retry_after_ms;
}

static bool is_refused(const struct jv_fetch *f)
{
    return !f->err.code && f->status / 100 != 2;
}

static void fail_refused(const struct attempt *t, const struct jv_fetch *f)
{
    struct jv_err err = { 0 };

    refused(jv_arena(t->ctx), t->m, f->body, f->len, t->out, &err);
    fail(t, err.code, err.text);
}

static void generate(struct attempt *t, const struct wire_request *w)
{
    struct jv_fetch f = fetch_of(t, w);

    if (t->piece) {
        sse_init(&t->sse, jv_arena(t->ctx));
        f.take = take;
        f.take_arg = t;
        f.max_bytes = max_stream;
        f.first_ms = t->limits->first_ms > 0 ? bounded(t->limits->first_ms) : 0;
        f.idle_ms = t->limits->idle_ms > 0 ? bounded(t->limits->idle_ms) : 0;
    }
    (void)!jv_fetch_wait(t->ctx, &f);
    note_status(t, &f);
    if (is_refused(&f))
        fail_refused(t, &f);
    else if (t->piece)
        judge_stream(t, &f);
    else
        judge_reply(t, &f);
    jv_fetch_done(&f);
}

/* One tool that a provider refuses would spoil the request for all of them. */
static const Llm__GenerateRequest *with_tame_tools(struct jv_arena *a,
                                                   const Llm__GenerateRequest *req)
{
    Llm__GenerateRequest *ret = JV_NEW(a, Llm__GenerateRequest);

    *ret = *req;
    ret->tools = JV_NEW_ARRAY(a, Llm__Tool *, req->n_tools + 1);
    for (size_t i = 0; i < req->n_tools; i++) {
        ret->tools[i] = JV_NEW(a, Llm__Tool);
        *ret->tools[i] = *req->tools[i];
        ret->tools[i]->schema = schema_tame(a, req->tools[i]->schema);
    }
    return ret;
}

void wire_generate(struct jv_ctx *ctx, const struct model *m, const Llm__GenerateRequest *req,
                   const struct wire_limits *limits,
                   int (*piece)(void *arg, const char *text, size_t len), void *arg,
                   struct wire_answer *ret, struct wire_outcome *out)
{
    struct jv_arena *a = jv_arena(ctx);
    struct wire_request w = { 0 };
    struct attempt t = {
        .ctx = ctx, .m = m, .limits = limits, .out = out, .ans = ret, .piece = piece, .arg = arg
    };

    *ret = (struct wire_answer){ .a = a, .text = jv_buf_new(a), .model = m };
    *out = (struct wire_outcome){ .retry_after_ms = -1 };
    ret->scratch = jv_arena_new(scratch_limit);
    m->provider->request(a, m, with_tame_tools(a, req), piece != NULL, &w);
    if (!is_too_late(&t))
        generate(&t, &w);
    ret->scratch = jv_arena_free(ret->scratch);
}

/* ---- embed ---------------------------------------------------------------------------------- */

/* Their words are quoted without knowing the key: it is taken out of all that they said. */
static int parse_vectors(struct attempt *t, const struct jv_fetch *f, Llm__EmbedReply *ret,
                         int64_t *ret_tokens)
{
    struct jv_arena *a = jv_arena(t->ctx);
    const char *page = wire_without_key(a, t->m, f->body);

    return t->m->provider->embed_reply(a, page, strlen(page), ret, ret_tokens, &t->err);
}

static void read_vectors(struct attempt *t, const struct jv_fetch *f, size_t n,
                         Llm__EmbedReply *ret, int64_t *ret_tokens)
{
    if (f->err.code) {
        fail_unreached(t, f);
    } else if (is_refused(f)) {
        fail_refused(t, f);
    } else if (parse_vectors(t, f, ret, ret_tokens)) {
        fail_unread(t, &t->err);
    } else if (ret->n_vectors != n) {
        t->out->other_model = true;
        fail(t, JV_UNAVAILABLE, "there are not as many vectors as texts");
    }
}

static void embed_some(struct attempt *t, const Llm__EmbedRequest *some, Llm__EmbedReply *ret,
                       int64_t *ret_tokens)
{
    struct wire_request w = { 0 };
    struct jv_fetch f;

    t->m->provider->embed_request(jv_arena(t->ctx), t->m, some, &w);
    f = fetch_of(t, &w);
    (void)!jv_fetch_wait(t->ctx, &f);
    note_status(t, &f);
    read_vectors(t, &f, some->n_texts, ret, ret_tokens);
    jv_fetch_done(&f);
}

void wire_embed(struct jv_ctx *ctx, const struct model *m, const Llm__EmbedRequest *req,
                const struct wire_limits *limits, Llm__EmbedReply *ret, int64_t *ret_tokens,
                struct wire_outcome *out)
{
    struct attempt t = { .ctx = ctx, .m = m, .limits = limits, .out = out };
    Llm__EmbedRequest some = *req;

    *out = (struct wire_outcome){ .retry_after_ms = -1 };
    *ret_tokens = 0;
    ret->n_vectors = 0;
    ret->vectors = JV_NEW_ARRAY(jv_arena(ctx), Llm__Vector *, req->n_texts + 1);
    if (!m->provider->embed_request) {
        out->other_model = true;
        fail(&t, JV_UNAVAILABLE, "the provider has no embeddings");
    }
    for (size_t i = 0; i < req->n_texts && !out->code && !is_too_late(&t); i += some.n_texts) {
        Llm__EmbedReply part = LLM__EMBED_REPLY__INIT;
        int64_t tokens = 0;

        some.texts = req->texts + i;
        some.n_texts = req->n_texts - i < embed_at_once ? req->n_texts - i : embed_at_once;
        embed_some(&t, &some, &part, &tokens);
        *ret_tokens += tokens;
        for (size_t k = 0; k < part.n_vectors && !out->code; k++)
            ret->vectors[ret->n_vectors++] = part.vectors[k];
    }
    if (out->code)
        ret->n_vectors = 0;
}
