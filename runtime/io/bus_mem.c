/* bus_mem.c -- a broker in memory for worlds: what NATS does, on one loop, at the loop's clock.
 *
 * A publish is routed at once to the subscriptions that exist then and delivered from the loop, in
 * the order of publishing; one that is delayed is routed when its time has come. */
#include "io/bus_impl.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct packet {
    unsigned refs;
    char *subject, *reply;
    struct jv_header *headers;
    size_t n_headers;
    void *data;
    size_t len;
};

struct jv_bus_sub {
    struct mem_bus *bus;
    char *subject, *queue;
    jv_bus_fn fn;
    void *arg;
    unsigned refs; /* its place in the list, and deliveries */
    bool gone, draining;
    void (*done)(void *);
    void *done_arg;
    uint64_t served; /* the broker's turn when it last got a message of its queue group */
    struct jv_bus_sub *next;
};

struct delivery {
    struct packet *packet; /* NULL: the end of a drain */
    struct jv_bus_sub *sub;
    int status;
    struct delivery *next;
};

struct rule { /* a fault */
    char *subject;
    uint32_t delay_ms;
    bool drop;
    struct rule *next;
};

struct delayed {
    struct jv_loop_timer timer;
    struct jv_broker *broker;
    struct packet *packet;
    struct mem_bus *from;
    struct delayed *next;
};

struct jv_broker {
    struct jv_loop *loop;
    struct jv_bus_sub *subs;
    struct delivery *first, **end;
    struct jv_loop_timer pump;
    struct delayed *delayed;
    struct rule *rules;
    uint64_t turns;
    unsigned fail_in;
    size_t n_buses, n_published;
    bool away;
};

struct mem_bus {
    struct jv_bus base;
    struct jv_broker *broker;
};

struct mem_msg {
    struct jv_bus_msg m;
    struct jv_bus_foreign foreign;
    struct packet *packet;
};

static void *make(size_t size)
{
    void *p = calloc(1, size ? size : 1);

    if (!p)
        abort();
    return p;
}

static char *copy(const char *s)
{
    char *c = s ? strdup(s) : NULL;

    if (s && !c)
        abort();
    return c;
}

/* ---- packets ----------------------------------------------------------------------------- */

static struct packet *packet_new(const struct jv_bus_out *o)
{
    struct packet *p = make(sizeof(*p));

    p->refs = 1;
    p->subject = copy(o->subject);
    p->reply = copy(o->reply);
    p->data = make(o->len + 1);
    if (o->len)
        memcpy(p->data, o->data, o->len);
    p->len = o->len;
    p->headers = make(o->n_headers * sizeof(*p->headers));
    for (size_t i = 0; i < o->n_headers; i++)
        if (!jv_bus_is_blank(o->headers[i].value))
            p->headers[p->n_headers++] =
                    (struct jv_header){ copy(o->headers[i].name),
                                        jv_bus_header_value(o->headers[i].value) };
    return p;
}

static void packet_unref(struct packet *p)
{
    if (!p || --p->refs)
        return;
    for (size_t i = 0; i < p->n_headers; i++) {
        free((char *)p->headers[i].name);
        free((char *)p->headers[i].value);
    }
    free(p->headers);
    free(p->data);
    free(p->subject);
    free(p->reply);
    free(p);
}

static const char *msg_header(const struct jv_bus_msg *m, const char *name)
{
    const struct packet *p = ((const struct mem_msg *)m)->packet;

    for (size_t i = 0; i < p->n_headers && !m->status; i++)
        if (strcmp(p->headers[i].name, name) == 0)
            return p->headers[i].value;
    return NULL;
}

static struct jv_bus_msg *msg_keep(struct jv_bus_msg *m)
{
    struct mem_msg *kept = make(sizeof(*kept));

    *kept = *(struct mem_msg *)m;
    kept->m.foreign_ = &kept->foreign;
    kept->packet->refs++;
    return &kept->m;
}

static void msg_release(struct jv_bus_msg *m)
{
    packet_unref(((struct mem_msg *)m)->packet);
    free(m);
}

/* A message that nobody answers comes back as its own reply, empty, with the status. */
static void hand_over(const struct delivery *d)
{
    struct packet *p = d->packet;
    struct mem_msg msg = { .m = { d->status ? p->reply : p->subject, d->status ? NULL : p->reply,
                                  p->data, d->status ? 0 : p->len, d->status, NULL },
                           .foreign = { msg_header, msg_keep, msg_release },
                           .packet = p };

    msg.m.foreign_ = &msg.foreign;
    d->sub->fn(d->sub->arg, &msg.m);
}

/* ---- delivery ---------------------------------------------------------------------------- */

