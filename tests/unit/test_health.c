/* test_health.c -- the socket on which an actor says how it is. */
#include "actor/health.h"
#include "check.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct jv_loop *l;
static char dir[] = "/tmp/jarvis-health.XXXXXX", path[60];
static const char *word = "starting";

static const char *say(const void *arg)
{
    return *(const char *const *)arg;
}

static struct jv_health *listen_at(const char *where, struct jv_err *err)
{
    *err = (struct jv_err){ 0 };
    return jv_health_new(l, where, say, &word, err);
}

static int asked(void)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
    if (connect(fd, (struct sockaddr *)&at, sizeof(at))) {
        close(fd);
        return -1;
    }
    return fd;
}

static const char *answer(int fd)
{
    static char text[64];
    ssize_t n;
    size_t len = 0;

    jv_loop_run_until(l, jv_loop_mono_ms(l));
    while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
        len += (size_t)n;
    text[len] = '\0';
    close(fd);
    return text;
}

TEST(a_line_and_the_end)
{
    struct jv_err err;
    struct jv_health *h;
    int gone, a, b;

    CHECK_OR(mkdtemp(dir), exit(1));
    snprintf(path, sizeof(path), "%s/health", dir);
    l = jv_loop_new(JV_CLOCK_REAL);
    h = listen_at(path, &err);
    CHECK_STR(err.text, "");
    CHECK_STR(answer(asked()), "starting\n");
    word = "ready";
    gone = asked();
    close(gone); /* whoever does not wait harms nobody */
    a = asked();
    b = asked();
    CHECK_STR(answer(a), "ready\n");
    CHECK_STR(answer(b), "ready\n");
    jv_health_free(h);
    CHECK_INT(access(path, F_OK), -1);
}

TEST(in_the_place_of_one_that_was_left)
{
    struct jv_err err;
    struct jv_health *dead = listen_at(path, &err), *h = listen_at(path, &err);

    CHECK(dead && h);
    jv_health_free(dead); /* takes away only its own */
    CHECK_STR(answer(asked()), "ready\n");
    jv_health_free(h);
}

static void refused(const char *where, const char *why)
{
    struct jv_err err;

    CHECK(!listen_at(where, &err));
    CHECK_INT(err.code, JV_INVALID_ARGUMENT);
    CHECK_HAS(err.text, "JARVIS_HEALTH: cannot listen at ");
    CHECK_HAS(err.text, why);
}

TEST(where_none_can_be)
{
    char longer[200];
    FILE *f;

    memset(longer, 'x', sizeof(longer) - 1);
    longer[0] = '/';
    longer[sizeof(longer) - 1] = '\0';
    refused(longer, "too long");
    refused("/dev/null/health", "Not a directory");
    refused("/nowhere/at/all", "No such file");
    f = fopen(path, "w");
    fputs("precious", f);
    fclose(f);
    refused(path, "no socket of ours");
    CHECK_INT(access(path, F_OK), 0);
}

TEST(the_end)
{
    unlink(path);
    rmdir(dir);
    l = jv_loop_free(l);
}

TEST_MAIN()
