/* jwt_key.h -- P-256 keys by OpenSSL. For jwt*.c only. */
#ifndef JV_JWT_KEY_H
#define JV_JWT_KEY_H

#include <openssl/evp.h>

#include "jv/token.h"

enum { JWT_COORDINATE = 32, JWT_SIGNATURE = 2 * JWT_COORDINATE };

/* Base64url without padding and in one spelling only: bits that do not count must be zero, so a
 * text stands for one value. Returns the length, -1 for anything else or more than max bytes. */
int jwt_decode64(const char *s, size_t n, unsigned char *ret, size_t max);

/* The public key of a JWK; NULL when its coordinates are no point of the curve. */
EVP_PKEY *jwt_public_key(const struct jv_jwk *jwk);
/* Is sig (r and s, 32 bytes each) the key's signature of these bytes? */
bool jwt_signed_by(EVP_PKEY *key, const void *p, size_t n, const unsigned char sig[JWT_SIGNATURE]);

/* That signature, by a private key in PEM. */
JV_CHECKED int jwt_sign_with(const char *pem, const void *p, size_t n,
                             unsigned char ret[JWT_SIGNATURE], struct jv_err *err);

#endif
