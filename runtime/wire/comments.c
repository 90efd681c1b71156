/* comments.c -- what the .proto files say and protobuf-c's descriptors do not: comments, REQUIRED,
 * streams. From the descriptor set that is built into the binary, read once. */
#include "wire/type.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "google/protobuf/descriptor.pb-c.h"

extern const unsigned char jv_descriptor_set[], jv_descriptor_set_end[];

typedef Google__Protobuf__FileDescriptorProto file_proto;
typedef Google__Protobuf__DescriptorProto message_proto;
typedef Google__Protobuf__EnumDescriptorProto enum_proto;
typedef Google__Protobuf__ServiceDescriptorProto service_proto;
typedef Google__Protobuf__FieldDescriptorProto field_proto;
typedef Google__Protobuf__SourceCodeInfo__Location location;

/* google.api.field_behavior in FieldOptions, which protobuf-c leaves among the unknown fields. */
enum { field_behavior = 1052, behavior_required = 2 };

/* Something with a name: a message, field, enum, enum value, service or rpc. */
struct doc {
    const char *name;    /* full */
    const char *comment; /* NULL when there is none */
    bool required;       /* a field */
    bool streams;        /* an rpc */
};

/* Filled once, sorted by name, then only read; lives as long as the process. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct doc *docs;
static size_t n_docs, cap_docs;

static void *must(void *p)
{
    if (!p)
        abort();
    return p;
}

static void add(struct doc d)
{
    if (n_docs == cap_docs) {
        cap_docs = cap_docs ? 2 * cap_docs : 512;
        docs = must(realloc(docs, cap_docs * sizeof(*docs)));
    }
    d.name = must(strdup(d.name));
    docs[n_docs++] = d;
}

static const char *join(struct jv_arena *a, const char *scope, const char *name)
{
    return jv_arena_printf(a, "%s.%s", scope, name);
}

/* ---- flags: fields and rpcs ----------------------------------------------------------------- */

static bool is_required(const field_proto *f)
{
    const ProtobufCMessage *options = f->options ? &f->options->base : NULL;

    for (unsigned i = 0; options && i < options->n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *u = &options->unknown_fields[i];

        /* A list of one-byte numbers: single, or packed behind its length. */
        for (size_t j = u->wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
             u->tag == field_behavior && j < u->len; j++)
            if (u->data[j] == behavior_required)
                return true;
    }
    return false;
}

static void add_fields(struct jv_arena *a, const char *scope, const message_proto *m)
{
    const char *name = join(a, scope, m->name);

    for (size_t i = 0; i < m->n_field; i++)
        if (is_required(m->field[i]))
            add((struct doc){ .name = join(a, name, m->field[i]->name), .required = true });
    for (size_t i = 0; i < m->n_nested_type; i++)
        add_fields(a, name, m->nested_type[i]);
}

static void add_streams(struct jv_arena *a, const char *scope, const service_proto *s)
{
    for (size_t i = 0; i < s->n_method; i++)
        if (s->method[i]->server_streaming)
            add((struct doc){ .name = join(a, join(a, scope, s->name), s->method[i]->name),
                              .streams = true });
}

/* ---- comments: a location's path -> a name -------------------------------------------------- */

/* Steps of a path are a field number of the descriptor and an index: 4, 0, 2, 1 is field 1 of
 * message 0. */
enum { file_message = 4, file_enum = 5, file_service = 6 };
enum {
    message_field = 2,
    message_nested = 3,
    message_enum = 4,
    enum_value = 2,
    service_method = 2
};

struct steps {
    const int32_t *at;
    size_t n;
};

static bool step(struct steps *s, int32_t number, size_t count, size_t *ret)
{
    if (s->n < 2 || s->at[0] != number || s->at[1] < 0 || (size_t)s->at[1] >= count)
        return false;
    *ret = (size_t)s->at[1];
    s->at += 2;
    s->n -= 2;
    return true;
}

static const char *name_in_enum(struct jv_arena *a, const char *scope, const enum_proto *e,
                                struct steps s)
{
    size_t i;

    if (!s.n)
        return join(a, scope, e->name);
    if (!step(&s, enum_value, e->n_value, &i) || s.n)
        return NULL;
    return join(a, join(a, scope, e->name), e->value[i]->name);
}

static const char *name_in_message(struct jv_arena *a, const char *scope, const message_proto *m,
                                   struct steps s)
{
    const char *name = join(a, scope, m->name);
    size_t i;

    if (!s.n)
        return name;
    if (step(&s, message_nested, m->n_nested_type, &i))
        return name_in_message(a, name, m->nested_type[i], s);
    if (step(&s, message_enum, m->n_enum_type, &i))
        return name_in_enum(a, name, m->enum_type[i], s);
    if (step(&s, message_field, m->n_field, &i) && !s.n)
        return join(a, name, m->field[i]->name);
    return NULL;
}

