/* check.c -- `jarvis check`, for health checks: asks an actor on its socket (JARVIS_HEALTH), or the
 * gateway's /ready, or another path, over a plain socket. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "host/commands.h"

enum { patience_ms = 20000, pause_ms = 20, answer_s = 3 };

/* "http://10.0.0.1:8080" or "0.0.0.0:8080": the part between; everybody's address is reached here.
 */
static bool parse(const char *s, struct sockaddr_in *at)
{
    const char *start = strncmp(s, "http://", 7) == 0 ? s + 7 : s, *colon = strrchr(start, ':');
    char host[32] = "127.0.0.1";
    long port = strtol(colon ? colon + 1 : start, NULL, 10);

    if (colon && colon > start)
        snprintf(host, sizeof(host), "%.*s", (int)(colon - start), start);
    if (strcmp(host, "0.0.0.0") == 0 || strcmp(host, "localhost") == 0)
        snprintf(host, sizeof(host), "127.0.0.1");
    *at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    return port > 0 && port < 65536 && inet_pton(AF_INET, host, &at->sin_addr) == 1;
}

/* The status of GET path, 0 when nobody answers; *answer is what came. */
static int ask(const struct sockaddr_in *at, const char *path, char *answer, size_t size)
{
    const struct timeval patience = { answer_s, 0 };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char request[512];
    size_t len = 0, asked;
    ssize_t n;

    asked = (size_t)snprintf(request, sizeof(request),
                             "GET %.300s HTTP/1.1\r\nHost: jarvis\r\nConnection: close\r\n\r\n",
                             path);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    if (!connect(fd, (const struct sockaddr *)at, sizeof(*at)) &&
        send(fd, request, asked, MSG_NOSIGNAL) == (ssize_t)asked)
        while (len + 1 < size && (n = read(fd, answer + len, size - 1 - len)) > 0)
            len += (size_t)n;
    close(fd);
    answer[len] = '\0';
    return strncmp(answer, "HTTP/1.", 7) == 0 && len > 12 ? (int)strtol(answer + 9, NULL, 10) : 0;
}

static const char *body_of(const char *answer)
{
    const char *body = strstr(answer, "\r\n\r\n");

    return body ? body + 4 : "nobody answers";
}

/* ---- an actor -------------------------------------------------------------------------------- */

static int read_word(int fd, char *word, size_t size)
{
    size_t len = 0;
    ssize_t n;

    while (len + 1 < size && (n = read(fd, word + len, size - 1 - len)) > 0)
        len += (size_t)n;
    word[len] = '\0';
    word[strcspn(word, "\n")] = '\0';
    return len ? 0 : -1;
}

static int check_actor(const char *path)
{
    const struct timeval patience = { answer_s, 0 };
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    char word[64] = "";
    int fd;

    if (strlen(path) >= sizeof(at.sun_path))
        return jv_complain(JV_EXIT_CONFIG, "JARVIS_HEALTH: the path is too long for a socket");
    memcpy(at.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)); /* of connect, too */
    if (connect(fd, (struct sockaddr *)&at, sizeof(at)) || read_word(fd, word, sizeof(word)))
        snprintf(word, sizeof(word), "nobody answers at %.40s", path);
    close(fd);
    return strcmp(word, "ready") == 0 ? 0 : jv_complain(1, "the actor is not ready: %s", word);
}

/* ---- the gateway ----------------------------------------------------------------------------- */

int jv_cmd_check(const struct jv_program *p, int argc, char **argv)
{
    const struct timespec pause = { 0, pause_ms * 1000000L };
    bool wait = argc && strcmp(argv[0], "--wait") == 0;
    const char *path = argc > wait ? argv[wait] : "/ready";
    const char *url = getenv("JARVIS_URL"), *listen = getenv("JARVIS_LISTEN");
    const char *health = getenv("JARVIS_HEALTH");
    struct sockaddr_in at;
    struct timespec began, now;
    char answer[8192];

    (void)p;
    if (argc > wait + 1 || path[0] != '/')
        return jv_complain(2, "usage: jarvis check [--wait] [/PATH]");
    if (!argc && health && *health)
        return check_actor(health);
    if (!url || !*url)
        url = listen && *listen ? listen : "127.0.0.1:8080";
    if (!parse(url, &at))
        return jv_complain(JV_EXIT_CONFIG, "%s is not address:port", url);
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (;;) {
        int status = ask(&at, path, answer, sizeof(answer));

        if (status == 200)
            return 0;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (!wait || (now.tv_sec - began.tv_sec) * 1000 > patience_ms)
            return jv_complain(1, "the gateway at %s is not ready: %s", url, body_of(answer));
        nanosleep(&pause, NULL);
    }
}
