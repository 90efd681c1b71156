/* test_notices.c -- what people should know: found by the real agents in a real database, kept by
 * the notifier, told once. */
#include "actors/notices_stage.h"

/* ---- what is found -------------------------------------------------------------------------- */

TEST(everything_in_the_order_of_urgency)
{
    struct people p = people_new();
    const char *json;

    exam(&p, "vishal", "Near", "'2025-01-13'");
    exam(&p, "vishal", "Week", "'2025-01-17'");
    exam(&p, "vishal", "Far", "'2025-01-18'");
    exam(&p, "vishal", "Open", "null");
    budget(&p, "vishal", 9500);
    ticket(&p, "vishal", "pending", "2025-01-09T00:00:00Z");
    ticket(&p, "vishal", "pending", "2025-01-02T00:00:00Z");
    ticket(&p, "vishal", "approved", "2025-01-02T00:00:00Z");
    json = list(&p, p.s.vishal);
    CHECK_INT(count_of(json, "\"id\""), 5);
    CHECK_HAS(json, "{\"notifications\":[{\"kind\":\"exam\",\"priority\":\"high\",\"text\":\"Exam "
                    "Near is in 3 days (2025-01-13).\"");
    CHECK_HAS(json, "\"text\":\"Exam Week is in 7 days (2025-01-17).\"");
    CHECK_HAS(json, "\"text\":\"95.00 % of your budget is used.\"");
    CHECK_HAS(json, "(vpn_access) has been pending since 2025-01-02.\"");
    CHECK_HAS(json, "(vpn_access) is pending.\"");
    CHECK(strstr(json, "Week") < strstr(json, "95.00"));
    CHECK(strstr(json, "95.00") < strstr(json, "since"));
    CHECK(strstr(json, "since") < strstr(json, "is pending"));
    CHECK_HAS(json, "\"at\":\"2025-01-13T00:00:00Z\"");
    CHECK_INT(heard(&p, "vishal"), 3); /* once for each agent that had something */
    people_free(&p);
}

/* The same stage is the same notice, in other words; the next one is a new one. */
TEST(a_stage_is_told_once)
{
    struct people p = people_new();
    int week, near;

    exam(&p, "vishal", "Cert", "'2025-01-16'");
    week = id_of(&p, p.s.vishal);
    CHECK(week > 0);
    CHECK_INT(id_of(&p, p.s.vishal), week);
    CHECK_INT(heard(&p, "vishal"), 1);
    today(&p, "2025-01-12T00:00:00Z");
    CHECK_HAS(list(&p, p.s.vishal), "in 4 days");
    CHECK_INT(id_of(&p, p.s.vishal), week);
    CHECK_INT(heard(&p, "vishal"), 1);
    today(&p, "2025-01-13T00:00:00Z");
    near = id_of(&p, p.s.vishal);
    CHECK(near > week);
    CHECK_INT(heard(&p, "vishal"), 2);
    CHECK_INT(count_of(list(&p, p.s.vishal), "\"id\""), 1);
    today(&p, "2025-01-16T12:00:00Z");
    CHECK_HAS(list(&p, p.s.vishal), "Exam Cert is due today (2025-01-16).");
    CHECK_INT(id_of(&p, p.s.vishal), near);
    today(&p, "2025-01-17T00:00:00Z");
    CHECK_HAS(list(&p, p.s.vishal), "Exam Cert is overdue by 1 day (2025-01-16).");
    CHECK(id_of(&p, p.s.vishal) > near);
    CHECK_INT(heard(&p, "vishal"), 3);
    people_free(&p);
}

