/* a2a_stream.c -- a task followed over many hops of the bus, as one stream of events.
 *
 * A stream over the bus has a deadline and may break: the agent was killed, the bus went away. The
 * task goes on without it, and so does this: it subscribes again after the last event that it
 * passed on, so that its client sees each event once and in order and nothing of all that. */
#include "a2a.h"

#include <stdio.h>
#include <string.h>

#include <a2a.pb-c.h>

#include "v03.h"

enum {
    HOP_MS = 30000,
    HOP_SPARE_MS = 2000, /* we leave a hop before its callee's deadline does */
    LOST_MS = 60000,     /* how long a lost task is looked for */
    ALIVE_MS = 6000,     /* a hop that lasted so long was not silent: jv_client_next() */
    QUIET_MS = 1000,     /* no event when going on: headers go out without one */
    FIRST_PAUSE_MS = 50,
    MAX_PAUSE_MS = 2000,
    MAX_ID = 128,
};

struct follow {
    struct a2a *op;
    struct sse sse;
    bool sends;               /* SendStreamingMessage */
    struct jv_stream *stream; /* of this hop */
    int hops;
    bool heard;                         /* something new came by this hop */
    int64_t hop_began_ms, hop_until_ms; /* mono */
    char task_id[MAX_ID];               /* "" until one is known */
    A2a__TaskState state;               /* the last one that it told */
    bool told;                          /* a message, which is all there is */
    int64_t seen;                       /* number of the last event passed on */
    int64_t lost_ms;                    /* mono: since when nothing came; 0: all is well */
    int64_t pause_ms;
};

/* ---- hops ----------------------------------------------------------------------------------- */

static int open_hop(struct follow *f, const char *method, const void *msg, int ms,
                    struct jv_err *err)
{
    const struct request *rq = f->op->rq;
    const struct jv_call_options o = { .token = rq->caller.token,
                                       .traceparent = rq->traceparent,
                                       .timeout_ms = ms,
                                       .a2a_version = "1.0",
                                       .a2a_extensions = f->op->extensions,
                                       .last_event_id = f->seen };

    f->stream = jv_client_close(f->stream);
    f->hops++;
    f->heard = false;
    f->hop_began_ms = gw_mono_ms();
    f->hop_until_ms = f->hop_began_ms + ms - HOP_SPARE_MS;
    return jv_client_open(rq->gw->client, &a2a__a2_aservice__descriptor, f->op->agent, method, msg,
                          &o, &f->stream, err);
}

/* The first hop may have to wait for an answer that is no task, and cannot be gone on with. */
static int first_hop(struct follow *f, struct jv_err *err)
{
    const struct a2a *op = f->op;
    int ms = f->sends ? (int)op->rq->gw->set.chat_ms + HOP_SPARE_MS : HOP_MS;

    if (!f->sends)
        snprintf(f->task_id, sizeof(f->task_id), "%s",
                 ((const A2a__SubscribeToTaskRequest *)op->msg)->id);
    return open_hop(f, op->method, op->msg, ms, err);
}

static int next_hop(struct follow *f, struct jv_err *err)
{
    A2a__SubscribeToTaskRequest req = A2A__SUBSCRIBE_TO_TASK_REQUEST__INIT;

    req.id = f->task_id;
    return open_hop(f, "SubscribeToTask", &req, HOP_MS, err);
}

/* ---- events --------------------------------------------------------------------------------- */

static bool is_final(A2a__TaskState s)
{
    return s == A2A__TASK_STATE__TASK_STATE_COMPLETED || s == A2A__TASK_STATE__TASK_STATE_FAILED ||
           s == A2A__TASK_STATE__TASK_STATE_CANCELED || s == A2A__TASK_STATE__TASK_STATE_REJECTED;
}

static bool is_interrupted(A2a__TaskState s)
{
    return s == A2A__TASK_STATE__TASK_STATE_INPUT_REQUIRED ||
           s == A2A__TASK_STATE__TASK_STATE_AUTH_REQUIRED;
}

