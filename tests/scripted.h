/* scripted.h -- a web server on loopback that answers by script: what is said in which pieces, and
 * where it stops. It remembers what it was asked. A thread for each connection.
 *
 *     static const char *const slow[] = { HEAD_STREAM, CHUNK("a"), HOLD, CHUNK("b"), LAST, NULL };
 *     static const struct script scripts[] = { { "/slow", slow }, { 0 } };
 *     struct scripted *s = scripted_new(scripts);
 *
 * A script that does not end in CUT leaves the connection open for the next request. */
#ifndef SCRIPTED_H
#define SCRIPTED_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { scripted_requests = 256, scripted_bytes = 1 << 18 };

/* Steps: text as it is, or one of these. */
#define CHUNK(text) "\1" text   /* a chunk of a chunked body */
#define LAST        "0\r\n\r\n" /* the end of one */
#define HOLD        "\2"        /* until scripted_go(), once each, or the other is gone */
#define CUT         "\3"        /* close */
#define AGAIN       "\4"        /* the step before until the other is gone */
#define TIMES(n)    "\5" #n     /* the step before so many times more */
#define ECHO        "\6"        /* the request's head, as a chunk */
#define HEAD_STREAM                                                                                \
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
#define HEAD_CLOSE "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"

struct script {
    const char *path; /* the beginning of it */
    const char *const *steps;
};

struct asked {
    char *head, *body;
};

struct scripted {
    const struct script *scripts;
    int fd, go;
    unsigned port;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct asked asked[scripted_requests];
    size_t n, connections, live;
};

struct scripted_conn {
    struct scripted *s;
    int fd;
    char *in; /* the request */
};

static inline bool scripted_send(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        p += sent;
        n -= (size_t)sent;
    }
    return true;
}

static inline bool scripted_chunk(int fd, const char *text)
{
    char size[24];

    snprintf(size, sizeof(size), "%zx\r\n", strlen(text));
    return scripted_send(fd, size, strlen(size)) && scripted_send(fd, text, strlen(text)) &&
           scripted_send(fd, "\r\n", 2);
}

static inline bool scripted_hold(const struct scripted_conn *c)
{
    struct pollfd p[] = { { c->fd, POLLRDHUP, 0 }, { c->s->go, POLLIN, 0 } };
    uint64_t one;

    while (poll(p, 2, -1) > 0 && !p[0].revents)
        if (read(c->s->go, &one, sizeof(one)) == sizeof(one))
            return true;
    return false;
}

static inline bool scripted_say(const struct scripted_conn *c, const char *step)
{
    return *step == *CHUNK("") ? scripted_chunk(c->fd, step + 1)
                               : scripted_send(c->fd, step, strlen(step));
}

static inline bool scripted_repeat(const struct scripted_conn *c, const char *step, size_t times)
{
    while (times--)
        if (!scripted_say(c, step))
            return false;
    return true;
}

/* False: the connection is over. */
static inline bool scripted_play(const struct scripted_conn *c, const char *const *steps)
{
    for (size_t i = 0; steps[i]; i++) {
        bool fine;

        if (*steps[i] == *HOLD)
            fine = scripted_hold(c);
        else if (*steps[i] == *AGAIN)
            fine = scripted_repeat(c, steps[i - 1], SIZE_MAX);
        else if (*steps[i] == *TIMES(0))
            fine = scripted_repeat(c, steps[i - 1], strtoul(steps[i] + 1, NULL, 10));
        else if (*steps[i] == *ECHO)
            fine = scripted_chunk(c->fd, c->in);
        else
            fine = *steps[i] != *CUT && scripted_say(c, steps[i]);
        if (!fine)
            return false;
    }
    return true;
}

