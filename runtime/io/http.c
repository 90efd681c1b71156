/* http.c -- fetching by libcurl, which opens sockets to public addresses only. */
#include "io/http.h"
#include "io/http_transfer.h"

#include <assert.h>
#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { max_headers = 64 * 1024, no_status = 200 /* below it the last word is not said */ };

/* ---- what curl asks for --------------------------------------------------------------------- */

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct jv_transfer *t = arg;

    (void)purpose;
    if (!jv_address_allowed(&address->addr, t->f->allow, t->place)) {
        t->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static bool make_room(struct jv_transfer *t, size_t n)
{
    struct jv_fetch *f = t->f;
    size_t cap = t->cap ? t->cap : 4096;
    char *body;

    while (cap < f->len + n + 1)
        cap *= 2;
    if (cap == t->cap)
        return true;
    body = realloc(f->body, cap);
    if (!body)
        return false;
    f->body = body;
    t->cap = cap;
    return true;
}

static bool keep_body(struct jv_transfer *t, const char *p, size_t n)
{
    struct jv_fetch *f = t->f;

    if (f->discard)
        return true;
    if (!make_room(t, n))
        return false;
    memcpy(f->body + f->len, p, n);
    f->body[f->len + n] = '\0';
    return true;
}

int64_t jv_transfer_mono_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void expect_next(struct jv_transfer *t)
{
    if (!t->body)
        curl_easy_getinfo(t->c, CURLINFO_RESPONSE_CODE, &t->status);
    t->body = true;
    t->due = t->f->idle_ms ? jv_transfer_mono_ms() + t->f->idle_ms : 0;
}

static size_t take_body(char *p, size_t size, size_t n, void *arg)
{
    struct jv_transfer *t = arg;
    struct jv_fetch *f = t->f;
    enum jv_put put = JV_PUT_MORE;

    n *= size;
    expect_next(t);
    t->too_big = n > f->max_bytes - f->len;
    if (t->too_big)
        return 0;
    if (t->pieces && t->status / 100 == 2)
        put = jv_pieces_put(t->pieces, t->status, p, n);
    else if (!keep_body(t, p, n))
        put = JV_PUT_NO_MEMORY;
    if (put == JV_PUT_FULL) {
        t->due = 0;
        return CURL_WRITEFUNC_PAUSE; /* the same comes again */
    }
    f->len += n;
    if (put == JV_PUT_FIRST)
        t->arrived(t);
    return put == JV_PUT_NO_MEMORY ? 0 : n;
}

enum { max_retry_after_s = 24 * 3600 };

/* Seconds or a date; what is neither is none. */
static int64_t read_retry_after(const char *p, size_t n)
{
    char text[64];
    int64_t s;

    while (n && (*p == ' ' || *p == '\t')) {
        p++;
        n--;
    }
    if (snprintf(text, sizeof(text), "%.*s", (int)n, p) >= (int)sizeof(text))
        return -1;
    text[strcspn(text, "\r\n")] = '\0';
    if (isdigit((unsigned char)text[0]) && text[strspn(text, "0123456789")] == '\0') {
        s = strlen(text) > 9 ? max_retry_after_s : strtol(text, NULL, 10);
    } else {
        time_t at = curl_getdate(text, NULL);

        if (at == -1)
            return -1;
        s = at - time(NULL);
    }
    return s < 0 ? 0 : s > max_retry_after_s ? max_retry_after_s * INT64_C(1000) : s * 1000;
}

static void note_header(struct jv_fetch *f, const char *p, size_t n)
{
    static const char name[] = "Retry-After:";

    f->started = true;
    if (n >= strlen(name) && strncasecmp(p, name, strlen(name)) == 0)
        f->retry_after_ms = read_retry_after(p + strlen(name), n - strlen(name));
}

static size_t take_header(char *p, size_t size, size_t n, void *arg)
{
    struct jv_transfer *t = arg;
    long status = 0;

    n *= size;
    t->header_bytes += n;
    t->too_big = t->header_bytes > max_headers;
    if (t->too_big)
        return 0;
    note_header(t->f, p, n);
    curl_easy_getinfo(t->c, CURLINFO_RESPONSE_CODE, &status);
    t->answered = t->answered || ((*p == '\r' || *p == '\n') && status >= no_status);
    return n;
}

/* ---- the address ---------------------------------------------------------------------------- */

static int wrong(struct jv_err *err, const char *why)
{
    return jv_err_set(err, JV_INVALID_ARGUMENT, "%s", why);
}

static bool get_part(CURLU *u, CURLUPart part, unsigned flags, char *ret, size_t size)
{
    char *text = NULL;
    int n = -1;

    if (curl_url_get(u, part, &text, flags) == CURLUE_OK)
        n = snprintf(ret, size, "%s", text);
    curl_free(text);
    return n > 0 && (size_t)n < size;
}

static int set_url(CURLU *u, const char *url, struct jv_err *err)
{
    if (strnlen(url, JV_MAX_URL + 1) > JV_MAX_URL)
        return wrong(err, "the address is too long");
    for (const char *p = url; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == 127)
            return wrong(err, "the address has a space or control character in it");
    switch (curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER)) {
    case CURLUE_OK:
        return JV_OK;
    case CURLUE_USER_NOT_ALLOWED:
        return wrong(err, "the address has credentials in it");
    case CURLUE_UNSUPPORTED_SCHEME:
        return wrong(err, "the address is neither http nor https");
    default:
        return wrong(err, "the address is malformed");
    }
}

