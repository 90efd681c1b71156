/* test_agent_card.c -- what an agent's card says it can do follows from its tables. */
#include "actor/engine.h"
#include "check.h"

#include <a2a.pb-c.h>

static int answer(struct jv_ctx *ctx, const A2a__Message *in)
{
    (void)ctx, (void)in;
    return JV_OK;
}

static const struct jv_skill skills[] = {
    { .id = "desks", .name = "Desks", .description = "Who sits where", .tags = "desk, room" },
    { 0 },
};

static const struct jv_extension extensions[] = {
    { "https://x.example/ext/one", "The first", true },
    { "https://x.example/ext/two", NULL, false },
    { 0 },
};

/* The card's capabilities as JSON. */
static const char *capabilities(struct jv_arena *a, const struct jv_agent *agent, unsigned needs)
{
    const struct jv_actor actor = {
        .name = "desks", .version = "1.2", .agent = agent, .needs = needs
    };
    const A2a__AgentCard *card = jv_agent_card(&actor, NULL, 0, "jarvis", a);

    return jv_msg_to_json(&card->capabilities->base, JV_JSON_CAMEL, a, NULL);
}

TEST(what_it_can_do)
{
    static const struct {
        unsigned flags, needs;
        const char *streaming, *push, *extended;
    } cases[] = {
        { 0, JV_NEEDS_DB, "true", "true", "true" },
        { 0, 0, "true", "false", "true" }, /* no database: no tasks to tell of */
        { JV_AGENT_NO_PUSH, JV_NEEDS_DB, "true", "false", "true" },
        { JV_AGENT_NO_STREAM, JV_NEEDS_DB, "false", "true", "true" },
        { JV_AGENT_NO_EXTENDED, JV_NEEDS_DB, "true", "true", "false" },
        { JV_AGENT_OPEN | JV_AGENT_REPEATS, JV_NEEDS_DB, "true", "true", "true" },
    };
    struct jv_arena *a = jv_arena_new(1 << 20);

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        const struct jv_agent agent = { .name = "DesksAgent",
                                        .token = "desks",
                                        .description = "Desks",
                                        .skills = skills,
                                        .flags = cases[i].flags,
                                        .answer = answer };

        CHECK_STR(capabilities(a, &agent, cases[i].needs),
                  jv_arena_printf(a,
                                  "{\"streaming\":%s,\"pushNotifications\":%s,"
                                  "\"extendedAgentCard\":%s}",
                                  cases[i].streaming, cases[i].push, cases[i].extended));
    }
    jv_arena_free(a);
}

/* The tools' own extension first, unless the agent answers by itself. */
TEST(extensions_are_announced)
{
    static const char others[] =
            "{\"uri\":\"https://x.example/ext/one\",\"description\":\"The "
            "first\",\"required\":true},{\"uri\":\"https://x.example/ext/two\"}]";
    struct jv_agent agent = { .name = "DesksAgent",
                              .token = "desks",
                              .description = "Desks",
                              .skills = skills,
                              .extensions = extensions };
    struct jv_arena *a = jv_arena_new(1 << 20);
    const char *json = capabilities(a, &agent, 0);

    CHECK_HAS(json, "\"extensions\":[{\"uri\":\"" JV_TOOLS_EXTENSION "\"");
    CHECK_HAS(json, jv_arena_printf(a, "\"params\":{\"tools\":[],\"vocabulary\":[]}},%s", others));
    agent.answer = answer;
    CHECK_HAS(capabilities(a, &agent, 0), jv_arena_printf(a, "\"extensions\":[%s", others));
    agent.extensions = NULL;
    CHECK(!strstr(capabilities(a, &agent, 0), "extensions"));
    jv_arena_free(a);
}

TEST_MAIN()
