/* behaviour.c -- what the agent does with a message: a table of beginnings of its messageId.
 *
 * Those with "tck-" and "test-" are what the public conformance kit asks for; the others are for
 * our own tests: slow-<ms>, chunks-<n>, steps-<n>[-<ms between>], ask, auth, reject, fail. */
#include "conformance.h"

#include <string.h>

#include "jv/db.h"
#include "jv/task.h"
#include "jv/wire.h"

struct behaviour {
    const char *prefix;
    int (*run)(struct jv_ctx *ctx, const A2a__Message *in, const struct behaviour *b);
    const char *text; /* what it says */
    bool is_message;  /* answered without a task */
};

static const struct behaviour *find(const char *message_id);

/* ---- the answer ------------------------------------------------------------------------------ */

static int complete(struct jv_ctx *ctx, const A2a__Message *in, const struct behaviour *b)
{
    (void)in;
    jv_answer_status(ctx, b->text, NULL, NULL);
    return JV_OK;
}

static int say(struct jv_ctx *ctx, const A2a__Message *in, const struct behaviour *b)
{
    (void)in;
    jv_answer_text(ctx, b->text);
    return JV_OK;
}

static A2a__Part *file_part(struct jv_ctx *ctx)
{
    A2a__Part *p = jv_msg_new(&a2a__part__descriptor, jv_arena(ctx));

    p->filename = "output.txt";
    p->media_type = "text/plain";
    return p;
}

static int file(struct jv_ctx *ctx, const A2a__Message *in, const struct behaviour *b)
{
    A2a__Part *p = file_part(ctx);

    (void)in;
    p->content_case = A2A__PART__CONTENT_RAW;
    p->raw.data = jv_arena_memdup(jv_arena(ctx), b->text, strlen(b->text));
    p->raw.len = strlen(b->text);
    jv_answer_part(ctx, p);
    return JV_OK;
}

static int file_url(struct jv_ctx *ctx, const A2a__Message *in, const struct behaviour *b)
{
    A2a__Part *p = file_part(ctx);

    (void)in;
    p->content_case = A2A__PART__CONTENT_URL;
    p->url = b->text;
    jv_answer_part(ctx, p);
    return JV_OK;
}

static int data(struct jv_ctx *ctx, const A2a__Message *in, const struct behaviour *b)
{
    (void)in;
    jv_answer_data(ctx, "application/json", jv_struct(jv_arena(ctx), b->text));
    return JV_OK;
}

/* ---- while it works -------------------------------------------------------------------------- */

static int work(struct jv_ctx *ctx, const A2a__Message *in, const struct behaviour *b)
{
    int r = jv_progress(ctx, "at work");

    (void)in;
    return r ? r : jv_artifact_text(ctx, "text", "text", b->text, JV_LAST_CHUNK);
}

static int work_file(struct jv_ctx *ctx, const A2a__Message *in, const struct behaviour *b)
{
    int r = jv_progress(ctx, "at work");

    return r ? r : file(ctx, in, b);
}

static int two_chunks(struct jv_ctx *ctx, const A2a__Message *in, const struct behaviour *b)
{
    int r = jv_progress(ctx, "at work");

    (void)in;
    if (!r)
        r = jv_artifact_text(ctx, "text", "text", b->text, 0);
    return r ? r : jv_artifact_text(ctx, "text", "text", "chunk-2", JV_APPEND | JV_LAST_CHUNK);
}

/* The k-th number behind the prefix: "steps-10-50-x" has 10 and 50; `none` when it is not there. */
static int32_t number(const A2a__Message *in, const struct behaviour *b, int k, int32_t none)
{
    const char *s = in->message_id + strlen(b->prefix);
    int32_t n = 0;

    while (k-- > 0 && *s) {
        s += strcspn(s, "-");
        s += *s == '-';
    }
    if (*s < '0' || *s > '9')
        return none;
    for (; *s >= '0' && *s <= '9' && n < 1000000; s++)
        n = n * 10 + (*s - '0');
    return *s && *s != '-' ? none : n;
}

static int slow(struct jv_ctx *ctx, const A2a__Message *in, const struct behaviour *b)
{
    enum { pieces = 10 };
    int32_t ms = number(in, b, 0, 4000);
    int r = JV_OK;

    for (int i = 0; !r && i < pieces; i++) {
        r = jv_progress(ctx, "%d %% done", i * 100 / pieces);
        if (!r)
            r = jv_sleep(ctx, (uint32_t)ms / pieces);
    }
    return r ? r : complete(ctx, in, b);
}

/* What was sent before a kill is not sent again. */
static int chunks(struct jv_ctx *ctx, const A2a__Message *in, const struct behaviour *b)
{
    int32_t n = number(in, b, 0, 3), i = (int32_t)jv_state_number(ctx, "chunks");
    int r = JV_OK;

    for (; !r && i < n; i++) {
        unsigned flags = (i ? JV_APPEND : 0) | (i == n - 1 ? JV_LAST_CHUNK : 0);

        jv_state_set_number(ctx, "chunks", i + 1);
        r = jv_artifact_text(ctx, "chunks", "chunks",
                             jv_arena_printf(jv_arena(ctx), "chunk %d of %d\n", i + 1, n), flags);
    }
    return r;
}

