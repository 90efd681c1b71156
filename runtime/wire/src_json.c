/* src_json.c -- JSON text as a value to read. The only door to jansson in wire/. */
#include "wire/src.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

static struct jv_src view(const json_t *j);

static bool next(const struct jv_src *parent, struct jv_src_iter *it)
{
    json_t *j = (json_t *)(uintptr_t)parent->node;

    if (it->i >= parent->len)
        return false;
    if (parent->kind == JV_SRC_LIST) {
        it->value = view(json_array_get(j, it->i));
    } else {
        it->at = it->i ? json_object_iter_next(j, it->at) : json_object_iter(j);
        it->key = json_object_iter_key(it->at);
        it->key_len = strlen(it->key);
        it->value = view(json_object_iter_value(it->at));
    }
    it->i++;
    return true;
}

static const struct jv_src_ops ops = { next };

static struct jv_src view(const json_t *j)
{
    struct jv_src s = { .node = j, .ops = &ops };

    switch (json_typeof(j)) {
    case JSON_OBJECT:
        s.kind = JV_SRC_OBJECT;
        s.len = json_object_size(j);
        break;
    case JSON_ARRAY:
        s.kind = JV_SRC_LIST;
        s.len = json_array_size(j);
        break;
    case JSON_STRING:
        s.kind = JV_SRC_TEXT;
        s.text = json_string_value(j);
        s.len = json_string_length(j);
        break;
    case JSON_INTEGER:
        s.kind = JV_SRC_INT;
        s.i = json_integer_value(j);
        break;
    case JSON_REAL:
        s.kind = JV_SRC_REAL;
        s.d = json_real_value(j);
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        s.kind = JV_SRC_BOOL;
        s.i = json_is_true(j);
        break;
    case JSON_NULL:
        break;
    }
    return s;
}

/* What jansson quotes of the text may be cut within a character, or hold control characters. */
static void clean(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || (unsigned char)*text > '~')
            *text = '?';
}

/* Tells what is no JSON from JSON that says the wrong thing. */
static int malformed(struct jv_err *err)
{
    if (err)
        snprintf(err->reason, sizeof(err->reason), "MALFORMED_JSON");
    return JV_INVALID_ARGUMENT;
}

int jv_src_json(const char *json, size_t len, struct jv_src *ret, struct jv_err *err)
{
    enum { flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL };
    json_error_t e;
    json_t *j;
    int r = jv_json_scan(json, len, err);

    if (r)
        return r == JV_INVALID_ARGUMENT ? malformed(err) : r;
    j = json_loadb(json, len, flags, &e);
    /* An integer beyond 64 bits is a fine number elsewhere: read all of them as doubles then. */
    if (!j && json_error_code(&e) == json_error_numeric_overflow)
        j = json_loadb(json, len, flags | JSON_DECODE_INT_AS_REAL, &e);
    if (!j) {
        clean(e.text);
        jv_err_set(err, JV_INVALID_ARGUMENT, "not valid JSON: %s (line %d, column %d)", e.text,
                   e.line, e.column);
        return malformed(err);
    }
    *ret = view(j);
    return JV_OK;
}

void jv_src_json_free(struct jv_src *s)
{
    json_decref((json_t *)(uintptr_t)s->node);
}
