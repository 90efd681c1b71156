/* world_auth.c -- a fake auth that knows the demo's people by name and by id, one more, and one who
 * has left.
 */
#include <string.h>

#include <auth.pb-c.h>

#include "world/world.h"

static const struct {
    const char *user_id, *username;
    bool removed;
} people[] = {
    { "user_001", "vishal", false },  { "user_002", "happy", false },
    { "user_003", "alex", false },    { "user_004", "sarah", false },
    { "user_admin", "admin", false }, { "user_005", "gone", true },
    { "user_006", "zoe", false },     { "user_007", "max", false },
};

JV_TOOL_FN(find_person, Auth__FindPersonRequest, Auth__FoundPerson)
{
    for (size_t i = 0; i < JV_COUNT(people); i++)
        if (strcmp(req->name, people[i].username) == 0 ||
            strcmp(req->name, people[i].user_id) == 0) {
            ret->username = people[i].username;
            ret->removed = people[i].removed;
        }
    if (!ret->username[0] && req->alike && strcmp(req->name, "vishl") == 0) {
        ret->alike = JV_NEW_ARRAY(jv_arena(ctx), const char *, 1);
        ret->alike[ret->n_alike++] = "vishal";
    }
    return JV_OK;
}

static int unheard_of(struct jv_ctx *ctx, const void *req, void *ret)
{
    (void)req, (void)ret;
    return jv_fail(ctx, JV_UNIMPLEMENTED, "this fake does not do that");
}

struct jv_node *world_auth(struct world *w)
{
    const ProtobufCServiceDescriptor *s = &auth__auth__descriptor;
    struct jv_actor *a = JV_NEW(world_arena(w), struct jv_actor);
    struct jv_tool *rows = JV_NEW_ARRAY(world_arena(w), struct jv_tool, s->n_methods + 1);

    for (unsigned i = 0; i < s->n_methods; i++) {
        const struct jv_tool row = {
            .method = s->methods[i].name,
            .handler =
                    strcmp(s->methods[i].name, "FindPerson") == 0 ? find_person__tool : unheard_of,
            .req_size = s->methods[i].input->sizeof_message,
            .ret_size = s->methods[i].output->sizeof_message,
            .allow = JV_ALLOW_ACTOR,
        };

        rows[i] = row;
    }
    *a = (struct jv_actor){ .name = "auth", .version = "0", .summary = "fake", .service = s };
    a->tools = rows;
    return world_start(w, a);
}
