/* doctor_public.c -- where people reach it: the public address, and the gateway's own. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "host/commands.h"
#include "host/doctor.h"
#include "jv/fetch.h"

enum { fetch_ms = 5000, ask_ms = 3000, warn_days = 14, day_s = 86400, most_answer = 64 << 10 };

/* ---- JARVIS_PUBLIC_URL ----------------------------------------------------------------------- */

static bool is_healthy(const struct jv_fetch *f)
{
    return f->status == 200 && f->body && strstr(f->body, "\"service\":\"gateway\"");
}

static void look_at_certificate(struct jv_doctor *d, const struct jv_fetch *f)
{
    long long days = (f->cert_until - (int64_t)time(NULL)) / day_s;

    if (!f->cert_until)
        jv_found(d, JV_SKIP, "public.certificate", "it is not known when the certificate ends");
    else
        jv_found(d, days < warn_days ? JV_FAIL : JV_OKAY, "public.certificate",
                 "the certificate of JARVIS_PUBLIC_URL is good for %lld more days%s", days,
                 days < warn_days ? ": it should have been renewed" : "");
}

static void fetch(struct jv_doctor *d, const char *url)
{
    struct jv_fetch f = {
        .ca = d->ca, .look = true, .max_bytes = most_answer, .timeout_ms = fetch_ms
    };
    char place[JV_PLACE];
    struct jv_err err = { 0 };

    if (jv_url_check(url, NULL, place, &err) && !place[0]) {
        jv_found(d, JV_FAIL, "public.health", "JARVIS_PUBLIC_URL: %s", err.text);
        return;
    }
    f.url = jv_arena_printf(d->arena, "%s/health", url);
    f.allow = place; /* it is the operator's own */
    if (jv_fetch_run(&f)) {
        jv_found(d, JV_FAIL, "public.health", "JARVIS_PUBLIC_URL: %s: %s", f.url, f.err.text);
    } else {
        if (strncmp(url, "https:", 6) == 0)
            look_at_certificate(d, &f);
        jv_found(d, is_healthy(&f) ? JV_OKAY : JV_FAIL, "public.health",
                 is_healthy(&f) ? "JARVIS_PUBLIC_URL: %s answers"
                                : "JARVIS_PUBLIC_URL: %s answers %ld, not as the gateway does",
                 f.url, f.status);
    }
    jv_fetch_done(&f);
}

static const char *host_of(struct jv_arena *a, const char *url)
{
    const char *host = strstr(url, "://");
    size_t len;

    host = host ? host + 3 : url;
    if (*host == '[')
        return jv_arena_strndup(a, host + 1, strcspn(host + 1, "]"));
    len = strcspn(host, ":/");
    return jv_arena_strndup(a, host, len);
}

static bool resolves(struct jv_doctor *d, const char *host)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    char text[INET6_ADDRSTRLEN] = "";
    int e = getaddrinfo(host, NULL, &hints, &found);

    if (e) {
        jv_found(d, JV_FAIL, "public.dns", "JARVIS_PUBLIC_URL: the name %s is not found: %s", host,
                 gai_strerror(e));
        return false;
    }
    getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST);
    jv_found(d, JV_OKAY, "public.dns", "%s is %s", host, text);
    freeaddrinfo(found);
    return true;
}

void jv_doctor_public(struct jv_doctor *d)
{
    const char *url = getenv("JARVIS_PUBLIC_URL");
    bool https = url && strncmp(url, "https://", 8) == 0;

    if (!url || !*url) {
        jv_found(d, JV_SKIP, "public", "JARVIS_PUBLIC_URL is not set");
        return;
    }
    jv_found(d, https ? JV_OKAY : JV_FAIL, "public.https",
             https ? "JARVIS_PUBLIC_URL is https"
                   : "JARVIS_PUBLIC_URL: must begin with https://, or passwords are read on the "
                     "way");
    if (resolves(d, host_of(d->arena, url)))
        fetch(d, url);
}

/* ---- JARVIS_LISTEN --------------------------------------------------------------------------- */

/* As the gateway takes it: [address:]port of IPv4. */
static bool read_address(const char *s, struct sockaddr_in *ret)
{
    const char *colon = strrchr(s, ':');
    char host[32] = "0.0.0.0";

    if (colon > s)
        snprintf(host, sizeof(host), "%.*s", (int)(colon - s), s);
    if (strcmp(host, "localhost") == 0)
        snprintf(host, sizeof(host), "127.0.0.1");
    *ret = (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port =
                                         htons((uint16_t)strtol(colon ? colon + 1 : s, NULL, 10)) };
    return inet_pton(AF_INET, host, &ret->sin_addr) == 1;
}

/* 0 when it can be taken, else errno's reason. */
static int try_bind(const struct sockaddr_in *at)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, e = 0;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (const struct sockaddr *)at, sizeof(*at)))
        e = errno;
    close(fd);
    return e;
}

static bool is_ours(struct jv_doctor *d, const struct sockaddr_in *at)
{
    struct jv_fetch f = { .max_bytes = most_answer, .timeout_ms = ask_ms };
    char host[INET_ADDRSTRLEN] = "127.0.0.1";
    bool ours;

    if (at->sin_addr.s_addr != htonl(INADDR_ANY))
        inet_ntop(AF_INET, &at->sin_addr, host, sizeof(host));
    f.url = jv_arena_printf(d->arena, "http://%s:%d/health", host, ntohs(at->sin_port));
    f.allow = jv_arena_printf(d->arena, "%s:%d", host, ntohs(at->sin_port));
    ours = !jv_fetch_run(&f) && is_healthy(&f);
    jv_fetch_done(&f);
    return ours;
}

/* As it is set, or where a running `up` says that its gateway is. */
static const char *listening_at(void)
{
    const char *url = getenv("JARVIS_URL");

    if (jv_is_set("JARVIS_LISTEN"))
        return getenv("JARVIS_LISTEN");
    return url && strncmp(url, "http://", 7) == 0 ? url + 7 : "127.0.0.1:8080";
}

void jv_doctor_listen(struct jv_doctor *d)
{
    const char *s = listening_at();
    struct sockaddr_in at;
    int e;

    if (!read_address(s, &at)) {
        jv_found(d, JV_SKIP, "listen", "JARVIS_LISTEN cannot be used");
        return;
    }
    e = try_bind(&at);
    if (!e)
        jv_found(d, JV_OKAY, "listen", "JARVIS_LISTEN: %s is free", s);
    else if (e == EADDRINUSE && is_ours(d, &at))
        jv_found(d, JV_OKAY, "listen", "JARVIS_LISTEN: %s is answered by the gateway", s);
    else
        jv_found(d, JV_FAIL, "listen", "JARVIS_LISTEN: %s: %s", s,
                 e == EADDRINUSE ? "another program is using it" : strerror(e));
}
