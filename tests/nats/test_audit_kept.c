/* test_audit_kept.c -- records on a real server: each is written down once, also when the stream is
 * made later and when the server is killed; and read again in their order. */
#include <conformance.pb-c.h>

#include "actor/audit.h"
#include "base/log.h"
#include "check.h"
#include "jv/kept.h"
#include "server.h"

enum { GIVE_UP_MS = 20000, EVERY_MS = 5, MOST = 4096 };

static struct {
    struct server server;
    char dir[256];
    struct jv_loop *loop;
    struct jv_bus *bus;
    struct jv_node *node;
    struct jv_identity *identity;
    bool ready, drained, speaking;
    int said;
    int64_t read_to; /* the last number that was read */
    int seen[MOST], strange;
} at;

/* ---- an actor that says records and reads them ---------------------------------------------- */

static int say_one(struct jv_ctx *ctx)
{
    if (at.speaking && at.said < MOST)
        jv_audit(ctx, "tick", "%d", at.said++);
    return JV_OK;
}

static int read_all(struct jv_ctx *ctx)
{
    struct jv_kept k;
    int r;

    while (!(r = jv_kept_next(ctx, at.read_to, &k))) {
        const char *text = strstr(k.data, "\"text\":\"");
        int n = text ? atoi(text + 8) : -1;

        at.strange += k.seq <= at.read_to || strcmp(k.subject, "audit.scribe.tick") != 0 || n < 0 ||
                      n >= MOST || !k.at_ms;
        if (n >= 0 && n < MOST)
            at.seen[n]++;
        at.read_to = k.seq;
    }
    return JV_OK; /* no more yet, or no stream, or no server */
}

static const struct jv_timer timers[] = {
    { "say", EVERY_MS, say_one },
    { "read", 50, read_all },
    { 0 },
};

JV_TOOL_FN(effects, Conformance__EffectsRequest, Conformance__EffectsReply)
{
    (void)ctx, (void)req, (void)ret;
    return JV_OK;
}

static const struct jv_tool tools[] = {
    JV_TOOL("Effects", effects, .allow = JV_ALLOW_ANYONE),
    { 0 },
};

static const struct jv_actor scribe = {
    .name = "scribe",
    .version = "1",
    .service = &conformance__conformance__descriptor,
    .tools = tools,
    .timers = timers,
    .needs = JV_NEEDS_AUDIT,
};

/* ---- beginning and end ---------------------------------------------------------------------- */

static void on_ready(void *arg, int code, const struct jv_err *err)
{
    (void)arg;
    if (code)
        printf("# %s\n", err->text);
    at.ready = !code;
}

static void on_drained(void *arg)
{
    (void)arg;
    at.drained = true;
}

static bool run_until(bool (*is)(void))
{
    int64_t end = jv_loop_mono_ms(at.loop) + GIVE_UP_MS;

    while (!is()) {
        if (jv_loop_mono_ms(at.loop) >= end)
            return false;
        jv_loop_run_until(at.loop, jv_loop_mono_ms(at.loop) + 5);
    }
    return true;
}

static bool is_ready(void)
{
    return at.ready;
}

static bool is_drained(void)
{
    return at.drained;
}

static bool all_are_read(void)
{
    for (int i = 0; i < at.said; i++)
        if (!at.seen[i])
            return false;
    return jv_audits_written(at.node->audits);
}

static bool some_are_said(void)
{
    static int before;

    if (!before)
        before = at.said;
    if (at.said < before + 50)
        return false;
    before = 0;
    return true;
}

static int make_stream_of(int32_t most)
{
    static const char *const subjects[] = { "jarvis.audit.>", NULL };
    const struct jv_stream_limits limits = { 3600, 1 << 24, most };
    struct jv_err err = { 0 };

    return jv_bus_stream(at.bus, JV_AUDIT_STREAM, subjects, &limits, &err);
}

static int make_stream(void)
{
    return make_stream_of(JV_AUDIT_MOST);
}

