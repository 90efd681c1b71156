/* fuzz_jwt.c -- tokens: any text at all, and any header and claims under a good signature.
 *
 * The first byte chooses. A text is never accepted, nobody can sign; signed claims may be, and then
 * they are whole. */
#include "io/jwt.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

enum { now = 1767225600 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static EVP_PKEY *key;
static struct jv_keys *keys;

static void set_up(struct jv_arena *a)
{
    struct jv_jwk jwk;
    char *pem;
    BIO *in;

    if (jv_key_generate(a, &pem, &jwk, NULL))
        abort();
    jwk.kid = "k";
    keys = jv_keys_new();
    if (jv_keys_set(keys, &jwk, 1, NULL))
        abort();
    in = BIO_new_mem_buf(pem, -1);
    key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    BIO_free(in);
}

static void sign(const char *text, unsigned char ret[64])
{
    unsigned char der[128];
    const unsigned char *p = der;
    size_t n = sizeof(der);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    ECDSA_SIG *sig;

    if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) != 1 ||
        EVP_DigestSign(ctx, der, &n, (const unsigned char *)text, strlen(text)) != 1)
        abort();
    sig = d2i_ECDSA_SIG(NULL, &p, (long)n);
    BN_bn2binpad(ECDSA_SIG_get0_r(sig), ret, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(sig), ret + 32, 32);
    ECDSA_SIG_free(sig);
    EVP_MD_CTX_free(ctx);
}

/* "header\nclaims" as a token with a good signature; without a newline the header is a good one. */
static const char *make(const char *p, size_t n, struct jv_arena *a)
{
    static const char good[] = "{\"alg\":\"ES256\",\"kid\":\"k\"}";
    const char *end = memchr(p, '\n', n);
    const char *head = end ? p : good, *claims = end ? end + 1 : p;
    size_t n_head = end ? (size_t)(end - p) : sizeof(good) - 1;
    char *text = jv_arena_printf(a, "%s.%s", jv_base64url(a, head, n_head),
                                 jv_base64url(a, claims, (size_t)(p + n - claims)));
    unsigned char sig[64];

    sign(text, sig);
    return jv_arena_printf(a, "%s.%s", text, jv_base64url(a, sig, sizeof(sig)));
}

static void check(const char *token, bool is_signed, struct jv_arena *a)
{
    struct jv_claims c = { 0 };
    struct jv_err err = { 0 };
    int r = jv_jwt_verify(keys, token, now, a, &c, &err);

    if (r != err.code || (r && !err.text[0]) || (!r && !is_signed))
        abort();
    if (r)
        return;
    if (!c.sub[0] || !c.username[0] || !c.role || !c.scope || !c.jti || !c.sid || c.exp <= now ||
        !jv_is_utf8(c.username, strlen(c.username)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jv_arena *a = jv_arena_new(16 << 20);
    const char *p = (const char *)data + 1;

    if (!keys)
        set_up(a);
    if (size > 0 && data[0] == 's')
        check(make(p, size - 1, a), true, a);
    else if (size > 0)
        check(jv_arena_strndup(a, p, size - 1), false, a);
    jv_arena_free(a);
    return 0;
}
