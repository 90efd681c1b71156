/* fetch.h -- get a document from an address somebody gave us.
 *
 * Guarded against forged requests: http and https only, no redirects, no credentials in the
 * address, and the resolved address -- the one the socket is really opened to -- must be public.
 * `allow` lists exceptions as "host:port" or "address:port" ("[::1]:80"), comma-separated, for
 * tests and intranets. Blocking: run it through jv_offload(). Thread-safe. */
#ifndef JV_FETCH_H
#define JV_FETCH_H

#include "jv/base.h"

struct jv_fetch {
    const char *url;
    const char *allow; /* NULL: no exceptions */
    size_t max_bytes;
    int timeout_ms; /* of all of it */
    /* Results; a malloc'ed, NUL-terminated body: free it with jv_fetch_done(). */
    char *body;
    size_t len;
    long status; /* a redirect or an error page is an answer too */
    /* INVALID_ARGUMENT: the address; UNAVAILABLE: could not be reached or not in time;
     * FAILED_PRECONDITION: the answer is too big. */
    struct jv_err err;
};

int jv_fetch_run(void *fetch); /* fits jv_offload(); returns fetch->err.code */
void jv_fetch_done(struct jv_fetch *f);

#endif
