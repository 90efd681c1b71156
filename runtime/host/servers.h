/* servers.h -- our own nats-server and PostgreSQL below var/.
 *
 * prepare: what must be there before the first start (identities, a cluster), cheap when it is;
 * spec: how to run it. URLs and credentials are in the struct when prepared. */
#ifndef JV_SERVERS_H
#define JV_SERVERS_H

#include "host/supervise.h"
#include "jv/host.h"

struct jv_nats_server {
    struct jv_place *place;
    const char *program;
    int port;
    const char *url;   /* nats://127.0.0.1:port */
    const char *creds; /* the folder with <name>.creds */
};

JV_CHECKED int jv_nats_prepare(struct jv_nats_server *n, struct jv_place *place,
                               const struct jv_program *p, const char *prefix, struct jv_err *err);
struct jv_child_spec jv_nats_spec(struct jv_nats_server *n);
/* Do that address and that credentials file lead to the server of this place? */
bool jv_nats_is_ours(const struct jv_place *place, const char *url, const char *creds);

struct jv_postgres {
    struct jv_place *place;
    const char *bin;    /* its programs */
    const char *socket; /* folder of the socket, closed to others */
    bool is_outside;    /* of var/, whose path is too long */
    const char *url;
    char major[12];
};

/* May run initdb through the supervisor: for fibers. */
JV_CHECKED int jv_postgres_prepare(struct jv_postgres *g, struct jv_supervisor *s,
                                   struct jv_place *place, struct jv_err *err);
struct jv_child_spec jv_postgres_spec(struct jv_postgres *g);
void jv_postgres_done(struct jv_postgres *g);
/* Does that address lead to the cluster of this place? */
bool jv_postgres_is_ours(const struct jv_place *place, const char *url);

#endif
