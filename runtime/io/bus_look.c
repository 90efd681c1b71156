/* bus_look.c -- what a NATS server says before anybody signs in, and what credentials claim. */
#include "io/bus_look.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <google/protobuf/struct.pb-c.h>

#include "jv/wire.h"

enum { info_size = 64 << 10, creds_size = 64 << 10 };

static const Google__Protobuf__Struct *parse(struct jv_arena *a, const char *json, size_t len)
{
    return (const void *)jv_json_to_msg(&google__protobuf__struct__descriptor, json, len,
                                        JV_JSON_SNAKE, a, NULL);
}

static bool is_true(const Google__Protobuf__Struct *s, const char *name)
{
    const Google__Protobuf__Value *v = jv_struct_get(s, name);

    return v && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE && v->bool_value;
}

/* ---- servers --------------------------------------------------------------------------------- */

struct target {
    char host[256], port[8];
};

static struct target target_of(const char *url, size_t len)
{
    struct target t = { "", "4222" };
    const char *end = url + len, *scheme = memmem(url, len, "://", 3), *at, *colon;
    bool six;

    url = scheme ? scheme + 3 : url;
    at = memrchr(url, '@', (size_t)(end - url));
    url = at ? at + 1 : url;
    six = url < end && *url == '[';
    at = six ? memchr(url, ']', (size_t)(end - url)) : NULL;
    at = at ? at : url;
    colon = memchr(at, ':', (size_t)(end - at));
    snprintf(t.host, sizeof(t.host), "%.*s", (int)((colon ? colon : end) - url - 2 * six),
             url + six);
    if (colon)
        snprintf(t.port, sizeof(t.port), "%.*s", (int)(end - colon - 1), colon + 1);
    return t;
}

static bool is_loopback(const struct sockaddr *sa)
{
    const struct sockaddr_in6 *six = (const void *)sa;

    if (sa->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)(const void *)sa)->sin_addr.s_addr) >> 24 == 127;
    return sa->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

static int dial(const struct target *t, int wait_ms, struct jv_bus_server *ret)
{
    const struct timeval patience = { wait_ms / 1000, wait_ms % 1000 * 1000 };
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    int fd = -1, e = getaddrinfo(t->host, t->port, &hints, &found);

    if (e) {
        jv_err_set(&ret->err, JV_UNAVAILABLE, "its name is not found: %s", gai_strerror(e));
        return -1;
    }
    for (const struct addrinfo *i = found; i && fd < 0; i = i->ai_next) {
        fd = socket(i->ai_family, i->ai_socktype | SOCK_CLOEXEC, i->ai_protocol);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)); /* connect's too */
        ret->loopback = is_loopback(i->ai_addr);
        if (!connect(fd, i->ai_addr, i->ai_addrlen))
            continue;
        jv_err_set(&ret->err, JV_UNAVAILABLE, "it cannot be reached: %s",
                   errno == EINPROGRESS ? "no answer in time" : strerror(errno));
        close(fd);
        fd = -1;
    }
    freeaddrinfo(found);
    return fd;
}

/* INFO {"server_id":...}\r\n comes first, before TLS begins. */
static size_t read_line(int fd, char *line, size_t size)
{
    size_t len = 0;
    ssize_t n;

    while (len + 1 < size && !memchr(line, '\n', len) &&
           (n = read(fd, line + len, size - 1 - len)) > 0)
        len += (size_t)n;
    line[len] = '\0';
    return strcspn(line, "\r\n");
}

static void understand(struct jv_bus_server *s, const char *line, size_t len)
{
    struct jv_arena *a = jv_arena_new(1 << 20);
    const Google__Protobuf__Struct *info =
            len > 5 && strncmp(line, "INFO ", 5) == 0 ? parse(a, line + 5, len - 5) : NULL;
    const char *version = info ? jv_struct_text(info, "version") : NULL;

    if (!version) {
        jv_err_set(&s->err, JV_UNAVAILABLE, "it does not answer as a NATS server does");
    } else {
        s->err = (struct jv_err){ 0 };
        snprintf(s->version, sizeof(s->version), "%s", version);
        if (sscanf(version, "%d.%d", &s->major, &s->minor) != 2)
            s->major = s->minor = 0;
        s->jetstream = is_true(info, "jetstream");
        s->tls = is_true(info, "tls_required") || is_true(info, "tls_available");
    }
    jv_arena_free(a);
}

