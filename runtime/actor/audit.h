/* audit.h -- inside the engine: records of a node until JetStream has them. */
#ifndef JV_AUDIT_H
#define JV_AUDIT_H

#include "actor/engine.h"
#include "actor/record.h"

struct jv_audits *jv_audits_new(struct jv_node *n);
struct jv_audits *jv_audits_free(struct jv_audits *s);
/* Is every record written down? A node that drains waits for that. */
bool jv_audits_written(const struct jv_audits *s);
void jv_audits_give_up(struct jv_audits *s);

/* What was recorded in a transaction is true when it is committed: say it then, or drop it; inner:
 * only what was recorded since its savepoint. */
void jv_records_say(struct jv_ctx *ctx);
void jv_records_drop(struct jv_ctx *ctx, bool inner);
void jv_records_keep(struct jv_ctx *ctx); /* the savepoint is released */

/* The message's token was refused, or it had none: why is in ctx->err. */
void jv_audit_token(struct jv_ctx *ctx);

#endif
