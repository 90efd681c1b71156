/* llm.c -- the actor: what is asked is checked here, and how the models do is told. */
#include "house.h"

#include <string.h>

enum {
    most_turns = 64,
    most_tools = 128,
    usual_tokens = 1024,
    most_texts = 100,
    most_text = 8192,
    most_person = 32, /* calls of one person that wait */
    most_days = 366,
    flush_every_ms = 5000,
};

/* ---- checks --------------------------------------------------------------------------------- */

static bool is_purpose(const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz_");

    return n && n < purpose_size && !s[n];
}

static const char *member(struct jv_ctx *ctx, const char *list, size_t i, const char *name)
{
    return jv_arena_printf(jv_arena(ctx), "%s[%zu]%s", list, i, name);
}

#define TOKEN_TEXT "must be up to 64 letters, digits, _ or -"

static int check_turn(struct jv_ctx *ctx, size_t i, const Llm__Turn *t)
{
    bool ours = t->role == LLM__ROLE__user;

    if (!ours && t->role != LLM__ROLE__assistant)
        return jv_fail_field(ctx, member(ctx, "turns", i, ".role"), "must be user or assistant");
    if (ours && t->n_calls)
        return jv_fail_field(ctx, member(ctx, "turns", i, ".calls"), "are the assistant's");
    if (!ours && t->n_results)
        return jv_fail_field(ctx, member(ctx, "turns", i, ".results"), "are the user's");
    if (!t->text[0] && !t->n_calls && !t->n_results)
        return jv_fail_field(ctx, member(ctx, "turns", i, ""), "has nothing in it");
    for (size_t k = 0; k < t->n_calls; k++)
        if (!jv_is_token(t->calls[k]->name))
            return jv_fail_field(ctx, member(ctx, member(ctx, "turns", i, ".calls"), k, ".name"),
                                 TOKEN_TEXT);
    for (size_t k = 0; k < t->n_results; k++)
        if (!jv_is_token(t->results[k]->name))
            return jv_fail_field(ctx, member(ctx, member(ctx, "turns", i, ".results"), k, ".name"),
                                 TOKEN_TEXT);
    return JV_OK;
}

static int check_tools(struct jv_ctx *ctx, const Llm__GenerateRequest *req)
{
    if (req->n_tools > most_tools)
        return jv_fail_field(ctx, "tools", "has more than %d entries", most_tools);
    if (req->n_tools && req->json_schema)
        return jv_fail_field(ctx, "json_schema", "does not go together with tools");
    for (size_t i = 0; i < req->n_tools; i++) {
        if (!jv_is_token(req->tools[i]->name))
            return jv_fail_field(ctx, member(ctx, "tools", i, ".name"), TOKEN_TEXT);
        for (size_t k = 0; k < i; k++)
            if (strcmp(req->tools[k]->name, req->tools[i]->name) == 0)
                return jv_fail_field(ctx, member(ctx, "tools", i, ".name"), "is there twice");
    }
    return JV_OK;
}

static int check_turns(struct jv_ctx *ctx, const Llm__GenerateRequest *req)
{
    int r = JV_OK;

    if (req->n_turns > most_turns)
        return jv_fail_field(ctx, "turns", "has more than %d entries", most_turns);
    for (size_t i = 0; !r && i < req->n_turns; i++)
        r = check_turn(ctx, i, req->turns[i]);
    if (!r && req->turns[req->n_turns - 1]->role != LLM__ROLE__user)
        r = jv_fail_field(ctx, "turns", "must end with the user's");
    return r;
}

static int check_purpose(struct jv_ctx *ctx, const char *purpose)
{
    return is_purpose(purpose) ? JV_OK
                               : jv_fail_field(ctx, "purpose", "must be up to 32 of a to z and _");
}

static int check_request(struct jv_ctx *ctx, const Llm__GenerateRequest *req)
{
    const struct llm *s = jv_state(ctx);
    int r = check_purpose(ctx, req->purpose);

    if (!r && protobuf_c_message_get_packed_size(&req->base) > max_request)
        return jv_fail(ctx, JV_INVALID_ARGUMENT, "the request is larger than %d bytes",
                       max_request);
    if (!r && (req->max_tokens < 0 || req->max_tokens > max_tokens_most))
        return jv_fail_field(ctx, "max_tokens", "must be between 1 and %d", max_tokens_most);
    if (!r && req->agent[0] && !jv_is_token(req->agent))
        return jv_fail_field(ctx, "agent", TOKEN_TEXT);
    if (!r)
        r = check_turns(ctx, req);
    if (!r)
        r = check_tools(ctx, req);
    if (!r && !models_for(s, false, ""))
        return jv_fail(ctx, JV_FAILED_PRECONDITION, "no language model is configured");
    if (!r && !models_for(s, false, req->model))
        return jv_fail_field(ctx, "model", "is none of the configured ones");
    return r;
}

