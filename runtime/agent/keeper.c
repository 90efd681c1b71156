/* keeper.c -- looks after the agent's tasks, once a second: leases are renewed (to the last, while
 * the instance leaves), what nobody runs is taken over, what a crash left untold is told, old tasks
 * are forgotten. Beside it: the ear for cancellations and nudges, and the node's start and end. */
#include "agent/tasks.h"

#include <stdlib.h>
#include <string.h>

enum {
    RELAY_AFTER_MS = 3000,
    RELAY_AT_ONCE = 50,
    PURGE_EVERY_MS = 60 * 1000,
    PURGE_AT_ONCE = 1000
};

/* ---- each second ----------------------------------------------------------------------------- */

static int renew_leases(struct jv_ctx *ctx)
{
    size_t n = 0;
    const char **ids = JV_NEW_ARRAY(ctx->arena, const char *, jv_run_count(ctx->node) + 1);

    for (struct jv_run *run = *jv_runs(ctx->node); run; run = run->next)
        ids[n++] = run->id;
    if (!n)
        return JV_OK;
    return jv_db(ctx, NULL,
                 "update tasks set lease_until = $2 where id = any($1::text[]) and lease_by = $3 "
                 "and state in (1, 2)",
                 jv_text_array(ctx, n, ids), jv_ms(jv_real_ms(ctx) + JV_LEASE_MS),
                 jv_text(ctx->node->instance));
}

static int note_told(struct jv_ctx *ctx)
{
    const char *const *ids, *const *seqs;
    size_t n = jv_told_take(ctx, &ids, &seqs);

    if (!n)
        return JV_OK;
    return jv_db(ctx, NULL,
                 "update tasks set told = greatest(told, u.seq) from (select id, max(seq) as seq "
                 "from unnest($1::text[], $2::text[]::int[]) as v (id, seq) group by id) as u "
                 "where tasks.id = u.id and told < u.seq",
                 jv_text_array(ctx, n, ids), jv_text_array(ctx, n, seqs));
}

/* Committed, and then whoever did it died before it was published. */
static int relay(struct jv_ctx *ctx)
{
    struct jv_rows rows;
    int r = jv_db(ctx, &rows,
                  "select id, told, state from tasks where told < last_seq and status_at < $1 "
                  "order by status_at limit $2::int",
                  jv_ms(jv_real_ms(ctx) - RELAY_AFTER_MS), jv_int(RELAY_AT_ONCE));

    for (size_t i = 0; !r && i < rows.n; i++) {
        const char *id = jv_col(&rows, i, "id");
        struct jv_arena *whole = jv_aside(ctx);
        struct jv_tevent *events;
        size_t n;

        r = jv_store_events(ctx, id, (int32_t)jv_col_int(&rows, i, "told"), &events, &n);
        if (!r)
            jv_tell(ctx, id, events, n);
        if (!r && jv_col_int(&rows, i, "state") == A2A__TASK_STATE__TASK_STATE_CANCELED)
            jv_tell_cancel(ctx, id);
        jv_aside_end(ctx, whole);
    }
    return r;
}

/* What is over, and questions that nobody has answered. While there is more it goes on at once. */
static int purge(struct jv_ctx *ctx)
{
    struct jv_tasks *tasks = ctx->node->tasks;
    int64_t now = jv_loop_mono_ms(ctx->node->loop);
    struct jv_rows rows = { 0 };
    int r;

    if (now - tasks->purged_ms < PURGE_EVERY_MS)
        return JV_OK;
    r = jv_db(ctx, &rows,
              "delete from tasks where id = any(array(select id from tasks where state > 2 "
              "and status_at < $1 limit $2::int for update skip locked))",
              jv_ms(jv_real_ms(ctx) - JV_TASK_DAYS * INT64_C(86400000)), jv_int(PURGE_AT_ONCE));
    if (!r && rows.affected < PURGE_AT_ONCE)
        tasks->purged_ms = now;
    return r;
}

static const struct {
    const char *name;
    bool to_the_last; /* while the instance leaves, too */
    int (*duties[4])(struct jv_ctx *ctx);
} jobs[JV_JOBS] = {
    [JV_JOB_LEASES] = { "leases", true, { renew_leases, note_told } },
    [JV_JOB_TASKS] = { "tasks", false, { jv_run_orphans, relay, purge } },
    [JV_JOB_PUSH] = { "push", false, { jv_push_hand_over } },
};

