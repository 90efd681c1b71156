/* tell.c -- what a handler says and asks while it runs as a task (jv/task.h). */
#include "agent/agent.h"

#include <stdio.h>
#include <string.h>

const char *jv_task_id(const struct jv_ctx *ctx)
{
    return ctx->run ? ctx->run->id : "";
}

const char *jv_context_id(const struct jv_ctx *ctx)
{
    if (ctx->run)
        return ctx->run->context_id;
    return ctx->reply ? ctx->reply->message->context_id : "";
}

int jv_task_attempt(const struct jv_ctx *ctx)
{
    return ctx->run ? ctx->run->tries : 1;
}

const char *jv_sub_message_id(struct jv_ctx *ctx, const char *what)
{
    char id[37];

    if (ctx->run)
        return jv_arena_printf(ctx->arena, "%s.%.60s", ctx->run->id, what);
    jv_uuid(id);
    return jv_arena_strdup(ctx->arena, id);
}

/* ---- state ----------------------------------------------------------------------------------- */

Google__Protobuf__Struct *jv_task_state(struct jv_ctx *ctx)
{
    static const Google__Protobuf__Struct none = GOOGLE__PROTOBUF__STRUCT__INIT;

    if (ctx->run)
        return ctx->run->state;
    return jv_arena_memdup(ctx->arena, &none, sizeof(none)); /* outside a task: forgotten */
}

double jv_state_number(struct jv_ctx *ctx, const char *name)
{
    const Google__Protobuf__Value *v = jv_struct_get(jv_task_state(ctx), name);

    return v && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE ? v->number_value : 0;
}

const char *jv_state_text(struct jv_ctx *ctx, const char *name)
{
    return jv_struct_text(jv_task_state(ctx), name);
}

void jv_state_set_number(struct jv_ctx *ctx, const char *name, double number)
{
    jv_struct_set(jv_task_state(ctx), ctx->arena, name, jv_value_number(ctx->arena, number));
}

void jv_state_set_text(struct jv_ctx *ctx, const char *name, const char *text)
{
    jv_struct_set(jv_task_state(ctx), ctx->arena, name, jv_value_text(ctx->arena, text));
}

/* ---- committing ------------------------------------------------------------------------------ */

static int not_mine(struct jv_ctx *ctx)
{
    jv_db_abandon(ctx);
    ctx->run->lost = true;
    return jv_fail(ctx, JV_ABORTED, "task %s was cancelled or taken over", ctx->run->id);
}

/* A row that is not there yet: all of it is committed when the handler is done. */
static int put_aside(struct jv_ctx *ctx, const A2a__TaskStatus *status,
                     const struct jv_tevent *events, size_t n)
{
    struct jv_run *run = ctx->run;

    for (size_t i = 0; i < n; i++) {
        if (run->n_events == run->max_events) {
            struct jv_tevent *grown = JV_NEW_ARRAY(ctx->arena, struct jv_tevent,
                                                   run->max_events = 2 * run->max_events + 8);

            if (run->n_events)
                memcpy(grown, run->events, run->n_events * sizeof(*grown));
            run->events = grown;
        }
        run->events[run->n_events++] = events[i];
    }
    run->status = (A2a__TaskStatus *)(uintptr_t)status;
    return JV_OK;
}

int jv_run_fits(struct jv_ctx *ctx, const struct jv_run *run, const struct jv_tevent *events,
                size_t n)
{
    size_t size = run->size;

    for (size_t i = 0; i < n; i++) {
        if (events[i].kind == JV_KIND_ARTIFACT)
            size += events[i].len;
        else if (events[i].len > JV_MAX_STATUS)
            return jv_fail(ctx, JV_RESOURCE_EXHAUSTED, "what a task says at once may have %d bytes",
                           JV_MAX_STATUS);
    }
    if (size > JV_MAX_ARTIFACTS)
        return jv_fail(ctx, JV_RESOURCE_EXHAUSTED, "a task's artifacts may have %d bytes together",
                       JV_MAX_ARTIFACTS);
    return JV_OK;
}

int jv_run_commit(struct jv_ctx *ctx, A2a__TaskState state, const A2a__TaskStatus *status,
                  struct jv_tevent *events, size_t n)
{
    struct jv_run *run = ctx->run;
    bool done = false;
    int r;

    if (ctx->parent)
        return jv_fail(ctx, JV_INTERNAL, "only the handler itself speaks for its task");
    if (!run->kept)
        return put_aside(ctx, status, events, n);
    if (jv_fiber_cancelled(ctx->fiber))
        return jv_fail(ctx, JV_CANCELLED, "cancelled");
    if (ctx->savepoint)
        return jv_fail(ctx, JV_INTERNAL, "commit the own transaction before the task's");
    if (protobuf_c_message_get_packed_size(&run->state->base) > JV_MAX_STATE)
        return jv_fail(ctx, JV_RESOURCE_EXHAUSTED, "a task's state may have %d bytes",
                       JV_MAX_STATE);
    r = jv_store_append(ctx, run, state, status, events, n, &done);
    if (!r && !done)
        return not_mine(ctx);
    if (!r && ctx->tx)
        r = jv_db_commit_all(ctx);
    if (!r)
        jv_tell(ctx, run->id, events, n);
    return r;
}

