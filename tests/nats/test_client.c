/* test_client.c -- the blocking client against a service on a bus of its own. */
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>

#include <tickets.pb-c.h>

#include "io/bus.h"
#include "jv/client.h"
#include "jv/wire.h"
#include "nats/server.h"
#include "wire/envelope.h"

/* ---- a service: what it does depends on the ticket's number --------------------------------- */

enum {
    SILENT = 1,   /* no answer */
    MISSING,      /* an error */
    GARBAGE,      /* no protobuf */
    TWICE,        /* two answers */
    PARTS,        /* five parts and the end */
    BROKEN_PARTS, /* two parts, an error, the end */
    FLOOD,        /* more parts than anybody keeps */
    EMPTY_PART,   /* a part without a body, and the end */
    FORGED,       /* answers where the answers after the last one's might go */
    ALIVE,        /* more signs of life than parts are kept, a part, the end */
    ORDINARY = 1000,
};

struct service {
    struct jv_loop *loop;
    struct jv_bus *bus;
    pthread_t thread;
    char auth[64], trace[64], deadline[32], a2a[16], msg_id[32], subject[64], reply[128];
    atomic_int calls;
};

static void answer(struct service *s, const struct jv_bus_msg *m, int id, bool with_type)
{
    static const struct jv_header type = { JV_H_CONTENT_TYPE, "application/protobuf" };
    Tickets__Ticket t = TICKETS__TICKET__INIT;
    uint8_t body[64];
    size_t len;

    t.id = id;
    len = tickets__ticket__pack(&t, body);
    CHECK_INT(jv_bus_publish(s->bus, m->reply, NULL, &type, with_type, body, len), JV_OK);
}

static void fail(struct service *s, const struct jv_bus_msg *m)
{
    static const struct jv_header headers[] = { { JV_H_ERROR, "no such ticket" },
                                                { JV_H_ERROR_CODE, "404" } };

    CHECK_INT(jv_bus_publish(s->bus, m->reply, NULL, headers, 2, NULL, 0), JV_OK);
}

static void end(struct service *s, const struct jv_bus_msg *m)
{
    CHECK_INT(jv_bus_publish(s->bus, m->reply, NULL, NULL, 0, NULL, 0), JV_OK);
}

static void note(char *to, size_t size, const struct jv_bus_msg *m, const char *name)
{
    const char *value = jv_bus_header(m, name);

    snprintf(to, size, "%s", value ? value : "");
}

static void note_all(struct service *s, const struct jv_bus_msg *m)
{
    note(s->auth, sizeof(s->auth), m, JV_H_AUTHORIZATION);
    note(s->trace, sizeof(s->trace), m, JV_H_TRACEPARENT);
    note(s->deadline, sizeof(s->deadline), m, JV_H_DEADLINE);
    note(s->a2a, sizeof(s->a2a), m, JV_H_A2A_VERSION);
    note(s->msg_id, sizeof(s->msg_id), m, JV_H_MSG_ID);
    snprintf(s->subject, sizeof(s->subject), "%s", m->subject);
    snprintf(s->reply, sizeof(s->reply), "%s", m->reply);
}

static void parts(struct service *s, const struct jv_bus_msg *m, int n)
{
    for (int i = 1; i <= n; i++)
        answer(s, m, i, false);
}

static void live(struct service *s, const struct jv_bus_msg *m)
{
    static const struct jv_header alive = { JV_H_ALIVE, "1" };

    for (int i = 0; i < 1100; i++)
        CHECK_INT(jv_bus_publish(s->bus, m->reply, NULL, &alive, 1, NULL, 0), JV_OK);
}

static void forge(struct service *s)
{
    const char *dash = strrchr(s->reply, '-');
    unsigned long long last = strtoull(dash + 1, NULL, 16);

    for (unsigned long long next = last + 1; next < last + 4; next++) {
        char guess[192];

        snprintf(guess, sizeof(guess), "%.*s-%llx", (int)(dash - s->reply), s->reply, next);
        CHECK_INT(jv_bus_publish(s->bus, guess, NULL, NULL, 0, NULL, 0), JV_OK);
    }
}

