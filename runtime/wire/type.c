/* type.c -- per-type tables: names in both spellings, maps, presence. */
#include "wire/type.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "google/protobuf/empty.pb-c.h"
#include "google/protobuf/struct.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "google/rpc/status.pb-c.h"

enum { n_buckets = 256 };

/* Types are pushed onto their bucket's list and never change or leave. */
static _Atomic(struct jv_type *) buckets[n_buckets];

static const ProtobufCMessageDescriptor *const any_types[] = {
    &rpc__error_info__descriptor,
    &rpc__bad_request__descriptor,
    &google__protobuf__struct__descriptor,
    &google__protobuf__value__descriptor,
    &google__protobuf__empty__descriptor,
    &google__protobuf__list_value__descriptor,
    &google__protobuf__timestamp__descriptor,
};

static const struct {
    const char *name;
    enum jv_kind kind;
} kinds[] = {
    { "google.protobuf.Struct", JV_KIND_STRUCT },
    { "google.protobuf.Value", JV_KIND_VALUE },
    { "google.protobuf.ListValue", JV_KIND_LIST },
    { "google.protobuf.Timestamp", JV_KIND_TIMESTAMP },
    { "google.protobuf.Any", JV_KIND_ANY },
};

const ProtobufCMessageDescriptor *jv_any_type(const char *full_name)
{
    for (size_t i = 0; i < JV_COUNT(any_types); i++)
        if (strcmp(any_types[i]->name, full_name) == 0)
            return any_types[i];
    return NULL;
}

size_t jv_value_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    default:
        return 4;
    }
}

bool jv_enum_blank(const ProtobufCEnumDescriptor *e)
{
    const ProtobufCEnumValue *zero = protobuf_c_enum_descriptor_get_value(e, 0);
    size_t n = zero ? strlen(zero->name) : 0;
    static const char word[] = "unspecified";

    if (!zero)
        return false;
    return strcasecmp(zero->name, "nobody") == 0 ||
           (n >= sizeof(word) - 1 && strcasecmp(zero->name + n - (sizeof(word) - 1), word) == 0);
}

/* The C generator turns map<K, V> x_y into repeated Parent.XYEntry { K key = 1; V value = 2; }. */
static bool is_map(const ProtobufCMessageDescriptor *parent, const ProtobufCFieldDescriptor *f)
{
    const ProtobufCMessageDescriptor *e = f->descriptor;
    size_t n = strlen(parent->name);
    const char *s;

    if (f->label != PROTOBUF_C_LABEL_REPEATED || f->type != PROTOBUF_C_TYPE_MESSAGE ||
        e->n_fields != 2)
        return false;
    if (e->fields[0].id != 1 || strcmp(e->fields[0].name, "key") != 0 || e->fields[1].id != 2 ||
        strcmp(e->fields[1].name, "value") != 0)
        return false;
    if (strncmp(e->name, parent->name, n) != 0 || e->name[n] != '.')
        return false;
    s = e->name + n + 1;
    for (const char *p = f->name; *p; p++)
        if (*p != '_' && strncasecmp(p, s++, 1) != 0)
            return false;
    return strcmp(s, "Entry") == 0;
}

/* Is there a map in the type, or in any that can be reached from it? */
static bool may_hold_maps(const ProtobufCMessageDescriptor *desc)
{
    const ProtobufCMessageDescriptor *todo[128] = { desc };
    size_t n = 1;

    for (size_t i = 0; i < n; i++)
        for (unsigned j = 0; j < todo[i]->n_fields; j++) {
            const ProtobufCFieldDescriptor *f = &todo[i]->fields[j];
            size_t k = 0;

            if (f->type != PROTOBUF_C_TYPE_MESSAGE)
                continue;
            while (k < n && todo[k] != f->descriptor)
                k++;
            if (is_map(todo[i], f) || k == JV_COUNT(todo))
                return true;
            if (k == n)
                todo[n++] = f->descriptor;
        }
    return false;
}

static unsigned hash(const char *s, size_t len)
{
    unsigned h = 2166136261u;

    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)s[i]) * 16777619u;
    return h ^ (h >> 15);
}

/* Writes "name": at *at and moves it on; camel drops each '_' and raises what follows. */
static struct jv_name quote_name(char **at, const char *snake, bool camel)
{
    struct jv_name n = { .quoted = *at };
    char *p = *at;
    bool up = false;

