/* test_wire.c -- attempts over HTTP: a scripted provider answers, is slow, breaks off, refuses. */
#include "scripted.h"
#include "shapes.h"
#include "world/inside.h"

#define KEY "sk-test-0123456789abcdef"
#define DELTA(text)                                                                                \
    CHUNK("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" text "\"}}]}\n\n")
#define STOP                                                                                       \
    CHUNK("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n")
#define DONE CHUNK("data: [DONE]\n\n")
#define USED                                                                                       \
    CHUNK("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":31,\"completion_tokens\":8}}\n\n")
#define HEAD(status, headers) "HTTP/1.1 " status "\r\nTransfer-Encoding: chunked\r\n" headers "\r\n"
#define SLOWLY                CHUNK("{\"error\":{\"message\":\"slowly\"}}"), LAST, NULL
#define SPACES                                                                                     \
    "                                                                                            "
#define OFTEN64 DELTA("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")

/* ---- what the provider says ----------------------------------------------------------------- */

static const char *const fine[] = { HEAD_STREAM, DELTA("Hel"), HOLD, DELTA("lo."), STOP,
                                    USED,        DONE,         LAST, NULL };
static const char *const abrupt[] = { HEAD_STREAM, DELTA("Hello."), STOP, DONE, CUT, NULL };
static const char *const cut[] = { HEAD_STREAM, DELTA("Hel"), CUT, NULL };
static const char *const early[] = { HEAD_STREAM, CHUNK(": wait\n\n"), CUT, NULL };
static const char *const polite[] = { HEAD_STREAM, DELTA("Hel"), STOP, LAST, NULL };
static const char *const empty[] = { HEAD_STREAM, LAST, NULL };
static const char *const html[] = { HEAD_STREAM, CHUNK("<html>\n\nhello\n\n</html>"), LAST, NULL };
static const char *const slow[] = { HEAD_STREAM, HOLD, CUT, NULL };
static const char *const stalled[] = { HEAD_STREAM, DELTA("Hel"), HOLD, CUT, NULL };
static const char *const malformed[] = { HEAD_STREAM,  DELTA("Hel"), CHUNK("data: {\"cho\n\n"),
                                         DELTA("lo."), LAST,         NULL };
static const char *const chunks[] = { HEAD_STREAM, DELTA("Hel"), "xyz\r\n", CUT, NULL };
static const char *const failing[] = {
    HEAD_STREAM, CHUNK("data: {\"error\":{\"message\":\"out of memory, " KEY "\"}}\n\n"), LAST, NULL
};
static const char *const endless[] = { HEAD_STREAM, OFTEN64, AGAIN, NULL };
static const char *const comments[] = { HEAD_STREAM,
                                        CHUNK(": still here" SPACES SPACES SPACES SPACES "\n\n"),
                                        AGAIN, NULL };
static const char *const one_line[] = { HEAD_STREAM, CHUNK("data: xxxxxxxxxxxxxxxx"),
                                        CHUNK("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"), AGAIN,
                                        NULL };
static const char *const calls[] = {
    HEAD_STREAM,
    CHUNK("data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"function\":{\"name\":\"x\"},\"id\":"
          "\"\"},{\"id\":\"b\",\"function\":{\"name\":\"y\"}},{\"id\":\"c\",\"function\":{\"name\":"
          "\"y\"}}]}}]}\n\n"),
    AGAIN, NULL
};
static const char *const busy[] = { HEAD("429 Slow", "Retry-After: 7\r\n"), SLOWLY };
static const char *const later[] = {
    HEAD("503 Busy", "Retry-After: Fri, 31 Dec 2199 23:59:59 GMT\r\n"), SLOWLY
};
static const char *const echo[] = { HEAD("401 No", ""), ECHO, LAST, NULL };
static const char *const telling[] = {
    HEAD("403 No", ""), CHUNK("{\"error\":{\"message\":\"no project may use " KEY ", sorry\"}}"),
    LAST, NULL
};
static const char *const wrong[] = { HEAD("400 Bad", ""), SLOWLY };
static const char *const whole[] = {
    HEAD("200 OK", ""),
    CHUNK("{\"choices\":[{\"message\":{\"content\":\"Hello.\"},\"finish_reason\":\"stop\"}]}"),
    LAST, NULL
};
static const char *const half[] = { HEAD("200 OK", ""), CHUNK("{\"choices\":[{\"message\""), CUT,
                                    NULL };
