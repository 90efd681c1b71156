/* all.c -- the actors that this program has, in the order in which they start. */
#include "jv/actor.h"

#define X(name) extern const struct jv_actor name##_actor;
#include "actors.def"
#undef X

extern const struct jv_actor *const jv_all_actors[];
const struct jv_actor *const jv_all_actors[] = {
#define X(name) &name##_actor,
#include "actors.def"
#undef X
    NULL,
};
