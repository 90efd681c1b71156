/* usage.c -- what calls cost, written down; budgets of people's days.
 *
 * Rows wait in memory until the database has them, so nobody waits for it and nothing is lost
 * while it is away, up to a bound. A budget is judged by the database and what is not there yet;
 * while it is away by what is known here. */
#include "house.h"

#include <string.h>

#include "jv/db.h"

enum {
    most_waiting = 4096,
    most_spenders = 1024,
    most_rows = 2000, /* of a report: they fit into one message */
    flush_ms = 5000,
    ask_ms = 1000,
    most_asked = 2, /* of one question, while others write */
    away_ms = 5000,
    day_s = 86400,
};
static const int64_t million = 1000000;

/* ---- money ---------------------------------------------------------------------------------- */

int64_t usage_cost(const struct model *m, int64_t input, int64_t output)
{
    int64_t in, out, sum;

    if (__builtin_mul_overflow(input, m->price_input, &in) ||
        __builtin_mul_overflow(output, m->price_output, &out) ||
        __builtin_add_overflow(in, out, &sum) || sum > INT64_MAX - million)
        return INT64_MAX / million;
    return (sum + million - 1) / million;
}

int usage_parse_usd(const char *s, int64_t *ret_microusd)
{
    int64_t n = 0, scale = million;
    size_t digits = 0;

    for (; *s >= '0' && *s <= '9' && digits < 5; s++, digits++)
        n = 10 * n + (*s - '0');
    if (!digits || (*s && *s != '.') || (*s == '.' && !s[1]))
        return JV_INVALID_ARGUMENT;
    n *= million;
    for (s += *s == '.'; *s >= '0' && *s <= '9' && scale > 1; s++)
        n += (*s - '0') * (scale /= 10);
    if (*s || n > 1000 * million)
        return JV_INVALID_ARGUMENT;
    *ret_microusd = n;
    return JV_OK;
}

static const char *print_usd(struct jv_ctx *ctx, int64_t microusd)
{
    char *s = jv_arena_printf(jv_arena(ctx), "%lld.%06lld", (long long)(microusd / million),
                              (long long)(microusd % million));
    size_t len = strlen(s);

    while (len > 3 && s[len - 1] == '0' && s[len - 3] != '.')
        s[--len] = '\0';
    return s;
}

/* Money is spent by the real clock, wherever JARVIS_CLOCK stands. */
static int64_t today(struct jv_ctx *ctx)
{
    return jv_real_ms(ctx) / 1000 / day_s;
}

static const char *print_day(struct jv_ctx *ctx, int64_t day)
{
    int64_t y, m, d;

    jv_date_from_days(day, &y, &m, &d);
    return jv_arena_printf(jv_arena(ctx), "%04lld-%02lld-%02lld", (long long)y, (long long)m,
                           (long long)d);
}

/* ---- rows that wait ------------------------------------------------------------------------- */

struct used {
    int64_t day;
    struct call_use u; /* its own copies of the texts */
    struct used *next;
};

static bool is_same(const struct used *r, int64_t day, const struct call_use *u)
{
    return r->day == day && strcmp(r->u.person, u->person) == 0 &&
           strcmp(r->u.agent, u->agent) == 0 && strcmp(r->u.model, u->model) == 0 &&
           strcmp(r->u.purpose, u->purpose) == 0;
}

static struct used *new_row(int64_t day, const struct call_use *u)
{
    struct used r = { .day = day,
                      .u = { .person = jv_keep_strdup(u->person),
                             .agent = jv_keep_strdup(u->agent),
                             .model = jv_keep_strdup(u->model),
                             .purpose = jv_keep_strdup(u->purpose) } };

    return jv_keep_memdup(&r, sizeof(r));
}

static struct used *free_row(struct used *r)
{
    struct used *next = r->next;

    jv_keep_free((void *)r->u.person);
    jv_keep_free((void *)r->u.agent);
    jv_keep_free((void *)r->u.model);
    jv_keep_free((void *)r->u.purpose);
    jv_keep_free(r);
    return next;
}

static void sum_up(struct call_use *to, const struct call_use *u)
{
    to->calls += u->calls;
    to->cached += u->cached;
    to->input += u->input;
    to->output += u->output;
    to->cost += u->cost;
}

