/* test_jwt.c -- tokens: the good one, and every way of making a bad one. */
#include "check.h"
#include "io/jwt.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <stdatomic.h>

enum { now = 1767225600 };

static struct jv_arena *a;
static struct jv_keys *keys;
static char *pem, *other_pem;
static struct jv_jwk jwk, other_jwk;

static const struct jv_claims good = { .sub = "user_001",
                                       .username = "vishal",
                                       .role = "developer",
                                       .scope = "tickets:read tickets:write",
                                       .jti = "j1",
                                       .sid = "s1",
                                       .iat = now,
                                       .exp = now + 900 };

#define GOOD_CLAIMS                                                                                \
    "\"iss\":\"jarvis-auth\",\"aud\":\"jarvis-api\",\"sub\":\"user_001\",\"username\":\"vishal\""
#define GOOD_TIMES "\"iat\":1767225600,\"nbf\":1767225600,\"exp\":1767226500"

TEST(sets_up)
{
    a = jv_arena_new(64 << 20);
    keys = jv_keys_new();
    CHECK_INT(jv_key_generate(a, &pem, &jwk, NULL), JV_OK);
    CHECK_INT(jv_key_generate(a, &other_pem, &other_jwk, NULL), JV_OK);
    CHECK_INT(jv_keys_set(keys, &jwk, 1, NULL), JV_OK);
}

/* ---- making tokens by hand ------------------------------------------------------------------ */

static char *b64(const void *p, size_t n)
{
    return jv_base64url(a, p, n);
}

static char *b64s(const char *s)
{
    return b64(s, strlen(s));
}

static const char *header(const char *alg, const char *kid)
{
    return jv_arena_printf(a, "{\"alg\":\"%s\",\"typ\":\"JWT\",\"kid\":\"%s\"}", alg, kid);
}

/* The signature in DER, as OpenSSL makes it. */
static size_t sign_der(const char *key_pem, const char *text, unsigned char *ret, size_t size)
{
    BIO *in = BIO_new_mem_buf(key_pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    CHECK(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
          EVP_DigestSign(ctx, ret, &size, (const unsigned char *)text, strlen(text)) == 1);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    BIO_free(in);
    return size;
}

static void sign_raw(const char *key_pem, const char *text, unsigned char ret[64])
{
    unsigned char der[256];
    const unsigned char *p = der;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)sign_der(key_pem, text, der, sizeof(der)));

    BN_bn2binpad(ECDSA_SIG_get0_r(sig), ret, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(sig), ret + 32, 32);
    ECDSA_SIG_free(sig);
}

/* header and payload as JSON texts, signed with the right key. */
static char *token(const char *head, const char *payload)
{
    char *text = jv_arena_printf(a, "%s.%s", b64s(head), b64s(payload));
    unsigned char sig[64];

    sign_raw(pem, text, sig);
    return jv_arena_printf(a, "%s.%s", text, b64(sig, sizeof(sig)));
}

static char *good_token(void)
{
    return token(header("ES256", jwk.kid), "{" GOOD_CLAIMS "," GOOD_TIMES "}");
}

static char *with_claims(const char *claims)
{
    return token(header("ES256", jwk.kid), jv_arena_printf(a, "{%s}", claims));
}

/* The code of verifying; the text goes to `said`. */
static char said[400];

static int verify_at(const char *t, int64_t at)
{
    struct jv_claims claims = { .sub = "untouched" };
    struct jv_err err = { 0 };
    int r = jv_jwt_verify(keys, t, at, a, &claims, &err);

    snprintf(said, sizeof(said), "%s", err.text);
    CHECK_INT(err.code, r);
    if (r)
        CHECK_STR(claims.sub, "untouched");
    return r;
}

static int verify(const char *t)
{
    return verify_at(t, now);
}

static void refused(const char *t, const char *why)
{
    CHECK_INT(verify(t), JV_UNAUTHENTICATED);
    CHECK_STR(said, why);
}

/* ---- good ones ------------------------------------------------------------------------------ */

TEST(signs_and_verifies)
{
    struct jv_claims claims;
    char *t;

    for (int i = 0; i < 64; i++) { /* r or s is short now and then */
        CHECK_INT(jv_jwt_sign(pem, jwk.kid, &good, a, &t, NULL), JV_OK);
        CHECK_OR(jv_jwt_verify(keys, t, now, a, &claims, NULL) == JV_OK, return );
    }
    CHECK_STR(claims.sub, "user_001");
    CHECK_STR(claims.username, "vishal");
    CHECK_STR(claims.role, "developer");
    CHECK_STR(claims.scope, "tickets:read tickets:write");
    CHECK_STR(claims.jti, "j1");
    CHECK_STR(claims.sid, "s1");
    CHECK_INT(claims.iat, now);
    CHECK_INT(claims.exp, now + 900);
}

