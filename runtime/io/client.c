/* client.c -- blocking calls onto the bus, for programs with threads.
 *
 * One loop thread serves the connection. A call takes a slot, whose number and random token are the
 * last token of its reply subject, publishes on its own thread and sleeps on the slot's condition;
 * the reply wakes exactly that thread. */
#include "jv/client.h"

#include <ctype.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "io/client_impl.h"
#include "jv/wire.h"
#include "wire/envelope.h"

enum {
    MAX_PARTS = 1024,
    MAX_PART_BYTES = 4 << 20,
    MAX_NAME = 256,
    DEFAULT_TIMEOUT_MS = 10000,
    SILENCE_MS = 5000, /* a callee says each second that it is there */
};

struct part {
    struct jv_bus_msg *msg;
    struct part *next;
};

struct slot {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t token; /* random: nobody guesses where an answer goes, and late ones fit no more */
    bool open, lost, overflow;
    struct part *first, **end;
    size_t n_parts, bytes;
    int64_t alive_ms; /* mono: the last sign of life; nobody is woken for it */
};

struct jv_stream {
    struct jv_client *client;
    uint32_t slot;
    const ProtobufCMessageDescriptor *type;
    char subject[MAX_NAME];
    int64_t event_id, heard_ms; /* mono */
    bool over;
};

static void *make(size_t size)
{
    void *p = calloc(1, size);

    if (!p)
        abort();
    return p;
}

/* ---- slots ------------------------------------------------------------------------------- */

static struct slot *slot_at(struct jv_client *c, uint32_t i)
{
    return &c->blocks[i / JV_CLIENT_BLOCK][i % JV_CLIENT_BLOCK];
}

/* With the lock held. */
static bool grow(struct jv_client *c)
{
    size_t n = atomic_load(&c->n_slots);
    struct slot *block;

    if (n / JV_CLIENT_BLOCK == JV_CLIENT_BLOCKS)
        return false;
    block = make(sizeof(*block) * JV_CLIENT_BLOCK);
    for (size_t i = JV_CLIENT_BLOCK; i-- > 0;) {
        pthread_mutex_init(&block[i].lock, NULL);
        jv_client_cond_init(&block[i].changed);
        block[i].end = &block[i].first;
        c->free[c->n_free++] = (uint32_t)(n + i);
    }
    c->blocks[n / JV_CLIENT_BLOCK] = block;
    atomic_store(&c->n_slots, n + JV_CLIENT_BLOCK);
    return true;
}

static bool slot_take(struct jv_client *c, uint32_t *ret)
{
    struct slot *s;
    bool ok;

    pthread_mutex_lock(&c->lock);
    ok = c->n_free || grow(c);
    if (ok)
        *ret = c->free[--c->n_free];
    pthread_mutex_unlock(&c->lock);
    if (!ok)
        return false;
    s = slot_at(c, *ret);
    pthread_mutex_lock(&s->lock);
    jv_random(&s->token, sizeof(s->token));
    s->open = true;
    s->lost = s->overflow = false;
    s->alive_ms = 0;
    pthread_mutex_unlock(&s->lock);
    return true;
}

static struct jv_bus_msg *pop(struct slot *s)
{
    struct part *p = s->first;
    struct jv_bus_msg *m;

    if (!p)
        return NULL;
    m = p->msg;
    s->first = p->next;
    if (!s->first)
        s->end = &s->first;
    s->n_parts--;
    s->bytes -= m->len;
    free(p);
    return m;
}

static void slot_give(struct jv_client *c, uint32_t i)
{
    struct slot *s = slot_at(c, i);
    struct jv_bus_msg *m;

    pthread_mutex_lock(&s->lock);
    s->open = false;
    while ((m = pop(s)))
        jv_bus_release(m);
    pthread_mutex_unlock(&s->lock);
    pthread_mutex_lock(&c->lock);
    c->free[c->n_free++] = i;
    pthread_mutex_unlock(&c->lock);
}

/* ---- what comes --------------------------------------------------------------------------- */

