/* chat.c -- the answer to a person: as one reply, or as server-sent events while it is made.
 *
 * A chat is a message to the agent Jarvis, and its answer a task that goes on by itself, whoever
 * listens. What the task tells comes out as a person's page knows it: plan, agent, delta, artifact,
 * done, error. An event's id is its number in the task. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <orchestrator.pb-c.h>

#include "follow.h"

#define JARVIS_AGENT "jarvis"
#define REPLY_TYPE   "application/vnd.jarvis.reply+json"

enum { FIRST_EVENT = 1 }; /* the question itself, which nobody is told */

/* ---- what goes wrong ------------------------------------------------------------------------- */

/* A failure that names a member of the A2A message, as one of the request. */
static struct jv_err as_own(const struct jv_err *err)
{
    static const struct {
        const char *from, *to;
        int code; /* 0: as it is */
        const char *text;
        int only; /* of that code; 0: of any */
    } rows[] = {
        { "message.parts", "message", 0, NULL },
        { "message.contextId", "session_id", JV_NOT_FOUND, "session not found" },
        { "message.messageId", "Idempotency-Key", 0, "Idempotency-Key was used for another message",
          JV_ALREADY_EXISTS },
        { "message.messageId", "Idempotency-Key", 0,
          "Idempotency-Key was used when your rights were others: its answer is not repeated; send "
          "the message with a new key",
          JV_FAILED_PRECONDITION },
        { "message.messageId", "Idempotency-Key", 0, NULL },
        { "id", "message_id", 0, NULL },
    };
    struct jv_err own = *err;

    for (size_t i = 0; i < JV_COUNT(rows); i++) {
        size_t n = strlen(rows[i].from);

        if (strcmp(err->field, rows[i].from) != 0 || (rows[i].only && rows[i].only != err->code))
            continue;
        jv_err_field(&own, rows[i].code ? rows[i].code : err->code, rows[i].to, "%s%s",
                     rows[i].text ? rows[i].text : rows[i].to,
                     rows[i].text                               ? ""
                     : strncmp(err->text, rows[i].from, n) == 0 ? err->text + n
                                                                : " is not right");
        break;
    }
    if (strcmp(own.reason, "TASK_NOT_FOUND") == 0)
        jv_err_set(&own, JV_NOT_FOUND, "message not found");
    return own;
}

static int code_named(const char *name)
{
    for (int code = JV_CANCELLED; code <= JV_UNAUTHENTICATED; code++)
        if (name && strcmp(jv_code_name(code), name) == 0)
            return code;
    return JV_UNKNOWN;
}

static const char *text_of(const A2a__Message *m)
{
    for (size_t i = 0; m && i < m->n_parts; i++)
        if (m->parts[i]->content_case == A2A__PART__CONTENT_TEXT)
            return m->parts[i]->text;
    return "";
}

static bool is_over(const A2a__TaskStatus *s)
{
    return s->state != A2A__TASK_STATE__TASK_STATE_SUBMITTED &&
           s->state != A2A__TASK_STATE__TASK_STATE_WORKING;
}

/* Why there is no answer: what the task said of itself when it ended without one. */
static void why_not(const A2a__TaskStatus *s, struct jv_err *err)
{
    const Google__Protobuf__Struct *why = s->message ? s->message->metadata : NULL;
    const char *field = why ? jv_struct_text(why, "field") : NULL;
    struct jv_err e = { 0 };

    if (!is_over(s))
        jv_err_set(&e, JV_DEADLINE_EXCEEDED, "the answer took too long; it goes on, ask again");
    else if (s->state == A2A__TASK_STATE__TASK_STATE_CANCELED)
        jv_err_set(&e, JV_CANCELLED, "the answer was cancelled");
    else if (!why)
        jv_err_set(&e, JV_UNKNOWN, "there is no answer");
    else
        jv_err_field(&e, code_named(jv_struct_text(why, "code")), field ? field : "", "%s",
                     text_of(s->message));
    *err = as_own(&e);
}

/* ---- what an answer holds -------------------------------------------------------------------- */

static const A2a__Part *data_part(const A2a__Message *m)
{
    for (size_t i = 0; m && i < m->n_parts; i++)
        if (m->parts[i]->content_case == A2A__PART__CONTENT_DATA && m->parts[i]->data)
            return m->parts[i];
    return NULL;
}

/* Data as the JSON of its type: all members are there. NULL: it is none. */
static const char *as_json(struct jv_arena *a, const ProtobufCMessageDescriptor *type,
                           const A2a__Part *p)
{
    const Google__Protobuf__Value *v = p ? p->data : NULL;
    ProtobufCMessage *m = NULL;
    struct jv_err err;
    size_t len;

    if (v && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE)
        m = jv_struct_to_msg(type, v->struct_value, JV_JSON_SNAKE, a, &err);
    return m ? jv_msg_to_json(m, JV_JSON_SNAKE | JV_JSON_DEFAULTS, a, &len) : NULL;
}

