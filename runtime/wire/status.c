/* status.c -- a failure <-> google.rpc.Status, the body of every failed reply. */
#include "wire/envelope.h"
#include "jv/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "google/protobuf/any.pb-c.h"
#include "google/protobuf/struct.pb-c.h"
#include "google/rpc/status.pb-c.h"

static const struct {
    int http, code;
} from_http[] = {
    { 200, JV_OK },
    { 400, JV_INVALID_ARGUMENT },
    { 401, JV_UNAUTHENTICATED },
    { 403, JV_PERMISSION_DENIED },
    { 404, JV_NOT_FOUND },
    { 405, JV_UNIMPLEMENTED },
    { 408, JV_DEADLINE_EXCEEDED },
    { 409, JV_ABORTED },
    { 412, JV_FAILED_PRECONDITION },
    { 413, JV_RESOURCE_EXHAUSTED },
    { 415, JV_INVALID_ARGUMENT },
    { 422, JV_INVALID_ARGUMENT },
    { 429, JV_RESOURCE_EXHAUSTED },
    { 499, JV_CANCELLED },
    { 500, JV_INTERNAL },
    { 501, JV_UNIMPLEMENTED },
    { 502, JV_UNAVAILABLE },
    { 503, JV_UNAVAILABLE },
    { 504, JV_DEADLINE_EXCEEDED },
};

int jv_code_from_http(int http)
{
    for (size_t i = 0; i < JV_COUNT(from_http); i++)
        if (from_http[i].http == http)
            return from_http[i].code;
    return http >= 500 ? JV_INTERNAL : http >= 400 ? JV_INVALID_ARGUMENT : JV_UNKNOWN;
}

/* ---- out ------------------------------------------------------------------------------------ */

static char *dup(struct jv_arena *a, const char *s)
{
    return jv_arena_strdup(a, s);
}

static Google__Protobuf__Any *any(struct jv_arena *a, const void *msg)
{
    Google__Protobuf__Any *any = jv_msg_new(&google__protobuf__any__descriptor, a);

    any->type_url = jv_arena_printf(a, "type.googleapis.com/%s",
                                    ((const ProtobufCMessage *)msg)->descriptor->name);
    any->value.data = jv_pack(msg, a, &any->value.len);
    return any;
}

/* Reasons that the A2A protocol defines; all others are ours. */
static const char *const a2a_reasons[] = {
    "TASK_NOT_FOUND",
    "TASK_NOT_CANCELABLE",
    "PUSH_NOTIFICATION_NOT_SUPPORTED",
    "UNSUPPORTED_OPERATION",
    "CONTENT_TYPE_NOT_SUPPORTED",
    "INVALID_AGENT_RESPONSE",
    "EXTENDED_AGENT_CARD_NOT_CONFIGURED",
    "EXTENSION_SUPPORT_REQUIRED",
    "VERSION_NOT_SUPPORTED",
};

static const char *domain_of(const char *reason)
{
    for (size_t i = 0; i < JV_COUNT(a2a_reasons); i++)
        if (strcmp(a2a_reasons[i], reason) == 0)
            return "a2a-protocol.org";
    return "jarvis";
}

static Google__Protobuf__Any *error_info(struct jv_arena *a, const struct jv_err *err)
{
    Rpc__ErrorInfo info = RPC__ERROR_INFO__INIT;

    info.reason = dup(a, err->reason[0] ? err->reason : jv_code_name(err->code));
    info.domain = dup(a, domain_of(info.reason));
    return any(a, &info);
}

/* The text without the member's name, which stands beside it. */
static Google__Protobuf__Any *bad_request(struct jv_arena *a, const struct jv_err *err)
{
    Rpc__BadRequest bad = RPC__BAD_REQUEST__INIT;
    Rpc__BadRequest__FieldViolation v = RPC__BAD_REQUEST__FIELD_VIOLATION__INIT, *list = &v;
    size_t n = strlen(err->field);
    bool named = strncmp(err->text, err->field, n) == 0 && strncmp(err->text + n, ": ", 2) == 0;

    v.field = dup(a, err->field);
    v.description = dup(a, named ? err->text + n + 2 : err->text);
    bad.n_field_violations = 1;
    bad.field_violations = &list;
    return any(a, &bad);
}

