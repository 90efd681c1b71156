/* test_registry.c -- agents on a real database: what may be registered, who decides, who is alive,
 * what the planner gets, who may speak for whom. */
#include "actors/registry_stage.h"

#include <a2a.pb-c.h>
#include <registry.pb-c.h>

extern const struct jv_actor tickets_actor;

static const char *catalog(struct stage *s)
{
    return world_ask(s->w, NULL, "svc.registry.Catalog", "{}").json;
}

static int approve(struct stage *s, const char *name, const char *status)
{
    return ask(s->w, s->admin, "svc.registry.SetApproval",
               "{\"name\":\"%s\",\"status\":\"%s\",\"notes\":\"seen\"}", name, status)
            .code;
}

static const struct fake desks = { "desks", "i1", "desks", "DesksAgent", NULL, 100, false };

/* Started, and what it announced has arrived. */
static struct jv_node *start_agent(struct stage *s)
{
    struct jv_node *n = world_start(s->w, &tickets_actor);

    world_advance(s->w, 10);
    return n;
}

/* ---- the agents of the house ---------------------------------------------------------------- */

TEST(house_agents)
{
    struct stage s = stage_new();
    struct world_reply r = ask(s.w, s.vishal, "svc.registry.List", "{}");

    CHECK_INT(r.code, JV_OK);
    CHECK_STR(member(s.w, &r, "total"), "4");
    CHECK(strstr(r.json, "FinOpsAgent") < strstr(r.json, "JarvisAgent"));
    CHECK(strstr(r.json, "OxygenAgent") < strstr(r.json, "TicketsAgent"));
    CHECK_INT(count_of(r.json, "\"status\":\"approved\""), 4);
    CHECK_INT(count_of(r.json, "\"alive\":false"), 4);
    r = get(&s, "TicketsAgent");
    CHECK_STR(member(s.w, &r, "agent_type"), "tickets");
    CHECK_STR(member(s.w, &r, "type"), "local");
    CHECK_STR(member(s.w, &r, "token"), "tickets");
    CHECK_STR(member(s.w, &r, "priority"), "10");
    CHECK_HAS(r.json, "\"tags\":[\"core\",\"production\",\"a2a\"]");
    CHECK_HAS(r.json, "\"keywords\":[\"ticket\",\"IT\",\"operation\"]");
    CHECK_STR(strstr(catalog(&s), "Agent") ? "some" : "none", "none");
    /* An empty registry is fine, too. */
    ask(s.w, s.admin, "svc.registry.Delete", "{\"name\":\"TicketsAgent\"}");
    ask(s.w, s.admin, "svc.registry.Delete", "{\"name\":\"FinOpsAgent\"}");
    ask(s.w, s.admin, "svc.registry.Delete", "{\"name\":\"OxygenAgent\"}");
    ask(s.w, s.admin, "svc.registry.Delete", "{\"name\":\"JarvisAgent\"}");
    r = ask(s.w, s.vishal, "svc.registry.List", "{}");
    CHECK_STR(member(s.w, &r, "total"), "0");
    CHECK_HAS(r.json, "\"agents\":[]");
    stage_free(&s);
}

TEST(a_real_agent_comes_and_goes)
{
    struct stage s = stage_new();
    struct jv_node *first = start_agent(&s), *second;
    struct world_reply r;
    const char *registered, *digest;

    r = get(&s, "TicketsAgent");
    registered = member(s.w, &r, "registered_at");
    CHECK_STR(member(s.w, &r, "alive"), "true");
    CHECK_STR(member(s.w, &r, "instances"), "1");
    CHECK_HAS(r.json, "get_ticket"); /* the card with its tools */
    CHECK_HAS(catalog(&s), "\"token\":\"tickets\"");
    CHECK_HAS(catalog(&s), "create_ticket");
    r = world_ask(s.w, NULL, "svc.registry.Catalog", "{}");
    digest = member(s.w, &r, "digest");
    CHECK_INT(strlen(digest), 64);
    second = start_agent(&s);
    r = get(&s, "TicketsAgent");
    CHECK_STR(member(s.w, &r, "instances"), "2");
    r = world_ask(s.w, NULL, "svc.registry.Catalog", "{}");
    CHECK_STR(member(s.w, &r, "digest"), digest);
    world_drain(s.w, second); /* says goodbye */
    r = get(&s, "TicketsAgent");
    CHECK_STR(member(s.w, &r, "instances"), "1");
    world_advance(s.w, 60000);
    CHECK_HAS(catalog(&s), "tickets");
    world_kill(s.w, first); /* does not */
    world_advance(s.w, 9000);
    CHECK_HAS(catalog(&s), "tickets");
    world_advance(s.w, 8000);
    r = get(&s, "TicketsAgent");
    CHECK_STR(member(s.w, &r, "alive"), "false");
    CHECK(!strstr(catalog(&s), "tickets"));
    start_agent(&s);
    CHECK_HAS(catalog(&s), "tickets");
    r = get(&s, "TicketsAgent");
    CHECK_STR(member(s.w, &r, "registered_at"), registered);
    stage_free(&s);
}