static const char *reply_json(struct jv_arena *a, const A2a__Message *m)
{
    const A2a__Part *p = data_part(m);

    if (!p || strcmp(p->media_type, REPLY_TYPE) != 0)
        return NULL;
    return as_json(a, &orchestrator__chat_reply__descriptor, p);
}

/* ---- the request ----------------------------------------------------------------------------- */

static const A2a__SendMessageRequest *to_agent(struct request *rq,
                                               const Orchestrator__ChatRequest *chat)
{
    A2a__SendMessageRequest *req = jv_msg_new(&a2a__send_message_request__descriptor, rq->a);
    A2a__Message *m = jv_msg_new(&a2a__message__descriptor, rq->a);
    A2a__Part *part = jv_msg_new(&a2a__part__descriptor, rq->a);
    char id[37];

    jv_uuid(id);
    m->message_id = chat->idempotency_key[0] ? chat->idempotency_key : jv_arena_strdup(rq->a, id);
    m->role = A2A__ROLE__ROLE_USER;
    m->context_id = chat->session_id;
    part->content_case = A2A__PART__CONTENT_TEXT;
    part->text = chat->message;
    m->n_parts = 1;
    m->parts = JV_NEW(rq->a, A2a__Part *);
    m->parts[0] = part;
    req->message = m;
    req->configuration = jv_msg_new(&a2a__send_message_configuration__descriptor, rq->a);
    req->configuration->_history_length_case =
            A2A__SEND_MESSAGE_CONFIGURATION___HISTORY_LENGTH_HISTORY_LENGTH;
    return req;
}

/* ---- as one reply ---------------------------------------------------------------------------- */

static void answer(struct request *rq, const A2a__SendMessageRequest *req)
{
    struct jv_call_options o = call_options(rq);
    A2a__SendMessageResponse *res;
    struct jv_err err = { 0 };
    const A2a__TaskStatus *s = NULL;
    const char *json;

    if (jv_client_call(rq->gw->client, &a2a__a2_aservice__descriptor, JARVIS_AGENT, "SendMessage",
                       req, &res, &o, rq->a, &err)) {
        err = as_own(&err);
        reply_error(rq, &err);
        return;
    }
    if (res->payload_case == A2A__SEND_MESSAGE_RESPONSE__PAYLOAD_TASK)
        s = res->task->status;
    json = reply_json(rq->a, s ? s->message : res->message);
    if (json) {
        reply(rq, 200, "application/json", json, strlen(json));
        return;
    }
    if (s)
        why_not(s, &err);
    else
        jv_err_set(&err, JV_UNKNOWN, "there is no answer");
    reply_error(rq, &err);
}

/* ---- as events ------------------------------------------------------------------------------- */

struct chat {
    int64_t known; /* events up to this one the client has */
    bool done;
};

static enum follow_step tell(struct follow *f, int64_t id, const char *name, const char *json)
{
    const struct chat *c = f->arg;

    if (!json || id <= c->known)
        return FOLLOW_ON;
    return sse_write(&f->sse, id, name, json, strlen(json)) ? FOLLOW_ON : FOLLOW_GONE;
}

/* A task that ends without an answer is a failure, and what the client knows of does not matter. */
static enum follow_step tell_end(struct follow *f, int64_t id, const A2a__TaskStatus *s,
                                 struct jv_err *err)
{
    const char *json = reply_json(f->rq->a, s->message);
    struct chat *c = f->arg;
    enum follow_step step;

    if (!json) {
        why_not(s, err);
        return FOLLOW_FAILED;
    }
    step = tell(f, id, "done", json);
    c->done = step == FOLLOW_ON;
    return step == FOLLOW_ON ? FOLLOW_ENDED : step;
}

static enum follow_step tell_status(struct follow *f, int64_t id, const A2a__TaskStatus *s,
                                    struct jv_err *err)
{
    static const struct {
        const char *type, *name;
        const ProtobufCMessageDescriptor *shape;
    } kinds[] = {
        { "application/vnd.jarvis.plan+json", "plan", &orchestrator__plan_event__descriptor },
        { "application/vnd.jarvis.agent+json", "agent", &orchestrator__agent_event__descriptor },
    };
    const A2a__Part *p = data_part(s->message);

    if (is_over(s))
        return tell_end(f, id, s, err);
    for (size_t i = 0; p && i < JV_COUNT(kinds); i++)
        if (strcmp(p->media_type, kinds[i].type) == 0)
            return tell(f, id, kinds[i].name, as_json(f->rq->a, kinds[i].shape, p));
    return FOLLOW_ON; /* it is at work again */
}

static const char *delta_json(struct jv_arena *a, const A2a__Part *p)
{
    Orchestrator__DeltaEvent e = ORCHESTRATOR__DELTA_EVENT__INIT;
    size_t len;

    e.text = p->text;
    return jv_msg_to_json(&e.base, JV_JSON_SNAKE | JV_JSON_DEFAULTS, a, &len);
}

