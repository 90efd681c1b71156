/* test_settings.c -- settings from the environment, and what every process reads. */
#include <fcntl.h>
#include <unistd.h>

#include "base/settings.h"
#include "check.h"
#include "jv/host.h"

struct state {
    const char *name, *key;
    int64_t n, wait_ms;
    bool on;
};

#define AT(member) .offset = offsetof(struct state, member)

static const struct jv_setting table[] = {
    { "T_NAME", "nobody", "a text", JV_SET_TEXT, AT(name) },
    { "T_KEY", "", "a secret", JV_SET_SECRET, AT(key) },
    { "T_N", "5", "a number", JV_SET_INT, AT(n), 1, 64 },
    { "T_WAIT", "10s", "a time", JV_SET_MSEC, AT(wait_ms), 0, 3600000 },
    { "T_ON", "false", "a switch", JV_SET_BOOL, AT(on) },
    { 0 },
};

static void clear(void)
{
    for (const struct jv_setting *s = table; s->env; s++)
        unsetenv(s->env);
}

static int load(struct state *s, struct jv_err *err)
{
    *s = (struct state){ 0 };
    *err = (struct jv_err){ 0 };
    return jv_settings_load(table, s, err);
}

TEST(fallbacks)
{
    struct state s;
    struct jv_err err;

    clear();
    setenv("T_NAME", "", 1); /* empty is as not set */
    CHECK_INT(load(&s, &err), JV_OK);
    CHECK_STR(s.name, "nobody");
    CHECK_STR(s.key, "");
    CHECK_INT(s.n, 5);
    CHECK_INT(s.wait_ms, 10000);
    CHECK(!s.on);
    CHECK_INT(jv_settings_load(NULL, NULL, NULL), JV_OK);
}

TEST(values)
{
    struct state s;
    struct jv_err err;

    setenv("T_NAME", "somebody", 1);
    setenv("T_KEY", "hush", 1);
    setenv("T_N", "64", 1);
    setenv("T_WAIT", "2m", 1);
    setenv("T_ON", "yes", 1);
    CHECK_INT(load(&s, &err), JV_OK);
    clear(); /* the strings are kept */
    CHECK_STR(s.name, "somebody");
    CHECK_STR(s.key, "hush");
    CHECK_INT(s.n, 64);
    CHECK_INT(s.wait_ms, 120000);
    CHECK(s.on);
}

TEST(errors_name_the_variable)
{
    static const struct {
        const char *env, *value, *text;
    } cases[] = {
        { "T_N", "0", "T_N: must be between 1 and 64" },
        { "T_N", "65", "T_N: must be between 1 and 64" },
        { "T_N", "six", "T_N: must be a number" },
        { "T_N", "6x", "T_N: must be a number" },
        { "T_N", " 6", "T_N: must be a number" },
        { "T_N", "99999999999999999999", "T_N: must be a number" },
        { "T_WAIT", "10x", "T_WAIT: must be a time such as 500ms, 10s or 5m" },
        { "T_WAIT", "-1s", "T_WAIT: must be a time such as 500ms, 10s or 5m" },
        { "T_WAIT", "2h", "T_WAIT: must be between 0 and 3600000 ms" },
        { "T_ON", "maybe", "T_ON: must be true or false" },
        { "T_NAME", "\xff", "T_NAME: is not UTF-8" },
        { "T_KEY", "@/nonexistent/key", "T_KEY: cannot open /nonexistent/key: No such file" },
        { "T_KEY", "@/dev/null", "T_KEY: /dev/null is empty" },
    };
    struct state s;
    struct jv_err err;

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        clear();
        setenv(cases[i].env, cases[i].value, 1);
        CHECK_INT(load(&s, &err), JV_INVALID_ARGUMENT);
        CHECK_HAS(err.text, cases[i].text);
    }
    clear();
}

TEST(a_required_one)
{
    static const struct jv_setting required[] = {
        { "T_MUST", NULL, "x", JV_SET_TEXT, 0 },
        { 0 },
    };
    const char *value = NULL;
    struct jv_err err;

    unsetenv("T_MUST");
    CHECK_INT(jv_settings_load(required, &value, &err), JV_INVALID_ARGUMENT);
    CHECK_STR(err.text, "T_MUST: is not set");
}

