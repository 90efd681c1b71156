/* pbjson_in.c -- JSON or Struct -> protobuf message, ProtoJSON rules. */
#include "wire/read.h"

#include <string.h>

int jv_read_msg(struct jv_in *in, const ProtobufCMessageDescriptor *type, const struct jv_src *v,
                const struct jv_path *path, ProtobufCMessage **ret)
{
    const struct jv_type *t = jv_type_of(type);
    ProtobufCMessage *msg = jv_msg_new(type, in->arena);
    int r;

    if (t->kind != JV_KIND_PLAIN)
        r = jv_read_wellknown(in, t, v, path, msg);
    else if (v->kind != JV_SRC_OBJECT)
        r = jv_path_fail(path, in->err, "must be an object");
    else
        r = jv_read_members(in, t, v, path, NULL, msg);
    if (!r)
        *ret = msg;
    return r;
}

int jv_read_one(struct jv_in *in, const ProtobufCFieldDescriptor *f, const struct jv_src *v,
                const struct jv_path *path, void *at)
{
    if (f->type == PROTOBUF_C_TYPE_MESSAGE)
        return jv_read_msg(in, f->descriptor, v, path, at);
    return jv_read_scalar(in, f, v, path, at);
}

/* null is a value of its own only for google.protobuf.Value. */
static bool takes_null(const ProtobufCFieldDescriptor *f)
{
    return f->type == PROTOBUF_C_TYPE_MESSAGE && jv_type_of(f->descriptor)->kind == JV_KIND_VALUE;
}

/* An element of a list or map. */
static int read_element(struct jv_in *in, const ProtobufCFieldDescriptor *f, const struct jv_src *v,
                        const struct jv_path *path, void *at)
{
    if (v->kind == JV_SRC_NULL && !takes_null(f))
        return jv_path_fail(path, in->err, "must not be null");
    return jv_read_one(in, f, v, path, at);
}

static int read_list(struct jv_in *in, const struct jv_member *m, const struct jv_src *v,
                     const struct jv_path *path, ProtobufCMessage *msg)
{
    size_t size = jv_value_size(m->f->type);
    struct jv_src_iter it = { 0 };
    char *items;

    if (v->kind != JV_SRC_LIST)
        return jv_path_fail(path, in->err, "must be a list");
    if (!v->len)
        return JV_OK;
    items = jv_arena_alloc(in->arena, v->len * size);
    for (size_t i = 0; jv_src_next(v, &it); i++) {
        const struct jv_path at = { .up = path, .index = i };
        int r = read_element(in, m->f, &it.value, &at, items + i * size);

        if (r)
            return r;
    }
    *(char **)jv_at(msg, m->f->offset) = items;
    *(size_t *)jv_at(msg, m->f->quantifier_offset) = v->len;
    return JV_OK;
}

static int read_entry(struct jv_in *in, const ProtobufCMessageDescriptor *type,
                      const struct jv_src_iter *it, const struct jv_path *path,
                      ProtobufCMessage **ret)
{
    ProtobufCMessage *entry = jv_msg_new(type, in->arena);
    const struct jv_src key = jv_src_text(it->key, it->key_len);
    const struct jv_path at = { .up = path, .name = it->key, .len = it->key_len, .key = true };
    int r = jv_read_text(in, &type->fields[0], &key, &at, jv_at(entry, type->fields[0].offset));

    *ret = entry;
    return r ? r
             : read_element(in, &type->fields[1], &it->value, &at,
                            jv_at(entry, type->fields[1].offset));
}

static int read_map(struct jv_in *in, const struct jv_member *m, const struct jv_src *v,
                    const struct jv_path *path, ProtobufCMessage *msg)
{
    struct jv_src_iter it = { 0 };
    ProtobufCMessage **entries;

    if (v->kind != JV_SRC_OBJECT)
        return jv_path_fail(path, in->err, "must be an object");
    if (!v->len)
        return JV_OK;
    entries = JV_NEW_ARRAY(in->arena, ProtobufCMessage *, v->len);
    for (size_t i = 0; jv_src_next(v, &it); i++) {
        int r = read_entry(in, m->f->descriptor, &it, path, &entries[i]);

        if (r)
            return r;
    }
    *(ProtobufCMessage ***)jv_at(msg, m->f->offset) = entries;
    *(size_t *)jv_at(msg, m->f->quantifier_offset) = v->len;
    return JV_OK;
}

