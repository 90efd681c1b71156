/* test_http.c -- fetching: what is public, exceptions, limits; against a server on loopback. */
#include "check.h"
#include "io/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- a tiny server: one connection at a time ------------------------------------------------ */

static int listener = -1;
static unsigned port;
static pthread_t thread;
static atomic_int served; /* connections */
static char seen[4096];   /* the last request */

static void send_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

        if (sent <= 0)
            return;
        p += sent;
        n -= (size_t)sent;
    }
}

static void say(int fd, const char *text)
{
    send_all(fd, text, strlen(text));
}

static void endless(int fd, const char *head, const char *piece)
{
    char gone;

    say(fd, head);
    for (int i = 0; i < 100000; i++) {
        send_all(fd, piece, strlen(piece));
        if (recv(fd, &gone, 1, MSG_DONTWAIT) == 0)
            return;
    }
}

static const struct {
    const char *path, *answer;
} pages[] = {
    { "/hello", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" },
    { "/empty", "HTTP/1.1 204 No Content\r\n\r\n" },
    { "/nul", "HTTP/1.0 200 OK\r\n\r\nab" },
    { "/missing", "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone" },
    { "/moved", "HTTP/1.1 302 Found\r\nLocation: /hello\r\nContent-Length: 0\r\n\r\n" },
    { "/cookie",
      "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" },
    { "/announced", "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nx" },
    { "/gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nraw" },
    { "/garbage", "what is this\r\n\r\n" },
    { "/cut", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nonly this" },
};

static void answer(int fd)
{
    static char piece[4096];
    ssize_t n = recv(fd, seen, sizeof(seen) - 1, 0);
    char gone;

    seen[n > 0 ? n : 0] = '\0';
    memset(piece, 'x', sizeof(piece) - 1);
    for (size_t i = 0; i < JV_COUNT(pages); i++) {
        size_t len = strlen(pages[i].path);

        if (strncmp(seen + 4, pages[i].path, len) == 0 && seen[4 + len] == ' ')
            say(fd, pages[i].answer);
    }
    if (strncmp(seen, "GET /endless", 12) == 0)
        endless(fd, "HTTP/1.1 200 OK\r\n\r\n", piece);
    if (strncmp(seen, "GET /headers", 12) == 0)
        endless(fd, "HTTP/1.1 200 OK\r\n", "X-Pad: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n");
    if (strncmp(seen, "GET /slow", 9) == 0)
        while (recv(fd, &gone, 1, 0) > 0) /* until the other side gives up */
            ;
}

static void *serve(void *unused)
{
    int fd;

    (void)unused;
    while ((fd = accept(listener, NULL, NULL)) >= 0) {
        served++;
        answer(fd);
        close(fd);
    }
    return NULL;
}

TEST(starts_a_server)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(in);

    alarm(60);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(listener, (struct sockaddr *)&in, sizeof(in)) == 0 && listen(listener, 16) == 0 &&
          getsockname(listener, (struct sockaddr *)&in, &len) == 0);
    port = ntohs(in.sin_port);
    CHECK(pthread_create(&thread, NULL, serve, NULL) == 0);
}

/* ---- fetching from it ----------------------------------------------------------------------- */

static char said[400], body[64];
static long status;
static size_t length;

/* host is put before the port; allow gets the port behind it when it ends in a colon. */
static int fetch(const char *before, const char *host, const char *path, const char *allow,
                 size_t max_bytes, int timeout_ms)
{
    char url[512], list[256] = "";
    struct jv_fetch f = { .url = url, .max_bytes = max_bytes, .timeout_ms = timeout_ms };
    int r;

    snprintf(url, sizeof(url), "%s%s:%u%s", before, host, port, path);
    if (allow) {
        snprintf(list, sizeof(list), "example.test:80, %s%u,[::1]:9", allow, port);
        f.allow = list;
    }
    r = jv_fetch_run(&f);
    CHECK_INT(f.err.code, r);
    snprintf(said, sizeof(said), "%s", f.err.text);
    snprintf(body, sizeof(body), "%.60s", f.body ? f.body : "(none)");
    status = f.status;
    length = f.len;
    jv_fetch_done(&f);
    jv_fetch_done(&f); /* twice is fine */
    return r;
}

static int get(const char *path)
{
    return fetch("http://", "127.0.0.1", path, "127.0.0.1:", 1 << 20, 5000);
}

TEST(fetches_what_is_allowed)
{
    CHECK_INT(get("/hello"), JV_OK);
    CHECK_INT(status, 200);
    CHECK_STR(body, "hello");
    CHECK_INT(length, 5);
    CHECK_HAS(seen, "GET /hello HTTP/1.1\r\n");
    CHECK_INT(get("/nul"), JV_OK);
    CHECK_STR(body, "ab");
    CHECK_INT(get("/empty"), JV_OK);
    CHECK_INT(status, 204);
    CHECK_STR(body, "");
    CHECK_INT(get("/missing"), JV_OK);
    CHECK_INT(status, 404);
    CHECK_STR(body, "gone");
}

