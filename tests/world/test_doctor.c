/* test_doctor.c -- the parts of doctor that need no server: names that are nearly right, and
 * passwords. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "host/configured.h"
#include "host/doctor.h"
#include "jv/fetch.h"

TEST(slips_of_a_finger)
{
    static const struct {
        const char *a, *b;
        size_t slips;
    } cases[] = {
        { "", "", 0 },
        { "", "ab", 2 },
        { "LISTEN", "LISTEN", 0 },
        { "LISTN", "LISTEN", 1 },
        { "LISSTEN", "LISTEN", 1 },
        { "LISTAN", "LISTEN", 1 },
        { "LITSEN", "LISTEN", 1 },
        { "LITSNE", "LISTEN", 2 },
        { "CLOCK", "LISTEN", 6 },
        { "AB", "BA", 1 },
        { "kitten", "sitting", 3 },
    };
    char most[80];

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        CHECK_INT(jv_slips(cases[i].a, cases[i].b, 9), cases[i].slips);
        CHECK_INT(jv_slips(cases[i].b, cases[i].a, 9), cases[i].slips);
    }
    CHECK_INT(jv_slips("CLOCK", "LISTEN", 4), 4);
    memset(most, 'A', sizeof(most));
    most[sizeof(most) - 1] = '\0';
    CHECK_INT(jv_slips(most, "A", 4), 4); /* no name is that long */
}

TEST(passwords)
{
    static const struct {
        const char *password;
        unsigned least, most;
    } cases[] = {
        { "", 0, 0 },
        { "password", 0, 0 },
        { "Password123!", 0, 0 },
        { "adminADMIN1", 0, 0 },
        { "changeme", 0, 0 },
        { "123456789", 0, 0 },
        { "aaaaaaaaaaaaaaaaaaaaaaaa", 1, 39 },
        { "abcdefghijklmnopqrstuvwx", 1, 39 },
        { "9876543219", 1, 39 },
        { "kT9xQ2v", 1, 50 },
        { "kT9xQ2vLw7Zp4RbN", 64, 200 },
        { "8f14e45fceea167a5a36dedd4bea2543", 64, 200 },
        { "administer-a-blue-horse-by-noon", 64, 300 }, /* begins as one does, and goes on */
    };

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        unsigned bits = jv_password_bits(cases[i].password);

        CHECK_OR(bits >= cases[i].least && bits <= cases[i].most,
                 printf("# %s: %u bits\n", cases[i].password, bits));
    }
}

TEST(lists_of_exceptions)
{
    static const char *const good[] = { "", "a:1", "cards.example:8443, 10.0.0.5:*", "[::1]:80",
                                        "a:65535,b:*" };
    static const char *const bad[] = { "a",
                                       "a:",
                                       ":80",
                                       "a:0",
                                       "a:65536",
                                       "http://a:80",
                                       "a:b",
                                       "::1:80",
                                       "a:80,b",
                                       "u@a:80",
                                       "a:99999999999999999999" };
    struct jv_err err;

    for (size_t i = 0; i < JV_COUNT(good); i++)
        CHECK_INT(jv_check_allow("X", good[i], &err), JV_OK);
    for (size_t i = 0; i < JV_COUNT(bad); i++) {
        err = (struct jv_err){ 0 };
        CHECK_OR(jv_check_allow("X", bad[i], &err) == JV_INVALID_ARGUMENT,
                 printf("# %s\n", bad[i]));
        CHECK_HAS(err.text, "X: ");
    }
}

TEST(addresses_of_the_bus)
{
    static const char *const good[] = {
        "nats://127.0.0.1:4222", "tls://nats:4222",  "nats", "a:1,b:2",
        "nats://u:p@h:4222",     "nats://[::1]:4222"
    };
    static const char *const bad[] = { "nats://", "http://a:1",     "a:0",  "a:65536",
                                       "a:b",     "a,,b",           "a:1,", "nats://[::1]",
                                       "a b:1",   "nats://::1:4222" };
    struct jv_common c;
    struct jv_err err;

    for (size_t i = 0; i < JV_COUNT(good); i++) {
        setenv("NATS_URL", good[i], 1);
        CHECK_OR(!jv_common_load(&c, &err), printf("# %s: %s\n", good[i], err.text));
    }
    for (size_t i = 0; i < JV_COUNT(bad); i++) {
        setenv("NATS_URL", bad[i], 1);
        CHECK_OR(jv_common_load(&c, &err) == JV_INVALID_ARGUMENT, printf("# %s\n", bad[i]));
    }
    unsetenv("NATS_URL");
}

TEST_MAIN()
