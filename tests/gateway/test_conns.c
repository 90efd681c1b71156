/* test_conns.c -- the end of a listener: whoever is in its backlog is still accepted, whoever comes
 * later is refused, and nobody is reset; and a thread that waits holds no stack that it used once.
 */
#include "gateway/conns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

struct stage {
    struct conns *all;
    int listener;
    struct sockaddr_in at;
};

/* As civetweb's thread: the listener is learnt where it waits. */
static void *wait_for_one(void *arg)
{
    struct stage *s = arg;
    struct pollfd p = { .fd = s->listener, .events = POLLIN };

    conns_accept_here(s->all);
    CHECK_INT(poll(&p, 1, 10000), 1);
    return NULL;
}

static int begin_to_connect(const struct stage *s)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    if (connect(fd, (const struct sockaddr *)&s->at, sizeof(s->at)))
        CHECK_INT(errno, EINPROGRESS);
    return fd;
}

/* What became of it: 0, or why not. */
static int connected(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLOUT };
    int error = 0;
    socklen_t len = sizeof(error);

    CHECK_INT(poll(&p, 1, 10000), 1);
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
    return error;
}

static struct stage stage(void)
{
    struct stage s = { .all = conns_new(8, 1000), .listener = socket(AF_INET, SOCK_STREAM, 0) };
    socklen_t len = sizeof(s.at);

    s.at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    CHECK_INT(bind(s.listener, (struct sockaddr *)&s.at, sizeof(s.at)), 0);
    CHECK_INT(listen(s.listener, 8), 0);
    CHECK_INT(getsockname(s.listener, (struct sockaddr *)&s.at, &len), 0);
    return s;
}

TEST(nobody_is_reset)
{
    struct stage s = stage();
    int early = begin_to_connect(&s), late, fd;
    char byte = 0;
    pthread_t thread;

    CHECK_INT(connected(early), 0);
    pthread_create(&thread, NULL, wait_for_one, &s);
    pthread_join(thread, NULL);

    conns_leave(s.all);
    CHECK(conns_leaving(s.all) && !conns_draining(s.all));
    conns_hold_new(s.all);
    late = begin_to_connect(&s);
    fd = accept(s.listener, NULL, NULL);
    CHECK(fd >= 0);
    CHECK_INT(send(early, "x", 1, 0), 1);
    CHECK_INT(recv(fd, &byte, 1, 0), 1);
    CHECK_INT(byte, 'x');

    conns_drain(s.all, 0);
    CHECK(conns_leaving(s.all) && conns_draining(s.all));
    CHECK_INT(connected(late), ECONNREFUSED);
    CHECK_INT(send(fd, "y", 1, 0), 1);
    CHECK_INT(connected(early), 0);
    CHECK_INT(recv(early, &byte, 1, 0), 1);
    CHECK_INT(byte, 'y');
    close(late);
    close(early);
    close(fd);
    close(s.listener);
    conns_free(s.all);
}

/* ---- stacks --------------------------------------------------------------------------------- */

enum { DEEP = 256 << 10 };

/* As a request does. Where it has been, in the middle. */
__attribute__((noinline)) static char *go_deep(void)
{
    volatile char room[DEEP];
    volatile char *middle = room + DEEP / 2;

    for (size_t i = 0; i < sizeof(room); i++)
        room[i] = 1;
    return (char *)middle - (uintptr_t)middle % (size_t)sysconf(_SC_PAGESIZE);
}

static bool is_held(char *page)
{
    unsigned char in = 0;

    CHECK_INT(mincore(page, 1, &in), 0);
    return in & 1;
}

static void *serve(void *arg)
{
    struct conns *all = arg;
    struct conn *c = conn_new(all);
    struct pollfd p = { .events = POLLIN };
    int ends[2] = { -1, -1 };
    char *page = go_deep();

    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    CHECK(is_held(page));
    p.fd = ends[0];
    CHECK_INT(poll(&p, 1, 10), 0); /* for another request, and none comes */
    CHECK(!is_held(page));
    go_deep();
    CHECK_INT(poll(&p, 1, 10), 0); /* it stays what it is: once for each rest */
    CHECK(is_held(page));
    CHECK_INT(send(ends[1], "x", 1, 0), 1);
    CHECK_INT(poll(&p, 1, 10000), 1);
    conn_idle(c);
    conn_free(c);
    CHECK(!is_held(page));
    close(ends[0]);
    close(ends[1]);
    return NULL;
}

TEST(who_waits_holds_no_stack)
{
    struct conns *all = conns_new(8, 1000);
    pthread_t thread;

    pthread_create(&thread, NULL, serve, all);
    pthread_join(thread, NULL);
    conns_free(all);
}

TEST_MAIN()
