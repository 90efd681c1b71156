/* deliver.c -- posting: many at once, each with its own wait, none in the way of another. */
#include "notifier.h"

#include <string.h>

enum {
    max_answer = 64 * 1024, /* read and thrown away */
    gone = 410,
    ask_again_ms = 2000, /* auth, after it did not answer */
    db_ms = 10000        /* for the queries around a post */
};
static const int64_t max_retry_ms = INT64_C(5) * 60 * 1000;

/* ---- one post ------------------------------------------------------------------------------- */

bool is_header_text(const char *s)
{
    size_t n = 0;

    for (; s[n]; n++)
        if ((unsigned char)s[n] < ' ' || s[n] == 127)
            return false;
    return n <= max_header;
}

static const char *span(struct jv_ctx *ctx)
{
    uint64_t id;

    jv_random(&id, sizeof(id));
    return jv_arena_printf(jv_arena(ctx), "%016llx", (unsigned long long)(id | 1));
}

/* A2A 1.0.1 has no header for the token: both spellings are about. Clients deduplicate by the
 * event's id. */
static const char *const *headers_for(struct jv_ctx *ctx, const struct delivery *d)
{
    struct jv_arena *a = jv_arena(ctx);
    const char **h = JV_NEW_ARRAY(a, const char *, 8);
    size_t n = 0;

    h[n++] = "Content-Type: application/a2a+json";
    h[n++] = "A2A-Version: 1.0";
    h[n++] = jv_arena_printf(a, "A2A-Event-ID: %s/%s/%s", d->agent, d->task_id, d->seq);
    h[n++] = jv_arena_printf(a, "traceparent: 00-%s-%s-01", d->trace_id, span(ctx));
    if (d->scheme[0])
        h[n++] = jv_arena_printf(a, "Authorization: %s%s%s", d->scheme,
                                 d->credentials[0] ? " " : "", d->credentials);
    if (d->token[0]) {
        h[n++] = jv_arena_printf(a, "X-A2A-Notification-Token: %s", d->token);
        h[n++] = jv_arena_printf(a, "A2A-Notification-Token: %s", d->token);
    }
    return h;
}

struct result {
    enum outcome outcome;
    const char *reason;
};

/* Refused by our guard, or by the receiver for good: trying again changes nothing. */
static struct result judge(struct jv_ctx *ctx, const struct jv_fetch *f)
{
    struct jv_arena *a = jv_arena(ctx);

    if (f->err.code)
        return (struct result){ f->err.code == JV_INVALID_ARGUMENT ? DEAD : RETRY,
                                jv_arena_strdup(a, f->err.text) };
    if (f->status >= 200 && f->status < 300)
        return (struct result){ DONE, "" };
    return (struct result){ f->status == gone ? DEAD : RETRY,
                            jv_arena_printf(a, "HTTP %ld", f->status) };
}

static struct result post(struct jv_ctx *ctx, const struct delivery *d)
{
    const struct notifier *s = jv_state(ctx);
    struct jv_fetch f = {
        .url = d->url,
        .allow = s->allow,
        .ca = s->ca,
        .post = d->body,
        .post_len = strlen(d->body),
        .discard = true,
        .max_bytes = max_answer,
        .timeout_ms = (int)s->timeout_ms,
    };
    struct result ret;

    if (!is_header_text(d->token) || !is_header_text(d->scheme) || !is_header_text(d->credentials))
        return (struct result){ DEAD, "the token or the credentials cannot be sent as headers" };
    f.headers = headers_for(ctx, d);
    if (jv_fetch_wait(ctx, &f))
        jv_info(ctx, "%s/%s/%s: %s", d->agent, d->task_id, d->seq, f.err.text);
    ret = judge(ctx, &f);
    jv_fetch_done(&f);
    return ret;
}

/* ---- and what follows ----------------------------------------------------------------------- */

