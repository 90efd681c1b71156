/* test_words.c -- words, stems, typos and the lexicon of the built-in planner. */
#include "plan/lexicon.h"
#include "plan/words.h"

#include "check.h"

TEST(stems)
{
    static const char *const same[][2] = {
        { "tickets", "ticket" },   { "courses", "course" },     { "expenses", "expense" },
        { "spending", "spend" },   { "completed", "complete" }, { "studies", "study" },
        { "planned", "planning" }, { "approves", "approved" },  { "boxes", "box" },
        { "learning", "learn" },
    };
    static const char *const untouched[] = {
        "status", "access", "aws", "this", "s3", "vpn_access"
    };

    for (size_t i = 0; i < JV_COUNT(same); i++) {
        char a[32], b[32];

        snprintf(a, sizeof(a), "%s", same[i][0]);
        snprintf(b, sizeof(b), "%s", same[i][1]);
        jv_words_stem(a);
        jv_words_stem(b);
        CHECK_STR(a, b);
    }
    for (size_t i = 0; i < JV_COUNT(untouched); i++) {
        char a[32];

        snprintf(a, sizeof(a), "%s", untouched[i]);
        jv_words_stem(a);
        CHECK_STR(a, untouched[i]);
    }
}

TEST(typos)
{
    CHECK(jv_words_typo("ticket", "tiket"));
    CHECK(jv_words_typo("ticket", "tickket"));
    CHECK(jv_words_typo("ticket", "ticked"));
    CHECK(jv_words_typo("ticket", "tikcet"));
    CHECK(!jv_words_typo("ticket", "ticket"));
    CHECK(!jv_words_typo("ticket", "tkt"));
    CHECK(!jv_words_typo("wait", "writ"));
    CHECK(!jv_words_typo("", "ab"));
    CHECK(!jv_words_typo("", "a"));
}

TEST(reading_words)
{
    struct jv_arena *a = jv_arena_new(1 << 20);
    struct jv_words w =
            jv_words_read(a, "What's Vishal's #12, \"big  one\" (AI-key)? I'm users' x");

    CHECK_OR(w.n == 12, printf("# %zu words\n", w.n));
    CHECK_STR(w.at[1].norm, "is");
    CHECK_STR(w.at[2].norm, "vishal");
    CHECK(w.at[2].possessive && w.at[2].capital);
    CHECK(w.at[3].number);
    CHECK(w.at[4].quoted && w.at[5].quoted && !w.at[6].quoted);
    CHECK_INT(w.at[4].before, JV_COMMA);
    CHECK_STR(w.at[7].stem, "key");
    CHECK_INT(w.at[8].before, JV_STOP);
    CHECK_STR(w.at[9].norm, "am");
    CHECK(w.at[10].possessive);
    jv_arena_free(a);
}

TEST(lexicon_roles)
{
    CHECK(jv_lexicon("show") & JV_READ);
    CHECK(jv_lexicon("all") & JV_EVERY);
    CHECK(jv_lexicon("happy") & JV_FEELING);
    CHECK_INT(jv_lexicon("ticket"), 0);
    CHECK_INT(jv_lexicon(""), 0);
    CHECK_INT(jv_lexicon(" "), 0);
    CHECK_INT(jv_lexicon("show list"), 0);
}

TEST(long_texts_are_cut)
{
    struct jv_arena *a = jv_arena_new(4 << 20);
    char text[4096];
    struct jv_words w;

    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i % 2 ? ' ' : 'x';
    text[sizeof(text) - 1] = '\0';
    w = jv_words_read(a, text);
    CHECK_INT(w.n, JV_WORDS_MAX);
    memset(text, 0xc3, sizeof(text) - 1);
    w = jv_words_read(a, text);
    CHECK_INT(w.n, 1);
    CHECK(strlen(w.at[0].norm) <= JV_WORD_SIZE);
    jv_arena_free(a);
}

TEST_MAIN()
