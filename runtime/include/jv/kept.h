/* kept.h -- reading the audit records that JetStream keeps, one after the other.
 *
 * For an actor with JV_NEEDS_AUDIT. Both functions wait; they fail with UNAVAILABLE when JetStream
 * is not there. Results live as long as the message. */
#ifndef JV_KEPT_H
#define JV_KEPT_H

#include "jv/actor.h"

#define JV_AUDIT_STREAM "JARVIS_AUDIT"
enum { JV_AUDIT_MOST = 64 << 10 }; /* bytes of a record in it */

/* When the stream was made: another one's numbers begin anew. */
JV_CHECKED int jv_kept_made(struct jv_ctx *ctx, const char **ret);

struct jv_kept {
    int64_t seq;         /* grows; what is gone leaves a gap */
    int64_t at_ms;       /* when it was written down */
    const char *subject; /* without the prefix: "audit.tickets.denied" */
    const char *data;    /* with a NUL behind it */
    size_t len;
};
/* The first record behind a number; NOT_FOUND when there is none yet. */
JV_CHECKED int jv_kept_next(struct jv_ctx *ctx, int64_t after, struct jv_kept *ret);

#endif
