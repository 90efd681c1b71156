/* db.c -- the database as a handler sees it: jv/db.h over the pool of io/pg.h. */
#include "actor/engine.h"

static int64_t db_until(const struct jv_ctx *ctx)
{
    return ctx->deadline;
}

static int no_db(struct jv_ctx *ctx)
{
    return jv_fail(ctx, JV_INTERNAL, "actor %s does not say JV_NEEDS_DB", ctx->node->actor->name);
}

int jv_db_exec(struct jv_ctx *ctx, struct jv_rows *rows, const char *sql,
               const struct jv_param *params)
{
    struct jv_pg_conn *c = ctx->tx;
    struct jv_rows ignored;
    int r;

    if (!ctx->node->pg)
        return no_db(ctx);
    if (!c) {
        r = jv_pg_take(ctx->node->pg, db_until(ctx), &c, &ctx->err);
        if (r)
            return r;
    }
    r = jv_pg_exec(c, db_until(ctx), ctx->arena, rows ? rows : &ignored, sql, params, &ctx->err);
    if (!ctx->tx)
        jv_pg_give(ctx->node->pg, c);
    return r;
}

int jv_db_begin(struct jv_ctx *ctx)
{
    int r;

    if (!ctx->node->pg)
        return no_db(ctx);
    if (ctx->tx)
        return jv_fail(ctx, JV_INTERNAL, "a transaction is open already");
    r = jv_pg_take(ctx->node->pg, db_until(ctx), &ctx->tx, &ctx->err);
    if (r)
        return r;
    r = jv_db(ctx, NULL, "begin");
    if (r)
        jv_db_rollback(ctx);
    return r;
}

int jv_db_commit(struct jv_ctx *ctx)
{
    int r;

    if (!ctx->tx)
        return jv_fail(ctx, JV_INTERNAL, "no transaction is open");
    r = jv_db(ctx, NULL, "commit");
    jv_db_rollback(ctx); /* gives the connection back; nothing is open after a commit */
    return r;
}

/* The pool rolls back what is still open when it gets a connection back. */
void jv_db_rollback(struct jv_ctx *ctx)
{
    if (ctx->tx)
        jv_pg_give(ctx->node->pg, ctx->tx);
    ctx->tx = NULL;
}

struct jv_param jv_text_array(struct jv_ctx *ctx, size_t n, const char *const *items)
{
    return jv_pg_text_array(ctx->arena, n, items);
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