TEST(what_is_no_longer_so_goes)
{
    struct people p = people_new();
    int first;

    budget(&p, "vishal", 8000);
    first = id_of(&p, p.s.vishal);
    CHECK_HAS(list(&p, p.s.vishal), "budget:80");
    budget(&p, "vishal", 10000);
    CHECK_HAS(list(&p, p.s.vishal), "\"priority\":\"high\"");
    CHECK_HAS(list(&p, p.s.vishal), "budget:100");
    CHECK_INT(count_of(list(&p, p.s.vishal), "\"id\""), 1);
    budget(&p, "vishal", 7999);
    CHECK_STR(list(&p, p.s.vishal), NOTHING);
    budget(&p, "vishal", 8000); /* it was well in between: told again */
    CHECK(id_of(&p, p.s.vishal) > first + 1);
    people_free(&p);
}

/* Whoever does not ask is looked at by the timer. */
TEST(everybody_is_looked_at_now_and_then)
{
    struct people p = people_new();

    exam(&p, "happy", "Quiz", "'2025-01-12'");
    ticket(&p, "vishal", "pending", "2025-01-09T00:00:00Z");
    world_advance(p.s.w, round_ms);
    CHECK_STR(sql(&p.s, "select string_agg(username || ' ' || kind, ', ' order by username) "
                        "from notifier.notices"),
              "happy exam, vishal ticket");
    CHECK_INT(heard(&p, "happy"), 1);
    world_advance(p.s.w, round_ms);
    CHECK_INT(heard(&p, "happy"), 1);
    world_sql(p.s.w, "delete from oxygen.exams");
    world_advance(p.s.w, round_ms);
    CHECK_STR(sql(&p.s, "select count(*) from notifier.notices"), "1");
    people_free(&p);
}

TEST(any_number_of_people)
{
    struct people p = people_new();

    world_sql(p.s.w, "insert into tickets.tickets (operation, username, status, created_at, "
                     "updated_at) select 'vpn_access', 'p' || n / 3, 'pending', '2025-01-09', "
                     "'2025-01-09' from generate_series(1, 1700) as n");
    world_sql(p.s.w, "insert into tickets.tickets (operation, username, status, created_at, "
                     "updated_at) select 'vpn_access', 'vishal', 'pending', '2025-01-09', "
                     "'2025-01-09' from generate_series(1, 90)");
    world_advance(p.s.w, round_ms);
    CHECK_STR(sql(&p.s, "select count(*) from notifier.notices"), "1750"); /* 50 of one person's */
    world_sql(p.s.w, "delete from tickets.tickets where username = 'vishal' or id % 2 = 0");
    world_advance(p.s.w, round_ms);
    CHECK_STR(sql(&p.s, "select count(*) - (select count(*) from tickets.tickets) "
                        "from notifier.notices"),
              "0");
    people_free(&p);
}

TEST(costs_that_jump)
{
    struct people p = people_new();

    world_sql(p.s.w, "insert into finops.costs values ('aws', 's3', 100000), ('gcp', 'vault', "
                     "100000)");
    world_advance(p.s.w, round_ms);
    CHECK_STR(list(&p, p.s.vishal), NOTHING);
    world_sql(p.s.w, "update finops.costs set cost_cents = case provider when 'aws' then 120001 "
                     "else 120000 end");
    world_advance(p.s.w, round_ms);
    CHECK_HAS(list(&p, p.s.vishal),
              "{\"kind\":\"cost\",\"priority\":\"medium\",\"text\":\"Costs of "
              "AWS rose by 20.00 %, from USD 1,000.00 to USD 1,200.01.\"");
    CHECK_INT(count_of(list(&p, p.s.vishal), "\"id\""), 1);
    CHECK_INT(id_of(&p, p.happy), id_of(&p, p.s.vishal)); /* everybody's, who may see costs */
    CHECK_STR(list(&p, p.nobody), NOTHING);
    world_sql(p.s.w, "update finops.costs set cost_cents = 200000 where provider = 'gcp'");
    world_advance(p.s.w, round_ms);
    CHECK_INT(count_of(list(&p, p.s.vishal), "cost:"), 2);
    today(&p, "2025-01-18T00:00:00Z");
    world_advance(p.s.w, round_ms);
    CHECK_STR(list(&p, p.s.vishal), NOTHING);
    people_free(&p);
}

