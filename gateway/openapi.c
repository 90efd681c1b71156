/* openapi.c -- /openapi.json (3.1) from the table that routes and the descriptors of its messages.
 */
#include "gw.h"

#include <stdio.h>
#include <string.h>

#include <google/protobuf/struct.pb-c.h>

enum { MAX_SCHEMAS = 128 };

/* What is being written, and the messages it refers to. */
struct doc {
    struct jv_buf b;
    const ProtobufCMessageDescriptor *schemas[MAX_SCHEMAS];
    bool camel[MAX_SCHEMAS];
    size_t n_schemas;
};

static unsigned spelling(bool camel)
{
    return camel ? JV_JSON_CAMEL : JV_JSON_SNAKE;
}

static void quote(struct doc *d, const char *s)
{
    jv_json_quote(&d->b, s, strlen(s));
}

static void refer(struct doc *d, const ProtobufCMessageDescriptor *type, bool camel)
{
    size_t i = 0;

    while (i < d->n_schemas && (d->schemas[i] != type || d->camel[i] != camel))
        i++;
    if (i == d->n_schemas && i < MAX_SCHEMAS) {
        d->camel[i] = camel;
        d->schemas[d->n_schemas++] = type;
    }
    jv_buf_printf(&d->b, "{\"$ref\":\"#/components/schemas/%s\"}", type->name);
}

static void add_value(struct doc *d, const Google__Protobuf__Value *v)
{
    size_t len;
    char *json = jv_msg_to_json(&v->base, JV_JSON_CAMEL, d->b.arena, &len);

    jv_buf_add(&d->b, json, len);
}

/* A parameter of the path or the query, with the schema its member has in the message. */
static void add_parameter(struct doc *d, bool *first, const char *name, const char *in,
                          const Google__Protobuf__Value *schema)
{
    jv_buf_str(&d->b, *first ? ",\"parameters\":[" : ",");
    *first = false;
    jv_buf_str(&d->b, "{\"name\":");
    quote(d, name);
    jv_buf_printf(&d->b, ",\"in\":\"%s\",\"required\":%s,\"schema\":", in,
                  strcmp(in, "path") == 0 ? "true" : "false");
    if (schema)
        add_value(d, schema);
    else
        jv_buf_str(&d->b, "{\"type\":\"string\"}");
    jv_buf_char(&d->b, '}');
}

static bool in_path(const struct route *r, const char *name)
{
    char member[64];

    for (size_t i = 0; route_member(r, i, member); i++)
        if (strcmp(member, name) == 0)
            return true;
    return false;
}

static const Google__Protobuf__Value *property(const Google__Protobuf__Value *properties,
                                               const char *name)
{
    if (!properties || properties->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE)
        return NULL;
    return jv_struct_get(properties->struct_value, name);
}

static void add_headers(struct doc *d, const struct route *r, bool *first)
{
    if (r->flags & ROUTE_KEYED)
        add_parameter(d, first, "Idempotency-Key", "header", NULL);
    if (strcmp(r->method, "GET") == 0 && (r->flags & ROUTE_STREAM))
        add_parameter(d, first, "Last-Event-ID", "header", NULL);
}

static const char *spelled(struct doc *d, const char *name, bool camel)
{
    return camel ? jv_camel(d->b.arena, name) : name;
}

static void add_parameters(struct doc *d, const struct route *r)
{
    const ProtobufCMessageDescriptor *type = r->service ? route_rpc(r)->input : NULL;
    bool camel = r->flags & ROUTE_A2A;
    Google__Protobuf__Struct *schema = type ? jv_schema(type, spelling(camel), d->b.arena) : NULL;
    const Google__Protobuf__Value *all = schema ? jv_struct_get(schema, "properties") : NULL;
    bool first = true;
    char name[64];

    for (size_t i = 0; route_member(r, i, name); i++)
        add_parameter(d, &first, name, "path", property(all, spelled(d, name, camel)));
    for (unsigned i = 0; type && !(r->flags & ROUTE_BODY) && i < type->n_fields; i++) {
        const char *member = spelled(d, type->fields[i].name, camel);

        if (!in_path(r, type->fields[i].name))
            add_parameter(d, &first, member, "query", property(all, member));
    }
    add_headers(d, r, &first);
    if (!first)
        jv_buf_char(&d->b, ']');
}

