/* receiver.h -- a web server on loopback for tests that post: remembers what came, a thread each.
 *
 * The path says what is answered: /ok 200, /fail 500, /gone 410, /moved 302 to /ok, /big 200 and a
 * body without end, /hold nothing until receiver_open(). With a struct identity it speaks TLS. */
#ifndef RECEIVER_H
#define RECEIVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { max_seen = 4096, max_request = 1 << 17 };

struct seen {
    char *head, *body;
    char path[128];
    unsigned served; /* with which status */
};

struct receiver {
    int fd;
    unsigned port;
    SSL_CTX *tls;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct seen seen[max_seen];
    size_t n, live;
    int fail_next; /* this many of /ok get 500 first */
    bool open;
};

struct connection {
    struct receiver *r;
    int fd;
    SSL *ssl;
};

/* ---- bytes ---------------------------------------------------------------------------------- */

static inline int conn_read(struct connection *c, char *p, size_t n)
{
    return c->ssl ? SSL_read(c->ssl, p, (int)n) : (int)recv(c->fd, p, n, 0);
}

static inline bool conn_write(struct connection *c, const char *p, size_t n)
{
    while (n) {
        int sent = c->ssl ? SSL_write(c->ssl, p, (int)n) : (int)send(c->fd, p, n, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        p += sent;
        n -= (size_t)sent;
    }
    return true;
}

/* Head and body; false when the other side goes away before. */
static inline bool conn_request(struct connection *c, char *in, char **ret_body)
{
    size_t n = 0, want = max_request;
    char *end = NULL;

    while (n < want) {
        int got = n < max_request - 1 ? conn_read(c, in + n, max_request - 1 - n) : 0;

        if (got <= 0)
            return false;
        n += (size_t)got;
        in[n] = '\0';
        end = strstr(in, "\r\n\r\n");
        if (end) {
            const char *length = strstr(in, "Content-Length: ");

            want = (size_t)(end + 4 - in) + (length ? strtoul(length + 16, NULL, 10) : 0);
        }
    }
    *ret_body = end + 4;
    end[2] = '\0';
    return true;
}

/* ---- one connection ------------------------------------------------------------------------- */

static inline unsigned receiver_note(struct receiver *r, const char *head, const char *body)
{
    struct seen *s;
    unsigned status = 200;

    pthread_mutex_lock(&r->lock);
    s = &r->seen[r->n];
    s->head = strdup(head);
    s->body = strdup(body);
    if (sscanf(head, "%*s %127s", s->path) != 1)
        abort();
    if (strncmp(s->path, "/fail", 5) == 0)
        status = 500;
    else if (strncmp(s->path, "/gone", 5) == 0)
        status = 410;
    else if (strncmp(s->path, "/moved", 6) == 0)
        status = 302;
    else if (strncmp(s->path, "/ok", 3) == 0 && r->fail_next > 0 && r->fail_next--)
        status = 500;
    s->served = status;
    r->n += r->n < max_seen - 1;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
    return status;
}

/* Until it is opened or the other side has given up. */
static inline void conn_hold(struct connection *c)
{
    struct receiver *r = c->r;
    char gone;

    pthread_mutex_lock(&r->lock);
    while (!r->open) {
        struct timespec t;
        ssize_t n = recv(c->fd, &gone, 1, MSG_DONTWAIT | MSG_PEEK);

        if (n == 0 || (n < 0 && errno != EAGAIN))
            break;
        clock_gettime(CLOCK_REALTIME, &t);
        t.tv_nsec += 5000000;
        t.tv_sec += t.tv_nsec / 1000000000;
        t.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&r->changed, &r->lock, &t);
    }
    pthread_mutex_unlock(&r->lock);
}

static inline void conn_answer(struct connection *c, const char *path, unsigned status)
{
    static const char piece[1024] = "x";
    char out[256];
    bool big = strncmp(path, "/big", 4) == 0;

    if (strncmp(path, "/hold", 5) == 0)
        conn_hold(c);
    snprintf(out, sizeof(out), "HTTP/1.1 %u Said\r\nLocation: http://127.0.0.1:%u/ok\r\n%s\r\n",
             status, c->r->port, big ? "" : "Content-Length: 6\r\n");
    conn_write(c, out, strlen(out));
    if (!big)
        conn_write(c, "SECRET", 6);
    while (big && conn_write(c, piece, sizeof(piece)))
        ;
}

