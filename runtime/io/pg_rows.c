/* pg_rows.c -- columns of a result, and rows as messages by reflection. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <google/protobuf/timestamp.pb-c.h>
#include <libpq-fe.h>

#include "io/pg.h"
#include "jv/wire.h"

/* ---- columns -------------------------------------------------------------------------------- */

/* What we wrote ourselves is wrong: the SQL or its reader. */
static _Noreturn void our_bug(const char *name, const char *what)
{
    fprintf(stderr, "jarvis: column \"%s\" %s\n", name, what);
    abort();
}

static int column(const struct jv_rows *rows, size_t row, const char *name)
{
    int n = PQnfields(rows->result);

    if (row >= rows->n)
        our_bug(name, "of a row that is not there");
    for (int i = 0; i < n; i++)
        if (strcmp(PQfname(rows->result, i), name) == 0)
            return i;
    our_bug(name, "is not in the result");
}

/* NULL for SQL null. */
static const char *cell(const struct jv_rows *rows, size_t row, int col)
{
    if (PQgetisnull(rows->result, (int)row, col))
        return NULL;
    return PQgetvalue(rows->result, (int)row, col);
}

static bool to_int(const char *s, int64_t *ret)
{
    char *end;

    errno = 0;
    *ret = strtoll(s, &end, 10);
    return !errno && end != s && !*end;
}

/* PostgreSQL's ISO style in UTC: "2026-01-02 03:04:05.678+00", a timestamp without the zone, or a
 * date alone. */
static bool to_time(const char *s, int64_t *ret_seconds, int32_t *ret_nanos)
{
    char text[64];
    size_t n = strlen(s);

    if (n > 3 && strcmp(s + n - 3, "+00") == 0)
        n -= 3;
    if (n < 10 || n > 40)
        return false;
    if (n == 10) {
        snprintf(text, sizeof(text), "%sT00:00:00Z", s);
    } else {
        snprintf(text, sizeof(text), "%.*sZ", (int)n, s);
        text[10] = 'T';
    }
    return jv_time_parse(text, ret_seconds, ret_nanos) == JV_OK;
}

const char *jv_col(const struct jv_rows *rows, size_t row, const char *name)
{
    const char *s = cell(rows, row, column(rows, row, name));

    return s ? s : "";
}

int64_t jv_col_int(const struct jv_rows *rows, size_t row, const char *name)
{
    const char *s = cell(rows, row, column(rows, row, name));
    int64_t n = 0;

    if (s && !to_int(s, &n))
        our_bug(name, "is no integer");
    return n;
}

bool jv_col_bool(const struct jv_rows *rows, size_t row, const char *name)
{
    const char *s = cell(rows, row, column(rows, row, name));

    if (s && strcmp(s, "t") != 0 && strcmp(s, "f") != 0)
        our_bug(name, "is no boolean");
    return s && *s == 't';
}

int64_t jv_col_ms(const struct jv_rows *rows, size_t row, const char *name)
{
    const char *s = cell(rows, row, column(rows, row, name));
    int64_t seconds = 0;
    int32_t nanos = 0;

    if (s && strcmp(s, "infinity") == 0)
        return INT64_MAX;
    if (s && strcmp(s, "-infinity") == 0)
        return INT64_MIN;
    if (s && !to_time(s, &seconds, &nanos))
        our_bug(name, "is no time");
    return seconds * 1000 + nanos / 1000000;
}

bool jv_col_null(const struct jv_rows *rows, size_t row, const char *name)
{
    return !cell(rows, row, column(rows, row, name));
}

static size_t to_bytes(struct jv_arena *a, const char *s, uint8_t **ret)
{
    size_t n;
    unsigned char *raw = PQunescapeBytea((const unsigned char *)s, &n);

    if (!raw)
        abort(); /* no memory */
    *ret = jv_arena_memdup(a, raw, n);
    PQfreemem(raw);
    return n;
}

size_t jv_pg_col_bytes(struct jv_arena *a, const struct jv_rows *rows, size_t row, const char *name,
                       const uint8_t **ret)
{
    const char *s = cell(rows, row, column(rows, row, name));
    uint8_t *bytes = NULL;
    size_t n = s ? to_bytes(a, s, &bytes) : 0;

    *ret = bytes;
    return n;
}

/* ---- arrays --------------------------------------------------------------------------------- */

/* One element from *at on, which is moved behind it: quoted with backslashes, or bare. Null is "".
 */
static const char *element(struct jv_arena *a, const char **at)
{
    struct jv_buf b = jv_buf_new(a);
    const char *p = *at;
    bool quoted = *p == '"';

    p += quoted;
    while (*p && (quoted ? *p != '"' : *p != ',' && *p != '}')) {
        if (*p == '\\' && p[1])
            p++;
        jv_buf_char(&b, *p++);
    }
    if (quoted && *p)
        p++;
    *at = p;
    return !b.len || (!quoted && strcmp(b.data, "NULL") == 0) ? "" : b.data;
}