TEST(an_agent_that_is_away_takes_nothing_back)
{
    struct people p = people_new();

    exam(&p, "vishal", "Near", "'2025-01-12'");
    ticket(&p, "vishal", "pending", "2025-01-09T00:00:00Z");
    CHECK_INT(count_of(list(&p, p.s.vishal), "\"id\""), 2);
    world_kill(p.s.w, p.agents[2]);
    world_sql(p.s.w, "delete from tickets.tickets");
    CHECK_HAS(list(&p, p.s.vishal), "Near");
    CHECK_INT(count_of(list(&p, p.s.vishal), "\"id\""), 1);
    world_advance(p.s.w, round_ms);
    CHECK_HAS(list(&p, p.s.vishal), "Near");
    world_sql(p.s.w, "delete from oxygen.exams");
    world_start(p.s.w, &oxygen_actor);
    world_advance(p.s.w, 12000); /* asked again before its time */
    CHECK_STR(sql(&p.s, "select count(*) from notifier.notices"), "0");
    people_free(&p);
}

TEST(two_notifiers_look_in_turn)
{
    struct people p = people_new();
    struct jv_node *other = world_start(p.s.w, &notifier_actor);
    int asked = atoi(sql(&p.s, "select last_value from notifier.turns"));

    world_advance(p.s.w, round_ms);
    exam(&p, "happy", "Quiz", "'2025-01-12'");
    CHECK_INT(ask(p.s.w, p.happy, HOOK, "{\"url\":\"http://127.0.0.1:%u/ok\"}", p.s.r->port).code,
              JV_OK);
    world_advance(p.s.w, 3 * round_ms);
    CHECK_INT(heard(&p, "happy"), 1);
    CHECK_INT(p.s.r->n, 1);
    /* five rounds of three questions, whoever asked */
    CHECK_INT(atoi(sql(&p.s, "select last_value from notifier.turns")) - asked, 15);
    world_kill(p.s.w, other);
    exam(&p, "happy", "Second", "'2025-01-12'");
    world_advance(p.s.w, 2 * round_ms);
    CHECK_INT(heard(&p, "happy"), 2);
    people_free(&p);
}

TEST(never_means_never)
{
    struct people p = people_new();

    world_kill(p.s.w, p.s.node);
    setenv("JARVIS_NOTICES_EVERY", "0", 1);
    world_start(p.s.w, &notifier_actor);
    exam(&p, "happy", "Quiz", "'2025-01-12'");
    world_advance(p.s.w, 3 * round_ms);
    CHECK_STR(sql(&p.s, "select count(*) from notifier.notices"), "0");
    CHECK_HAS(list(&p, p.happy), "Quiz");
    people_free(&p);
}

/* ---- whose ---------------------------------------------------------------------------------- */

TEST(only_ones_own)
{
    struct people p = people_new();

    exam(&p, "happy", "Quiz", "'2025-01-12'");
    budget(&p, "happy", 9000);
    ticket(&p, "vishal", "pending", "2025-01-09T00:00:00Z");
    world_advance(p.s.w, round_ms);
    CHECK_INT(count_of(list(&p, p.happy), "\"id\""), 2);
    CHECK(!strstr(list(&p, p.happy), "ticket"));
    CHECK_INT(count_of(list(&p, p.s.vishal), "\"id\""), 1);
    CHECK_STR(list(&p, p.s.admin), NOTHING);
    CHECK_STR(list(&p, p.nobody), NOTHING); /* vishal's, by a token that may not see tickets */
    CHECK_INT(world_ask(p.s.w, NULL, LIST, "{}").code, JV_UNAUTHENTICATED);
    people_free(&p);
}

