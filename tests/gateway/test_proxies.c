/* test_proxies.c -- whose request it is, by what proxies say and strangers invent. */
#include "gateway/proxies.h"

#include <stdio.h>

#include "check.h"

static struct jv_arena *arena;

static const struct proxies *trust(const char *text)
{
    const struct proxies *p;
    struct jv_err err = { 0 };

    CHECK_INT(proxies_parse(text, arena, &p, &err), JV_OK);
    CHECK_STR(err.text, "");
    return p;
}

/* Headers X-Forwarded-For, in their order; NULL: no more. */
static const char *client(const char *trusted, const char *peer, const char *first,
                          const char *second)
{
    struct head h = { .method = "GET", .path = "/", .version = "1.1" };

    h.headers[h.n_headers++] = (struct header){ "Host", "x" };
    if (first)
        h.headers[h.n_headers++] = (struct header){ "X-Forwarded-For", first };
    h.headers[h.n_headers++] = (struct header){ "X-Forwarded-Proto", "https" };
    if (second)
        h.headers[h.n_headers++] = (struct header){ "x-forwarded-for", second };
    return proxies_client(trust(trusted), &h, peer, arena);
}

#define NGINX "10.83.0.10"

TEST(who_it_is)
{
    static const struct {
        const char *trusted, *peer, *first, *second, *is;
    } cases[] = {
        { "", NGINX, "203.0.113.7", NULL, NGINX },
        { NGINX, "10.83.0.11", "203.0.113.7", NULL, "10.83.0.11" },
        { NGINX, NGINX, NULL, NULL, NGINX },
        { NGINX, NGINX, "", NULL, NGINX },
        { NGINX, NGINX, " , ,, ", NULL, NGINX },
        { NGINX, NGINX, "203.0.113.7", NULL, "203.0.113.7" },
        { NGINX, NGINX, " 203.0.113.7 ", NULL, "203.0.113.7" },
        { NGINX, NGINX, "6.6.6.6, 203.0.113.7", NULL, "203.0.113.7" },
        { NGINX, NGINX, "6.6.6.6,\t203.0.113.7,", NULL, "203.0.113.7" },
        { "10.83.0.0/24", NGINX, "6.6.6.6,203.0.113.7, 10.83.0.99", NULL, "203.0.113.7" },
        { "10.83.0.0/24,192.0.2.1", NGINX, "203.0.113.7, 192.0.2.1, 10.83.0.99", NULL,
          "203.0.113.7" },
        { "10.83.0.0/24", NGINX, "10.83.0.4, 10.83.0.5", NULL, "10.83.0.4" },
        { NGINX, NGINX, "6.6.6.6", "203.0.113.7", "203.0.113.7" },
        { "10.0.0.0/8", NGINX, "6.6.6.6, 203.0.113.7", "10.1.1.1", "203.0.113.7" },
        { "10.0.0.0/8", NGINX, "203.0.113.7", "", "203.0.113.7" },
        /* IPv6, as it is written by one and by another */
        { NGINX, NGINX, "2001:DB8:0:0::7", NULL, "2001:db8::7" },
        { NGINX, NGINX, "[2001:db8::7]:4711", NULL, "2001:db8::7" },
        { NGINX, NGINX, "[2001:db8::7]", NULL, "2001:db8::7" },
        { NGINX, NGINX, "::ffff:203.0.113.7", NULL, "203.0.113.7" },
        { "10.0.0.0/8", NGINX, "203.0.113.7, ::ffff:10.2.2.2", NULL, "203.0.113.7" },
        { NGINX, NGINX, "203.0.113.7:4711", NULL, "203.0.113.7" },
        /* what is no address ends the way back, at the last one that is known */
        { NGINX, NGINX, "unknown", NULL, NGINX },
        { NGINX, NGINX, "203.0.113.7, _hidden", NULL, NGINX },
        { "10.0.0.0/8", NGINX, "203.0.113.7, evil\" who=\"admin, 10.2.2.2", NULL, "10.2.2.2" },
        { "10.0.0.0/8", NGINX, "203.0.113.7 6.6.6.6, 10.2.2.2", NULL, "10.2.2.2" },
        { NGINX, NGINX, "1.2.3", NULL, NGINX },
        { NGINX, NGINX, "1.2.3.4.5", NULL, NGINX },
        { NGINX, NGINX, "256.2.3.4", NULL, NGINX },
        { NGINX, NGINX, "0x1.2.3.4", NULL, NGINX },
        { NGINX, NGINX, "fe80::1%eth0", NULL, NGINX },
        { NGINX, NGINX, "[", NULL, NGINX },
        { NGINX, NGINX, "[]", NULL, NGINX },
        { NGINX, NGINX, ":", NULL, NGINX },
        { NGINX, NGINX, "203.0.113.7:4711:", NULL, NGINX },
    };

    arena = jv_arena_new(1 << 20);
    for (size_t i = 0; i < JV_COUNT(cases); i++)
        CHECK_STR(client(cases[i].trusted, cases[i].peer, cases[i].first, cases[i].second),
                  cases[i].is);
    jv_arena_free(arena);
}

