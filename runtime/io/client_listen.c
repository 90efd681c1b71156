/* client_listen.c -- the blocking client's listeners: what they hear comes on the loop thread. */
#include "io/client_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct listener {
    struct jv_client *client;
    char *subject;
    void (*fn)(void *arg, const char *subject, const void *data, size_t len);
    void *arg;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool done, ok;
    struct listener *next;
};

void jv_client_cond_init(pthread_cond_t *c)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(c, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static void on_heard(void *arg, struct jv_bus_msg *m)
{
    struct listener *l = arg;

    l->fn(l->arg, m->subject + strlen(l->client->prefix) + 1, m->data, m->len);
}

/* On the loop. */
static void listen_now(void *arg)
{
    struct listener *l = arg;
    bool ok = jv_bus_subscribe(l->client->bus, l->subject, NULL, on_heard, l);

    pthread_mutex_lock(&l->lock);
    l->ok = ok;
    l->done = true;
    pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

static void listener_free(struct listener *l)
{
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->lock);
    free(l->subject);
    free(l);
}

int jv_client_listen(struct jv_client *c, const char *subject,
                     void (*fn)(void *arg, const char *subject, const void *data, size_t len),
                     void *arg)
{
    struct listener *l = calloc(1, sizeof(*l));

    if (!l)
        abort();
    l->client = c;
    l->fn = fn;
    l->arg = arg;
    pthread_mutex_init(&l->lock, NULL);
    jv_client_cond_init(&l->changed);
    if (asprintf(&l->subject, "%s.%s", c->prefix, subject) < 0)
        abort();
    jv_loop_post(c->loop, listen_now, l);
    pthread_mutex_lock(&l->lock);
    while (!l->done)
        pthread_cond_wait(&l->changed, &l->lock);
    pthread_mutex_unlock(&l->lock);
    if (!l->ok) {
        listener_free(l);
        return JV_INVALID_ARGUMENT;
    }
    pthread_mutex_lock(&c->lock);
    l->next = c->listeners;
    c->listeners = l;
    pthread_mutex_unlock(&c->lock);
    return JV_OK;
}

void jv_client_forget_listeners(struct jv_client *c)
{
    for (struct listener *l = c->listeners, *next; l; l = next) {
        next = l->next;
        listener_free(l);
    }
    c->listeners = NULL;
}
