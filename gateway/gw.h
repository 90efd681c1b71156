/* gw.h -- inside the gateway: the process, a request on its way through, and who does what to it.
 *
 * Life of a request: server.c takes it from civetweb -> guard.c believes or refuses its head ->
 * routes.c finds the row -> who.c says who is asking -> body -> call.c (or a2a_*.c, chat.c, ops.c,
 * assets.c, openapi.c) -> reply.c. Each request has an arena; whatever is made dies with it. */
#ifndef GW_H
#define GW_H

#include <pthread.h>

#include "conns.h"
#include "head.h"
#include "routes.h"
#include "actor/identity.h"
#include "jv/client.h"
#include "jv/host.h"
#include "jv/wire.h"

struct mg_connection;
struct mg_context;
struct counters;
struct bells;
struct cards;
struct jv_stream;
struct ready;
struct audit;
struct proxies;

struct gw_settings {
    const char *listen, *metrics_listen, *public_url;
    int64_t connections, request_ms, idle_ms, chat_ms, stream_ms, drain_ms;
    const char *trusted_proxies;
    bool conformance;
};

/* The one agent that a conformance gateway serves without sign-in. */
#define CONFORMANCE_AGENT "conformance"

struct gw {
    const struct jv_program *program;
    struct gw_settings set;
    struct jv_common common;
    struct jv_client *client;
    struct jv_identity *identity;
    atomic_bool keys_changed; /* auth said so: those that we have are old */
    const struct proxies *proxies;
    struct conns *conns;
    atomic_bool turns_away; /* stopping: another gateway takes what may be asked twice */
    struct mg_context *server;
    struct counters *counters;
    int metrics_port;         /* 0: none of its own */
    pthread_mutex_t fetching; /* of keys */
    struct ready *ready;
    struct audit *audit;
    struct cards *cards;
    struct bells *bells;
    pthread_mutex_t lazy; /* what is made when first asked for: */
    char *openapi;
    size_t openapi_len;
    struct jv_arena *keep;
};

/* How a request is answered, and told what is wrong with it. */
enum binding { BINDING_OWN, BINDING_A2A_REST, BINDING_A2A_RPC };

struct request {
    struct gw *gw;
    struct mg_connection *mg;
    struct conn *conn;
    struct jv_arena *a;
    struct head head;
    struct target target;
    const struct route *route;              /* NULL until one is found */
    const char *members[MAX_ROUTE_MEMBERS]; /* of the path, in the order of the route */
    struct jv_caller caller;                /* from the token */
    enum binding binding;                   /* by its path, known from the start */
    const char *rpc_id;                     /* of a JSON-RPC request, as JSON; NULL: not known */
    const char *body;
    size_t body_len;
    char trace_id[33], traceparent[56];
    struct jv_buf extra; /* more headers: "Name: value\r\n"... */
    const char *peer;    /* the address that it came from */
    const char *client;  /* whose request it is: the peer, or whom a trusted proxy names */
    int port;            /* where it came in */
    bool close;          /* after the answer */
    bool unread;         /* part of the body is still coming: read it off before closing */
    bool body_read;
    bool peer_gone;
    bool legacy; /* a 0.3 client */
    int status;  /* of the answer; 0: none yet */
    int64_t began_us;
};

/* ---- reply.c: one write per answer ---------------------------------------------------------- */
void reply(struct request *rq, int status, const char *type, const void *body, size_t len);
void reply_header(struct request *rq, const char *name, const char *value);
/* application/problem+json; returns the status. code is one of JV_CODES; field may be NULL. */
int reply_problem(struct request *rq, int status, int code, const char *field, const char *fmt, ...)
        JV_PRINTF(5, 6);
/* 502, for a proxy in front to ask another gateway: no other answer of ours has that status, so
 * that it takes none of them for it. */
void reply_elsewhere(struct request *rq);
/* A failure from the bus or of our own; its HTTP status is the code's. */
int reply_error(struct request *rq, const struct jv_err *err);
/* The same as the JSON object alone. */
char *problem_json(struct jv_arena *a, int status, int code, const char *field, const char *text,
                   const char *trace_id);
const char *http_title(int status);
/* Headers of an answer without a length; what follows goes through stream_write(). */
bool stream_begin(struct request *rq, const char *type);
bool stream_write(struct request *rq, const char *text, size_t len);
bool stream_end(struct request *rq);

/* ---- sse.c: server-sent events -------------------------------------------------------------- */
/* A stream begins and ends: it is counted, and rq->a is one event's arena in between. false when
 * it was answered otherwise: there are too many, only a HEAD is wanted, or this process stops. */
struct sse {
    struct request *rq;
    struct jv_arena *whole;
    int64_t until_ms; /* mono: it ends then */
    int64_t wrote_ms;
};
bool sse_enter(struct sse *e, struct request *rq, int64_t ms);
void sse_leave(struct sse *e);
/* The next part of a stream of the bus, waiting in short steps. JV_CANCELLED: the peer is gone.
 * DEADLINE_EXCEEDED after until_ms; UNAVAILABLE when this process is stopping; else as
 * jv_client_next(). */
