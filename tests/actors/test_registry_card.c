/* test_registry_card.c -- the card that everybody may see: whose, without what, since when. */
#include "actors/registry_stage.h"

extern const struct jv_actor tickets_actor;

static const struct fake desks = { "desks", "i1", "desks", "DesksAgent", NULL, 100, false };

static struct world_reply card(struct stage *s, const char *token)
{
    return ask(s->w, NULL, "svc.registry.Card", "{\"token\":\"%s\"}", token);
}

static void decide(struct stage *s, const char *method, const char *what)
{
    CHECK_INT(ask(s->w, s->admin, jv_arena_printf(world_arena(s->w), "svc.registry.%s", method),
                  "{\"name\":\"DesksAgent\",%s}", what)
                      .code,
              JV_OK);
}

TEST(without_what_the_tools_take)
{
    struct stage s = stage_new();
    struct world_reply r;

    world_start(s.w, &tickets_actor);
    world_advance(s.w, 10);
    r = get(&s, "TicketsAgent");
    CHECK_HAS(r.json, "input_schema");
    r = card(&s, "tickets"); /* nobody is signed in */
    CHECK_INT(r.code, JV_OK);
    CHECK_STR(member(s.w, &r, "name"), "TicketsAgent");
    CHECK_HAS(r.json, "urn:jarvis:a2a:tools:v1");
    CHECK_HAS(r.json, "\"streaming\":true");
    CHECK(!strstr(r.json, "input_schema"));
    CHECK(!strstr(r.json, "\"tools\""));
    r = world_ask(s.w, NULL, "svc.registry.Catalog", "{}"); /* planners still have all */
    CHECK_HAS(r.json, "input_schema");
    stage_free(&s);
}

TEST(only_of_agents_that_are_offered)
{
    struct stage s = stage_new();
    struct world_reply r;

    CHECK_INT(card(&s, "tickets").code, JV_NOT_FOUND); /* not heard of yet */
    heartbeat(&s, &desks);
    r = card(&s, "desks");
    CHECK_INT(r.code, JV_NOT_FOUND); /* pending */
    CHECK_STR(r.text, "there is no agent desks");
    decide(&s, "SetApproval", "\"status\":\"approved\"");
    CHECK_INT(card(&s, "desks").code, JV_OK);
    decide(&s, "SetEnabled", "\"enabled\":false");
    CHECK_INT(card(&s, "desks").code, JV_NOT_FOUND);
    decide(&s, "SetEnabled", "\"enabled\":true");
    decide(&s, "SetApproval", "\"status\":\"suspended\"");
    CHECK_INT(card(&s, "desks").code, JV_NOT_FOUND);
    CHECK_INT(card(&s, "").code, JV_INVALID_ARGUMENT);
    CHECK_INT(card(&s, "nobody").code, JV_NOT_FOUND);
    CHECK_INT(card(&s, "' or true --").code, JV_NOT_FOUND);
    stage_free(&s);
}

/* Decisions about the agent do not make another card. */
TEST(since_when_it_is_so)
{
    struct stage s = stage_new();
    struct fake changed = desks;
    struct world_reply r;

    heartbeat(&s, &desks);
    world_advance(s.w, 990);
    decide(&s, "SetApproval", "\"status\":\"approved\"");
    r = card(&s, "desks");
    CHECK_STR(member(s.w, &r, "updated_at"), "2025-01-10T00:00:00Z");
    world_advance(s.w, 1000);
    heartbeat(&s, &desks);
    decide(&s, "SetCapabilities", "\"capabilities\":{}");
    r = card(&s, "desks");
    CHECK_STR(member(s.w, &r, "updated_at"), "2025-01-10T00:00:00Z");
    changed.description = "books desks and rooms";
    heartbeat(&s, &changed);
    r = card(&s, "desks");
    CHECK_INT(r.code, JV_NOT_FOUND); /* until somebody approves that, too */
    decide(&s, "SetApproval", "\"status\":\"approved\"");
    r = card(&s, "desks");
    CHECK_HAS(r.json, "and rooms");
    CHECK_STR(member(s.w, &r, "updated_at"), "2025-01-10T00:00:02.010Z");
    stage_free(&s);
}

TEST_MAIN()
