/* plan.h -- from a person's words to tool calls.
 *
 * A catalogue is built from agent cards (the tools extension of agent.h; an agent without it takes
 * text). A planner is a vtable: the built-in one works from words alone; a model's will have the
 * same face. Planning decides what is asked, never who may ask it: names in a sentence are data,
 * and access is decided by the tool that is called.
 *
 * The built-in planner waits for nothing; plan() of another one may wait (it takes the ctx). */
#ifndef JV_PLAN_H
#define JV_PLAN_H

#include "jv/actor.h"

struct A2a__AgentCard;
struct Google__Protobuf__Struct;

struct jv_catalog; /* immutable once built; keeps copies of what it needs */

struct jv_catalog *jv_catalog_new(void);
/* Borrowed card; priority breaks ties. */
void jv_catalog_add(struct jv_catalog *c, const char *token, int priority,
                    const struct A2a__AgentCard *card);
void jv_catalog_index(struct jv_catalog *c); /* after the last add */
struct jv_catalog *jv_catalog_free(struct jv_catalog *c);
/* Names for messages: "TicketsAgent" of "tickets"; the token itself when unknown. */
const char *jv_catalog_name(const struct jv_catalog *c, const char *token);
bool jv_catalog_read_only(const struct jv_catalog *c, const char *token, const char *tool);

struct jv_planned {
    const char *agent; /* subject token */
    const char *tool;  /* NULL: the agent takes `text` */
    const char *text;
    struct Google__Protobuf__Struct *arguments;
    const char *person; /* who is named as the owner of the data; NULL: nobody */
    double confidence;  /* 0 to 1: of ten calls with 0.9 about nine are what was meant */
};

enum jv_plan_kind {
    JV_PLAN_CALLS = 0, /* run the calls; `missing` set: then ask `text` for one more */
    JV_PLAN_ASK,       /* something is missing: `text` is the question; calls holds the unfinished
                          one, `missing` the member; or changes that are to be confirmed with yes
                          or no: `missing` is "confirmation" */
    JV_PLAN_TALK,      /* help, greeting, thanks, small talk, out of scope: `text` is the answer */
    JV_PLAN_UNKNOWN,   /* not understood: `text` says so kindly */
};

/* Everything in it is made in the arena handed in: the catalogue may be gone before it. */
struct jv_plan {
    enum jv_plan_kind kind;
    size_t n;
    struct jv_planned *calls; /* in the order they were asked */
    const char *text;
    const char *missing;
    bool more;         /* more was asked than is looked at: the calls are the first of it */
    bool sure;         /* it is what was meant, with certainty: nobody better need be asked */
    bool compare;      /* the calls are alternatives: say how they differ */
    const char *taken; /* unsure: say with the answer what was understood; NULL: sure */
    const char *const *suggestions; /* NULL-terminated, may be NULL */
    /* What to hand back as `memory` with the next question of the session. */
    struct Google__Protobuf__Struct *memory;
};

/* What to say then; of a size_t, how many calls there are. */
#define JV_PLAN_MORE                                                                               \
    "That was more than I look at at once: these are the first %zu. Please ask for the rest "      \
    "again."

struct jv_plan_input {
    const char *text;
    const char *username; /* the caller */
    const char *scope; /* what the caller holds: who may see everybody's means everybody's when it
                        * is not said whose; NULL: not known */
    const struct Google__Protobuf__Struct *memory; /* of the last turn; may be NULL */
    const char *const *recent; /* "user: ...", "assistant: ...", oldest first; NULL-terminated, may
                                * be NULL */
    int64_t now_ms;            /* for "next week", "yesterday"; unix, UTC */
    const char *const *about;  /* what the asker told of themselves, for a model; NULL-terminated,
                                * may be NULL */
};

/* Add to the memory of a plan what its calls brought, so that "the first one" can be asked for
 * next. results[i] is the reply message of calls[i], or NULL. The memory keeps pointers into them.
 */
void jv_plan_heard(const struct jv_catalog *c, struct Google__Protobuf__Struct *memory, size_t n,
                   const struct jv_planned *calls,
                   const struct Google__Protobuf__Struct *const *results, struct jv_arena *a);

/* Which calls wait for which. Those that change something are made one after the other, in the
 * order said, and so is a look at what a later one changes ("show ticket 1 and delete it"); all
 * others come after them, side by side. changes[i]: call i is no looking one. */
