/* host.h -- the program around the actors: the multi-call binary, processes, `up`.
 *
 * actors/main.c fills in what only it knows and calls jv_host_main(). */
#ifndef JV_HOST_H
#define JV_HOST_H

#include "jv/actor.h"
#include "jv/file.h"

/* What `run conformance` can bring up: an agent that behaves as the protocol's tests ask. */
struct jv_profile {
    const char *name;
    const struct jv_actor *agent;
    const struct jv_file *migrations; /* all actors' and its own */
};

struct jv_program {
    const char *version;
    const struct jv_actor *const *actors; /* in start order; NULL-terminated */
    const struct jv_file *migrations;     /* actors/<x>/migrations/NNN_name.sql */
    const struct jv_file *seeds;          /* actors/<x>/seed/demo.sql: demo data, idempotent */
    const struct jv_file *web;            /* the browser's files: web/... */
    int (*gateway)(const struct jv_program *p); /* a whole gateway process; returns its exit code */
    /* Its settings, and whether the environment's are right: all that it asks before it connects.
     */
    const struct jv_setting *gateway_settings;
    int (*gateway_check)(struct jv_err *err);
    const struct jv_profile *conformance; /* ends with a zero row; NULL: this binary has none */
};

/* jarvis run|up|down|migrate|list|describe|call|check|nats-conf|version ...; the exit code. */
int jv_host_main(const struct jv_program *p, int argc, char **argv);

/* Exit codes of a process: 0 drained; 78 (EX_CONFIG) a setting is missing or wrong, said on
 * stderr; anything else is a crash. */
enum { JV_EXIT_CONFIG = 78 };

/* One actor as a process: settings, connections, init, ready, messages, drain on SIGTERM. */
int jv_run_actor(const struct jv_actor *actor);

/* Say that this process is ready: writes a line to the descriptor in JARVIS_READY_FD, if any, and
 * closes it. */
void jv_say_ready(void);

/* Settings that every process reads. Strings live as long as the process. */
struct jv_common {
    const char *nats_url;     /* NATS_URL */
    const char *nats_creds;   /* NATS_CREDS: a credentials file; may be "" */
    const char *nats_ca;      /* NATS_CA: a PEM file; "": TLS only if the bus demands it */
    const char *database_url; /* DATABASE_URL; may be "" for those that need none */
    const char *prefix;       /* JARVIS_PREFIX, "jarvis" */
    const char *log_level;    /* JARVIS_LOG, "info" */
    bool log_json;            /* JARVIS_LOG_JSON */
    const char *clock;        /* JARVIS_CLOCK: RFC 3339, or "" for the real one */
    const char *health;       /* JARVIS_HEALTH: where an actor says how it is; "": nowhere */
};
JV_CHECKED int jv_common_load(struct jv_common *c, struct jv_err *err);
/* NATS_CREDS may be a folder with <name>.creds: make it that file, and look whether it is there and
 * holds credentials. `name` is this process'. */
JV_CHECKED int jv_common_creds(struct jv_common *c, const char *name, struct jv_err *err);

#endif
