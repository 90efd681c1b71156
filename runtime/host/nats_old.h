/* nats_old.h -- keys of NATS users that were replaced: remembered until they are revoked, and
 * listed as revoked for ever, because a signed identity has no other end.
 *
 * The list is <dir>/keys/old, a line "<public key> <user> retired|revoked" for each. */
#ifndef JV_NATS_OLD_H
#define JV_NATS_OLD_H

#include "jv/base.h"

struct jv_nats_old_key {
    const char *id, *user;
    bool revoked;
};

struct jv_nats_old {
    struct jv_nats_old_key *keys;
    size_t n;
    struct jv_arena *arena;
};

/* No file: an empty list. One that cannot be understood is FAILED_PRECONDITION. */
JV_CHECKED int jv_nats_old_read(const char *dir, struct jv_arena *a, struct jv_nats_old *ret,
                                struct jv_err *err);
/* Once each; as retired. */
void jv_nats_old_add(struct jv_nats_old *old, const char *id, const char *user);
/* The file's text. */
char *jv_nats_old_text(const struct jv_nats_old *old);

#endif
