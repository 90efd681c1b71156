/* notifier.h -- what the notifier's files share.
 *
 * queue.c knows the queues' tables, deliver.c posts, dead.c is for people, notifier.c takes what
 * comes. notices.c asks the agents what people should know and keeps it, told.c tells it, hooks.c
 * has it posted. */
#ifndef NOTIFIER_H
#define NOTIFIER_H

#include "jv/actor.h"
#include "jv/fetch.h"

#include "notifier.pb-c.h"

enum {
    max_name = 256,        /* of a configuration's id, an owner */
    max_header = 8 * 1024, /* a token, credentials */
};

struct jv_rows;

struct notifier {
    const char *allow, *ca;
    int64_t attempts, timeout_ms, retry_ms, parallel;
    int64_t busy; /* deliveries under way here, and room kept for those being claimed */
    bool claiming, again;
    int64_t every_ms;   /* between two looks at everybody's notices; 0: never */
    int64_t look_at_ms; /* no earlier; the table decides */
};

/* May a webhook have these? INVALID_ARGUMENT naming the member; auth NULL: none. */
JV_CHECKED int webhook_check(struct jv_ctx *ctx, const char *url, const char *token,
                             const A2a__AuthenticationInfo *auth);

/* ---- queue.c -------------------------------------------------------------------------------- */

struct claim {
    int64_t queue;
    char lease[37];
};

struct delivery {
    int64_t id, attempts, issued;
    const char *owner; /* "": nobody in particular */
    const char *agent, *task_id, *seq, *url, *token, *scheme, *credentials, *body, *trace_id;
};

enum outcome { DONE, RETRY, DEAD };

/* Keep events; what is known already is left as it is. lanes: one for each. */
JV_CHECKED int queue_add(struct jv_ctx *ctx, const Notifier__EnqueueRequest *req,
                         const char *const *lanes);
/* The same inside the caller's transaction. */
JV_CHECKED int queue_put(struct jv_ctx *ctx, const Notifier__EnqueueRequest *req,
                         const char *const *lanes);
/* Lease at most n queues whose first event is due, fairly among the lanes. */
JV_CHECKED int queue_claim(struct jv_ctx *ctx, int64_t n, struct claim **ret, size_t *ret_n);
/* The first waiting event of a leased queue; ret->id is 0 when there is none. */
JV_CHECKED int queue_first(struct jv_ctx *ctx, const struct claim *c, struct delivery *ret);
/* Write down what came of it, give the lease back; nothing happens when the lease was lost. */
JV_CHECKED int queue_settle(struct jv_ctx *ctx, const struct claim *c, const struct delivery *d,
                            enum outcome outcome, const char *reason, int64_t due_ms);
/* Give the lease back with nothing done; the next time is so many ms ahead. */
JV_CHECKED int queue_release(struct jv_ctx *ctx, const struct claim *c, int64_t after_ms);
/* Its owner's tokens were ended: forget what is not done yet of those up to then. */
JV_CHECKED int queue_end(struct jv_ctx *ctx, const struct claim *c, const struct delivery *d);
/* Drop what is not done yet for a configuration, or for all of a task. */
JV_CHECKED int queue_forget(struct jv_ctx *ctx, const Notifier__ForgetRequest *req);
/* What is not done yet for a configuration goes by its new form, and what waits is tried soon. */
JV_CHECKED int queue_change(struct jv_ctx *ctx, const Notifier__ChangeRequest *req);
/* Forget what is old. */
JV_CHECKED int queue_sweep(struct jv_ctx *ctx);

/* ---- deliver.c ------------------------------------------------------------------------------ */

/* Begin with whatever is due; soon, and not in this message. */
void deliver_soon(struct jv_ctx *ctx);
int deliver_due(struct jv_ctx *ctx); /* the timer */
/* Can the text stand in a header? */
bool is_header_text(const char *s);

/* ---- dead.c --------------------------------------------------------------------------------- */
int dead_list(struct jv_ctx *ctx, const Notifier__ListDeadRequest *req,
              Notifier__ListDeadReply *ret);
int dead_resend(struct jv_ctx *ctx, const Notifier__ResendRequest *req, Notifier__ResendReply *ret);

/* ---- notices.c ------------------------------------------------------------------------------ */

/* A kind of notices, and the agent that finds them: its scope "<source>:read" shows them. In the
 * order in which equally pressing ones are listed. */
struct kind {
    const char *name, *source;
};
extern const struct kind notice_kinds[]; /* ends with a zero row */

/* Ask all agents about one person, side by side; who does not answer in time is left out. */
void notices_refresh(struct jv_ctx *ctx, const char *username);
int notices_due(struct jv_ctx *ctx); /* the timer: everybody's */

/* ---- told.c --------------------------------------------------------------------------------- */
int told_list(struct jv_ctx *ctx, const Notifier__ListNoticesRequest *req,
              Notifier__NotificationList *ret);
int told_take(struct jv_ctx *ctx, const Notifier__TakeNoticeRequest *req,
              Notifier__NotificationList *ret);
int told_mutes(struct jv_ctx *ctx, Notifier__MuteList *ret);
int told_mute(struct jv_ctx *ctx, const Notifier__MuteRequest *req, Notifier__MuteList *ret);

/* ---- hooks.c -------------------------------------------------------------------------------- */
#define HOOK_AGENT "notices" /* stands for the agent in the queues; the task is the hook */

int hooks_list(struct jv_ctx *ctx, Notifier__HookList *ret);
int hooks_add(struct jv_ctx *ctx, const Notifier__AddHookRequest *req, Notifier__Hook *ret);
int hooks_remove(struct jv_ctx *ctx, const Notifier__RemoveHookRequest *req);
/* Put new notices (rows with their ids) into the queues of those who want to hear of them, in the
 * caller's transaction. *ret: how many were put there. */
JV_CHECKED int hooks_queue(struct jv_ctx *ctx, const struct jv_rows *news, size_t *ret);
/* Its owner's tokens were ended: their hooks up to then go. */
JV_CHECKED int hooks_end(struct jv_ctx *ctx, const char *user_id, int64_t issued);

#endif
