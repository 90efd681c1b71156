/* test_say.c -- words for people: money, percentages, dates, escaped text, slugs. */
#include "jv/say.h"

#include "check.h"

static struct jv_arena *arena;

#define SAID(want, say)                                                                            \
    do {                                                                                           \
        struct jv_buf b = jv_buf_new(arena);                                                       \
        say;                                                                                       \
        CHECK_STR(b.data, want);                                                                   \
    } while (0)

TEST(money)
{
    static const struct {
        int64_t cents;
        const char *want;
    } cases[] = {
        { 0, "USD 0.00" },
        { 5, "USD 0.05" },
        { 99999, "USD 999.99" },
        { 100000, "USD 1,000.00" },
        { 1523450, "USD 15,234.50" },
        { 100000000, "USD 1,000,000.00" },
        { 100100200, "USD 1,001,002.00" },
        { -2000, "USD -20.00" },
        { INT64_MAX, "USD 92,233,720,368,547,758.07" },
        { INT64_MIN, "USD -92,233,720,368,547,758.08" },
    };

    for (size_t i = 0; i < JV_COUNT(cases); i++)
        SAID(cases[i].want, jv_say_money(&b, cases[i].cents));
}

TEST(percentages_and_counts)
{
    SAID("41.62 %", jv_say_percent(&b, 41.62));
    SAID("0.00 %", jv_say_percent(&b, 0));
    SAID("100.00 %", jv_say_percent(&b, 100));
    SAID("no tickets", jv_say_count(&b, 0, "ticket", "tickets"));
    SAID("1 ticket", jv_say_count(&b, 1, "ticket", "tickets"));
    SAID("2 tickets", jv_say_count(&b, 2, "ticket", "tickets"));
}

TEST(dates)
{
    SAID("2025-01-10", jv_say_date(&b, 1736467200));
    SAID("2025-01-10", jv_say_date(&b, 1736467200 + 86399));
    SAID("1969-12-31", jv_say_date(&b, -1));
    SAID("0001-01-01", jv_say_date(&b, -62135596800));
    SAID("9999-12-31", jv_say_date(&b, 253402300799));
    SAID("an unknown day", jv_say_date(&b, 253402300800));
    SAID("an unknown day", jv_say_date(&b, INT64_MIN));
}

TEST(days)
{
    SAID("5 days left", jv_say_days(&b, 5));
    SAID("1 day left", jv_say_days(&b, 1));
    SAID("due today", jv_say_days(&b, 0));
    SAID("overdue by 1 day", jv_say_days(&b, -1));
    SAID("overdue by 678 days", jv_say_days(&b, -678));
}

TEST(spans)
{
    enum { day = 24 * 60 * 60 };
    const int64_t monday = 1736726400; /* 2025-01-13 */

    SAID("from 2025-01-13 to 2025-01-19", jv_say_span(&b, monday, monday + 7 * day));
    SAID("from 2025-01-13 to 2025-01-20", jv_say_span(&b, monday, monday + 7 * day + 1));
    SAID("on 2025-01-13", jv_say_span(&b, monday, monday + day));
    SAID("on 2025-01-13", jv_say_span(&b, monday + 3600, monday + 7200));
    SAID("from 2025-01-13 on", jv_say_span(&b, monday, INT64_MAX));
    SAID("up to 2025-01-12", jv_say_span(&b, INT64_MIN, monday));
    SAID("", jv_say_span(&b, INT64_MIN, INT64_MAX));
    SAID("up to an unknown day", jv_say_span(&b, INT64_MIN, INT64_MIN));
}

TEST(text_cannot_become_markup)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        { "", "" },
        { "vpn_access", "vpn_access" },
        { "Statistics 101 (part 2)", "Statistics 101 (part 2)" },
        { "_a_ b_", "\\_a\\_ b\\_" },
        { "a|b", "a\\|b" },
        { "a\nb\r\tc\x7f", "a b  c " },
        { "`x` *y* [z](u) \\", "\\`x\\` \\*y\\* \\[z\\](u) \\\\" },
        { "<script>&amp;", "&lt;script&gt;&amp;amp;" },
        { "# a # b", "\\# a # b" },
        { "- a - b", "\\- a - b" },
        { "=== ~~", "\\=== \\~\\~" },
        { "Müller_Grüße", "Müller_Grüße" },
    };

    for (size_t i = 0; i < JV_COUNT(cases); i++)
        SAID(cases[i].want, jv_say_text(&b, cases[i].text));
}

TEST(lists)
{
    const char *const items[] = { "cloud", "a|b", "ai" };

    SAID("", jv_say_list(&b, 0, items));
    SAID("cloud", jv_say_list(&b, 1, items));
    SAID("cloud and a\\|b", jv_say_list(&b, 2, items));
    SAID("cloud, a\\|b and ai", jv_say_list(&b, 3, items));
}

TEST(who)
{
    SAID("You have", jv_say_who(&b, "Alex", "alex", "You have", "has"));
    SAID("alex has", jv_say_who(&b, "alex", "vishal", "You have", "has"));
    SAID("Your", jv_say_whose(&b, "Alex", "alex", "Your"));
    SAID("al\\*ex's", jv_say_whose(&b, "al*ex", "vishal", "Your"));
    SAID("\\*x\\* has", jv_say_who(&b, "*x*", "", "You have", "has"));
}

TEST(slugs)
{
    static const struct {
        const char *name, *want;
    } cases[] = {
        { "", "" },
        { " \t-_ ", "" },
        { "VPN access", "vpn_access" },
        { "  create--AI   key_", "create_ai_key" },
        { "ai_studio", "ai_studio" },
        { "AI-Studio\n", "ai_studio" },
        { "a;b'c", "a;b'c" },
        { "Über VPN", "Über_vpn" },
    };

    for (size_t i = 0; i < JV_COUNT(cases); i++)
        CHECK_STR(jv_slug(arena, cases[i].name), cases[i].want);
}

int main(int argc, char **argv)
{
    int code;

    arena = jv_arena_new(1 << 20);
    code = check_run(argc, argv);
    jv_arena_free(arena);
    return code;
}
