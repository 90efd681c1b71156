/* guard.c -- checks of a request's head before anything trusts it. */
#include "head.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "jv/wire.h"

const char *head_get(const struct head *h, const char *name)
{
    for (size_t i = 0; i < h->n_headers; i++)
        if (strcasecmp(h->headers[i].name, name) == 0)
            return h->headers[i].value;
    return NULL;
}

static size_t count(const struct head *h, const char *name)
{
    size_t n = 0;

    for (size_t i = 0; i < h->n_headers; i++)
        n += strcasecmp(h->headers[i].name, name) == 0;
    return n;
}

static bool list_has(const char *list, const char *word)
{
    size_t len = strlen(word);

    while (*list) {
        const char *end;
        size_t n;

        list += strspn(list, " \t,");
        end = list + strcspn(list, ",");
        n = strcspn(list, " \t,;");
        if (n == len && strncasecmp(list, word, n) == 0)
            return true;
        list = end;
    }
    return false;
}

bool head_has(const struct head *h, const char *name, const char *word)
{
    for (size_t i = 0; i < h->n_headers; i++)
        if (strcasecmp(h->headers[i].name, name) == 0 && list_has(h->headers[i].value, word))
            return true;
    return false;
}

/* ---- lines ---------------------------------------------------------------------------------- */

/* civetweb puts a NUL where a name and a value ended: on the colon (and on spaces before it), on
 * the CR and on the LF. So a name is followed by exactly one NUL and a value by exactly two. */
static bool line_is_clean(const struct header *h)
{
    const char *p = h->name + strlen(h->name) + 1;

    if (h->name[0] == '\0')
        return false;
    for (; p < h->value; p++)
        if (*p != ' ' && *p != '\t')
            return false;
    p = h->value + strlen(h->value);
    return p[1] == '\0';
}

bool guard_lines(const struct head *h)
{
    const char *end;

    for (size_t i = 0; i < h->n_headers; i++)
        if (!line_is_clean(&h->headers[i]))
            return false;
    if (h->n_headers == 0 || h->n_headers > MAX_HEADERS)
        return h->n_headers == 0;
    end = h->headers[h->n_headers - 1].value;
    end += strlen(end) + 2;
    return end[0] == '\r' && end[1] == '\0'; /* the empty line, its LF cut off too */
}

/* ---- framing -------------------------------------------------------------------------------- */

static bool refuse(struct refusal *why, int status, const char *text)
{
    *why = (struct refusal){ status, text };
    return false;
}

/* Digits only, as RFC 9110 has it: no sign, no list, no unit. -1 when it is none, else clipped. */
static int64_t content_length(const char *s)
{
    int64_t n = 0;
    size_t digits = strspn(s, "0123456789");

    if (digits == 0 || s[digits + strspn(s + digits, " \t")] != '\0')
        return -1;
    for (size_t i = 0; i < digits; i++) {
        n = n * 10 + (s[i] - '0');
        if (n > JV_MAX_BODY)
            return (int64_t)JV_MAX_BODY + 1;
    }
    return n;
}

static bool guard_framing(const struct head *h, struct target *t, struct refusal *why)
{
    const char *length = head_get(h, "Content-Length");
    const char *coding = head_get(h, "Transfer-Encoding");

    if (count(h, "Content-Length") > 1)
        return refuse(why, 400, "more than one Content-Length");
    if (count(h, "Transfer-Encoding") > 1)
        return refuse(why, 400, "more than one Transfer-Encoding");
    if (length && coding)
        return refuse(why, 400, "Content-Length and Transfer-Encoding together");
    if (coding && (strcasecmp(coding, "chunked") != 0 || strcmp(h->version, "1.1") != 0))
        return refuse(why, 400, "the only Transfer-Encoding is chunked, in HTTP/1.1");
    t->body_len = coding ? -1 : 0;
    if (!length)
        return true;
    t->body_len = content_length(length);
    if (t->body_len < 0)
        return refuse(why, 400, "Content-Length is not a number");
    if (t->body_len > JV_MAX_BODY)
        return refuse(why, 413, "the body is larger than 1 MiB");
    return true;
}

static bool guard_once(const struct head *h, struct refusal *why)
{
    if (count(h, "Host") > 1)
        return refuse(why, 400, "more than one Host");
    if (count(h, "Host") == 0 && strcmp(h->version, "1.1") == 0)
        return refuse(why, 400, "no Host");
    if (count(h, "Authorization") > 1)
        return refuse(why, 400, "more than one Authorization");
    return true;
}

static bool guard_size(const struct head *h, struct refusal *why)
{
    size_t size = strlen(h->method) + strlen(h->path) + (h->query ? strlen(h->query) : 0) + 16;

    if (h->n_headers > MAX_HEADERS)
        return refuse(why, 431, "more than 63 headers");
    for (size_t i = 0; i < h->n_headers; i++)
        size += strlen(h->headers[i].name) + strlen(h->headers[i].value) + 4;
    if (size > MAX_HEAD_SIZE)
        return refuse(why, 431, "the headers are larger than 16 KiB");
    if (strlen(h->path) > MAX_PATH_SIZE)
        return refuse(why, 414, "the path is longer than 2048 bytes");
    return true;
}

