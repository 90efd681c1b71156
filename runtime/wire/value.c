/* value.c -- Struct and Value by hand: make, look up, set. */
#include "jv/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "google/protobuf/struct.pb-c.h"

typedef Google__Protobuf__Value value;

static value *make(struct jv_arena *a, Google__Protobuf__Value__KindCase kind)
{
    value *v = jv_msg_new(&google__protobuf__value__descriptor, a);

    v->kind_case = kind;
    return v;
}

value *jv_value_text(struct jv_arena *a, const char *text)
{
    value *v = make(a, GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE);

    v->string_value = jv_arena_strdup(a, text ? text : "");
    return v;
}

value *jv_value_number(struct jv_arena *a, double number)
{
    value *v = make(a, GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE);

    v->number_value = number;
    return v;
}

value *jv_value_bool(struct jv_arena *a, bool b)
{
    value *v = make(a, GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE);

    v->bool_value = b;
    return v;
}

value *jv_value_struct(struct jv_arena *a, Google__Protobuf__Struct *s)
{
    value *v = make(a, GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE);

    v->struct_value = s ? s : jv_msg_new(&google__protobuf__struct__descriptor, a);
    return v;
}

Google__Protobuf__Struct *jv_struct(struct jv_arena *a, const char *json)
{
    struct jv_err err = { 0 };
    ProtobufCMessage *msg =
            jv_json_to_msg(&google__protobuf__struct__descriptor, json, strlen(json), 0, a, &err);

    if (!msg) { /* our own text is wrong: a bug */
        fprintf(stderr, "jv_struct: %s\n", err.text);
        abort();
    }
    return (Google__Protobuf__Struct *)(void *)msg;
}

static Google__Protobuf__Struct__FieldsEntry *find(const Google__Protobuf__Struct *s,
                                                   const char *name)
{
    for (size_t i = 0; s && i < s->n_fields; i++)
        if (s->fields[i]->key && strcmp(s->fields[i]->key, name) == 0)
            return s->fields[i];
    return NULL;
}

value *jv_struct_get(const Google__Protobuf__Struct *s, const char *name)
{
    Google__Protobuf__Struct__FieldsEntry *e = find(s, name);

    return e ? e->value : NULL;
}

const char *jv_struct_text(const Google__Protobuf__Struct *s, const char *name)
{
    const value *v = jv_struct_get(s, name);

    return v && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE ? v->string_value : NULL;
}

void jv_struct_set(Google__Protobuf__Struct *s, struct jv_arena *a, const char *name, value *v)
{
    Google__Protobuf__Struct__FieldsEntry *e = find(s, name), **fields;

    if (!e) {
        fields = JV_NEW_ARRAY(a, Google__Protobuf__Struct__FieldsEntry *, s->n_fields + 1);
        if (s->n_fields)
            memcpy(fields, s->fields, s->n_fields * sizeof(*fields));
        e = jv_msg_new(&google__protobuf__struct__fields_entry__descriptor, a);
        e->key = jv_arena_strdup(a, name);
        fields[s->n_fields++] = e;
        s->fields = fields;
    }
    e->value = v;
}