/* ---- approval ------------------------------------------------------------------------------- */

TEST(a_new_agent_waits_for_approval)
{
    struct stage s = stage_new();
    struct world_reply r;

    world_listen(s.w, "evt.registry.Changed");
    heartbeat(&s, &desks);
    r = get(&s, "DesksAgent");
    CHECK_STR(member(s.w, &r, "status"), "pending");
    CHECK_STR(member(s.w, &r, "alive"), "true");
    CHECK_STR(member(s.w, &r, "agent_type"), "desks");
    CHECK_HAS(r.json, "\"tags\":[\"desk\",\"room\"]");
    CHECK_HAS(r.json, "book a desk");
    CHECK_INT(heard(&s, "audit.registry.agent_pending"), 1);
    CHECK(!strstr(catalog(&s), "DesksAgent"));

    CHECK_INT(ask(s.w, s.vishal, "svc.registry.SetApproval",
                  "{\"name\":\"DesksAgent\",\"status\":\"approved\"}")
                      .code,
              JV_PERMISSION_DENIED);
    world_advance(s.w, 1000);
    CHECK(heard(&s, "evt.registry.Changed") > 0);
    r = ask(s.w, s.admin, "svc.registry.SetApproval",
            "{\"name\":\"DesksAgent\",\"status\":\"approved\",\"notes\":\"looks \\\"fine\\\"\"}");
    CHECK_INT(r.code, JV_OK);
    CHECK_STR(member(s.w, &r, "status"), "approved");
    CHECK_STR(member(s.w, &r, "approved_by"), "admin");
    CHECK_STR(member(s.w, &r, "approved_at"), "2025-01-10T00:00:01.010Z");
    CHECK_HAS(r.json, "looks \\\"fine\\\"");
    CHECK_INT(heard(&s, "audit.registry.agent_approval"), 1);
    CHECK_HAS(catalog(&s), "\"name\":\"DesksAgent\"");
    for (size_t i = 0; i < 3; i++) {
        static const char *const states[] = { "suspended", "rejected", "pending" };

        CHECK_INT(approve(&s, "DesksAgent", states[i]), JV_OK);
        CHECK(!strstr(catalog(&s), "DesksAgent"));
        heartbeat(&s, &desks); /* announcing again changes nothing */
        r = get(&s, "DesksAgent");
        CHECK_STR(member(s.w, &r, "status"), states[i]);
    }
    CHECK_INT(approve(&s, "DesksAgent", "approved"), JV_OK);
    CHECK_HAS(catalog(&s), "DesksAgent");
    CHECK_INT(ask(s.w, s.admin, "svc.registry.SetEnabled",
                  "{\"name\":\"DesksAgent\",\"enabled\":false}")
                      .code,
              JV_OK);
    CHECK(!strstr(catalog(&s), "DesksAgent"));
    stage_free(&s);
}

/* The agent of the protocol's tests needs nobody's approval in its own stack, nowhere else, and
 * nobody else has that. */