/* Too many that wait: it is counted, not kept. */
static void keep(struct usage *us, int64_t day, const struct call_use *u)
{
    struct used *r = us->waiting;

    while (r && !is_same(r, day, u))
        r = r->next;
    if (!r && us->n_waiting >= most_waiting) {
        us->n_dropped++;
        return;
    }
    if (!r) {
        r = new_row(day, u);
        r->next = us->waiting;
        us->waiting = r;
        us->n_waiting++;
    }
    sum_up(&r->u, u);
}

static int64_t cost_of(const struct used *r, int64_t day, const char *person)
{
    int64_t sum = 0;

    for (; r; r = r->next)
        if (r->day == day && strcmp(r->u.person, person) == 0)
            sum += r->u.cost;
    return sum;
}

/* ---- what people are known to have spent ---------------------------------------------------- */

struct spender {
    char *person;
    int64_t day, spent;
    struct spender *next;
};

static struct spender *find_spender(struct usage *us, const char *person, int64_t day)
{
    for (struct spender *p = us->spenders; p; p = p->next)
        if (strcmp(p->person, person) == 0) {
            p->spent = p->day == day ? p->spent : 0;
            p->day = day;
            return p;
        }
    return NULL;
}

static void free_spender(struct usage *us, struct spender *p)
{
    jv_keep_free(p->person);
    jv_keep_free(p);
    us->n_spenders--;
}

/* The one who was new first goes, when there are too many. */
static struct spender *get_spender(struct usage *us, const char *person, int64_t day)
{
    struct spender *p = find_spender(us, person, day), **at = &us->spenders;

    if (p)
        return p;
    if (us->n_spenders >= most_spenders) {
        while ((*at)->next)
            at = &(*at)->next;
        free_spender(us, *at);
        *at = NULL;
    }
    p = jv_keep_memdup(&(struct spender){ jv_keep_strdup(person), day, 0, us->spenders },
                       sizeof(*p));
    us->spenders = p;
    us->n_spenders++;
    return p;
}

/* ---- into the database ---------------------------------------------------------------------- */

struct columns {
    const char **texts[5];
    const char **numbers[5];
};

static void spread_row(struct jv_ctx *ctx, const struct used *r, size_t i, struct columns *c)
{
    const char *texts[] = { print_day(ctx, r->day), r->u.person, r->u.agent, r->u.model,
                            r->u.purpose };
    const int64_t numbers[] = { r->u.calls, r->u.cached, r->u.input, r->u.output, r->u.cost };

    for (size_t n = 0; n < JV_COUNT(texts); n++) {
        c->texts[n][i] = texts[n];
        c->numbers[n][i] = jv_arena_printf(jv_arena(ctx), "%lld", (long long)numbers[n]);
    }
}

static size_t spread(struct jv_ctx *ctx, const struct used *first, struct columns *c)
{
    size_t n = 0, i = 0;

    for (const struct used *r = first; r; r = r->next)
        n++;
    for (size_t k = 0; k < JV_COUNT(c->texts); k++) {
        c->texts[k] = JV_NEW_ARRAY(jv_arena(ctx), const char *, n);
        c->numbers[k] = JV_NEW_ARRAY(jv_arena(ctx), const char *, n);
    }
    for (const struct used *r = first; r; r = r->next)
        spread_row(ctx, r, i++, c);
    return n;
}

static int store(struct jv_ctx *ctx, void *unused)
{
    struct llm *s = jv_state(ctx);
    struct columns c;
    size_t n = spread(ctx, s->usage.flushing, &c);

    (void)unused;
    jv_within(ctx, flush_ms);
    return jv_db(ctx, NULL,
                 "insert into usage as u (day, username, agent, model, purpose, calls, cached,"
                 " input_tokens, output_tokens, cost_microusd)"
                 " select d::date, w, a, m, p, c::bigint, h::bigint, i::bigint, o::bigint,"
                 " x::bigint from unnest($1::text[], $2::text[], $3::text[], $4::text[],"
                 " $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])"
                 " as t (d, w, a, m, p, c, h, i, o, x) order by w, d, a, m, p"
                 " on conflict (username, day, agent, model, purpose) do update"
                 " set calls = u.calls + excluded.calls, cached = u.cached + excluded.cached,"
                 " input_tokens = u.input_tokens + excluded.input_tokens,"
                 " output_tokens = u.output_tokens + excluded.output_tokens,"
                 " cost_microusd = u.cost_microusd + excluded.cost_microusd",
                 jv_text_array(ctx, n, c.texts[0]), jv_text_array(ctx, n, c.texts[1]),
                 jv_text_array(ctx, n, c.texts[2]), jv_text_array(ctx, n, c.texts[3]),
                 jv_text_array(ctx, n, c.texts[4]), jv_text_array(ctx, n, c.numbers[0]),
                 jv_text_array(ctx, n, c.numbers[1]), jv_text_array(ctx, n, c.numbers[2]),
                 jv_text_array(ctx, n, c.numbers[3]), jv_text_array(ctx, n, c.numbers[4]));
}

