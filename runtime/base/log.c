/* log.c -- lines on stderr: one write each, so that threads and processes do not mix theirs. */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { max_line = 4096, n_recent = 64 };

static struct {
    _Atomic int level;
    bool json;
    char who[64];
} config = { .level = JV_LOG_INFO };

static const char *const levels[] = { "error", "warn", "info", "debug" };

struct line {
    char text[max_line];
    size_t len;
};

void jv_log_init(const char *who, enum jv_level level, bool json)
{
    snprintf(config.who, sizeof(config.who), "%s", who);
    config.json = json;
    config.level = (int)level;
}

void jv_log_level(enum jv_level level)
{
    config.level = (int)level;
}

bool jv_log_on(enum jv_level level)
{
    return (int)level <= config.level;
}

int jv_log_parse(const char *name, enum jv_level *ret)
{
    for (size_t i = 0; i < JV_COUNT(levels); i++)
        if (strcmp(name, levels[i]) == 0) {
            *ret = (enum jv_level)i;
            return JV_OK;
        }
    return JV_INVALID_ARGUMENT;
}

/* ---- composing a line; what does not fit is cut, the end always fits ------------------------- */

static void put(struct line *l, const char *s, size_t n)
{
    size_t room = sizeof(l->text) - 8 - l->len;

    if (n > room)
        n = room;
    memcpy(l->text + l->len, s, n);
    l->len += n;
}

static void put_str(struct line *l, const char *s)
{
    put(l, s, strlen(s));
}

static bool is_plain(const char *s)
{
    if (!*s)
        return false;
    for (; *s; s++)
        if ((unsigned char)*s <= ' ' || *s == '"' || *s == '=' || *s == '\\' ||
            (unsigned char)*s >= 0x7f)
            return false;
    return true;
}

/* Bytes of the character at s; how it is written. */
static size_t escape(const char *s, size_t left, char ret[12])
{
    uint32_t c;
    size_t n = jv_utf8_next(s, left, &c);

    if (n && (c == '"' || c == '\\'))
        snprintf(ret, 12, "\\%c", (char)c);
    else if (n && c == '\n')
        snprintf(ret, 12, "\\n");
    else if (!n || (c > 0xffff && jv_is_unseen(c)))
        snprintf(ret, 12, "?");
    else if (jv_is_unseen(c))
        snprintf(ret, 12, "\\u%04x", (unsigned)c);
    else
        snprintf(ret, 12, "%.*s", (int)n, s);
    return n ? n : 1;
}

static void put_quoted(struct line *l, const char *s)
{
    size_t left = strlen(s);

    put_str(l, "\"");
    while (left && l->len < sizeof(l->text) - 24) {
        char esc[12];
        size_t n = escape(s, left, esc);

        put_str(l, esc);
        s += n;
        left -= n;
    }
    put_str(l, "\"");
}

static void put_pair(struct line *l, const char *name, const char *value)
{
    if (!value)
        return;
    put_str(l, config.json ? ",\"" : " ");
    put_str(l, name);
    put_str(l, config.json ? "\":" : "=");
    if (!config.json && is_plain(value))
        put_str(l, value);
    else
        put_quoted(l, value);
}

static void put_head(struct line *l, enum jv_level level)
{
    struct timespec now;
    struct tm tm;
    char stamp[40];
    size_t n;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    n = strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(stamp + n, sizeof(stamp) - n, ".%03dZ", (int)(now.tv_nsec / 1000000));
    if (config.json) {
        put_str(l, "{\"time\":\"");
        put_str(l, stamp);
        put_str(l, "\"");
        put_pair(l, "level", levels[level]);
    } else {
        put_str(l, stamp);
        put_str(l, " ");
        put_str(l, levels[level]);
    }
    if (config.who[0])
        put_pair(l, "actor", config.who);
}

/* ---- the same warning at most once a second -------------------------------------------------- */

struct seen {
    uint64_t hash;
    int64_t at_ms;
};

static uint64_t hash_of(const char *text, size_t len)
{
    uint64_t hash = 14695981039346656037U; /* FNV-1a */

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)text[i]) * 1099511628211U;
    return hash;
}

/* True, or noted as seen now in the place of the oldest. */
static bool look_up(struct seen *seen, uint64_t hash, int64_t now_ms)
{
    struct seen *place = seen;

    for (size_t i = 0; i < n_recent; i++) {
        if (seen[i].hash == hash && now_ms - seen[i].at_ms < 1000)
            return true;
        if (seen[i].hash == hash || seen[i].at_ms < place->at_ms)
            place = &seen[i];
    }
    *place = (struct seen){ hash, now_ms };
    return false;
}

static bool is_repeated(const char *text, size_t len)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct seen seen[n_recent];
    struct timespec now;
    bool repeated;

    clock_gettime(CLOCK_MONOTONIC, &now);
    pthread_mutex_lock(&lock);
    repeated =
            look_up(seen, hash_of(text, len), (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
    pthread_mutex_unlock(&lock);
    return repeated;
}

static void finish(struct line *l, enum jv_level level, size_t head)
{
    if (level == JV_LOG_WARN && is_repeated(l->text + head, l->len - head))
        return;
    if (config.json)
        l->text[l->len++] = '}';
    l->text[l->len++] = '\n';
    while (write(STDERR_FILENO, l->text, l->len) < 0 && errno == EINTR)
        ;
}

void jv_log(enum jv_level level, const char *event, ...)
{
    struct line l;
    const char *name;
    va_list args;
    size_t head;

    if (!jv_log_on(level))
        return;
    l.len = 0;
    put_head(&l, level);
    head = l.len;
    put_pair(&l, "event", event);
    va_start(args, event);
    while ((name = va_arg(args, const char *)))
        put_pair(&l, name, va_arg(args, const char *));
    va_end(args);
    finish(&l, level, head);
}

void jv_logf(enum jv_level level, const char *fmt, ...)
{
    struct line l;
    char text[max_line / 2];
    va_list args;
    size_t head;

    if (!jv_log_on(level))
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    l.len = 0;
    put_head(&l, level);
    head = l.len;
    put_pair(&l, "text", text);
    finish(&l, level, head);
}