static void ask(struct jv_bus_server *s, const char *url, size_t len, int wait_ms)
{
    struct target t = target_of(url, len);
    char *line = calloc(1, info_size);
    int fd;

    if (!line)
        abort();
    snprintf(s->address, sizeof(s->address), "%s:%s", t.host, t.port);
    fd = dial(&t, wait_ms, s);
    if (fd >= 0) {
        understand(s, line, read_line(fd, line, info_size));
        close(fd);
    }
    free(line);
}

size_t jv_bus_servers(const char *urls, int wait_ms, struct jv_bus_server *ret, size_t most)
{
    size_t n = 0;

    while (n < most) {
        size_t len = strcspn(urls, ",");

        ret[n] = (struct jv_bus_server){ 0 };
        ask(&ret[n++], urls, len, wait_ms);
        if (!urls[len])
            break;
        urls += len + 1;
    }
    return n;
}

/* ---- credentials ----------------------------------------------------------------------------- */

static const char *const *texts_of(struct jv_arena *a, const Google__Protobuf__Value *list)
{
    size_t n = 0;
    const char **items;

    if (!list || list->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE)
        return JV_NEW_ARRAY(a, const char *, 1);
    items = JV_NEW_ARRAY(a, const char *, list->list_value->n_values + 1);
    for (size_t i = 0; i < list->list_value->n_values; i++) {
        const Google__Protobuf__Value *v = list->list_value->values[i];

        if (v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE)
            items[n++] = v->string_value;
    }
    return items;
}

static const Google__Protobuf__Struct *member(const Google__Protobuf__Struct *s, const char *name)
{
    const Google__Protobuf__Value *v = s ? jv_struct_get(s, name) : NULL;

    return v && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE ? v->struct_value : NULL;
}

static const char *const *allowed(struct jv_arena *a, const Google__Protobuf__Struct *rules,
                                  bool *denies)
{
    *denies = rules && jv_struct_get(rules, "deny");
    return texts_of(a, rules ? jv_struct_get(rules, "allow") : NULL);
}

/* The middle part of the JWT is between its two dots. */
static const Google__Protobuf__Struct *claims_of(struct jv_arena *a, const char *text)
{
    static const char head[] = "-----BEGIN NATS USER JWT-----";
    const char *at = strstr(text, head), *dot;
    uint8_t *json;
    int64_t len;
    size_t n;

    dot = at ? strchr(at, '.') : NULL;
    n = dot ? strcspn(dot + 1, ".\r\n") : 0;
    len = n ? jv_base64_decode(a, dot + 1, n, &json) : -1;
    return len > 0 ? parse(a, (const char *)json, (size_t)len) : NULL;
}

int jv_bus_creds_read(const char *path, struct jv_arena *a, struct jv_bus_creds *ret,
                      struct jv_err *err)
{
    char *text = jv_arena_alloc(a, creds_size + 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, creds_size) : -1;
    const Google__Protobuf__Struct *claims, *nats;
    const char *name;

    if (n < 0)
        jv_err_set(err, JV_NOT_FOUND, "cannot read %s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    if (n < 0)
        return JV_NOT_FOUND;
    claims = claims_of(a, text);
    explicit_bzero(text, (size_t)n);
    nats = member(claims, "nats");
    name = claims ? jv_struct_text(claims, "name") : NULL;
    if (!nats || !name)
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s holds no credentials", path);
    ret->name = name;
    ret->publish = allowed(a, member(nats, "pub"), &ret->denies_publish);
    ret->subscribe = allowed(a, member(nats, "sub"), &ret->denies_subscribe);
    return JV_OK;
}
