/* bus_cases.h -- what every bus must do, for test_bus_mem.c and test_bus_nats.c.
 *
 * The file that includes it defines open_bus(name) and loop(). Callbacks put what they get into a
 * struct got; run_until() runs the loop until a condition holds, at most ten seconds. */
#ifndef BUS_CASES_H
#define BUS_CASES_H

#include "check.h"
#include "io/bus.h"

static struct jv_loop *loop(void);
static struct jv_bus *open_bus(const char *name);

struct waiting {
    bool (*done)(void *arg);
    void *arg;
    struct jv_loop_timer tick;
    int64_t until;
    bool ok;
};

static void waiting_tick(struct jv_loop_timer *t)
{
    struct waiting *w = t->arg;

    w->ok = w->done(w->arg);
    if (w->ok || jv_loop_mono_ms(loop()) >= w->until)
        jv_loop_stop(loop());
    else
        jv_loop_timer_start(loop(), t, jv_loop_mono_ms(loop()) + 1);
}

static bool run_until(bool (*done)(void *arg), void *arg)
{
    struct waiting w = { .done = done, .arg = arg, .until = jv_loop_mono_ms(loop()) + 10000 };

    w.tick = (struct jv_loop_timer){ .fn = waiting_tick, .arg = &w };
    jv_loop_timer_start(loop(), &w.tick, jv_loop_mono_ms(loop()));
    jv_loop_run(loop());
    jv_loop_timer_stop(loop(), &w.tick);
    return w.ok;
}

/* ---- what came ------------------------------------------------------------------------------ */

struct got {
    int n, status, want;
    char subject[64], reply[64], header[64];
    char data[64];
    size_t len;
    bool ordered;
    int last;
    struct jv_bus *bus; /* answer with the body on it */
    struct jv_bus_sub *sub;
    struct jv_bus_msg *kept;
};

static void put(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from ? from : "");
}

static void on_msg(void *arg, struct jv_bus_msg *m)
{
    struct got *g = arg;
    int number;

    g->n++;
    g->status = m->status;
    g->len = m->len;
    put(g->subject, sizeof(g->subject), m->subject);
    put(g->reply, sizeof(g->reply), m->reply);
    put(g->header, sizeof(g->header), jv_bus_header(m, "Jarvis-Test"));
    snprintf(g->data, sizeof(g->data), "%.*s", (int)m->len, (const char *)m->data);
    number = atoi(g->data);
    g->ordered = (g->n == 1 || g->ordered) && number >= g->last;
    g->last = number;
    if (g->bus && m->reply)
        CHECK_INT(jv_bus_publish(g->bus, m->reply, NULL, NULL, 0, m->data, m->len), JV_OK);
}

static bool has_come(void *arg)
{
    const struct got *g = arg;

    return g->n >= g->want;
}

static bool wait_for(struct got *g, int n)
{
    g->want = n;
    return run_until(has_come, g);
}

static int say(struct jv_bus *b, const char *subject, const char *text)
{
    return jv_bus_publish(b, subject, NULL, NULL, 0, text, strlen(text));
}

/* A message that is sent and comes back when everything before it has been dealt with. */
static void settle(struct jv_bus *b)
{
    struct got g = { 0 };
    struct jv_bus_sub *s = jv_bus_subscribe(b, "test.settle", NULL, on_msg, &g);

    CHECK_INT(say(b, "test.settle", "x"), JV_OK);
    CHECK(wait_for(&g, 1));
    jv_bus_unsubscribe(b, s);
}

/* ---- cases ---------------------------------------------------------------------------------- */

TEST(subjects_and_wildcards)
{
    struct jv_bus *a = open_bus("ana"), *b = open_bus("bob");
    struct got exact = { 0 }, star = { 0 }, rest = { 0 };

    jv_bus_subscribe(b, "test.a.b", NULL, on_msg, &exact);
    jv_bus_subscribe(b, "test.*.b", NULL, on_msg, &star);
    jv_bus_subscribe(b, "test.>", NULL, on_msg, &rest);
    settle(b);
    exact.n = star.n = rest.n = 0;
    say(a, "test.a.b", "1");
    say(a, "test.c.b", "2");
    say(a, "test.a.b.c", "3");
    say(a, "test", "4");
    say(a, "test.end", "5");
    CHECK(wait_for(&rest, 4));
    CHECK_INT(exact.n, 1);
    CHECK_INT(star.n, 2);
    CHECK_INT(rest.n, 4);
    CHECK_STR(rest.data, "5");
    CHECK_STR(rest.subject, "test.end");
    CHECK_STR(rest.reply, "");
    jv_bus_free(a);
    jv_bus_free(b);
}