TEST(allows_by_name_as_well_as_by_address)
{
    CHECK_INT(fetch("http://", "localhost", "/hello", "LocalHost:", 100, 5000), JV_OK);
    CHECK_INT(fetch("http://", "localhost", "/hello", "127.0.0.1:", 100, 5000), JV_OK);
    CHECK_INT(fetch("http://", "localhost", "/hello", "localhost.test:", 100, 5000),
              JV_INVALID_ARGUMENT);
    CHECK_INT(fetch("http://", "127.0.0.1", "/hello", "127.0.0.1:1", 100, 5000),
              JV_INVALID_ARGUMENT); /* another port */
    CHECK_INT(fetch("http://", "127.0.0.1", "/hello", "27.0.0.1:", 100, 5000), JV_INVALID_ARGUMENT);
    CHECK_INT(fetch("http://", "127.0.0.1", "/hello", "127.0.0.1:*, x:", 100, 5000), JV_OK);
    CHECK_INT(fetch("http://", "localhost", "/hello", "LOCALHOST:*, x:", 100, 5000), JV_OK);
    CHECK_INT(fetch("http://", "127.0.0.1", "/hello", "127.0.0.2:*, x:", 100, 5000),
              JV_INVALID_ARGUMENT);
    CHECK_INT(fetch("http://", "127.0.0.1", "/hello", "*, *:*, 1:*, 127.0.0.1:*1, x:", 100, 5000),
              JV_INVALID_ARGUMENT);
}

TEST(follows_no_redirect_and_keeps_nothing)
{
    int before = served;

    CHECK_INT(get("/moved"), JV_OK);
    CHECK_INT(status, 302);
    CHECK_INT(served, before + 1);
    CHECK_INT(get("/cookie"), JV_OK);
    CHECK_INT(get("/hello"), JV_OK);
    CHECK(!strstr(seen, "Cookie"));
    CHECK(!strstr(seen, "Authorization"));
    CHECK(!strstr(seen, "Accept-Encoding"));
    CHECK_INT(get("/gzip"), JV_OK);
    CHECK_STR(body, "raw"); /* not decoded: no bomb */
}

TEST(knows_no_proxy_of_the_environment)
{
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    CHECK_INT(get("/hello"), JV_OK);
    CHECK_HAS(seen, "GET /hello HTTP/1.1\r\n");
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
}

TEST(stops_at_the_size)
{
    CHECK_INT(fetch("http://", "127.0.0.1", "/hello", "127.0.0.1:", 5, 5000), JV_OK);
    CHECK_INT(fetch("http://", "127.0.0.1", "/hello", "127.0.0.1:", 4, 5000),
              JV_FAILED_PRECONDITION);
    CHECK_STR(said, "the answer is too big (over 4 bytes)");
    CHECK_STR(body, "(none)");
    CHECK_INT(status, 0);
    CHECK_INT(get("/endless"), JV_FAILED_PRECONDITION);
    CHECK_INT(get("/headers"), JV_FAILED_PRECONDITION);
    CHECK_INT(get("/announced"), JV_UNAVAILABLE); /* cut off by the server */
}

TEST(gives_up_in_time)
{
    CHECK_INT(fetch("http://", "127.0.0.1", "/slow", "127.0.0.1:", 100, 100), JV_UNAVAILABLE);
    CHECK_STR(said, "no answer within 100 ms");
}

TEST(tells_of_broken_answers)
{
    CHECK_INT(get("/garbage"), JV_UNAVAILABLE);
    CHECK_INT(get("/cut"), JV_UNAVAILABLE);
    CHECK_STR(body, "(none)");
    CHECK_INT(get("/nothing-said"), JV_UNAVAILABLE);
}

/* ---- addresses that are refused ------------------------------------------------------------- */

TEST(private_in_every_notation)
{
    static const char *const hosts[] = {
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "127.0.0.1.",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "0",
        "0.0.0.0",
        "[::]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "0xa9fea9fe",
        "2852039166",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[fe80::1]",
        "[fd00::1]",
        "[ff02::1]",
        "%31%32%37.0.0.1",
    };
    int before = served;

    for (size_t i = 0; i < JV_COUNT(hosts); i++) {
        int r = fetch("http://", hosts[i], "/hello", NULL, 100, 2000);

        if (r != JV_INVALID_ARGUMENT)
            printf("# %s: %s\n", hosts[i], said);
        /* Some spellings are names to a resolver, of nobody. */
        CHECK(r == JV_INVALID_ARGUMENT || (r == JV_UNAVAILABLE && strstr(said, "resolve")));
    }
    CHECK_INT(served, before);
}

