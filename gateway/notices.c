/* notices.c -- what a person should know, as it comes: the stream of their notices.
 *
 * The notifier says who has something new, and the stream that waits for it looks: whose a notice
 * is, and whether they want it, is decided there, with the person's token. Each minute it looks
 * anyway, as what is said while the bus is away is not heard. */
#include "gw.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <notifier.pb-c.h>

enum { N_BELLS = 64, STEP_MS = 1000, LOOK_MS = 60000, MAX_DIGITS = 18 };

/* Rung for all whose names share it. */
struct bell {
    pthread_cond_t rung;
    uint64_t times;
};

struct bells {
    pthread_mutex_t lock;
    struct bell bells[N_BELLS];
};

struct bells *bells_new(void)
{
    struct bells *b = calloc(1, sizeof(*b));
    pthread_condattr_t mono;

    if (!b)
        abort();
    pthread_mutex_init(&b->lock, NULL);
    pthread_condattr_init(&mono);
    pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
    for (size_t i = 0; i < N_BELLS; i++)
        pthread_cond_init(&b->bells[i].rung, &mono);
    pthread_condattr_destroy(&mono);
    return b;
}

struct bells *bells_free(struct bells *b)
{
    for (size_t i = 0; b && i < N_BELLS; i++)
        pthread_cond_destroy(&b->bells[i].rung);
    if (b)
        pthread_mutex_destroy(&b->lock);
    free(b);
    return NULL;
}

static size_t bell_of(const char *username)
{
    uint32_t h = 2166136261u;

    for (; *username; username++)
        h = (h ^ (unsigned char)*username) * 16777619u;
    return h % N_BELLS;
}

/* On the client's loop thread: quick. */
static void on_noticed(void *arg, const char *subject, const void *data, size_t len)
{
    struct bells *b = ((struct gw *)arg)->bells;
    struct jv_arena *a = jv_arena_new(1 << 16);
    const Notifier__Noticed *e =
            (const void *)jv_unpack(&notifier__noticed__descriptor, data, len, a, NULL);

    (void)subject;
    pthread_mutex_lock(&b->lock);
    for (size_t i = 0; e && i < N_BELLS; i++)
        if (!e->username[0] || i == bell_of(e->username)) {
            b->bells[i].times++;
            pthread_cond_broadcast(&b->bells[i].rung);
        }
    pthread_mutex_unlock(&b->lock);
    jv_arena_free(a);
}

int notices_listen(struct gw *gw)
{
    return jv_client_listen(gw->client, "evt.notifier.Noticed", on_noticed, gw);
}

/* Until it is rung again, or so long. */
static void wait_for(struct bells *b, size_t which, uint64_t heard, int64_t ms)
{
    struct timespec until;
    int r = 0;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&b->lock);
    while (b->bells[which].times == heard && r != ETIMEDOUT)
        r = pthread_cond_timedwait(&b->bells[which].rung, &b->lock, &until);
    pthread_mutex_unlock(&b->lock);
}

static uint64_t times_rung(struct bells *b, size_t which)
{
    uint64_t times;

    pthread_mutex_lock(&b->lock);
    times = b->bells[which].times;
    pthread_mutex_unlock(&b->lock);
    return times;
}

/* ---- a stream ------------------------------------------------------------------------------- */

struct following {
    struct request *rq;
    struct sse sse;
    int64_t seen; /* the greatest id told */
    size_t bell;
    uint64_t heard;
    int64_t looked_ms; /* mono; 0: not yet */
};

/* In the order of their ids, so that one can go on after any of them. */
static int by_id(const void *a, const void *b)
{
    const Notifier__Notification *const *x = a, *const *y = b;

    return ((*x)->id > (*y)->id) - ((*x)->id < (*y)->id);
}

static bool write_all(struct following *f, const Notifier__NotificationList *list)
{
    if (!f->rq->status && !sse_begin(&f->sse))
        return false;
    if (list->n_notifications) /* none is NULL, which qsort() does not take */
        qsort(list->notifications, list->n_notifications, sizeof(*list->notifications), by_id);
    for (size_t i = 0; i < list->n_notifications; i++) {
        const Notifier__Notification *n = list->notifications[i];
        size_t len;
        const char *json =
                jv_msg_to_json(&n->base, JV_JSON_SNAKE | JV_JSON_DEFAULTS, f->rq->a, &len);

        if (!sse_write(&f->sse, n->id, "notification", json, len))
            return false;
        f->seen = n->id;
    }
    return true;
}

