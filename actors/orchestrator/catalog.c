/* catalog.c -- the agents that may be asked, as the registry has them; the last good list when the
 * registry is away. */
#include "orchestrator.h"

#include <string.h>

#include "registry.pb-c.h"

static void replace(struct orchestrator *o, const Registry__CatalogReply *reply)
{
    struct jv_catalog *c = jv_catalog_new();

    for (size_t i = 0; i < reply->n_entries; i++) {
        const Registry__CatalogEntry *e = reply->entries[i];

        if (e->card && strcmp(e->token, SELF) != 0)
            jv_catalog_add(c, e->token, e->priority, e->card);
    }
    jv_catalog_index(c);
    jv_catalog_free(o->catalog);
    jv_keep_free(o->digest);
    o->catalog = c;
    o->digest = jv_keep_strdup(reply->digest);
}

int catalog_refresh(struct jv_ctx *ctx)
{
    struct orchestrator *o = jv_state(ctx);
    Google__Protobuf__Empty req = GOOGLE__PROTOBUF__EMPTY__INIT;
    Registry__CatalogReply *reply;
    int r;

    o->stale = false; /* a change from here on is one that the answer may not show */
    r = jv_call(ctx, &registry__registry__descriptor, "Catalog", &req, &reply);
    if (r)
        return r; /* the timer tries again */
    if (!o->digest || !reply->digest[0] || strcmp(o->digest, reply->digest) != 0)
        replace(o, reply);
    return JV_OK;
}

int catalog_changed(struct jv_ctx *ctx, const char *subject, const void *msg)
{
    struct orchestrator *o = jv_state(ctx);

    (void)subject, (void)msg;
    o->stale = true;
    return catalog_refresh(ctx);
}

/* A stale list is renewed on the way, but not waited for long: it was good a moment ago. */
static int renew(struct jv_ctx *ctx, void *arg)
{
    (void)arg;
    jv_within(ctx, reserve_ms);
    return catalog_refresh(ctx);
}

int catalog_get(struct jv_ctx *ctx, const struct jv_catalog **ret)
{
    struct orchestrator *o = jv_state(ctx);
    int r = JV_OK;

    if (!o->catalog)
        r = catalog_refresh(ctx);
    else if (o->stale)
        (void)jv_join(ctx, jv_spawn(ctx, renew, NULL));
    if (!o->catalog)
        return jv_fail_at(ctx, r, "learning which agents there are");
    *ret = o->catalog;
    return JV_OK;
}

void catalog_done(void *state)
{
    struct orchestrator *o = state;

    o->catalog = jv_catalog_free(o->catalog);
    jv_keep_free(o->digest);
}
