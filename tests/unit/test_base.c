/* test_base.c -- codes, errors, arenas, buffers, text, time, log. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "check.h"

/* ---- codes and errors ------------------------------------------------------------------------ */

TEST(codes)
{
    CHECK_STR(jv_code_name(JV_NOT_FOUND), "NOT_FOUND");
    CHECK_STR(jv_code_name(99), "UNKNOWN");
    CHECK_INT(jv_code_http(JV_INVALID_ARGUMENT), 422);
    CHECK_INT(jv_code_http(-1), 500);
    CHECK_INT(jv_code_jsonrpc(JV_UNAUTHENTICATED), -32041);
}

TEST(errors)
{
    struct jv_err e;

    CHECK_INT(jv_err_set(NULL, JV_ABORTED, "x"), JV_ABORTED);
    CHECK_INT(jv_err_field(&e, JV_INVALID_ARGUMENT, "parts[0].text", "is %s", "empty"),
              JV_INVALID_ARGUMENT);
    CHECK_STR(e.text, "is empty");
    CHECK_STR(e.field, "parts[0].text");
    CHECK_INT(jv_err_wrap(&e, "reading %d", 7), JV_INVALID_ARGUMENT);
    CHECK_STR(e.text, "reading 7: is empty");
    CHECK_STR(e.field, "parts[0].text");
    jv_err_set(&e, JV_NOT_FOUND, "(%s)", e.text); /* its own text as an argument */
    CHECK_STR(e.text, "(reading 7: is empty)");
    CHECK_STR(e.field, "");
    CHECK_INT(jv_err_wrap(NULL, "x"), JV_UNKNOWN);
}

