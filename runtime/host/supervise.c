/* supervise.c -- the life of children, a fiber for each. */
#include "host/supervise.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jv/host.h"

enum {
    first_pause_ms = 100,
    last_pause_ms = 5000,
    settled_ms = 10000, /* after which the pause is short again */
    probe_ms = 10,
    stop_ms = 12500, /* an actor drains for 10 s and has one more for what it cancels */
};

struct jv_child {
    struct jv_supervisor *owner;
    struct jv_child_spec spec;
    const char *name;
    struct jv_fiber *fiber; /* NULL when its life is over */
    pid_t pid;              /* 0 while none runs */
    int status;
    int64_t log_from; /* where its log was when it began */
    struct jv_io ready_io;
    bool is_ready, was_ready, stopping, once, failed;
    struct jv_err why; /* it has failed */
    struct jv_child *next;
};

struct jv_supervisor {
    struct jv_loop *loop;
    struct jv_place *place;
    void (*on_change)(void *arg);
    void *arg;
    struct jv_io signals; /* SIGCHLD */
    struct jv_child *children;
    struct jv_fiber *waiting; /* the owner's, while it waits for a change */
};

static void changed(struct jv_supervisor *s)
{
    s->on_change(s->arg);
    if (s->waiting)
        jv_fiber_wake(s->waiting);
}

/* ---- ends and beginnings --------------------------------------------------------------------- */

static void close_ready(struct jv_child *c)
{
    if (c->ready_io.fd < 0)
        return;
    jv_loop_io_del(c->owner->loop, &c->ready_io);
    close(c->ready_io.fd);
    c->ready_io.fd = -1;
}

static void ended(struct jv_child *c, int status)
{
    c->pid = 0;
    c->status = status;
    c->is_ready = false;
    close_ready(c);
    if (c->fiber)
        jv_fiber_wake(c->fiber);
    changed(c->owner);
}

static void on_sigchld(struct jv_io *io, unsigned events)
{
    struct jv_supervisor *s = io->arg;
    struct signalfd_siginfo info;
    int status;
    pid_t pid;

    (void)events;
    while (read(io->fd, &info, sizeof(info)) > 0)
        ;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (struct jv_child *c = s->children; c; c = c->next)
            if (c->pid == pid) {
                ended(c, status);
                break;
            }
}

static void now_ready(struct jv_child *c)
{
    c->is_ready = c->was_ready = true;
    changed(c->owner);
}

static void on_ready_line(struct jv_io *io, unsigned events)
{
    struct jv_child *c = io->arg;
    char text[16];
    ssize_t n = read(io->fd, text, sizeof(text));

    (void)events;
    close_ready(c);
    if (n > 0)
        now_ready(c);
}

static int begin(struct jv_child *c)
{
    struct jv_supervisor *s = c->owner;
    int ready, r;

    c->log_from = jv_place_log_size(s->place, c->name);
    r = jv_process_start(s->place, &c->spec.process, &c->pid, &ready, &c->why);
    if (r)
        return r;
    c->ready_io = (struct jv_io){ .fd = ready, .events = EPOLLIN, .fn = on_ready_line, .arg = c };
    if (ready >= 0 && jv_loop_io_add(s->loop, &c->ready_io))
        abort();
    changed(s);
    return JV_OK;
}

/* ---- a life ---------------------------------------------------------------------------------- */

/* Until it has ended, asking those that must be asked whether they are ready. */
static void live(struct jv_child *c)
{
    while (c->pid) {
        bool ask = c->spec.probe && !c->is_ready;
        int64_t until = ask ? jv_loop_mono_ms(c->owner->loop) + probe_ms : INT64_MAX;

        if (ask && c->spec.probe(c->spec.arg, c->pid)) {
            now_ready(c);
            continue;
        }
        (void)jv_fiber_wait(until);
    }
}

/* How and, as far as its log tells, why. */
static const char *end_of(const struct jv_child *c, struct jv_arena *a, bool with_why)
{
    const char *last =
            with_why ? jv_place_last_words(c->owner->place, a, c->name, c->log_from) : "";

    return jv_arena_printf(a, "(%s)%s%s", jv_process_end(a, c->status), *last ? ": " : "", last);
}

