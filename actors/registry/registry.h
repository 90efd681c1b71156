/* registry.h -- what the files of this actor share. */
#ifndef REGISTRY_H
#define REGISTRY_H

#include "jv/db.h"
#include "jv/token.h"

#include "registry.pb-c.h"

enum {
    max_instances = 256,
    max_of_actor = 64, /* so that no actor fills the list alone */
    alive_ms = 15000,
    max_name = 64,
};

/* An agent's process that was heard of. */
struct instance {
    char actor[max_name + 1], id[max_name + 1];
    char agent[max_name + 1]; /* name of its agent; "" when the announcement was refused */
    int64_t heard_ms, started_ms;
    uint8_t card[JV_SHA256_SIZE]; /* of the card it announced last */
    bool checked;                 /* the card was compared with the row */
};

struct registry {
    const char *fetch_allow; /* setting */
    bool conformance;        /* likewise */
    struct instance instances[max_instances];
    size_t n_instances;
    int64_t started_ms;
    bool told_started, settled;
};

/* ---- live.c: which instances are there ---- */
struct instance *live_find(struct registry *reg, const char *actor, const char *id);
struct instance *live_add(struct registry *reg, const char *actor, const char *id); /* NULL: full */
void live_drop(struct registry *reg, struct instance *i);
/* Forget those not heard of for alive_ms; true when there were any. */
bool live_sweep(struct registry *reg, int64_t now_ms);
int32_t live_count(const struct registry *reg, const char *agent);
/* The one of the agent's instances that started last, but for `self`; 0 when there is none. */
int64_t live_newest(const struct registry *reg, const char *agent, const struct instance *self);

/* ---- announce.c: heartbeats ---- */
int on_heartbeat(struct jv_ctx *ctx, const char *subject, const void *msg);

/* ---- check.c: what may be registered; each names the member ---- */
int check_name(struct jv_ctx *ctx, const char *member, const char *name);
int check_text(struct jv_ctx *ctx, const char *member, const char *text, size_t max);
int check_url(struct jv_ctx *ctx, const char *member, const char *url);
/* At most 64 entries of 1 to 256 bytes; *ret has no duplicates. */
int check_list(struct jv_ctx *ctx, const char *member, size_t n, const char *const *items,
               size_t *ret_n, const char ***ret);
int check_capabilities(struct jv_ctx *ctx, const Registry__Capabilities *given,
                       Registry__Capabilities *ret);
bool is_name(const char *name); /* [A-Za-z][A-Za-z0-9_-]{0,63} */

/* ---- remote.c ---- */
/* Fetch an agent's card and make sure that it is one. */
int fetch_card(struct jv_ctx *ctx, const char *url, A2a__AgentCard **ret);

/* ---- registry.c ---- */
int tell_changed(struct jv_ctx *ctx);
/* Any message as JSON for a jsonb column; NULL is SQL null. */
struct jv_param as_json(struct jv_ctx *ctx, const void *msg);

#endif
