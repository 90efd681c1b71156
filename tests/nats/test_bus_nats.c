/* test_bus_nats.c -- the bus over a real nats-server: what every bus does, and a server that goes
 * and comes back. */
#include "bus_cases.h"

#include <pthread.h>
#include <stdatomic.h>

#include "nats/server.h"

static struct jv_loop *the_loop;

static struct jv_loop *loop(void)
{
    if (!the_loop)
        the_loop = jv_loop_new(JV_CLOCK_REAL);
    return the_loop;
}

struct state {
    int ups, downs;
};

static void on_state(void *arg, bool up, const char *why)
{
    struct state *s = arg;

    (void)why;
    s->ups += up;
    s->downs += !up;
}

static struct jv_bus *open_at(const char *url, const char *name, struct state *state)
{
    struct jv_bus_options o = { .url = url, .name = name };
    struct jv_err err = { 0 };
    struct jv_bus *b;

    if (state) {
        o.on_state = on_state;
        o.arg = state;
    }
    b = jv_bus_nats(loop(), &o, 5000, &err);
    if (!b) {
        printf("# %s\n", err.text);
        exit(1);
    }
    return b;
}

static struct jv_bus *open_bus(const char *name)
{
    return open_at(getenv("TEST_NATS_URL"), name, NULL);
}

/* ---- connecting ----------------------------------------------------------------------------- */

TEST(no_server)
{
    struct jv_err err = { 0 };
    char url[80];

    snprintf(url, sizeof(url), "nats://me:secret@127.0.0.1:%d", free_port());
    CHECK(!jv_bus_nats(loop(), &(struct jv_bus_options){ .url = url, .name = "ana" }, 100, &err));
    CHECK_INT(err.code, JV_UNAVAILABLE);
    CHECK_HAS(err.text, "cannot connect to NATS at 127.0.0.1:");
    CHECK(!strstr(err.text, "secret"));
    CHECK(!jv_bus_nats(loop(), &(struct jv_bus_options){ .url = url, .name = "a.b" }, 100, &err));
    CHECK_INT(err.code, JV_INVALID_ARGUMENT);
}

TEST(refused_credentials_end_it_at_once)
{
    struct server s = { 0 };
    struct jv_err err = { 0 };
    int64_t began = jv_loop_mono_ms(loop());

    CHECK_OR(server_start(&s, "--auth", "token"), return );
    CHECK(!jv_bus_nats(loop(), &(struct jv_bus_options){ .url = s.url, .name = "ana" }, 9000,
                       &err));
    CHECK_INT(err.code, JV_UNAUTHENTICATED);
    CHECK(jv_loop_mono_ms(loop()) - began < 5000);
    server_stop(&s, SIGKILL);
}

/* ---- threads -------------------------------------------------------------------------------- */

enum { N_THREADS = 4, PER_THREAD = 1000 };

static void *publish_many(void *bus)
{
    for (int i = 0; i < PER_THREAD; i++)
        if (say(bus, "test.threads", "x"))
            return bus;
    return NULL;
}

TEST(any_thread_may_publish)
{
    struct jv_bus *a = open_bus("ana"), *b = open_bus("bob");
    struct got g = { 0 };
    pthread_t threads[N_THREADS];
    void *failed;

    CHECK(jv_bus_thread_safe_publish(a));
    jv_bus_subscribe(b, "test.threads", NULL, on_count, &g);
    settle(b);
    for (int i = 0; i < N_THREADS; i++)
        pthread_create(&threads[i], NULL, publish_many, a);
    CHECK(wait_for(&g, N_THREADS * PER_THREAD));
    for (int i = 0; i < N_THREADS; i++) {
        pthread_join(threads[i], &failed);
        CHECK(!failed);
    }
    jv_bus_free(a);
    jv_bus_free(b);
}

