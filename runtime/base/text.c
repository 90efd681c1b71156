/* text.c -- tokens, UTF-8, spelling of names, random numbers, base64. */
#include "jv/base.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char to_lower(char c)
{
    return is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

static char to_upper(char c)
{
    return is_lower(c) ? (char)(c - 'a' + 'A') : c;
}

bool jv_is_token(const char *s)
{
    size_t n = 0;

    for (; s[n]; n++)
        if (n == 64 ||
            !(is_lower(s[n]) || is_upper(s[n]) || is_digit(s[n]) || s[n] == '_' || s[n] == '-'))
            return false;
    return n > 0;
}

/* The length of the character at p, 0 when it is none. Table 3-7 of the Unicode standard. */
static size_t utf8_char(const unsigned char *p, size_t left)
{
    unsigned char lo = 0x80, hi = 0xbf;
    size_t n;

    if (p[0] < 0x80)
        return p[0] ? 1 : 0;
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (left < n)
        return 0;
    if (p[0] == 0xe0)
        lo = 0xa0;
    if (p[0] == 0xed)
        hi = 0x9f;
    if (p[0] == 0xf0)
        lo = 0x90;
    if (p[0] == 0xf4)
        hi = 0x8f;
    if (p[1] < lo || p[1] > hi)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

/* Eight bytes of ASCII without NUL, tested at once: most text is. */
static bool is_ascii8(const char *s)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    uint64_t w;

    memcpy(&w, s, sizeof(w));
    return !(w & high) && !((w - ones) & ~w & high);
}

bool jv_is_utf8(const char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t len =
                n - i >= 8 && is_ascii8(s + i) ? 8 : utf8_char((const unsigned char *)s + i, n - i);

        if (!len)
            return false;
        i += len;
    }
    return true;
}

size_t jv_utf8_next(const char *s, size_t left, uint32_t *ret)
{
    const unsigned char *p = (const unsigned char *)s;
    size_t n = left ? utf8_char(p, left) : 0;

    *ret = n <= 1 ? p[0] : p[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++)
        *ret = *ret << 6 | (p[i] & 0x3f);
    return n;
}

bool jv_is_unseen(uint32_t c)
{
    static const uint32_t ranges[][2] = { { 0, 0x1f },        { 0x7f, 0x9f },
                                          { 0xad, 0xad },     { 0x61c, 0x61c },
                                          { 0x200b, 0x200f }, { 0x2028, 0x202e },
                                          { 0x2060, 0x206f }, { 0xfeff, 0xfeff },
                                          { 0xfff9, 0xfffb }, { 0xe0000, 0xe007f } };

    for (size_t i = 0; i < JV_COUNT(ranges); i++)
        if (c >= ranges[i][0] && c <= ranges[i][1])
            return true;
    return false;
}

size_t jv_clip(const char *s, size_t len, size_t max)
{
    if (len <= max)
        return len;
    while (max && ((unsigned char)s[max] & 0xc0) == 0x80)
        max--;
    return max;
}

void jv_scrub(char *s)
{
    size_t left = strlen(s);
    char *to = s;

    if (jv_is_utf8(s, left))
        return;
    while (left) {
        size_t n = utf8_char((const unsigned char *)s, left), step = n ? n : 1;

        memmove(to, s, n);
        to += n;
        s += step;
        left -= step;
    }
    *to = '\0';
}

char *jv_lower(struct jv_arena *a, const char *s)
{
    char *copy = jv_arena_strdup(a, s);

    for (char *p = copy; p && *p; p++)
        *p = to_lower(*p);
    return copy;
}

/* A word starts at an upper-case letter after a small one, and at the last of several: "HTTPGet".
 */
static bool word_starts(const char *s, size_t i)
{
    if (i == 0 || !is_upper(s[i]) || s[i - 1] == '_')
        return false;
    return !is_upper(s[i - 1]) || is_lower(s[i + 1]);
}

char *jv_snake(struct jv_arena *a, const char *camel)
{
    char *out = jv_arena_alloc(a, 2 * strlen(camel) + 1), *p = out;

    for (size_t i = 0; camel[i]; i++) {
        if (word_starts(camel, i))
            *p++ = '_';
        *p++ = to_lower(camel[i]);
    }
    return out;
}

