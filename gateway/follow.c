/* follow.c -- a task followed over many hops of the bus, as one stream of events.
 *
 * A stream over the bus has a deadline and may break: the agent was killed, the bus went away. The
 * task goes on without it, and so does this: it subscribes again after the last event that it
 * passed on, so that its client sees each event once and in order and nothing of all that. */
#include "follow.h"

#include <stdio.h>
#include <string.h>

enum {
    HOP_MS = 30000,
    HOP_SPARE_MS = 2000, /* we leave a hop before its callee's deadline does */
    LOST_MS = 60000,     /* how long a lost task is looked for */
    ALIVE_MS = 6000,     /* a hop that lasted so long was not silent: jv_client_next() */
    QUIET_MS = 1000,     /* no event when going on: headers go out without one */
    FIRST_PAUSE_MS = 50,
    MAX_PAUSE_MS = 2000,
};

/* ---- hops ----------------------------------------------------------------------------------- */

static int open_hop(struct follow *f, const char *method, const void *msg, int ms,
                    struct jv_err *err)
{
    const struct request *rq = f->rq;
    const struct jv_call_options o = { .token = rq->caller.token,
                                       .traceparent = rq->traceparent,
                                       .timeout_ms = ms,
                                       .a2a_version = "1.0",
                                       .a2a_extensions = f->extensions,
                                       .last_event_id = f->seen };

    f->stream = jv_client_close(f->stream);
    f->hop_told = false;
    f->hop_began_ms = gw_mono_ms();
    f->hop_until_ms = f->hop_began_ms + ms - HOP_SPARE_MS;
    return jv_client_open(rq->gw->client, &a2a__a2_aservice__descriptor, f->agent, method, msg, &o,
                          &f->stream, err);
}

/* The first hop may have to wait for an answer that is no task, and cannot be gone on with. */
static int first_hop(struct follow *f, struct jv_err *err)
{
    bool sends = strcmp(f->method, "SendStreamingMessage") == 0;
    int ms = sends ? (int)f->rq->gw->set.chat_ms + HOP_SPARE_MS : HOP_MS;

    if (!sends)
        snprintf(f->task_id, sizeof(f->task_id), "%s",
                 ((const A2a__SubscribeToTaskRequest *)f->msg)->id);
    return open_hop(f, f->method, f->msg, ms, err);
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
    return f->told || is_final(f->state) || (f->to_question && is_interrupted(f->state));
}

