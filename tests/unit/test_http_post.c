/* test_http_post.c -- posting, TLS, many at once, and addresses judged as they stand. */
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "check.h"
#include "io/http.h"
#include "receiver.h"

static struct receiver *plain;
static char allow[64], said[400];

static struct jv_fetch to(const char *scheme, const char *host, unsigned port, const char *path,
                          char url[512])
{
    char list[64];

    snprintf(url, 512, "%s://%s:%u%s", scheme, host, port, path);
    snprintf(list, sizeof(list), "127.0.0.1:%u", port);
    if (strcmp(allow, list) != 0) /* another thread may be reading it */
        memcpy(allow, list, sizeof(allow));
    return (struct jv_fetch){ .url = url,
                              .allow = allow,
                              .post = "{\"a\":1}",
                              .post_len = 7,
                              .discard = true,
                              .max_bytes = 4096,
                              .timeout_ms = 5000 };
}

static long run(struct jv_fetch *f)
{
    int r = jv_fetch_run(f);

    snprintf(said, sizeof(said), "%s", f->err.text);
    jv_fetch_done(f);
    return r ? -r : f->status;
}

static long post(const char *path, const char *const *headers)
{
    char url[512];
    struct jv_fetch f = to("http", "127.0.0.1", plain->port, path, url);

    f.headers = headers;
    return run(&f);
}

TEST(starts_a_receiver)
{
    alarm(120);
    plain = receiver_new(NULL);
}

/* ---- posting -------------------------------------------------------------------------------- */

TEST(posts_what_it_is_given)
{
    static const char *const headers[] = { "Content-Type: application/a2a+json",
                                           "Authorization: Bearer s3cret", NULL };

    CHECK_INT(post("/ok/1", headers), 200);
    CHECK_HAS(plain->seen[0].head, "POST /ok/1 HTTP/1.1\r\n");
    CHECK_HAS(plain->seen[0].head, "Content-Type: application/a2a+json\r\n");
    CHECK_HAS(plain->seen[0].head, "Authorization: Bearer s3cret\r\n");
    CHECK_HAS(plain->seen[0].head, "Content-Length: 7\r\n");
    CHECK(!strstr(plain->seen[0].head, "Expect"));
    CHECK(!strstr(plain->seen[0].head, "Cookie"));
    CHECK_STR(plain->seen[0].body, "{\"a\":1}");
    CHECK_INT(post("/fail", NULL), 500);
    CHECK_INT(post("/gone", NULL), 410);
}

TEST(long_bodies_are_not_asked_for_beforehand)
{
    static char body[100000];
    char url[512];
    struct jv_fetch f = to("http", "127.0.0.1", plain->port, "/ok/long", url);
    size_t at = plain->n;

    memset(body, 'x', sizeof(body));
    f.post = body;
    f.post_len = sizeof(body);
    CHECK_INT(run(&f), 200);
    CHECK_INT(strlen(plain->seen[at].body), sizeof(body));
    CHECK(!strstr(plain->seen[at].head, "Expect"));
}

TEST(no_redirect_is_followed)
{
    size_t before = receiver_count(plain, "/ok");

    CHECK_INT(post("/moved", NULL), 302);
    CHECK_INT(receiver_count(plain, "/ok"), before);
}

/* The status counts, whatever follows it; nothing of it is kept. */
TEST(answers_are_thrown_away)
{
    char url[512];
    struct jv_fetch f = to("http", "127.0.0.1", plain->port, "/ok/2", url);

    CHECK_INT(post("/big", NULL), 200);
    CHECK_INT(jv_fetch_run(&f), JV_OK);
    CHECK_STR(f.body, "");
    jv_fetch_done(&f);
    f.discard = false;
    CHECK_INT(jv_fetch_run(&f), JV_OK);
    CHECK_STR(f.body, "SECRET");
    jv_fetch_done(&f);
}

TEST(no_header_smuggles_another)
{
    static const char *const bad[] = { "X-Token: a\r\nX-Evil: b", "X-Token: a\nX-Evil: b",
                                       "X-Token: a\x7f", "no colon" };
    size_t before = plain->n;

    for (size_t i = 0; i < JV_COUNT(bad); i++) {
        const char *const headers[] = { bad[i], NULL };

        CHECK_INT(post("/ok", headers), -JV_INVALID_ARGUMENT);
    }
    CHECK_STR(said, "a header has a control character in it");
    CHECK_INT(plain->n, before);
}

TEST(no_answer_in_time)
{
    char url[512];
    struct jv_fetch f = to("http", "127.0.0.1", plain->port, "/hold", url);

    f.timeout_ms = 50;
    CHECK_INT(run(&f), -JV_UNAVAILABLE);
    CHECK_STR(said, "no answer within 50 ms");
}

