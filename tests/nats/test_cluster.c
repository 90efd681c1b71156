/* test_cluster.c -- compose/nats as it is shipped, on loopback: one server, then three with routes
 * over TLS, streams on all of them, and audit records while leaders are killed. */
#include "scribe.h"

#include <sys/stat.h>

#include "host/nats_auth.h"
#include "io/bus.h"
#include "nats/tls.h"

enum { SERVERS = 3 };

static struct {
    char dir[200], ca[240], creds[240], operator[240], urls[200];
    struct server servers[SERVERS];
    int routes[SERVERS], monitors[SERVERS];
} cluster;

static const struct jv_actor *const actors[] = { &scribe, NULL };
static const struct jv_program program = { .version = "1", .actors = actors };

/* ---- the shipped files, with the paths and ports of here --------------------------------------
 */

static bool localise(int i, const char *name)
{
    const char *d = cluster.dir;

    return tls_shell("sed -e 's|/run/secrets/nats[.]|%s/localhost.|' -e 's|/run/secrets/|%s/|' "
                     "-e 's|127.0.0.1:8222|127.0.0.1:%d|' -e 's|0.0.0.0:6222|127.0.0.1:%d|' "
                     "-e 's|nats:6222|localhost:%d|; s|nats-2:6222|localhost:%d|; "
                     "s|nats-3:6222|localhost:%d|' "
                     "compose/nats/%s >%s/%d/nats/%s",
                     d, d, cluster.monitors[i], cluster.routes[i], cluster.routes[0],
                     cluster.routes[1], cluster.routes[2], name, d, i, name);
}

static void make_server(int i)
{
    char auth[220], listen[40], store[220], conf[240];
    const char *args[] = { "--dir", auth, "--listen", listen, "--store", store, "--conf", conf };

    cluster.servers[i].port = free_port();
    cluster.routes[i] = free_port();
    cluster.monitors[i] = free_port();
    snprintf(auth, sizeof(auth), "%s/auth", cluster.dir);
    snprintf(listen, sizeof(listen), "127.0.0.1:%d", cluster.servers[i].port);
    snprintf(store, sizeof(store), "%s/%d/store", cluster.dir, i);
    snprintf(conf, sizeof(conf), "%s/%d/nats-auth/server.conf", cluster.dir, i);
    CHECK(tls_shell("mkdir -p %s/%d/nats %s/%d/nats-auth", cluster.dir, i, cluster.dir, i));
    CHECK_INT(jv_cmd_nats_conf(&program, 8, (char **)args), 0);
}

static void start_server(int i, const char *conf)
{
    static const char *const names[] = { "nats", "nats-2", "nats-3" };
    struct server *s = &cluster.servers[i];
    char path[240];

    snprintf(path, sizeof(path), "%s/%d/nats/%s", cluster.dir, i, conf);
    setenv("NATS_NAME", names[i], 1);
    CHECK_OR(server_start(s, "-c", path), exit(1));
    snprintf(s->url, sizeof(s->url), "tls://localhost:%d", s->port);
}

TEST(prepare)
{
    snprintf(cluster.dir, sizeof(cluster.dir), "%s/cluster", getenv("TEST_DIR"));
    snprintf(cluster.ca, sizeof(cluster.ca), "%s/ca.crt", cluster.dir);
    snprintf(cluster.creds, sizeof(cluster.creds), "%s/auth/creds/scribe.creds", cluster.dir);
    snprintf(cluster.operator, sizeof(cluster.operator), "%s/auth/creds/operator.creds",
             cluster.dir);
    CHECK_OR(tls_make(cluster.dir), exit(1));
    for (int i = 0; i < SERVERS; i++)
        make_server(i);
    for (int i = 0; i < SERVERS; i++)
        CHECK(localise(i, "nats.conf") && localise(i, "cluster.conf"));
}

/* ---- an operator ---------------------------------------------------------------------------- */

static struct jv_bus *open_operator(struct jv_loop *l, const char *urls)
{
    const struct jv_bus_options o = {
        .url = urls, .creds = cluster.operator, .ca = cluster.ca, .name = "operator"
    };
    struct jv_err err = { 0 };
    struct jv_bus *b = jv_bus_nats(l, &o, 10000, &err);

    CHECK_OR(b, printf("# %s\n", err.text); exit(1));
    return b;
}