TEST(what_is_refused)
{
    static const char *const bad[] = {
        "", ".a", "a.", "a..b", "a b", "a.*", "a.>", "a\tb", "a\r\nPUB x 0\r\n", ">"
    };
    static const char *const bad_patterns[] = { "a.>.b", "a*", "*a", "a.b>", "", "a..b", "a b" };
    static char body[(1 << 20) + 1];
    char long_subject[300];
    struct jv_header name = { "a: b", "x" }, many[40];
    struct jv_bus *a = open_bus("ana");

    for (size_t i = 0; i < JV_COUNT(bad); i++) {
        CHECK_INT(say(a, bad[i], "x"), JV_INVALID_ARGUMENT);
        CHECK_INT(jv_bus_publish(a, "ok", bad[i], NULL, 0, "x", 1), JV_INVALID_ARGUMENT);
    }
    for (size_t i = 0; i < JV_COUNT(bad_patterns); i++)
        CHECK(!jv_bus_subscribe(a, bad_patterns[i], NULL, on_msg, NULL));
    CHECK(!jv_bus_subscribe(a, "ok", "a.*", on_msg, NULL));
    memset(long_subject, 'a', sizeof(long_subject));
    long_subject[sizeof(long_subject) - 1] = '\0';
    CHECK_INT(say(a, long_subject, "x"), JV_INVALID_ARGUMENT);
    CHECK_INT(jv_bus_publish(a, "ok", NULL, &name, 1, "x", 1), JV_INVALID_ARGUMENT);
    for (size_t i = 0; i < JV_COUNT(many); i++)
        many[i] = (struct jv_header){ "a", "b" };
    CHECK_INT(jv_bus_publish(a, "ok", NULL, many, JV_COUNT(many), "x", 1), JV_RESOURCE_EXHAUSTED);
    CHECK_INT(jv_bus_publish(a, "ok", NULL, NULL, 0, body, sizeof(body)), JV_RESOURCE_EXHAUSTED);
    CHECK_INT(jv_bus_publish(a, "ok", NULL, NULL, 0, body, sizeof(body) - 1), JV_OK);
    CHECK_INT(say(a, "ok", ""), JV_OK);
    settle(a);
    jv_bus_free(a);
}

TEST(headers_travel_as_they_are)
{
    const struct jv_header headers[] = { { "Jarvis-Test", "line\r\nInjected: yes" },
                                         { "jarvis-test", "lower" } };
    const struct jv_header blank[] = { { "Jarvis-Test", "x" },  { "A", "" },     { "B", "" },
                                       { "C", " \r\n" },        { "First", "" }, { "Zero", "" },
                                       { "Authorization", "" }, { "Second", "" } };
    struct jv_bus *a = open_bus("ana");
    struct got g = { 0 };

    jv_bus_subscribe(a, "test.h", NULL, on_msg, &g);
    CHECK_INT(jv_bus_publish(a, "test.h", "some.reply", headers, 2, "body", 4), JV_OK);
    CHECK(wait_for(&g, 1));
    CHECK_STR(g.header, "line  Injected: yes");
    CHECK_STR(g.reply, "some.reply");
    CHECK_STR(g.data, "body");
    CHECK_INT(jv_bus_publish(a, "test.h", NULL, headers + 1, 1, NULL, 0), JV_OK);
    CHECK(wait_for(&g, 2));
    CHECK_STR(g.header, "");
    CHECK_INT(g.len, 0);
    CHECK_INT(g.status, 0);
    for (size_t n = 2; n <= JV_COUNT(blank);
         n++) { /* blank ones are left out, and hide no others */
        CHECK_INT(jv_bus_publish(a, "test.h", NULL, blank, n, NULL, 0), JV_OK);
        CHECK(wait_for(&g, (int)n + 1));
        CHECK_STR(g.header, "x");
    }
    jv_bus_free(a);
}

