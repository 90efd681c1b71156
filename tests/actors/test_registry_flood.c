/* test_registry_flood.c -- an actor that announces without end gets no more than its share. */
#include "actors/registry_stage.h"

enum { flood = 300 };

static struct fake fake(struct jv_arena *a, int i, const char *token, const char *name)
{
    return (struct fake){ .actor = "evil",
                          .id = jv_arena_printf(a, "i%d", i),
                          .token = token,
                          .name = name,
                          .started_s = INT64_MAX };
}

TEST(one_agent_of_an_actor)
{
    struct stage s = stage_new();
    struct jv_arena *a = world_arena(s.w);
    struct world_reply r;

    for (int i = 0; i < flood; i++) {
        struct fake f =
                fake(a, i, jv_arena_printf(a, "evil%d", i), jv_arena_printf(a, "Evil%dAgent", i));

        heartbeat(&s, &f);
    }
    world_advance(s.w, 100);
    r = ask(s.w, s.vishal, "svc.registry.List", "{}");
    CHECK_STR(member(s.w, &r, "total"), "5");
    CHECK_INT(heard(&s, "audit.registry.agent_pending"), 1);
    stage_free(&s);
}

TEST(others_find_room)
{
    static const struct fake desks = { "desks", "d1", "desks", "DesksAgent", NULL, 100, false };
    struct stage s = stage_new();
    struct world_reply r;

    for (int i = 0; i < flood; i++) {
        struct fake f = fake(world_arena(s.w), i, "evil", "EvilAgent");

        heartbeat(&s, &f);
    }
    heartbeat(&s, &desks);
    r = get(&s, "DesksAgent");
    CHECK_STR(member(s.w, &r, "alive"), "true");
    stage_free(&s);
}

TEST_MAIN()
