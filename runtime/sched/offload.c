/* offload.c -- two threads and a bounded queue for what burns CPU or blocks. */
#include "sched/offload.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

enum { n_threads = 2, max_queue = 64 };

struct job {
    struct job *next;
    struct jv_offload *owner;
    int (*fn)(void *);
    void *arg;
    void (*done)(void *, int);
    void *done_arg;
    int result;
};

struct jv_offload {
    struct jv_loop *loop;
    pthread_t threads[n_threads];
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct job *first, **end;
    size_t n;
    bool closing;
    struct job *finished; /* posted, not yet told; so that freeing finds them */
};

static void forget(struct jv_offload *o, struct job *j)
{
    struct job **at;

    pthread_mutex_lock(&o->lock);
    for (at = &o->finished; *at != j; at = &(*at)->next)
        ;
    *at = j->next;
    pthread_mutex_unlock(&o->lock);
}

static void tell(void *arg)
{
    struct job *j = arg;
    struct job done = *j;

    forget(j->owner, j);
    free(j);
    jv_loop_release(done.owner->loop);
    done.done(done.done_arg, done.result);
}

/* The next job; NULL when closing and nothing is left. Called and returns with the lock held. */
static struct job *next_job(struct jv_offload *o)
{
    struct job *j;

    while (!o->first && !o->closing)
        pthread_cond_wait(&o->more, &o->lock);
    j = o->first;
    if (!j)
        return NULL;
    o->first = j->next;
    if (!o->first)
        o->end = &o->first;
    o->n--;
    return j;
}

static void *work(void *arg)
{
    struct jv_offload *o = arg;
    struct job *j;

    pthread_mutex_lock(&o->lock);
    while ((j = next_job(o))) {
        pthread_mutex_unlock(&o->lock);
        j->result = j->fn(j->arg);
        pthread_mutex_lock(&o->lock);
        j->next = o->finished;
        o->finished = j;
        jv_loop_post(o->loop, tell, j);
    }
    pthread_mutex_unlock(&o->lock);
    return NULL;
}

/* Signals are for the loop's thread. */
struct jv_offload *jv_offload_new(struct jv_loop *l)
{
    struct jv_offload *o = calloc(1, sizeof(*o));
    sigset_t all, old;

    if (!o)
        abort();
    o->loop = l;
    o->end = &o->first;
    pthread_mutex_init(&o->lock, NULL);
    pthread_cond_init(&o->more, NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    for (size_t i = 0; i < n_threads; i++)
        if (pthread_create(&o->threads[i], NULL, work, o))
            abort();
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return o;
}

struct jv_offload *jv_offload_free(struct jv_offload *o)
{
    if (!o)
        return NULL;
    pthread_mutex_lock(&o->lock);
    o->closing = true;
    pthread_cond_broadcast(&o->more);
    pthread_mutex_unlock(&o->lock);
    for (size_t i = 0; i < n_threads; i++)
        pthread_join(o->threads[i], NULL);
    while (o->finished) {
        struct job *j = o->finished;

        o->finished = j->next;
        free(j);
    }
    pthread_cond_destroy(&o->more);
    pthread_mutex_destroy(&o->lock);
    free(o);
    return NULL;
}

bool jv_offload_add(struct jv_offload *o, int (*fn)(void *), void *arg,
                    void (*done)(void *done_arg, int result), void *done_arg)
{
    struct job *j = calloc(1, sizeof(*j));
    bool room;

    if (!j)
        abort();
    *j = (struct job){ NULL, o, fn, arg, done, done_arg, 0 };
    pthread_mutex_lock(&o->lock);
    room = o->n < max_queue;
    if (room) {
        *o->end = j;
        o->end = &j->next;
        o->n++;
        pthread_cond_signal(&o->more);
    }
    pthread_mutex_unlock(&o->lock);
    if (room)
        jv_loop_hold(o->loop);
    else
        free(j);
    return room;
}
