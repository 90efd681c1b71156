/* health.c -- how an actor is, on a Unix socket. */
#include "actor/health.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 16 };

struct jv_health {
    struct jv_loop *loop;
    struct jv_io io;
    struct sockaddr_un at;
    ino_t file;
    const char *(*say)(const void *arg);
    const void *arg;
};

static void on_asked(struct jv_io *io, unsigned events)
{
    const struct jv_health *h = io->arg;
    const char *word = h->say(h->arg);
    int fd;

    (void)events;
    while ((fd = accept4(io->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
        const struct iovec line[] = { { (void *)word, strlen(word) }, { (void *)"\n", 1 } };
        const struct msghdr m = { .msg_iov = (struct iovec *)line, .msg_iovlen = 2 };

        (void)!sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
        close(fd);
    }
}

static int no(struct jv_err *err, const char *path, const char *why)
{
    return jv_err_set(err, JV_INVALID_ARGUMENT, "JARVIS_HEALTH: cannot listen at %.150s: %s", path,
                      why);
}

/* A socket that nobody took away, of a process before this one; anything else is left alone. */
static bool make_room(const char *path)
{
    struct stat st;

    if (lstat(path, &st))
        return true;
    return S_ISSOCK(st.st_mode) && !unlink(path);
}

static int listen_at(struct jv_health *h, const char *path, struct jv_err *err)
{
    struct stat st;

    if (strlen(path) >= sizeof(h->at.sun_path))
        return no(err, path, "the path is too long for a socket");
    h->at.sun_family = AF_UNIX;
    memcpy(h->at.sun_path, path, strlen(path) + 1);
    if (!make_room(path))
        return no(err, path, "something is there that is no socket of ours");
    if (h->io.fd < 0 || bind(h->io.fd, (struct sockaddr *)&h->at, sizeof(h->at)) ||
        listen(h->io.fd, BACKLOG) || stat(path, &st))
        return no(err, path, strerror(errno));
    h->file = st.st_ino;
    return jv_loop_io_add(h->loop, &h->io) ? no(err, path, "it cannot be watched") : JV_OK;
}

struct jv_health *jv_health_new(struct jv_loop *l, const char *path,
                                const char *(*say)(const void *arg), const void *arg,
                                struct jv_err *err)
{
    struct jv_health *h = calloc(1, sizeof(*h));

    if (!h)
        abort();
    h->loop = l;
    h->say = say;
    h->arg = arg;
    h->io = (struct jv_io){ .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
                            .events = EPOLLIN,
                            .fn = on_asked,
                            .arg = h };
    if (!listen_at(h, path, err))
        return h;
    if (h->io.fd >= 0)
        close(h->io.fd);
    free(h);
    return NULL;
}

struct jv_health *jv_health_free(struct jv_health *h)
{
    struct stat st;

    if (!h)
        return NULL;
    if (!lstat(h->at.sun_path, &st) && st.st_ino == h->file)
        unlink(h->at.sun_path);
    jv_loop_io_del(h->loop, &h->io);
    close(h->io.fd);
    free(h);
    return NULL;
}
