/* bus_link.c -- a mailbox with an eventfd, and sockets that other threads close. */
#include "io/bus_link.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_PUMPED = 8, PUMP_MS = 2, RECORD_HEAD = 5 };

/* ---- whole records ------------------------------------------------------------------------ */

static void set_low(struct jv_link *l, int low)
{
    if (l->low != low)
        setsockopt(l->io.fd, SOL_SOCKET, SO_RCVLOWAT, &low, sizeof(low));
    l->low = low;
}

/* Woken again before the rest is there: nothing more comes, and the reader shall find out. */
static bool has_record(struct jv_link *l)
{
    unsigned char head[RECORD_HEAD];
    ssize_t n = recv(l->io.fd, head, sizeof(head), MSG_PEEK | MSG_DONTWAIT);
    int have = 0, need = RECORD_HEAD;

    if (n == RECORD_HEAD)
        need += head[3] << 8 | head[4];
    if (n <= 0 || ioctl(l->io.fd, FIONREAD, &have) || have >= need || l->low == need) {
        set_low(l, 1);
        return true;
    }
    set_low(l, need);
    return false;
}

/* ---- links ------------------------------------------------------------------------------- */

static void on_socket(struct jv_io *io, unsigned events)
{
    struct jv_link *l = io->arg;
    bool out = (events & EPOLLOUT) && atomic_load(&l->wants_out);
    bool in = events & ~(unsigned)EPOLLOUT;

    if (atomic_load(&l->dead))
        return;
    if (in && l->tls)
        in = has_record(l);
    if (in || out)
        l->fn(l->arg, out, in);
}

struct jv_link *jv_link_new(struct jv_mailbox *m, int fd, bool tls,
                            void (*fn)(void *arg, bool out, bool in), void *arg)
{
    const int silent = JV_LINK_SILENT_MS;
    struct jv_link *l = calloc(1, sizeof(*l));

    if (!l)
        abort();
    *l = (struct jv_link){ .io = { .events = EPOLLIN, .fn = on_socket, .arg = l },
                           .box = m,
                           .fn = fn,
                           .arg = arg,
                           .tls = tls,
                           .low = 1 };
    l->io.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (tls)
        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silent, sizeof(silent));
    if (l->io.fd < 0 || jv_loop_io_add(m->loop, &l->io)) {
        if (l->io.fd >= 0)
            close(l->io.fd);
        free(l);
        return NULL;
    }
    pthread_mutex_lock(&m->lock);
    l->next = m->alive;
    m->alive = l;
    pthread_mutex_unlock(&m->lock);
    return l;
}

void jv_link_want_out(struct jv_link *l, bool want)
{
    atomic_store(&l->wants_out, want);
    jv_loop_io_mod(l->box->loop, &l->io, EPOLLIN | (want ? (unsigned)EPOLLOUT : 0));
}

void jv_link_retire(struct jv_link *l)
{
    struct jv_link **at = &l->box->alive;

    atomic_store(&l->dead, true);
    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    l->next = l->box->dead;
    l->box->dead = l;
    jv_mailbox_wake(l->box);
}

static void bury(struct jv_mailbox *m, struct jv_link *l)
{
    while (l) {
        struct jv_link *next = l->next;

        jv_loop_io_del(m->loop, &l->io);
        close(l->io.fd);
        free(l);
        l = next;
    }
}

/* ---- the mailbox ------------------------------------------------------------------------- */

void jv_mailbox_wake(struct jv_mailbox *m)
{
    const uint64_t one = 1;

    if (!m->woken && write(m->io.fd, &one, sizeof(one)) > 0)
        m->woken = true;
}

static void on_wake(struct jv_io *io, unsigned events)
{
    struct jv_mailbox *m = io->arg;
    struct jv_link *dead;
    uint64_t n;

    (void)events;
    pthread_mutex_lock(&m->lock);
    if (read(m->io.fd, &n, sizeof(n)) > 0)
        m->woken = false;
    dead = m->dead;
    m->dead = NULL;
    pthread_mutex_unlock(&m->lock);
    bury(m, dead);
    m->on_mail(m->arg);
}

int jv_mailbox_init(struct jv_mailbox *m, struct jv_loop *l, void (*on_mail)(void *), void *arg)
{
    pthread_condattr_t monotonic;

    *m = (struct jv_mailbox){ .loop = l, .on_mail = on_mail, .arg = arg };
    m->io = (struct jv_io){
        .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .events = EPOLLIN, .fn = on_wake, .arg = m
    };
    if (m->io.fd < 0)
        return JV_RESOURCE_EXHAUSTED;
    pthread_mutex_init(&m->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&m->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return jv_loop_io_add(l, &m->io);
}

void jv_mailbox_done(struct jv_mailbox *m)
{
    bury(m, m->alive);
    bury(m, m->dead);
    jv_loop_io_del(m->loop, &m->io);
    close(m->io.fd);
    pthread_cond_destroy(&m->changed);
    pthread_mutex_destroy(&m->lock);
}

bool jv_mailbox_wait(struct jv_mailbox *m, int ms)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    return pthread_cond_timedwait(&m->changed, &m->lock, &until) == 0;
}

static void pump_once(struct jv_mailbox *m)
{
    struct pollfd fds[MAX_PUMPED];
    struct jv_link *links[MAX_PUMPED];
    nfds_t n = 0;

    pthread_mutex_lock(&m->lock);
    for (struct jv_link *l = m->alive; l && n < MAX_PUMPED; l = l->next, n++) {
        links[n] = l;
        fds[n] = (struct pollfd){ l->io.fd, POLLIN, 0 };
        if (atomic_load(&l->wants_out))
            fds[n].events |= POLLOUT;
    }
    pthread_mutex_unlock(&m->lock);
    if (poll(fds, n, PUMP_MS) <= 0)
        return;
    for (nfds_t i = 0; i < n; i++)
        if (fds[i].revents)
            on_socket(&links[i]->io, (unsigned)fds[i].revents);
}

void jv_mailbox_pump(struct jv_mailbox *m, const atomic_bool *done, int64_t until)
{
    while (!atomic_load(done) && jv_loop_mono_ms(m->loop) < until)
        pump_once(m);
}