/* What was not stored waits again, together with what came meanwhile. */
static void take_back(struct usage *us, bool stored)
{
    struct used *r = us->flushing;

    us->flushing = NULL;
    while (r) {
        if (!stored)
            keep(us, r->day, &r->u);
        r = free_row(r);
    }
}

/* May the same succeed later? What can not is not kept: it would hold up all the rest. */
static bool is_passing(int code)
{
    return code && code != JV_INVALID_ARGUMENT;
}

static int flush_once(struct jv_ctx *ctx)
{
    struct llm *s = jv_state(ctx);
    struct usage *us = &s->usage;
    int r;

    us->flushing = us->waiting;
    us->waiting = NULL;
    us->n_waiting = 0;
    us->n_flushes++;
    r = jv_join(ctx, jv_spawn(ctx, store, NULL));
    take_back(us, !is_passing(r));
    us->away_until_ms = is_passing(r) ? jv_real_ms(ctx) + away_ms : 0;
    return r;
}

struct flusher {
    struct jv_ctx *ctx;
    struct flusher *next;
};

/* For the end of the flush that is under way, at most so long. */
static int wait_for_flush(struct jv_ctx *ctx, struct usage *us, int64_t ms)
{
    struct flusher me = { ctx, us->flushers }, **at = &us->flushers;
    int r;

    us->flushers = &me;
    r = jv_wait(ctx, ms);
    while (*at != &me)
        at = &(*at)->next;
    *at = me.next;
    return r;
}

static void end_flush(struct usage *us)
{
    us->busy = false;
    for (struct flusher *f = us->flushers; f; f = f->next)
        jv_wake(f->ctx);
}

int usage_flush(struct jv_ctx *ctx)
{
    struct llm *s = jv_state(ctx);
    struct usage *us = &s->usage;
    int r = JV_OK;

    while (us->busy && !r)
        r = wait_for_flush(ctx, us, flush_ms);
    if (r)
        return r;
    us->busy = true;
    while (!r && us->waiting)
        r = flush_once(ctx);
    end_flush(us);
    if (us->n_dropped)
        jv_warn(ctx, "the use of %zu calls was not written down: too much waits for the database",
                us->n_dropped);
    us->n_dropped = 0;
    return r;
}

static int flush_now(struct jv_ctx *ctx, void *unused)
{
    (void)unused;
    return usage_flush(ctx);
}

void usage_add(struct jv_ctx *ctx, const struct call_use *u)
{
    struct llm *s = jv_state(ctx);
    struct usage *us = &s->usage;
    int64_t day = today(ctx);
    struct spender *p = us->budget && u->person[0] ? get_spender(us, u->person, day) : NULL;

    if (p)
        p->spent += u->cost;
    keep(us, day, u);
    if (us->busy || jv_real_ms(ctx) < us->away_until_ms)
        return; /* the one under way, or the timer, has it */
    if (jv_background(ctx, "usage", flush_now, NULL, 0, 2 * flush_ms))
        usage_flush(ctx); /* stopping: this is the last chance */
}

/* ---- budgets -------------------------------------------------------------------------------- */

static int used_up(struct jv_ctx *ctx, int64_t budget)
{
    return jv_fail(ctx, JV_RESOURCE_EXHAUSTED,
                   "your budget for language models of $%s a day is used up; it starts again at "
                   "00:00 UTC",
                   print_usd(ctx, budget));
}

int usage_known(struct jv_ctx *ctx, const char *person)
{
    struct llm *s = jv_state(ctx);
    const struct spender *p;

    if (!s->usage.budget || !person[0])
        return JV_OK;
    p = find_spender(&s->usage, person, today(ctx));
    return p && p->spent >= s->usage.budget ? used_up(ctx, s->usage.budget) : JV_OK;
}

struct question {
    const char *person;
    int64_t day, in_database, spent;
};

static int ask_database(struct jv_ctx *ctx, void *arg)
{
    struct question *q = arg;
    struct jv_rows rows;
    int r;

    jv_within(ctx, ask_ms);
    r = jv_db(ctx, &rows,
              "select coalesce(sum(cost_microusd), 0)::bigint as spent from usage"
              " where username = $1 and day = $2::text::date",
              jv_text(q->person), jv_text(print_day(ctx, q->day)));
    if (!r)
        q->in_database = jv_col_int(&rows, 0, "spent");
    return r;
}

