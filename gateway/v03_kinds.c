/* v03_kinds.c -- what a member can be: checked when it comes in, carried over, printed. */
#include "v03_shape.h"

#include <math.h>
#include <string.h>

static v03_value *in_plain(struct v03 *t, const struct v03_member *m, v03_value *v,
                           const struct v03_at *at)
{
    return v03_is(v, m->kind->json) ? v : v03_fail(t, at, "must %s", m->kind->must);
}

static v03_value *out_plain(struct v03 *t, const struct v03_member *m, v03_value *v)
{
    return v ? v : v03_empty(t, m->kind->json);
}

static v03_value *in_texts(struct v03 *t, const struct v03_member *m, v03_value *v,
                           const struct v03_at *at)
{
    if (!in_plain(t, m, v, at))
        return NULL;
    for (size_t i = 0; i < v->list_value->n_values; i++) {
        const struct v03_at item = { at, NULL, i };

        if (!v03_is(v->list_value->values[i], GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE))
            return v03_fail(t, &item, "must be a string");
    }
    return v;
}

static v03_value *in_count(struct v03 *t, const struct v03_member *m, v03_value *v,
                           const struct v03_at *at)
{
    double d = v->number_value;

    if (!v03_is(v, m->kind->json) || d != floor(d))
        return v03_fail(t, at, "must be a whole number");
    if (d < 0 || d > INT32_MAX)
        return v03_fail(t, at, "must be between 0 and %d", INT32_MAX);
    return v;
}

static v03_value *in_bytes(struct v03 *t, const struct v03_member *m, v03_value *v,
                           const struct v03_at *at)
{
    uint8_t *bytes;

    if (!in_plain(t, m, v, at))
        return NULL;
    if (jv_base64_decode(t->arena, v->string_value, strlen(v->string_value), &bytes) < 0)
        return v03_fail(t, at, "is not valid base64");
    return v;
}

static v03_value *in_not(struct v03 *t, const struct v03_member *m, v03_value *v,
                         const struct v03_at *at)
{
    return in_plain(t, m, v, at) ? jv_value_bool(t->arena, !v->bool_value) : NULL;
}

static v03_value *in_first(struct v03 *t, const struct v03_member *m, v03_value *v,
                           const struct v03_at *at)
{
    const struct v03_at first = { at, NULL, 0 };

    if (!in_texts(t, m, v, at))
        return NULL;
    if (v03_is_empty(v->list_value->values[0]))
        return v03_fail(t, &first, "must not be empty");
    return v->list_value->values[0];
}

static v03_value *out_first(struct v03 *t, const struct v03_member *m, v03_value *v)
{
    v03_value *list = v03_new_list(t, v && !v03_is_empty(v));

    (void)m;
    list->list_value->values[0] = v;
    return list;
}

static v03_value *in_word(struct v03 *t, const struct v03_member *m, v03_value *v,
                          const struct v03_at *at)
{
    struct jv_buf all = jv_buf_new(t->arena);

    for (size_t i = 0; i < m->n_words; i++) {
        if (v03_is(v, m->kind->json) && strcmp(v->string_value, m->words[i].old) == 0)
            return jv_value_text(t->arena, m->words[i].now);
        jv_buf_printf(&all, "%s%s", i ? ", " : "", m->words[i].old);
    }
    return v03_fail(t, at, "must be one of %s", all.data);
}

static v03_value *out_word(struct v03 *t, const struct v03_member *m, v03_value *v)
{
    size_t i = 0;

    while (i + 1 < m->n_words && !(v && v03_is(v, GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE) &&
                                   strcmp(v->string_value, m->words[i].now) == 0))
        i++;
    return jv_value_text(t->arena, m->words[i].old);
}

static v03_value *in_one(struct v03 *t, const struct v03_member *m, v03_value *v,
                         const struct v03_at *at)
{
    v03_value *now = jv_value_struct(t->arena, NULL);

    if (!v03_object_of(v))
        return v03_fail(t, at, "must be an object");
    return v03_in(t, m->shape, v->struct_value, at, now->struct_value) ? now : NULL;
}

static v03_value *out_one(struct v03 *t, const struct v03_member *m, v03_value *v)
{
    return jv_value_struct(t->arena, v03_out(t, m->shape, v03_object_of(v)));
}

static v03_value *out_many(struct v03 *t, const struct v03_member *m, v03_value *v)
{
    size_t n = v ? v->list_value->n_values : 0;
    v03_value *list = v03_new_list(t, n);

    for (size_t i = 0; i < n; i++)
        list->list_value->values[i] = out_one(t, m, v->list_value->values[i]);
    return list;
}

#define PLAIN(name_) GOOGLE__PROTOBUF__VALUE__KIND_##name_##_VALUE

const struct v03_kind v03_text = { in_plain, out_plain, PLAIN(STRING), "be a string" };
const struct v03_kind v03_flag = { in_plain, out_plain, PLAIN(BOOL), "be true or false" };
const struct v03_kind v03_any_object = { in_plain, out_plain, PLAIN(STRUCT), "be an object" };
const struct v03_kind v03_list = { in_plain, out_plain, PLAIN(LIST), "be a list" };
const struct v03_kind v03_texts = { in_texts, out_plain, PLAIN(LIST), "be a list of strings" };
const struct v03_kind v03_count = { in_count, out_plain, PLAIN(NUMBER), NULL };
const struct v03_kind v03_bytes = { in_bytes, out_plain, PLAIN(STRING), "be a base64 string" };
const struct v03_kind v03_not = { in_not, NULL, PLAIN(BOOL), "be true or false" };
const struct v03_kind v03_first = { in_first, out_first, PLAIN(LIST), "be a list of strings" };
const struct v03_kind v03_enum = { in_word, out_word, PLAIN(STRING), NULL };
const struct v03_kind v03_one = { in_one, out_one, PLAIN(STRUCT), NULL };
const struct v03_kind v03_many = { NULL, out_many, PLAIN(LIST), NULL };
const struct v03_kind v03_inside = { NULL, NULL, PLAIN(STRUCT), NULL };
