/* http.h -- beneath jv/fetch.h: which addresses a socket may be opened to, and many fetches at once
 * on one thread. With http_transfer.h the only door to libcurl. */
#ifndef JV_HTTP_H
#define JV_HTTP_H

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

/* ---- many at once: one thread, at most JV_FETCH_MANY ------------------------------------------
 * For the loop's own thread. The loop is held while a fetch is out. */
struct jv_fetches;

struct jv_fetches *jv_fetches_new(struct jv_loop *l);
/* What is under way is given up and nobody is told. NULL is fine; returns NULL. */
struct jv_fetches *jv_fetches_free(struct jv_fetches *fs);
/* done(arg) comes on the loop, with the results in *f, which stays put until then; false when full.
 */
bool jv_fetches_add(struct jv_fetches *fs, struct jv_fetch *f, void (*done)(void *arg), void *arg);
/* Give it up: done() comes soon, with CANCELLED unless the end was faster. */
void jv_fetches_cancel(struct jv_fetches *fs, const struct jv_fetch *f);

#endif