TEST(the_conformance_agent_approves_itself)
{
    static const struct fake conformance = { "conformance", "i1", "conformance", "ConformanceAgent",
                                             NULL,          1,    false };
    static const char *const statuses[] = { "pending", "approved" };

    for (size_t on = 0; on < JV_COUNT(statuses); on++) {
        struct stage s;
        struct world_reply r;

        setenv("JARVIS_CONFORMANCE", on ? "1" : "0", 1);
        s = stage_new();
        heartbeat(&s, &conformance);
        heartbeat(&s, &desks);
        r = get(&s, "ConformanceAgent");
        CHECK_STR(member(s.w, &r, "status"), statuses[on]);
        r = get(&s, "DesksAgent");
        CHECK_STR(member(s.w, &r, "status"), "pending");
        stage_free(&s);
    }
    unsetenv("JARVIS_CONFORMANCE");
}

TEST(jarvis_is_never_asked_by_itself)
{
    struct stage s = stage_new();

    heartbeat(&s, &(struct fake){ "orchestrator", "i1", "jarvis", "JarvisAgent", NULL, 1, false });
    struct world_reply r = get(&s, "JarvisAgent");

    CHECK_STR(member(s.w, &r, "alive"), "true");
    CHECK(!strstr(catalog(&s), "JarvisAgent"));
    stage_free(&s);
}

/* ---- who may speak for whom ----------------------------------------------------------------- */

TEST(nobody_takes_over_an_agent)
{
    static const struct fake thieves[] = {
        { "desks", "t1", "desks", "TicketsAgent", "evil", 999, false },   /* another's name */
        { "desks", "t2", "tickets", "TicketsAgent", "evil", 999, false }, /* and token */
        { "desks", "t3", "tickets", "OtherAgent", "evil", 999, false },   /* another's token */
        { "desks", "t4", "desks", "ticketsagent", "evil", 999, false },   /* in other case */
        { "desks", "t5", "desks", "FarAgent", "evil", 999, false },       /* a remote one's */
        { "tickets", "t6", "desks", "TicketsAgent", "evil", 999, false }, /* its own, other token */
        { "desks", "t7", "", "DesksAgent", "evil", 999, false },
        { "desks", "t8", "a b", "DesksAgent", "evil", 999, false },
        { "desks", "t9", "desks", "Desks Agent", "evil", 999, false },
        { "desks", "t10", "desks", "", "evil", 999, false },
    };
    struct stage s = stage_new();
    struct world_reply r;

    CHECK_INT(ask(s.w, s.admin, "svc.registry.Add",
                  "{\"agent_config\":{\"agent_type\":\"far\",\"agent_card_url\":\"https://"
                  "far.example/"
                  "card\",\"name\":\"FarAgent\",\"description\":\"far away\"},\"capabilities\":{}}")
                      .code,
              JV_OK);
    for (size_t i = 0; i < JV_COUNT(thieves); i++) {
        heartbeat(&s, &thieves[i]);
        heartbeat(&s, &thieves[i]);
        CHECK_INT(heard(&s, "audit.registry.agent_refused"), i + 1); /* said once each */
    }
    r = ask(s.w, s.vishal, "svc.registry.List", "{}");
    CHECK(!strstr(r.json, "evil"));
    CHECK_STR(member(s.w, &r, "total"), "5");
    r = get(&s, "TicketsAgent");
    CHECK_STR(member(s.w, &r, "alive"), "false");
    CHECK_STR(member(s.w, &r, "token"), "tickets");
    CHECK(!strstr(catalog(&s), "evil"));
    /* The right one still comes in. */
    heartbeat(&s, &(struct fake){ "tickets", "i1", "tickets", "TicketsAgent", "good", 5, false });
    CHECK_HAS(catalog(&s), "good");
    stage_free(&s);
}