TEST(long_errors_are_cut_between_characters)
{
    struct jv_err e;
    char umlauts[801] = "", path[400];

    for (int i = 0; i < 400; i++)
        memcpy(umlauts + 2 * i, "\xc3\xa4", 3);
    for (int shift = 0; shift < 4; shift++) {
        jv_err_set(&e, JV_UNKNOWN, "%.*s%s", shift, "abcd", umlauts);
        CHECK(strlen(e.text) >= sizeof(e.text) - 4);
        CHECK(jv_is_utf8(e.text, strlen(e.text)));
    }
    memset(path, 'p', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    jv_err_field(&e, JV_UNKNOWN, path, "x");
    CHECK_INT(strlen(e.field), sizeof(e.field) - 1);
    jv_err_field(&e, JV_UNKNOWN, umlauts, "no tool %.9s here", umlauts);
    CHECK_STR(e.text, "no tool \xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 here");
    CHECK(strlen(e.field) >= sizeof(e.field) - 4 && jv_is_utf8(e.field, strlen(e.field)));
}

TEST(scrubbing_leaves_whole_characters)
{
    static const char *const cases[][2] = {
        { "", "" },
        { "plain", "plain" },
        { "\xc3\xa4\xe2\x82\xac\xf0\x9f\x8e\x9f", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x8e\x9f" },
        { "a\xc3", "a" },
        { "\xa4\xa4z", "z" },
        { "a\xe2\x82 b\xf0\x9f\x8e", "a b" },
        { "\xed\xa0\x80x\xc0\x80\xff", "x" },
    };

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        char text[32];

        snprintf(text, sizeof(text), "%s", cases[i][0]);
        jv_scrub(text);
        CHECK_STR(text, cases[i][1]);
    }
    CHECK_INT(jv_clip("a\xc3\xa4", 3, 2), 1);
    CHECK_INT(jv_clip("a\xc3\xa4", 3, 3), 3);
    CHECK_INT(jv_clip("\xc3\xa4", 2, 1), 0);
}

/* ---- arena ----------------------------------------------------------------------------------- */

TEST(arena_gives_zeroed_aligned_memory)
{
    struct jv_arena *a = jv_arena_new(0);

    for (int round = 0; round < 3; round++) {
        size_t total = 0;

        for (size_t size = 0; size < 3000; size += 7) {
            char *p = jv_arena_alloc(a, size);

            CHECK((uintptr_t)p % _Alignof(max_align_t) == 0);
            for (size_t i = 0; i < size; i++)
                CHECK_OR(!p[i], break);
            memset(p, 0xee, size);
            total += size;
        }
        CHECK(jv_arena_used(a) >= total);
        CHECK(!jv_arena_overflowed(a));
        jv_arena_reset(a);
        CHECK_INT(jv_arena_used(a), 0);
    }
    CHECK(jv_arena_free(a) == NULL);
    CHECK(jv_arena_free(NULL) == NULL);
}

TEST(arena_has_room_for_big_things_without_losing_the_small)
{
    struct jv_arena *a = jv_arena_new(0);
    char *small = jv_arena_alloc(a, 16), *next, *big = jv_arena_alloc(a, 3 << 20);

    memset(big, 1, 3 << 20);
    next = jv_arena_alloc(a, 16);
    CHECK(next == small + 16); /* the block that served goes on */
    jv_arena_free(a);
}

TEST(arena_past_its_limit_is_marked_and_serves)
{
    struct jv_arena *a = jv_arena_new(1000);

    jv_arena_alloc(a, 992);
    CHECK(!jv_arena_overflowed(a));
    CHECK(jv_arena_alloc(a, 500) != NULL);
    CHECK(jv_arena_overflowed(a));
    jv_arena_reset(a);
    CHECK(!jv_arena_overflowed(a));
    jv_arena_free(a);
}

/* Runs fn in a child; true when it ended by abort(). */
static bool aborts(void (*fn)(void))
{
    int status = 0;
    pid_t pid = fork();

    if (!pid) {
        fclose(stderr);
        fn();
        _exit(0);
    }
    return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void use_too_much(void)
{
    static struct jv_arena *volatile a; /* stays reachable */

    a = jv_arena_new(1000);
    for (int i = 0; i < 200; i++)
        jv_arena_alloc(a, 16);
}

static void ask_the_impossible(void)
{
    static struct jv_arena *volatile a; /* stays reachable */

    a = jv_arena_new(0);
    jv_arena_alloc(a, SIZE_MAX);
}

TEST(arena_past_twice_its_limit_aborts)
{
    CHECK(aborts(use_too_much));
    CHECK(aborts(ask_the_impossible));
}

static void append(void *arg)
{
    char **at = arg;

    *(*at)++ = 'x';
}

static char trail[8];

static void leave_a(void *arg)
{
    (void)arg;
    strncat(trail, "a", sizeof(trail) - strlen(trail) - 1);
}

static void leave_b(void *arg)
{
    (void)arg;
    strncat(trail, "b", sizeof(trail) - strlen(trail) - 1);
}

TEST(arena_defers_run_newest_first_and_once)
{
    struct jv_arena *a = jv_arena_new(0);
    char text[4] = "", *at = text;

    trail[0] = '\0';
    jv_arena_defer(a, leave_a, NULL);
    jv_arena_defer(a, leave_b, NULL);
    jv_arena_defer(a, append, &at);
    jv_arena_reset(a);
    CHECK_STR(trail, "ba");
    CHECK_STR(text, "x");
    jv_arena_defer(a, leave_a, NULL);
    jv_arena_free(a);
    CHECK_STR(trail, "baa");
}

TEST(arena_strings)
{
    struct jv_arena *a = jv_arena_new(0);
    ProtobufCAllocator *pb = jv_arena_pb(a);
    char *p;

    CHECK(jv_arena_strdup(a, NULL) == NULL);
    CHECK_STR(jv_arena_strdup(a, ""), "");
    CHECK_STR(jv_arena_strndup(a, "abcdef", 3), "abc");
    CHECK_STR(jv_arena_strndup(a, "ab", 30), "ab");
    CHECK_STR(jv_arena_printf(a, "%d-%s", 5, "x"), "5-x");
    CHECK(memcmp(jv_arena_memdup(a, "a\0b", 3), "a\0b", 3) == 0);
    CHECK(jv_arena_memdup(a, NULL, 0) != NULL);
    p = pb->alloc(pb->allocator_data, 100);
    memset(p, 1, 100);
    pb->free(pb->allocator_data, p);
    jv_arena_free(a);
}

/* ---- buffer ---------------------------------------------------------------------------------- */

TEST(buffers_grow)
{
    struct jv_arena *a = jv_arena_new(0);
    struct jv_buf b = jv_buf_new(a);

    CHECK_STR(b.data, "");
    for (int i = 0; i < 1000; i++) {
        jv_buf_printf(&b, "%d,", i);
        jv_buf_char(&b, ';');
        CHECK(b.data[b.len] == '\0');
    }
    CHECK_INT(b.len, 10 * 3 + 90 * 4 + 900 * 5);
    CHECK_INT(strlen(b.data), b.len);
    CHECK(strncmp(b.data, "0,;1,;", 6) == 0);
    CHECK_STR(b.data + b.len - 10, "998,;999,;");
    jv_arena_free(a);
}

TEST(buffers_hold_bytes_and_boundaries)
{
    struct jv_arena *a = jv_arena_new(0);

    for (size_t n = 60; n < 70; n++) { /* around the first capacity */
        struct jv_buf b = jv_buf_new(a), c = jv_buf_new(a);

        for (size_t i = 0; i < n; i++)
            jv_buf_add(&b, "\0", 1);
        CHECK_INT(b.len, n);
        jv_buf_printf(&c, "%*s", (int)n, "x");
        CHECK_INT(strlen(c.data), n);
        jv_buf_str(&c, "");
        jv_buf_add(&c, NULL, 0);
        CHECK_INT(c.len, n);
    }
    jv_arena_free(a);
}

/* ---- text ------------------------------------------------------------------------------------ */

TEST(tokens)
{
    char s[66];

    memset(s, 'a', 65);
    s[65] = '\0';
    CHECK(!jv_is_token(s));
    s[64] = '\0';
    CHECK(jv_is_token(s));
    CHECK(jv_is_token("aZ09_-"));
    CHECK(!jv_is_token(""));
    CHECK(!jv_is_token("a.b") && !jv_is_token("a*") && !jv_is_token(">") && !jv_is_token("a b"));
    CHECK(!jv_is_token("\xc3\xa4") && !jv_is_token("a\n"));
}

TEST(utf8)
{
    static const struct {
        const char *s;
        bool good;
    } cases[] = {
        { "", true },
        { "plain", true },
        { "\x7f", true },
        { "\xc2\x80", true },
        { "\xdf\xbf", true },
        { "\xe0\xa0\x80", true },
        { "\xed\x9f\xbf", true },
        { "\xef\xbf\xbf", true },
        { "\xf0\x90\x80\x80", true },
        { "\xf4\x8f\xbf\xbf", true },
        { "\x80", false },
        { "\xc0\x80", false },         /* overlong NUL */
        { "\xc1\xbf", false },         /* overlong */
        { "\xe0\x9f\xbf", false },     /* overlong */
        { "\xed\xa0\x80", false },     /* a surrogate */
        { "\xf0\x8f\xbf\xbf", false }, /* overlong */
        { "\xf4\x90\x80\x80", false }, /* past the last */
        { "\xf5\x80\x80\x80", false },
        { "\xff", false },
        { "a\xc3", false }, /* cut */
        { "\xe2\x82", false },
        { "\xe2\x82y", false },
        { "\xf0\x9f\x98", false },
    };

    for (size_t i = 0; i < JV_COUNT(cases); i++)
        CHECK_INT(jv_is_utf8(cases[i].s, strlen(cases[i].s)) ? (int)i : -1,
                  cases[i].good ? (int)i : -1);
    CHECK(!jv_is_utf8("a\0b", 3));
    CHECK(jv_is_utf8("\xe2\x82\xac!", 3));
    CHECK(!jv_is_utf8("\xe2\x82\xac", 2));
}

TEST(spelling)
{
    struct jv_arena *a = jv_arena_new(0);

    CHECK_STR(jv_lower(a, "AbC-\xc3\x84"), "abc-\xc3\x84");
    CHECK_STR(jv_snake(a, "ListMine"), "list_mine");
    CHECK_STR(jv_snake(a, "Get"), "get");
    CHECK_STR(jv_snake(a, "GetAWSCost"), "get_aws_cost");
    CHECK_STR(jv_snake(a, "top3Courses"), "top3_courses");
    CHECK_STR(jv_snake(a, "already_so"), "already_so");
    CHECK_STR(jv_snake(a, ""), "");
    CHECK_STR(jv_snake(a, "ABC"), "abc");
    CHECK_STR(jv_camel(a, "list_mine"), "listMine");
    CHECK_STR(jv_camel(a, "id"), "id");
    CHECK_STR(jv_camel(a, "a_b_c"), "aBC");
    CHECK_STR(jv_camel(a, "x_2"), "x2");
    jv_arena_free(a);
}

TEST(uuids_and_random_bytes)
{
    char a[37], b[37];
    unsigned char zeros[64] = { 0 }, r[64] = { 0 };

    jv_uuid(a);
    jv_uuid(b);
    CHECK(strcmp(a, b) != 0);
    CHECK_INT(strlen(a), 36);
    CHECK(a[14] == '4' && strchr("89ab", a[19]) && a[8] == '-' && a[23] == '-');
    CHECK_INT(strspn(a, "0123456789abcdef-"), 36);
    jv_random(r, sizeof(r));
    CHECK(memcmp(r, zeros, sizeof(r)) != 0);
}

static void decodes(struct jv_arena *a, const char *s, const char *want)
{
    uint8_t *out = NULL;
    int64_t n = jv_base64_decode(a, s, strlen(s), &out);

    if (!want) {
        CHECK_INT(n, -1);
        return;
    }
    CHECK_INT(n, strlen(want));
    if (n == (int64_t)strlen(want))
        CHECK(memcmp(out, want, strlen(want)) == 0);
}

TEST(base64)
{
    static const struct {
        const char *plain, *padded, *url;
    } vectors[] = {
        { "", "", "" },
        { "f", "Zg==", "Zg" },
        { "fo", "Zm8=", "Zm8" },
        { "foo", "Zm9v", "Zm9v" },
        { "foob", "Zm9vYg==", "Zm9vYg" },
        { "fooba", "Zm9vYmE=", "Zm9vYmE" },
        { "foobar", "Zm9vYmFy", "Zm9vYmFy" },
        { "\xfb\xff\xfe", "+//+", "-__-" },
    };
    static const char *const bad[] = { "Z",        "Zg=", "Zg===", "Zh==",   "Zm9",  "Z g=",
                                       "Zg==Zg==", "=",   "====",  "Zm9v\n", "Zm9vY" };
    struct jv_arena *a = jv_arena_new(0);

    for (size_t i = 0; i < JV_COUNT(vectors); i++) {
        size_t n = strlen(vectors[i].plain);

        CHECK_STR(jv_base64(a, vectors[i].plain, n), vectors[i].padded);
        CHECK_STR(jv_base64url(a, vectors[i].plain, n), vectors[i].url);
        decodes(a, vectors[i].padded, vectors[i].plain);
        decodes(a, vectors[i].url, vectors[i].plain);
    }
    for (size_t i = 0; i < JV_COUNT(bad); i++)
        decodes(a, bad[i], NULL);
    jv_arena_free(a);
}

/* ---- time ------------------------------------------------------------------------------------ */

TEST(times_print)
{
    struct jv_arena *a = jv_arena_new(0);

    CHECK_STR(jv_time_print(a, 0, 0), "1970-01-01T00:00:00Z");
    CHECK_STR(jv_time_print(a, 1734598800, 0), "2024-12-19T09:00:00Z");
    CHECK_STR(jv_time_print(a, 951782399, 5000000), "2000-02-28T23:59:59.005Z");
    CHECK_STR(jv_time_print(a, 951782400, 5000), "2000-02-29T00:00:00.000005Z");
    CHECK_STR(jv_time_print(a, -1, 7), "1969-12-31T23:59:59.000000007Z");
    CHECK_STR(jv_time_print(a, -62135596800, 0), "0001-01-01T00:00:00Z");
    CHECK_STR(jv_time_print(a, 253402300799, 999999999), "9999-12-31T23:59:59.999999999Z");
    CHECK_STR(jv_time_print(a, INT64_MAX, 1), "9999-12-31T23:59:59Z");
    CHECK_STR(jv_time_print(a, INT64_MIN, 1), "0001-01-01T00:00:00Z");
    jv_arena_free(a);
}

static void parses(const char *s, int64_t seconds, int32_t nanos)
{
    int64_t have = -1;
    int32_t have_nanos = -1;

    CHECK_INT(jv_time_parse(s, &have, &have_nanos), JV_OK);
    CHECK_INT(have, seconds);
    CHECK_INT(have_nanos, nanos);
}

TEST(times_parse)
{
    static const char *const bad[] = {
        "",
        "2024",
        "2024-12-19",
        "2024-12-19T09:00:00",
        "2024-12-19 09:00:00Z",
        "2024-13-19T09:00:00Z",
        "2024-00-19T09:00:00Z",
        "2023-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2024-04-31T00:00:00Z",
        "2024-12-19T24:00:00Z",
        "2024-12-19T09:60:00Z",
        "2024-12-19T09:00:60Z",
        "2024-12-19T09:00:00.Z",
        "2024-12-19T09:00:00.1234567891Z",
        "2024-12-19T09:00:00+0100",
        "2024-12-19T09:00:00+24:00",
        "2024-12-19T09:00:00Zz",
        "0000-12-31T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "+024-12-19T09:00:00Z",
        "2024-12-19T09:00:00.+Z",
    };
    int64_t s = 7;
    int32_t n = 7;

    parses("1970-01-01T00:00:00Z", 0, 0);
    parses("2024-12-19T10:30:00.25+01:30", 1734598800, 250000000);
    parses("2024-12-19t04:00:00-05:00", 1734598800, 0);
    parses("2000-02-29T00:00:00.000000001z", 951782400, 1);
    parses("0001-01-01T00:00:00Z", -62135596800, 0);
    parses("9999-12-31T23:59:59.999999999Z", 253402300799, 999999999);
    for (size_t i = 0; i < JV_COUNT(bad); i++)
        CHECK_INT(jv_time_parse(bad[i], &s, &n) == JV_INVALID_ARGUMENT ? -1 : (int)i, -1);
    CHECK_INT(s, 7); /* untouched */
    CHECK_INT(n, 7);
}

TEST(times_there_and_back)
{
    struct jv_arena *a = jv_arena_new(0);

    for (int64_t t = -62135596800; t <= 253402300799; t += 86400 * 97 + 12345) {
        int64_t s;
        int32_t n;

        CHECK_OR(!jv_time_parse(jv_time_print(a, t, 0), &s, &n) && s == t, break);
        jv_arena_reset(a);
    }
    jv_arena_free(a);
}

/* ---- log ------------------------------------------------------------------------------------- */

/* What fn writes to stderr. */
static const char *logged(void (*fn)(void))
{
    static char text[65536];
    FILE *f = tmpfile();
    int saved = dup(STDERR_FILENO);
    ssize_t n;

    dup2(fileno(f), STDERR_FILENO);
    fn();
    dup2(saved, STDERR_FILENO);
    close(saved);
    n = pread(fileno(f), text, sizeof(text) - 1, 0);
    fclose(f);
    text[n < 0 ? 0 : n] = '\0';
    return text;
}

static void log_some(void)
{
    jv_log(JV_LOG_INFO, "msg", "method", "Create", "none", NULL, "left", "out", NULL);
    jv_log(JV_LOG_INFO, "msg", "q", "two words \"q\"\n\x01", "e", "", NULL);
    jv_log(JV_LOG_DEBUG, "hidden", NULL);
    jv_logf(JV_LOG_ERROR, "no %s", "disk");
}

TEST(log_lines)
{
    jv_log_init("tickets", JV_LOG_INFO, false);
    CHECK(jv_log_on(JV_LOG_WARN) && !jv_log_on(JV_LOG_DEBUG));
    CHECK_HAS(logged(log_some), "Z info actor=tickets event=msg method=Create left=out\n");
    CHECK_HAS(logged(log_some), " event=msg q=\"two words \\\"q\\\"\\n\\u0001\" e=\"\"\n");
    CHECK_HAS(logged(log_some), "Z error actor=tickets text=\"no disk\"\n");
    CHECK(!strstr(logged(log_some), "hidden"));
    jv_log_init("tickets", JV_LOG_INFO, true);
    CHECK_HAS(logged(log_some), "\"level\":\"info\",\"actor\":\"tickets\",\"event\":\"msg\",");
    CHECK_HAS(logged(log_some), "\"q\":\"two words \\\"q\\\"\\n\\u0001\",\"e\":\"\"}\n");
    jv_log_level(JV_LOG_DEBUG);
    CHECK_HAS(logged(log_some), "hidden");
}

static void warn_often(void)
{
    for (int i = 0; i < 100; i++) {
        jv_logf(JV_LOG_WARN, "again");
        jv_logf(JV_LOG_WARN, "%d", i % 2);
    }
}

TEST(the_same_warning_once_a_second)
{
    const char *text;
    int lines = 0;

    jv_log_init("", JV_LOG_INFO, false);
    text = logged(warn_often);
    for (const char *p = text; *p; p++)
        lines += *p == '\n';
    CHECK(lines >= 3 && lines <= 6); /* a second may pass in between */
    CHECK_HAS(text, "warn text=again\n");
}

static void log_too_much(void)
{
    char *s = malloc(20001);

    memset(s, '\n', 20000);
    s[20000] = '\0';
    jv_log(JV_LOG_INFO, "big", "s", s, "after", "x", NULL);
    memset(s, 'y', 20000);
    jv_log(JV_LOG_INFO, "big", "s", s, "after", "x", NULL);
    jv_logf(JV_LOG_INFO, "%s", s);
    jv_log(JV_LOG_INFO, "odd", "s", "\xff\xfe!", NULL);
    free(s);
}

TEST(long_lines_are_cut)
{
    const char *text;
    int lines = 0;

    jv_log_init("t", JV_LOG_INFO, false);
    text = logged(log_too_much);
    for (const char *p = text; *p; p++)
        lines += *p == '\n';
    CHECK_INT(lines, 4);
    CHECK_HAS(text, "event=odd s=\"?\?!\"\n");
    CHECK(strlen(text) < 4 * 4096);
}

TEST(log_levels)
{
    enum jv_level level = JV_LOG_ERROR;

    CHECK_INT(jv_log_parse("warn", &level), JV_OK);
    CHECK_INT(level, JV_LOG_WARN);
    CHECK_INT(jv_log_parse("loud", &level), JV_INVALID_ARGUMENT);
    CHECK_INT(level, JV_LOG_WARN);
}

TEST(a_forked_child_has_random_of_its_own)
{
    unsigned char ours[16], theirs[16];
    int fds[2];
    pid_t pid;

    jv_random(ours, sizeof(ours)); /* there is a block to inherit */
    CHECK_OR(pipe(fds) == 0, return );
    pid = fork();
    if (pid == 0) {
        jv_random(theirs, sizeof(theirs));
        _exit(write(fds[1], theirs, sizeof(theirs)) != sizeof(theirs));
    }
    jv_random(ours, sizeof(ours));
    CHECK_INT(read(fds[0], theirs, sizeof(theirs)), sizeof(theirs));
    CHECK(memcmp(ours, theirs, sizeof(ours)) != 0);
    CHECK_INT(waitpid(pid, NULL, 0), pid);
    close(fds[0]);
    close(fds[1]);
}

TEST_MAIN()