/* ---- TLS ------------------------------------------------------------------------------------ */

static const struct tls_case {
    const char *san;
    bool signed_by_ca, trusted;
    long want;
} tls_cases[] = {
    { "IP:127.0.0.1", false, false, -JV_UNAVAILABLE }, /* its own word for it */
    { "IP:127.0.0.1", false, true, -JV_UNAVAILABLE },
    { "IP:127.0.0.1", true, false, -JV_UNAVAILABLE }, /* nobody knows the signer */
    { "IP:127.0.0.1", true, true, 200 },
    { "DNS:somebody.example", true, true, -JV_UNAVAILABLE }, /* another's certificate */
};

TEST(certificates_are_checked)
{
    struct identity ca = identity_new("test CA", NULL, NULL);
    char path[64], url[512];

    identity_save(&ca, path);
    for (size_t i = 0; i < JV_COUNT(tls_cases); i++) {
        const struct tls_case *c = &tls_cases[i];
        struct identity server = identity_new("server", c->san, c->signed_by_ca ? &ca : NULL);
        struct receiver *r = receiver_new(identity_server(&server));
        struct jv_fetch f = to("https", "127.0.0.1", r->port, "/ok", url);

        f.ca = c->trusted ? path : NULL;
        CHECK_INT(run(&f), c->want);
        CHECK_INT(r->n, c->want == 200);
        receiver_free(r);
        identity_free(&server);
    }
    unlink(path);
    identity_free(&ca);
}

/* ---- many at once --------------------------------------------------------------------------- */

struct crowd {
    struct jv_loop *loop;
    struct jv_fetches *fs;
    size_t told, want;
    int codes[JV_FETCH_MANY + 1];
    struct jv_fetch f[JV_FETCH_MANY + 1];
    char urls[JV_FETCH_MANY + 1][512];
};

static void told(void *arg)
{
    struct crowd *c = arg;

    if (++c->told == c->want)
        jv_loop_stop(c->loop);
}

static struct crowd *crowd_new(void)
{
    struct crowd *c = calloc(1, sizeof(*c));

    c->loop = jv_loop_new(JV_CLOCK_VIRTUAL);
    c->fs = jv_fetches_new(c->loop);
    return c;
}

static bool crowd_add(struct crowd *c, size_t i, const char *path)
{
    c->f[i] = to("http", "127.0.0.1", plain->port, path, c->urls[i]);
    c->f[i].timeout_ms = 60000; /* a hundred under valgrind take their time */
    return jv_fetches_add(c->fs, &c->f[i], NULL, told, c);
}

static void crowd_free(struct crowd *c)
{
    jv_fetches_free(c->fs);
    jv_loop_free(c->loop);
    for (size_t i = 0; i < JV_COUNT(c->f); i++)
        jv_fetch_done(&c->f[i]);
    free(c);
}

/* Those that wait are in nobody's way: one thread, a hundred held, ten answered. */
TEST(slow_ones_hold_up_nobody)
{
    struct crowd *c = crowd_new();

    for (size_t i = 0; i < 110; i++)
        CHECK(crowd_add(c, i, i < 100 ? "/hold" : "/ok"));
    c->want = 10;
    jv_loop_run(c->loop);
    for (size_t i = 100; i < 110; i++)
        CHECK_INT(c->f[i].status, 200);
    receiver_open(plain, true);
    c->want = 110;
    jv_loop_run(c->loop);
    for (size_t i = 0; i < 100; i++)
        CHECK_INT(c->f[i].status, 200);
    receiver_open(plain, false);
    crowd_free(c);
}

TEST(has_a_limit_and_can_be_cancelled)
{
    struct crowd *c = crowd_new();

    for (size_t i = 0; i < JV_FETCH_MANY; i++)
        CHECK(crowd_add(c, i, "/hold"));
    CHECK(!crowd_add(c, JV_FETCH_MANY, "/ok"));
    for (size_t i = 0; i < JV_FETCH_MANY; i++)
        jv_fetches_cancel(c->fs, &c->f[i]);
    c->want = JV_FETCH_MANY;
    jv_loop_run(c->loop);
    for (size_t i = 0; i < JV_FETCH_MANY; i++)
        CHECK_INT(c->f[i].err.code, JV_CANCELLED);
    crowd_free(c);
}

