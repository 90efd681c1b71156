/* relay.h -- a relay on loopback before a server: what comes back from it can be let through by the
 * byte, as a slow or broken network does. One connection after the other, on a thread. */
#ifndef TEST_RELAY_H
#define TEST_RELAY_H

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#include "nats/server.h"

enum { RELAY_OPEN = 1 << 30 };

struct relay {
    int port, listening, to;
    pthread_t thread;
    atomic_bool over;
    atomic_int budget; /* bytes that may still come back */
    atomic_int piece;  /* at most so many at once */
};

static inline struct sockaddr_in relay_at(int port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                 .sin_port = htons((uint16_t)port) };
}

static inline bool relay_pass(struct relay *r, int from, int to, bool limited)
{
    char bytes[16384];
    size_t size = sizeof(bytes);
    ssize_t n;

    if (limited && (size_t)atomic_load(&r->piece) < size)
        size = (size_t)atomic_load(&r->piece);
    if (limited && (size_t)atomic_load(&r->budget) < size)
        size = (size_t)atomic_load(&r->budget);
    n = read(from, bytes, size);
    if (n <= 0)
        return false;
    if (limited && atomic_load(&r->budget) != RELAY_OPEN)
        atomic_fetch_sub(&r->budget, (int)n);
    return write(to, bytes, (size_t)n) == n;
}

static inline void relay_serve(struct relay *r, int client)
{
    struct sockaddr_in at = relay_at(r->to);
    int server = socket(AF_INET, SOCK_STREAM, 0);
    bool alive = connect(server, (struct sockaddr *)&at, sizeof(at)) == 0;

    while (alive && !atomic_load(&r->over)) {
        struct pollfd fds[] = { { client, POLLIN, 0 },
                                { atomic_load(&r->budget) > 0 ? server : -1, POLLIN, 0 } };

        if (poll(fds, 2, 5) <= 0)
            continue;
        if (fds[0].revents)
            alive = relay_pass(r, client, server, false);
        if (alive && fds[1].revents)
            alive = relay_pass(r, server, client, true);
    }
    close(server);
    close(client);
}

static inline void *relay_main(void *arg)
{
    struct relay *r = arg;

    while (!atomic_load(&r->over)) {
        struct pollfd p = { r->listening, POLLIN, 0 };

        if (poll(&p, 1, 5) > 0)
            relay_serve(r, accept(r->listening, NULL, NULL));
    }
    return NULL;
}

static inline void relay_start(struct relay *r, int to)
{
    struct sockaddr_in at;

    signal(SIGPIPE, SIG_IGN);
    r->to = to;
    r->port = free_port();
    at = relay_at(r->port);
    atomic_store(&r->budget, RELAY_OPEN);
    atomic_store(&r->piece, RELAY_OPEN);
    r->listening = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(r->listening, (struct sockaddr *)&at, sizeof(at)) || listen(r->listening, 8) ||
        pthread_create(&r->thread, NULL, relay_main, r))
        abort();
}

static inline void relay_stop(struct relay *r)
{
    atomic_store(&r->over, true);
    pthread_join(r->thread, NULL);
    close(r->listening);
}

#endif
