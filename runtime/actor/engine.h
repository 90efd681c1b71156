/* engine.h -- inside the engine: a node (one actor on a loop) and a ctx (one message of it).
 *
 * Life of a message: bus callback -> method -> bounded? -> ctx with arena -> fiber -> envelope ->
 * who is calling -> decode -> access -> handler (which may wait) -> children ended -> encode ->
 * reply -> one log line and counters -> arena back to the pool. */
#ifndef JV_ENGINE_H
#define JV_ENGINE_H

#include <stdatomic.h>

#include "actor/identity.h"
#include "io/bus.h"
#include "io/pg.h"
#include "jv/agent.h"
#include "jv/plan.h"
#include "jv/wire.h"
#include "sched/fiber.h"
#include "wire/envelope.h"

enum {
    JV_ARENA_LIMIT = 32 << 20,
    JV_ARENA_POOL = 64,
    JV_DEFAULT_TIMEOUT_MS = 10000,
    JV_DEFAULT_INFLIGHT = 1024,
    JV_MAX_LISTENING = 8192,  /* beside those that are handled */
    JV_MAX_BACKGROUND = 1024, /* events beyond it are dropped */
    JV_HEARTBEAT_MS = 5000,
    JV_ALIVE_MS = 1000, /* a stream's sign of life */
    JV_DRAIN_MS = 10000,
    JV_CANCELLED_MS = 1000, /* for those that are cancelled then */
};

/* A method as served: its row, its types, its counters. */
struct jv_method {
    const char *name;
    const struct jv_tool *row;
    const ProtobufCMessageDescriptor *in, *out;
    const char *service; /* "svc" or "a2a": which subject tree */
    const char *tool;    /* public tool name; NULL when it is none */
    unsigned json;       /* how its JSON is spelled: JV_JSON_* */
    bool streams;
    uint64_t n_requests, n_errors, processing_ns;
    char last_error[128];
};

struct jv_slots;   /* replies that are waited for, call.c */
struct jv_fetches; /* of jv_fetch_wait(), io/http.h */

struct jv_node {
    const struct jv_actor *actor;
    struct jv_loop *loop;
    struct jv_bus *bus;
    struct jv_pg *pg;             /* NULL without JV_NEEDS_DB */
    struct jv_identity *identity; /* shared in worlds */
    const char *prefix;
    char instance[24];
    void *state;
    struct jv_arena *keep; /* lives as long as the node */
    struct jv_method *methods;
    size_t n_methods;
    struct jv_catalog *catalog; /* of its own tools; agents only */
    void *card;                 /* A2a__AgentCard; agents only */
    struct jv_slots *slots;
    struct jv_fetches *fetches, *kept_fetches; /* made when needed; kept: jv_fetch.reuse */
    struct jv_audits *audits;                  /* audit.h */
    struct jv_tasks *tasks; /* of an agent with a database, agent/tasks.h; else NULL */
    struct jv_arena *pool[JV_ARENA_POOL];
    size_t n_pool;
    size_t inflight, background; /* messages; timers, events and the like */
    size_t listening;            /* messages that only wait for a task's events */
    struct jv_ctx *alive;        /* all of them */
    int64_t started_ms;          /* real */
    bool ready, draining, keys_fresh;
    unsigned keys_changed; /* so often */
    bool fetching;         /* a message asks auth for keys; the others wait for what comes of it */
    uint64_t n_fetched;
    struct jv_waiter *waiters;
    bool quiet; /* no heartbeat: tests */
    struct jv_node_timer *timers;
    struct jv_loop_timer heartbeat, alive_timer;
    struct jv_bus_sub **subs; /* requests: drained first */
    size_t n_subs;
    void (*on_drained)(void *arg);
    void *on_drained_arg;
    struct jv_loop_timer drain_limit;
    _Atomic(const char *) running; /* for the watchdog: the method that ran last */
};

struct jv_child {
    struct jv_ctx *ctx; /* the child's */
    int (*fn)(struct jv_ctx *ctx, void *arg);
    void *arg;
    int code;
    bool done;
    struct jv_fiber *joiner;
    struct jv_child *next;
};

struct jv_ctx {
    struct jv_node *node;
    struct jv_arena *arena;
    struct jv_fiber *fiber;
    struct jv_caller caller;
    struct jv_envelope env;
    int64_t deadline; /* mono ms */
    struct jv_err err;
    struct jv_method *method;        /* NULL for init, timers, events */
    const struct jv_method *serving; /* the tool's when one is called through A2A */
    struct jv_bus_msg *msg;          /* kept while the message is handled */
    struct jv_pg_conn *tx;           /* a transaction is open on it */
    struct jv_child *children;
    const struct jv_ctx *parent;      /* of a child */
    struct jv_ctx *next, **at;        /* among the node's */
    struct jv_reply *reply;           /* of an agent's message, see agent/agent.h */
    struct jv_run *run;               /* it runs a task, likewise */
    const char *about_who, *about_id; /* jv_audit_who(); NULL: the caller */
    struct jv_said *said;             /* records that wait for the commit; audit.h */
    int64_t auth_ms;                  /* the token is judged as of then; 0: as of now */
    bool own_db;                      /* a statement of the runtime's: opens no transaction */
    bool savepoint;                   /* of a handler's transaction within the run's */
    bool as_actor;
    bool answered;   /* the last word is said */
    int64_t told_ms; /* of a stream: when it said something last; mono */
    size_t out_len;
    int64_t began_us;
};

