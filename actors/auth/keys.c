/* keys.c -- the keys that sign access tokens and agents' cards, and their public parts.
 *
 * Which one signs is in the table and is looked up there each time, so that all replicas change to
 * a new one together.
 * The first auth that starts makes them; a partial unique index lets only one of several that start
 * at once succeed, and all read back which one it is. One key never serves for both: whoever gets
 * something signed as a card must not get a token by it. */
#include "auth.h"

#include <string.h>

#include "google/protobuf/empty.pb-c.h"
#include "jv/token.h"
#include "jv/wire.h"

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

/* One that does not sign yet is there as one that does no more. */
static int make_key(struct jv_ctx *ctx, const char *purpose, bool signs, struct jv_jwk *ret)
{
    struct jv_err err = { 0 };
    char *pem;
    int r;

    r = jv_key_generate(jv_arena(ctx), &pem, ret, &err);
    if (r)
        return jv_fail(ctx, r, "making a signing key: %s", err.text);
    return jv_db(ctx, NULL,
                 "insert into keys (kid, pem, x, y, purpose, created_at, retired_at) "
                 "values ($1, $2, $3, $4, $5, $6, case when $7::boolean then null "
                 "else $6::timestamptz end) on conflict do nothing",
                 jv_text(ret->kid), jv_text(pem), jv_text(ret->x), jv_text(ret->y),
                 jv_text(purpose), jv_ms(jv_real_ms(ctx)), jv_bool(signs));
}

static int load_key(struct jv_ctx *ctx, const char *purpose, struct signing_key *key)
{
    struct jv_rows rows;
    struct jv_jwk jwk;
    int r;

    r = find_key(ctx, purpose, &rows);
    if (r || rows.n)
        return r ? r : keep_key(key, &rows);
    r = make_key(ctx, purpose, true, &jwk);
    if (!r)
        r = find_key(ctx, purpose, &rows);
    if (r)
        return r;
    if (!rows.n)
        return jv_fail(ctx, JV_INTERNAL, "the signing key was made but is not there");
    return keep_key(key, &rows);
}

int keys_load_token(struct jv_ctx *ctx)
{
    return load_key(ctx, "token", &((struct auth *)jv_state(ctx))->token_key);
}

int keys_load_card(struct jv_ctx *ctx)
{
    return load_key(ctx, "card", &((struct auth *)jv_state(ctx))->card_key);
}

int keys_load(struct jv_ctx *ctx)
{
    int r = JV_OK;

    for (size_t i = 0; !r && i < JV_COUNT(uses); i++)
        r = load_key(ctx, uses[i].purpose, key_at(jv_state(ctx), uses[i].at));
    return r;
}

/* ---- what others see of them ---------------------------------------------------------------- */

#define HOUR ((int64_t)3600 * 1000)

#define IS_SHOWN                                                                                   \
    "(retired_at is null or retired_at > case purpose when 'token' then $1::timestamptz "          \
    "else $2::timestamptz end) "

static struct jv_param token_since(struct jv_ctx *ctx)
{
    const struct auth *auth = jv_state(ctx);

    return jv_ms(jv_real_ms(ctx) - auth->access_ttl_ms - 2 * HOUR);
}

static struct jv_param card_since(struct jv_ctx *ctx)
{
    return jv_ms(jv_real_ms(ctx) - 30 * 24 * HOUR);
}

static void show_key(Auth__Jwk *jwk, const char *kid, const char *x, const char *y,
                     const char *purpose)
{
    jwk->kty = "EC";
    jwk->crv = "P-256";
    jwk->alg = "ES256";
    jwk->use = "sig";
    jwk->kid = kid;
    jwk->x = x;
    jwk->y = y;
    jwk->purpose = purpose;
}

/* A retired key is shown until nothing signed with it can be valid any more, and a while longer.
 * Cards that somebody has kept are verified for a month. */
int keys_list(struct jv_ctx *ctx, Auth__KeySet *ret)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "select kid, x, y, purpose from keys where " IS_SHOWN
              "order by purpose desc, retired_at is not null, created_at desc, kid",
              token_since(ctx), card_since(ctx));
    if (r)
        return r;
    ret->keys = JV_NEW_ARRAY(jv_arena(ctx), Auth__Jwk *, rows.n);
    for (size_t i = 0; i < rows.n; i++) {
        ret->keys[i] = jv_msg_new(&auth__jwk__descriptor, jv_arena(ctx));
        show_key(ret->keys[i], jv_col(&rows, i, "kid"), jv_col(&rows, i, "x"),
                 jv_col(&rows, i, "y"), jv_col(&rows, i, "purpose"));
    }
    ret->n_keys = rows.n;
    return JV_OK;
}

/* ---- a new one ------------------------------------------------------------------------------ */

/* Whoever verifies keeps 16 keys of tokens. */
static int check_few(struct jv_ctx *ctx, const char *purpose)
{
    enum { most = 12 };
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows, "select count(*) as n from keys where " IS_SHOWN "and purpose = $3",
              token_since(ctx), card_since(ctx), jv_text(purpose));
    if (r || jv_col_int(&rows, 0, "n") < most)
        return r;
    return jv_fail(
            ctx, JV_RESOURCE_EXHAUSTED,
            "%d keys for a %s are still in use; a new one can be made when the oldest is not", most,
            purpose);
}

/* Before it signs: whoever hears of it fetches it, so that no token is met with an unknown key. One
 * who does not hear fetches it when they meet one. */
static int announce(struct jv_ctx *ctx)
{
    const Google__Protobuf__Empty nothing = GOOGLE__PROTOBUF__EMPTY__INIT;
    int r = jv_publish(ctx, "evt.auth.KeysChanged", &nothing);

    return r ? r : jv_settle(ctx);
}

/* The old one's private half is of no use any more. */
static int let_it_sign(struct jv_ctx *ctx, const char *purpose, const char *kid)
{
    int r = jv_db_begin(ctx);

    if (!r)
        r = jv_db(ctx, NULL, "select pg_advisory_xact_lock(hashtextextended('auth.keys', 0))");
    if (!r)
        r = jv_db(ctx, NULL,
                  "update keys set retired_at = $2, pem = '' "
                  "where purpose = $1 and retired_at is null",
                  jv_text(purpose), jv_ms(jv_real_ms(ctx)));
    if (!r)
        r = jv_db(ctx, NULL, "update keys set retired_at = null where kid = $1", jv_text(kid));
    return r;
}

static const char *use_named(const char *purpose)
{
    for (size_t i = 0; i < JV_COUNT(uses); i++)
        if (strcmp(purpose[0] ? purpose : "token", uses[i].purpose) == 0)
            return uses[i].purpose;
    return NULL;
}

int keys_rotate(struct jv_ctx *ctx, const char *asked, Auth__Jwk *ret)
{
    const char *purpose = use_named(asked);
    struct jv_note note;
    struct jv_jwk jwk;
    int r;

    if (!purpose)
        return jv_fail_field(ctx, "purpose", "must be token or card");
    r = check_few(ctx, purpose);
    if (!r)
        r = make_key(ctx, purpose, false, &jwk);
    if (!r)
        r = announce(ctx);
    if (!r)
        r = let_it_sign(ctx, purpose, jwk.kid);
    if (r)
        return r;
    note = jv_note(ctx, "keys_rotated", "a new key for a %s, %s", purpose, jwk.kid);
    r = admin_conclude(ctx, &note, NULL);
    show_key(ret, jwk.kid, jwk.x, jwk.y, purpose);
    return r;
}
