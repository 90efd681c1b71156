/* fold.c -- what happened to a task, as events; and the Task that they make together. */
#include "agent/agent.h"

#include <string.h>

#include <google/protobuf/timestamp.pb-c.h>

/* ---- making events --------------------------------------------------------------------------- */

A2a__TaskStatus *jv_status(struct jv_ctx *ctx, A2a__TaskState state, A2a__Message *message)
{
    A2a__TaskStatus *s = jv_msg_new(&a2a__task_status__descriptor, ctx->arena);
    int64_t now = jv_real_ms(ctx);

    s->state = state;
    s->message = message;
    s->timestamp = jv_msg_new(&google__protobuf__timestamp__descriptor, ctx->arena);
    s->timestamp->seconds = now / 1000;
    s->timestamp->nanos = (int32_t)(now % 1000) * 1000000;
    return s;
}

static struct jv_tevent pack_event(struct jv_ctx *ctx, enum jv_kind kind,
                                   const A2a__StreamResponse *event)
{
    struct jv_tevent e = { .kind = kind };

    e.body = jv_pack(event, ctx->arena, &e.len);
    return e;
}

struct jv_tevent jv_status_event(struct jv_ctx *ctx, const struct jv_run *run,
                                 A2a__TaskStatus *status)
{
    A2a__StreamResponse event = A2A__STREAM_RESPONSE__INIT;
    A2a__TaskStatusUpdateEvent update = A2A__TASK_STATUS_UPDATE_EVENT__INIT;

    if (status->message) {
        status->message->task_id = run->id;
        status->message->context_id = run->context_id;
    }
    update.task_id = run->id;
    update.context_id = run->context_id;
    update.status = status;
    event.payload_case = A2A__STREAM_RESPONSE__PAYLOAD_STATUS_UPDATE;
    event.status_update = &update;
    return pack_event(ctx, JV_KIND_STATUS, &event);
}

struct jv_tevent jv_artifact_event(struct jv_ctx *ctx, const struct jv_run *run,
                                   const A2a__Artifact *artifact, unsigned flags)
{
    A2a__StreamResponse event = A2A__STREAM_RESPONSE__INIT;
    A2a__TaskArtifactUpdateEvent update = A2A__TASK_ARTIFACT_UPDATE_EVENT__INIT;

    update.task_id = run->id;
    update.context_id = run->context_id;
    update.artifact = (A2a__Artifact *)(uintptr_t)artifact;
    update.append = flags & JV_APPEND;
    update.last_chunk = (flags & JV_LAST_CHUNK) != 0;
    event.payload_case = A2A__STREAM_RESPONSE__PAYLOAD_ARTIFACT_UPDATE;
    event.artifact_update = &update;
    return pack_event(ctx, JV_KIND_ARTIFACT, &event);
}

struct jv_tevent jv_message_event(struct jv_ctx *ctx, const A2a__Message *m)
{
    A2a__StreamResponse event = A2A__STREAM_RESPONSE__INIT;

    event.payload_case = A2A__STREAM_RESPONSE__PAYLOAD_MESSAGE;
    event.message = (A2a__Message *)(uintptr_t)m;
    return pack_event(ctx, JV_KIND_MESSAGE, &event);
}

/* ---- folding --------------------------------------------------------------------------------- */

struct fold {
    struct jv_arena *arena;
    A2a__Task *task;
    size_t *max_parts;             /* of each artifact */
    const A2a__TaskStatus *status; /* the last one so far */
    size_t max_history, max_artifacts;
    bool artifacts;
};

static void *push(struct jv_arena *a, void *list, size_t n, size_t *max)
{
    void **grown = list;

    if (n == *max) {
        grown = JV_NEW_ARRAY(a, void *, *max = 2 * *max + 8);
        if (n)
            memcpy(grown, list, n * sizeof(*grown));
    }
    return grown;
}

static void add_history(struct fold *f, A2a__Message *m)
{
    A2a__Task *t = f->task;

    t->history = push(f->arena, t->history, t->n_history, &f->max_history);
    t->history[t->n_history++] = m;
}

/* A question belongs to the conversation once something was said to it. */
static void fold_message(struct fold *f, A2a__Message *m)
{
    if (f->status && jv_is_interrupted(f->status->state) && f->status->message)
        add_history(f, f->status->message);
    f->status = NULL;
    add_history(f, m);
}

static size_t find_artifact(const A2a__Task *t, const char *id)
{
    size_t i = 0;

    while (i < t->n_artifacts && strcmp(t->artifacts[i]->artifact_id, id) != 0)
        i++;
    return i;
}

static void add_parts(struct jv_arena *a, A2a__Artifact *to, const A2a__Artifact *from, size_t *max)
{
    for (size_t i = 0; i < from->n_parts; i++) {
        to->parts = push(a, to->parts, to->n_parts, max);
        to->parts[to->n_parts++] = from->parts[i];
    }
}