TEST(what_was_published_last_arrives)
{
    struct jv_bus *b = open_bus("bob");
    struct got g = { 0 };

    jv_bus_subscribe(b, "test.last", NULL, on_count, &g);
    settle(b);
    for (int round = 0; round < 5; round++) {
        struct jv_bus *a = open_bus("ana");

        for (int i = 0; i < 200; i++)
            CHECK_INT(say(a, "test.last", "x"), JV_OK);
        jv_bus_free(a);
    }
    CHECK(wait_for(&g, 1000));
    jv_bus_free(b);
}

/* ---- the server goes and comes back --------------------------------------------------------- */

static bool is_down(void *arg)
{
    return !jv_bus_connected(arg);
}

static bool is_up(void *arg)
{
    return jv_bus_connected(arg);
}

struct ends {
    struct jv_bus *asks, *serves;
    struct got service, replies, events;
};

static void open_ends(struct ends *e, const char *url, struct state *state)
{
    char inbox[160];

    e->asks = open_at(url, "ana", state);
    e->serves = open_at(url, "bob", NULL);
    e->service.bus = e->serves;
    snprintf(inbox, sizeof(inbox), "%s.*", jv_bus_inbox(e->asks));
    jv_bus_subscribe(e->serves, "test.service", "q", on_msg, &e->service);
    jv_bus_subscribe(e->serves, "test.events", NULL, on_msg, &e->events);
    jv_bus_subscribe(e->asks, inbox, NULL, on_msg, &e->replies);
}

static int ask_service(struct ends *e)
{
    char reply[160];

    snprintf(reply, sizeof(reply), "%s.7", jv_bus_inbox(e->asks));
    return jv_bus_publish(e->asks, "test.service", reply, NULL, 0, "hello", 5);
}

/* Ask until an answer comes: the two ends come back one after the other. */
static bool answered(void *arg)
{
    struct ends *e = arg;

    return e->replies.n > e->replies.want && !e->replies.status;
}

static bool ask_again(void *arg)
{
    (void)!ask_service(arg);
    return answered(arg);
}

static void close_ends(struct ends *e)
{
    jv_bus_free(e->asks);
    jv_bus_free(e->serves);
}

TEST(a_server_that_restarts)
{
    struct server s = { 0 };
    struct state state = { 0 };
    struct ends e = { 0 };

    CHECK_OR(server_start(&s, NULL, NULL), return );
    open_ends(&e, s.url, &state);
    CHECK(run_until(ask_again, &e));
    for (int round = 0; round < 3; round++) {
        server_stop(&s, round == 1 ? SIGTERM : SIGKILL);
        CHECK(run_until(is_down, e.asks));
        CHECK_INT(ask_service(&e), JV_UNAVAILABLE);
        CHECK_INT(say(e.asks, "test.events", "kept"), JV_OK);
        CHECK(server_start(&s, NULL, NULL));
        CHECK(run_until(is_up, e.serves));
        CHECK(run_until(is_up, e.asks));
        e.replies.want = e.replies.n;
        CHECK(run_until(ask_again, &e));
        CHECK_STR(e.replies.data, "hello");
        CHECK_INT(state.downs, round + 1);
        CHECK_INT(state.ups, round + 1);
    }
    close_ends(&e);
    server_stop(&s, SIGKILL);
}

TEST(what_is_kept_while_the_server_is_away)
{
    static char big[64 << 10];
    struct server s = { 0 };
    struct jv_bus *a, *b;
    struct got g = { 0 };
    int kept = 0;

    CHECK_OR(server_start(&s, NULL, NULL), return );
    a = open_at(s.url, "ana", NULL);
    server_stop(&s, SIGKILL);
    CHECK(run_until(is_down, a));
    while (kept < 100 && jv_bus_publish(a, "test.kept", NULL, NULL, 0, big, sizeof(big)) == JV_OK)
        kept++;
    CHECK(kept == 15);
    CHECK_INT(say(a, "test.kept", "small"), JV_OK);
    CHECK_INT(jv_bus_publish(a, "test.kept", NULL, NULL, 0, big, sizeof(big)), JV_UNAVAILABLE);
    jv_bus_subscribe(a, "test.kept", NULL, on_count, &g); /* made while away */
    CHECK(server_start(&s, NULL, NULL));
    CHECK(run_until(is_up, a));
    CHECK(wait_for(&g, kept + 1));
    b = open_at(s.url, "bob", NULL);
    CHECK_INT(say(b, "test.kept", "x"), JV_OK);
    CHECK(wait_for(&g, kept + 2));
    jv_bus_free(a);
    jv_bus_free(b);
    server_stop(&s, SIGKILL);
}

