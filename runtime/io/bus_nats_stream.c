/* bus_nats_stream.c -- JetStream's streams: made, and given the limits that they should have. */
#include "io/bus_nats.h"

#include <stdio.h>
#include <string.h>

enum { STREAM_MS = 5000, COPIES_MS = 30000, COPIES_EVERY_MS = 200 };

/* ---- what JetStream says ------------------------------------------------------------------- */

static const struct {
    jsErrCode number;
    int code;
    const char *text;
} refusals[] = {
    { JSStreamReplicasNotSupportedErr, JV_FAILED_PRECONDITION,
      "JARVIS_STREAM_REPLICAS: %d copies need a cluster, and this NATS server is alone" },
    { JSClusterNoPeersErr, JV_RESOURCE_EXHAUSTED,
      "JARVIS_STREAM_REPLICAS: the NATS cluster has no %d servers for as many copies" },
    { JSInsufficientResourcesErr, JV_RESOURCE_EXHAUSTED,
      "JARVIS_STREAM_REPLICAS: the NATS cluster has no %d servers with room for as many copies" },
    { JSNotEnabledForAccountErr, JV_FAILED_PRECONDITION, "JetStream is not for this account" },
    { JSNotEnabledErr, JV_FAILED_PRECONDITION, "JetStream is off at this NATS server" },
};

static int refused(const char *stream, int copies, jsErrCode number, struct jv_err *err)
{
    for (size_t i = 0; i < JV_COUNT(refusals); i++)
        if (refusals[i].number == number) {
            char text[160];

            snprintf(text, sizeof(text), refusals[i].text, copies);
            return jv_err_set(err, refusals[i].code, "stream %s: %s", stream, text);
        }
    return jv_err_set(err, JV_UNAVAILABLE, "stream %s: %s", stream, nats_GetLastError(NULL));
}

static bool same_stream(const jsStreamConfig *have, const jsStreamConfig *want)
{
    bool same = have->SubjectsLen == want->SubjectsLen && have->Storage == want->Storage;

    for (int i = 0; same && i < want->SubjectsLen; i++)
        same = strcmp(have->Subjects[i], want->Subjects[i]) == 0;
    return same;
}

static bool same_limits(const jsStreamConfig *have, const jsStreamConfig *want)
{
    return have->MaxAge == want->MaxAge && have->MaxBytes == want->MaxBytes &&
           have->MaxMsgSize == want->MaxMsgSize && have->Replicas == want->Replicas;
}

/* Has every server that shall have it all of it? */
static bool is_complete(const jsStreamInfo *info)
{
    const jsClusterInfo *c = info->Cluster;
    bool complete = c && c->Leader && c->ReplicasLen == (int)info->Config->Replicas - 1;

    for (int i = 0; complete && i < c->ReplicasLen; i++)
        complete = c->Replicas[i]->Current && !c->Replicas[i]->Offline;
    return complete;
}

/* A server that is lost before the new ones have it all may take what was acknowledged with it. */
static int await_copies(jsCtx *js, const jsStreamConfig *want, struct jv_err *err)
{
    bool complete = want->Replicas < 2;

    for (int waited = 0; !complete && waited < COPIES_MS; waited += COPIES_EVERY_MS) {
        jsStreamInfo *info = NULL;

        nats_Sleep(COPIES_EVERY_MS);
        if (js_GetStreamInfo(&info, js, want->Name, NULL, NULL) == NATS_OK)
            complete = is_complete(info);
        jsStreamInfo_Destroy(info);
    }
    return complete ? JV_OK
                    : jv_err_set(err, JV_UNAVAILABLE, "stream %s: its copies are not complete yet",
                                 want->Name);
}

static int check_stream(jsCtx *js, jsStreamConfig *want, struct jv_err *err)
{
    jsStreamInfo *info = NULL;
    jsErrCode code = 0;
    natsStatus st = js_GetStreamInfo(&info, js, want->Name, NULL, &code);
    bool changed = st == NATS_NOT_FOUND;
    int r = JV_OK;

    if (st == NATS_NOT_FOUND)
        st = js_AddStream(&info, js, want, NULL, &code);
    if (st == NATS_OK && !same_stream(info->Config, want)) {
        r = jv_err_set(err, JV_FAILED_PRECONDITION,
                       "stream %s is there, with other subjects or storage", want->Name);
    } else if (st == NATS_OK && !same_limits(info->Config, want)) {
        changed = changed || info->Config->Replicas != want->Replicas;
        st = js_UpdateStream(NULL, js, want, NULL, &code);
    }
    if (st != NATS_OK)
        r = refused(want->Name, (int)want->Replicas, code, err);
    else if (!r && changed)
        r = await_copies(js, want, err);
    jsStreamInfo_Destroy(info);
    return r;
}

/* On a connection of its own, with cnats' threads: it works whether the loop runs or not. */
int jv_nats_stream(struct jv_bus *bus, const char *name, const char *const *subjects,
                   const struct jv_stream_limits *limits, struct jv_err *err)
{
    natsOptions *o = jv_nats_options((struct nats_bus *)bus);
    natsConnection *nc = NULL;
    jsStreamConfig want;
    natsStatus st = NATS_ERR;
    jsCtx *js = NULL;
    jsOptions jo;
    int r;

    jsStreamConfig_Init(&want);
    want.Name = name;
    want.Subjects = (const char **)subjects;
    while (subjects[want.SubjectsLen])
        want.SubjectsLen++;
    want.MaxAge = limits->max_age_s * 1000000000;
    want.MaxBytes = limits->max_bytes ? limits->max_bytes : -1;
    want.MaxMsgSize = limits->max_message ? limits->max_message : -1;
    want.Storage = js_FileStorage;
    want.Replicas = limits->replicas ? limits->replicas : 1;
    jsOptions_Init(&jo);
    jo.Wait = STREAM_MS;
    for (int i = 0; i < JV_NATS_SIGN_INS && st != NATS_OK; i++)
        st = natsConnection_Connect(&nc, o);
    if (st != NATS_OK || natsConnection_JetStream(&js, nc, &jo) != NATS_OK)
        r = jv_err_set(err, JV_UNAVAILABLE, "JetStream: %s", nats_GetLastError(NULL));
    else
        r = check_stream(js, &want, err);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    natsOptions_Destroy(o);
    return r;
}
