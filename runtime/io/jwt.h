/* jwt.h -- verifying ES256 tokens. With jv/token.h the only door to libjwt and OpenSSL.
 *
 * The algorithm is pinned: a token whose header does not say ES256 and name a known kid is refused
 * before any key is touched, and every claim is checked with its type. Nothing waits. Verifying is
 * thread-safe. */
#ifndef JV_JWT_H
#define JV_JWT_H

#include "jv/token.h"

struct jv_keys; /* a set of public keys */
struct jv_keys *jv_keys_new(void);
struct jv_keys *jv_keys_free(struct jv_keys *k);
/* Replace the set; JWKs that are no P-256 points are an error and leave it as it was. */
JV_CHECKED int jv_keys_set(struct jv_keys *k, const struct jv_jwk *keys, size_t n,
                           struct jv_err *err);

/* JV_OK with *ret filled (strings in the arena, never NULL); JV_UNAUTHENTICATED with a sentence
 * that tells no secrets; JV_NOT_FOUND when the kid is unknown (fetch keys, try once more). iss must
 * be jarvis-auth, aud jarvis-api (string, or array with it), exp, iat and nbf integers, nbf and iat
 * not more than 30 s ahead, sub and username non-empty strings. At most 8 KiB. */
JV_CHECKED int jv_jwt_verify(struct jv_keys *k, const char *token, int64_t now_s,
                             struct jv_arena *a, struct jv_claims *ret, struct jv_err *err);

#endif
