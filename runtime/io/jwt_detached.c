/* jwt_detached.c -- signatures apart from what they sign. */
#include <string.h>

#include "google/protobuf/struct.pb-c.h"
#include "io/jwt_key.h"
#include "jv/wire.h"

/* "header.payload", both base64url: what is signed. */
static char *signed_text(const char *header, const void *payload, size_t n, struct jv_arena *a,
                         size_t *ret_len)
{
    const char *body = jv_base64url(a, payload, n);
    struct jv_buf b = jv_buf_new(a);

    jv_buf_str(&b, header);
    jv_buf_char(&b, '.');
    jv_buf_str(&b, body);
    *ret_len = b.len;
    return b.data;
}

static const char *header_of(const char *kid, struct jv_arena *a)
{
    struct jv_buf b = jv_buf_new(a);

    jv_buf_str(&b, "{\"alg\":\"ES256\",\"kid\":");
    jv_json_quote(&b, kid, strlen(kid));
    jv_buf_str(&b, ",\"typ\":\"JOSE\"}");
    return jv_base64url(a, b.data, b.len);
}

int jv_jws_sign(const char *pem, const char *kid, const void *payload, size_t n, struct jv_arena *a,
                struct jv_jws *ret, struct jv_err *err)
{
    const char *header = header_of(kid, a);
    unsigned char sig[JWT_SIGNATURE];
    size_t len;
    char *text = signed_text(header, payload, n, a, &len);
    int r = jwt_sign_with(pem, text, len, sig, err);

    if (!r)
        *ret = (struct jv_jws){ header, jv_base64url(a, sig, sizeof(sig)) };
    return r;
}

/* ---- verifying ------------------------------------------------------------------------------ */

static int refuse(struct jv_err *err, const char *why)
{
    return jv_err_set(err, JV_UNAUTHENTICATED, "the signature's %s", why);
}

static Google__Protobuf__Struct *read_header(const char *header, struct jv_arena *a)
{
    enum { max_header = 2048 };
    size_t n = strnlen(header, max_header);
    unsigned char *json = jv_arena_alloc(a, max_header);
    int len = jwt_decode64(header, n, json, n);

    return len < 0 ? NULL
                   : (void *)jv_json_to_msg(&google__protobuf__struct__descriptor,
                                            (const char *)json, (size_t)len, 0, a, NULL);
}

static bool is(const Google__Protobuf__Struct *s, const char *name, const char *text)
{
    const char *have = jv_struct_text(s, name);

    return have && strcmp(have, text) == 0;
}

static int check_header(const struct jv_jwk *jwk, const char *text, struct jv_arena *a,
                        struct jv_err *err)
{
    const Google__Protobuf__Struct *header = read_header(text, a);

    if (!header)
        return refuse(err, "header is malformed");
    if (!is(header, "alg", "ES256"))
        return refuse(err, "algorithm is not accepted");
    if (jv_struct_get(header, "crit") || jv_struct_get(header, "b64"))
        return refuse(err, "header is not accepted");
    if (!is(header, "kid", jwk->kid))
        return jv_err_set(err, JV_NOT_FOUND, "the signature is of another key");
    return JV_OK;
}

int jv_jws_verify(const struct jv_jwk *jwk, const struct jv_jws *jws, const void *payload, size_t n,
                  struct jv_arena *a, struct jv_err *err)
{
    unsigned char sig[JWT_SIGNATURE];
    EVP_PKEY *key;
    size_t len;
    char *text;
    bool good;
    int r = check_header(jwk, jws->header, a, err);

    if (r)
        return r;
    if (jwt_decode64(jws->signature, strlen(jws->signature), sig, sizeof(sig)) != sizeof(sig))
        return refuse(err, "form is wrong");
    key = jwt_public_key(jwk);
    if (!key)
        return jv_err_set(err, JV_INVALID_ARGUMENT, "key %s is no point of P-256", jwk->kid);
    text = signed_text(jws->header, payload, n, a, &len);
    good = jwt_signed_by(key, text, len, sig);
    EVP_PKEY_free(key);
    return good ? JV_OK : refuse(err, "bytes are wrong");
}
