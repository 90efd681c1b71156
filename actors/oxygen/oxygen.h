/* oxygen.h -- what the files of the oxygen agent share. */
#ifndef OXYGEN_H
#define OXYGEN_H

#include "jv/agent.h"

#include "oxygen.pb-c.h"

extern const struct jv_agent oxygen_card; /* card.c */

/* say.c: results in words */
void oxygen_say_courses(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret);
void oxygen_say_exams(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret);
void oxygen_say_preferences(struct jv_ctx *ctx, struct jv_buf *md, const void *req,
                            const void *ret);
void oxygen_say_summary(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret);

/* notices.c: what people should be told */
int oxygen_notices(struct jv_ctx *ctx, const Notices__NoticesRequest *req,
                   Notices__NoticeList *ret);

#endif
