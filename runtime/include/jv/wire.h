/* wire.h -- messages as JSON, as JSON Schema, as generic Struct values; checks before parsers.
 *
 * All by reflection over protobuf-c descriptors: no message is known here by name but Google's
 * well-known ones. Nothing waits; everything is made in the arena handed in. */
#ifndef JV_WIRE_H
#define JV_WIRE_H

#include "jv/base.h"

struct Google__Protobuf__Struct;
struct Google__Protobuf__Value;

/* Limits of anything from outside; over them the error is INVALID_ARGUMENT naming what and where
 * (RESOURCE_EXHAUSTED for size). */
enum {
    JV_MAX_BODY = 1 << 20,  /* bytes of one message */
    JV_MAX_DEPTH = 32,      /* of JSON; protobuf nesting may be three times that (Struct) */
    JV_MAX_ELEMENTS = 65536 /* JSON values, or fields on the wire, in one message */
};

/* Scan JSON text without recursion: size, depth, element count, UTF-8. Before any parser. */
JV_CHECKED int jv_json_scan(const char *json, size_t len, struct jv_err *err);
/* The same for protobuf bytes of a known type: lengths, nesting, field count. Before unpack. */
JV_CHECKED int jv_wire_scan(const ProtobufCMessageDescriptor *type, const void *bytes, size_t len,
                            struct jv_err *err);

/* Bytes -> message in the arena, scanned first; NULL with err on failure. */
JV_CHECKED ProtobufCMessage *jv_unpack(const ProtobufCMessageDescriptor *type, const void *bytes,
                                       size_t len, struct jv_arena *a, struct jv_err *err);
/* Message -> bytes in the arena. */
uint8_t *jv_pack(const void *msg, struct jv_arena *a, size_t *ret_len);
/* A message of the type, initialised. */
void *jv_msg_new(const ProtobufCMessageDescriptor *type, struct jv_arena *a);
/* Members marked REQUIRED are there: strings and bytes not empty, lists not empty, messages and
 * one-member oneofs set, enums whose zero is called "unspecified" (or NOBODY...) not zero, whole
 * numbers not zero. */
JV_CHECKED int jv_validate(const ProtobufCMessage *msg, struct jv_err *err);
/* The same, naming members as JSON with these flags does. */
JV_CHECKED int jv_validate_as(const ProtobufCMessage *msg, unsigned flags, struct jv_err *err);

enum jv_json_flags {
    JV_JSON_CAMEL = 0,         /* lowerCamelCase names: A2A */
    JV_JSON_SNAKE = 1 << 0,    /* the .proto's names: our own services */
    JV_JSON_DEFAULTS = 1 << 1, /* print members without presence even at their default */
    JV_JSON_STRICT = 1 << 2,   /* parsing: an unknown member is an error with its path */
};

/* JSON -> message, ProtoJSON rules: both spellings of names, enums by name or number, 64-bit
 * numbers as strings or numbers, base64 in both alphabets, RFC 3339, Struct/Value/ListValue, Any,
 * wrappers of maps, null is absent (but for Value), one member of a oneof, duplicate keys refused,
 * NUL in strings refused. Errors name the member: "parts[0].data: ..."; what is no JSON at all has
 * the reason MALFORMED_JSON. */
JV_CHECKED ProtobufCMessage *jv_json_to_msg(const ProtobufCMessageDescriptor *type,
                                            const char *json, size_t len, unsigned flags,
                                            struct jv_arena *a, struct jv_err *err);
/* Message -> JSON. REQUIRED members are printed always. */
char *jv_msg_to_json(const ProtobufCMessage *msg, unsigned flags, struct jv_arena *a,
                     size_t *ret_len);

/* Message <-> Struct without a detour over text; same rules. */
JV_CHECKED ProtobufCMessage *jv_struct_to_msg(const ProtobufCMessageDescriptor *type,
                                              const struct Google__Protobuf__Struct *s,
                                              unsigned flags, struct jv_arena *a,
                                              struct jv_err *err);
struct Google__Protobuf__Struct *jv_msg_to_struct(const ProtobufCMessage *msg, unsigned flags,
                                                  struct jv_arena *a);
/* Struct from JSON text that we wrote ourselves; aborts when it is wrong. */
struct Google__Protobuf__Struct *jv_struct(struct jv_arena *a, const char *json);
/* A member of a Struct as text; NULL when it is not there or no string. */
const char *jv_struct_text(const struct Google__Protobuf__Struct *s, const char *name);
struct Google__Protobuf__Value *jv_struct_get(const struct Google__Protobuf__Struct *s,
                                              const char *name);
void jv_struct_set(struct Google__Protobuf__Struct *s, struct jv_arena *a, const char *name,
                   struct Google__Protobuf__Value *value); /* replaces */
struct Google__Protobuf__Value *jv_value_text(struct jv_arena *a, const char *text);
struct Google__Protobuf__Value *jv_value_number(struct jv_arena *a, double number);
struct Google__Protobuf__Value *jv_value_bool(struct jv_arena *a, bool b);
struct Google__Protobuf__Value *jv_value_struct(struct jv_arena *a,
                                                struct Google__Protobuf__Struct *s);
/* Canonical JSON (RFC 8785): one text for one value, to hash and to sign. NULL with err for what
 * has none: a number that is not finite, a name twice, a text that is not UTF-8. */
JV_CHECKED char *jv_jcs(const struct Google__Protobuf__Struct *s, struct jv_arena *a,
                        size_t *ret_len, struct jv_err *err);
/* Quote a string as JSON, with the quotes. */
void jv_json_quote(struct jv_buf *b, const char *s, size_t n);

/* JSON Schema (2020-12) of a message with descriptions from the .proto comments: an object with
 * "type", "properties", "required", additionalProperties false. */
struct Google__Protobuf__Struct *jv_schema(const ProtobufCMessageDescriptor *type, unsigned flags,
                                           struct jv_arena *a);
/* The comment above a message, field, enum value or rpc in its .proto, as one paragraph; "" when
 * there is none. Names are full: "jarvis.tickets.v1.Ticket", "jarvis.tickets.v1.Ticket.id",
 * "jarvis.tickets.v1.Tickets.Get", "jarvis.tickets.v1.Status.pending". */
const char *jv_comment(const char *full_name);
/* The field is marked REQUIRED in its .proto. */
bool jv_field_required(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *f);
/* The rpc returns a stream (protobuf-c's descriptors do not say). */
bool jv_method_streams(const ProtobufCServiceDescriptor *service, const char *method);

/* Members by name, for rules that come as data; NULL/false when there is no such text member. */
const char *jv_get_text(const ProtobufCMessage *msg, const char *name);
bool jv_set_text(ProtobufCMessage *msg, const char *name, const char *value);
/* From text as in a path or a query string: numbers, booleans, enums by name; error names it. */
JV_CHECKED int jv_set_from_text(ProtobufCMessage *msg, const char *name, const char *value,
                                struct jv_arena *a, struct jv_err *err);

#endif
