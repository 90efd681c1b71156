/* request.c -- what the requests of all providers have in common. */
#include "wire.h"

#include <string.h>

enum { usual_max_tokens = 1024 };

static const char own_id[] = "jv-";

void request_make(struct jv_arena *a, const char *url, const struct model *m, const char *header,
                  const char *more, const json_object *body, struct wire_request *ret)
{
    const char **h = JV_NEW_ARRAY(a, const char *, 4);
    size_t n = 0;

    h[n++] = "Content-Type: application/json";
    if (m->key && m->key[0])
        h[n++] = jv_arena_printf(a, "%s%s", header, m->key);
    if (more)
        h[n++] = more;
    ret->url = url;
    ret->headers = h;
    ret->body = json_print(a, body);
    ret->len = strlen(ret->body);
}

int64_t request_max_tokens(const Llm__GenerateRequest *req)
{
    return req->max_tokens > 0 ? req->max_tokens : usual_max_tokens;
}

const char *request_path(struct jv_arena *a, const char *name)
{
    static const char fine[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    struct jv_buf b = jv_buf_new(a);

    for (const char *p = name; *p; p++)
        if (strchr(fine, *p))
            jv_buf_char(&b, *p);
        else
            jv_buf_printf(&b, "%%%02X", (unsigned char)*p);
    return b.data;
}

const char *request_call_id(struct jv_arena *a)
{
    uint32_t n;

    jv_random(&n, sizeof(n));
    return jv_arena_printf(a, "%s%08x", own_id, n);
}

bool request_is_own_id(const char *id)
{
    return !id || !id[0] || strncmp(id, own_id, strlen(own_id)) == 0;
}