TEST(absent_claims_are_empty)
{
    const struct jv_claims few = { .sub = "u", .username = "n", .iat = now, .exp = now + 1 };
    struct jv_claims claims;
    char *t;

    CHECK_INT(jv_jwt_sign(pem, jwk.kid, &few, a, &t, NULL), JV_OK);
    CHECK_INT(jv_jwt_verify(keys, t, now, a, &claims, NULL), JV_OK);
    CHECK_STR(claims.role, "");
    CHECK_STR(claims.scope, "");
    CHECK_STR(claims.jti, "");
    CHECK_STR(claims.sid, "");
}

TEST(takes_an_audience_in_a_list_and_no_typ)
{
    CHECK_INT(verify(good_token()), JV_OK);
    CHECK_INT(verify(with_claims("\"iss\":\"jarvis-auth\",\"aud\":[1,\"x\",\"jarvis-api\"],"
                                 "\"sub\":\"u\",\"username\":\"n\"," GOOD_TIMES)),
              JV_OK);
    CHECK_INT(verify(token(jv_arena_printf(a, "{\"kid\":\"%s\",\"alg\":\"ES256\"}", jwk.kid),
                           "{" GOOD_CLAIMS "," GOOD_TIMES "}")),
              JV_OK);
}

/* ---- time ----------------------------------------------------------------------------------- */

TEST(holds_to_its_times)
{
    char *t = good_token();

    CHECK_INT(verify_at(t, now + 899), JV_OK);
    CHECK_INT(verify_at(t, now + 900), JV_UNAUTHENTICATED);
    CHECK_STR(said, "the token has expired");
    CHECK_INT(verify_at(t, now - 30), JV_OK);
    CHECK_INT(verify_at(t, now - 31), JV_UNAUTHENTICATED);
    CHECK_STR(said, "the token is not valid yet");
    refused(with_claims(GOOD_CLAIMS ",\"iat\":1,\"nbf\":1767225631,\"exp\":1767226500"),
            "the token is not valid yet");
    refused(with_claims(GOOD_CLAIMS ",\"iat\":1767225631,\"nbf\":1,\"exp\":1767226500"),
            "the token is not valid yet");
}

TEST(times_are_integers)
{
    static const char *const bad[] = {
        "\"iat\":1,\"nbf\":1,\"exp\":\"1767226500\"",
        "\"iat\":1,\"nbf\":1,\"exp\":1767226500.5",
        "\"iat\":1,\"nbf\":1,\"exp\":1e12",
        "\"iat\":1,\"nbf\":1",
        "\"iat\":1,\"nbf\":1,\"exp\":null",
        "\"iat\":1,\"nbf\":1,\"exp\":true",
        "\"iat\":\"1\",\"nbf\":1,\"exp\":1767226500",
        "\"iat\":1,\"nbf\":[],\"exp\":1767226500",
        "\"nbf\":1,\"exp\":1767226500",
        "\"iat\":1,\"exp\":1767226500",
    };

    for (size_t i = 0; i < JV_COUNT(bad); i++)
        refused(with_claims(jv_arena_printf(a, "%s,%s", GOOD_CLAIMS, bad[i])),
                "the token's times are malformed");
    refused(with_claims(GOOD_CLAIMS ",\"iat\":1,\"nbf\":1,\"exp\":99999999999999999999"),
            "the token's claims are malformed");
    refused(with_claims(GOOD_CLAIMS ",\"iat\":1,\"nbf\":1,\"exp\":-1"), "the token has expired");
}

/* ---- claims --------------------------------------------------------------------------------- */