static int check_embed(struct jv_ctx *ctx, const Llm__EmbedRequest *req)
{
    const struct llm *s = jv_state(ctx);
    int r = check_purpose(ctx, req->purpose);

    if (!r && req->n_texts > most_texts)
        return jv_fail_field(ctx, "texts", "has more than %d entries", most_texts);
    for (size_t i = 0; !r && i < req->n_texts; i++) {
        size_t len = strlen(req->texts[i]);

        if (!len || len > most_text)
            r = jv_fail_field(ctx, member(ctx, "texts", i, ""), "must have 1 to %d bytes",
                              most_text);
    }
    if (!r && !models_for(s, true, ""))
        return jv_fail(ctx, JV_FAILED_PRECONDITION, "no model that embeds is configured");
    return r;
}

/* ---- calls ---------------------------------------------------------------------------------- */

/* The person is known before anything else: fairness, budget, cache and usage hang on it. */
static int take(struct jv_ctx *ctx, const Llm__GenerateRequest *req, bool streams,
                Llm__GenerateReply **ret)
{
    Llm__GenerateRequest whole = *req;
    int r = jv_identify(ctx);

    if (!r)
        r = check_request(ctx, req);
    if (r)
        return r;
    whole.max_tokens = req->max_tokens ? req->max_tokens : usual_tokens;
    whole.agent = req->agent[0] ? req->agent : "JarvisAgent";
    return flight_take(ctx, &whole, streams, ret);
}

JV_TOOL_FN(generate, Llm__GenerateRequest, Llm__GenerateReply)
{
    Llm__GenerateReply *reply;
    int r = take(ctx, req, false, &reply);

    if (!r)
        *ret = *reply;
    return r;
}

JV_TOOL_FN(stream, Llm__GenerateRequest, Llm__Piece)
{
    Llm__Piece piece = LLM__PIECE__INIT;
    int r = take(ctx, req, true, &piece.done);

    (void)ret;
    piece.piece_case = LLM__PIECE__PIECE_DONE;
    return r ? r : jv_emit(ctx, &piece);
}

JV_TOOL_FN(embed, Llm__EmbedRequest, Llm__EmbedReply)
{
    const struct llm *s = jv_state(ctx);
    int64_t until = flight_until(ctx);
    struct job job = {
        .agent = "JarvisAgent",
        .purpose = req->purpose,
        .background = req->background,
        .models = models_for(s, true, ""),
        .tokens = (int64_t)protobuf_c_message_get_packed_size(&req->base) / 4 + 1,
        .until_ms = &until,
        .embed = req,
        .vectors = ret,
    };
    int r = jv_identify(ctx);

    job.person = jv_lower(jv_arena(ctx), jv_caller(ctx)->username);
    if (!r)
        r = check_embed(ctx, req);
    if (!r)
        r = usage_check(ctx, job.person);
    if (r)
        return r;
    jv_within(ctx, until - jv_real_ms(ctx));
    return attempt(ctx, &job);
}

/* ---- looking at it -------------------------------------------------------------------------- */

JV_TOOL_FN(models, Google__Protobuf__Empty, Llm__ModelList)
{
    struct llm *s = jv_state(ctx);

    (void)req;
    ret->waiting = (int32_t)s->queue.n;
    ret->running = (int32_t)s->queue.running;
    ret->cached = s->n_cached;
    ret->instance = s->instance;
    ret->models = JV_NEW_ARRAY(jv_arena(ctx), Llm__Model *, s->n_models);
    for (size_t i = 0; i < s->n_models; i++) {
        Llm__Model *m = jv_msg_new(&llm__model__descriptor, jv_arena(ctx));

        m->name = s->models[i].name;
        m->state = health_state(&s->health[i], jv_real_ms(ctx));
        m->embeds = s->models[i].embeds;
        m->calls = s->health[i].total.calls;
        m->failed = s->health[i].total.failed;
        m->input_tokens = s->health[i].total.input;
        m->output_tokens = s->health[i].total.output;
        m->cost_microusd = s->health[i].total.cost;
        if (strcmp(m->state, "resting") == 0)
            m->reason = jv_arena_strdup(jv_arena(ctx), s->health[i].reason);
        ret->models[ret->n_models++] = m;
    }
    return JV_OK;
}