/* ---- engine.c ------------------------------------------------------------------------------- */
struct jv_node_options {
    struct jv_loop *loop;
    struct jv_bus *bus;
    struct jv_pg *pg;
    struct jv_identity *identity; /* borrowed */
    const char *prefix;
    void *state; /* settings already in it; owned by the caller */
    bool quiet;
};
/* Checks the tables, runs init in a fiber, subscribes, then on_ready(arg, JV_OK or code). */
struct jv_node *jv_node_new(const struct jv_actor *actor, const struct jv_node_options *o,
                            struct jv_err *err);
void jv_node_start(struct jv_node *n,
                   void (*on_ready)(void *arg, int code, const struct jv_err *err), void *arg);
/* Stop taking messages, finish what is there (at most JV_DRAIN_MS), then done(arg). */
void jv_node_drain(struct jv_node *n, void (*done)(void *arg), void *arg);
struct jv_node *jv_node_free(struct jv_node *n);

struct jv_ctx *jv_ctx_new(struct jv_node *n);
void jv_ctx_end(struct jv_ctx *ctx); /* children ended, transaction rolled back, arena back */
/* Run fn(ctx) in a fiber of its own without a caller: init, timers, events. */
void jv_node_background(struct jv_node *n, const char *what,
                        int (*fn)(struct jv_ctx *ctx, void *arg), void *arg, uint32_t timeout_ms);
/* The arena of a message that has none of its own; every wait of the engine goes through here. */
int jv_ctx_wait(struct jv_ctx *ctx, int64_t until_mono_ms);
int64_t jv_mono_us(void);
/* For answers that nobody may be waiting for any more. */
static inline void jv_may_fail(int r)
{
    (void)r;
}

/* A part of a stream with its number (0: none). */
JV_CHECKED int jv_emit_event(struct jv_ctx *ctx, const void *part, int64_t event_id);
/* The same of bytes that are packed already. */
JV_CHECKED int jv_emit_packed(struct jv_ctx *ctx, const void *data, size_t len, int64_t event_id);
void jv_streams_alive(struct jv_node *n);

/* ---- access.c ------------------------------------------------------------------------------- */
/* Who is calling: fills ctx->caller from ctx->env.token; fetches keys when they are unknown. */
int jv_authenticate(struct jv_ctx *ctx);
/* For what is done for somebody later: as of ctx->auth_ms. Processes forget ends when the tokens
 * run out, so auth is asked about a token that has; UNAVAILABLE while it does not answer. */
int jv_authenticate_late(struct jv_ctx *ctx);
/* Is the caller, who was let in at that time (real), still signed in? That the token ran out since
 * does not count. Never waits. */
int jv_still_in(struct jv_ctx *ctx, int64_t since_ms);
/* May this caller run this row with this request? Sets the owner member where there is one. */
int jv_authorize(struct jv_ctx *ctx, const struct jv_tool *row, ProtobufCMessage *req);
bool jv_scope_in(const char *scopes, const char *scope, size_t len);

/* ---- call.c --------------------------------------------------------------------------------- */
struct jv_slots *jv_slots_new(struct jv_node *n);
struct jv_slots *jv_slots_free(struct jv_slots *s);
/* The bus is gone: every call under way fails with UNAVAILABLE. */
void jv_slots_lose(struct jv_slots *s);
/* A request to any subject under the prefix. */
int jv_request(struct jv_ctx *ctx, const char *subject, const void *req,
               const ProtobufCMessageDescriptor *out, void *ret);
/* Bytes to a subject as it is, and the answer's, which lives as long as the message. */
int jv_request_raw(struct jv_ctx *ctx, const char *subject, const char *data, size_t len,
                   struct jv_bus_msg **ret);
bool jv_may_call(const struct jv_actor *a, const char *what);
char *jv_service_subject(struct jv_arena *a, const ProtobufCServiceDescriptor *s,
                         const char *method); /* svc.tickets.List */

/* ---- contract.c ----------------------------------------------------------------------------- */
/* Every rpc of the service has exactly one row, C types have the descriptor's sizes, somebody may
 * call it, owners name members, streams match. Fills n->methods. */
int jv_contract(struct jv_node *n, struct jv_err *err);
struct jv_method *jv_find_method(struct jv_node *n, const char *service, const char *name);
struct jv_method *jv_find_tool(struct jv_node *n, const char *tool);

/* ---- db.c ----------------------------------------------------------------------------------- */
/* The transaction itself, whatever savepoints the handler makes in it. */
int jv_db_open(struct jv_ctx *ctx);
/* One of several steps of a run: what it changes is kept or not by itself. */
int jv_db_step(struct jv_ctx *ctx);
int jv_db_step_end(struct jv_ctx *ctx, bool keep);
int jv_db_commit_all(struct jv_ctx *ctx);
/* The next statement is the transaction's last: its commit rides behind it. */
void jv_db_commit_with_next(struct jv_ctx *ctx);
void jv_db_abandon(struct jv_ctx *ctx);
/* The handler is done: a transaction of its own within the run's that it left open is undone. */
void jv_db_settle(struct jv_ctx *ctx);

/* ---- runtime/agent ------------------------------------------------------------------------- */
extern const struct jv_tool jv_agent_tools[]; /* rows of lf.a2a.v1.A2AService */
void *jv_agent_card(const struct jv_actor *actor, const struct jv_method *methods, size_t n,
                    const char *prefix, struct jv_arena *a);

/* ---- service.c ------------------------------------------------------------------------------ */
int jv_service_subscribe(struct jv_node *n); /* $SRV.* */

/* Version and extensions of a message to an agent. */
int jv_agent_admit(struct jv_ctx *ctx);
/* Tasks: what an agent with a database does beside its messages. */
int jv_tasks_start(struct jv_node *n);
void jv_tasks_wake(struct jv_node *n); /* whoever follows a task looks up: it drains, or somebody
                                          was signed out */
void jv_tasks_free(struct jv_node *n);

#endif
