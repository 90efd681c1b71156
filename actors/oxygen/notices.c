/* notices.c -- exams that are near or over, for the notifier. */
#include <stdlib.h>

#include "jv/db.h"
#include "jv/say.h"
#include "jv/wire.h"

#include "oxygen.h"

enum { page = 500, each = 50, high_days = 3, medium_days = 7 };

static void say_when(struct jv_buf *b, int64_t days)
{
    if (days == 0)
        jv_buf_str(b, "is due today");
    else if (days < 0)
        jv_say_days(b, days);
    else
        jv_buf_printf(b, "is in %lld day%s", (long long)days, days == 1 ? "" : "s");
}

static int notice(struct jv_ctx *ctx, const struct jv_rows *rows, size_t i, Notices__Notice **ret)
{
    Notices__Notice *n = jv_msg_new(&notices__notice__descriptor, jv_arena(ctx));
    int64_t days = jv_col_int(rows, i, "days");
    struct jv_buf b = jv_buf_new(jv_arena(ctx));

    jv_buf_printf(&b, "Exam %s ", jv_col(rows, i, "exam"));
    if (days < 0)
        jv_buf_str(&b, "is ");
    say_when(&b, days);
    jv_buf_printf(&b, " (%s).", jv_col(rows, i, "deadline"));
    n->kind = "exam";
    n->priority = days <= high_days ? "high" : "medium";
    n->text = b.data;
    *ret = n;
    return jv_row_to_msg(ctx, rows, i, &n->base);
}

/* A deadline that is moved is told anew. */
int oxygen_notices(struct jv_ctx *ctx, const Notices__NoticesRequest *req, Notices__NoticeList *ret)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "select * from (select username, exam, to_char(deadline, 'YYYY-MM-DD') as deadline,"
              " deadline::timestamp at time zone 'UTC' as at, days,"
              " 'exam:' || exam || ':' || to_char(deadline, 'YYYY-MM-DD') || case"
              " when days < 0 then ':overdue' when days <= $7 then ':3days' else ':7days' end"
              " as key, row_number() over (partition by username order by deadline desc, exam)"
              " as place from exams cross join lateral"
              " (select deadline - ($1::timestamptz at time zone 'UTC')::date as days) as today"
              " where days <= $8 and ($2 = '' or username = $2)) as near"
              " where place <= $5 and (username, key) > ($3, $4) order by username, key limit $6",
              jv_ms(jv_now_ms(ctx)), jv_text(req->username), jv_text(req->after_username),
              jv_text(req->after_key), jv_int(each), jv_int(page), jv_int(high_days),
              jv_int(medium_days));
    if (r)
        return r;
    ret->notices = JV_NEW_ARRAY(jv_arena(ctx), Notices__Notice *, rows.n + 1);
    for (; !r && ret->n_notices < rows.n; ret->n_notices++)
        r = notice(ctx, &rows, ret->n_notices, &ret->notices[ret->n_notices]);
    ret->more = rows.n == page;
    return r;
}
