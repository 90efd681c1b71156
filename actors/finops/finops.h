/* finops.h -- what the files of the finops agent share. */
#ifndef FINOPS_H
#define FINOPS_H

#include "jv/agent.h"

#include "finops.pb-c.h"

extern const struct jv_agent finops_card; /* card.c */

/* say.c: results in words */
void finops_say_costs(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret);
void finops_say_breakdown(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret);
void finops_say_provider(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret);
void finops_say_service(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret);
void finops_say_budget(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret);
void finops_say_allocation(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret);

#endif
