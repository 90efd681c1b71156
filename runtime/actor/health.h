/* health.h -- how an actor is, on a Unix socket: whoever connects gets one line and the end.
 *
 * The loop itself answers, so one that is stuck does not. The words are "starting", "ready",
 * "draining", "bus lost" and "database lost". Nothing here waits. */
#ifndef JV_HEALTH_H
#define JV_HEALTH_H

#include "sched/loop.h"

struct jv_health;

/* Listen at path, in the place of a socket that somebody left there. say(arg) is the word. NULL
 * when that cannot be, with a sentence that names JARVIS_HEALTH. */
struct jv_health *jv_health_new(struct jv_loop *l, const char *path,
                                const char *(*say)(const void *arg), const void *arg,
                                struct jv_err *err);
/* Takes the socket's file away, unless it is somebody else's by now; NULL is fine. */
struct jv_health *jv_health_free(struct jv_health *h);

#endif
