/* client_impl.h -- what the files of the blocking client share. */
#ifndef JV_CLIENT_IMPL_H
#define JV_CLIENT_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "io/bus_impl.h"
#include "jv/client.h"

enum {
    JV_CLIENT_BLOCK = 64,
    JV_CLIENT_BLOCKS = 128, /* 8192 calls at once */
};

struct slot;     /* client.c */
struct listener; /* client_listen.c */

struct jv_client {
    struct jv_loop *loop;
    struct jv_bus *bus;
    pthread_t thread;
    char *prefix;
    struct listener *listeners;
    pthread_mutex_t lock; /* of the free slots */
    struct slot *blocks[JV_CLIENT_BLOCKS];
    atomic_size_t n_slots;
    uint32_t free[JV_CLIENT_BLOCK * JV_CLIENT_BLOCKS];
    size_t n_free;
};

/* A condition whose times are of the monotonic clock. */
void jv_client_cond_init(pthread_cond_t *c);
void jv_client_forget_listeners(struct jv_client *c);

#endif
