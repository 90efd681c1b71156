/* flight.c -- asked at once, asked once: those with the same question share one call, and whoever
 * asked first may leave while the others still get theirs.
 *
 * A flight is work of the actor itself, with an arena of its own. It ends early when all who wait
 * for it have left. */
#include "house.h"

#include <string.h>

#include "jv/token.h"

enum {
    arena_limit = 32 << 20,
    reserve_ms = 100, /* for the answer's way back */
    runner_ms = method_ms + 10000,
};

struct caller {
    struct jv_ctx *ctx;
    struct caller *next;
};

struct flight {
    struct jv_arena *arena; /* it lives in it, as do all that it points to */
    struct llm *s;
    unsigned refs; /* callers, and the runner */
    uint8_t key[key_size];
    bool keyed, streams;
    int64_t until_ms;
    struct job job;
    struct jv_buf text; /* of the pieces so far */
    struct caller *callers;
    struct jv_ctx *runner; /* NULL: not begun, or over */
    bool done;
    struct jv_err err;
    const Llm__GenerateReply *reply; /* in the runner's arena until it is done */
    struct flight *next;
};

/* ---- what is the same ----------------------------------------------------------------------- */

static void add_text(struct jv_buf *b, const char *s)
{
    jv_buf_add(b, s, strlen(s) + 1);
}

/* Of the models too: their order, and where they are. The person unless the request says that
 * nothing in it is theirs. */
static void make_key(struct jv_ctx *ctx, const Llm__GenerateRequest *req, const char *person,
                     uint8_t ret[key_size])
{
    const struct llm *s = jv_state(ctx);
    struct jv_buf b = jv_buf_new(jv_arena(ctx));
    Llm__GenerateRequest same = *req;
    const uint8_t *bytes;
    size_t len;

    same.purpose = same.agent = "";
    same.background = same.shared = false;
    bytes = jv_pack(&same, jv_arena(ctx), &len);
    for (size_t i = 0; i < s->n_models; i++) {
        add_text(&b, s->models[i].name);
        add_text(&b, s->models[i].url);
    }
    add_text(&b, "");
    add_text(&b, req->shared ? "everybody" : "person");
    add_text(&b, req->shared ? "" : person);
    jv_buf_add(&b, bytes, len);
    jv_sha256(b.data, b.len, ret);
}

static struct flight *find(struct llm *s, const uint8_t key[key_size], bool streams)
{
    struct flight *f = s->flights;

    while (f && (f->streams != streams || memcmp(f->key, key, key_size) != 0))
        f = f->next;
    return f;
}

static void unlist(struct flight *f)
{
    struct flight **at = &f->s->flights;

    while (*at && *at != f)
        at = &(*at)->next;
    if (*at)
        *at = f->next;
}

static void release(struct flight *f)
{
    if (!--f->refs)
        jv_arena_free(f->arena);
}

/* ---- the runner ----------------------------------------------------------------------------- */

static void wake_all(struct flight *f)
{
    for (struct caller *c = f->callers; c; c = c->next)
        jv_wake(c->ctx);
}

static int on_piece(void *arg, const char *text, size_t len)
{
    struct flight *f = arg;

    jv_buf_add(&f->text, text, len);
    wake_all(f);
    return JV_OK;
}

static const Llm__GenerateReply *copy_reply(const Llm__GenerateReply *reply, struct jv_arena *a)
{
    struct jv_err err;
    size_t len;
    const uint8_t *bytes = jv_pack(reply, a, &len);

    return (void *)jv_unpack(&llm__generate_reply__descriptor, bytes, len, a, &err);
}

static void end(struct flight *f, int code, const struct jv_err *err)
{
    if (f->done)
        return;
    f->done = true;
    unlist(f);
    if (code) {
        f->err = *err;
        f->err.code = code;
    }
    wake_all(f);
    if (f->runner)
        jv_wake(f->runner);
}

static int fly(struct jv_ctx *ctx, void *arg)
{
    struct flight *f = arg;
    int r = attempt(ctx, &f->job);

    if (!r)
        f->reply = copy_reply(f->job.reply, f->arena);
    if (!r && !f->reply) /* larger than a message may be, or deeper */
        r = jv_fail(ctx, JV_UNAVAILABLE, "the model's answer is too large");
    if (!r && f->keyed)
        cache_put(&f->s->cache, f->key, f->reply, jv_real_ms(ctx));
    end(f, r, jv_error(ctx));
    return JV_OK;
}

