/* tokens.c -- access tokens, refresh tokens that are good once, and ending a sign-in.
 *
 * A refresh token is 32 random bytes; only its hash is stored. It is spent by its first use, for
 * good: whoever comes second with it -- a thief, the person after a thief, or a client that lost
 * the answer and tries again -- ends the whole sign-in. */
#include "auth.h"

#include <string.h>

#include "jv/token.h"

enum { max_refresh_token = 64, most_of_one = 64 };

static const char everybody[] = "tickets:read tickets:write finops:read oxygen:read "
                                "registry:read users:read";
static const char administrators[] = "tickets:read tickets:write finops:read oxygen:read "
                                     "registry:read users:read "
                                     "tickets:read:all tickets:write:all tickets:delete "
                                     "finops:read:all oxygen:read:all users:read:all users:write "
                                     "registry:write registry:approve audit:read "
                                     "notifications:read:all notifications:write:all "
                                     "llm:read:all";

static const char *scope_of(const char *role)
{
    return strcmp(role, "admin") == 0 ? administrators : everybody;
}

struct grant {
    const char *refresh_token;
    struct jv_param hash;
    int64_t now_ms, access_until_ms, refresh_until_ms;
    int64_t issued; /* what its access token says, unix seconds */
};

static struct jv_param hash_of(struct jv_ctx *ctx, const char *token)
{
    uint8_t *hash = jv_arena_alloc(jv_arena(ctx), JV_SHA256_SIZE);

    jv_sha256(token, strlen(token), hash);
    return jv_bytes(hash, JV_SHA256_SIZE);
}

static struct grant new_grant(struct jv_ctx *ctx)
{
    const struct auth *auth = jv_state(ctx);
    int64_t now = jv_real_ms(ctx);
    uint8_t random[32];
    struct grant g = { .now_ms = now, .issued = now / 1000 };

    jv_random(random, sizeof(random));
    g.refresh_token = jv_base64url(jv_arena(ctx), random, sizeof(random));
    g.hash = hash_of(ctx, g.refresh_token);
    g.access_until_ms = now + auth->access_ttl_ms;
    g.refresh_until_ms = now + auth->refresh_ttl_ms;
    return g;
}

static int reply(struct jv_ctx *ctx, const struct person *p, const char *sid, const struct grant *g,
                 Auth__TokenReply *ret)
{
    const struct auth *auth = jv_state(ctx);
    struct jv_claims claims = {
        .sub = p->user_id,
        .username = p->username,
        .role = p->role,
        .scope = scope_of(p->role),
        .sid = sid,
        .iat = g->issued,
        .exp = g->access_until_ms / 1000,
    };
    struct jv_err err = { 0 };
    char jti[37], *token;
    int r;

    jv_uuid(jti);
    claims.jti = jti;
    r = jv_jwt_sign(auth->token_key.pem, auth->token_key.kid, &claims, jv_arena(ctx), &token, &err);
    if (r)
        return jv_fail(ctx, r, "signing a token: %s", err.text);
    ret->access_token = token;
    ret->token_type = "bearer";
    ret->expires_in = (int32_t)(claims.exp - claims.iat);
    ret->refresh_token = g->refresh_token;
    ret->user = JV_NEW(jv_arena(ctx), Auth__User);
    auth__user__init(ret->user);
    person_show(p, ret->user);
    return JV_OK;
}

/* The first second whose tokens of the person are not refused. */
#define FIRST "coalesce((select issued + 1 from ended_people e where e.user_id = $1), 0)"

/* A token of a second that is far ahead would be refused. It comes to that for those only who sign
 * in and out many times a second. */
static int check_pace(struct jv_ctx *ctx, const struct grant *g)
{
    enum { ahead_s = 20 };

    if (g->issued <= g->now_ms / 1000 + ahead_s)
        return JV_OK;
    return jv_fail(ctx, JV_RESOURCE_EXHAUSTED,
                   "too many sign-ins of this person were ended just now; try again in a minute");
}

