/* llm_stage.h -- a world with the actor llm in it; the providers are a script in this program, put
 * in the place of wire_generate() and wire_embed() by the linker. */
#ifndef LLM_STAGE_H
#define LLM_STAGE_H

#include "actors/asking.h"
#include "actors/llm/house.h"

extern const struct jv_actor llm_actor;

enum { MANY = 600 };

/* How a model behaves. */
struct script {
    int fail_next; /* so many calls; -1: all */
    long status;   /* of those that fail */
    int64_t retry_after_ms;
    int64_t delay_ms; /* before it says anything */
    bool cut;         /* it says one piece, and fails */
    int64_t input, output;
    int n; /* calls */
};

static struct {
    struct script a, b;  /* of the models gemini/a and openai/b */
    char said[MANY][32]; /* the last turn of each call, in their order */
    int n;
} fake;

static struct script *script_of(const struct model *m)
{
    return strcmp(m->model, "a") == 0 ? &fake.a : &fake.b;
}

static void note(const char *text)
{
    if (fake.n < MANY)
        snprintf(fake.said[fake.n], sizeof(fake.said[0]), "%s", text);
    fake.n++;
}

/* Wait, and fail if that is the script; JV_OK: it goes on. */
static int begin(struct jv_ctx *ctx, const struct model *m, const struct wire_limits *limits,
                 struct wire_outcome *out)
{
    struct script *s = script_of(m);
    bool late = s->delay_ms > limits->first_ms;
    int r = jv_sleep(ctx, (uint32_t)(late ? limits->first_ms : s->delay_ms));

    *out = (struct wire_outcome){ .retry_after_ms = -1, .try_again = true, .other_model = true };
    s->n++;
    out->try_again = !late;
    if (!r && late)
        r = jv_fail(ctx, JV_UNAVAILABLE, "%s: it says nothing", m->name);
    if (!r && s->fail_next) {
        s->fail_next -= s->fail_next > 0;
        out->status = s->status;
        out->retry_after_ms = s->retry_after_ms;
        out->other_model = s->status != 400;
        out->try_again = s->status != 400 && s->status != 401;
        r = jv_fail(ctx, JV_UNAVAILABLE, "%s: HTTP %ld", m->name, s->status);
    }
    return out->code = r;
}

static const char *last_text(const Llm__GenerateRequest *req)
{
    return req->turns[req->n_turns - 1]->text;
}

extern __typeof__(wire_generate) __wrap_wire_generate;
extern __typeof__(wire_embed) __wrap_wire_embed;

/* Says "echo" and what was asked, in two pieces. */
void __wrap_wire_generate(struct jv_ctx *ctx, const struct model *m,
                          const Llm__GenerateRequest *req, const struct wire_limits *limits,
                          int (*piece)(void *arg, const char *text, size_t len), void *arg,
                          struct wire_answer *ret, struct wire_outcome *out)
{
    struct script *s = script_of(m);
    const char *text = last_text(req);

    note(text);
    if (begin(ctx, m, limits, out))
        return;
    jv_buf_str(&ret->text, "echo ");
    out->begun = piece != NULL;
    if (piece)
        out->code = piece(arg, "echo ", 5);
    if (!out->code && s->cut) {
        s->cut = false;
        out->code = jv_fail(ctx, JV_UNAVAILABLE, "%s: it broke off", m->name);
        out->try_again = out->other_model = !out->begun;
    }
    if (!out->code)
        out->code = jv_sleep(ctx, 100);
    if (out->code)
        return;
    jv_buf_str(&ret->text, text);
    if (piece)
        out->code = piece(arg, text, strlen(text));
    ret->finish = strcmp(text, "blocked") == 0 ? LLM__GENERATE_REPLY__FINISH__blocked
                  : strcmp(text, "cut") == 0   ? LLM__GENERATE_REPLY__FINISH__length
                                               : LLM__GENERATE_REPLY__FINISH__stop;
    ret->input_tokens = s->input;
    ret->output_tokens = s->output;
    ret->ended = true;
}

void __wrap_wire_embed(struct jv_ctx *ctx, const struct model *m, const Llm__EmbedRequest *req,
                       const struct wire_limits *limits, Llm__EmbedReply *ret, int64_t *ret_tokens,
                       struct wire_outcome *out)
{
    if (begin(ctx, m, limits, out))
        return;
    ret->vectors = JV_NEW_ARRAY(jv_arena(ctx), Llm__Vector *, req->n_texts);
    ret->n_vectors = req->n_texts;
    for (size_t i = 0; i < req->n_texts; i++) {
        Llm__Vector *v = jv_msg_new(&llm__vector__descriptor, jv_arena(ctx));

        v->n_values = 1;
        v->values = JV_NEW(jv_arena(ctx), float);
        v->values[0] = (float)strlen(req->texts[i]);
        ret->vectors[i] = v;
    }
    *ret_tokens = 7;
}

/* ---- the stage ------------------------------------------------------------------------------ */

struct stage {
    struct world *w;
    struct jv_node *node;
    const char *vishal, *happy, *admin;
};

#define MODEL_A                                                                                    \
    "{\"provider\":\"gemini\",\"model\":\"a\",\"url\":\"http://127.0.0.1:9\","                     \
    "\"price_input\":\"1\",\"price_output\":\"10\"}"
