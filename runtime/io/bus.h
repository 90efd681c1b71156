/* bus.h -- the transport: publish and subscribe, in a handful of functions.
 *
 * bus_nats.c speaks NATS on the loop's own thread (cnats' event-loop hooks; no thread per
 * subscription); bus_mem.c does the same in memory for worlds. Callbacks run on the loop, never
 * inside the call that caused them.
 *
 * Publishing never blocks. While the server is away a question (its reply subject is under the own
 * inbox) fails at once with JV_UNAVAILABLE, because an answer after its deadline is worth nothing;
 * whatever else is published is kept, up to 1 MiB, and sent when the server is back. Questions that
 * were under way when the server went are lost: on_state is the place to fail them.
 * The same server, or another at the same address, is looked for without end. */
#ifndef JV_BUS_H
#define JV_BUS_H

#include "sched/loop.h"

struct jv_header {
    const char *name, *value;
};

struct jv_bus_msg {
    const char *subject;
    const char *reply; /* NULL when no answer is wanted */
    const void *data;
    size_t len;
    int status;           /* 503: nobody is there (no responders); else 0 */
    const void *foreign_; /* the back end's */
};

/* A header's value, exact case; NULL when it is not there. Lives as long as the message. */
const char *jv_bus_header(const struct jv_bus_msg *m, const char *name);

/* The message is valid until the callback returns; jv_bus_keep() takes it over instead, to be
 * given back with jv_bus_release(). */
typedef void (*jv_bus_fn)(void *arg, struct jv_bus_msg *m);
struct jv_bus_msg *jv_bus_keep(struct jv_bus_msg *m);
void jv_bus_release(struct jv_bus_msg *m);

struct jv_bus;
struct jv_bus_sub;

struct jv_bus_options {
    const char *url, *creds, *name, *ca; /* as in client.h */
    /* On the loop, when it changes (it begins connected); may be NULL. */
    void (*on_state)(void *arg, bool connected, const char *why);
    void *arg;
};

/* wait_ms bounds the first connection; refused credentials end it at once (UNAUTHENTICATED), and so
 * does a certificate that is not the right one (UNAVAILABLE). A ca that cannot be read is
 * INVALID_ARGUMENT. The name is a token. For the loop's thread, or before the loop runs; so is
 * jv_bus_free(). */
struct jv_bus *jv_bus_nats(struct jv_loop *l, const struct jv_bus_options *o, int wait_ms,
                           struct jv_err *err);

/* An in-memory broker and a connection to it: subjects, wildcards * and >, queue groups (round
 * robin), no-responders. Connections of one broker share a loop. */
struct jv_broker;
struct jv_broker *jv_broker_new(struct jv_loop *l);
struct jv_broker *jv_broker_free(struct jv_broker *b);
struct jv_bus *jv_bus_mem(struct jv_broker *b, const char *name);
/* Fault sweeps: fail the n-th publish from now (0: none); deliver what is published on subjects of
 * a pattern ms later (0: at once again) or never; pretend that the server is away. */
void jv_broker_fail_publish(struct jv_broker *b, unsigned n);
size_t jv_broker_published(const struct jv_broker *b); /* how many were tried so far */
void jv_broker_delay(struct jv_broker *b, const char *subject, uint32_t ms);
void jv_broker_drop(struct jv_broker *b, const char *subject, bool drop);
void jv_broker_away(struct jv_broker *b, bool away);

struct jv_bus *jv_bus_free(struct jv_bus *b); /* flushes what it can */

/* "_INBOX.<name>.<random>": the bus owns it; replies come to <inbox>.<whatever>. */
const char *jv_bus_inbox(const struct jv_bus *b);
bool jv_bus_connected(const struct jv_bus *b);
/* JV_OK; JV_INVALID_ARGUMENT: the subject or a header's name; JV_RESOURCE_EXHAUSTED: a body over
 * 1 MiB or what the server takes, headers over 64 KiB; JV_UNAVAILABLE. Control characters in the
 * values of headers become blanks, and blank values are left out. */
JV_CHECKED int jv_bus_publish(struct jv_bus *b, const char *subject, const char *reply,
                              const struct jv_header *headers, size_t n_headers, const void *data,
                              size_t len);
struct jv_bus_sub *jv_bus_subscribe(struct jv_bus *b, const char *subject, const char *queue,
                                    jv_bus_fn fn, void *arg);    /* NULL when refused */
void jv_bus_unsubscribe(struct jv_bus *b, struct jv_bus_sub *s); /* no callback after it */
/* Stop taking new messages, deliver what has already come, then done(arg) on the loop. */
void jv_bus_drain(struct jv_bus *b, struct jv_bus_sub *s, void (*done)(void *), void *arg);
/* From any thread; bus_nats only. */
bool jv_bus_thread_safe_publish(const struct jv_bus *b);

/* Does it have JetStream: is what a stream keeps acknowledged to the reply subject? */
bool jv_bus_has_streams(const struct jv_bus *b);
/* Is a reply that acknowledgement? It may be an error, or say that no stream is there. */
bool jv_bus_is_kept(const struct jv_bus_msg *m);
/* JetStream, blocking, for `jarvis migrate` and tests: make the stream, or give the one that is
 * there these limits. One with other subjects or storage is somebody else's (FAILED_PRECONDITION).
 * bus_nats opens a connection of its own for it, so the loop need not run. What is older or too
 * much goes, the oldest first; 0: no limit. UNAVAILABLE and RESOURCE_EXHAUSTED (fewer servers than
 * replicas) may pass: a cluster that starts says so for a while. A stream that grows is given 30 s
 * to be copied. */
struct jv_stream_limits {
    int64_t max_age_s, max_bytes;
    int32_t max_message; /* bytes; a larger one is refused */
    int replicas;        /* on so many servers of a cluster; 0: one */
};
JV_CHECKED int jv_bus_stream(struct jv_bus *b, const char *stream, const char *const *subjects,
                             const struct jv_stream_limits *limits, struct jv_err *err);

#endif
