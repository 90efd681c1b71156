/* check.c -- input and its limits, and the cursors of lists. */
#include "sessions.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jv/wire.h"

enum { max_token = 128, default_page = 50, max_error_text = 4096 };

bool is_uuid(const char *s)
{
    for (size_t i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash ? s[i] != '-' : !isxdigit((unsigned char)s[i]))
            return false;
    }
    return !s[36];
}

int check_size(struct jv_ctx *ctx, const char *member, const char *text, size_t max)
{
    if (strlen(text) <= max)
        return JV_OK;
    return jv_fail_field(ctx, member, "is longer than %zu bytes", max);
}

int check_json(struct jv_ctx *ctx, const char *member, const void *msg, size_t max,
               struct jv_param *ret)
{
    size_t len = 0;

    *ret = jv_text(msg ? jv_msg_to_json(msg, JV_JSON_SNAKE, jv_arena(ctx), &len) : NULL);
    if (len > max)
        return jv_fail_field(ctx, member, "is longer than %zu bytes as JSON", max);
    return JV_OK;
}

static const char *member_of(struct jv_ctx *ctx, const char *of, const char *member)
{
    return jv_arena_printf(jv_arena(ctx), "%s.%s", of, member);
}

int check_invocation(struct jv_ctx *ctx, const char *member, const Sessions__Invocation *i)
{
    int r = JV_OK;

    if (!i->agent_name[0])
        return jv_fail_field(ctx, member_of(ctx, member, "agent_name"), "is empty");
    if (i->duration_ms < 0)
        return jv_fail_field(ctx, member_of(ctx, member, "duration_ms"), "is negative");
    r = check_size(ctx, member_of(ctx, member, "agent_name"), i->agent_name, max_name);
    if (!r)
        r = check_size(ctx, member_of(ctx, member, "query"), i->query, max_content);
    if (!r)
        r = check_size(ctx, member_of(ctx, member, "response"), i->response, max_response);
    if (!r)
        r = check_size(ctx, member_of(ctx, member, "error_message"), i->error_message,
                       max_error_text);
    return r;
}

/* ---- pages ---------------------------------------------------------------------------------- */

int page_size(struct jv_ctx *ctx, int32_t asked, int32_t max, int32_t *ret)
{
    if (asked < 0 || asked > max)
        return jv_fail_field(ctx, "page_size", "must be between 1 and %d", (int)max);
    *ret = asked ? asked : default_page;
    return JV_OK;
}

const char *page_token(struct jv_ctx *ctx, const char *text, int64_t n)
{
    char *plain = jv_arena_printf(jv_arena(ctx), "%s.%lld", text, (long long)n);

    return jv_base64url(jv_arena(ctx), plain, strlen(plain));
}

int page_wrong(struct jv_ctx *ctx)
{
    return jv_fail_field(ctx, "page_token", "is not one that belongs to this list");
}

bool parse_number(const char *s, int64_t *ret)
{
    char *end;

    if (!isdigit((unsigned char)s[0]))
        return false;
    errno = 0;
    *ret = strtoll(s, &end, 10);
    return !errno && !*end;
}

int page_parse(struct jv_ctx *ctx, const char *token, const char **ret_text, int64_t *ret_n)
{
    struct jv_arena *a = jv_arena(ctx);
    char *plain, *dot;
    uint8_t *bytes;
    int64_t len;

    if (strlen(token) > max_token)
        return page_wrong(ctx);
    len = jv_base64_decode(a, token, strlen(token), &bytes);
    if (len <= 0 || memchr(bytes, '\0', (size_t)len))
        return page_wrong(ctx);
    plain = jv_arena_strndup(a, (const char *)bytes, (size_t)len);
    dot = strrchr(plain, '.');
    if (!dot || !parse_number(dot + 1, ret_n))
        return page_wrong(ctx);
    *dot = '\0';
    *ret_text = plain;
    return JV_OK;
}
