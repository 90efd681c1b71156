/* orchestrator.h -- what the files of this actor share.
 *
 * A turn: the catalogue (cards from the registry) and the session's memory go to the planner, its
 * calls go to the agents side by side, what comes back is said in the order it was asked, and the
 * whole turn is stored before the person hears that it is done. */
#ifndef ORCHESTRATOR_H
#define ORCHESTRATOR_H

#include "jv/agent.h"
#include "jv/plan.h"
#include "jv/wire.h"

#include "a2a.pb-c.h"
#include "orchestrator.pb-c.h"
#include "sessions.pb-c.h"

enum {
    n_suggestions = 5,
    call_ms = 5000,   /* an agent's time for one call */
    reserve_ms = 500, /* kept for storing the answer */
    max_question = 16 * 1024,
    max_section = 32 * 1024, /* bytes of one agent's Markdown */
    max_answer = 128 * 1024, /* of all agents' together */
    max_data = 128 * 1024,   /* of all agents' data, as stored for replays */
};

#define SELF "jarvis" /* its own token: it never asks itself */

struct orchestrator {
    struct jv_catalog *catalog; /* the last good one; NULL: none yet */
    char *digest;
    bool stale; /* the registry said that something changed */
};

/* How a call to an agent ended. */
enum call_state { CALL_ANSWERED, CALL_DENIED, CALL_UNAVAILABLE, CALL_FAILED };

/* One call of a turn. */
struct call {
    const struct jv_planned *planned;
    const char *name;       /* TicketsAgent */
    const char *message_id; /* the same when the turn is tried again */
    bool changes;           /* it is no looking call */
    bool unclear;           /* it failed, and may have changed something nevertheless */
    struct jv_child *task;
    enum call_state state;
    const char *text;              /* Markdown for the person */
    const char *why;               /* of a failure, the callee's sentence; else NULL */
    Google__Protobuf__Value *data; /* the result for programs; NULL: none */
    const char *media_type;
    int64_t ms;
};

/* ---- catalog.c: the agents that may be asked ------------------------------------------------- */
/* The catalogue, valid until the next wait; UNAVAILABLE when there never was one. */
int catalog_get(struct jv_ctx *ctx, const struct jv_catalog **ret);
int catalog_refresh(struct jv_ctx *ctx);
int catalog_changed(struct jv_ctx *ctx, const char *subject, const void *msg);
void catalog_done(void *state);

/* ---- fanout.c: calls to agents --------------------------------------------------------------- */
/* Start them all; results are there after call_wait(). */
void call_start(struct jv_ctx *ctx, struct call *calls, size_t n);
void call_wait(struct jv_ctx *ctx, struct call *c);
/* The result message of a tool call; NULL when there is none. */
const Google__Protobuf__Struct *call_result(const struct call *c);
const char *call_state_name(enum call_state state);
/* A call as the invocation's query: {"agent","tool","arguments"}. */
const char *call_json(struct jv_ctx *ctx, const struct call *c);

/* ---- events.c: what is told while a turn runs, and stored with it ---------------------------- */
struct events {
    struct jv_ctx *ctx;
    bool streams;
    size_t n, max;
    ProtobufCBinaryData *packed;
    size_t data_left; /* bytes of data that may still be stored */
};
void event_plan(struct events *e, const char *session_id, const char *message_id,
                const struct call *calls, size_t n);
void event_agent(struct events *e, const struct call *c, const char *state);
void event_delta(struct events *e, const char *text);
void event_artifact(struct events *e, const struct call *c);
/* The last one is kept first and told once the turn is stored. */
void event_keep_done(struct events *e, Orchestrator__ChatReply *reply);
void event_tell_done(struct events *e, Orchestrator__ChatReply *reply);

/* ---- turn.c ---------------------------------------------------------------------------------- */
int turn_run(struct jv_ctx *ctx, const Orchestrator__ChatRequest *req, bool streams,
             Orchestrator__ChatReply **ret);
int turn_resume(struct jv_ctx *ctx, const Orchestrator__ResumeRequest *req);
Orchestrator__Outcome turn_outcome(const struct jv_plan *plan);

/* ---- say.c: the answer in words -------------------------------------------------------------- */
/* What goes before a call's text: a heading or a blank line. */
const char *say_before(struct jv_ctx *ctx, const struct call *calls, size_t n, size_t at);
const char *say_call(struct jv_ctx *ctx, const struct call *c);
/* How results of one tool differ in money: "GCP is cheaper than AWS by ..."; NULL: they do not. */
const char *say_difference(struct jv_ctx *ctx, const struct call *calls, size_t n);

/* ---- suggest.c ------------------------------------------------------------------------------- */
/* n_suggestions things to ask next, after these calls and this answer. */
size_t suggest_next(struct jv_ctx *ctx, const struct jv_plan *plan, const char *answer,
                    const char ***ret);
int suggest_for_session(struct jv_ctx *ctx, const char *session_id, const char ***ret,
                        size_t *ret_n);

/* ---- notify.c -------------------------------------------------------------------------------- */
int notify_list(struct jv_ctx *ctx, Orchestrator__NotificationList *ret);

#endif