int tokens_sign_in(struct jv_ctx *ctx, const struct person *p, Auth__TokenReply *ret)
{
    struct grant g = new_grant(ctx);
    struct jv_rows rows;
    char sid[37];
    int r;

    r = keys_load_token(ctx);
    if (r)
        return r;
    jv_uuid(sid);
    r = jv_db(ctx, &rows,
              "with person as (select user_id from people where user_id = $1 and role = $2 "
              "                and password_hash = $3 and not disabled and removed_at is null "
              "                for share), "
              "family as (insert into families (sid, user_id, created_at, access_until, issued) "
              "           select $4, user_id, $5, $6, greatest($9::bigint, " FIRST ") from person "
              "           returning sid, issued), "
              "token as (insert into refresh_tokens (hash, sid, expires_at) "
              "          select $7::bytea, sid, $8::timestamptz from family) "
              "select issued from family",
              jv_text(p->user_id), jv_text(p->role), jv_text(p->password_hash), jv_text(sid),
              jv_ms(g.now_ms), jv_ms(g.access_until_ms), g.hash, jv_ms(g.refresh_until_ms),
              jv_int(g.issued));
    if (r)
        return r;
    if (!rows.n) /* changed while the password was checked */
        return jv_fail(ctx, JV_UNAUTHENTICATED, "Invalid username or password");
    g.issued = jv_col_int(&rows, 0, "issued");
    r = check_pace(ctx, &g);
    if (r)
        return r;
    jv_audit_who(ctx, p->username, p->user_id);
    jv_audit(ctx, "login", "%s (%s) signed in, sid %s", p->username, p->user_id, sid);
    return reply(ctx, p, sid, &g, ret);
}

/* ---- ending --------------------------------------------------------------------------------- */

static Auth__Revocation *revocation(struct jv_ctx *ctx, const struct jv_rows *rows, size_t i)
{
    Auth__Revocation *v = JV_NEW(jv_arena(ctx), Auth__Revocation);
    int64_t until_ms = jv_col_ms(rows, i, "until");

    auth__revocation__init(v);
    v->sid = jv_col(rows, i, "sid");
    v->user_id = jv_col(rows, i, "user_id");
    v->issued = jv_col_int(rows, i, "issued");
    v->until = JV_NEW(jv_arena(ctx), Google__Protobuf__Timestamp);
    google__protobuf__timestamp__init(v->until);
    v->until->seconds = until_ms / 1000;
    v->until->nanos = (int32_t)(until_ms % 1000) * 1000000;
    return v;
}

/* What everybody has to remember of one person is bounded: past so many ended sign-ins whose tokens
 * could be good, all of the person's tokens up to the last one's are refused. Other sign-ins of
 * theirs go on with their refresh tokens. *ret is NULL when there is nothing to tell anybody. */
static int end_family(struct jv_ctx *ctx, const char *sid, const char *reason,
                      Auth__Revocation **ret)
{
    const struct auth *auth = jv_state(ctx);
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "with family as (update families set ended_at = $2, reason = $3 "
              " where sid = $1 and ended_at is null returning sid, user_id, access_until, "
              " greatest(issued, floor(extract(epoch from access_until))::bigint - $4) as issued), "
              "good as (select family.*, (select count(*) from revocations v join families f "
              " using (sid) where f.user_id = family.user_id and v.until > $2) as n "
              " from family where access_until > $2), "
              "one as (insert into revocations (sid, until) select sid, access_until from good "
              " where n < $5 on conflict do nothing returning sid, until), "
              "whole as (insert into ended_people (user_id, issued, until) "
              " select user_id, issued, access_until from good where n >= $5 "
              " on conflict (user_id) do update set told = false, "
              " issued = greatest(ended_people.issued, excluded.issued), "
              " until = greatest(ended_people.until, excluded.until) "
              " returning user_id, issued, until) "
              "select sid, '' as user_id, 0 as issued, until from one union all "
              "select '' as sid, user_id, issued, until from whole",
              jv_text(sid), jv_ms(jv_real_ms(ctx)), jv_text(reason),
              jv_int(auth->access_ttl_ms / 1000), jv_int(most_of_one));
    *ret = !r && rows.n ? revocation(ctx, &rows, 0) : NULL;
    return r;
}

int tokens_end(struct jv_ctx *ctx, const char *sid, const char *reason)
{
    Auth__Revocation *over;
    int r;

    r = end_family(ctx, sid, reason, &over);
    if (!r && over)
        tokens_tell(ctx, over);
    return r;
}

/* Clocks of several replicas differ: what was issued ahead of this one's counts, too. So does what
 * was issued since the last end, at the second after it. */
int tokens_end_person(struct jv_ctx *ctx, const char *user_id, Auth__Revocation **ret)
{
    const struct auth *auth = jv_state(ctx);
    int64_t now = jv_real_ms(ctx);
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "with gone as (delete from families where user_id = $1 "
              "              returning access_until, issued) "
              "insert into ended_people (user_id, issued, until) "
              "select $1, greatest($2, max(issued), "
              "floor(extract(epoch from max(access_until)))::bigint - $3), "
              "greatest($4, max(access_until)) from gone "
              "on conflict (user_id) do update set told = false, "
              "issued = greatest(ended_people.issued + 1, excluded.issued), "
              "until = greatest(ended_people.until, excluded.until) "
              "returning '' as sid, user_id, issued, until",
              jv_text(user_id), jv_int(now / 1000), jv_int(auth->access_ttl_ms / 1000),
              jv_ms(now + auth->access_ttl_ms));
    if (!r)
        *ret = revocation(ctx, &rows, 0);
    return r;
}

