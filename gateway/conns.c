/* conns.c -- the open connections, and the two libc functions through which we meet civetweb. */
#include "conns.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/filter.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

enum {
    MAX_LISTENERS = 4,
    OVER_MS = 1000,   /* for a connection above the cap to send the request that we refuse */
    LINGER_MS = 1000, /* for the rest of a refused body */
    WORKER_STACK = 512 << 10,
};

/* Each holds what those before it hold. */
enum stage { OPEN, LEAVING, DRAINING };

struct conns {
    pthread_mutex_t lock;
    pthread_cond_t none_open;
    size_t cap, open;
    int64_t head_ms;
    struct conn *oldest, *newest; /* idle */
    atomic_int stage;
    int64_t idle_ms; /* how long an idle one is kept while draining */
    int listeners[MAX_LISTENERS];
    size_t n_listeners;
};

static _Thread_local struct conn *own;         /* the connection that this thread serves */
static _Thread_local struct conns *accept_for; /* this thread accepts for them */

int64_t gw_mono_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct conns *conns_new(size_t cap, int64_t head_ms)
{
    struct conns *all = calloc(1, sizeof(*all));
    pthread_condattr_t attr;

    if (!all)
        abort();
    pthread_mutex_init(&all->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&all->none_open, &attr);
    pthread_condattr_destroy(&attr);
    all->cap = cap;
    all->head_ms = head_ms;
    return all;
}

struct conns *conns_free(struct conns *all)
{
    if (!all)
        return NULL;
    pthread_cond_destroy(&all->none_open);
    pthread_mutex_destroy(&all->lock);
    free(all);
    return NULL;
}

/* poll() without our hook in it. */
static int plain_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
    struct timespec t = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };

    return ppoll(fds, n, timeout_ms < 0 ? NULL : &t, NULL);
}

/* ---- stacks --------------------------------------------------------------------------------- */

/* Of a thread that waits, all that earlier requests have touched below here. It would be kept for
 * each of a thousand threads, most of which wait. */
__attribute__((noinline)) static void give_stack_back(void)
{
    static _Thread_local char *low;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE); /* 4, 16 or 64 KB */
    char *here = __builtin_frame_address(0);
    char *end = here - (uintptr_t)here % page - page; /* the calls that follow stand there */
    pthread_attr_t attr;
    void *start = NULL;
    size_t size;

    if (!low && pthread_getattr_np(pthread_self(), &attr) == 0) {
        pthread_attr_getstack(&attr, &start, &size);
        pthread_attr_destroy(&attr);
        low = start;
    }
    if (low && end > low)
        madvise(low, (size_t)(end - low), MADV_DONTNEED);
}

/* ---- the list of idle ones; under the lock -------------------------------------------------- */

static void list_remove(struct conns *all, struct conn *c)
{
    if (!c->idle)
        return;
    *(c->prev ? &c->prev->next : &all->oldest) = c->next;
    *(c->next ? &c->next->prev : &all->newest) = c->prev;
    c->prev = c->next = NULL;
    c->idle = false;
}

static void list_append(struct conns *all, struct conn *c)
{
    list_remove(all, c);
    c->prev = all->newest;
    *(all->newest ? &all->newest->next : &all->oldest) = c;
    all->newest = c;
    c->idle = true;
    c->idle_ms = gw_mono_ms();
}

/* One that became idle just now, while draining. */
static bool is_to_go(const struct conns *all, const struct conn *c)
{
    return c->idle && all->stage == DRAINING && all->idle_ms == 0;
}

/* Its thread sees the end of the input and closes. A request that is already in the socket is
 * still read and answered: only our reading side is shut. */
static bool let_go_oldest(struct conns *all)
{
    struct conn *c = all->oldest;

    if (!c)
        return false;
    list_remove(all, c);
    c->leaving = true;
    shutdown(c->fd, SHUT_RD);
    return true;
}

/* ---- life of a connection ------------------------------------------------------------------- */