/* As `jarvis migrate` does: a cluster that has just begun wants patience. */
static int stream_of(struct jv_bus *b, int replicas, int wait_ms, struct jv_err *err)
{
    const struct timespec pause = { 0, 100000000 };
    struct timespec began, now;
    int r;

    clock_gettime(CLOCK_MONOTONIC, &began);
    do {
        *err = (struct jv_err){ 0 };
        r = make_stream_on(b, JV_AUDIT_MOST, replicas, err);
        if (r == JV_UNAVAILABLE || r == JV_RESOURCE_EXHAUSTED)
            nanosleep(&pause, NULL);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((r == JV_UNAVAILABLE || r == JV_RESOURCE_EXHAUSTED) &&
             (now.tv_sec - began.tv_sec) * 1000 < wait_ms);
    return r;
}

static void make_stream(struct jv_bus *b, int replicas)
{
    struct jv_err err;

    CHECK_INT(stream_of(b, replicas, 60000, &err), JV_OK);
    CHECK_STR(err.text, "");
}

/* ---- one --------------------------------------------------------------------------------------
 */

TEST(one_server)
{
    struct jv_bus_options o = { .creds = cluster.creds, .ca = cluster.ca, .name = "scribe" };
    struct jv_loop *l = jv_loop_new(JV_CLOCK_REAL);
    struct jv_err err;
    struct jv_bus *b;

    start_server(0, "nats.conf");
    b = open_operator(l, cluster.servers[0].url);
    CHECK_INT(stream_of(b, 3, 0, &err), JV_FAILED_PRECONDITION);
    CHECK_HAS(err.text, "JARVIS_STREAM_REPLICAS: 3 copies need a cluster");
    make_stream(b, 1);
    o.url = cluster.servers[0].url;
    begin(&o);
    CHECK(run_until(some_are_said));
    at.speaking = false;
    check_each_once();
    finish();
    jv_bus_free(b);
    jv_loop_free(l);
    server_stop(&cluster.servers[0], SIGTERM);
    CHECK(tls_shell("rm -rf %s/0/store",
                    cluster.dir)); /* what one server keeps is not a cluster's */
}

/* ---- three ------------------------------------------------------------------------------------
 */

static struct jv_loop *control_loop;
static struct jv_bus *control;
static char answer[8192];

static void on_answer(void *arg, struct jv_bus_msg *m)
{
    (void)arg;
    snprintf(answer, sizeof(answer), "%.*s", (int)m->len, (const char *)m->data);
}

static const char *stream_info(void)
{
    int64_t until = jv_loop_mono_ms(control_loop) + 1000;
    char reply[160];

    answer[0] = '\0';
    snprintf(reply, sizeof(reply), "%s.info", jv_bus_inbox(control));
    (void)!jv_bus_publish(control, "$JS.API.STREAM.INFO." JV_AUDIT_STREAM, reply, NULL, 0, "", 0);
    while (!answer[0] && jv_loop_mono_ms(control_loop) < until)
        jv_loop_run_until(control_loop, jv_loop_mono_ms(control_loop) + 5);
    return answer;
}

/* A server that has just come may be asked, and the leader just be changing. */
static bool stream_becomes(const char *replicas, const char *messages)
{
    int64_t until = jv_loop_mono_ms(control_loop) + 30000;

    while (jv_loop_mono_ms(control_loop) < until) {
        const char *info = stream_info();

        if (strstr(info, replicas) && strstr(info, messages))
            return true;
    }
    printf("# %s\n", answer);
    return false;
}

static bool all_are_current(const char *info)
{
    const char *one = strstr(info, "\"current\":true");

    return one && strstr(one + 1, "\"current\":true") && !strstr(info, "\"offline\":true");
}

/* Which server leads the stream, once the others have all of it: until then none is stopped. */
static int leader(void)
{
    static const char *const names[] = { "\"leader\":\"nats\"", "\"leader\":\"nats-2\"",
                                         "\"leader\":\"nats-3\"" };
    int64_t until = jv_loop_mono_ms(control_loop) + 60000;

    while (jv_loop_mono_ms(control_loop) < until) {
        const char *info = stream_info();

        for (int i = 0; i < SERVERS; i++)
            if (all_are_current(info) && strstr(info, names[i]))
                return i;
    }
    printf("# %s\n", answer);
    CHECK(!"there is a leader");
    return 0;
}

TEST(three_servers)
{
    struct jv_err err;
    char inbox[160];

    for (int i = 0; i < SERVERS; i++) {
        start_server(i, "cluster.conf");
        snprintf(cluster.urls + strlen(cluster.urls), 64, "%s%s", i ? "," : "",
                 cluster.servers[i].url);
    }
    control_loop = jv_loop_new(JV_CLOCK_REAL);
    control = open_operator(control_loop, cluster.urls);
    snprintf(inbox, sizeof(inbox), "%s.info", jv_bus_inbox(control));
    jv_bus_subscribe(control, inbox, NULL, on_answer, NULL);
    make_stream(control, 1); /* grows */
    make_stream(control, 3);
    CHECK(stream_becomes("\"num_replicas\":3", ""));
    CHECK_INT(stream_of(control, 5, 0, &err), JV_RESOURCE_EXHAUSTED);
    CHECK_HAS(err.text, "JARVIS_STREAM_REPLICAS: the NATS cluster has no 5 servers");
}

static bool new_leader(void)
{
    return jv_audits_written(at.node->audits) && at.said > 0;
}

/* Stop whoever leads the stream, maybe the scribe's own server, while records are said. */
static void lose_leader(int signal)
{
    int first;

    CHECK(run_until(some_are_said));
    first = leader();
    server_stop(&cluster.servers[first], signal);
    CHECK(run_until(some_are_said));
    CHECK(run_until(new_leader));
    start_server(first, "cluster.conf");
    CHECK(run_until(some_are_said));
}

/* The one that is killed comes last: nats-server 2.9 may lose what the next leader acknowledged
 * when that one goes, too, after the first is back. */
TEST(leaders_that_go)
{
    const struct jv_bus_options o = {
        .url = cluster.urls, .creds = cluster.creds, .ca = cluster.ca, .name = "scribe"
    };

    at.slow = 3; /* some fifty a second: what waits for a leader must fit */
    begin(&o);
    lose_leader(SIGTERM);
    lose_leader(SIGTERM);
    lose_leader(SIGTERM);
    lose_leader(SIGKILL);
    at.speaking = false;
    check_each_once();
    finish();
    at.slow = 0;
}

/* Shrinks and grows with what it keeps. */
TEST(a_stream_of_another_size)
{
    char messages[40];

    snprintf(messages, sizeof(messages), "\"messages\":%d,", at.said);
    make_stream(control, 1);
    CHECK(stream_becomes("\"num_replicas\":1", messages));
    make_stream(control, 3);
    CHECK(stream_becomes("\"num_replicas\":3", messages));
}

TEST(the_end)
{
    jv_bus_free(control);
    jv_loop_free(control_loop);
    for (int i = 0; i < SERVERS; i++)
        server_stop(&cluster.servers[i], SIGKILL);
}

TEST_MAIN()
