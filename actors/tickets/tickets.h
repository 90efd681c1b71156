/* tickets.h -- what the files of the tickets agent share. */
#ifndef TICKETS_H
#define TICKETS_H

#include "jv/agent.h"

#include "tickets.pb-c.h"

extern const struct jv_agent tickets_card; /* card.c */

/* say.c: results in words */
void tickets_say_list(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret);
void tickets_say_ticket(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret);
void tickets_say_created(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret);
void tickets_say_changed(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret);
void tickets_say_deleted(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret);

/* notices.c: what people should be told */
int tickets_notices(struct jv_ctx *ctx, const Notices__NoticesRequest *req,
                    Notices__NoticeList *ret);

#endif
