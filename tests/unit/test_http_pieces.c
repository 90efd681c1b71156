/* test_http_pieces.c -- a slow taker holds the sender up, nothing is lost, and the end is seen. */
#include <sched.h>

#include "check.h"
#include "io/http.h"
#include "scripted.h"

#define TEXT64  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define TEXT256 TEXT64 TEXT64 TEXT64 TEXT64

static const char *const mega4[] = { HEAD_CLOSE, TEXT256, TIMES(16383), CUT, NULL };
static const char *const just_over[] = { HEAD_STREAM, CHUNK(TEXT256), TIMES(1024), LAST, NULL };
static const char *const chunks[] = { HEAD_STREAM, CHUNK(TEXT256), TIMES(4095), LAST, HOLD, NULL };
static const char *const broken[] = { HEAD_STREAM, CHUNK(TEXT256), TIMES(4095), CUT, NULL };
static const struct script scripts[] = { { "/mega4", mega4 },
                                         { "/just-over", just_over },
                                         { "/chunks", chunks },
                                         { "/broken", broken },
                                         { 0 } };

static struct scripted *server;

struct slow {
    struct jv_loop *loop;
    struct jv_fetches *fs;
    struct jv_fetch f;
    struct jv_pieces pieces;
    size_t sum, most;
    bool wrong, hold;
};

/* Nothing is taken before the other side had to stop; 0 means that it never had to. */
static size_t wait_until_full(struct slow *s)
{
    size_t n = 0;

    for (bool paused = false; !paused; sched_yield()) {
        pthread_mutex_lock(&s->pieces.lock);
        paused = s->pieces.paused;
        n = s->pieces.len;
        pthread_mutex_unlock(&s->pieces.lock);
    }
    return n;
}

static void take_all(struct slow *s)
{
    bool resume = false;
    size_t n;
    char *data = jv_pieces_take(&s->pieces, &n, &resume);

    for (size_t i = 0; i < n; i++)
        s->wrong = s->wrong || data[i] != "0123456789abcdef"[(s->sum + i) % 16];
    s->sum += n;
    if (n > s->most)
        s->most = n;
    free(data);
    if (resume)
        jv_fetches_resume(s->fs, &s->f);
}

static void more(void *arg)
{
    struct slow *s = arg;

    if (s->hold) {
        size_t n = wait_until_full(s);

        CHECK(n <= JV_PIECES_MAX && n > JV_PIECES_MAX / 2);
        s->hold = false;
    }
    take_all(s);
}

static void over(void *arg)
{
    struct slow *s = arg;

    take_all(s);
    jv_loop_stop(s->loop);
}

static int unused(void *arg, const char *data, size_t len)
{
    (void)arg, (void)data, (void)len;
    return JV_OK;
}

static void run(struct slow *s, const char *path)
{
    char url[128], allow[64];

    snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", server->port, path);
    snprintf(allow, sizeof(allow), "127.0.0.1:%u", server->port);
    *s = (struct slow){ .hold = true };
    s->f = (struct jv_fetch){ .url = url,
                              .allow = allow,
                              .take = unused,
                              .max_bytes = 16 << 20,
                              .timeout_ms = 60000,
                              .idle_ms = 20000 };
    jv_pieces_init(&s->pieces, more);
    s->loop = jv_loop_new(JV_CLOCK_VIRTUAL);
    s->fs = jv_fetches_new(s->loop);
    CHECK(jv_fetches_add(s->fs, &s->f, &s->pieces, over, s));
    jv_loop_run(s->loop);
    jv_fetches_free(s->fs);
    jv_loop_free(s->loop);
    jv_pieces_done(&s->pieces);
}

TEST(starts_a_server)
{
    alarm(120);
    server = scripted_new(scripts);
}

static const struct {
    const char *path;
    size_t sum;
    int code;
} cases[] = {
    { "/mega4", 4 << 20, JV_OK },
    { "/just-over", 1025 * 256, JV_OK },    /* stops at the very last piece */
    { "/chunks", 1 << 20, JV_OK },          /* the other side says no more, nor does it close */
    { "/broken", 1 << 20, JV_UNAVAILABLE }, /* what came before the cut is there */
};

TEST(a_slow_taker_holds_the_sender_up)
{
    static struct slow s;

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        run(&s, cases[i].path);
        CHECK_INT(s.f.err.code, cases[i].code);
        CHECK_INT(s.sum, cases[i].sum);
        CHECK(!s.wrong);
        CHECK(s.most <= JV_PIECES_MAX);
        jv_fetch_done(&s.f);
    }
}

/* A transfer that is held up is not idle; one that is cancelled meanwhile ends. */
static void cancel(void *arg)
{
    struct slow *s = arg;

    wait_until_full(s);
    jv_fetches_cancel(s->fs, &s->f);
}

TEST(one_that_is_held_up_can_be_cancelled)
{
    static struct slow s;
    char url[128], allow[64];

    snprintf(url, sizeof(url), "http://127.0.0.1:%u/mega4", server->port);
    snprintf(allow, sizeof(allow), "127.0.0.1:%u", server->port);
    s = (struct slow){ .loop = jv_loop_new(JV_CLOCK_VIRTUAL) };
    s.f = (struct jv_fetch){
        .url = url, .allow = allow, .take = unused, .max_bytes = 16 << 20, .timeout_ms = 60000
    };
    jv_pieces_init(&s.pieces, cancel);
    s.fs = jv_fetches_new(s.loop);
    CHECK(jv_fetches_add(s.fs, &s.f, &s.pieces, over, &s));
    jv_loop_run(s.loop);
    CHECK_INT(s.f.err.code, JV_CANCELLED);
    CHECK_INT(s.f.status, 0);
    jv_fetches_free(s.fs);
    jv_loop_free(s.loop);
    jv_pieces_done(&s.pieces);
}

TEST(stops_the_server)
{
    scripted_free(server);
}

TEST_MAIN()