TEST(other_schemes_and_odd_addresses)
{
    static const struct {
        const char *url, *why;
    } bad[] = {
        { "file:///etc/passwd", "the address is neither http nor https" },
        { "ftp://example.test/x", "the address is neither http nor https" },
        { "gopher://127.0.0.1:70/_x", "the address is neither http nor https" },
        { "dict://127.0.0.1:11211/stats", "the address is neither http nor https" },
        { "ldap://127.0.0.1/", "the address is neither http nor https" },
        { "unknown://x/", "the address is neither http nor https" },
        { "http://user@127.0.0.1/", "the address has credentials in it" },
        { "http://user:pass@127.0.0.1/", "the address has credentials in it" },
        { "http://127.0.0.1 /", "the address has a space or control character in it" },
        { "http://127.0.0.1/\r\nHost: x", "the address has a space or control character in it" },
        { "", "the address is malformed" },
        { "example.test", "the address is malformed" },
        { "//example.test/", "the address is malformed" },
        { "http:", "the address is malformed" },
        { "http://", "the address is malformed" },
        { "http://x:99999/", "the address is malformed" },
        { "http://x:-1/", "the address is malformed" },
        { "http://[::1", "the address is malformed" },
        { "/etc/passwd", "the address is malformed" },
    };
    char too_long[3000];
    struct jv_fetch f = { .url = too_long, .max_bytes = 100, .timeout_ms = 1000 };

    for (size_t i = 0; i < JV_COUNT(bad); i++) {
        struct jv_fetch g = { .url = bad[i].url, .max_bytes = 100, .timeout_ms = 1000 };

        if (jv_fetch_run(&g) != JV_INVALID_ARGUMENT)
            printf("# %s\n", bad[i].url);
        CHECK_INT(g.err.code, JV_INVALID_ARGUMENT);
        CHECK_STR(g.err.text, bad[i].why);
        jv_fetch_done(&g);
    }
    snprintf(too_long, sizeof(too_long), "http://127.0.0.1/%02500d", 0);
    CHECK_INT(jv_fetch_run(&f), JV_INVALID_ARGUMENT);
    CHECK_STR(f.err.text, "the address is too long");
    jv_fetch_done(&f);
}

static bool is_public(const char *text)
{
    struct sockaddr_storage s = { 0 };

    if (inet_pton(AF_INET, text, &((struct sockaddr_in *)&s)->sin_addr) == 1)
        s.ss_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &((struct sockaddr_in6 *)&s)->sin6_addr) == 1)
        s.ss_family = AF_INET6;
    return jv_address_is_public((struct sockaddr *)&s);
}

TEST(knows_what_is_public)
{
    static const char *const open[] = {
        "1.1.1.1",         "8.8.8.8",         "9.255.255.255",    "11.0.0.0",
        "100.63.255.255",  "100.128.0.0",     "126.255.255.255",  "128.0.0.0",
        "169.253.255.255", "169.255.0.0",     "172.15.255.255",   "172.32.0.0",
        "192.0.1.0",       "192.167.255.255", "192.169.0.0",      "198.17.255.255",
        "198.20.0.0",      "203.0.112.255",   "203.0.114.0",      "223.255.255.255",
        "2606:4700::1111", "2a00:1450::1",    "2001:4860::8888",  "2001:200::",
        "2002:808:808::1", "::ffff:8.8.8.8",  "64:ff9b::808:808", "2001:db9::",
    };
    static const char *const closed[] = {
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.0",
        "127.255.255.255",
        "169.254.0.0",
        "169.254.169.254",
        "169.254.255.255",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.0",
        "192.168.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.0",
        "239.255.255.255",
        "240.0.0.0",
        "255.255.255.255",
        "::",
        "::1",
        "::2",
        "::8.8.8.8",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:8.8.8.8",
        "64:ff9b::10.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::808:808",
        "100::1",
        "2001::1",
        "2001:0:808:808::1",
        "2001:10::1",
        "2001:db8::1",
        "2002:a00:1::",
        "2002:7f00:1::1",
        "2002:c0a8:101::1",
        "3fff::1",
        "fc00::",
        "fdff::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
        "ffff::",
        "4000::1",
        "5f00::1",
    };
    struct sockaddr other = { .sa_family = AF_UNIX };

    for (size_t i = 0; i < JV_COUNT(open); i++)
        CHECK_STR(is_public(open[i]) ? open[i] : "closed", open[i]);
    for (size_t i = 0; i < JV_COUNT(closed); i++)
        CHECK_STR(is_public(closed[i]) ? "open" : closed[i], closed[i]);
    CHECK(!jv_address_is_public(&other));
}

TEST(stops_the_server)
{
    shutdown(listener, SHUT_RDWR);
    pthread_join(thread, NULL);
    close(listener);
    CHECK(served > 0);
}

TEST_MAIN()
