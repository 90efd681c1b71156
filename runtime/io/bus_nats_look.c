/* bus_nats_look.c -- a look at the bus as one of its users, on a connection with cnats' threads. */
#include "io/bus_look.h"
#include "io/bus_nats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <google/protobuf/struct.pb-c.h>

#include "jv/wire.h"

enum { ANSWER_MS = 2000, SECOND_NS = 1000000000 };

struct jv_bus_look {
    natsConnection *nc;
    jsCtx *js;
};

/* ---- signing in ------------------------------------------------------------------------------ */

struct jv_bus_look *jv_bus_look_new(const struct jv_bus_options *o, struct jv_err *err)
{
    struct nats_bus b = { .url = (char *)o->url,
                          .creds = (char *)o->creds,
                          .ca = o->ca && *o->ca ? (char *)o->ca : NULL,
                          .name = (char *)o->name };
    struct jv_bus_look *l = jv_nats_make(sizeof(*l));
    natsStatus st = NATS_CONNECTION_AUTH_FAILED;
    natsOptions *options;

    jv_nats_open();
    b.tls = b.ca || strstr(b.url, "tls://");
    options = jv_nats_options(&b);
    natsOptions_SetAllowReconnect(options, false);
    for (int i = 0; i < JV_NATS_SIGN_INS && st == NATS_CONNECTION_AUTH_FAILED; i++)
        st = natsConnection_Connect(&l->nc, options);
    natsOptions_Destroy(options);
    if (st == NATS_OK)
        return l;
    jv_nats_say_failed(&b, st, err);
    free(l);
    return NULL;
}

struct jv_bus_look *jv_bus_look_free(struct jv_bus_look *l)
{
    if (!l)
        return NULL;
    jsCtx_Destroy(l->js);
    natsConnection_Destroy(l->nc);
    free(l);
    return NULL;
}

/* ---- permissions ----------------------------------------------------------------------------- */

/* What the server objects to is there before the answer to a ping that was sent after it. */
static int objection(struct jv_bus_look *l, natsStatus st, const char *subject, struct jv_err *err)
{
    const char *said = "";
    char quoted[300];

    if (st == NATS_OK)
        st = natsConnection_FlushTimeout(l->nc, ANSWER_MS);
    if (st != NATS_OK)
        return jv_err_set(err, JV_UNAVAILABLE, "%s", natsStatus_GetText(st));
    snprintf(quoted, sizeof(quoted), "\"%s\"", subject);
    if (natsConnection_GetLastError(l->nc, &said) == NATS_NOT_PERMITTED && said &&
        strstr(said, quoted))
        return jv_err_set(err, JV_PERMISSION_DENIED, "%s", said);
    return JV_OK;
}

int jv_bus_look_publish(struct jv_bus_look *l, const char *subject, struct jv_err *err)
{
    return objection(l, natsConnection_Publish(l->nc, subject, NULL, 0), subject, err);
}

int jv_bus_look_subscribe(struct jv_bus_look *l, const char *subject, struct jv_err *err)
{
    natsSubscription *s = NULL;
    int r = objection(l, natsConnection_SubscribeSync(&s, l->nc, subject), subject, err);

    natsSubscription_Unsubscribe(s);
    natsSubscription_Destroy(s);
    return r;
}

/* ---- JetStream ------------------------------------------------------------------------------- */

static int need_js(struct jv_bus_look *l, struct jv_err *err)
{
    jsOptions o;

    jsOptions_Init(&o);
    o.Wait = ANSWER_MS;
    if (l->js || natsConnection_JetStream(&l->js, l->nc, &o) == NATS_OK)
        return JV_OK;
    return jv_err_set(err, JV_UNAVAILABLE, "%s", nats_GetLastError(NULL));
}

static int64_t wall_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* "ts" of a stream's description is the server's time; cnats does not pass it on. */
static void read_clock(struct jv_bus_look *l, const char *name, struct jv_bus_stream *ret)
{
    struct jv_arena *a = jv_arena_new(1 << 20);
    const Google__Protobuf__Struct *s = NULL;
    const char *subject = jv_arena_printf(a, "$JS.API.STREAM.INFO.%s", name), *ts;
    int64_t before = wall_ms(), seconds;
    int32_t nanos;
    natsMsg *m = NULL;

    if (natsConnection_Request(&m, l->nc, subject, NULL, 0, ANSWER_MS) == NATS_OK)
        s = (const void *)jv_json_to_msg(&google__protobuf__struct__descriptor, natsMsg_GetData(m),
                                         (size_t)natsMsg_GetDataLength(m), JV_JSON_SNAKE, a, NULL);
    ts = s ? jv_struct_text(s, "ts") : NULL;
    ret->has_clock = ts && !jv_time_parse(ts, &seconds, &nanos);
    if (ret->has_clock)
        ret->ahead_ms = seconds * 1000 + nanos / 1000000 - (before + wall_ms()) / 2;
    natsMsg_Destroy(m);
    jv_arena_free(a);
}

static void count_replicas(const jsStreamInfo *info, struct jv_bus_stream *ret)
{
    const jsClusterInfo *c = info->Cluster;

    ret->led = !c || (c->Leader && *c->Leader);
    for (int i = 0; c && i < c->ReplicasLen; i++)
        ret->behind += !c->Replicas[i]->Current || c->Replicas[i]->Offline;
}

int jv_bus_look_stream(struct jv_bus_look *l, const char *name, struct jv_bus_stream *ret,
                       struct jv_err *err)
{
    jsStreamInfo *info = NULL;
    jsErrCode code = 0;
    natsStatus st;
    int r = need_js(l, err);

    if (r)
        return r;
    st = js_GetStreamInfo(&info, l->js, name, NULL, &code);
    if (st != NATS_OK)
        return jv_err_set(err, st == NATS_NOT_FOUND ? JV_NOT_FOUND : JV_UNAVAILABLE, "%s",
                          nats_GetLastError(NULL));
    *ret = (struct jv_bus_stream){
        .max_age_s = info->Config->MaxAge / SECOND_NS,
        .max_bytes = info->Config->MaxBytes > 0 ? info->Config->MaxBytes : 0,
        .max_message = info->Config->MaxMsgSize > 0 ? info->Config->MaxMsgSize : 0,
        .bytes = (int64_t)info->State.Bytes,
        .messages = (int64_t)info->State.Msgs,
        .replicas = (int)info->Config->Replicas,
    };
    count_replicas(info, ret);
    jsStreamInfo_Destroy(info);
    read_clock(l, name, ret);
    return JV_OK;
}

int jv_bus_look_store(struct jv_bus_look *l, int64_t *ret_used, int64_t *ret_most,
                      struct jv_err *err)
{
    jsAccountInfo *info = NULL;
    jsErrCode code = 0;
    int r = need_js(l, err);

    if (r)
        return r;
    if (js_GetAccountInfo(&info, l->js, NULL, &code) != NATS_OK)
        return jv_err_set(err, JV_UNAVAILABLE, "%s", nats_GetLastError(NULL));
    *ret_used = (int64_t)info->Store;
    *ret_most = info->Limits.MaxStore;
    jsAccountInfo_Destroy(info);
    return JV_OK;
}
