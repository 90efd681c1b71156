/* test_notifier_letters.c -- dead letters, and what the notifier refuses to take. */
#include "actors/notifier_stage.h"

/* ---- dead letters --------------------------------------------------------------------------- */

TEST(dead_letters_have_pages)
{
    struct stage s = stage_new();
    struct world_reply r;
    const char *token;

    enqueue_all(&s, "t1", 5, "/gone");
    enqueue_all(&s, "t2", 2, "/gone");
    world_advance(s.w, 2000);
    r = dead(&s, "\"page_size\":3,\"task_id\":\"t1\",\"agent\":\"tickets\"");
    CHECK_STR(member(s.w, &r, "total"), "5");
    CHECK_INT(count_of(r.json, "\"seq\":"), 3);
    CHECK_STR(member(s.w, &r, "seq"), "5"); /* newest first */
    token = member(s.w, &r, "next_page_token");
    CHECK(token[0]);
    r = dead(&s, jv_arena_printf(world_arena(s.w),
                                 "\"page_size\":3,\"task_id\":\"t1\","
                                 "\"page_token\":\"%s\"",
                                 token));
    CHECK_INT(count_of(r.json, "\"seq\":"), 2);
    CHECK_STR(member(s.w, &r, "seq"), "2");
    CHECK_STR(member(s.w, &r, "next_page_token"), "");
    r = dead(&s, "");
    CHECK_STR(member(s.w, &r, "total"), "7");
    r = dead(&s, "\"agent\":\"finops\"");
    CHECK_STR(member(s.w, &r, "total"), "0");
    stage_free(&s);
}

TEST(dead_letters_are_sent_again_in_order)
{
    struct stage s = stage_new();
    struct world_reply r;
    int seq[8];
    const char *subject;

    enqueue_all(&s, "t1", 3, "/gone");
    world_advance(s.w, 2000);
    CHECK_INT(s.r->n, 3);
    world_sql(s.w, "update notifier.deliveries set url = replace(url, '/gone', '/ok')");
    enqueue(&s, &(struct event){ "t1", 1, "/ok", NULL, NULL }); /* dead stays dead */
    world_advance(s.w, 2000);
    CHECK_INT(s.r->n, 3);
    r = dead(&s, "\"page_size\":1");
    r = ask(s.w, s.admin, "svc.notifier.Resend", "{\"id\":%s}", member(s.w, &r, "id"));
    CHECK_STR(member(s.w, &r, "count"), "1");
    world_advance(s.w, 10);
    CHECK_INT(s.r->n, 4);
    r = ask(s.w, s.admin, "svc.notifier.Resend", "{\"agent\":\"tickets\",\"task_id\":\"t1\"}");
    CHECK_STR(member(s.w, &r, "count"), "2");
    world_advance(s.w, 10);
    CHECK_INT(numbers(&s, "t1", seq, 8), 6);
    CHECK(seq[3] == 3 && seq[4] == 1 && seq[5] == 2);
    r = dead(&s, "");
    CHECK_STR(member(s.w, &r, "total"), "0");
    CHECK_HAS(world_heard(s.w, 1, &subject), "2 dead letters of tickets/t1 by admin");
    check_empty(&s);
    stage_free(&s);
}

/* Somebody demoted or removed gets nothing more of what they named webhooks for before. */
TEST(nothing_is_posted_for_whose_tokens_ended)
{
    struct stage s = stage_new();

    enqueue(&s, &(struct event){ "t1", 1, "/fail", NULL, "user_001" });
    enqueue(&s, &(struct event){ "t1", 2, "/fail", NULL, "user_001" });
    world_advance(s.w, 500);
    CHECK_INT(s.r->n, 1);
    s.owners->ended = true;
    world_sql(s.w, "update notifier.deliveries set url = replace(url, '/fail', '/ok')");
    world_advance(s.w, 60000);
    CHECK_INT(s.r->n, 1);
    CHECK_STR(sql(&s, "select count(*) from notifier.deliveries"), "0");
    enqueue(&s, &(struct event){ "t2", 1, "/ok", NULL, NULL }); /* nobody's in particular */
    world_advance(s.w, 500);
    CHECK_INT(s.r->n, 2);
    check_empty(&s);
    stage_free(&s);
}