JV_CHECKED int sse_next(struct sse *e, struct jv_stream *s, int64_t until_ms, void *ret,
                        struct jv_err *err);
/* Nothing to say for so long; true when the stream may go on: the peer is there, we stay. */
bool sse_pause(struct sse *e, int64_t ms);
/* This process stops, and the stream ends for it: at once what a GET resumes, other ones when
 * nothing more is accepted. */
bool sse_must_end(const struct request *rq);
/* Headers go out with the first event. id 0 and name NULL: without. */
bool sse_write(struct sse *e, int64_t id, const char *name, const char *data, size_t len);
/* Headers alone, of a stream that had no event. */
bool sse_begin(struct sse *e);
/* The answer is complete, or its peer is gone. */
void sse_end(struct sse *e, bool gone);

/* ---- server.c: civetweb --------------------------------------------------------------------- */
JV_CHECKED int server_start(struct gw *gw, struct jv_err *err);
void server_stop(struct gw *gw);
/* Where it listens: the port that the system chose when 0 was asked for. */
const char *server_address(struct gw *gw);
/* false when the peer is gone. */
bool server_write(struct request *rq, const void *p, size_t n);
/* Read the body into the request's arena, at most max bytes; false when that was answered. */
bool server_read_body(struct request *rq, size_t max);

/* ---- who.c: tokens -------------------------------------------------------------------------- */
struct jv_identity *who_new(void);
/* Fetch keys and ended sessions from auth. */
int who_refresh(struct gw *gw, struct jv_err *err);
/* Ended sessions as they are announced. */
JV_CHECKED int who_listen(struct gw *gw);
/* Fills rq->caller; false when the answer (401, 503) is given. */
bool who_is_it(struct request *rq);
/* Of a stream: does rq's token still speak for its caller? UNAUTHENTICATED when not. */
JV_CHECKED int who_still(struct request *rq, struct jv_err *err);

/* ---- audit.c: refused tokens are on record -------------------------------------------------- */
struct audit *audit_new(void);
struct audit *audit_free(struct audit *s);
void audit_refused(struct request *rq, const char *why);
/* Once a second: what could not be written down, and what had no record. */
void audit_tick(struct gw *gw);

/* ---- handlers: each gives the answer -------------------------------------------------------- */
void handle(struct request *rq); /* everything from the guard on */
void handle_call(struct request *rq);
void handle_chat(struct request *rq);
void handle_resume(struct request *rq);
void handle_notices(struct request *rq);
void handle_health(struct request *rq);
void handle_ready(struct request *rq);
void handle_metrics(struct request *rq);
void handle_openapi(struct request *rq);
void handle_asset(struct request *rq);
/* The route's request message from path, query, body and headers; NULL when answered. */
ProtobufCMessage *build_message(struct request *rq);
struct jv_call_options call_options(const struct request *rq);

/* ---- a2a*.c (a2a.h has what they share) ------------------------------------------------------ */
/* The binding of a path; conformance: the agent's interface is at the root as well. */
enum binding a2a_binding(const struct head *h, bool conformance);
void handle_a2a(struct request *rq);     /* HTTP+JSON */
void handle_a2a_rpc(struct request *rq); /* JSON-RPC */
void handle_card(struct request *rq);
int a2a_error_http(const struct jv_err *err);
/* The error object of a JSON-RPC response, legacy: with a code of 0.3; the whole body of an
 * HTTP+JSON one. */
char *a2a_error_rpc(const struct jv_err *err, bool legacy, const char *trace_id,
                    struct jv_arena *a);
char *a2a_error_rest(const struct jv_err *err, int http, const char *trace_id, struct jv_arena *a);
/* An error in the binding that the request came by; http is its status where HTTP tells it. */
void a2a_reply_error(struct request *rq, int http, const struct jv_err *err);
struct cards *cards_new(void);
struct cards *cards_free(struct cards *c);

/* ---- notices.c: streams of what people should know ------------------------------------------- */
struct bells *bells_new(void);
struct bells *bells_free(struct bells *b);
/* Who has something new, as it is announced. */
JV_CHECKED int notices_listen(struct gw *gw);

/* ---- ops.c ---------------------------------------------------------------------------------- */
struct ready *ready_new(void);
struct ready *ready_free(struct ready *r);

/* ---- openapi.c ------------------------------------------------------------------------------ */
char *openapi_text(const char *version, struct jv_arena *a, size_t *ret_len);

/* ---- counters.c ----------------------------------------------------------------------------- */
struct counters *counters_new(void);
struct counters *counters_free(struct counters *c);
void count_request(struct counters *c, const struct route *route, int status, int64_t us);
/* A stream begins: false when there are max already. */
bool count_stream(struct counters *c, size_t max);
void uncount_stream(struct counters *c);
void counters_print(struct gw *gw, struct jv_buf *b);

#endif