struct host {
    char name[280], place[JV_PLACE];
};

/* The address as curl itself reads it: no second parser can disagree. */
static int read_url(CURLU *u, const char *url, struct host *ret, struct jv_err *err)
{
    char scheme[16], port[8];
    int r = set_url(u, url, err);

    if (r)
        return r;
    if (!get_part(u, CURLUPART_SCHEME, 0, scheme, sizeof(scheme)) ||
        (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
        return wrong(err, "the address is neither http nor https");
    if (!get_part(u, CURLUPART_HOST, 0, ret->name, sizeof(ret->name)) ||
        !get_part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT, port, sizeof(port)))
        return wrong(err, "the address names no host");
    for (char *p = ret->name; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    snprintf(ret->place, sizeof(ret->place), "%s:%s", ret->name, port);
    return JV_OK;
}

static void global_init(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        abort();
}

void jv_need_curl(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, global_init);
}

static CURLU *new_url(struct jv_err *err)
{
    CURLU *u;

    jv_need_curl();
    u = curl_url();
    if (!u)
        jv_err_set(err, JV_UNAVAILABLE, "no memory to read the address");
    return u;
}

int jv_url_check(const char *url, const char *allow, char *place, struct jv_err *err)
{
    CURLU *u = new_url(err);
    struct host host = { "", "" };
    int r = u ? read_url(u, url, &host, err) : JV_UNAVAILABLE;

    curl_url_cleanup(u);
    if (place)
        snprintf(place, JV_PLACE, "%s", r ? "" : host.place);
    if (!r && !jv_host_allowed(host.name, allow, host.place))
        r = wrong(err, "the address is not a public one");
    return r;
}

/* ---- one transfer --------------------------------------------------------------------------- */

static bool is_header(const char *text)
{
    for (const char *p = text; *p; p++)
        if (((unsigned char)*p < ' ' && *p != '\t') || *p == 127)
            return false;
    return strchr(text, ':') != NULL;
}

static bool add_header(struct jv_transfer *t, const char *text)
{
    struct curl_slist *longer = curl_slist_append(t->headers, text);

    t->headers = longer ? longer : t->headers;
    return longer != NULL;
}

static int set_headers(struct jv_transfer *t)
{
    struct jv_fetch *f = t->f;
    bool room = !f->post || add_header(t, "Expect:"); /* never asked beforehand */

    for (const char *const *h = f->headers; h && *h && room; h++) {
        if (!is_header(*h))
            return wrong(&f->err, "a header has a control character in it");
        room = add_header(t, *h);
    }
    if (!room)
        return jv_err_set(&f->err, JV_UNAVAILABLE, "no memory to fetch the address");
    curl_easy_setopt(t->c, CURLOPT_HTTPHEADER, t->headers);
    return JV_OK;
}

static void set_body(struct jv_transfer *t)
{
    struct jv_fetch *f = t->f;

    if (!f->post)
        return;
    curl_easy_setopt(t->c, CURLOPT_POST, 1L);
    curl_easy_setopt(t->c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)f->post_len);
    curl_easy_setopt(t->c, CURLOPT_POSTFIELDS, f->post);
}

static void set_protocols(CURL *c)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(c, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static void set_trust(CURL *c, const struct jv_fetch *f)
{
    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
    if (f->ca && f->ca[0])
        curl_easy_setopt(c, CURLOPT_CAINFO, f->ca); /* the system's folder stays */
}

/* A connection that was looked at under one list must not serve another: none is kept. Those of the
 * operator's own addresses may be; they, and those that are held up, are of HTTP/1.1, so that none
 * carries two transfers and a slow taker holds up its own alone. */
static void set_connection(CURL *c, const struct jv_fetch *f)
{
    curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, f->reuse ? 0L : 1L);
    curl_easy_setopt(c, CURLOPT_FORBID_REUSE, f->reuse ? 0L : 1L);
    if (f->reuse || f->take)
        curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
}

static void set_look(struct jv_transfer *t)
{
    if (!t->f->look)
        return;
    curl_easy_setopt(t->c, CURLOPT_CERTINFO, 1L);
    curl_easy_setopt(t->c, CURLOPT_ERRORBUFFER, t->why);
}