static void start(void)
{
    struct jv_node_options o = { .prefix = "jarvis" };
    struct jv_bus_options b = { .name = "scribe" };
    struct jv_err err = { 0 };
    char conf[300];
    FILE *f;

    jv_log_init("scribe", JV_LOG_ERROR, false);
    at.server = (struct server){ 0 };
    at.ready = at.drained = at.speaking = false;
    at.said = at.strange = 0;
    at.read_to = 0;
    memset(at.seen, 0, sizeof(at.seen));
    snprintf(at.dir, sizeof(at.dir), "%s/audit-XXXXXX", getenv("TEST_DIR"));
    CHECK(mkdtemp(at.dir) != NULL);
    snprintf(conf, sizeof(conf), "%s/conf", at.dir);
    f = fopen(conf, "w");
    fprintf(f, "jetstream { store_dir: \"%s/js\" }\n", at.dir);
    fclose(f);
    CHECK_OR(server_start(&at.server, "-c", conf), abort());
    at.loop = jv_loop_new(JV_CLOCK_REAL);
    b.url = at.server.url;
    at.bus = jv_bus_nats(at.loop, &b, 5000, &err);
    CHECK_OR(at.bus != NULL, abort());
    o.loop = at.loop;
    o.bus = at.bus;
    o.identity = at.identity = jv_identity_new(16);
    at.node = jv_node_new(&scribe, &o, &err);
    CHECK_STR(err.text, "");
    jv_node_start(at.node, on_ready, NULL);
    CHECK(run_until(is_ready));
    at.speaking = true;
}

static void end(void)
{
    jv_node_drain(at.node, on_drained, NULL);
    CHECK(run_until(is_drained));
    jv_node_free(at.node);
    jv_bus_free(at.bus);
    jv_identity_free(at.identity);
    jv_loop_free(at.loop);
    server_stop(&at.server, SIGKILL);
}

static void check_each_once(void)
{
    CHECK(run_until(all_are_read));
    CHECK_INT(at.strange, 0);
    for (int i = 0; i < at.said; i++)
        CHECK_INT(at.seen[i], 1);
}

/* ---- the tests ------------------------------------------------------------------------------- */

TEST(written_down_and_read)
{
    start();
    CHECK_INT(make_stream(), JV_OK);
    CHECK(run_until(some_are_said));
    at.speaking = false;
    check_each_once();
    end();
}

static void say_much(void)
{
    char *much = malloc(1000000);

    memset(much, 'x', 1000000);
    CHECK_INT(jv_bus_publish(at.bus, "jarvis.audit.scribe.tick", NULL, NULL, 0, much, 1000000),
              JV_OK);
    free(much);
}

/* What is too large to be a record is passed by, from a stream that took it in former times, too.
 */
TEST(one_that_is_too_large)
{
    start();
    CHECK_INT(make_stream_of(0), JV_OK);
    CHECK(run_until(some_are_said));
    say_much();
    CHECK(run_until(some_are_said));
    CHECK_INT(make_stream(), JV_OK); /* from now on it is refused */
    say_much();
    CHECK(run_until(some_are_said));
    at.speaking = false;
    CHECK(run_until(all_are_read));
    CHECK_INT(at.strange, 1);
    end();
}

/* Nobody keeps them at first: they wait. */
TEST(a_stream_that_is_made_later)
{
    start();
    CHECK(run_until(some_are_said));
    CHECK(!jv_audits_written(at.node->audits));
    CHECK_INT(make_stream(), JV_OK);
    CHECK(run_until(some_are_said));
    at.speaking = false;
    check_each_once();
    end();
}

TEST(a_server_that_is_killed)
{
    char conf[300];

    start();
    CHECK_INT(make_stream(), JV_OK);
    snprintf(conf, sizeof(conf), "%s/conf", at.dir);
    for (int i = 0; i < 3; i++) {
        CHECK(run_until(some_are_said));
        server_stop(&at.server, SIGKILL);
        CHECK(run_until(some_are_said)); /* while it is away */
        CHECK(server_start(&at.server, "-c", conf));
        CHECK(run_until(some_are_said));
    }
    at.speaking = false;
    check_each_once();
    end();
}

/* Where no stream is, a node that drains does not wait for one. */
TEST(draining_without_a_stream)
{
    start();
    CHECK(run_until(some_are_said));
    at.speaking = false;
    end();
}

/* What is said last before the end is written down before the end. */
TEST(draining_waits_for_what_was_said)
{
    struct jv_err err = { 0 };
    struct jv_node_options o = { .prefix = "jarvis" };

    start();
    CHECK_INT(make_stream(), JV_OK);
    CHECK(run_until(some_are_said));
    jv_node_drain(at.node, on_drained, NULL);
    CHECK(run_until(is_drained));
    CHECK(jv_audits_written(at.node->audits));
    jv_node_free(at.node);
    at.speaking = at.ready = at.drained = false;
    o.loop = at.loop;
    o.bus = at.bus;
    o.identity = at.identity;
    at.node = jv_node_new(&scribe, &o, &err);
    jv_node_start(at.node, on_ready, NULL);
    CHECK(run_until(is_ready));
    check_each_once();
    end();
}

TEST_MAIN()
