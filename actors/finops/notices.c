/* notices.c -- budgets that run out, and costs that jumped, for the notifier. */
#include <stdlib.h>
#include <string.h>

#include "jv/db.h"
#include "jv/say.h"
#include "jv/wire.h"

#include "finops.h"

enum { page = 500 };

/* Of a budget of nothing there is no percentage. */
static void say_budget(struct jv_buf *b, const struct jv_rows *rows, size_t i)
{
    double percent = strtod(jv_col(rows, i, "percent"), NULL);

    if (percent > 0)
        jv_say_percent(b, percent);
    else
        jv_buf_str(b, "More than all");
    jv_buf_str(b, " of your budget is used.");
}

/* "Costs of AWS rose by 25.00 %, from USD 15,234.50 to USD 19,043.13." */
static void say_jump(struct jv_buf *b, const struct jv_rows *rows, size_t i)
{
    jv_buf_printf(b, "Costs of %s rose by ", finops_label(b->arena, jv_col(rows, i, "provider")));
    jv_say_percent(b, strtod(jv_col(rows, i, "percent"), NULL));
    jv_buf_str(b, ", from ");
    jv_say_money(b, jv_col_int(rows, i, "from_cents"));
    jv_buf_str(b, " to ");
    jv_say_money(b, jv_col_int(rows, i, "to_cents"));
    jv_buf_char(b, '.');
}

static int notice(struct jv_ctx *ctx, const struct jv_rows *rows, size_t i, Notices__Notice **ret)
{
    Notices__Notice *n = jv_msg_new(&notices__notice__descriptor, jv_arena(ctx));
    struct jv_buf b = jv_buf_new(jv_arena(ctx));

    if (strcmp(jv_col(rows, i, "kind"), "budget") == 0)
        say_budget(&b, rows, i);
    else
        say_jump(&b, rows, i);
    n->text = b.data;
    *ret = n;
    return jv_row_to_msg(ctx, rows, i, &n->base);
}

#define NOW                                                                                        \
    "(select provider, sum(cost_cents)::bigint as cents from costs group by provider) as now"

/* What rose by more than a fifth since the last look. */
static int note_jumps(struct jv_ctx *ctx)
{
    return jv_db(ctx, NULL,
                 "insert into jumps (provider, from_cents, to_cents, at)"
                 " select provider, looks.cents, now.cents, $1 from looks join " NOW
                 " using (provider) where looks.cents > 0 and now.cents * 5 > looks.cents * 6",
                 jv_ms(jv_now_ms(ctx)));
}

static int note_look(struct jv_ctx *ctx)
{
    return jv_db(ctx, NULL,
                 "insert into looks (provider, cents) select provider, cents from " NOW
                 " on conflict (provider) do update set cents = excluded.cents");
}

/* One at a time: who comes second finds what the first one left. */
static int look(struct jv_ctx *ctx)
{
    int r = jv_db_begin(ctx);

    if (!r)
        r = jv_db(ctx, NULL, "lock table looks, costs in share row exclusive mode");
    if (!r)
        r = note_jumps(ctx);
    if (!r)
        r = note_look(ctx);
    if (!r)
        r = jv_db(ctx, NULL, "delete from jumps where at < $1::timestamptz - interval '30 days'",
                  jv_ms(jv_now_ms(ctx)));
    return r ? r : jv_db_commit(ctx);
}

/* A jump is told for a week. */
int finops_notices(struct jv_ctx *ctx, const Notices__NoticesRequest *req, Notices__NoticeList *ret)
{
    struct jv_rows rows;
    int r = req->username[0] || req->after_key[0] ? JV_OK : look(ctx);

    if (!r)
        r = jv_db(ctx, &rows,
                  "select * from (select username, 'budget' as kind, case when status ="
                  " 'over_budget' then 'high' else 'medium' end as priority, case when status ="
                  " 'over_budget' then 'budget:100' else 'budget:80' end as key,"
                  " utilization_percent as percent, '' as provider, 0 as from_cents, 0 as to_cents,"
                  " null::timestamptz as at from budget_reports where status <> 'within_budget'"
                  " union all select '', 'cost', 'medium', 'cost:' || provider || ':' || id,"
                  " percent(to_cents - from_cents, from_cents), provider, from_cents, to_cents, at"
                  " from jumps where at > $1::timestamptz - interval '7 days') as found"
                  " where ($2 = '' or username = $2) and (username, key) > ($3, $4)"
                  " order by username, key limit $5",
                  jv_ms(jv_now_ms(ctx)), jv_text(req->username), jv_text(req->after_username),
                  jv_text(req->after_key), jv_int(page));
    if (r)
        return r;
    ret->notices = JV_NEW_ARRAY(jv_arena(ctx), Notices__Notice *, rows.n + 1);
    for (; !r && ret->n_notices < rows.n; ret->n_notices++)
        r = notice(ctx, &rows, ret->n_notices, &ret->notices[ret->n_notices]);
    ret->more = rows.n == page;
    return r;
}
