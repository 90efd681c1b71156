/* embed.c -- vectors out of a reply. */
#include "wire.h"

static int vector(struct jv_arena *a, const json_list *numbers, Llm__Vector *ret,
                  struct jv_err *err)
{
    ret->values = JV_NEW_ARRAY(a, float, numbers->n_values + 1);
    ret->n_values = numbers->n_values;
    for (size_t i = 0; i < numbers->n_values; i++) {
        const json_value *v = numbers->values[i];

        if (v->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE)
            return jv_err_set(err, JV_UNAVAILABLE, "a vector has something else than numbers");
        ret->values[i] = (float)v->number_value;
    }
    return numbers->n_values ? JV_OK : jv_err_set(err, JV_UNAVAILABLE, "a vector is empty");
}

int embed_vectors(struct jv_arena *a, const json_list *objects, const char *member,
                  Llm__EmbedReply *ret, struct jv_err *err)
{
    size_t n = objects->n_values;
    int r = JV_OK;

    ret->vectors = JV_NEW_ARRAY(a, Llm__Vector *, n + 1);
    ret->n_vectors = n;
    for (size_t i = 0; i < n && !r; i++) {
        const json_object *o = json_to_object(objects->values[i]);
        size_t at = (size_t)json_get_number(o, "index", (int64_t)i);

        if (at >= n || ret->vectors[at])
            return jv_err_set(err, JV_UNAVAILABLE, "a vector is of no text, or one of two");
        ret->vectors[at] = jv_msg_new(&llm__vector__descriptor, a);
        r = vector(a, json_get_list(o, member), ret->vectors[at], err);
    }
    return r;
}
