/* conformance.h -- between what the agent does (behaviour.c) and what it says of itself. */
#ifndef CONFORMANCE_H
#define CONFORMANCE_H

#include "jv/agent.h"

#include "a2a.pb-c.h"
#include "conformance.pb-c.h"

/* The beginning of the message's id says what happens. */
int behave(struct jv_ctx *ctx, const A2a__Message *in);
/* Does that call for a Message instead of a task? */
int receive(struct jv_ctx *ctx, const A2a__Message *in, struct jv_receipt *ret);

#endif
