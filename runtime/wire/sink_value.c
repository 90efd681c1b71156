/* sink_value.c -- a google.protobuf.Value built as it is written. */
#include "wire/sink.h"

#include <stdlib.h>
#include <string.h>

#include "google/protobuf/struct.pb-c.h"

typedef Google__Protobuf__Value value;
typedef Google__Protobuf__Struct__FieldsEntry entry;

/* An object or list under construction. */
struct jv_sink_frame {
    struct jv_sink_frame *up;
    value *v;
    void **items; /* entries of a Struct or values of a ListValue */
    size_t n, cap;
};

static struct jv_value_sink *self(struct jv_sink *sink)
{
    return (struct jv_value_sink *)(void *)sink;
}

static void grow(struct jv_sink_frame *f, struct jv_arena *a)
{
    size_t cap = f->cap ? 2 * f->cap : 4;
    void **items = JV_NEW_ARRAY(a, void *, cap);

    if (f->n)
        memcpy(items, f->items, f->n * sizeof(void *));
    f->items = items;
    f->cap = cap;
}

static void push(struct jv_sink_frame *f, struct jv_arena *a, void *item)
{
    if (f->n == f->cap)
        grow(f, a);
    f->items[f->n++] = item;
}

static value *put(struct jv_sink *sink, value *v)
{
    struct jv_value_sink *s = self(sink);

    if (!s->top)
        s->root = v;
    else if (s->top->v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE)
        push(s->top, sink->arena, v);
    else
        ((entry *)s->top->items[s->top->n - 1])->value = v;
    return v;
}

static value *fresh(struct jv_sink *sink)
{
    return put(sink, jv_msg_new(&google__protobuf__value__descriptor, sink->arena));
}

static void begin(struct jv_sink *sink, bool object)
{
    struct jv_sink_frame *f = JV_NEW(sink->arena, struct jv_sink_frame);

    f->v = object ? jv_value_struct(sink->arena, NULL) : fresh(sink);
    if (object) {
        put(sink, f->v);
    } else {
        f->v->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE;
        f->v->list_value = jv_msg_new(&google__protobuf__list_value__descriptor, sink->arena);
    }
    f->up = self(sink)->top;
    self(sink)->top = f;
}

static void end(struct jv_sink *sink, bool object)
{
    struct jv_sink_frame *f = self(sink)->top;

    if (object) {
        f->v->struct_value->n_fields = f->n;
        f->v->struct_value->fields = (entry **)f->items;
    } else {
        f->v->list_value->n_values = f->n;
        f->v->list_value->values = (value **)f->items;
    }
    self(sink)->top = f->up;
}

static void key_of(struct jv_sink *sink, const char *k, size_t n)
{
    entry *e = jv_msg_new(&google__protobuf__struct__fields_entry__descriptor, sink->arena);

    e->key = jv_arena_strndup(sink->arena, k, n);
    push(self(sink)->top, sink->arena, e);
}

static void member(struct jv_sink *sink, const struct jv_name *name)
{
    key_of(sink, name->quoted + 1, name->len);
}

static void key(struct jv_sink *sink, const char *k)
{
    key_of(sink, k, strlen(k));
}

static void text(struct jv_sink *sink, const char *p, size_t n)
{
    value *v = fresh(sink);

    v->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE;
    v->string_value = jv_arena_strndup(sink->arena, p, n);
}

static void real(struct jv_sink *sink, double d, bool single)
{
    char out[32];

    if (single) { /* the double that its JSON text would be read as */
        jv_print_real(d, true, out);
        d = strtod(out, NULL);
    }
    put(sink, jv_value_number(sink->arena, d));
}

static void integer(struct jv_sink *sink, int64_t n)
{
    real(sink, (double)n, false);
}

static void boolean(struct jv_sink *sink, bool b)
{
    put(sink, jv_value_bool(sink->arena, b));
}

static void null(struct jv_sink *sink)
{
    fresh(sink)->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_NULL_VALUE;
}

static const struct jv_sink_ops ops = {
    begin, end, member, key, text, integer, real, boolean, null
};

void jv_value_sink_init(struct jv_value_sink *s, struct jv_arena *a)
{
    *s = (struct jv_value_sink){ .sink = { &ops, a } };
}
