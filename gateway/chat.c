/* chat.c -- the answer to a person: as one reply, or as server-sent events while it is made.
 *
 * A stream ends with `done`, an error, or as sse.c says; the turn itself goes on and is stored, so
 * that GET /api/chat/{message_id}/events picks up after the last id seen. */
#include "gw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <orchestrator.pb-c.h>

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

static bool write_event(struct sse *sse, const Orchestrator__ChatEvent *e)
{
    const char *name;
    const ProtobufCMessage *m = event_of(e, &name);
    size_t len;
    char *json;

    if (!m)
        return true; /* of a newer orchestrator */
    json = jv_msg_to_json(m, JV_JSON_SNAKE | JV_JSON_DEFAULTS, sse->rq->a, &len);
    return sse_write(sse, e->seq, name, json, len);
}

static void write_error(struct sse *sse, const struct jv_err *err)
{
    char *json = problem_json(sse->rq->a, jv_code_http(err->code), err->code, err->field, err->text,
                              sse->rq->trace_id);

    sse_write(sse, 0, "error", json, strlen(json));
}

/* Headers go out with the first event: a call that fails at once is an ordinary HTTP error. */
static void pump(struct sse *sse, struct jv_stream *s)
{
    struct request *rq = sse->rq;
    struct jv_err err = { 0 };
    int r;

    for (;;) {
        Orchestrator__ChatEvent *e = NULL;

        jv_arena_reset(rq->a);
        r = sse_next(sse, s, sse->until_ms, &e, &err);
        if (r != JV_OK && !rq->status && r != JV_CANCELLED) {
            reply_error(rq, &err);
            return;
        }
        if (r != JV_OK || (!rq->status && !sse_begin(sse)) || !e || !write_event(sse, e))
            break;
    }
    if (r != JV_OK && r != JV_CANCELLED)
        write_error(sse, &err);
    sse_end(sse, r == JV_CANCELLED);
}

static void stream(struct request *rq, const ProtobufCMessage *msg)
{
    struct jv_call_options o = call_options(rq);
    struct jv_stream *s = NULL;
    struct jv_err err = { 0 };
    struct sse sse;

    if (!sse_enter(&sse, rq, rq->gw->set.chat_ms))
        return;
    if (jv_client_open(rq->gw->client, rq->route->service, NULL, rq->route->rpc, msg, &o, &s, &err))
        reply_error(rq, &err);
    else
        pump(&sse, s);
    jv_client_close(s);
    sse_leave(&sse);
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
