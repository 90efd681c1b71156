/* reading.h -- a stream's events, given to the provider that they are of. */
#ifndef READING_H
#define READING_H

#include "actors/llm/wire.h"

struct reading {
    const struct model *m;
    struct wire_answer ans;
    struct jv_err err;
};

static inline int reading_take(void *arg, const char *event, const char *data, size_t len)
{
    struct reading *r = arg;

    (void)event;
    return r->ans.ended ? JV_OK : r->m->provider->event(&r->ans, data, len, &r->err);
}

#endif
