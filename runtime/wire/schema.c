/* schema.c -- JSON Schema (2020-12) of a message, described by its .proto comments. */
#include "wire/type.h"

#include <string.h>

#include "google/protobuf/struct.pb-c.h"

typedef Google__Protobuf__Struct object;
typedef Google__Protobuf__Value value;

enum { max_inline = 8 }; /* messages within messages; a type that holds itself must end */

struct shape {
    struct jv_arena *a;
    unsigned flags;
};

/* What a field's type is in JSON; a row without a type is "anything". */
struct form {
    const char *type, *format, *encoding;
};

static struct form scalar_form(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return (struct form){ "integer", "int32", NULL };
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return (struct form){ "integer", "uint32", NULL };
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return (struct form){ "string", "int64", NULL };
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return (struct form){ "string", "uint64", NULL };
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        return (struct form){ "number", NULL, NULL };
    case PROTOBUF_C_TYPE_BOOL:
        return (struct form){ "boolean", NULL, NULL };
    case PROTOBUF_C_TYPE_BYTES:
        return (struct form){ "string", NULL, "base64" };
    default:
        return (struct form){ "string", NULL, NULL };
    }
}

static struct form wellknown_form(enum jv_kind kind)
{
    switch (kind) {
    case JV_KIND_VALUE:
        return (struct form){ NULL, NULL, NULL };
    case JV_KIND_LIST:
        return (struct form){ "array", NULL, NULL };
    case JV_KIND_TIMESTAMP:
        return (struct form){ "string", "date-time", NULL };
    default:
        return (struct form){ "object", NULL, NULL };
    }
}

static object *new_object(const struct shape *s)
{
    return jv_msg_new(&google__protobuf__struct__descriptor, s->a);
}

static void set_text(const struct shape *s, object *o, const char *name, const char *text)
{
    if (text && *text)
        jv_struct_set(o, s->a, name, jv_value_text(s->a, text));
}

static void set_form(const struct shape *s, object *o, struct form f)
{
    set_text(s, o, "type", f.type);
    set_text(s, o, "format", f.format);
    set_text(s, o, "contentEncoding", f.encoding);
}

/* A list of texts with room for n. */
static Google__Protobuf__ListValue *set_list(const struct shape *s, object *o, const char *name,
                                             size_t n)
{
    value *v = jv_msg_new(&google__protobuf__value__descriptor, s->a);

    v->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE;
    v->list_value = jv_msg_new(&google__protobuf__list_value__descriptor, s->a);
    v->list_value->values = JV_NEW_ARRAY(s->a, value *, n);
    jv_struct_set(o, s->a, name, v);
    return v->list_value;
}

static void add_text(const struct shape *s, Google__Protobuf__ListValue *list, const char *text)
{
    list->values[list->n_values++] = jv_value_text(s->a, text);
}

static void set_enum(const struct shape *s, object *o, const ProtobufCEnumDescriptor *e)
{
    Google__Protobuf__ListValue *names = set_list(s, o, "enum", e->n_values);
    bool blank = jv_enum_blank(e);

    for (unsigned i = 0; i < e->n_values; i++)
        if (e->values[i].value != 0 || !blank)
            add_text(s, names, e->values[i].name);
}

static object *message_schema(const struct shape *s, const ProtobufCMessageDescriptor *type,
                              unsigned depth);

/* A single value of the field's type. */
static object *value_schema(const struct shape *s, const ProtobufCFieldDescriptor *f,
                            unsigned depth)
{
    object *o;

    if (f->type == PROTOBUF_C_TYPE_MESSAGE)
        return message_schema(s, f->descriptor, depth + 1);
    o = new_object(s);
    set_form(s, o, scalar_form(f->type));
    if (f->type == PROTOBUF_C_TYPE_ENUM)
        set_enum(s, o, f->descriptor);
    return o;
}

static const char *describe(const struct shape *s, const struct jv_type *t,
                            const ProtobufCFieldDescriptor *f)
{
    const char *text = jv_comment(jv_arena_printf(s->a, "%s.%s", t->desc->name, f->name));

    if (*text)
        return text;
    if (f->type == PROTOBUF_C_TYPE_ENUM)
        return jv_comment(((const ProtobufCEnumDescriptor *)f->descriptor)->name);
    return "";
}

static object *member_schema(const struct shape *s, const struct jv_type *t,
                             const struct jv_member *m, unsigned depth)
{
    const ProtobufCMessageDescriptor *entry = m->map ? m->f->descriptor : NULL;
    object *one = value_schema(s, entry ? &entry->fields[1] : m->f, depth), *o = one;

    if (m->repeated) {
        o = new_object(s);
        set_text(s, o, "type", m->map ? "object" : "array");
        jv_struct_set(o, s->a, m->map ? "additionalProperties" : "items",
                      jv_value_struct(s->a, one));
    }
    set_text(s, o, "description", describe(s, t, m->f));
    return o;
}

static void set_members(const struct shape *s, object *o, const struct jv_type *t, unsigned depth)
{
    object *properties = new_object(s);
    Google__Protobuf__ListValue *required = NULL;

    jv_struct_set(o, s->a, "properties", jv_value_struct(s->a, properties));
    for (unsigned i = 0; i < t->n; i++) {
        const struct jv_member *m = &t->members[i];
        const struct jv_name *n = jv_member_name(m, s->flags);
        const char *name = jv_arena_strndup(s->a, n->quoted + 1, n->len);

        jv_struct_set(properties, s->a, name, jv_value_struct(s->a, member_schema(s, t, m, depth)));
        if (m->required) {
            if (!required)
                required = set_list(s, o, "required", t->n);
            add_text(s, required, name);
        }
    }
    jv_struct_set(o, s->a, "additionalProperties", jv_value_bool(s->a, false));
}

static object *message_schema(const struct shape *s, const ProtobufCMessageDescriptor *type,
                              unsigned depth)
{
    const struct jv_type *t = jv_type_of(type);
    object *o = new_object(s);

    if (t->kind != JV_KIND_PLAIN) {
        set_form(s, o, wellknown_form(t->kind));
        return o;
    }
    set_text(s, o, "type", "object");
    set_text(s, o, "description", jv_comment(type->name));
    if (depth < max_inline)
        set_members(s, o, t, depth);
    return o;
}

object *jv_schema(const ProtobufCMessageDescriptor *type, unsigned flags, struct jv_arena *a)
{
    const struct shape s = { a, flags };

    return message_schema(&s, type, 0);
}
