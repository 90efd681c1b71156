/* test_sched.c -- the loop, its clocks and threads, and fibers on either back end. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "sched/fiber.h"

static const int64_t far = 3600 * 1000;

static int64_t real_mono(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- timers ---------------------------------------------------------------------------------- */

struct note {
    struct jv_loop_timer t;
    struct jv_loop *l;
    int id;
    int64_t again_ms; /* start anew this much later */
};

static int seen[4096];
static size_t n_seen;

static void see(int id)
{
    if (n_seen < JV_COUNT(seen))
        seen[n_seen++] = id;
}

static void fired(struct jv_loop_timer *t)
{
    struct note *n = t->arg;

    see(n->id);
    if (n->again_ms)
        jv_loop_timer_start(n->l, t, t->at + n->again_ms);
}

static void note_at(struct note *n, struct jv_loop *l, int id, int64_t at)
{
    *n = (struct note){ .t = { .fn = fired, .arg = n }, .l = l, .id = id };
    jv_loop_timer_start(l, &n->t, at);
}

TEST(timers_fire_in_order)
{
    struct jv_loop *l = jv_loop_new(JV_CLOCK_VIRTUAL);
    int64_t t0 = jv_loop_mono_ms(l);
    static struct note notes[1000];

    n_seen = 0;
    for (int i = 0; i < 1000; i++)
        note_at(&notes[i], l, i, t0 + (i * 7919) % 1000);
    for (int i = 0; i < 1000; i += 3)
        jv_loop_timer_stop(l, &notes[i].t);
    jv_loop_run_until(l, t0 + 1000);
    CHECK_INT(n_seen, 666);
    for (size_t i = 1; i < n_seen; i++)
        CHECK(notes[seen[i - 1]].t.at < notes[seen[i]].t.at);
    jv_loop_free(l);
}

TEST(equal_timers_fire_in_order_of_starting)
{
    struct jv_loop *l = jv_loop_new(JV_CLOCK_VIRTUAL);
    int64_t t0 = jv_loop_mono_ms(l);
    struct note notes[50];

    n_seen = 0;
    for (int i = 0; i < 50; i++)
        note_at(&notes[i], l, i, t0 + 10);
    jv_loop_timer_start(l, &notes[0].t, t0 + 10); /* goes to the end */
    jv_loop_run_until(l, t0 + 9);
    CHECK_INT(n_seen, 0);
    jv_loop_run_until(l, t0 + 10);
    CHECK_INT(n_seen, 50);
    CHECK_INT(seen[0], 1);
    CHECK_INT(seen[48], 49);
    CHECK_INT(seen[49], 0);
    jv_loop_timer_stop(l, &notes[0].t); /* idle: nothing happens */
    jv_loop_free(l);
}

TEST(a_timer_may_start_itself)
{
    struct jv_loop *l = jv_loop_new(JV_CLOCK_VIRTUAL);
    int64_t t0 = jv_loop_mono_ms(l), before = real_mono();
    struct note n;

    n_seen = 0;
    note_at(&n, l, 1, t0 + 60000);
    n.again_ms = 60000;
    jv_loop_run_until(l, t0 + 24 * far);
    CHECK_INT(n_seen, 24 * 60);
    CHECK_INT(jv_loop_mono_ms(l), t0 + 24 * far);
    CHECK(real_mono() - before < 2000);
    jv_loop_free(l);
}

TEST(real_timers_keep_real_time)
{
    struct jv_loop *l = jv_loop_new(JV_CLOCK_REAL);
    int64_t t0 = jv_loop_mono_ms(l), took;
    struct note n, late;

    n_seen = 0;
    note_at(&n, l, 1, t0 + 30);
    note_at(&late, l, 2, t0 + far);
    jv_loop_run_until(l, t0 + 1000);
    took = jv_loop_mono_ms(l) - t0;
    CHECK_INT(n_seen, 1);
    CHECK(took >= 30 && took < 900); /* and did not wait for what is not there */
    jv_loop_timer_stop(l, &late.t);
    jv_loop_free(l);
}

/* ---- the clock ------------------------------------------------------------------------------- */

TEST(clocks)
{
    struct jv_loop *l = jv_loop_new(JV_CLOCK_VIRTUAL);
    int64_t t0 = jv_loop_mono_ms(l), wall = 1734598800000;

    jv_loop_set_wall(l, wall);
    CHECK_INT(jv_loop_wall_ms(l), wall);
    jv_loop_run_until(l, t0 + 5000);
    CHECK_INT(jv_loop_wall_ms(l), wall + 5000);
    jv_loop_freeze_wall(l, 42);
    CHECK_INT(jv_loop_wall_ms(l), 42);
    CHECK_INT(jv_loop_real_ms(l), wall + 5000);
    jv_loop_free(l);

    l = jv_loop_new(JV_CLOCK_REAL);
    jv_loop_freeze_wall(l, wall);
    CHECK_INT(jv_loop_wall_ms(l), wall);
    CHECK(llabs((long long)(jv_loop_real_ms(l) - (int64_t)time(NULL) * 1000)) < 5000);
    jv_loop_free(l);
}

