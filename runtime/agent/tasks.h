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

#endif