static void push(struct slot *s, struct jv_bus_msg *m)
{
    struct part *p;

    if (s->n_parts >= MAX_PARTS || s->bytes + m->len > MAX_PART_BYTES) {
        s->overflow = true;
    } else if (!s->overflow) {
        p = make(sizeof(*p));
        p->msg = jv_bus_keep(m);
        *s->end = p;
        s->end = &p->next;
        s->n_parts++;
        s->bytes += m->len;
    }
}

/* "<inbox>.<slot>-<token>", both hexadecimal. */
static bool read_token(const char *subject, unsigned long *slot, unsigned long long *ret)
{
    const char *token = strrchr(subject, '.');
    char *end;

    if (!token)
        return false;
    *slot = strtoul(token + 1, &end, 16);
    if (*end != '-')
        return false;
    *ret = strtoull(end + 1, &end, 16);
    return !*end;
}

static int64_t mono_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool is_sign_of_life(const struct jv_bus_msg *m)
{
    return !m->status && !m->len && jv_bus_header(m, JV_H_ALIVE);
}

/* On a thread of the bus's. */
static void on_reply(void *arg, struct jv_bus_msg *m)
{
    struct jv_client *c = arg;
    unsigned long slot;
    unsigned long long fits;
    struct slot *s;
    bool mine, alive = is_sign_of_life(m);

    if (!read_token(m->subject, &slot, &fits) || slot >= atomic_load(&c->n_slots))
        return;
    s = slot_at(c, (uint32_t)slot);
    pthread_mutex_lock(&s->lock);
    mine = s->open && s->token == fits;
    if (mine && alive)
        s->alive_ms = mono_ms();
    else if (mine)
        push(s, m);
    pthread_mutex_unlock(&s->lock);
    if (mine && !alive) /* behind the lock, which the waiter takes first */
        pthread_cond_signal(&s->changed);
}

/* The server went: answers to what is under way went with it. */
static void on_state(void *arg, bool connected, const char *why)
{
    struct jv_client *c = arg;

    (void)why;
    for (size_t i = 0; i < atomic_load(&c->n_slots) && !connected; i++) {
        struct slot *s = slot_at(c, (uint32_t)i);

        pthread_mutex_lock(&s->lock);
        s->lost = s->open;
        pthread_cond_signal(&s->changed);
        pthread_mutex_unlock(&s->lock);
    }
}

static struct timespec in_ms(int ms)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000L;
    if (t.tv_nsec >= 1000000000L) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000L;
    }
    return t;
}

/* The next message of a slot, or why there is none. */
static int await(struct slot *s, int timeout_ms, struct jv_bus_msg **ret)
{
    const struct timespec until = in_ms(timeout_ms);
    int r = 0;

    pthread_mutex_lock(&s->lock);
    while (!s->first && !s->lost && !s->overflow && r == 0)
        r = pthread_cond_timedwait(&s->changed, &s->lock, &until);
    *ret = pop(s);
    r = *ret          ? JV_OK
        : s->overflow ? JV_RESOURCE_EXHAUSTED
        : s->lost     ? JV_UNAVAILABLE
                      : JV_DEADLINE_EXCEEDED;
    pthread_mutex_unlock(&s->lock);
    return r;
}

/* ---- asking ------------------------------------------------------------------------------- */

struct question {
    char subject[MAX_NAME];
    const ProtobufCMethodDescriptor *rpc;
    uint32_t slot;
    int timeout_ms;
};

static int prepare(struct jv_client *c, const ProtobufCServiceDescriptor *service,
                   const char *agent, const char *method, const struct jv_call_options *o,
                   struct question *q, struct jv_err *err)
{
    char name[65];
    size_t n = 0;

