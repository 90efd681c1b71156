/* bus_link.h -- where a library with threads of its own meets the loop: a mailbox and its sockets.
 *
 * The mailbox is a lock, a condition and an eventfd: other threads put things on their lists under
 * the lock and wake the loop. A link is a socket of the library's, watched through a descriptor of
 * our own: the library closes its from any thread, and the number may be somebody else's a moment
 * later. New, want_out and retire are for any thread, but one at a time for one link; everything
 * else is for the loop's. */
#ifndef JV_BUS_LINK_H
#define JV_BUS_LINK_H

#include <pthread.h>
#include <stdatomic.h>

#include "sched/loop.h"

struct jv_link;

struct jv_mailbox {
    struct jv_loop *loop;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* on the monotonic clock */
    struct jv_io io;
    bool woken;
    struct jv_link *alive, *dead;
    void (*on_mail)(void *arg); /* on the loop, the lock not held */
    void *arg;
};

int jv_mailbox_init(struct jv_mailbox *m, struct jv_loop *l, void (*on_mail)(void *), void *arg);
void jv_mailbox_done(struct jv_mailbox *m); /* retires and closes all links */
void jv_mailbox_wake(struct jv_mailbox *m); /* the lock held */
/* Wait for `changed`, at most ms; the lock held. False when the time is over. */
bool jv_mailbox_wait(struct jv_mailbox *m, int ms);

struct jv_link {
    struct jv_io io;
    struct jv_mailbox *box;
    void (*fn)(void *arg, bool out, bool in); /* on the loop */
    void *arg;
    atomic_bool dead, wants_out;
    bool tls;
    int low; /* bytes below which the socket wakes nobody */
    struct jv_link *next;
};

/* NULL when the descriptor cannot be watched. tls: `in` comes when a record is there as a whole,
 * because whoever reads a part of one waits for the rest, and the loop with it; and a peer that
 * takes nothing for JV_LINK_SILENT_MS is gone, for the same reason. */
enum { JV_LINK_SILENT_MS = 3000 };
struct jv_link *jv_link_new(struct jv_mailbox *m, int fd, bool tls,
                            void (*fn)(void *arg, bool out, bool in), void *arg);
void jv_link_want_out(struct jv_link *l, bool want);
/* No callback begins after it; the loop frees it. The lock held. */
void jv_link_retire(struct jv_link *l);
/* Serve the links without the loop until `until` (mono ms) or *done: for the last flush. */
void jv_mailbox_pump(struct jv_mailbox *m, const atomic_bool *done, int64_t until);

#endif
