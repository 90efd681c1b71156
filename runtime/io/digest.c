/* digest.c -- SHA-256 of secrets and texts. */
#include <sodium.h>

#include "jv/token.h"

_Static_assert((int)JV_SHA256_SIZE == crypto_hash_sha256_BYTES, "one size");

void jv_sha256(const void *p, size_t n, uint8_t ret[JV_SHA256_SIZE])
{
    crypto_hash_sha256(ret, p, n);
}

char *jv_sha256_hex(struct jv_arena *a, const void *p, size_t n)
{
    uint8_t hash[JV_SHA256_SIZE];
    char *hex = jv_arena_alloc(a, 2 * sizeof(hash) + 1);

    jv_sha256(p, n, hash);
    return sodium_bin2hex(hex, 2 * sizeof(hash) + 1, hash, sizeof(hash));
}