    *p++ = '"';
    for (; *snake; snake++) {
        if (camel && *snake == '_') {
            up = true;
            continue;
        }
        *p++ = up && *snake >= 'a' && *snake <= 'z' ? (char)(*snake - 'a' + 'A') : *snake;
        up = false;
    }
    n.len = (size_t)(p - *at) - 1;
    *p++ = '"';
    *p++ = ':';
    *p++ = '\0';
    *at = p;
    return n;
}

static bool is_required(const ProtobufCMessageDescriptor *desc, const ProtobufCFieldDescriptor *f)
{
    char full[256];
    size_t n = strlen(desc->name), m = strlen(f->name);

    if (n + m + 2 > sizeof(full))
        return false;
    memcpy(full, desc->name, n);
    full[n] = '.';
    memcpy(full + n + 1, f->name, m + 1);
    return jv_proto_required(full);
}

static void fill_member(struct jv_type *t, unsigned i, char **text)
{
    const ProtobufCFieldDescriptor *f = &t->desc->fields[i];
    struct jv_member *m = &t->members[i];
    unsigned same = 0;

    m->f = f;
    m->names[0] = quote_name(text, f->name, true);
    m->names[1] = quote_name(text, f->name, false);
    m->repeated = f->label == PROTOBUF_C_LABEL_REPEATED;
    m->map = is_map(t->desc, f);
    m->oneof = (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    for (unsigned j = 0; m->oneof && j < t->n; j++)
        same += (t->desc->fields[j].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
                t->desc->fields[j].quantifier_offset == f->quantifier_offset;
    m->alone = same == 1;
    m->required = is_required(t->desc, f);
}

static void index_name(struct jv_type *t, unsigned i, const struct jv_name *n)
{
    unsigned h = hash(n->quoted + 1, n->len);

    while (t->index[h & t->mask])
        h++;
    t->index[h & t->mask] = (uint8_t)(i + 1);
}

static struct jv_type *make(const ProtobufCMessageDescriptor *desc)
{
    size_t text_size = 0, slots = 4;
    struct jv_type *t;
    char *block, *text;

    if (desc->n_fields > 120) /* the index counts in bytes */
        abort();
    for (unsigned i = 0; i < desc->n_fields; i++)
        text_size += 2 * (strlen(desc->fields[i].name) + 4);
    while (slots < 4 * (size_t)desc->n_fields)
        slots *= 2;
    block = calloc(1, sizeof(*t) + desc->n_fields * sizeof(*t->members) + slots + text_size);
    if (!block)
        abort();
    t = (struct jv_type *)(void *)block;
    t->desc = desc;
    t->n = desc->n_fields;
    t->may_hold_maps = may_hold_maps(desc);
    t->members = (struct jv_member *)(void *)(block + sizeof(*t));
    t->index = (uint8_t *)(t->members + t->n);
    t->mask = (unsigned)slots - 1;
    text = (char *)t->index + slots;
    for (size_t i = 0; i < JV_COUNT(kinds); i++)
        if (strcmp(kinds[i].name, desc->name) == 0)
            t->kind = kinds[i].kind;
    for (unsigned i = 0; i < t->n; i++) {
        fill_member(t, i, &text);
        index_name(t, i, &t->members[i].names[0]);
        if (t->members[i].names[0].len != t->members[i].names[1].len)
            index_name(t, i, &t->members[i].names[1]);
    }
    return t;
}

static const struct jv_type *look(const struct jv_type *t, const ProtobufCMessageDescriptor *desc)
{
    while (t && t->desc != desc)
        t = t->next;
    return t;
}

const struct jv_type *jv_type_of(const ProtobufCMessageDescriptor *desc)
{
    uintptr_t h = (uintptr_t)desc;
    _Atomic(struct jv_type *) *bucket = &buckets[(h >> 4 ^ h >> 12) % n_buckets];
    struct jv_type *head = atomic_load_explicit(bucket, memory_order_acquire), *made;
    const struct jv_type *t = look(head, desc);

    if (t)
        return t;
    made = make(desc);
    made->next = head;
    while (!atomic_compare_exchange_weak_explicit(bucket, &made->next, made, memory_order_acq_rel,
                                                  memory_order_acquire)) {
        t = look(made->next, desc);
        if (t) { /* another thread was first */
            free(made);
            return t;
        }
    }
    return made;
}

const struct jv_member *jv_type_find(const struct jv_type *t, const char *name, size_t len)
{
    for (unsigned h = hash(name, len);; h++) {
        const struct jv_member *m;

        if (!t->index[h & t->mask])
            return NULL;
        m = &t->members[t->index[h & t->mask] - 1];
        for (int i = 0; i < 2; i++)
            if (m->names[i].len == len && memcmp(m->names[i].quoted + 1, name, len) == 0)
                return m;
    }
}