TEST(long_lists)
{
    struct jv_buf one = { 0 }, many = { 0 };

    arena = jv_arena_new(1 << 20);
    one = jv_buf_new(arena);
    many = jv_buf_new(arena);
    for (int i = 0; i < 2000; i++) {
        jv_buf_str(&one, "9");
        jv_buf_printf(&many, "%s10.1.%d.%d", i ? "," : "203.0.113.7,", i / 250, i % 250);
    }
    CHECK_STR(client(NGINX, NGINX, one.data, NULL), NGINX);
    CHECK_STR(client("10.0.0.0/8", NGINX, many.data, NULL), "10.1.7.218"); /* 32 hops, no more */
    jv_arena_free(arena);
}

TEST(the_setting)
{
    static const char *const good[] = { "",
                                        " ",
                                        "10.83.0.10",
                                        "10.83.0.10, 192.168.0.0/16",
                                        ",10.83.0.10/32,,10.0.0.0/8,",
                                        "1.1.1.1,1.1.1.2,1.1.1.3,1.1.1.4,1.1.1.5,1.1.1.6,1.1.1.7,"
                                        "1.1.1.8,1.1.1.9,1.1.1.10,1.1.1.11,1.1.1.12,1.1.1.13,"
                                        "1.1.1.14,1.1.1.15,1.1.1.16" };
    static const char *const bad[][2] = {
        { "nginx", "nginx is no IPv4 address" },
        { "10.83.0", "10.83.0 is" },
        { "10.83.0.10/", "is no" },
        { "10.83.0.10/33", "is no" },
        { "10.83.0.10/032", "is no" },
        { "10.83.0.10/-1", "is no" },
        { "10.83.0.10/16x", "is no" },
        { "10.83.0.10/16/8", "is no" },
        { "0.0.0.0/0", "of 8 to 32 bits" },
        { "::1", "is no IPv4 address" },
        { "10.0.0.1;10.0.0.2", "is no" },
        { "1.1.1.1,1.1.1.2,1.1.1.3,1.1.1.4,1.1.1.5,1.1.1.6,1.1.1.7,1.1.1.8,1.1.1.9,1.1.1.10,"
          "1.1.1.11,1.1.1.12,1.1.1.13,1.1.1.14,1.1.1.15,1.1.1.16,1.1.1.17",
          "more than 16" },
    };
    const struct proxies *p;

    arena = jv_arena_new(1 << 20);
    for (size_t i = 0; i < JV_COUNT(good); i++)
        CHECK(trust(good[i]));
    for (size_t i = 0; i < JV_COUNT(bad); i++) {
        struct jv_err err = { 0 };

        CHECK_INT(proxies_parse(bad[i][0], arena, &p, &err), JV_INVALID_ARGUMENT);
        CHECK_HAS(err.text, bad[i][1]);
        CHECK_HAS(err.text, "JARVIS_TRUSTED_PROXIES: ");
    }
    jv_arena_free(arena);
}

TEST_MAIN()