TEST(a_secret_from_a_file)
{
    char path[] = "/tmp/jarvis-secret.XXXXXX", env[64];
    int fd = mkstemp(path);
    struct state s;
    struct jv_err err;

    CHECK(write(fd, "hush hush\r\n", 11) == 11);
    snprintf(env, sizeof(env), "@%s", path);
    setenv("T_KEY", env, 1);
    CHECK_INT(load(&s, &err), JV_OK);
    CHECK_STR(s.key, "hush hush");
    CHECK(!ftruncate(fd, 65537));
    CHECK_INT(load(&s, &err), JV_INVALID_ARGUMENT);
    CHECK_HAS(err.text, "is longer than 65536 bytes");
    close(fd);
    unlink(path);
    clear();
}

TEST(times_with_units)
{
    static const struct {
        const char *s;
        int64_t ms;
    } good[] = {
        { "0", 0 },       { "250", 250 },      { "500ms", 500 },    { "10s", 10000 },
        { "5m", 300000 }, { "24h", 86400000 }, { "7d", 604800000 },
    };
    static const char *const bad[] = {
        "", "s", "-1", "1 s", "1S", "1.5s", "10ss", "9223372036854775807s", "99999999999999999999"
    };
    int64_t ms = -1;

    for (size_t i = 0; i < JV_COUNT(good); i++) {
        CHECK_INT(jv_parse_msec(good[i].s, &ms), JV_OK);
        CHECK_INT(ms, good[i].ms);
    }
    ms = -1;
    for (size_t i = 0; i < JV_COUNT(bad); i++)
        CHECK_INT(jv_parse_msec(bad[i], &ms) == JV_INVALID_ARGUMENT ? -1 : (int)i, -1);
    CHECK_INT(ms, -1);
}

TEST(what_every_process_reads)
{
    static const char *const names[] = { "NATS_URL",      "NATS_CREDS", "DATABASE_URL",
                                         "JARVIS_PREFIX", "JARVIS_LOG", "JARVIS_LOG_JSON",
                                         "JARVIS_CLOCK",  "NATS_CA",    "JARVIS_HEALTH" };
    static const struct {
        const char *env, *value, *text;
    } bad[] = {
        { "JARVIS_PREFIX", "a.b", "JARVIS_PREFIX: must be letters" },
        { "JARVIS_LOG", "loud", "JARVIS_LOG: must be error, warn, info or debug" },
        { "JARVIS_CLOCK", "tomorrow", "JARVIS_CLOCK: must be an RFC 3339 time" },
        { "JARVIS_LOG_JSON", "2", "JARVIS_LOG_JSON: must be true or false" },
        { "NATS_CA", "/nowhere/ca.crt", "NATS_CA: cannot read /nowhere/ca.crt: No such file" },
        { "NATS_CA", "/dev/null", "NATS_CA: /dev/null holds no certificate" },
        { "NATS_CA", "/", "NATS_CA: cannot read /: Is a directory" },
    };
    struct jv_common c;
    struct jv_err err;

    for (size_t i = 0; i < JV_COUNT(names); i++)
        unsetenv(names[i]);
    CHECK_INT(jv_common_load(&c, &err), JV_OK);
    CHECK_STR(c.nats_url, "nats://127.0.0.1:4222");
    CHECK_STR(c.prefix, "jarvis");
    CHECK_STR(c.database_url, "");
    for (size_t i = 0; i < JV_COUNT(bad); i++) {
        setenv(bad[i].env, bad[i].value, 1);
        CHECK_INT(jv_common_load(&c, &err), JV_INVALID_ARGUMENT);
        CHECK_HAS(err.text, bad[i].text);
        unsetenv(bad[i].env);
    }
}

TEST(saying_ready)
{
    int p[2];
    char fd[16], text[16] = "";

    CHECK(!pipe(p));
    snprintf(fd, sizeof(fd), "%d", p[1]);
    setenv("JARVIS_READY_FD", fd, 1);
    jv_say_ready();
    CHECK_INT(read(p[0], text, sizeof(text)), 6);
    CHECK_STR(text, "ready\n");
    CHECK_INT(read(p[0], text, sizeof(text)), 0); /* closed */
    CHECK(fcntl(p[1], F_GETFD) < 0);
    jv_say_ready(); /* again, and with nonsense: nothing */
    setenv("JARVIS_READY_FD", "1x", 1);
    jv_say_ready();
    CHECK(fcntl(1, F_GETFD) >= 0);
    close(p[0]);
}

TEST_MAIN()
