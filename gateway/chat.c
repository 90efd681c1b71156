/* chat.c -- the answer to a person: as one reply, or as server-sent events while it is made.
 *
 * A stream stays on its thread (ADR 0013). What ends it: `done`, an error, the peer going away, the
 * time a chat may take, or this process stopping; the turn itself goes on and is stored, so that
 * GET /api/chat/{message_id}/events picks up after the last id seen. */
#include "gw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <orchestrator.pb-c.h>

enum {
    STEP_MS = 1000,       /* how often a silent stream looks whether its peer is still there */
    HEARTBEAT_MS = 15000, /* a comment, so that no proxy takes silence for death */
    RETRY_MS = 2000,
    STEP_LIMIT = 64 << 20,
};

/* Events by the name they have on the wire. */
static const ProtobufCMessage *event_of(const Orchestrator__ChatEvent *e, const char **ret_name)
{
    static const struct {
        Orchestrator__ChatEvent__EventCase which;
        const char *name;
    } names[] = {
        { ORCHESTRATOR__CHAT_EVENT__EVENT_PLAN, "plan" },
        { ORCHESTRATOR__CHAT_EVENT__EVENT_AGENT, "agent" },
        { ORCHESTRATOR__CHAT_EVENT__EVENT_DELTA, "delta" },
        { ORCHESTRATOR__CHAT_EVENT__EVENT_ARTIFACT, "artifact" },
        { ORCHESTRATOR__CHAT_EVENT__EVENT_DONE, "done" },
    };

    for (size_t i = 0; i < JV_COUNT(names); i++)
        if (e->event_case == names[i].which) {
            *ret_name = names[i].name;
            return (const ProtobufCMessage *)e->plan; /* all members of the oneof are messages */
        }
    return NULL;
}

static bool write_event(struct request *rq, const Orchestrator__ChatEvent *e)
{
    struct jv_buf b = jv_buf_new(rq->a);
    const char *name;
    const ProtobufCMessage *m = event_of(e, &name);
    size_t len;
    char *json;

    if (!m)
        return true; /* of a newer orchestrator */
    json = jv_msg_to_json(m, JV_JSON_SNAKE | JV_JSON_DEFAULTS, rq->a, &len);
    jv_buf_printf(&b, "id: %d\nevent: %s\ndata: ", e->seq, name);
    jv_buf_add(&b, json, len); /* one line: JSON has no raw line ends */
    jv_buf_str(&b, "\n\n");
    return stream_write(rq, b.data, b.len);
}

static void write_error(struct request *rq, const struct jv_err *err)
{
    struct jv_buf b = jv_buf_new(rq->a);

    jv_buf_printf(&b, "event: error\ndata: %s\n\n",
                  problem_json(rq->a, jv_code_http(err->code), err->code, err->field, err->text,
                               rq->trace_id));
    stream_write(rq, b.data, b.len);
}

/* The next event, in short steps; false with err->code OK when the peer is gone. */
static int next_event(struct request *rq, struct jv_stream *s, int64_t until,
                      Orchestrator__ChatEvent **ret, struct jv_err *err)
{
    int64_t quiet_since = gw_mono_ms();

    for (;;) {
        int64_t now = gw_mono_ms(), left = until - now, step = left < STEP_MS ? left : STEP_MS;
        int r;

        if (left <= 0)
            return jv_err_set(err, JV_DEADLINE_EXCEEDED, "the answer took too long");
        r = jv_client_next(s, (int)step, ret, rq->a, err);
        if (r != JV_DEADLINE_EXCEEDED || gw_mono_ms() - now < step - 5)
            return r; /* an early one is the callee's, not ours */
        if (conn_gone(rq->conn))
            return JV_CANCELLED;
        if (conns_draining(rq->gw->conns))
            return jv_err_set(err, JV_UNAVAILABLE, "this server is stopping; resume the stream");
        if (rq->status && gw_mono_ms() - quiet_since >= HEARTBEAT_MS) {
            quiet_since = gw_mono_ms();
            if (!stream_write(rq, ": \n\n", 4))
                return JV_CANCELLED;
        }
    }
}

