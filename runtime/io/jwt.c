/* jwt.c -- verifying tokens: a set of keys, the header, the signature, the claims; in that order.
 */
#include "io/jwt.h"

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "io/jwt_key.h"
#include "jv/wire.h"

enum {
    max_token = 8192,
    max_header = 512, /* ours has about 100 */
    max_keys = 32,
    max_kid = 128,
    ahead_s = 30, /* what clocks may differ */
};

/* ---- keys ----------------------------------------------------------------------------------- */

/* Never changed once it is made; lives until nobody looks at it any more. */
struct set {
    atomic_uint refs;
    size_t n;
    struct {
        char *kid;
        EVP_PKEY *key;
    } keys[];
};

struct jv_keys {
    pthread_rwlock_t lock; /* of the pointer */
    struct set *set;
};

static struct set *new_set(size_t n)
{
    struct set *set = calloc(1, sizeof(*set) + n * sizeof(set->keys[0]));

    if (!set)
        abort();
    set->refs = 1;
    set->n = n;
    return set;
}

static void put_set(struct set *set)
{
    if (atomic_fetch_sub(&set->refs, 1) > 1)
        return;
    for (size_t i = 0; i < set->n; i++) {
        free(set->keys[i].kid);
        EVP_PKEY_free(set->keys[i].key);
    }
    free(set);
}

static struct set *get_set(struct jv_keys *k)
{
    struct set *set;

    pthread_rwlock_rdlock(&k->lock);
    set = k->set;
    atomic_fetch_add(&set->refs, 1);
    pthread_rwlock_unlock(&k->lock);
    return set;
}

struct jv_keys *jv_keys_new(void)
{
    struct jv_keys *k = calloc(1, sizeof(*k));

    if (!k || pthread_rwlock_init(&k->lock, NULL))
        abort();
    k->set = new_set(0);
    return k;
}

struct jv_keys *jv_keys_free(struct jv_keys *k)
{
    if (!k)
        return NULL;
    put_set(k->set);
    pthread_rwlock_destroy(&k->lock);
    free(k);
    return NULL;
}

static int fill(struct set *set, const struct jv_jwk *keys, struct jv_err *err)
{
    for (size_t i = 0; i < set->n; i++) {
        const char *kid = keys[i].kid;

        if (!kid || !*kid || strnlen(kid, max_kid + 1) > max_kid)
            return jv_err_set(err, JV_INVALID_ARGUMENT, "key %zu has no usable kid", i);
        set->keys[i].kid = strdup(kid);
        set->keys[i].key = jwt_public_key(&keys[i]);
        if (!set->keys[i].kid)
            abort();
        if (!set->keys[i].key)
            return jv_err_set(err, JV_INVALID_ARGUMENT, "key %s is no point of P-256", kid);
    }
    return JV_OK;
}

int jv_keys_set(struct jv_keys *k, const struct jv_jwk *keys, size_t n, struct jv_err *err)
{
    struct set *set, *old;
    int r;

    if (n > max_keys)
        return jv_err_set(err, JV_INVALID_ARGUMENT, "more than %d keys", max_keys);
    set = new_set(n);
    r = fill(set, keys, err);
    if (r) {
        put_set(set);
        return r;
    }
    pthread_rwlock_wrlock(&k->lock);
    old = k->set;
    k->set = set;
    pthread_rwlock_unlock(&k->lock);
    put_set(old);
    return JV_OK;
}

static EVP_PKEY *find_key(const struct set *set, const char *kid)
{
    for (size_t i = 0; i < set->n; i++)
        if (strcmp(set->keys[i].kid, kid) == 0)
            return set->keys[i].key;
    return NULL;
}

/* ---- a token in its parts ------------------------------------------------------------------- */

struct span {
    const char *p;
    size_t n;
};

struct token {
    struct span header, payload, signature, signed_part; /* signed: header.payload */
};

static int refuse(struct jv_err *err, const char *why)
{
    jv_err_set(err, JV_UNAUTHENTICATED, "%s", why);
    return JV_UNAUTHENTICATED;
}

static int split(const char *s, struct token *ret, struct jv_err *err)
{
    size_t n = strnlen(s, max_token + 1);
    const char *first, *second;

    if (n > max_token)
        return refuse(err, "the token is too long");
    first = strchr(s, '.');
    second = first ? strchr(first + 1, '.') : NULL;
    if (!second || strchr(second + 1, '.'))
        return refuse(err, "the token is malformed");
    ret->header = (struct span){ s, (size_t)(first - s) };
    ret->payload = (struct span){ first + 1, (size_t)(second - first - 1) };
    ret->signature = (struct span){ second + 1, (size_t)(s + n - second - 1) };
    ret->signed_part = (struct span){ s, (size_t)(second - s) };
    return JV_OK;
}

static void put_json(void *json)
{
    json_decref(json);
}

/* A part as a JSON object that lives as the arena does; NULL when it is none. */
static json_t *parse(struct span part, size_t max, struct jv_arena *a)
{
    unsigned char *text = jv_arena_alloc(a, part.n + 1);
    int n = jwt_decode64(part.p, part.n, text, part.n < max ? part.n : max);
    json_t *json;

    if (n < 0 || jv_json_scan((const char *)text, (size_t)n, NULL))
        return NULL;
    json = json_loadb((const char *)text, (size_t)n, JSON_REJECT_DUPLICATES, NULL);
    if (!json)
        return NULL;
    jv_arena_defer(a, put_json, json);
    return json_is_object(json) ? json : NULL;
}