/* Of instances with different cards the one that started last counts, whoever speaks last. */
TEST(rolling_upgrade)
{
    struct stage s = stage_new();
    struct fake old = desks, new = desks;
    struct world_reply r;

    new.id = "i2";
    new.started_s = 200;
    new.description = "books desks and rooms";
    heartbeat(&s, &old);
    approve(&s, "DesksAgent", "approved");
    heartbeat(&s, &new);
    CHECK_INT(heard(&s, "audit.registry.agent_card"), 1);
    for (int i = 0; i < 3; i++) {
        heartbeat(&s, &old);
        heartbeat(&s, &new);
    }
    CHECK_INT(heard(&s, "audit.registry.agent_card"), 1);
    r = get(&s, "DesksAgent");
    CHECK_HAS(r.json, "and rooms");
    CHECK_STR(member(s.w, &r, "instances"), "2");
    CHECK_STR(member(s.w, &r, "status"), "pending"); /* another card than what was approved */
    new.leaving = true;                              /* rolled back */
    heartbeat(&s, &new);
    heartbeat(&s, &old);
    r = get(&s, "DesksAgent");
    CHECK(!strstr(r.json, "and rooms"));
    CHECK_STR(member(s.w, &r, "instances"), "1");
    stage_free(&s);
}

TEST(a_removed_agent_comes_back_as_a_new_one)
{
    struct stage s = stage_new();
    struct world_reply r;

    heartbeat(&s, &desks);
    approve(&s, "DesksAgent", "approved");
    CHECK_INT(ask(s.w, s.admin, "svc.registry.Delete", "{\"name\":\"DesksAgent\"}").code, JV_OK);
    CHECK_INT(get(&s, "DesksAgent").code, JV_NOT_FOUND);
    CHECK(!strstr(catalog(&s), "DesksAgent"));
    heartbeat(&s, &desks);
    r = get(&s, "DesksAgent");
    CHECK_STR(member(s.w, &r, "status"), "pending");
    stage_free(&s);
}

/* ---- registering ---------------------------------------------------------------------------- */

#define CONFIG(url, name)                                                                          \
    "{\"agent_config\":{\"agent_type\":\"crm\",\"agent_card_url\":\"" url "\",\"name\":\"" name    \
    "\",\"description\":\"customers\"},"
#define ADD(name) CONFIG("http://crm.example:8080/card.json", name)

static const struct ask_case life[] = {
    { "svc.registry.Get", "{\"name\":\"CrmAgent\"}", JV_NOT_FOUND, { "agent CrmAgent not found" } },
    { "svc.registry.Add",
      ADD("CrmAgent") "\"capabilities\":{\"keywords\":[\"b\",\"a\",\"b\",\"c\",\"a\"],"
                      "\"examples\":[\"x\"]},\"tags\":[\"beta\",\"beta\",\"crm\"]}",
      JV_OK,
      { "\"status\":\"registered\"", "\"agent_name\":\"CrmAgent\"", "\"status\":\"pending\"" } },
    { "svc.registry.Get",
      "{\"name\":\"CrmAgent\"}",
      JV_OK,
      { "\"keywords\":[\"b\",\"a\",\"c\"]", "\"tags\":[\"beta\",\"crm\"]", "\"enabled\":true",
        "\"status\":\"pending\"", "\"type\":\"remote\"", "http://crm.example:8080/card.json" } },
    { "svc.registry.Get", "{\"name\":\"crmagent\"}", JV_NOT_FOUND },
    { "svc.registry.Add",
      ADD("CrmAgent") "\"capabilities\":{}}",
      JV_ALREADY_EXISTS,
      { "agent CrmAgent already exists" } },
    { "svc.registry.Add", ADD("CRMAGENT") "\"capabilities\":{}}", JV_ALREADY_EXISTS },
    { "svc.registry.Add", ADD("TicketsAgent") "\"capabilities\":{}}", JV_ALREADY_EXISTS },
    { "svc.registry.SetCapabilities",
      "{\"name\":\"CrmAgent\",\"capabilities\":{\"priority\":5,\"requires_auth\":true}}",
      JV_OK,
      { "\"status\":\"updated\"" } },
    { "svc.registry.Get",
      "{\"name\":\"CrmAgent\"}",
      JV_OK,
      { "\"priority\":5", "\"requires_auth\":true", "\"keywords\":[]" } },
    { "svc.registry.SetEnabled",
      "{\"name\":\"CrmAgent\",\"enabled\":false}",
      JV_OK,
      { "\"status\":\"disabled\"" } },
    { "svc.registry.Get", "{\"name\":\"CrmAgent\"}", JV_OK, { "\"enabled\":false" } },
    { "svc.registry.SetEnabled",
      "{\"name\":\"CrmAgent\",\"enabled\":true}",
      JV_OK,
      { "\"status\":\"enabled\"" } },
    { "svc.registry.SetEnabled", "{\"name\":\"CrmAgent\"}", JV_INVALID_ARGUMENT, { "enabled" } },
    { "svc.registry.SetApproval",
      "{\"name\":\"CrmAgent\",\"status\":\"approved\"}",
      JV_OK,
      { "\"status\":\"approved\"" } },
    /* Approved, but not on the bus: nothing can call it yet. */
    { "svc.registry.Catalog", "{}", JV_OK, { "entries" }, "CrmAgent" },
    { "svc.registry.Delete", "{\"name\":\"CrmAgent\"}", JV_OK, { "\"status\":\"deleted\"" } },
    { "svc.registry.Get", "{\"name\":\"CrmAgent\"}", JV_NOT_FOUND },
    { "svc.registry.Delete", "{\"name\":\"CrmAgent\"}", JV_NOT_FOUND },
    { "svc.registry.SetEnabled", "{\"name\":\"CrmAgent\",\"enabled\":true}", JV_NOT_FOUND },
    { "svc.registry.SetCapabilities", "{\"name\":\"CrmAgent\",\"capabilities\":{}}", JV_NOT_FOUND },
    { "svc.registry.SetApproval", "{\"name\":\"CrmAgent\",\"status\":\"approved\"}", JV_NOT_FOUND },
};

