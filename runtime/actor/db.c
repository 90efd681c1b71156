/* db.c -- the database as a handler sees it: jv/db.h over the pool of io/pg.h. */
#include "actor/audit.h"

#include <string.h>
#include <strings.h>

#include "google/protobuf/timestamp.pb-c.h"

static int64_t db_until(const struct jv_ctx *ctx)
{
    return ctx->deadline;
}

static int no_db(struct jv_ctx *ctx)
{
    return jv_fail(ctx, JV_INTERNAL, "actor %s does not say JV_NEEDS_DB", ctx->node->actor->name);
}

/* Anything but a select may write: `with` may hold an insert. */
static bool may_write(const char *sql)
{
    sql += strspn(sql, " \t\n(");
    return strncasecmp(sql, "select", 6) != 0;
}

/* What a task's handler writes is committed with what it tells, so the first write of a run opens
 * the transaction that the next commit of the task ends. */
static bool opens(const struct jv_ctx *ctx, const char *sql)
{
    return ctx->run && !ctx->own_db && !ctx->parent && may_write(sql);
}

int jv_db_exec(struct jv_ctx *ctx, struct jv_rows *rows, const char *sql,
               const struct jv_param *params)
{
    struct jv_pg_conn *c;
    struct jv_rows ignored;
    int r = JV_OK;

    if (!ctx->node->pg)
        return no_db(ctx);
    if (!ctx->tx && opens(ctx, sql))
        r = jv_db_open(ctx);
    c = ctx->tx;
    if (!r && !c)
        r = jv_pg_take(ctx->node->pg, db_until(ctx), &c, &ctx->err);
    if (r)
        return r;
    r = jv_pg_exec(c, db_until(ctx), ctx->arena, rows ? rows : &ignored, sql, params, &ctx->err);
    if (!ctx->tx)
        jv_pg_give(ctx->node->pg, c);
    return r;
}

static int control(struct jv_ctx *ctx, const char *sql)
{
    struct jv_rows ignored;

    return jv_pg_exec(ctx->tx, db_until(ctx), ctx->arena, &ignored, sql, NULL, &ctx->err);
}

/* "begin" goes with the first statement: nothing waits for it alone. */
int jv_db_open(struct jv_ctx *ctx)
{
    int r;

    if (!ctx->node->pg)
        return no_db(ctx);
    r = jv_pg_take(ctx->node->pg, db_until(ctx), &ctx->tx, &ctx->err);
    if (!r)
        jv_pg_begin_with_next(ctx->tx);
    return r;
}

void jv_db_commit_with_next(struct jv_ctx *ctx)
{
    jv_pg_commit_with_next(ctx->tx);
}

int jv_db_commit_all(struct jv_ctx *ctx)
{
    int r = control(ctx, "commit");

    if (!r || r == JV_UNAVAILABLE) /* then nobody knows, and one too many is better */
        jv_records_say(ctx);
    jv_db_abandon(ctx); /* gives the connection back; nothing is open after a commit */
    return r;
}

/* The pool rolls back what is still open when it gets a connection back. */
void jv_db_abandon(struct jv_ctx *ctx)
{
    if (ctx->tx)
        jv_pg_give(ctx->node->pg, ctx->tx);
    jv_records_drop(ctx, false);
    ctx->tx = NULL;
    ctx->savepoint = false;
}

/* In a task's run the handler's transaction is a savepoint of the run's. */
static bool in_run(const struct jv_ctx *ctx)
{
    return ctx->run && !ctx->parent;
}

int jv_db_begin(struct jv_ctx *ctx)
{
    int r;

    if (ctx->savepoint || (ctx->tx && !in_run(ctx)))
        return jv_fail(ctx, JV_INTERNAL, "a transaction is open already");
    r = ctx->tx ? JV_OK : jv_db_open(ctx);
    if (!r && in_run(ctx)) {
        r = control(ctx, "savepoint jarvis");
        ctx->savepoint = !r;
    }
    return r;
}

int jv_db_commit(struct jv_ctx *ctx)
{
    if (!ctx->tx || (in_run(ctx) && !ctx->savepoint))
        return jv_fail(ctx, JV_INTERNAL, "no transaction is open");
    if (!ctx->savepoint)
        return jv_db_commit_all(ctx);
    ctx->savepoint = false;
    jv_records_keep(ctx);
    return control(ctx, "release savepoint jarvis");
}

void jv_db_rollback(struct jv_ctx *ctx)
{
    if (!in_run(ctx))
        jv_db_abandon(ctx);
    else if (ctx->savepoint)
        jv_records_drop(ctx, true);
    if (ctx->savepoint)
        jv_may_fail(control(ctx, "rollback to savepoint jarvis")); /* then nothing commits either */
    ctx->savepoint = false;
}

int jv_db_step(struct jv_ctx *ctx)
{
    int r = ctx->tx ? JV_OK : jv_db_open(ctx);

    return r ? r : control(ctx, "savepoint step");
}

int jv_db_step_end(struct jv_ctx *ctx, bool keep)
{
    return control(ctx, keep ? "release savepoint step" : "rollback to savepoint step");
}

void jv_db_settle(struct jv_ctx *ctx)
{
    if (ctx->savepoint)
        jv_db_rollback(ctx);
}

struct jv_param jv_text_array(struct jv_ctx *ctx, size_t n, const char *const *items)
{
    return jv_pg_text_array(ctx->arena, n, items);
}

/* ---- time ranges ----------------------------------------------------------------------------- */

static int read_time(struct jv_ctx *ctx, const char *member, const Google__Protobuf__Timestamp *t,
                     struct jv_param *ret)
{
    static const int64_t year_1 = -62135596800, year_10000 = 253402300800;

    *ret = jv_text(NULL);
    if (!t)
        return JV_OK;
    if (t->seconds < year_1 || t->seconds >= year_10000 || t->nanos < 0 || t->nanos > 999999999)
        return jv_fail_field(ctx, member, "is no time of the years 1 to 9999");
    *ret = jv_ms(t->seconds * 1000 + t->nanos / 1000000);
    return JV_OK;
}

int jv_read_range(struct jv_ctx *ctx, const char *what, const Google__Protobuf__Timestamp *from,
                  const Google__Protobuf__Timestamp *until, struct jv_range *ret)
{
    const char *first = jv_arena_printf(ctx->arena, "%s_from", what);
    const char *last = jv_arena_printf(ctx->arena, "%s_until", what);
    int r;

    r = read_time(ctx, first, from, &ret->from);
    if (!r)
        r = read_time(ctx, last, until, &ret->until);
    if (!r && from && until && ret->from.n >= ret->until.n)
        r = jv_fail_field(ctx, last, "is not after %s", first);
    return r;
}

size_t jv_col_bytes(struct jv_ctx *ctx, const struct jv_rows *rows, size_t row, const char *name,
                    const uint8_t **ret)
{
    return jv_pg_col_bytes(ctx->arena, rows, row, name, ret);
}

size_t jv_col_array(struct jv_ctx *ctx, const struct jv_rows *rows, size_t row, const char *name,
                    const char ***ret)
{
    return jv_pg_col_array(ctx->arena, rows, row, name, ret);
}

int jv_row_to_msg(struct jv_ctx *ctx, const struct jv_rows *rows, size_t row, ProtobufCMessage *msg)
{
    return jv_pg_row_to_msg(ctx->arena, rows, row, msg, &ctx->err);
}