TEST(is_from_us_and_for_us)
{
    static const struct {
        const char *claims, *why;
    } bad[] = {
        { "\"iss\":\"jarvis\",\"aud\":\"jarvis-api\"", "the token was issued by somebody else" },
        { "\"aud\":\"jarvis-api\"", "the token was issued by somebody else" },
        { "\"iss\":[\"jarvis-auth\"],\"aud\":\"jarvis-api\"",
          "the token was issued by somebody else" },
        { "\"iss\":\"jarvis-auth\",\"aud\":\"jarvis-api2\"", "the token is for somebody else" },
        { "\"iss\":\"jarvis-auth\"", "the token is for somebody else" },
        { "\"iss\":\"jarvis-auth\",\"aud\":[]", "the token is for somebody else" },
        { "\"iss\":\"jarvis-auth\",\"aud\":[[\"jarvis-api\"]]", "the token is for somebody else" },
        { "\"iss\":\"jarvis-auth\",\"aud\":{\"jarvis-api\":1}", "the token is for somebody else" },
    };

    for (size_t i = 0; i < JV_COUNT(bad); i++)
        refused(with_claims(jv_arena_printf(a, "%s,\"sub\":\"u\",\"username\":\"n\",%s",
                                            bad[i].claims, GOOD_TIMES)),
                bad[i].why);
}

TEST(texts_are_texts)
{
    static const struct {
        const char *claims, *why;
    } bad[] = {
        { "\"username\":\"n\"", "the token's sub is malformed" },
        { "\"sub\":\"\",\"username\":\"n\"", "the token's sub is malformed" },
        { "\"sub\":1,\"username\":\"n\"", "the token's sub is malformed" },
        { "\"sub\":\"u\"", "the token's username is malformed" },
        { "\"sub\":\"u\",\"username\":[\"n\"]", "the token's username is malformed" },
        { "\"sub\":\"u\",\"username\":\"n\",\"scope\":[\"tickets:read\"]",
          "the token's scope is malformed" },
        { "\"sub\":\"u\",\"username\":\"n\",\"role\":null", "the token's role is malformed" },
        { "\"sub\":\"u\",\"username\":\"n\",\"sid\":7", "the token's sid is malformed" },
        { "\"sub\":\"u\",\"username\":\"a\\u0000b\"", "the token's claims are malformed" },
        { "\"sub\":\"u\",\"username\":\"n\",\"sub\":\"v\"", "the token's claims are malformed" },
        { "\"sub\":\"u\",\"username\":\"\xff\"", "the token's claims are malformed" },
    };

    for (size_t i = 0; i < JV_COUNT(bad); i++)
        refused(with_claims(jv_arena_printf(a,
                                            "\"iss\":\"jarvis-auth\",\"aud\":\"jarvis-api\",%s,%s",
                                            bad[i].claims, GOOD_TIMES)),
                bad[i].why);
}

TEST(the_payload_is_one_object)
{
    static const char *const bad[] = { "", "x", "[]", "\"s\"", "{} {}", "{", "null", "{}}" };

    for (size_t i = 0; i < JV_COUNT(bad); i++)
        refused(token(header("ES256", jwk.kid), bad[i]), "the token's claims are malformed");
}

/* ---- header: algorithm and key -------------------------------------------------------------- */

TEST(no_other_algorithm)
{
    static const char *const algs[] = { "none",  "None",  "NONE",   "es256", "Es256",
                                        "HS256", "RS256", "ES384",  "ES512", "PS256",
                                        "EdDSA", "",      "ES256 ", "ES256K" };

    for (size_t i = 0; i < JV_COUNT(algs); i++)
        refused(token(header(algs[i], jwk.kid), "{" GOOD_CLAIMS "," GOOD_TIMES "}"),
                "the token's algorithm is not accepted");
    refused(jv_arena_printf(a, "%s.%s.", b64s(header("none", jwk.kid)),
                            b64s("{" GOOD_CLAIMS "," GOOD_TIMES "}")),
            "the token's algorithm is not accepted");
}

static char *public_pem(void)
{
    BIO *in = BIO_new_mem_buf(pem, -1), *out = BIO_new(BIO_s_mem());
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    char *text, *ret;
    long n;

    PEM_write_bio_PUBKEY(out, key);
    n = BIO_get_mem_data(out, &text);
    ret = jv_arena_strndup(a, text, (size_t)n);
    EVP_PKEY_free(key);
    BIO_free(in);
    BIO_free(out);
    return ret;
}

/* What is public must not serve as a shared secret. */
TEST(no_hmac_with_public_material)
{
    const char *materials[] = { public_pem(), jwk.x, jwk.y, jwk.kid, pem };

    for (size_t i = 0; i < JV_COUNT(materials); i++) {
        for (size_t j = 0; j < 2; j++) {
            char *text = jv_arena_printf(a, "%s.%s", b64s(header(j ? "ES256" : "HS256", jwk.kid)),
                                         b64s("{" GOOD_CLAIMS "," GOOD_TIMES "}"));
            unsigned char mac[32];
            unsigned n = sizeof(mac);

            HMAC(EVP_sha256(), materials[i], (int)strlen(materials[i]), (unsigned char *)text,
                 strlen(text), mac, &n);
            refused(jv_arena_printf(a, "%s.%s", text, b64(mac, n)),
                    j ? "the token's signature is malformed"
                      : "the token's algorithm is not accepted");
        }
    }
}

