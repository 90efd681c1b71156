/* orchestrator.h -- what the files of this actor share.
 *
 * A turn: the catalogue (cards from the registry) and the session's memory go to the planner, its
 * calls go to the agents side by side, what comes back is said in the order it was asked, and the
 * whole turn is stored before the person hears that it is done. It runs as a task: whatever is
 * here may die and be run again from the beginning. */
#ifndef ORCHESTRATOR_H
#define ORCHESTRATOR_H

#include "jv/agent.h"
#include "jv/plan.h"
#include "jv/task.h"
#include "jv/wire.h"

#include "a2a.pb-c.h"
#include "llm.pb-c.h"
#include "orchestrator.pb-c.h"
#include "sessions.pb-c.h"

enum {
    n_suggestions = 5,
    call_ms = 5000,   /* an agent's time for one call */
    reserve_ms = 500, /* kept for storing the answer */
    max_question = 16 * 1024,
    max_section = 32 * 1024, /* bytes of one agent's Markdown */
    max_answer = 96 * 1024,  /* of all agents' together: a task's last word may have 128 KiB */
    max_data = 96 * 1024,    /* of all agents' data */
    max_reply = 112 * 1024,  /* of the answer and its data together */
};

#define ASKED "asked" /* in the memory, beside the planner's own: the name of the open question */

#define SELF "jarvis" /* its own token: it never asks itself */

struct orchestrator {
    struct jv_catalog *catalog; /* the last good one; NULL: none yet */
    char *digest;
    bool stale;             /* the registry said that something changed */
    const char *planner;    /* auto, model or built-in */
    int64_t no_model_until; /* real ms: there was none configured a moment ago */
    uint8_t secret[16];     /* of model_mark() */
};

/* How a call to an agent ended. */
enum call_state { CALL_ANSWERED, CALL_DENIED, CALL_UNAVAILABLE, CALL_FAILED };

