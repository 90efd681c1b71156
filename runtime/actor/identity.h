/* identity.h -- who a token speaks for: keys, a cache of verified tokens, ended sessions.
 *
 * Thread-safe; nothing here waits. A verified token is remembered by its SHA-256 until it expires
 * or its session is revoked, so that a signature is checked once per token and process. */
#ifndef JV_IDENTITY_H
#define JV_IDENTITY_H

#include "jv/actor.h"

struct jv_identity;

/* cache_size tokens at most; the oldest slot gives way. */
struct jv_identity *jv_identity_new(size_t cache_size);
struct jv_identity *jv_identity_free(struct jv_identity *id);

/* JV_OK with *ret filled, strings in the arena; JV_UNAUTHENTICATED; JV_NOT_FOUND: the token names a
 * key that is not known: fetch auth.Keys, hand it to jv_identity_keys(), try once more. */
JV_CHECKED int jv_identity_check(struct jv_identity *id, const char *token, int64_t real_ms,
                                 struct jv_arena *a, struct jv_caller *ret, struct jv_err *err);

/* May keys be fetched now? At most once a second, so that tokens with invented keys cost nothing;
 * says yes once and starts the second. */
bool jv_identity_may_fetch(struct jv_identity *id, int64_t real_ms);

/* An auth.KeySet replaces the keys; only those that are for tokens count. */
JV_CHECKED int jv_identity_keys(struct jv_identity *id, const void *auth_keyset,
                                struct jv_err *err);

/* Tokens of this session are refused until then; cached ones too. The second takes an
 * auth.Revocation, of a session or of all that a person had up to then. */
void jv_identity_revoke(struct jv_identity *id, const char *sid, int64_t until_ms);
void jv_identity_revocation(struct jv_identity *id, const void *auth_revocation);

/* Grows with each revocation: whoever looks again and again need only do so when it has. */
uint64_t jv_identity_revocations(struct jv_identity *id);

/* Hits and misses of the cache, for metrics. */
void jv_identity_stats(struct jv_identity *id, uint64_t *ret_hits, uint64_t *ret_misses);

#endif
