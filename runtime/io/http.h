/* http.h -- fetch a document from an address somebody gave us. The only door to libcurl.
 *
 * Guarded against forged requests: http and https only, no redirects, no credentials in the
 * address, and the resolved address -- the one the socket is really opened to -- must be public.
 * `allow` lists exceptions as "host:port" or "address:port", comma-separated, for tests and
 * intranets. Blocking: run it through jv_offload(). */
#ifndef JV_HTTP_H
#define JV_HTTP_H

#include "jv/base.h"

struct jv_fetch {
    const char *url;
    const char *allow;
    size_t max_bytes;
    int timeout_ms;
    /* results, malloc'ed body; free with jv_fetch_done() */
    char *body;
    size_t len;
    long status;
    struct jv_err err; /* INVALID_ARGUMENT: the address; UNAVAILABLE: could not be reached */
};

int jv_fetch_run(void *fetch); /* fits jv_offload(); returns fetch->err.code */
void jv_fetch_done(struct jv_fetch *f);

#endif
