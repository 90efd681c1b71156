/* house.h -- what protects the house from language models, and them from it.
 *
 * A request becomes a flight (flight.c), which those who ask the same share; its job is tried with
 * one model after the other (attempt.c). Each try waits for its turn (queue.c) until a model is
 * well and has room (models.c), and is written down (usage.c). models.c and queue.c know no clock
 * and no message: the time is handed in. */
#ifndef LLM_HOUSE_H
#define LLM_HOUSE_H

#include "llm.h"

enum {
    max_models = 16,
    max_tokens_most = 8192,
    max_request = 512 * 1024, /* bytes, packed */
    method_ms = 120000,       /* of Generate, Stream and Embed: JARVIS_LLM_TIMEOUT is shorter */
    key_size = 32,
    purpose_size = 33,
};

/* ---- models.c: how a model is ---------------------------------------------------------------- */

/* A bucket of what a minute allows; its level is in 60 000ths, so that each ms adds per_minute. */
struct bucket {
    int64_t per_minute; /* 0: no limit */
    int64_t level, filled_ms;
};

struct health {
    const struct model *model;
    int64_t running;
    struct bucket requests, tokens;
    int64_t limited_until_ms; /* the provider said so */
    int64_t rests_until_ms;   /* 0: it serves */
    int64_t rest_ms;          /* its last rest; the next one is twice as long */
    bool probing;             /* one call finds out whether it serves again */
    unsigned failed_in_a_row, n_results;
    uint32_t results; /* of the last 20, a bit each, 1: failed */
    char reason[160]; /* of the last failure */
    struct {
        int64_t calls, failed, input, output, cost;
    } total; /* since the process began */
};

enum result {
    RESULT_FINE,
    RESULT_FAILED,
    RESULT_LIMITED, /* 429: it is well, and said no */
    RESULT_NEITHER, /* given up by us, or the request's own fault */
};

struct verdict {
    enum result result;
    const char *reason;
    int64_t estimated, used; /* tokens */
    int64_t limited_ms;      /* from now; of RESULT_LIMITED, 0: it did not say */
};

void health_init(struct health *h, const struct model *m, int64_t now_ms);
/* Milliseconds until a call of so many tokens may begin; health_away: it rests. */
enum { health_away = -1 };
int64_t health_wait(struct health *h, int64_t tokens, int64_t now_ms);
/* Has it room for one more at once? The last place is not for background work. */
bool health_room(const struct health *h, bool background);
/* True: it is the one that finds out whether the model serves again. */
bool health_begin(struct health *h, int64_t tokens, int64_t now_ms);
void health_end(struct health *h, const struct verdict *v, bool probe, int64_t now_ms);
/* "serving", "resting" or "limited" */
const char *health_state(struct health *h, int64_t now_ms);

/* ---- queue.c: whose turn it is --------------------------------------------------------------- */

enum { pass_by_ms = 2000 }; /* a model that is limited longer is passed by */

enum turn { TURN_WAITS, TURN_GRANTED, TURN_REFUSED /* none of its models serves */ };

/* A call that waits; the caller's memory. */
struct waiting {
    const char *person;
    bool background;
    bool again;      /* it had its turn before: to the front, and past the limits */
    uint32_t models; /* bit i: the i-th will do */
    int64_t tokens;
    struct jv_ctx *ctx; /* to be woken; NULL: nobody is */
    /* Results. */
    enum turn turn;
    size_t model;
    /* The queue's own. */
    bool probe;
    int64_t tag;
    struct waiting *next;
};

struct queue {
    struct health *models;
    size_t n_models;
    int64_t max, per_person, parallel;
    int64_t n, running;
    int64_t served[2]; /* tags; of interactive and of background calls */
    struct waiting *first;
};

/* RESOURCE_EXHAUSTED: err says of what. */
JV_CHECKED int queue_enter(struct queue *q, struct waiting *w, struct jv_err *err);
void queue_leave(struct queue *q, struct waiting *w); /* not there: nothing happens */
/* Somebody waits for it now. */
void queue_promote(struct queue *q, struct waiting *w);
/* Whoever can begin begins; ms until time alone may change something (INT64_MAX: never). */
int64_t queue_serve(struct queue *q, int64_t now_ms);
/* The call that was granted is over. */
void queue_done(struct queue *q, const struct waiting *w, const struct verdict *v, int64_t now_ms);

/* ---- usage.c: what it costs, and who has how much -------------------------------------------- */

struct used; /* a row that is not in the database yet */
struct spender;
struct flusher;

