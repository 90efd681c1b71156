/* agent.h -- what the files of the A2A service share.
 *
 * A message comes to service.c; send.c decides what becomes of it; intent.c understands and does
 * it, reply.c has the answer's parts. accept.c makes it a task, which runs in run.c under a lease;
 * tell.c commits what its handler says (store.c and list.c have the SQL, fold.c makes a Task of its
 * events); watch.c hears what is committed and tells those who follow; keeper.c looks after leases,
 * after what a crash left untold, and after old age; push.c hands events to the notifier. */
#ifndef JV_AGENT_SERVICE_H
#define JV_AGENT_SERVICE_H

#include "actor/message.h"
#include "jv/db.h"
#include "jv/task.h"

#include <a2a.pb-c.h>
#include <google/protobuf/struct.pb-c.h>

enum {
    JV_LEASE_MS = 6000,
    JV_KEEPER_MS = 1000,
    JV_TASK_MS = 3600 * 1000,    /* a run of a handler without a time of its own */
    JV_MAX_TRIES = 5,            /* runs of a task that end by the death of who ran it */
    JV_MAX_RUNS = 256,           /* at once in one process; the others wait in the table */
    JV_PATIENCE_MS = 600 * 1000, /* a run waits so long for those who must be asked first */
    /* A whole task goes into one message of the bus: these together are less than 1 MiB. */
    JV_MAX_ARTIFACTS = 512 << 10,
    JV_MAX_HISTORY = 256 << 10, /* messages of a task, questions among them */
    JV_MAX_STATUS = 128 << 10,  /* an event that is no artifact */
    JV_MAX_STATE = 64 << 10,
    JV_MAX_ID = 128,       /* bytes of a messageId or contextId */
    JV_EVENTS_AT_ONCE = 4, /* in one statement */
    JV_TASK_DAYS = 30,     /* a task that is over is kept */
};

/* Kinds of events, as stored and as the last token of their subject. */
enum jv_kind { JV_KIND_MESSAGE = 1, JV_KIND_STATUS, JV_KIND_ARTIFACT };

struct jv_tevent {
    int32_t seq;
    enum jv_kind kind;
    const void *body; /* a packed StreamResponse */
    size_t len;
};

/* A row of tasks. */
struct jv_task_row {
    const char *id, *context_id, *owner, *parent, *token;
    A2a__TaskState state;
    A2a__TaskStatus *status;
    int64_t status_ms, token_ms;
    int32_t last_seq, lease;
    int tries;
    size_t size;
    const A2a__SendMessageRequest *request;
    Google__Protobuf__Struct *run_state;
};

/* A handler's run as a task: from a row that is kept, or towards one that is made at its end. */
struct jv_run {
    const char *id, *context_id, *owner;
    const A2a__SendMessageRequest *request;
    const A2a__Message *input; /* what it answers: the first message, or the last answer */
    bool kept;                 /* its row is there, and only the lease makes it ours */
    bool lost;                 /* it is not any more */
    bool later;                /* it could not begin: not now, but soon */
    int32_t lease;
    int tries;
    size_t size; /* bytes of artifacts */
    Google__Protobuf__Struct *state;
    size_t n_answers, n_asked;
    const A2a__Message **answers;
    struct jv_tevent *events; /* of a row that is not there yet: what was told so far */
    size_t n_events, max_events;
    A2a__TaskStatus *status; /* what the handler's last word made of it; NULL: nothing yet */
    struct jv_ctx *ctx;      /* who runs it */
    struct jv_run *next;     /* among the node's */
};

static inline bool jv_is_terminal(A2a__TaskState s)
{
    return s == A2A__TASK_STATE__TASK_STATE_COMPLETED || s == A2A__TASK_STATE__TASK_STATE_FAILED ||
           s == A2A__TASK_STATE__TASK_STATE_CANCELED || s == A2A__TASK_STATE__TASK_STATE_REJECTED;
}

static inline bool jv_is_interrupted(A2a__TaskState s)
{
    return s == A2A__TASK_STATE__TASK_STATE_INPUT_REQUIRED ||
           s == A2A__TASK_STATE__TASK_STATE_AUTH_REQUIRED;
}

/* ---- reply.c: what an agent answers, part by part ------------------------------------------- */
struct jv_reply {
    A2a__Message *message; /* its parts are the answer, whatever becomes of it */
    size_t max;
    A2a__Message *status;             /* of a task that is done; NULL: it says nothing */
    bool asks;                        /* something is missing: the parts are a question */
    Google__Protobuf__Struct *memory; /* of a planner that asks */
};
struct jv_reply *jv_reply_new(struct jv_ctx *ctx, const char *context_id);
/* A message of the agent's, empty; then with a text and data (either may be NULL). */
A2a__Message *jv_agent_message(struct jv_ctx *ctx, const char *context_id);
void jv_message_say(struct jv_arena *a, A2a__Message *m, const char *text, const char *media_type,
                    const Google__Protobuf__Struct *data);
