/* pg_look.h -- a look at the database, for `jarvis doctor`: blocking, bounded, changing nothing. */
#ifndef JV_PG_LOOK_H
#define JV_PG_LOOK_H

#include "io/pg.h"

struct jv_pg_look {
    int version; /* 15 */
    char encoding[32], user[64], database[64], sslmode[16];
    bool local; /* a Unix socket or loopback */
    bool socket, tls;
    int64_t ahead_ms;                  /* its clock before ours */
    int64_t max_connections, reserved; /* reserved: not for us */
    int64_t others;                    /* connections that are none of ours */
    int64_t own_limit;                 /* of the role or the database; -1: none */
    bool superuser;                    /* more than it needs */
    bool may_create;                   /* schemas */
    char closed[64];                   /* a schema of ours in which something is not allowed; "" */
    size_t missing;                    /* migrations that are not applied */
    struct jv_err history; /* FAILED_PRECONDITION: newer than this program, or altered */
};

/* schemas: the actors' names, NULL-terminated. */
JV_CHECKED int jv_pg_look(const char *url, const struct jv_migration *list, size_t n,
                          const char *const *schemas, int wait_ms, struct jv_pg_look *ret,
                          struct jv_err *err);

/* The password in an address, for a look at its strength; NULL when it has none. */
const char *jv_pg_password(const char *url, struct jv_arena *a);
/* Of what it points to there: is it a Unix socket? */
bool jv_pg_is_socket(const char *url);

#endif
