/* password.c -- argon2id by libsodium. */
#include "jv/password.h"

#include <sodium.h>
#include <string.h>

enum { passes = 2, memory = 19 * 1024 * 1024 };

_Static_assert((int)JV_PASSWORD_HASH_SIZE == crypto_pwhash_STRBYTES, "one size");

static bool is_password(const char *s)
{
    size_t n = s ? strnlen(s, JV_PASSWORD_MAX + 1) : 0;

    return n > 0 && n <= JV_PASSWORD_MAX;
}

/* libsodium reads a hash up to its NUL, which must be within the size. */
static bool is_hash(const char *s)
{
    return s && strnlen(s, JV_PASSWORD_HASH_SIZE) < JV_PASSWORD_HASH_SIZE;
}

int jv_password_hash(const char *password, char ret[JV_PASSWORD_HASH_SIZE])
{
    if (!is_password(password))
        return JV_INVALID_ARGUMENT;
    if (sodium_init() < 0 || crypto_pwhash_str_alg(ret, password, strlen(password), passes, memory,
                                                   crypto_pwhash_ALG_ARGON2ID13))
        return JV_RESOURCE_EXHAUSTED;
    return JV_OK;
}

bool jv_password_verify(const char *hash, const char *password)
{
    return is_hash(hash) && is_password(password) && sodium_init() >= 0 &&
           crypto_pwhash_str_verify(hash, password, strlen(password)) == 0;
}

bool jv_password_outdated(const char *hash)
{
    return !is_hash(hash) || crypto_pwhash_str_needs_rehash(hash, passes, memory) != 0;
}