    for (; service->short_name[n] && n + 1 < sizeof(name); n++)
        name[n] = (char)tolower((unsigned char)service->short_name[n]);
    name[n] = '\0';
    q->rpc = protobuf_c_service_descriptor_get_method_by_name(service, method);
    if (!q->rpc)
        return jv_err_set(err, JV_UNIMPLEMENTED, "%s has no method %s", service->name, method);
    if (agent && !jv_is_token(agent))
        return jv_err_set(err, JV_INVALID_ARGUMENT, "an agent's token is letters, digits, _ and -");
    snprintf(q->subject, sizeof(q->subject), "%s.%s.%s.%s", c->prefix, agent ? "a2a" : "svc",
             agent ? agent : name, method);
    q->timeout_ms = o->timeout_ms > 0 ? o->timeout_ms : DEFAULT_TIMEOUT_MS;
    return JV_OK;
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void new_trace(char out[56])
{
    struct jv_envelope e = { 0 };

    jv_trace_root(&e);
    jv_trace_print(&e, out);
}

static int publish(struct jv_client *c, const struct question *q, const void *req,
                   const struct jv_call_options *o, struct jv_arena *a)
{
    struct jv_header headers[7];
    char reply[MAX_NAME], deadline[24], trace[56], event_id[24];
    const char *traceparent = o->traceparent;
    size_t n = 0, len;
    const void *data = jv_pack(req, a, &len);

    if (!traceparent) {
        new_trace(trace);
        traceparent = trace;
    }
    snprintf(deadline, sizeof(deadline), "%lld", (long long)now_ms() + q->timeout_ms);
    snprintf(reply, sizeof(reply), "%s.%x-%llx", jv_bus_inbox(c->bus), q->slot,
             (unsigned long long)slot_at(c, q->slot)->token);
    headers[n++] = (struct jv_header){ JV_H_TRACEPARENT, traceparent };
    headers[n++] = (struct jv_header){ JV_H_DEADLINE, deadline };
    if (o->token)
        headers[n++] =
                (struct jv_header){ JV_H_AUTHORIZATION, jv_arena_printf(a, "Bearer %s", o->token) };
    if (o->a2a_version)
        headers[n++] = (struct jv_header){ JV_H_A2A_VERSION, o->a2a_version };
    if (o->a2a_extensions && o->a2a_extensions[0]) /* cnats takes an empty header for half of one */
        headers[n++] = (struct jv_header){ JV_H_A2A_EXTENSIONS, o->a2a_extensions };
    if (o->last_event_id > 0) {
        snprintf(event_id, sizeof(event_id), "%lld", (long long)o->last_event_id);
        headers[n++] = (struct jv_header){ JV_H_LAST_EVENT_ID, event_id };
    }
    if (o->message_id)
        headers[n++] = (struct jv_header){ JV_H_MSG_ID, o->message_id };
    return jv_bus_publish(c->bus, q->subject, reply, headers, n, data, len);
}

/* Take a slot and send the question. */
static int ask(struct jv_client *c, struct question *q, const void *req,
               const struct jv_call_options *o, struct jv_arena *a, struct jv_err *err)
{
    int r;

    if (!jv_bus_connected(c->bus))
        return jv_err_set(err, JV_UNAVAILABLE, "the bus is away");
    if (!slot_take(c, &q->slot))
        return jv_err_set(err, JV_RESOURCE_EXHAUSTED, "too many calls are under way");
    r = publish(c, q, req, o, a);
    if (r == JV_OK)
        return JV_OK;
    slot_give(c, q->slot);
    if (r == JV_RESOURCE_EXHAUSTED)
        return jv_err_set(err, r, "the request is too big");
    if (r == JV_INVALID_ARGUMENT)
        return jv_err_set(err, r, "%s is no subject", q->subject);
    return jv_err_set(err, JV_UNAVAILABLE, "cannot reach %s: the bus is away", q->subject);
}

static int no_answer(int code, const char *subject, struct jv_err *err)
{
    if (code == JV_RESOURCE_EXHAUSTED)
        return jv_err_set(err, code, "%s answers faster than it is listened to", subject);
    if (code == JV_UNAVAILABLE)
        return jv_err_set(err, code, "the bus went away while waiting for %s", subject);
    return jv_err_set(err, code, "%s did not answer in time", subject);
}

static int read_answer(const struct jv_bus_msg *m, const char *subject,
                       const ProtobufCMessageDescriptor *type, void *ret, struct jv_arena *a,
                       struct jv_err *err)
{
    const char *code = m->status ? NULL : jv_bus_header(m, JV_H_ERROR_CODE);
    struct jv_err why = { 0 };
    ProtobufCMessage *reply;