TEST(the_key_must_be_known)
{
    const char *payload = "{" GOOD_CLAIMS "," GOOD_TIMES "}";
    char *t;

    refused(token("{\"alg\":\"ES256\"}", payload), "the token names no key");
    refused(token("{\"alg\":\"ES256\",\"kid\":\"\"}", payload), "the token names no key");
    refused(token("{\"alg\":\"ES256\",\"kid\":1}", payload), "the token names no key");
    CHECK_INT(verify(token(header("ES256", "unknown"), payload)), JV_NOT_FOUND);
    CHECK_STR(said, "the token's key is not known");
    /* Another key's token, under its own name and under ours. */
    CHECK_INT(jv_jwt_sign(other_pem, other_jwk.kid, &good, a, &t, NULL), JV_OK);
    CHECK_INT(verify(t), JV_NOT_FOUND);
    CHECK_INT(jv_jwt_sign(other_pem, jwk.kid, &good, a, &t, NULL), JV_OK);
    refused(t, "the token's signature is wrong");
}

TEST(no_other_header_members)
{
    static const char *const more[] = {
        "\"crit\":[\"exp\"]",
        "\"crit\":[]",
        "\"jwk\":{\"kty\":\"EC\"}",
        "\"jku\":\"http://127.0.0.1/keys\"",
        "\"x5u\":\"http://127.0.0.1/cert\"",
        "\"b64\":false",
        "\"zip\":\"DEF\"",
        "\"typ\":\"at+jwt\"",
        "\"typ\":\"jwt\"",
        "\"typ\":null",
        "\"cty\":\"JWT\"",
    };

    for (size_t i = 0; i < JV_COUNT(more); i++)
        refused(token(jv_arena_printf(a, "{\"alg\":\"ES256\",\"kid\":\"%s\",%s}", jwk.kid, more[i]),
                      "{" GOOD_CLAIMS "," GOOD_TIMES "}"),
                "the token's header is not accepted");
    refused(token(jv_arena_printf(a, "{\"alg\":\"none\",\"alg\":\"ES256\",\"kid\":\"%s\"}",
                                  jwk.kid),
                  "{}"),
            "the token's header is malformed");
}

TEST(the_header_is_one_small_object)
{
    static const char *const bad[] = { "", "x", "[]", "null", "{", "{}{}", "\"ES256\"" };
    char big[700];

    for (size_t i = 0; i < JV_COUNT(bad); i++)
        refused(token(bad[i], "{" GOOD_CLAIMS "," GOOD_TIMES "}"),
                "the token's header is malformed");
    snprintf(big, sizeof(big), "{\"alg\":\"ES256\",\"kid\":\"%s\",\"x\":\"%0600d\"}", jwk.kid, 0);
    refused(token(big, "{}"), "the token's header is malformed");
    memset(big, '[', 500);
    big[500] = '\0';
    refused(token(big, "{}"), "the token's header is malformed");
}

/* ---- the text of a token -------------------------------------------------------------------- */

TEST(no_byte_may_change)
{
    char *t = good_token();
    size_t n = strlen(t);

    for (size_t i = 0; i < n; i++) {
        char was = t[i];

        t[i] = was == 'A' ? 'B' : 'A';
        CHECK(verify(t) != JV_OK);
        t[i] = was ^ 0x20; /* other case; some become other alphabets */
        CHECK(verify(t) != JV_OK);
        t[i] = was;
    }
    CHECK_INT(verify(t), JV_OK);
}

TEST(no_cut_and_no_addition)
{
    char *t = good_token();
    static const char *const tails[] = {
        "=", "==", ".", ".x", " ", "\n", "A", "AA", "\xff", "%00"
    };

    for (size_t n = 0; n < strlen(t); n++)
        CHECK(verify(jv_arena_strndup(a, t, n)) != JV_OK);
    for (size_t i = 0; i < JV_COUNT(tails); i++)
        CHECK(verify(jv_arena_printf(a, "%s%s", t, tails[i])) != JV_OK);
    CHECK(verify(jv_arena_printf(a, " %s", t)) != JV_OK);
    refused("", "the token is malformed");
    refused(".", "the token is malformed");
    refused("..", "the token's header is malformed");
    refused("...", "the token is malformed");
    refused(jv_arena_printf(a, "%s.%s", t, t), "the token is malformed");
}

