/* http.c -- fetching by libcurl, which opens sockets to public addresses only. */
#include "io/http.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    max_url = 2048,
    max_headers = 64 * 1024,
};

/* ---- which addresses are public ------------------------------------------------------------- */

struct range {
    uint8_t prefix[16];
    unsigned bits;
};

static const struct range closed4[] = {
    { { 0 }, 8 },             /* this network */
    { { 10 }, 8 },            /* private */
    { { 100, 64 }, 10 },      /* shared by carriers */
    { { 127 }, 8 },           /* loopback */
    { { 169, 254 }, 16 },     /* link-local, where clouds keep their metadata */
    { { 172, 16 }, 12 },      /* private */
    { { 192, 0, 0 }, 24 },    /* protocol assignments */
    { { 192, 0, 2 }, 24 },    /* documentation */
    { { 192, 88, 99 }, 24 },  /* 6to4 relays */
    { { 192, 168 }, 16 },     /* private */
    { { 198, 18 }, 15 },      /* benchmarks */
    { { 198, 51, 100 }, 24 }, /* documentation */
    { { 203, 0, 113 }, 24 },  /* documentation */
    { { 224 }, 4 },           /* multicast */
    { { 240 }, 4 },           /* reserved, broadcast */
};

/* Only 2000::/3 is given out; these parts of it are closed. */
static const struct range open6 = { { 0x20 }, 3 };
static const struct range closed6[] = {
    { { 0x20, 0x01, 0x00 }, 23 },       /* protocol assignments, Teredo among them */
    { { 0x20, 0x01, 0x0d, 0xb8 }, 32 }, /* documentation */
    { { 0x3f, 0xff, 0x00 }, 20 },       /* documentation */
};

/* IPv6 forms that carry an IPv4 address, and where: it decides. */
static const struct carrier {
    struct range range;
    unsigned at;
} carriers[] = {
    { { { [10] = 0xff, [11] = 0xff }, 96 }, 12 }, /* ::ffff:a.b.c.d */
    { { { 0x00, 0x64, 0xff, 0x9b }, 96 }, 12 },   /* NAT64 */
    { { { 0x20, 0x02 }, 16 }, 2 },                /* 6to4 */
};

static bool within(const uint8_t *address, const struct range *r)
{
    unsigned whole = r->bits / 8, rest = r->bits % 8;
    uint8_t mask = (uint8_t)(0xff00 >> rest);

    return memcmp(address, r->prefix, whole) == 0 &&
           (!rest || (address[whole] & mask) == (r->prefix[whole] & mask));
}

static bool is_public4(const uint8_t *a)
{
    for (size_t i = 0; i < JV_COUNT(closed4); i++)
        if (within(a, &closed4[i]))
            return false;
    return true;
}

static bool is_public6(const uint8_t *a)
{
    for (size_t i = 0; i < JV_COUNT(carriers); i++)
        if (within(a, &carriers[i].range))
            return is_public4(a + carriers[i].at);
    for (size_t i = 0; i < JV_COUNT(closed6); i++)
        if (within(a, &closed6[i]))
            return false;
    return within(a, &open6);
}

bool jv_address_is_public(const struct sockaddr *sa)
{
    if (sa->sa_family == AF_INET)
        return is_public4((const uint8_t *)&((const struct sockaddr_in *)sa)->sin_addr);
    if (sa->sa_family == AF_INET6)
        return is_public6((const uint8_t *)&((const struct sockaddr_in6 *)sa)->sin6_addr);
    return false;
}

/* ---- exceptions ----------------------------------------------------------------------------- */

/* Is the entry in the comma-separated list? */
static bool listed(const char *list, const char *entry)
{
    size_t n = strlen(entry);

    while (list && *list) {
        size_t len;

        list += strspn(list, ", ");
        len = strcspn(list, ", ");
        if (len == n && strncasecmp(list, entry, n) == 0)
            return true;
        list += len;
    }
    return false;
}

static void print_address(const struct sockaddr *sa, char *ret, size_t size)
{
    char text[INET6_ADDRSTRLEN] = "";

    ret[0] = '\0';
    if (sa->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)sa;

        inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
        snprintf(ret, size, "%s:%u", text, ntohs(in->sin_port));
    } else if (sa->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)sa;

        inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof(text));
        snprintf(ret, size, "[%s]:%u", text, ntohs(in->sin6_port));
    }
}

/* ---- one fetch ------------------------------------------------------------------------------ */

