/* run.c -- one actor as a process: settings, connections, init, ready, messages, drain. */
#include "actor/engine.h"
#include "actor/health.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/settings.h"
#include "jv/host.h"

enum {
    CONNECT_MS = 30000,
    TOKEN_CACHE = 4096,
    WATCH_MS = 250,
    SLOW_SLICE_MS = 500,
    STUCK_SLICE_MS = 5000,
    TRIM_MS = 10000,
};

struct process {
    const struct jv_actor *actor;
    struct jv_common common;
    struct jv_loop *loop;
    struct jv_bus *bus;
    struct jv_pg *pg;
    struct jv_identity *identity;
    struct jv_node *node;
    void *state;
    struct jv_io signals;
    struct jv_health *health; /* NULL: nobody asks */
    atomic_bool over;
    int code;
};

/* ---- watchdog: a handler that does not give the loop back; memory that a rush has left ------- */

static void *watch(void *arg)
{
    struct process *p = arg;
    const struct timespec pause = { 0, WATCH_MS * 1000000L };
    int waited = 0;

    while (!atomic_load(&p->over)) {
        int64_t slice = jv_loop_slice_ms(p->loop);
        const char *what = atomic_load(&p->node->running);

        if (slice > STUCK_SLICE_MS) {
            jv_logf(JV_LOG_ERROR, "stuck in %s for %lld ms, aborting", what ? what : "the loop",
                    (long long)slice);
            abort();
        }
        if (slice > SLOW_SLICE_MS)
            jv_logf(JV_LOG_WARN, "%s has held the loop for %lld ms", what ? what : "something",
                    (long long)slice);
        nanosleep(&pause, NULL);
        waited += WATCH_MS;
        if (waited < TRIM_MS)
            continue;
        malloc_trim(0);
        waited = 0;
    }
    return NULL;
}

/* ---- signals -------------------------------------------------------------------------------- */

static void drained(void *arg)
{
    struct process *p = arg;

    jv_loop_stop(p->loop);
}

static void on_signal(struct jv_io *io, unsigned events)
{
    struct process *p = io->arg;
    struct signalfd_siginfo info;

    (void)events;
    if (read(io->fd, &info, sizeof(info)) != sizeof(info))
        return;
    jv_logf(JV_LOG_INFO, "%s: draining", strsignal((int)info.ssi_signo));
    if (p->node->ready)
        jv_node_drain(p->node, drained, p);
    else
        jv_loop_stop(p->loop);
}

static sigset_t stop_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

/* Before the first thread is made, libraries' too: a thread that does not block them would die of
 * them, and the process with it. */
static void block_signals(void)
{
    sigset_t set = stop_signals();

    signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void watch_signals(struct process *p)
{
    sigset_t set = stop_signals();

    p->signals = (struct jv_io){ .fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC),
                                 .events = EPOLLIN,
                                 .fn = on_signal,
                                 .arg = p };
    jv_loop_io_add(p->loop, &p->signals);
}

/* ---- health --------------------------------------------------------------------------------- */

static const char *how_it_is(const void *arg)
{
    const struct process *p = arg;

    if (p->node && p->node->draining)
        return "draining";
    if (p->bus && !jv_bus_connected(p->bus))
        return "bus lost";
    if (!p->node || !p->node->ready)
        return "starting";
    return p->pg && jv_pg_is_down(p->pg) ? "database lost" : "ready";
}

static int listen_for_health(struct process *p, struct jv_err *err)
{
    const char *path = p->common.health;

    if (!path[0])
        return JV_OK;
    p->health = jv_health_new(p->loop, path, how_it_is, p, err);
    return p->health ? JV_OK : err->code;
}

/* ---- connections ---------------------------------------------------------------------------- */

/* Revocations may have been missed while the bus was away: ask again before the next token. */
static void on_bus_state(void *arg, bool connected, const char *why)
{
    struct process *p = arg;

    jv_logf(connected ? JV_LOG_INFO : JV_LOG_WARN, "bus %s%s%s", connected ? "connected" : "lost",
            why && why[0] ? ": " : "", why ? why : "");
    if (!p->node)
        return;
    p->node->keys_fresh = false;
    if (!connected)
        jv_slots_lose(p->node->slots);
}

/* In one line, and as the other lines of this process where they are JSON. */
static int say_wrong(const struct process *p, const struct jv_err *err)
{
    if (p->common.log_json) {
        jv_log_init(p->actor->name, JV_LOG_INFO, true);
        jv_logf(JV_LOG_ERROR, "%s", err->text);
    } else {
        fprintf(stderr, "jarvis: %s\n", err->text);
    }
    return JV_EXIT_CONFIG;
}