TEST(life_of_a_registered_agent)
{
    struct stage s = stage_new();

    CHECK_ASKS(s.w, s.admin, life);
    CHECK_INT(heard(&s, "audit.registry.agent_added"), 1);
    CHECK_INT(heard(&s, "audit.registry.agent_changed"), 4);
    stage_free(&s);
}

static const struct ask_case malformed[] = {
    { "svc.registry.Add",
      ADD("A") "\"capabilities\":{\"priority\":101}}",
      JV_INVALID_ARGUMENT,
      { "capabilities.priority" } },
    { "svc.registry.Add",
      ADD("A") "\"capabilities\":{\"priority\":-101}}",
      JV_INVALID_ARGUMENT,
      { "capabilities.priority" } },
    { "svc.registry.Add",
      ADD("A") "\"capabilities\":{\"priority\":true}}",
      JV_INVALID_ARGUMENT,
      { "capabilities.priority" } },
    { "svc.registry.SetCapabilities",
      "{\"name\":\"TicketsAgent\",\"capabilities\":{\"priority\":101}}",
      JV_INVALID_ARGUMENT,
      { "capabilities.priority" } },
    { "svc.registry.Add",
      ADD("A") "\"capabilities\":{\"keywords\":[\"a\",\"\"]}}",
      JV_INVALID_ARGUMENT,
      { "capabilities.keywords[1]" } },
    { "svc.registry.Add",
      ADD("A") "\"capabilities\":{},\"tags\":[\"\"]}",
      JV_INVALID_ARGUMENT,
      { "tags[0]" } },
    { "svc.registry.Add",
      ADD("A b") "\"capabilities\":{}}",
      JV_INVALID_ARGUMENT,
      { "agent_config.name" } },
    { "svc.registry.Add",
      ADD("1A") "\"capabilities\":{}}",
      JV_INVALID_ARGUMENT,
      { "agent_config.name" } },
    { "svc.registry.Add",
      ADD("A.*") "\"capabilities\":{}}",
      JV_INVALID_ARGUMENT,
      { "agent_config.name" } },
    { "svc.registry.Add",
      ADD("") "\"capabilities\":{}}",
      JV_INVALID_ARGUMENT,
      { "agent_config.name" } },
    { "svc.registry.Add", ADD("A") "\"tags\":[]}", JV_INVALID_ARGUMENT, { "capabilities" } },
    { "svc.registry.Add", "{\"capabilities\":{}}", JV_INVALID_ARGUMENT, { "agent_config" } },
    { "svc.registry.Add",
      CONFIG("ftp://x.example/", "A") "\"capabilities\":{}}",
      JV_INVALID_ARGUMENT,
      { "agent_config.agent_card_url" } },
    { "svc.registry.Add",
      CONFIG("file:///etc/passwd", "A") "\"capabilities\":{}}",
      JV_INVALID_ARGUMENT,
      { "agent_config.agent_card_url" } },
    { "svc.registry.Add",
      CONFIG("http://", "A") "\"capabilities\":{}}",
      JV_INVALID_ARGUMENT,
      { "agent_config.agent_card_url" } },
    { "svc.registry.Add",
      CONFIG("http:///path", "A") "\"capabilities\":{}}",
      JV_INVALID_ARGUMENT,
      { "agent_config.agent_card_url" } },
    { "svc.registry.Add",
      CONFIG("http://u:p@x.example/", "A") "\"capabilities\":{}}",
      JV_INVALID_ARGUMENT,
      { "agent_config.agent_card_url" } },
    { "svc.registry.Add",
      CONFIG("http://x.example/a b", "A") "\"capabilities\":{}}",
      JV_INVALID_ARGUMENT,
      { "agent_config.agent_card_url" } },
    { "svc.registry.SetApproval",
      "{\"name\":\"TicketsAgent\"}",
      JV_INVALID_ARGUMENT,
      { "status" } },
    { "svc.registry.SetApproval",
      "{\"name\":\"TicketsAgent\",\"status\":\"maybe\"}",
      JV_INVALID_ARGUMENT,
      { "status" } },
    { "svc.registry.SetApproval",
      "{\"name\":\"TicketsAgent\",\"status\":9}",
      JV_INVALID_ARGUMENT,
      { "status" } },
    { "svc.registry.List", "{\"type\":\"far\"}", JV_INVALID_ARGUMENT, { "type" } },
    { "svc.registry.Get", "{}", JV_INVALID_ARGUMENT, { "name" } },
    { "svc.registry.Get", "{\"name\":\"' or 1=1 --\"}", JV_NOT_FOUND },
};

