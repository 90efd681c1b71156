/* wellknown_out.c -- Google's types that have a JSON form of their own, printed. */
#include "wire/sink.h"

#include <math.h>
#include <string.h>

#include "google/protobuf/any.pb-c.h"
#include "google/protobuf/struct.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"

static void write_struct(struct jv_sink *s, const Google__Protobuf__Struct *v)
{
    s->ops->begin(s, true);
    for (size_t i = 0; v && i < v->n_fields; i++) {
        s->ops->key(s, v->fields[i]->key ? v->fields[i]->key : "");
        jv_write_value(s, v->fields[i]->value);
    }
    s->ops->end(s, true);
}

static void write_list(struct jv_sink *s, const Google__Protobuf__ListValue *v)
{
    s->ops->begin(s, false);
    for (size_t i = 0; v && i < v->n_values; i++)
        jv_write_value(s, v->values[i]);
    s->ops->end(s, false);
}

void jv_write_value(struct jv_sink *s, const Google__Protobuf__Value *v)
{
    switch (v ? v->kind_case : GOOGLE__PROTOBUF__VALUE__KIND__NOT_SET) {
    case GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE:
        if (isfinite(v->number_value))
            s->ops->real(s, v->number_value, false);
        else
            s->ops->null(s); /* JSON has no such number */
        break;
    case GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE:
        s->ops->text(s, v->string_value ? v->string_value : "",
                     v->string_value ? strlen(v->string_value) : 0);
        break;
    case GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE:
        s->ops->boolean(s, v->bool_value);
        break;
    case GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE:
        write_struct(s, v->struct_value);
        break;
    case GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE:
        write_list(s, v->list_value);
        break;
    default:
        s->ops->null(s);
    }
}

static void write_timestamp(struct jv_sink *s, const Google__Protobuf__Timestamp *t)
{
    const int64_t first = -62135596800, last = 253402300799; /* years 1 to 9999 */
    const char *text;

    if (t->seconds < first || t->seconds > last || t->nanos < 0 || t->nanos > 999999999) {
        s->ops->null(s);
        return;
    }
    text = jv_time_print(s->arena, t->seconds, t->nanos);
    s->ops->text(s, text, strlen(text));
}

/* Its members beside "@type"; types with a form of their own, and what cannot be read, under
 * "value". */
static void write_any(struct jv_sink *s, const Google__Protobuf__Any *any, unsigned flags)
{
    const char *url = any->type_url ? any->type_url : "", *slash = strrchr(url, '/');
    const ProtobufCMessageDescriptor *desc = jv_any_type(slash ? slash + 1 : url);
    const ProtobufCMessage *msg = NULL;
    const struct jv_type *t = desc ? jv_type_of(desc) : NULL;
    const char *text;

    s->ops->begin(s, true);
    if (desc)
        msg = jv_unpack(desc, any->value.data, any->value.len, s->arena, NULL);
    if (*url) {
        s->ops->key(s, "@type");
        s->ops->text(s, url, strlen(url));
    }
    if (msg && t->kind == JV_KIND_PLAIN) {
        jv_write_members(s, t, msg, flags);
    } else if (msg) {
        s->ops->key(s, "value");
        jv_write_msg(s, msg, flags);
    } else if (any->value.len) {
        s->ops->key(s, "value");
        text = jv_base64(s->arena, any->value.data, any->value.len);
        s->ops->text(s, text, strlen(text));
    }
    s->ops->end(s, true);
}

void jv_write_wellknown(struct jv_sink *s, const struct jv_type *t, const ProtobufCMessage *msg,
                        unsigned flags)
{
    const void *m = msg;

    switch (t->kind) {
    case JV_KIND_STRUCT:
        write_struct(s, m);
        break;
    case JV_KIND_VALUE:
        jv_write_value(s, m);
        break;
    case JV_KIND_LIST:
        write_list(s, m);
        break;
    case JV_KIND_TIMESTAMP:
        write_timestamp(s, m);
        break;
    case JV_KIND_ANY:
        write_any(s, m, flags);
        break;
    case JV_KIND_PLAIN:
        break;
    }
}
