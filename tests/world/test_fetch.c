/* test_fetch.c -- an answer piece by piece in a handler: order, time limits, cuts, connections that
 * are used again. */
#include "check.h"
#include "jv/actor.h"
#include "jv/fetch.h"
#include "scripted.h"
#include "world/inside.h"

/* ---- what the server says ------------------------------------------------------------------- */

#define PAGE(status, headers, body)                                                                \
    "HTTP/1.1 " status "\r\nContent-Length: 4\r\n" headers "\r\n" body

static const char *const three[] = { HEAD_STREAM, CHUNK("one,"),  HOLD, CHUNK("two,"),
                                     HOLD,        CHUNK("three"), LAST, NULL };
static const char *const page[] = { PAGE("200 OK", "", "page"), NULL };
static const char *const silent[] = { HOLD, CUT, NULL };
static const char *const headed[] = { HEAD_STREAM, HOLD, CUT, NULL };
static const char *const stalled[] = { HEAD_STREAM, CHUNK("one,"), HOLD, CUT, NULL };
static const char *const cut[] = { HEAD_STREAM, CHUNK("one,"), CUT, NULL };
static const char *const malformed[] = { HEAD_STREAM, CHUNK("one,"), "zz\r\nwhat\r\n", HOLD, NULL };
static const char *const no_limit[] = { HEAD_STREAM, CHUNK("0123456789abcdef"), AGAIN, NULL };
static const char *const seconds[] = { PAGE("429 Slow", "retry-after:  7\r\n", "slow"), NULL };
static const char *const future[] = {
    PAGE("503 Busy", "Retry-After: Fri, 31 Dec 2199 23:59:59 GMT\r\n", "busy"), NULL
};
static const char *const past[] = {
    PAGE("503 Busy", "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n", "busy"), NULL
};
static const char *const many[] = { PAGE("429 Slow", "Retry-After: 99999999999999\r\n", "slow"),
                                    NULL };
static const char *const nonsense[] = { PAGE("429 Slow", "Retry-After: -7 soon\r\n", "slow"),
                                        NULL };
static const char *const once[] = { PAGE("200 OK", "", "once"), CUT, NULL };

static const struct script scripts[] = {
    { "/three", three },         { "/page", page },         { "/silent", silent },
    { "/headed", headed },       { "/stalled", stalled },   { "/cut", cut },
    { "/malformed", malformed }, { "/no-limit", no_limit }, { "/seconds", seconds },
    { "/future", future },       { "/past", past },         { "/many", many },
    { "/nonsense", nonsense },   { "/once", once },         { 0 },
};

static struct scripted *server;
static char url[128], allow[64];

/* ---- what comes of it ----------------------------------------------------------------------- */

struct taken {
    struct jv_ctx *ctx;
    const struct jv_fetch *f;
    char text[256];
    size_t n;
    int refuse; /* the code for the next one */
    int go;     /* this many times let the server go on */
    struct jv_child *cancel;
};

static int take(void *arg, const char *data, size_t len)
{
    struct taken *t = arg;
    size_t at = strlen(t->text);

    CHECK_INT(t->f->status, 200);
    snprintf(t->text + at, sizeof(t->text) - at, "%.*s|", (int)len, data);
    t->n++;
    if (t->go-- > 0)
        scripted_go(server);
    if (t->cancel)
        jv_cancel(t->cancel);
    return t->refuse ? jv_fail(t->ctx, t->refuse, "piece %zu is wrong", t->n) : JV_OK;
}

static struct jv_fetch to(const char *path, struct taken *t)
{
    snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", server->port, path);
    return (struct jv_fetch){ .url = url,
                              .allow = allow,
                              .take = t ? take : NULL,
                              .take_arg = t,
                              .max_bytes = 1 << 20,
                              .timeout_ms = 20000 };
}

TEST(starts_a_server)
{
    alarm(120);
    server = scripted_new(scripts);
    snprintf(allow, sizeof(allow), "127.0.0.1:%u", server->port);
}

