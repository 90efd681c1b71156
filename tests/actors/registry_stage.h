/* registry_stage.h -- a world with the registry in it, for its tests. */
#ifndef REGISTRY_STAGE_H
#define REGISTRY_STAGE_H

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

#endif