static bool is_text(const json_t *object, const char *name, const char *value)
{
    const char *s = json_string_value(json_object_get(object, name));

    return s && strcmp(s, value) == 0;
}

/* ES256, a kid, perhaps a typ, and nothing else: crit, jwk, jku and their like are refused. */
static int check_header(const struct token *t, struct jv_arena *a, const char **ret_kid,
                        struct jv_err *err)
{
    json_t *header = parse(t->header, max_header, a);
    bool typed = header && json_object_get(header, "typ");
    const char *kid;

    if (!header)
        return refuse(err, "the token's header is malformed");
    if (!is_text(header, "alg", "ES256"))
        return refuse(err, "the token's algorithm is not accepted");
    kid = json_string_value(json_object_get(header, "kid"));
    if (!kid || !*kid || strlen(kid) > max_kid)
        return refuse(err, "the token names no key");
    if ((typed && !is_text(header, "typ", "JWT")) || json_object_size(header) != 2u + typed)
        return refuse(err, "the token's header is not accepted");
    *ret_kid = kid;
    return JV_OK;
}

static int check_signature(const struct set *set, const struct token *t, const char *kid,
                           struct jv_err *err)
{
    EVP_PKEY *key = find_key(set, kid);
    unsigned char sig[JWT_SIGNATURE];

    if (jwt_decode64(t->signature.p, t->signature.n, sig, sizeof(sig)) != sizeof(sig))
        return refuse(err, "the token's signature is malformed");
    if (!key)
        return jv_err_set(err, JV_NOT_FOUND, "the token's key is not known");
    if (!jwt_signed_by(key, t->signed_part.p, t->signed_part.n, sig))
        return refuse(err, "the token's signature is wrong");
    return JV_OK;
}

/* ---- claims --------------------------------------------------------------------------------- */

static int read_times(const json_t *claims, int64_t now_s, struct jv_claims *ret,
                      struct jv_err *err)
{
    const json_t *exp = json_object_get(claims, "exp");
    const json_t *iat = json_object_get(claims, "iat");
    const json_t *nbf = json_object_get(claims, "nbf");

    if (!json_is_integer(exp) || !json_is_integer(iat) || !json_is_integer(nbf))
        return refuse(err, "the token's times are malformed");
    if (json_integer_value(exp) <= now_s)
        return refuse(err, "the token has expired");
    if (json_integer_value(iat) > now_s + ahead_s || json_integer_value(nbf) > now_s + ahead_s)
        return refuse(err, "the token is not valid yet");
    ret->exp = json_integer_value(exp);
    ret->iat = json_integer_value(iat);
    return JV_OK;
}

static bool is_for_us(const json_t *claims)
{
    const json_t *aud = json_object_get(claims, "aud");

    if (!json_is_array(aud))
        return is_text(claims, "aud", JV_TOKEN_AUDIENCE);
    for (size_t i = 0; i < json_array_size(aud); i++) {
        const char *s = json_string_value(json_array_get(aud, i));

        if (s && strcmp(s, JV_TOKEN_AUDIENCE) == 0)
            return true;
    }
    return false;
}

/* "" when absent and that is allowed; NULL when it is no string, or empty where it must not be. */
static const char *text_of(const json_t *claims, const char *name, bool required,
                           struct jv_arena *a)
{
    const json_t *value = json_object_get(claims, name);
    const char *s = value ? json_string_value(value) : "";

    return s && (*s || !required) ? jv_arena_strdup(a, s) : NULL;
}

static int read_texts(const json_t *claims, struct jv_arena *a, struct jv_claims *ret,
                      struct jv_err *err)
{
    const struct {
        const char *name;
        const char **to;
        bool required;
    } texts[] = {
        { "sub", &ret->sub, true },    { "username", &ret->username, true },
        { "role", &ret->role, false }, { "scope", &ret->scope, false },
        { "jti", &ret->jti, false },   { "sid", &ret->sid, false },
    };

    for (size_t i = 0; i < JV_COUNT(texts); i++) {
        *texts[i].to = text_of(claims, texts[i].name, texts[i].required, a);
        if (!*texts[i].to)
            return jv_err_set(err, JV_UNAUTHENTICATED, "the token's %s is malformed",
                              texts[i].name);
    }
    return JV_OK;
}

static int read_claims(const struct token *t, int64_t now_s, struct jv_arena *a,
                       struct jv_claims *ret, struct jv_err *err)
{
    json_t *claims = parse(t->payload, max_token, a);
    int r;

    if (!claims)
        return refuse(err, "the token's claims are malformed");
    if (!is_text(claims, "iss", JV_TOKEN_ISSUER))
        return refuse(err, "the token was issued by somebody else");
    if (!is_for_us(claims))
        return refuse(err, "the token is for somebody else");
    r = read_times(claims, now_s, ret, err);
    return r ? r : read_texts(claims, a, ret, err);
}

int jv_jwt_verify(struct jv_keys *k, const char *token, int64_t now_s, struct jv_arena *a,
                  struct jv_claims *ret, struct jv_err *err)
{
    struct jv_claims claims = { 0 };
    const char *kid = NULL;
    struct token t = { 0 };
    struct set *set;
    int r;

    r = split(token, &t, err);
    if (!r)
        r = check_header(&t, a, &kid, err);
    if (r)
        return r;
    set = get_set(k);
    r = check_signature(set, &t, kid, err);
    put_set(set);
    if (!r)
        r = read_claims(&t, now_s, a, &claims, err);
    if (!r)
        *ret = claims;
    return r;
}