static const char *const lots[] = { HEAD_CLOSE, "{                                           ",
                                    AGAIN, NULL };

static const char *const vectors[] = {
    HEAD("200 OK", ""),
    CHUNK("{\"data\":[{\"embedding\":[1]},{\"embedding\":[2]},{\"embedding\":[3]},{\"embedding\":["
          "4]},"
          "{\"embedding\":[5]},{\"embedding\":[6]},{\"embedding\":[7]},{\"embedding\":[8]}],"
          "\"usage\":{\"prompt_tokens\":80}}"),
    LAST, NULL
};

/* The key is where quoting ends. */
static const char *const unlucky[] = {
    HEAD("200 OK", ""),
    CHUNK("{\"error\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
          "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
          "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" KEY "\"}"),
    LAST, NULL
};

#define AT(name)                                                                                   \
    {                                                                                              \
        "/" #name "/", name                                                                        \
    }
static const struct script scripts[] = {
    AT(fine),     AT(abrupt),  AT(cut),       AT(early),   AT(polite),  AT(empty),   AT(html),
    AT(slow),     AT(stalled), AT(malformed), AT(chunks),  AT(failing), AT(endless), AT(comments),
    AT(one_line), AT(calls),   AT(busy),      AT(later),   AT(echo),    AT(telling), AT(wrong),
    AT(whole),    AT(half),    AT(lots),      AT(vectors), AT(unlucky), { 0 },
};

static struct scripted *server;

TEST(starts_a_server)
{
    alarm(120);
    server = scripted_new(scripts);
}

/* ---- an attempt ----------------------------------------------------------------------------- */

struct attempt {
    struct wire_answer ans;
    struct wire_outcome out;
    char pieces[256];
    size_t n_pieces;
    struct jv_ctx *ctx;
    int stop; /* the code for the next piece */
    bool go;  /* let the server go on after the first one */
};

static int piece(void *arg, const char *text, size_t len)
{
    struct attempt *t = arg;
    size_t at = strlen(t->pieces);

    snprintf(t->pieces + at, sizeof(t->pieces) - at, "%.*s|", (int)len, text);
    if (++t->n_pieces == 1 && t->go)
        scripted_go(server); /* the rest is not sent before this is here */
    return t->stop ? jv_fail(t->ctx, t->stop, "enough") : JV_OK;
}

static Llm__GenerateRequest *question(struct jv_ctx *ctx)
{
    static const char json[] = "{\"purpose\":\"answer\",\"turns\":[{\"role\":\"user\",\"text\":"
                               "\"Hello?\"}]}";
    void *m = jv_json_to_msg(&llm__generate_request__descriptor, json, strlen(json), JV_JSON_SNAKE,
                             jv_arena(ctx), NULL);

    return m;
}

static struct model model_at(struct jv_ctx *ctx, const char *path)
{
    return (struct model){ .provider = &provider_openai,
                           .name = "openai/m",
                           .model = "m",
                           .key = KEY,
                           .url = jv_arena_printf(jv_arena(ctx), "http://127.0.0.1:%u/%s",
                                                  server->port, path) };
}

static struct wire_limits limits_of(struct jv_ctx *ctx)
{
    return (struct wire_limits){ 10000, 10000, 30000,
                                 jv_arena_printf(jv_arena(ctx), "127.0.0.1:%u", server->port),
                                 NULL };
}

static void go(struct jv_ctx *ctx, const char *path, bool stream, const struct wire_limits *limits,
               struct attempt *t)
{
    struct model *m = JV_NEW(jv_arena(ctx), struct model);

    *m = model_at(ctx, path);
    t->ctx = ctx;
    wire_generate(ctx, m, question(ctx), limits, stream ? piece : NULL, t, &t->ans, &t->out);
    CHECK(!t->ans.scratch);
    if (t->out.code)
        CHECK(!strstr(jv_error(ctx)->text, "0123456789abcdef"));
}