TEST(bad_registrations)
{
    struct stage s = stage_new();
    struct jv_arena *a = world_arena(s.w);
    struct jv_buf many = jv_buf_new(a);
    char *x = jv_arena_alloc(a, 3001);
    const char *too_many, *too_long, *long_description, *long_notes;

    memset(x, 'x', 3000);
    for (int i = 0; i < 65; i++)
        jv_buf_printf(&many, "%s\"k%d\"", i ? "," : "", i);
    too_many = jv_arena_printf(a, ADD("A") "\"capabilities\":{\"keywords\":[%s]}}", many.data);
    too_long =
            jv_arena_printf(a, ADD("A") "\"capabilities\":{\"domains\":[\"ok\",\"%.257s\"]}}", x);
    long_description =
            jv_arena_printf(a,
                            "{\"agent_config\":{\"agent_type\":\"t\",\"agent_card_url\":"
                            "\"http://x.example/\",\"name\":\"A\",\"description\":\"%s\"},"
                            "\"capabilities\":{}}",
                            x);
    long_notes = jv_arena_printf(
            a, "{\"name\":\"TicketsAgent\",\"status\":\"approved\",\"notes\":\"%s\"}", x);
    const struct ask_case sizes[] = {
        { "svc.registry.Add", too_many, JV_INVALID_ARGUMENT, { "capabilities.keywords", "64" } },
        { "svc.registry.Add", too_long, JV_INVALID_ARGUMENT, { "capabilities.domains[1]" } },
        { "svc.registry.Add",
          long_description,
          JV_INVALID_ARGUMENT,
          { "agent_config.description" } },
        { "svc.registry.SetApproval", long_notes, JV_INVALID_ARGUMENT, { "notes" } },
    };

    CHECK_ASKS(s.w, s.admin, malformed);
    CHECK_ASKS(s.w, s.admin, sizes);
    struct world_reply r = ask(s.w, s.vishal, "svc.registry.List", "{}");
    CHECK_STR(member(s.w, &r, "total"), "4");
    stage_free(&s);
}