struct fetching {
    struct jv_fetch *f;
    char place[320]; /* host:port of the URL */
    size_t cap, header_bytes;
    bool refused, too_big;
};

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct fetching *g = arg;
    char numeric[80];

    (void)purpose;
    print_address(&address->addr, numeric, sizeof(numeric));
    if (!jv_address_is_public(&address->addr) && !listed(g->f->allow, numeric) &&
        !listed(g->f->allow, g->place)) {
        g->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static bool make_room(struct fetching *g, size_t n)
{
    struct jv_fetch *f = g->f;
    size_t cap = g->cap ? g->cap : 4096;
    char *body;

    while (cap < f->len + n + 1)
        cap *= 2;
    if (cap == g->cap)
        return true;
    body = realloc(f->body, cap);
    if (!body)
        return false;
    f->body = body;
    g->cap = cap;
    return true;
}

static size_t take_body(char *p, size_t size, size_t n, void *arg)
{
    struct fetching *g = arg;
    struct jv_fetch *f = g->f;

    n *= size;
    g->too_big = n > f->max_bytes - f->len;
    if (g->too_big || !make_room(g, n))
        return 0;
    memcpy(f->body + f->len, p, n);
    f->len += n;
    f->body[f->len] = '\0';
    return n;
}

static size_t take_header(char *p, size_t size, size_t n, void *arg)
{
    struct fetching *g = arg;

    (void)p;
    n *= size;
    g->header_bytes += n;
    g->too_big = g->header_bytes > max_headers;
    return g->too_big ? 0 : n;
}

static int wrong(struct jv_fetch *f, const char *why)
{
    return jv_err_set(&f->err, JV_INVALID_ARGUMENT, "%s", why);
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

/* The address as curl itself reads it: no second parser can disagree. */
static int read_url(CURLU *u, struct fetching *g)
{
    struct jv_fetch *f = g->f;
    char scheme[16], host[280], port[8];

    if (strnlen(f->url, max_url + 1) > max_url)
        return wrong(f, "the address is too long");
    for (const char *p = f->url; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == 127)
            return wrong(f, "the address has a space or control character in it");
    switch (curl_url_set(u, CURLUPART_URL, f->url, CURLU_DISALLOW_USER)) {
    case CURLUE_OK:
        break;
    case CURLUE_USER_NOT_ALLOWED:
        return wrong(f, "the address has credentials in it");
    case CURLUE_UNSUPPORTED_SCHEME:
        return wrong(f, "the address is neither http nor https");
    default:
        return wrong(f, "the address is malformed");
    }
    if (!get_part(u, CURLUPART_SCHEME, 0, scheme, sizeof(scheme)) ||
        (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
        return wrong(f, "the address is neither http nor https");
    if (!get_part(u, CURLUPART_HOST, 0, host, sizeof(host)) ||
        !get_part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT, port, sizeof(port)))
        return wrong(f, "the address names no host");
    snprintf(g->place, sizeof(g->place), "%s:%s", host, port);
    return JV_OK;
}

static void set_protocols(CURL *c)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(c, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static void set_options(CURL *c, CURLU *u, struct fetching *g)
{
    long timeout = g->f->timeout_ms > 0 ? g->f->timeout_ms : 1;

    set_protocols(c);
    curl_easy_setopt(c, CURLOPT_CURLU, u);
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, timeout);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, timeout);
    curl_easy_setopt(c, CURLOPT_PROXY, ""); /* not the environment's */
    curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(c, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "jarvis");
    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, g);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, g);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, g);
}

static int explain(const struct fetching *g, CURLcode code)
{
    struct jv_fetch *f = g->f;

    if (code == CURLE_OK)
        return JV_OK;
    if (g->too_big)
        return jv_err_set(&f->err, JV_FAILED_PRECONDITION, "the answer is too big (over %zu bytes)",
                          f->max_bytes);
    if (g->refused)
        return wrong(f, "the address is not a public one");
    if (code == CURLE_OPERATION_TIMEDOUT)
        return jv_err_set(&f->err, JV_UNAVAILABLE, "no answer within %d ms", f->timeout_ms);
    return jv_err_set(&f->err, JV_UNAVAILABLE, "the address cannot be reached: %s",
                      curl_easy_strerror(code));
}

static void run(struct fetching *g, CURL *c, CURLU *u)
{
    struct jv_fetch *f = g->f;
    CURLcode code;

    if (read_url(u, g))
        return;
    set_options(c, u, g);
    code = curl_easy_perform(c);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &f->status);
    if (!explain(g, code))
        return;
    jv_fetch_done(f);
    f->status = 0;
}

static void global_init(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        abort();
}

int jv_fetch_run(void *fetch)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct jv_fetch *f = fetch;
    struct fetching g = { .f = f };
    CURL *c;
    CURLU *u;

    pthread_once(&once, global_init);
    f->body = NULL;
    f->len = 0;
    f->status = 0;
    f->err = (struct jv_err){ 0 };
    c = curl_easy_init();
    u = curl_url();
    if (c && u && make_room(&g, 0)) {
        f->body[0] = '\0';
        run(&g, c, u);
    } else {
        jv_err_set(&f->err, JV_UNAVAILABLE, "no memory to fetch the address");
    }
    curl_easy_cleanup(c);
    curl_url_cleanup(u);
    return f->err.code;
}

void jv_fetch_done(struct jv_fetch *f)
{
    free(f->body);
    f->body = NULL;
    f->len = 0;
}