static int work(struct jv_ctx *ctx, void *arg)
{
    struct jv_job *job = arg;
    size_t kind = (size_t)(job - ctx->node->tasks->jobs);
    int r = JV_OK;

    do {
        job->kicked = false;
        for (size_t i = 0; i < JV_COUNT(jobs[kind].duties) && jobs[kind].duties[i]; i++) {
            int code = jobs[kind].duties[i](ctx); /* one that fails does not stop the others */

            r = r ? r : code;
        }
    } while (!r && job->kicked && !ctx->node->draining);
    job->busy = false;
    return r;
}

static void kick(struct jv_node *n, enum jv_job_kind kind)
{
    struct jv_job *job = &n->tasks->jobs[kind];

    job->kicked = true;
    if (job->busy || !n->ready || (n->draining && !jobs[kind].to_the_last))
        return;
    job->busy = true;
    jv_node_background(n, jobs[kind].name, work, job, JV_DEFAULT_TIMEOUT_MS);
}

void jv_tasks_kick(struct jv_node *n)
{
    kick(n, JV_JOB_TASKS);
}

static void on_timer(struct jv_loop_timer *t)
{
    struct jv_node *n = t->arg;

    if (n->draining && !n->tasks->n_runs)
        return; /* there is nothing to keep any more */
    for (size_t i = 0; i < JV_JOBS; i++)
        kick(n, (enum jv_job_kind)i);
    jv_loop_timer_start(n->loop, t, jv_loop_mono_ms(n->loop) + JV_KEEPER_MS);
}

/* ---- cancelled elsewhere --------------------------------------------------------------------- */

/* Tasks of ours that were sent for a task that was cancelled, whoever's it was. */
static int cancel_children(struct jv_ctx *ctx, void *arg)
{
    char *parent = arg;
    struct jv_rows rows;
    int r = jv_db(
            ctx, &rows,
            "select id from tasks where parent = $1 and parent <> '' and state not in (3, 4, 5, 7)",
            jv_text(jv_arena_strdup(ctx->arena, parent)));

    free(parent);
    for (size_t i = 0; !r && i < rows.n; i++) {
        struct jv_task_row t;

        r = jv_store_load(ctx, jv_col(&rows, i, "id"), NULL, &t);
        if (!r && jv_task_cancel(ctx, &t, "what it was for was cancelled"))
            jv_info(ctx, "task %s was over before it could be cancelled", t.id);
    }
    return r;
}

/* <prefix>.task.<token>.<id>.cancel */
static void on_cancel(void *arg, struct jv_bus_msg *m)
{
    struct jv_node *n = arg;
    char *parent = strdup(m->subject + strlen(n->prefix) + strlen(".task."));
    char *dot = parent ? strchr(parent, '.') : NULL, *end = parent ? strrchr(parent, '.') : NULL;

    if (!parent)
        abort();
    if (!dot || dot == end) {
        free(parent);
        return;
    }
    *dot = *end = '\0';
    if (strcmp(parent, n->actor->agent->token) == 0)
        jv_run_cancel(n, dot + 1);
    if (n->background >= JV_MAX_BACKGROUND) {
        free(parent);
        return;
    }
    *dot = '/';
    jv_node_background(n, "cancel", cancel_children, parent, JV_DEFAULT_TIMEOUT_MS);
}

static void on_nudge(void *arg, struct jv_bus_msg *m)
{
    (void)m;
    jv_tasks_kick(arg);
}

/* ---- the node's start and end ---------------------------------------------------------------- */

static bool listen(struct jv_node *n)
{
    const char *token = n->actor->agent->token;

    return jv_watches_start(n) &&
           jv_bus_subscribe(n->bus, jv_arena_printf(n->keep, "%s.task.*.*.cancel", n->prefix), NULL,
                            on_cancel, n) &&
           jv_bus_subscribe(n->bus, jv_arena_printf(n->keep, "%s.work.%s", n->prefix, token), token,
                            on_nudge, n);
}

int jv_tasks_start(struct jv_node *n)
{
    if (!n->actor->agent || !n->pg)
        return JV_OK;
    n->tasks = calloc(1, sizeof(*n->tasks));
    if (!n->tasks)
        abort();
    n->tasks->node = n;
    n->tasks->purged_ms = jv_loop_mono_ms(n->loop);
    if (!listen(n))
        return JV_UNAVAILABLE;
    n->tasks->timer.fn = on_timer;
    n->tasks->timer.arg = n;
    on_timer(&n->tasks->timer);
    return JV_OK;
}

void jv_tasks_wake(struct jv_node *n)
{
    if (!n->tasks)
        return;
    jv_watches_wake(n);
}

void jv_tasks_free(struct jv_node *n)
{
    if (!n->tasks)
        return;
    jv_loop_timer_stop(n->loop, &n->tasks->timer);
    jv_watches_free(n->tasks->watches);
    free(n->tasks);
    n->tasks = NULL;
}
