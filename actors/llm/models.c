/* models.c -- how each model does: its rates, its breaker, its places. */
#include "house.h"

#include <stdio.h>
#include <string.h>

enum {
    minute_ms = 60000,
    most_owed = 10, /* minutes' worth */
    failures_in_a_row = 5,
    window = 20,
    first_rest_ms = 10000,
    longest_rest_ms = 300000,
};

/* ---- rates ---------------------------------------------------------------------------------- */

static void bucket_fill(struct bucket *b, int64_t now)
{
    int64_t full = b->per_minute * minute_ms, passed = now - b->filled_ms;

    if (passed > minute_ms)
        passed = minute_ms;
    if (passed > 0) /* a clock that went back adds nothing */
        b->level += passed * b->per_minute;
    if (b->level > full)
        b->level = full;
    b->filled_ms = now;
}

/* What is more than a minute allows has to do with a full bucket. */
static int64_t bucket_wait(struct bucket *b, int64_t n, int64_t now)
{
    int64_t missing;

    if (!b->per_minute)
        return 0;
    bucket_fill(b, now);
    missing = (n < b->per_minute ? n : b->per_minute) * minute_ms - b->level;
    return missing > 0 ? (missing + b->per_minute - 1) / b->per_minute : 0;
}

/* n may be negative: it comes back. The level may fall below nothing, by ten minutes' worth: n is
 * what a provider says. */
static void bucket_take(struct bucket *b, int64_t n, int64_t now)
{
    int64_t most = most_owed * b->per_minute;

    if (!b->per_minute)
        return;
    b->level -= (n < most ? n : most) * minute_ms;
    if (b->level < -most * minute_ms)
        b->level = -most * minute_ms;
    bucket_fill(b, now);
}

/* ---- the breaker ---------------------------------------------------------------------------- */

static void rest(struct health *h, int64_t now)
{
    h->rest_ms = h->rest_ms ? 2 * h->rest_ms : first_rest_ms;
    if (h->rest_ms > longest_rest_ms)
        h->rest_ms = longest_rest_ms;
    h->rests_until_ms = now + h->rest_ms;
    h->failed_in_a_row = h->n_results = 0;
    h->results = 0;
}

static bool is_bad(const struct health *h)
{
    return h->failed_in_a_row >= failures_in_a_row ||
           (h->n_results >= window && __builtin_popcount(h->results) > window / 2);
}

static void remember(struct health *h, bool failed)
{
    h->results = (h->results << 1 | failed) & ((1u << window) - 1);
    h->n_results += h->n_results < window;
    h->failed_in_a_row = failed ? h->failed_in_a_row + 1 : 0;
}

static void serve_again(struct health *h)
{
    h->rests_until_ms = h->rest_ms = 0;
    h->reason[0] = '\0';
}

static void judge(struct health *h, const struct verdict *v, bool probe, int64_t now)
{
    if (v->result == RESULT_NEITHER)
        return;
    if (v->result == RESULT_FAILED && v->reason)
        snprintf(h->reason, sizeof(h->reason), "%.*s",
                 (int)jv_clip(v->reason, strlen(v->reason), sizeof(h->reason) - 1), v->reason);
    if (probe && v->result != RESULT_FAILED)
        serve_again(h);
    if (h->rests_until_ms && !probe) /* begun before it was sent to rest */
        return;
    remember(h, v->result == RESULT_FAILED);
    if ((probe && v->result == RESULT_FAILED) || is_bad(h))
        rest(h, now);
}

/* ---- a model -------------------------------------------------------------------------------- */

void health_init(struct health *h, const struct model *m, int64_t now_ms)
{
    *h = (struct health){ .model = m };
    h->requests =
            (struct bucket){ m->requests_per_minute, m->requests_per_minute * minute_ms, now_ms };
    h->tokens = (struct bucket){ m->tokens_per_minute, m->tokens_per_minute * minute_ms, now_ms };
}

int64_t health_wait(struct health *h, int64_t tokens, int64_t now_ms)
{
    int64_t wait = bucket_wait(&h->requests, 1, now_ms);
    int64_t more = bucket_wait(&h->tokens, tokens, now_ms);

    if (h->rests_until_ms && (h->probing || now_ms < h->rests_until_ms))
        return health_away;
    if (more > wait)
        wait = more;
    more = h->limited_until_ms - now_ms;
    return more > wait ? more : wait;
}

bool health_room(const struct health *h, bool background)
{
    int64_t places = h->model->parallel;

    return !places || h->running < places - (background && places > 1);
}

bool health_begin(struct health *h, int64_t tokens, int64_t now_ms)
{
    h->running++;
    h->probing = h->rests_until_ms != 0;
    bucket_take(&h->requests, 1, now_ms);
    bucket_take(&h->tokens, tokens, now_ms);
    return h->probing;
}

void health_end(struct health *h, const struct verdict *v, bool probe, int64_t now_ms)
{
    h->running--;
    h->probing = h->probing && !probe;
    bucket_take(&h->tokens, v->used - v->estimated, now_ms);
    if (v->limited_ms > 0 && now_ms + v->limited_ms > h->limited_until_ms)
        h->limited_until_ms = now_ms + v->limited_ms;
    judge(h, v, probe, now_ms);
}

const char *health_state(struct health *h, int64_t now_ms)
{
    int64_t wait = health_wait(h, 1, now_ms);

    if (h->rests_until_ms)
        return "resting";
    return wait > 0 ? "limited" : "serving";
}
