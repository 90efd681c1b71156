/* actor.h -- all an actor's author needs (agents: also agent.h; the database: db.h).
 *
 * An actor is one `const struct jv_actor`: a protobuf service, a table with one row per method, and
 * a few optional tables. The runtime does the rest: it subscribes, decodes, checks who is calling,
 * runs the handler in a fiber of its own with an arena of its own, encodes the reply, counts and
 * traces. A handler is straight-line code: jv_call() looks like a function call and suspends only
 * this message.
 *
 * Two rules make that sound. Within an actor one handler runs at a time, and another may run only
 * where this one waits -- in jv_call, jv_a2a, jv_request, jv_emit, jv_join, jv_sleep, jv_offload,
 * jv_fetch_wait and the functions of db.h -- so state needs no lock, but what was read from it
 * before a wait may be stale after. And all memory reachable from `req`, `ret` or a reply belongs
 * to the message: what must outlive it is copied out with jv_keep_strdup(). */
#ifndef JV_ACTOR_H
#define JV_ACTOR_H

#include "jv/base.h"

struct jv_ctx;   /* the message being handled */
struct jv_child; /* a child of it, see jv_spawn() */
struct jv_agent;

typedef int (*jv_handler_fn)(struct jv_ctx *ctx, const void *req, void *ret);

/* ---- access: who may call a method. The zero value admits nobody. ----------------------------
 * `owner` names a member of the request that holds a user name. Empty, it becomes the caller's;
 * set to anything but the caller's user name or user id, the call needs the scope with ":all"
 * behind it. It is compared without regard to case; the handler gets a user name that somebody has
 * (auth knows, also by user id), or the call is NOT_FOUND. While auth is away a JV_TOOL_READONLY
 * method gets the name as it was given, in lower case; any other is UNAVAILABLE. */

enum jv_access_kind {
    JV_ACCESS_NOBODY = 0,
    JV_ACCESS_ANYONE, /* even without a token: sign-in, public keys */
    JV_ACCESS_USER,   /* anybody signed in */
    JV_ACCESS_SCOPE,  /* a person whose token carries the scope */
    JV_ACCESS_ACTOR,  /* only actors: their NATS credentials alone can publish on the subject */
};

struct jv_access {
    enum jv_access_kind kind;
    const char *scope;
    const char *owner;
};

#define JV_ALLOW_ANYONE                                                                            \
    {                                                                                              \
        JV_ACCESS_ANYONE, NULL, NULL                                                               \
    }
#define JV_ALLOW_USER                                                                              \
    {                                                                                              \
        JV_ACCESS_USER, NULL, NULL                                                                 \
    }
#define JV_ALLOW_ACTOR                                                                             \
    {                                                                                              \
        JV_ACCESS_ACTOR, NULL, NULL                                                                \
    }
#define JV_ALLOW_SCOPE(scope_)                                                                     \
    {                                                                                              \
        JV_ACCESS_SCOPE, (scope_), NULL                                                            \
    }
#define JV_ALLOW_OWNER(scope_, member_)                                                            \
    {                                                                                              \
        JV_ACCESS_SCOPE, (scope_), (member_)                                                       \
    }

/* ---- the tables ------------------------------------------------------------------------------ */

enum jv_tool_flags {
    JV_TOOL_READONLY = 1 << 0, /* changes nothing: may be retried, answered from a replica */
    JV_TOOL_HIDDEN = 1 << 1,   /* an agent's method that is no tool: never offered to a planner */
    JV_TOOL_CONFIRM = 1 << 2,  /* a person confirms before a model's call runs */
    JV_TOOL_STREAMS = 1 << 3,  /* its rpc returns a stream: jv_emit() parts, `ret` is unused */
    JV_TOOL_LONG = 1 << 4,     /* takes its time: always a task that can be followed, see task.h */
};

/* Markdown for a person from a result: one sentence, then a table or list. Never fails or waits. */
typedef void (*jv_say_fn)(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret);

struct jv_tool {
    const char *method; /* as in the .proto service; its comment there is the tool's description */
    jv_handler_fn handler;
    size_t req_size, ret_size; /* filled by JV_TOOL(), checked against the service at start */
    struct jv_access allow;
    unsigned flags;
    uint32_t timeout_ms; /* 0: the actor's; the caller's deadline may be nearer */
    /* For agents' tools (agent.h): */
    const char *tool;            /* its public name; NULL: the method in snake_case */
    const char *skill;           /* id of the skill it belongs to */
    jv_say_fn say;               /* NULL: the result as a generic list */
    const char *words;           /* what people say for it, comma-separated words and phrases */
    const char *const *examples; /* whole questions it answers; NULL-terminated */
};