TEST(messages_keep_their_order)
{
    struct jv_bus *a = open_bus("ana"), *b = open_bus("bob");
    struct got g = { 0 };
    char number[12];

    jv_bus_subscribe(b, "test.order", NULL, on_msg, &g);
    settle(b);
    for (int i = 0; i < 2000; i++) {
        snprintf(number, sizeof(number), "%d", i);
        CHECK_INT(say(a, "test.order", number), JV_OK);
    }
    CHECK(wait_for(&g, 2000));
    CHECK(g.ordered);
    CHECK_INT(g.last, 1999);
    jv_bus_free(a);
    jv_bus_free(b);
}

TEST(a_queue_group_shares)
{
    struct jv_bus *a = open_bus("ana"), *b = open_bus("bob");
    struct got one = { 0 }, two = { 0 }, other = { 0 }, all = { 0 };

    jv_bus_subscribe(a, "test.q", "workers", on_msg, &one);
    jv_bus_subscribe(b, "test.q", "workers", on_msg, &two);
    jv_bus_subscribe(b, "test.*", "others", on_msg, &other);
    jv_bus_subscribe(b, "test.q", NULL, on_msg, &all);
    settle(a);
    settle(b);
    other.n = 0;
    for (int i = 0; i < 200; i++)
        CHECK_INT(say(a, "test.q", "x"), JV_OK);
    CHECK(wait_for(&all, 200));
    settle(a);
    CHECK_INT(one.n + two.n, 200);
    CHECK(one.n > 20 && two.n > 20);
    CHECK(other.n >= 200);
    jv_bus_free(a);
    jv_bus_free(b);
}

TEST(nobody_is_there)
{
    struct jv_bus *a = open_bus("ana"), *b = open_bus("bob");
    struct got replies = { 0 }, service = { .bus = b };
    char inbox[160], first[160], second[160];

    snprintf(inbox, sizeof(inbox), "%s.*", jv_bus_inbox(a));
    snprintf(first, sizeof(first), "%s.1", jv_bus_inbox(a));
    snprintf(second, sizeof(second), "%s.2", jv_bus_inbox(a));
    CHECK(strncmp(inbox, "_INBOX.ana.", 11) == 0);
    jv_bus_subscribe(a, inbox, NULL, on_msg, &replies);
    jv_bus_subscribe(b, "test.there", "q", on_msg, &service);
    settle(b);
    CHECK_INT(jv_bus_publish(a, "test.nobody", first, NULL, 0, "x", 1), JV_OK);
    CHECK(wait_for(&replies, 1));
    CHECK_INT(replies.status, 503);
    CHECK_INT(replies.len, 0);
    CHECK_HAS(first, replies.subject);
    CHECK_INT(jv_bus_publish(a, "test.there", second, NULL, 0, "hello", 5), JV_OK);
    CHECK(wait_for(&replies, 2));
    CHECK_INT(replies.status, 0);
    CHECK_STR(replies.data, "hello");
    CHECK_INT(say(a, "test.nobody", "x"), JV_OK); /* nobody asks: nothing comes */
    settle(a);
    CHECK_INT(replies.n, 2);
    jv_bus_free(a);
    jv_bus_free(b);
}

/* A client that keeps 64 questions under way. */
struct asker {
    struct jv_bus *bus;
    int sent, answered, total;
};

static void ask(struct asker *k)
{
    char reply[160], body[16];

    snprintf(reply, sizeof(reply), "%s.%d", jv_bus_inbox(k->bus), k->sent);
    snprintf(body, sizeof(body), "%d", k->sent++);
    CHECK_INT(jv_bus_publish(k->bus, "test.echo", reply, NULL, 0, body, strlen(body)), JV_OK);
}

static void on_answer(void *arg, struct jv_bus_msg *m)
{
    struct asker *k = arg;
    const char *token = strrchr(m->subject, '.') + 1;

    CHECK(m->status == 0 && m->len == strlen(token) && memcmp(m->data, token, m->len) == 0);
    k->answered++;
    if (k->sent < k->total)
        ask(k);
}

static bool all_answered(void *arg)
{
    const struct asker *k = arg;

    return k->answered >= k->total;
}