static void serve(void *arg, struct jv_bus_msg *m)
{
    struct service *s = arg;
    Tickets__GetRequest *req = tickets__get_request__unpack(NULL, m->len, m->data);
    int id = req ? req->ticket_id : 0;

    if (req)
        tickets__get_request__free_unpacked(req, NULL);
    if (id == ORDINARY)
        note_all(s, m);
    if (id == FORGED)
        forge(s);
    if (id == ALIVE)
        live(s, m);
    if (id == MISSING || id == BROKEN_PARTS)
        parts(s, m, id == BROKEN_PARTS ? 2 : 0);
    if (id == MISSING || id == BROKEN_PARTS)
        fail(s, m);
    else if (id == GARBAGE)
        CHECK_INT(jv_bus_publish(s->bus, m->reply, NULL, NULL, 0, "\377\377\377", 3), JV_OK);
    else if (id == PARTS || id == FLOOD)
        parts(s, m, id == PARTS ? 5 : 3000);
    else if (id == EMPTY_PART)
        answer(s, m, 0, true);
    else if (id != SILENT && id != FORGED)
        answer(s, m, id, false);
    if (id == TWICE)
        answer(s, m, 666, false);
    if (id == PARTS || id == FLOOD || id == EMPTY_PART || id == BROKEN_PARTS || id == ALIVE)
        end(s, m);
    atomic_fetch_add(&s->calls, 1);
}

static void *run(void *loop)
{
    jv_loop_run(loop);
    return NULL;
}

static struct service *service_new(const char *url)
{
    const struct jv_bus_options o = { .url = url, .name = "tickets" };
    struct service *s = calloc(1, sizeof(*s));

    s->loop = jv_loop_new(JV_CLOCK_REAL);
    s->bus = jv_bus_nats(s->loop, &o, 5000, NULL);
    if (!s->bus)
        exit(1);
    jv_bus_subscribe(s->bus, "test.svc.tickets.*", "tickets", serve, s);
    jv_bus_subscribe(s->bus, "test.a2a.helper.*", "helper", serve, s);
    pthread_create(&s->thread, NULL, run, s->loop);
    return s;
}

static void service_free(struct service *s)
{
    jv_loop_stop(s->loop);
    pthread_join(s->thread, NULL);
    jv_bus_free(s->bus);
    jv_loop_free(s->loop);
    free(s);
}

/* ---- calling -------------------------------------------------------------------------------- */

static struct service *service;
static struct jv_client *client;

static struct jv_client *client_at(const char *url)
{
    struct jv_err err = { 0 };
    struct jv_client *c = jv_client_new(
            &(struct jv_client_options){ .url = url, .prefix = "test", .name = "gateway" }, 5000,
            &err);

    if (!c) {
        printf("# %s\n", err.text);
        exit(1);
    }
    return c;
}

/* Wait until the service's subscriptions are at the server. */
static void first_answer(struct jv_client *c)
{
    struct jv_arena *a = jv_arena_new(1 << 20);
    Tickets__GetRequest req = TICKETS__GET_REQUEST__INIT;
    Tickets__Ticket *t = NULL;
    int r = JV_UNAVAILABLE;

    for (int i = 0; i < 2000 && r; i++)
        r = jv_client_call(c, &tickets__tickets__descriptor, NULL, "Get", &req, &t,
                           &(struct jv_call_options){ .timeout_ms = 500 }, a, NULL);
    CHECK_INT(r, JV_OK);
    jv_arena_free(a);
}

static int get(struct jv_client *c, int id, int timeout_ms, int *ret_id, struct jv_err *err)
{
    struct jv_arena *a = jv_arena_new(1 << 20);
    Tickets__GetRequest req = TICKETS__GET_REQUEST__INIT;
    Tickets__Ticket *t = NULL;
    int r;

    req.ticket_id = id;
    r = jv_client_call(c, &tickets__tickets__descriptor, NULL, "Get", &req, &t,
                       &(struct jv_call_options){ .timeout_ms = timeout_ms }, a, err);
    if (ret_id)
        *ret_id = t ? t->id : -1;
    jv_arena_free(a);
    return r;
}

static int64_t mono_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

TEST(start)
{
    service = service_new(getenv("TEST_NATS_URL"));
    client = client_at(getenv("TEST_NATS_URL"));
    CHECK(jv_client_connected(client));
    first_answer(client);
}

TEST(a_call)
{
    int id;

    CHECK_INT(get(client, 12301, 5000, &id, NULL), JV_OK);
    CHECK_INT(id, 12301);
}

