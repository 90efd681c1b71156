/* json.c -- generic JSON as google.protobuf.Struct: look up, build, print. */
#include "wire.h"

json_object *json_to_object(const json_value *v)
{
    return v && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE ? v->struct_value : NULL;
}

json_object *json_get_object(const json_object *o, const char *name)
{
    return json_to_object(jv_struct_get(o, name));
}

const json_list *json_get_list(const json_object *o, const char *name)
{
    static const json_list none = GOOGLE__PROTOBUF__LIST_VALUE__INIT;
    const json_value *v = jv_struct_get(o, name);

    return v && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE ? v->list_value : &none;
}

const char *json_get_text(const json_object *o, const char *name)
{
    const char *text = jv_struct_text(o, name);

    return text ? text : "";
}

bool json_is_true(const json_object *o, const char *name)
{
    const json_value *v = jv_struct_get(o, name);

    return v && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE && v->bool_value;
}

int64_t json_get_number(const json_object *o, const char *name, int64_t fallback)
{
    static const double most = 1e15;
    const json_value *v = jv_struct_get(o, name);

    if (!v || v->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE || v->number_value < 0)
        return fallback;
    return (int64_t)(v->number_value < most ? v->number_value : most);
}

json_object *json_new(struct jv_arena *a)
{
    return jv_msg_new(&google__protobuf__struct__descriptor, a);
}

void json_put_text(struct jv_arena *a, json_object *o, const char *name, const char *text)
{
    jv_struct_set(o, a, name, jv_value_text(a, text));
}

void json_put_number(struct jv_arena *a, json_object *o, const char *name, int64_t number)
{
    jv_struct_set(o, a, name, jv_value_number(a, (double)number));
}

void json_put_bool(struct jv_arena *a, json_object *o, const char *name, bool b)
{
    jv_struct_set(o, a, name, jv_value_bool(a, b));
}

/* It is printed, and never changed. */
void json_put_object(struct jv_arena *a, json_object *o, const char *name, const json_object *p)
{
    jv_struct_set(o, a, name, jv_value_struct(a, (json_object *)p));
}

json_list *json_put_list(struct jv_arena *a, json_object *o, const char *name)
{
    json_value *v = jv_msg_new(&google__protobuf__value__descriptor, a);

    v->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE;
    v->list_value = jv_msg_new(&google__protobuf__list_value__descriptor, a);
    jv_struct_set(o, a, name, v);
    return v->list_value;
}

void json_add(struct jv_arena *a, json_list *l, json_value *v)
{
    json_value **values = l->values;

    if (!(l->n_values & (l->n_values - 1))) { /* none, or a power of two: full */
        values = JV_NEW_ARRAY(a, json_value *, l->n_values ? l->n_values * 2 : 1);
        for (size_t i = 0; i < l->n_values; i++)
            values[i] = l->values[i];
    }
    values[l->n_values++] = v;
    l->values = values;
}

json_object *json_add_object(struct jv_arena *a, json_list *l)
{
    json_object *o = json_new(a);

    json_add(a, l, jv_value_struct(a, o));
    return o;
}

const char *json_print(struct jv_arena *a, const json_object *o)
{
    size_t n;

    return jv_msg_to_json(&o->base, 0, a, &n);
}

const char *json_print_value(struct jv_arena *a, const json_value *v)
{
    size_t n;

    if (!v)
        return "";
    if (v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE)
        return v->string_value;
    return jv_msg_to_json(&v->base, 0, a, &n);
}
