/* test_guard.c -- what the gateway believes of a request's head. */
#include "check.h"
#include "gateway/head.h"
#include "jv/wire.h"

static struct jv_arena *arena;

/* A head from a method, a path with query, and header lines "Name: value\n"..., as civetweb would
 * have cut it. */
static struct head head_of(const char *method, const char *target, const char *lines)
{
    struct head h = { .method = method, .version = "1.1" };
    char *path = jv_arena_strdup(arena, target), *mark = strchr(path, '?');
    char *p = jv_arena_strdup(arena, lines);

    if (mark)
        *mark++ = '\0';
    h.path = path;
    h.query = mark;
    while (*p && h.n_headers <= MAX_HEADERS) {
        char *colon = strchr(p, ':'), *end = strchr(p, '\n');

        *colon = *end = '\0';
        h.headers[h.n_headers++] = (struct header){ p, colon + 1 + strspn(colon + 1, " ") };
        p = end + 1;
    }
    return h;
}

static int guard(const char *method, const char *target, const char *lines, struct target *t)
{
    struct head h = head_of(method, target, lines);
    struct refusal why = { 0 };

    return guard_head(&h, arena, t, &why) ? 200 : why.status;
}

#define HOST "Host: x\n"

TEST(framing)
{
    static const struct {
        const char *lines;
        int status;
        long long len;
    } cases[] = {
        { HOST, 200, 0 },
        { HOST "Content-Length: 0\n", 200, 0 },
        { HOST "Content-Length: 12\n", 200, 12 },
        { HOST "content-length: 12 \n", 200, 12 },
        { HOST "Content-Length: 1048576\n", 200, 1048576 },
        { HOST "Content-Length: 0000000000000000000000000012\n", 200, 12 },
        { HOST "Transfer-Encoding: chunked\n", 200, -1 },
        { HOST "Transfer-Encoding: Chunked\n", 200, -1 },
        { HOST "Content-Length: 1048577\n", 413, 0 },
        { HOST "Content-Length: 99999999999999999999999999\n", 413, 0 },
        { HOST "Content-Length: 12\nContent-Length: 12\n", 400, 0 },
        { HOST "Content-Length: 12\ncontent-length: 13\n", 400, 0 },
        { HOST "Content-Length: +5\n", 400, 0 },
        { HOST "Content-Length: -5\n", 400, 0 },
        { HOST "Content-Length: 5abc\n", 400, 0 },
        { HOST "Content-Length: 5, 5\n", 400, 0 },
        { HOST "Content-Length: 0x5\n", 400, 0 },
        { HOST "Content-Length:\n", 400, 0 },
        { HOST "Content-Length: 5\nTransfer-Encoding: chunked\n", 400, 0 },
        { HOST "Transfer-Encoding: chunked\nTransfer-Encoding: chunked\n", 400, 0 },
        { HOST "Transfer-Encoding: gzip, chunked\n", 400, 0 },
        { HOST "Transfer-Encoding: identity\n", 400, 0 },
        { HOST "Transfer-Encoding: xchunked\n", 400, 0 },
        { HOST "Transfer-Encoding:\n", 400, 0 },
        { "", 400, 0 },
        { HOST HOST, 400, 0 },
        { HOST "Authorization: Bearer a\nauthorization: Bearer b\n", 400, 0 },
        { HOST "Expect: 100-Continue\n", 200, 0 },
        { HOST "Expect: 200-ok\n", 417, 0 },
    };

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        struct target t;
        int status = guard("POST", "/", cases[i].lines, &t);

        CHECK_INT(status, cases[i].status);
        if (status == 200)
            CHECK_INT(t.body_len, cases[i].len);
        if (status != cases[i].status)
            printf("# in: %s\n", cases[i].lines);
    }
}

TEST(old_protocol)
{
    struct head h = head_of("POST", "/", "Transfer-Encoding: chunked\n");
    struct refusal why;
    struct target t;

    h.version = "1.0";
    CHECK(!guard_head(&h, arena, &t, &why));
    CHECK_INT(why.status, 400);
    h = head_of("GET", "/", "");
    h.version = "1.0";
    CHECK(guard_head(&h, arena, &t, &why)); /* no Host in HTTP/1.0 */
    CHECK(!t.keep_alive);
}