/* One call of a turn. */
struct call {
    const struct jv_planned *planned;
    const char *name;       /* TicketsAgent */
    const char *message_id; /* the same when the turn is run again */
    bool changes;           /* it is no looking call */
    bool unclear;           /* it failed, and may have changed something nevertheless */
    bool missing;           /* what it is about was not found */
    bool skipped;           /* not made, as an earlier one about the same thing failed */
    bool compared;          /* it is said among others, in a comparison */
    bool heard;             /* that it ended was told */
    struct jv_child *task;
    enum call_state state;
    const char *text;              /* Markdown for the person */
    const char *said;              /* what of it was told */
    const char *why;               /* of a failure, the callee's sentence; else NULL */
    const char *field;             /* the argument it is about; "": none */
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

/* ---- plan.c: what a turn does ---------------------------------------------------------------- */
struct planned {
    struct jv_plan plan;
    size_t n; /* calls to make */
    struct call *calls;
    bool by_model;               /* a model chose the calls, and writes the answer */
    bool degraded;               /* one was wanted and did not serve */
    const char *why;             /* of degraded, a sentence; NULL: it is not */
    Orchestrator__ModelUse *use; /* NULL: none was asked */
};
/* The calls of a plan, none made yet. */
void plan_list(struct jv_ctx *ctx, const struct jv_catalog *c, struct planned *p);
/* Once for the n-th turn of a task; a run that begins it again gets the same. Committed with what
 * is told next. */
int plan_turn(struct jv_ctx *ctx, int turn, const struct jv_plan_input *in, struct planned *ret);
/* Give calls the ids of their messages, as the from-th and the next ones of the turn. */
void plan_name(struct jv_ctx *ctx, int turn, size_t from, struct call *calls, size_t n);
/* An earlier run of the turn may have changed something. */
bool plan_changed(struct jv_ctx *ctx, int turn);

/* ---- memory.c: what people have told about themselves ---------------------------------------- */
/* A statement about oneself, or an order about such: done, and *ret says so. False: it is something
 * for the planner. */
bool memory_plan(struct jv_ctx *ctx, const struct jv_plan_input *in, struct planned *ret);
/* What the caller has told, oldest first; NULL-terminated. Data, for a model's prompt. */
const char *const *memory_lines(struct jv_arena *a, const Sessions__BeginReply *began);
/* An agent's text for somebody who wants short answers: what stands before a long table or list.
 * The text as it is for everybody else, and when the question asks for all of it. */
const char *memory_brief(struct jv_ctx *ctx, const Sessions__BeginReply *began,
                         const char *question, const char *text);
/* Words of the caller's facts, in lower case, the newest fact first; NULL-terminated. Waits. */
const char *const *memory_words(struct jv_ctx *ctx);

/* ---- model.c: planning by a model ------------------------------------------------------------ */
enum {
    model_plan_ms = 15000,   /* at most, for planning */
    model_idle_ms = 10000,   /* between two pieces of an answer */
    max_functions = 32,      /* tools offered at once */
    max_history = 6 * 1024,  /* bytes of what was said before, about 1 500 tokens */
    max_written = 24 * 1024, /* bytes of a written answer */
};

/* What a model is told of a question, for planning and for the answer. */
struct model_question {
    const char *plan_system, *answer_system;
    const char *text; /* the question with all that stands around it */
};
struct model_question model_ask(struct jv_ctx *ctx, const struct jv_plan_input *in);
/* A mark to set others' text apart by, which whoever wrote it cannot know. */
const char *model_mark(struct jv_ctx *ctx, const char *text);
/* May a model be asked at all? */
bool model_there(struct jv_ctx *ctx);
/* A call to one failed: with FAILED_PRECONDITION there is none, for a while. */
void model_missed(struct jv_ctx *ctx, int code);
/* Let a model plan where the built-in planner is not sure (or always, as JARVIS_PLANNER says);
 * p->plan is the built-in's, and stays when no model serves. */
void model_plan(struct jv_ctx *ctx, const struct jv_plan_input *in, struct planned *p);
/* The functions a model may be offered, as the llm takes them. */
Llm__Tool **model_tools(struct jv_arena *a, const struct jv_function *f, size_t n, bool read_only,
                        size_t *ret_n);
size_t model_choices(struct jv_arena *a, const Llm__GenerateReply *reply, struct jv_choice **ret);
/* Why the model did not serve, for the person: a budget or a queue says so itself. */
const char *model_why(struct jv_ctx *ctx);
/* Count a call to a model. */
void model_count(struct jv_ctx *ctx, Orchestrator__ModelUse **use, const Llm__Use *one);

/* ---- write.c: the answer in a model's words -------------------------------------------------- */
struct writing {
    struct jv_ctx *ctx;
    const struct jv_plan_input *in;
    const struct jv_plan *plan;
    const struct call *calls;
    size_t n;
    bool last; /* no more looks */
    Orchestrator__ModelUse **use;
    int (*say)(void *arg, const char *text); /* pieces of the answer, as they come */
    void *arg;
    /* Results: what it wants to look up before it answers; n of plan 0: nothing. */
    struct jv_plan more;
};
/* The answer, said piece by piece. Anything but JV_OK: it is no answer, whatever was said. */
int write_answer(struct writing *w);

/* ---- fanout.c: calls to agents --------------------------------------------------------------- */
/* Its result is there after call_wait(). */
void call_start(struct jv_ctx *ctx, struct call *c);
void call_wait(struct jv_ctx *ctx, struct call *c);
/* The result message of a tool call; NULL when there is none. */
const Google__Protobuf__Struct *call_result(const struct call *c);
const char *call_state_name(enum call_state state);
/* A call as the invocation's query: {"agent","tool","arguments"}. */
const char *call_json(struct jv_ctx *ctx, const struct call *c);

/* ---- order.c: which calls wait for which ----------------------------------------------------- */
/* Made one after the other, in the order said, before the others are. */
bool order_in_turn(struct jv_ctx *ctx, const struct jv_plan *plan, const struct call *calls,
                   size_t i);
/* Not made when an earlier change of the same thing failed. */
bool order_skip(struct call *calls, size_t i);

/* ---- tell.c: what is told while a turn runs -------------------------------------------------- */
#define REPLY_TYPE "application/vnd.jarvis.reply+json"

struct telling {
    struct jv_ctx *ctx;
    int turn;
    int n_data;
    size_t data_left; /* bytes of data that may still be told */
    bool has_text, full;
};
/* All return what jv_progress() does: what fails ends the run. */
int tell_plan(struct telling *t, const char *session_id, const char *message_id,
              const struct call *calls, size_t n);
int tell_agent(struct telling *t, const struct call *c, const char *state);
int tell_text(struct telling *t, const char *text, bool last);
int tell_data(struct telling *t, const struct call *c);
/* A message of orchestrator.proto as the data of a part. */
Google__Protobuf__Struct *tell_struct(struct jv_ctx *ctx, const void *msg);

/* ---- turn.c ---------------------------------------------------------------------------------- */
/* The n-th turn of a task: 0 is its first message, the others answer what the one before asked and
 * get its memory. *ret_memory is for the next one. */
struct turn_request {
    const char *question;
    int n;
    const Google__Protobuf__Struct *memory; /* NULL: the session's */
};
int turn_run(struct jv_ctx *ctx, const struct turn_request *req, Orchestrator__ChatReply **ret,
             Google__Protobuf__Struct **ret_memory);
Orchestrator__Outcome turn_outcome(const struct jv_plan *plan);

/* ---- answer.c: the agent Jarvis -------------------------------------------------------------- */
int answer_receive(struct jv_ctx *ctx, const A2a__Message *in, struct jv_receipt *ret);
int answer_message(struct jv_ctx *ctx, const A2a__Message *in);

/* ---- say.c: the answer in words -------------------------------------------------------------- */
/* What goes before a call's text: a heading or a blank line. */
const char *say_before(struct jv_ctx *ctx, const struct call *calls, size_t n, size_t at);
const char *say_call(struct jv_ctx *ctx, const struct call *c);
/* "vpn access" of vpn_access. */
char *say_spaced(struct jv_arena *a, const char *name);

/* ---- compare.c: alternatives side by side ---------------------------------------------------- */
/* What they cost and how they differ, in a sentence and a table; marks the calls it speaks of.
 * NULL: fewer than two can be compared. */
const char *compare_calls(struct jv_ctx *ctx, struct call *calls, size_t n);

/* ---- suggest.c ------------------------------------------------------------------------------- */
/* At most n_suggestions things to ask next. */
struct suggest_for {
    const struct jv_plan *plan;
    const Google__Protobuf__Struct *const *results; /* of its calls */
    const char *question, *answer;
    const Sessions__BeginReply *session;    /* what was asked in it */
    const Google__Protobuf__Struct *memory; /* of the turn before */
};
size_t suggest_next(struct jv_ctx *ctx, const struct suggest_for *about, const char ***ret);
/* Put them down for the next turn, in the memory that it gets. */
void suggest_remember(struct jv_ctx *ctx, Google__Protobuf__Struct *memory, const char *const *list,
                      size_t n);
int suggest_for_session(struct jv_ctx *ctx, const Orchestrator__SuggestRequest *req,
                        Orchestrator__SuggestReply *ret);

/* ---- ideas.c --------------------------------------------------------------------------------- */
/* Better ones than the n of the list, which has room for n_suggestions: a model's come first, and
 * the list's where it has too few. Returns how many. */
size_t ideas_for(struct jv_ctx *ctx, const char *question, const char *answer, const char **list,
                 size_t n);

/* ---- notify.c -------------------------------------------------------------------------------- */
struct notice;
/* Begin to ask; it ends by itself, soon. */
struct notice *notify_look(struct jv_ctx *ctx);
/* The line that ends the answer message_id, Markdown; NULL: there is nothing to tell. Once for each
 * notice; the same answer made again gets the same one. */
const char *notify_line(struct jv_ctx *ctx, struct notice *n, const char *message_id);

#endif
