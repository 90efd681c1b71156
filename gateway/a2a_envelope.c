/* a2a_envelope.c -- a JSON-RPC request cut into its parts, which are read where they belong: params
 * become a message in one pass, an id goes back as it came. What is skipped over is parsed, too.
 * Pure. */
#include "a2a.h"

#include <stdio.h>
#include <string.h>

#include <google/protobuf/struct.pb-c.h>

/* ---- cutting -------------------------------------------------------------------------------- */

static size_t skip_space(const char *s, size_t len, size_t i)
{
    while (i < len && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r'))
        i++;
    return i;
}

static size_t skip_string(const char *s, size_t len, size_t i)
{
    for (i++; i < len && s[i] != '"'; i++)
        if (s[i] == '\\')
            i++;
    return i < len ? i + 1 : len;
}

/* To where a value ends: the comma or bracket that is not inside of it. */
static size_t skip_value(const char *s, size_t len, size_t i)
{
    int depth = 0;

    while (i < len) {
        if (s[i] == '"') {
            i = skip_string(s, len, i);
            continue;
        }
        if (s[i] == '{' || s[i] == '[')
            depth++;
        else if (depth == 0 && (s[i] == ',' || s[i] == '}' || s[i] == ']'))
            break;
        else if (s[i] == '}' || s[i] == ']')
            depth--;
        i++;
    }
    return i;
}

int a2a_because(struct jv_err *err, const char *reason)
{
    snprintf(err->reason, sizeof(err->reason), "%s", reason);
    return err->code;
}

static int malformed(struct jv_err *err, const char *what)
{
    jv_err_set(err, JV_INVALID_ARGUMENT, "not valid JSON: %s", what);
    return a2a_because(err, "MALFORMED_JSON");
}

int a2a_invalid(struct jv_err *err, const char *field, const char *what)
{
    jv_err_field(err, JV_INVALID_ARGUMENT, field, "%s%s%s", field, field[0] ? ": " : "", what);
    return a2a_because(err, "INVALID_REQUEST");
}

const Google__Protobuf__Value *a2a_parse(const struct span *v, struct jv_arena *a,
                                         struct jv_err *err)
{
    return (const void *)jv_json_to_msg(&google__protobuf__value__descriptor, v->at, v->len, 0, a,
                                        err);
}

const char *a2a_text(const struct span *v, struct jv_arena *a, struct jv_err *err)
{
    const Google__Protobuf__Value *value = a2a_parse(v, a, err);

    return value && value->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE
                   ? value->string_value
                   : NULL;
}

/* A member goes to its place; one that has none must be JSON all the same. */
static int put(struct a2a_envelope *e, const char *name, struct span value, struct jv_arena *a,
               struct jv_err *err)
{
    const struct {
        const char *name;
        struct span *at;
    } places[] = { { "jsonrpc", &e->version },
                   { "id", &e->id },
                   { "method", &e->method },
                   { "params", &e->params } };

    for (size_t i = 0; i < JV_COUNT(places); i++) {
        if (strcmp(places[i].name, name) != 0)
            continue;
        if (places[i].at->at)
            return a2a_invalid(err, name, "is there twice");
        *places[i].at = value;
        return JV_OK;
    }
    return a2a_parse(&value, a, err) ? JV_OK : err->code;
}

/* The next "name": value, and what is behind it: ',' or '}'. */
static int cut_member(const char *s, size_t len, size_t *i, struct a2a_envelope *e,
                      struct jv_arena *a, struct jv_err *err)
{
    struct span name = { s + *i, 0 }, value;
    const char *text;

    if (*i >= len || s[*i] != '"')
        return malformed(err, "a member has no name");
    name.len = skip_string(s, len, *i) - *i;
    text = a2a_text(&name, a, err);
    *i = skip_space(s, len, *i + name.len);
    if (!text || *i >= len || s[*i] != ':')
        return malformed(err, "a member has no value");
    *i = skip_space(s, len, *i + 1);
    value.at = s + *i;
    *i = skip_value(s, len, *i);
    value.len = (size_t)(s + *i - value.at);
    if (*i >= len || s[*i] == ']')
        return malformed(err, "the object has no end");
    return put(e, text, value, a, err);
}

static int cut(const char *s, size_t len, struct a2a_envelope *e, struct jv_arena *a,
               struct jv_err *err)
{
    size_t i = skip_space(s, len, 0);
    int r = JV_OK;

    i = skip_space(s, len, i + 1); /* behind '{' */
    while (r == JV_OK && i < len && s[i] != '}') {
        r = cut_member(s, len, &i, e, a, err);
        if (r == JV_OK && s[i] == ',') {
            i = skip_space(s, len, i + 1);
            if (i < len && s[i] == '}')
                r = malformed(err, "a comma before the end");
        }
    }
    if (r == JV_OK && (i >= len || skip_space(s, len, i + 1) != len))
        r = malformed(err, "something is behind the object, or its end is missing");
    return r;
}

/* ---- reading -------------------------------------------------------------------------------- */

int a2a_envelope_read(const char *s, size_t len, struct a2a_envelope *e, struct jv_arena *a,
                      struct jv_err *err)
{
    size_t i = skip_space(s, len, 0);
    const struct span all = { s, len };
    int r = jv_json_scan(s, len, err);

    if (r)
        return r == JV_INVALID_ARGUMENT ? a2a_because(err, "MALFORMED_JSON") : r;
    if (i < len && s[i] == '{')
        return cut(s, len, e, a, err);
    if (!a2a_parse(&all, a, err))
        return err->code;
    return a2a_invalid(err, "",
                       s[i] == '[' ? "a batch of requests is not served: send them one by one"
                                   : "a request is an object");
}
