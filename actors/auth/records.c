/* records.c -- the audit: who did what, and who was not let.
 *
 * Every process says its records to JetStream (stream JARVIS_AUDIT) and has them acknowledged. Here
 * they are taken over in their order: a record and how far we are become true in one statement, so
 * whatever dies in between, each is here once. JetStream's own limits are the bound for a database
 * that is away. */
#include "auth.h"

#include <stdlib.h>
#include <string.h>

#include "jv/kept.h"
#include "jv/wire.h"

enum {
    batch = 100,
    default_page = 50,
    max_page = 200,
    max_text = 1000,
    max_name = 128,
    on_demand = 5000,
    soon_ms = 3000
};

/* ---- taking over ---------------------------------------------------------------------------- */

struct position {
    const char *stream;
    int64_t seq;
};

static int find_position(struct jv_ctx *ctx, struct position *ret)
{
    struct jv_rows rows;
    int r = jv_db(ctx, &rows, "select stream, seq from audit_position");

    if (!r)
        *ret = (struct position){ jv_col(&rows, 0, "stream"), jv_col_int(&rows, 0, "seq") };
    return r;
}

/* audit.<actor>.<action>: what NATS let through, so it is so; what is in the body only says so. */
static void read_subject(struct jv_ctx *ctx, const char *subject, Auth__AuditRecord *ret)
{
    const char *actor = strchr(subject, '.'), *action = strrchr(subject, '.');

    if (actor && action > actor) {
        ret->actor = jv_arena_strndup(jv_arena(ctx), actor + 1, (size_t)(action - actor - 1));
        ret->action = action + 1;
    }
}

/* Indexes and pages take no novels. */
static void clip(struct jv_arena *a, Auth__AuditRecord *rec)
{
    const struct {
        const char **text;
        size_t max;
    } members[] = { { &rec->actor, max_name },   { &rec->action, max_name },
                    { &rec->who, max_name },     { &rec->user_id, max_name },
                    { &rec->method, max_name },  { &rec->tool, max_name },
                    { &rec->rule, max_name },    { &rec->about, max_text },
                    { &rec->claimed, max_name }, { &rec->trace_id, max_name },
                    { &rec->text, max_text } };

    for (size_t i = 0; i < JV_COUNT(members); i++) {
        const char *s = *members[i].text;
        size_t n = strlen(s);

        if (n > members[i].max)
            *members[i].text = jv_arena_strndup(a, s, jv_clip(s, n, members[i].max));
    }
}

/* As it was said; what cannot be read is kept as text. */
static Auth__AuditRecord *read_record(struct jv_ctx *ctx, const struct jv_kept *k)
{
    struct jv_arena *a = jv_arena(ctx);
    Auth__AuditRecord *rec = NULL;

    if (k->len)
        rec = (Auth__AuditRecord *)jv_json_to_msg(&auth__audit_record__descriptor, k->data, k->len,
                                                  JV_JSON_SNAKE, a, NULL);
    if (!rec) {
        rec = jv_msg_new(&auth__audit_record__descriptor, a);
        rec->text = "a record that cannot be read";
    }
    if (!rec->at) {
        rec->at = jv_msg_new(&google__protobuf__timestamp__descriptor, a);
        rec->at->seconds = k->at_ms / 1000;
    }
    rec->id = k->seq;
    read_subject(ctx, k->subject, rec);
    clip(a, rec);
    return rec;
}

/* The records and the new position, unless somebody else took them over meanwhile. */
static int store(struct jv_ctx *ctx, const struct position *from, const char *stream,
                 const Auth__AuditList *list, bool *ret_done)
{
    struct jv_rows rows;
    size_t len;
    int r;

    r = jv_db(ctx, &rows,
              "with moved as (update audit_position set stream = $1, seq = $2 "
              "               where stream = $3 and seq = $4 returning 1), "
              "kept as (insert into audit (stream, seq, at, actor, action, who, user_id, method, "
              "tool, rule, about, claimed, left_out, trace_id, text) "
              "select $1, id, at, coalesce(actor, ''), coalesce(action, ''), coalesce(who, ''), "
              "coalesce(user_id, ''), coalesce(method, ''), coalesce(tool, ''), "
              "coalesce(rule, ''), coalesce(about, ''), coalesce(claimed, ''), "
              "coalesce(left_out, 0), coalesce(trace_id, ''), coalesce(text, '') "
              "from moved, jsonb_to_recordset($5::jsonb -> 'records') as x (id bigint, "
              "at timestamptz, actor text, action text, who text, user_id text, method text, "
              "tool text, rule text, about text, claimed text, left_out integer, trace_id text, "
              "text text) order by id on conflict do nothing) select 1 from moved",
              jv_text(stream), jv_int(list->records[list->n_records - 1]->id),
              jv_text(from->stream), jv_int(from->seq),
              jv_text(jv_msg_to_json(&list->base, JV_JSON_SNAKE, jv_arena(ctx), &len)));
    *ret_done = !r && rows.n;
    return r;
}