int tokens_ended(struct jv_ctx *ctx, const char *user_id, Auth__Revocation **ret)
{
    struct jv_rows rows;
    int r = jv_db(ctx, &rows,
                  "select '' as sid, user_id, issued, until from ended_people "
                  "where user_id = $1 and until > $2",
                  jv_text(user_id), jv_ms(jv_real_ms(ctx)));

    *ret = !r && rows.n ? revocation(ctx, &rows, 0) : NULL;
    return r;
}

void tokens_tell(struct jv_ctx *ctx, const Auth__Revocation *v)
{
    if (jv_publish(ctx, "evt.auth.Revoked", v))
        jv_warn(ctx, "the end of %s%s could not be published", v->sid, v->user_id);
}

int tokens_family(struct jv_ctx *ctx, const char *token, const char *user_id, const char **ret_sid)
{
    struct jv_rows rows;
    int r;

    *ret_sid = "";
    if (strlen(token) > max_refresh_token)
        return JV_OK;
    r = jv_db(ctx, &rows,
              "select sid from refresh_tokens join families using (sid) "
              "where hash = $1 and user_id = $2",
              hash_of(ctx, token), jv_text(user_id));
    if (!r && rows.n)
        *ret_sid = jv_col(&rows, 0, "sid");
    return r;
}

/* ---- refreshing ----------------------------------------------------------------------------- */

/* On record, but not with the token. Nothing that was begun stays. */
static int refused(struct jv_ctx *ctx, const struct person *p, const char *why)
{
    bool known = p && p->user_id;

    jv_db_rollback(ctx);
    if (known)
        jv_audit_who(ctx, p->username, p->user_id);
    jv_audit(ctx, "refresh_failed", "%s: %s", known ? p->username : "nobody known", why);
    return jv_fail(ctx, JV_UNAUTHENTICATED, "refresh token is not valid; sign in again");
}

/* In the transaction that holds the spent token: end the sign-in, then refuse. */
static int reused(struct jv_ctx *ctx, const char *sid, const struct person *p)
{
    Auth__Revocation *over;
    int r;

    r = end_family(ctx, sid, "refresh token used twice", &over);
    if (!r)
        r = jv_db_commit(ctx);
    if (r)
        return r;
    if (over)
        tokens_tell(ctx, over);
    jv_audit_who(ctx, p->username, p->user_id);
    jv_audit(ctx, "refresh_reuse", "a spent refresh token of %s came back, sign-in %s ended",
             p->user_id, sid);
    return refused(ctx, p, "it was spent");
}

static int rotate(struct jv_ctx *ctx, const char *sid, struct jv_param spent, const struct grant *g)
{
    const struct auth *auth = jv_state(ctx);
    int r;

    r = jv_db(ctx, NULL,
              "with spent as (update refresh_tokens set used_at = $3 where hash = $2), "
              "family as (update families set access_until = greatest(access_until, $4), "
              "           issued = greatest(issued, $8) "
              "           where sid = $1 returning sid, created_at) "
              "insert into refresh_tokens (hash, sid, expires_at) "
              "select $5::bytea, sid, least($6, created_at + $7 * interval '1 ms') from family",
              jv_text(sid), spent, jv_ms(g->now_ms), jv_ms(g->access_until_ms), g->hash,
              jv_ms(g->refresh_until_ms), jv_int(auth->signin_ttl_ms), jv_int(g->issued));
    return r ? r : jv_db_commit(ctx);
}

/* The person whose refresh token it is, before the sign-in is locked; nobody when it is none. */
static int hold_owner(struct jv_ctx *ctx, struct jv_param hash, struct person *ret)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "select user_id from refresh_tokens join families using (sid) where hash = $1", hash);
    if (r)
        return r;
    return person_hold(ctx, rows.n ? jv_col(&rows, 0, "user_id") : "", ret);
}

static int find_first(struct jv_ctx *ctx, const char *user_id, struct grant *g)
{
    struct jv_rows rows;
    int r = jv_db(ctx, &rows, "select " FIRST " as first", jv_text(user_id));

    if (!r && jv_col_int(&rows, 0, "first") > g->issued)
        g->issued = jv_col_int(&rows, 0, "first");
    return r ? r : check_pace(ctx, g);
}

