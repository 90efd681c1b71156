/* scalar_in.c -- numbers, booleans, text, bytes and enums from JSON values. */
#include "wire/read.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- whole numbers -------------------------------------------------------------------------- */

struct whole {
    bool negative;
    uint64_t size;
};

enum parsed { PARSED_OK, PARSED_NO, PARSED_TOO_BIG };

/* Doubles hold every integer up to here; beyond, the one that was meant is not known. */
static const double max_exact = 9007199254740992.0;

static enum parsed whole_of_real(double d, struct whole *ret)
{
    if (!isfinite(d) || d != floor(d))
        return PARSED_NO;
    if (fabs(d) > max_exact)
        return PARSED_TOO_BIG;
    *ret = (struct whole){ d < 0, (uint64_t)fabs(d) };
    return PARSED_OK;
}

/* A JSON number written as text: no blanks, no plus, no hex. */
static bool is_number(const char *s, size_t len)
{
    const char *p = s + (*s == '-');

    return len && *p >= '0' && *p <= '9' && strspn(s, "0123456789+-.eE") == len;
}

static enum parsed whole_of_text(const char *s, size_t len, struct whole *ret)
{
    const char *digits = s + (*s == '-');
    char *end;

    if (!is_number(s, len))
        return PARSED_NO;
    errno = 0;
    *ret = (struct whole){ *s == '-', strtoull(digits, &end, 10) };
    if (*end) {
        double d = strtod(s, &end);

        return *end ? PARSED_NO : whole_of_real(d, ret);
    }
    return errno ? PARSED_TOO_BIG : PARSED_OK;
}

static enum parsed whole_of(const struct jv_src *v, struct whole *ret)
{
    switch (v->kind) {
    case JV_SRC_INT:
        *ret = (struct whole){ v->i < 0, v->i < 0 ? 0 - (uint64_t)v->i : (uint64_t)v->i };
        return PARSED_OK;
    case JV_SRC_REAL:
        return whole_of_real(v->d, ret);
    case JV_SRC_TEXT:
        return whole_of_text(v->text, v->len, ret);
    default:
        return PARSED_NO;
    }
}

/* Into *ret as two's complement; min is the size of the smallest, negative number. */
static int read_whole(struct jv_in *in, const struct jv_src *v, const struct jv_path *path,
                      uint64_t min, uint64_t max, uint64_t *ret)
{
    struct whole n = { false, 0 };
    enum parsed p = whole_of(v, &n);

    if (p == PARSED_NO)
        return jv_path_fail(path, in->err, "must be a whole number");
    if (p == PARSED_TOO_BIG || n.size > (n.negative ? min : max))
        return jv_path_fail(path, in->err, "must be between %s%" PRIu64 " and %" PRIu64,
                            min ? "-" : "", min, max);
    *ret = n.negative ? 0 - n.size : n.size;
    return JV_OK;
}

/* ---- the rest ------------------------------------------------------------------------------- */

/* false: no number. A number that is too big gives a plain infinity. */
static bool real_of_text(const char *s, size_t len, double *ret, bool *named)
{
    static const char *const names[] = { "NaN", "Infinity", "-Infinity" };
    static const double values[] = { NAN, INFINITY, -INFINITY };
    char *end;

    for (size_t i = 0; i < JV_COUNT(names); i++)
        if (strcmp(s, names[i]) == 0) {
            *ret = values[i];
            *named = true;
            return len == strlen(names[i]);
        }
    if (!is_number(s, len))
        return false;
    *ret = strtod(s, &end);
    return !*end;
}

static int read_real(struct jv_in *in, const struct jv_src *v, const struct jv_path *path,
                     double max, double *ret)
{
    bool ok = true, named = false;

    if (v->kind == JV_SRC_INT)
        *ret = (double)v->i;
    else if (v->kind == JV_SRC_REAL)
        *ret = v->d;
    else
        ok = v->kind == JV_SRC_TEXT && real_of_text(v->text, v->len, ret, &named);
    if (!ok)
        return jv_path_fail(path, in->err, "must be a number");
    if (!named && !(fabs(*ret) <= max))
        return jv_path_fail(path, in->err, "is too large a number");
    return JV_OK;
}

int jv_read_string(struct jv_in *in, const struct jv_src *v, const struct jv_path *path, char **ret)
{
    if (v->kind != JV_SRC_TEXT)
        return jv_path_fail(path, in->err, "must be a string");
    if (memchr(v->text, '\0', v->len))
        return jv_path_fail(path, in->err, "must not contain a NUL character");
    *ret = jv_arena_strndup(in->arena, v->text, v->len);
    return JV_OK;
}

static int read_bytes(struct jv_in *in, const struct jv_src *v, const struct jv_path *path,
                      ProtobufCBinaryData *ret)
{
    int64_t len;

    if (v->kind != JV_SRC_TEXT)
        return jv_path_fail(path, in->err, "must be a base64 string");
    len = jv_base64_decode(in->arena, v->text, v->len, &ret->data);
    if (len < 0)
        return jv_path_fail(path, in->err, "is not valid base64");
    ret->len = (size_t)len;
    return JV_OK;
}