char *jv_camel(struct jv_arena *a, const char *snake)
{
    char *out = jv_arena_alloc(a, strlen(snake) + 1), *p = out;
    bool up = false;

    for (; *snake; snake++) {
        if (*snake == '_') {
            up = true;
            continue;
        }
        *p++ = up ? to_upper(*snake) : *snake;
        up = false;
    }
    return out;
}

static void from_kernel(void *p, size_t n)
{
    unsigned char *at = p;

    while (n) {
        ssize_t got = getrandom(at, n, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            abort();
        at += got;
        n -= (size_t)got;
    }
}

/* A child of fork() must not go on with its parent's block: it would say the same. */
static atomic_uint forks;
static pthread_once_t watching_forks = PTHREAD_ONCE_INIT;

static void forked(void)
{
    atomic_fetch_add(&forks, 1);
}

static void watch_forks(void)
{
    if (pthread_atfork(NULL, NULL, forked))
        abort();
}

/* Small amounts come from a block per thread, so that a message's ids do not cost a system call
 * each; what was handed out is wiped. */
void jv_random(void *p, size_t n)
{
    static _Thread_local unsigned char block[256];
    static _Thread_local size_t left;
    static _Thread_local unsigned generation;

    if (n > sizeof(block) / 4) {
        from_kernel(p, n);
        return;
    }
    pthread_once(&watching_forks, watch_forks);
    if (left < n || generation != atomic_load(&forks)) {
        generation = atomic_load(&forks);
        from_kernel(block, sizeof(block));
        left = sizeof(block);
    }
    left -= n;
    memcpy(p, block + left, n);
    memset(block + left, 0, n);
}

void jv_uuid(char out[37])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char b[16];
    size_t at = 0;

    jv_random(b, sizeof(b));
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    for (size_t i = 0; i < sizeof(b); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[at++] = '-';
        out[at++] = hex[b[i] >> 4];
        out[at++] = hex[b[i] & 15];
    }
    out[at] = '\0';
}

static char *encode(struct jv_arena *a, const unsigned char *p, size_t n, const char *last,
                    bool pad)
{
    static const char common[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    char *out = jv_arena_alloc(a, (n + 2) / 3 * 4 + 1), *at = out;

    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        uint32_t v = (uint32_t)p[i] << 16;

        if (left > 1)
            v |= (uint32_t)p[i + 1] << 8;
        if (left > 2)
            v |= p[i + 2];
        for (size_t k = 0; k < 4; k++) {
            uint32_t six = v >> (18 - 6 * k) & 63;

            if (k <= left)
                *at++ = six < 62 ? common[six] : last[six - 62];
            else if (pad)
                *at++ = '=';
        }
    }
    return out;
}

char *jv_base64url(struct jv_arena *a, const void *p, size_t n)
{
    return encode(a, p, n, "-_", false);
}

char *jv_base64(struct jv_arena *a, const void *p, size_t n)
{
    return encode(a, p, n, "+/", true);
}

static int digit_of(char c)
{
    if (is_upper(c))
        return c - 'A';
    if (is_lower(c))
        return c - 'a' + 26;
    if (is_digit(c))
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

int64_t jv_base64_decode(struct jv_arena *a, const char *s, size_t n, uint8_t **ret)
{
    uint8_t *out;
    uint32_t v = 0;
    unsigned bits = 0;
    int64_t len = 0;

    if (n && n % 4 == 0 && s[n - 1] == '=')
        n -= s[n - 2] == '=' ? 2 : 1;
    if (n % 4 == 1)
        return -1;
    out = jv_arena_alloc(a, n / 4 * 3 + 3);
    for (size_t i = 0; i < n; i++) {
        int d = digit_of(s[i]);

        if (d < 0)
            return -1;
        v = (v << 6 | (uint32_t)d) & 0xffffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[len++] = (uint8_t)(v >> bits);
        }
    }
    if (v & ((1U << bits) - 1))
        return -1; /* bits that no encoder leaves */
    *ret = out;
    return len;
}
