/* assets.c -- the web client's files, from the binary itself. */
#include "gw.h"

#include <stdlib.h>
#include <string.h>

#include "jv/token.h"

#define WEB "web/"

static const struct type {
    const char *suffix, *type;
} types[] = {
    { ".html", "text/html; charset=utf-8" },
    { ".js", "text/javascript; charset=utf-8" },
    { ".css", "text/css; charset=utf-8" },
    { ".svg", "image/svg+xml" },
    { ".png", "image/png" },
    { ".ico", "image/x-icon" },
    { ".json", "application/json" },
    { ".webmanifest", "application/manifest+json" },
    { ".txt", "text/plain; charset=utf-8" },
    { ".woff2", "font/woff2" },
};

static const char *type_of(const char *path)
{
    const char *dot = strrchr(path, '.');

    for (size_t i = 0; dot && i < JV_COUNT(types); i++)
        if (strcmp(types[i].suffix, dot) == 0)
            return types[i].type;
    return "application/octet-stream";
}

/* "/" is web/index.html; "/a/b.js" is web/a/b.js. */
static const struct jv_file *find(const struct request *rq)
{
    const struct target *t = &rq->target;
    struct jv_buf path = jv_buf_new(rq->a);

    jv_buf_str(&path, WEB);
    for (size_t i = 0; i < t->n_segments; i++)
        jv_buf_printf(&path, "%s%s", i ? "/" : "", t->segments[i]);
    if (t->n_segments == 1 && !t->segments[0][0])
        jv_buf_str(&path, "index.html");
    for (const struct jv_file *f = rq->gw->program->web; f && f->path; f++)
        if (strcmp(f->path, path.data) == 0)
            return f;
    return NULL;
}

void handle_asset(struct request *rq)
{
    const struct jv_file *f = find(rq);
    const char *known = head_get(&rq->head, "If-None-Match");
    size_t len;
    char *tag;

    if (!f) {
        reply_problem(rq, 404, JV_NOT_FOUND, NULL, "no such path");
        return;
    }
    if (strcmp(rq->head.method, "GET") != 0 && !rq->target.is_head) {
        reply_header(rq, "Allow", "GET, HEAD");
        reply_problem(rq, 405, JV_UNIMPLEMENTED, NULL, "%s is not for files", rq->head.method);
        return;
    }
    len = (size_t)(f->end - f->data);
    tag = jv_arena_printf(rq->a, "\"%.32s\"", jv_sha256_hex(rq->a, f->data, len));
    reply_header(rq, "ETag", tag);
    reply_header(rq, "Cache-Control", "no-cache"); /* names carry no version: ask each time */
    if (known && (strcmp(known, "*") == 0 || strstr(known, tag)))
        reply(rq, 304, type_of(f->path), NULL, 0); /* its headers replace those that are kept */
    else
        reply(rq, 200, type_of(f->path), f->data, len);
}