/* "{a,"b c",NULL}"; false for what is no array of one dimension. */
static bool to_array(struct jv_arena *a, const char *s, size_t *ret_n, const char ***ret)
{
    size_t n = 0, max = 1;
    const char **items;

    for (const char *p = s; *p; p++)
        max += *p == ',';
    items = JV_NEW_ARRAY(a, const char *, max);
    if (*s != '{' || s[1] == '{')
        return false;
    s++;
    while (*s && *s != '}') {
        items[n++] = element(a, &s);
        if (*s == ',')
            s++;
        else if (*s != '}')
            return false;
    }
    *ret_n = n;
    *ret = items;
    return *s == '}' && !s[1];
}

size_t jv_pg_col_array(struct jv_arena *a, const struct jv_rows *rows, size_t row, const char *name,
                       const char ***ret)
{
    const char *s = cell(rows, row, column(rows, row, name));
    size_t n = 0;

    *ret = NULL;
    if (s && !to_array(a, s, &n, ret))
        our_bug(name, "is no array of one dimension");
    return n;
}

struct jv_param jv_pg_text_array(struct jv_arena *a, size_t n, const char *const *items)
{
    struct jv_buf b = jv_buf_new(a);

    jv_buf_char(&b, '{');
    for (size_t i = 0; i < n; i++) {
        jv_buf_str(&b, i ? ",\"" : "\"");
        for (const char *p = items[i]; *p; p++) {
            if (*p == '"' || *p == '\\')
                jv_buf_char(&b, '\\');
            jv_buf_char(&b, *p);
        }
        jv_buf_char(&b, '"');
    }
    jv_buf_char(&b, '}');
    return jv_text(b.data);
}

/* ---- rows as messages --------------------------------------------------------------------------
 * A member's place in the message is called its slot. */

enum { oid_json = 114, oid_jsonb = 3802 };

struct reader {
    struct jv_arena *arena;
    struct jv_err *err;
    const char *name; /* the column's */
};

static int bad(const struct reader *r, const char *value, const char *what)
{
    return jv_err_set(r->err, JV_INTERNAL, "column %s: \"%.60s\" is no %s", r->name, value, what);
}

static int set_signed(const struct reader *r, const char *s, int64_t min, int64_t max, int64_t *ret)
{
    if (!to_int(s, ret) || *ret < min || *ret > max)
        return bad(r, s, "integer of the member's size");
    return JV_OK;
}

static int set_unsigned(const struct reader *r, const char *s, uint64_t max, uint64_t *ret)
{
    char *end;

    errno = 0;
    *ret = strtoull(s, &end, 10);
    if (errno || end == s || *end || *s == '-' || *ret > max)
        return bad(r, s, "unsigned integer of the member's size");
    return JV_OK;
}

static int set_double(const struct reader *r, const char *s, double *ret)
{
    char *end;

    *ret = strtod(s, &end);
    return end == s || *end ? bad(r, s, "number") : JV_OK;
}

static int set_bool(const struct reader *r, const char *s, protobuf_c_boolean *ret)
{
    if (strcmp(s, "t") != 0 && strcmp(s, "f") != 0)
        return bad(r, s, "boolean");
    *ret = *s == 't';
    return JV_OK;
}

static int set_enum(const struct reader *r, const ProtobufCEnumDescriptor *e, const char *s,
                    int *ret)
{
    const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value_by_name(e, s);

    if (!v)
        return bad(r, s, e->short_name);
    *ret = v->value;
    return JV_OK;
}

static int set_bytes(const struct reader *r, const char *s, ProtobufCBinaryData *ret)
{
    ret->len = to_bytes(r->arena, s, &ret->data);
    return JV_OK;
}

static int set_time(const struct reader *r, const char *s, void *slot)
{
    Google__Protobuf__Timestamp *t = jv_msg_new(&google__protobuf__timestamp__descriptor, r->arena);

    if (!to_time(s, &t->seconds, &t->nanos))
        return bad(r, s, "time");
    *(Google__Protobuf__Timestamp **)slot = t;
    return JV_OK;
}

static int set_scalar(const struct reader *r, const ProtobufCFieldDescriptor *f, const char *s,
                      void *slot)
{
    int64_t i = 0;
    uint64_t u = 0;
    double d = 0;
    int code;

    switch (f->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        code = set_signed(r, s, INT32_MIN, INT32_MAX, &i);
        *(int32_t *)slot = (int32_t)i;
        return code;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return set_signed(r, s, INT64_MIN, INT64_MAX, slot);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        code = set_unsigned(r, s, UINT32_MAX, &u);
        *(uint32_t *)slot = (uint32_t)u;
        return code;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return set_unsigned(r, s, UINT64_MAX, slot);
    case PROTOBUF_C_TYPE_FLOAT:
        code = set_double(r, s, &d);
        *(float *)slot = (float)d;
        return code;
    case PROTOBUF_C_TYPE_DOUBLE:
        return set_double(r, s, slot);
    case PROTOBUF_C_TYPE_BOOL:
        return set_bool(r, s, slot);
    case PROTOBUF_C_TYPE_ENUM:
        return set_enum(r, f->descriptor, s, slot);
    case PROTOBUF_C_TYPE_STRING:
        *(char **)slot = jv_arena_strdup(r->arena, s);
        return JV_OK;
    case PROTOBUF_C_TYPE_BYTES:
        return set_bytes(r, s, slot);
    case PROTOBUF_C_TYPE_MESSAGE:
        return set_time(r, s, slot);
    }
    return bad(r, s, "value");
}