static bool begin_events(struct request *rq)
{
    char retry[32];

    if (!stream_begin(rq, "text/event-stream"))
        return false;
    snprintf(retry, sizeof(retry), "retry: %d\n\n", RETRY_MS);
    return stream_write(rq, retry, strlen(retry));
}

/* Headers go out with the first event: a call that fails at once is an ordinary HTTP error. */
static void pump(struct request *rq, struct jv_stream *s)
{
    int64_t until = gw_mono_ms() + rq->gw->set.chat_ms;
    struct jv_err err = { 0 };
    int r;

    for (;;) {
        Orchestrator__ChatEvent *e = NULL;

        jv_arena_reset(rq->a);
        r = next_event(rq, s, until, &e, &err);
        if (r != JV_OK && !rq->status && r != JV_CANCELLED) {
            reply_error(rq, &err);
            return;
        }
        if (r != JV_OK || (!rq->status && !begin_events(rq)) || !e || !write_event(rq, e))
            break;
    }
    if (r != JV_OK && r != JV_CANCELLED)
        write_error(rq, &err);
    if (r == JV_CANCELLED || !stream_end(rq))
        rq->close = rq->peer_gone = true;
}

static void stream(struct request *rq, const ProtobufCMessage *msg)
{
    struct jv_call_options o = call_options(rq);
    struct jv_arena *whole = rq->a;
    struct jv_stream *s = NULL;
    struct jv_err err = { 0 };

    if (!count_stream(rq->gw->counters, conns_cap(rq->gw->conns) / 2)) {
        reply_problem(rq, 503, JV_UNAVAILABLE, NULL, "too many open streams; ask without one");
        return;
    }
    rq->a = jv_arena_new(STEP_LIMIT); /* for one event at a time: a stream may be long */
    if (jv_client_open(rq->gw->client, rq->route->service, NULL, rq->route->rpc, msg, &o, &s, &err))
        reply_error(rq, &err);
    else
        pump(rq, s);
    jv_client_close(s);
    jv_arena_free(rq->a);
    rq->a = whole;
    uncount_stream(rq->gw->counters);
}

void handle_chat(struct request *rq)
{
    ProtobufCMessage *msg = build_message(rq), *ret = NULL;
    struct jv_call_options o = call_options(rq);
    struct jv_err err = { 0 };
    size_t len;
    char *json;

    if (!msg)
        return;
    if (head_has(&rq->head, "Accept", "text/event-stream")) {
        stream(rq, msg);
        return;
    }
    if (jv_client_call(rq->gw->client, rq->route->service, NULL, "Ask", msg, &ret, &o, rq->a,
                       &err)) {
        reply_error(rq, &err);
        return;
    }
    json = jv_msg_to_json(ret, JV_JSON_SNAKE | JV_JSON_DEFAULTS, rq->a, &len);
    reply(rq, 200, "application/json", json, len);
}

/* Last-Event-ID says which events are known. */
static bool set_after(struct request *rq, Orchestrator__ResumeRequest *req)
{
    const char *id = head_get(&rq->head, "Last-Event-ID");
    size_t len = id ? strlen(id) : 0;

    if (!id)
        return true;
    if (len == 0 || len > 9 || strspn(id, "0123456789") != len) {
        reply_problem(rq, 400, JV_INVALID_ARGUMENT, "Last-Event-ID", "is not the id of an event");
        return false;
    }
    req->after = (int32_t)strtol(id, NULL, 10);
    return true;
}

void handle_resume(struct request *rq)
{
    ProtobufCMessage *msg = build_message(rq);

    if (msg && set_after(rq, (Orchestrator__ResumeRequest *)msg))
        stream(rq, msg);
}
