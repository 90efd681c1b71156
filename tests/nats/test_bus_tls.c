/* test_bus_tls.c -- the bus over TLS: what every bus does, whom it trusts, and a network that
 * brings a record in pieces, or a part of it and no more. */
#include "bus_cases.h"

#include <openssl/crypto.h>

#include "base/log.h"
#include "nats/relay.h"
#include "nats/tls.h"

static struct jv_loop *the_loop;
static struct server server;
static char dir[200], ca[220], strange[220];

/* Registered before anything of OpenSSL, so it comes after its end, if there were one: threads of
 * cnats may still free what belongs to it. */
static void openssl_is_there(void)
{
    if (OPENSSL_init_crypto(0, NULL))
        return;
    printf("not ok - OpenSSL has ended before the process\n");
    _exit(1);
}

static struct jv_loop *loop(void)
{
    if (the_loop)
        return the_loop;
    atexit(openssl_is_there);
    jv_log_init("test", JV_LOG_ERROR, false);
    snprintf(dir, sizeof(dir), "%s/tls", getenv("TEST_DIR"));
    snprintf(ca, sizeof(ca), "%s/ca.crt", dir);
    snprintf(strange, sizeof(strange), "%s/strange.crt", dir);
    CHECK_OR(tls_make(dir) && tls_start(&server, dir, "localhost"), exit(1));
    the_loop = jv_loop_new(JV_CLOCK_REAL);
    return the_loop;
}

static struct jv_bus *try_at(const char *url, const char *with_ca, struct jv_err *err)
{
    const struct jv_bus_options o = { .url = url, .name = "ana", .ca = with_ca };

    *err = (struct jv_err){ 0 };
    return jv_bus_nats(loop(), &o, 5000, err);
}

static struct jv_bus *open_at(const char *url, const char *name)
{
    const struct jv_bus_options o = { .url = url, .name = name, .ca = ca };
    struct jv_err err = { 0 };
    struct jv_bus *b = jv_bus_nats(loop(), &o, 5000, &err);

    CHECK_OR(b, printf("# %s\n", err.text); exit(1));
    return b;
}

static struct jv_bus *open_bus(const char *name)
{
    (void)loop();
    return open_at(server.url, name);
}

/* ---- whom it trusts ------------------------------------------------------------------------- */

static void refused(const char *url, const char *with_ca, int code, const char *text)
{
    struct jv_err err;
    struct jv_bus *b = try_at(url, with_ca, &err);

    CHECK(!b);
    CHECK_INT(err.code, code);
    CHECK_HAS(err.text, text);
    jv_bus_free(b);
}

TEST(by_its_ca_and_its_name)
{
    char url[64];
    struct server other = { 0 };

    jv_bus_free(open_bus("ana"));
    snprintf(url, sizeof(url), "nats://localhost:%d", server.port);
    jv_bus_free(open_at(url, "ana")); /* the CA alone asks for TLS */
    refused(server.url, strange, JV_UNAVAILABLE, "shows no certificate of the CA in NATS_CA");
    snprintf(url, sizeof(url), "tls://127.0.0.1:%d", server.port); /* its certificate has a name */
    refused(url, ca, JV_UNAVAILABLE, "for that name");
    CHECK_OR(tls_start(&other, dir, "elsewhere"), return );
    refused(other.url, ca, JV_UNAVAILABLE, "for that name");
    server_stop(&other, SIGKILL);
}

TEST(without_a_ca)
{
    char url[64];

    (void)loop();
    snprintf(url, sizeof(url), "nats://localhost:%d", server.port);
    refused(url, NULL, JV_UNAVAILABLE, "demands TLS: set NATS_CA");
    refused(server.url, NULL, JV_UNAVAILABLE, "set NATS_CA");
}

TEST(a_server_without_tls)
{
    char url[64];
    const char *plain = getenv("TEST_NATS_URL");

    snprintf(url, sizeof(url), "tls://%s", plain + strlen("nats://"));
    refused(plain, ca, JV_UNAVAILABLE, "offers no TLS, but NATS_CA is set");
    refused(url, NULL, JV_UNAVAILABLE, "offers no TLS, but NATS_URL asks for it");
}

