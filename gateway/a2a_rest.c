/* a2a_rest.c -- the HTTP+JSON binding: an operation from path, query and body, by reflection. */
#include "a2a.h"

#include <stdio.h>
#include <string.h>

static int differs(const char *member, struct jv_err *err)
{
    return jv_err_field(err, JV_INVALID_ARGUMENT, member, "%s: differs from the path", member);
}

/* Members of the path are those of the message, but for the agent. */
static int set_path(struct request *rq, ProtobufCMessage *msg, struct jv_err *err)
{
    char name[64];
    int r = JV_OK;

    for (size_t i = 1; r == JV_OK && route_member(rq->route, i, name); i++) {
        const char *said = jv_get_text(msg, name);

        if (said && said[0] && strcmp(said, rq->members[i]) != 0)
            return differs(jv_camel(rq->a, name), err);
        r = jv_set_from_text(msg, name, rq->members[i], rq->a, err);
    }
    return r;
}

/* The member of the message that a parameter names in either spelling; NULL when there is none. */
static const char *member_of(const ProtobufCMessage *msg, const char *name, struct jv_arena *a)
{
    const ProtobufCMessageDescriptor *type = msg->descriptor;

    for (unsigned i = 0; i < type->n_fields; i++)
        if (strcmp(type->fields[i].name, name) == 0 ||
            strcmp(jv_camel(a, type->fields[i].name), name) == 0)
            return type->fields[i].name;
    return NULL;
}

/* By either spelling. */
static bool is_said_before(const struct request *rq, const ProtobufCMessage *msg, size_t at)
{
    const char *member = member_of(msg, rq->target.params[at].name, rq->a);

    for (size_t i = 0; i < at; i++) {
        const char *other = member_of(msg, rq->target.params[i].name, rq->a);

        if (other && strcmp(other, member) == 0 && rq->target.params[i].value[0])
            return true;
    }
    return false;
}

/* What no member has the name of is not ours to judge; an empty value says nothing. */
static int set_query(struct request *rq, ProtobufCMessage *msg, struct jv_err *err)
{
    int r = JV_OK;

    for (size_t i = 0; r == JV_OK && i < rq->target.n_params; i++) {
        const struct param *p = &rq->target.params[i];
        const char *said;

        if (!p->value[0] || !member_of(msg, p->name, rq->a))
            continue;
        if (is_said_before(rq, msg, i))
            return jv_err_field(err, JV_INVALID_ARGUMENT, p->name, "%s: is given twice", p->name);
        said = jv_get_text(msg, member_of(msg, p->name, rq->a));
        if (said && said[0] && strcmp(said, p->value) != 0)
            return differs(p->name, err);
        if (!said || !said[0])
            r = jv_set_from_text(msg, p->name, p->value, rq->a, err);
    }
    return r;
}

static ProtobufCMessage *body_message(struct request *rq, const ProtobufCMessageDescriptor *type,
                                      struct jv_err *err)
{
    if (!rq->body_len)
        return jv_msg_new(type, rq->a);
    return jv_json_to_msg(type, rq->body, rq->body_len, JV_JSON_CAMEL, rq->a, err);
}

static ProtobufCMessage *message(struct request *rq, struct jv_err *err)
{
    ProtobufCMessage *msg = body_message(rq, route_rpc(rq->route)->input, err);
    int r = msg ? set_path(rq, msg, err) : err->code;

    if (r == JV_OK && !(rq->route->flags & ROUTE_BODY))
        r = set_query(rq, msg, err);
    if (r == JV_OK)
        r = jv_validate_as(msg, JV_JSON_CAMEL, err);
    return r == JV_OK ? msg : NULL;
}

/* 0.3 had other paths, which are not served: whoever does not say means 1.0. */
static int check_version(const struct request *rq, struct jv_err *err)
{
    const char *version = a2a_version(rq, err);

    if (!version)
        return err->code;
    if (strcmp(version, "0.3") != 0)
        return JV_OK;
    jv_err_field(err, JV_FAILED_PRECONDITION, "A2A-Version",
                 "A2A-Version: 0.3 is spoken over JSON-RPC only");
    snprintf(err->reason, sizeof(err->reason), "VERSION_NOT_SUPPORTED");
    return err->code;
}

void handle_a2a(struct request *rq)
{
    struct a2a op = { .rq = rq, .method = rq->route->rpc };
    struct jv_err err = { 0 };

    if (check_version(rq, &err)) {
        reply_error(rq, &err);
        return;
    }
    if (!a2a_takes_type(rq) || !a2a_agent(&op))
        return;
    op.msg = message(rq, &err);
    if (op.msg)
        a2a_run(&op);
    else
        reply_error(rq, &err);
}
