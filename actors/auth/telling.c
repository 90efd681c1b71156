/* telling.c -- what others must hear after a commit: whose tokens are refused, and records of
 * changes. Both are kept with the change and said until the bus has taken them, so whoever dies in
 * between, they are said. */
#include "auth.h"

enum { at_once = 500, soon_ms = 2000 };

/* ---- records -------------------------------------------------------------------------------- */

int telling_keep(struct jv_ctx *ctx, const struct jv_note *n)
{
    return jv_db(ctx, NULL,
                 "insert into outbox (record, at, action, text, who, user_id, method, trace_id) "
                 "values ($1, $2, $3, $4, $5, $6, $7, $8)",
                 jv_int((int64_t)n->id), jv_ms(n->at_ms), jv_text(n->action), jv_text(n->text),
                 jv_text(n->who), jv_text(n->user_id), jv_text(n->method), jv_text(n->trace_id));
}

/* The bus has it, and the runtime says it again until it is written down. */
static int forget(struct jv_ctx *ctx, size_t n, const char *const *records)
{
    return jv_db(ctx, NULL, "delete from outbox where record = any($1::text[]::bigint[])",
                 jv_text_array(ctx, n, records));
}

static const char *number(struct jv_ctx *ctx, int64_t n)
{
    return jv_arena_printf(jv_arena(ctx), "%lld", (long long)n);
}

static int settle(struct jv_ctx *child, void *arg)
{
    const char *record = number(child, (int64_t)((const struct jv_note *)arg)->id);
    int r;

    jv_within(child, soon_ms);
    r = jv_settle(child);
    return r ? r : forget(child, 1, &record);
}

void telling_say(struct jv_ctx *ctx, const struct jv_note *note, const Auth__Revocation *over)
{
    struct jv_note copy = *note;

    if (over)
        tokens_tell(ctx, over);
    jv_audit_note(ctx, note);
    if (jv_join(ctx, jv_spawn(ctx, settle, &copy)))
        jv_warn(ctx, "what was changed is told again: the bus does not say that it has it");
}

static int say_records(struct jv_ctx *ctx)
{
    const char *records[at_once];
    struct jv_rows rows;
    int r = jv_db(ctx, &rows,
                  "select record, at, action, text, who, user_id, method, trace_id from outbox "
                  "where at < $1 order by at limit $2",
                  jv_ms(jv_real_ms(ctx) - soon_ms), jv_int(at_once));

    if (r || !rows.n)
        return r;
    for (size_t i = 0; i < rows.n; i++) {
        const struct jv_note n = {
            .id = (uint64_t)jv_col_int(&rows, i, "record"),
            .at_ms = jv_col_ms(&rows, i, "at"),
            .action = jv_col(&rows, i, "action"),
            .text = jv_col(&rows, i, "text"),
            .who = jv_col(&rows, i, "who"),
            .user_id = jv_col(&rows, i, "user_id"),
            .method = jv_col(&rows, i, "method"),
            .trace_id = jv_col(&rows, i, "trace_id"),
        };

        jv_audit_note(ctx, &n);
        records[i] = number(ctx, (int64_t)n.id);
    }
    r = jv_settle(ctx);
    return r ? r : forget(ctx, rows.n, records);
}

/* ---- ends ----------------------------------------------------------------------------------- */

static void say(struct jv_ctx *ctx, const struct jv_rows *rows, size_t i)
{
    Auth__Revocation v = AUTH__REVOCATION__INIT;
    Google__Protobuf__Timestamp until = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    int64_t until_ms = jv_col_ms(rows, i, "until");

    v.sid = jv_col(rows, i, "sid");
    v.user_id = jv_col(rows, i, "user_id");
    v.issued = jv_col_int(rows, i, "issued");
    v.until = &until;
    until.seconds = until_ms / 1000;
    until.nanos = (int32_t)(until_ms % 1000) * 1000000;
    tokens_tell(ctx, &v);
}

/* Another end of the same person may come in between: that one is not told yet. */
static int note_told(struct jv_ctx *ctx, const struct jv_rows *rows)
{
    const char *sids[at_once] = { "" }, *people[at_once], *issued[at_once];
    size_t n = 0, n_people = 0;
    int r;

    for (size_t i = 0; i < rows->n; i++)
        if (jv_col(rows, i, "sid")[0]) {
            sids[n++] = jv_col(rows, i, "sid");
        } else {
            issued[n_people] = number(ctx, jv_col_int(rows, i, "issued"));
            people[n_people++] = jv_col(rows, i, "user_id");
        }
    r = jv_db(ctx, NULL, "update revocations set told = true where sid = any($1::text[])",
              jv_text_array(ctx, n, sids));
    if (!r && n_people)
        r = jv_db(ctx, NULL,
                  "update ended_people e set told = true from "
                  "unnest($1::text[], $2::text[]::bigint[]) as u (id, issued) "
                  "where e.user_id = u.id and e.issued = u.issued",
                  jv_text_array(ctx, n_people, people), jv_text_array(ctx, n_people, issued));
    return r;
}

static int say_ends(struct jv_ctx *ctx)
{
    struct jv_rows rows;
    int r = jv_db(ctx, &rows,
                  "select '' as sid, user_id, issued, until from ended_people "
                  "where not told and until > $1 union all "
                  "select sid, '' as user_id, 0 as issued, until from revocations "
                  "where not told and until > $1 limit $2",
                  jv_ms(jv_real_ms(ctx)), jv_int(at_once));

    if (r || !rows.n)
        return r;
    for (size_t i = 0; i < rows.n; i++)
        say(ctx, &rows, i);
    r = jv_settle(ctx);
    return r ? r : note_told(ctx, &rows);
}

int telling_again(struct jv_ctx *ctx)
{
    int r = say_ends(ctx);

    return r ? r : say_records(ctx);
}

int telling_started(struct jv_ctx *ctx)
{
    struct jv_param now = jv_ms(jv_real_ms(ctx));
    int r = jv_db(ctx, NULL, "update revocations set told = false where until > $1", now);

    return r ? r : jv_db(ctx, NULL, "update ended_people set told = false where until > $1", now);
}
