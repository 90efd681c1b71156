/* memories.c -- what people have told about themselves: theirs alone, listed and erased by them. */
#include "sessions.h"

#include <ctype.h>
#include <string.h>

#include "jv/wire.h"

#define MEMORY_COLUMNS "id, kind, text, topic, created_at"

/* On one line, blanks around and between words are one. */
static char *one_line(struct jv_arena *a, const char *text)
{
    char *s = jv_arena_strdup(a, text);
    size_t n = 0;

    for (const char *p = text; *p; p++)
        if (!isspace((unsigned char)*p))
            s[n++] = *p;
        else if (n && s[n - 1] != ' ')
            s[n++] = ' ';
    s[n - (n && s[n - 1] == ' ')] = '\0';
    return s;
}

static bool has_unseen(const char *text)
{
    uint32_t c;

    for (size_t n; *text; text += n) {
        n = jv_utf8_next(text, strlen(text), &c);
        if (!n || jv_is_unseen(c))
            return true;
    }
    return false;
}

static int check_memory(struct jv_ctx *ctx, const Sessions__RememberRequest *req, const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    size_t n = strlen(req->topic);

    if (req->kind != SESSIONS__MEMORY__KIND__preference &&
        req->kind != SESSIONS__MEMORY__KIND__fact)
        return jv_fail_field(ctx, "kind", "must be preference or fact");
    if (!text[0])
        return jv_fail_field(ctx, "text", "is empty");
    if (has_unseen(text))
        return jv_fail_field(ctx, "text", "has characters that cannot be seen");
    if (n > max_topic || strspn(req->topic, letters) != n)
        return jv_fail_field(ctx, "topic", "must be at most %d of a-z, 0-9 and _", max_topic);
    return check_size(ctx, "text", text, max_memory);
}

static const char *kind_name(Sessions__Memory__Kind kind)
{
    return protobuf_c_enum_descriptor_get_value(&sessions__memory__kind__descriptor, (int)kind)
            ->name;
}

/* The one that is there already is what is now said of it; no row: there is none. */
static int renew(struct jv_ctx *ctx, const Sessions__RememberRequest *req, const char *text,
                 struct jv_rows *rows)
{
    int r = jv_db(ctx, NULL,
                  "delete from memories where owner = $1 and topic = $2 and topic <> '' "
                  "and lower(text) <> lower($3)",
                  jv_text(owner_of(ctx)), jv_text(req->topic), jv_text(text));

    return r ? r
             : jv_db(ctx, rows,
                     "update memories set kind = $2, topic = $3 "
                     "where owner = $1 and lower(text) = lower($4) returning " MEMORY_COLUMNS,
                     jv_text(owner_of(ctx)), jv_text(kind_name(req->kind)), jv_text(req->topic),
                     jv_text(text));
}

static int insert(struct jv_ctx *ctx, const Sessions__RememberRequest *req, const char *text,
                  struct jv_rows *rows)
{
    int r = jv_db(ctx, rows,
                  "insert into memories (owner, id, kind, topic, text, created_at) "
                  "select $1::text, coalesce(max(id), 0) + 1, $2::text, $3::text, $4::text, $5 "
                  "from memories where owner = $1 having count(*) < $6 "
                  "returning " MEMORY_COLUMNS,
                  jv_text(owner_of(ctx)), jv_text(kind_name(req->kind)), jv_text(req->topic),
                  jv_text(text), jv_ms(jv_now_ms(ctx)), jv_int(max_memories));

    if (r || rows->n)
        return r;
    return jv_fail(ctx, JV_RESOURCE_EXHAUSTED,
                   "%d things are remembered already; have some forgotten first", max_memories);
}

int memory_remember(struct jv_ctx *ctx, const Sessions__RememberRequest *req, Sessions__Memory *ret)
{
    const char *text = one_line(jv_arena(ctx), req->text);
    struct jv_rows rows = { 0 };
    int r;

    r = check_memory(ctx, req, text);
    if (!r)
        r = jv_db_begin(ctx);
    if (!r) /* a person's are numbered one after the other */
        r = jv_db(ctx, NULL, "select pg_advisory_xact_lock(hashtextextended('memories:' || $1, 0))",
                  jv_text(owner_of(ctx)));
    if (!r)
        r = renew(ctx, req, text, &rows);
    if (!r && !rows.n)
        r = insert(ctx, req, text, &rows);
    if (!r)
        r = jv_db_commit(ctx);
    return r ? r : jv_row_to_msg(ctx, &rows, 0, &ret->base);
}

int memory_list(struct jv_ctx *ctx, size_t *ret_n, Sessions__Memory ***ret)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows, "select " MEMORY_COLUMNS " from memories where owner = $1 order by id",
              jv_text(owner_of(ctx)));
    if (r)
        return r;
    *ret = JV_NEW_ARRAY(jv_arena(ctx), Sessions__Memory *, rows.n + 1);
    for (size_t i = 0; !r && i < rows.n; i++) {
        (*ret)[i] = jv_msg_new(&sessions__memory__descriptor, jv_arena(ctx));
        r = jv_row_to_msg(ctx, &rows, i, &(*ret)[i]->base);
    }
    *ret_n = rows.n;
    return r;
}

int memory_forget(struct jv_ctx *ctx, int32_t id)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows, "delete from memories where owner = $1 and id = $2",
              jv_text(owner_of(ctx)), jv_int(id));
    if (r)
        return r;
    return rows.affected ? JV_OK : jv_fail(ctx, JV_NOT_FOUND, "memory %d not found", (int)id);
}

int memory_forget_all(struct jv_ctx *ctx)
{
    return jv_db(ctx, NULL, "delete from memories where owner = $1", jv_text(owner_of(ctx)));
}