static size_t slot_size(const ProtobufCFieldDescriptor *f)
{
    switch (f->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    default:
        return 4;
    }
}

static void *slot_of(ProtobufCMessage *msg, const ProtobufCFieldDescriptor *f)
{
    return (char *)msg + f->offset;
}

/* The count of a repeated member, the case of a oneof, or has_ of an optional one. */
static void *quantifier_of(ProtobufCMessage *msg, const ProtobufCFieldDescriptor *f)
{
    return (char *)msg + f->quantifier_offset;
}

static int set_array(const struct reader *r, const ProtobufCFieldDescriptor *f, const char *s,
                     ProtobufCMessage *msg)
{
    const char **items;
    size_t n, size = slot_size(f);
    char *slots;

    if (!to_array(r->arena, s, &n, &items))
        return bad(r, s, "array of one dimension");
    slots = jv_arena_alloc(r->arena, n * size);
    for (size_t i = 0; i < n; i++) {
        int code = set_scalar(r, f, items[i], slots + i * size);

        if (code)
            return code;
    }
    *(void **)slot_of(msg, f) = n ? slots : NULL;
    *(size_t *)quantifier_of(msg, f) = n;
    return JV_OK;
}

static void set_present(ProtobufCMessage *msg, const ProtobufCFieldDescriptor *f)
{
    if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        *(uint32_t *)quantifier_of(msg, f) = f->id;
    else if (f->label == PROTOBUF_C_LABEL_OPTIONAL && f->type != PROTOBUF_C_TYPE_STRING &&
             f->type != PROTOBUF_C_TYPE_MESSAGE)
        *(protobuf_c_boolean *)quantifier_of(msg, f) = 1;
}

/* JSON of any shape: parsed as a message of the same type that has only this member, so that every
 * rule of JSON holds, and the member is moved over. */
static int set_json(const struct reader *r, const ProtobufCFieldDescriptor *f, const char *s,
                    ProtobufCMessage *msg)
{
    const char *json = jv_arena_printf(r->arena, "{\"%s\":%s}", f->name, s);
    ProtobufCMessage *part =
            jv_json_to_msg(msg->descriptor, json, strlen(json), JV_JSON_SNAKE, r->arena, r->err);

    if (!part) {
        if (r->err)
            r->err->code = JV_INTERNAL;
        jv_err_wrap(r->err, "column %s", r->name);
        return JV_INTERNAL;
    }
    if (f->label == PROTOBUF_C_LABEL_REPEATED) {
        *(void **)slot_of(msg, f) = *(void **)slot_of(part, f);
        *(size_t *)quantifier_of(msg, f) = *(size_t *)quantifier_of(part, f);
        return JV_OK;
    }
    memcpy(slot_of(msg, f), slot_of(part, f), slot_size(f));
    set_present(msg, f);
    return JV_OK;
}

static int set_member(const struct reader *r, const ProtobufCFieldDescriptor *f, Oid type,
                      const char *s, ProtobufCMessage *msg)
{
    bool is_time = f->type == PROTOBUF_C_TYPE_MESSAGE &&
                   f->descriptor == &google__protobuf__timestamp__descriptor;
    bool is_json = type == oid_json || type == oid_jsonb;
    int code;

    if (f->type == PROTOBUF_C_TYPE_MESSAGE && (!is_time || is_json))
        return set_json(r, f, s, msg);
    if (f->label == PROTOBUF_C_LABEL_REPEATED)
        return is_json ? set_json(r, f, s, msg) : set_array(r, f, s, msg);
    code = set_scalar(r, f, s, slot_of(msg, f));
    if (!code)
        set_present(msg, f);
    return code;
}

int jv_pg_row_to_msg(struct jv_arena *a, const struct jv_rows *rows, size_t row,
                     ProtobufCMessage *msg, struct jv_err *err)
{
    PGresult *res = rows->result;
    int n = PQnfields(res);

    if (row >= rows->n)
        our_bug("*", "of a row that is not there");
    for (int i = 0; i < n; i++) {
        struct reader r = { a, err, PQfname(res, i) };
        const ProtobufCFieldDescriptor *f =
                protobuf_c_message_descriptor_get_field_by_name(msg->descriptor, r.name);
        const char *s = f ? cell(rows, row, i) : NULL;
        int code = s ? set_member(&r, f, PQftype(res, i), s, msg) : JV_OK;

        if (code)
            return code;
    }
    return JV_OK;
}