struct conn *conn_new(struct conns *all)
{
    struct conn *c = calloc(1, sizeof(*c));

    if (!c)
        abort();
    c->all = all;
    c->fd = -1;
    pthread_mutex_lock(&all->lock);
    all->open++;
    c->over = all->open > all->cap && !let_go_oldest(all);
    pthread_mutex_unlock(&all->lock);
    if (c->over)
        c->until_ms = gw_mono_ms() + OVER_MS;
    own = c;
    return c;
}

void conn_free(struct conn *c)
{
    struct conns *all;

    if (!c)
        return;
    all = c->all;
    own = NULL;
    pthread_mutex_lock(&all->lock);
    list_remove(all, c);
    if (--all->open == 0)
        pthread_cond_broadcast(&all->none_open);
    pthread_mutex_unlock(&all->lock);
    free(c);
    give_stack_back();
}

void conn_busy(struct conn *c)
{
    pthread_mutex_lock(&c->all->lock);
    list_remove(c->all, c);
    pthread_mutex_unlock(&c->all->lock);
    c->until_ms = 0;
    c->timed_out = false;
}

void conn_idle(struct conn *c)
{
    c->until_ms = 0;
    pthread_mutex_lock(&c->all->lock);
    if (c->fd >= 0)
        list_append(c->all, c);
    if (is_to_go(c->all, c))
        let_go_oldest(c->all);
    pthread_mutex_unlock(&c->all->lock);
}

void conn_read_within(struct conn *c, int64_t ms)
{
    c->until_ms = gw_mono_ms() + ms;
}

bool conn_gone(const struct conn *c)
{
    char byte;
    ssize_t n = recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

void conn_linger(struct conn *c)
{
    int64_t until = gw_mono_ms() + LINGER_MS, left;
    struct pollfd p = { .fd = c->fd, .events = POLLIN };
    char sink[4096];

    c->closing = true;
    if (c->fd < 0)
        return;
    shutdown(c->fd, SHUT_WR);
    while ((left = until - gw_mono_ms()) > 0 && plain_poll(&p, 1, (int)left) > 0)
        if (recv(c->fd, sink, sizeof(sink), MSG_DONTWAIT) <= 0)
            return;
}

/* ---- all of them ---------------------------------------------------------------------------- */

void conns_accept_here(struct conns *all)
{
    accept_for = all;
}

void conns_leave(struct conns *all)
{
    all->stage = LEAVING;
}

bool conns_leaving(const struct conns *all)
{
    return all->stage >= LEAVING;
}

/* A filter of the socket sees the TCP header first: what has the bit SYN is dropped, and whoever
 * sent it asks again in a second. Handshakes that have begun come to their end. */
void conns_hold_new(struct conns *all)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x02, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
    };
    const struct sock_fprog program = { JV_COUNT(code), code };

    pthread_mutex_lock(&all->lock);
    for (size_t i = 0; i < all->n_listeners; i++)
        if (setsockopt(all->listeners[i], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)))
            jv_logf(JV_LOG_WARN, "new connections cannot be held off; some may be reset: %s",
                    strerror(errno));
    pthread_mutex_unlock(&all->lock);
}

void conns_drain(struct conns *all, int64_t idle_ms)
{
    pthread_mutex_lock(&all->lock);
    all->idle_ms = idle_ms;
    all->stage = DRAINING;
    for (size_t i = 0; i < all->n_listeners; i++)
        shutdown(all->listeners[i], SHUT_RDWR);
    pthread_mutex_unlock(&all->lock);
    conns_let_go(all);
}

bool conns_draining(const struct conns *all)
{
    return all->stage == DRAINING;
}

void conns_let_go(struct conns *all)
{
    pthread_mutex_lock(&all->lock);
    while (all->oldest && gw_mono_ms() - all->oldest->idle_ms >= all->idle_ms)
        let_go_oldest(all);
    pthread_mutex_unlock(&all->lock);
}

