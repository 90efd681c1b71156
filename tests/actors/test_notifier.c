/* test_notifier.c -- the notifier on a real database, posting to real receivers on loopback. */
#include "actors/notifier_stage.h"

#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

/* ---- what is posted ------------------------------------------------------------------------- */

TEST(posts_an_event_as_the_protocol_wants)
{
    struct stage s = stage_new();
    const char *head;

    enqueue(&s, &(struct event){ "t1", 7, "/ok/hook?x=1",
                                 ",\"token\":\"tok-1\",\"authentication\":{\"scheme\":\"Bearer\","
                                 "\"credentials\":\"cred-1\"}",
                                 "user_001" });
    world_advance(s.w, 10); /* at once, not with the timer */
    CHECK_OR(s.r->n == 1, goto out);
    head = s.r->seen[0].head;
    CHECK_HAS(head, "POST /ok/hook?x=1 HTTP/1.1\r\n");
    CHECK_HAS(head, "Content-Type: application/a2a+json\r\n");
    CHECK_HAS(head, "A2A-Version: 1.0\r\n");
    CHECK_HAS(head, "A2A-Event-ID: tickets/t1/7\r\n");
    CHECK_HAS(head, "Authorization: Bearer cred-1\r\n");
    CHECK_HAS(head, "X-A2A-Notification-Token: tok-1\r\n");
    CHECK_HAS(head, "\r\nA2A-Notification-Token: tok-1\r\n");
    CHECK_HAS(head, "traceparent: 00-");
    CHECK_STR(s.r->seen[0].body,
              "{\"statusUpdate\":{\"taskId\":\"t\",\"contextId\":\"c\",\"status\":{"
              "\"state\":\"TASK_STATE_WORKING\"}}}");
    check_empty(&s);
    CHECK_STR(sql(&s, "select token || credentials || body from notifier.deliveries"), "");
out:
    stage_free(&s);
}

TEST(says_no_more_than_it_was_given)
{
    struct stage s = stage_new();

    enqueue(&s, &(struct event){ "t1", 1, "/ok", NULL, NULL });
    world_advance(s.w, 10);
    CHECK_OR(s.r->n == 1, goto out);
    CHECK(!strstr(s.r->seen[0].head, "Authorization"));
    CHECK(!strstr(s.r->seen[0].head, "Token"));
    CHECK(!strstr(s.r->seen[0].head, "Cookie"));
out:
    stage_free(&s);
}

TEST(the_same_again_is_posted_once)
{
    struct stage s = stage_new();
    struct event e = { "t1", 1, "/ok", NULL, NULL };

    enqueue(&s, &e);
    enqueue(&s, &e);
    world_advance(s.w, 1000);
    enqueue(&s, &e); /* also after it was taken */
    enqueue_all(&s, "t1", 3, "/ok");
    world_advance(s.w, 1000);
    CHECK_INT(s.r->n, 3);
    check_empty(&s);
    stage_free(&s);
}

/* ---- order, failures ------------------------------------------------------------------------ */

TEST(in_order_whatever_fails)
{
    struct stage s = stage_new();
    int seq[32], want = 1;
    size_t n;

    s.r->fail_next = 7;
    enqueue_all(&s, "t1", 10, "/ok");
    enqueue_all(&s, "t2", 10, "/ok");
    world_advance(s.w, 300000);
    for (const char *const *t = JV_TEXTS("t1", "t2"); *t; t++, want = 1) {
        n = numbers(&s, *t, seq, 32);
        CHECK(n >= 10);
        for (size_t i = 0; i < n; i++) { /* the same again, or the next */
            CHECK(seq[i] == want || seq[i] == want - 1);
            want = seq[i] + 1;
        }
        CHECK_INT(want, 11);
    }
    CHECK_INT(s.r->n, 27);
    check_empty(&s);
    stage_free(&s);
}

TEST(waits_longer_each_time)
{
    struct stage s = stage_new();
    static const struct {
        int64_t ms;
        size_t posts;
    } steps[] = {
        { 10, 1 }, { 900, 1 }, { 1000, 2 }, { 1500, 2 }, { 1500, 3 }, { 3000, 3 }, { 2500, 4 },
    };

    enqueue(&s, &(struct event){ "t1", 1, "/fail", NULL, NULL });
    for (size_t i = 0; i < JV_COUNT(steps); i++) {
        world_advance(s.w, steps[i].ms);
        CHECK_INT(s.r->n, steps[i].posts);
    }
    stage_free(&s);
}

