/* token.h -- keys, access tokens and signatures for the actor that makes them, hashes of secrets.
 *
 * Keys are ES256 (EC P-256). Private keys travel as PEM (PKCS#8); they are the caller's to keep
 * secret. Results live in the arena. Nothing here waits; signing costs about a millisecond. */
#ifndef JV_TOKEN_H
#define JV_TOKEN_H

#include "jv/base.h"

enum { JV_SHA256_SIZE = 32 };

/* What every token says about who issued it and for whom. */
#define JV_TOKEN_ISSUER   "jarvis-auth"
#define JV_TOKEN_AUDIENCE "jarvis-api"

struct jv_jwk {
    const char *kid, *x, *y; /* base64url */
};

struct jv_claims {
    const char *sub, *username, *role, *scope, *jti, *sid;
    int64_t iat, exp; /* unix seconds */
};

/* A private key as PEM, its public coordinates, and a kid: the RFC 7638 thumbprint. */
JV_CHECKED int jv_key_generate(struct jv_arena *a, char **ret_pem, struct jv_jwk *ret_jwk,
                               struct jv_err *err);
JV_CHECKED int jv_key_public(const char *pem, struct jv_arena *a, struct jv_jwk *ret_jwk,
                             struct jv_err *err);
/* A signed token with iss, aud, iat = nbf, exp and the rest of the claims; NULL ones are left out.
 */
JV_CHECKED int jv_jwt_sign(const char *pem, const char *kid, const struct jv_claims *claims,
                           struct jv_arena *a, char **ret_token, struct jv_err *err);

/* A signature apart from what is signed (RFC 7515, appendix F); both are base64url. */
struct jv_jws {
    const char *header, *signature;
};

/* Sign bytes: ES256, with the protected header {"alg":"ES256","kid":kid,"typ":"JOSE"}. */
JV_CHECKED int jv_jws_sign(const char *pem, const char *kid, const void *payload, size_t n,
                           struct jv_arena *a, struct jv_jws *ret, struct jv_err *err);
/* JV_OK; JV_NOT_FOUND when another key signed; JV_UNAUTHENTICATED for what is no signature of this
 * key over these bytes, names another algorithm, or has a header that must be understood (crit). */
JV_CHECKED int jv_jws_verify(const struct jv_jwk *jwk, const struct jv_jws *jws,
                             const void *payload, size_t n, struct jv_arena *a, struct jv_err *err);

/* For secrets that are random already (refresh tokens, API keys); passwords go to password.h. */
void jv_sha256(const void *p, size_t n, uint8_t ret[JV_SHA256_SIZE]);
char *jv_sha256_hex(struct jv_arena *a, const void *p, size_t n);

#endif
