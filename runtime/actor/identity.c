/* identity.c -- who a token speaks for: keys, a cache of verified tokens, ended sessions. */
#include "actor/identity.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <auth.pb-c.h>

#include "actor/ends.h"
#include "io/jwt.h"

enum { KEY_FETCH_MS = 1000, MAX_KEYS = 16 };

/* One verified token. Strings are one malloc'ed block that begins with user_id. */
struct entry {
    uint8_t hash[32];
    int64_t exp_ms, issued; /* the second is in seconds */
    char *user_id, *username, *role, *scope, *sid;
};

struct jv_identity {
    pthread_mutex_t lock;
    struct jv_keys *keys;
    struct entry *cache; /* 4-way sets, indexed by the hash */
    size_t n_sets;
    struct jv_ends *ends;
    int64_t now_ms; /* as of the latest check */
    int64_t next_fetch_ms;
    uint64_t hits, misses, revocations;
    unsigned turn; /* which way of a full set gives way */
};

enum { WAYS = 4 };

struct jv_identity *jv_identity_new(size_t cache_size)
{
    struct jv_identity *id = calloc(1, sizeof(*id));

    if (!id)
        abort();
    id->n_sets = cache_size / WAYS + 1;
    id->cache = calloc(id->n_sets * WAYS, sizeof(*id->cache));
    id->keys = jv_keys_new();
    id->ends = jv_ends_new(JV_MAX_ENDS);
    if (!id->cache)
        abort();
    pthread_mutex_init(&id->lock, NULL);
    return id;
}

struct jv_identity *jv_identity_free(struct jv_identity *id)
{
    if (!id)
        return NULL;
    for (size_t i = 0; i < id->n_sets * WAYS; i++)
        free(id->cache[i].user_id);
    free(id->cache);
    jv_keys_free(id->keys);
    jv_ends_free(id->ends);
    pthread_mutex_destroy(&id->lock);
    free(id);
    return NULL;
}

static struct entry *set_of(struct jv_identity *id, const uint8_t hash[32])
{
    uint64_t h;

    memcpy(&h, hash, sizeof(h));
    return &id->cache[h % id->n_sets * WAYS];
}

static void caller_from(struct jv_caller *ret, struct jv_arena *a, const struct entry *e,
                        const char *token)
{
    ret->signed_in = true;
    ret->user_id = jv_arena_strdup(a, e->user_id);
    ret->username = jv_arena_strdup(a, e->username);
    ret->role = jv_arena_strdup(a, e->role);
    ret->scope = jv_arena_strdup(a, e->scope);
    ret->sid = jv_arena_strdup(a, e->sid);
    ret->token = token;
    ret->issued = e->issued;
}

static bool is_revoked(struct jv_identity *id, const struct entry *e, int64_t now_ms)
{
    id->now_ms = now_ms;
    return jv_ends_has(id->ends, e->user_id, e->sid, e->issued, e->exp_ms, now_ms);
}

static const struct entry *look_up(struct jv_identity *id, const uint8_t hash[32], int64_t now_ms)
{
    const struct entry *set = set_of(id, hash);

    for (unsigned i = 0; i < WAYS; i++)
        if (set[i].user_id && set[i].exp_ms > now_ms && memcmp(set[i].hash, hash, 32) == 0)
            return &set[i];
    return NULL;
}

static struct entry entry_of(const uint8_t hash[32], const struct jv_claims *c)
{
    const char *parts[] = { c->sub, c->username, c->role, c->scope, c->sid };
    struct entry e = { .exp_ms = c->exp * 1000, .issued = c->iat };
    char **members[] = { &e.user_id, &e.username, &e.role, &e.scope, &e.sid };
    size_t size = 0;
    char *p;

    for (size_t i = 0; i < JV_COUNT(parts); i++)
        size += strlen(parts[i] ? parts[i] : "") + 1;
    p = malloc(size);
    if (!p)
        abort();
    for (size_t i = 0; i < JV_COUNT(parts); i++) {
        size_t n = strlen(parts[i] ? parts[i] : "") + 1;

        *members[i] = memcpy(p, parts[i] ? parts[i] : "", n);
        p += n;
    }
    memcpy(e.hash, hash, 32);
    return e;
}

static void remember(struct jv_identity *id, const struct entry *e, int64_t now_ms)
{
    struct entry *set = set_of(id, e->hash), *slot = &set[id->turn++ % WAYS];

    for (unsigned i = 0; i < WAYS; i++)
        if (!set[i].user_id || set[i].exp_ms <= now_ms) {
            slot = &set[i];
            break;
        }
    free(slot->user_id);
    *slot = *e;
}

