/* send.h -- sending a message to an agent, for service.c. */
#ifndef JV_SEND_H
#define JV_SEND_H

#include "agent/tasks.h"

int jv_send(struct jv_ctx *ctx, const A2a__SendMessageRequest *req, A2a__SendMessageResponse *ret);
int jv_send_streaming(struct jv_ctx *ctx, const A2a__SendMessageRequest *req);
/* A task of the caller's as the first event of a stream. */
int jv_emit_task(struct jv_ctx *ctx, const char *id, int32_t history, A2a__TaskState *ret_state,
                 int32_t *ret_seq);
/* Wait until the task ends or asks. */
int jv_follow_to_stop(struct jv_ctx *ctx, const char *id, bool fresh);

int jv_unsupported(struct jv_ctx *ctx, const char *reason, const char *what);
#define JV_NO_STREAM(ctx) jv_unsupported(ctx, "UNSUPPORTED_OPERATION", "streaming")
#define JV_NO_PUSH(ctx)   jv_unsupported(ctx, "PUSH_NOTIFICATION_NOT_SUPPORTED", "push notifications")

#endif
