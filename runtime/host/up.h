/* up.h -- one run of the whole system, between up.c (the command) and stack.c (what is started). */
#ifndef JV_UP_H
#define JV_UP_H

#include "host/servers.h"

struct jv_up {
    const struct jv_program *program;
    struct jv_arena *arena;
    struct jv_place place;
    struct jv_common common;
    struct jv_loop *loop;
    struct jv_supervisor *sup;
    struct jv_nats_server nats;
    struct jv_postgres postgres;
    bool own_nats, own_postgres, demo;
    const char *ready_path; /* what the gateway answers once it is ready; NULL: /ready */
    const char *nats_url, *database_url;
    const char *creds;  /* a file for all, a folder with <name>.creds, or "" */
    const char *listen; /* address:port */
    const char *url;    /* http://address:port, as a browser here reaches it */
};

/* Run it all here until a signal comes; say_ready instead of what `up` says. The exit code. */
int jv_up_run(struct jv_up *u, void (*say_ready)(const struct jv_up *u));

/* What the environment asks for; checks that the address is free. */
JV_CHECKED int jv_up_configure(struct jv_up *u, struct jv_err *err);
/* Everything, until it is ready; in a fiber. */
JV_CHECKED int jv_up_start(struct jv_up *u, struct jv_err *err);
/* Gateway, actors, servers, in this order; in a fiber. */
void jv_up_stop(struct jv_up *u);
/* run/pids, anew. */
void jv_up_write_pids(struct jv_up *u);
/* The credentials file of one user; "" when there are none. */
const char *jv_up_creds(const struct jv_up *u, const char *name);
/* The CA of a bus that is somebody else's; "" of ours, which is on loopback and has no TLS. */
const char *jv_up_ca(const struct jv_up *u);

#endif