bool jv_plan_in_turn(size_t n, const struct jv_planned *calls, const bool *changes, size_t i);
/* Both are about the same thing: an argument that is named as an id holds the same. */
bool jv_plan_same_item(const struct jv_planned *a, const struct jv_planned *b);

/* At most max things to ask next, each an example of the catalogue of at most seven words: first
 * what the words that stood in answers lead to (`seen`, may be NULL), then the neighbours of the
 * calls just made, then anything; never what was just asked. Returns how many. */
size_t jv_plan_suggest(const struct jv_catalog *c, struct jv_arena *a, size_t n_done,
                       const struct jv_planned *done, const char *const *seen, size_t max,
                       const char **ret);

struct jv_planner {
    const char *name; /* "built-in" */
    int (*plan)(struct jv_ctx *ctx, const struct jv_catalog *c, const struct jv_plan_input *in,
                struct jv_arena *a, struct jv_plan *ret);
};

/* ctx may be NULL for this one. */
extern const struct jv_planner jv_planner_builtin;

/* ---- calls that a model chooses -------------------------------------------------------------- */

/* A tool as a model sees it. An agent that takes text is one with a `text`, and no read_only one:
 * it may do anything. */
struct jv_function {
    const char *name; /* tickets__get_my_tickets: [A-Za-z0-9_-]{1,64}, each once */
    const char *agent, *tool;
    const char *description;
    struct Google__Protobuf__Struct *schema; /* of its arguments */
    bool read_only;
};

/* The tools a model may be offered for a text: all, or when there are more than max those of the
 * turn before and of `own` (the built-in planner's plan; may be NULL), then the likeliest by the
 * words. In the order of the catalogue. Made in the arena. */
size_t jv_plan_functions(const struct jv_catalog *c, const struct jv_plan_input *in,
                         const struct jv_plan *own, size_t max, struct jv_arena *a,
                         struct jv_function **ret);

struct jv_choice {
    const char *name;
    const struct Google__Protobuf__Struct
            *arguments; /* NULL: the model wrote none that make sense */
};

/* What a model chose, as a plan. It is as untrusted as what comes from outside: INVALID_ARGUMENT,
 * and no plan, when one is of no function that was offered (or is not there any more), its
 * arguments do not fit, it is about a person nobody spoke of, or there are too many.
 *
 * An agent that takes text gets the person's own words, whatever the model wrote.
 *
 * A change goes through at once only when `own`, what the built-in planner made of the same words,
 * has it too, and then as `own` has it, as often; else the plan asks first, as for all doubtful
 * changes. What a change lacks is asked for. */
JV_CHECKED int jv_plan_chosen(const struct jv_catalog *c, const struct jv_plan_input *in,
                              const struct jv_plan *own, size_t n_functions,
                              const struct jv_function *functions, size_t n,
                              const struct jv_choice *choices, struct jv_arena *a,
                              struct jv_plan *ret, struct jv_err *err);
/* A plan that says something and calls nothing; the memory goes on as it was. */
void jv_plan_said(const struct jv_catalog *c, const struct jv_plan_input *in, const char *text,
                  struct jv_arena *a, struct jv_plan *ret);

/* ---- suggestions for somebody ---------------------------------------------------------------- */

/* What a suggestion goes by; all may be NULL or 0. */
struct jv_suggest_input {
    const char *scope;    /* the asker's, space-separated; NULL: not known, so what everybody may */
    const char *username; /* the asker */
    const char *question; /* just asked, and never suggested */
    size_t n_done;        /* calls just made */
    const struct jv_planned *done;
    const struct Google__Protobuf__Struct *const *results; /* their reply messages, NULL: none */
    const char *const *seen;  /* names that stood in answers; NULL-terminated */
    const char *const *stale; /* asked or suggested lately, so only if there is nothing else;
                               * NULL-terminated */
};

/* As jv_plan_suggest(), which knows nothing of the asker; nothing that the asker may not do. A
 * number or a name of somebody stands in it only when it does in the results: the first of a list
 * by its number, and for whoever may see everybody's another thing of somebody who was shown.
 * Before the neighbours comes the same of something else: GCP after AWS. Whoever may see
 * everybody's is not sent to their own. */
size_t jv_plan_suggest_to(const struct jv_catalog *c, struct jv_arena *a,
                          const struct jv_suggest_input *in, size_t max, const char **ret);

#endif