TEST(gives_up_after_the_limit_and_goes_on)
{
    struct stage s = stage_new();
    struct world_reply r;

    enqueue(&s, &(struct event){ "t1", 1, "/fail",
                                 ",\"token\":\"SECRET-T\",\"authentication\":{"
                                 "\"scheme\":\"Basic\",\"credentials\":"
                                 "\"SECRET-C\"}",
                                 NULL });
    enqueue(&s, &(struct event){ "t1", 2, "/ok", NULL, NULL });
    world_advance(s.w, 60000);
    CHECK_INT(receiver_count(s.r, "/ok"), 0); /* its turn has not come */
    CHECK_INT(dead(&s, "").code, JV_OK);
    world_advance(s.w, 240000);
    CHECK_INT(receiver_count(s.r, "/fail"), 8);
    CHECK_INT(receiver_count(s.r, "/ok"), 1);
    r = dead(&s, "");
    CHECK_STR(member(s.w, &r, "total"), "1");
    CHECK_STR(member(s.w, &r, "attempts"), "8");
    CHECK_STR(member(s.w, &r, "reason"), "HTTP 500");
    CHECK_STR(member(s.w, &r, "agent"), "tickets");
    CHECK_STR(member(s.w, &r, "task_id"), "t1");
    CHECK_STR(member(s.w, &r, "config_id"), "c1");
    CHECK(!strstr(r.json, "SECRET"));
    check_empty(&s);
    stage_free(&s);
}

TEST(some_refusals_are_final)
{
    struct stage s = stage_new();
    struct world_reply r;

    enqueue(&s, &(struct event){ "t1", 1, "/gone", NULL, NULL });
    enqueue(&s, &(struct event){ "t2", 1, "/ok", ",\"token\":\"a\\r\\nX-Evil: b\"", NULL });
    enqueue(&s, &(struct event){ "t3", 1, "/moved", NULL, NULL });
    world_advance(s.w, 10);
    CHECK_INT(s.r->n, 2);
    r = dead(&s, "\"task_id\":\"t1\"");
    CHECK_STR(member(s.w, &r, "reason"), "HTTP 410");
    CHECK_STR(member(s.w, &r, "attempts"), "1");
    r = dead(&s, "\"task_id\":\"t2\"");
    CHECK_HAS(member(s.w, &r, "reason"), "cannot be sent as headers");
    r = dead(&s, "\"task_id\":\"t3\""); /* a redirect is no success, and is not followed */
    CHECK_STR(member(s.w, &r, "total"), "0");
    CHECK_STR(sql(&s, "select reason from notifier.deliveries where state = 'waiting'"),
              "HTTP 302");
    stage_free(&s);
}

/* Addresses that are not public become dead letters at the first look; nothing is opened. */
TEST(forged_addresses_are_never_opened)
{
    static const char *const hosts[] = {
        "127.0.0.1",         "127.1",           "2130706433", "0x7f.1",
        "0177.0.0.1",        "localhost",       "[::1]",      "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "0",          "169.254.169.254",
        "[fd00:ec2::254]",   "10.0.0.1",        "100.64.0.1", "224.0.0.1",
        "u:p@127.0.0.1",
    };
    struct stage s = stage_new();
    struct receiver *other = receiver_new(NULL); /* not in the list */

    for (size_t i = 0; i < JV_COUNT(hosts); i++)
        CHECK_INT(ask(s.w, NULL, "svc.notifier.Enqueue",
                      "{\"deliveries\":[{\"agent\":\"tickets\",\"task_id\":\"t%zu\",\"seq\":1,"
                      "\"config\":{\"id\":\"c\",\"url\":\"http://%s:%u/x\"},\"event\":" EVENT(
                              "t") "}]}",
                      i, hosts[i], other->port)
                          .code,
                  JV_OK);
    world_advance(s.w, 10);
    CHECK_STR(sql(&s, "select count(*) from notifier.deliveries where state = 'dead' and attempts ="
                      " 1 and reason like 'the address%'"),
              "17");
    CHECK_INT(other->n, 0);
    receiver_free(other);
    stage_free(&s);
}

/* ---- several, killed ------------------------------------------------------------------------ */

TEST(two_notifiers_share_the_work)
{
    struct stage s = stage_new();
    struct jv_node *other = world_start(s.w, &notifier_actor);
    char task[16];
    int seq[8];

    for (int t = 0; t < 20; t++) {
        snprintf(task, sizeof(task), "t%d", t);
        enqueue_all(&s, task, 5, "/ok");
    }
    world_advance(s.w, 2000);
    world_kill(s.w, other);
    for (int t = 20; t < 30; t++) {
        snprintf(task, sizeof(task), "t%d", t);
        enqueue_all(&s, task, 5, "/ok");
    }
    world_advance(s.w, 10000);
    for (int t = 0; t < 30; t++) {
        snprintf(task, sizeof(task), "t%d", t);
        CHECK_INT(numbers(&s, task, seq, 8), 5);
        for (int i = 0; i < 5; i++)
            CHECK_INT(seq[i], i + 1);
    }
    check_empty(&s);
    stage_free(&s);
}

/* The other process: takes three events and is killed while it posts the first. */
static int child_main(const char *port)
{
    struct receiver there = { .port = (unsigned)strtoul(port, NULL, 10) };
    struct stage s = { .w = world_new(), .r = &there };

    world_start(s.w, &notifier_actor);
    enqueue_all(&s, "t1", 3, "/hold");
    world_advance(s.w, 60000);
    return 0;
}

