/* fake_service.h -- a peer of which a test needs only some methods. */
#ifndef FAKE_SERVICE_H
#define FAKE_SERVICE_H

#include <string.h>

#include "world/world.h"

static inline int unheard_of(struct jv_ctx *ctx, const void *req, void *ret)
{
    (void)req, (void)ret;
    return jv_fail(ctx, JV_UNIMPLEMENTED, "this fake does not do that");
}

/* A row for every rpc; those without a handler here are not done by the fake. */
static inline struct jv_actor *fake_service(struct world *w, const char *name,
                                            const ProtobufCServiceDescriptor *s,
                                            const struct jv_tool *done)
{
    struct jv_actor *a = JV_NEW(world_arena(w), struct jv_actor);
    struct jv_tool *rows = JV_NEW_ARRAY(world_arena(w), struct jv_tool, s->n_methods + 1);

    for (unsigned i = 0; i < s->n_methods; i++) {
        const struct jv_tool open = {
            .method = s->methods[i].name,
            .handler = unheard_of,
            .req_size = s->methods[i].input->sizeof_message,
            .ret_size = s->methods[i].output->sizeof_message,
            .allow = JV_ALLOW_ANYONE,
        };

        rows[i] = open;
        for (size_t k = 0; done[k].method; k++)
            if (strcmp(done[k].method, open.method) == 0)
                rows[i] = done[k];
    }
    *a = (struct jv_actor){ .name = name, .version = "0", .summary = "fake", .service = s };
    a->tools = rows;
    return a;
}

#endif