TEST(what_travels_along)
{
    struct jv_arena *a = jv_arena_new(1 << 20);
    Tickets__GetRequest req = TICKETS__GET_REQUEST__INIT;
    Tickets__Ticket *t = NULL;
    struct jv_call_options o = {
        .token = "a.b.c", .timeout_ms = 3000, .a2a_version = "1.0", .message_id = "m-1"
    };
    struct timespec now;
    long long left;

    req.ticket_id = ORDINARY;
    CHECK_INT(jv_client_call(client, &tickets__tickets__descriptor, "helper", "Get", &req, &t, &o,
                             a, NULL),
              JV_OK);
    clock_gettime(CLOCK_REALTIME, &now);
    left = atoll(service->deadline) - (now.tv_sec * 1000LL + now.tv_nsec / 1000000);
    CHECK(left > 1000 && left <= 3000);
    CHECK_STR(service->subject, "test.a2a.helper.Get");
    CHECK_STR(service->auth, "Bearer a.b.c");
    CHECK_STR(service->a2a, "1.0");
    CHECK_STR(service->msg_id, "m-1");
    CHECK_INT(strlen(service->trace), 55);
    CHECK(strncmp(service->trace, "00-", 3) == 0);
    o = (struct jv_call_options){
        .traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    };
    CHECK_INT(jv_client_call(client, &tickets__tickets__descriptor, NULL, "Get", &req, &t, &o, a,
                             NULL),
              JV_OK);
    CHECK_STR(service->trace, o.traceparent);
    CHECK_STR(service->subject, "test.svc.tickets.Get");
    CHECK_STR(service->auth, "");
    jv_arena_free(a);
}

TEST(what_goes_wrong)
{
    struct jv_arena *a = jv_arena_new(8 << 20);
    static char operation[(1 << 20) + 10];
    Tickets__CreateRequest big = TICKETS__CREATE_REQUEST__INIT;
    struct jv_call_options o = { .timeout_ms = 5000 };
    struct jv_err err = { 0 };
    int64_t began = mono_ms();
    void *ret = NULL;

    CHECK_INT(get(client, MISSING, 5000, NULL, &err), JV_NOT_FOUND);
    CHECK_STR(err.text, "no such ticket");
    CHECK_INT(get(client, GARBAGE, 5000, NULL, &err), JV_INTERNAL);
    CHECK_INT(jv_client_call(client, &tickets__tickets__descriptor, "nobody", "Get", &big, &ret, &o,
                             a, &err),
              JV_UNAVAILABLE);
    CHECK_HAS(err.text, "nobody serves test.a2a.nobody.Get");
    CHECK_INT(jv_client_call(client, &tickets__tickets__descriptor, NULL, "Fly", &big, &ret, &o, a,
                             &err),
              JV_UNIMPLEMENTED);
    CHECK_INT(jv_client_call(client, &tickets__tickets__descriptor, "a.b", "Get", &big, &ret, &o, a,
                             &err),
              JV_INVALID_ARGUMENT);
    memset(operation, 'x', sizeof(operation) - 1);
    big.operation = operation;
    CHECK_INT(jv_client_call(client, &tickets__tickets__descriptor, NULL, "Create", &big, &ret, &o,
                             a, &err),
              JV_RESOURCE_EXHAUSTED);
    CHECK(mono_ms() - began < 2000);
    CHECK(!ret);
    jv_arena_free(a);
}

TEST(a_deadline)
{
    struct jv_err err = { 0 };
    int64_t began = mono_ms();

    CHECK_INT(get(client, SILENT, 150, NULL, &err), JV_DEADLINE_EXCEEDED);
    CHECK_HAS(err.text, "test.svc.tickets.Get did not answer in time");
    CHECK(mono_ms() - began >= 149 && mono_ms() - began < 2000);
}

/* Whoever was asked before cannot answer for whoever is asked next. */
TEST(answers_cannot_be_forged)
{
    int id;

    CHECK_INT(get(client, ORDINARY, 5000, &id, NULL), JV_OK);
    CHECK_INT(get(client, FORGED, 200, &id, NULL), JV_DEADLINE_EXCEEDED);
}

/* The second answer finds the slot with another token, or closed. */
TEST(answers_that_nobody_waits_for)
{
    int id;

    for (int i = 0; i < 200; i++) {
        CHECK_INT(get(client, TWICE, 5000, &id, NULL), JV_OK);
        CHECK_INT(id, TWICE);
        CHECK_INT(get(client, 7000 + i, 5000, &id, NULL), JV_OK);
        CHECK_INT(id, 7000 + i);
    }
}