static void add_body(struct doc *d, const struct route *r)
{
    if (!(r->flags & ROUTE_BODY))
        return;
    jv_buf_str(&d->b, ",\"requestBody\":{\"content\":{\"application/json\":{\"schema\":");
    if (r->service)
        refer(d, route_rpc(r)->input, r->flags & ROUTE_A2A);
    else
        jv_buf_str(&d->b, "{\"type\":\"object\"}");
    jv_buf_str(&d->b, "}}}");
}

static bool is_a2a_stream(const struct route *r)
{
    return (r->flags & ROUTE_A2A) && (r->flags & ROUTE_STREAM);
}

/* What a chat gives without a stream is what the stream's last event holds. */
static const ProtobufCMessageDescriptor *output(const struct route *r)
{
    const ProtobufCMethodDescriptor *ask;

    if (!(r->flags & ROUTE_STREAM))
        return route_rpc(r)->output;
    ask = protobuf_c_service_descriptor_get_method_by_name(r->service, "Ask");
    return ask->output;
}

static void add_success(struct doc *d, const struct route *r)
{
    int status = r->status ? r->status : 200;

    jv_buf_printf(&d->b, ",\"responses\":{\"%d\":{\"description\":\"%s\"", status,
                  http_title(status));
    if (r->service && status != 204) {
        bool whole = !(r->flags & ROUTE_STREAM) || ((r->flags & ROUTE_BODY) && !is_a2a_stream(r));

        jv_buf_str(&d->b, ",\"content\":{");
        if (whole) {
            jv_buf_str(&d->b, "\"application/json\":{\"schema\":");
            refer(d, output(r), r->flags & ROUTE_A2A);
            jv_buf_char(&d->b, '}');
        }
        if (r->flags & ROUTE_STREAM)
            jv_buf_printf(&d->b, "%s\"text/event-stream\":{\"schema\":{\"type\":\"string\"}}",
                          whole ? "," : "");
        jv_buf_char(&d->b, '}');
    }
    jv_buf_printf(&d->b, "},\"default\":{\"$ref\":\"#/components/responses/%s\"}}",
                  r->flags & ROUTE_A2A ? "A2AError" : "Problem");
}

/* An operation that is there by two methods has the second one's in its name. */
static void name_operation(const struct route *r, char *id, size_t size)
{
    const char *method = "";

    for (const struct route *o = routes; o < r; o++)
        if (r->rpc && o->rpc && strcmp(o->rpc, r->rpc) == 0 && o->service == r->service &&
            !(o->flags & ROUTE_HIDDEN))
            method = r->method;
    snprintf(id, size, "%s.%s%s", r->tag, r->rpc ? r->rpc : r->path + 1, method);
}

static void add_operation(struct doc *d, const struct route *r)
{
    char id[128];

    name_operation(r, id, sizeof(id));
    jv_buf_str(&d->b, "\"");
    for (const char *p = r->method; *p; p++)
        jv_buf_char(&d->b, (char)(*p | 0x20));
    jv_buf_str(&d->b, "\":{\"operationId\":");
    quote(d, id);
    jv_buf_str(&d->b, ",\"tags\":[");
    quote(d, r->tag);
    jv_buf_str(&d->b, "],\"summary\":");
    quote(d, r->summary);
    if (r->service) {
        char full[192];

        snprintf(full, sizeof(full), "%s.%s", r->service->name, r->rpc);
        jv_buf_str(&d->b, ",\"description\":");
        quote(d, jv_comment(full));
    }
    if (r->flags & ROUTE_OPEN)
        jv_buf_str(&d->b, ",\"security\":[]");
    add_parameters(d, r);
    add_body(d, r);
    add_success(d, r);
    jv_buf_char(&d->b, '}');
}

