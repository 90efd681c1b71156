/* bus_look.h -- a look at the bus from outside, for `jarvis doctor`: blocking, each within its
 * time, and without a trace: what is published goes to subjects that nobody listens to. */
#ifndef JV_BUS_LOOK_H
#define JV_BUS_LOOK_H

#include "io/bus.h"

/* ---- before anybody signs in: what a server says of itself, in plain, to whoever connects -----
 */

struct jv_bus_server {
    char address[300]; /* host:port */
    char version[32];
    int major, minor;
    bool jetstream, tls, loopback;
    struct jv_err err; /* it could not be asked */
};

/* Each server of a NATS_URL, at most `most`; wait_ms for each. */
size_t jv_bus_servers(const char *urls, int wait_ms, struct jv_bus_server *ret, size_t most);

/* ---- signed in ------------------------------------------------------------------------------- */

struct jv_bus_look;

/* UNAUTHENTICATED: refused. */
struct jv_bus_look *jv_bus_look_new(const struct jv_bus_options *o, struct jv_err *err);
struct jv_bus_look *jv_bus_look_free(struct jv_bus_look *l); /* NULL is fine; returns NULL */

/* May it? PERMISSION_DENIED when the server says no. A subscription ends at once; what is published
 * is empty. */
JV_CHECKED int jv_bus_look_publish(struct jv_bus_look *l, const char *subject, struct jv_err *err);
JV_CHECKED int jv_bus_look_subscribe(struct jv_bus_look *l, const char *subject,
                                     struct jv_err *err);

struct jv_bus_stream {
    int64_t max_age_s, max_bytes, bytes, messages; /* limits: 0 for none */
    int32_t max_message;
    int replicas, behind; /* behind: how many of them are offline or not up to date */
    bool led;             /* somebody leads it; true where there is no cluster */
    int64_t ahead_ms;     /* the server's clock before ours; 0 when it does not say */
    bool has_clock;       /* it does: 2.10 and later */
};
/* NOT_FOUND: there is no such stream. */
JV_CHECKED int jv_bus_look_stream(struct jv_bus_look *l, const char *name,
                                  struct jv_bus_stream *ret, struct jv_err *err);
/* Bytes of disk that JetStream uses for us, and may use (-1: what the server has). */
JV_CHECKED int jv_bus_look_store(struct jv_bus_look *l, int64_t *ret_used, int64_t *ret_most,
                                 struct jv_err *err);

/* ---- a credentials file ---------------------------------------------------------------------- */

struct jv_bus_creds {
    const char *name;
    const char *const *publish, *const *subscribe; /* allowed; NULL-terminated */
    bool denies_publish, denies_subscribe;         /* a list of what is denied is there */
};
/* What its claims say; the server takes them at their word when they are signed rightly, which is
 * not looked at here. */
JV_CHECKED int jv_bus_creds_read(const char *path, struct jv_arena *a, struct jv_bus_creds *ret,
                                 struct jv_err *err);

#endif
