/* wire_scalars.h -- a message type with every scalar and three kinds of map, written by hand: our
 * .proto files do not use them all, the codec promises them all. */
#ifndef WIRE_SCALARS_H
#define WIRE_SCALARS_H

#include "jv/wire.h"

#include "google/protobuf/any.pb-c.h"
#include "google/protobuf/struct.pb-c.h"

struct entry32 {
    ProtobufCMessage base;
    int32_t key;
    char *value;
};

struct entry_bool {
    ProtobufCMessage base;
    protobuf_c_boolean key;
    int64_t value;
};

struct entry64 {
    ProtobufCMessage base;
    uint64_t key;
    double value;
};

struct scalars {
    ProtobufCMessage base;
    int32_t i32, s32, sf32;
    uint32_t u32, f32;
    int64_t i64, s64, sf64;
    uint64_t u64, f64;
    float single;
    double twice;
    protobuf_c_boolean flag;
    char *text;
    ProtobufCBinaryData raw;
    size_t n_many;
    uint64_t *many;
    size_t n_by_int;
    struct entry32 **by_int;
    size_t n_by_bool;
    struct entry_bool **by_bool;
    size_t n_by_long;
    struct entry64 **by_long;
    Google__Protobuf__Value *anything;
    Google__Protobuf__ListValue *list;
    Google__Protobuf__Any *any;
    size_t n_values;
    Google__Protobuf__Value **values;
};

#define SCALAR(name_, id_, type_, S)                                                               \
    {                                                                                              \
        .name = #name_, .id = id_, .label = PROTOBUF_C_LABEL_NONE,                                 \
        .type = PROTOBUF_C_TYPE_##type_, .offset = offsetof(S, name_)                              \
    }
#define TEXT(name_, id_, S)                                                                        \
    {                                                                                              \
        .name = #name_, .id = id_, .label = PROTOBUF_C_LABEL_NONE, .type = PROTOBUF_C_TYPE_STRING, \
        .offset = offsetof(S, name_), .default_value = &protobuf_c_empty_string                    \
    }
#define SUB(name_, id_, desc_)                                                                     \
    {                                                                                              \
        .name = #name_, .id = id_, .label = PROTOBUF_C_LABEL_NONE,                                 \
        .type = PROTOBUF_C_TYPE_MESSAGE, .offset = offsetof(struct scalars, name_),                \
        .descriptor = desc_                                                                        \
    }
#define LIST(name_, id_, type_, desc_)                                                             \
    {                                                                                              \
        .name = #name_, .id = id_, .label = PROTOBUF_C_LABEL_REPEATED,                             \
        .type = PROTOBUF_C_TYPE_##type_, .quantifier_offset = offsetof(struct scalars, n_##name_), \
        .offset = offsetof(struct scalars, name_), .descriptor = desc_                             \
    }
#define DESCRIPTOR(name_, short_, S, fields_, ranges_, init_)                                      \
    {                                                                                              \
        .magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC, .name = name_, .short_name = short_,        \
        .c_name = short_, .package_name = "test", .sizeof_message = sizeof(S),                     \
        .n_fields = JV_COUNT(fields_), .fields = fields_, .n_field_ranges = 1,                     \
        .field_ranges = ranges_, .message_init = init_                                             \
    }

static const ProtobufCIntRange entry_ranges[] = { { 1, 0 }, { 0, 2 } };

static const ProtobufCFieldDescriptor entry32_fields[] = {
    SCALAR(key, 1, INT32, struct entry32),
    TEXT(value, 2, struct entry32),
};
static const ProtobufCFieldDescriptor entry_bool_fields[] = {
    SCALAR(key, 1, BOOL, struct entry_bool),
    SCALAR(value, 2, INT64, struct entry_bool),
};
static const ProtobufCFieldDescriptor entry64_fields[] = {
    SCALAR(key, 1, UINT64, struct entry64),
    SCALAR(value, 2, DOUBLE, struct entry64),
};
static const ProtobufCMessageDescriptor entry32_type, entry_bool_type, entry64_type, scalars_type;

static void init_entry32(ProtobufCMessage *m)
{
    *(struct entry32 *)(void *)m = (struct entry32){ PROTOBUF_C_MESSAGE_INIT(&entry32_type), 0,
                                                     (char *)(uintptr_t)protobuf_c_empty_string };
}
static void init_entry_bool(ProtobufCMessage *m)
{
    *(struct entry_bool *)(void *)m =
            (struct entry_bool){ PROTOBUF_C_MESSAGE_INIT(&entry_bool_type), 0, 0 };
}
static void init_entry64(ProtobufCMessage *m)
{
    *(struct entry64 *)(void *)m = (struct entry64){ PROTOBUF_C_MESSAGE_INIT(&entry64_type), 0, 0 };
}
static void init_scalars(ProtobufCMessage *m)
{
    *(struct scalars *)(void *)m =
            (struct scalars){ .base = PROTOBUF_C_MESSAGE_INIT(&scalars_type),
                              .text = (char *)(uintptr_t)protobuf_c_empty_string };
}

static const ProtobufCMessageDescriptor entry32_type =
        DESCRIPTOR("test.Scalars.ByIntEntry", "ByIntEntry", struct entry32, entry32_fields,
                   entry_ranges, init_entry32);
static const ProtobufCMessageDescriptor entry_bool_type =
        DESCRIPTOR("test.Scalars.ByBoolEntry", "ByBoolEntry", struct entry_bool, entry_bool_fields,
                   entry_ranges, init_entry_bool);
static const ProtobufCMessageDescriptor entry64_type =
        DESCRIPTOR("test.Scalars.ByLongEntry", "ByLongEntry", struct entry64, entry64_fields,
                   entry_ranges, init_entry64);

static const ProtobufCFieldDescriptor scalars_fields[] = {
    SCALAR(i32, 1, INT32, struct scalars),
    SCALAR(s32, 2, SINT32, struct scalars),
    SCALAR(sf32, 3, SFIXED32, struct scalars),
    SCALAR(u32, 4, UINT32, struct scalars),
    SCALAR(f32, 5, FIXED32, struct scalars),
    SCALAR(i64, 6, INT64, struct scalars),
    SCALAR(s64, 7, SINT64, struct scalars),
    SCALAR(sf64, 8, SFIXED64, struct scalars),
    SCALAR(u64, 9, UINT64, struct scalars),
    SCALAR(f64, 10, FIXED64, struct scalars),
    SCALAR(single, 11, FLOAT, struct scalars),
    SCALAR(twice, 12, DOUBLE, struct scalars),
    SCALAR(flag, 13, BOOL, struct scalars),
    TEXT(text, 14, struct scalars),
    SCALAR(raw, 15, BYTES, struct scalars),
    LIST(many, 16, UINT64, NULL),
    LIST(by_int, 17, MESSAGE, &entry32_type),
    LIST(by_bool, 18, MESSAGE, &entry_bool_type),
    LIST(by_long, 19, MESSAGE, &entry64_type),
    SUB(anything, 20, &google__protobuf__value__descriptor),
    SUB(list, 21, &google__protobuf__list_value__descriptor),
    SUB(any, 22, &google__protobuf__any__descriptor),
    LIST(values, 23, MESSAGE, &google__protobuf__value__descriptor),
};
static const ProtobufCIntRange scalars_ranges[] = { { 1, 0 }, { 0, JV_COUNT(scalars_fields) } };
static const ProtobufCMessageDescriptor scalars_type = DESCRIPTOR(
        "test.Scalars", "Scalars", struct scalars, scalars_fields, scalars_ranges, init_scalars);

#endif
