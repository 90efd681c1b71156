/* task.h -- work that outlives its message: what a handler says and asks while it runs as a task.
 *
 * An agent with JV_NEEDS_DB keeps A2A tasks in its own schema: their state, their numbered events
 * and what the handler changed through db.h are committed together. Whoever follows the task sees
 * each event once and in order, at any gateway, whatever was killed in between.
 *
 * Which handlers run as tasks:
 *   - a tool that changes something, and a question that lacks something: the task is made when the
 *     handler is done, in one transaction with its changes; a failure leaves nothing behind;
 *   - a tool with JV_TOOL_LONG, an agent's answer() (agent.h), and everything that was sent with
 *     returnImmediately or a push configuration: the task is kept first, acknowledged, and then run
 *     under a lease, detached from the message. If the process dies, another one of the agent (or
 *     the same, started again) runs the handler again from its beginning;
 *   - a tool that only reads answers with a Message otherwise, and writes nothing.
 *
 * Writing a handler that may run again. What it changes in the database between two commits is
 * there once or not at all, so: change, then commit with one of the functions marked "commits",
 * then go on. What the next run must know goes into jv_task_state(), which is committed too:
 *
 *     int32_t step = (int32_t)jv_state_number(ctx, "step");
 *     for (; step < 3; step++) {
 *         r = jv_db(ctx, NULL, "insert into effects (task, step) values ($1, $2)", ...);
 *         jv_state_set_number(ctx, "step", step + 1);
 *         if (!r)
 *             r = jv_progress(ctx, "step %d of 3", step + 1);   // commits all of it
 *         if (r)
 *             return r;
 *     }
 *
 * A write opens the transaction and holds a connection until the next commit: do not wait long in
 * between. Reading alone opens none. In a run jv_db_begin() within it is a savepoint, to be
 * committed before the task's next commit. What a child writes is committed at once, by itself.
 * Messages to other agents are idempotent when their messageId is jv_sub_message_id().
 *
 * A handler that fails with UNAVAILABLE or ABORTED (the database was restarted, an agent it asked
 * was away) is run again a little later, at most five times; any other failure makes the task
 * FAILED. A statement that fails ends the transaction it is in: return, or guard it with
 * jv_db_begin().
 *
 * Any function marked "commits" gives ABORTED or CANCELLED when the task is no longer this run's
 * (cancelled, or taken over): return it; nothing that was not committed stays. Outside a task they
 * do nothing, but for jv_ask() and jv_reject(), which are FAILED_PRECONDITION. All are for the
 * handler itself, not for its children. */
#ifndef JV_TASK_H
#define JV_TASK_H

#include "jv/actor.h"

struct A2a__Artifact;
struct A2a__Message;
struct A2a__Part;
struct Google__Protobuf__Struct;

/* The task's and its conversation's ids; "" outside a task. */
const char *jv_task_id(const struct jv_ctx *ctx);
const char *jv_context_id(const struct jv_ctx *ctx);
/* How often it was begun: 1 the first time; answers to questions do not count. */
int jv_task_attempt(const struct jv_ctx *ctx);

/* ---- state that the next run finds again; committed with the next commit --------------------- */
struct Google__Protobuf__Struct *jv_task_state(struct jv_ctx *ctx); /* at most 64 KiB packed */
double jv_state_number(struct jv_ctx *ctx, const char *name);       /* 0 when it is not there */
const char *jv_state_text(struct jv_ctx *ctx, const char *name);    /* NULL when it is not there */
void jv_state_set_number(struct jv_ctx *ctx, const char *name, double number);
void jv_state_set_text(struct jv_ctx *ctx, const char *name, const char *text);

/* ---- telling --------------------------------------------------------------------------------- */
/* Commits: the task is WORKING, and this is what it does. */
JV_CHECKED int jv_progress(struct jv_ctx *ctx, const char *fmt, ...) JV_PRINTF(2, 3);
/* The same with data for programs beside the text (either may be NULL). */
JV_CHECKED int jv_progress_data(struct jv_ctx *ctx, const char *text, const char *media_type,
                                const struct Google__Protobuf__Struct *data);
/* Commits: an artifact, or a piece of one. Pieces have the same id; all but the first JV_APPEND,
 * the last JV_LAST_CHUNK. A task's artifacts, "result" among them, may have 512 KiB together, and
 * what is told or asked at once 128 KiB (RESOURCE_EXHAUSTED). */
enum jv_artifact_flags { JV_APPEND = 1 << 0, JV_LAST_CHUNK = 1 << 1 };
JV_CHECKED int jv_artifact(struct jv_ctx *ctx, const struct A2a__Artifact *artifact,
                           unsigned flags);
JV_CHECKED int jv_artifact_text(struct jv_ctx *ctx, const char *id, const char *name,
                                const char *markdown, unsigned flags);
/* Commits: nothing is told, what was changed stays. */
JV_CHECKED int jv_checkpoint(struct jv_ctx *ctx);

/* ---- asking ---------------------------------------------------------------------------------- */
/* Ask the person. The first time: commits, the task is INPUT_REQUIRED, and the code is
 * JV_INTERRUPTED, which the handler returns at once. When the answer has come the handler is run
 * again from its beginning, and this very call (the n-th question of a run gets the n-th answer)
 * is JV_OK with the message that answered. */
JV_CHECKED int jv_ask(struct jv_ctx *ctx, const struct A2a__Message **ret_answer, const char *fmt,
                      ...) JV_PRINTF(3, 4);
/* The same with data for programs beside the text (either may be NULL). */
JV_CHECKED int jv_ask_data(struct jv_ctx *ctx, const struct A2a__Message **ret_answer,
                           const char *text, const char *media_type,
                           const struct Google__Protobuf__Struct *data);
/* The same for credentials, which the person arranges elsewhere: AUTH_REQUIRED. */
JV_CHECKED int jv_ask_auth(struct jv_ctx *ctx, const struct A2a__Message **ret_answer,
                           const char *fmt, ...) JV_PRINTF(3, 4);
/* The text of a message: its text parts, a line each. */
const char *jv_message_text(struct jv_arena *a, const struct A2a__Message *m);
/* Commits: the task is REJECTED; the handler returns what this returns. */
JV_CHECKED int jv_reject(struct jv_ctx *ctx, const char *fmt, ...) JV_PRINTF(2, 3);
/* Not a failure: the handler has nothing more to do now. */
enum { JV_INTERRUPTED = -1 };

/* ---- the answer of an agent's answer() ------------------------------------------------------- */
/* Parts of the answer: those of a Message, or of the task's artifact "result" (none: no artifact).
 * Made in the arena, nothing is committed yet. */
void jv_answer_text(struct jv_ctx *ctx, const char *markdown);
void jv_answer_data(struct jv_ctx *ctx, const char *media_type,
                    struct Google__Protobuf__Struct *data);
void jv_answer_part(struct jv_ctx *ctx, struct A2a__Part *part);
/* What the status message says when the task is done; NULL: nothing. Data goes beside it. */
void jv_answer_status(struct jv_ctx *ctx, const char *text, const char *media_type,
                      struct Google__Protobuf__Struct *data);

/* A messageId for a message that this task sends: the same when it is run again. */
const char *jv_sub_message_id(struct jv_ctx *ctx, const char *what);

#endif