/* ---- threads -------------------------------------------------------------------------------- */

enum { N_THREADS = 64, PER_THREAD = 100 };

static atomic_int wrong;

static void *call_many(void *arg)
{
    int base = 10000 + (int)(intptr_t)arg * PER_THREAD, id;

    for (int i = 0; i < PER_THREAD; i++)
        if (get(client, base + i, 10000, &id, NULL) || id != base + i)
            atomic_fetch_add(&wrong, 1);
    return NULL;
}

static void run_threads(void *(*fn)(void *))
{
    pthread_t threads[N_THREADS];

    for (int i = 0; i < N_THREADS; i++)
        pthread_create(&threads[i], NULL, fn, (void *)(intptr_t)i);
    for (int i = 0; i < N_THREADS; i++)
        pthread_join(threads[i], NULL);
}

TEST(sixty_four_threads)
{
    int before = atomic_load(&service->calls);

    run_threads(call_many);
    CHECK_INT(atomic_load(&wrong), 0);
    CHECK_INT(atomic_load(&service->calls) - before, N_THREADS * PER_THREAD);
}

/* ---- streams -------------------------------------------------------------------------------- */

static struct jv_stream *open_stream(int id)
{
    Tickets__GetRequest req = TICKETS__GET_REQUEST__INIT;
    struct jv_stream *s = NULL;

    req.ticket_id = id;
    CHECK_INT(jv_client_open(client, &tickets__tickets__descriptor, NULL, "Get", &req,
                             &(struct jv_call_options){ .timeout_ms = 5000 }, &s, NULL),
              JV_OK);
    return s;
}

TEST(a_stream)
{
    struct jv_arena *a = jv_arena_new(1 << 20);
    struct jv_stream *s = open_stream(PARTS);
    Tickets__Ticket *t = NULL;

    for (int i = 1; i <= 5; i++) {
        CHECK_INT(jv_client_next(s, 5000, &t, a, NULL), JV_OK);
        CHECK(t && t->id == i);
    }
    CHECK_INT(jv_client_next(s, 5000, &t, a, NULL), JV_OK);
    CHECK(!t);
    CHECK_INT(jv_client_next(s, 5000, &t, a, NULL), JV_OK); /* still the end */
    CHECK(!t);
    jv_client_close(s);
    s = open_stream(EMPTY_PART);
    CHECK_INT(jv_client_next(s, 5000, &t, a, NULL), JV_OK);
    CHECK(t && t->id == 0);
    CHECK_INT(jv_client_next(s, 5000, &t, a, NULL), JV_OK);
    CHECK(!t);
    jv_client_close(s);
    jv_arena_free(a);
}

/* Nobody listens while they come: they are no parts, and no answer either. */
TEST(signs_of_life_are_not_parts)
{
    struct jv_arena *a = jv_arena_new(1 << 20);
    struct jv_stream *s = open_stream(ALIVE);
    Tickets__Ticket *t = NULL;

    first_answer(client);
    CHECK_INT(jv_client_next(s, 5000, &t, a, NULL), JV_OK);
    CHECK(t && t->id == ALIVE);
    CHECK_INT(jv_client_next(s, 5000, &t, a, NULL), JV_OK);
    CHECK(!t);
    jv_client_close(s);
    CHECK_INT(get(client, ALIVE, 5000, NULL, NULL), JV_OK);
    jv_arena_free(a);
}

TEST(a_stream_that_fails)
{
    struct jv_arena *a = jv_arena_new(1 << 20);
    struct jv_stream *s = open_stream(BROKEN_PARTS);
    struct jv_err err = { 0 };
    Tickets__Ticket *t = NULL;

    CHECK_INT(jv_client_next(s, 5000, &t, a, &err), JV_OK);
    CHECK_INT(jv_client_next(s, 5000, &t, a, &err), JV_OK);
    CHECK_INT(jv_client_next(s, 5000, &t, a, &err), JV_NOT_FOUND);
    CHECK_STR(err.text, "no such ticket");
    CHECK_INT(jv_client_next(s, 5000, &t, a, &err), JV_OK);
    CHECK(!t);
    jv_client_close(s);
    s = open_stream(SILENT);
    CHECK_INT(jv_client_next(s, 50, &t, a, &err), JV_DEADLINE_EXCEEDED);
    jv_client_close(s);
    jv_arena_free(a);
}