/* All was told that belongs to this stream: who sent a message has its answer when it is asked
 * something in turn, who subscribed stays until the task is done. */
static bool is_settled(const struct follow *f)
{
    return f->told || is_final(f->state) || (f->sends && is_interrupted(f->state));
}

static void note_status(struct follow *f, const A2a__TaskStatus *status, const char *task_id)
{
    if (status)
        f->state = status->state;
    if (!f->task_id[0] && strlen(task_id) < MAX_ID)
        snprintf(f->task_id, sizeof(f->task_id), "%s", task_id);
}

/* What is to be known of an event later on. */
static void note(struct follow *f, const A2a__StreamResponse *e, int64_t id)
{
    if (e->payload_case == A2A__STREAM_RESPONSE__PAYLOAD_TASK)
        note_status(f, e->task->status, e->task->id);
    else if (e->payload_case == A2A__STREAM_RESPONSE__PAYLOAD_STATUS_UPDATE)
        note_status(f, e->status_update->status, e->status_update->task_id);
    else if (e->payload_case == A2A__STREAM_RESPONSE__PAYLOAD_MESSAGE)
        f->told = true;
    if (id > 0)
        f->seen = id;
    f->lost_ms = 0;
    f->pause_ms = FIRST_PAUSE_MS;
}

static bool write_json(struct follow *f, int64_t id, const char *member, const char *json,
                       size_t len)
{
    struct request *rq = f->op->rq;
    struct jv_buf b = jv_buf_new(rq->a);

    if (rq->binding != BINDING_A2A_RPC)
        return sse_write(&f->sse, id, NULL, json, len);
    a2a_rpc_envelope(rq, &b, member, json, len);
    return sse_write(&f->sse, id, NULL, b.data, b.len);
}

static bool write_event(struct follow *f, const A2a__StreamResponse *e)
{
    struct request *rq = f->op->rq;
    int64_t id = jv_client_event_id(f->stream);
    size_t len;
    char *json;

    if (id > 0 && id <= f->seen)
        return true; /* known already */
    f->heard = true;
    note(f, e, id);
    json = f->op->legacy ? v03_event(e, rq->a, &len)
                         : jv_msg_to_json(&e->base, JV_JSON_CAMEL, rq->a, &len);
    return write_json(f, id, "result", json, len);
}

static void write_error(struct follow *f, const struct jv_err *err)
{
    struct request *rq = f->op->rq;
    const char *json = rq->binding == BINDING_A2A_RPC
                               ? a2a_error_rpc(err, rq->legacy, rq->trace_id, rq->a)
                               : a2a_error_rest(err, a2a_error_http(err), rq->trace_id, rq->a);

    write_json(f, 0, "error", json, strlen(json));
}

/* ---- the stream ----------------------------------------------------------------------------- */

/* What becomes of the stream after a step of it. */
enum turn { GO_ON, ENDED, GONE, FAILED };

/* RESOURCE_EXHAUSTED: a client that reads slower than its task speaks, or an agent that is busy. */
static bool may_go_on(const struct follow *f, int code)
{
    return f->task_id[0] && (f->op->rq->status || f->seen) &&
           (code == JV_DEADLINE_EXCEEDED || code == JV_UNAVAILABLE ||
            code == JV_RESOURCE_EXHAUSTED);
}

/* Another hop, at once the first time, then with growing pauses. Ours end when it is their time or
 * ours to stop: the client comes back, perhaps to another gateway. */
static enum turn go_on(struct follow *f, struct jv_err *err)
{
    struct jv_err why = { 0 };
    int r;