int jv_identity_check(struct jv_identity *id, const char *token, int64_t real_ms,
                      struct jv_arena *a, struct jv_caller *ret, struct jv_err *err)
{
    const struct entry *known;
    struct jv_claims claims;
    struct entry e;
    uint8_t hash[32];
    bool revoked;
    int r;

    jv_sha256(token, strlen(token), hash);
    pthread_mutex_lock(&id->lock);
    known = look_up(id, hash, real_ms);
    if (known)
        caller_from(ret, a, known, token);
    revoked = known && is_revoked(id, known, real_ms);
    known ? id->hits++ : id->misses++;
    pthread_mutex_unlock(&id->lock);
    if (revoked)
        return jv_err_set(err, JV_UNAUTHENTICATED, "this sign-in has ended");
    if (known)
        return JV_OK;

    r = jv_jwt_verify(id->keys, token, real_ms / 1000, a, &claims, err);
    if (r)
        return r;
    e = entry_of(hash, &claims);
    caller_from(ret, a, &e, token);
    pthread_mutex_lock(&id->lock);
    revoked = is_revoked(id, &e, real_ms);
    remember(id, &e, real_ms);
    pthread_mutex_unlock(&id->lock);
    return revoked ? jv_err_set(err, JV_UNAUTHENTICATED, "this sign-in has ended") : JV_OK;
}

bool jv_identity_may_fetch(struct jv_identity *id, int64_t real_ms)
{
    bool yes;

    pthread_mutex_lock(&id->lock);
    yes = real_ms >= id->next_fetch_ms || real_ms < id->next_fetch_ms - KEY_FETCH_MS;
    if (yes)
        id->next_fetch_ms = real_ms + KEY_FETCH_MS;
    pthread_mutex_unlock(&id->lock);
    return yes;
}

static bool is_for_tokens(const Auth__Jwk *key)
{
    return !key->purpose[0] || strcmp(key->purpose, "token") == 0;
}

int jv_identity_keys(struct jv_identity *id, const void *auth_keyset, struct jv_err *err)
{
    const Auth__KeySet *set = auth_keyset;
    struct jv_jwk keys[MAX_KEYS];
    size_t n = 0;

    for (size_t i = 0; i < set->n_keys && n < MAX_KEYS; i++)
        if (is_for_tokens(set->keys[i]))
            keys[n++] = (struct jv_jwk){ set->keys[i]->kid, set->keys[i]->x, set->keys[i]->y };
    return jv_keys_set(id->keys, keys, n, err);
}

void jv_identity_revoke(struct jv_identity *id, const char *sid, int64_t until_ms)
{
    if (!sid[0] || strlen(sid) > JV_MAX_SID)
        return;
    pthread_mutex_lock(&id->lock);
    jv_ends_session(id->ends, sid, until_ms, id->now_ms);
    id->revocations++;
    pthread_mutex_unlock(&id->lock);
}

static void end_person(struct jv_identity *id, const Auth__Revocation *v, int64_t until_ms)
{
    if (strlen(v->user_id) > JV_MAX_USER_ID)
        return;
    pthread_mutex_lock(&id->lock);
    jv_ends_person(id->ends, v->user_id, v->issued, until_ms, id->now_ms);
    id->revocations++;
    pthread_mutex_unlock(&id->lock);
}

static void end_all(struct jv_identity *id, int64_t until_ms)
{
    pthread_mutex_lock(&id->lock);
    jv_ends_all(id->ends, until_ms);
    id->revocations++;
    pthread_mutex_unlock(&id->lock);
}

void jv_identity_revocation(struct jv_identity *id, const void *auth_revocation)
{
    const Auth__Revocation *v = auth_revocation;
    const int64_t most = INT64_MAX / 1000;
    int64_t until_ms;

    if (!v->until || v->until->seconds <= 0)
        return;
    until_ms = (v->until->seconds < most ? v->until->seconds : most - 1) * 1000 +
               v->until->nanos / 1000000;
    if (v->user_id[0])
        end_person(id, v, until_ms);
    else if (v->sid[0])
        jv_identity_revoke(id, v->sid, until_ms);
    else
        end_all(id, until_ms);
}

uint64_t jv_identity_revocations(struct jv_identity *id)
{
    uint64_t n;

    pthread_mutex_lock(&id->lock);
    n = id->revocations;
    pthread_mutex_unlock(&id->lock);
    return n;
}

void jv_identity_stats(struct jv_identity *id, uint64_t *ret_hits, uint64_t *ret_misses)
{
    pthread_mutex_lock(&id->lock);
    *ret_hits = id->hits;
    *ret_misses = id->misses;
    pthread_mutex_unlock(&id->lock);
}