TEST(a_stream_that_nobody_reads)
{
    struct jv_arena *a = jv_arena_new(1 << 20);
    struct jv_stream *s = open_stream(FLOOD);
    struct jv_err err = { 0 };
    Tickets__Ticket *t = NULL;
    int n = 0, r;

    first_answer(client); /* all parts have come: answers keep their order */
    while ((r = jv_client_next(s, 5000, &t, a, &err)) == JV_OK && t)
        n++;
    CHECK_INT(r, JV_RESOURCE_EXHAUSTED);
    CHECK_INT(n, 1024);
    CHECK_HAS(err.text, "faster than it is listened to");
    jv_client_close(s);
    for (int i = 0; i < 20; i++)
        jv_client_close(open_stream(FLOOD)); /* closed early: what comes later is dropped */
    first_answer(client);
    jv_arena_free(a);
}

/* ---- listening ------------------------------------------------------------------------------ */

struct heard {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    char subject[64], data[64];
};

static void on_event(void *arg, const char *subject, const void *data, size_t len)
{
    struct heard *h = arg;

    pthread_mutex_lock(&h->lock);
    snprintf(h->subject, sizeof(h->subject), "%s", subject);
    snprintf(h->data, sizeof(h->data), "%.*s", (int)len, (const char *)data);
    pthread_cond_signal(&h->changed);
    pthread_mutex_unlock(&h->lock);
}

static void publish_event(void *arg)
{
    CHECK_INT(jv_bus_publish(arg, "test.evt.auth.Revoked", NULL, NULL, 0, "gone", 4), JV_OK);
}

TEST(listening)
{
    static struct heard h = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, "", "" };

    CHECK_INT(jv_client_listen(client, "evt..bad", on_event, &h), JV_INVALID_ARGUMENT);
    CHECK_INT(jv_client_listen(client, "evt.>", on_event, &h), JV_OK);
    first_answer(client); /* the subscription is at the server */
    jv_loop_post(service->loop, publish_event, service->bus);
    pthread_mutex_lock(&h.lock);
    while (!*h.data)
        pthread_cond_wait(&h.changed, &h.lock);
    CHECK_STR(h.subject, "evt.auth.Revoked");
    CHECK_STR(h.data, "gone");
    pthread_mutex_unlock(&h.lock);
}

TEST(stop)
{
    client = jv_client_free(client);
    service_free(service);
}

/* ---- a server that goes and comes back ------------------------------------------------------ */

struct waiting_call {
    int code;
    int64_t took;
};

static void *wait_for_answer(void *arg)
{
    struct waiting_call *w = arg;
    int64_t began = mono_ms();

    w->code = get(client, SILENT, 30000, NULL, NULL);
    w->took = mono_ms() - began;
    return NULL;
}

TEST(the_server_restarts)
{
    struct server s = { 0 };
    struct waiting_call w = { 0 };
    struct jv_err err = { 0 };
    pthread_t thread;
    int before;

    CHECK_OR(server_start(&s, NULL, NULL), return );
    service = service_new(s.url);
    client = client_at(s.url);
    first_answer(client);
    before = atomic_load(&service->calls);
    pthread_create(&thread, NULL, wait_for_answer, &w);
    while (atomic_load(&service->calls) == before)
        sched_yield();
    server_stop(&s, SIGKILL);
    pthread_join(thread, NULL);
    CHECK_INT(w.code, JV_UNAVAILABLE); /* what was under way fails as soon as the server is gone */
    CHECK(w.took < 10000);
    CHECK(!jv_client_connected(client));
    CHECK_INT(get(client, 1000, 5000, NULL, &err), JV_UNAVAILABLE);
    CHECK_STR(err.text, "the bus is away");
    CHECK(server_start(&s, NULL, NULL));
    for (int i = 0; i < 2000 && !jv_client_connected(client); i++)
        nanosleep(&(struct timespec){ 0, 5000000 }, NULL);
    first_answer(client);
    run_threads(call_many);
    CHECK_INT(atomic_load(&wrong), 0);
    jv_client_free(client);
    service_free(service);
    server_stop(&s, SIGKILL);
}

TEST(no_server)
{
    struct jv_err err = { 0 };
    char url[64];

    snprintf(url, sizeof(url), "nats://127.0.0.1:%d", free_port());
    CHECK(!jv_client_new(&(struct jv_client_options){ .url = url, .prefix = "test", .name = "x" },
                         50, &err));
    CHECK_INT(err.code, JV_UNAVAILABLE);
}

TEST_MAIN()
