/* jwt_key.c -- P-256 keys: making, reading, printing, and checking a signature. */
#include "io/jwt_key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <sodium.h>
#include <string.h>

#define CLEANUP(fn) __attribute__((cleanup(fn)))

static void free_bio(BIO **b)
{
    BIO_free(*b);
}

static void free_bn(BIGNUM **b)
{
    BN_free(*b);
}

static void free_key(EVP_PKEY **k)
{
    EVP_PKEY_free(*k);
}

static void free_key_ctx(EVP_PKEY_CTX **c)
{
    EVP_PKEY_CTX_free(*c);
}

static void free_md_ctx(EVP_MD_CTX **c)
{
    EVP_MD_CTX_free(*c);
}

static void free_sig(ECDSA_SIG **s)
{
    ECDSA_SIG_free(*s);
}

static void free_der(unsigned char **p)
{
    OPENSSL_free(*p);
}

int jwt_decode64(const char *s, size_t n, unsigned char *ret, size_t max)
{
    const char *end;
    size_t len;

    if (sodium_base642bin(ret, max, s, n, NULL, &len, &end,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) ||
        end != s + n)
        return -1;
    return (int)len;
}

/* ---- public keys ---------------------------------------------------------------------------- */

static bool decode_coordinate(const char *s, unsigned char ret[JWT_COORDINATE])
{
    return s && jwt_decode64(s, strlen(s), ret, JWT_COORDINATE) == JWT_COORDINATE;
}

EVP_PKEY *jwt_public_key(const struct jv_jwk *jwk)
{
    unsigned char point[1 + 2 * JWT_COORDINATE] = { POINT_CONVERSION_UNCOMPRESSED };
    char group[] = "prime256v1";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
        OSSL_PARAM_construct_end(),
    };
    CLEANUP(free_key_ctx) EVP_PKEY_CTX *ctx = NULL;
    CLEANUP(free_key_ctx) EVP_PKEY_CTX *check = NULL;
    EVP_PKEY *key = NULL;

    if (!decode_coordinate(jwk->x, point + 1) ||
        !decode_coordinate(jwk->y, point + 1 + JWT_COORDINATE))
        return NULL;
    ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        return NULL;
    check = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (check && EVP_PKEY_public_check(check) == 1)
        return key;
    EVP_PKEY_free(key);
    return NULL;
}

/* JWS carries r and s side by side, OpenSSL wants them in DER. */
static int to_der(const unsigned char raw[JWT_SIGNATURE], unsigned char **ret)
{
    CLEANUP(free_sig) ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, JWT_COORDINATE, NULL);
    BIGNUM *s = BN_bin2bn(raw + JWT_COORDINATE, JWT_COORDINATE, NULL);

    if (!sig || !r || !s || ECDSA_SIG_set0(sig, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return -1;
    }
    return i2d_ECDSA_SIG(sig, ret);
}

bool jwt_signed_by(EVP_PKEY *key, const void *p, size_t n, const unsigned char sig[JWT_SIGNATURE])
{
    CLEANUP(free_md_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    CLEANUP(free_der) unsigned char *der = NULL;
    int len = to_der(sig, &der);

    return ctx && len > 0 && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
           EVP_DigestVerify(ctx, der, (size_t)len, p, n) == 1;
}

/* ---- private keys --------------------------------------------------------------------------- */

/* Without it OpenSSL would ask for a passphrase on the terminal. */
static int no_passphrase(char *buf, int size, int rwflag, void *arg)
{
    (void)buf, (void)size, (void)rwflag, (void)arg;
    return -1;
}

static bool is_p256(EVP_PKEY *key)
{
    char group[32];

    return key && EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
           strcmp(group, "prime256v1") == 0;
}

static char *coordinate(EVP_PKEY *key, const char *name, struct jv_arena *a)
{
    CLEANUP(free_bn) BIGNUM *n = NULL;
    unsigned char bytes[JWT_COORDINATE];

    if (EVP_PKEY_get_bn_param(key, name, &n) != 1 ||
        BN_bn2binpad(n, bytes, sizeof(bytes)) != sizeof(bytes))
        return NULL;
    return jv_base64url(a, bytes, sizeof(bytes));
}

static char *thumbprint(const struct jv_jwk *jwk, struct jv_arena *a)
{
    uint8_t hash[JV_SHA256_SIZE];
    const char *text = jv_arena_printf(
            a, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", jwk->x, jwk->y);

    jv_sha256(text, strlen(text), hash);
    return jv_base64url(a, hash, sizeof(hash));
}

static int describe(EVP_PKEY *key, struct jv_arena *a, struct jv_jwk *ret, struct jv_err *err)
{
    struct jv_jwk jwk = { NULL, coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, a),
                          coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y, a) };

    if (!jwk.x || !jwk.y)
        return jv_err_set(err, JV_INTERNAL, "the key has no public point");
    jwk.kid = thumbprint(&jwk, a);
    *ret = jwk;
    return JV_OK;
}

static char *to_pem(EVP_PKEY *key, struct jv_arena *a)
{
    CLEANUP(free_bio) BIO *out = BIO_new(BIO_s_secmem());
    char *text;
    long n;

    if (!out || PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) != 1)
        return NULL;
    n = BIO_get_mem_data(out, &text);
    return jv_arena_strndup(a, text, (size_t)n);
}

int jv_key_generate(struct jv_arena *a, char **ret_pem, struct jv_jwk *ret_jwk, struct jv_err *err)
{
    CLEANUP(free_key) EVP_PKEY *key = EVP_EC_gen("P-256");
    char *pem = key ? to_pem(key, a) : NULL;
    int r;

    if (!pem)
        return jv_err_set(err, JV_INTERNAL, "no key could be made");
    r = describe(key, a, ret_jwk, err);
    if (!r)
        *ret_pem = pem;
    return r;
}

/* NULL with err when it is no P-256 private key. */
static EVP_PKEY *read_pem(const char *pem, struct jv_err *err)
{
    CLEANUP(free_bio) BIO *in = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL) : NULL;

    if (is_p256(key))
        return key;
    EVP_PKEY_free(key);
    jv_err_set(err, JV_INVALID_ARGUMENT, "the key is no P-256 private key in PEM");
    return NULL;
}

int jv_key_public(const char *pem, struct jv_arena *a, struct jv_jwk *ret_jwk, struct jv_err *err)
{
    CLEANUP(free_key) EVP_PKEY *key = read_pem(pem, err);

    return key ? describe(key, a, ret_jwk, err) : JV_INVALID_ARGUMENT;
}

static bool from_der(const unsigned char *der, size_t n, unsigned char ret[JWT_SIGNATURE])
{
    CLEANUP(free_sig) ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);

    return sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), ret, JWT_COORDINATE) == JWT_COORDINATE &&
           BN_bn2binpad(ECDSA_SIG_get0_s(sig), ret + JWT_COORDINATE, JWT_COORDINATE) ==
                   JWT_COORDINATE;
}

int jwt_sign_with(const char *pem, const void *p, size_t n, unsigned char ret[JWT_SIGNATURE],
                  struct jv_err *err)
{
    CLEANUP(free_md_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    CLEANUP(free_key) EVP_PKEY *key = read_pem(pem, err);
    unsigned char der[2 * JWT_SIGNATURE];
    size_t len = sizeof(der);

    if (!key)
        return JV_INVALID_ARGUMENT;
    if (!ctx || EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) != 1 ||
        EVP_DigestSign(ctx, der, &len, p, n) != 1 || !from_der(der, len, ret))
        return jv_err_set(err, JV_INTERNAL, "nothing could be signed");
    return JV_OK;
}