static int64_t unwritten(const struct usage *us, const struct question *q)
{
    return cost_of(us->waiting, q->day, q->person) + cost_of(us->flushing, q->day, q->person);
}

/* Whether the database's sum has what is written down meanwhile is open: it is asked between two
 * flushes, and once more when one began. */
static int ask_spent(struct jv_ctx *ctx, struct question *q)
{
    struct usage *us = &((struct llm *)jv_state(ctx))->usage;
    bool is_open = true;
    int r = JV_OK;

    for (int i = 0; i < most_asked && is_open && !r; i++) {
        uint64_t begun;
        int64_t before, after;

        if (us->busy)
            r = wait_for_flush(ctx, us, ask_ms);
        begun = us->n_flushes;
        before = unwritten(us, q);
        is_open = us->busy;
        if (!r)
            r = jv_join(ctx, jv_spawn(ctx, ask_database, q));
        is_open = is_open || us->n_flushes != begun;
        after = unwritten(us, q);
        q->spent = q->in_database + (before > after ? before : after);
    }
    return r;
}

/* As the database knows it, with what it does not know yet. */
static void learn_spent(struct jv_ctx *ctx, const char *person)
{
    struct llm *s = jv_state(ctx);
    struct question q = { .person = person, .day = today(ctx) };
    int r;

    if (jv_real_ms(ctx) < s->usage.away_until_ms)
        return;
    r = ask_spent(ctx, &q);
    if (!r)
        get_spender(&s->usage, person, q.day)->spent = q.spent;
    else if (r != JV_CANCELLED)
        s->usage.away_until_ms = jv_real_ms(ctx) + away_ms;
}

int usage_check(struct jv_ctx *ctx, const char *person)
{
    struct llm *s = jv_state(ctx);

    if (s->usage.budget && person[0])
        learn_spent(ctx, person);
    return usage_known(ctx, person);
}

/* ---- reports -------------------------------------------------------------------------------- */

static int add_rows(struct jv_ctx *ctx, const struct jv_rows *rows, Llm__UsageReply *ret)
{
    int r = JV_OK;

    if (rows->n > most_rows)
        return jv_fail_field(ctx, "days", "has more than %d rows: ask for fewer", most_rows);
    ret->rows = JV_NEW_ARRAY(jv_arena(ctx), Llm__UsageRow *, rows->n);
    for (size_t i = 0; !r && i < rows->n; i++) {
        ret->rows[i] = jv_msg_new(&llm__usage_row__descriptor, jv_arena(ctx));
        r = jv_row_to_msg(ctx, rows, i, &ret->rows[i]->base);
        ret->n_rows = i + 1;
    }
    return r;
}

static int add_spent(struct jv_ctx *ctx, Llm__UsageReply *ret)
{
    const struct llm *s = jv_state(ctx);
    struct question q = { .person = jv_lower(jv_arena(ctx), jv_caller(ctx)->username),
                          .day = today(ctx) };
    int r = ask_spent(ctx, &q);

    ret->budget_microusd = s->usage.budget;
    ret->spent_microusd = q.spent;
    return r;
}

int usage_report(struct jv_ctx *ctx, const Llm__UsageRequest *req, Llm__UsageReply *ret)
{
    bool everybody = strcmp(req->username, "*") == 0;
    int64_t days = req->days ? req->days : 30;
    struct jv_rows rows;
    int r = usage_flush(ctx);

    if (!r)
        r = jv_db(ctx, &rows,
                  "select day::text, username, agent, model, purpose, calls, cached, input_tokens,"
                  " output_tokens, cost_microusd from usage where ($1::bool or username = $2)"
                  " and day > $3::text::date order by usage.day desc, username, agent, model,"
                  " purpose limit $4",
                  jv_bool(everybody), jv_text(req->username),
                  jv_text(print_day(ctx, today(ctx) - days)), jv_int(most_rows + 1));
    if (!r)
        r = add_rows(ctx, &rows, ret);
    return r ? r : add_spent(ctx, ret);
}

void usage_forget(struct usage *u)
{
    take_back(u, true);
    while (u->waiting)
        u->waiting = free_row(u->waiting);
    while (u->spenders) {
        struct spender *p = u->spenders;

        u->spenders = p->next;
        free_spender(u, p);
    }
}
