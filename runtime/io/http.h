/* http.h -- beneath jv/fetch.h: which addresses a socket may be opened to, and many fetches at once
 * on one thread. With http_transfer.h the only door to libcurl. */
#ifndef JV_HTTP_H
#define JV_HTTP_H

#include <pthread.h>
#include <sys/socket.h>

#include "jv/fetch.h"
#include "sched/loop.h"

/* Reachable for everybody on the internet: not loopback, private, link-local, shared, multicast,
 * reserved, for documentation, or an IPv6 form that carries such an IPv4 address. */
bool jv_address_is_public(const struct sockaddr *sa);
/* Public, or in the list itself or by the name it was found by: "host:port". */
bool jv_address_allowed(const struct sockaddr *sa, const char *allow, const char *place);

/* The host of an address, as it stands there, is no public one: a number in any notation, or a name
 * of this machine. Other names are not resolved: false. */
bool jv_host_is_closed(const char *host);
bool jv_host_allowed(const char *host, const char *allow, const char *place);

/* ---- pieces: what came and is not yet taken, from the fetching thread to the loop's ---------- */

enum { JV_PIECES_MAX = 256 * 1024 }; /* more does not wait: the transfer pauses */

struct jv_pieces {
    pthread_mutex_t lock;
    char *data; /* malloc'ed */
    size_t len, cap;
    long status; /* of the answer that they are of */
    bool paused;
    void (*more)(void *arg);
};

void jv_pieces_init(struct jv_pieces *p, void (*more)(void *arg));
void jv_pieces_done(struct jv_pieces *p);

enum jv_put { JV_PUT_FULL, JV_PUT_FIRST /* there was none */, JV_PUT_MORE, JV_PUT_NO_MEMORY };
enum jv_put jv_pieces_put(struct jv_pieces *p, long status, const char *data, size_t n);
/* All there is, for free(); NULL and 0 when there is nothing. *resume: the transfer has paused. */
char *jv_pieces_take(struct jv_pieces *p, size_t *ret_len, bool *resume);

/* ---- many at once: one thread, at most JV_FETCH_MANY ------------------------------------------
 * For the loop's own thread. The loop is held while a fetch is out. */
struct jv_fetches;

/* Before it begins: the results are as if nothing had happened. */
void jv_fetch_reset(struct jv_fetch *f);

struct jv_fetches *jv_fetches_new(struct jv_loop *l);
/* What is under way is given up and nobody is told. NULL is fine; returns NULL. */
struct jv_fetches *jv_fetches_free(struct jv_fetches *fs);
/* done(arg) comes on the loop, with the results in *f, which stays put until then; false when full.
 * With f->take also pieces, which stay put as long, and whose more(arg) comes on the loop whenever
 * there are some again; the last of them are there when done() comes. */
bool jv_fetches_add(struct jv_fetches *fs, struct jv_fetch *f, struct jv_pieces *p,
                    void (*done)(void *arg), void *arg);
/* Give it up: done() comes soon, with CANCELLED unless the end was faster. */
void jv_fetches_cancel(struct jv_fetches *fs, const struct jv_fetch *f);
/* jv_pieces_take() said so. */
void jv_fetches_resume(struct jv_fetches *fs, const struct jv_fetch *f);

#endif
