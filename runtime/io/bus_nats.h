/* bus_nats.h -- inside bus_nats*.c, the only files that know cnats. */
#ifndef JV_BUS_NATS_H
#define JV_BUS_NATS_H

#include <nats/nats.h>

#include "io/bus_impl.h"
#include "io/bus_link.h"

/* cnats 3.4.1 takes a signature that begins with a zero byte for none, so the server refuses one
 * sign-in in 256, whatever the credentials. The next one signs something else. */
enum { JV_NATS_SIGN_INS = 4 };

struct jv_bus_sub {
    struct nats_bus *bus;
    char *subject, *queue;
    jv_bus_fn fn;
    void *arg;
    natsSubscription *raw; /* NULL: to be made when there is a connection again */
    bool reply, direct, gone, draining, ended;
    void (*done)(void *);
    void *done_arg;
    struct jv_bus_sub *next;
};

struct parcel { /* a reply on its way to the loop, or a publish on its way to the server */
    natsMsg *msg;
    struct jv_bus_sub *sub;
    size_t size;
    struct parcel *next;
};

struct parcels {
    struct parcel *first, **end;
    size_t size;
};

struct nats_bus {
    struct jv_bus base;
    struct jv_loop *loop;
    char *url, *creds, *ca, *name;
    void (*on_state)(void *arg, bool connected, const char *why);
    void *arg;
    struct jv_bus_sub *subs;
    struct jv_loop_timer drain_poll;
    bool polling, reported, unopened, tls;

    pthread_rwlock_t swap; /* of nc: publishers read it on their threads */
    natsConnection *nc;
    atomic_bool up, parked, clogged;
    atomic_uint published;

    struct jv_mailbox box;           /* its lock guards all below */
    struct hooks *hooks;             /* bus_nats_conn.c */
    struct parcels replies, waiting; /* for the loop; for the server to come back */
    natsConnection *fresh;           /* from the reviver */
    pthread_t reviver;
    bool reviving, closing;
    uint64_t drops, drops_reported;
    size_t open;       /* connections whose closing has not been reported yet */
    size_t delivering; /* reply subscriptions that cnats may still call */
    char why[160];
};

static inline void jv_nats_lock(struct nats_bus *b)
{
    pthread_mutex_lock(&b->box.lock);
}

static inline void jv_nats_unlock(struct nats_bus *b)
{
    pthread_mutex_unlock(&b->box.lock);
}

/* natsMsg_Destroy hands every message to a thread of cnats and wakes it: two switches a message.
 * So they are destroyed by the batch; flush at the end. Any thread. */
void jv_nats_dispose(natsMsg *msg);
void jv_nats_dispose_flush(void);

void jv_nats_open(void); /* before anything else of cnats */

void *jv_nats_make(size_t size);
char *jv_nats_copy(const char *s);
void jv_nats_parcels_add(struct parcels *l, struct parcel *p);
struct parcel *jv_nats_parcels_take(struct parcels *l);
void jv_nats_parcel_free(struct parcel *p);

/* ---- bus_nats_sub.c ---------------------------------------------------------------------- */
struct jv_bus_sub *jv_nats_subscribe(struct jv_bus *bus, const char *subject, const char *queue,
                                     jv_bus_fn fn, void *arg, bool direct);
void jv_nats_unsubscribe(struct jv_bus *bus, struct jv_bus_sub *s);
void jv_nats_drain(struct jv_bus *bus, struct jv_bus_sub *s, void (*done)(void *), void *arg);
void jv_nats_drain_poll(struct jv_loop_timer *t);
/* Make the subscriptions that wait for the server / all of them anew on b->nc. */
void jv_nats_open_missing(struct nats_bus *b);
void jv_nats_resubscribe(struct nats_bus *b);
void jv_nats_sub_close(struct jv_bus_sub *s);
/* Hand over what ordinary subscriptions have got / replies that came through the mailbox. */
void jv_nats_empty(struct nats_bus *b);
void jv_nats_hand_replies(struct parcel *p);

/* ---- bus_nats_stream.c ------------------------------------------------------------------- */
int jv_nats_stream(struct jv_bus *bus, const char *name, const char *const *subjects,
                   const struct jv_stream_limits *limits, struct jv_err *err);

/* ---- bus_nats_conn.c --------------------------------------------------------------------- */
/* Options of any connection; those of the bus's own add the loop. */
natsOptions *jv_nats_options(const struct nats_bus *b);
/* Is the CA, if any, one that OpenSSL can read? */
int jv_nats_check_ca(const struct nats_bus *b, struct jv_err *err);
/* Why there is no connection, as err. */
void jv_nats_say_failed(const struct nats_bus *b, natsStatus st, struct jv_err *err);
natsStatus jv_nats_connect_first(struct nats_bus *b, int wait_ms, natsConnection **ret);
/* Take a new connection into use, on the loop. */
void jv_nats_adopt(struct nats_bus *b, natsConnection *nc);
void jv_nats_hooks_free(struct nats_bus *b);

#endif