/* Twice as long each time, and up to a quarter more, so that not all come back together. */
static int64_t retry_after(const struct notifier *s, int64_t attempts)
{
    int64_t wait = s->retry_ms;
    uint32_t more;

    for (int64_t i = 0; i < attempts && wait < max_retry_ms; i++)
        wait *= 2;
    jv_random(&more, sizeof(more));
    wait += (int64_t)(more % (uint64_t)(wait / 4 + 1));
    return wait < max_retry_ms ? wait : max_retry_ms;
}

static int deliver_first(struct jv_ctx *ctx, const struct claim *c)
{
    const struct notifier *s = jv_state(ctx);
    int64_t due = 0;
    struct delivery d;
    struct result got;
    bool ended = false;
    int r;

    r = queue_first(ctx, c, &d);
    if (r || !d.id)
        return r ? r : queue_release(ctx, c, 0);
    if (d.owner[0] && jv_person_ended(ctx, d.owner, d.issued, &ended))
        return queue_release(ctx, c, ask_again_ms); /* not on the chance that it is well */
    if (ended) {
        r = hooks_end(ctx, d.owner, d.issued);
        return r ? r : queue_end(ctx, c, &d);
    }
    got = post(ctx, &d);
    if (got.outcome == RETRY && d.attempts + 1 >= s->attempts)
        got.outcome = DEAD;
    if (got.outcome == RETRY)
        due = retry_after(s, d.attempts);
    if (got.outcome == DEAD)
        jv_warn(ctx, "given up after %lld attempts: %s/%s/%s: %s", (long long)d.attempts + 1,
                d.agent, d.task_id, d.seq, got.reason);
    return queue_settle(ctx, c, &d, got.outcome, got.reason, jv_real_ms(ctx) + due);
}

static int deliver(struct jv_ctx *ctx, void *arg)
{
    struct notifier *s = jv_state(ctx);
    int r = deliver_first(ctx, arg);

    s->busy--;
    deliver_soon(ctx);
    return r;
}

/* ---- what is due ---------------------------------------------------------------------------- */

/* Stopping: the lease goes back, somebody else will post it. */
static int start(struct jv_ctx *ctx, const struct claim *c)
{
    struct notifier *s = jv_state(ctx);
    int r = jv_background(ctx, "delivery", deliver, c, sizeof(*c), (uint32_t)s->timeout_ms + db_ms);

    if (!r)
        return JV_OK;
    s->busy--;
    return queue_release(ctx, c, 0);
}

static int claim_and_start(struct jv_ctx *ctx)
{
    struct notifier *s = jv_state(ctx);
    int64_t room = s->parallel - s->busy;
    struct claim *claims;
    size_t n;
    int r;

    if (room <= 0)
        return JV_OK;
    s->busy += room; /* kept while the claim waits */
    r = queue_claim(ctx, room, &claims, &n);
    s->busy -= room - (int64_t)n;
    for (size_t i = 0; !r && i < n; i++)
        r = start(ctx, &claims[i]);
    return r;
}

/* One claims at a time; who comes meanwhile has it done once more. */
int deliver_due(struct jv_ctx *ctx)
{
    struct notifier *s = jv_state(ctx);
    bool again;
    int r;

    if (s->claiming) {
        s->again = true;
        return JV_OK;
    }
    s->claiming = true;
    s->again = false;
    r = claim_and_start(ctx);
    again = s->again;
    s->claiming = false;
    if (!r && again)
        deliver_soon(ctx);
    return r;
}

static int run_due(struct jv_ctx *ctx, void *unused)
{
    (void)unused;
    return deliver_due(ctx);
}

void deliver_soon(struct jv_ctx *ctx)
{
    struct notifier *s = jv_state(ctx);

    if (s->claiming)
        s->again = true;
    else if (jv_background(ctx, "deliver", run_due, NULL, 0, db_ms))
        jv_info(ctx, "not begun at once: %s", jv_error(ctx)->text); /* the timer comes, or an end */
}