/* The second is not sent before the first is taken: it does come piece by piece. */
static int comes_in_pieces(struct jv_ctx *ctx)
{
    struct taken t = { .ctx = ctx, .go = 2 };
    struct jv_fetch f = to("/three", &t);

    t.f = &f;
    CHECK_INT(jv_fetch_wait(ctx, &f), JV_OK);
    CHECK_STR(t.text, "one,|two,|three|");
    CHECK_INT(f.len, 13);
    CHECK_STR(f.body, "");
    CHECK(f.started && !f.late);
    CHECK_INT(f.retry_after_ms, -1);
    jv_fetch_done(&f);
    return JV_OK;
}

TEST(an_answer_comes_in_pieces)
{
    inside(comes_in_pieces);
}

static const struct {
    const char *path, *body;
    long status;
    int64_t retry_after_ms;
} pages[] = {
    { "/seconds", "slow", 429, 7000 }, { "/future", "busy", 503, 86400000 },
    { "/past", "busy", 503, 0 },       { "/many", "slow", 429, 86400000 },
    { "/nonsense", "slow", 429, -1 },
};

static int error_pages(struct jv_ctx *ctx)
{
    for (size_t i = 0; i < JV_COUNT(pages); i++) {
        struct taken t = { .ctx = ctx };
        struct jv_fetch f = to(pages[i].path, &t);

        CHECK_INT(jv_fetch_wait(ctx, &f), JV_OK);
        CHECK_INT(t.n, 0);
        CHECK_STR(f.body, pages[i].body);
        CHECK_INT(f.status, pages[i].status);
        CHECK_INT(f.retry_after_ms, pages[i].retry_after_ms);
        jv_fetch_done(&f);
    }
    return JV_OK;
}

TEST(an_error_page_is_whole_and_says_when_to_come_again)
{
    inside(error_pages);
}

/* ---- too late, cut, too much ---------------------------------------------------------------- */

static const struct failing {
    const char *path, *taken, *why;
    int first_ms, idle_ms, code;
    size_t max_bytes;
    bool started, late;
} failing[] = {
    { "/silent", "", "no answer within 50 ms", 50, 0, JV_UNAVAILABLE, 100, false, true },
    { "/headed", "", "no answer within 50 ms", 50, 0, JV_UNAVAILABLE, 100, true, true },
    { "/stalled", "one,|", "nothing more came for 50 ms", 0, 50, JV_UNAVAILABLE, 100, true, true },
    { "/cut", "one,|", "the answer broke off", 5000, 5000, JV_UNAVAILABLE, 100, true, false },
    { "/malformed", "one,|", "the answer broke off", 0, 0, JV_UNAVAILABLE, 100, true, false },
    { "/three", "", "the answer is too big (over 3 bytes)", 0, 0, JV_FAILED_PRECONDITION, 3, true,
      false },
};

static int failures(struct jv_ctx *ctx)
{
    for (size_t i = 0; i < JV_COUNT(failing); i++) {
        const struct failing *c = &failing[i];
        struct taken t = { .ctx = ctx };
        struct jv_fetch f = to(c->path, &t);

        t.f = &f;
        f.first_ms = c->first_ms;
        f.idle_ms = c->idle_ms;
        f.max_bytes = c->max_bytes;
        CHECK_INT(jv_fetch_wait(ctx, &f), c->code);
        CHECK_STR(t.text, c->taken);
        CHECK_HAS(f.err.text, c->why);
        CHECK_STR(jv_error(ctx)->text, f.err.text);
        CHECK_INT(f.started, c->started);
        CHECK_INT(f.late, c->late);
        CHECK_INT(f.status, 0);
        CHECK(!f.body);
        jv_fetch_done(&f);
    }
    return JV_OK;
}

TEST(what_fails_says_how)
{
    inside(failures);
}

static int without_end(struct jv_ctx *ctx)
{
    struct taken t = { .ctx = ctx };
    struct jv_fetch f = to("/no-limit", &t);

    t.f = &f;
    CHECK_INT(jv_fetch_wait(ctx, &f), JV_FAILED_PRECONDITION);
    CHECK(t.n > 0);
    jv_fetch_done(&f);
    return JV_OK;
}

