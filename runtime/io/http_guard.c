/* http_guard.c -- which addresses may be reached: the public ones, and listed exceptions. */
#include "io/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

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

/* "host:port" itself, or "host:*" for any port of it. */
static bool is_item(const char *item, size_t len, const char *entry)
{
    const char *colon = strrchr(entry, ':');
    size_t host = colon ? (size_t)(colon - entry) + 1 : 0;

    if (len == strlen(entry) && strncasecmp(item, entry, len) == 0)
        return true;
    return host && len == host + 1 && item[host] == '*' && strncasecmp(item, entry, host) == 0;
}

/* Is the entry in the comma-separated list? */
static bool listed(const char *list, const char *entry)
{
    while (list && *list) {
        size_t len;

        list += strspn(list, ", ");
        len = strcspn(list, ", ");
        if (is_item(list, len, entry))
            return true;
        list += len;
    }
    return false;
}

bool jv_place_listed(const char *allow, const char *place)
{
    return listed(allow, place);
}

/* host:port, [address]:port; the port a number or *. */
static bool is_place(const char *s, size_t len)
{
    const char *colon = memrchr(s, ':', len);
    size_t host = colon ? (size_t)(colon - s) : 0, port = len - host - 1;
    long n = 0;

    if (!host || !port || memchr(s, '/', len) || memchr(s, '@', len) ||
        (*s != '[' && memchr(s, ':', host)))
        return false;
    if (port == 1 && colon[1] == '*')
        return true;
    for (size_t i = 0; i < port && n < 100000; i++)
        n = colon[1 + i] >= '0' && colon[1 + i] <= '9' ? n * 10 + colon[1 + i] - '0' : 100000;
    return n > 0 && n < 65536;
}

int jv_check_allow(const char *env, const char *allow, struct jv_err *err)
{
    for (const char *s = allow; *s;) {
        size_t len;

        s += strspn(s, ", ");
        len = strcspn(s, ", ");
        if (len && !is_place(s, len))
            return jv_err_set(err, JV_INVALID_ARGUMENT,
                              "%s: \"%.*s\" is not host:port, such as cards.example:8443 or "
                              "10.0.0.5:*",
                              env, (int)(len < 64 ? len : 64), s);
        s += len;
    }
    return JV_OK;
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

bool jv_address_allowed(const struct sockaddr *sa, const char *allow, const char *place)
{
    char numeric[80];

    print_address(sa, numeric, sizeof(numeric));
    return jv_address_is_public(sa) || listed(allow, numeric) || listed(allow, place);
}

/* ---- hosts as they stand in an address ------------------------------------------------------ */

/* 127.1, 0x7f000001, 2130706433: whatever a resolver takes for a number is one. */
static bool read_numeric(const char *host, struct sockaddr_storage *ret)
{
    char bare[64];
    size_t n = strlen(host);
    bool six = n > 2 && host[0] == '[' && host[n - 1] == ']';

    memset(ret, 0, sizeof(*ret));
    if (n >= sizeof(bare))
        return false;
    memcpy(bare, host + six, n - 2 * six);
    bare[n - 2 * six] = '\0';
    bare[strcspn(bare, "%")] = '\0'; /* a zone says nothing about who can be reached */
    ret->ss_family = six ? AF_INET6 : AF_INET;
    if (six)
        return inet_pton(AF_INET6, bare, &((struct sockaddr_in6 *)ret)->sin6_addr) == 1;
    return inet_aton(bare, &((struct sockaddr_in *)ret)->sin_addr) != 0;
}

static bool ends_in(const char *host, const char *name)
{
    size_t n = strlen(host), len = strlen(name);

    return n >= len && strcasecmp(host + n - len, name) == 0 &&
           (n == len || host[n - len - 1] == '.');
}

bool jv_host_is_closed(const char *host)
{
    struct sockaddr_storage address;
    char bare[320];
    size_t n = (size_t)snprintf(bare, sizeof(bare), "%s", host);

    if (n >= sizeof(bare))
        return true;
    while (n && bare[n - 1] == '.')
        bare[--n] = '\0';
    if (read_numeric(bare, &address))
        return !jv_address_is_public((struct sockaddr *)&address);
    return !n || ends_in(bare, "localhost") || bare[0] == '[';
}

bool jv_host_allowed(const char *host, const char *allow, const char *place)
{
    return !jv_host_is_closed(host) || listed(allow, place);
}
