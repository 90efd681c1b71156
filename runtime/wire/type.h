/* type.h -- what the codec knows about a message type beside its descriptor.
 *
 * Made on first use and kept for the life of the process: one small block per type, found by the
 * descriptor's address. Looking up is thread-safe and takes no lock. */
#ifndef JV_TYPE_H
#define JV_TYPE_H

#include "jv/wire.h"

enum jv_kind {
    JV_KIND_PLAIN = 0, /* an object of its members */
    JV_KIND_STRUCT,
    JV_KIND_VALUE,
    JV_KIND_LIST, /* google.protobuf.ListValue */
    JV_KIND_TIMESTAMP,
    JV_KIND_ANY,
};

/* A member's name as JSON prints it: "\"taskId\":". The bare name is inside the quotes. */
struct jv_name {
    const char *quoted;
    size_t len; /* of the bare name */
};

struct jv_member {
    const ProtobufCFieldDescriptor *f;
    struct jv_name names[2]; /* camelCase, snake_case: by flags & JV_JSON_SNAKE */
    bool repeated;
    bool map;      /* repeated too; the entry's fields are key and value */
    bool oneof;    /* quantifier_offset is that of the case */
    bool alone;    /* the only member of its oneof: presence, not a choice */
    bool required; /* marked so in its .proto */
};

struct jv_type {
    const ProtobufCMessageDescriptor *desc;
    enum jv_kind kind;
    bool may_hold_maps; /* itself, or a message that can be within it */
    unsigned n;
    struct jv_member *members; /* in the order of desc->fields */
    unsigned mask;             /* of the name index */
    uint8_t *index;            /* member number + 1, by hash of either spelling */
    struct jv_type *next;
};

const struct jv_type *jv_type_of(const ProtobufCMessageDescriptor *desc);
/* Either spelling; NULL when there is no such member. */
const struct jv_member *jv_type_find(const struct jv_type *t, const char *name, size_t len);
/* A message type that may stand in an Any, by its full name; NULL when it is not known. */
const ProtobufCMessageDescriptor *jv_any_type(const char *full_name);

static inline const struct jv_name *jv_member_name(const struct jv_member *m, unsigned flags)
{
    return &m->names[flags & JV_JSON_SNAKE];
}

/* Address of a member in a message, and its parts. */
static inline void *jv_at(const ProtobufCMessage *msg, unsigned offset)
{
    return (char *)(uintptr_t)msg + offset;
}
static inline size_t jv_count(const ProtobufCMessage *msg, const struct jv_member *m)
{
    return *(size_t *)jv_at(msg, m->f->quantifier_offset);
}
static inline bool jv_chosen(const ProtobufCMessage *msg, const struct jv_member *m)
{
    return *(uint32_t *)jv_at(msg, m->f->quantifier_offset) == m->f->id;
}
/* Bytes of one value of the field's type in a struct. */
size_t jv_value_size(ProtobufCType type);
/* An enum's zero that stands for nothing: "unspecified", "X_UNSPECIFIED", "nobody". */
bool jv_enum_blank(const ProtobufCEnumDescriptor *e);

/* ---- paths: where in a message we are; frames of the callers' stacks ------------------------ */

struct jv_path {
    const struct jv_path *up; /* NULL at the root */
    const char *name;         /* NULL: index counts */
    size_t len, index;
    bool key; /* a key of a map or Struct, not a member */
};

/* "message.parts[0].data" into out, cut when it does not fit. */
void jv_path_print(const struct jv_path *p, char *out, size_t size);
/* INVALID_ARGUMENT about the member at p: the text is "path: sentence". */
int jv_path_fail(const struct jv_path *p, struct jv_err *err, const char *fmt, ...) JV_PRINTF(3, 4);

/* ---- what the .proto files say that descriptors do not (comments.c) ------------------------- */

bool jv_proto_required(const char *full_field_name);

#endif
