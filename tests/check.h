/* check.h -- assertions that work inside fibers (no longjmp) and print TAP.
 *
 *     TEST(adds) { CHECK(1 + 1 == 2); CHECK_STR(name, "ana"); CHECK_INT(n, 3); }
 *     TEST_MAIN()
 *
 * A failed check is reported and the test goes on; CHECK_OR(cond, stmt) runs stmt when it fails
 * (return, for example). Tests run in the order they stand; arguments pick tests by name. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check_test {
    const char *name;
    void (*fn)(void);
    struct check_test *next;
};

static struct check_test *check_first, **check_last = &check_first;
static int check_failures; /* of the test that runs */

#define TEST(name_)                                                                                \
    static void test_##name_(void);                                                                \
    __attribute__((constructor)) static void register_##name_(void)                                \
    {                                                                                              \
        static struct check_test t = { #name_, test_##name_, NULL };                               \
        *check_last = &t;                                                                          \
        check_last = &t.next;                                                                      \
    }                                                                                              \
    static void test_##name_(void)

#define CHECK_OR(cond, stmt)                                                                       \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            printf("# %s:%d: %s\n", __FILE__, __LINE__, #cond);                                    \
            check_failures++;                                                                      \
            stmt;                                                                                  \
        }                                                                                          \
    } while (0)

#define CHECK(cond) CHECK_OR(cond, (void)0)

#define CHECK_INT(have, want)                                                                      \
    do {                                                                                           \
        long long have_ = (long long)(have), want_ = (long long)(want);                            \
        if (have_ != want_) {                                                                      \
            printf("# %s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #have, have_, want_);    \
            check_failures++;                                                                      \
        }                                                                                          \
    } while (0)

#define CHECK_STR(have, want)                                                                      \
    do {                                                                                           \
        const char *have_ = (have), *want_ = (want);                                               \
        if (!have_ || strcmp(have_, want_) != 0) {                                                 \
            printf("# %s:%d: %s is\n#   %s\n# not\n#   %s\n", __FILE__, __LINE__, #have,           \
                   have_ ? have_ : "(null)", want_);                                               \
            check_failures++;                                                                      \
        }                                                                                          \
    } while (0)

#define CHECK_HAS(have, part)                                                                      \
    do {                                                                                           \
        const char *have_ = (have), *part_ = (part);                                               \
        if (!have_ || !strstr(have_, part_)) {                                                     \
            printf("# %s:%d: %s lacks \"%s\":\n#   %s\n", __FILE__, __LINE__, #have, part_,        \
                   have_ ? have_ : "(null)");                                                      \
            check_failures++;                                                                      \
        }                                                                                          \
    } while (0)

static inline int check_run(int argc, char **argv)
{
    int n = 0, failed = 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (struct check_test *t = check_first; t; t = t->next) {
        bool wanted = argc < 2;

        for (int i = 1; i < argc; i++)
            wanted = wanted || strcmp(argv[i], t->name) == 0;
        if (!wanted)
            continue;
        check_failures = 0;
        t->fn();
        printf("%s %d - %s\n", check_failures ? "not ok" : "ok", ++n, t->name);
        failed += check_failures > 0;
    }
    printf("1..%d\n", n);
    return failed || !n;
}

#define TEST_MAIN()                                                                                \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        return check_run(argc, argv);                                                              \
    }

#endif
