/* password.h -- hashing passwords: argon2id, 2 passes over 19 MiB.
 *
 * Each takes about 25 ms of CPU, so a handler runs it through jv_offload(). A password is text of
 * 1 to JV_PASSWORD_MAX bytes; anything else is refused. Thread-safe. */
#ifndef JV_PASSWORD_H
#define JV_PASSWORD_H

#include "jv/base.h"

enum { JV_PASSWORD_MAX = 1024, JV_PASSWORD_HASH_SIZE = 128 };

/* The salted hash as text with its parameters. JV_INVALID_ARGUMENT: empty or too long;
 * JV_RESOURCE_EXHAUSTED: no memory. */
JV_CHECKED int jv_password_hash(const char *password, char ret[JV_PASSWORD_HASH_SIZE]);
/* False too when the hash is none. */
bool jv_password_verify(const char *hash, const char *password);
/* Made with other parameters than today's: hash the password again when it was right. */
bool jv_password_outdated(const char *hash);

#endif
