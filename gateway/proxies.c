/* proxies.c -- X-Forwarded-For, read from its end. */
#include "proxies.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MAX_PROXIES = 16, MAX_HOPS = 32, MAX_ENTRY = 64, MIN_BITS = 8 };

struct proxies {
    size_t n;
    struct network {
        uint32_t address, mask; /* host order */
    } networks[MAX_PROXIES];
};

/* ---- the setting ---------------------------------------------------------------------------- */

static bool parse_bits(const char *s, uint32_t *ret_mask)
{
    unsigned bits = 0;
    size_t n = strspn(s, "0123456789");

    if (n == 0 || n > 2 || s[n])
        return false;
    for (; *s; s++)
        bits = bits * 10 + (unsigned)(*s - '0');
    if (bits < MIN_BITS || bits > 32)
        return false;
    *ret_mask = UINT32_MAX << (32 - bits);
    return true;
}

static bool parse_network(char *s, struct network *ret)
{
    char *slash = strchr(s, '/');
    struct in_addr in;

    ret->mask = UINT32_MAX;
    if (slash)
        *slash++ = '\0';
    if (inet_pton(AF_INET, s, &in) != 1 || (slash && !parse_bits(slash, &ret->mask)))
        return false;
    ret->address = ntohl(in.s_addr) & ret->mask;
    return true;
}

int proxies_parse(const char *text, struct jv_arena *a, const struct proxies **ret,
                  struct jv_err *err)
{
    struct proxies *p = JV_NEW(a, struct proxies);

    *ret = p;
    for (const char *s = text + strspn(text, ", \t"); *s; s += strspn(s, ", \t")) {
        size_t n = strcspn(s, ", \t");
        char *one = jv_arena_strndup(a, s, n);

        if (p->n == MAX_PROXIES)
            return jv_err_set(err, JV_INVALID_ARGUMENT,
                              "JARVIS_TRUSTED_PROXIES: has more than %d entries", MAX_PROXIES);
        if (!parse_network(one, &p->networks[p->n++]))
            return jv_err_set(err, JV_INVALID_ARGUMENT,
                              "JARVIS_TRUSTED_PROXIES: %.*s is no IPv4 address such as 10.83.0.10, "
                              "nor a network of %d to 32 bits such as 10.83.0.0/24",
                              (int)(n < MAX_ENTRY ? n : MAX_ENTRY), s, MIN_BITS);
        s += n;
    }
    return JV_OK;
}

/* ---- a request ------------------------------------------------------------------------------ */

static bool is_trusted(const struct proxies *p, const char *address)
{
    struct in_addr in;

    if (inet_pton(AF_INET, address, &in) != 1)
        return false;
    for (size_t i = 0; i < p->n; i++)
        if ((ntohl(in.s_addr) & p->networks[i].mask) == p->networks[i].address)
            return true;
    return false;
}

/* What some proxies write around an address: "[::1]:443", "[::1]", "192.0.2.1:443". */
static void take_off_port(char *s)
{
    char *end = s[0] == '[' ? strchr(s, ']') : strchr(s, ':');

    if (s[0] == '[' && end) {
        *end = '\0';
        memmove(s, s + 1, strlen(s));
    } else if (end && !strchr(end + 1, ':') && strchr(s, '.')) {
        *end = '\0';
    }
}

/* In its usual form; an IPv4 address within IPv6 is one of IPv4. */
static bool normal(const char *s, size_t n, char ret[INET6_ADDRSTRLEN])
{
    char text[MAX_ENTRY + 1];
    struct in6_addr six;
    struct in_addr four;

    if (n > MAX_ENTRY)
        return false;
    memcpy(text, s, n);
    text[n] = '\0';
    take_off_port(text);
    if (inet_pton(AF_INET, text, &four) == 1)
        return inet_ntop(AF_INET, &four, ret, INET6_ADDRSTRLEN);
    if (inet_pton(AF_INET6, text, &six) != 1)
        return false;
    if (IN6_IS_ADDR_V4MAPPED(&six))
        return inet_ntop(AF_INET, six.s6_addr + 12, ret, INET6_ADDRSTRLEN);
    return inet_ntop(AF_INET6, &six, ret, INET6_ADDRSTRLEN);
}

/* The last entry of a list that ends at *end, which moves before it; its length, 0 at the start. */
static size_t last_entry(const char *list, const char **end)
{
    const char *p = *end, *begin;

    while (p > list && strchr(", \t", p[-1]))
        p--;
    begin = p;
    while (begin > list && begin[-1] != ',')
        begin--;
    *end = begin;
    return (size_t)(p - begin);
}

struct walk {
    const struct proxies *proxies;
    char at[INET6_ADDRSTRLEN]; /* as far as it is known */
    int hops;
};

/* Back over one header; false when it came to its end. */
static bool go_back(struct walk *w, const char *list)
{
    const char *end = list + strlen(list);
    size_t n;

    while ((n = last_entry(list, &end)) > 0) {
        const char *s = end;

        for (; n && (*s == ' ' || *s == '\t'); s++)
            n--;
        if (++w->hops > MAX_HOPS || !normal(s, n, w->at) || !is_trusted(w->proxies, w->at))
            return false;
    }
    return true;
}

const char *proxies_client(const struct proxies *p, const struct head *h, const char *peer,
                           struct jv_arena *a)
{
    struct walk w = { .proxies = p };

    if (p->n == 0 || !is_trusted(p, peer))
        return peer;
    snprintf(w.at, sizeof(w.at), "%s", peer);
    for (size_t i = h->n_headers; i-- > 0;)
        if (strcasecmp(h->headers[i].name, "X-Forwarded-For") == 0 &&
            !go_back(&w, h->headers[i].value))
            break;
    return jv_arena_strdup(a, w.at);
}
