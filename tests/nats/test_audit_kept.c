/* test_audit_kept.c -- records on a real server: each is written down once, also when the stream is
 * made later and when the server is killed; and read again in their order. */
#include "scribe.h"

/* ---- a server ------------------------------------------------------------------------------- */

static struct server server;
static char dir[256];

static void start(void)
{
    struct jv_bus_options b = { .name = "scribe" };
    char conf[300];
    FILE *f;

    server = (struct server){ 0 };
    snprintf(dir, sizeof(dir), "%s/audit-XXXXXX", getenv("TEST_DIR"));
    CHECK(mkdtemp(dir) != NULL);
    snprintf(conf, sizeof(conf), "%s/conf", dir);
    f = fopen(conf, "w");
    fprintf(f, "jetstream { store_dir: \"%s/js\" }\n", dir);
    fclose(f);
    CHECK_OR(server_start(&server, "-c", conf), abort());
    b.url = server.url;
    begin(&b);
}

static void end(void)
{
    finish();
    server_stop(&server, SIGKILL);
}

static int make_stream(void)
{
    struct jv_err err = { 0 };

    return make_stream_on(at.bus, JV_AUDIT_MOST, 1, &err);
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
    struct jv_err err = { 0 };

    start();
    CHECK_INT(make_stream_on(at.bus, 0, 1, &err), JV_OK);
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
    snprintf(conf, sizeof(conf), "%s/conf", dir);
    for (int i = 0; i < 3; i++) {
        CHECK(run_until(some_are_said));
        server_stop(&server, SIGKILL);
        CHECK(run_until(some_are_said)); /* while it is away */
        CHECK(server_start(&server, "-c", conf));
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

static void delete_stream(void)
{
    CHECK_INT(
            jv_bus_publish(at.bus, "$JS.API.STREAM.DELETE." JV_AUDIT_STREAM, NULL, NULL, 0, "", 0),
            JV_OK);
}

static bool one_is_refused(void)
{
    return !jv_audits_written(at.node->audits);
}

/* Where one was, a node that drains waits until it is there again: in a cluster it is away while
 * another server takes it over. */
TEST(draining_while_the_stream_is_away)
{
    int before;

    start();
    CHECK_INT(make_stream(), JV_OK);
    CHECK(run_until(some_are_said));
    at.speaking = false;
    check_each_once();
    before = at.said;
    delete_stream();
    at.speaking = true;
    CHECK(run_until(some_are_said));
    at.speaking = false;
    CHECK(run_until(one_is_refused));
    jv_node_drain(at.node, on_drained, NULL);
    jv_loop_run_until(at.loop, jv_loop_mono_ms(at.loop) + 2500); /* it says them again twice */
    CHECK(!at.drained);
    CHECK_INT(make_stream(), JV_OK);
    CHECK(run_until(is_drained));
    CHECK(at.said > before);
    CHECK(jv_audits_written(at.node->audits));
    end();
}

TEST_MAIN()
