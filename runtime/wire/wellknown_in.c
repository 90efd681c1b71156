/* wellknown_in.c -- Google's types that have a JSON form of their own, read. */
#include "wire/read.h"

#include <math.h>
#include <string.h>

#include "google/protobuf/any.pb-c.h"
#include "google/protobuf/struct.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"

static int read_value(struct jv_in *in, const struct jv_src *v, const struct jv_path *path,
                      Google__Protobuf__Value *ret);

static int read_entry(struct jv_in *in, const struct jv_src_iter *it, const struct jv_path *path,
                      Google__Protobuf__Struct__FieldsEntry *e)
{
    const struct jv_path at = { .up = path, .name = it->key, .len = it->key_len, .key = true };

    e->key = jv_arena_strndup(in->arena, it->key, it->key_len);
    e->value = jv_msg_new(&google__protobuf__value__descriptor, in->arena);
    return read_value(in, &it->value, &at, e->value);
}

static int read_struct(struct jv_in *in, const struct jv_src *v, const struct jv_path *path,
                       Google__Protobuf__Struct *ret)
{
    struct jv_src_iter it = { 0 };
    int r = JV_OK;

    if (v->kind != JV_SRC_OBJECT)
        return jv_path_fail(path, in->err, "must be an object");
    ret->n_fields = v->len;
    ret->fields = JV_NEW_ARRAY(in->arena, Google__Protobuf__Struct__FieldsEntry *, v->len);
    for (size_t i = 0; !r && jv_src_next(v, &it); i++) {
        ret->fields[i] = jv_msg_new(&google__protobuf__struct__fields_entry__descriptor, in->arena);
        r = read_entry(in, &it, path, ret->fields[i]);
    }
    return r;
}

static int read_list(struct jv_in *in, const struct jv_src *v, const struct jv_path *path,
                     Google__Protobuf__ListValue *ret)
{
    struct jv_src_iter it = { 0 };
    int r = JV_OK;

    if (v->kind != JV_SRC_LIST)
        return jv_path_fail(path, in->err, "must be a list");
    ret->n_values = v->len;
    ret->values = JV_NEW_ARRAY(in->arena, Google__Protobuf__Value *, v->len);
    for (size_t i = 0; !r && jv_src_next(v, &it); i++) {
        const struct jv_path at = { .up = path, .index = i };

        ret->values[i] = jv_msg_new(&google__protobuf__value__descriptor, in->arena);
        r = read_value(in, &it.value, &at, ret->values[i]);
    }
    return r;
}

static int read_number(struct jv_in *in, const struct jv_src *v, const struct jv_path *path,
                       Google__Protobuf__Value *ret)
{
    ret->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE;
    ret->number_value = v->kind == JV_SRC_INT ? (double)v->i : v->d;
    return isfinite(ret->number_value) ? JV_OK
                                       : jv_path_fail(path, in->err, "must be a finite number");
}

static int read_value(struct jv_in *in, const struct jv_src *v, const struct jv_path *path,
                      Google__Protobuf__Value *ret)
{
    switch (v->kind) {
    case JV_SRC_INT:
    case JV_SRC_REAL:
        return read_number(in, v, path, ret);
    case JV_SRC_TEXT:
        ret->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE;
        return jv_read_string(in, v, path, &ret->string_value);
    case JV_SRC_BOOL:
        ret->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE;
        ret->bool_value = v->i != 0;
        return JV_OK;
    case JV_SRC_OBJECT:
        ret->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE;
        ret->struct_value = jv_msg_new(&google__protobuf__struct__descriptor, in->arena);
        return read_struct(in, v, path, ret->struct_value);
    case JV_SRC_LIST:
        ret->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE;
        ret->list_value = jv_msg_new(&google__protobuf__list_value__descriptor, in->arena);
        return read_list(in, v, path, ret->list_value);
    case JV_SRC_NULL:
        ret->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_NULL_VALUE;
        break;
    }
    return JV_OK;
}

static int read_timestamp(struct jv_in *in, const struct jv_src *v, const struct jv_path *path,
                          Google__Protobuf__Timestamp *ret)
{
    if (v->kind != JV_SRC_TEXT || memchr(v->text, '\0', v->len) ||
        jv_time_parse(v->text, &ret->seconds, &ret->nanos))
        return jv_path_fail(path, in->err,
                            "must be a time such as \"2026-01-31T12:00:00Z\" (RFC 3339)");
    return JV_OK;
}

/* The value of a member, or NULL. */
static const struct jv_src *get(const struct jv_src *v, const char *key, struct jv_src_iter *it)
{
    *it = (struct jv_src_iter){ 0 };
    while (jv_src_next(v, it))
        if (strcmp(it->key, key) == 0)
            return &it->value;
    return NULL;
}

/* The message within an Any: its members beside "@type", or "value" for a form of its own. */
static int read_inner(struct jv_in *in, const ProtobufCMessageDescriptor *type,
                      const struct jv_src *v, const struct jv_path *path, ProtobufCMessage **ret)
{
    const struct jv_path at = { .up = path, .name = "value", .len = 5 };
    const struct jv_type *t = jv_type_of(type);
    const struct jv_src *value;
    struct jv_src_iter it;

    if (t->kind == JV_KIND_PLAIN) {
        *ret = jv_msg_new(type, in->arena);
        return jv_read_members(in, t, v, path, "@type", *ret);
    }
    value = get(v, "value", &it);
    return value ? jv_read_msg(in, type, value, &at, ret)
                 : jv_path_fail(&at, in->err, "is missing");
}

static int read_any(struct jv_in *in, const struct jv_src *v, const struct jv_path *path,
                    Google__Protobuf__Any *ret)
{
    const struct jv_path at = { .up = path, .name = "@type", .len = 5 };
    const ProtobufCMessageDescriptor *type;
    const struct jv_src *url;
    const char *slash;
    ProtobufCMessage *msg = NULL;
    struct jv_src_iter it;
    int r;

    if (v->kind != JV_SRC_OBJECT)
        return jv_path_fail(path, in->err, "must be an object");
    if (!v->len)
        return JV_OK;
    url = get(v, "@type", &it);
    if (!url)
        return jv_path_fail(&at, in->err, "is missing");
    r = jv_read_string(in, url, &at, &ret->type_url);
    if (r)
        return r;
    slash = strrchr(ret->type_url, '/');
    type = slash ? jv_any_type(slash + 1) : NULL;
    if (!type)
        return jv_path_fail(&at, in->err, "is not a known type");
    r = read_inner(in, type, v, path, &msg);
    if (!r)
        ret->value.data = jv_pack(msg, in->arena, &ret->value.len);
    return r;
}

int jv_read_wellknown(struct jv_in *in, const struct jv_type *t, const struct jv_src *v,
                      const struct jv_path *path, ProtobufCMessage *msg)
{
    void *m = msg;

    switch (t->kind) {
    case JV_KIND_STRUCT:
        return read_struct(in, v, path, m);
    case JV_KIND_VALUE:
        return read_value(in, v, path, m);
    case JV_KIND_LIST:
        return read_list(in, v, path, m);
    case JV_KIND_TIMESTAMP:
        return read_timestamp(in, v, path, m);
    case JV_KIND_ANY:
        return read_any(in, v, path, m);
    case JV_KIND_PLAIN:
        break;
    }
    return JV_OK;
}
