/* client.h -- blocking, thread-safe calls onto the bus: for the gateway, the command line, tests.
 *
 * One connection and one loop thread, shared by any number of calling threads. Every call may
 * wait until its deadline. Nothing here runs inside a fiber. */
#ifndef JV_CLIENT_H
#define JV_CLIENT_H

#include "jv/base.h"

struct jv_client;
struct jv_stream;

struct jv_client_options {
    const char *url;    /* nats://host:port[,...] */
    const char *creds;  /* path of a credentials file; NULL or "" for none */
    const char *prefix; /* "jarvis" */
    const char *name;   /* of the connection, as operators see it; also the inbox prefix */
    const char *ca;     /* PEM file: TLS, by a server of this CA and of the url's name; NULL or "":
                         * TLS when the server demands it, by the CAs of the system */
};

/* Connects, retrying until wait_ms; later reconnects by itself. */
struct jv_client *jv_client_new(const struct jv_client_options *o, int wait_ms, struct jv_err *err);
struct jv_client *jv_client_free(struct jv_client *c);
bool jv_client_connected(const struct jv_client *c);

struct jv_call_options {
    const char *token;       /* of the person; NULL for none */
    const char *traceparent; /* NULL: a new one */
    int timeout_ms;
    const char *a2a_version;    /* header of that name; NULL for none */
    const char *a2a_extensions; /* likewise, a comma-separated list */
    const char *message_id;     /* Nats-Msg-Id; NULL for none */
    int64_t last_event_id; /* of a stream that is gone on with: events after this one; 0: none */
};

/* jarvis.svc.<service>.<method>, or jarvis.a2a.<agent>.<method> when agent is not NULL. req and
 * *ret as in jv_call(); the reply is unpacked into the arena. */
JV_CHECKED int jv_client_call(struct jv_client *c, const ProtobufCServiceDescriptor *service,
                              const char *agent, const char *method, const void *req, void *ret,
                              const struct jv_call_options *o, struct jv_arena *a,
                              struct jv_err *err);

/* An rpc that returns a stream. next: JV_OK with *ret set; JV_OK with *ret NULL at the end; else
 * the stream failed. timeout_ms is for this one part. A callee that is silent for 5 s, without as
 * much as a sign of life, is gone: UNAVAILABLE. Close is always needed; closing early tells
 * nobody (the callee notices by its deadline). */
JV_CHECKED int jv_client_open(struct jv_client *c, const ProtobufCServiceDescriptor *service,
                              const char *agent, const char *method, const void *req,
                              const struct jv_call_options *o, struct jv_stream **ret,
                              struct jv_err *err);
JV_CHECKED int jv_client_next(struct jv_stream *s, int timeout_ms, void *ret, struct jv_arena *a,
                              struct jv_err *err);
/* The number of the part that came last, where its stream numbers them (tasks' events do, by what
 * the person may give back as Last-Event-ID); 0: it has none. */
int64_t jv_client_event_id(const struct jv_stream *s);
struct jv_stream *jv_client_close(struct jv_stream *s);

/* Publish on a subject (without the prefix) that a stream of JetStream keeps, and wait until it is
 * written down. The same id twice within two minutes is kept once. */
JV_CHECKED int jv_client_keep(struct jv_client *c, const char *subject, const char *id,
                              const void *data, size_t len, int timeout_ms);

/* Listen: fn runs on the loop thread, must not block; no way to stop but freeing the client. */
JV_CHECKED int jv_client_listen(struct jv_client *c, const char *subject, /* without the prefix */
                                void (*fn)(void *arg, const char *subject, const void *data,
                                           size_t len),
                                void *arg);

#endif
