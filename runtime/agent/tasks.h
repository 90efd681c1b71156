/* tasks.h -- what an agent's node keeps in memory about tasks: who runs here, who follows here. */
#ifndef JV_TASKS_H
#define JV_TASKS_H

#include "agent/agent.h"

struct watches;

/* What the keeper does: one job waits for nobody whom another one asks. */
enum jv_job_kind { JV_JOB_LEASES, JV_JOB_TASKS, JV_JOB_PUSH, JV_JOBS };
struct jv_job {
    struct jv_node *node;
    bool busy;
    bool kicked; /* and shall look again at once */
};

struct jv_tasks {
    struct jv_node *node;
    struct watches *watches;
    struct jv_run *runs;
    size_t n_runs; /* begun or about to be */
    struct jv_job jobs[JV_JOBS];
    struct jv_loop_timer timer;
    int64_t purged_ms; /* mono */
};

bool jv_watches_start(struct jv_node *n); /* false: NATS refuses the subscription */
void jv_watches_free(struct watches *w);
void jv_watches_wake(struct jv_node *n);

/* ---- between accept.c and run.c -------------------------------------------------------------- */
#define JV_RUNNING_STATES                                                                          \
    (1u << A2A__TASK_STATE__TASK_STATE_SUBMITTED | 1u << A2A__TASK_STATE__TASK_STATE_WORKING)
#define JV_ASKING_STATES                                                                           \
    (1u << A2A__TASK_STATE__TASK_STATE_INPUT_REQUIRED |                                            \
     1u << A2A__TASK_STATE__TASK_STATE_AUTH_REQUIRED)

/* Room for a run that is about to be kept: whoever comes meanwhile does not take it. */
bool jv_take_room(struct jv_node *n);
void jv_give_room(struct jv_node *n);
/* Somebody else of the same agent may have room. */
void jv_nudge(struct jv_ctx *ctx);
/* The last events of a run whose handler is done, and the status that they leave. */
size_t jv_last_events(struct jv_ctx *ctx, struct jv_run *run, struct jv_tevent ret[2],
                      A2a__TaskStatus **ret_status);

#endif