A2a__Part *jv_text_part(struct jv_arena *a, const char *text, const char *media_type);
A2a__Part *jv_data_part(struct jv_arena *a, const Google__Protobuf__Struct *data,
                        const char *media_type);
/* What a message asks for: understood before anything is kept, run later, perhaps again. */
struct jv_intent {
    const A2a__Message *message;
    const struct jv_method *method; /* a tool call: checked, and allowed to this caller */
    ProtobufCMessage *req;
    size_t call_at;       /* which part it is */
    struct jv_plan *plan; /* a text */
    bool changes;         /* it is no looking */
    bool long_running;
};
/* An agent with answer() has no intent to look at: everything in it stays zero but the message. */
int jv_understand(struct jv_ctx *ctx, const A2a__Message *m, const Google__Protobuf__Struct *memory,
                  struct jv_intent *ret);
/* Run it; the answer is in ctx->reply, which is made here. */
int jv_carry_out(struct jv_ctx *ctx, const struct jv_intent *in, const char *context_id);
/* Of it a text: its calls in the order that jv/plan.h tells, the answers in the order asked. */
int jv_carry_out_plan(struct jv_ctx *ctx, const struct jv_intent *in);
int jv_run_planned(struct jv_ctx *ctx, const struct jv_planned *p);
/* Leave out what the client does not take; CONTENT_TYPE_NOT_SUPPORTED when nothing is left. */
int jv_reply_accepted(struct jv_ctx *ctx, const A2a__SendMessageConfiguration *c);

/* ---- store.c: tasks in the agent's schema ---------------------------------------------------- */
int jv_no_task(struct jv_ctx *ctx, const char *id);
/* The caller's tasks are those with their user id; "" for an agent that is open to everybody. */
const char *jv_owner(const struct jv_ctx *ctx);
/* TASK_NOT_FOUND when there is none of that id, or it is somebody else's. owner NULL: whoever's. */
int jv_store_load(struct jv_ctx *ctx, const char *id, const char *owner, struct jv_task_row *ret);
#define JV_TASK_COLUMNS                                                                            \
    "id, context_id, owner, state, status, status_at, last_seq, size, request, run_state, token, " \
    "token_at, parent, lease, tries"
int jv_store_read_row(struct jv_ctx *ctx, const struct jv_rows *rows, size_t i,
                      struct jv_task_row *ret);
/* The next events after a number, oldest first; all kinds. At least one, and then no more than what
 * fits well into a message. */
int jv_store_events(struct jv_ctx *ctx, const char *id, int32_t after, struct jv_tevent **ret,
                    size_t *ret_n);
/* All events that a Task is made of: what was told on the way is left out. */
int jv_store_story(struct jv_ctx *ctx, const char *id, struct jv_tevent **ret, size_t *ret_n);
/* Is there room for what was just said (in the open transaction) to a task? */
int jv_store_room(struct jv_ctx *ctx, const char *id);
/* INVALID_ARGUMENT: the messages of a task have a limit. */
int jv_too_much_said(struct jv_ctx *ctx);
/* The last event's number; 0 when there is no such task (any more). */
int jv_store_last_seq(struct jv_ctx *ctx, const char *id, int32_t *ret);

/* A message's name and content, for telling the same again from another one. */
struct jv_stamp {
    const char *owner, *message_id; /* NULL: messages are not remembered here */
    const char *scope; /* of whoever sends it: an answer is not said again to other rights */
    uint8_t hash[32];
};
/* Remember it for a task (in the open transaction); *ret_new false: it was there before. */
int jv_store_stamp(struct jv_ctx *ctx, const struct jv_stamp *s, const char *task_id,
                   bool *ret_new);
/* The task that an earlier, equal message belongs to; NULL: there was none. Another content under
 * the same name is ALREADY_EXISTS. */
int jv_store_earlier(struct jv_ctx *ctx, const struct jv_stamp *s, const char **ret_task);

/* Make the row: *ret_new false when stamp's message was there before (stamp may be NULL: it is
 * taken care of). lease_by NULL: nobody runs it. */