/* cnats gives up after two refusals: the bus does not. */
TEST(a_server_that_refuses_for_a_while)
{
    const struct timespec refusing = { 1, 500000000 };
    struct server s = { 0 };
    struct state state = { 0 };
    struct ends e = { 0 };

    CHECK_OR(server_start(&s, NULL, NULL), return );
    open_ends(&e, s.url, &state);
    server_stop(&s, SIGKILL);
    CHECK(run_until(is_down, e.asks));
    CHECK(server_start(&s, "--auth", "other"));
    nanosleep(&refusing, NULL); /* long enough for several attempts */
    CHECK(!jv_bus_connected(e.asks));
    CHECK_INT(say(e.asks, "test.events", "kept"), JV_OK);
    server_stop(&s, SIGKILL);
    CHECK(server_start(&s, NULL, NULL));
    CHECK(run_until(is_up, e.serves));
    CHECK(run_until(is_up, e.asks));
    CHECK(run_until(ask_again, &e));
    close_ends(&e);
    server_stop(&s, SIGKILL);
}

TEST(freed_while_the_server_is_away)
{
    struct server s = { 0 };
    struct ends e = { 0 };

    CHECK_OR(server_start(&s, NULL, NULL), return );
    open_ends(&e, s.url, NULL);
    server_stop(&s, SIGKILL);
    CHECK(run_until(is_down, e.asks));
    CHECK_INT(say(e.asks, "test.events", "lost"), JV_OK);
    close_ends(&e);
}

TEST(drained_while_the_server_is_away)
{
    struct server s = { 0 };
    struct got g = { 0 };
    struct jv_bus *a;
    struct jv_bus_sub *sub;

    CHECK_OR(server_start(&s, NULL, NULL), return );
    a = open_at(s.url, "ana", NULL);
    sub = jv_bus_subscribe(a, "test.x", NULL, on_count, &g);
    server_stop(&s, SIGKILL);
    CHECK(run_until(is_down, a));
    jv_bus_drain(a, sub, on_drained, &g);
    CHECK(run_until(is_drained, &g));
    jv_bus_free(a);
}

/* ---- JetStream ------------------------------------------------------------------------------ */

TEST(streams)
{
    static const char *const subjects[] = { "test.audit.>", NULL };
    static const char *const others[] = { "test.other.>", NULL };
    static const struct jv_stream_limits hour = { 3600, 0 }, small = { 120, 1 << 20 };
    struct jv_bus *a = open_bus("ana");
    struct jv_err err = { 0 };

    CHECK_INT(jv_bus_stream(a, "TEST_AUDIT", subjects, &hour, &err), JV_OK);
    CHECK_INT(jv_bus_stream(a, "TEST_AUDIT", subjects, &hour, &err), JV_OK);
    CHECK_INT(jv_bus_stream(a, "TEST_AUDIT", subjects, &small, &err), JV_OK); /* other limits */
    CHECK_INT(jv_bus_stream(a, "TEST_AUDIT", others, &hour, &err), JV_FAILED_PRECONDITION);
    CHECK_HAS(err.text, "TEST_AUDIT");
    CHECK_INT(jv_bus_stream(a, "bad name", subjects, &hour, &err), JV_INVALID_ARGUMENT);
    jv_bus_free(a);
}

TEST(the_end)
{
    the_loop = jv_loop_free(the_loop);
}

TEST_MAIN()