static bool guard_expect(const struct head *h, struct target *t, struct refusal *why)
{
    const char *expect = head_get(h, "Expect");

    if (!expect)
        return true;
    if (strcasecmp(expect, "100-continue") != 0)
        return refuse(why, 417, "the only expectation is 100-continue");
    t->expects_continue = strcmp(h->version, "1.1") == 0;
    return true;
}

/* ---- path, query, token --------------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool guard_decode(const char *s, size_t n, bool plus, struct jv_arena *a, const char **ret)
{
    char *out = jv_arena_alloc(a, n + 1);
    size_t len = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];

        if (c == '%') {
            int hi = i + 2 < n ? hex_digit(s[i + 1]) : -1;
            int lo = i + 2 < n ? hex_digit(s[i + 2]) : -1;

            if (hi < 0 || lo < 0)
                return false;
            c = (unsigned char)(hi * 16 + lo);
            i += 2;
        } else if (plus && c == '+') {
            c = ' ';
        }
        if (c < 0x20 || c == 0x7f)
            return false;
        out[len++] = (char)c;
    }
    *ret = out;
    return jv_is_utf8(out, len);
}

static bool add_segment(const char *s, size_t n, struct jv_arena *a, struct target *t,
                        struct refusal *why)
{
    const char *text;

    if (!guard_decode(s, n, false, a, &text))
        return refuse(why, 400, "the path has a bad escape or a control character");
    if (strchr(text, '/') || strchr(text, '\\') || strcmp(text, ".") == 0 ||
        strcmp(text, "..") == 0)
        return refuse(why, 400, "the path has a dot segment or a hidden slash");
    if (t->n_segments == MAX_SEGMENTS)
        return refuse(why, 404, "no such path");
    t->segments[t->n_segments++] = text;
    return true;
}

/* "/a/b" is two segments, "/" is one empty one, "/a/" is "a" and an empty one. */
static bool guard_path(const char *path, struct jv_arena *a, struct target *t, struct refusal *why)
{
    if (path[0] != '/')
        return refuse(why, 400, "the path does not begin with a slash");
    while (*path == '/') {
        size_t n = strcspn(path + 1, "/");

        if (!add_segment(path + 1, n, a, t, why))
            return false;
        path += n + 1;
    }
    return true;
}

static bool add_param(const char *s, size_t n, struct jv_arena *a, struct target *t,
                      struct refusal *why)
{
    const char *equals = memchr(s, '=', n);
    size_t name_len = equals ? (size_t)(equals - s) : n;
    struct param p = { "", "" };

    if (t->n_params == MAX_PARAMS)
        return refuse(why, 400, "more than 16 query parameters");
    if (!guard_decode(s, name_len, true, a, &p.name) ||
        (equals && !guard_decode(equals + 1, n - name_len - 1, true, a, &p.value)))
        return refuse(why, 400, "the query has a bad escape or a control character");
    for (size_t i = 0; i < t->n_params; i++)
        if (strcmp(t->params[i].name, p.name) == 0)
            return refuse(why, 400, "a query parameter is there twice");
    t->params[t->n_params++] = p;
    return true;
}

static bool guard_query(const char *query, struct jv_arena *a, struct target *t,
                        struct refusal *why)
{
    while (query && *query) {
        size_t n = strcspn(query, "&");

        if (n && !add_param(query, n, a, t, why))
            return false;
        query += n + (query[n] == '&');
    }
    return true;
}

/* Exactly two words, the first one "Bearer" in any case. */
static bool guard_token(const struct head *h, struct jv_arena *a, struct target *t,
                        struct refusal *why)
{
    const char *value = head_get(h, "Authorization");
    size_t n;

    if (!value)
        return true;
    if (strncasecmp(value, "Bearer", 6) != 0 || (value[6] != ' ' && value[6] != '\t'))
        return refuse(why, 401, "Authorization must be a bearer token");
    value += 6 + strspn(value + 6, " \t");
    n = strcspn(value, " \t");
    if (n == 0 || n > MAX_TOKEN_SIZE || value[n + strspn(value + n, " \t")] != '\0')
        return refuse(why, 401, "Authorization must be one bearer token");
    t->token = jv_arena_strndup(a, value, n);
    return true;
}

/* As civetweb decides it, so that what we announce is what it does. */
static bool keeps_alive(const struct head *h)
{
    const char *connection = head_get(h, "Connection");

    return connection ? list_has(connection, "keep-alive") : strcmp(h->version, "1.1") == 0;
}

bool guard_head(const struct head *h, struct jv_arena *a, struct target *ret, struct refusal *why)
{
    *ret = (struct target){ .keep_alive = keeps_alive(h),
                            .is_head = strcmp(h->method, "HEAD") == 0 };
    return guard_size(h, why) && guard_once(h, why) && guard_framing(h, ret, why) &&
           guard_expect(h, ret, why) && guard_path(h->path, a, ret, why) &&
           guard_query(h->query, a, ret, why) && guard_token(h, a, ret, why);
}