/* Which other member of its oneof is already there? */
static const struct jv_member *rival(const struct jv_type *t, const struct jv_member *m,
                                     const ProtobufCMessage *msg)
{
    uint32_t chosen = m->oneof ? *(uint32_t *)jv_at(msg, m->f->quantifier_offset) : 0;

    for (unsigned i = 0; chosen && i < t->n; i++)
        if (t->members[i].f->id == chosen)
            return &t->members[i];
    return NULL;
}

static int read_member(struct jv_in *in, const struct jv_type *t, const struct jv_member *m,
                       const struct jv_src *v, const struct jv_path *path, ProtobufCMessage *msg)
{
    const struct jv_member *other = rival(t, m, msg);
    int r;

    if (other) {
        const struct jv_name *n = jv_member_name(other, in->flags);

        return jv_path_fail(path, in->err, "cannot be given together with %.*s", (int)n->len,
                            n->quoted + 1);
    }
    if (m->map)
        return read_map(in, m, v, path, msg);
    if (m->repeated)
        return read_list(in, m, v, path, msg);
    r = jv_read_one(in, m->f, v, path, jv_at(msg, m->f->offset));
    if (m->oneof)
        *(uint32_t *)jv_at(msg, m->f->quantifier_offset) = m->f->id;
    return r;
}

int jv_read_members(struct jv_in *in, const struct jv_type *t, const struct jv_src *v,
                    const struct jv_path *path, const char *skip, ProtobufCMessage *msg)
{
    uint64_t seen[2] = { 0, 0 };
    struct jv_src_iter it = { 0 };

    while (jv_src_next(v, &it)) {
        const struct jv_member *m = jv_type_find(t, it.key, it.key_len);
        const struct jv_path at = { .up = path, .name = it.key, .len = it.key_len };
        size_t i = m ? (size_t)(m - t->members) : 0;
        int r;

        if (!m) {
            if (in->flags & JV_JSON_STRICT && !(skip && strcmp(it.key, skip) == 0))
                return jv_path_fail(&at, in->err, "unknown member of %s", t->desc->short_name);
            continue;
        }
        if (seen[i / 64] >> (i % 64) & 1) /* in both spellings, or twice in a Struct */
            return jv_path_fail(&at, in->err, "is given twice");
        seen[i / 64] |= UINT64_C(1) << (i % 64);
        if (it.value.kind == JV_SRC_NULL && (m->repeated || !takes_null(m->f)))
            continue;
        r = read_member(in, t, m, &it.value, &at, msg);
        if (r)
            return r;
    }
    return JV_OK;
}

static ProtobufCMessage *read_root(const ProtobufCMessageDescriptor *type, const struct jv_src *v,
                                   unsigned flags, struct jv_arena *a, struct jv_err *err)
{
    struct jv_in in = { a, err, flags };
    const struct jv_path root = { .up = NULL };
    ProtobufCMessage *msg = NULL;

    return jv_read_msg(&in, type, v, &root, &msg) ? NULL : msg;
}

ProtobufCMessage *jv_json_to_msg(const ProtobufCMessageDescriptor *type, const char *json,
                                 size_t len, unsigned flags, struct jv_arena *a, struct jv_err *err)
{
    ProtobufCMessage *msg;
    struct jv_src v;

    if (jv_src_json(json, len, &v, err))
        return NULL;
    msg = read_root(type, &v, flags, a, err);
    jv_src_json_free(&v);
    return msg;
}

ProtobufCMessage *jv_struct_to_msg(const ProtobufCMessageDescriptor *type,
                                   const struct Google__Protobuf__Struct *s, unsigned flags,
                                   struct jv_arena *a, struct jv_err *err)
{
    const struct jv_src v = jv_src_struct(s);

    return read_root(type, &v, flags, a, err);
}