JV_TOOL_FN(usage, Llm__UsageRequest, Llm__UsageReply)
{
    static const char all[] = "llm:read:all";
    const char *me = jv_lower(jv_arena(ctx), jv_caller(ctx)->username);
    Llm__UsageRequest whose = *req;

    if (req->days < 0 || req->days > most_days)
        return jv_fail_field(ctx, "days", "must be between 1 and %d", most_days);
    whose.username = req->username[0] ? jv_lower(jv_arena(ctx), req->username) : me;
    if (strcmp(whose.username, me) != 0 && !jv_caller_has(ctx, all)) {
        jv_denied(ctx, "scope", "%s", all);
        return jv_fail(ctx, JV_PERMISSION_DENIED, "access denied: %s is needed", all);
    }
    return usage_report(ctx, &whose, ret);
}

/* ---- life ----------------------------------------------------------------------------------- */

static int read_budget(struct llm *s, struct jv_err *err)
{
    if (s->budget_text[0] && usage_parse_usd(s->budget_text, &s->usage.budget))
        return jv_err_set(err, JV_INVALID_ARGUMENT,
                          "JARVIS_LLM_BUDGET: must be dollars a day, such as 0.50");
    return JV_OK;
}

/* A budget protects from nothing while calls have no price. */
static void tell(struct jv_ctx *ctx)
{
    const struct llm *s = jv_state(ctx);

    for (size_t i = 0; i < s->n_models; i++) {
        const struct model *m = &s->models[i];

        jv_info(ctx, "model %s%s at %s", m->name, m->embeds ? " (embeddings)" : "", m->url);
        if (s->usage.budget && !m->price_input && !m->price_output)
            jv_warn(ctx, "JARVIS_LLM_BUDGET does not count %s: it has no price", m->name);
    }
    if (!s->n_models)
        jv_info(ctx, "no language model is configured");
}

/* Also where no key is: a slip in one is no reason to ask elsewhere. */
static int check_urls(const struct llm *s, struct jv_err *err)
{
    const struct {
        const char *setting, *url;
    } all[] = { { "JARVIS_GEMINI_URL", s->gemini_url },
                { "JARVIS_OPENAI_URL", s->openai_url },
                { "JARVIS_ANTHROPIC_URL", s->anthropic_url } };
    char place[JV_PLACE];
    struct jv_err why = { 0 };

    for (size_t i = 0; i < JV_COUNT(all); i++)
        if (all[i].url[0] && jv_url_check(all[i].url, NULL, place, &why) && !place[0])
            return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: %s", all[i].setting, why.text);
    return JV_OK;
}

/* Read as at the start, on a copy. */
static int check(const void *state, struct jv_err *err)
{
    struct llm s = *(const struct llm *)state;
    int r = check_urls(&s, err);

    if (r)
        return r;
    s.keep = jv_arena_new(4 << 20);
    r = config_load(&s, err);
    if (!r)
        r = read_budget(&s, err);
    if (!r)
        r = jv_check_certificates("JARVIS_LLM_CA", s.ca, err);
    jv_arena_free(s.keep);
    return r;
}

static int start(struct jv_ctx *ctx)
{
    struct llm *s = jv_state(ctx);
    struct jv_err err = { 0 };
    int r;

    s->keep = jv_arena_new(4 << 20);
    r = config_load(s, &err);
    if (!r)
        r = read_budget(s, &err);
    if (r)
        return jv_fail(ctx, r, "%s", err.text);
    for (size_t i = 0; i < s->n_models; i++)
        health_init(&s->health[i], &s->models[i], jv_real_ms(ctx));
    s->queue = (struct queue){ .models = s->health,
                               .n_models = s->n_models,
                               .max = s->queue_max,
                               .per_person = most_person,
                               .parallel = s->parallel };
    s->cache.ttl_ms = s->cache_ms;
    jv_uuid(s->instance);
    s->instance[8] = '\0';
    tell(ctx);
    return JV_OK;
}

