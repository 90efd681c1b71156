/* sse.c -- server-sent events: what chat and tasks share.
 *
 * A stream stays on its thread (ADR 0013). What ends it: its last event, an error, the peer going
 * away, its time, or this process stopping; what is told of goes on without it. */
#include "gw.h"

#include <string.h>
#include <time.h>

enum {
    STEP_MS = 1000,       /* how often a silent stream looks whether its peer is still there */
    HEARTBEAT_MS = 15000, /* a comment, so that no proxy takes silence for death */
    RETRY_MS = 2000,
    EVENT_LIMIT = 64 << 20,
};

bool sse_must_end(const struct request *rq)
{
    const struct conns *conns = rq->gw->conns;

    return conns_draining(conns) || (conns_leaving(conns) && strcmp(rq->head.method, "GET") == 0);
}

bool sse_enter(struct sse *e, struct request *rq, int64_t ms)
{
    if (rq->target.is_head) {
        reply(rq, 200, "text/event-stream", "", 0);
        return false;
    }
    if (sse_must_end(rq) && strcmp(rq->head.method, "GET") == 0) {
        reply_elsewhere(rq);
        return false;
    }
    if (sse_must_end(rq)) { /* a proxy would not ask twice: the client may */
        reply_problem(rq, 503, JV_UNAVAILABLE, NULL, "this server is stopping; ask again");
        return false;
    }
    if (!count_stream(rq->gw->counters, conns_cap(rq->gw->conns) / 2)) {
        reply_problem(rq, 503, JV_UNAVAILABLE, NULL, "too many open streams; ask without one");
        return false;
    }
    *e = (struct sse){ .rq = rq, .whole = rq->a, .until_ms = gw_mono_ms() + ms };
    rq->a = jv_arena_new(EVENT_LIMIT); /* for one event at a time: a stream may be long */
    return true;
}

void sse_leave(struct sse *e)
{
    jv_arena_free(e->rq->a);
    e->rq->a = e->whole;
    uncount_stream(e->rq->gw->counters);
}

/* Between two steps; JV_OK: go on. */
static int look(struct sse *e, struct jv_err *err)
{
    struct request *rq = e->rq;

    if (conn_gone(rq->conn))
        return JV_CANCELLED;
    if (sse_must_end(rq))
        return jv_err_set(err, JV_UNAVAILABLE, "this server is stopping; resume the stream");
    if (!rq->status || gw_mono_ms() - e->wrote_ms < HEARTBEAT_MS)
        return JV_OK;
    e->wrote_ms = gw_mono_ms();
    return stream_write(rq, ": \n\n", 4) ? JV_OK : JV_CANCELLED;
}

int sse_next(struct sse *e, struct jv_stream *s, int64_t until_ms, void *ret, struct jv_err *err)
{
    for (;;) {
        int64_t now = gw_mono_ms(), left = until_ms - now, step = left < STEP_MS ? left : STEP_MS;
        int r;

        if (left <= 0)
            return jv_err_set(err, JV_DEADLINE_EXCEEDED, "the answer took too long");
        r = jv_client_next(s, (int)step, ret, e->rq->a, err);
        if (r != JV_DEADLINE_EXCEEDED || gw_mono_ms() - now < step - 5)
            return r; /* an early one is the callee's, not ours */
        r = look(e, err);
        if (r)
            return r;
    }
}

bool sse_pause(struct sse *e, int64_t ms)
{
    const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

    nanosleep(&t, NULL);
    return look(e, NULL) == JV_OK;
}

bool sse_begin(struct sse *e)
{
    struct jv_buf b = jv_buf_new(e->rq->a);

    if (!stream_begin(e->rq, "text/event-stream"))
        return false;
    jv_buf_printf(&b, "retry: %d\n\n", RETRY_MS);
    return stream_write(e->rq, b.data, b.len);
}

bool sse_write(struct sse *e, int64_t id, const char *name, const char *data, size_t len)
{
    struct jv_buf b = jv_buf_new(e->rq->a);

    if (!e->rq->status && !sse_begin(e))
        return false;
    if (id > 0)
        jv_buf_printf(&b, "id: %lld\n", (long long)id);
    if (name)
        jv_buf_printf(&b, "event: %s\n", name);
    jv_buf_str(&b, "data: ");
    jv_buf_add(&b, data, len); /* one line: JSON has no raw line ends */
    jv_buf_str(&b, "\n\n");
    e->wrote_ms = gw_mono_ms();
    return stream_write(e->rq, b.data, b.len);
}

void sse_end(struct sse *e, bool gone)
{
    if (gone || !stream_end(e->rq))
        e->rq->close = e->rq->peer_gone = true;
}