static bool first_of_its_path(const struct route *r)
{
    for (const struct route *o = routes; o < r; o++)
        if (strcmp(o->path, r->path) == 0)
            return false;
    return !(r->flags & ROUTE_HIDDEN);
}

static void add_paths(struct doc *d)
{
    bool first = true;

    jv_buf_str(&d->b, ",\"paths\":{");
    for (const struct route *r = routes; r->method; r++) {
        bool first_method = true;

        if (!first_of_its_path(r))
            continue;
        jv_buf_str(&d->b, first ? "" : ",");
        quote(d, r->path);
        jv_buf_str(&d->b, ":{");
        for (const struct route *o = r; o->method; o++) {
            if (strcmp(o->path, r->path) != 0)
                continue;
            jv_buf_str(&d->b, first_method ? "" : ",");
            add_operation(d, o);
            first_method = false;
        }
        jv_buf_char(&d->b, '}');
        first = false;
    }
    jv_buf_char(&d->b, '}');
}

static void add_schemas(struct doc *d)
{
    for (size_t i = 0; i < d->n_schemas; i++) {
        Google__Protobuf__Struct *s = jv_schema(d->schemas[i], spelling(d->camel[i]), d->b.arena);
        size_t len;
        char *json = jv_msg_to_json(&s->base, JV_JSON_CAMEL, d->b.arena, &len);

        jv_buf_str(&d->b, i ? "," : "");
        quote(d, d->schemas[i]->name);
        jv_buf_char(&d->b, ':');
        jv_buf_add(&d->b, json, len);
    }
}

static const char components[] =
        ",\"security\":[{\"bearer\":[]}],\"components\":{\"securitySchemes\":{\"bearer\":{"
        "\"type\":\"http\",\"scheme\":\"bearer\",\"bearerFormat\":\"JWT\"}},\"responses\":{"
        "\"Problem\":{\"description\":\"What went "
        "wrong\",\"content\":{\"application/problem+json\":{"
        "\"schema\":{\"type\":\"object\",\"required\":[\"type\",\"title\",\"status\",\"detail\","
        "\"code\"],\"properties\":{\"type\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},"
        "\"status\":{\"type\":\"integer\"},\"detail\":{\"type\":\"string\"},\"code\":{\"type\":"
        "\"string\"},\"field\":{\"type\":\"string\"},\"trace_id\":{\"type\":\"string\"}}}}}},"
        "\"A2AError\":{\"description\":\"What went wrong, as the A2A protocol tells "
        "it\",\"content\":{"
        "\"application/json\":{\"schema\":{\"type\":\"object\",\"required\":[\"error\"],"
        "\"properties\":{\"error\":{\"type\":\"object\"}}}}}}},"
        "\"schemas\":{";

char *openapi_text(const char *version, struct jv_arena *a, size_t *ret_len)
{
    struct doc *d = JV_NEW(a, struct doc);

    d->b = jv_buf_new(a);
    jv_buf_str(&d->b, "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Jarvis\",\"version\":");
    quote(d, version);
    jv_buf_str(&d->b, "},\"servers\":[{\"url\":\"/\"}]");
    add_paths(d);
    jv_buf_str(&d->b, components);
    add_schemas(d);
    jv_buf_str(&d->b, "}}}");
    *ret_len = d->b.len;
    return d->b.data;
}

void handle_openapi(struct request *rq)
{
    struct gw *gw = rq->gw;

    pthread_mutex_lock(&gw->lazy);
    if (!gw->openapi)
        gw->openapi = openapi_text(gw->program->version, gw->keep, &gw->openapi_len);
    pthread_mutex_unlock(&gw->lazy);
    reply_header(rq, "Cache-Control", "no-cache");
    reply(rq, 200, "application/json", gw->openapi, gw->openapi_len);
}
