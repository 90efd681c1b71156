/* proxies.h -- proxies that are believed when they say whose request it is.
 *
 * Each proxy adds the address that it was asked from to the end of X-Forwarded-For. So the list is
 * read from its end, for as long as whoever wrote that entry is trusted; what stands before is
 * anybody's invention. Pure. */
#ifndef PROXIES_H
#define PROXIES_H

#include "head.h"

struct proxies;

/* "10.83.0.10,192.168.0.0/16": at most 16 IPv4 addresses and networks, of at least 8 bits; "" is
 * none. *ret lives in the arena. The error names JARVIS_TRUSTED_PROXIES. */
JV_CHECKED int proxies_parse(const char *text, struct jv_arena *a, const struct proxies **ret,
                             struct jv_err *err);

/* The address of whoever made the request that came from peer: peer itself unless it is trusted,
 * else the last address in the list that is not; where the list ends or makes no sense, the last
 * one before. IPv4 or IPv6 in its usual form; never anything else of what was sent. */
const char *proxies_client(const struct proxies *p, const struct head *h, const char *peer,
                           struct jv_arena *a);

#endif
