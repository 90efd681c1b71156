/* scan.c -- bounds on what comes from outside, found in one pass without recursion.
 *
 * The parsers behind it (jansson, protobuf-c) recurse without a useful limit and check neither
 * UTF-8 nor sizes, so nothing reaches them that has not been here. */
#include "wire/type.h"

#include <string.h>

static int too_big(size_t len, struct jv_err *err)
{
    return jv_err_set(err, JV_RESOURCE_EXHAUSTED, "%zu bytes are more than the limit of %d", len,
                      JV_MAX_BODY);
}

/* ---- JSON --------------------------------------------------------------------------------------
 * Grammar is the parser's business. What counts here: its depth and element count never exceed
 * ours, as both read strings alike and it stops at the first error. */

/* Index of the quote that closes the string whose first byte is at i; len when none does. */
static size_t string_end(const char *json, size_t len, size_t i)
{
    for (; i < len && json[i] != '"'; i++)
        if (json[i] == '\\')
            i++;
    return i < len ? i : len;
}

int jv_json_scan(const char *json, size_t len, struct jv_err *err)
{
    unsigned depth = 0, elements = 1;

    if (len > JV_MAX_BODY)
        return too_big(len, err);
    if (!jv_is_utf8(json, len))
        return jv_err_set(err, JV_INVALID_ARGUMENT, "not valid JSON: not UTF-8");
    for (size_t i = 0; i < len; i++) {
        char c = json[i];

        if (c == '"') {
            i = string_end(json, len, i + 1);
        } else if (c == '[' || c == '{') {
            elements++;
            if (++depth > JV_MAX_DEPTH)
                return jv_err_set(err, JV_INVALID_ARGUMENT,
                                  "JSON is nested deeper than %d levels at byte %zu", JV_MAX_DEPTH,
                                  i);
        } else if ((c == ']' || c == '}') && depth) {
            depth--;
        } else if (c == ',' && ++elements > JV_MAX_ELEMENTS) {
            return jv_err_set(err, JV_INVALID_ARGUMENT, "JSON has more than %d values",
                              JV_MAX_ELEMENTS);
        }
    }
    return elements > JV_MAX_ELEMENTS ? jv_err_set(err, JV_INVALID_ARGUMENT,
                                                   "JSON has more than %d values", JV_MAX_ELEMENTS)
                                      : JV_OK;
}

/* ---- protobuf ------------------------------------------------------------------------------- */

enum { max_frames = 3 * JV_MAX_DEPTH + 1 };

enum wire { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

struct frame {
    const ProtobufCMessageDescriptor *type;
    const uint8_t *end;
    const ProtobufCFieldDescriptor *field; /* that led here; NULL at the root */
    uint64_t seen; /* singular message members, by number in the descriptor; types have <= 64 */
};

struct scan {
    const uint8_t *at, *start;
    size_t depth; /* frames in use */
    unsigned elements;
    struct jv_err *err;
    struct frame frames[max_frames];
};

/* The members from the root to f, or only as far as is known (f NULL). */
static int fail(struct scan *s, const ProtobufCFieldDescriptor *f, const char *what)
{
    char path[sizeof(s->err->field)];
    size_t n = 0;

    path[0] = '\0';
    for (size_t i = 1; i <= s->depth; i++) {
        const ProtobufCFieldDescriptor *step = i < s->depth ? s->frames[i].field : f;
        size_t len = step ? strlen(step->name) : 0;

        if (!step || n + len + 2 > sizeof(path))
            break;
        if (n)
            path[n++] = '.';
        memcpy(path + n, step->name, len + 1);
        n += len;
    }
    return jv_err_field(s->err, JV_INVALID_ARGUMENT, path, "%s%s%s (byte %zu)", path,
                        path[0] ? ": " : "", what, (size_t)(s->at - s->start));
}

/* false: truncated or longer than max bytes. */
static bool varint(struct scan *s, const uint8_t *end, unsigned max, uint64_t *ret)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < max && s->at < end; i++) {
        uint8_t b = *s->at++;

        v |= (uint64_t)(b & 0x7f) << (7 * i);
        if (!(b & 0x80)) {
            *ret = v;
            return true;
        }
    }
    return false;
}

static enum wire wire_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return BYTES;
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return FIXED64;
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return FIXED32;
    default:
        return VARINT;
    }
}