TEST(lists_go_on_after_a_number)
{
    struct people p = people_new();
    struct world_reply r;
    int first;

    exam(&p, "vishal", "One", "'2025-01-12'");
    first = id_of(&p, p.s.vishal);
    exam(&p, "vishal", "Two", "'2025-01-12'");
    r = ask(p.s.w, p.s.vishal, LIST, "{\"after\":%d,\"kept\":true}", first);
    CHECK_STR(r.json, NOTHING); /* as it was looked at */
    r = ask(p.s.w, p.s.vishal, LIST, "{\"after\":%d}", first);
    CHECK_INT(count_of(r.json, "\"id\""), 1);
    CHECK_HAS(r.json, "Two");
    r = ask(p.s.w, p.s.vishal, LIST, "{\"after\":-1}");
    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    CHECK_STR(r.field, "after");
    people_free(&p);
}

TEST(muted_kinds_are_left_out)
{
    static const struct ask_case cases[] = {
        { "svc.notifier.MuteNotices",
          "{\"kind\":\"exam\",\"muted\":true}",
          JV_OK,
          { "{\"kind\":\"exam\",\"muted\":true},{\"kind\":\"budget\",\"muted\":false}" } },
        { "svc.notifier.MuteNotices", "{\"kind\":\"exam\",\"muted\":true}", JV_OK, { "true" } },
        { LIST, "{}", JV_OK, { "budget" }, "Quiz" },
        { TAKE, "{}", JV_OK, { "budget:100" }, "Quiz" },
        { "svc.notifier.MuteNotices",
          "{\"kind\":\"exam\",\"muted\":false}",
          JV_OK,
          { "{\"kind\":\"exam\",\"muted\":false}" } },
        { LIST, "{}", JV_OK, { "Quiz" } },
        { "svc.notifier.MuteNotices",
          "{\"kind\":\"rain\",\"muted\":true}",
          JV_INVALID_ARGUMENT,
          { "kind is none of" } },
        { "svc.notifier.MuteNotices", "{\"kind\":\"exam\"}", JV_INVALID_ARGUMENT, { "muted" } },
    };
    struct people p = people_new();

    exam(&p, "happy", "Quiz", "'2025-01-12'");
    exam(&p, "vishal", "Quiz", "'2025-01-12'");
    budget(&p, "happy", 20000);
    world_advance(p.s.w, round_ms);
    CHECK_ASKS(p.s.w, p.happy, cases);
    CHECK_INT(ask(p.s.w, p.happy, "svc.notifier.MuteNotices", "{\"kind\":\"exam\",\"muted\":true}")
                      .code,
              JV_OK);
    CHECK_HAS(list(&p, p.s.vishal), "Quiz"); /* another's own affair */
    CHECK_INT(count_of(ask(p.s.w, p.s.vishal, "svc.notifier.ListMutes", "{}").json, "true"), 0);
    people_free(&p);
}

/* ---- in the chat ---------------------------------------------------------------------------- */

static const char *take(struct people *p, const char *token, const char *message_id)
{
    struct world_reply r = ask(p->s.w, token, TAKE, "{\"message_id\":\"%s\"}", message_id);

    CHECK_INT(r.code, JV_OK);
    return r.code ? "" : r.json;
}

TEST(the_chat_tells_each_once)
{
    struct people p = people_new();
    char long_id[200];

    exam(&p, "happy", "Later", "'2025-01-13'");
    exam(&p, "happy", "First", "'2025-01-11'");
    exam(&p, "happy", "Week", "'2025-01-16'");
    exam(&p, "vishal", "Other", "'2025-01-11'");
    world_advance(p.s.w, round_ms);
    CHECK_HAS(take(&p, p.happy, ""), "First");
    CHECK_HAS(take(&p, p.happy, ""), "First"); /* only looked at */
    CHECK_HAS(take(&p, p.happy, "m1"), "First");
    CHECK_HAS(take(&p, p.happy, "m1"), "First"); /* the same answer, made again */
    CHECK_HAS(take(&p, p.happy, "m2"), "Later");
    CHECK_STR(take(&p, p.happy, "m3"), NOTHING); /* what is less pressing waits in the list */
    CHECK_STR(take(&p, p.happy, ""), NOTHING);
    CHECK_HAS(take(&p, p.s.vishal, "m1"), "Other");
    CHECK_INT(count_of(list(&p, p.happy), "\"id\""), 3);
    memset(long_id, 'x', sizeof(long_id) - 1);
    long_id[sizeof(long_id) - 1] = '\0';
    CHECK_INT(ask(p.s.w, p.happy, TAKE, "{\"message_id\":\"%s\"}", long_id).code,
              JV_INVALID_ARGUMENT);
    people_free(&p);
}