static int run_flight(struct jv_ctx *ctx, void *arg)
{
    struct flight *f = *(struct flight **)arg;
    struct jv_child *child;
    int r = JV_OK;

    f->runner = ctx;
    child = jv_spawn(ctx, fly, f);
    while (!r && !f->done && f->callers)
        r = jv_wait(ctx, runner_ms);
    if (!f->done)
        jv_cancel(child);
    jv_join(ctx, child);
    end(f, JV_CANCELLED, jv_error(ctx));
    f->runner = NULL;
    release(f);
    return JV_OK;
}

/* ---- beginning ------------------------------------------------------------------------------ */

static struct flight *new_flight(struct jv_ctx *ctx, const Llm__GenerateRequest *req,
                                 const char *person)
{
    struct jv_arena *a = jv_arena_new(arena_limit);
    struct flight *f = JV_NEW(a, struct flight);
    struct jv_err err;
    size_t len;
    const uint8_t *bytes = jv_pack(req, a, &len);
    const Llm__GenerateRequest *copy;

    *f = (struct flight){ .arena = a, .s = jv_state(ctx), .refs = 1, .text = jv_buf_new(a) };
    copy = (void *)jv_unpack(&llm__generate_request__descriptor, bytes, len, a, &err);
    if (!copy) {
        jv_arena_free(a);
        jv_fail(ctx, err.code, "%s", err.text);
        return NULL;
    }
    f->job = (struct job){
        .person = jv_arena_strdup(a, person),
        .agent = copy->agent,
        .purpose = copy->purpose,
        .background = copy->background,
        .models = models_for(f->s, false, copy->model),
        .tokens = (int64_t)len / 4 + copy->max_tokens,
        .until_ms = &f->until_ms,
        .generate = copy,
    };
    return f;
}

static int start(struct jv_ctx *ctx, struct flight *f)
{
    int r;

    f->refs++;
    r = jv_background(ctx, "call", run_flight, &f, sizeof(f), runner_ms);
    if (r) {
        f->refs--;
        release(f);
        return r;
    }
    if (f->keyed) {
        f->next = f->s->flights;
        f->s->flights = f;
    }
    return JV_OK;
}

static int begin(struct jv_ctx *ctx, const Llm__GenerateRequest *req, const char *person,
                 const uint8_t key[key_size], bool streams, struct flight **ret)
{
    struct flight *f = new_flight(ctx, req, person);

    if (!f)
        return jv_error(ctx)->code;
    memcpy(f->key, key, key_size);
    f->keyed = !req->fresh;
    f->streams = streams;
    if (streams) {
        f->job.piece = on_piece;
        f->job.arg = f;
    }
    *ret = f;
    return start(ctx, f);
}

/* ---- waiting for it ------------------------------------------------------------------------- */

int64_t flight_until(struct jv_ctx *ctx)
{
    const struct llm *s = jv_state(ctx);
    int64_t left = jv_left_ms(ctx);

    left -= left > 2 * reserve_ms ? reserve_ms : left / 2;
    return jv_real_ms(ctx) + (left < s->total_ms ? left : s->total_ms);
}

static int emit_text(struct jv_ctx *ctx, const char *text)
{
    Llm__Piece piece = LLM__PIECE__INIT;

    piece.piece_case = LLM__PIECE__PIECE_TEXT;
    piece.text = text;
    return jv_emit(ctx, &piece);
}

static int emit_new(struct jv_ctx *ctx, const struct flight *f, size_t *sent)
{
    size_t from = *sent;

    *sent = f->text.len;
    if (!f->streams || from == *sent)
        return JV_OK;
    return emit_text(ctx, jv_arena_strndup(jv_arena(ctx), f->text.data + from, *sent - from));
}

static void come(struct flight *f, struct caller *me, int64_t until, bool background)
{
    me->next = f->callers;
    f->callers = me;
    if (until > f->until_ms)
        f->until_ms = until;
    if (background || !f->job.background)
        return;
    f->job.background = false;
    if (f->job.waiting)
        queue_promote(&f->s->queue, f->job.waiting);
}

