/* nats_auth.h -- who may say what on the bus: identities for NATS, derived from the actors' tables.
 *
 * NATS runs in operator mode: an operator key signs two accounts (JARVIS and the system account),
 * the account key signs users: one per actor, the gateway, and an operator. A user is a key pair
 * and a signed list of the subjects it may publish and subscribe; the server stores no secret.
 * Nothing here waits but for the disk. */
#ifndef JV_NATS_AUTH_H
#define JV_NATS_AUTH_H

#include "jv/agent.h"
#include "jv/host.h"

struct jv_nats_user {
    const char *name;             /* of its credentials file */
    const char *const *publish;   /* NULL-terminated; none: nothing */
    const char *const *subscribe; /* likewise */
};

struct jv_nats_auth_options {
    const char *dir;       /* is made, mode 0700 */
    const char *host;      /* NULL: 127.0.0.1 */
    int port;              /* -1: any free one, see nats-server's --ports_file_dir */
    const char *store_dir; /* of JetStream; NULL: <dir>/jetstream */
    const char *name;      /* of the server, one of its own in a cluster; NULL: jarvis */
    const char *conf;      /* the server's configuration; NULL: <dir>/server.conf */
    enum jv_nats_keys { JV_NATS_KEEP, JV_NATS_ROTATE, JV_NATS_REVOKE } keys;
    const struct jv_nats_user *users;
    size_t n_users;
};

/* Make <dir>/server.conf and <dir>/creds/<user>.creds, mode 0600, from keys in <dir>/keys that are
 * made when missing and kept. Rules are written anew each time, so a changed table takes effect
 * when the actors start next. A damaged key is FAILED_PRECONDITION.
 *
 * JV_NATS_ROTATE gives every user a new key; the old ones stay good and are remembered in keys/old.
 * JV_NATS_REVOKE has the server refuse all that are remembered, and go on refusing them. Both leave
 * in the server's configuration what it says of address, store and name, and a running server takes
 * it by SIGHUP. Each file is written as a whole; what was interrupted may be done again, and no key
 * that is in use is ever revoked. */
JV_CHECKED int jv_nats_auth_make(const struct jv_nats_auth_options *o, struct jv_err *err);

/* What an actor needs, from its table and those it calls. */
struct jv_nats_user jv_nats_actor_user(const struct jv_actor *actor, const char *prefix,
                                       struct jv_arena *a);
/* All users of a program: each actor, "gateway" and "operator". */
size_t jv_nats_users(const struct jv_program *p, const char *prefix, struct jv_arena *a,
                     const struct jv_nats_user **ret);

/* jarvis nats-conf [--dir D] [--listen HOST:PORT] [--store D] [--name N] [--conf FILE] [--rotate |
 * --revoke]: write everything to D, or without --dir print who may say what. The arguments are
 * those behind the command's name. */
int jv_cmd_nats_conf(const struct jv_program *p, int argc, char **argv);

#endif