TEST(ten_thousand_questions)
{
    struct jv_bus *a = open_bus("ana"), *b = open_bus("bob");
    struct asker k = { .bus = a, .total = 10000 };
    struct got service = { .bus = b };
    char inbox[160];

    snprintf(inbox, sizeof(inbox), "%s.*", jv_bus_inbox(a));
    jv_bus_subscribe(a, inbox, NULL, on_answer, &k);
    jv_bus_subscribe(b, "test.echo", "q", on_msg, &service);
    settle(b);
    while (k.sent < 64)
        ask(&k);
    CHECK(run_until(all_answered, &k));
    CHECK_INT(service.n, 10000);
    jv_bus_free(a);
    jv_bus_free(b);
}

static void on_keep(void *arg, struct jv_bus_msg *m)
{
    struct got *g = arg;

    g->n++;
    g->kept = jv_bus_keep(m);
}

TEST(a_kept_message_outlives_its_bus)
{
    const struct jv_header h = { "Jarvis-Test", "kept" };
    struct jv_bus *a = open_bus("ana");
    struct got g = { 0 };

    jv_bus_subscribe(a, "test.keep", NULL, on_keep, &g);
    CHECK_INT(jv_bus_publish(a, "test.keep", "to.me", &h, 1, "body", 4), JV_OK);
    CHECK(wait_for(&g, 1));
    jv_bus_free(a);
    CHECK_OR(g.kept, return );
    CHECK_STR(g.kept->subject, "test.keep");
    CHECK_STR(g.kept->reply, "to.me");
    CHECK(g.kept->len == 4 && memcmp(g.kept->data, "body", 4) == 0);
    CHECK_STR(jv_bus_header(g.kept, "Jarvis-Test"), "kept");
    CHECK(!jv_bus_header(g.kept, "Other"));
    jv_bus_release(g.kept);
}

static void on_once(void *arg, struct jv_bus_msg *m)
{
    struct got *g = arg;

    on_msg(arg, m);
    if (g->sub)
        jv_bus_unsubscribe(g->bus, g->sub);
    g->sub = NULL;
}

TEST(no_message_after_unsubscribing)
{
    struct jv_bus *a = open_bus("ana");
    struct got once = { .bus = a }, all = { 0 };

    once.sub = jv_bus_subscribe(a, "test.once", NULL, on_once, &once);
    jv_bus_subscribe(a, "test.once", NULL, on_msg, &all);
    for (int i = 0; i < 50; i++)
        CHECK_INT(say(a, "test.once", "x"), JV_OK);
    CHECK(wait_for(&all, 50));
    settle(a);
    CHECK_INT(once.n, 1);
    jv_bus_free(a);
}

static void on_drained(void *arg)
{
    struct got *g = arg;

    g->last = -1;
}

static bool is_drained(void *arg)
{
    const struct got *g = arg;

    return g->last == -1;
}

static void on_count(void *arg, struct jv_bus_msg *m)
{
    struct got *g = arg;

    (void)m;
    g->n++;
}

TEST(draining_loses_nothing)
{
    struct jv_bus *a = open_bus("ana"), *b = open_bus("bob"), *c = open_bus("eve");
    struct got leaving = { 0 }, staying = { 0 };
    struct jv_bus_sub *s = jv_bus_subscribe(b, "test.drain", "q", on_count, &leaving);

    jv_bus_subscribe(c, "test.drain", "q", on_count, &staying);
    settle(b);
    settle(c);
    for (int i = 0; i < 500; i++)
        CHECK_INT(say(a, "test.drain", "x"), JV_OK);
    settle(a);
    jv_bus_drain(b, s, on_drained, &leaving);
    for (int i = 0; i < 500; i++)
        CHECK_INT(say(a, "test.drain", "x"), JV_OK);
    CHECK(run_until(is_drained, &leaving));
    staying.want = 1000 - leaving.n;
    CHECK(run_until(has_come, &staying));
    CHECK_INT(leaving.n + staying.n, 1000);
    CHECK(leaving.n > 0 && staying.n > 0);
    jv_bus_free(a);
    jv_bus_free(b);
    jv_bus_free(c);
}

TEST(two_inboxes_differ)
{
    struct jv_bus *a = open_bus("ana"), *b = open_bus("ana");

    CHECK(strcmp(jv_bus_inbox(a), jv_bus_inbox(b)) != 0);
    CHECK(jv_bus_connected(a));
    jv_bus_free(a);
    jv_bus_free(b);
}

#endif
