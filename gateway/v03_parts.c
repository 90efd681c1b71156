/* v03_parts.c -- the parts of messages and artifacts: three kinds in 0.3, one flat object in 1.0.
 */
#include "v03_shape.h"

#include <string.h>

#define MEMBERS(rows) .n = JV_COUNT(rows), .members = (rows)

/* What 1.0 says of any part and 0.3 of files only travels in the part's metadata. */
static const char *const carried[] = { "mediaType", "filename" };

/* Set beside {"value": x} when data is no object, which 0.3 has no other way to say; the name is
 * the one that others who translate use. */
static const char wrapped[] = "data_part_compat";

/* A copy, so that nothing of the original is changed; NULL when nothing but those is in it. */
static v03_object *without(struct v03 *t, const v03_object *s, const char *const *names, size_t n)
{
    v03_object *copy = jv_msg_new(&google__protobuf__struct__descriptor, t->arena);

    copy->fields = JV_NEW_ARRAY(t->arena, Google__Protobuf__Struct__FieldsEntry *, s->n_fields + 1);
    for (size_t i = 0; i < s->n_fields; i++) {
        size_t k = 0;

        while (k < n && strcmp(names[k], s->fields[i]->key) != 0)
            k++;
        if (k == n)
            copy->fields[copy->n_fields++] = s->fields[i];
    }
    return copy->n_fields || !s->n_fields ? copy : NULL;
}

static void set_metadata(struct v03 *t, v03_object *part, v03_object *metadata)
{
    v03_value *v = metadata ? jv_value_struct(t->arena, metadata)
                            : v03_empty(t, GOOGLE__PROTOBUF__VALUE__KIND_NULL_VALUE);

    jv_struct_set(part, t->arena, "metadata", v);
}

static bool in_carried(struct v03 *t, const v03_object *old, const struct v03_at *at,
                       v03_object *now)
{
    const v03_object *metadata = v03_object_at(old, "metadata");
    bool any = false;

    (void)at;
    for (size_t i = 0; i < JV_COUNT(carried); i++) {
        const char *text = metadata ? jv_struct_text(metadata, carried[i]) : NULL;

        any = any || text;
        if (text)
            jv_struct_set(now, t->arena, carried[i], jv_value_text(t->arena, text));
    }
    if (any)
        set_metadata(t, now, without(t, metadata, carried, JV_COUNT(carried)));
    return true;
}

static void add_metadata(struct v03 *t, v03_object *old, const char *name, v03_value *v)
{
    v03_object *metadata = v03_object_at(old, "metadata");

    if (!metadata)
        metadata = jv_msg_new(&google__protobuf__struct__descriptor, t->arena);
    jv_struct_set(metadata, t->arena, name, v);
    set_metadata(t, old, metadata);
}

/* old's metadata is the one that jv_msg_to_struct() made: ours to change. */
static void out_carried(struct v03 *t, const v03_object *now, v03_object *old)
{
    for (size_t i = 0; i < JV_COUNT(carried); i++)
        if (jv_struct_text(now, carried[i]))
            add_metadata(t, old, carried[i], jv_struct_get(now, carried[i]));
}

static bool in_data(struct v03 *t, const v03_object *old, const struct v03_at *at, v03_object *now)
{
    static const char *const names[] = { wrapped };
    const v03_value *flag, *data = jv_struct_get(old, "data");
    v03_value *inner = jv_struct_get(data->struct_value, "value");
    v03_object *metadata;

    in_carried(t, old, at, now);
    metadata = v03_object_at(now, "metadata");
    flag = metadata ? jv_struct_get(metadata, wrapped) : NULL;
    if (!inner || !flag || flag->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE ||
        !flag->bool_value)
        return true;
    jv_struct_set(now, t->arena, "data", inner);
    set_metadata(t, now, without(t, metadata, names, JV_COUNT(names)));
    return true;
}