/* ---- webhooks ------------------------------------------------------------------------------- */

static struct world_reply hook(struct people *p, const char *token, const char *path)
{
    return ask(p->s.w, token, HOOK, "{\"url\":\"http://127.0.0.1:%u%s\",\"token\":\"tok-1\"}",
               p->s.r->port, path);
}

TEST(a_webhook_hears_of_each_notice_once)
{
    struct people p = people_new();
    const struct seen *seen;

    CHECK_INT(hook(&p, p.happy, "/ok").code, JV_OK);
    exam(&p, "happy", "Quiz", "'2025-01-12'");
    exam(&p, "vishal", "Other", "'2025-01-12'");
    world_advance(p.s.w, round_ms + posted_ms);
    list(&p, p.happy);
    world_advance(p.s.w, 2 * round_ms);
    CHECK_OR(p.s.r->n == 1, goto out);
    seen = &p.s.r->seen[0];
    CHECK_HAS(seen->head, "Content-Type: application/a2a+json\r\n");
    CHECK_HAS(seen->head, "A2A-Event-ID: notices/");
    CHECK_HAS(seen->head, "X-A2A-Notification-Token: tok-1\r\n");
    CHECK_HAS(seen->body, "{\"message\":{\"messageId\":\"notice-");
    CHECK_HAS(seen->body, "\"parts\":[{\"text\":\"Exam Quiz is in 2 days (2025-01-12).\"}");
    CHECK_HAS(seen->body, "\"mediaType\":\"application/vnd.jarvis.notification+json\"");
    CHECK_HAS(seen->body, "\"priority\":\"high\"");
    ask(p.s.w, p.happy, "svc.notifier.MuteNotices", "{\"kind\":\"exam\",\"muted\":true}");
    exam(&p, "happy", "Muted", "'2025-01-12'");
    budget(&p, "happy", 9000);
    list(&p, p.happy);
    world_advance(p.s.w, posted_ms);
    CHECK_OR(p.s.r->n == 2, goto out);
    CHECK_HAS(p.s.r->seen[1].body, "90.00 % of your budget");
    check_empty(&p.s);
out:
    people_free(&p);
}

/* What is for everybody goes to those who may see it. */
TEST(costs_are_posted_to_whoever_may_see_them)
{
    struct people p = people_new();

    CHECK_INT(hook(&p, p.happy, "/ok/happy").code, JV_OK);
    CHECK_INT(hook(&p, p.s.vishal, "/ok/vishal").code, JV_OK);
    CHECK_INT(hook(&p, p.nobody, "/ok/nobody").code, JV_OK);
    world_sql(p.s.w, "insert into finops.costs values ('aws', 's3', 100000)");
    world_advance(p.s.w, round_ms);
    world_sql(p.s.w, "update finops.costs set cost_cents = 200000");
    world_advance(p.s.w, round_ms + posted_ms);
    CHECK_INT(p.s.r->n, 2);
    for (size_t i = 0; i < p.s.r->n; i++)
        CHECK(!strstr(p.s.r->seen[i].path, "nobody"));
    people_free(&p);
}