/* Head and body of one request; false: there is no other. */
static inline bool scripted_request(struct scripted_conn *c)
{
    size_t n = 0, want = scripted_bytes - 1;
    char *end = NULL;

    while (n < want) {
        ssize_t got = recv(c->fd, c->in + n, want - n, 0);
        const char *length;

        if (got <= 0)
            return false;
        n += (size_t)got;
        c->in[n] = '\0';
        end = end ? end : strstr(c->in, "\r\n\r\n");
        length = end ? strcasestr(c->in, "\r\nContent-Length: ") : NULL;
        if (end)
            want = (size_t)(end + 4 - c->in) + (length ? strtoul(length + 18, NULL, 10) : 0);
    }
    end[2] = '\0';
    pthread_mutex_lock(&c->s->lock);
    if (c->s->n < scripted_requests)
        c->s->asked[c->s->n++] = (struct asked){ strdup(c->in), strdup(end + 4) };
    pthread_cond_broadcast(&c->s->changed);
    pthread_mutex_unlock(&c->s->lock);
    return true;
}

static inline bool scripted_answer(struct scripted_conn *c)
{
    const char *path = strchr(c->in, ' ');

    for (const struct script *t = c->s->scripts; path && t->path; t++)
        if (strncmp(path + 1, t->path, strlen(t->path)) == 0)
            return scripted_play(c, t->steps);
    return false;
}

static inline void *scripted_talk(void *arg)
{
    struct scripted_conn *c = arg;
    struct scripted *s = c->s;

    c->in = malloc(scripted_bytes);
    while (scripted_request(c) && scripted_answer(c))
        ;
    close(c->fd);
    free(c->in);
    free(c);
    pthread_mutex_lock(&s->lock);
    s->live--;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static inline void *scripted_main(void *arg)
{
    struct scripted *s = arg;
    int fd;

    while ((fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        struct scripted_conn *c = calloc(1, sizeof(*c));
        pthread_t t;

        *c = (struct scripted_conn){ s, fd, NULL };
        pthread_mutex_lock(&s->lock);
        s->live++;
        s->connections++;
        pthread_mutex_unlock(&s->lock);
        if (pthread_create(&t, NULL, scripted_talk, c))
            abort();
        pthread_detach(t);
    }
    return NULL;
}

static inline struct scripted *scripted_new(const struct script *scripts)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct scripted *s = calloc(1, sizeof(*s));
    socklen_t len = sizeof(in);

    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    s->scripts = scripts;
    s->go = eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC);
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->go < 0 || bind(s->fd, (struct sockaddr *)&in, len) || listen(s->fd, 64) ||
        getsockname(s->fd, (struct sockaddr *)&in, &len) ||
        pthread_create(&s->thread, NULL, scripted_main, s))
        abort();
    s->port = ntohs(in.sin_port);
    return s;
}

static inline void scripted_go(const struct scripted *s)
{
    uint64_t one = 1;

    if (write(s->go, &one, sizeof(one)) != sizeof(one))
        abort();
}

static inline size_t scripted_connections(struct scripted *s)
{
    size_t n;

    pthread_mutex_lock(&s->lock);
    n = s->connections;
    pthread_mutex_unlock(&s->lock);
    return n;
}

/* Requests so far. */
static inline size_t scripted_count(struct scripted *s)
{
    size_t n;

    pthread_mutex_lock(&s->lock);
    n = s->n;
    pthread_mutex_unlock(&s->lock);
    return n;
}

/* The newest request; "" when there was none. */
static inline struct asked scripted_last(struct scripted *s)
{
    static char none[1];
    struct asked a = { none, none };

    pthread_mutex_lock(&s->lock);
    if (s->n)
        a = s->asked[s->n - 1];
    pthread_mutex_unlock(&s->lock);
    return a;
}

/* Until nobody is connected any more. */
static inline void scripted_wait_alone(struct scripted *s)
{
    pthread_mutex_lock(&s->lock);
    while (s->live)
        pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
}

/* After the other side has closed its connections. */
static inline void scripted_free(struct scripted *s)
{
    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->fd);
    scripted_wait_alone(s);
    close(s->go);
    for (size_t i = 0; i < s->n; i++) {
        free(s->asked[i].head);
        free(s->asked[i].body);
    }
    free(s);
}

#endif
