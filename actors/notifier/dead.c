/* dead.c -- what could not be delivered: looked at, and sent again. */
#include "notifier.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jv/db.h"
#include "jv/wire.h"

enum { max_page = 100, default_page = 50, max_token = 32 };

/* ---- listed --------------------------------------------------------------------------------- */

/* A page's cursor is the number of its last letter, so that whatever is given up meanwhile moves
 * nothing. */
static int read_cursor(struct jv_ctx *ctx, const char *token, int64_t *ret)
{
    char *text, *end;
    uint8_t *bytes;
    int64_t len;

    *ret = INT64_MAX;
    if (!token[0])
        return JV_OK;
    len = strlen(token) > max_token ? -1
                                    : jv_base64_decode(jv_arena(ctx), token, strlen(token), &bytes);
    text = len > 0 ? jv_arena_strndup(jv_arena(ctx), (const char *)bytes, (size_t)len) : NULL;
    errno = 0;
    if (text && text[0] >= '1' && text[0] <= '9') {
        *ret = strtoll(text, &end, 10);
        if (!errno && !*end && strlen(text) == (size_t)len)
            return JV_OK;
    }
    return jv_fail_field(ctx, "page_token", "is not one that belongs to this list");
}

static const char *cursor(struct jv_ctx *ctx, int64_t id)
{
    const char *text = jv_arena_printf(jv_arena(ctx), "%lld", (long long)id);

    return jv_base64url(jv_arena(ctx), text, strlen(text));
}

/* "" is everybody's. */
static int check_name(struct jv_ctx *ctx, const char *member, const char *name)
{
    if (!name[0] || jv_is_token(name))
        return JV_OK;
    return jv_fail_field(ctx, member, "must be up to 64 letters, digits, _ or -");
}

static int check_list(struct jv_ctx *ctx, const Notifier__ListDeadRequest *req, int64_t *ret_before)
{
    int r = check_name(ctx, "agent", req->agent);

    if (!r)
        r = check_name(ctx, "task_id", req->task_id);
    if (!r && (req->page_size < 0 || req->page_size > max_page))
        r = jv_fail_field(ctx, "page_size", "must be between 1 and %d", max_page);
    return r ? r : read_cursor(ctx, req->page_token, ret_before);
}

static int count(struct jv_ctx *ctx, const Notifier__ListDeadRequest *req, int32_t *ret)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "select count(*) as n from deliveries d join queues q on q.id = queue_id"
              " where state = 'dead' and ($1 = '' or agent = $1) and ($2 = '' or task_id = $2)",
              jv_text(req->agent), jv_text(req->task_id));
    if (!r)
        *ret = (int32_t)jv_col_int(&rows, 0, "n");
    return r;
}

int dead_list(struct jv_ctx *ctx, const Notifier__ListDeadRequest *req,
              Notifier__ListDeadReply *ret)
{
    size_t size = req->page_size ? (size_t)req->page_size : default_page;
    struct jv_arena *a = jv_arena(ctx);
    struct jv_rows rows;
    int64_t before;
    int r;

    r = check_list(ctx, req, &before);
    if (!r)
        r = count(ctx, req, &ret->total);
    if (!r)
        r = jv_db(ctx, &rows,
                  "select letter_id as id, agent, task_id, seq, config_id, url, attempts, reason,"
                  " created_at, settled_at as given_up_at"
                  " from deliveries d join queues q on q.id = queue_id where state = 'dead'"
                  " and ($1 = '' or agent = $1) and ($2 = '' or task_id = $2) and letter_id < $3"
                  " order by letter_id desc limit $4",
                  jv_text(req->agent), jv_text(req->task_id), jv_int(before),
                  jv_int((int64_t)size + 1));
    if (r)
        return r;
    ret->letters = JV_NEW_ARRAY(a, Notifier__DeadLetter *, size);
    for (size_t i = 0; !r && i < rows.n && i < size; i++) {
        ret->letters[ret->n_letters++] = jv_msg_new(&notifier__dead_letter__descriptor, a);
        r = jv_row_to_msg(ctx, &rows, i, &ret->letters[i]->base);
    }
    if (rows.n > size)
        ret->next_page_token = cursor(ctx, jv_col_int(&rows, size - 1, "id"));
    return r;
}

/* ---- sent again ----------------------------------------------------------------------------- */

static int check_resend(struct jv_ctx *ctx, const Notifier__ResendRequest *req)
{
    int r = check_name(ctx, "agent", req->agent);

    if (!r)
        r = check_name(ctx, "task_id", req->task_id);
    if (r)
        return r;
    if (req->id < 0)
        return jv_fail_field(ctx, "id", "is not the number of a dead letter");
    if (req->id && (req->agent[0] || req->task_id[0]))
        return jv_fail_field(ctx, "id", "goes without agent and task_id");
    if (!req->id && !req->agent[0])
        return jv_fail_field(ctx, req->task_id[0] ? "agent" : "id", "is empty");
    if (!req->id && !req->task_id[0])
        return jv_fail_field(ctx, "task_id", "is empty");
    return JV_OK;
}

/* The queues first: their rows are the locks. */
static int lock_queues(struct jv_ctx *ctx, const Notifier__ResendRequest *req)
{
    return jv_db(ctx, NULL,
                 "update queues q set due_at = least(due_at, $4) where"
                 " (agent = $1 and task_id = $2 or id = (select queue_id from deliveries"
                 " where letter_id = $3)) and exists (select from deliveries d"
                 " where d.queue_id = q.id and state = 'dead')",
                 jv_text(req->agent), jv_text(req->task_id), jv_int(req->id),
                 jv_ms(jv_real_ms(ctx)));
}

/* As new ones, at their old places. */
static int put_back(struct jv_ctx *ctx, const Notifier__ResendRequest *req, int32_t *ret)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "update deliveries d set state = 'waiting', letter_id = null, settled_at = null,"
              " attempts = 0 from queues q where q.id = queue_id and state = 'dead'"
              " and (letter_id = $3 or agent = $1 and task_id = $2)",
              jv_text(req->agent), jv_text(req->task_id), jv_int(req->id));
    if (!r)
        *ret = (int32_t)rows.affected;
    return r;
}

int dead_resend(struct jv_ctx *ctx, const Notifier__ResendRequest *req, Notifier__ResendReply *ret)
{
    int r = check_resend(ctx, req);

    if (!r)
        r = jv_db_begin(ctx);
    if (!r)
        r = lock_queues(ctx, req);
    if (!r)
        r = put_back(ctx, req, &ret->count);
    if (!r)
        r = jv_db_commit(ctx);
    if (r)
        return r;
    if (req->id && !ret->count)
        return jv_fail(ctx, JV_NOT_FOUND, "dead letter %lld was not found", (long long)req->id);
    jv_audit(ctx, "resend", "%d dead letters of %s by %s", (int)ret->count,
             req->id ? jv_arena_printf(jv_arena(ctx), "number %lld", (long long)req->id)
                     : jv_arena_printf(jv_arena(ctx), "%s/%s", req->agent, req->task_id),
             jv_caller(ctx)->username);
    deliver_soon(ctx);
    return JV_OK;
}