TEST(what_cannot_be_asked_about_waits)
{
    struct stage s = stage_new();

    s.owners->away = true;
    enqueue(&s, &(struct event){ "t1", 1, "/ok", NULL, "user_001" });
    world_advance(s.w, 60000);
    CHECK_INT(s.r->n, 0);
    CHECK(s.owners->n > 1 && s.owners->n < 40);
    s.owners->away = false;
    world_advance(s.w, 30000);
    CHECK_INT(s.r->n, 1);
    CHECK_STR(sql(&s, "select sum(attempts) from notifier.deliveries"), "1");
    check_empty(&s);
    stage_free(&s);
}

TEST(old_things_are_forgotten)
{
    struct stage s = stage_new();

    enqueue_all(&s, "t1", 2, "/ok");
    enqueue_all(&s, "t2", 1, "/gone");
    world_advance(s.w, 1000);
    CHECK_STR(sql(&s, "select count(*) from notifier.deliveries"), "3");
    world_sql(s.w, "update notifier.deliveries set settled_at = settled_at - interval '2 hours'");
    world_advance(s.w, 61000);
    CHECK_STR(sql(&s, "select count(*) from notifier.deliveries"), "1");
    CHECK_STR(sql(&s, "select string_agg(task_id, ' ') from notifier.queues"), "t2");
    world_sql(s.w, "update notifier.deliveries set settled_at = settled_at - interval '29 days'");
    world_advance(s.w, 61000);
    CHECK_STR(sql(&s, "select count(*) from notifier.deliveries"), "1");
    world_sql(s.w, "update notifier.deliveries set settled_at = settled_at - interval '1 day'");
    world_advance(s.w, 61000);
    CHECK_STR(sql(&s, "select count(*) from notifier.deliveries"), "0");
    CHECK_STR(sql(&s, "select count(*) from notifier.queues"), "0");
    stage_free(&s);
}

/* Its configuration was removed: nothing waits and no credentials are kept. */
TEST(removed_configurations_are_forgotten)
{
    struct stage s = stage_new();

    enqueue_all(&s, "t1", 3, "/fail");
    enqueue_all(&s, "t2", 2, "/fail");
    enqueue_all(&s, "t3", 1, "/gone");
    world_advance(s.w, 10);
    CHECK_INT(ask(s.w, NULL, "svc.notifier.Forget",
                  "{\"agent\":\"tickets\",\"task_id\":\"t1\",\"config_id\":\"c1\"}")
                      .code,
              JV_OK);
    CHECK_INT(ask(s.w, NULL, "svc.notifier.Forget",
                  "{\"agent\":\"tickets\",\"task_id\":\"t2\",\"config_id\":\"other\"}")
                      .code,
              JV_OK);
    CHECK_INT(ask(s.w, NULL, "svc.notifier.Forget", "{\"agent\":\"tickets\",\"task_id\":\"t3\"}")
                      .code,
              JV_OK);
    CHECK_STR(sql(&s, "select string_agg(distinct task_id, ' ') from notifier.queues q join"
                      " notifier.deliveries d on d.queue_id = q.id"),
              "t2");
    world_advance(s.w, 10000);
    CHECK_STR(sql(&s,
                  "select string_agg(task_id, ' ') from notifier.queues where due_at is not null"),
              "t2");
    CHECK_INT(s.r->n, 1 + 4 + 1);
    stage_free(&s);
}

/* Its configuration was replaced: what waits goes by the new one at once, and so do dead letters.
 */
TEST(replaced_configurations_are_gone_by)
{
    struct stage s = stage_new();
    const char *change =
            "{\"agent\":\"tickets\",\"task_id\":\"%s\",\"config\":{\"id\":\"c1\",\"url\":"
            "\"http://127.0.0.1:%u/ok\",\"token\":\"new\"}}";

    enqueue_all(&s, "t1", 2, "/fail");
    enqueue_all(&s, "t2", 1, "/gone");
    enqueue_all(&s, "t3", 1, "/fail");
    world_advance(s.w, 10);
    CHECK_INT(ask(s.w, NULL, "svc.notifier.Change",
                  jv_arena_printf(world_arena(s.w), change, "t1", s.r->port))
                      .code,
              JV_OK);
    CHECK_INT(ask(s.w, NULL, "svc.notifier.Change",
                  jv_arena_printf(world_arena(s.w), change, "t2", s.r->port))
                      .code,
              JV_OK);
    world_advance(s.w, 10);
    CHECK_STR(sql(&s, "select string_agg(task_id || ' ' || state || ' ' || (url like '%/ok'), ', ' "
                      "order by task_id, seq) from notifier.deliveries d join notifier.queues q on "
                      "q.id = queue_id"),
              "t1 done true, t1 done true, t2 dead true, t3 waiting false");
    CHECK_STR(sql(&s, "select token from notifier.deliveries where state = 'dead'"), "new");
    stage_free(&s);
}

