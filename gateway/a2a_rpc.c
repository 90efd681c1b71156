/* a2a_rpc.c -- the JSON-RPC 2.0 binding: an operation from the envelope around it.
 *
 * The envelope is cut by hand and its parts are read where they belong: params become the message
 * in one pass, and an id goes back as it came. Whatever is skipped over is parsed, too. */
#include "a2a.h"

#include <stdio.h>
#include <string.h>

#include <a2a.pb-c.h>
#include <google/protobuf/struct.pb-c.h>

#include "v03.h"

enum { MAX_ID = 1024 };

struct span {
    const char *at; /* NULL: it is not there */
    size_t len;
};

struct envelope {
    struct span version, id, method, params;
};

/* ---- cutting -------------------------------------------------------------------------------- */

static size_t skip_space(const char *s, size_t len, size_t i)
{
    while (i < len && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r'))
        i++;
    return i;
}

static size_t skip_string(const char *s, size_t len, size_t i)
{
    for (i++; i < len && s[i] != '"'; i++)
        if (s[i] == '\\')
            i++;
    return i < len ? i + 1 : len;
}

/* To where a value ends: the comma or bracket that is not inside of it. */
static size_t skip_value(const char *s, size_t len, size_t i)
{
    int depth = 0;

    while (i < len) {
        if (s[i] == '"') {
            i = skip_string(s, len, i);
            continue;
        }
        if (s[i] == '{' || s[i] == '[')
            depth++;
        else if (depth == 0 && (s[i] == ',' || s[i] == '}' || s[i] == ']'))
            break;
        else if (s[i] == '}' || s[i] == ']')
            depth--;
        i++;
    }
    return i;
}

static int because(struct jv_err *err, const char *reason)
{
    snprintf(err->reason, sizeof(err->reason), "%s", reason);
    return err->code;
}

static int malformed(struct jv_err *err, const char *what)
{
    jv_err_set(err, JV_INVALID_ARGUMENT, "not valid JSON: %s", what);
    return because(err, "MALFORMED_JSON");
}

static int invalid(struct jv_err *err, const char *field, const char *what)
{
    jv_err_field(err, JV_INVALID_ARGUMENT, field, "%s", what);
    return because(err, "INVALID_REQUEST");
}

static const Google__Protobuf__Value *parse(const struct span *v, struct jv_arena *a,
                                            struct jv_err *err)
{
    return (const void *)jv_json_to_msg(&google__protobuf__value__descriptor, v->at, v->len, 0, a,
                                        err);
}

static const char *text_of(const struct span *v, struct jv_arena *a, struct jv_err *err)
{
    const Google__Protobuf__Value *value = parse(v, a, err);

    return value && value->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE
                   ? value->string_value
                   : NULL;
}

/* A member goes to its place; one that has none must be JSON all the same. */
static int put(struct envelope *e, const char *name, struct span value, struct jv_arena *a,
               struct jv_err *err)
{
    const struct {
        const char *name;
        struct span *at;
    } places[] = { { "jsonrpc", &e->version },
                   { "id", &e->id },
                   { "method", &e->method },
                   { "params", &e->params } };

    for (size_t i = 0; i < JV_COUNT(places); i++) {
        if (strcmp(places[i].name, name) != 0)
            continue;
        if (places[i].at->at)
            return invalid(err, name, "is there twice");
        *places[i].at = value;
        return JV_OK;
    }
    return parse(&value, a, err) ? JV_OK : err->code;
}

/* The next "name": value, and what is behind it: ',' or '}'. */
static int cut_member(const char *s, size_t len, size_t *i, struct envelope *e, struct jv_arena *a,
                      struct jv_err *err)
{
    struct span name = { s + *i, 0 }, value;
    const char *text;

    if (*i >= len || s[*i] != '"')
        return malformed(err, "a member has no name");
    name.len = skip_string(s, len, *i) - *i;
    text = text_of(&name, a, err);
    *i = skip_space(s, len, *i + name.len);
    if (!text || *i >= len || s[*i] != ':')
        return malformed(err, "a member has no value");
    *i = skip_space(s, len, *i + 1);
    value.at = s + *i;
    *i = skip_value(s, len, *i);
    value.len = (size_t)(s + *i - value.at);
    if (*i >= len || s[*i] == ']')
        return malformed(err, "the object has no end");
    return put(e, text, value, a, err);
}

static int cut(const char *s, size_t len, struct envelope *e, struct jv_arena *a,
               struct jv_err *err)
{
    size_t i = skip_space(s, len, 0);
    int r = JV_OK;

    i = skip_space(s, len, i + 1); /* behind '{' */
    while (r == JV_OK && i < len && s[i] != '}') {
        r = cut_member(s, len, &i, e, a, err);
        if (r == JV_OK && s[i] == ',') {
            i = skip_space(s, len, i + 1);
            if (i < len && s[i] == '}')
                r = malformed(err, "a comma before the end");
        }
    }
    if (r == JV_OK && (i >= len || skip_space(s, len, i + 1) != len))
        r = malformed(err, "something is behind the object, or its end is missing");
    return r;
}

/* ---- reading -------------------------------------------------------------------------------- */

static int read_envelope(const char *s, size_t len, struct envelope *e, struct jv_arena *a,
                         struct jv_err *err)
{
    size_t i = skip_space(s, len, 0);
    const struct span all = { s, len };
    int r = jv_json_scan(s, len, err);

    if (r)
        return r == JV_INVALID_ARGUMENT ? because(err, "MALFORMED_JSON") : r;
    if (i < len && s[i] == '{')
        return cut(s, len, e, a, err);
    if (!parse(&all, a, err))
        return err->code;
    return invalid(err, "",
                   s[i] == '[' ? "a batch of requests is not served: send them one by one"
                               : "a request is an object");
}

/* The id goes back as it came: its type and its digits are the client's. */
static int take_id(struct request *rq, const struct span *id, struct jv_err *err)
{
    const Google__Protobuf__Value *v;

    if (!id->at)
        return JV_OK;
    v = id->len <= MAX_ID ? parse(id, rq->a, err) : NULL;
    if (err->reason[0])
        return err->code;
    if (!v || (v->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE &&
               v->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE &&
               v->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_NULL_VALUE))
        return invalid(err, "id", "must be a string or a number, of at most 1024 bytes");
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

    op->legacy = old && strcmp(version, "1.0") != 0;
    op->method = op->legacy ? old : name;
    if (op->legacy || (strcmp(version, "0.3") != 0 && has_rpc(name)))
        return JV_OK;
    jv_err_field(err, JV_UNIMPLEMENTED, "method", "A2A %s has no method %.64s",
                 version[0] ? version : "1.0", name);
    return because(err, "METHOD_NOT_FOUND");
}

static int read_head(struct a2a *op, const struct envelope *e, struct jv_err *err)
{
    struct request *rq = op->rq;
    const char *text, *version;
    int r = take_id(rq, &e->id, err);

    if (r)
        return r;
    text = e->version.at ? text_of(&e->version, rq->a, err) : NULL;
    if (err->reason[0])
        return err->code;
    if (!text || strcmp(text, "2.0") != 0)
        return invalid(err, "jsonrpc", "must be \"2.0\"");
    text = e->method.at ? text_of(&e->method, rq->a, err) : NULL;
    if (err->reason[0])
        return err->code;
    if (!text)
        return invalid(err, "method", "must be the name of a method");
    version = a2a_version(rq, err);
    if (!version)
        return err->code;
    return choose_method(op, text, version, err);
}

static bool is_empty(const struct span *params)
{
    return !params->at || (params->len >= 4 && strncmp(params->at, "null", 4) == 0 &&
                           skip_space(params->at, params->len, 4) == params->len);
}

static ProtobufCMessage *message(struct a2a *op, const struct span *params, struct jv_err *err)
{
    const ProtobufCMethodDescriptor *rpc = protobuf_c_service_descriptor_get_method_by_name(
            &a2a__a2_aservice__descriptor, op->method);
    const struct span p = is_empty(params) ? (struct span){ "{}", 2 } : *params;
    struct jv_arena *a = op->rq->a;
    ProtobufCMessage *msg;

    if (p.at[0] != '{') {
        if (parse(&p, a, err))
            jv_err_field(err, JV_INVALID_ARGUMENT, "params", "must be an object");
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
    struct envelope e = { 0 };
    int r = read_envelope(rq->body ? rq->body : "", rq->body_len, &e, rq->a, err);

    if (r == JV_OK)
        r = read_head(op, &e, err);
    if (r)
        return r;
    op->silent = !e.id.at;
    if (op->silent && jv_method_streams(&a2a__a2_aservice__descriptor, op->method))
        return invalid(err, "id", "a stream answers a request, which has an id");
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