struct jv_timer {
    const char *name;
    uint32_t every_ms;
    int (*run)(struct jv_ctx *ctx); /* the ctx has no caller */
};

struct jv_event {
    const char
            *subject; /* without the prefix: "evt.auth.Revoked", "hb.*.*"; every replica gets it */
    const ProtobufCMessageDescriptor *type;
    int (*handle)(struct jv_ctx *ctx, const char *subject, const void *msg);
};

enum jv_setting_kind { JV_SET_TEXT, JV_SET_INT, JV_SET_MSEC, JV_SET_BOOL, JV_SET_SECRET };

/* A setting comes from the environment. Kinds: TEXT const char *, INT and MSEC int64_t (MSEC takes
 * "500ms", "10s", "5m", "24h"), BOOL bool, SECRET const char * (the value, or "@/path" for a file;
 * never logged or described). */
struct jv_setting {
    const char *env, *fallback; /* fallback NULL: required */
    const char *help;
    enum jv_setting_kind kind;
    size_t offset;    /* into the actor's state */
    int64_t min, max; /* INT and MSEC; both 0: no limits */
};

enum jv_needs {
    JV_NEEDS_DB = 1 << 0,
    JV_NEEDS_HTTP = 1 << 1,
    JV_NEEDS_AUDIT = 1 << 2, /* reads what JetStream keeps of everybody's records: kept.h */
};

struct jv_actor {
    const char *name, *version;                /* name: what jarvis.svc.<name>.* says, [a-z]+ */
    const char *summary;                       /* one line, for `jarvis list` */
    const ProtobufCServiceDescriptor *service; /* NULL: an agent with answer() may have none */
    const struct jv_tool *tools;       /* ends with a zero row; every method has exactly one row */
    const struct jv_timer *timers;     /* optional, ends with a zero row */
    const struct jv_event *events;     /* optional, likewise */
    const struct jv_setting *settings; /* optional, likewise */
    const char *const *calls;     /* whom it may call: "sessions" its service, "a2a:*" every agent,
                                     "a2a:tickets" one; NULL-terminated. Also its NATS permissions. */
    const struct jv_agent *agent; /* agents only */
    unsigned needs;
    uint32_t timeout_ms;   /* of a handler; 0: 10 000 */
    uint32_t max_inflight; /* beyond it RESOURCE_EXHAUSTED at once; 0: 1024 */
    size_t state_size;     /* zeroed, settings filled in, then init() */
    /* Are the settings right beyond what their table can say? Before anything is connected, and by
     * `jarvis doctor`; may read files. What it returns is said with err, which names the setting.
     */
    int (*check)(const void *state, struct jv_err *err);
    int (*init)(struct jv_ctx *ctx); /* in a fiber, before the first message; may call and query */
    void (*fini)(void *state);
};

/* A secret that a file of settings names: "$NAME" of the environment, or "@/path" of a file, read
 * now. It lives as long as the process. INVALID_ARGUMENT says what is wrong, never what it is; what
 * is neither is refused unread. */
JV_CHECKED int jv_secret(const char *from, const char **ret, struct jv_err *err);
/* For .check: does the file that setting `env` names hold certificates? "" is fine: none is named.
 */
JV_CHECKED int jv_check_certificates(const char *env, const char *path, struct jv_err *err);

/* An actor's source files share whatever they like; this is the one symbol that leaves them:
 * JV_ACTOR(tickets) = { .name = "tickets", ... }; */
#define JV_ACTOR(name)                                                                             \
    extern const struct jv_actor name##_actor;                                                     \
    JV_EXPORT const struct jv_actor name##_actor

/* Head of a method's handler; `ctx`, `req` and `ret` are its parameters. The types are checked by
 * the compiler here and against the .proto service at start. `*ret` is initialised. */
