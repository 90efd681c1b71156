/* follow.h -- a task's events as one stream to a client of HTTP, whatever the bus does meanwhile:
 * for chat.c and a2a_stream.c, which differ in what they write. */
#ifndef FOLLOW_H
#define FOLLOW_H

#include <a2a.pb-c.h>

#include "gw.h"

enum { FOLLOW_MAX_ID = 128 };

/* What becomes of the stream after a step of it. */
enum follow_step {
    FOLLOW_ON,
    FOLLOW_ENDED,
    FOLLOW_GONE,       /* the peer is */
    FOLLOW_FAILED,     /* with an error, which the peer is told */
    FOLLOW_FROM_START, /* of write(): subscribe anew, to all that the task ever told */
};

struct follow {
    /* Filled in by the caller, made before follow_task() changes rq->a: */
    struct request *rq;
    const char *agent, *method; /* SendStreamingMessage or SubscribeToTask */
    const void *msg;
    const char *extensions; /* NULL: none */
    int64_t limit_ms;
    int64_t seen;     /* only events after this one; 0: all, or a task as it stands */
    bool to_question; /* a question back ends the stream */
    /* Each event once; id 0: it has none. What is made dies with the event. */
    enum follow_step (*write)(struct follow *f, const A2a__StreamResponse *e, int64_t id,
                              struct jv_err *err);
    void (*write_error)(struct follow *f, const struct jv_err *err);
    /* Optional: says what the end is to be, and may change *err. */
    enum follow_step (*ended)(struct follow *f, enum follow_step how, struct jv_err *err);
    void *arg;

    struct sse sse;
    struct jv_stream *stream;           /* of this hop */
    int64_t hop_began_ms, hop_until_ms; /* mono */
    bool hop_told;                      /* anything */
    char task_id[FOLLOW_MAX_ID];        /* "" until one is known */
    A2a__TaskState state;               /* the last one that it told */
    bool told;                          /* a message, which is all there is */
    int64_t lost_ms;                    /* mono: since when nothing came; 0: all is well */
    int64_t pause_ms;
};

/* Answers the request. Headers go out with the first event: what fails before is an ordinary error.
 */
void follow_task(struct follow *f);

#endif