/* Up to `batch` records behind a number. */
static int fetch(struct jv_ctx *ctx, int64_t after, Auth__AuditList *list)
{
    struct jv_kept k;
    int r = JV_OK;

    list->records = JV_NEW_ARRAY(jv_arena(ctx), Auth__AuditRecord *, batch);
    list->n_records = 0;
    while (list->n_records < batch && !r) {
        r = jv_kept_next(ctx, after, &k);
        if (r)
            break;
        list->records[list->n_records++] = read_record(ctx, &k);
        after = k.seq;
    }
    return r == JV_NOT_FOUND ? JV_OK : r;
}

/* A stream that was made anew begins anew. */
int records_take(struct jv_ctx *ctx, int most)
{
    Auth__AuditList list = AUTH__AUDIT_LIST__INIT;
    struct position p;
    const char *made;
    bool done;
    int r = JV_OK;

    do {
        r = jv_kept_made(ctx, &made);
        if (!r)
            r = find_position(ctx, &p);
        if (!r)
            r = fetch(ctx, strcmp(p.stream, made) == 0 ? p.seq : 0, &list);
        if (!r && list.n_records)
            r = store(ctx, &p, made, &list, &done);
        most -= (int)list.n_records;
    } while (!r && list.n_records == batch && most > 0);
    if (!r && list.n_records == batch)
        r = jv_fail(ctx, JV_RESOURCE_EXHAUSTED, "there are more records than are taken at once");
    return r;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* "" leaves it as it is. */
static int read_cursor(struct jv_ctx *ctx, const char *cursor, int64_t *ret)
{
    char *end;

    if (!cursor[0])
        return JV_OK;
    if (cursor[strspn(cursor, "0123456789")] || strlen(cursor) > 18)
        return jv_fail_field(ctx, "cursor", "is none that was given out");
    *ret = strtoll(cursor, &end, 10);
    return JV_OK;
}

static int check(struct jv_ctx *ctx, const Auth__AuditRequest *req, int64_t *ret_before)
{
    if (req->limit < 0 || req->limit > max_page)
        return jv_fail_field(ctx, "limit", "must be between 1 and %d", max_page);
    if (strlen(req->who) > 64)
        return jv_fail_field(ctx, "who", "is longer than 64 bytes");
    if (strlen(req->action) > 64)
        return jv_fail_field(ctx, "action", "is longer than 64 bytes");
    return read_cursor(ctx, req->cursor, ret_before);
}

static int fill(struct jv_ctx *ctx, const struct jv_rows *rows, size_t limit, Auth__AuditList *ret)
{
    int r = JV_OK;

    ret->records = JV_NEW_ARRAY(jv_arena(ctx), Auth__AuditRecord *, rows->n + 1);
    for (size_t i = 0; !r && i < rows->n && i < limit; i++) {
        Auth__AuditRecord *rec = jv_msg_new(&auth__audit_record__descriptor, jv_arena(ctx));

        r = jv_row_to_msg(ctx, rows, i, &rec->base);
        ret->records[ret->n_records++] = rec;
    }
    if (!r && rows->n > limit)
        ret->next_cursor =
                jv_arena_printf(jv_arena(ctx), "%lld", (long long)ret->records[limit - 1]->id);
    return r;
}

/* Not for as long as the whole question may take. */
static int take_soon(struct jv_ctx *child, void *arg)
{
    (void)arg;
    jv_within(child, soon_ms);
    return records_take(child, on_demand);
}

/* What was recorded before this question is in its answer. */
int records_list(struct jv_ctx *ctx, const Auth__AuditRequest *req, Auth__AuditList *ret)
{
    int32_t limit = req->limit ? req->limit : default_page;
    struct jv_rows rows;
    int64_t before = INT64_MAX;
    int r;

    r = check(ctx, req, &before);
    if (r)
        return r;
    if (!req->cursor[0] && jv_join(ctx, jv_spawn(ctx, take_soon, NULL)))
        ret->note = "The newest records may be missing: they could not be fetched in time.";
    r = jv_db(ctx, &rows,
              "select id, at, actor, action, who, user_id, method, tool, rule, about, claimed, "
              "left_out, trace_id, text from audit where id < $1 and ($2 = '' or who = $2) "
              "and ($3 = '' or action = $3) order by id desc limit $4",
              jv_int(before), jv_text(jv_lower(jv_arena(ctx), req->who)), jv_text(req->action),
              jv_int(limit + 1));
    if (!r)
        r = fill(ctx, &rows, (size_t)limit, ret);
    if (!r)
        jv_audit(ctx, "audit_read", "who=%s action=%s cursor=%s", req->who, req->action,
                 req->cursor);
    return r;
}

/* ---- age ------------------------------------------------------------------------------------ */

int records_purge(struct jv_ctx *ctx)
{
    const struct auth *auth = jv_state(ctx);
    int r;

    r = jv_db(ctx, NULL, "delete from audit where at < $1",
              jv_ms(jv_real_ms(ctx) - auth->audit_ms));
    if (!r)
        r = jv_db(ctx, NULL,
                  "delete from audit where id <= (select id from audit order by id desc "
                  "offset $1 limit 1)",
                  jv_int(auth->audit_records));
    return r;
}