TEST(filters)
{
    struct stage s = stage_new();
    static const struct ask_case cases[] = {
        { "svc.registry.Add", ADD("BetaAgent") "\"capabilities\":{},\"tags\":[\"beta\"]}", JV_OK },
        { "svc.registry.Add", ADD("GammaAgent") "\"capabilities\":{},\"tags\":[\"gamma\"]}",
          JV_OK },
        { "svc.registry.SetEnabled", "{\"name\":\"OxygenAgent\",\"enabled\":false}", JV_OK },
        { "svc.registry.List", "{\"enabled_only\":true}", JV_OK, { "\"total\":5" }, "OxygenAgent" },
        { "svc.registry.List", "{}", JV_OK, { "\"total\":6", "OxygenAgent" } },
        { "svc.registry.List",
          "{\"tags\":\" production , beta\"}",
          JV_OK,
          { "\"total\":5", "BetaAgent", "TicketsAgent" },
          "GammaAgent" },
        { "svc.registry.List", "{\"tags\":\"nothing\"}", JV_OK, { "\"total\":0" } },
        { "svc.registry.List", "{\"tags\":\",,\"}", JV_OK, { "\"total\":6" } },
        { "svc.registry.List",
          "{\"tags\":\"beta,gamma\",\"status\":\"pending\"}",
          JV_OK,
          { "\"total\":2" } },
        { "svc.registry.List", "{\"status\":\"suspended\"}", JV_OK, { "\"total\":0" } },
        { "svc.registry.List", "{\"type\":\"remote\"}", JV_OK, { "\"total\":2" }, "TicketsAgent" },
        { "svc.registry.List",
          "{\"type\":\"local\",\"enabled_only\":true}",
          JV_OK,
          { "\"total\":3" } },
        { "svc.registry.List", "{\"tags\":\"x' or '1'='1\"}", JV_OK, { "\"total\":0" } },
    };

    CHECK_ASKS(s.w, s.admin, cases);
    stage_free(&s);
}

TEST(who_may)
{
    static const struct {
        const char *method, *json;
    } writes[] = {
        { "Add", ADD("A") "\"capabilities\":{}}" },
        { "AddRemote", "{\"agent_card_url\":\"http://x.example/\",\"capabilities\":{},"
                       "\"provider\":{\"name\":\"x\"}}" },
        { "SetCapabilities", "{\"name\":\"TicketsAgent\",\"capabilities\":{}}" },
        { "SetEnabled", "{\"name\":\"TicketsAgent\",\"enabled\":false}" },
        { "SetApproval", "{\"name\":\"TicketsAgent\",\"status\":\"rejected\"}" },
        { "Delete", "{\"name\":\"TicketsAgent\"}" },
    };
    static const char *const reads[][2] = { { "svc.registry.List", "{}" },
                                            { "svc.registry.Get", "{\"name\":\"TicketsAgent\"}" },
                                            { "svc.registry.Export", "{}" } };
    struct stage s = stage_new();
    const char *nobody = world_token(s.w, "user_9", "nadia", "");
    const char *writer = world_token(s.w, "user_8", "wim", "registry:write");

    for (size_t i = 0; i < JV_COUNT(writes); i++) {
        const char *subject =
                jv_arena_printf(world_arena(s.w), "svc.registry.%s", writes[i].method);

        CHECK_INT(world_ask(s.w, NULL, subject, writes[i].json).code, JV_UNAUTHENTICATED);
        CHECK_INT(world_ask(s.w, s.vishal, subject, writes[i].json).code, JV_PERMISSION_DENIED);
    }
    for (size_t i = 0; i < JV_COUNT(reads); i++) {
        CHECK_INT(world_ask(s.w, NULL, reads[i][0], reads[i][1]).code, JV_UNAUTHENTICATED);
        CHECK_INT(world_ask(s.w, nobody, reads[i][0], reads[i][1]).code, JV_PERMISSION_DENIED);
        CHECK_INT(world_ask(s.w, s.vishal, reads[i][0], reads[i][1]).code, JV_OK);
    }
    /* Who may write may not approve. */
    CHECK_INT(ask(s.w, writer, "svc.registry.SetApproval",
                  "{\"name\":\"TicketsAgent\",\"status\":\"rejected\"}")
                      .code,
              JV_PERMISSION_DENIED);
    struct world_reply r = get(&s, "TicketsAgent");
    CHECK_STR(member(s.w, &r, "status"), "approved");
    stage_free(&s);
}

