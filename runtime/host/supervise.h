/* supervise.h -- children that are started, watched, started again, and ended in order.
 *
 * Each child has a fiber that lives its life; another fiber, the owner's, asks for it with the
 * functions here, all of which may wait. A child that ends before it was ever ready has failed:
 * that is a wrong setting, not an accident, and is not tried again. */
#ifndef JV_SUPERVISE_H
#define JV_SUPERVISE_H

#include "host/process.h"
#include "sched/fiber.h"

struct jv_supervisor;
struct jv_child;

struct jv_child_spec {
    struct jv_process process;
    int stop_signal; /* 0: SIGTERM */
    int last_signal; /* to its whole group when that does not help; 0: SIGKILL */
    /* Is it ready? Asked often; for those that cannot say so themselves. */
    bool (*probe)(void *arg, pid_t pid);
    void *arg;
};

/* on_change: whenever a child has started, become ready or ended. */
struct jv_supervisor *jv_supervisor_new(struct jv_loop *l, struct jv_place *place,
                                        void (*on_change)(void *arg), void *arg);
struct jv_supervisor *jv_supervisor_free(struct jv_supervisor *s);

/* Start one and keep it running. The spec is copied; what it points to stays. */
struct jv_child *jv_supervisor_add(struct jv_supervisor *s, const struct jv_child_spec *spec);
/* Wait until all are ready; JV_FAILED_PRECONDITION with the reason when one has failed or takes
 * longer than ms, JV_CANCELLED when the fiber is cancelled. */
JV_CHECKED int jv_supervisor_ready(struct jv_supervisor *s, int64_t ms, struct jv_err *err);
/* Run one to its end, once; its exit code must be 0. */
JV_CHECKED int jv_supervisor_run(struct jv_supervisor *s, const struct jv_process *p, int64_t ms,
                                 struct jv_err *err);
/* End those of these names (NULL-terminated), or all, and wait for it. */
void jv_supervisor_stop(struct jv_supervisor *s, const char *const *names);
void jv_supervisor_stop_all(struct jv_supervisor *s);

/* The n-th child that runs now; false behind the last. */
bool jv_supervisor_get(const struct jv_supervisor *s, size_t n, const char **ret_name,
                       pid_t *ret_pid);

#endif
