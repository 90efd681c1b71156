/* live.c -- which instances of which agents were heard of lately. Memory only. */
#include "registry.h"

#include <string.h>

struct instance *live_find(struct registry *reg, const char *actor, const char *id)
{
    for (size_t i = 0; i < reg->n_instances; i++)
        if (strcmp(reg->instances[i].id, id) == 0 && strcmp(reg->instances[i].actor, actor) == 0)
            return &reg->instances[i];
    return NULL;
}

static void copy_name(char to[max_name + 1], const char *from)
{
    size_t n = strnlen(from, max_name);

    memcpy(to, from, n);
    to[n] = '\0';
}

struct instance *live_add(struct registry *reg, const char *actor, const char *id)
{
    struct instance *i;
    size_t same = 0;

    for (size_t k = 0; k < reg->n_instances; k++)
        same += strcmp(reg->instances[k].actor, actor) == 0;
    if (reg->n_instances == max_instances || same == max_of_actor)
        return NULL;
    i = &reg->instances[reg->n_instances++];
    *i = (struct instance){ 0 };
    copy_name(i->actor, actor);
    copy_name(i->id, id);
    return i;
}

void live_drop(struct registry *reg, struct instance *i)
{
    *i = reg->instances[--reg->n_instances];
}

bool live_sweep(struct registry *reg, int64_t now_ms)
{
    size_t before = reg->n_instances;

    for (size_t i = reg->n_instances; i-- > 0;)
        if (now_ms - reg->instances[i].heard_ms > alive_ms)
            live_drop(reg, &reg->instances[i]);
    return reg->n_instances < before;
}

int32_t live_count(const struct registry *reg, const char *agent)
{
    int32_t n = 0;

    for (size_t i = 0; i < reg->n_instances; i++)
        n += strcmp(reg->instances[i].agent, agent) == 0;
    return n;
}

int64_t live_newest(const struct registry *reg, const char *agent, const struct instance *self)
{
    int64_t newest = 0;

    for (size_t i = 0; i < reg->n_instances; i++) {
        const struct instance *other = &reg->instances[i];

        if (other != self && strcmp(other->agent, agent) == 0 && other->started_ms > newest)
            newest = other->started_ms;
    }
    return newest;
}