/* ---- what ends well ------------------------------------------------------------------------- */

static int good(struct jv_ctx *ctx)
{
    static const struct {
        const char *path, *pieces;
        bool stream;
        int64_t input;
    } cases[] = { { "fine", "Hel|lo.|", true, 31 },
                  { "abrupt", "Hello.|", true, 0 }, /* its end had come before the connection's */
                  { "whole", "", false, 0 } };

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        struct attempt t = { .go = i == 0 };
        struct wire_limits limits = limits_of(ctx);

        go(ctx, cases[i].path, cases[i].stream, &limits, &t);
        CHECK_INT(t.out.code, JV_OK);
        CHECK_INT(t.out.begun, cases[i].stream);
        CHECK(!t.out.try_again && !t.out.other_model);
        CHECK_STR(t.pieces, cases[i].pieces);
        CHECK_STR(t.ans.text.data, "Hello.");
        CHECK_INT(t.ans.finish, LLM__GENERATE_REPLY__FINISH__stop);
        CHECK_INT(t.ans.input_tokens, cases[i].input);
    }
    CHECK_HAS(scripted_last(server).head, "POST /whole/chat/completions HTTP/1.1\r\n");
    CHECK_HAS(scripted_last(server).head, "Authorization: Bearer " KEY "\r\n");
    CHECK_HAS(scripted_last(server).body, "\"content\":\"Hello?\"");
    return JV_OK;
}

TEST(answers)
{
    inside(good);
}

/* ---- what does not -------------------------------------------------------------------------- */

static const struct {
    const char *path;
    bool stream;
    int code;
    long status;
    bool begun, try_again, other_model;
    int64_t retry_after_ms;
    int first_ms, idle_ms, total_ms; /* 0: long */
    const char *want;
} bad[] = {
    { "cut", true, JV_UNAVAILABLE, 0, true, false, false, -1, 0, 0, 0, "the answer broke off" },
    { "early", true, JV_UNAVAILABLE, 0, false, true, true, -1, 0, 0, 0, "the answer broke off" },
    { "polite", true, JV_UNAVAILABLE, 200, true, false, false, -1, 0, 0, 0,
      "openai/m: the answer was cut: its end did not come" },
    { "empty", true, JV_UNAVAILABLE, 200, false, true, true, -1, 0, 0, 0, "its end did not come" },
    { "html", true, JV_UNAVAILABLE, 200, false, true, true, -1, 0, 0, 0, "its end did not come" },
    { "slow", true, JV_UNAVAILABLE, 0, false, false, true, -1, 50, 0, 0, "no answer within 50 ms" },
    { "slow", false, JV_UNAVAILABLE, 0, false, false, true, -1, 0, 0, 60,
      "no answer within 60 ms" },
    { "stalled", true, JV_UNAVAILABLE, 0, true, false, false, -1, 0, 50, 0,
      "nothing more came for 50 ms" },
    { "malformed", true, JV_UNAVAILABLE, 0, true, false, false, -1, 0, 0, 0, "makes no sense" },
    { "chunks", true, JV_UNAVAILABLE, 0, true, false, false, -1, 0, 0, 0, "the answer broke off" },
    { "failing", true, JV_UNAVAILABLE, 0, false, true, true, -1, 0, 0, 0,
      "openai/m: the model failed: out of memory, [key]" },
    { "endless", true, JV_UNAVAILABLE, 0, true, false, false, -1, 0, 0, 0, "text over 128 KiB" },
    { "comments", true, JV_UNAVAILABLE, 0, false, false, true, -1, 0, 0, 0, "too big" },
    { "one_line", true, JV_UNAVAILABLE, 0, false, false, true, -1, 0, 0, 0, "over 256 KiB" },
    { "calls", true, JV_UNAVAILABLE, 0, false, false, true, -1, 0, 0, 0, "over 32 calls" },
    { "busy", true, JV_UNAVAILABLE, 429, false, true, true, 7000, 0, 0, 0,
      "openai/m: the provider is asked too often (429): slowly" },
    { "later", false, JV_UNAVAILABLE, 503, false, true, true, 86400000, 0, 0, 0,
      "the provider failed (503): slowly" },
    { "echo", true, JV_UNAVAILABLE, 401, false, false, true, -1, 0, 0, 0,
      "openai/m: the provider does not accept the key (401)" },
    { "telling", true, JV_UNAVAILABLE, 403, false, false, true, -1, 0, 0, 0,
      "the provider does not allow it (403): no project may use [key], sorry" },
    { "wrong", true, JV_INTERNAL, 400, false, false, false, -1, 0, 0, 0,
      "the provider refused the request (400): slowly" },
    { "half", false, JV_UNAVAILABLE, 0, false, true, true, -1, 0, 0, 0, "the answer broke off" },
    { "lots", false, JV_UNAVAILABLE, 0, false, false, true, -1, 0, 0, 0, "too big" },
    { "nowhere", true, JV_UNAVAILABLE, 0, false, true, true, -1, 0, 0, 0, "cannot be reached" },
};

