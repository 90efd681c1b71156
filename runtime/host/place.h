/* place.h -- var/: where `up` keeps everything, whom it belongs to, and who is using it.
 *
 *     run/      env, pids, lock, log of `up`; sockets and credentials below it
 *     log/      one file per process
 *     nats/     keys, credentials, JetStream's store   \ of the user that servers and actors
 *     postgres/ the cluster                            / run as
 *
 * Started as root, servers and actors run as an ordinary user: PostgreSQL insists. Every failure is
 * one sentence that says what to do. */
#ifndef JV_PLACE_H
#define JV_PLACE_H

#include <sys/types.h>

#include "jv/base.h"

struct jv_place {
    struct jv_arena *arena;                        /* borrowed */
    const char *var, *run, *log, *nats, *postgres; /* absolute */
    const char *user;                              /* that servers and actors run as */
    uid_t uid;
    gid_t gid;
    bool is_root; /* so they change to it */
    int lock;     /* held while `up` runs; -1 */
    int kin;      /* inherited by every child: whoever holds it belongs to us; -1 */
};

/* Only names: for down, ps and the like. */
void jv_place_name(struct jv_place *p, struct jv_arena *a);
/* Make the folders, choose the user. */
JV_CHECKED int jv_place_open(struct jv_place *p, struct jv_err *err);
/* Take the place for this process. JV_ALREADY_EXISTS when another `up` has it. Waits for what an
 * earlier one that was killed has left behind, and ends it when it does not go. */
JV_CHECKED int jv_place_lock(struct jv_place *p, struct jv_err *err);
/* The process that has it; 0 when none does. The kernel's word, never a file's. */
pid_t jv_place_holder(const struct jv_place *p);
/* It is another user's, and only he may ask. */
bool jv_place_is_closed(const struct jv_place *p);

/* A folder of the servers' and actors' user, 0700. */
JV_CHECKED int jv_place_folder(struct jv_place *p, const char *path, struct jv_err *err);
/* Give a file tree to that user. */
JV_CHECKED int jv_place_give(struct jv_place *p, const char *path, struct jv_err *err);
/* Write a file of ours at once or not at all, 0600. */
JV_CHECKED int jv_place_write(const char *path, const char *text, struct jv_err *err);
/* How long a log is, and what was last said of importance in what came after that: our own
 * complaint, else the last line; "" when there is none. */
int64_t jv_place_log_size(const struct jv_place *p, const char *name);
const char *jv_place_last_words(const struct jv_place *p, struct jv_arena *a, const char *name,
                                int64_t from);

#endif
