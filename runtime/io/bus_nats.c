/* bus_nats.c -- the bus over NATS. bus_nats*.c are the only door to cnats.
 *
 * cnats reads and writes its socket when our loop says so. Ordinary subscriptions are synchronous
 * ones that are emptied right after each read, so a message reaches its handler on the loop without
 * another thread. Replies cannot come that way: cnats swallows a "no responders" answer there
 * together with the subject that tells whose it is. They take cnats' delivery thread, and from
 * there the loop's mailbox or, for a direct subscription, their reader.
 *
 * Threads of cnats (reconnect, ping timer, callbacks, delivery) meet the loop only in the mailbox:
 * lists under `lock` and an eventfd. Nothing waits for cnats' connection lock while the server is
 * away, because its reconnect thread holds that while it connects: publishes stay here then. */
#include "io/bus_nats.h"

#include <stdlib.h>
#include <string.h>

enum {
    UNSENT_LIMIT = 16 << 20, /* a server that does not read: no more until it does */
    UNSENT_EVERY = 16,
    FLUSH_MS = 500,
    END_MS = 5000,
};

void *jv_nats_make(size_t size)
{
    void *p = calloc(1, size);

    if (!p)
        abort();
    return p;
}

char *jv_nats_copy(const char *s)
{
    char *c = s ? strdup(s) : NULL;

    if (s && !c)
        abort();
    return c;
}

/* ---- messages that are done with ----------------------------------------------------------- */

enum { BATCH = 64, BATCH_BYTES = 1 << 20 };

static struct {
    pthread_mutex_t lock;
    natsMsg *msgs[BATCH];
    size_t n, bytes;
} done_with = { .lock = PTHREAD_MUTEX_INITIALIZER };

static size_t take_batch(natsMsg *batch[BATCH])
{
    size_t n = done_with.n;

    memcpy(batch, done_with.msgs, n * sizeof(*batch));
    done_with.n = done_with.bytes = 0;
    return n;
}

static void destroy_batch(natsMsg *batch[BATCH], size_t n)
{
    while (n)
        natsMsg_Destroy(batch[--n]);
}

void jv_nats_dispose(natsMsg *msg)
{
    natsMsg *batch[BATCH];
    size_t n = 0;

    if (!msg)
        return;
    pthread_mutex_lock(&done_with.lock);
    done_with.msgs[done_with.n++] = msg;
    done_with.bytes += (size_t)natsMsg_GetDataLength(msg);
    if (done_with.n == BATCH || done_with.bytes > BATCH_BYTES)
        n = take_batch(batch);
    pthread_mutex_unlock(&done_with.lock);
    destroy_batch(batch, n);
}

void jv_nats_dispose_flush(void)
{
    natsMsg *batch[BATCH];
    size_t n;

    pthread_mutex_lock(&done_with.lock);
    n = take_batch(batch);
    pthread_mutex_unlock(&done_with.lock);
    destroy_batch(batch, n);
}

void jv_nats_parcels_add(struct parcels *l, struct parcel *p)
{
    p->next = NULL;
    *l->end = p;
    l->end = &p->next;
    l->size += p->size;
}

struct parcel *jv_nats_parcels_take(struct parcels *l)
{
    struct parcel *p = l->first;

    l->first = NULL;
    l->end = &l->first;
    l->size = 0;
    return p;
}

void jv_nats_parcel_free(struct parcel *p)
{
    jv_nats_dispose(p->msg);
    free(p);
}

/* ---- the mailbox ------------------------------------------------------------------------- */

/* The loop may learn of a loss when all is well again: it hears of both. */
static void report(struct nats_bus *b)
{
    char why[sizeof(b->why)];
    bool dropped, up;

    jv_nats_lock(b);
    up = atomic_load(&b->up);
    dropped = !up || b->drops != b->drops_reported;
    b->drops_reported = b->drops;
    memcpy(why, b->why, sizeof(why));
    b->why[0] = '\0';
    jv_nats_unlock(b);
    if (b->on_state && b->reported && dropped)
        b->on_state(b->arg, false, *why ? why : "the connection to NATS is lost");
    if (b->on_state && up && (dropped || !b->reported))
        b->on_state(b->arg, true, "");
    b->reported = up;
}

static void send_parked(struct nats_bus *b)
{
    struct parcel *p;

    jv_nats_lock(b);
    p = atomic_load(&b->up) ? jv_nats_parcels_take(&b->waiting) : NULL;
    atomic_store(&b->parked, b->waiting.first != NULL);
    jv_nats_unlock(b);
    while (p) {
        struct parcel *next = p->next;

        natsConnection_PublishMsg(b->nc, p->msg);
        jv_nats_parcel_free(p);
        p = next;
    }
}