struct jv_birth {
    A2a__TaskState state;
    const A2a__TaskStatus *status;
    const char *parent, *lease_by;
    const struct jv_stamp *stamp;
    const A2a__TaskPushNotificationConfig *push;
};
int jv_store_birth(struct jv_ctx *ctx, const struct jv_run *run, const struct jv_birth *b,
                   struct jv_tevent *events, size_t n, bool *ret_new);

/* Change a row that is somebody's by lease, with its events; *ret_done false: it is not any more.
 * status NULL: unchanged. state 0: unchanged. Fills in the events' numbers. */
int jv_store_append(struct jv_ctx *ctx, const struct jv_run *run, A2a__TaskState state,
                    const A2a__TaskStatus *status, struct jv_tevent *events, size_t n,
                    bool *ret_done);
/* The same for whoever is not its runner: only while the state is among those of the mask (1 <<
 * state). A lease is given when lease_by is not NULL: the new number in *ret_lease. */
struct jv_intervention {
    unsigned mask;
    A2a__TaskState state; /* 0: unchanged */
    const A2a__TaskStatus *status;
    const char *lease_by;
    const char *token;
    const struct jv_stamp *stamp;
};
int jv_store_intervene(struct jv_ctx *ctx, const struct jv_task_row *t,
                       const struct jv_intervention *i, struct jv_tevent *events, size_t n,
                       bool *ret_done, int32_t *ret_lease);
int jv_store_list(struct jv_ctx *ctx, const A2a__ListTasksRequest *req,
                  A2a__ListTasksResponse *ret);
/* The list of an agent that keeps none. */
int jv_list_none(struct jv_ctx *ctx, const A2a__ListTasksRequest *req, A2a__ListTasksResponse *ret);

/* ---- fold.c: events and tasks ---------------------------------------------------------------- */
A2a__TaskStatus *jv_status(struct jv_ctx *ctx, A2a__TaskState state, A2a__Message *message);
struct jv_tevent jv_status_event(struct jv_ctx *ctx, const struct jv_run *run,
                                 A2a__TaskStatus *status);
struct jv_tevent jv_artifact_event(struct jv_ctx *ctx, const struct jv_run *run,
                                   const A2a__Artifact *artifact, unsigned flags);
struct jv_tevent jv_message_event(struct jv_ctx *ctx, const A2a__Message *m);
/* The Task from its row and all its events. history_length < 0: all. */
int jv_fold(struct jv_ctx *ctx, const struct jv_task_row *t, const struct jv_tevent *events,
            size_t n, int32_t history_length, bool artifacts, A2a__Task **ret);
/* Row, events and all; owner as in jv_store_load(). */
int jv_task_whole(struct jv_ctx *ctx, const char *id, const char *owner, int32_t history_length,
                  A2a__Task **ret, int32_t *ret_seq);
/* Messages that answered a question of the task, in order. */
int jv_answers(struct jv_ctx *ctx, const struct jv_tevent *events, size_t n,
               const A2a__Message ***ret, size_t *ret_n);

/* ---- accept.c, run.c, tell.c
 * --------------------------------------------------------------------------- */
struct jv_run *jv_run_new(struct jv_ctx *ctx, const A2a__SendMessageRequest *req,
                          const char *context_id);
/* Keep it, and run it detached from ctx (or leave it to others when there is no room). */
int jv_run_accept(struct jv_ctx *ctx, struct jv_run *run, const A2a__SendMessageRequest *req,
                  bool *ret_new);
/* Run an intent inside a transaction; the task is made at the end. */
int jv_run_inline(struct jv_ctx *ctx, struct jv_run *run, const A2a__SendMessageRequest *req,
                  const struct jv_intent *in, bool *ret_new);
/* A message to a task of the caller's that is there. */
int jv_run_follow_up(struct jv_ctx *ctx, const A2a__SendMessageRequest *req, const char **ret_task);
/* Run a kept task whose lease was just given to this process. Takes nothing from ctx but the node.
 */
/* trace: of the message that it is run for; NULL: a new one. */
void jv_run_start(struct jv_node *n, const char *id, int32_t lease,
                  const struct jv_envelope *trace);
/* The Task of a run that was inline, from what is in memory. */
int jv_run_task(struct jv_ctx *ctx, const struct jv_run *run, int32_t history_length,
                A2a__Task **ret);