static int failures(struct jv_ctx *ctx)
{
    for (size_t i = 0; i < JV_COUNT(bad); i++) {
        struct attempt t = { 0 };
        struct wire_limits limits = limits_of(ctx);

        limits.first_ms = bad[i].first_ms ? bad[i].first_ms : limits.first_ms;
        limits.idle_ms = bad[i].idle_ms ? bad[i].idle_ms : limits.idle_ms;
        limits.total_ms = bad[i].total_ms ? bad[i].total_ms : limits.total_ms;
        go(ctx, bad[i].path, bad[i].stream, &limits, &t);
        printf("# %s\n", bad[i].path);
        CHECK_INT(t.out.code, bad[i].code);
        CHECK_INT(t.out.status, bad[i].status);
        CHECK_INT(t.out.begun, bad[i].begun);
        CHECK_INT(t.out.try_again, bad[i].try_again);
        CHECK_INT(t.out.other_model, bad[i].other_model);
        CHECK_INT(t.out.retry_after_ms, bad[i].retry_after_ms);
        CHECK_HAS(jv_error(ctx)->text, bad[i].want);
    }
    return JV_OK;
}

TEST(failures_say_what_another_attempt_is_good_for)
{
    inside(failures);
}

/* ---- embedding ------------------------------------------------------------------------------ */

/* n texts at a path; the code, the reason is in ctx. */
static int embed(struct jv_ctx *ctx, const struct model *m, size_t n, Llm__EmbedReply *ret,
                 struct wire_outcome *out)
{
    struct wire_limits limits = limits_of(ctx);
    Llm__EmbedRequest req = LLM__EMBED_REQUEST__INIT;
    const char *texts[100];
    int64_t tokens = 0;

    for (size_t i = 0; i < n; i++)
        texts[i] = jv_arena_printf(jv_arena(ctx), "text %zu.", i);
    req.texts = texts;
    req.n_texts = n;
    wire_embed(ctx, m, &req, &limits, ret, &tokens, out);
    CHECK_INT(tokens, out->code ? tokens : (int64_t)n * 10);
    CHECK_INT(ret->n_vectors, out->code ? 0 : n);
    return out->code;
}

/* A few at a time, in order. */
static int embeds(struct jv_ctx *ctx)
{
    struct model m = model_at(ctx, "vectors");
    Llm__EmbedReply ret = LLM__EMBED_REPLY__INIT;
    struct wire_outcome out;
    size_t before = scripted_count(server);

    CHECK_INT(embed(ctx, &m, 24, &ret, &out), JV_OK);
    CHECK_INT(scripted_count(server), before + 3);
    CHECK_HAS(scripted_last(server).body, "\"input\":[\"text 16.\"");
    for (size_t i = 0; i < ret.n_vectors; i++)
        CHECK(ret.vectors[i]->values[0] == (float)(i % 8 + 1));
    CHECK_INT(embed(ctx, &m, 9, &ret, &out), JV_UNAVAILABLE);
    CHECK_STR(jv_error(ctx)->text, "openai/m: there are not as many vectors as texts");
    CHECK_INT(scripted_count(server), before + 5);
    return JV_OK;
}