/* ---- posts from threads ---------------------------------------------------------------------- */

enum { n_posters = 4, posts_each = 2000 };

struct poster {
    struct jv_loop *l;
    pthread_t thread;
    int next; /* expected on the loop */
    bool in_order;
};

struct letter {
    struct poster *from;
    int n;
};

static int arrived;

static void arrive(void *arg)
{
    struct letter *m = arg;

    m->from->in_order = m->from->in_order && m->from->next == m->n;
    m->from->next++;
    if (++arrived == n_posters * posts_each)
        jv_loop_stop(m->from->l);
    free(m);
}

static void *post_many(void *arg)
{
    struct poster *p = arg;

    for (int i = 0; i < posts_each; i++) {
        struct letter *m = malloc(sizeof(*m));

        *m = (struct letter){ p, i };
        jv_loop_post(p->l, arrive, m);
    }
    return NULL;
}

static void posts(enum jv_clock_kind kind)
{
    struct jv_loop *l = jv_loop_new(kind);
    struct poster p[n_posters];

    arrived = 0;
    for (size_t i = 0; i < n_posters; i++) {
        p[i] = (struct poster){ .l = l, .in_order = true };
        CHECK(!pthread_create(&p[i].thread, NULL, post_many, &p[i]));
    }
    jv_loop_run(l);
    for (size_t i = 0; i < n_posters; i++) {
        pthread_join(p[i].thread, NULL);
        CHECK(p[i].in_order);
        CHECK_INT(p[i].next, posts_each);
    }
    jv_loop_free(l);
}

TEST(posts_come_in_order)
{
    posts(JV_CLOCK_REAL);
    posts(JV_CLOCK_VIRTUAL);
}

static void *stop_it(void *arg)
{
    jv_loop_stop(arg);
    return NULL;
}

static void count(void *arg)
{
    ++*(int *)arg;
}

TEST(stop)
{
    struct jv_loop *l = jv_loop_new(JV_CLOCK_REAL);
    int n = 0;
    pthread_t t;

    jv_loop_stop(l); /* before running: not lost */
    jv_loop_run(l);
    CHECK(!pthread_create(&t, NULL, stop_it, l));
    jv_loop_run(l); /* and it can run again */
    pthread_join(t, NULL);
    jv_loop_post(l, count, &n);
    jv_loop_run_until(l, 0);
    CHECK_INT(n, 1);
    jv_loop_post(l, count, &n); /* never run: freed with the loop */
    jv_loop_free(l);
    CHECK_INT(n, 1);
}

/* ---- descriptors ----------------------------------------------------------------------------- */

struct end {
    struct jv_io io;
    struct jv_loop *l;
    struct end *victim; /* deleted in the callback */
    int calls;
};

static void readable(struct jv_io *io, unsigned events)
{
    struct end *e = io->arg;
    char byte;

    CHECK(events & EPOLLIN);
    e->calls++;
    if (read(io->fd, &byte, 1) != 1)
        CHECK(false);
    if (e->victim)
        jv_loop_io_del(e->l, &e->victim->io);
}

static void listen_on(struct end *e, struct jv_loop *l, int fd)
{
    *e = (struct end){ .io = { .fd = fd, .events = EPOLLIN, .fn = readable }, .l = l };
    e->io.arg = e;
    CHECK_INT(jv_loop_io_add(l, &e->io), JV_OK);
}

TEST(no_callback_after_del_in_the_same_round)
{
    struct jv_loop *l = jv_loop_new(JV_CLOCK_REAL);
    int a[2], b[2];
    struct end ea, eb;

    CHECK(!pipe(a) && !pipe(b));
    listen_on(&ea, l, a[0]);
    listen_on(&eb, l, b[0]);
    ea.victim = &eb;
    eb.victim = &ea;
    CHECK(write(a[1], "x", 1) == 1 && write(b[1], "x", 1) == 1);
    jv_loop_run_until(l, 0);
    CHECK_INT(ea.calls + eb.calls, 1);
    jv_loop_io_del(l, ea.calls ? &ea.io : &eb.io);
    listen_on(&ea, l, a[0]); /* the same struct again */
    ea.victim = &ea;         /* deleting itself */
    CHECK(write(a[1], "xy", 2) == 2);
    jv_loop_run_until(l, 0);
    CHECK_INT(ea.calls, 1);
    CHECK_INT(jv_loop_io_mod(l, &ea.io, EPOLLIN), JV_UNAVAILABLE); /* it is not there */
    for (int i = 0; i < 2; i++) {
        close(a[i]);
        close(b[i]);
    }
    jv_loop_free(l);
}