TEST(a_ca_that_is_none)
{
    char path[260];

    (void)loop();
    snprintf(path, sizeof(path), "%s/nothing", dir);
    refused(server.url, path, JV_INVALID_ARGUMENT, "NATS_CA: ");
    CHECK(tls_shell("printf -- '-----BEGIN CERTIFICATE-----\\nAAAA\\n' >'%s'", path));
    refused(server.url, path, JV_INVALID_ARGUMENT, "NATS_CA: ");
}

/* ---- much of it ----------------------------------------------------------------------------- */

enum { BIG = 1 << 20, MANY = 40 };

struct big {
    int n, wrong;
    int want;
};

static void on_big(void *arg, struct jv_bus_msg *m)
{
    struct big *g = arg;
    const unsigned char *data = m->data;

    g->wrong += m->len != BIG || data[0] != (unsigned char)g->n || data[BIG - 1] != data[0];
    g->n++;
}

static bool all_big(void *arg)
{
    const struct big *g = arg;

    return g->n >= g->want;
}

static void send_big(struct jv_bus *b, int n)
{
    static char body[BIG];

    memset(body, n, sizeof(body));
    CHECK_INT(jv_bus_publish(b, "test.big", NULL, NULL, 0, body, sizeof(body)), JV_OK);
}

static void exchange_big(struct jv_bus *a, struct jv_bus *b)
{
    struct big g = { .want = MANY };
    struct jv_bus_sub *s = jv_bus_subscribe(b, "test.big", NULL, on_big, &g);

    settle(b);
    for (int i = 0; i < MANY; i += 8) {
        for (int k = i; k < i + 8; k++)
            send_big(a, k);
        g.want = i + 8;
        CHECK(run_until(all_big, &g));
    }
    CHECK_INT(g.n, MANY);
    CHECK_INT(g.wrong, 0);
    jv_bus_unsubscribe(b, s);
}

static bool is_down(void *arg)
{
    return !jv_bus_connected(arg);
}

static bool is_up(void *arg)
{
    return jv_bus_connected(arg);
}

TEST(big_messages_also_after_the_server_restarted)
{
    struct jv_bus *a = open_bus("ana"), *b = open_bus("bob");

    exchange_big(a, b);
    for (int round = 0; round < 2; round++) {
        server_stop(&server, SIGKILL);
        CHECK(run_until(is_down, a));
        CHECK(run_until(is_down, b));
        CHECK(tls_start(&server, dir, "localhost"));
        CHECK(run_until(is_up, a));
        CHECK(run_until(is_up, b));
        exchange_big(a, b);
    }
    jv_bus_free(a);
    jv_bus_free(b);
}

/* Small ones that come faster than they are read: several in one record, records in one read. */
TEST(many_small_messages)
{
    struct jv_bus *a = open_bus("ana"), *b = open_bus("bob");
    struct got g = { 0 };
    char text[16];

    jv_bus_subscribe(b, "test.small", NULL, on_msg, &g);
    settle(b);
    for (int i = 0; i < 20000; i++) {
        snprintf(text, sizeof(text), "%d", i);
        CHECK_INT(say(a, "test.small", text), JV_OK);
    }
    CHECK(wait_for(&g, 20000));
    CHECK(g.ordered);
    CHECK_INT(g.n, 20000);
    jv_bus_free(a);
    jv_bus_free(b);
}

/* ---- a network ------------------------------------------------------------------------------ */

struct scene {
    struct relay relay;
    struct jv_bus *near, *far; /* far is behind the relay */
};

static void scene_open(struct scene *s)
{
    char url[64];

    (void)loop();
    relay_start(&s->relay, server.port);
    snprintf(url, sizeof(url), "tls://localhost:%d", s->relay.port);
    s->far = open_at(url, "far");
    s->near = open_bus("near");
}