static void sub_unref(struct jv_bus_sub *s)
{
    if (--s->refs)
        return;
    free(s->subject);
    free(s->queue);
    free(s);
}

static void sub_remove(struct jv_broker *b, struct jv_bus_sub *s)
{
    struct jv_bus_sub **at = &b->subs;

    if (s->gone)
        return;
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    s->gone = true;
    sub_unref(s);
}

static void enqueue(struct jv_broker *b, struct jv_bus_sub *s, struct packet *p, int status)
{
    struct delivery *d = make(sizeof(*d));

    *d = (struct delivery){ p, s, status, NULL };
    if (p)
        p->refs++;
    s->refs++;
    if (!b->first)
        jv_loop_timer_start(b->loop, &b->pump, jv_loop_mono_ms(b->loop));
    *b->end = d;
    b->end = &d->next;
}

static void delivery_free(struct delivery *d)
{
    packet_unref(d->packet);
    sub_unref(d->sub);
    free(d);
}

static void drained(struct jv_broker *b, struct jv_bus_sub *s)
{
    void (*done)(void *) = s->done;
    void *arg = s->done_arg;

    sub_remove(b, s);
    if (done)
        done(arg);
}

/* What callbacks publish waits for the next round, so that they cannot starve the loop. */
static void pump(struct jv_loop_timer *t)
{
    struct jv_broker *b = t->arg;
    struct delivery *d = b->first;

    b->first = NULL;
    b->end = &b->first;
    while (d) {
        struct delivery *next = d->next;

        if (!d->sub->gone) {
            if (d->packet)
                hand_over(d);
            else
                drained(b, d->sub);
        }
        delivery_free(d);
        d = next;
    }
}

/* ---- routing ----------------------------------------------------------------------------- */

static bool takes(const struct jv_bus_sub *s, const char *subject)
{
    return !s->draining && jv_bus_matches(s->subject, subject);
}

/* The member of a queue group that has waited longest, if `s` is the group's first match. */
static struct jv_bus_sub *pick(struct jv_broker *b, struct jv_bus_sub *s, const char *subject)
{
    struct jv_bus_sub *best = s;

    for (struct jv_bus_sub *o = b->subs; o != s; o = o->next)
        if (o->queue && strcmp(o->queue, s->queue) == 0 && takes(o, subject))
            return NULL;
    for (struct jv_bus_sub *o = s->next; o; o = o->next)
        if (o->queue && strcmp(o->queue, s->queue) == 0 && takes(o, subject) &&
            o->served < best->served)
            best = o;
    best->served = ++b->turns;
    return best;
}

static void no_responders(struct jv_broker *b, struct packet *p, const struct mem_bus *from)
{
    for (struct jv_bus_sub *s = b->subs; s; s = s->next)
        if (s->bus == from && !s->queue && takes(s, p->reply)) {
            enqueue(b, s, p, 503);
            return;
        }
}

static void route(struct jv_broker *b, struct packet *p, const struct mem_bus *from)
{
    bool any = false;

    for (struct jv_bus_sub *s = b->subs; s; s = s->next) {
        struct jv_bus_sub *to = s;

        if (!takes(s, p->subject))
            continue;
        any = true;
        if (s->queue)
            to = pick(b, s, p->subject);
        if (to)
            enqueue(b, to, p, 0);
    }
    if (!any && p->reply)
        no_responders(b, p, from);
}

static void delayed_due(struct jv_loop_timer *t)
{
    struct delayed *d = t->arg;
    struct delayed **at = &d->broker->delayed;

    while (*at != d)
        at = &(*at)->next;
    *at = d->next;
    route(d->broker, d->packet, d->from);
    packet_unref(d->packet);
    free(d);
}

static void delay(struct mem_bus *from, struct packet *p, uint32_t ms)
{
    struct jv_broker *b = from->broker;
    struct delayed *d = make(sizeof(*d));

    *d = (struct delayed){ .timer = { .fn = delayed_due, .arg = d },
                           .broker = b,
                           .packet = p,
                           .from = from,
                           .next = b->delayed };
    b->delayed = d;
    p->refs++;
    jv_loop_timer_start(b->loop, &d->timer, jv_loop_mono_ms(b->loop) + ms);
}

static const struct rule *rule_for(const struct jv_broker *b, const char *subject)
{
    for (const struct rule *r = b->rules; r; r = r->next)
        if (jv_bus_matches(r->subject, subject))
            return r;
    return NULL;
}