static void *add_from_afar(void *arg)
{
    struct end *e = arg;

    CHECK_INT(jv_loop_io_add(e->l, &e->io), JV_OK);
    CHECK_INT(jv_loop_io_mod(e->l, &e->io, EPOLLIN), JV_OK);
    return NULL;
}

static void readable_then_stop(struct jv_io *io, unsigned events)
{
    struct end *e = io->arg;

    readable(io, events);
    jv_loop_stop(e->l);
}

TEST(a_thread_may_add_descriptors)
{
    struct jv_loop *l = jv_loop_new(JV_CLOCK_REAL);
    struct end e;
    int p[2];
    pthread_t t;

    CHECK(!pipe(p));
    CHECK(write(p[1], "x", 1) == 1);
    e = (struct end){ .io = { .fd = p[0], .events = EPOLLOUT, .fn = readable_then_stop }, .l = l };
    e.io.events = EPOLLIN;
    e.io.arg = &e;
    CHECK(!pthread_create(&t, NULL, add_from_afar, &e));
    jv_loop_run(l);
    pthread_join(t, NULL);
    CHECK_INT(e.calls, 1);
    jv_loop_io_del(l, &e.io);
    close(p[0]);
    close(p[1]);
    jv_loop_free(l);
}

/* ---- helper threads -------------------------------------------------------------------------- */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static int through_the_gate(void *arg)
{
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    return *(int *)arg * 2;
}

static void add_up(void *arg, int result)
{
    *(int *)arg += result;
}

TEST(offload_and_its_limit)
{
    struct jv_loop *l = jv_loop_new(JV_CLOCK_VIRTUAL);
    int one = 1, sum = 0, accepted = 0;
    int64_t t0 = jv_loop_mono_ms(l);
    struct note n;

    n_seen = 0;
    pthread_mutex_lock(&gate);
    for (int i = 0; i < 200; i++)
        accepted += jv_loop_offload(l, through_the_gate, &one, add_up, &sum);
    CHECK(accepted >= 64 && accepted <= 66); /* 64 wait, up to two run */
    note_at(&n, l, 1, t0 + 10);
    pthread_mutex_unlock(&gate);
    jv_loop_run_until(l, t0 + 5); /* virtual time waits for real work */
    CHECK_INT(sum, 2 * accepted);
    CHECK_INT(n_seen, 0);
    jv_loop_run_until(l, t0 + 10);
    CHECK_INT(n_seen, 1);
    CHECK(jv_loop_offload(l, through_the_gate, &one, add_up, &sum)); /* never told: no leak */
    jv_loop_free(l);
    CHECK_INT(sum, 2 * accepted);
}

struct slow {
    struct jv_loop *l;
    pthread_t thread;
    int at_release; /* how many timers had fired */
};

static void slow_done(void *arg)
{
    struct slow *s = arg;

    s->at_release = (int)n_seen;
    jv_loop_release(s->l);
}

static void *slow_work(void *arg)
{
    struct slow *s = arg;

    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    jv_loop_post(s->l, slow_done, s);
    return NULL;
}

TEST(virtual_time_waits_while_held)
{
    struct jv_loop *l = jv_loop_new(JV_CLOCK_VIRTUAL);
    int64_t t0 = jv_loop_mono_ms(l);
    struct slow s = { .l = l, .at_release = -1 };
    struct note n;

    n_seen = 0;
    note_at(&n, l, 1, t0 + 1);
    jv_loop_hold(l);
    pthread_mutex_lock(&gate);
    CHECK(!pthread_create(&s.thread, NULL, slow_work, &s));
    pthread_mutex_unlock(&gate);
    jv_loop_run_until(l, t0 + 100);
    pthread_join(s.thread, NULL);
    CHECK_INT(s.at_release, 0);
    CHECK_INT(n_seen, 1);
    CHECK_INT(jv_loop_mono_ms(l), t0 + 100);
    jv_loop_free(l);
}

/* ---- watchdog -------------------------------------------------------------------------------- */

static _Atomic(struct jv_loop *) watched;
static atomic_bool noticed;