static void on_mail(void *arg)
{
    struct nats_bus *b = arg;
    struct parcel *replies;
    natsConnection *fresh;

    jv_nats_lock(b);
    replies = jv_nats_parcels_take(&b->replies);
    fresh = b->fresh;
    b->fresh = NULL;
    jv_nats_unlock(b);
    jv_nats_hand_replies(replies);
    if (fresh) {
        pthread_join(b->reviver, NULL);
        jv_nats_lock(b);
        b->reviving = false;
        jv_nats_unlock(b);
        jv_nats_adopt(b, fresh);
    }
    jv_nats_open_missing(b);
    send_parked(b);
    report(b);
}

/* ---- publishing -------------------------------------------------------------------------- */

/* A blank value is left out: this library reads the next header as its value. */
static natsStatus set_header(natsMsg *msg, const struct jv_header *h)
{
    char *clean = NULL;
    natsStatus st;

    if (jv_bus_is_blank(h->value))
        return NATS_OK;
    if (!jv_bus_is_clean(h->value))
        clean = jv_bus_header_value(h->value);
    st = natsMsgHeader_Set(msg, h->name, clean ? clean : h->value);
    free(clean);
    return st;
}

static natsStatus to_msg(const struct jv_bus_out *o, natsMsg **ret)
{
    natsStatus st = natsMsg_Create(ret, o->subject, o->reply, o->data, (int)o->len);

    for (size_t i = 0; i < o->n_headers && st == NATS_OK; i++)
        st = set_header(*ret, &o->headers[i]);
    if (st != NATS_OK) {
        natsMsg_Destroy(*ret);
        *ret = NULL;
    }
    return st;
}

/* While the server is away, questions fail at once: an answer that comes after their deadline is
 * worth nothing. What only tells something is kept. JV_OK: kept; JV_UNKNOWN: the server is back. */
static int park(struct nats_bus *b, const struct jv_bus_out *o)
{
    struct parcel *p = jv_nats_make(sizeof(*p));
    int r = JV_UNKNOWN;

    p->size = o->len + sizeof(*p);
    if (to_msg(o, &p->msg) != NATS_OK) {
        free(p);
        return JV_INTERNAL;
    }
    jv_nats_lock(b);
    if (!atomic_load(&b->up) || b->waiting.first)
        r = b->waiting.size + p->size > JV_BUS_BUFFER ? JV_UNAVAILABLE : JV_OK;
    if (r == JV_OK) {
        jv_nats_parcels_add(&b->waiting, p);
        atomic_store(&b->parked, true);
    }
    jv_nats_unlock(b);
    if (r != JV_OK)
        jv_nats_parcel_free(p);
    return r;
}

/* Asking takes the connection's lock, which is in demand: now and then is enough. */
static bool is_clogged(struct nats_bus *b)
{
    if (atomic_fetch_add_explicit(&b->published, 1, memory_order_relaxed) % UNSENT_EVERY == 0)
        atomic_store_explicit(&b->clogged, natsConnection_Buffered(b->nc) > UNSENT_LIMIT,
                              memory_order_relaxed);
    return atomic_load_explicit(&b->clogged, memory_order_relaxed);
}

static natsStatus send_now(natsConnection *nc, const struct jv_bus_out *o)
{
    natsMsg *msg = NULL;
    natsStatus st;

    if (!o->n_headers && o->reply)
        return natsConnection_PublishRequest(nc, o->subject, o->reply, o->data, (int)o->len);
    if (!o->n_headers)
        return natsConnection_Publish(nc, o->subject, o->data, (int)o->len);
    st = to_msg(o, &msg);
    if (st == NATS_OK)
        st = natsConnection_PublishMsg(nc, msg);
    jv_nats_dispose(msg);
    return st;
}

static int publish(struct jv_bus *bus, const struct jv_bus_out *o)
{
    struct nats_bus *b = (struct nats_bus *)bus;
    bool question = o->reply && jv_bus_is_own(bus, o->reply);
    natsStatus st;
    int r;

    if (question && !atomic_load(&b->up))
        return JV_UNAVAILABLE;
    if (!question && (!atomic_load(&b->up) || atomic_load(&b->parked)))
        if ((r = park(b, o)) != JV_UNKNOWN)
            return r;
    pthread_rwlock_rdlock(&b->swap);
    st = is_clogged(b) ? NATS_INSUFFICIENT_BUFFER : send_now(b->nc, o);
    pthread_rwlock_unlock(&b->swap);
    if (st == NATS_OK)
        return JV_OK;
    return st == NATS_MAX_PAYLOAD ? JV_RESOURCE_EXHAUSTED : JV_UNAVAILABLE;
}

static bool connected(const struct jv_bus *bus)
{
    return atomic_load(&((const struct nats_bus *)bus)->up);
}

/* ---- beginning and end ------------------------------------------------------------------- */

struct flush {
    natsConnection *nc;
    atomic_bool done;
};

static void *flush_main(void *arg)
{
    struct flush *f = arg;

    natsConnection_FlushTimeout(f->nc, FLUSH_MS);
    atomic_store(&f->done, true);
    return NULL;
}