/* "pending, in_progress, approved": what may stand there, as far as it fits. */
static void list_names(const ProtobufCEnumDescriptor *e, char *out, size_t size)
{
    size_t n = 0;

    out[0] = '\0';
    for (unsigned i = 0; i < e->n_values; i++) {
        const char *name = e->values[i].name;
        size_t len = strlen(name);

        if (e->values[i].value == 0 && jv_enum_blank(e))
            continue;
        if (n + len + 8 > size) {
            memcpy(out + n, ", ...", 6);
            return;
        }
        n += (size_t)snprintf(out + n, size - n, "%s%s", n ? ", " : "", name);
    }
}

static int read_enum(struct jv_in *in, const ProtobufCEnumDescriptor *e, const struct jv_src *v,
                     const struct jv_path *path, int32_t *ret)
{
    const ProtobufCEnumValue *value = NULL;
    char names[200];
    uint64_t n = 0;
    int r;

    if (v->kind == JV_SRC_INT || v->kind == JV_SRC_REAL) {
        r = read_whole(in, v, path, UINT64_C(1) << 31, INT32_MAX, &n);
        *ret = (int32_t)n;
        return r;
    }
    if (v->kind == JV_SRC_TEXT && !memchr(v->text, '\0', v->len))
        value = protobuf_c_enum_descriptor_get_value_by_name(e, v->text);
    if (!value) {
        list_names(e, names, sizeof(names));
        return jv_path_fail(path, in->err, "must be one of %s", names);
    }
    *ret = value->value;
    return JV_OK;
}

static int read_bool(struct jv_in *in, const struct jv_src *v, const struct jv_path *path,
                     protobuf_c_boolean *ret)
{
    if (v->kind != JV_SRC_BOOL)
        return jv_path_fail(path, in->err, "must be true or false");
    *ret = v->i != 0;
    return JV_OK;
}

static int read_32(struct jv_in *in, const struct jv_src *v, const struct jv_path *path,
                   bool is_signed, void *at)
{
    uint64_t n = 0;
    int r = is_signed ? read_whole(in, v, path, UINT64_C(1) << 31, INT32_MAX, &n)
                      : read_whole(in, v, path, 0, UINT32_MAX, &n);

    *(uint32_t *)at = (uint32_t)n;
    return r;
}

/* The largest double that rounds to a float. */
static const double max_single = 0x1.fffffefffffffp127;

static int read_float(struct jv_in *in, const struct jv_src *v, const struct jv_path *path,
                      float *at)
{
    double d = 0;
    int r = read_real(in, v, path, max_single, &d);

    *at = r ? 0 : (float)d;
    return r;
}

int jv_read_scalar(struct jv_in *in, const ProtobufCFieldDescriptor *f, const struct jv_src *v,
                   const struct jv_path *path, void *at)
{
    switch (f->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return read_32(in, v, path, true, at);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return read_32(in, v, path, false, at);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return read_whole(in, v, path, UINT64_C(1) << 63, INT64_MAX, at);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return read_whole(in, v, path, 0, UINT64_MAX, at);
    case PROTOBUF_C_TYPE_FLOAT:
        return read_float(in, v, path, at);
    case PROTOBUF_C_TYPE_DOUBLE:
        return read_real(in, v, path, DBL_MAX, at);
    case PROTOBUF_C_TYPE_BOOL:
        return read_bool(in, v, path, at);
    case PROTOBUF_C_TYPE_ENUM:
        return read_enum(in, f->descriptor, v, path, at);
    case PROTOBUF_C_TYPE_STRING:
        return jv_read_string(in, v, path, at);
    case PROTOBUF_C_TYPE_BYTES:
        return read_bytes(in, v, path, at);
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    return jv_path_fail(path, in->err, "cannot be given this way");
}

int jv_read_text(struct jv_in *in, const ProtobufCFieldDescriptor *f, const struct jv_src *v,
                 const struct jv_path *path, void *at)
{
    struct jv_src as = *v;
    struct whole n = { false, 0 };
    bool yes = strcmp(v->text, "true") == 0;

    if (f->type == PROTOBUF_C_TYPE_BOOL && (yes || strcmp(v->text, "false") == 0))
        as = (struct jv_src){ .kind = JV_SRC_BOOL, .i = yes };
    if (f->type == PROTOBUF_C_TYPE_ENUM && whole_of_text(v->text, v->len, &n) == PARSED_OK &&
        n.size <= INT32_MAX)
        as = (struct jv_src){ .kind = JV_SRC_INT,
                              .i = n.negative ? -(int64_t)n.size : (int64_t)n.size };
    return jv_read_one(in, f, &as, path, at);
}