TEST(bad_ones_are_told_too)
{
    struct crowd *c = crowd_new();

    c->f[0] = (struct jv_fetch){ .url = "gopher://x/", .timeout_ms = 1000 };
    c->f[1] = (struct jv_fetch){ .url = "http://127.0.0.1:9/", .timeout_ms = 1000 };
    c->want = 2;
    for (size_t i = 0; i < 2; i++)
        CHECK(jv_fetches_add(c->fs, &c->f[i], NULL, told, c));
    jv_loop_run(c->loop);
    CHECK_STR(c->f[0].err.text, "the address is neither http nor https");
    CHECK_STR(c->f[1].err.text, "the address is not a public one");
    crowd_free(c);
}

/* Nobody is told, nothing is left. */
TEST(can_be_freed_while_some_are_out)
{
    struct crowd *c = crowd_new();

    for (size_t i = 0; i < 5; i++)
        CHECK(crowd_add(c, i, "/hold"));
    c->fs = jv_fetches_free(c->fs);
    jv_loop_run_until(c->loop, jv_loop_mono_ms(c->loop) + 1);
    CHECK_INT(c->told, 0);
    crowd_free(c);
}

/* ---- addresses as they stand ---------------------------------------------------------------- */

static bool is_fine(const char *url, const char *list)
{
    struct jv_err err = { 0 };
    char place[JV_PLACE];
    int r = jv_url_check(url, list, place, &err);

    CHECK(!r || r == JV_INVALID_ARGUMENT);
    CHECK(!r == !err.text[0]);
    return !r;
}

static const char *const private_hosts[] = {
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "x.localhost",
    "x.LocalHost.",
    "127.0.0.1.",
    "127.1.",
    "2130706433.",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "0",
    "0.0.0.0",
    "[::]",
    "10.0.0.1",
    "10.1",
    "172.16.0.1",
    "192.168.1.1",
    "192.168.257",
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
    "0251.0376.0251.0376",
    "[fd00:ec2::254]",
    "[::ffff:169.254.169.254]",
    "100.64.0.1",
    "100.100.100.200",
    "192.0.2.1",
    "198.51.100.7",
    "203.0.113.9",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "255.255.255.255",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[fd00::1]",
    "[fc00::1]",
    "[ff02::1]",
    "[2001:db8::1]",
    "%31%32%37.0.0.1",
    "127%2e0%2e0%2e1",
};

TEST(private_hosts_are_known_by_sight)
{
    char url[512];

    for (size_t i = 0; i < JV_COUNT(private_hosts); i++) {
        for (size_t https = 0; https < 2; https++) {
            snprintf(url, sizeof(url), "http%s://%s:8080/hook", https ? "s" : "", private_hosts[i]);
            CHECK_STR(is_fine(url, NULL) ? url : "refused", "refused");
        }
    }
}

TEST(public_hosts_and_names_are_fine)
{
    static const char *const urls[] = {
        "https://8.8.8.8/hook",
        "http://1.1.1.1:8080/",
        "https://134744072/",
        "https://[2606:4700::1111]/x",
        "https://example.test/hook",
        "https://hooks.example.com:8443/?a=b",
        "https://localhost.test/",
        "https://notlocalhost/",
        "https://10.example.test/",
        "HTTPS://EXAMPLE.TEST/",
        "http://127.0.0.1.example.test/",
    };

    for (size_t i = 0; i < JV_COUNT(urls); i++)
        CHECK_STR(is_fine(urls[i], NULL) ? "fine" : urls[i], "fine");
}

TEST(listed_ones_are_fine)
{
    char place[JV_PLACE];
    struct jv_err err = { 0 };

    CHECK(is_fine("http://127.0.0.1:80/x", "10.0.0.1:1, 127.0.0.1:80"));
    CHECK(is_fine("http://127.0.0.1/x", "127.0.0.1:80"));
    CHECK(is_fine("http://2130706433/x", "127.0.0.1:80")); /* it is that address */
    CHECK(is_fine("http://localhost:81/x", "localhost:81"));
    CHECK(is_fine("http://[::1]:81/x", "[::1]:81"));
    CHECK(!is_fine("http://127.0.0.1:81/x", "127.0.0.1:80"));
    CHECK(!is_fine("https://127.0.0.1/x", "127.0.0.1:80"));
    CHECK(!is_fine("http://u:p@127.0.0.1:80/x", "127.0.0.1:80"));
    CHECK_INT(jv_url_check("https://Hook.example/x", NULL, place, &err), JV_OK);
    CHECK_STR(place, "hook.example:443");
    CHECK_INT(jv_url_check("nonsense", NULL, place, &err), JV_INVALID_ARGUMENT);
    CHECK_STR(place, "");
}

TEST(stops_the_receiver)
{
    size_t n;

    pthread_mutex_lock(&plain->lock); /* a request that was given up may still be coming in */
    n = plain->n;
    pthread_mutex_unlock(&plain->lock);
    receiver_free(plain);
    CHECK(n > 100);
}

TEST_MAIN()
