/* bus_nats_conn.c -- connections to NATS: the loop's hooks, reconnecting, starting again. */
#include "io/bus_nats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "base/log.h"

enum {
    CONNECT_MS = 2000,
    RETRY_MS = 50, /* of the first connection */
    REVIVE_MS = 1000,
    RECONNECT_MS = 100,
    RECONNECT_JITTER_MS = 400,
    PING_MS = 10000,
    READ_SIZE = 64 << 10,
    SPINS = 50, /* cnats spins 2000 times for a lock; with many threads on few cores that costs more
                   than it saves: 29 000 instead of 33 000 calls/s */
};

/* What cnats' event loop hooks get; calls for one connection come one at a time. */
struct hooks {
    struct nats_bus *bus;
    natsConnection *nc;
    struct jv_link *link; /* NULL while it has no socket */
    struct hooks *next;
};

/* ---- cnats itself ------------------------------------------------------------------------- */

/* cnats frees what TLS held on a thread of its own, some time after it has reported a connection's
 * closing. OpenSSL's end at exit would come under that thread, so there is none: what OpenSSL holds
 * ends with the process. Whoever uses it first decides that, libpq perhaps; hence before main(). */
__attribute__((constructor)) static void openssl_stays(void)
{
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}

void jv_nats_open(void)
{
    nats_Open(SPINS); /* the first time counts, and making options is one */
}

/* ---- cnats' hooks into the loop ---------------------------------------------------------- */

static void on_socket(void *arg, bool out, bool in)
{
    struct hooks *h = arg;

    if (out)
        natsConnection_ProcessWriteEvent(h->nc);
    if (!in)
        return;
    natsConnection_ProcessReadEvent(h->nc);
    jv_nats_empty(h->bus);
}

static void lose_link(struct hooks *h)
{
    struct nats_bus *b = h->bus;

    if (!h->link)
        return;
    jv_nats_lock(b);
    jv_link_retire(h->link);
    h->link = NULL;
    b->drops++;
    atomic_store(&b->up, false);
    jv_nats_unlock(b);
}

static natsStatus ev_attach(void **hooks, void *bus, natsConnection *nc, natsSock fd)
{
    struct nats_bus *b = bus;
    struct hooks *h = *hooks;

    if (!h) {
        h = jv_nats_make(sizeof(*h));
        h->bus = b;
        h->nc = nc;
        jv_nats_lock(b);
        h->next = b->hooks;
        b->hooks = h;
        jv_nats_unlock(b);
        *hooks = h;
    }
    lose_link(h);
    h->link = jv_link_new(&b->box, fd, b->tls, on_socket, h);
    return h->link ? NATS_OK : NATS_IO_ERROR;
}

static natsStatus ev_read(void *hooks, bool add)
{
    if (!add)
        lose_link(hooks);
    return NATS_OK;
}

static natsStatus ev_write(void *hooks, bool add)
{
    struct hooks *h = hooks;

    if (h->link)
        jv_link_want_out(h->link, add);
    return NATS_OK;
}

static natsStatus ev_detach(void *hooks)
{
    lose_link(hooks);
    return NATS_OK;
}

/* ---- connections ------------------------------------------------------------------------- */

/* The connection may be lost again while this asks for its state. */
static void came_up(struct nats_bus *b, natsConnection *nc)
{
    uint64_t drops;

    jv_nats_lock(b);
    drops = b->drops;
    jv_nats_unlock(b);
    if (natsConnection_Status(nc) != NATS_CONN_STATUS_CONNECTED)
        return;
    jv_nats_lock(b);
    if (drops == b->drops && nc == b->nc && !b->closing) {
        atomic_store(&b->up, true);
        jv_mailbox_wake(&b->box);
    }
    jv_nats_unlock(b);
}

static void on_reconnected(natsConnection *nc, void *arg)
{
    came_up(arg, nc);
}