static void fail(struct jv_child *c)
{
    struct jv_arena *a = jv_arena_new(0);

    c->failed = true;
    jv_err_set(&c->why, JV_FAILED_PRECONDITION, "%s %s %s", c->name,
               c->once ? "failed" : "did not start", end_of(c, a, true));
    jv_arena_free(a);
}

static bool is_config_error(const struct jv_child *c)
{
    return WIFEXITED(c->status) && WEXITSTATUS(c->status) == JV_EXIT_CONFIG;
}

static void report(const struct jv_child *c)
{
    struct jv_arena *a = jv_arena_new(0);

    fprintf(stderr, "jarvis: %s has ended %s; starting it again\n", c->name,
            end_of(c, a, is_config_error(c)));
    jv_arena_free(a);
}

static void pause_for(struct jv_child *c, uint32_t ms)
{
    int64_t until = jv_loop_mono_ms(c->owner->loop) + ms;

    while (!c->stopping && jv_fiber_wait(until) != JV_DEADLINE_EXCEEDED)
        ;
}

static void run_again_and_again(struct jv_child *c)
{
    uint32_t pause = first_pause_ms;

    while (!c->stopping) {
        int64_t began = jv_loop_mono_ms(c->owner->loop);

        if (begin(c)) {
            c->failed = !c->was_ready;
        } else {
            live(c);
            if (c->stopping)
                return;
            if (!c->was_ready)
                fail(c);
            else
                report(c);
        }
        if (c->failed)
            return;
        if (jv_loop_mono_ms(c->owner->loop) - began >= settled_ms)
            pause = first_pause_ms;
        pause_for(c, pause);
        pause = 2 * pause < last_pause_ms ? 2 * pause : last_pause_ms;
    }
}

static void life(void *arg)
{
    struct jv_child *c = arg;

    if (!c->once)
        run_again_and_again(c);
    else if (begin(c))
        c->failed = true;
    else
        live(c);
    if (c->once && !c->failed && c->status && !c->stopping)
        fail(c);
    c->fiber = NULL;
    changed(c->owner);
}

/* ---- for the owner --------------------------------------------------------------------------- */

struct jv_supervisor *jv_supervisor_new(struct jv_loop *l, struct jv_place *place,
                                        void (*on_change)(void *arg), void *arg)
{
    struct jv_supervisor *s = JV_NEW(place->arena, struct jv_supervisor);
    sigset_t set;

    *s = (struct jv_supervisor){ .loop = l, .place = place, .on_change = on_change, .arg = arg };
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    s->signals = (struct jv_io){ .fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC),
                                 .events = EPOLLIN,
                                 .fn = on_sigchld,
                                 .arg = s };
    if (s->signals.fd < 0 || jv_loop_io_add(l, &s->signals))
        abort();
    return s;
}

struct jv_supervisor *jv_supervisor_free(struct jv_supervisor *s)
{
    jv_loop_io_del(s->loop, &s->signals);
    close(s->signals.fd);
    return NULL; /* the rest is the place's arena */
}

static struct jv_child *add(struct jv_supervisor *s, const struct jv_child_spec *spec, bool once)
{
    struct jv_child *c = JV_NEW(s->place->arena, struct jv_child), **end = &s->children;

    c->owner = s;
    c->spec = *spec;
    c->name = spec->process.name;
    c->once = once;
    c->ready_io.fd = -1;
    while (*end)
        end = &(*end)->next;
    *end = c;
    c->fiber = jv_fiber_start(s->loop, life, c);
    return c;
}

struct jv_child *jv_supervisor_add(struct jv_supervisor *s, const struct jv_child_spec *spec)
{
    return add(s, spec, false);
}

static int wait_change(struct jv_supervisor *s, int64_t until)
{
    int r;

    s->waiting = jv_fiber_self();
    r = jv_fiber_wait(until);
    s->waiting = NULL;
    return r;
}

/* The first child that is not there yet or, better, that has failed. */
static const struct jv_child *lacking(const struct jv_supervisor *s)
{
    const struct jv_child *found = NULL;

    for (const struct jv_child *c = s->children; c; c = c->next) {
        if (c->failed)
            return c;
        if (!found && !c->once && !c->is_ready)
            found = c;
    }
    return found;
}

