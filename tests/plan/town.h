/* town.h -- the catalogue of the agents that this program has, from their own tables; and as many
 * invented ones beside them as a test wants. */
#ifndef TOWN_H
#define TOWN_H

#include <a2a.pb-c.h>

#include "actor/engine.h"
#include "jv/agent.h"
#include "plan/catalog.h"

extern const struct jv_actor *const jv_all_actors[];

/* Borrowed from the arena. */
static inline const A2a__AgentCard *town_card(const struct jv_actor *actor, struct jv_arena *a)
{
    struct jv_node *node = JV_NEW(a, struct jv_node);
    struct jv_err err = { 0 };

    node->actor = actor;
    node->keep = a;
    node->prefix = "jarvis";
    if (jv_contract(node, &err)) {
        printf("Bail out! %s\n", err.text);
        exit(1);
    }
    return jv_agent_card(actor, node->methods, node->n_methods, "jarvis", a);
}

/* Agents with tools: tickets, finops, oxygen. */
static inline void town_add(struct jv_catalog *c, struct jv_arena *a)
{
    static const struct {
        const char *token;
        int priority;
    } priorities[] = { { "tickets", 10 }, { "finops", 8 }, { "oxygen", 7 } };

    for (size_t i = 0; jv_all_actors[i]; i++) {
        const struct jv_agent *agent = jv_all_actors[i]->agent;

        for (size_t k = 0; agent && k < JV_COUNT(priorities); k++)
            if (strcmp(agent->token, priorities[k].token) == 0)
                jv_catalog_add(c, agent->token, priorities[k].priority,
                               town_card(jv_all_actors[i], a));
    }
}

static inline struct jv_catalog *town_catalog(struct jv_arena *a)
{
    struct jv_catalog *c = jv_catalog_new();

    town_add(c, a);
    jv_catalog_index(c);
    return c;
}

#endif