#define JV_TOOL_FN(fn, Req, Ret)                                                                   \
    static int fn(struct jv_ctx *ctx, const Req *req, Ret *ret);                                   \
    static int fn##__tool(struct jv_ctx *ctx, const void *req, void *ret)                          \
    {                                                                                              \
        return fn(ctx, req, ret);                                                                  \
    }                                                                                              \
    enum { fn##__req = sizeof(Req), fn##__ret = sizeof(Ret) };                                     \
    static int fn(struct jv_ctx *ctx, const Req *req, Ret *ret)

/* A method's row: JV_TOOL("Create", create, .allow = JV_ALLOW_USER) */
#define JV_TOOL(method_, fn, ...)                                                                  \
    {                                                                                              \
        .method = method_, .handler = fn##__tool, .req_size = fn##__req, .ret_size = fn##__ret,    \
        __VA_ARGS__                                                                                \
    }

/* ---- inside a handler ------------------------------------------------------------------------ */

/* The person a message acts for, from the verified token. An actor acting on its own (timers,
 * events, init) and a caller without a token have signed_in false and empty strings. */
struct jv_caller {
    bool signed_in;
    const char *user_id;  /* "user_001" */
    const char *username; /* "vishal" */
    const char *role;     /* "developer" */
    const char *scope;    /* space-separated */
    const char *sid;      /* the sign-in */
    const char *token;    /* as it came, for calls that travel on */
    int64_t issued;       /* of the token, unix seconds */
};

void *jv_state(struct jv_ctx *ctx);
const struct jv_caller *jv_caller(const struct jv_ctx *ctx);
bool jv_caller_has(const struct jv_ctx *ctx, const char *scope); /* "tickets:read:all" */
/* For a method that is for actors, whose table row looks at no token: who the message acts for, if
 * a token came with it, is in jv_caller() from here on. JV_OK without one. UNAUTHENTICATED: the
 * token is no good; UNAVAILABLE: auth does not answer. */
JV_CHECKED int jv_identify(struct jv_ctx *ctx);
/* Were all of a person's tokens issued up to then (unix seconds) ended, or is the person gone? Asks
 * auth; UNAVAILABLE, and *ret true, when it does not answer. */
JV_CHECKED int jv_person_ended(struct jv_ctx *ctx, const char *user_id, int64_t issued, bool *ret);
struct jv_arena *jv_arena(struct jv_ctx *ctx);
const char *jv_trace_id(const struct jv_ctx *ctx);

/* The time for data and deadlines in days: the wall clock, unix ms. JARVIS_CLOCK makes it stand
 * still; in tests it is virtual. */
int64_t jv_now_ms(const struct jv_ctx *ctx);
/* The real wall clock whatever JARVIS_CLOCK says: for tokens only. Virtual in tests. */
int64_t jv_real_ms(const struct jv_ctx *ctx);
/* Milliseconds until this message's deadline. */
int64_t jv_left_ms(const struct jv_ctx *ctx);
/* From now on this message (or this child alone) has at most so long; never longer than before. */
void jv_within(struct jv_ctx *ctx, int64_t ms);

/* Say why, return the code: return jv_fail(ctx, JV_NOT_FOUND, "ticket %d not found", id);
 * The text reaches the caller (not for INTERNAL); the code goes to log and counters. */
int jv_fail(struct jv_ctx *ctx, int code, const char *fmt, ...) JV_PRINTF(3, 4);
/* The same about one member of the request: jv_fail_field(ctx, "operation", "is empty") gives
 * INVALID_ARGUMENT. */
int jv_fail_field(struct jv_ctx *ctx, const char *field, const char *fmt, ...) JV_PRINTF(3, 4);
/* Put "doing what: " before the reason a callee left in ctx; returns the code. */
int jv_fail_at(struct jv_ctx *ctx, int code, const char *fmt, ...) JV_PRINTF(3, 4);
const struct jv_err *jv_error(const struct jv_ctx *ctx); /* the last failure */

/* Call a method of another actor and wait: jv_call(ctx, &sessions__sessions__descriptor, "Begin",
 * &req, &reply) where reply is a Sessions__BeginReply *. *ret lives as long as this message.
 * Deadline, trace and the person's token travel along. On failure *ret is untouched and the reason
 * is in ctx. A service that is not in the actor's .calls is refused. */
JV_CHECKED int jv_call(struct jv_ctx *ctx, const ProtobufCServiceDescriptor *service,
                       const char *method, const void *req, void *ret);
/* The same to an agent: jarvis.a2a.<token>.<method> of lf.a2a.v1.A2AService. */
JV_CHECKED int jv_a2a(struct jv_ctx *ctx, const char *token, const char *method, const void *req,
                      void *ret);
/* How long to listen: between two parts and in all; 0: until the message's deadline. */
struct jv_patience {
    int64_t idle_ms, total_ms;
};
/* The same with an rpc that returns a stream: take(arg, part) for each part as it comes, in this
 * message's fiber; a part is of the rpc's reply type and lives as long as the message. JV_OK: the
 * stream came to its end. What take() returns ends it with that code. */
JV_CHECKED int jv_call_stream(struct jv_ctx *ctx, const ProtobufCServiceDescriptor *service,
                              const char *method, const void *req, struct jv_patience patience,
                              int (*take)(void *arg, const void *part), void *arg);
/* Make the next calls of this message carry no person. */
void jv_as_actor(struct jv_ctx *ctx);

/* Tell whoever listens, without an answer: subject without the prefix, "evt.auth.Revoked". */
int jv_publish(struct jv_ctx *ctx, const char *subject, const void *msg);
/* Record who did what: on jarvis.audit.<actor>.<action>, kept by JetStream. Never fails a message
 * and never waits. */
void jv_audit(struct jv_ctx *ctx, const char *action, const char *fmt, ...) JV_PRINTF(3, 4);
/* A record that is true only together with a change: the actor keeps it in the change's
 * transaction, and says it after the commit, perhaps again and in another process. Two of the same
 * id are one. */
struct jv_note {
    uint64_t id; /* less than 2^63 */
    int64_t at_ms;
    const char *action, *text, *who, *user_id, *method, *trace_id;
};
struct jv_note jv_note(struct jv_ctx *ctx, const char *action, const char *fmt, ...)
        JV_PRINTF(3, 4);
void jv_audit_note(struct jv_ctx *ctx, const struct jv_note *note);
/* Wait until the bus has taken everything that was published so far. UNAVAILABLE: it does not say.
 */
int jv_settle(struct jv_ctx *ctx);
/* For the actor that signs people in: the records of this message are about them. */
void jv_audit_who(struct jv_ctx *ctx, const char *username, const char *user_id);
/* Record that the caller was not let: which rule said no, and what was asked for. The runtime does
 * it for the rules of the table: "scope", "owner", "token". */
void jv_denied(struct jv_ctx *ctx, const char *rule, const char *fmt, ...) JV_PRINTF(3, 4);
/* Before "not found" for an id: jv_hidden(ctx, owner, "ticket %d", id). owner: somebody else's,
 * which looks like none; "" or NULL: nobody has it. The record tells what the answer does not, and
 * there is one in either case (denied, rule "hidden"; or missed), so that both take the same time.
 */
void jv_hidden(struct jv_ctx *ctx, const char *owner, const char *fmt, ...) JV_PRINTF(3, 4);
/* JV_TOOL_STREAMS: a piece of the answer, of the rpc's reply type. */
JV_CHECKED int jv_emit(struct jv_ctx *ctx, const void *part);

/* Run fn(child, arg) as a child of this message: own error, same arena, caller and deadline. Every
 * child ends before the handler's reply is sent, joined or not (the rest are cancelled). */
struct jv_child *jv_spawn(struct jv_ctx *ctx, int (*fn)(struct jv_ctx *child, void *arg),
                          void *arg);
/* Wait for a child; returns its code and copies its error. */
int jv_join(struct jv_ctx *ctx, struct jv_child *task);
void jv_cancel(struct jv_child *task); /* its waits return CANCELLED */

JV_CHECKED int jv_sleep(struct jv_ctx *ctx, uint32_t ms);
/* Wait at most so long for another message of this actor to jv_wake() this one; JV_OK in either
 * case, and without a reason too: what is waited for is looked at again. CANCELLED,
 * DEADLINE_EXCEEDED. A wake that came before the wait is not lost. Whoever may be woken takes care
 * that nobody knows of its ctx when it is over. */
JV_CHECKED int jv_wait(struct jv_ctx *ctx, int64_t ms);
void jv_wake(struct jv_ctx *ctx);
/* Run fn(arg) on a helper thread and wait: for the few things that burn CPU or block (argon2).
 * arg must stay valid even if this returns early (it does not: it waits for fn). A full queue is
 * RESOURCE_EXHAUSTED. */
JV_CHECKED int jv_offload(struct jv_ctx *ctx, int (*fn)(void *), void *arg);

/* Run fn(own ctx, arg) as work of the actor itself, detached from this message: own arena, no
 * caller, own deadline; a failure is logged under `what`. It begins when this message waits. `size`
 * bytes of arg are copied. UNAVAILABLE when the actor is stopping. */
JV_CHECKED int jv_background(struct jv_ctx *ctx, const char *what,
                             int (*fn)(struct jv_ctx *ctx, void *arg), const void *arg, size_t size,
                             uint32_t timeout_ms);

/* Memory that outlives the message; only for actor state. */
char *jv_keep_strdup(const char *s);
void *jv_keep_memdup(const void *p, size_t n);
void jv_keep_free(void *p);

/* Log beside the one line the runtime writes per message; ctx adds actor, method and trace. */
void jv_info(struct jv_ctx *ctx, const char *fmt, ...) JV_PRINTF(2, 3);
void jv_warn(struct jv_ctx *ctx, const char *fmt, ...) JV_PRINTF(2, 3);

#endif