int tokens_refresh(struct jv_ctx *ctx, const char *token, Auth__TokenReply *ret)
{
    struct grant g = new_grant(ctx);
    struct jv_param hash = hash_of(ctx, token);
    struct jv_rows rows;
    struct person p;
    const char *sid;
    int r;

    if (strlen(token) > max_refresh_token)
        return refused(ctx, NULL, "it is none");
    r = keys_load_token(ctx);
    if (!r)
        r = jv_db_begin(ctx);
    if (!r)
        r = hold_owner(ctx, hash, &p);
    if (r)
        return r;
    r = jv_db(ctx, &rows,
              "select sid, user_id, used_at is not null as used, "
              "t.expires_at <= $2 or f.ended_at is not null as over "
              "from refresh_tokens t join families f using (sid) where hash = $1 for update",
              hash, jv_ms(g.now_ms));
    if (r)
        return r;
    if (!rows.n)
        return refused(ctx, NULL, "it is none");
    sid = jv_col(&rows, 0, "sid");
    if (jv_col_bool(&rows, 0, "used"))
        return reused(ctx, sid, &p);
    if (jv_col_bool(&rows, 0, "over"))
        return refused(ctx, &p, "the sign-in is over");
    if (!p.may_sign_in)
        return refused(ctx, &p, "not allowed to sign in");
    r = find_first(ctx, p.user_id, &g);
    if (!r)
        r = rotate(ctx, sid, hash, &g);
    return r ? r : reply(ctx, &p, sid, &g, ret);
}

/* ---- lists and housekeeping ----------------------------------------------------------------- */

/* One message must carry the list. What does not fit makes it say that all tokens are refused that
 * run out no later: too much is better than too little. */
int tokens_revoked(struct jv_ctx *ctx, Auth__RevocationList *ret)
{
    enum { most = 6000 };
    const struct auth *auth = jv_state(ctx);
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "with each as (select sid, user_id, v.until, greatest(issued, "
              "   floor(extract(epoch from v.until))::bigint - $4) as issued, row_number() over "
              "   (partition by user_id order by v.until desc, sid) as n "
              "   from revocations v join families using (sid) where v.until > $1), "
              "whole as (select user_id, issued, until from ended_people where until > $1 "
              "   union all select user_id, issued, until from each where n > $2) "
              "select '' as sid, user_id, max(issued) as issued, max(until) as until from whole "
              "   group by user_id "
              "union all select sid, '' as user_id, 0 as issued, until from each where n <= $2 "
              "order by until desc limit $3",
              jv_ms(jv_real_ms(ctx)), jv_int(most_of_one), jv_int(most + 1),
              jv_int(auth->access_ttl_ms / 1000));
    if (r)
        return r;
    ret->revocations = JV_NEW_ARRAY(jv_arena(ctx), Auth__Revocation *, rows.n + 1);
    for (size_t i = 0; i < rows.n; i++)
        ret->revocations[ret->n_revocations++] = revocation(ctx, &rows, i);
    if (rows.n > most)
        ret->revocations[most]->sid = ret->revocations[most]->user_id = "";
    return JV_OK;
}

/* A sign-in is forgotten when nothing of it can be good any more, and then it counts as ended. */
int tokens_has_ended(struct jv_ctx *ctx, const Auth__HasEndedRequest *req, Auth__HasEndedReply *ret)
{
    const struct auth *auth = jv_state(ctx);
    struct jv_rows rows;
    int r;

    r = jv_db(
            ctx, &rows,
            "select exists (select from people where user_id = $1 and removed_at is null and "
            "  not disabled and (not demo or $4::boolean)) "
            "and ($2 = '' or exists (select from families where sid = $2 and user_id = $1 and "
            "  ended_at is null)) "
            "and not exists (select from ended_people where user_id = $1 and issued >= $3) as good",
            jv_text(req->user_id), jv_text(req->sid), jv_int(req->issued), jv_bool(auth->demo));
    ret->ended = r || !jv_col_bool(&rows, 0, "good");
    return r;
}

/* Spent tokens stay until they would have run out: that is how a second use is noticed. */
int tokens_purge(struct jv_ctx *ctx)
{
    struct jv_param now = jv_ms(jv_real_ms(ctx));
    struct jv_param hour_ago = jv_ms(jv_real_ms(ctx) - 3600 * 1000);
    int r;

    r = jv_db(ctx, NULL, "delete from refresh_tokens where expires_at <= $1", now);
    if (!r)
        r = jv_db(ctx, NULL,
                  "delete from families f where access_until <= $1 and not exists "
                  "(select from refresh_tokens t where t.sid = f.sid)",
                  now);
    if (!r)
        r = jv_db(ctx, NULL, "delete from revocations where until <= $1", now);
    if (!r)
        r = jv_db(ctx, NULL, "delete from attempts where failed_at <= $1", hour_ago);
    return r;
}
