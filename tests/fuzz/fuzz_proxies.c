/* fuzz_proxies.c -- whatever X-Forwarded-For says, the client is an address in its usual form; what
 * stands before an entry that is not trusted changes nothing. */
#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

#include "gateway/proxies.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *client(const struct proxies *p, const char *list, struct jv_arena *a)
{
    struct head h = { .n_headers = 1 };

    h.headers[0] = (struct header){ "X-Forwarded-For", list };
    return proxies_client(p, &h, "10.0.0.1", a);
}

static bool is_usual(const char *s)
{
    unsigned char in[sizeof(struct in6_addr)];
    char out[INET6_ADDRSTRLEN] = "";
    int family = strchr(s, ':') ? AF_INET6 : AF_INET;

    return inet_pton(family, s, in) == 1 && inet_ntop(family, in, out, sizeof(out)) &&
           strcmp(s, out) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jv_arena *a = jv_arena_new(64 << 20);
    const char *list = jv_arena_strndup(a, (const char *)data, size), *is;
    const struct proxies *p;
    struct jv_err err = { 0 };

    if (proxies_parse(list, a, &p, &err))
        assert(strncmp(err.text, "JARVIS_TRUSTED_PROXIES: ", 24) == 0);
    if (proxies_parse("10.0.0.0/8,192.168.0.0/16", a, &p, &err))
        return 1;
    is = client(p, list, a);
    assert(is_usual(is));
    is = client(p, jv_arena_printf(a, "%s,203.0.113.7", list), a);
    assert(strcmp(is, "203.0.113.7") == 0);
    jv_arena_free(a);
    return 0;
}