static const char *artifact_json(struct jv_arena *a, const A2a__Artifact *f, const A2a__Part *p)
{
    Orchestrator__ArtifactEvent e = ORCHESTRATOR__ARTIFACT_EVENT__INIT;
    const char *agent = f->metadata ? jv_struct_text(f->metadata, "agent") : NULL;
    const char *tool = f->metadata ? jv_struct_text(f->metadata, "tool") : NULL;
    size_t len;

    e.agent = agent ? agent : "";
    e.tool = tool ? tool : "";
    e.media_type = p->media_type;
    e.data = p->data;
    return jv_msg_to_json(&e.base, JV_JSON_SNAKE | JV_JSON_DEFAULTS, a, &len);
}

static enum follow_step tell_artifact(struct follow *f, int64_t id, const A2a__Artifact *artifact)
{
    const A2a__Part *p = artifact->n_parts ? artifact->parts[0] : NULL;

    if (p && p->content_case == A2A__PART__CONTENT_TEXT)
        return tell(f, id, "delta", delta_json(f->rq->a, p));
    if (p && p->content_case == A2A__PART__CONTENT_DATA)
        return tell(f, id, "artifact", artifact_json(f->rq->a, artifact, p));
    return FOLLOW_ON;
}

static enum follow_step write_event(struct follow *f, const A2a__StreamResponse *e, int64_t id,
                                    struct jv_err *err)
{
    switch (e->payload_case) {
    case A2A__STREAM_RESPONSE__PAYLOAD_STATUS_UPDATE:
        return e->status_update->status ? tell_status(f, id, e->status_update->status, err)
                                        : FOLLOW_ON;
    case A2A__STREAM_RESPONSE__PAYLOAD_ARTIFACT_UPDATE:
        return e->artifact_update->artifact ? tell_artifact(f, id, e->artifact_update->artifact)
                                            : FOLLOW_ON;
    case A2A__STREAM_RESPONSE__PAYLOAD_TASK: /* a key that was used before: all is told again */
        return id > FIRST_EVENT ? FOLLOW_FROM_START : FOLLOW_ON;
    default:
        return FOLLOW_ON;
    }
}

static void write_error(struct follow *f, const struct jv_err *err)
{
    const char *json = problem_json(f->rq->a, jv_code_http(err->code), err->code, err->field,
                                    err->text, f->rq->trace_id);

    sse_write(&f->sse, 0, "error", json, strlen(json));
}

/* What cut a stream short, before `done`; "": nothing did. */
static const char *cut_short(const struct follow *f, int *ret_code)
{
    const struct chat *c = f->arg;

    if (c->done)
        return "";
    *ret_code = JV_UNAVAILABLE;
    if (sse_must_end(f->rq))
        return "this server is stopping; resume the stream";
    *ret_code = JV_DEADLINE_EXCEEDED;
    return gw_mono_ms() >= f->sse.until_ms ? "the answer took too long" : "";
}

static enum follow_step ended(struct follow *f, enum follow_step how, struct jv_err *err)
{
    int code = 0;
    const char *why = how == FOLLOW_ENDED ? cut_short(f, &code) : "";

    if (why[0])
        jv_err_set(err, code, "%s", why);
    *err = as_own(err);
    return why[0] ? FOLLOW_FAILED : how;
}

static void stream(struct request *rq, const char *method, const void *msg, int64_t known)
{
    struct chat c = { .known = known };
    struct follow f = { .rq = rq,
                        .agent = JARVIS_AGENT,
                        .method = method,
                        .msg = msg,
                        .limit_ms = rq->gw->set.chat_ms,
                        .to_question = true,
                        .write = write_event,
                        .write_error = write_error,
                        .ended = ended,
                        .arg = &c };

    /* The last one that is known comes again: it may be the end. */
    if (strcmp(method, "SubscribeToTask") == 0)
        f.seen = known > FIRST_EVENT + 1 ? known - 1 : FIRST_EVENT;
    follow_task(&f);
}

/* ---- the handlers ---------------------------------------------------------------------------- */

void handle_chat(struct request *rq)
{
    const Orchestrator__ChatRequest *chat = (const void *)build_message(rq);
    const A2a__SendMessageRequest *req;

    if (!chat)
        return;
    req = to_agent(rq, chat);
    if (head_has(&rq->head, "Accept", "text/event-stream"))
        stream(rq, "SendStreamingMessage", req, 0);
    else
        answer(rq, req);
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
    Orchestrator__ResumeRequest *resume = (void *)build_message(rq);
    A2a__SubscribeToTaskRequest *req;

    if (!resume || !set_after(rq, resume))
        return;
    if (resume->after < 0) {
        reply_problem(rq, 422, JV_INVALID_ARGUMENT, "after", "after is negative");
        return;
    }
    req = jv_msg_new(&a2a__subscribe_to_task_request__descriptor, rq->a);
    req->id = resume->message_id;
    stream(rq, "SubscribeToTask", req, resume->after);
}
