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

static Notices__Notice *notice(struct jv_ctx *ctx, const struct jv_rows *rows, size_t i)
{
    struct jv_arena *a = jv_arena(ctx);
    Notices__Notice *n = jv_msg_new(&notices__notice__descriptor, a);
    int64_t days = jv_col_int(rows, i, "days");
    struct jv_buf b = jv_buf_new(a);

    jv_buf_printf(&b, "Exam %s ", jv_col(rows, i, "exam"));
    if (days < 0)
        jv_buf_str(&b, "is ");
    say_when(&b, days);
    jv_buf_printf(&b, " (%s).", jv_col(rows, i, "deadline"));
    n->username = jv_col(rows, i, "username");
    n->kind = "exam";
    n->priority = days <= high_days ? "high" : "medium";
    n->key = jv_col(rows, i, "key");
    n->text = b.data;
    n->at = jv_msg_new(&google__protobuf__timestamp__descriptor, a);
    n->at->seconds = jv_col_ms(rows, i, "at") / 1000;
    return n;
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
    for (size_t i = 0; i < rows.n; i++)
        ret->notices[ret->n_notices++] = notice(ctx, &rows, i);
    ret->more = rows.n == page;
    return JV_OK;
}
