/* conns.h -- the open connections: how many, which ones idle, until when one may take its time.
 *
 * civetweb gives each connection a thread and has no limit, no deadline for a whole request and no
 * way to let go of an idle one. Here a connection belongs to the thread that serves it; its idle
 * neighbours are closed when a new one finds the house full. How we get at the sockets: ADR 0012.
 * All functions may be called from any thread unless they say "own thread". */
#ifndef CONNS_H
#define CONNS_H

#include <stdatomic.h>

#include "jv/base.h"

struct conns;

struct conn {
    struct conns *all;
    int fd;                   /* -1 until civetweb first waits on it */
    bool over;                /* came when every other connection was busy: one 503, then closed */
    bool closing;             /* its thread is done with it: no further request is served */
    atomic_bool leaving;      /* it had to give way: what is in the socket is the last */
    bool timed_out;           /* what was being read did not come in time */
    bool rests;               /* it has waited for a while, and its thread holds no stack for it */
    int64_t until_ms;         /* reading must be over by then, monotonic; 0: no request has begun */
    struct conn *prev, *next; /* in the list of idle ones, oldest first */
    bool idle;
    int64_t idle_ms; /* since when, monotonic */
};

struct conns *conns_new(size_t cap, int64_t head_ms); /* head_ms: for a request's head to come */
struct conns *conns_free(struct conns *all);

/* Own thread: a connection begins and ends; it is the thread's one until then. */
struct conn *conn_new(struct conns *all);
void conn_free(struct conn *c);
/* Own thread: a request begins (the head is read) and ends. */
void conn_busy(struct conn *c);
void conn_idle(struct conn *c);
/* Own thread: what is read from now on must be over in ms. */
void conn_read_within(struct conn *c, int64_t ms);
/* Own thread: has the peer closed its side? Does not wait. */
bool conn_gone(const struct conn *c);
/* Own thread: the answer is sent and more may be coming in: close our side and read the rest for a
 * moment, so that the peer sees the answer and not a reset. */
void conn_linger(struct conn *c);

/* The calling thread is the one that accepts. */
void conns_accept_here(struct conns *all);
/* The way out, where a proxy is in front. It keeps connections for later requests and sends no POST
 * twice, so none may be closed that it could be about to use: from here on each answer is the last
 * on its connection; new ones are accepted, idle ones are kept. */
void conns_leave(struct conns *all);
bool conns_leaving(const struct conns *all); /* or draining */
/* Then: no connection begins any more, but nobody is told yet. One that waits in the backlog when
 * its listener closes is reset, with its request, and so it is emptied first. */
void conns_hold_new(struct conns *all);
/* Accept nothing more, refuse it, and let go of those that were idle for so long; it may be 0. */
void conns_drain(struct conns *all, int64_t idle_ms);
bool conns_draining(const struct conns *all);
/* Of those that are idle for that long by now. */
void conns_let_go(struct conns *all);
/* Wait until none is open; false when that took longer than ms. */
bool conns_wait(struct conns *all, int64_t ms);

size_t conns_open(struct conns *all);
size_t conns_cap(const struct conns *all);

int64_t gw_mono_ms(void);

#endif