/* Refused permissions, mostly: a person must mend the tables or the credentials. */
static void on_error(natsConnection *nc, natsSubscription *sub, natsStatus st, void *arg)
{
    struct nats_bus *b = arg;
    const char *text = nats_GetLastError(NULL);

    (void)nc;
    (void)sub;
    text = text && *text ? text : natsStatus_GetText(st);
    jv_nats_lock(b);
    snprintf(b->why, sizeof(b->why), "%s", text);
    jv_nats_unlock(b);
    jv_logf(JV_LOG_WARN, "NATS says: %s", text);
}

static void set_servers(natsOptions *o, const char *url)
{
    const char *servers[16];
    char *list = jv_nats_copy(url), *rest = list;
    int n = 0;

    while (rest && n < (int)JV_COUNT(servers))
        servers[n++] = strsep(&rest, ",");
    natsOptions_SetServers(o, servers, n);
    free(list);
}

/* Never without TLS from here on, whatever becomes of the file. The server's certificate must be
 * for the name by which it is asked for: cnats checks that, for names only, not for addresses. */
static natsStatus secure(natsOptions *o, const char *ca)
{
    natsStatus st = natsOptions_SetSecure(o, true);

    return st == NATS_OK && ca ? natsOptions_LoadCATrustedCertificates(o, ca) : st;
}

natsOptions *jv_nats_options(const struct nats_bus *b)
{
    natsOptions *o = NULL;

    if (natsOptions_Create(&o) != NATS_OK)
        abort();
    set_servers(o, b->url);
    natsOptions_SetName(o, b->name);
    natsOptions_SetTimeout(o, CONNECT_MS);
    if (b->creds && *b->creds)
        natsOptions_SetUserCredentialsFromFiles(o, b->creds, NULL);
    if (b->tls)
        secure(o, b->ca);
    return o;
}

static void on_closed(natsConnection *nc, void *arg);

static natsOptions *loop_options(struct nats_bus *b)
{
    natsOptions *o = jv_nats_options(b);

    natsOptions_SetEventLoop(o, b, ev_attach, ev_read, ev_write, ev_detach);
    natsOptions_SetSendAsap(o, true);
    natsOptions_UseGlobalMessageDelivery(o, true);
    natsOptions_SetIOBufSize(o, READ_SIZE);
    natsOptions_SetMaxReconnect(o, -1);
    natsOptions_SetReconnectWait(o, RECONNECT_MS);
    natsOptions_SetReconnectJitter(o, RECONNECT_JITTER_MS, RECONNECT_JITTER_MS);
    natsOptions_SetReconnectBufSize(o, JV_BUS_BUFFER);
    natsOptions_SetPingInterval(o, PING_MS);
    natsOptions_SetReconnectedCB(o, on_reconnected, b);
    natsOptions_SetClosedCB(o, on_closed, b);
    natsOptions_SetErrorHandler(o, on_error, b);
    return o;
}

/* Counted before, so that the report of its closing cannot come first. */
static natsStatus connect_once(struct nats_bus *b, natsConnection **ret)
{
    natsOptions *o = loop_options(b);
    natsStatus st;

    jv_nats_lock(b);
    b->open++;
    jv_nats_unlock(b);
    st = natsConnection_Connect(ret, o);
    natsOptions_Destroy(o);
    if (st == NATS_OK)
        return st;
    jv_nats_lock(b);
    b->open--;
    jv_nats_unlock(b);
    *ret = NULL;
    return st;
}

/* cnats gives up for good after two refusals in a row and on errors it does not know. The server
 * may think better of it: go on with new connections. */
static void *revive(void *arg)
{
    struct nats_bus *b = arg;
    natsConnection *nc = NULL;

    jv_nats_lock(b);
    while (!nc && !b->closing) {
        jv_mailbox_wait(&b->box, REVIVE_MS);
        if (b->closing)
            break;
        jv_nats_unlock(b);
        connect_once(b, &nc);
        jv_nats_lock(b);
    }
    b->fresh = nc;
    jv_mailbox_wake(&b->box);
    jv_nats_unlock(b);
    return NULL;
}

/* With the lock held. */
static void start_reviver(struct nats_bus *b)
{
    if (!b->reviving && !b->closing)
        b->reviving = pthread_create(&b->reviver, NULL, revive, b) == 0;
}

