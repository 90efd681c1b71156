/* settings.c -- a table of settings filled from the environment. */
#include "base/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { max_secret = 64 * 1024 };

/* Settings live as long as the process; the list keeps them reachable. */
static struct kept {
    struct kept *next;
    char text[];
} * kept;

static char *keep(const char *s, size_t n)
{
    struct kept *k = calloc(1, sizeof(*k) + n + 1);

    if (!k)
        abort();
    memcpy(k->text, s, n);
    k->next = kept;
    kept = k;
    return k->text;
}

const char *jv_keep_text(const char *s)
{
    return keep(s, strlen(s));
}

static bool parse_int(const char *s, int64_t *ret)
{
    char *end;
    long long v;

    errno = 0;
    v = strtoll(s, &end, 10);
    if (errno || end == s || *end || !strchr("-0123456789", s[0]))
        return false;
    *ret = v;
    return true;
}

int jv_parse_msec(const char *s, int64_t *ret)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {
        { "", 1 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 },
    };
    char *end;
    long long v;

    if (*s < '0' || *s > '9')
        return JV_INVALID_ARGUMENT;
    errno = 0;
    v = strtoll(s, &end, 10);
    if (errno)
        return JV_INVALID_ARGUMENT;
    for (size_t i = 0; i < JV_COUNT(units); i++) {
        int64_t ms;

        if (strcmp(end, units[i].unit) != 0)
            continue;
        if (__builtin_mul_overflow((int64_t)v, units[i].ms, &ms))
            return JV_INVALID_ARGUMENT;
        *ret = ms;
        return JV_OK;
    }
    return JV_INVALID_ARGUMENT;
}

static bool parse_bool(const char *s, bool *ret)
{
    static const char *const words[] = { "0", "1", "false", "true", "no", "yes", "off", "on" };

    for (size_t i = 0; i < JV_COUNT(words); i++)
        if (strcmp(s, words[i]) == 0) {
            *ret = i % 2;
            return true;
        }
    return false;
}

static int read_secret(const char *env, const char *path, const char **ret, struct jv_err *err)
{
    char text[max_secret + 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: cannot open %s: %s", env, path,
                          strerror(errno));
    n = read(fd, text, sizeof(text));
    close(fd);
    if (n < 0)
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: cannot read %s", env, path);
    if (n > max_secret)
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: %s is longer than %d bytes", env, path,
                          max_secret);
    while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        n--;
    if (!n)
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: %s is empty", env, path);
    *ret = keep(text, (size_t)n);
    explicit_bzero(text, sizeof(text));
    return JV_OK;
}

int jv_secret(const char *from, const char **ret, struct jv_err *err)
{
    const char *value;

    if (from[0] == '@')
        return read_secret("the key", from + 1, ret, err);
    if (from[0] != '$')
        return jv_err_set(err, JV_INVALID_ARGUMENT,
                          "must be \"$NAME\" of the environment or \"@/path\" of a file");
    value = getenv(from + 1);
    if (!value || !value[0])
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%.64s is not set", from + 1);
    *ret = keep(value, strlen(value));
    return JV_OK;
}

int jv_check_file(const char *env, const char *path, const char *text, const char *what,
                  struct jv_err *err)
{
    enum { most = 1 << 20 };
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *all = calloc(1, most + 1);
    size_t len = 0;
    ssize_t n = -1;
    bool found;

    if (!all)
        abort();
    while (fd >= 0 && len < most && (n = read(fd, all + len, most - len)) > 0)
        len += (size_t)n;
    if (fd < 0 || n < 0)
        jv_err_set(err, JV_INVALID_ARGUMENT, "%s: cannot read %s: %s", env, path, strerror(errno));
    if (fd >= 0)
        close(fd);
    found = memmem(all, len, text, strlen(text)) != NULL;
    explicit_bzero(all, len);
    free(all);
    if (fd < 0 || n < 0)
        return JV_INVALID_ARGUMENT;
    return found ? JV_OK
                 : jv_err_set(err, JV_INVALID_ARGUMENT, "%s: %s holds no %s", env, path, what);
}

int jv_check_certificates(const char *env, const char *path, struct jv_err *err)
{
    return *path ? jv_check_file(env, path, "CERTIFICATE-----", "certificate", err) : JV_OK;
}

static int set_number(const struct jv_setting *s, const char *value, int64_t *ret,
                      struct jv_err *err)
{
    bool ok = s->kind == JV_SET_INT ? parse_int(value, ret) : !jv_parse_msec(value, ret);

    if (!ok)
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: must be %s", s->env,
                          s->kind == JV_SET_INT ? "a number" : "a time such as 500ms, 10s or 5m");
    if ((s->min || s->max) && (*ret < s->min || *ret > s->max))
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: must be between %lld and %lld%s", s->env,
                          (long long)s->min, (long long)s->max,
                          s->kind == JV_SET_MSEC ? " ms" : "");
    return JV_OK;
}

static int set_text(const struct jv_setting *s, const char *value, const char **ret,
                    struct jv_err *err)
{
    if (s->kind == JV_SET_SECRET && value[0] == '@')
        return read_secret(s->env, value + 1, ret, err);
    if (!jv_is_utf8(value, strlen(value)))
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: is not UTF-8", s->env);
    *ret = keep(value, strlen(value));
    return JV_OK;
}

static int set_one(const struct jv_setting *s, void *state, struct jv_err *err)
{
    const char *value = getenv(s->env);
    void *slot = (char *)state + s->offset;

    if (!value || !*value)
        value = s->fallback;
    if (!value)
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: is not set", s->env);
    switch (s->kind) {
    case JV_SET_TEXT:
    case JV_SET_SECRET:
        return set_text(s, value, slot, err);
    case JV_SET_INT:
    case JV_SET_MSEC:
        return set_number(s, value, slot, err);
    case JV_SET_BOOL:
        if (!parse_bool(value, slot))
            return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: must be true or false", s->env);
        return JV_OK;
    }
    return jv_err_set(err, JV_INTERNAL, "%s: has no kind", s->env);
}

int jv_settings_load(const struct jv_setting *table, void *state, struct jv_err *err)
{
    for (; table && table->env; table++) {
        int r = set_one(table, state, err);

        if (r)
            return r;
    }
    return JV_OK;
}
