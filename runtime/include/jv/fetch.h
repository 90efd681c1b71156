/* fetch.h -- get a document from an address somebody gave us, or post one there.
 *
 * Guarded against forged requests: http and https only, no redirects, no credentials in the
 * address, and the resolved address -- the one the socket is really opened to -- must be public.
 * `allow` lists exceptions as "host:port" or "address:port" ("[::1]:80"; "*" is any port),
 * comma-separated, for tests and intranets. Certificates are checked. No connection is used twice,
 * but those of `reuse`.
 *
 *     struct jv_fetch f = { .url = url, .max_bytes = 4096, .timeout_ms = 5000 };
 *     r = jv_fetch_wait(ctx, &f);
 *     ... f.status, f.body ...
 *     jv_fetch_done(&f); */
#ifndef JV_FETCH_H
#define JV_FETCH_H

#include "jv/base.h"

struct jv_ctx;

enum {
    JV_MAX_URL = 2048,
    JV_PLACE = 320,      /* bytes for the host:port of an address */
    JV_FETCH_MANY = 256, /* jv_fetch_wait()s under way in one actor */
};

/* Everything it points to is the caller's and stays put until the fetch is over. What is zero is
 * not wanted. take, first_ms, idle_ms and reuse are for jv_fetch_wait() alone. */
struct jv_fetch {
    const char *url;
    const char *allow; /* NULL: no exceptions */
    const char *post;  /* NULL: GET; else the body, with its type among the headers */
    size_t post_len;
    const char *const *headers; /* "Name: value"; ends with NULL. NULL: none */
    const char *ca;             /* file of certificates trusted besides the system's; NULL, "" */
    bool discard; /* only the status counts: at most max_bytes are read, none is kept */
    size_t max_bytes;
    int timeout_ms; /* of all of it */
    /* The body of a 2xx answer piece by piece, of any size and in order, in the waiting fiber,
     * which may wait in here: the sender is held up meanwhile. status is set by then; body stays
     * empty, len is the sum. Not JV_OK gives the fetch up with that code (and its reason, when it
     * is in ctx). What came before a cut is handed on before the cut is told. Other answers, error
     * pages, go into body whole. */
    int (*take)(void *arg, const char *data, size_t len);
    void *take_arg;
    int first_ms; /* until the first byte of the body */
    int idle_ms;  /* from one piece of it to the next, while the taker does not hold it up */
    /* The connection may be kept and used again for the same host. Only for addresses from the
     * operator's own configuration, never for what came in a message: who is looked at when a
     * connection is opened is not looked at again, so a list of exceptions that has changed since
     * does not count. Kept ones never serve a fetch without it, nor the other way round. */
    bool reuse;
    /* Also look at the certificate of an https server: its end goes into cert_until, and a failure
     * says what is wrong with it. */
    bool look;
    /* Results; a malloc'ed, NUL-terminated body: free it with jv_fetch_done(). */
    char *body;
    size_t len;
    long status;        /* a redirect or an error page is an answer too */
    bool started;       /* something of an answer came: the request was read. Set on failures too */
    bool late;          /* it failed for want of time: timeout_ms, first_ms or idle_ms */
    int64_t cert_until; /* unix seconds; 0: not asked for, or not known */
    int64_t retry_after_ms; /* Retry-After, as seconds or as a date, at most a day; -1: none */
    /* INVALID_ARGUMENT: the address, or a header that cannot be one; UNAVAILABLE: could not be
     * reached, not trusted or not in time; FAILED_PRECONDITION: the answer is too big;
     * RESOURCE_EXHAUSTED: JV_FETCH_MANY are under way; CANCELLED. */
    struct jv_err err;
};

/* From a handler: waits for this message alone, without a helper thread; given up when the message
 * is cancelled. Returns fetch->err.code, the reason is in ctx too. */
JV_CHECKED int jv_fetch_wait(struct jv_ctx *ctx, struct jv_fetch *f);
/* Blocking and thread-safe: run it through jv_offload(), two at once. Returns fetch->err.code. */
int jv_fetch_run(void *fetch);
void jv_fetch_done(struct jv_fetch *f);

/* Could this address be fetched, as far as can be said without resolving names? INVALID_ARGUMENT
 * when not. place[JV_PLACE] (NULL is fine) gets its host:port, or "". Never waits. */
JV_CHECKED int jv_url_check(const char *url, const char *allow, char *place, struct jv_err *err);
/* Does the list have that host:port? */
bool jv_place_listed(const char *allow, const char *place);
/* Is it such a list? INVALID_ARGUMENT names the setting `env` and the item. */
JV_CHECKED int jv_check_allow(const char *env, const char *allow, struct jv_err *err);

#endif