TEST(the_length_is_limited)
{
    char claims[9000];

    snprintf(claims, sizeof(claims), GOOD_CLAIMS ",\"pad\":\"%05000d\"," GOOD_TIMES, 0);
    CHECK_INT(verify(with_claims(claims)), JV_OK);
    snprintf(claims, sizeof(claims), GOOD_CLAIMS ",\"pad\":\"%06200d\"," GOOD_TIMES, 0);
    refused(with_claims(claims), "the token is too long");
}

/* ---- signatures ----------------------------------------------------------------------------- */

static char *with_signature(const void *sig, size_t n)
{
    return jv_arena_printf(a, "%s.%s.%s", b64s(header("ES256", jwk.kid)),
                           b64s("{" GOOD_CLAIMS "," GOOD_TIMES "}"), b64(sig, n));
}

TEST(signatures_of_other_forms)
{
    char *text = jv_arena_printf(a, "%s.%s", b64s(header("ES256", jwk.kid)),
                                 b64s("{" GOOD_CLAIMS "," GOOD_TIMES "}"));
    unsigned char der[256], raw[66] = { 0 };
    size_t n = sign_der(pem, text, der, sizeof(der));

    refused(with_signature(der, n), "the token's signature is malformed");
    sign_raw(pem, text, raw);
    CHECK_INT(verify(with_signature(raw, 64)), JV_OK);
    refused(with_signature(raw, 63), "the token's signature is malformed");
    refused(with_signature(raw, 65), "the token's signature is malformed");
    refused(with_signature(raw, 32), "the token's signature is malformed");
    refused(with_signature(raw, 0), "the token's signature is malformed");
    memset(raw, 0, sizeof(raw)); /* r = s = 0 */
    refused(with_signature(raw, 64), "the token's signature is wrong");
    raw[31] = raw[63] = 1; /* r = s = 1 */
    refused(with_signature(raw, 64), "the token's signature is wrong");
    memset(raw, 0xff, sizeof(raw)); /* beyond the group's order */
    refused(with_signature(raw, 64), "the token's signature is wrong");
}

TEST(a_payload_of_another_token)
{
    char *one = good_token();
    char *admin = with_claims("\"iss\":\"jarvis-auth\",\"aud\":\"jarvis-api\",\"sub\":\"admin\","
                              "\"username\":\"admin\"," GOOD_TIMES);
    char *dot = strchr(admin, '.'), *end = strrchr(admin, '.');

    refused(jv_arena_printf(a, "%.*s.%.*s%s", (int)(strchr(one, '.') - one), one,
                            (int)(end - dot - 1), dot + 1, strrchr(one, '.')),
            "the token's signature is wrong");
}

/* ---- keys ----------------------------------------------------------------------------------- */

TEST(a_key_is_what_it_says)
{
    struct jv_jwk again;
    struct jv_err err = { 0 };

    CHECK_INT(jv_key_public(pem, a, &again, &err), JV_OK);
    CHECK_STR(again.kid, jwk.kid);
    CHECK_STR(again.x, jwk.x);
    CHECK_STR(again.y, jwk.y);
    CHECK_INT(strlen(jwk.kid), 43);
    CHECK_HAS(pem, "-----BEGIN PRIVATE KEY-----\n"); /* PKCS#8 */
    CHECK_INT(jv_key_public("no key", a, &again, &err), JV_INVALID_ARGUMENT);
    CHECK_INT(jv_key_public(public_pem(), a, &again, &err), JV_INVALID_ARGUMENT);
}

TEST(the_kid_is_the_thumbprint)
{
    char *text = jv_arena_printf(a, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}",
                                 jwk.x, jwk.y);
    uint8_t hash[JV_SHA256_SIZE];

    jv_sha256(text, strlen(text), hash);
    CHECK_STR(jwk.kid, b64(hash, sizeof(hash)));
}

static char *other_kind(int curve)
{
    EVP_PKEY *key = curve ? EVP_EC_gen("P-384") : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    BIO *out = BIO_new(BIO_s_mem());
    char *text, *ret;
    long n;

    PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL);
    n = BIO_get_mem_data(out, &text);
    ret = jv_arena_strndup(a, text, (size_t)n);
    EVP_PKEY_free(key);
    BIO_free(out);
    return ret;
}

