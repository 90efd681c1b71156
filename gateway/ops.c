/* ops.c -- alive, ready, counted: what operators and load balancers ask. */
#include "gw.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <auth.pb-c.h>
#include <google/protobuf/empty.pb-c.h>
#include <llm.pb-c.h>
#include <orchestrator.pb-c.h>
#include <registry.pb-c.h>
#include <sessions.pb-c.h>

enum { CHECK_MS = 1000, KEEP_MS = 1000, LLM_MS = 500 };

/* What has to be there to answer a person. A call without a token that is refused for want of one
 * shows that its actor lives; auth's goes to the database. */
static const struct dependency {
    const char *name;
    const ProtobufCServiceDescriptor *service;
    const char *rpc;
    bool for_chat; /* a gateway for the conformance agent does without */
} dependencies[] = {
    { "auth", &auth__auth__descriptor, "Revocations", false },
    { "registry", &registry__registry__descriptor, "List", false },
    { "sessions", &sessions__sessions__descriptor, "Active", true },
    { "orchestrator", &orchestrator__orchestrator__descriptor, "Suggest", true },
};

/* The last finding, kept for a moment so that asking often costs nothing. */
struct ready {
    pthread_mutex_t lock;
    int64_t found_ms;
    bool ok, bus, up[JV_COUNT(dependencies)];
    char json[1024];
};

struct ready *ready_new(void)
{
    struct ready *r = calloc(1, sizeof(*r));

    if (!r)
        abort();
    pthread_mutex_init(&r->lock, NULL);
    r->found_ms = -KEEP_MS;
    return r;
}

struct ready *ready_free(struct ready *r)
{
    if (r)
        pthread_mutex_destroy(&r->lock);
    free(r);
    return NULL;
}

static bool is_up(struct request *rq, const struct dependency *d, struct jv_err *err)
{
    const Google__Protobuf__Empty nothing = GOOGLE__PROTOBUF__EMPTY__INIT;
    const struct jv_call_options o = { .timeout_ms = CHECK_MS };
    const ProtobufCMethodDescriptor *m =
            protobuf_c_service_descriptor_get_method_by_name(d->service, d->rpc);
    const void *req = m->input == nothing.base.descriptor ? (const void *)&nothing
                                                          : jv_msg_new(m->input, rq->a);
    void *ret;
    int r = jv_client_call(rq->gw->client, d->service, NULL, d->rpc, req, &ret, &o, rq->a, err);

    return r == JV_OK || r == JV_UNAUTHENTICATED || r == JV_PERMISSION_DENIED;
}

static void add_component(struct jv_buf *b, const char *name, bool up, const char *detail)
{
    jv_buf_printf(b, "%s\"%s\":{\"status\":\"%s\"", b->len ? "," : "", name, up ? "up" : "down");
    if (!up) {
        jv_buf_str(b, ",\"detail\":");
        jv_json_quote(b, detail, strlen(detail));
    }
    jv_buf_char(b, '}');
}

static void look(struct request *rq, struct ready *ready)
{
    struct jv_buf b = jv_buf_new(rq->a);
    bool bus = jv_client_connected(rq->gw->client), ok = bus;
    char *json;

    ready->bus = bus;
    add_component(&b, "nats", bus, "not connected");
    for (size_t i = 0; i < JV_COUNT(dependencies); i++) {
        struct jv_err err = { 0 };
        bool up;

        if (dependencies[i].for_chat && rq->gw->set.conformance)
            continue;
        up = bus && is_up(rq, &dependencies[i], &err);
        add_component(&b, dependencies[i].name, up, bus ? err.text : "the bus is down");
        ready->up[i] = up;
        ok = ok && up;
    }
    json = jv_arena_printf(rq->a, "{\"status\":\"%s\",\"components\":{%s}}",
                           ok ? "ready" : "unavailable", b.data);
    ready->ok = ok;
    strncpy(ready->json, json, sizeof(ready->json) - 1);
    ready->found_ms = gw_mono_ms();
}

/* Locked until it is unlocked. */
static struct ready *look_locked(struct request *rq)
{
    struct ready *ready = rq->gw->ready;

    pthread_mutex_lock(&ready->lock);
    if (gw_mono_ms() - ready->found_ms >= KEEP_MS)
        look(rq, ready);
    return ready;
}

void handle_ready(struct request *rq)
{
    struct ready *ready;
    char *json;
    bool ok;

    if (conns_leaving(rq->gw->conns)) { /* through a proxy it is about all gateways */
        reply_elsewhere(rq);
        return;
    }
    ready = look_locked(rq);
    ok = ready->ok;
    json = jv_arena_strdup(rq->a, ready->json);
    pthread_mutex_unlock(&ready->lock);
    if (!ok)
        reply_header(rq, "Retry-After", "1");
    reply(rq, ok ? 200 : 503, "application/json", json, strlen(json));
}