static int say(struct jv_ctx *ctx, A2a__TaskState state, const char *text, const char *media_type,
               const Google__Protobuf__Struct *data)
{
    A2a__Message *m = NULL;
    A2a__TaskStatus *status;
    struct jv_tevent e;
    int r;

    if (text || data) {
        m = jv_agent_message(ctx, ctx->run->context_id);
        jv_message_say(ctx->arena, m, text, media_type, data);
    }
    status = jv_status(ctx, state, m);
    e = jv_status_event(ctx, ctx->run, status);
    r = jv_run_fits(ctx, ctx->run, &e, 1);
    return r ? r : jv_run_commit(ctx, state, status, &e, 1);
}

int jv_progress_data(struct jv_ctx *ctx, const char *text, const char *media_type,
                     const Google__Protobuf__Struct *data)
{
    struct jv_arena *whole;
    int r;

    if (!ctx->run || !ctx->run->kept)
        return JV_OK; /* who was told nothing so far does not miss it */
    whole = jv_aside(ctx);
    r = say(ctx, A2A__TASK_STATE__TASK_STATE_WORKING, text, media_type, data);
    jv_aside_end(ctx, whole);
    return r;
}

int jv_progress(struct jv_ctx *ctx, const char *fmt, ...)
{
    va_list args;
    char *text;

    va_start(args, fmt);
    text = jv_arena_vprintf(ctx->arena, fmt, args);
    va_end(args);
    return jv_progress_data(ctx, text, NULL, NULL);
}

int jv_checkpoint(struct jv_ctx *ctx)
{
    return ctx->run ? jv_run_commit(ctx, A2A__TASK_STATE__TASK_STATE_UNSPECIFIED, NULL, NULL, 0)
                    : JV_OK;
}

/* ---- artifacts ------------------------------------------------------------------------------- */

static int tell_artifact(struct jv_ctx *ctx, const A2a__Artifact *artifact, unsigned flags)
{
    struct jv_tevent e = jv_artifact_event(ctx, ctx->run, artifact, flags);
    int r = jv_run_fits(ctx, ctx->run, &e, 1);

    if (r)
        return r;
    ctx->run->size += e.len;
    return jv_run_commit(ctx, A2A__TASK_STATE__TASK_STATE_UNSPECIFIED, NULL, &e, 1);
}

int jv_artifact(struct jv_ctx *ctx, const A2a__Artifact *artifact, unsigned flags)
{
    struct jv_run *run = ctx->run;
    struct jv_arena *whole;
    int r;

    if (!run || !run->kept)
        return run ? tell_artifact(ctx, artifact, flags) : JV_OK;
    whole = jv_aside(ctx);
    r = tell_artifact(ctx, artifact, flags);
    jv_aside_end(ctx, whole);
    return r;
}

int jv_artifact_text(struct jv_ctx *ctx, const char *id, const char *name, const char *markdown,
                     unsigned flags)
{
    A2a__Artifact artifact = A2A__ARTIFACT__INIT;
    A2a__Part *part = jv_text_part(ctx->arena, markdown, "text/markdown");

    artifact.artifact_id = id;
    artifact.name = name ? name : "";
    artifact.n_parts = 1;
    artifact.parts = &part;
    return jv_artifact(ctx, &artifact, flags);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static int stop(struct jv_ctx *ctx, A2a__TaskState state, const char *text, const char *media_type,
                const Google__Protobuf__Struct *data)
{
    int r;

    if (!ctx->run)
        return jv_fail(ctx, JV_FAILED_PRECONDITION, "this must be sent as a message to the agent");
    r = say(ctx, state, text, media_type, data);
    return r ? r : JV_INTERRUPTED;
}

/* The answer to this question, if it has come. */
static bool answered(struct jv_ctx *ctx, const A2a__Message **ret)
{
    struct jv_run *run = ctx->run;

    if (!run || run->n_asked == run->n_answers)
        return false;
    *ret = run->answers[run->n_asked++];
    return true;
}

static int ask(struct jv_ctx *ctx, A2a__TaskState state, const A2a__Message **ret, const char *text)
{
    return answered(ctx, ret) ? JV_OK : stop(ctx, state, text, NULL, NULL);
}

int jv_ask_data(struct jv_ctx *ctx, const A2a__Message **ret_answer, const char *text,
                const char *media_type, const Google__Protobuf__Struct *data)
{
    return answered(ctx, ret_answer)
                   ? JV_OK
                   : stop(ctx, A2A__TASK_STATE__TASK_STATE_INPUT_REQUIRED, text, media_type, data);
}

int jv_ask(struct jv_ctx *ctx, const A2a__Message **ret_answer, const char *fmt, ...)
{
    va_list args;
    char *text;

    va_start(args, fmt);
    text = jv_arena_vprintf(ctx->arena, fmt, args);
    va_end(args);
    return ask(ctx, A2A__TASK_STATE__TASK_STATE_INPUT_REQUIRED, ret_answer, text);
}

int jv_ask_auth(struct jv_ctx *ctx, const A2a__Message **ret_answer, const char *fmt, ...)
{
    va_list args;
    char *text;

    va_start(args, fmt);
    text = jv_arena_vprintf(ctx->arena, fmt, args);
    va_end(args);
    return ask(ctx, A2A__TASK_STATE__TASK_STATE_AUTH_REQUIRED, ret_answer, text);
}

int jv_reject(struct jv_ctx *ctx, const char *fmt, ...)
{
    va_list args;
    char *text;

    va_start(args, fmt);
    text = jv_arena_vprintf(ctx->arena, fmt, args);
    va_end(args);
    return stop(ctx, A2A__TASK_STATE__TASK_STATE_REJECTED, text, NULL, NULL);
}