static char *locked(void)
{
    BIO *in = BIO_new_mem_buf(pem, -1), *out = BIO_new(BIO_s_mem());
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    char *text, *ret;
    long n;

    PEM_write_bio_PKCS8PrivateKey(out, key, EVP_aes_128_cbc(), "secret", 6, NULL, NULL);
    n = BIO_get_mem_data(out, &text);
    ret = jv_arena_strndup(a, text, (size_t)n);
    EVP_PKEY_free(key);
    BIO_free(in);
    BIO_free(out);
    return ret;
}

TEST(other_keys_do_not_sign)
{
    const char *bad[] = { other_kind(0), other_kind(1), locked(), "",
                          "-----BEGIN PRIVATE KEY-----" };
    struct jv_err err = { 0 };
    char *t = NULL;

    for (size_t i = 0; i < JV_COUNT(bad); i++) {
        CHECK_INT(jv_jwt_sign(bad[i], "kid", &good, a, &t, &err), JV_INVALID_ARGUMENT);
        CHECK_STR(err.text, "the key is no P-256 private key in PEM");
        CHECK(!t);
    }
}

TEST(bad_keys_leave_the_set_as_it_was)
{
    char zero[44];
    struct jv_err err = { 0 };

    memset(zero, 'A', 43);
    zero[43] = '\0';
    const struct jv_jwk bad[] = {
        { "k", jwk.x, other_jwk.y }, /* not on the curve */
        { "k", zero, zero },
        { "k", "", "" },
        { "k", NULL, jwk.y },
        { "k", "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D", jwk.y }, /* short */
        { "k", jv_arena_printf(a, "%sA", jwk.x), jwk.y },
        { "k", jv_arena_printf(a, "%s=", jwk.x), jwk.y },
        { "", jwk.x, jwk.y },
        { NULL, jwk.x, jwk.y },
    };

    for (size_t i = 0; i < JV_COUNT(bad); i++) {
        struct jv_jwk list[] = { other_jwk, bad[i] };

        CHECK_INT(jv_keys_set(keys, list, 2, &err), JV_INVALID_ARGUMENT);
        CHECK(err.text[0]);
        CHECK_INT(verify(good_token()), JV_OK);
    }
}

TEST(keys_come_and_go)
{
    struct jv_jwk both[] = { other_jwk, jwk };
    char *t;

    CHECK_INT(jv_jwt_sign(other_pem, other_jwk.kid, &good, a, &t, NULL), JV_OK);
    CHECK_INT(jv_keys_set(keys, both, 2, NULL), JV_OK);
    CHECK_INT(verify(t), JV_OK);
    CHECK_INT(verify(good_token()), JV_OK);
    CHECK_INT(jv_keys_set(keys, NULL, 0, NULL), JV_OK);
    CHECK_INT(verify(t), JV_NOT_FOUND);
    CHECK_INT(jv_keys_set(keys, &jwk, 1, NULL), JV_OK);
    CHECK_INT(verify(t), JV_NOT_FOUND);
    CHECK_INT(verify(good_token()), JV_OK);
}

/* ---- threads -------------------------------------------------------------------------------- */

static const char *shared_token;
static atomic_int wrong;

static void *verifier(void *unused)
{
    struct jv_arena *mine = jv_arena_new(1 << 20);
    struct jv_claims claims;

    (void)unused;
    for (int i = 0; i < 50; i++) {
        wrong += jv_jwt_verify(keys, shared_token, now, mine, &claims, NULL) != JV_OK;
        jv_arena_reset(mine);
    }
    jv_arena_free(mine);
    return NULL;
}

TEST(threads_verify_while_keys_change)
{
    struct jv_jwk both[] = { other_jwk, jwk };
    pthread_t threads[4];

    shared_token = good_token();
    for (size_t i = 0; i < JV_COUNT(threads); i++)
        pthread_create(&threads[i], NULL, verifier, NULL);
    for (int i = 0; i < 20; i++)
        CHECK_INT(jv_keys_set(keys, both + i % 2, 2u - (unsigned)(i % 2), NULL), JV_OK);
    for (size_t i = 0; i < JV_COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(wrong, 0);
}

TEST(tears_down)
{
    keys = jv_keys_free(keys);
    a = jv_arena_free(a);
    CHECK(!keys && !a);
    CHECK(!jv_keys_free(NULL));
}

TEST_MAIN()
