/* process.h -- start a child: its own process group, its own log, an environment made for it. */
#ifndef JV_PROCESS_H
#define JV_PROCESS_H

#include "host/place.h"

struct jv_process {
    const char *name;        /* of the log file */
    const char *program;     /* NULL: this binary */
    const char *const *argv; /* NULL-terminated */
    const char *const *env;  /* likewise; all it gets */
    const char *folder;      /* to work in; NULL: / */
    int death_signal;        /* what it gets when we are gone */
    bool says_ready;         /* give it JARVIS_READY_FD */
    bool as_root;            /* stay who we are */
};

/* *ret_ready: the reading end for says_ready, else -1; it ends when the child does. */
JV_CHECKED int jv_process_start(const struct jv_place *place, const struct jv_process *p,
                                pid_t *ret_pid, int *ret_ready, struct jv_err *err);
/* "killed by signal 9", "exit code 1" */
const char *jv_process_end(struct jv_arena *a, int status);

/* ---- environments --------------------------------------------------------------------------- */

struct jv_env {
    struct jv_arena *arena;
    const char **items; /* NULL-terminated */
    size_t n, cap;
};

/* With what any program needs (PATH, locale, TMPDIR, sanitizers' options), taken from ours. */
struct jv_env jv_env_new(struct jv_arena *a);
void jv_env_set(struct jv_env *e, const char *name, const char *value); /* NULL value: nothing */
void jv_env_pass(struct jv_env *e, const char *name);                   /* ours, if set */

#endif