int jv_supervisor_ready(struct jv_supervisor *s, int64_t ms, struct jv_err *err)
{
    int64_t until = jv_loop_mono_ms(s->loop) + ms;
    const struct jv_child *c;

    while ((c = lacking(s))) {
        int r = c->failed ? JV_OK : wait_change(s, until);

        if (c->failed) {
            *err = c->why;
            return JV_FAILED_PRECONDITION;
        }
        if (r == JV_CANCELLED)
            return jv_err_set(err, r, "stopped");
        if (r == JV_DEADLINE_EXCEEDED) {
            const char *last = jv_place_last_words(s->place, s->place->arena, c->name, c->log_from);

            return jv_err_set(err, JV_FAILED_PRECONDITION, "%s is not ready after %d s%s%s",
                              c->name, (int)(ms / 1000), *last ? ": " : "", last);
        }
    }
    return JV_OK;
}

static void forget(struct jv_supervisor *s, struct jv_child *c)
{
    struct jv_child **at = &s->children;

    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
}

static void send_signal(const struct jv_child *c, int sig)
{
    if (c->pid)
        kill(sig == SIGKILL ? -c->pid : c->pid, sig);
}

static void ask_to_end(struct jv_child *c)
{
    c->stopping = true;
    send_signal(c, c->spec.stop_signal ? c->spec.stop_signal : SIGTERM);
    if (c->fiber)
        jv_fiber_wake(c->fiber);
}

/* Wait for the end of those that were asked; what does not come is made to. */
static void wait_for_ends(struct jv_supervisor *s)
{
    struct jv_fiber *self = jv_fiber_self();
    int64_t until = jv_loop_mono_ms(s->loop) + stop_ms;
    bool was_cancelled = jv_fiber_cancelled(self);
    int r;

    jv_fiber_uncancel(self);
    for (int asked = 0;;) {
        const struct jv_child *c = s->children;

        while (c && !(c->stopping && c->fiber))
            c = c->next;
        if (!c)
            break;
        r = wait_change(s, until);
        if (r == JV_CANCELLED) { /* a second Ctrl-C: we are ending already */
            was_cancelled = true;
            jv_fiber_uncancel(self);
        }
        if (r != JV_DEADLINE_EXCEEDED)
            continue;
        until += stop_ms;
        asked++;
        for (c = s->children; c; c = c->next)
            if (c->stopping && c->fiber)
                send_signal(c, asked == 1 && c->spec.last_signal ? c->spec.last_signal : SIGKILL);
    }
    if (was_cancelled)
        jv_fiber_cancel(self);
}

int jv_supervisor_run(struct jv_supervisor *s, const struct jv_process *p, int64_t ms,
                      struct jv_err *err)
{
    const struct jv_child_spec spec = { .process = *p };
    struct jv_child *c = add(s, &spec, true);
    int64_t until = jv_loop_mono_ms(s->loop) + ms;
    int r = JV_OK;

    while (c->fiber && !r)
        r = wait_change(s, until);
    if (r) {
        ask_to_end(c);
        wait_for_ends(s);
        jv_err_set(err, r, "%s %s", c->name,
                   r == JV_CANCELLED ? "was stopped" : "took too long and was stopped");
    } else if (c->failed) { /* its own words say enough */
        *err = c->why;
        r = err->code;
    }
    forget(s, c);
    return r;
}

void jv_supervisor_stop(struct jv_supervisor *s, const char *const *names)
{
    for (struct jv_child *c = s->children; c; c = c->next)
        for (const char *const *n = names; *n; n++)
            if (strcmp(c->name, *n) == 0)
                ask_to_end(c);
    wait_for_ends(s);
}

void jv_supervisor_stop_all(struct jv_supervisor *s)
{
    for (struct jv_child *c = s->children; c; c = c->next)
        ask_to_end(c);
    wait_for_ends(s);
}

bool jv_supervisor_get(const struct jv_supervisor *s, size_t n, const char **ret_name,
                       pid_t *ret_pid)
{
    for (const struct jv_child *c = s->children; c; c = c->next) {
        if (!c->pid || c->once || n--)
            continue;
        *ret_name = c->name;
        *ret_pid = c->pid;
        return true;
    }
    return false;
}
