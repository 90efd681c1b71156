/* told.c -- notices as people hear of them: listed, told once in the chat, muted. */
#include "notifier.h"

#include <string.h>

#include "jv/db.h"
#include "jv/wire.h"

enum { max_listed = 200, max_message = 128 };

/* What a person may see and wants to: $1 their name, $2 their scopes. */
#define SEEN_BY                                                                                    \
    " from notices n where n.username in ($1, '')"                                                 \
    " and n.source || ':read' = any(string_to_array($2, ' '))"                                     \
    " and not exists (select from mutes m where m.username = $1 and m.kind = n.kind)"
#define NOTICE "id, kind, priority, text, key, at"

static int give(struct jv_ctx *ctx, const struct jv_rows *rows, Notifier__NotificationList *ret)
{
    int r = JV_OK;

    ret->notifications = JV_NEW_ARRAY(jv_arena(ctx), Notifier__Notification *, rows->n + 1);
    for (size_t i = 0; !r && i < rows->n; i++) {
        Notifier__Notification *n = jv_msg_new(&notifier__notification__descriptor, jv_arena(ctx));

        ret->notifications[ret->n_notifications++] = n;
        r = jv_row_to_msg(ctx, rows, i, &n->base);
    }
    return r;
}

static struct jv_param kinds(struct jv_ctx *ctx)
{
    const char *names[8];
    size_t n = 0;

    for (; notice_kinds[n].name; n++)
        names[n] = notice_kinds[n].name;
    return jv_text_array(ctx, n, names);
}

int told_list(struct jv_ctx *ctx, const Notifier__ListNoticesRequest *req,
              Notifier__NotificationList *ret)
{
    const struct jv_caller *c = jv_caller(ctx);
    struct jv_rows rows;
    int r;

    if (req->after < 0)
        return jv_fail_field(ctx, "after", "is negative");
    if (!req->kept)
        notices_refresh(ctx, c->username);
    r = jv_db(ctx, &rows,
              "select " NOTICE SEEN_BY " and id > $3 order by array_position("
              "array['high', 'medium', 'low'], priority), array_position($4::text[], kind), at, id"
              " limit $5",
              jv_text(c->username), jv_text(c->scope), jv_int(req->after), kinds(ctx),
              jv_int(max_listed));
    return r ? r : give(ctx, &rows, ret);
}

/* ---- in the chat, once ---------------------------------------------------------------------- */

/* Of two answers that would tell it at once, one gets it. */
int told_take(struct jv_ctx *ctx, const Notifier__TakeNoticeRequest *req,
              Notifier__NotificationList *ret)
{
    const struct jv_caller *c = jv_caller(ctx);
    struct jv_rows rows;
    int r;

    if (strlen(req->message_id) > max_message)
        return jv_fail_field(ctx, "message_id", "is longer than %d bytes", max_message);
    r = jv_db(ctx, &rows,
              "with next as (select " NOTICE SEEN_BY " and priority = 'high'"
              " and not exists (select from told t where t.notice_id = n.id and t.username = $1"
              " and t.message_id <> $3) order by at, id limit 1),"
              " taken as (insert into told (notice_id, username, message_id)"
              " select id, $1, $3 from next where $3 <> ''"
              " on conflict (notice_id, username) do update set message_id = told.message_id"
              " where told.message_id = excluded.message_id returning notice_id)"
              " select kind, priority, text, key, at from next where $3 = '' or id in (select "
              "notice_id from taken)",
              jv_text(c->username), jv_text(c->scope), jv_text(req->message_id));
    return r ? r : give(ctx, &rows, ret);
}

/* ---- muted ---------------------------------------------------------------------------------- */

int told_mutes(struct jv_ctx *ctx, Notifier__MuteList *ret)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "select kind, exists (select from mutes m where m.username = $1 and m.kind = k.kind)"
              " as muted from unnest($2::text[]) with ordinality as k (kind, n) order by n",
              jv_text(jv_caller(ctx)->username), kinds(ctx));
    if (r)
        return r;
    ret->mutes = JV_NEW_ARRAY(jv_arena(ctx), Notifier__Mute *, rows.n + 1);
    for (size_t i = 0; i < rows.n && !r; i++) {
        Notifier__Mute *m = jv_msg_new(&notifier__mute__descriptor, jv_arena(ctx));

        ret->mutes[ret->n_mutes++] = m;
        r = jv_row_to_msg(ctx, &rows, i, &m->base);
    }
    return r;
}

int told_mute(struct jv_ctx *ctx, const Notifier__MuteRequest *req, Notifier__MuteList *ret)
{
    const struct kind *k = notice_kinds;
    int r;

    while (k->name && strcmp(k->name, req->kind) != 0)
        k++;
    if (!k->name)
        return jv_fail_field(ctx, "kind", "is none of exam, budget, cost and ticket");
    if (req->muted)
        r = jv_db(ctx, NULL,
                  "insert into mutes (username, kind) values ($1, $2) on conflict do nothing",
                  jv_text(jv_caller(ctx)->username), jv_text(req->kind));
    else
        r = jv_db(ctx, NULL, "delete from mutes where username = $1 and kind = $2",
                  jv_text(jv_caller(ctx)->username), jv_text(req->kind));
    return r ? r : told_mutes(ctx, ret);
}
