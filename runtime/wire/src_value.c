/* src_value.c -- google.protobuf.Value and Struct as values to read. */
#include "wire/src.h"

#include <string.h>

#include "google/protobuf/struct.pb-c.h"

static bool next_field(const struct jv_src *parent, struct jv_src_iter *it)
{
    const Google__Protobuf__Struct *s = parent->node;
    const Google__Protobuf__Struct__FieldsEntry *e;

    if (it->i >= parent->len)
        return false;
    e = s->fields[it->i++];
    it->key = e->key ? e->key : "";
    it->key_len = strlen(it->key);
    it->value = jv_src_value(e->value);
    return true;
}

static bool next_item(const struct jv_src *parent, struct jv_src_iter *it)
{
    const Google__Protobuf__ListValue *l = parent->node;

    if (it->i >= parent->len)
        return false;
    it->value = jv_src_value(l->values[it->i++]);
    return true;
}

static const struct jv_src_ops struct_ops = { next_field }, list_ops = { next_item };

struct jv_src jv_src_text(const char *s, size_t len)
{
    return (struct jv_src){ .kind = JV_SRC_TEXT, .text = s, .len = len };
}

struct jv_src jv_src_struct(const Google__Protobuf__Struct *s)
{
    return (struct jv_src){
        .kind = JV_SRC_OBJECT, .len = s ? s->n_fields : 0, .node = s, .ops = &struct_ops
    };
}

struct jv_src jv_src_value(const Google__Protobuf__Value *v)
{
    switch (v ? v->kind_case : GOOGLE__PROTOBUF__VALUE__KIND__NOT_SET) {
    case GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE:
        return (struct jv_src){ .kind = JV_SRC_REAL, .d = v->number_value };
    case GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE:
        return jv_src_text(v->string_value ? v->string_value : "",
                           v->string_value ? strlen(v->string_value) : 0);
    case GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE:
        return (struct jv_src){ .kind = JV_SRC_BOOL, .i = v->bool_value };
    case GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE:
        return jv_src_struct(v->struct_value);
    case GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE:
        return (struct jv_src){ .kind = JV_SRC_LIST,
                                .len = v->list_value ? v->list_value->n_values : 0,
                                .node = v->list_value,
                                .ops = &list_ops };
    default:
        return (struct jv_src){ .kind = JV_SRC_NULL };
    }
}