/* What is new. The first look is a fresh one. JV_CANCELLED: the peer is gone. */
static int look(struct following *f, struct jv_err *err)
{
    struct request *rq = f->rq;
    const struct jv_call_options o = call_options(rq);
    Notifier__ListNoticesRequest req = NOTIFIER__LIST_NOTICES_REQUEST__INIT;
    Notifier__NotificationList *list;
    int r;

    f->heard = times_rung(rq->gw->bells, f->bell); /* before, so that none is missed */
    req.after = f->seen;
    req.kept = f->looked_ms > 0;
    r = jv_client_call(rq->gw->client, &notifier__notifier__descriptor, NULL, "ListNotices", &req,
                       &list, &o, rq->a, err);
    if (r)
        return r;
    f->looked_ms = gw_mono_ms();
    return write_all(f, list) ? JV_OK : JV_CANCELLED;
}

/* It was there before, and comes back: the stream waits. */
static bool is_passing(const struct following *f, int code)
{
    return f->rq->status && (code == JV_UNAVAILABLE || code == JV_DEADLINE_EXCEEDED ||
                             code == JV_RESOURCE_EXHAUSTED);
}

/* JV_OK: to its end. */
static int run(struct following *f, struct jv_err *err)
{
    struct bells *b = f->rq->gw->bells;
    bool news = true;
    int r = JV_OK;

    while (gw_mono_ms() < f->sse.until_ms) {
        jv_arena_reset(f->rq->a);
        if (news || gw_mono_ms() - f->looked_ms >= LOOK_MS) {
            r = look(f, err);
            news = is_passing(f, r);
            if (r && !news)
                return r;
        }
        wait_for(b, f->bell, f->heard, news ? 0 : STEP_MS);
        if (!sse_pause(&f->sse, news ? STEP_MS : 0))
            return conn_gone(f->rq->conn) ? JV_CANCELLED : JV_OK;
        r = who_still(f->rq, err);
        if (r)
            return r;
        news = news || times_rung(b, f->bell) != f->heard;
    }
    return JV_OK;
}

static void end(struct following *f, int r, const struct jv_err *err)
{
    struct request *rq = f->rq;
    const char *json;

    if (!rq->status && r != JV_CANCELLED) {
        if (r)
            reply_error(rq, err);
        else
            reply_problem(rq, 503, JV_UNAVAILABLE, NULL, "this server is stopping");
        return;
    }
    if (r && r != JV_CANCELLED) {
        json = problem_json(rq->a, jv_code_http(r), r, err->field, err->text, rq->trace_id);
        sse_write(&f->sse, 0, "error", json, strlen(json));
    }
    sse_end(&f->sse, r == JV_CANCELLED);
}

/* Last-Event-ID says which are known. */
static bool read_after(struct request *rq, int64_t *ret)
{
    const char *id = head_get(&rq->head, "Last-Event-ID");
    size_t len = id ? strlen(id) : 0;

    if (!id)
        return true;
    if (len == 0 || len > MAX_DIGITS || strspn(id, "0123456789") != len) {
        reply_problem(rq, 400, JV_INVALID_ARGUMENT, "Last-Event-ID", "is not the id of an event");
        return false;
    }
    *ret = strtoll(id, NULL, 10);
    return true;
}

void handle_notices(struct request *rq)
{
    const Notifier__ListNoticesRequest *req = (const void *)build_message(rq);
    struct following f = { .rq = rq, .bell = bell_of(rq->caller.username) };
    struct jv_err err = { 0 };

    if (!req)
        return;
    f.seen = req->after;
    if (f.seen < 0) {
        reply_problem(rq, 422, JV_INVALID_ARGUMENT, "after", "is negative");
        return;
    }
    if (!read_after(rq, &f.seen) || !sse_enter(&f.sse, rq, rq->gw->set.stream_ms))
        return;
    end(&f, run(&f, &err), &err);
    sse_leave(&f.sse);
}