static int publish(struct jv_bus *bus, const struct jv_bus_out *o)
{
    struct mem_bus *mem = (struct mem_bus *)bus;
    struct jv_broker *b = mem->broker;
    const struct rule *r = rule_for(b, o->subject);
    struct packet *p;

    b->n_published++;
    if (b->away || (b->fail_in && --b->fail_in == 0))
        return JV_UNAVAILABLE;
    if (r && r->drop)
        return JV_OK;
    p = packet_new(o);
    if (r && r->delay_ms)
        delay(mem, p, r->delay_ms);
    else
        route(b, p, mem);
    packet_unref(p);
    return JV_OK;
}

/* ---- connections ------------------------------------------------------------------------- */

static struct jv_bus_sub *subscribe(struct jv_bus *bus, const char *subject, const char *queue,
                                    jv_bus_fn fn, void *arg, bool direct)
{
    struct mem_bus *mem = (struct mem_bus *)bus;
    struct jv_bus_sub *s = make(sizeof(*s)), **at = &mem->broker->subs;

    (void)direct;
    *s = (struct jv_bus_sub){
        .bus = mem, .subject = copy(subject), .queue = copy(queue), .fn = fn, .arg = arg, .refs = 1
    };
    while (*at)
        at = &(*at)->next;
    *at = s;
    return s;
}

static void unsubscribe(struct jv_bus *bus, struct jv_bus_sub *s)
{
    sub_remove(((struct mem_bus *)bus)->broker, s);
}

static void drain(struct jv_bus *bus, struct jv_bus_sub *s, void (*done)(void *), void *arg)
{
    s->draining = true;
    s->done = done;
    s->done_arg = arg;
    enqueue(((struct mem_bus *)bus)->broker, s, NULL, 0);
}

static bool connected(const struct jv_bus *bus)
{
    return !((const struct mem_bus *)bus)->broker->away;
}

static void bus_free(struct jv_bus *bus)
{
    struct mem_bus *mem = (struct mem_bus *)bus;
    struct jv_bus_sub *next;

    for (struct jv_bus_sub *s = mem->broker->subs; s; s = next) {
        next = s->next;
        if (s->bus == mem)
            sub_remove(mem->broker, s);
    }
    for (struct delayed *d = mem->broker->delayed; d; d = d->next)
        if (d->from == mem)
            d->from = NULL;
    mem->broker->n_buses--;
    free(mem);
}

struct jv_bus *jv_bus_mem(struct jv_broker *b, const char *name)
{
    static const struct jv_bus_ops ops = {
        .free = bus_free,
        .connected = connected,
        .publish = publish,
        .subscribe = subscribe,
        .unsubscribe = unsubscribe,
        .drain = drain,
    };
    struct mem_bus *mem = make(sizeof(*mem));

    mem->base.ops = &ops;
    mem->broker = b;
    if (!jv_bus_make_inbox(&mem->base, name)) {
        free(mem);
        return NULL;
    }
    b->n_buses++;
    return &mem->base;
}

/* ---- the broker -------------------------------------------------------------------------- */

struct jv_broker *jv_broker_new(struct jv_loop *l)
{
    struct jv_broker *b = make(sizeof(*b));

    b->loop = l;
    b->end = &b->first;
    b->pump = (struct jv_loop_timer){ .fn = pump, .arg = b };
    return b;
}

struct jv_broker *jv_broker_free(struct jv_broker *b)
{
    if (!b)
        return NULL;
    assert(!b->n_buses);
    jv_loop_timer_stop(b->loop, &b->pump);
    for (struct delivery *d = b->first, *next; d; d = next) {
        next = d->next;
        delivery_free(d);
    }
    for (struct delayed *d = b->delayed, *next; d; d = next) {
        next = d->next;
        jv_loop_timer_stop(b->loop, &d->timer);
        packet_unref(d->packet);
        free(d);
    }
    for (struct rule *r = b->rules, *next; r; r = next) {
        next = r->next;
        free(r->subject);
        free(r);
    }
    free(b);
    return NULL;
}

static struct rule *rule_of(struct jv_broker *b, const char *subject)
{
    struct rule *r = b->rules;

    while (r && strcmp(r->subject, subject) != 0)
        r = r->next;
    if (!r) {
        r = make(sizeof(*r));
        r->subject = copy(subject);
        r->next = b->rules;
        b->rules = r;
    }
    return r;
}

void jv_broker_fail_publish(struct jv_broker *b, unsigned n)
{
    b->fail_in = n;
}

size_t jv_broker_published(const struct jv_broker *b)
{
    return b->n_published;
}

void jv_broker_delay(struct jv_broker *b, const char *subject, uint32_t ms)
{
    rule_of(b, subject)->delay_ms = ms;
}

void jv_broker_drop(struct jv_broker *b, const char *subject, bool drop)
{
    rule_of(b, subject)->drop = drop;
}

void jv_broker_away(struct jv_broker *b, bool away)
{
    b->away = away;
}
