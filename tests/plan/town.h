/* town.h -- the catalogue of the agents that this program has, from their own tables. */
#ifndef TOWN_H
#define TOWN_H

#include <a2a.pb-c.h>

#include "actor/engine.h"
#include "jv/agent.h"
#include "plan/catalog.h"

extern const struct jv_actor *const jv_all_actors[];

/* Borrowed from the arena. */
static inline A2a__AgentCard *town_card(const struct jv_actor *actor, struct jv_arena *a)
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

struct town_card {
    const char *token;
    int priority;
    A2a__AgentCard *card;
};

enum { TOWN_CARDS = 3 };

/* The agents with tools: tickets, finops, oxygen. */
static inline void town_cards(struct jv_arena *a, struct town_card ret[TOWN_CARDS])
{
    static const struct town_card agents[TOWN_CARDS] = { { "tickets", 10, NULL },
                                                         { "finops", 8, NULL },
                                                         { "oxygen", 7, NULL } };

    memcpy(ret, agents, sizeof(agents));
    for (size_t i = 0; jv_all_actors[i]; i++)
        for (size_t k = 0; jv_all_actors[i]->agent && k < TOWN_CARDS; k++)
            if (strcmp(jv_all_actors[i]->agent->token, ret[k].token) == 0)
                ret[k].card = town_card(jv_all_actors[i], a);
}

static inline void town_add(struct jv_catalog *c, const struct town_card cards[TOWN_CARDS])
{
    for (size_t i = 0; i < TOWN_CARDS; i++)
        jv_catalog_add(c, cards[i].token, cards[i].priority, cards[i].card);
}

static inline struct jv_catalog *town_catalog(struct jv_arena *a)
{
    struct town_card cards[TOWN_CARDS];
    struct jv_catalog *c = jv_catalog_new();

    town_cards(a, cards);
    town_add(c, cards);
    jv_catalog_index(c);
    return c;
}

/* What auth's roles hold of these agents; admin is the only administrator. */
static inline const char *town_scope(const char *username)
{
    return strcmp(username, "admin") == 0
                   ? "tickets:read tickets:write finops:read oxygen:read tickets:read:all "
                     "tickets:write:all tickets:delete finops:read:all oxygen:read:all"
                   : "tickets:read tickets:write finops:read oxygen:read";
}

#endif
