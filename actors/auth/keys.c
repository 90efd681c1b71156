/* keys.c -- the key that signs access tokens, and the public keys that others verify with.
 *
 * The first auth that starts makes the key; a partial unique index lets only one of several that
 * start at once succeed, and all read back which one it is. */
#include "auth.h"

#include <string.h>

#include "jv/token.h"

static int keep_key(struct auth *auth, const struct jv_rows *rows)
{
    if (auth->kid && strcmp(auth->kid, jv_col(rows, 0, "kid")) == 0)
        return JV_OK;
    jv_keep_free(auth->kid);
    jv_keep_free(auth->pem);
    auth->kid = jv_keep_strdup(jv_col(rows, 0, "kid"));
    auth->pem = jv_keep_strdup(jv_col(rows, 0, "pem"));
    return JV_OK;
}

static int find_key(struct jv_ctx *ctx, struct jv_rows *rows)
{
    return jv_db(ctx, rows, "select kid, pem from keys where retired_at is null");
}

static int make_key(struct jv_ctx *ctx)
{
    struct jv_err err = { 0 };
    struct jv_jwk jwk;
    char *pem;
    int r;

    r = jv_key_generate(jv_arena(ctx), &pem, &jwk, &err);
    if (r)
        return jv_fail(ctx, r, "making a signing key: %s", err.text);
    return jv_db(ctx, NULL,
                 "insert into keys (kid, pem, x, y, created_at) values ($1, $2, $3, $4, $5) "
                 "on conflict do nothing",
                 jv_text(jwk.kid), jv_text(pem), jv_text(jwk.x), jv_text(jwk.y),
                 jv_ms(jv_real_ms(ctx)));
}

int keys_load(struct jv_ctx *ctx)
{
    struct jv_rows rows;
    int r;

    r = find_key(ctx, &rows);
    if (r || rows.n)
        return r ? r : keep_key(jv_state(ctx), &rows);
    r = make_key(ctx);
    if (!r)
        r = find_key(ctx, &rows);
    if (r)
        return r;
    if (!rows.n)
        return jv_fail(ctx, JV_INTERNAL, "the signing key was made but is not there");
    return keep_key(jv_state(ctx), &rows);
}

static Auth__Jwk *show_key(struct jv_ctx *ctx, const struct jv_rows *rows, size_t row)
{
    Auth__Jwk *jwk = JV_NEW(jv_arena(ctx), Auth__Jwk);

    auth__jwk__init(jwk);
    jwk->kty = "EC";
    jwk->crv = "P-256";
    jwk->alg = "ES256";
    jwk->use = "sig";
    jwk->kid = jv_col(rows, row, "kid");
    jwk->x = jv_col(rows, row, "x");
    jwk->y = jv_col(rows, row, "y");
    return jwk;
}

/* A retired key is shown until nothing signed with it can be valid any more; replicas notice a
 * change of keys within the hour. */
int keys_list(struct jv_ctx *ctx, Auth__KeySet *ret)
{
    const struct auth *auth = jv_state(ctx);
    int64_t since = jv_real_ms(ctx) - auth->access_ttl_ms - 2 * 3600 * 1000;
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "select kid, x, y from keys where retired_at is null or retired_at > $1 "
              "order by created_at desc, kid",
              jv_ms(since));
    if (r)
        return r;
    ret->keys = JV_NEW_ARRAY(jv_arena(ctx), Auth__Jwk *, rows.n);
    for (size_t i = 0; i < rows.n; i++)
        ret->keys[ret->n_keys++] = show_key(ctx, &rows, i);
    return JV_OK;
}