static void add_artifact(struct fold *f, A2a__Artifact *artifact)
{
    A2a__Task *t = f->task;
    size_t before = f->max_artifacts;

    t->artifacts = push(f->arena, t->artifacts, t->n_artifacts, &f->max_artifacts);
    if (f->max_artifacts != before) {
        size_t *grown = JV_NEW_ARRAY(f->arena, size_t, f->max_artifacts);

        if (before)
            memcpy(grown, f->max_parts, before * sizeof(*grown));
        f->max_parts = grown;
    }
    f->max_parts[t->n_artifacts] = artifact->n_parts;
    t->artifacts[t->n_artifacts++] = artifact;
}

static void fold_artifact(struct fold *f, A2a__TaskArtifactUpdateEvent *u)
{
    A2a__Task *t = f->task;
    size_t i = find_artifact(t, u->artifact->artifact_id);

    if (i == t->n_artifacts) {
        add_artifact(f, u->artifact);
    } else if (u->append) {
        add_parts(f->arena, t->artifacts[i], u->artifact, &f->max_parts[i]);
    } else {
        *t->artifacts[i] = *u->artifact;
        f->max_parts[i] = u->artifact->n_parts;
    }
}

static void fold_event(struct fold *f, A2a__StreamResponse *e)
{
    switch (e->payload_case) {
    case A2A__STREAM_RESPONSE__PAYLOAD_MESSAGE:
        fold_message(f, e->message);
        break;
    case A2A__STREAM_RESPONSE__PAYLOAD_STATUS_UPDATE:
        f->status = e->status_update->status;
        break;
    case A2A__STREAM_RESPONSE__PAYLOAD_ARTIFACT_UPDATE:
        if (f->artifacts)
            fold_artifact(f, e->artifact_update);
        break;
    default:
        break;
    }
}

static int open_event(struct jv_ctx *ctx, const struct jv_tevent *e, A2a__StreamResponse **ret)
{
    *ret = (void *)jv_unpack(&a2a__stream_response__descriptor, e->body, e->len, ctx->arena,
                             &ctx->err);
    return *ret ? JV_OK : jv_fail_at(ctx, JV_DATA_LOSS, "reading an event of a task");
}

int jv_fold(struct jv_ctx *ctx, const struct jv_task_row *t, const struct jv_tevent *events,
            size_t n, int32_t history_length, bool artifacts, A2a__Task **ret)
{
    A2a__Task *task = jv_msg_new(&a2a__task__descriptor, ctx->arena);
    struct fold f = { .arena = ctx->arena, .task = task, .artifacts = artifacts };
    A2a__StreamResponse *e;
    size_t too_many;
    int r = JV_OK;

    task->id = t->id;
    task->context_id = t->context_id;
    task->status = t->status;
    for (size_t i = 0; !r && i < n; i++) {
        r = open_event(ctx, &events[i], &e);
        if (!r)
            fold_event(&f, e);
    }
    too_many = history_length >= 0 && task->n_history > (size_t)history_length
                       ? task->n_history - (size_t)history_length
                       : 0;
    if (too_many)
        task->history += too_many;
    task->n_history -= too_many;
    *ret = task;
    return r;
}

int jv_task_whole(struct jv_ctx *ctx, const char *id, const char *owner, int32_t history_length,
                  A2a__Task **ret, int32_t *ret_seq)
{
    struct jv_task_row t;
    struct jv_tevent *events;
    size_t n;
    int r;

    r = jv_store_load(ctx, id, owner, &t);
    if (!r)
        r = jv_store_story(ctx, id, &events, &n);
    while (!r && n && events[n - 1].seq > t.last_seq)
        n--; /* it went on between the two; its status is the older one's */
    if (!r)
        r = jv_fold(ctx, &t, events, n, history_length, true, ret);
    if (!r && ret_seq)
        *ret_seq = t.last_seq;
    return r;
}

int jv_answers(struct jv_ctx *ctx, const struct jv_tevent *events, size_t n,
               const A2a__Message ***ret, size_t *ret_n)
{
    bool asked = false;
    int r = JV_OK;

    *ret = JV_NEW_ARRAY(ctx->arena, const A2a__Message *, n + 1);
    *ret_n = 0;
    for (size_t i = 0; !r && i < n; i++) {
        A2a__StreamResponse *e;

        if (events[i].kind == JV_KIND_ARTIFACT)
            continue;
        r = open_event(ctx, &events[i], &e);
        if (r)
            break;
        if (e->payload_case == A2A__STREAM_RESPONSE__PAYLOAD_STATUS_UPDATE)
            asked = jv_is_interrupted(e->status_update->status->state);
        else if (asked && e->payload_case == A2A__STREAM_RESPONSE__PAYLOAD_MESSAGE) {
            (*ret)[(*ret_n)++] = e->message;
            asked = false;
        }
    }
    return r;
}
