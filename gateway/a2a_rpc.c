/* a2a_rpc.c -- the JSON-RPC 2.0 binding: an operation from the envelope around it. */
#include "a2a.h"

#include <string.h>

#include <a2a.pb-c.h>
#include <google/protobuf/struct.pb-c.h>

#include "v03.h"

enum { MAX_ID = 1024 };

/* ---- reading -------------------------------------------------------------------------------- */

/* The id goes back as it came: its type and its digits are the client's. */
static int take_id(struct request *rq, const struct span *id, struct jv_err *err)
{
    const Google__Protobuf__Value *v;

    if (!id->at)
        return JV_OK;
    v = id->len <= MAX_ID ? a2a_parse(id, rq->a, err) : NULL;
    if (err->reason[0])
        return err->code;
    if (!v || (v->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE &&
               v->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE &&
               v->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_NULL_VALUE))
        return a2a_invalid(err, "id", "must be a string or a number, of at most 1024 bytes");
    rq->rpc_id = jv_arena_strndup(rq->a, id->at, id->len);
    return JV_OK;
}

static bool has_rpc(const char *method)
{
    return protobuf_c_service_descriptor_get_method_by_name(&a2a__a2_aservice__descriptor,
                                                            method) != NULL;
}

/* Who does not name a version means 0.3, as the protocol has it; but the names of the methods have
 * nothing in common, so that one of 1.0 cannot be meant for 0.3. */
static int choose_method(struct a2a *op, const char *name, const char *version, struct jv_err *err)
{
    const char *old = v03_method(name);

    op->legacy = op->rq->legacy = old && strcmp(version, "1.0") != 0;
    op->method = op->legacy ? old : name;
    if (op->legacy || (strcmp(version, "0.3") != 0 && has_rpc(name)))
        return JV_OK;
    jv_err_field(err, JV_UNIMPLEMENTED, "method", "A2A %s has no method %.64s",
                 version[0] ? version : "1.0", name);
    return a2a_because(err, "METHOD_NOT_FOUND");
}

static int read_head(struct a2a *op, const struct a2a_envelope *e, struct jv_err *err)
{
    struct request *rq = op->rq;
    const char *text, *version;
    int r = take_id(rq, &e->id, err);

    if (r)
        return r;
    text = e->version.at ? a2a_text(&e->version, rq->a, err) : NULL;
    if (err->reason[0])
        return err->code;
    if (!text || strcmp(text, "2.0") != 0)
        return a2a_invalid(err, "jsonrpc", "must be \"2.0\"");
    text = e->method.at ? a2a_text(&e->method, rq->a, err) : NULL;
    if (err->reason[0])
        return err->code;
    if (!text)
        return a2a_invalid(err, "method", "must be the name of a method");
    version = a2a_version(rq, err);
    if (!version)
        return err->code;
    return choose_method(op, text, version, err);
}

static bool is_empty(const struct span *params)
{
    return !params->at || (params->len >= 4 && strncmp(params->at, "null", 4) == 0 &&
                           strspn(params->at + 4, " \t\r\n") >= params->len - 4);
}

static ProtobufCMessage *message(struct a2a *op, const struct span *params, struct jv_err *err)
{
    const ProtobufCMethodDescriptor *rpc = protobuf_c_service_descriptor_get_method_by_name(
            &a2a__a2_aservice__descriptor, op->method);
    const struct span p = is_empty(params) ? (struct span){ "{}", 2 } : *params;
    struct jv_arena *a = op->rq->a;
    ProtobufCMessage *msg;

    if (p.at[0] != '{') {
        if (a2a_parse(&p, a, err))
            jv_err_field(err, JV_INVALID_ARGUMENT, "params", "params: must be an object");
        return NULL;
    }
    if (op->legacy)
        return v03_request(op->method, p.at, p.len, a, err);
    msg = jv_json_to_msg(rpc->input, p.at, p.len, JV_JSON_CAMEL, a, err);
    return msg && jv_validate_as(msg, JV_JSON_CAMEL, err) == JV_OK ? msg : NULL;
}

static int read_request(struct a2a *op, struct jv_err *err)
{
    struct request *rq = op->rq;
    struct a2a_envelope e = { 0 };
    int r = a2a_envelope_read(rq->body ? rq->body : "", rq->body_len, &e, rq->a, err);

    if (r == JV_OK)
        r = read_head(op, &e, err);
    if (r)
        return r;
    op->silent = !e.id.at;
    if (op->silent && jv_method_streams(&a2a__a2_aservice__descriptor, op->method))
        return a2a_invalid(err, "id", "a stream answers a request, which has an id");
    op->msg = message(op, &e.params, err);
    return op->msg ? JV_OK : err->code;
}

/* ---- answering ------------------------------------------------------------------------------ */

void a2a_rpc_envelope(const struct request *rq, struct jv_buf *b, const char *member,
                      const char *json, size_t len)
{
    jv_buf_printf(b, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"%s\":", rq->rpc_id ? rq->rpc_id : "null",
                  member);
    jv_buf_add(b, json, len);
    jv_buf_char(b, '}');
}

void handle_a2a_rpc(struct request *rq)
{
    struct a2a op = { .rq = rq };
    struct jv_err err = { 0 };

    if (!a2a_takes_type(rq))
        return;
    if (read_request(&op, &err))
        reply_error(rq, &err);
    else if (a2a_agent(&op))
        a2a_run(&op);
}