static int one_step(struct jv_ctx *ctx, int32_t step, int32_t n)
{
    int r = jv_db(ctx, NULL, "insert into effects (task_id, step) values ($1, $2)",
                  jv_text(jv_task_id(ctx)), jv_int(step));

    jv_state_set_number(ctx, "steps", step);
    return r ? r : jv_progress(ctx, "step %d of %d", step, n);
}

static int steps(struct jv_ctx *ctx, const A2a__Message *in, const struct behaviour *b)
{
    int32_t n = number(in, b, 0, 3), pause_ms = number(in, b, 1, 0);
    int32_t done = (int32_t)jv_state_number(ctx, "steps");
    int r = JV_OK;

    while (!r && done < n) {
        r = one_step(ctx, ++done, n);
        if (!r && pause_ms && done < n)
            r = jv_sleep(ctx, (uint32_t)pause_ms);
    }
    if (!r)
        jv_answer_text(ctx, jv_arena_printf(jv_arena(ctx), "%d steps done", n));
    return r;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static bool starts_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* Until an answer's id says something else: then that is done. */
static int until_told(struct jv_ctx *ctx, const A2a__Message *in, const struct behaviour *b)
{
    const A2a__Message *answer = in;

    while (starts_with(answer->message_id, b->prefix)) {
        int r = jv_ask(ctx, &answer, "%s", b->text);

        if (r)
            return r;
    }
    return behave(ctx, answer);
}

static int ask_twice(struct jv_ctx *ctx, const A2a__Message *in, const struct behaviour *b)
{
    const A2a__Message *first, *second;
    struct jv_arena *a = jv_arena(ctx);
    int r;

    (void)in;
    r = jv_ask(ctx, &first, "%s", b->text);
    if (!r)
        r = jv_ask(ctx, &second, "And what else?");
    if (r)
        return r;
    jv_answer_text(ctx, jv_arena_printf(a, "%s and %s", jv_message_text(a, first),
                                        jv_message_text(a, second)));
    return JV_OK;
}

static int ask_auth(struct jv_ctx *ctx, const A2a__Message *in, const struct behaviour *b)
{
    const A2a__Message *answer;
    int r = jv_ask_auth(ctx, &answer, "%s", b->text);

    return r ? r : complete(ctx, in, b);
}

static int reject(struct jv_ctx *ctx, const A2a__Message *in, const struct behaviour *b)
{
    (void)in;
    return jv_reject(ctx, "%s", b->text);
}

static int fail(struct jv_ctx *ctx, const A2a__Message *in, const struct behaviour *b)
{
    (void)in;
    return jv_fail(ctx, JV_FAILED_PRECONDITION, "%s", b->text);
}

/* ---- the table ------------------------------------------------------------------------------- */

/* The longest prefix counts; the last row is for everything else. */
static const struct behaviour behaviours[] = {
    { "tck-complete-task", complete, "Hello from TCK", false },
    { "tck-input-required", until_told, "Say more.", false },
    { "tck-artifact-text", say, "Generated text content", false },
    { "tck-artifact-file", file, "tck", false },
    { "tck-artifact-file-url", file_url, "https://example.com/output.txt", false },
    { "tck-artifact-data", data, "{\"key\": \"value\", \"count\": 42}", false },
    { "tck-message-response", say, "Direct message response", true },
    { "tck-reject-task", reject, "rejected", false },
    { "tck-stream-001", work, "Stream hello from TCK", false },
    { "tck-stream-002", complete, "Hello from TCK", false },
    { "tck-stream-003", work, "Stream task lifecycle", false },
    { "tck-stream-ordering-001", work, "Ordered output", false },
    { "tck-stream-artifact-text", work, "Streamed text content", false },
    { "tck-stream-artifact-file", work_file, "tck", false },
    { "tck-stream-artifact-chunked", two_chunks, "chunk-1 ", false },
    { "test-resubscribe-message-id", slow, "Worked on it.", false },
    { "slow-", slow, "Worked on it.", false },
    { "chunks-", chunks, "", false },
    { "steps-", steps, "", false },
    { "ask", ask_twice, "What is it about?", false },
    { "auth", ask_auth, "Sign in elsewhere.", false },
    { "reject", reject, "rejected", false },
    { "fail", fail, "it failed, as it was told to", false },
    { "", complete, "Hello from TCK", false },
};

static const struct behaviour *find(const char *message_id)
{
    const struct behaviour *best = &behaviours[JV_COUNT(behaviours) - 1];

    for (size_t i = 0; i < JV_COUNT(behaviours); i++)
        if (starts_with(message_id, behaviours[i].prefix) &&
            strlen(behaviours[i].prefix) > strlen(best->prefix))
            best = &behaviours[i];
    return best;
}

int behave(struct jv_ctx *ctx, const A2a__Message *in)
{
    const struct behaviour *b = find(in->message_id);

    return b->run(ctx, in, b);
}

int receive(struct jv_ctx *ctx, const A2a__Message *in, struct jv_receipt *ret)
{
    (void)ctx;
    ret->direct = find(in->message_id)->is_message;
    return JV_OK;
}
