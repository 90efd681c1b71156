/* bus_nats_sub.c -- messages and subscriptions of the bus over NATS. */
#include "io/bus_nats.h"

#include <stdlib.h>
#include <string.h>

enum { DRAIN_MS = 5000, DRAIN_POLL_MS = 5 };

struct nats_msg {
    struct jv_bus_msg m;
    struct jv_bus_foreign foreign;
    natsMsg *raw;
};

/* ---- messages ---------------------------------------------------------------------------- */

static const char *msg_header(const struct jv_bus_msg *m, const char *name)
{
    const char *value = NULL;

    if (natsMsgHeader_Get(((const struct nats_msg *)m)->raw, name, &value) != NATS_OK)
        return NULL;
    return value;
}

static struct jv_bus_msg *msg_keep(struct jv_bus_msg *m)
{
    struct nats_msg *kept = jv_nats_make(sizeof(*kept));

    *kept = *(struct nats_msg *)m;
    kept->m.foreign_ = &kept->foreign;
    ((struct nats_msg *)m)->raw = NULL;
    return &kept->m;
}

static void msg_release(struct jv_bus_msg *m)
{
    jv_nats_dispose(((struct nats_msg *)m)->raw);
    free(m);
}

static void hand_over(struct jv_bus_sub *s, natsMsg *raw)
{
    struct nats_msg msg = { .foreign = { msg_header, msg_keep, msg_release }, .raw = raw };

    msg.m.subject = natsMsg_GetSubject(raw);
    msg.m.reply = natsMsg_GetReply(raw);
    msg.m.data = natsMsg_GetData(raw);
    msg.m.len = (size_t)natsMsg_GetDataLength(raw);
    msg.m.status = natsMsg_IsNoResponders(raw) ? 503 : 0;
    msg.m.foreign_ = &msg.foreign;
    s->fn(s->arg, &msg.m);
    jv_nats_dispose(msg.raw);
}

/* On cnats' delivery thread. */
static void on_reply(natsConnection *nc, natsSubscription *raw, natsMsg *msg, void *arg)
{
    struct jv_bus_sub *s = arg;
    struct parcel *p;

    (void)nc;
    (void)raw;
    if (s->direct) {
        hand_over(s, msg);
        return;
    }
    p = jv_nats_make(sizeof(*p));
    p->msg = msg;
    p->sub = s;
    jv_nats_lock(s->bus);
    jv_nats_parcels_add(&s->bus->replies, p);
    jv_mailbox_wake(&s->bus->box);
    jv_nats_unlock(s->bus);
}

static void on_reply_end(void *arg)
{
    struct jv_bus_sub *s = arg;

    jv_nats_lock(s->bus);
    s->bus->delivering--;
    pthread_cond_broadcast(&s->bus->box.changed);
    jv_nats_unlock(s->bus);
}

/* ---- subscriptions ----------------------------------------------------------------------- */

void jv_nats_sub_close(struct jv_bus_sub *s)
{
    natsSubscription *raw = s->raw;

    s->raw = NULL;
    natsSubscription_Destroy(raw);
}

/* Reply subscriptions stay until the bus goes: cnats may be calling them. Opening and closing take
 * the connection's lock, so both wait until the server is there. */
static void sweep(struct nats_bus *b)
{
    struct jv_bus_sub **at = &b->subs, *s;

    if (b->polling || !atomic_load(&b->up))
        return;
    while ((s = *at)) {
        if (!s->gone || s->reply) {
            at = &s->next;
            continue;
        }
        *at = s->next;
        jv_nats_sub_close(s);
        free(s->subject);
        free(s->queue);
        free(s);
    }
}

static void empty(struct jv_bus_sub *s)
{
    int n = 0;

    if (!s->raw || natsSubscription_GetPending(s->raw, &n, NULL) != NATS_OK)
        return;
    for (; n > 0 && !s->gone; n--) {
        natsMsg *msg = NULL;

        if (natsSubscription_NextMsg(&msg, s->raw, 0) == NATS_OK)
            hand_over(s, msg);
    }
}

/* Callbacks may subscribe and unsubscribe: nothing leaves the list meanwhile. */
void jv_nats_empty(struct nats_bus *b)
{
    bool outer = b->polling;

    b->polling = true;
    for (struct jv_bus_sub *s = b->subs; s; s = s->next)
        if (!s->reply && !s->gone)
            empty(s);
    b->polling = outer;
    sweep(b);
}