/* Values of a packed list; false when they do not fill it exactly. */
static bool packed(struct scan *s, const ProtobufCFieldDescriptor *f, size_t len)
{
    const uint8_t *end = s->at + len;
    size_t size = jv_value_size(f->type);
    uint64_t ignored;

    if (wire_of(f->type) != VARINT) {
        s->elements += (unsigned)(len / size);
        s->at = end;
        return len % size == 0;
    }
    for (; s->at < end; s->elements++)
        if (!varint(s, end, 10, &ignored))
            return false;
    return true;
}

/* A member that holds a message: go in. One that may stand once must not stand twice: merging the
 * two costs memory that grows with the square of their number. */
static int enter(struct scan *s, const ProtobufCFieldDescriptor *f, size_t len)
{
    struct frame *top = &s->frames[s->depth - 1];
    size_t number = (size_t)(f - top->type->fields);

    if (f->label != PROTOBUF_C_LABEL_REPEATED && number < 64) {
        if (top->seen >> number & 1)
            return fail(s, f, "is given twice");
        top->seen |= UINT64_C(1) << number;
    }
    if (s->depth == max_frames)
        return fail(s, NULL, "is nested too deeply");
    s->frames[s->depth++] = (struct frame){ .type = f->descriptor, .end = s->at + len, .field = f };
    return JV_OK;
}

static int length_delimited(struct scan *s, const ProtobufCFieldDescriptor *f)
{
    const uint8_t *end = s->frames[s->depth - 1].end;
    uint64_t len;

    if (!varint(s, end, 5, &len) || len > (uint64_t)(end - s->at))
        return fail(s, f, "is cut short");
    if (f && f->type == PROTOBUF_C_TYPE_MESSAGE)
        return enter(s, f, (size_t)len);
    if (f && f->type == PROTOBUF_C_TYPE_STRING && !jv_is_utf8((const char *)s->at, (size_t)len))
        return fail(s, f, "is not UTF-8 text");
    if (f && wire_of(f->type) != BYTES)
        return packed(s, f, (size_t)len) ? JV_OK : fail(s, f, "is a broken packed list");
    s->at += len;
    return JV_OK;
}

static int value(struct scan *s, const ProtobufCFieldDescriptor *f, unsigned wire)
{
    const uint8_t *end = s->frames[s->depth - 1].end;
    uint64_t ignored;

    if (f && wire != wire_of(f->type) && !(wire == BYTES && f->label == PROTOBUF_C_LABEL_REPEATED))
        return fail(s, f, "has a wrong wire type");
    switch (wire) {
    case VARINT:
        return varint(s, end, 10, &ignored) ? JV_OK : fail(s, f, "is cut short");
    case FIXED64:
    case FIXED32:
        if ((size_t)(end - s->at) < (wire == FIXED64 ? 8 : 4))
            return fail(s, f, "is cut short");
        s->at += wire == FIXED64 ? 8 : 4;
        return JV_OK;
    case BYTES:
        return length_delimited(s, f);
    default:
        return fail(s, f, "has an unknown wire type");
    }
}

static int field(struct scan *s)
{
    struct frame *top = &s->frames[s->depth - 1];
    const ProtobufCFieldDescriptor *f;
    uint64_t tag;
    int r;

    if (!varint(s, top->end, 5, &tag) || tag > UINT32_MAX || tag >> 3 == 0)
        return fail(s, NULL, "a tag is broken");
    f = protobuf_c_message_descriptor_get_field(top->type, (unsigned)(tag >> 3));
    s->elements++;
    r = value(s, f, (unsigned)tag & 7);
    if (!r && s->elements > JV_MAX_ELEMENTS)
        return fail(s, f, "there are too many values");
    return r;
}

int jv_wire_scan(const ProtobufCMessageDescriptor *type, const void *bytes, size_t len,
                 struct jv_err *err)
{
    struct scan s;
    int r = JV_OK;

    if (len > JV_MAX_BODY)
        return too_big(len, err);
    s.at = s.start = len ? bytes : (const void *)"";
    s.depth = 1;
    s.elements = 0;
    s.err = err;
    s.frames[0] = (struct frame){ .type = type, .end = s.start + len };
    while (s.depth && !r) {
        if (s.at == s.frames[s.depth - 1].end)
            s.depth--;
        else
            r = field(&s);
    }
    return r;
}
