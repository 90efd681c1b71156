/* call.c -- from an HTTP request to a message, onto the bus, and back, by reflection. */
#include "gw.h"

#include <string.h>

enum { MAX_KEY = 128 };

enum {
    READING = JV_JSON_SNAKE | JV_JSON_STRICT,
    WRITING = JV_JSON_SNAKE | JV_JSON_DEFAULTS,
};

/* What is no JSON, or JSON that nobody should parse, is 400; what says the wrong thing is 422. */
static ProtobufCMessage *body_message(struct request *rq, const ProtobufCMessageDescriptor *type)
{
    struct jv_err err = { 0 };
    ProtobufCMessage *msg;

    if (rq->body_len == 0)
        return jv_msg_new(type, rq->a);
    msg = jv_json_to_msg(type, rq->body, rq->body_len, READING, rq->a, &err);
    if (msg)
        return msg;
    if (strcmp(err.reason, "MALFORMED_JSON") == 0)
        reply_problem(rq, 400, JV_INVALID_ARGUMENT, NULL, "%s", err.text);
    else
        reply_error(rq, &err);
    return NULL;
}

static int set_member(struct request *rq, ProtobufCMessage *msg, const char *name,
                      const char *value, struct jv_err *err)
{
    if (!protobuf_c_message_descriptor_get_field_by_name(msg->descriptor, name))
        return jv_err_field(err, JV_INVALID_ARGUMENT, name, "is not a parameter of this");
    return jv_set_from_text(msg, name, value, rq->a, err);
}

static bool is_path_member(const struct route *r, const char *name)
{
    char member[64];

    for (size_t i = 0; route_member(r, i, member); i++)
        if (strcmp(member, name) == 0)
            return true;
    return false;
}

static int set_path_members(struct request *rq, ProtobufCMessage *msg, struct jv_err *err)
{
    char name[64];
    int r = JV_OK;

    for (size_t i = 0; r == JV_OK && route_member(rq->route, i, name); i++) {
        const char *said = jv_get_text(msg, name);

        if (said && said[0] && strcmp(said, rq->members[i]) != 0)
            return jv_err_field(err, JV_INVALID_ARGUMENT, name, "differs from the path");
        r = set_member(rq, msg, name, rq->members[i], err);
    }
    return r;
}

static int set_query(struct request *rq, ProtobufCMessage *msg, struct jv_err *err)
{
    int r = JV_OK;

    for (size_t i = 0; r == JV_OK && i < rq->target.n_params; i++) {
        const struct param *p = &rq->target.params[i];

        if ((rq->route->flags & ROUTE_BODY) || is_path_member(rq->route, p->name))
            return jv_err_field(err, JV_INVALID_ARGUMENT, p->name, "is not a query parameter here");
        r = set_member(rq, msg, p->name, p->value, err);
    }
    return r;
}

static int set_key(struct request *rq, ProtobufCMessage *msg, struct jv_err *err)
{
    const char *key = head_get(&rq->head, "Idempotency-Key");
    size_t len = key ? strlen(key) : 0;

    if (!key)
        return JV_OK;
    for (size_t i = 0; i < len; i++)
        if (key[i] < 0x21 || key[i] > 0x7e)
            len = 0;
    if (len == 0 || len > MAX_KEY)
        return jv_err_field(err, JV_INVALID_ARGUMENT, "Idempotency-Key",
                            "must be 1 to %d visible ASCII characters", MAX_KEY);
    return jv_set_from_text(msg, "idempotency_key", key, rq->a, err);
}

ProtobufCMessage *build_message(struct request *rq)
{
    const ProtobufCMessageDescriptor *type = route_rpc(rq->route)->input;
    struct jv_err err = { 0 };
    ProtobufCMessage *msg =
            rq->route->flags & ROUTE_BODY ? body_message(rq, type) : jv_msg_new(type, rq->a);
    int r;

    if (!msg)
        return NULL;
    r = set_path_members(rq, msg, &err);
    if (r == JV_OK)
        r = set_query(rq, msg, &err);
    if (r == JV_OK && (rq->route->flags & ROUTE_KEYED))
        r = set_key(rq, msg, &err);
    if (r == JV_OK)
        r = jv_validate_as(msg, READING, &err);
    if (r == JV_OK)
        return msg;
    reply_error(rq, &err);
    return NULL;
}

struct jv_call_options call_options(const struct request *rq)
{
    const struct gw_settings *set = &rq->gw->set;

    return (struct jv_call_options){
        .token = rq->caller.token,
        .traceparent = rq->traceparent,
        .timeout_ms = (int)(rq->route->flags & ROUTE_CHAT_TIME ? set->chat_ms : set->request_ms),
    };
}

static void reply_message(struct request *rq, const ProtobufCMessage *msg)
{
    int status = rq->route->status ? rq->route->status : 200;
    size_t len;
    char *json;

    if (status == 204) {
        reply(rq, 204, NULL, NULL, 0);
        return;
    }
    json = jv_msg_to_json(msg, WRITING, rq->a, &len);
    reply(rq, status, "application/json", json, len);
}

void handle_call(struct request *rq)
{
    struct jv_call_options o = call_options(rq);
    ProtobufCMessage *msg, *ret = NULL;
    struct jv_err err = { 0 };

    msg = build_message(rq);
    if (!msg)
        return;
    if (jv_client_call(rq->gw->client, rq->route->service, NULL, rq->route->rpc, msg, &ret, &o,
                       rq->a, &err))
        reply_error(rq, &err);
    else
        reply_message(rq, ret);
}