#define MODEL_B "{\"provider\":\"openai\",\"model\":\"b\",\"url\":\"http://127.0.0.1:9/v1\"}"
#define MODEL_E                                                                                    \
    "{\"provider\":\"openai\",\"model\":\"e\",\"url\":\"http://127.0.0.1:9/v1\",\"embeds\":true,"  \
    "\"price_input\":\"1000\"}"

static const char *const names[] = {
    "JARVIS_LLM_MODELS", "JARVIS_LLM_BUDGET",   "JARVIS_LLM_QUEUE",  "JARVIS_LLM_PARALLEL",
    "JARVIS_LLM_CACHE",  "JARVIS_LLM_TIMEOUT",  "JARVIS_LLM_FIRST",  "GEMINI_API_KEY",
    "GOOGLE_API_KEY",    "OPENAI_API_KEY",      "ANTHROPIC_API_KEY", "JARVIS_GEMINI_URL",
    "JARVIS_OPENAI_URL", "JARVIS_ANTHROPIC_URL"
};

/* Pairs of settings; ends with NULL. */
static inline void set_all(const char *const *pairs)
{
    for (size_t i = 0; i < JV_COUNT(names); i++)
        unsetenv(names[i]);
    for (; pairs && *pairs; pairs += 2)
        setenv(pairs[0], pairs[1], 1);
}

static inline struct stage stage_with(const char *models, const char *const *pairs)
{
    struct stage s = { .w = world_new() };

    memset(&fake, 0, sizeof(fake));
    fake.a = (struct script){ .status = 503, .retry_after_ms = -1, .input = 100, .output = 20 };
    fake.b = fake.a;
    world_db(jv_migration_files, NULL);
    world_sql(s.w, "truncate llm.usage");
    set_all(pairs);
    if (models)
        setenv("JARVIS_LLM_MODELS", jv_arena_printf(world_arena(s.w), "{\"models\":[%s]}", models),
               1);
    world_listen(s.w, "audit.llm.*");
    s.node = world_start(s.w, &llm_actor);
    s.vishal = world_person(s.w, "user_001", "vishal", "developer");
    s.happy = world_person(s.w, "user_002", "happy", "developer");
    s.admin = world_person(s.w, "user_admin", "admin", "admin");
    return s;
}

static inline struct stage stage_new(void)
{
    return stage_with(MODEL_A "," MODEL_B, NULL);
}

/* The question, with more members: ",\"shared\":true". */
static inline const char *question(struct stage *s, const char *text, const char *more)
{
    return jv_arena_printf(
            world_arena(s->w),
            "{\"turns\":[{\"role\":\"user\",\"text\":\"%s\"}],\"purpose\":\"plan\"%s}", text, more);
}

static inline struct world_reply generate(struct stage *s, const char *token, const char *text,
                                          const char *more)
{
    return world_ask(s->w, token, "svc.llm.Generate", question(s, text, more));
}

static inline void send(struct stage *s, const char *token, const char *method, const char *text,
                        const char *more)
{
    world_send(s->w, token, jv_arena_printf(world_arena(s->w), "svc.llm.%s", method),
               question(s, text, more));
}

static inline struct world_reply models(struct stage *s)
{
    return world_ask(s->w, NULL, "svc.llm.Models", "{}");
}

/* Behind the curtain, while answers are still out. */
static inline const struct queue *queue_of(const struct stage *s)
{
    return &((const struct llm *)s->node->state)->queue;
}

static inline void check_queue(const struct stage *s, int64_t waiting, int64_t running)
{
    CHECK_INT(queue_of(s)->n, waiting);
    CHECK_INT(queue_of(s)->running, running);
}

static inline int64_t now(struct stage *s)
{
    return jv_loop_real_ms(world_loop(s->w));
}

/* All that was written down, as day|who|agent|model|purpose|calls|cached|in|out|cost lines. */
static inline const char *used(struct stage *s)
{
    world_advance(s->w, 6000); /* the timer's, whatever came of the first try */
    return world_sql(
            s->w, "select coalesce(string_agg(concat_ws('|', day, username, agent, model, purpose,"
                  " calls, cached, input_tokens, output_tokens, cost_microusd), e'\\n'"
                  " order by day, username, agent, model, purpose), '') from llm.usage");
}

/* Ask with a deadline of one's own, and never look at the answer. */
static inline void ask_briefly(struct stage *s, const char *method, const char *text, int64_t ms)
{
    struct jv_bus *bus = jv_bus_mem(world_broker(s->w), "asker");
    const char *json = question(s, text, "");
    struct jv_header headers[] = {
        { JV_H_CONTENT_TYPE, "application/json" },
        { JV_H_AUTHORIZATION, jv_arena_printf(world_arena(s->w), "Bearer %s", s->vishal) },
        { JV_H_DEADLINE, jv_arena_printf(world_arena(s->w), "%lld", (long long)(now(s) + ms)) },
    };

    CHECK_INT(jv_bus_publish(bus, jv_arena_printf(world_arena(s->w), "jarvis.svc.llm.%s", method),
                             "_INBOX.nobody.1", headers, JV_COUNT(headers), json, strlen(json)),
              JV_OK);
    world_advance(s->w, 1);
    jv_bus_free(bus);
}

#endif
