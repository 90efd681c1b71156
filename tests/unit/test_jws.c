/* test_jws.c -- signatures apart from what they sign: one that holds, and all that do not. */
#include "check.h"
#include "jv/token.h"
#include "jv/wire.h"

static struct jv_arena *a;
static char *pem;
static struct jv_jwk jwk;
static struct jv_jws good;
static const char payload[] = "{\"name\":\"Desks\"}";

static int verify(const struct jv_jws *jws, const void *p, size_t n, const char *why)
{
    struct jv_err err = { 0 };
    int r = jv_jws_verify(&jwk, jws, p, n, a, &err);

    CHECK_INT(err.code, r);
    CHECK_STR(err.text, why);
    return r;
}

static int verify_header(const char *json, const char *why)
{
    struct jv_jws jws = { jv_base64url(a, json, strlen(json)), good.signature };

    return verify(&jws, payload, strlen(payload), why);
}

TEST(signs_and_verifies)
{
    uint8_t *json;
    int64_t n;

    a = jv_arena_new(16 << 20);
    CHECK_INT(jv_key_generate(a, &pem, &jwk, NULL), JV_OK);
    CHECK_INT(jv_jws_sign(pem, jwk.kid, payload, strlen(payload), a, &good, NULL), JV_OK);
    CHECK_INT(strlen(good.signature), 86); /* 64 bytes */
    n = jv_base64_decode(a, good.header, strlen(good.header), &json);
    CHECK_STR(jv_arena_strndup(a, (char *)json, (size_t)n),
              jv_arena_printf(a, "{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"JOSE\"}", jwk.kid));
    CHECK_INT(verify(&good, payload, strlen(payload), ""), JV_OK);
}

/* r and s are 32 bytes each, also when their first ones are zero: 1 in 128 signatures. */
TEST(short_halves_are_filled_up)
{
    for (int i = 0; i < 600; i++) {
        struct jv_jws jws;

        CHECK_INT(jv_jws_sign(pem, jwk.kid, &i, sizeof(i), a, &jws, NULL), JV_OK);
        CHECK_INT(strlen(jws.signature), 86);
        CHECK_INT(verify(&jws, &i, sizeof(i), ""), JV_OK);
    }
}

TEST(other_bytes)
{
    static const char wrong[] = "the signature's bytes are wrong";
    static const char malformed[] = "the signature's form is wrong";
    char *sig = jv_arena_strdup(a, good.signature);
    struct jv_jws jws = { good.header, sig };

    CHECK_INT(verify(&good, "{\"name\":\"Desk\"}", 15, wrong), JV_UNAUTHENTICATED);
    CHECK_INT(verify(&good, payload, strlen(payload) - 1, wrong), JV_UNAUTHENTICATED);
    CHECK_INT(verify(&good, "", 0, wrong), JV_UNAUTHENTICATED);
    sig[10] = sig[10] == 'A' ? 'B' : 'A';
    CHECK_INT(verify(&jws, payload, strlen(payload), wrong), JV_UNAUTHENTICATED);
    jws.signature = "";
    CHECK_INT(verify(&jws, payload, strlen(payload), malformed), JV_UNAUTHENTICATED);
    jws.signature = jv_arena_printf(a, "%sA", good.signature);
    CHECK_INT(verify(&jws, payload, strlen(payload), malformed), JV_UNAUTHENTICATED);
    jws.signature = jv_arena_printf(a, "%s==", good.signature);
    CHECK_INT(verify(&jws, payload, strlen(payload), malformed), JV_UNAUTHENTICATED);
}

TEST(headers)
{
    const char *kid = jwk.kid;
    const struct {
        const char *json, *why;
        int code;
    } cases[] = {
        { "nonsense", "the signature's header is malformed", JV_UNAUTHENTICATED },
        { "{\"alg\":\"ES256\"}", "the signature is of another key", JV_NOT_FOUND },
        { "{\"alg\":\"ES256\",\"kid\":\"other\"}", "the signature is of another key",
          JV_NOT_FOUND },
        { "{\"alg\":\"none\",\"kid\":\"K\"}", "the signature's algorithm is not accepted",
          JV_UNAUTHENTICATED },
        { "{\"alg\":\"HS256\",\"kid\":\"K\"}", "the signature's algorithm is not accepted",
          JV_UNAUTHENTICATED },
        { jv_arena_printf(a, "{\"alg\":\"ES256\",\"kid\":\"%s\",\"crit\":[\"x\"]}", kid),
          "the signature's header is not accepted", JV_UNAUTHENTICATED },
        { jv_arena_printf(a, "{\"alg\":\"ES256\",\"kid\":\"%s\",\"b64\":false}", kid),
          "the signature's header is not accepted", JV_UNAUTHENTICATED },
        /* well formed, but not what was signed */
        { jv_arena_printf(a, "{\"alg\":\"ES256\",\"kid\":\"%s\"}", kid),
          "the signature's bytes are wrong", JV_UNAUTHENTICATED },
    };
    struct jv_jws jws = { "no+base64url", good.signature };
    char *huge = jv_arena_alloc(a, 5000);

    for (size_t i = 0; i < JV_COUNT(cases); i++)
        CHECK_INT(verify_header(cases[i].json, cases[i].why), cases[i].code);
    CHECK_INT(verify(&jws, payload, strlen(payload), "the signature's header is malformed"),
              JV_UNAUTHENTICATED);
    memset(huge, 'A', 4999);
    jws.header = huge;
    CHECK_INT(verify(&jws, payload, strlen(payload), "the signature's header is malformed"),
              JV_UNAUTHENTICATED);
}

TEST(keys)
{
    struct jv_jwk other, liar;
    struct jv_err err = { 0 };
    struct jv_jws jws = { 0 };
    char *other_pem;

    CHECK_INT(jv_key_generate(a, &other_pem, &other, NULL), JV_OK);
    CHECK_INT(jv_jws_verify(&other, &good, payload, strlen(payload), a, &err), JV_NOT_FOUND);
    liar = other;
    liar.kid = jwk.kid;
    CHECK_INT(jv_jws_verify(&liar, &good, payload, strlen(payload), a, &err), JV_UNAUTHENTICATED);
    liar.x = liar.y;
    CHECK_INT(jv_jws_verify(&liar, &good, payload, strlen(payload), a, &err), JV_INVALID_ARGUMENT);
    CHECK_INT(jv_jws_sign("no key", "kid", payload, 1, a, &jws, &err), JV_INVALID_ARGUMENT);
    CHECK_STR(err.text, "the key is no P-256 private key in PEM");
    CHECK(!jws.signature);
}

/* A kid may be any text: it is quoted. */
TEST(a_kid_with_quotes)
{
    struct jv_jwk odd = { "a\"b\\c", jwk.x, jwk.y };
    struct jv_jws jws;

    CHECK_INT(jv_jws_sign(pem, odd.kid, payload, strlen(payload), a, &jws, NULL), JV_OK);
    CHECK_INT(jv_jws_verify(&odd, &jws, payload, strlen(payload), a, NULL), JV_OK);
    a = jv_arena_free(a);
}

TEST_MAIN()