static void *watch(void *arg)
{
    (void)arg;
    while (jv_loop_slice_ms(watched) < 20)
        usleep(1000); /* it watches; nobody waits for a time to pass */
    noticed = true;
    return NULL;
}

static void hog(void *arg)
{
    int64_t until = real_mono() + 5000;

    (void)arg;
    while (!noticed && real_mono() < until)
        ;
}

TEST(a_long_slice_shows)
{
    struct jv_loop *l = jv_loop_new(JV_CLOCK_REAL);
    pthread_t t;

    watched = l;
    noticed = false;
    CHECK_INT(jv_loop_slice_ms(l), 0);
    CHECK(!pthread_create(&t, NULL, watch, NULL));
    jv_loop_post(l, hog, NULL);
    jv_loop_run_until(l, 0);
    pthread_join(t, NULL);
    CHECK(noticed);
    CHECK_INT(jv_loop_slice_ms(l), 0);
    jv_loop_free(l);
}

/* ---- fibers ---------------------------------------------------------------------------------- */

struct walker {
    struct jv_loop *l;
    struct jv_fiber *f;
    int id, steps, result;
    int64_t until, ended_at;
    bool ended;
};

static void walk(void *arg)
{
    struct walker *w = arg;

    CHECK(jv_fiber_self() == w->f);
    w->result = jv_fiber_wait(w->until);
    CHECK(jv_fiber_self() == w->f);
    w->ended_at = jv_loop_mono_ms(w->l);
    w->ended = true;
}

static void start_walker(struct walker *w, struct jv_loop *l, int64_t until)
{
    *w = (struct walker){ .l = l, .until = until, .result = -1 };
    w->f = jv_fiber_start(l, walk, w);
}

TEST(wait_wake_cancel_deadline)
{
    struct jv_loop *l = jv_loop_new(JV_CLOCK_VIRTUAL);
    int64_t t0 = jv_loop_mono_ms(l);
    struct walker woken, twice, cancelled, late, early, past;

    start_walker(&woken, l, INT64_MAX);
    start_walker(&twice, l, t0 + far);
    start_walker(&cancelled, l, INT64_MAX);
    start_walker(&late, l, t0 + 250);
    start_walker(&early, l, INT64_MAX);
    start_walker(&past, l, t0 - 1);
    CHECK(!jv_fiber_self());
    CHECK_INT(jv_fiber_count(l), 6);
    jv_fiber_wake(early.f); /* before it waits: not lost */
    jv_loop_run_until(l, t0);
    CHECK_INT(early.result, JV_OK);
    CHECK_INT(past.result, JV_DEADLINE_EXCEEDED);
    CHECK_INT(jv_fiber_count(l), 4);
    jv_fiber_wake(woken.f);
    jv_fiber_wake(twice.f);
    jv_fiber_wake(twice.f);
    jv_fiber_cancel(cancelled.f);
    CHECK(!woken.ended); /* not at once */
    jv_loop_run_until(l, t0 + 1);
    CHECK_INT(woken.result, JV_OK);
    CHECK_INT(twice.result, JV_OK);
    CHECK_INT(cancelled.result, JV_CANCELLED);
    CHECK(!late.ended);
    jv_loop_run_until(l, t0 + 1000);
    CHECK_INT(late.result, JV_DEADLINE_EXCEEDED);
    CHECK_INT(late.ended_at, t0 + 250);
    CHECK_INT(jv_fiber_count(l), 0);
    jv_loop_free(l);
}

static void stubborn(void *arg)
{
    struct walker *w = arg;
    int64_t t0 = jv_loop_mono_ms(w->l);

    CHECK_INT(jv_fiber_wait(INT64_MAX), JV_CANCELLED);
    CHECK_INT(jv_fiber_wait(t0 + 1000), JV_CANCELLED); /* sticky, and at once */
    CHECK(jv_fiber_cancelled(w->f));
    CHECK_INT(jv_loop_mono_ms(w->l), t0);
    jv_fiber_uncancel(w->f);
    CHECK_INT(jv_fiber_wait(t0 + 10), JV_DEADLINE_EXCEEDED);
    CHECK_INT(jv_loop_mono_ms(w->l), t0 + 10);
    jv_fiber_wake(w->f); /* itself: the next wait returns at once, the one after does not */
    CHECK_INT(jv_fiber_wait(INT64_MAX), JV_OK);
    CHECK_INT(jv_fiber_wait(t0 + 20), JV_DEADLINE_EXCEEDED);
    w->ended = true;
}

