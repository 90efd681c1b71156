/* registry_stage.h -- a world with the registry in it, for its tests. */
#ifndef REGISTRY_STAGE_H
#define REGISTRY_STAGE_H

#include <a2a.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <registry.pb-c.h>

#include "actors/asking.h"

extern const struct jv_actor registry_actor;

struct stage {
    struct world *w;
    const char *vishal, *admin;
    struct jv_bus *bus; /* of actors that only send heartbeats */
};

static inline struct stage stage_new(void)
{
    struct stage s = { .w = world_new() };

    world_db_reset(jv_migration_files, jv_seed_files);
    world_listen(s.w, "audit.registry.*");
    world_start(s.w, &registry_actor);
    s.vishal = world_person(s.w, "user_001", "vishal", "developer");
    s.admin = world_person(s.w, "user_admin", "admin", "admin");
    s.bus = jv_bus_mem(world_broker(s.w), "fake");
    return s;
}

static inline void stage_free(struct stage *s)
{
    jv_bus_free(s->bus);
    world_free(s->w);
}

static inline struct world_reply get(struct stage *s, const char *name)
{
    return ask(s->w, s->vishal, "svc.registry.Get", "{\"name\":\"%s\"}", name);
}

static inline size_t heard(struct stage *s, const char *subject)
{
    const char *subj;
    size_t n = 0;

    for (size_t i = 0; world_heard(s->w, i, &subj); i++)
        n += strcmp(subj, subject) == 0;
    return n;
}

/* A heartbeat of an actor that is not there. */
struct fake {
    const char *actor, *id, *token, *name, *description;
    int64_t started_s;
    bool leaving;
};

static inline void heartbeat(struct stage *s, const struct fake *f)
{
    static const char *tags[] = { "desk", "room", "desk" };
    static const char *examples[] = { "book a desk" };
    struct jv_arena *a = world_arena(s->w);
    A2a__AgentSkill skill = A2A__AGENT_SKILL__INIT, *skills[] = { &skill };
    A2a__AgentCard card = A2A__AGENT_CARD__INIT;
    Registry__Heartbeat hb = REGISTRY__HEARTBEAT__INIT;
    Google__Protobuf__Timestamp started = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    uint8_t *data;
    size_t len;

    skill.id = skill.name = skill.description = "desks";
    skill.n_tags = JV_COUNT(tags);
    skill.tags = tags;
    skill.n_examples = 1;
    skill.examples = examples;
    card.name = f->name;
    card.description = f->description ? f->description : "books desks";
    card.version = "1.0.0";
    card.n_skills = 1;
    card.skills = skills;
    started.seconds = f->started_s;
    hb.actor = f->actor;
    hb.instance = f->id;
    hb.token = f->token;
    hb.card = &card;
    hb.started = &started;
    hb.leaving = f->leaving;
    data = jv_pack(&hb, a, &len);
    CHECK_INT(jv_bus_publish(s->bus, jv_arena_printf(a, "jarvis.hb.%s.%s", f->actor, f->id), NULL,
                             NULL, 0, data, len),
              JV_OK);
    world_advance(s->w, 10);
}

#endif
