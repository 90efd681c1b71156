/* http.h -- which addresses jv_fetch_run() may open a socket to. The only door to libcurl.
 *
 * The fetching itself is in jv/fetch.h. */
#ifndef JV_HTTP_H
#define JV_HTTP_H

#include <sys/socket.h>

#include "jv/fetch.h"

/* Reachable for everybody on the internet: not loopback, private, link-local, shared, multicast,
 * reserved, for documentation, or an IPv6 form that carries such an IPv4 address. */
bool jv_address_is_public(const struct sockaddr *sa);

#endif