struct usage {
    int64_t budget; /* micro-USD for a person's day; 0: no limit */
    struct used *waiting, *flushing;
    size_t n_waiting, n_dropped;
    struct spender *spenders;
    size_t n_spenders;
    bool busy;                /* a flush is under way */
    struct flusher *flushers; /* wait for its end */
    uint64_t n_flushes;       /* that began */
    int64_t away_until_ms;    /* the database does not answer: not asked until then */
};

struct call_use {
    const char *person, *agent, *model, *purpose;
    int64_t calls, cached, input, output, cost;
};

/* The price of a call, in micro-USD, rounded up. */
int64_t usage_cost(const struct model *m, int64_t input, int64_t output);
/* "0.30" -> 300000; INVALID_ARGUMENT for what is no amount of at most $1000 with six decimals. */
JV_CHECKED int usage_parse_usd(const char *s, int64_t *ret_microusd);
/* Written down, soon. Never fails; waits only when the process is stopping. */
void usage_add(struct jv_ctx *ctx, const struct call_use *u);
int usage_flush(struct jv_ctx *ctx); /* the timer; waits */
/* RESOURCE_EXHAUSTED: used up. usage_check() asks the database, usage_known() never waits. */
JV_CHECKED int usage_check(struct jv_ctx *ctx, const char *person);
JV_CHECKED int usage_known(struct jv_ctx *ctx, const char *person);
int usage_report(struct jv_ctx *ctx, const Llm__UsageRequest *req, Llm__UsageReply *ret);
void usage_forget(struct usage *u); /* all of it: the process ends */

/* ---- cache.c --------------------------------------------------------------------------------- */

struct cached;

struct cache {
    int64_t ttl_ms; /* 0: off */
    size_t bytes, n;
    struct cached *newest, *oldest;
};

/* A copy in the arena; NULL: it is not there. */
Llm__GenerateReply *cache_get(struct cache *c, const uint8_t key[key_size], int64_t now_ms,
                              struct jv_arena *a);
void cache_put(struct cache *c, const uint8_t key[key_size], const Llm__GenerateReply *reply,
               int64_t now_ms);
void cache_forget(struct cache *c);

/* ---- the actor ------------------------------------------------------------------------------- */

struct flight;

struct llm {
    /* Settings. */
    const char *models_text, *budget_text, *ca;
    const char *gemini_key, *google_key, *openai_key, *anthropic_key;
    const char *gemini_url, *openai_url, *anthropic_url;
    int64_t queue_max, parallel, cache_ms, first_ms, idle_ms, total_ms;
    /* config.c */
    struct jv_arena *keep;
    size_t n_models;
    struct model *models;
    const char *allow; /* for fetch: the addresses that the operator named */
    /* The rest. */
    struct health health[max_models];
    struct queue queue;
    struct cache cache;
    struct usage usage;
    struct flight *flights; /* that may be joined */
    int64_t n_cached;       /* answers that no model was asked for */
    char instance[37];      /* of this process */
};

/* ---- config.c
 * ------------------------------------------------------------------------------------ */

/* Fills keep, models, allow from the settings; the error names the setting and the member. */
JV_CHECKED int config_load(struct llm *s, struct jv_err *err);

/* ---- attempt.c: one call, with whichever model serves
 * -------------------------------------------- */

struct job {
    const char *person, *agent, *purpose;
    bool background;
    uint32_t models;
    int64_t tokens;                       /* what it may take, estimated */
    const int64_t *until_ms;              /* real; may move while it runs */
    struct waiting *waiting;              /* in the queue just now, or NULL */
    const Llm__GenerateRequest *generate; /* or */
    const Llm__EmbedRequest *embed;
    int (*piece)(void *arg, const char *text, size_t len); /* NULL: whole */
    void *arg;
    /* Results, in the arena of ctx. */
    Llm__GenerateReply *reply;
    Llm__EmbedReply *vectors;
};

/* The bits of all models that do what is asked; 0: none. name "": any. */
uint32_t models_for(const struct llm *s, bool embeds, const char *name);
JV_CHECKED int attempt(struct jv_ctx *ctx, struct job *job);

/* ---- flight.c: asked at once, asked once
 * ---------------------------------------------------------- */

/* The request was checked. streams: its pieces are emitted as they come. */
JV_CHECKED int flight_take(struct jv_ctx *ctx, const Llm__GenerateRequest *req, bool streams,
                           Llm__GenerateReply **ret);
/* Until when an answer is of use to this message: real ms. */
int64_t flight_until(struct jv_ctx *ctx);

#endif
