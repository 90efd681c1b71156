/* message.h -- what the engine's own files share about handling one message. */
#ifndef JV_MESSAGE_H
#define JV_MESSAGE_H

#include "actor/engine.h"

/* A request for one of the node's methods: a bus callback. */
void jv_on_request(void *node, struct jv_bus_msg *m);
/* The body as the method's request; NULL with ctx->err. */
ProtobufCMessage *jv_decode(struct jv_ctx *ctx, const struct jv_method *m);
/* Access, validation, handler: the same for a method called by subject and a tool called through
 * A2A. */
int jv_run_tool(struct jv_ctx *ctx, const struct jv_method *m, ProtobufCMessage *req, void *ret);
/* Its two halves. */
int jv_check_tool(struct jv_ctx *ctx, const struct jv_method *m, ProtobufCMessage *req);
int jv_invoke_tool(struct jv_ctx *ctx, const struct jv_method *m, const void *req, void *ret);
/* Answers go into inboxes only: with any other reply subject whoever asks would publish there with
 * this actor's credentials. */
bool jv_may_answer(const struct jv_bus_msg *m);
/* A message ended: is a draining node done? */
void jv_node_idle(struct jv_node *n);

#endif
