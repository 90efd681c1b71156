/* test_sse.c -- events out of bytes, however they are cut. */
#include "actors/llm/wire.h"
#include "check.h"

static char seen[4096];
static size_t stop_at; /* refuse that one; 0: none */
static size_t n_seen;

static int take(void *arg, const char *event, const char *data, size_t len)
{
    size_t at = strlen(seen);

    CHECK(arg == seen);
    CHECK_INT(strlen(data), len);
    snprintf(seen + at, sizeof(seen) - at, "<%s|%s>", event, data);
    return ++n_seen == stop_at ? JV_ABORTED : JV_OK;
}

/* In pieces of so many bytes. */
static int feed(const char *text, size_t n, size_t piece)
{
    struct jv_arena *a = jv_arena_new(8 << 20);
    struct sse s;
    int r = JV_OK;

    seen[0] = '\0';
    n_seen = 0;
    sse_init(&s, a);
    for (size_t i = 0; i < n && !r; i += piece)
        r = sse_feed(&s, text + i, n - i < piece ? n - i : piece, take, seen);
    jv_arena_free(a);
    return r;
}

static const struct {
    const char *in, *events;
} cases[] = {
    { "data: a\n\n", "<|a>" },
    { "data:a\n\ndata:b\n\n", "<|a><|b>" },
    { "data:  a\n\n", "<| a>" }, /* one space is not of the value */
    { "event: ping\ndata: {}\n\n", "<ping|{}>" },
    { "data: a\r\n\r\ndata: b\r\r", "<|a><|b>" },
    { "data: a\ndata\ndata:\ndata: b\n\n", "<|a\n\n\nb>" },
    { ": a comment\n\n:\n\ndata: a\n: another\n\n", "<|a>" },
    { "event: lost\n\ndata: a\n\n", "<|a>" }, /* one without data is none */
    { "id: 1\nretry: 10\nwhat: else\ndata: a\n\n", "<|a>" },
    { "data\n\n", "<|>" },
    { "\xef\xbb\xbf"
      "data: a\n\n",
      "<|a>" },
    { "\xef\xbb"
      "data: a\n\ndata: b\n\n",
      "<|b>" }, /* half a mark is of the line */
    { "\xef\xbb\xbf\xef\xbb\xbf"
      "data: a\n\ndata: b\n\n",
      "<|b>" },
    { "data: a: b:c\n\n", "<|a: b:c>" },
    { "\n\n\n\ndata: a\n\n\n\n", "<|a>" },
    { "data: unfinished", "" },
    { "data: unfinished\n", "" },
    { "{\"error\":\"no event\"}\n\n", "" },
    { "event: a-name-that-is-longer-than-any-of-theirs\ndata: a\n\n",
      "<a-name-that-is-longer-than-any-|a>" },
    { "", "" },
};

TEST(however_it_is_cut)
{
    for (size_t i = 0; i < JV_COUNT(cases); i++)
        for (size_t piece = 1; piece <= 17; piece++) {
            CHECK_INT(feed(cases[i].in, strlen(cases[i].in), piece), JV_OK);
            CHECK_STR(seen, cases[i].events);
        }
}

TEST(the_taker_may_stop)
{
    const char *in = "data: a\n\ndata: b\n\ndata: c\n\n";

    stop_at = 2;
    CHECK_INT(feed(in, strlen(in), 5), JV_ABORTED);
    CHECK_STR(seen, "<|a><|b>");
    stop_at = 0;
}

/* Neither a line nor an event grows for ever. */
TEST(has_limits)
{
    static char text[2 * max_event];

    memset(text, 'x', sizeof(text));
    memcpy(text, "data: ", 6);
    CHECK_INT(feed(text, sizeof(text), 1000), JV_RESOURCE_EXHAUSTED);
    CHECK_INT(feed(text, sizeof(text), sizeof(text)), JV_RESOURCE_EXHAUSTED);
    CHECK_INT(feed(text, max_event, 1000), JV_OK);
    for (size_t i = 1024; i < sizeof(text); i += 1024)
        memcpy(text + i, "\ndata: ", 7);
    CHECK_INT(feed(text, sizeof(text), 1000), JV_RESOURCE_EXHAUSTED);
    CHECK_STR(seen, "");
    for (size_t i = 1024; i < sizeof(text); i += 1024)
        memcpy(text + i, "\n\ndata:", 7);
    CHECK_INT(feed(text, sizeof(text), 1000), JV_OK);
    CHECK_INT(n_seen, sizeof(text) / 1024 - 1);
}

TEST_MAIN()
