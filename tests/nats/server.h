/* server.h -- a nats-server of the test's own, to be stopped and started at will. */
#ifndef TEST_SERVER_H
#define TEST_SERVER_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct server {
    pid_t pid;
    int port;
    char url[64];
};

static inline int free_port(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) ||
        getsockname(fd, (struct sockaddr *)&a, &len))
        abort();
    close(fd);
    return ntohs(a.sin_port);
}

static inline bool server_answers(const struct server *s)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)s->port) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool ok = connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0;

    close(fd);
    return ok;
}

/* Start on s->port (0: a free one) with more arguments; waits until it listens. */
static inline bool server_start(struct server *s, const char *more1, const char *more2)
{
    const struct timespec pause = { 0, 5000000 };
    char port[12];

    s->port = s->port ? s->port : free_port();
    snprintf(port, sizeof(port), "%d", s->port);
    snprintf(s->url, sizeof(s->url), "nats://127.0.0.1:%d", s->port);
    s->pid = fork();
    if (s->pid == 0) {
        int null = open("/dev/null", O_WRONLY);

        dup2(null, 1);
        dup2(null, 2);
        execlp("nats-server", "nats-server", "-a", "127.0.0.1", "-p", port, more1, more2, NULL);
        _exit(127);
    }
    for (int i = 0; i < 2000; i++) {
        if (server_answers(s))
            return true;
        if (waitpid(s->pid, NULL, WNOHANG) == s->pid)
            return false;
        nanosleep(&pause, NULL);
    }
    return false;
}

static inline void server_stop(struct server *s, int signal)
{
    if (s->pid > 0 && kill(s->pid, signal) == 0)
        waitpid(s->pid, NULL, 0);
    s->pid = 0;
}

#endif
