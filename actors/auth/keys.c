/* keys.c -- the keys that sign access tokens and agents' cards, and their public parts.
 *
 * The first auth that starts makes them; a partial unique index lets only one of several that start
 * at once succeed, and all read back which one it is. One key never serves for both: whoever gets
 * something signed as a card must not get a token by it. */
#include "auth.h"

#include <string.h>

#include "jv/token.h"

static const struct {
    const char *purpose;
    size_t at; /* in struct auth */
} uses[] = {
    { "token", offsetof(struct auth, token_key) },
    { "card", offsetof(struct auth, card_key) },
};

static struct signing_key *key_at(struct auth *auth, size_t at)
{
    return (struct signing_key *)(void *)((char *)auth + at);
}

static void forget_key(struct signing_key *key)
{
    jv_keep_free(key->kid);
    jv_keep_free(key->pem);
    *key = (struct signing_key){ 0 };
}

void keys_forget(struct auth *auth)
{
    for (size_t i = 0; i < JV_COUNT(uses); i++)
        forget_key(key_at(auth, uses[i].at));
}

static int keep_key(struct signing_key *key, const struct jv_rows *rows)
{
    if (key->kid && strcmp(key->kid, jv_col(rows, 0, "kid")) == 0)
        return JV_OK;
    forget_key(key);
    key->kid = jv_keep_strdup(jv_col(rows, 0, "kid"));
    key->pem = jv_keep_strdup(jv_col(rows, 0, "pem"));
    return JV_OK;
}

static int find_key(struct jv_ctx *ctx, const char *purpose, struct jv_rows *rows)
{
    return jv_db(ctx, rows, "select kid, pem from keys where retired_at is null and purpose = $1",
                 jv_text(purpose));
}

static int make_key(struct jv_ctx *ctx, const char *purpose)
{
    struct jv_err err = { 0 };
    struct jv_jwk jwk;
    char *pem;
    int r;

    r = jv_key_generate(jv_arena(ctx), &pem, &jwk, &err);
    if (r)
        return jv_fail(ctx, r, "making a signing key: %s", err.text);
    return jv_db(ctx, NULL,
                 "insert into keys (kid, pem, x, y, purpose, created_at) "
                 "values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
                 jv_text(jwk.kid), jv_text(pem), jv_text(jwk.x), jv_text(jwk.y), jv_text(purpose),
                 jv_ms(jv_real_ms(ctx)));
}

static int load_key(struct jv_ctx *ctx, const char *purpose, struct signing_key *key)
{
    struct jv_rows rows;
    int r;

    r = find_key(ctx, purpose, &rows);
    if (r || rows.n)
        return r ? r : keep_key(key, &rows);
    r = make_key(ctx, purpose);
    if (!r)
        r = find_key(ctx, purpose, &rows);
    if (r)
        return r;
    if (!rows.n)
        return jv_fail(ctx, JV_INTERNAL, "the signing key was made but is not there");
    return keep_key(key, &rows);
}

int keys_load(struct jv_ctx *ctx)
{
    int r = JV_OK;

    for (size_t i = 0; !r && i < JV_COUNT(uses); i++)
        r = load_key(ctx, uses[i].purpose, key_at(jv_state(ctx), uses[i].at));
    return r;
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
    jwk->purpose = jv_col(rows, row, "purpose");
    return jwk;
}

/* A retired key is shown until nothing signed with it can be valid any more; replicas notice a
 * change of keys within the hour. Cards that somebody has kept are verified for a month. */
int keys_list(struct jv_ctx *ctx, Auth__KeySet *ret)
{
    const struct auth *auth = jv_state(ctx);
    const int64_t hour = 3600 * 1000, now = jv_real_ms(ctx);
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "select kid, x, y, purpose from keys where retired_at is null "
              "or retired_at > case purpose when 'token' then $1 else $2 end "
              "order by purpose desc, created_at desc, kid",
              jv_ms(now - auth->access_ttl_ms - 2 * hour), jv_ms(now - 30 * 24 * hour));
    if (r)
        return r;
    ret->keys = JV_NEW_ARRAY(jv_arena(ctx), Auth__Jwk *, rows.n);
    for (size_t i = 0; i < rows.n; i++)
        ret->keys[ret->n_keys++] = show_key(ctx, &rows, i);
    return JV_OK;
}