static inline void *conn_main(void *arg)
{
    struct connection *c = arg;
    struct receiver *r = c->r;
    char *in = malloc(max_request), *body, path[128] = "";

    if (r->tls) {
        c->ssl = SSL_new(r->tls);
        SSL_set_fd(c->ssl, c->fd);
    }
    if ((!c->ssl || SSL_accept(c->ssl) == 1) && conn_request(c, in, &body)) {
        sscanf(in, "%*s %127s", path);
        conn_answer(c, path, receiver_note(r, in, body));
    }
    if (c->ssl)
        SSL_shutdown(c->ssl);
    SSL_free(c->ssl);
    close(c->fd);
    free(c);
    free(in);
    pthread_mutex_lock(&r->lock);
    r->live--;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

static inline void *receiver_main(void *arg)
{
    struct receiver *r = arg;
    int fd;

    while ((fd = accept4(r->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        struct connection *c = calloc(1, sizeof(*c));
        pthread_t t;

        *c = (struct connection){ r, fd, NULL };
        pthread_mutex_lock(&r->lock);
        r->live++;
        pthread_mutex_unlock(&r->lock);
        if (pthread_create(&t, NULL, conn_main, c))
            abort();
        pthread_detach(t);
    }
    return NULL;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static inline struct receiver *receiver_new(SSL_CTX *tls)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct receiver *r = calloc(1, sizeof(*r));
    socklen_t len = sizeof(in);

    signal(SIGPIPE, SIG_IGN);
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->changed, NULL);
    r->tls = tls;
    r->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(r->fd, (struct sockaddr *)&in, len) || listen(r->fd, 256) ||
        getsockname(r->fd, (struct sockaddr *)&in, &len) ||
        pthread_create(&r->thread, NULL, receiver_main, r))
        abort();
    r->port = ntohs(in.sin_port);
    return r;
}

static inline void receiver_open(struct receiver *r, bool open)
{
    pthread_mutex_lock(&r->lock);
    r->open = open;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

/* Until so many requests have come in all. */
static inline void receiver_wait(struct receiver *r, size_t n)
{
    pthread_mutex_lock(&r->lock);
    while (r->n < n)
        pthread_cond_wait(&r->changed, &r->lock);
    pthread_mutex_unlock(&r->lock);
}

static inline size_t receiver_count(struct receiver *r, const char *path)
{
    size_t n = 0;

    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < r->n; i++)
        n += strcmp(r->seen[i].path, path) == 0;
    pthread_mutex_unlock(&r->lock);
    return n;
}

static inline void receiver_free(struct receiver *r)
{
    receiver_open(r, true);
    shutdown(r->fd, SHUT_RDWR);
    pthread_join(r->thread, NULL);
    close(r->fd);
    pthread_mutex_lock(&r->lock);
    while (r->live)
        pthread_cond_wait(&r->changed, &r->lock);
    pthread_mutex_unlock(&r->lock);
    for (size_t i = 0; i < r->n; i++) {
        free(r->seen[i].head);
        free(r->seen[i].body);
    }
    SSL_CTX_free(r->tls);
    free(r);
}

/* ---- certificates --------------------------------------------------------------------------- */

struct identity {
    EVP_PKEY *key;
    X509 *cert;
};

static inline void identity_free(struct identity *i)
{
    EVP_PKEY_free(i->key);
    X509_free(i->cert);
}

static inline void add_extension(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    X509_add_ext(cert, e, -1);
    X509_EXTENSION_free(e);
}

/* A key and a certificate for it; issuer NULL: signed by itself. san: "IP:127.0.0.1"; NULL: one
 * that signs others. */
static inline struct identity identity_new(const char *name, const char *san,
                                           const struct identity *issuer)
{
    struct identity i = { EVP_EC_gen("P-256"), X509_new() };
    X509_NAME *subject = X509_get_subject_name(i.cert);
    static long serial = 1;

    X509_set_version(i.cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(i.cert), serial++);
    X509_gmtime_adj(X509_getm_notBefore(i.cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(i.cert), 3600);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(i.cert, issuer ? X509_get_subject_name(issuer->cert) : subject);
    X509_set_pubkey(i.cert, i.key);
    add_extension(i.cert, NID_basic_constraints, san ? "critical,CA:FALSE" : "critical,CA:TRUE");
    if (san)
        add_extension(i.cert, NID_subject_alt_name, san);
    if (!X509_sign(i.cert, issuer ? issuer->key : i.key, EVP_sha256()))
        abort();
    return i;
}

static inline SSL_CTX *identity_server(const struct identity *i)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

    if (SSL_CTX_use_certificate(tls, i->cert) != 1 || SSL_CTX_use_PrivateKey(tls, i->key) != 1)
        abort();
    return tls;
}

/* The certificate in a file of the temporary folder: for CAs. */
static inline void identity_save(const struct identity *i, char path[64])
{
    FILE *f;
    int fd;

    snprintf(path, 64, "/tmp/jarvis-ca.XXXXXX");
    fd = mkstemp(path);
    f = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!f || !PEM_write_X509(f, i->cert) || fclose(f))
        abort();
}

#endif