/* ---- what comes in -------------------------------------------------------------------------- */

#define ONE(agent, task, seq, config, event)                                                       \
    "{\"deliveries\":[{\"agent\":\"" agent "\",\"task_id\":\"" task "\",\"seq\":" seq              \
    ",\"config\":{" config "},\"event\":" event "}]}"
#define CONFIG "\"id\":\"c\",\"url\":\"http://x.test/\""

static const struct ask_case bad_events[] = {
    { "svc.notifier.Enqueue", "{}", JV_INVALID_ARGUMENT, { "deliveries" } },
    { "svc.notifier.Enqueue",
      ONE("", "t", "1", CONFIG, EVENT("t")),
      JV_INVALID_ARGUMENT,
      { "deliveries[0].agent" } },
    { "svc.notifier.Enqueue",
      ONE("a.b", "t", "1", CONFIG, EVENT("t")),
      JV_INVALID_ARGUMENT,
      { "deliveries[0].agent" } },
    { "svc.notifier.Enqueue",
      ONE("a", "t\\r\\n", "1", CONFIG, EVENT("t")),
      JV_INVALID_ARGUMENT,
      { "deliveries[0].task_id" } },
    { "svc.notifier.Enqueue",
      ONE("a", "t", "0", CONFIG, EVENT("t")),
      JV_INVALID_ARGUMENT,
      { "deliveries[0].seq" } },
    { "svc.notifier.Enqueue",
      ONE("a", "t", "-1", CONFIG, EVENT("t")),
      JV_INVALID_ARGUMENT,
      { "deliveries[0].seq" } },
    { "svc.notifier.Enqueue",
      ONE("a", "t", "1", "\"url\":\"http://x.test\"", EVENT("t")),
      JV_INVALID_ARGUMENT,
      { "deliveries[0].config.id" } },
    { "svc.notifier.Enqueue",
      ONE("a", "t", "1", "\"id\":\"c\"", EVENT("t")),
      JV_INVALID_ARGUMENT,
      { "deliveries[0].config.url" } },
    { "svc.notifier.Enqueue",
      ONE("a", "t", "1", CONFIG ",\"authentication\":{\"credentials\":\"c\"}", EVENT("t")),
      JV_INVALID_ARGUMENT,
      { "deliveries[0].config.authentication.scheme" } },
    { "svc.notifier.Enqueue",
      ONE("a", "t", "1", CONFIG, "{}"),
      JV_INVALID_ARGUMENT,
      { "deliveries[0].event" } },
    { "svc.notifier.Enqueue",
      ONE("a", "t", "1", CONFIG ",\"what\":1", EVENT("t")),
      JV_INVALID_ARGUMENT,
      { "deliveries[0].config.what" } },
};

static const struct ask_case bad_forgets[] = {
    { "svc.notifier.Change", "{}", JV_INVALID_ARGUMENT, { "agent" } },
    { "svc.notifier.Change",
      "{\"agent\":\"a\",\"task_id\":\"t\",\"config\":{\"url\":\"http://x.test/\"}}",
      JV_INVALID_ARGUMENT,
      { "config.id" } },
    { "svc.notifier.Forget", "{}", JV_INVALID_ARGUMENT, { "agent" } },
    { "svc.notifier.Forget", "{\"agent\":\"a\"}", JV_INVALID_ARGUMENT, { "task_id" } },
    { "svc.notifier.Forget", "{\"agent\":\"a\",\"task_id\":\"unknown\"}", JV_OK, { NULL } },
};