TEST(texts_as_vectors)
{
    inside(embeds);
}

static int embeds_not(struct jv_ctx *ctx)
{
    struct model m = model_at(ctx, "later");
    Llm__EmbedReply ret = LLM__EMBED_REPLY__INIT;
    struct wire_outcome out;

    CHECK_INT(embed(ctx, &m, 1, &ret, &out), JV_UNAVAILABLE);
    CHECK(out.try_again && out.other_model && out.retry_after_ms == 86400000);
    m = model_at(ctx, "unlucky");
    CHECK_INT(embed(ctx, &m, 1, &ret, &out), JV_UNAVAILABLE);
    CHECK_HAS(jv_error(ctx)->text, "openai/m: the model failed: xxxx");
    CHECK(!strstr(jv_error(ctx)->text, "sk-"));
    m.provider = &provider_anthropic;
    CHECK_INT(embed(ctx, &m, 1, &ret, &out), JV_UNAVAILABLE);
    CHECK_STR(jv_error(ctx)->text, "openai/m: the provider has no embeddings");
    CHECK(!out.try_again && out.other_model);
    return JV_OK;
}

TEST(no_vectors)
{
    inside(embeds_not);
}

/* ---- others --------------------------------------------------------------------------------- */

static int stops(struct jv_ctx *ctx)
{
    struct attempt t = { .stop = JV_ABORTED };
    struct wire_limits limits = limits_of(ctx);

    go(ctx, "fine", true, &limits, &t);
    CHECK_INT(t.out.code, JV_ABORTED);
    CHECK_STR(jv_error(ctx)->text, "enough");
    CHECK_INT(t.n_pieces, 1);
    CHECK(t.out.begun && !t.out.try_again && !t.out.other_model);
    return JV_OK;
}

TEST(whoever_listens_may_stop)
{
    inside(stops);
}

static int closed(struct jv_ctx *ctx)
{
    struct wire_limits limits = limits_of(ctx);
    struct attempt t = { 0 };

    limits.allow = NULL;
    go(ctx, "whole", false, &limits, &t);
    CHECK_INT(t.out.code, JV_UNAVAILABLE); /* never the caller's fault */
    CHECK_HAS(jv_error(ctx)->text, "openai/m: the address is not a public one");
    CHECK(!t.out.try_again && t.out.other_model);
    return JV_OK;
}

TEST(only_where_the_operator_allows)
{
    inside(closed);
}

static int cancelled(struct jv_ctx *ctx, void *arg)
{
    struct attempt *t = arg;
    struct wire_limits limits = limits_of(ctx);

    go(ctx, "slow", true, &limits, t);
    return t->out.code;
}

static int asked(void *n)
{
    pthread_mutex_lock(&server->lock);
    while (server->n <= *(size_t *)n)
        pthread_cond_wait(&server->changed, &server->lock);
    pthread_mutex_unlock(&server->lock);
    return JV_OK;
}

static int cancels(struct jv_ctx *ctx)
{
    struct attempt t = { 0 };
    size_t before = scripted_count(server);
    struct jv_child *child = jv_spawn(ctx, cancelled, &t);

    CHECK_INT(jv_offload(ctx, asked, &before), JV_OK);
    jv_cancel(child);
    CHECK_INT(jv_join(ctx, child), JV_CANCELLED);
    CHECK(!t.out.begun && !t.out.try_again && !t.out.other_model);
    return JV_OK;
}

TEST(one_that_nobody_wants_any_more_ends)
{
    inside(cancels);
}

static int late(struct jv_ctx *ctx)
{
    struct wire_limits limits = limits_of(ctx);
    struct attempt t = { 0 };

    jv_within(ctx, 0);
    go(ctx, "whole", false, &limits, &t);
    CHECK_INT(t.out.code, JV_DEADLINE_EXCEEDED);
    CHECK(!t.out.try_again && !t.out.other_model);
    return JV_OK;
}

TEST(after_the_deadline)
{
    inside(late);
}

TEST(stops_the_server)
{
    scripted_free(server);
}

TEST_MAIN()