TEST(sizes)
{
    struct jv_buf b = jv_buf_new(arena);
    struct target t;
    char *path = jv_arena_alloc(arena, 3000);

    memset(path, 'a', 2999);
    path[0] = '/';
    CHECK_INT(guard("GET", path, HOST, &t), 414);
    path[2048] = '\0';
    CHECK_INT(guard("GET", path, HOST, &t), 200);

    for (int i = 0; i < 62; i++)
        jv_buf_printf(&b, "X-%d: 1\n", i);
    jv_buf_str(&b, HOST);
    CHECK_INT(guard("GET", "/", b.data, &t), 200);
    jv_buf_str(&b, "X-Last: 1\n");
    CHECK_INT(guard("GET", "/", b.data, &t), 431);

    b = jv_buf_new(arena);
    jv_buf_str(&b, HOST "X: ");
    for (int i = 0; i < 16400; i++)
        jv_buf_char(&b, 'x');
    jv_buf_char(&b, '\n');
    CHECK_INT(guard("GET", "/", b.data, &t), 431);
}

TEST(paths)
{
    static const struct {
        const char *target;
        int status;
        size_t n;
        const char *last;
    } cases[] = {
        { "/", 200, 1, "" },
        { "/a", 200, 1, "a" },
        { "/a/", 200, 2, "" },
        { "/a/b%20c", 200, 2, "b c" },
        { "/a/%C3%BC", 200, 2, "\xc3\xbc" },
        { "/a/b+c", 200, 2, "b+c" },
        { "/a//b", 200, 3, "b" },
        { "/a/%2e%2E", 400, 0, NULL },
        { "/a/../b", 400, 0, NULL },
        { "/./a", 400, 0, NULL },
        { "/a%00", 400, 0, NULL },
        { "/a%0a", 400, 0, NULL },
        { "/a%7F", 400, 0, NULL },
        { "/a%2fb", 400, 0, NULL },
        { "/a%5Cb", 400, 0, NULL },
        { "/a%", 400, 0, NULL },
        { "/a%4", 400, 0, NULL },
        { "/a%zz", 400, 0, NULL },
        { "/a%ff", 400, 0, NULL },
        { "/%c0%af", 400, 0, NULL },
        { "a", 400, 0, NULL },
        { "/1/2/3/4/5/6/7/8", 200, 8, "8" },
        { "/1/2/3/4/5/6/7/8/9", 404, 0, NULL },
    };

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        struct target t;
        int status = guard("GET", cases[i].target, HOST, &t);

        CHECK_INT(status, cases[i].status);
        if (status != 200)
            continue;
        CHECK_INT(t.n_segments, cases[i].n);
        CHECK_STR(t.segments[t.n_segments - 1], cases[i].last);
    }
}

TEST(queries)
{
    struct target t;

    CHECK_INT(guard("GET", "/?a=1&b=x+y%26z&c&d=", HOST, &t), 200);
    CHECK_INT(t.n_params, 4);
    CHECK_STR(t.params[1].name, "b");
    CHECK_STR(t.params[1].value, "x y&z");
    CHECK_STR(t.params[2].name, "c");
    CHECK_STR(t.params[2].value, "");
    CHECK_STR(t.params[3].value, "");
    CHECK_INT(guard("GET", "/?", HOST, &t), 200);
    CHECK_INT(t.n_params, 0);
    CHECK_INT(guard("GET", "/?&&a=1&", HOST, &t), 200);
    CHECK_INT(t.n_params, 1);
    CHECK_INT(guard("GET", "/?a=1&a=2", HOST, &t), 400);
    CHECK_INT(guard("GET", "/?a=%00", HOST, &t), 400);
    CHECK_INT(guard("GET", "/?%zz=1", HOST, &t), 400);
    CHECK_INT(guard("GET", "/?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p", HOST, &t), 200);
    CHECK_INT(guard("GET", "/?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q", HOST, &t), 400);
}

