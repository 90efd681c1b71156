/* v03_walk.c -- carries objects between 0.3 and 1.0 by the tables of shapes. */
#include "v03_shape.h"

#include <stdio.h>
#include <string.h>

/* ---- errors ---------------------------------------------------------------------------------- */

enum { max_frames = 16 }; /* no table is that deep */

static void print_path(const struct v03_at *at, char *out, size_t size)
{
    const struct v03_at *frames[max_frames];
    size_t n = 0, len = 0;

    for (; at && at->up && n < max_frames; at = at->up)
        frames[n++] = at;
    out[0] = '\0';
    while (n-- && len < size) {
        const struct v03_at *f = frames[n];

        len += (size_t)(f->name ? snprintf(out + len, size - len, "%s%s", len ? "." : "", f->name)
                                : snprintf(out + len, size - len, "[%zu]", f->index));
    }
}

void *v03_fail(struct v03 *t, const struct v03_at *at, const char *fmt, ...)
{
    char path[sizeof(t->err->field)], text[sizeof(t->err->text) - sizeof(path)];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    print_path(at, path, sizeof(path));
    jv_err_field(t->err, JV_INVALID_ARGUMENT, path, "%s%s%s", path, path[0] ? ": " : "", text);
    return NULL;
}

/* ---- values ---------------------------------------------------------------------------------- */

bool v03_is(const v03_value *v, Google__Protobuf__Value__KindCase json)
{
    return v->kind_case == json;
}

v03_object *v03_object_of(const v03_value *v)
{
    return v && v03_is(v, GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE) ? v->struct_value : NULL;
}

v03_object *v03_object_at(const v03_object *s, const char *name)
{
    return v03_object_of(jv_struct_get(s, name));
}

v03_value *v03_new_list(struct v03 *t, size_t n)
{
    v03_value *v = jv_msg_new(&google__protobuf__value__descriptor, t->arena);

    v->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE;
    v->list_value = jv_msg_new(&google__protobuf__list_value__descriptor, t->arena);
    v->list_value->values = JV_NEW_ARRAY(t->arena, v03_value *, n + 1);
    v->list_value->n_values = n;
    return v;
}

v03_value *v03_empty(struct v03 *t, Google__Protobuf__Value__KindCase json)
{
    v03_value *v;

    if (json == GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE)
        return v03_new_list(t, 0);
    if (json == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE)
        return jv_value_struct(t->arena, NULL);
    if (json == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE)
        return jv_value_text(t->arena, "");
    v = jv_msg_new(&google__protobuf__value__descriptor, t->arena); /* null, 0 or false */
    v->kind_case = json;
    return v;
}

bool v03_is_empty(const v03_value *v)
{
    return (v03_is(v, GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE) && !*v->string_value) ||
           (v03_is(v, GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE) && !v->list_value->n_values);
}

/* ---- the walk -------------------------------------------------------------------------------- */

static bool in_member(struct v03 *t, const struct v03_member *m, v03_value *v,
                      const struct v03_at *at, v03_object *now)
{
    v03_value *made;

    if (m->need == V03_REQUIRED && v03_is_empty(v))
        return v03_fail(t, at, "is required");
    if (m->kind == &v03_inside && !v03_object_of(v))
        return v03_fail(t, at, "must be an object");
    if (m->kind == &v03_inside)
        return v03_in(t, m->shape, v->struct_value, at, now);
    made = m->kind->in(t, m, v, at);
    if (made && m->now)
        jv_struct_set(now, t->arena, m->now, made);
    return made;
}

/* null is absent, as everywhere in JSON of ours. */
static v03_value *given(const v03_object *s, const char *name)
{
    v03_value *v = name ? jv_struct_get(s, name) : NULL;

    return v && !v03_is(v, GOOGLE__PROTOBUF__VALUE__KIND_NULL_VALUE) &&
                           !v03_is(v, GOOGLE__PROTOBUF__VALUE__KIND__NOT_SET)
                   ? v
                   : NULL;
}

/* Clients that write by hand leave a message's kind out: it says nothing that is not clear. */
static bool in_kind(struct v03 *t, const struct v03_shape *s, const v03_object *old,
                    const struct v03_at *up)
{
    const struct v03_at at = { up, "kind", 0 };
    const v03_value *v = given(old, "kind");

    if (!s->kind || !v)
        return true;
    if (!v03_is(v, GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE) ||
        strcmp(v->string_value, s->kind) != 0)
        return v03_fail(t, &at, "must be %s", s->kind);
    return true;
}

bool v03_in(struct v03 *t, const struct v03_shape *s, const v03_object *old,
            const struct v03_at *up, v03_object *now)
{
    if (!in_kind(t, s, old, up))
        return false;
    for (size_t i = 0; i < s->n; i++) {
        const struct v03_member *m = &s->members[i];
        const struct v03_at at = { up, m->old, 0 };
        v03_value *v = given(old, m->old);

        if (!v && m->need)
            return v03_fail(t, &at, "is required");
        if (v && !in_member(t, m, v, &at, now))
            return false;
    }
    return !s->in || s->in(t, old, up, now);
}

static v03_value *out_member(struct v03 *t, const struct v03_member *m, const v03_object *now)
{
    v03_value *v = given(now, m->now);

    if (m->kind == &v03_inside)
        return jv_value_struct(t->arena, v03_out(t, m->shape, now));
    return v || m->need ? m->kind->out(t, m, v) : NULL;
}

v03_object *v03_out(struct v03 *t, const struct v03_shape *s, const v03_object *now)
{
    v03_object *old = jv_msg_new(&google__protobuf__struct__descriptor, t->arena);

    if (s->kind)
        jv_struct_set(old, t->arena, s->kind_is_type ? "type" : "kind",
                      jv_value_text(t->arena, s->kind));
    for (size_t i = 0; i < s->n; i++) {
        v03_value *v = out_member(t, &s->members[i], now);

        if (v)
            jv_struct_set(old, t->arena, s->members[i].old, v);
    }
    if (s->out)
        s->out(t, now, old);
    return old;
}

v03_value *v03_choose(struct v03 *t, const struct v03_shape *const *shapes, const v03_object *now)
{
    for (; *shapes; shapes++)
        if (v03_object_at(now, (*shapes)->now))
            return jv_value_struct(t->arena,
                                   v03_out(t, *shapes, v03_object_at(now, (*shapes)->now)));
    return NULL;
}