/* Look now for what is to be run. */
void jv_tasks_kick(struct jv_node *n);
/* The run of that task in this process is cancelled. */
void jv_run_cancel(struct jv_node *n, const char *id);
/* Take over what nobody runs. */
int jv_run_orphans(struct jv_ctx *ctx);
/* The stamp of a request; message_id NULL where messages may repeat. */
struct jv_stamp jv_stamp_of(struct jv_ctx *ctx, const A2a__SendMessageRequest *req);
/* Cancel a row as loaded; TASK_NOT_CANCELABLE when it is over. */
int jv_task_cancel(struct jv_ctx *ctx, const struct jv_task_row *t, const char *why);
/* A statement of the house's own, in the transaction that is open or by itself. */
#define JV_OWN_DB(ctx, ...) ((ctx)->own_db = true, jv_own_db_done((ctx), jv_db((ctx), __VA_ARGS__)))
int jv_own_db_done(struct jv_ctx *ctx, int r);
/* RESOURCE_EXHAUSTED when these events are more than its task may still have. */
int jv_run_fits(struct jv_ctx *ctx, const struct jv_run *run, const struct jv_tevent *events,
                size_t n);
/* Commit what is open with an event of the run's. */
int jv_run_commit(struct jv_ctx *ctx, A2a__TaskState state, const A2a__TaskStatus *status,
                  struct jv_tevent *events, size_t n);

/* ---- watch.c --------------------------------------------------------------------------------- */
struct jv_tasks; /* the node's: watches, runs, what was told */
/* Publish events that are committed. */
void jv_tell(struct jv_ctx *ctx, const char *id, const struct jv_tevent *events, size_t n);
void jv_tell_cancel(struct jv_ctx *ctx, const char *id);

struct jv_follower;
/* Follow a task from after a number on. Between this and jv_follower_free() nothing is missed.
 * fresh: it was just made by this fiber, so there is nothing to catch up with. */
struct jv_follower *jv_follower_new(struct jv_ctx *ctx, const char *id, int32_t after, bool fresh);
/* The next event, until the fiber waits again; may wait until the message's deadline. */
int jv_follower_next(struct jv_follower *f, struct jv_tevent *ret);
void jv_follower_free(struct jv_follower *f);
/* Go on until the task ends (or is interrupted, if that counts); emit: each event as a part. */
enum jv_follow_flags {
    JV_FOLLOW_FRESH = 1 << 0,
    JV_FOLLOW_TO_QUESTION = 1 << 1, /* a question ends it, too */
    JV_FOLLOW_EMIT = 1 << 2,
};
int jv_follow_until(struct jv_ctx *ctx, const char *id, int32_t after, unsigned flags);

struct jv_run **jv_runs(struct jv_node *n);
size_t jv_run_count(const struct jv_node *n);
/* Tasks and numbers that the bus has heard of since it was asked last, as two lists. */
size_t jv_told_take(struct jv_ctx *ctx, const char *const **ret_ids, const char *const **ret_seqs);

/* ---- push.c ---------------------------------------------------------------------------------- */
bool jv_agent_pushes(const struct jv_actor *a);
int jv_push_check(struct jv_ctx *ctx, A2a__TaskPushNotificationConfig *c, const char *field);
int jv_push_keep(struct jv_ctx *ctx, const char *task_id, const A2a__TaskPushNotificationConfig *c,
                 int32_t sent);
int jv_push_get(struct jv_ctx *ctx, const char *task_id, const char *id,
                A2a__TaskPushNotificationConfig **ret);
int jv_push_list(struct jv_ctx *ctx, const A2a__ListTaskPushNotificationConfigsRequest *req,
                 A2a__ListTaskPushNotificationConfigsResponse *ret);
int jv_push_delete(struct jv_ctx *ctx, const char *task_id, const char *id);
/* One that was kept may have replaced another: what waits at the notifier goes by it. */
int jv_push_changed(struct jv_ctx *ctx, const char *task_id,
                    const A2a__TaskPushNotificationConfig *c);
/* Hand over what the notifier does not have yet. */
int jv_push_hand_over(struct jv_ctx *ctx);

/* ---- shared by all --------------------------------------------------------------------------- */
/* What is made from here on is forgotten at the end of it: an hour's work does not pile up. */
static inline struct jv_arena *jv_aside(struct jv_ctx *ctx)
{
    struct jv_arena *whole = ctx->arena;

    ctx->arena = jv_arena_new(JV_ARENA_LIMIT);
    return whole;
}
static inline void jv_aside_end(struct jv_ctx *ctx, struct jv_arena *whole)
{
    jv_arena_free(ctx->arena);
    ctx->arena = whole;
}
/* One of the protocol's own errors: its reason beside the code and text that are there. */
int jv_a2a_reason(struct jv_ctx *ctx, const char *reason);
/* The path of a member inside `outer` becomes one from outside. */
void jv_lift_path(struct jv_ctx *ctx, const char *outer);

#endif
