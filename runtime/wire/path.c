/* path.c -- "message.parts[0].data": naming the member that an error is about. */
#include "wire/type.h"

#include <stdio.h>
#include <string.h>

enum { max_frames = 128, max_key = 40 };

static bool is_identifier(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') || s[i] == '_' ||
              (i && s[i] >= '0' && s[i] <= '9')))
            return false;
    return n > 0;
}

static int print_frame(const struct jv_path *p, bool first, char *out, size_t size)
{
    int n = p->name ? (int)jv_clip(p->name, p->len, max_key) : 0;

    if (!p->name)
        return snprintf(out, size, "[%zu]", p->index);
    if (!is_identifier(p->name, p->len))
        return snprintf(out, size, "[\"%.*s\"]", n, p->name);
    return snprintf(out, size, "%s%.*s", first ? "" : ".", n, p->name);
}

void jv_path_print(const struct jv_path *p, char *out, size_t size)
{
    const struct jv_path *frames[max_frames];
    size_t n = 0, at = 0;

    out[0] = '\0';
    for (; p && p->up && n < max_frames; p = p->up)
        frames[n++] = p;
    while (n--) {
        int len = print_frame(frames[n], at == 0, out + at, size - at);

        if (len < 0 || (size_t)len >= size - at) {
            out[at] = '\0'; /* whole steps only */
            return;
        }
        at += (size_t)len;
    }
}

int jv_path_fail(const struct jv_path *p, struct jv_err *err, const char *fmt, ...)
{
    char path[sizeof(err->field)], text[2 * sizeof(err->text)];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    text[jv_clip(text, strlen(text), sizeof(err->text) - 1)] = '\0';
    jv_path_print(p, path, sizeof(path));
    return jv_err_field(err, JV_INVALID_ARGUMENT, path, "%s%s%s", path, path[0] ? ": " : "", text);
}
