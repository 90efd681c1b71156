/* service.c -- $SRV.PING, INFO and STATS: what the NATS tools ask every service (ADR-32). */
#include "actor/engine.h"

#include <string.h>

#include "actor/message.h"

static void text(struct jv_buf *b, const char *name, const char *value)
{
    jv_buf_printf(b, "%s\"%s\":", b->data[b->len - 1] == '{' ? "" : ",", name);
    jv_json_quote(b, value, strlen(value));
}

static void head(struct jv_buf *b, const struct jv_node *n, const char *type)
{
    const struct jv_actor *a = n->actor;

    jv_buf_char(b, '{');
    text(b, "type", type);
    text(b, "name", a->name);
    text(b, "id", n->instance);
    text(b, "version", a->version);
    jv_buf_str(b, ",\"metadata\":{");
    if (a->agent) {
        text(b, "agent", a->agent->name);
        text(b, "binding", "a2a");
    }
    jv_buf_char(b, '}');
}

static void endpoint(struct jv_buf *b, const struct jv_node *n, const struct jv_method *m,
                     bool stats)
{
    bool a2a = strcmp(m->service, "a2a") == 0;
    const char *name = a2a ? n->actor->agent->token : n->actor->name;

    jv_buf_str(b, b->data[b->len - 1] == '[' ? "{" : ",{");
    text(b, "name", a2a ? jv_arena_printf(b->arena, "a2a-%s", m->name) : m->name);
    text(b, "subject",
         jv_arena_printf(b->arena, "%s.%s.%s.%s", n->prefix, m->service, name, m->name));
    text(b, "queue_group", name);
    if (stats) {
        jv_buf_printf(b,
                      ",\"num_requests\":%llu,\"num_errors\":%llu,\"processing_time\":%llu,"
                      "\"average_processing_time\":%llu",
                      (unsigned long long)m->n_requests, (unsigned long long)m->n_errors,
                      (unsigned long long)m->processing_ns,
                      (unsigned long long)(m->n_requests ? m->processing_ns / m->n_requests : 0));
        text(b, "last_error", m->last_error);
    } else {
        jv_buf_str(b, ",\"metadata\":{");
        text(b, "request", m->in->name);
        text(b, "reply", m->out->name);
        text(b, "content", "application/protobuf, application/json");
        if (m->streams)
            text(b, "streaming", "true");
        jv_buf_char(b, '}');
    }
    jv_buf_char(b, '}');
}

static void endpoints(struct jv_buf *b, const struct jv_node *n, bool stats)
{
    jv_buf_str(b, ",\"endpoints\":[");
    for (size_t i = 0; i < n->n_methods; i++)
        endpoint(b, n, &n->methods[i], stats);
    jv_buf_str(b, "]}");
}

static void ping(struct jv_buf *b, const struct jv_node *n)
{
    head(b, n, "io.nats.micro.v1.ping_response");
    jv_buf_char(b, '}');
}

static void info(struct jv_buf *b, const struct jv_node *n)
{
    head(b, n, "io.nats.micro.v1.info_response");
    text(b, "description", n->actor->summary ? n->actor->summary : "");
    endpoints(b, n, false);
}

static void stats(struct jv_buf *b, const struct jv_node *n)
{
    head(b, n, "io.nats.micro.v1.stats_response");
    text(b, "started", jv_time_print(b->arena, n->started_ms / 1000, 0));
    endpoints(b, n, true);
}

static const struct verb {
    const char *name;
    void (*print)(struct jv_buf *b, const struct jv_node *n);
} verbs[] = { { "PING", ping }, { "INFO", info }, { "STATS", stats } };

struct asked {
    struct jv_node *node;
    const struct verb *verb;
};

static void on_service(void *arg, struct jv_bus_msg *m)
{
    struct asked *q = arg;
    struct jv_arena *a;
    struct jv_buf b;

    if (!m->reply || !jv_may_answer(m))
        return;
    a = jv_arena_new(4 << 20);
    b = jv_buf_new(a);
    q->verb->print(&b, q->node);
    jv_may_fail(jv_bus_publish(q->node->bus, m->reply, NULL, NULL, 0, b.data, b.len));
    jv_arena_free(a);
}

int jv_service_subscribe(struct jv_node *n)
{
    for (size_t i = 0; i < JV_COUNT(verbs); i++) {
        const char *v = verbs[i].name;
        const char *subjects[] = {
            jv_arena_printf(n->keep, "$SRV.%s", v),
            jv_arena_printf(n->keep, "$SRV.%s.%s", v, n->actor->name),
            jv_arena_printf(n->keep, "$SRV.%s.%s.%s", v, n->actor->name, n->instance),
        };
        struct asked *q = JV_NEW(n->keep, struct asked);

        *q = (struct asked){ n, &verbs[i] };
        for (size_t j = 0; j < JV_COUNT(subjects); j++)
            if (!jv_bus_subscribe(n->bus, subjects[j], NULL, on_service, q))
                return JV_UNAVAILABLE;
    }
    return JV_OK;
}