static const char *name_in_service(struct jv_arena *a, const char *scope, const service_proto *v,
                                   struct steps s)
{
    const char *name = join(a, scope, v->name);
    size_t i;

    if (!s.n)
        return name;
    return step(&s, service_method, v->n_method, &i) && !s.n ? join(a, name, v->method[i]->name)
                                                             : NULL;
}

static const char *name_of(struct jv_arena *a, const file_proto *f, struct steps s)
{
    size_t i;

    if (step(&s, file_message, f->n_message_type, &i))
        return name_in_message(a, f->package, f->message_type[i], s);
    if (step(&s, file_enum, f->n_enum_type, &i))
        return name_in_enum(a, f->package, f->enum_type[i], s);
    if (!step(&s, file_service, f->n_service, &i))
        return NULL;
    return name_in_service(a, f->package, f->service[i], s);
}

/* A comment's lines as one paragraph. */
static const char *paragraph(struct jv_arena *a, const char *text)
{
    struct jv_buf b = jv_buf_new(a);
    bool gap = false;

    for (; *text; text++) {
        if (strchr(" \n\t", *text)) {
            gap = true;
            continue;
        }
        if (gap && b.len)
            jv_buf_char(&b, ' ');
        gap = false;
        jv_buf_char(&b, *text);
    }
    return b.data;
}

static void add_comment(struct jv_arena *a, const file_proto *f, const location *l)
{
    const char *text = l->leading_comments ? l->leading_comments : l->trailing_comments;
    const char *name = text ? name_of(a, f, (struct steps){ l->path, l->n_path }) : NULL;

    if (name)
        add((struct doc){ .name = name, .comment = must(strdup(paragraph(a, text))) });
}

/* ---- the table ------------------------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct doc *)a)->name, ((const struct doc *)b)->name);
}

/* A name may have come twice: with its comment and with its flags. */
static void merge(void)
{
    size_t n = 0;

    qsort(docs, n_docs, sizeof(*docs), by_name);
    for (size_t i = 0; i < n_docs; i++) {
        if (n && by_name(&docs[n - 1], &docs[i]) == 0) {
            docs[n - 1].required |= docs[i].required;
            docs[n - 1].streams |= docs[i].streams;
            if (docs[i].comment)
                docs[n - 1].comment = docs[i].comment;
            free((char *)(uintptr_t)docs[i].name);
            continue;
        }
        docs[n++] = docs[i];
    }
    n_docs = n;
}

static void load(void)
{
    struct jv_arena *a = jv_arena_new(64 << 20);
    size_t len = (size_t)(jv_descriptor_set_end - jv_descriptor_set);
    Google__Protobuf__FileDescriptorSet *set = must(google__protobuf__file_descriptor_set__unpack(
            jv_arena_pb(a), len, jv_descriptor_set)); /* ours: only our bug can break it */

    for (size_t i = 0; i < set->n_file; i++) {
        const file_proto *f = set->file[i];

        for (size_t j = 0; j < f->n_message_type; j++)
            add_fields(a, f->package, f->message_type[j]);
        for (size_t j = 0; j < f->n_service; j++)
            add_streams(a, f->package, f->service[j]);
        for (size_t j = 0; f->source_code_info && j < f->source_code_info->n_location; j++)
            add_comment(a, f, f->source_code_info->location[j]);
    }
    merge();
    jv_arena_free(a);
}

static const struct doc *find(const char *full_name)
{
    const struct doc key = { .name = full_name };

    pthread_once(&once, load);
    return bsearch(&key, docs, n_docs, sizeof(*docs), by_name);
}

const char *jv_comment(const char *full_name)
{
    const struct doc *d = find(full_name);

    return d && d->comment ? d->comment : "";
}

bool jv_proto_required(const char *full_field_name)
{
    const struct doc *d = find(full_field_name);

    return d && d->required;
}

bool jv_field_required(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *f)
{
    const struct jv_type *t = jv_type_of(type);
    size_t i = (size_t)(f - type->fields);

    return i < t->n && t->members[i].required;
}

bool jv_method_streams(const ProtobufCServiceDescriptor *service, const char *method)
{
    char name[256];
    size_t n = strlen(service->name), m = strlen(method);
    const struct doc *d;

    if (n + m + 2 > sizeof(name))
        return false;
    memcpy(name, service->name, n);
    name[n] = '.';
    memcpy(name + n + 1, method, m + 1);
    d = find(name);
    return d && d->streams;
}