static int configure(struct process *p, struct jv_err *err)
{
    const struct jv_actor *actor = p->actor;
    enum jv_level level;
    int r = jv_common_load(&p->common, err);

    if (r || (r = jv_log_parse(p->common.log_level, &level)))
        return r;
    jv_log_init(actor->name, level, p->common.log_json);
    r = jv_common_creds(&p->common, actor->name, err);
    p->state = calloc(1, actor->state_size + 1);
    if (!p->state)
        abort();
    if (!r && actor->settings)
        r = jv_settings_load(actor->settings, p->state, err);
    if (!r && (actor->needs & JV_NEEDS_DB))
        r = jv_pg_url_check("DATABASE_URL", p->common.database_url, err);
    if (!r && actor->check)
        r = actor->check(p->state, err);
    return r;
}

static int freeze(struct process *p, struct jv_err *err)
{
    int64_t s;
    int32_t ns;

    if (!p->common.clock[0])
        return JV_OK;
    if (jv_time_parse(p->common.clock, &s, &ns))
        return jv_err_set(err, JV_INVALID_ARGUMENT, "JARVIS_CLOCK: not an RFC 3339 instant: %s",
                          p->common.clock);
    jv_loop_freeze_wall(p->loop, s * 1000 + ns / 1000000);
    return JV_OK;
}

static int connect_all(struct process *p, struct jv_err *err)
{
    struct jv_bus_options o = { .url = p->common.nats_url,
                                .creds = p->common.nats_creds,
                                .ca = p->common.nats_ca,
                                .name = p->actor->name,
                                .on_state = on_bus_state,
                                .arg = p };
    struct jv_node_options n = { .loop = p->loop, .prefix = p->common.prefix, .state = p->state };

    p->bus = jv_bus_nats(p->loop, &o, CONNECT_MS, err);
    if (!p->bus)
        return JV_UNAVAILABLE;
    if (p->actor->needs & JV_NEEDS_DB)
        p->pg = jv_pg_new(p->loop, p->common.database_url, p->actor->name, JV_PG_POOL);
    p->identity = jv_identity_new(TOKEN_CACHE);
    n.bus = p->bus;
    n.pg = p->pg;
    n.identity = p->identity;
    p->node = jv_node_new(p->actor, &n, err);
    return p->node ? JV_OK : JV_INTERNAL;
}

static void on_ready(void *arg, int code, const struct jv_err *err)
{
    struct process *p = arg;

    if (code) {
        jv_logf(JV_LOG_ERROR, "cannot start: %s", err->text);
        fprintf(stderr, "jarvis: %s cannot start: %s\n", p->actor->name, err->text);
        p->code = 1;
        jv_loop_stop(p->loop);
        return;
    }
    jv_logf(JV_LOG_INFO, "ready, instance %s", p->node->instance);
    jv_say_ready();
}

static void serve(struct process *p)
{
    pthread_t watcher;

    watch_signals(p);
    jv_node_start(p->node, on_ready, p);
    if (pthread_create(&watcher, NULL, watch, p))
        abort();
    jv_loop_run(p->loop);
    atomic_store(&p->over, true);
    pthread_join(watcher, NULL);
    jv_loop_io_del(p->loop, &p->signals);
    close(p->signals.fd);
}

static void disconnect(struct process *p)
{
    if (jv_fiber_count(p->loop)) { /* cut off: it still has its stack in all this */
        jv_health_free(p->health);
        jv_bus_free(p->bus);
        _exit(p->code);
    }
    if (p->node && p->actor->fini)
        p->actor->fini(p->state);
    jv_node_free(p->node);
    p->bus = p->bus ? jv_bus_free(p->bus) : NULL;
    jv_pg_free(p->pg);
    jv_identity_free(p->identity);
    jv_health_free(p->health);
    jv_loop_free(p->loop);
    free(p->state);
}

int jv_run_actor(const struct jv_actor *actor)
{
    struct process p = { .actor = actor };
    struct jv_err err = { 0 };

    block_signals();
    if (configure(&p, &err)) {
        free(p.state);
        return say_wrong(&p, &err);
    }
    p.loop = jv_loop_new(JV_CLOCK_REAL);
    if (freeze(&p, &err) || listen_for_health(&p, &err)) {
        disconnect(&p);
        return say_wrong(&p, &err);
    }
    if (connect_all(&p, &err)) {
        fprintf(stderr, "jarvis: %s: %s\n", actor->name, err.text);
        jv_logf(JV_LOG_ERROR, "%s", err.text);
        p.code = err.code == JV_INTERNAL || err.code == JV_INVALID_ARGUMENT ? JV_EXIT_CONFIG : 1;
    } else {
        serve(&p);
    }
    disconnect(&p);
    return p.code;
}