TEST(tokens)
{
    struct target t;

    CHECK_INT(guard("GET", "/", HOST, &t), 200);
    CHECK(t.token == NULL);
    CHECK_INT(guard("GET", "/", HOST "Authorization: bEaReR  a.b.c \n", &t), 200);
    CHECK_STR(t.token, "a.b.c");
    CHECK_INT(guard("GET", "/", HOST "Authorization: Bearer\n", &t), 401);
    CHECK_INT(guard("GET", "/", HOST "Authorization: Bearer a b\n", &t), 401);
    CHECK_INT(guard("GET", "/", HOST "Authorization: Basic a\n", &t), 401);
    CHECK_INT(guard("GET", "/", HOST "Authorization: Bearera\n", &t), 401);
    CHECK_INT(guard("GET", "/", HOST "Authorization:\n", &t), 401);
}

TEST(keep_alive)
{
    struct target t;

    CHECK_INT(guard("GET", "/", HOST, &t), 200);
    CHECK(t.keep_alive);
    CHECK_INT(guard("GET", "/", HOST "Connection: close\n", &t), 200);
    CHECK(!t.keep_alive);
    CHECK_INT(guard("GET", "/", HOST "Connection: foo, Keep-Alive\n", &t), 200);
    CHECK(t.keep_alive);
    CHECK_INT(guard("HEAD", "/", HOST, &t), 200);
    CHECK(t.is_head);
}

TEST(accept_lists)
{
    struct head h = head_of("GET", "/", "Accept: text/html, text/event-stream;q=0.9\n");

    CHECK(head_has(&h, "accept", "text/event-stream"));
    CHECK(head_has(&h, "accept", "TEXT/HTML"));
    CHECK(!head_has(&h, "accept", "text/event"));
    CHECK(!head_has(&h, "accept", "event-stream"));
    CHECK(!head_has(&h, "x", "text/html"));
}

/* Cut raw header lines into strings in place, as civetweb 1.15 does it. */
static struct head cut(char *p)
{
    struct head h = { 0 };
    size_t len = strlen(p);

    p[len - 1] = '\0';
    while (h.n_headers <= MAX_HEADERS) {
        char *name = p;

        while (*p != ':' && *p >= 33 && *p <= 126)
            p++;
        if (p == name)
            break;
        while (*p == ' ')
            *p++ = '\0';
        *p++ = '\0';
        p += strspn(p, " \t");
        h.headers[h.n_headers++] = (struct header){ name, p };
        p += strcspn(p, "\r\n");
        if (*p == '\r')
            *p++ = '\0';
        if (!*p)
            break;
        *p++ = '\0';
        if (*p == '\r' || *p == '\n')
            break;
    }
    return h;
}

TEST(lines)
{
    static const struct {
        const char *raw;
        bool clean;
    } cases[] = {
        { "Host: x\r\nA: b\r\n\r\n", true },
        { "Host: x\r\nA:\r\n\r\n", true },
        { "Host: x\r\nA:b\r\n\r\n", true },
        { "Host: x\r\nA: b\nC: d\r\n\r\n", false },    /* a bare line feed */
        { "Host: x\r\nA : b\r\n\r\n", false },         /* a space before the colon */
        { "Host: x\r\n C: d\r\nD: e\r\n\r\n", false }, /* folded: the rest was dropped */
        { "Host: x\r\nA: b\r\n\tc\r\nD: e\r\n\r\n", false },
        { "Host: x\n\n", false },
    };

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        struct head h = cut(jv_arena_strdup(arena, cases[i].raw));

        CHECK(guard_lines(&h) == cases[i].clean);
        if (guard_lines(&h) != cases[i].clean)
            printf("# case %zu\n", i);
    }
}

int main(int argc, char **argv)
{
    int r;

    arena = jv_arena_new(64 << 20);
    r = check_run(argc, argv);
    jv_arena_free(arena);
    return r;
}
