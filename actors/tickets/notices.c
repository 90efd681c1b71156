/* notices.c -- tickets that wait, for the notifier. */
#include "jv/db.h"
#include "jv/say.h"
#include "jv/wire.h"

#include "tickets.h"

enum { page = 500, each = 50 /* a person's, the newest */ };

static int notice(struct jv_ctx *ctx, const struct jv_rows *rows, size_t i, Notices__Notice **ret)
{
    Notices__Notice *n = jv_msg_new(&notices__notice__descriptor, jv_arena(ctx));
    bool waits = jv_col_bool(rows, i, "waits");
    struct jv_buf b = jv_buf_new(jv_arena(ctx));

    jv_buf_printf(&b, "Ticket %s (%s) %s pending", jv_col(rows, i, "id"),
                  jv_col(rows, i, "operation"), waits ? "has been" : "is");
    if (waits) {
        jv_buf_str(&b, " since ");
        jv_say_date(&b, jv_col_ms(rows, i, "at") / 1000);
    }
    jv_buf_char(&b, '.');
    n->kind = "ticket";
    n->priority = waits ? "medium" : "low";
    n->text = b.data;
    *ret = n;
    return jv_row_to_msg(ctx, rows, i, &n->base);
}

/* Older than a week: it may have been forgotten. */
int tickets_notices(struct jv_ctx *ctx, const Notices__NoticesRequest *req,
                    Notices__NoticeList *ret)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "select * from (select username, id, operation, created_at as at, waits,"
              " 'ticket:' || id || case when waits then ':waiting' else ':pending' end as key,"
              " row_number() over (partition by username order by id desc) as place"
              " from tickets cross join lateral"
              " (select created_at < $1::timestamptz - interval '7 days' as waits) as age"
              " where status = 'pending' and ($2 = '' or username = $2)) as pending"
              " where place <= $5 and (username, key) > ($3, $4) order by username, key limit $6",
              jv_ms(jv_now_ms(ctx)), jv_text(req->username), jv_text(req->after_username),
              jv_text(req->after_key), jv_int(each), jv_int(page));
    if (r)
        return r;
    ret->notices = JV_NEW_ARRAY(jv_arena(ctx), Notices__Notice *, rows.n + 1);
    for (; !r && ret->n_notices < rows.n; ret->n_notices++)
        r = notice(ctx, &rows, ret->n_notices, &ret->notices[ret->n_notices]);
    ret->more = rows.n == page;
    return r;
}