static natsStatus sub_open(struct nats_bus *b, struct jv_bus_sub *s)
{
    natsStatus st;

    if (s->reply) {
        st = natsConnection_Subscribe(&s->raw, b->nc, s->subject, on_reply, s);
        if (st == NATS_OK && natsSubscription_SetOnCompleteCB(s->raw, on_reply_end, s) == NATS_OK) {
            jv_nats_lock(b);
            b->delivering++;
            jv_nats_unlock(b);
        }
    } else if (s->queue) {
        st = natsConnection_QueueSubscribeSync(&s->raw, b->nc, s->subject, s->queue);
    } else {
        st = natsConnection_SubscribeSync(&s->raw, b->nc, s->subject);
    }
    if (st == NATS_OK)
        natsSubscription_SetPendingLimits(s->raw, -1, -1);
    return st;
}

struct jv_bus_sub *jv_nats_subscribe(struct jv_bus *bus, const char *subject, const char *queue,
                                     jv_bus_fn fn, void *arg, bool direct)
{
    struct nats_bus *b = (struct nats_bus *)bus;
    struct jv_bus_sub *s = jv_nats_make(sizeof(*s));

    *s = (struct jv_bus_sub){ .bus = b,
                              .subject = jv_nats_copy(subject),
                              .queue = jv_nats_copy(queue),
                              .fn = fn,
                              .arg = arg,
                              .direct = direct,
                              .reply = jv_bus_is_own(bus, subject) };
    s->next = b->subs;
    b->subs = s;
    if (!atomic_load(&b->up) || sub_open(b, s) != NATS_OK)
        b->unopened = true;
    return s;
}

void jv_nats_unsubscribe(struct jv_bus *bus, struct jv_bus_sub *s)
{
    struct nats_bus *b = (struct nats_bus *)bus;

    s->gone = true;
    if (s->raw && atomic_load(&b->up))
        natsSubscription_Unsubscribe(s->raw);
    sweep(b);
}

void jv_nats_drain_poll(struct jv_loop_timer *t)
{
    struct nats_bus *b = t->arg;
    bool more = false;

    jv_nats_empty(b);
    b->polling = true;
    for (struct jv_bus_sub *s = b->subs; s; s = s->next) {
        if (!s->draining || s->gone)
            continue;
        if (!s->ended && s->raw && natsSubscription_IsValid(s->raw) &&
            natsSubscription_DrainCompletionStatus(s->raw) == NATS_ILLEGAL_STATE) {
            more = true;
            continue;
        }
        empty(s);
        s->gone = true;
        if (s->done)
            s->done(s->done_arg);
    }
    b->polling = false;
    sweep(b);
    if (more)
        jv_loop_timer_start(b->loop, t, jv_loop_mono_ms(b->loop) + DRAIN_POLL_MS);
}

void jv_nats_drain(struct jv_bus *bus, struct jv_bus_sub *s, void (*done)(void *), void *arg)
{
    struct nats_bus *b = (struct nats_bus *)bus;

    s->draining = true;
    s->done = done;
    s->done_arg = arg;
    /* While the server is away there is nobody to say what was the last one, and nothing to come.
     */
    s->ended = !s->raw || !atomic_load(&b->up) ||
               natsSubscription_DrainTimeout(s->raw, DRAIN_MS) != NATS_OK;
    jv_loop_timer_start(b->loop, &b->drain_poll, jv_loop_mono_ms(b->loop));
}

void jv_nats_hand_replies(struct parcel *p)
{
    while (p) {
        struct parcel *next = p->next;

        if (!p->sub->gone) {
            hand_over(p->sub, p->msg);
            p->msg = NULL;
        }
        jv_nats_parcel_free(p);
        p = next;
    }
}

void jv_nats_open_missing(struct nats_bus *b)
{
    if (!b->unopened || !atomic_load(&b->up))
        return;
    b->unopened = false;
    for (struct jv_bus_sub *s = b->subs; s; s = s->next)
        if (!s->raw && !s->gone && !s->draining && sub_open(b, s) != NATS_OK)
            b->unopened = true;
}

void jv_nats_resubscribe(struct nats_bus *b)
{
    for (struct jv_bus_sub *s = b->subs; s; s = s->next)
        jv_nats_sub_close(s);
    b->unopened = true;
    jv_nats_open_missing(b);
}