static void scene_close(struct scene *s)
{
    jv_bus_free(s->near);
    jv_bus_free(s->far);
    relay_stop(&s->relay);
}

TEST(records_in_pieces)
{
    struct scene s = { 0 };
    struct big g = { .want = 2 };

    scene_open(&s);
    jv_bus_subscribe(s.far, "test.big", NULL, on_big, &g);
    settle(s.far);
    atomic_store(&s.relay.piece, 700);
    send_big(s.near, 0);
    send_big(s.near, 1);
    CHECK(run_until(all_big, &g));
    CHECK_INT(g.wrong, 0);
    scene_close(&s);
}

static bool nothing_more(void *arg)
{
    return atomic_load(&((struct relay *)arg)->budget) == 0;
}

/* The loop goes on meanwhile: settle() is other people's work on it. */
TEST(a_part_of_a_record_and_no_more)
{
    struct scene s = { 0 };
    struct big g = { .want = 1 };

    scene_open(&s);
    jv_bus_subscribe(s.far, "test.big", NULL, on_big, &g);
    settle(s.far);
    for (int i = 0; i < 3; i++) {
        static const int budgets[] = { 2, 3000, 40000 };

        g = (struct big){ .want = 1 };
        atomic_store(&s.relay.budget, budgets[i]);
        send_big(s.near, 0);
        CHECK(run_until(nothing_more, &s.relay));
        for (int k = 0; k < 3; k++)
            settle(s.near);
        CHECK_INT(g.n, 0);
        atomic_store(&s.relay.budget, RELAY_OPEN);
        CHECK(run_until(all_big, &g));
        CHECK_INT(g.wrong, 0);
    }
    scene_close(&s);
}

/* Before anything of the message is there: cnats leaks one that is cut off. */
TEST(the_connection_ends_amid_a_record)
{
    static char body[8000];
    struct scene s = { 0 };
    struct got g = { 0 };

    scene_open(&s);
    jv_bus_subscribe(s.far, "test.cut", NULL, on_msg, &g);
    settle(s.far);
    atomic_store(&s.relay.budget, 20);
    CHECK_INT(jv_bus_publish(s.near, "test.cut", NULL, NULL, 0, body, sizeof(body)), JV_OK);
    CHECK(run_until(nothing_more, &s.relay));
    relay_stop(&s.relay);
    CHECK(run_until(is_down, s.far));
    CHECK_INT(g.n, 0);
    jv_bus_free(s.near);
    jv_bus_free(s.far);
}

/* A server that takes nothing any more: whoever writes gives it up after a while, is there for
 * others, and comes back with it. */
TEST(a_server_that_stands_still)
{
    struct server still = { 0 };
    struct jv_bus *a, *b;

    (void)loop();
    CHECK_OR(tls_start(&still, dir, "localhost"), return );
    a = open_at(still.url, "ana");
    b = open_bus("bob");
    kill(still.pid, SIGSTOP);
    for (int i = 0; i < 32 && jv_bus_connected(a); i++) {
        static char body[BIG];

        (void)!jv_bus_publish(a, "test.big", NULL, NULL, 0, body, sizeof(body));
        settle(b);
    }
    CHECK(run_until(is_down, a));
    settle(b);
    kill(still.pid, SIGCONT);
    CHECK(run_until(is_up, a));
    settle(a);
    jv_bus_free(a);
    jv_bus_free(b);
    server_stop(&still, SIGKILL);
}

/* ---- JetStream ------------------------------------------------------------------------------ */

TEST(streams)
{
    static const char *const subjects[] = { "test.audit.>", NULL };
    static const struct jv_stream_limits hour = { 3600, 0, 0 };
    struct jv_bus *a = open_bus("ana");
    struct jv_err err = { 0 };

    CHECK_INT(jv_bus_stream(a, "TEST_AUDIT", subjects, &hour, &err), JV_OK);
    CHECK_STR(err.text, "");
    jv_bus_free(a);
}

TEST(the_end)
{
    server_stop(&server, SIGKILL);
    the_loop = jv_loop_free(the_loop);
}

TEST_MAIN()