TEST(cancel_is_sticky_until_taken_back)
{
    struct jv_loop *l = jv_loop_new(JV_CLOCK_VIRTUAL);
    struct walker w = { .l = l };

    w.f = jv_fiber_start(l, stubborn, &w);
    jv_loop_run_until(l, jv_loop_mono_ms(l));
    jv_fiber_cancel(w.f);
    jv_loop_run_until(l, jv_loop_mono_ms(l) + 100);
    CHECK(w.ended);
    jv_loop_free(l);
}

static void sleeper(void *arg)
{
    struct walker *w = arg;

    for (int i = 0; i < 3; i++) {
        CHECK_INT(jv_fiber_wait(jv_loop_mono_ms(w->l) + 100 + w->id % 7), JV_DEADLINE_EXCEEDED);
        w->steps++;
    }
}

TEST(a_thousand_fibers)
{
    struct jv_loop *l = jv_loop_new(JV_CLOCK_VIRTUAL);
    static struct walker w[1000];
    int64_t t0 = jv_loop_mono_ms(l);

    for (int i = 0; i < 1000; i++) {
        w[i] = (struct walker){ .l = l, .id = i };
        w[i].f = jv_fiber_start(l, sleeper, &w[i]);
    }
    jv_loop_run_until(l, t0 + 250);
    CHECK_INT(jv_fiber_count(l), 1000);
    jv_loop_run_until(l, t0 + 400);
    CHECK_INT(jv_fiber_count(l), 0);
    for (int i = 0; i < 1000; i++)
        CHECK_INT(w[i].steps, 3);
    jv_loop_free(l);
}

static size_t recurse(int depth)
{
    volatile char frame[4096];

    memset((char *)frame, depth, sizeof(frame));
    return depth ? recurse(depth - 1) + (size_t)frame[17] % 2 : (size_t)frame[1];
}

struct depth {
    int n;
    size_t before, after;
};

static void dive(void *arg)
{
    struct depth *d = arg;

    d->before = jv_fiber_stack_used();
    (void)recurse(d->n);
    d->after = jv_fiber_stack_used();
}

TEST(stacks)
{
    struct jv_loop *l = jv_loop_new(JV_CLOCK_VIRTUAL);
    struct depth shallow = { 0 }, deep = { .n = 20 };

    CHECK_INT(jv_fiber_stack_used(), 0); /* not in a fiber */
    jv_fiber_start(l, dive, &shallow);
    jv_loop_run_until(l, 0);
    CHECK(shallow.after >= 4096);
    for (int i = 0; i < 500; i++) {
        jv_fiber_start(l, dive, &deep);
        jv_loop_run_until(l, 0);
    }
    CHECK(deep.after >= 20 * 4096);
#ifndef JV_FIBER_THREAD
    CHECK(shallow.before < 20 * 4096);
    CHECK(deep.before >= 20 * 4096); /* what an earlier one touched: stacks are used again */
#endif
    jv_loop_free(l);
}

struct relay {
    struct jv_fiber *f[2];
    int hops, whose_turn;
};

static void hop(void *arg)
{
    struct relay *r = arg;
    int me = jv_fiber_self() == r->f[1];

    for (int i = 0; i < 1000; i++) {
        while (r->whose_turn != me)
            CHECK_INT(jv_fiber_wait(INT64_MAX), JV_OK);
        r->hops++;
        r->whose_turn = !me;
        if (me == 0 || i < 999) /* in the end the first one is gone */
            jv_fiber_wake(r->f[!me]);
    }
}

TEST(fibers_wake_each_other)
{
    struct jv_loop *l = jv_loop_new(JV_CLOCK_REAL);
    struct relay r = { .hops = 0 };

    r.f[0] = jv_fiber_start(l, hop, &r);
    r.f[1] = jv_fiber_start(l, hop, &r);
    jv_loop_run_until(l, 0);
    CHECK_INT(r.hops, 2000);
    CHECK_INT(jv_fiber_count(l), 0);
    jv_loop_free(l);
}

static void starter(void *arg)
{
    struct walker *w = arg;

    start_walker(w + 1, w->l, jv_loop_mono_ms(w->l) + 5);
    CHECK(!w[1].ended);
    CHECK_INT(jv_fiber_wait(jv_loop_mono_ms(w->l) + 50), JV_DEADLINE_EXCEEDED);
    CHECK(w[1].ended);
    w->ended = true;
}

TEST(fibers_start_fibers)
{
    struct jv_loop *l = jv_loop_new(JV_CLOCK_VIRTUAL);
    struct walker w[2] = { { .l = l } };

    w[0].f = jv_fiber_start(l, starter, w);
    jv_loop_run_until(l, jv_loop_mono_ms(l) + 100);
    CHECK(w[0].ended);
    jv_loop_free(l);
}

TEST_MAIN()