    for (;;) {
        if (gw_mono_ms() >= f->sse.until_ms || conns_draining(f->op->rq->gw->conns))
            return ENDED;
        if (f->lost_ms && gw_mono_ms() - f->lost_ms > LOST_MS)
            return FAILED; /* with what was wrong */
        if (f->lost_ms && !sse_pause(&f->sse, f->pause_ms))
            return conns_draining(f->op->rq->gw->conns) ? ENDED : GONE;
        if (f->lost_ms)
            f->pause_ms = 2 * f->pause_ms < MAX_PAUSE_MS ? 2 * f->pause_ms : MAX_PAUSE_MS;
        else
            f->lost_ms = gw_mono_ms();
        r = next_hop(f, &why);
        if (r == JV_OK)
            return GO_ON;
        *err = why;
        if (!may_go_on(f, r))
            return FAILED;
    }
}

/* A hop that went on after an event and ends well without another: the task was over by then, and
 * its end is known to the client. */
static bool had_no_more(const struct follow *f)
{
    return f->seen && !f->heard && (f->hops > 1 || !f->sends);
}

/* It was alive until just now. */
static bool was_alive(const struct follow *f)
{
    int64_t now = gw_mono_ms();

    return now >= f->hop_until_ms || now - f->hop_began_ms > ALIVE_MS;
}

static enum turn after_event(struct follow *f, const A2a__StreamResponse *e)
{
    if (!write_event(f, e))
        return GONE;
    /* A subscription would stay open here. */
    return f->hops > 1 && f->sends && is_settled(f) ? ENDED : GO_ON;
}

static enum turn step(struct follow *f, struct jv_err *err)
{
    int64_t until = f->hop_until_ms < f->sse.until_ms ? f->hop_until_ms : f->sse.until_ms;
    struct request *rq = f->op->rq;
    bool quiet = !rq->status && f->seen && gw_mono_ms() + QUIET_MS < until;
    A2a__StreamResponse *e = NULL;
    int r;

    jv_arena_reset(rq->a);
    r = sse_next(&f->sse, f->stream, quiet ? gw_mono_ms() + QUIET_MS : until, &e, err);
    if (r == JV_OK && e)
        return after_event(f, e);
    if (r == JV_CANCELLED && conn_gone(rq->conn))
        return GONE;
    if (r == JV_DEADLINE_EXCEEDED && quiet)
        return sse_begin(&f->sse) ? GO_ON : GONE;
    if (is_settled(f) || (r == JV_OK && (!f->task_id[0] || had_no_more(f))))
        return ENDED;
    if (r == JV_OK) /* it ended too early */
        r = jv_err_set(err, JV_UNAVAILABLE, "the task's stream broke off");
    if (!may_go_on(f, r))
        return FAILED;
    if (was_alive(f))
        f->lost_ms = 0;
    return go_on(f, err);
}

/* Headers go out with the first event: what fails before is an ordinary error. */
static void finish(struct follow *f, enum turn t, const struct jv_err *err)
{
    if (!f->op->rq->status && t == FAILED) {
        reply_error(f->op->rq, err);
        return;
    }
    if (!f->op->rq->status && t == ENDED)
        t = sse_begin(&f->sse) ? ENDED : GONE;
    if (t == FAILED)
        write_error(f, err);
    sse_end(&f->sse, t == GONE);
}

void a2a_stream(struct a2a *op)
{
    struct follow f = { .op = op,
                        .sends = strcmp(op->method, "SendStreamingMessage") == 0,
                        .pause_ms = FIRST_PAUSE_MS };
    struct jv_err err = { 0 };
    enum turn t = GO_ON;

    if (!a2a_last_event_id(op->rq, &f.seen) ||
        !sse_enter(&f.sse, op->rq, op->rq->gw->set.stream_ms))
        return;
    if (f.sends)
        f.seen = 0; /* of another stream */
    if (first_hop(&f, &err))
        t = FAILED;
    while (t == GO_ON)
        t = step(&f, &err);
    finish(&f, t, &err);
    jv_client_close(f.stream);
    sse_leave(&f.sse);
}