    if (m->status)
        return jv_err_set(err, JV_UNAVAILABLE, "nobody serves %s just now", subject);
    if (code) {
        jv_err_from_status(&why, code, jv_bus_header(m, JV_H_ERROR), m->data, m->len);
        if (err)
            *err = why;
        return why.code;
    }
    reply = jv_unpack(type, m->data, m->len, a, err);
    if (!reply)
        return jv_err_set(err, JV_INTERNAL, "the answer of %s cannot be read", subject);
    memcpy(ret, &reply, sizeof(reply));
    return JV_OK;
}

int jv_client_call(struct jv_client *c, const ProtobufCServiceDescriptor *service,
                   const char *agent, const char *method, const void *req, void *ret,
                   const struct jv_call_options *o, struct jv_arena *a, struct jv_err *err)
{
    struct jv_bus_msg *m;
    struct question q;
    int r = prepare(c, service, agent, method, o, &q, err);

    if (!r)
        r = ask(c, &q, req, o, a, err);
    if (r)
        return r;
    r = await(slot_at(c, q.slot), q.timeout_ms, &m);
    slot_give(c, q.slot);
    if (r)
        return no_answer(r, q.subject, err);
    r = read_answer(m, q.subject, q.rpc->output, ret, a, err);
    jv_bus_release(m);
    return r;
}

/* ---- what JetStream keeps ------------------------------------------------------------------ */

static int say(struct jv_client *c, const struct question *q, const char *id, const void *data,
               size_t len)
{
    const struct jv_header headers[] = { { JV_H_MSG_ID, id } };
    char reply[MAX_NAME];

    snprintf(reply, sizeof(reply), "%s.%x-%llx", jv_bus_inbox(c->bus), q->slot,
             (unsigned long long)slot_at(c, q->slot)->token);
    return jv_bus_publish(c->bus, q->subject, reply, headers, 1, data, len);
}

int jv_client_keep(struct jv_client *c, const char *subject, const char *id, const void *data,
                   size_t len, int timeout_ms)
{
    struct jv_bus_msg *m = NULL;
    struct question q;
    int r;

    snprintf(q.subject, sizeof(q.subject), "%s.%s", c->prefix, subject);
    if (!slot_take(c, &q.slot))
        return JV_RESOURCE_EXHAUSTED;
    r = say(c, &q, id, data, len);
    if (!r)
        r = await(slot_at(c, q.slot), timeout_ms, &m);
    slot_give(c, q.slot);
    if (!r && !jv_bus_is_kept(m))
        r = JV_UNAVAILABLE;
    jv_bus_release(m);
    return r;
}

/* ---- streams ------------------------------------------------------------------------------ */

int jv_client_open(struct jv_client *c, const ProtobufCServiceDescriptor *service,
                   const char *agent, const char *method, const void *req,
                   const struct jv_call_options *o, struct jv_stream **ret, struct jv_err *err)
{
    struct jv_arena *a;
    struct jv_stream *s;
    struct question q;
    int r = prepare(c, service, agent, method, o, &q, err);

    if (r)
        return r;
    a = jv_arena_new(2 * JV_BUS_MAX_BODY);
    r = ask(c, &q, req, o, a, err);
    jv_arena_free(a);
    if (r)
        return r;
    s = make(sizeof(*s));
    s->client = c;
    s->slot = q.slot;
    s->type = q.rpc->output;
    s->heard_ms = mono_ms();
    memcpy(s->subject, q.subject, sizeof(s->subject));
    *ret = s;
    return JV_OK;
}

static bool is_end(const struct jv_bus_msg *m)
{
    return !m->status && !m->len && !jv_bus_header(m, JV_H_CONTENT_TYPE) &&
           !jv_bus_header(m, JV_H_ERROR_CODE);
}

/* When the callee has been silent for too long, if nothing more comes. */
static int64_t silent_at(struct jv_stream *s)
{
    struct slot *slot = slot_at(s->client, s->slot);
    int64_t alive_ms;

    pthread_mutex_lock(&slot->lock);
    alive_ms = slot->alive_ms;
    pthread_mutex_unlock(&slot->lock);
    if (alive_ms > s->heard_ms)
        s->heard_ms = alive_ms;
    return s->heard_ms + SILENCE_MS;
}

/* The next message that says something. A callee that was killed says nothing any more. */
static int await_part(struct jv_stream *s, int timeout_ms, struct jv_bus_msg **ret)
{
    int64_t until = mono_ms() + timeout_ms;

    for (;;) {
        int64_t now = mono_ms(), silent = silent_at(s);
        int64_t end = until < silent ? until : silent;
        int r = await(slot_at(s->client, s->slot), (int)(end > now ? end - now : 0), ret);

        if (r == JV_OK)
            s->heard_ms = mono_ms();
        if (r != JV_DEADLINE_EXCEEDED)
            return r;
        if (mono_ms() >= silent_at(s))
            return JV_ABORTED;
        if (mono_ms() >= until)
            return r;
    }
}

int jv_client_next(struct jv_stream *s, int timeout_ms, void *ret, struct jv_arena *a,
                   struct jv_err *err)
{
    const void *none = NULL;
    struct jv_bus_msg *m = NULL;
    const char *id;
    int r = JV_OK;