static void out_data(struct v03 *t, const v03_object *now, v03_object *old)
{
    v03_object *box;

    out_carried(t, now, old);
    if (v03_object_at(now, "data"))
        return;
    box = jv_msg_new(&google__protobuf__struct__descriptor, t->arena);
    jv_struct_set(box, t->arena, "value", jv_struct_get(now, "data"));
    jv_struct_set(old, t->arena, "data", jv_value_struct(t->arena, box));
    add_metadata(t, old, wrapped, jv_value_bool(t->arena, true));
}

static bool in_file(struct v03 *t, const v03_object *old, const struct v03_at *at, v03_object *now)
{
    (void)old;
    if (!jv_struct_get(now, "raw") == !jv_struct_get(now, "url"))
        return v03_fail(t, at, "must have one of bytes and uri");
    return true;
}

static const struct v03_member text_part[] = {
    { "text", "text", &v03_text, V03_PRESENT },
    { "metadata", "metadata", &v03_any_object },
};
static const struct v03_member file[] = {
    { "bytes", "raw", &v03_bytes },
    { "uri", "url", &v03_text },
    { "mimeType", "mediaType", &v03_text },
    { "name", "filename", &v03_text },
};
static const struct v03_shape file_shape = { MEMBERS(file), .in = in_file };
static const struct v03_member file_part[] = {
    { "file", NULL, &v03_inside, V03_REQUIRED, &file_shape },
    { "metadata", "metadata", &v03_any_object },
};
static const struct v03_member data_part[] = {
    { "data", "data", &v03_any_object, V03_PRESENT },
    { "metadata", "metadata", &v03_any_object },
};

/* Which 0.3 part it is in 1.0's eyes: the member that is there; two rows for files. */
static const struct v03_shape part_shapes[] = {
    { .kind = "text", "text", MEMBERS(text_part), .in = in_carried, .out = out_carried },
    { .kind = "data", "data", MEMBERS(data_part), .in = in_data, .out = out_data },
    { .kind = "file", "raw", MEMBERS(file_part) },
    { .kind = "file", "url", MEMBERS(file_part) },
};

static v03_value *in_part(struct v03 *t, const v03_value *v, const struct v03_at *at)
{
    const v03_object *old =
            v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE ? v->struct_value : NULL;
    const struct v03_at kind_at = { at, "kind", 0 };
    const char *kind = old ? jv_struct_text(old, "kind") : NULL;
    v03_value *now = jv_value_struct(t->arena, NULL);

    if (!old)
        return v03_fail(t, at, "must be an object");
    for (size_t i = 0; kind && i < JV_COUNT(part_shapes); i++)
        if (strcmp(kind, part_shapes[i].kind) == 0)
            return v03_in(t, &part_shapes[i], old, at, now->struct_value) ? now : NULL;
    if (!jv_struct_get(old, "kind"))
        return v03_fail(t, &kind_at, "is required");
    return v03_fail(t, &kind_at, "must be one of text, file, data");
}

static v03_value *in_parts(struct v03 *t, const struct v03_member *m, v03_value *v,
                           const struct v03_at *at)
{
    v03_value *list;

    if (v->kind_case != m->kind->json)
        return v03_fail(t, at, "must %s", m->kind->must);
    list = v03_new_list(t, v->list_value->n_values);
    for (size_t i = 0; i < v->list_value->n_values; i++) {
        const struct v03_at item = { at, NULL, i };

        list->list_value->values[i] = in_part(t, v->list_value->values[i], &item);
        if (!list->list_value->values[i])
            return NULL;
    }
    return list;
}

static v03_value *out_parts(struct v03 *t, const struct v03_member *m, v03_value *v)
{
    size_t n = v ? v->list_value->n_values : 0;
    v03_value *list = v03_new_list(t, n);

    (void)m;
    for (size_t i = 0; i < n; i++) {
        const v03_object *part = v->list_value->values[i]->struct_value;
        size_t k = JV_COUNT(part_shapes) - 1;

        while (k && !jv_struct_get(part, part_shapes[k].now))
            k--; /* one without content is an empty text */
        list->list_value->values[i] = jv_value_struct(t->arena, v03_out(t, &part_shapes[k], part));
    }
    return list;
}

const struct v03_kind v03_parts = { in_parts, out_parts, GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE,
                                    "be a list" };