/* The loop may not run any more: serve the socket here until the server has said that it has all.
 */
static void flush(struct nats_bus *b)
{
    struct flush f = { b->nc, false };
    pthread_t thread;

    send_parked(b);
    if (!atomic_load(&b->up) || pthread_create(&thread, NULL, flush_main, &f) != 0)
        return;
    jv_mailbox_pump(&b->box, &f.done, jv_loop_mono_ms(b->loop) + FLUSH_MS);
    pthread_join(thread, NULL);
}

static void free_all(struct nats_bus *b)
{
    for (struct parcel *p = jv_nats_parcels_take(&b->replies), *next; p; p = next) {
        next = p->next;
        jv_nats_parcel_free(p);
    }
    for (struct parcel *p = jv_nats_parcels_take(&b->waiting), *next; p; p = next) {
        next = p->next;
        jv_nats_parcel_free(p);
    }
    for (struct jv_bus_sub *s = b->subs, *next; s; s = next) {
        next = s->next;
        free(s->subject);
        free(s->queue);
        free(s);
    }
    jv_nats_dispose_flush();
    jv_nats_hooks_free(b);
    jv_mailbox_done(&b->box);
    pthread_rwlock_destroy(&b->swap);
    free(b->url);
    free(b->creds);
    free(b->ca);
    free(b->name);
    free(b);
}

/* cnats reports the end of connections and subscriptions on its threads: wait for the last one. */
static void bus_free(struct jv_bus *bus)
{
    struct nats_bus *b = (struct nats_bus *)bus;
    bool quiet = true;

    b->on_state = NULL;
    b->polling = true; /* nothing is handed over any more */
    for (struct jv_bus_sub *s = b->subs; s; s = s->next)
        s->gone = true;
    flush(b);
    jv_nats_lock(b);
    b->closing = true;
    pthread_cond_broadcast(&b->box.changed);
    jv_nats_unlock(b);
    if (b->reviving)
        pthread_join(b->reviver, NULL);
    jv_loop_timer_stop(b->loop, &b->drain_poll);
    natsConnection_Close(b->nc);
    natsConnection_Close(b->fresh);
    for (struct jv_bus_sub *s = b->subs; s; s = s->next)
        jv_nats_sub_close(s);
    jv_nats_lock(b);
    while ((b->open || b->delivering) && quiet)
        quiet = jv_mailbox_wait(&b->box, END_MS);
    jv_nats_unlock(b);
    natsConnection_Destroy(b->nc);
    natsConnection_Destroy(b->fresh);
    if (quiet)
        free_all(b);
}

static struct nats_bus *bus_new(struct jv_loop *l, const struct jv_bus_options *o)
{
    static const struct jv_bus_ops ops = {
        .free = bus_free,
        .connected = connected,
        .publish = publish,
        .subscribe = jv_nats_subscribe,
        .unsubscribe = jv_nats_unsubscribe,
        .drain = jv_nats_drain,
        .stream = jv_nats_stream,
        .thread_safe_publish = true,
    };
    struct nats_bus *b = jv_nats_make(sizeof(*b));

    b->base.ops = &ops;
    b->loop = l;
    b->url = jv_nats_copy(o->url);
    b->creds = jv_nats_copy(o->creds);
    b->ca = jv_nats_copy(o->ca && o->ca[0] ? o->ca : NULL);
    b->tls = b->ca || strstr(b->url, "tls://");
    b->name = jv_nats_copy(o->name);
    b->on_state = o->on_state;
    b->arg = o->arg;
    b->replies.end = &b->replies.first;
    b->waiting.end = &b->waiting.first;
    b->drain_poll = (struct jv_loop_timer){ .fn = jv_nats_drain_poll, .arg = b };
    pthread_rwlock_init(&b->swap, NULL);
    if (jv_mailbox_init(&b->box, l, on_mail, b))
        abort();
    return b;
}

struct jv_bus *jv_bus_nats(struct jv_loop *l, const struct jv_bus_options *o, int wait_ms,
                           struct jv_err *err)
{
    struct nats_bus *b = bus_new(l, o);
    natsConnection *nc = NULL;
    natsStatus st;

    jv_nats_open();
    if (!jv_bus_make_inbox(&b->base, o->name)) {
        jv_err_set(err, JV_INVALID_ARGUMENT, "the connection's name must be letters, digits, _, -");
        free_all(b);
        return NULL;
    }
    if (jv_nats_check_ca(b, err)) {
        free_all(b);
        return NULL;
    }
    st = jv_nats_connect_first(b, wait_ms, &nc);
    if (st != NATS_OK) {
        jv_nats_say_failed(b, st, err);
        free_all(b);
        return NULL;
    }
    jv_nats_adopt(b, nc);
    b->reported = true;
    return &b->base;
}