TEST(webhooks_are_ones_own_and_guarded)
{
    static const struct ask_case refused[] = {
        { HOOK, "{\"url\":\"http://10.0.0.1/\"}", JV_INVALID_ARGUMENT, { "url: " } },
        { HOOK, "{\"url\":\"http://example.org/\"}", JV_INVALID_ARGUMENT, { "url: ", "https" } },
        { HOOK, "{\"url\":\"ftp://example.org/\"}", JV_INVALID_ARGUMENT, { "url: " } },
        { HOOK, "{}", JV_INVALID_ARGUMENT, { "url: " } },
        { HOOK,
          "{\"url\":\"https://example.org/\",\"token\":\"a\\r\\nb: c\"}",
          JV_INVALID_ARGUMENT,
          { "token: " } },
        { "svc.notifier.RemoveHook", "{\"id\":\"nope\"}", JV_NOT_FOUND, { "webhook not found" } },
        { "svc.notifier.RemoveHook", "{}", JV_INVALID_ARGUMENT, { "id: " } },
    };
    struct people p = people_new();
    struct world_reply r;
    const char *id;

    CHECK_ASKS(p.s.w, p.happy, refused);
    CHECK_STR(sql(&p.s, "select count(*) from notifier.hooks"), "0");
    r = hook(&p, p.happy, "/ok");
    id = member(p.s.w, &r, "id");
    CHECK(!strstr(r.json, "tok-1"));
    r = world_ask(p.s.w, p.happy, "svc.notifier.ListHooks", "{}");
    CHECK_HAS(r.json, id);
    CHECK(!strstr(r.json, "tok-1"));
    CHECK_STR(world_ask(p.s.w, p.s.vishal, "svc.notifier.ListHooks", "{}").json, "{\"hooks\":[]}");
    r = ask(p.s.w, p.s.vishal, "svc.notifier.RemoveHook", "{\"id\":\"%s\"}", id);
    CHECK_INT(r.code, JV_NOT_FOUND);
    CHECK_STR(r.text, "webhook not found");
    CHECK_STR(sql(&p.s, "select count(*) from notifier.hooks"), "1");
    for (int i = 1; i < 5; i++)
        CHECK_INT(hook(&p, p.happy, "/ok").code, JV_OK);
    CHECK_INT(hook(&p, p.happy, "/ok").code, JV_RESOURCE_EXHAUSTED);
    CHECK_INT(hook(&p, p.s.vishal, "/ok").code, JV_OK);
    CHECK_INT(ask(p.s.w, p.happy, "svc.notifier.RemoveHook", "{\"id\":\"%s\"}", id).code, JV_OK);
    CHECK_INT(hook(&p, p.happy, "/ok").code, JV_OK);
    people_free(&p);
}

TEST(what_waits_for_a_removed_webhook_is_dropped)
{
    struct people p = people_new();
    struct world_reply r = hook(&p, p.happy, "/fail");

    exam(&p, "happy", "Quiz", "'2025-01-12'");
    list(&p, p.happy);
    world_advance(p.s.w, 100);
    CHECK_STR(sql(&p.s, "select count(*) from notifier.deliveries where state = 'waiting'"), "1");
    CHECK_INT(ask(p.s.w, p.happy, "svc.notifier.RemoveHook", "{\"id\":\"%s\"}",
                  member(p.s.w, &r, "id"))
                      .code,
              JV_OK);
    CHECK_STR(sql(&p.s, "select count(*) from notifier.deliveries where state = 'waiting'"), "0");
    people_free(&p);
}

TEST(webhooks_end_with_their_owners_tokens)
{
    struct people p = people_new();

    CHECK_INT(hook(&p, p.happy, "/ok").code, JV_OK);
    p.s.owners->ended = true;
    exam(&p, "happy", "Quiz", "'2025-01-12'");
    list(&p, p.happy);
    world_advance(p.s.w, posted_ms);
    CHECK_INT(p.s.r->n, 0);
    CHECK_STR(sql(&p.s, "select count(*) from notifier.hooks"), "0");
    check_empty(&p.s);
    people_free(&p);
}

TEST_MAIN()
