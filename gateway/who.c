/* who.c -- who a request's token speaks for; keys and ended sessions come from auth. */
#include "gw.h"

#include <string.h>
#include <time.h>

#include <auth.pb-c.h>
#include <google/protobuf/empty.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>

enum { CACHE_SIZE = 65536, FETCH_MS = 2000, ARENA_LIMIT = 4 << 20 };

static int64_t real_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct jv_identity *who_new(void)
{
    return jv_identity_new(CACHE_SIZE);
}

static int fetch_keys(struct gw *gw, struct jv_arena *a, struct jv_err *err)
{
    const Google__Protobuf__Empty nothing = GOOGLE__PROTOBUF__EMPTY__INIT;
    const struct jv_call_options o = { .timeout_ms = FETCH_MS };
    Auth__KeySet *keys;
    int r = jv_client_call(gw->client, &auth__auth__descriptor, NULL, "Keys", &nothing, &keys, &o,
                           a, err);

    return r ? r : jv_identity_keys(gw->identity, keys, err);
}

static int fetch_revocations(struct gw *gw, struct jv_arena *a, struct jv_err *err)
{
    const Google__Protobuf__Empty nothing = GOOGLE__PROTOBUF__EMPTY__INIT;
    const struct jv_call_options o = { .timeout_ms = FETCH_MS };
    Auth__RevocationList *list;
    int r = jv_client_call(gw->client, &auth__auth__descriptor, NULL, "Revocations", &nothing,
                           &list, &o, a, err);

    for (size_t i = 0; r == JV_OK && i < list->n_revocations; i++)
        jv_identity_revocation(gw->identity, list->revocations[i]);
    return r;
}

/* Whoever waits for the lock finds the keys there. */
static int renew_keys(struct gw *gw, struct jv_arena *a, struct jv_err *err)
{
    int r;

    gw->keys_changed = false;
    r = fetch_keys(gw, a, err);
    if (r)
        gw->keys_changed = true;
    return r;
}

int who_refresh(struct gw *gw, struct jv_err *err)
{
    struct jv_arena *a = jv_arena_new(ARENA_LIMIT);
    int r;

    pthread_mutex_lock(&gw->fetching);
    r = renew_keys(gw, a, err);
    pthread_mutex_unlock(&gw->fetching);
    if (r == JV_OK)
        r = fetch_revocations(gw, a, err);
    jv_arena_free(a);
    return r;
}

/* On the client's loop thread: quick. */
static void on_revoked(void *arg, const char *subject, const void *data, size_t len)
{
    struct gw *gw = arg;
    struct jv_arena *a = jv_arena_new(1 << 16);
    ProtobufCMessage *m = jv_unpack(&auth__revocation__descriptor, data, len, a, NULL);

    (void)subject;
    if (m)
        jv_identity_revocation(gw->identity, (const Auth__Revocation *)m);
    jv_arena_free(a);
}

static void on_keys_changed(void *arg, const char *subject, const void *data, size_t len)
{
    (void)subject, (void)data, (void)len;
    ((struct gw *)arg)->keys_changed = true;
}

int who_listen(struct gw *gw)
{
    int r = jv_client_listen(gw->client, "evt.auth.Revoked", on_revoked, gw);

    return r ? r : jv_client_listen(gw->client, "evt.auth.KeysChanged", on_keys_changed, gw);
}

/* They changed, or the last time is long enough ago. */
static bool may_fetch(struct gw *gw)
{
    return gw->keys_changed || jv_identity_may_fetch(gw->identity, real_ms());
}

/* A token signed with a key that we do not have: perhaps a new one. Of the threads that meet it
 * one fetches the keys, the others wait for that. */
static int check_again(struct request *rq, struct jv_err *err)
{
    struct gw *gw = rq->gw;
    int r;

    pthread_mutex_lock(&gw->fetching);
    r = jv_identity_check(gw->identity, rq->target.token, real_ms(), rq->a, &rq->caller, err);
    if (r == JV_NOT_FOUND && may_fetch(gw)) {
        r = renew_keys(gw, rq->a, err);
        if (r == JV_OK)
            r = jv_identity_check(gw->identity, rq->target.token, real_ms(), rq->a, &rq->caller,
                                  err);
        else
            r = jv_err_set(err, JV_UNAVAILABLE, "tokens cannot be checked just now");
    }
    pthread_mutex_unlock(&gw->fetching);
    return r;
}

/* The one agent that is for everybody, in a gateway that is on this machine alone. */
static bool is_conformance(const struct request *rq)
{
    return rq->gw->set.conformance && (rq->route->flags & ROUTE_A2A) &&
           strcmp(rq->members[0], CONFORMANCE_AGENT) == 0;
}

bool who_is_it(struct request *rq)
{
    struct jv_err err = { 0 };
    int r;

    if ((rq->route->flags & ROUTE_OPEN) || is_conformance(rq))
        return true;
    if (!rq->target.token) {
        audit_refused(rq, "no token");
        reply_problem(rq, 401, JV_UNAUTHENTICATED, NULL, "sign in first: no bearer token");
        return false;
    }
    r = jv_identity_check(rq->gw->identity, rq->target.token, real_ms(), rq->a, &rq->caller, &err);
    if (r == JV_NOT_FOUND)
        r = check_again(rq, &err);
    if (r == JV_OK)
        return true;
    if (r == JV_UNAVAILABLE) {
        reply_error(rq, &err);
        return false;
    }
    audit_refused(rq, err.text);
    reply_problem(rq, 401, JV_UNAUTHENTICATED, NULL, "%s",
                  r == JV_NOT_FOUND ? "the token is not valid" : err.text);
    return false;
}

int who_still(struct request *rq, struct jv_err *err)
{
    struct jv_caller caller;
    int r = jv_identity_check(rq->gw->identity, rq->target.token, real_ms(), rq->a, &caller, err);

    return r == JV_NOT_FOUND ? jv_err_set(err, JV_UNAUTHENTICATED, "the token is not valid") : r;
}
