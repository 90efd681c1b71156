/* members.c -- rules about members that come as data: required ones, and by name. */
#include "wire/read.h"

#include <string.h>

static bool is_zero(const char *p, size_t n)
{
    while (n && !p[n - 1])
        n--;
    return n == 0;
}

static bool is_blank(const ProtobufCMessage *msg, const struct jv_member *m)
{
    const void *at = jv_at(msg, m->f->offset);
    const char *text;

    if (m->oneof)
        return m->alone && !jv_chosen(msg, m);
    if (m->repeated)
        return jv_count(msg, m) == 0;
    switch (m->f->type) {
    case PROTOBUF_C_TYPE_STRING:
        text = *(const char *const *)at;
        return !text || !*text;
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *)at)->len == 0;
    case PROTOBUF_C_TYPE_MESSAGE:
        return !*(ProtobufCMessage *const *)at;
    case PROTOBUF_C_TYPE_ENUM:
        return *(const int32_t *)at == 0 && jv_enum_blank(m->f->descriptor);
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        return false; /* their zero is as good as any */
    default:
        return is_zero(at, jv_value_size(m->f->type)); /* an id or a size: there is no zeroth */
    }
}

static int validate(const ProtobufCMessage *msg, const struct jv_path *path, unsigned flags,
                    struct jv_err *err);

static int validate_within(const ProtobufCMessage *msg, const struct jv_member *m,
                           const struct jv_path *path, unsigned flags, struct jv_err *err)
{
    void *at = jv_at(msg, m->f->offset);
    ProtobufCMessage *one, **items;
    int r = JV_OK;

    if (!m->repeated) {
        one = m->oneof && !jv_chosen(msg, m) ? NULL : *(ProtobufCMessage **)at;
        return one ? validate(one, path, flags, err) : JV_OK;
    }
    items = *(ProtobufCMessage ***)at;
    for (size_t i = 0; i < jv_count(msg, m) && !r; i++) {
        const struct jv_path step = { .up = path, .index = i };

        r = validate(items[i], &step, flags, err);
    }
    return r;
}

static int validate(const ProtobufCMessage *msg, const struct jv_path *path, unsigned flags,
                    struct jv_err *err)
{
    const struct jv_type *t = jv_type_of(msg->descriptor);
    int r = JV_OK;

    for (unsigned i = 0; i < t->n && t->kind == JV_KIND_PLAIN && !r; i++) {
        const struct jv_member *m = &t->members[i];
        const struct jv_name *name = jv_member_name(m, flags);
        const struct jv_path at = { .up = path, .name = name->quoted + 1, .len = name->len };

        if (m->required && is_blank(msg, m))
            return jv_path_fail(&at, err, "is required");
        if (m->f->type == PROTOBUF_C_TYPE_MESSAGE)
            r = validate_within(msg, m, &at, flags, err);
    }
    return r;
}

int jv_validate_as(const ProtobufCMessage *msg, unsigned flags, struct jv_err *err)
{
    const struct jv_path root = { .up = NULL };

    return validate(msg, &root, flags, err);
}

int jv_validate(const ProtobufCMessage *msg, struct jv_err *err)
{
    return jv_validate_as(msg, JV_JSON_SNAKE, err);
}

/* ---- by name -------------------------------------------------------------------------------- */

static const struct jv_member *text_member(const ProtobufCMessage *msg, const char *name)
{
    const struct jv_member *m = jv_type_find(jv_type_of(msg->descriptor), name, strlen(name));

    return m && !m->repeated && m->f->type == PROTOBUF_C_TYPE_STRING ? m : NULL;
}

const char *jv_get_text(const ProtobufCMessage *msg, const char *name)
{
    const struct jv_member *m = text_member(msg, name);
    const char *text = NULL;

    if (!m)
        return NULL;
    if (!m->oneof || jv_chosen(msg, m))
        text = *(const char **)jv_at(msg, m->f->offset);
    return text ? text : "";
}

bool jv_set_text(ProtobufCMessage *msg, const char *name, const char *value)
{
    const struct jv_member *m = text_member(msg, name);

    if (!m)
        return false;
    *(const char **)jv_at(msg, m->f->offset) = value;
    if (m->oneof)
        *(uint32_t *)jv_at(msg, m->f->quantifier_offset) = m->f->id;
    return true;
}

enum { max_texts = 1000 }; /* of one list: each one copies the list */

/* Room for one more in a list; its address. */
static void *append(ProtobufCMessage *msg, const struct jv_member *m, struct jv_arena *a)
{
    size_t size = jv_value_size(m->f->type), n = jv_count(msg, m);
    char **items = jv_at(msg, m->f->offset), *grown = jv_arena_alloc(a, (n + 1) * size);

    if (n)
        memcpy(grown, *items, n * size);
    *items = grown;
    return grown + n * size;
}

int jv_set_from_text(ProtobufCMessage *msg, const char *name, const char *value, struct jv_arena *a,
                     struct jv_err *err)
{
    const struct jv_type *t = jv_type_of(msg->descriptor);
    const struct jv_member *m = jv_type_find(t, name, strlen(name));
    const struct jv_path root = { .up = NULL };
    const struct jv_path at = { .up = &root, .name = name, .len = strlen(name) };
    const struct jv_src v = jv_src_text(value, strlen(value));
    struct jv_in in = { a, err, 0 };
    int r;

    if (!m || m->map)
        return jv_path_fail(&at, err, "unknown member of %s", t->desc->short_name);
    if (m->repeated && jv_count(msg, m) == max_texts)
        return jv_path_fail(&at, err, "has more than %d values", max_texts);
    if (!jv_is_utf8(value, v.len))
        return jv_path_fail(&at, err, "is not UTF-8 text");
    r = jv_read_text(&in, m->f, &v, &at,
                     m->repeated ? append(msg, m, a) : jv_at(msg, m->f->offset));
    if (!r && m->repeated)
        ++*(size_t *)jv_at(msg, m->f->quantifier_offset);
    if (!r && m->oneof)
        *(uint32_t *)jv_at(msg, m->f->quantifier_offset) = m->f->id;
    return r;
}