static void set_options(struct jv_transfer *t)
{
    CURL *c = t->c;
    long timeout = t->f->timeout_ms > 0 ? t->f->timeout_ms : 1;

    set_protocols(c);
    set_trust(c, t->f);
    set_look(t);
    curl_easy_setopt(c, CURLOPT_CURLU, t->u);
    curl_easy_setopt(c, CURLOPT_PRIVATE, t);
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    set_connection(c, t->f);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, timeout);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, timeout);
    curl_easy_setopt(c, CURLOPT_PROXY, ""); /* not the environment's */
    curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(c, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "jarvis");
    curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, t);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
}

void jv_fetch_reset(struct jv_fetch *f)
{
    f->body = NULL;
    f->len = 0;
    f->status = 0;
    f->started = f->late = false;
    f->retry_after_ms = -1;
    f->cert_until = 0;
    f->err = (struct jv_err){ 0 };
}

int jv_transfer_begin(struct jv_transfer *t, struct jv_fetch *f)
{
    struct host host = { "", "" };
    int r;

    *t = (struct jv_transfer){ .f = f };
    jv_fetch_reset(f);
    t->due = f->first_ms ? jv_transfer_mono_ms() + f->first_ms : 0;
    t->u = new_url(&f->err);
    t->c = curl_easy_init();
    if (!t->c || !t->u || !make_room(t, 0))
        return jv_err_set(&f->err, JV_UNAVAILABLE, "no memory to fetch the address");
    f->body[0] = '\0';
    r = read_url(t->u, f->url, &host, &f->err);
    memcpy(t->place, host.place, sizeof(t->place));
    if (!r)
        r = set_headers(t);
    if (r)
        return r;
    set_options(t);
    set_body(t);
    return JV_OK;
}

static void explain(const struct jv_transfer *t, CURLcode code)
{
    struct jv_fetch *f = t->f;

    f->late = code == CURLE_OPERATION_TIMEDOUT;
    if (t->too_big)
        jv_err_set(&f->err, JV_FAILED_PRECONDITION, "the answer is too big (over %zu bytes)",
                   f->max_bytes);
    else if (t->refused)
        wrong(&f->err, "the address is not a public one");
    else if (f->late)
        jv_err_set(&f->err, JV_UNAVAILABLE, "no answer within %d ms", f->timeout_ms);
    else if (t->answered)
        jv_err_set(&f->err, JV_UNAVAILABLE, "the answer broke off: %s", curl_easy_strerror(code));
    else
        jv_err_set(&f->err, JV_UNAVAILABLE, "the address cannot be reached: %s",
                   t->why[0] ? t->why : curl_easy_strerror(code));
}

/* Of the server's own, the first of its chain. */
static int64_t cert_until(CURL *c)
{
    static const char name[] = "Expire date:";
    struct curl_certinfo *chain = NULL;
    time_t at = -1;

    if (curl_easy_getinfo(c, CURLINFO_CERTINFO, &chain) || !chain || chain->num_of_certs < 1)
        return 0;
    for (const struct curl_slist *i = chain->certinfo[0]; i && at == -1; i = i->next)
        if (strncmp(i->data, name, strlen(name)) == 0)
            at = curl_getdate(i->data + strlen(name), NULL);
    return at == -1 ? 0 : at;
}

void jv_transfer_end(struct jv_transfer *t, CURLcode code)
{
    struct jv_fetch *f = t->f;

    curl_easy_getinfo(t->c, CURLINFO_RESPONSE_CODE, &t->status);
    if (f->look)
        f->cert_until = cert_until(t->c);
    if (code != CURLE_OK && !(f->discard && t->answered))
        explain(t, code);
}

void jv_transfer_late(struct jv_transfer *t)
{
    struct jv_fetch *f = t->f;

    f->late = true;
    if (t->body)
        jv_err_set(&f->err, JV_UNAVAILABLE, "nothing more came for %d ms", f->idle_ms);
    else
        jv_err_set(&f->err, JV_UNAVAILABLE, "no answer within %d ms", f->first_ms);
}

void jv_transfer_free(struct jv_transfer *t)
{
    if (t->f->err.code) {
        jv_fetch_done(t->f);
        t->status = 0;
    }
    curl_easy_cleanup(t->c);
    curl_url_cleanup(t->u);
    curl_slist_free_all(t->headers);
}

int jv_fetch_run(void *fetch)
{
    struct jv_fetch *f = fetch;
    struct jv_transfer t;

    assert(!f->take && !f->first_ms && !f->idle_ms && !f->reuse);
    if (!jv_transfer_begin(&t, f))
        jv_transfer_end(&t, curl_easy_perform(t.c));
    jv_transfer_free(&t);
    f->status = t.status;
    return f->err.code;
}

void jv_fetch_done(struct jv_fetch *f)
{
    free(f->body);
    f->body = NULL;
    f->len = 0;
}