TEST(writers_at_once)
{
    struct stage s = stage_new();
    int ok = 0, exists = 0;
    struct world_reply r;

    for (int i = 0; i < 20; i++)
        world_send(s.w, s.admin, "svc.registry.Add", ADD("CrmAgent") "\"capabilities\":{}}");
    for (int i = 0; i < 20; i++) {
        r = world_collect(s.w);
        ok += r.code == JV_OK;
        exists += r.code == JV_ALREADY_EXISTS;
    }
    CHECK_INT(ok, 1);
    CHECK_INT(exists, 19);
    for (int i = 0; i < 20; i++) {
        world_send(s.w, s.admin, "svc.registry.SetCapabilities",
                   jv_arena_printf(world_arena(s.w),
                                   "{\"name\":\"CrmAgent\",\"capabilities\":{\"priority\":%d,"
                                   "\"keywords\":[\"k%d\"]}}",
                                   i, i));
        world_send(s.w, s.admin, "svc.registry.SetApproval",
                   "{\"name\":\"CrmAgent\",\"status\":\"approved\"}");
    }
    for (int i = 0; i < 40; i++)
        CHECK_INT(world_collect(s.w).code, JV_OK);
    r = get(&s, "CrmAgent");
    CHECK_STR(member(s.w, &r, "status"), "approved");
    CHECK_HAS(r.json, jv_arena_printf(world_arena(s.w), "\"keywords\":[\"k%s\"]",
                                      member(s.w, &r, "priority")));
    stage_free(&s);
}

TEST(restart_and_export)
{
    struct stage s = stage_new();
    struct world_reply r, before;
    struct jv_node *second;
    size_t length;

    start_agent(&s);
    heartbeat(&s, &desks);
    approve(&s, "DesksAgent", "suspended");
    ask(s.w, s.admin, "svc.registry.SetEnabled", "{\"name\":\"FinOpsAgent\",\"enabled\":false}");
    ask(s.w, s.admin, "svc.registry.Add", ADD("CrmAgent") "\"capabilities\":{\"priority\":3}}");
    before = ask(s.w, s.vishal, "svc.registry.Export", "{}");
    CHECK_STR(member(s.w, &before, "version"), "1.0");
    CHECK_STR(member(s.w, &before, "total_agents"), "6");
    CHECK_HAS(before.json, "\"CrmAgent\":{");
    CHECK_HAS(before.json, "http://crm.example:8080/card.json");
    CHECK_HAS(before.json, "\"status\":\"suspended\"");
    CHECK_HAS(before.json, "\"registered_at\"");
    CHECK_HAS(before.json, "create_ticket");
    length = strlen(before.json);
    stage_free(&s);

    /* A new process: the same rows; whoever is there announces itself again. */
    s.w = world_new();
    start_agent(&s);
    s.vishal = world_person(s.w, "user_001", "vishal", "developer");
    world_start(s.w, &registry_actor);
    world_advance(s.w, 10);
    r = get(&s, "TicketsAgent");
    CHECK_STR(member(s.w, &r, "alive"), "true");
    r = ask(s.w, s.vishal, "svc.registry.Export", "{}");
    /* All the same but DesksAgent, which is not there any more. */
    CHECK_INT(strlen(r.json), length + strlen("false") - strlen("true"));
    CHECK_HAS(r.json, "\"status\":\"suspended\"");
    second = world_start(s.w, &registry_actor);
    CHECK_HAS(catalog(&s), "create_ticket");
    CHECK_HAS(catalog(&s), "create_ticket"); /* the other replica's turn */
    world_kill(s.w, second);
    world_free(s.w);

    /* One that has just started presumes that those it knows are there, for a while. */
    s.w = world_new();
    world_start(s.w, &registry_actor);
    CHECK_HAS(catalog(&s), "create_ticket");
    world_advance(s.w, 17000);
    CHECK(!strstr(catalog(&s), "create_ticket"));
    world_free(s.w);
}

TEST_MAIN()