TEST(killed_in_the_middle_loses_nothing)
{
    struct stage s = stage_new();
    char name[] = "test_notifier", *argv[] = { name, NULL }, port[16];
    int seq[8], status = 0;
    pid_t pid;

    snprintf(port, sizeof(port), "%u", s.r->port);
    setenv("NOTIFIER_CHILD", port, 1);
    CHECK_OR(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ) == 0, return );
    unsetenv("NOTIFIER_CHILD");
    receiver_wait(s.r, 1);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    CHECK(WIFSIGNALED(status));
    receiver_open(s.r, true);
    world_advance(s.w, 10000); /* its lease still runs */
    CHECK_INT(s.r->n, 1);
    world_advance(s.w, 20000);
    CHECK_INT(numbers(&s, "t1", seq, 8), 4);
    CHECK(seq[0] == 1 && seq[1] == 1 && seq[2] == 2 && seq[3] == 3);
    check_empty(&s);
    stage_free(&s);
}

/* What is under way is finished; the rest waits for nobody's lease. */
TEST(a_stopped_notifier_leaves_the_rest_at_once)
{
    struct stage s = stage_new();

    enqueue_all(&s, "t1", 3, "/hold");
    while (!receiver_count(s.r, "/hold"))
        CHECK_INT(dead(&s, "").code, JV_OK);
    receiver_open(s.r, true);
    world_drain(s.w, s.node);
    CHECK_INT(s.r->n, 1);
    CHECK_STR(sql(&s, "select count(*) from notifier.queues where lease is not null"), "0");
    world_start(s.w, &notifier_actor);
    world_advance(s.w, 1000);
    CHECK_INT(s.r->n, 3);
    check_empty(&s);
    stage_free(&s);
}

/* A notifier that hung so long that its lease was given to another: what it says then is ignored.
 */
TEST(a_lost_lease_changes_nothing)
{
    struct stage s = stage_new();

    enqueue(&s, &(struct event){ "t1", 1, "/hold", NULL, NULL });
    while (!receiver_count(s.r, "/hold")) /* no time passes while it is posted */
        CHECK_INT(dead(&s, "").code, JV_OK);
    world_sql(s.w, "update notifier.queues set lease = 'another''s'");
    receiver_open(s.r, true);
    world_advance(s.w, 100);
    CHECK_STR(sql(&s, "select state || attempts from notifier.deliveries"), "waiting0");
    CHECK_STR(sql(&s, "select lease from notifier.queues"), "another's");
    world_advance(s.w, 30000);
    CHECK_INT(s.r->n, 2);
    check_empty(&s);
    stage_free(&s);
}

/* ---- fairness ------------------------------------------------------------------------------- */

/* One person's webhooks hang; the other's events go out while those have only their share of the
 * room. No time passes meanwhile. */
TEST(slow_webhooks_hold_up_only_their_own)
{
    struct stage s;
    char task[16];

    setenv("JARVIS_PUSH_TIMEOUT", "60s", 1);
    setenv("JARVIS_PUSH_PARALLEL", "10", 1);
    s = stage_new();
    for (int i = 0; i < 30; i++) {
        snprintf(task, sizeof(task), "slow%d", i);
        enqueue(&s, &(struct event){ task, 1, "/hold", NULL, "user_001" });
    }
    for (int i = 0; i < 30; i++) {
        snprintf(task, sizeof(task), "fast%d", i);
        enqueue(&s, &(struct event){ task, 1, "/ok", NULL, "user_002" });
    }
    while (receiver_count(s.r, "/ok") < 30)
        CHECK_INT(dead(&s, "").code, JV_OK);
    receiver_wait(s.r, 38);
    CHECK_INT(receiver_count(s.r, "/hold"), 8);
    receiver_open(s.r, true);
    world_advance(s.w, 1000);
    CHECK_INT(receiver_count(s.r, "/hold"), 30);
    check_empty(&s);
    unsetenv("JARVIS_PUSH_PARALLEL");
    setenv("JARVIS_PUSH_TIMEOUT", "5s", 1);
    stage_free(&s);
}

/* ---- TLS ------------------------------------------------------------------------------------ */

TEST(tls_is_checked)
{
    struct identity ca = identity_new("test CA", NULL, NULL);
    struct identity good = identity_new("hook", "IP:127.0.0.1", &ca);
    struct identity own = identity_new("hook", "IP:127.0.0.1", NULL);
    char path[64];

    identity_save(&ca, path);
    for (int trusted = 0; trusted < 2; trusted++) {
        struct stage s = stage_on(receiver_new(identity_server(trusted ? &good : &own)), path);

        enqueue(&s, &(struct event){ "t1", 1, "/ok", NULL, NULL });
        world_advance(s.w, 10);
        CHECK_INT(s.r->n, trusted);
        CHECK_HAS(sql(&s, "select state || reason from notifier.deliveries"),
                  trusted ? "done" : "waitingthe address cannot be reached: SSL");
        stage_free(&s);
    }
    unlink(path);
    identity_free(&ca);
    identity_free(&good);
    identity_free(&own);
}

int main(int argc, char **argv)
{
    alarm(240);
    if (getenv("NOTIFIER_CHILD"))
        return child_main(getenv("NOTIFIER_CHILD"));
    return check_run(argc, argv);
}