static void leave(struct flight *f, const struct caller *me)
{
    struct caller **at = &f->callers;

    while (*at != me)
        at = &(*at)->next;
    *at = me->next;
    if (f->callers || f->done)
        return;
    unlist(f); /* nobody joins what is about to end */
    if (f->runner)
        jv_wake(f->runner);
}

static int wait_for(struct jv_ctx *ctx, const struct flight *f, int64_t until, size_t *sent)
{
    int r = emit_new(ctx, f, sent);

    while (!r && !f->done) {
        int64_t left = until - jv_real_ms(ctx);

        if (left <= 0)
            return jv_fail(ctx, JV_DEADLINE_EXCEEDED, "no language model answered in time");
        r = jv_wait(ctx, left);
        if (!r && !f->err.code)
            r = emit_new(ctx, f, sent);
    }
    return r;
}

/* It cost them nothing: the one who asked first paid. */
static void make_free(struct jv_ctx *ctx, const Llm__GenerateRequest *req, const char *person,
                      Llm__GenerateReply *reply)
{
    struct llm *s = jv_state(ctx);
    Llm__Use *u = reply->use;

    u->input_tokens = u->output_tokens = 0;
    u->cost_microusd = 0;
    u->cached = true;
    s->n_cached++;
    usage_add(ctx, &(struct call_use){ .person = person,
                                       .agent = req->agent,
                                       .model = u->model,
                                       .purpose = req->purpose,
                                       .calls = 1,
                                       .cached = 1 });
}

static int follow(struct jv_ctx *ctx, struct flight *f, bool background, Llm__GenerateReply **ret)
{
    struct caller me = { .ctx = ctx };
    int64_t until = flight_until(ctx);
    size_t sent = 0;
    int r;

    come(f, &me, until, background);
    r = wait_for(ctx, f, until, &sent);
    leave(f, &me);
    if (!r && f->err.code)
        r = jv_fail(ctx, f->err.code, "%s", f->err.text);
    if (!r)
        *ret = (void *)copy_reply(f->reply, jv_arena(ctx));
    release(f);
    return r;
}

/* ---- all of it ------------------------------------------------------------------------------ */

struct asked {
    const Llm__GenerateRequest *req;
    const char *person;
    uint8_t key[key_size];
    bool streams;
};

/* The check of the budget waits: somebody else may have begun meanwhile. */
static int take_once(struct jv_ctx *ctx, const struct asked *q, bool *ret_joined,
                     Llm__GenerateReply **ret)
{
    struct llm *s = jv_state(ctx);
    struct flight *f = q->req->fresh ? NULL : find(s, q->key, q->streams);
    int r = f ? JV_OK : usage_check(ctx, q->person);

    if (!r && !f && !q->req->fresh)
        f = find(s, q->key, q->streams);
    *ret_joined = f != NULL;
    if (f)
        f->refs++;
    else if (!r)
        r = begin(ctx, q->req, q->person, q->key, q->streams, &f);
    return r ? r : follow(ctx, f, q->req->background, ret);
}

static int take_flight(struct jv_ctx *ctx, const struct asked *q, Llm__GenerateReply **ret)
{
    bool joined;
    int r = take_once(ctx, q, &joined, ret);

    if (r == JV_RESOURCE_EXHAUSTED && joined) /* the other one's budget, or place in the queue */
        r = take_once(ctx, q, &joined, ret);
    if (!r && joined)
        make_free(ctx, q->req, q->person, *ret);
    return r;
}

int flight_take(struct jv_ctx *ctx, const Llm__GenerateRequest *req, bool streams,
                Llm__GenerateReply **ret)
{
    struct llm *s = jv_state(ctx);
    struct asked q = { .req = req, .streams = streams };

    q.person = jv_lower(jv_arena(ctx), jv_caller(ctx)->username);
    make_key(ctx, req, q.person, q.key);
    *ret = req->fresh ? NULL : cache_get(&s->cache, q.key, jv_real_ms(ctx), jv_arena(ctx));
    if (!*ret)
        return take_flight(ctx, &q, ret);
    make_free(ctx, req, q.person, *ret);
    return streams && (*ret)->text[0] ? emit_text(ctx, (*ret)->text) : JV_OK;
}