    if (!s->over)
        r = await_part(s, timeout_ms, &m);
    if (r) {
        s->over = r != JV_DEADLINE_EXCEEDED; /* the next part may still come */
        if (r == JV_ABORTED)
            return jv_err_set(err, JV_UNAVAILABLE, "%s fell silent", s->subject);
        return no_answer(r, s->subject, err);
    }
    if (!m || is_end(m)) {
        s->over = true;
        memcpy(ret, &none, sizeof(none));
    } else {
        id = jv_bus_header(m, JV_H_EVENT_ID);
        s->event_id = id ? strtoll(id, NULL, 10) : 0;
        r = read_answer(m, s->subject, s->type, ret, a, err);
        s->over = r != JV_OK;
    }
    jv_bus_release(m);
    return r;
}

int64_t jv_client_event_id(const struct jv_stream *s)
{
    return s->event_id;
}

struct jv_stream *jv_client_close(struct jv_stream *s)
{
    if (!s)
        return NULL;
    slot_give(s->client, s->slot);
    free(s);
    return NULL;
}

/* ---- beginning and end -------------------------------------------------------------------- */

static void *run(void *arg)
{
    jv_loop_run(arg);
    return NULL;
}

static bool connect_bus(struct jv_client *c, const struct jv_client_options *o, int wait_ms,
                        struct jv_err *err)
{
    const struct jv_bus_options bo = { .url = o->url,
                                       .creds = o->creds,
                                       .ca = o->ca,
                                       .name = o->name,
                                       .on_state = on_state,
                                       .arg = c };
    char inbox[MAX_NAME];

    c->bus = jv_bus_nats(c->loop, &bo, wait_ms, err);
    if (!c->bus)
        return false;
    snprintf(inbox, sizeof(inbox), "%s.*", jv_bus_inbox(c->bus));
    return jv_bus_subscribe_direct(c->bus, inbox, on_reply, c) &&
           pthread_create(&c->thread, NULL, run, c->loop) == 0;
}

static void client_free(struct jv_client *c)
{
    jv_bus_free(c->bus);
    jv_loop_free(c->loop);
    for (size_t i = 0; i < atomic_load(&c->n_slots); i++) {
        pthread_mutex_destroy(&slot_at(c, (uint32_t)i)->lock);
        pthread_cond_destroy(&slot_at(c, (uint32_t)i)->changed);
    }
    for (size_t i = 0; i < JV_CLIENT_BLOCKS; i++)
        free(c->blocks[i]);
    jv_client_forget_listeners(c);
    pthread_mutex_destroy(&c->lock);
    free(c->prefix);
    free(c);
}

/* Signals are for the program's own threads: all that begin here block them. */
struct jv_client *jv_client_new(const struct jv_client_options *o, int wait_ms, struct jv_err *err)
{
    struct jv_client *c = make(sizeof(*c));
    sigset_t all, before;
    bool ok;

    pthread_mutex_init(&c->lock, NULL);
    c->prefix = strdup(o->prefix);
    c->loop = jv_loop_new(JV_CLOCK_REAL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    ok = connect_bus(c, o, wait_ms, err);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (ok)
        return c;
    client_free(c);
    return NULL;
}

struct jv_client *jv_client_free(struct jv_client *c)
{
    if (!c)
        return NULL;
    jv_loop_stop(c->loop);
    pthread_join(c->thread, NULL);
    client_free(c);
    return NULL;
}

bool jv_client_connected(const struct jv_client *c)
{
    return jv_bus_connected(c->bus);
}