bool conns_wait(struct conns *all, int64_t ms)
{
    struct timespec until;
    int r = 0;
    bool none;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&all->lock);
    while (all->open > 0 && r == 0)
        r = pthread_cond_timedwait(&all->none_open, &all->lock, &until);
    none = all->open == 0;
    pthread_mutex_unlock(&all->lock);
    return none;
}

size_t conns_open(struct conns *all)
{
    size_t n;

    pthread_mutex_lock(&all->lock);
    n = all->open;
    pthread_mutex_unlock(&all->lock);
    return n;
}

size_t conns_cap(const struct conns *all)
{
    return all->cap;
}

/* ---- where civetweb waits ------------------------------------------------------------------- */

/* The thread that accepts: learn its sockets; once draining, they only ever report an error. */
static int poll_listeners(struct conns *all, struct pollfd *fds, nfds_t n, int timeout_ms)
{
    if (all->stage == DRAINING)
        return plain_poll(NULL, 0, timeout_ms < 20 ? timeout_ms : 20);
    pthread_mutex_lock(&all->lock);
    all->n_listeners = n < MAX_LISTENERS ? n : MAX_LISTENERS;
    for (size_t i = 0; i < all->n_listeners; i++)
        all->listeners[i] = fds[i].fd;
    pthread_mutex_unlock(&all->lock);
    return plain_poll(fds, n, timeout_ms);
}

static void learn_socket(struct conn *c, int fd)
{
    pthread_mutex_lock(&c->all->lock);
    c->fd = fd;
    if (!c->over)
        list_append(c->all, c);
    if (is_to_go(c->all, c))
        let_go_oldest(c->all);
    pthread_mutex_unlock(&c->all->lock);
}

static int late(struct conn *c)
{
    c->timed_out = true;
    errno = ETIMEDOUT;
    return -1;
}

/* The thread of a connection waits for its peer: within the deadline, which begins with the first
 * byte of a request. */
static int poll_conn(struct conn *c, struct pollfd *fds, int timeout_ms)
{
    int64_t left;
    int r;

    if (c->fd < 0)
        learn_socket(c, fds->fd);
    if (!c->until_ms) {
        r = plain_poll(fds, 1, timeout_ms); /* by two seconds at most */
        if (r > 0)
            c->until_ms = gw_mono_ms() + c->all->head_ms;
        if (r == 0 && !c->rests)
            give_stack_back();
        c->rests = r == 0;
        return r;
    }
    left = c->until_ms - gw_mono_ms();
    if (left <= 0)
        return late(c);
    r = plain_poll(fds, 1, timeout_ms >= 0 && timeout_ms < left ? timeout_ms : (int)left);
    return r == 0 && gw_mono_ms() >= c->until_ms ? late(c) : r;
}

/* Does the thread's connection wait for its peer? */
static bool is_own_wait(const struct pollfd *fds, nfds_t n)
{
    return own && n == 1 && (fds->events & POLLIN) && (own->fd < 0 || own->fd == fds->fd);
}

/* Instead of libc's poll(): civetweb waits for every byte through it. Other libraries' calls pass.
 * (Another name in C, as libc declares poll() to read nothing of fds.) */
JV_EXPORT int hooked_poll(struct pollfd *fds, nfds_t n, int timeout_ms) __asm__("poll");
int hooked_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
    if (accept_for)
        return poll_listeners(accept_for, fds, n, timeout_ms);
    if (is_own_wait(fds, n))
        return poll_conn(own, fds, timeout_ms);
    return plain_poll(fds, n, timeout_ms);
}

/* Instead of libc's: civetweb's fixed 100 KB are too few for parsers; untouched pages cost nothing.
 */
JV_EXPORT int pthread_attr_setstacksize(pthread_attr_t *attr, size_t size)
{
    int (*next)(pthread_attr_t *, size_t);

    *(void **)&next = dlsym(RTLD_NEXT, "pthread_attr_setstacksize");
    return next(attr, size < WORKER_STACK ? WORKER_STACK : size);
}
