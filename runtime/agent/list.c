/* list.c -- a caller's tasks, newest status first, a page at a time. */
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"

enum { PAGE_BYTES = 700 << 10 };

/* "<status_at in ms>.<id>", as nobody needs to know. */
static int read_cursor(struct jv_ctx *ctx, const char *token, struct jv_param *at,
                       struct jv_param *id)
{
    uint8_t *text;
    int64_t n;
    char *end = NULL;
    long long ms = 0;

    *at = *id = jv_text(NULL);
    if (!token[0])
        return JV_OK;
    n = strlen(token) <= 256 ? jv_base64_decode(ctx->arena, token, strlen(token), &text) : -1;
    if (n > 0) {
        const char *s = jv_arena_strndup(ctx->arena, (const char *)text, (size_t)n);

        ms = strtoll(s, &end, 10);
        if (*end == '.' && jv_is_token(end + 1) && ms > 0 && ms < INT64_C(1) << 50) {
            *at = jv_ms(ms);
            *id = jv_text(end + 1);
            return JV_OK;
        }
    }
    return jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, "pageToken",
                        "pageToken is none that was given out");
}

static int list_limits(struct jv_ctx *ctx, const A2a__ListTasksRequest *req, int32_t *size,
                       int32_t *history)
{
    *size = req->_page_size_case == A2A__LIST_TASKS_REQUEST___PAGE_SIZE_PAGE_SIZE ? req->page_size
                                                                                  : 50;
    *history = req->_history_length_case == A2A__LIST_TASKS_REQUEST___HISTORY_LENGTH_HISTORY_LENGTH
                       ? req->history_length
                       : 0;
    if (*size < 1 || *size > 100)
        return jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, "pageSize",
                            "pageSize must be between 1 and 100");
    if (*history < 0)
        return jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, "historyLength",
                            "historyLength is negative");
    if (req->status < 0 || req->status > A2A__TASK_STATE__TASK_STATE_AUTH_REQUIRED)
        return jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, "status", "status is no task's state");
    return JV_OK;
}

static struct jv_param after_of(const A2a__ListTasksRequest *req)
{
    const Google__Protobuf__Timestamp *t = req->status_timestamp_after;

    /* Stored to the millisecond: an instant within one is after it. */
    return t ? jv_ms(t->seconds * 1000 + (t->nanos + 999999) / 1000000) : jv_text(NULL);
}

/* A page has no use for what a run begins with. */
#define LIST_COLUMNS                                                                               \
    "id, context_id, owner, state, status, status_at, last_seq, size, null::bytea as request, "    \
    "null::bytea as run_state, null::text as token, token_at, parent, lease, tries"

#define LISTED                                                                                     \
    "from tasks where owner = $1 and ($2 = '' or context_id = $2) "                                \
    "and ($3::smallint = 0 or state = $3) and ($4::timestamptz is null or status_at >= $4)"

static int list_rows(struct jv_ctx *ctx, const A2a__ListTasksRequest *req, int32_t size,
                     struct jv_rows *ret, int64_t *ret_total)
{
    struct jv_param at, id;
    struct jv_rows total;
    int r = read_cursor(ctx, req->page_token, &at, &id);

    if (!r)
        r = JV_OWN_DB(ctx, &total, "select count(*) as n " LISTED, jv_text(jv_owner(ctx)),
                      jv_text(req->context_id), jv_int(req->status), after_of(req));
    if (!r)
        r = JV_OWN_DB(ctx, ret,
                      "select " LIST_COLUMNS " " LISTED
                      " and ($5::timestamptz is null or (status_at, id) < ($5, $6::text)) "
                      "order by status_at desc, id desc limit $7::int",
                      jv_text(jv_owner(ctx)), jv_text(req->context_id), jv_int(req->status),
                      after_of(req), at, id, jv_int(size + 1));
    if (!r)
        *ret_total = jv_col_int(&total, 0, "n");
    return r;
}

static const char *cursor_after(struct jv_ctx *ctx, const struct jv_task_row *t)
{
    char *text = jv_arena_printf(ctx->arena, "%lld.%s", (long long)t->status_ms, t->id);

    return jv_base64url(ctx->arena, text, strlen(text));
}

int jv_list_none(struct jv_ctx *ctx, const A2a__ListTasksRequest *req, A2a__ListTasksResponse *ret)
{
    int32_t history;

    return list_limits(ctx, req, &ret->page_size, &history);
}

static int list_task(struct jv_ctx *ctx, const struct jv_task_row *t, int32_t history,
                     bool artifacts, A2a__Task **ret)
{
    struct jv_tevent *events = NULL;
    size_t n = 0;
    int r = artifacts || history ? jv_store_story(ctx, t->id, &events, &n) : JV_OK;

    return r ? r : jv_fold(ctx, t, events, n, history, artifacts, ret);
}

/* A page ends early when it is as large as a message may be. */
int jv_store_list(struct jv_ctx *ctx, const A2a__ListTasksRequest *req, A2a__ListTasksResponse *ret)
{
    bool artifacts =
            req->_include_artifacts_case != A2A__LIST_TASKS_REQUEST___INCLUDE_ARTIFACTS__NOT_SET &&
            req->include_artifacts;
    struct jv_task_row t = { 0 }, last = { 0 };
    struct jv_rows rows = { 0 };
    int32_t size = 0, history = 0;
    size_t bytes = 0, n = 0;
    int64_t total = 0;
    int r = list_limits(ctx, req, &size, &history);

    if (!r)
        r = list_rows(ctx, req, size, &rows, &total);
    ret->tasks = JV_NEW_ARRAY(ctx->arena, A2a__Task *, rows.n + 1);
    for (; !r && n < rows.n && n < (size_t)size; n++, last = t) {
        r = jv_store_read_row(ctx, &rows, n, &t);
        if (!r)
            r = list_task(ctx, &t, history, artifacts, &ret->tasks[n]);
        bytes += r ? 0 : protobuf_c_message_get_packed_size(&ret->tasks[n]->base);
        if (n && bytes > PAGE_BYTES)
            break;
    }
    ret->n_tasks = n;
    if (!r && rows.n > n)
        ret->next_page_token = cursor_after(ctx, &last);
    ret->page_size = size;
    ret->total_size = (int32_t)(total < INT32_MAX ? total : INT32_MAX);
    return r;
}
