/* schema.c -- a tool's schema as every provider takes it.
 *
 * Schemas come from agents' cards, third parties' among them. Providers refuse a whole request for
 * one word that is wrong in one of them, so nothing is handed on but what is known to be right. */
#include "wire.h"

#include <string.h>

enum { max_depth = 8, max_nodes = 200, max_described = 600, max_key = 64 };

struct taming {
    struct jv_arena *a;
    int nodes;
};

static json_object *tame(struct taming *t, const json_object *in, int depth);

static bool is_type(const char *name)
{
    static const char *const types[] = {
        "object", "array", "string", "integer", "number", "boolean"
    };

    for (size_t i = 0; i < JV_COUNT(types); i++)
        if (strcmp(types[i], name) == 0)
            return true;
    return false;
}

/* Of several the first that means something; what has none is a text. */
static const char *type_of(const json_object *in)
{
    const json_list *several = json_get_list(in, "type");
    const char *one = json_get_text(in, "type");

    for (size_t i = 0; i < several->n_values && !is_type(one); i++)
        if (several->values[i]->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE)
            one = several->values[i]->string_value;
    if (is_type(one))
        return one;
    return json_get_object(in, "properties") ? "object" : "string";
}

/* As providers want the names of members. */
static bool is_key(const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

    return n && n <= max_key && !s[n];
}

static void tame_properties(struct taming *t, const json_object *in, json_object *out, int depth)
{
    const json_object *properties = json_get_object(in, "properties");
    json_object *kept = json_new(t->a);

    for (size_t i = 0; properties && i < properties->n_fields; i++) {
        const json_object *one = json_to_object(properties->fields[i]->value);

        if (one && is_key(properties->fields[i]->key) && t->nodes < max_nodes)
            json_put_object(t->a, kept, properties->fields[i]->key, tame(t, one, depth + 1));
    }
    json_put_object(t->a, out, "properties", kept);
}

/* The texts of a list that are good for something, each once. */
static void keep_texts(struct taming *t, const json_list *in, json_object *out, const char *name,
                       bool (*good)(const json_object *out, const char *text))
{
    json_list *kept = NULL;
    bool again = false;

    for (size_t i = 0; i < in->n_values && i < max_nodes; i++, again = false) {
        const json_value *v = in->values[i];

        if (v->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE ||
            !good(out, v->string_value))
            continue;
        if (!kept)
            kept = json_put_list(t->a, out, name);
        for (size_t k = 0; k < kept->n_values && !again; k++)
            again = strcmp(kept->values[k]->string_value, v->string_value) == 0;
        if (!again)
            json_add(t->a, kept, jv_value_text(t->a, v->string_value));
    }
}

static bool is_property(const json_object *out, const char *text)
{
    return jv_struct_get(json_get_object(out, "properties"), text);
}

static bool is_said(const json_object *out, const char *text)
{
    (void)out;
    return text[0];
}

/* Whole characters of it. */
static void tame_description(struct taming *t, const json_object *in, json_object *out)
{
    const char *text = json_get_text(in, "description");
    size_t n = jv_clip(text, strlen(text), max_described);

    if (n)
        json_put_text(t->a, out, "description", jv_arena_strndup(t->a, text, n));
}

static json_object *tame(struct taming *t, const json_object *in, int depth)
{
    json_object *out = json_new(t->a);
    const char *type = depth < max_depth ? type_of(in) : "string";
    const json_object *items = json_get_object(in, "items");

    t->nodes++;
    json_put_text(t->a, out, "type", type);
    tame_description(t, in, out);
    if (strcmp(type, "object") == 0) {
        tame_properties(t, in, out, depth);
        keep_texts(t, json_get_list(in, "required"), out, "required", is_property);
    } else if (strcmp(type, "array") == 0) {
        json_put_object(t->a, out, "items", tame(t, items ? items : json_new(t->a), depth + 1));
    } else if (strcmp(type, "string") == 0) {
        keep_texts(t, json_get_list(in, "enum"), out, "enum", is_said);
        if (strcmp(json_get_text(in, "format"), "date-time") == 0)
            json_put_text(t->a, out, "format", "date-time");
    }
    return out;
}

json_object *schema_tame(struct jv_arena *a, const json_object *in)
{
    struct taming t = { .a = a };
    json_object *whole = json_new(a);

    for (size_t i = 0; in && i < in->n_fields; i++) /* of an object, whatever it says */
        if (strcmp(in->fields[i]->key, "type") != 0)
            jv_struct_set(whole, a, in->fields[i]->key, in->fields[i]->value);
    json_put_text(a, whole, "type", "object");
    return tame(&t, whole, 0);
}
