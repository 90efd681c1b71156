/* nats_server.c -- our own nats-server: JetStream below var/nats, loopback, an identity for each.
 */
#include "host/servers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/nats_auth.h"

#define LOOPBACK_URL "nats://127.0.0.1:"

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

/* A port that is free now; the one used last time when it still is. 0 when there is none. */
static int free_port(int preferred)
{
    struct sockaddr_in at = loopback(preferred);
    socklen_t size = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), port = 0, on = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (!bind(fd, (struct sockaddr *)&at, size) && !getsockname(fd, (struct sockaddr *)&at, &size))
        port = ntohs(at.sin_port);
    close(fd);
    return !port && preferred ? free_port(0) : port;
}

/* The server says INFO to whoever connects, as soon as it serves. */
static bool probe(void *arg, pid_t pid)
{
    const struct jv_nats_server *n = arg;
    const struct timeval patience = { 0, 200000 };
    struct sockaddr_in at = loopback(n->port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char text[5] = "";
    bool ok;

    (void)pid;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ok = !connect(fd, (struct sockaddr *)&at, sizeof(at)) && read(fd, text, 4) == 4;
    close(fd);
    return ok && strcmp(text, "INFO") == 0;
}

static int last_port(const char *path)
{
    FILE *f = fopen(path, "re");
    int port = 0;

    if (f && fscanf(f, "%5d", &port) != 1)
        port = 0;
    if (f)
        fclose(f);
    return port > 1023 && port < 65536 ? port : 0;
}

/* Where the shell would find it, or where distributions put it. */
static const char *find_server(struct jv_arena *a)
{
    const char *path = getenv("PATH");
    char *rest = jv_arena_printf(a, "%s:/usr/local/sbin:/usr/sbin", path ? path : "/usr/bin"), *dir;

    while ((dir = strsep(&rest, ":"))) {
        const char *program = jv_arena_printf(a, "%s/nats-server", dir);

        if (dir[0] == '/' && !access(program, X_OK))
            return program;
    }
    return NULL;
}

bool jv_nats_is_ours(const struct jv_place *place, const char *url, const char *creds)
{
    return strncmp(creds, place->nats, strlen(place->nats)) == 0 &&
           strncmp(url, LOOPBACK_URL, sizeof(LOOPBACK_URL) - 1) == 0;
}

int jv_nats_prepare(struct jv_nats_server *n, struct jv_place *place, const struct jv_program *p,
                    const char *prefix, struct jv_err *err)
{
    struct jv_arena *a = place->arena;
    const char *dir = jv_arena_printf(a, "%s/auth", place->nats);
    const char *port = jv_arena_printf(a, "%s/port", place->nats);
    struct jv_nats_auth_options o = { .dir = dir,
                                      .host = "127.0.0.1",
                                      .store_dir = jv_arena_printf(a, "%s/store", place->nats) };
    int r;

    *n = (struct jv_nats_server){ .place = place, .port = free_port(last_port(port)) };
    n->program = find_server(a);
    if (!n->program)
        return jv_err_set(err, JV_FAILED_PRECONDITION,
                          "nats-server is not installed (package nats-server)");
    if (!n->port)
        return jv_err_set(err, JV_RESOURCE_EXHAUSTED, "there is no free port on 127.0.0.1");
    n->url = jv_arena_printf(a, LOOPBACK_URL "%d", n->port);
    n->creds = jv_arena_printf(a, "%s/creds", dir);
    o.port = n->port;
    o.n_users = jv_nats_users(p, prefix, a, &o.users);
    r = jv_nats_auth_make(&o, err);
    if (!r)
        r = jv_place_write(port, jv_arena_printf(a, "%d\n", n->port), err);
    return r ? r : jv_place_give(place, place->nats, err);
}

struct jv_child_spec jv_nats_spec(struct jv_nats_server *n)
{
    struct jv_arena *a = n->place->arena;
    struct jv_env env = jv_env_new(a);
    const char **argv = JV_NEW_ARRAY(a, const char *, 4);

    argv[0] = "nats-server";
    argv[1] = "-c";
    argv[2] = jv_arena_printf(a, "%s/auth/server.conf", n->place->nats);
    return (struct jv_child_spec){ .process = { .name = "nats",
                                                .program = n->program,
                                                .argv = argv,
                                                .env = env.items,
                                                .folder = n->place->nats,
                                                .death_signal = SIGTERM },
                                   .probe = probe,
                                   .arg = n };
}
