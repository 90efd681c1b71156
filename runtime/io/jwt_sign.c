/* jwt_sign.c -- making tokens, by libjwt. */
#include <errno.h>
#include <jwt.h>
#include <stdlib.h>
#include <string.h>

#include "jv/token.h"

static int add_text(jwt_t *jwt, const char *name, const char *value)
{
    return value ? jwt_add_grant(jwt, name, value) : 0;
}

static int add_claims(jwt_t *jwt, const struct jv_claims *c)
{
    const struct {
        const char *name, *value;
    } texts[] = {
        { "iss", JV_TOKEN_ISSUER }, { "aud", JV_TOKEN_AUDIENCE },
        { "sub", c->sub },          { "username", c->username },
        { "role", c->role },        { "scope", c->scope },
        { "jti", c->jti },          { "sid", c->sid },
    };

    for (size_t i = 0; i < JV_COUNT(texts); i++) {
        int r = add_text(jwt, texts[i].name, texts[i].value);

        if (r)
            return r;
    }
    if (jwt_add_grant_int(jwt, "iat", (long)c->iat) || jwt_add_grant_int(jwt, "nbf", (long)c->iat))
        return EINVAL;
    return jwt_add_grant_int(jwt, "exp", (long)c->exp);
}

static char *encode(jwt_t *jwt, const char *pem, const char *kid, const struct jv_claims *claims)
{
    if (jwt_add_header(jwt, "kid", kid) || add_claims(jwt, claims) ||
        jwt_set_alg(jwt, JWT_ALG_ES256, (const unsigned char *)pem, (int)strlen(pem)))
        return NULL;
    return jwt_encode_str(jwt);
}

int jv_jwt_sign(const char *pem, const char *kid, const struct jv_claims *claims,
                struct jv_arena *a, char **ret_token, struct jv_err *err)
{
    struct jv_jwk jwk;
    jwt_t *jwt = NULL;
    char *token = NULL;
    int r = jv_key_public(pem, a, &jwk, err); /* libjwt would take any kind of key */

    if (r)
        return r;
    if (!jwt_new(&jwt))
        token = encode(jwt, pem, kid, claims);
    if (token)
        *ret_token = jv_arena_strdup(a, token);
    else
        r = jv_err_set(err, JV_INTERNAL, "the token could not be signed");
    free(token);
    jwt_free(jwt);
    return r;
}
