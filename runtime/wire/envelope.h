/* envelope.h -- what travels beside a message: NATS headers <-> a struct, errors <-> Status. */
#ifndef JV_ENVELOPE_H
#define JV_ENVELOPE_H

#include "jv/base.h"

struct Rpc__Status;

/* Header names, exact case. */
#define JV_H_AUTHORIZATION  "Authorization"   /* "Bearer <jwt>" */
#define JV_H_TRACEPARENT    "traceparent"     /* W3C */
#define JV_H_DEADLINE       "Jarvis-Deadline" /* unix ms, the real clock */
#define JV_H_CONTENT_TYPE   "Content-Type"    /* application/protobuf, application/json */
#define JV_H_A2A_VERSION    "A2A-Version"
#define JV_H_A2A_EXTENSIONS "A2A-Extensions"
#define JV_H_LAST_EVENT_ID  "Last-Event-ID"      /* of a stream: go on after this part */
#define JV_H_EVENT_ID       "Event-ID"           /* of a part: its number */
#define JV_H_ALIVE          "Jarvis-Alive"       /* an empty part: nothing to say, still here */
#define JV_H_PARENT_TASK    "Jarvis-Parent-Task" /* <agent>/<task id>: whom a message is sent for */
#define JV_H_MSG_ID         "Nats-Msg-Id"
#define JV_H_ERROR          "Nats-Service-Error"      /* the sentence */
#define JV_H_ERROR_CODE     "Nats-Service-Error-Code" /* HTTP-like number */

struct jv_envelope {
    char trace_id[33], span_id[17], parent_id[17]; /* lower-case hex; parent "" at the root */
    bool sampled;
    int64_t deadline_ms; /* unix ms; 0: none */
    bool json;           /* the body is JSON and so will be the answer */
    const char *token;   /* borrowed from the header; NULL when there is none */
    const char *a2a_version, *a2a_extensions, *msg_id, *parent_task; /* NULL when absent */
    int64_t last_event_id;                                           /* 0: none */
};

/* get(arg, name) gives a header or NULL. A bad traceparent starts a new trace; a bad deadline or
 * Authorization is INVALID_ARGUMENT / UNAUTHENTICATED. `first` is the body's first byte or 0:
 * '{' is JSON where Content-Type does not say. */
JV_CHECKED int jv_envelope_read(struct jv_envelope *e,
                                const char *(*get)(void *arg, const char *name), void *arg,
                                int first, struct jv_err *err);
/* A new root, or a child span of `parent`. */
void jv_trace_root(struct jv_envelope *e);
void jv_trace_child(struct jv_envelope *e, const struct jv_envelope *parent);
/* "00-<trace>-<span>-01" in out[56]. */
void jv_trace_print(const struct jv_envelope *e, char out[56]);

/* An error as the body of a reply: google.rpc.Status with ErrorInfo (reason = code name or what
 * jv_err says, domain "jarvis", or "a2a-protocol.org" for A2A's own) and BadRequest when a member
 * is named. INTERNAL, UNKNOWN and DATA_LOSS are replaced by "internal error (trace ...)". */
void *jv_err_to_status(const struct jv_err *err, const char *trace_id, struct jv_arena *a);
/* And back, from a reply's headers and body (protobuf or JSON). Tolerates anything. */
void jv_err_from_status(struct jv_err *err, const char *code_header, const char *text_header,
                        const void *body, size_t len);
/* gRPC code from an HTTP-like number. */
int jv_code_from_http(int http);

#endif