TEST(what_never_ends_is_ended)
{
    inside(without_end);
}

/* ---- given up ------------------------------------------------------------------------------- */

static int refuses(struct jv_ctx *ctx)
{
    struct taken t = { .ctx = ctx, .refuse = JV_DATA_LOSS };
    struct jv_fetch f = to("/three", &t);

    t.f = &f;
    CHECK_INT(jv_fetch_wait(ctx, &f), JV_DATA_LOSS);
    CHECK_INT(t.n, 1);
    CHECK_STR(f.err.text, "piece 1 is wrong");
    CHECK(!f.body);
    jv_fetch_done(&f);
    return JV_OK;
}

TEST(whoever_takes_may_refuse)
{
    inside(refuses);
}

static int cancelled(struct jv_ctx *ctx, void *arg)
{
    struct taken *t = arg;
    struct jv_fetch f = to("/three", t);

    t->ctx = ctx;
    t->f = &f;
    CHECK_INT(jv_fetch_wait(ctx, &f), JV_CANCELLED);
    CHECK(!f.body);
    jv_fetch_done(&f);
    return JV_CANCELLED;
}

static int cancels(struct jv_ctx *ctx)
{
    struct taken t = { 0 };

    t.cancel = jv_spawn(ctx, cancelled, &t);
    CHECK_INT(jv_join(ctx, t.cancel), JV_CANCELLED);
    CHECK_INT(t.n, 1);
    return JV_OK;
}

TEST(cancelled_while_taking)
{
    inside(cancels);
}

/* ---- connections that are used again -------------------------------------------------------- */

static int get(struct jv_ctx *ctx, const char *path, bool reuse, const char *list)
{
    struct jv_fetch f = to(path, NULL);
    int r;

    f.reuse = reuse;
    f.allow = list;
    r = jv_fetch_wait(ctx, &f);
    jv_fetch_done(&f);
    return r;
}

static int reuses(struct jv_ctx *ctx)
{
    size_t before = scripted_connections(server);

    for (int i = 0; i < 5; i++)
        CHECK_INT(get(ctx, "/page", true, allow), JV_OK);
    CHECK_INT(scripted_connections(server), before + 1);
    for (int i = 0; i < 2; i++)
        CHECK_INT(get(ctx, "/page", false, allow), JV_OK);
    CHECK_INT(scripted_connections(server), before + 3);
    /* A kept one is no way around the list. */
    CHECK_INT(get(ctx, "/page", false, NULL), JV_INVALID_ARGUMENT);
    CHECK_INT(scripted_connections(server), before + 3);
    return JV_OK;
}

TEST(connections_of_the_operators_own_are_kept)
{
    inside(reuses);
}

static int closed_meanwhile(struct jv_ctx *ctx)
{
    size_t before = scripted_connections(server);

    CHECK_INT(get(ctx, "/once", true, allow), JV_OK);
    scripted_wait_alone(server);
    CHECK_INT(get(ctx, "/page", true, allow), JV_OK);
    CHECK_INT(scripted_connections(server), before + 2);
    return JV_OK;
}

TEST(a_kept_one_that_was_closed_is_opened_anew)
{
    inside(closed_meanwhile);
}

/* Half a stream was taken: that connection serves nobody again. */
static int cut_short(struct jv_ctx *ctx)
{
    struct taken t = { .ctx = ctx, .refuse = JV_ABORTED };
    struct jv_fetch f = to("/three", &t);
    size_t before = scripted_connections(server);

    t.f = &f;
    f.reuse = true;
    CHECK_INT(jv_fetch_wait(ctx, &f), JV_ABORTED);
    jv_fetch_done(&f);
    CHECK_INT(get(ctx, "/page", true, allow), JV_OK);
    CHECK_INT(scripted_connections(server), before + 2);
    return JV_OK;
}

TEST(one_that_was_given_up_is_not_kept)
{
    inside(cut_short);
}

TEST(stops_the_server)
{
    scripted_free(server);
}

TEST_MAIN()