static const struct ask_case urls[] = {
    { "svc.notifier.CheckUrl", "{\"url\":\"https://hooks.example.com/x\"}", JV_OK, { NULL } },
    { "svc.notifier.CheckUrl",
      "{\"url\":\"https://8.8.8.8/\",\"token\":\"t\",\"authentication\":{\"scheme\":\"Bearer\","
      "\"credentials\":\"x y\"}}",
      JV_OK,
      { NULL } },
    { "svc.notifier.CheckUrl", "{}", JV_INVALID_ARGUMENT, { "url" } },
    { "svc.notifier.CheckUrl",
      "{\"url\":\"http://hooks.example.com/x\"}",
      JV_INVALID_ARGUMENT,
      { "url must begin with https" } },
    { "svc.notifier.CheckUrl",
      "{\"url\":\"http://127.1/\"}",
      JV_INVALID_ARGUMENT,
      { "url is not a public one" } },
    { "svc.notifier.CheckUrl",
      "{\"url\":\"ftp://x.test/\"}",
      JV_INVALID_ARGUMENT,
      { "url is neither http nor https" } },
    { "svc.notifier.CheckUrl",
      "{\"url\":\"http://u:p@x.test/\"}",
      JV_INVALID_ARGUMENT,
      { "url has credentials in it" } },
    { "svc.notifier.CheckUrl",
      "{\"url\":\"nonsense\"}",
      JV_INVALID_ARGUMENT,
      { "url is malformed" } },
    { "svc.notifier.CheckUrl",
      "{\"url\":\"https://x.test/\",\"token\":\"a\\nb\"}",
      JV_INVALID_ARGUMENT,
      { "token cannot be sent" } },
    { "svc.notifier.CheckUrl",
      "{\"url\":\"https://x.test/\",\"authentication\":{\"scheme\":\"a b\"}}",
      JV_INVALID_ARGUMENT,
      { "authentication.scheme" } },
    { "svc.notifier.CheckUrl",
      "{\"url\":\"https://x.test/\",\"authentication\":{\"scheme\":\"a\",\"credentials\":\"\\r\"}}",
      JV_INVALID_ARGUMENT,
      { "authentication.credentials" } },
};

static const struct ask_case bad_letters[] = {
    { "svc.notifier.ListDead", "{\"page_size\":101}", JV_INVALID_ARGUMENT, { "page_size" } },
    { "svc.notifier.ListDead", "{\"page_size\":-1}", JV_INVALID_ARGUMENT, { "page_size" } },
    { "svc.notifier.ListDead", "{\"page_token\":\"!\"}", JV_INVALID_ARGUMENT, { "page_token" } },
    { "svc.notifier.ListDead",
      "{\"page_token\":\"MTIzeA\"}",
      JV_INVALID_ARGUMENT,
      { "page_token" } },
    { "svc.notifier.ListDead", "{\"agent\":\"a b\"}", JV_INVALID_ARGUMENT, { "agent" } },
    { "svc.notifier.ListDead", "{\"task_id\":\"a.b\"}", JV_INVALID_ARGUMENT, { "task_id" } },
    { "svc.notifier.Resend", "{}", JV_INVALID_ARGUMENT, { "id is empty" } },
    { "svc.notifier.Resend", "{\"id\":-1}", JV_INVALID_ARGUMENT, { "id" } },
    { "svc.notifier.Resend", "{\"id\":99}", JV_NOT_FOUND, { "dead letter 99 was not found" } },
    { "svc.notifier.Resend", "{\"agent\":\"a\"}", JV_INVALID_ARGUMENT, { "task_id is empty" } },
    { "svc.notifier.Resend", "{\"task_id\":\"a\"}", JV_INVALID_ARGUMENT, { "agent is empty" } },
    { "svc.notifier.Resend",
      "{\"id\":1,\"agent\":\"a\",\"task_id\":\"t\"}",
      JV_INVALID_ARGUMENT,
      { "id goes without" } },
    { "svc.notifier.Resend", "{\"agent\":\"a\",\"task_id\":\"t\"}", JV_OK, { NULL } },
};

TEST(bad_input_names_its_member)
{
    struct stage s = stage_new();
    struct jv_buf many = jv_buf_new(world_arena(s.w));
    struct world_reply r;

    CHECK_ASKS(s.w, NULL, bad_events);
    CHECK_ASKS(s.w, NULL, bad_forgets);
    CHECK_ASKS(s.w, NULL, urls);
    CHECK_ASKS(s.w, s.admin, bad_letters);
    for (int i = 1; i <= 101; i++)
        jv_buf_printf(&many, "%s%s", i > 1 ? "," : "",
                      delivery(&s, &(struct event){ "t", i, "/ok", NULL, NULL }));
    r = ask(s.w, NULL, "svc.notifier.Enqueue", "{\"deliveries\":[%s]}", many.data);
    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    CHECK_STR(r.field, "deliveries");
    CHECK_STR(sql(&s, "select count(*) from notifier.queues"), "0");
    stage_free(&s);
}

TEST(letters_are_for_administrators)
{
    struct stage s = stage_new();
    static const char *const methods[] = { "svc.notifier.ListDead", "svc.notifier.Resend" };

    for (size_t i = 0; i < JV_COUNT(methods); i++) {
        CHECK_INT(ask(s.w, s.vishal, methods[i], "{}").code, JV_PERMISSION_DENIED);
        CHECK_INT(ask(s.w, NULL, methods[i], "{}").code, JV_UNAUTHENTICATED);
    }
    stage_free(&s);
}

TEST_MAIN()
