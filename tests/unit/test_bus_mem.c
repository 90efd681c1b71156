/* test_bus_mem.c -- the broker in memory: what every bus does, and its faults. */
#include "bus_cases.h"

static struct jv_loop *the_loop;
static struct jv_broker *broker;

static struct jv_loop *loop(void)
{
    if (!the_loop)
        the_loop = jv_loop_new(JV_CLOCK_VIRTUAL);
    return the_loop;
}

static struct jv_bus *open_bus(const char *name)
{
    if (!broker)
        broker = jv_broker_new(loop());
    return jv_bus_mem(broker, name);
}

TEST(a_name_is_a_token)
{
    CHECK(!open_bus("x.y"));
    CHECK(!open_bus(""));
}

TEST(delays_and_drops)
{
    struct jv_bus *a = open_bus("ana");
    struct got g = { 0 }, other = { 0 };
    int64_t began = jv_loop_mono_ms(loop());

    jv_bus_subscribe(a, "slow.*", NULL, on_msg, &g);
    jv_bus_subscribe(a, "quick", NULL, on_msg, &other);
    jv_broker_delay(broker, "slow.>", 500);
    CHECK_INT(say(a, "slow.x", "1"), JV_OK);
    CHECK_INT(say(a, "quick", "2"), JV_OK);
    CHECK(wait_for(&other, 1));
    CHECK_INT(g.n, 0);
    CHECK(wait_for(&g, 1));
    CHECK(jv_loop_mono_ms(loop()) - began >= 500 && jv_loop_mono_ms(loop()) - began < 520);
    jv_broker_delay(broker, "slow.>", 0);
    jv_broker_drop(broker, "slow.>", true);
    CHECK_INT(say(a, "slow.x", "3"), JV_OK);
    settle(a);
    CHECK_INT(g.n, 1);
    jv_broker_drop(broker, "slow.>", false);
    CHECK_INT(say(a, "slow.x", "4"), JV_OK);
    CHECK(wait_for(&g, 2));
    jv_bus_free(a);
}

TEST(a_delayed_question_of_a_bus_that_is_gone)
{
    struct jv_bus *a = open_bus("ana");
    char reply[160];

    snprintf(reply, sizeof(reply), "%s.1", jv_bus_inbox(a));
    jv_broker_delay(broker, "late", 50);
    CHECK_INT(jv_bus_publish(a, "late", reply, NULL, 0, "x", 1), JV_OK);
    jv_bus_free(a);
    jv_loop_run_until(loop(), jv_loop_mono_ms(loop()) + 100);
    jv_broker_delay(broker, "late", 0);
}

TEST(a_publish_that_fails)
{
    struct jv_bus *a = open_bus("ana");

    jv_broker_fail_publish(broker, 2);
    CHECK_INT(say(a, "x", "1"), JV_OK);
    CHECK_INT(say(a, "x", "2"), JV_UNAVAILABLE);
    CHECK_INT(say(a, "x", "3"), JV_OK);
    jv_broker_away(broker, true);
    CHECK(!jv_bus_connected(a));
    CHECK_INT(say(a, "x", "4"), JV_UNAVAILABLE);
    jv_broker_away(broker, false);
    CHECK(jv_bus_connected(a));
    CHECK_INT(say(a, "x", "5"), JV_OK);
    jv_bus_free(a);
}

TEST(what_is_under_way_dies_with_the_broker)
{
    struct jv_loop *l = jv_loop_new(JV_CLOCK_VIRTUAL);
    struct jv_broker *b = jv_broker_new(l);
    struct jv_bus *a = jv_bus_mem(b, "ana");
    struct got g = { 0 };

    jv_bus_subscribe(a, "x", NULL, on_msg, &g);
    jv_broker_delay(b, "later", 10);
    CHECK_INT(say(a, "x", "1"), JV_OK);
    CHECK_INT(say(a, "later", "1"), JV_OK);
    jv_bus_free(a);
    jv_broker_free(b);
    jv_loop_run_until(l, 100000);
    CHECK_INT(g.n, 0);
    jv_loop_free(l);
}

TEST(the_end)
{
    broker = jv_broker_free(broker);
    the_loop = jv_loop_free(the_loop);
}

TEST_MAIN()
