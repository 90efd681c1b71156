/* record.c -- an audit record as JSON, what a refused token claims, and how many are worth one. */
#include "actor/record.h"

#include <string.h>

#include <google/protobuf/struct.pb-c.h>

#include "jv/wire.h"

enum { MAX_TOKEN = 8192, MAX_CLAIMED = 64, MAX_TEXT = 2000, CLAIMS_ARENA = 1 << 20 };

/* What cannot be seen, or changes how the rest of a line looks, is escaped. */
static const char *shown(struct jv_arena *a, const char *s)
{
    size_t n = jv_clip(s, strlen(s), MAX_TEXT);
    struct jv_buf b = jv_buf_new(a);

    for (size_t i = 0; i < n;) {
        uint32_t c;
        size_t len = jv_utf8_next(s + i, n - i, &c);

        if (!len || jv_is_unseen(c))
            jv_buf_printf(&b, "\\u{%x}", (unsigned)c);
        else
            jv_buf_add(&b, s + i, len);
        i += len ? len : 1;
    }
    jv_buf_char(&b, '\0');
    return b.data;
}

static void member(struct jv_buf *b, const char *name, const char *value)
{
    if (!value || !value[0])
        return;
    value = shown(b->arena, value);
    jv_buf_printf(b, ",\"%s\":", name);
    jv_json_quote(b, value, strlen(value));
}

/* `at` and `actor` are always there; so is `who`, which is empty for nobody. */
char *jv_record_json(struct jv_arena *a, const struct jv_record *r, size_t *ret_len)
{
    struct jv_buf b = jv_buf_new(a);
    int32_t ns = (int32_t)(r->at_ms % 1000) * 1000000;

    jv_buf_printf(&b, "{\"at\":\"%s\",\"who\":", jv_time_print(a, r->at_ms / 1000, ns));
    jv_json_quote(&b, r->who ? r->who : "", strlen(r->who ? r->who : ""));
    member(&b, "user_id", r->user_id);
    member(&b, "actor", r->actor);
    member(&b, "action", r->action);
    member(&b, "method", r->method);
    member(&b, "tool", r->tool);
    member(&b, "rule", r->rule);
    member(&b, "about", r->about);
    member(&b, "claimed", r->claimed);
    if (r->left_out)
        jv_buf_printf(&b, ",\"left_out\":%u", r->left_out);
    member(&b, "trace_id", r->trace_id);
    member(&b, "text", r->text);
    jv_buf_char(&b, '}');
    *ret_len = b.len;
    return b.data;
}

static const char *visible(struct jv_arena *a, const char *s)
{
    char *copy = jv_arena_strndup(a, s, strnlen(s, MAX_CLAIMED));

    for (char *p = copy; *p; p++)
        if (*p < 0x20 || *p > 0x7e)
            *p = '?';
    return copy;
}

const char *jv_record_claimed(struct jv_arena *a, const char *token)
{
    size_t n = strnlen(token, MAX_TOKEN + 1);
    const char *body = n <= MAX_TOKEN ? strchr(token, '.') : NULL, *name = NULL;
    struct jv_arena *mine = jv_arena_new(CLAIMS_ARENA);
    ProtobufCMessage *claims = NULL;
    uint8_t *json;
    int64_t len = body ? jv_base64_decode(mine, body + 1, strcspn(body + 1, "."), &json) : -1;

    if (len > 0)
        claims = jv_json_to_msg(&google__protobuf__struct__descriptor, (const char *)json,
                                (size_t)len, JV_JSON_SNAKE, mine, NULL);
    if (claims)
        name = jv_struct_text((const Google__Protobuf__Struct *)claims, "username");
    name = name ? visible(a, name) : "";
    jv_arena_free(mine);
    return name;
}

bool jv_flood_lets(struct jv_flood *f, int64_t real_ms, unsigned *ret_left_out)
{
    *ret_left_out = 0;
    if (f->second != real_ms / 1000) {
        f->second = real_ms / 1000;
        f->n = 0;
    }
    if (f->n == JV_FLOOD_PER_S) {
        f->left_out++;
        return false;
    }
    f->n++;
    *ret_left_out = jv_flood_take(f);
    return true;
}

unsigned jv_flood_take(struct jv_flood *f)
{
    unsigned n = f->left_out;

    f->left_out = 0;
    return n;
}