static void end(void *state)
{
    struct llm *s = state;

    cache_forget(&s->cache);
    usage_forget(&s->usage);
    s->keep = jv_arena_free(s->keep);
}

/* ---- the tables ----------------------------------------------------------------------------- */

static const struct jv_tool tools[] = {
    JV_TOOL("Generate", generate, .allow = JV_ALLOW_ACTOR, .timeout_ms = method_ms),
    JV_TOOL("Stream", stream, .allow = JV_ALLOW_ACTOR, .flags = JV_TOOL_STREAMS,
            .timeout_ms = method_ms),
    JV_TOOL("Embed", embed, .allow = JV_ALLOW_ACTOR, .timeout_ms = method_ms),
    JV_TOOL("Models", models, .allow = JV_ALLOW_ANYONE, .flags = JV_TOOL_READONLY),
    JV_TOOL("Usage", usage, .allow = JV_ALLOW_USER, .flags = JV_TOOL_READONLY),
    { 0 },
};

static const struct jv_timer timers[] = { { "usage", flush_every_ms, usage_flush }, { 0 } };

#define TEXT(env, member, help)                                                                    \
    {                                                                                              \
        env, "", help, JV_SET_TEXT, offsetof(struct llm, member), 0, 0                             \
    }
#define SECRET(env, member, help)                                                                  \
    {                                                                                              \
        env, "", help, JV_SET_SECRET, offsetof(struct llm, member), 0, 0                           \
    }
static const struct jv_setting settings[] = {
    SECRET("JARVIS_LLM_MODELS", models_text,
           "models in order, as \"gemini/gemini-2.5-flash\", or \"@/path\" of a JSON file; empty: "
           "of "
           "the keys that are set"),
    SECRET("GEMINI_API_KEY", gemini_key, "the key for Gemini"),
    SECRET("GOOGLE_API_KEY", google_key, "the same, when GEMINI_API_KEY is not set"),
    SECRET("OPENAI_API_KEY", openai_key, "the key for OpenAI and what speaks as it does"),
    SECRET("ANTHROPIC_API_KEY", anthropic_key, "the key for Anthropic"),
    TEXT("JARVIS_GEMINI_URL", gemini_url, "where Gemini is spoken to, if not at Google"),
    TEXT("JARVIS_OPENAI_URL", openai_url,
         "where OpenAI's protocol is spoken, such as http://127.0.0.1:11434/v1"),
    TEXT("JARVIS_ANTHROPIC_URL", anthropic_url, "where Anthropic's is, if not at Anthropic"),
    TEXT("JARVIS_LLM_CA", ca, "a file of certificates trusted for models besides the system's"),
    TEXT("JARVIS_LLM_BUDGET", budget_text,
         "US dollars that a person may use in a day; 0: no limit"),
    { "JARVIS_LLM_QUEUE", "256", "calls that may wait", JV_SET_INT, offsetof(struct llm, queue_max),
      1, 800 },
    { "JARVIS_LLM_PARALLEL", "16", "calls under way at once, of all models", JV_SET_INT,
      offsetof(struct llm, parallel), 1, 200 },
    { "JARVIS_LLM_CACHE", "10m", "how long an answer is good for the same question; 0: not at all",
      JV_SET_MSEC, offsetof(struct llm, cache_ms), 0, 86400000 },
    { "JARVIS_LLM_TIMEOUT", "60s", "the longest that a call may take", JV_SET_MSEC,
      offsetof(struct llm, total_ms), 100, method_ms - 10000 },
    { "JARVIS_LLM_FIRST", "15s", "the longest wait for the first piece of a streamed answer",
      JV_SET_MSEC, offsetof(struct llm, first_ms), 100, method_ms },
    { "JARVIS_LLM_IDLE", "10s", "the longest wait between two pieces", JV_SET_MSEC,
      offsetof(struct llm, idle_ms), 100, method_ms },
    { 0 },
};

JV_ACTOR(llm) = {
    .name = "llm",
    .version = "1.0.0",
    .summary = "language models: one face before several providers",
    .service = &llm__llm__descriptor,
    .tools = tools,
    .timers = timers,
    .settings = settings,
    .needs = JV_NEEDS_DB | JV_NEEDS_HTTP,
    .timeout_ms = 10000,
    .max_inflight = 1024,
    .state_size = sizeof(struct llm),
    .check = check,
    .init = start,
    .fini = end,
};
