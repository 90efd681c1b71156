/* unpack.c -- bytes <-> messages in an arena. */
#include "wire/type.h"

#include <stdlib.h>
#include <string.h>

void *jv_msg_new(const ProtobufCMessageDescriptor *type, struct jv_arena *a)
{
    ProtobufCMessage *msg = jv_arena_alloc(a, type->sizeof_message);

    protobuf_c_message_init(type, msg);
    return msg;
}

uint8_t *jv_pack(const void *msg, struct jv_arena *a, size_t *ret_len)
{
    size_t len = protobuf_c_message_get_packed_size(msg);
    uint8_t *bytes = jv_arena_alloc(a, len + 1);

    protobuf_c_message_pack(msg, bytes);
    *ret_len = len;
    return bytes;
}

/* ---- maps --------------------------------------------------------------------------------------
 * On the wire a map is a list of entries: one may lack its value, and two may have one key, which
 * readers then resolve differently. protobuf-c leaves both to us. Only string keys are compared:
 * our maps have no others. */

static const char *entry_key(const ProtobufCMessage *entry)
{
    const char *key = *(const char **)jv_at(entry, entry->descriptor->fields[0].offset);

    return key ? key : "";
}

static int compare(const void *a, const void *b)
{
    return strcmp(entry_key(*(ProtobufCMessage *const *)a),
                  entry_key(*(ProtobufCMessage *const *)b));
}

static const char *key_twice(ProtobufCMessage **entries, size_t n, struct jv_arena *a)
{
    ProtobufCMessage **sorted;

    if (n < 2)
        return NULL;
    sorted = jv_arena_memdup(a, entries, n * sizeof(ProtobufCMessage *));
    qsort(sorted, n, sizeof(ProtobufCMessage *), compare);
    for (size_t i = 1; i < n; i++)
        if (compare(&sorted[i - 1], &sorted[i]) == 0)
            return entry_key(sorted[i]);
    return NULL;
}

static void fill_entry(ProtobufCMessage *entry, struct jv_arena *a)
{
    const ProtobufCFieldDescriptor *f = &entry->descriptor->fields[1];
    ProtobufCMessage **value = jv_at(entry, f->offset);

    if (f->type == PROTOBUF_C_TYPE_MESSAGE && !*value)
        *value = jv_msg_new(f->descriptor, a);
}

static int settle(const ProtobufCMessage *msg, const struct jv_path *path, struct jv_arena *a,
                  struct jv_err *err);

static int settle_list(const ProtobufCMessage *msg, const struct jv_member *m,
                       const struct jv_path *path, struct jv_arena *a, struct jv_err *err)
{
    ProtobufCMessage **items = *(ProtobufCMessage ***)jv_at(msg, m->f->offset);
    size_t n = jv_count(msg, m);
    const char *twice = NULL;
    int r = JV_OK;

    if (m->map) {
        for (size_t i = 0; i < n; i++)
            fill_entry(items[i], a);
        if (items && n && items[0]->descriptor->fields[0].type == PROTOBUF_C_TYPE_STRING)
            twice = key_twice(items, n, a);
    }
    if (twice)
        return jv_path_fail(path, err, "has the key \"%.*s\" twice",
                            (int)jv_clip(twice, strlen(twice), 40), twice);
    for (size_t i = 0; i < n && !r; i++) {
        struct jv_path at = { .up = path, .index = i };

        r = settle(items[i], &at, a, err);
    }
    return r;
}

static int settle(const ProtobufCMessage *msg, const struct jv_path *path, struct jv_arena *a,
                  struct jv_err *err)
{
    const struct jv_type *t = jv_type_of(msg->descriptor);
    int r = JV_OK;

    for (unsigned i = 0; i < t->n && t->may_hold_maps && !r; i++) {
        const struct jv_member *m = &t->members[i];
        const struct jv_path at = { .up = path,
                                    .name = m->names[1].quoted + 1,
                                    .len = m->names[1].len };
        const ProtobufCMessage *sub;

        if (m->f->type != PROTOBUF_C_TYPE_MESSAGE)
            continue;
        if (m->repeated) {
            r = settle_list(msg, m, &at, a, err);
            continue;
        }
        sub = m->oneof && !jv_chosen(msg, m) ? NULL
                                             : *(ProtobufCMessage **)jv_at(msg, m->f->offset);
        r = sub ? settle(sub, &at, a, err) : JV_OK;
    }
    return r;
}

ProtobufCMessage *jv_unpack(const ProtobufCMessageDescriptor *type, const void *bytes, size_t len,
                            struct jv_arena *a, struct jv_err *err)
{
    const struct jv_path root = { .up = NULL };
    ProtobufCMessage *msg;

    if (jv_wire_scan(type, bytes, len, err))
        return NULL;
    msg = protobuf_c_message_unpack(type, jv_arena_pb(a), len, len ? bytes : (const void *)"");
    if (!msg) {
        jv_err_set(err, JV_INVALID_ARGUMENT, "not a valid %s", type->short_name);
        return NULL;
    }
    return settle(msg, &root, a, err) ? NULL : msg;
}
