/* pbjson_out.c -- protobuf message -> JSON or Struct, ProtoJSON rules. */
#include "wire/sink.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "google/protobuf/struct.pb-c.h"

static void write_float(struct jv_sink *s, double d, bool single)
{
    const char *name = isnan(d) ? "NaN" : d > 0 ? "Infinity" : "-Infinity";

    if (isfinite(d))
        s->ops->real(s, d, single);
    else
        s->ops->text(s, name, strlen(name));
}

/* 64-bit numbers are strings: a double would round them. */
static void write_long(struct jv_sink *s, int64_t n, bool is_signed)
{
    char out[24];
    int len = is_signed ? snprintf(out, sizeof(out), "%" PRId64, n)
                        : snprintf(out, sizeof(out), "%" PRIu64, (uint64_t)n);

    s->ops->text(s, out, (size_t)len);
}

static void write_enum(struct jv_sink *s, const ProtobufCEnumDescriptor *e, int32_t n)
{
    const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(e, n);

    if (v)
        s->ops->text(s, v->name, strlen(v->name));
    else
        s->ops->integer(s, n);
}

static void write_text(struct jv_sink *s, const char *text)
{
    s->ops->text(s, text ? text : "", text ? strlen(text) : 0);
}

static void write_bytes(struct jv_sink *s, const ProtobufCBinaryData *b)
{
    write_text(s, jv_base64(s->arena, b->data, b->len));
}

/* A single value of the field's type at `at`. */
static void write_one(struct jv_sink *s, const ProtobufCFieldDescriptor *f, const void *at,
                      unsigned flags)
{
    const ProtobufCMessage *sub;

    switch (f->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        s->ops->integer(s, *(const int32_t *)at);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        s->ops->integer(s, *(const uint32_t *)at);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        write_long(s, *(const int64_t *)at, true);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        write_long(s, *(const int64_t *)at, false);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        write_float(s, (double)*(const float *)at, true);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        write_float(s, *(const double *)at, false);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        s->ops->boolean(s, *(const protobuf_c_boolean *)at);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        write_enum(s, f->descriptor, *(const int32_t *)at);
        break;
    case PROTOBUF_C_TYPE_STRING:
        write_text(s, *(const char *const *)at);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        write_bytes(s, at);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        sub = *(ProtobufCMessage *const *)at;
        if (sub)
            jv_write_msg(s, sub, flags);
        else
            s->ops->null(s);
        break;
    }
}

/* A map's key is always text in JSON; at is a value of its type. */
static void write_key(struct jv_sink *s, const ProtobufCFieldDescriptor *f, const void *at)
{
    struct jv_text_sink t;
    const char *text = f->type == PROTOBUF_C_TYPE_STRING ? *(const char *const *)at : NULL;
    char *p;

    if (f->type == PROTOBUF_C_TYPE_STRING) {
        s->ops->key(s, text ? text : "");
        return;
    }
    jv_text_sink_init(&t, s->arena);
    write_one(&t.sink, f, at, 0);
    p = t.buf.data;
    if (*p == '"') { /* a 64-bit number */
        p[t.buf.len - 1] = '\0';
        p++;
    }
    s->ops->key(s, p);
}

static void write_map(struct jv_sink *s, ProtobufCMessage *const *entries, size_t n, unsigned flags)
{
    s->ops->begin(s, true);
    for (size_t i = 0; i < n; i++) {
        const ProtobufCFieldDescriptor *f = entries[i]->descriptor->fields;

        write_key(s, &f[0], jv_at(entries[i], f[0].offset));
        write_one(s, &f[1], jv_at(entries[i], f[1].offset), flags);
    }
    s->ops->end(s, true);
}

static void write_list(struct jv_sink *s, const ProtobufCFieldDescriptor *f, const char *items,
                       size_t n, unsigned flags)
{
    size_t size = jv_value_size(f->type);

    s->ops->begin(s, false);
    for (size_t i = 0; i < n; i++)
        write_one(s, f, items + i * size, flags);
    s->ops->end(s, false);
}

static bool is_zero(const ProtobufCFieldDescriptor *f, const void *at)
{
    static const char zeros[sizeof(ProtobufCBinaryData)];
    const char *text;

    if (f->type == PROTOBUF_C_TYPE_STRING) {
        text = *(const char *const *)at;
        return !text || !*text;
    }
    if (f->type == PROTOBUF_C_TYPE_BYTES)
        return ((const ProtobufCBinaryData *)at)->len == 0;
    return memcmp(at, zeros, jv_value_size(f->type)) == 0;
}

static bool is_printed(const ProtobufCMessage *msg, const struct jv_member *m, unsigned flags)
{
    const ProtobufCFieldDescriptor *f = m->f;
    const void *at = jv_at(msg, f->offset);

    if (m->oneof)
        return jv_chosen(msg, m);
    if (m->repeated)
        return jv_count(msg, m) || m->required || flags & JV_JSON_DEFAULTS;
    if (!is_zero(f, at))
        return true;
    if (f->type == PROTOBUF_C_TYPE_MESSAGE)
        return false;
    if (m->required)
        return true;
    return flags & JV_JSON_DEFAULTS &&
           !(f->type == PROTOBUF_C_TYPE_ENUM && jv_enum_blank(f->descriptor));
}

void jv_write_members(struct jv_sink *s, const struct jv_type *t, const ProtobufCMessage *msg,
                      unsigned flags)
{
    for (unsigned i = 0; i < t->n; i++) {
        const struct jv_member *m = &t->members[i];
        const void *at = jv_at(msg, m->f->offset);

        if (!is_printed(msg, m, flags))
            continue;
        s->ops->member(s, jv_member_name(m, flags));
        if (m->map)
            write_map(s, *(ProtobufCMessage * *const *)at, jv_count(msg, m), flags);
        else if (m->repeated)
            write_list(s, m->f, *(const char *const *)at, jv_count(msg, m), flags);
        else
            write_one(s, m->f, at, flags);
    }
}

void jv_write_msg(struct jv_sink *s, const ProtobufCMessage *msg, unsigned flags)
{
    const struct jv_type *t = jv_type_of(msg->descriptor);

    if (t->kind != JV_KIND_PLAIN) {
        jv_write_wellknown(s, t, msg, flags);
        return;
    }
    s->ops->begin(s, true);
    jv_write_members(s, t, msg, flags);
    s->ops->end(s, true);
}

char *jv_msg_to_json(const ProtobufCMessage *msg, unsigned flags, struct jv_arena *a,
                     size_t *ret_len)
{
    struct jv_text_sink s;

    jv_text_sink_init(&s, a);
    jv_write_msg(&s.sink, msg, flags);
    if (ret_len)
        *ret_len = s.buf.len;
    return s.buf.data;
}

Google__Protobuf__Struct *jv_msg_to_struct(const ProtobufCMessage *msg, unsigned flags,
                                           struct jv_arena *a)
{
    struct jv_value_sink s;

    jv_value_sink_init(&s, a);
    jv_write_msg(&s.sink, msg, flags);
    if (s.root->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE)
        return s.root->struct_value;
    return jv_msg_new(&google__protobuf__struct__descriptor, a); /* no object: a Timestamp, say */
}