static void on_closed(natsConnection *nc, void *arg)
{
    struct nats_bus *b = arg;

    jv_nats_lock(b);
    b->open--;
    if (nc == b->nc)
        start_reviver(b);
    pthread_cond_broadcast(&b->box.changed);
    jv_nats_unlock(b);
}

void jv_nats_adopt(struct nats_bus *b, natsConnection *nc)
{
    natsConnection *old = b->nc;
    bool closed;

    pthread_rwlock_wrlock(&b->swap);
    jv_nats_lock(b);
    b->nc = nc;
    jv_nats_unlock(b);
    pthread_rwlock_unlock(&b->swap);
    came_up(b, nc);
    jv_nats_resubscribe(b);
    natsConnection_Destroy(old);
    closed = natsConnection_IsClosed(nc); /* already: its report found another one in use */
    jv_nats_lock(b);
    if (closed)
        start_reviver(b);
    jv_nats_unlock(b);
}

/* ---- why not ------------------------------------------------------------------------------ */

int jv_nats_check_ca(const struct nats_bus *b, struct jv_err *err)
{
    natsOptions *o = NULL;
    int r = JV_OK;

    if (!b->ca)
        return JV_OK;
    if (natsOptions_Create(&o) != NATS_OK)
        abort();
    if (secure(o, b->ca) != NATS_OK)
        r = jv_err_set(err, JV_INVALID_ARGUMENT,
                       "NATS_CA: %s holds no certificate that can be read", b->ca);
    natsOptions_Destroy(o);
    return r;
}

/* Another try would end the same way. */
static bool is_refusal(natsStatus st)
{
    return st == NATS_CONNECTION_AUTH_FAILED || st == NATS_SSL_ERROR ||
           st == NATS_SECURE_CONNECTION_WANTED;
}

/* The address without what stands before an @. */
static const char *shown(const char *url)
{
    const char *at = strrchr(url, '@');

    return at ? at + 1 : url;
}

void jv_nats_say_failed(const struct nats_bus *b, natsStatus st, struct jv_err *err)
{
    const char *detail = nats_GetLastError(NULL), *at = shown(b->url);

    detail = detail && *detail ? detail : natsStatus_GetText(st);
    if (st == NATS_SSL_ERROR && b->ca)
        jv_err_set(err, JV_UNAVAILABLE,
                   "NATS at %s shows no certificate of the CA in NATS_CA (%s) for that name: %s",
                   at, b->ca, detail);
    else if (st == NATS_SSL_ERROR)
        jv_err_set(err, JV_UNAVAILABLE,
                   "NATS at %s demands TLS: set NATS_CA to the file with its CA: %s", at, detail);
    else if (st == NATS_SECURE_CONNECTION_WANTED)
        jv_err_set(err, JV_UNAVAILABLE, "NATS at %s offers no TLS, but %s", at,
                   b->ca ? "NATS_CA is set" : "NATS_URL asks for it");
    else
        jv_err_set(err, st == NATS_CONNECTION_AUTH_FAILED ? JV_UNAUTHENTICATED : JV_UNAVAILABLE,
                   "cannot connect to NATS at %s: %s", at, natsStatus_GetText(st));
}

void jv_nats_hooks_free(struct nats_bus *b)
{
    for (struct hooks *h = b->hooks, *next; h; h = next) {
        next = h->next;
        free(h);
    }
}

natsStatus jv_nats_connect_first(struct nats_bus *b, int wait_ms, natsConnection **ret)
{
    const struct timespec pause = { 0, RETRY_MS * 1000000L };
    int64_t until = jv_loop_mono_ms(b->loop) + wait_ms;
    natsStatus st;
    int refused = 0;

    while ((st = connect_once(b, ret)) != NATS_OK &&
           (!is_refusal(st) || ++refused < JV_NATS_SIGN_INS) && jv_loop_mono_ms(b->loop) < until)
        nanosleep(&pause, NULL);
    return st;
}