void handle_health(struct request *rq)
{
    char *json = jv_arena_printf(rq->a,
                                 "{\"status\":\"healthy\",\"service\":\"gateway\","
                                 "\"version\":\"%s\"}",
                                 rq->gw->program->version);

    reply(rq, 200, "application/json", json, strlen(json));
}

/* What one of the llm's processes counts. */
static const struct llm_metric {
    const char *name, *kind, *help;
    size_t offset; /* of an int64_t in Llm__Model */
} llm_metrics[] = {
    { "jarvis_llm_calls_total", "counter", "Calls to a language model, failed ones too.",
      offsetof(Llm__Model, calls) },
    { "jarvis_llm_failed_total", "counter", "Calls to a language model that failed.",
      offsetof(Llm__Model, failed) },
    { "jarvis_llm_input_tokens_total", "counter", "Tokens that models read.",
      offsetof(Llm__Model, input_tokens) },
    { "jarvis_llm_output_tokens_total", "counter", "Tokens that models wrote.",
      offsetof(Llm__Model, output_tokens) },
    { "jarvis_llm_cost_microusd_total", "counter", "Millionths of a dollar that models cost.",
      offsetof(Llm__Model, cost_microusd) },
};

static void print_head(struct jv_buf *b, const char *name, const char *kind, const char *help)
{
    jv_buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

static void print_labels(struct jv_buf *b, const char *name, const Llm__ModelList *list,
                         const Llm__Model *m)
{
    jv_buf_printf(b, "%s{instance=\"%s\"", name, list->instance);
    if (m) {
        jv_buf_str(b, ",model=");
        jv_json_quote(b, m->name, strlen(m->name));
        if (m->embeds) /* the same name may be there twice */
            jv_buf_str(b, ",embeds=\"yes\"");
    }
    jv_buf_str(b, "} ");
}

static void print_models(struct jv_buf *b, const Llm__ModelList *list)
{
    for (size_t i = 0; i < JV_COUNT(llm_metrics); i++) {
        const struct llm_metric *k = &llm_metrics[i];

        print_head(b, k->name, k->kind, k->help);
        for (size_t m = 0; m < list->n_models; m++) {
            print_labels(b, k->name, list, list->models[m]);
            jv_buf_printf(b, "%lld\n",
                          (long long)*(const int64_t *)((const char *)list->models[m] + k->offset));
        }
    }
    print_head(b, "jarvis_llm_serving", "gauge", "1: the model serves; 0: it rests or is limited.");
    for (size_t m = 0; m < list->n_models; m++) {
        print_labels(b, "jarvis_llm_serving", list, list->models[m]);
        jv_buf_printf(b, "%d\n", strcmp(list->models[m]->state, "serving") == 0);
    }
}

static void print_llm(struct request *rq, struct jv_buf *b)
{
    const Google__Protobuf__Empty nothing = GOOGLE__PROTOBUF__EMPTY__INIT;
    const struct jv_call_options o = { .timeout_ms = LLM_MS };
    const Llm__ModelList *list;
    struct jv_err err = { 0 };

    if (jv_client_call(rq->gw->client, &llm__llm__descriptor, NULL, "Models", &nothing, &list, &o,
                       rq->a, &err) ||
        !list->n_models)
        return;
    print_models(b, list);
    print_head(b, "jarvis_llm_cached_total", "counter", "Answers that no model was asked for.");
    print_labels(b, "jarvis_llm_cached_total", list, NULL);
    jv_buf_printf(b, "%lld\n", (long long)list->cached);
    print_head(b, "jarvis_llm_waiting", "gauge", "Calls that wait for their turn.");
    print_labels(b, "jarvis_llm_waiting", list, NULL);
    jv_buf_printf(b, "%d\n", list->waiting);
    print_head(b, "jarvis_llm_running", "gauge", "Calls under way.");
    print_labels(b, "jarvis_llm_running", list, NULL);
    jv_buf_printf(b, "%d\n", list->running);
}

static void print_ready(struct request *rq, struct jv_buf *b)
{
    static const char name[] = "jarvis_component_up";
    const struct ready *ready = look_locked(rq);

    print_head(b, "jarvis_ready", "gauge", "1: everything that an answer needs is there.");
    jv_buf_printf(b, "jarvis_ready %d\n", ready->ok);
    print_head(b, name, "gauge", "1: it is there, as /ready says.");
    jv_buf_printf(b, "%s{component=\"nats\"} %d\n", name, ready->bus);
    for (size_t i = 0; i < JV_COUNT(dependencies); i++)
        if (!dependencies[i].for_chat || !rq->gw->set.conformance)
            jv_buf_printf(b, "%s{component=\"%s\"} %d\n", name, dependencies[i].name, ready->up[i]);
    pthread_mutex_unlock(&rq->gw->ready->lock);
}

void handle_metrics(struct request *rq)
{
    struct jv_buf b = jv_buf_new(rq->a);

    counters_print(rq->gw, &b);
    print_ready(rq, &b);
    if (!rq->gw->set.conformance)
        print_llm(rq, &b);
    reply(rq, 200, "text/plain; version=0.0.4; charset=utf-8", b.data, b.len);
}
