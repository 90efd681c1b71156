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
/* A provider as people write it: AWS, Azure. */
const char *finops_label(struct jv_arena *a, const char *name);

/* notices.c: what people should be told */
int finops_notices(struct jv_ctx *ctx, const Notices__NoticesRequest *req,
                   Notices__NoticeList *ret);

#endif