void *jv_err_to_status(const struct jv_err *err, const char *trace_id, struct jv_arena *a)
{
    Rpc__Status *s = jv_msg_new(&rpc__status__descriptor, a);
    bool secret = err->code == JV_INTERNAL || err->code == JV_UNKNOWN || err->code == JV_DATA_LOSS;

    s->code = err->code;
    s->message = secret ? jv_arena_printf(a, "internal error (trace %s)", trace_id ? trace_id : "-")
                        : dup(a, err->text);
    s->details = JV_NEW_ARRAY(a, Google__Protobuf__Any *, 2);
    s->details[s->n_details++] = error_info(a, err);
    if (err->field[0] && !secret)
        s->details[s->n_details++] = bad_request(a, err);
    return s;
}

/* ---- back ----------------------------------------------------------------------------------- */

struct found {
    int code;
    const char *text, *field, *reason;
};

static const Google__Protobuf__ListValue *list(const Google__Protobuf__Struct *s, const char *name)
{
    const Google__Protobuf__Value *v = jv_struct_get(s, name);

    return v && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE ? v->list_value : NULL;
}

static const Google__Protobuf__Struct *item(const Google__Protobuf__ListValue *l, size_t i)
{
    const Google__Protobuf__Value *v = l && i < l->n_values ? l->values[i] : NULL;

    return v && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE ? v->struct_value : NULL;
}

/* Read as a Struct: a detail of a type that we do not know must not cost us the rest. */
static void read_status(struct found *f, const Google__Protobuf__Struct *s)
{
    const Google__Protobuf__Value *code = jv_struct_get(s, "code");
    const Google__Protobuf__ListValue *details = list(s, "details");

    if (code && code->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE &&
        code->number_value > JV_OK && code->number_value <= JV_UNAUTHENTICATED)
        f->code = (int)code->number_value;
    f->text = jv_struct_text(s, "message");
    for (size_t i = 0; details && i < details->n_values; i++) {
        const Google__Protobuf__Struct *d = item(details, i);

        if (!f->reason)
            f->reason = jv_struct_text(d, "reason");
        if (!f->field)
            f->field = jv_struct_text(item(list(d, "fieldViolations"), 0), "field");
    }
}

static const Google__Protobuf__Struct *as_struct(const void *body, size_t len, struct jv_arena *a)
{
    const ProtobufCMessage *msg;

    if (*(const char *)body == '{')
        return (const void *)jv_json_to_msg(&google__protobuf__struct__descriptor, body, len, 0, a,
                                            NULL);
    msg = jv_unpack(&rpc__status__descriptor, body, len, a, NULL);
    return msg ? jv_msg_to_struct(msg, JV_JSON_CAMEL, a) : NULL;
}

void jv_err_from_status(struct jv_err *err, const char *code_header, const char *text_header,
                        const void *body, size_t len)
{
    enum { max_status = 64 << 10, memory = 16 << 20 };
    struct jv_arena *a = jv_arena_new(memory);
    struct found f = { 0 };

    if (body && len && len <= max_status)
        read_status(&f, as_struct(body, len, a));
    if (f.code <= JV_OK || f.code > JV_UNAUTHENTICATED)
        f.code = code_header ? jv_code_from_http((int)strtol(code_header, NULL, 10)) : JV_UNKNOWN;
    if (f.code == JV_OK) /* it came as an error */
        f.code = JV_UNKNOWN;
    if ((!f.text || !*f.text) && text_header && jv_is_utf8(text_header, strlen(text_header)))
        f.text = text_header;
    if (!f.text || !*f.text)
        f.text = "failed without saying why";
    jv_err_field(err, f.code, f.field ? f.field : "", "%s", f.text);
    if (err && f.reason && strcmp(f.reason, jv_code_name(f.code)) != 0)
        snprintf(err->reason, sizeof(err->reason), "%s", f.reason);
    jv_arena_free(a);
}