static void note_status(struct follow *f, const A2a__TaskStatus *status, const char *task_id)
{
    if (status)
        f->state = status->state;
    if (!f->task_id[0] && strlen(task_id) < FOLLOW_MAX_ID)
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

/* ---- the stream ----------------------------------------------------------------------------- */

/* RESOURCE_EXHAUSTED: a client that reads slower than its task speaks, or an agent that is busy. */
static bool may_go_on(const struct follow *f, int code)
{
    return f->task_id[0] && (f->rq->status || f->seen) &&
           (code == JV_DEADLINE_EXCEEDED || code == JV_UNAVAILABLE ||
            code == JV_RESOURCE_EXHAUSTED);
}

/* Another hop, at once the first time, then with growing pauses. Ours end when it is their time or
 * ours to stop: the client comes back, perhaps to another gateway. */
static enum follow_step go_on(struct follow *f, struct jv_err *err)
{
    struct jv_err why = { 0 };
    int r;

    for (;;) {
        if (gw_mono_ms() >= f->sse.until_ms || sse_must_end(f->rq))
            return FOLLOW_ENDED;
        if (f->lost_ms && gw_mono_ms() - f->lost_ms > LOST_MS)
            return FOLLOW_FAILED; /* with what was wrong */
        if (f->lost_ms && !sse_pause(&f->sse, f->pause_ms))
            return sse_must_end(f->rq) ? FOLLOW_ENDED : FOLLOW_GONE;
        if (f->lost_ms)
            f->pause_ms = 2 * f->pause_ms < MAX_PAUSE_MS ? 2 * f->pause_ms : MAX_PAUSE_MS;
        else
            f->lost_ms = gw_mono_ms();
        r = next_hop(f, &why);
        if (r == JV_OK)
            return FOLLOW_ON;
        *err = why;
        if (!may_go_on(f, r))
            return FOLLOW_FAILED;
    }
}

/* It was alive until just now. */
static bool was_alive(const struct follow *f)
{
    int64_t now = gw_mono_ms();

    return now >= f->hop_until_ms || now - f->hop_began_ms > ALIVE_MS;
}

static enum follow_step after_event(struct follow *f, const A2a__StreamResponse *e,
                                    struct jv_err *err)
{
    int64_t id = jv_client_event_id(f->stream);
    enum follow_step s;

    f->hop_told = true;
    if (id > 0 && id <= f->seen)
        return FOLLOW_ON; /* known already */
    note(f, e, id);
    s = f->write(f, e, id, err);
    if (s == FOLLOW_FROM_START) {
        f->state = A2A__TASK_STATE__TASK_STATE_UNSPECIFIED;
        f->seen = 1; /* the message that the task began with */
        return go_on(f, err);
    }
    return s == FOLLOW_ON && is_settled(f) ? FOLLOW_ENDED : s; /* a subscription stayed open here */
}

/* The stream came to its end: no task, or nothing that was not known before. */
static bool is_all(const struct follow *f)
{
    return !f->task_id[0] || (f->seen && !f->hop_told);
}

static enum follow_step step(struct follow *f, struct jv_err *err)
{
    int64_t until = f->hop_until_ms < f->sse.until_ms ? f->hop_until_ms : f->sse.until_ms;
    struct request *rq = f->rq;
    bool quiet = !rq->status && f->seen && gw_mono_ms() + QUIET_MS < until;
    A2a__StreamResponse *e = NULL;
    int r;

    jv_arena_reset(rq->a);
    r = sse_next(&f->sse, f->stream, quiet ? gw_mono_ms() + QUIET_MS : until, &e, err);
    if (r == JV_OK && e)
        return after_event(f, e, err);
    if (r == JV_CANCELLED && conn_gone(rq->conn))
        return FOLLOW_GONE;
    if (r == JV_DEADLINE_EXCEEDED && quiet)
        return sse_begin(&f->sse) ? FOLLOW_ON : FOLLOW_GONE;
    if (is_settled(f) || (r == JV_OK && is_all(f)))
        return FOLLOW_ENDED;
    if (r == JV_OK) /* it ended too early */
        r = jv_err_set(err, JV_UNAVAILABLE, "the task's stream broke off");
    if (!may_go_on(f, r))
        return FOLLOW_FAILED;
    if (was_alive(f))
        f->lost_ms = 0;
    return go_on(f, err);
}

/* Headers go out with the first event: what fails before is an ordinary error. */
static void finish(struct follow *f, enum follow_step t, const struct jv_err *err)
{
    if (!f->rq->status && t == FOLLOW_FAILED) {
        reply_error(f->rq, err);
        return;
    }
    if (!f->rq->status && t == FOLLOW_ENDED)
        t = sse_begin(&f->sse) ? FOLLOW_ENDED : FOLLOW_GONE;
    if (t == FOLLOW_FAILED)
        f->write_error(f, err);
    sse_end(&f->sse, t == FOLLOW_GONE);
}

void follow_task(struct follow *f)
{
    struct jv_err err = { 0 };
    enum follow_step t = FOLLOW_ON;

    if (!sse_enter(&f->sse, f->rq, f->limit_ms))
        return;
    f->pause_ms = FIRST_PAUSE_MS;
    if (first_hop(f, &err))
        t = FOLLOW_FAILED;
    while (t == FOLLOW_ON)
        t = step(f, &err);
    if (f->ended && t != FOLLOW_GONE)
        t = f->ended(f, t, &err);
    finish(f, t, &err);
    jv_client_close(f->stream);
    sse_leave(&f->sse);
}
