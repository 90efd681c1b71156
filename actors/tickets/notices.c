/* notices.c -- tickets that wait, for the notifier. */
#include "jv/db.h"
#include "jv/say.h"
#include "jv/wire.h"

#include "tickets.h"

enum { page = 500, each = 50 /* a person's, the newest */ };

static Notices__Notice *notice(struct jv_ctx *ctx, const struct jv_rows *rows, size_t i)
{
    struct jv_arena *a = jv_arena(ctx);
    Notices__Notice *n = jv_msg_new(&notices__notice__descriptor, a);
    bool waits = jv_col_bool(rows, i, "waits");
    int64_t created = jv_col_ms(rows, i, "created_at");
    struct jv_buf b = jv_buf_new(a);

    jv_buf_printf(&b, "Ticket %s (%s) %s pending", jv_col(rows, i, "id"),
                  jv_col(rows, i, "operation"), waits ? "has been" : "is");
    if (waits) {
        jv_buf_str(&b, " since ");
        jv_say_date(&b, created / 1000);
    }
    jv_buf_char(&b, '.');
    n->username = jv_col(rows, i, "username");
    n->kind = "ticket";
    n->priority = waits ? "medium" : "low";
    n->key = jv_col(rows, i, "key");
    n->text = b.data;
    n->at = jv_msg_new(&google__protobuf__timestamp__descriptor, a);
    n->at->seconds = created / 1000;
    return n;
}

/* Older than a week: it may have been forgotten. */
int tickets_notices(struct jv_ctx *ctx, const Notices__NoticesRequest *req,
                    Notices__NoticeList *ret)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "select * from (select username, id, operation, created_at, waits,"
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
    for (size_t i = 0; i < rows.n; i++)
        ret->notices[ret->n_notices++] = notice(ctx, &rows, i);
    ret->more = rows.n == page;
    return JV_OK;
}
