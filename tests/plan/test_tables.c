/* test_tables.c -- what is looked up in a table is what the rows and lists say, and the right agent
 * is found among many. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/strangers.h"
#include "plan/tables/table.h"
#include "plan/town.h"
#include "plan/words.h"

#include "check.h"

enum { STRANGERS = 97, SLIPS_MAX = 4 * JV_WORD_SIZE };

/* ---- every way to mistype a word, but one per place and kind --------------------------------- */

static size_t slips_of(const char *word, char ret[SLIPS_MAX][JV_WORD_SIZE + 2])
{
    size_t len = strlen(word), n = 0;

    for (size_t i = 0; i < len && len < JV_WORD_SIZE; i++) {
        int at = (int)i;
        char other = word[i] == 'q' ? 'z' : 'q';

        snprintf(ret[n++], JV_WORD_SIZE + 2, "%.*s%s", at, word, word + i + 1);
        snprintf(ret[n++], JV_WORD_SIZE + 2, "%.*s%c%s", at, word, other, word + i);
        snprintf(ret[n++], JV_WORD_SIZE + 2, "%.*s%c%s", at, word, other, word + i + 1);
        if (i + 1 < len)
            snprintf(ret[n++], JV_WORD_SIZE + 2, "%.*s%c%c%s", at, word, word[i + 1], word[i],
                     word + i + 2);
    }
    return n;
}

/* ---- words of the language ------------------------------------------------------------------- */

static bool in_list(const char *list, const char *word)
{
    char spaced[2 * JV_WORD_SIZE];

    snprintf(spaced, sizeof(spaced), " %s ", word);
    return strstr(list, spaced) != NULL;
}

static jv_roles roles_in_rows(const char *word)
{
    jv_roles roles = 0;

    for (size_t i = 0; i < jv_n_lexicon_rows; i++)
        if (in_list(jv_lexicon_rows[i].words, word))
            roles |= jv_lexicon_rows[i].roles;
    return roles;
}

static bool in_english(const char *word)
{
    return word[0] >= 'a' && word[0] <= 'z' && in_list(jv_english_words[word[0] - 'a'], word);
}

static void check_word(const char *word)
{
    char slips[SLIPS_MAX][JV_WORD_SIZE + 2];
    size_t n = slips_of(word, slips);

    CHECK_INT(jv_lexicon(word), roles_in_rows(word));
    CHECK_INT(jv_english(word), in_english(word));
    for (size_t i = 0; i < n; i += 3) {
        CHECK_INT(jv_lexicon(slips[i]), roles_in_rows(slips[i]));
        CHECK_INT(jv_english(slips[i]), in_english(slips[i]));
    }
}

/* Returns how many there are. */
static size_t check_list(const char *list)
{
    size_t n = 0;
    char word[JV_WORD_SIZE];
    int len;

    for (const char *p = list; sscanf(p, "%63s%n", word, &len) == 1; p += len, n++)
        if (n % 5 == 0 || strlen(word) < 3)
            check_word(word);
    return n;
}

TEST(words_of_the_table_are_those_of_the_rows)
{
    size_t n = 0;

    for (size_t i = 0; i < jv_n_lexicon_rows; i++)
        n += check_list(jv_lexicon_rows[i].words);
    for (size_t i = 0; i < JV_COUNT(jv_english_words); i++)
        n += check_list(jv_english_words[i]);
    CHECK(n > 3000);
    CHECK_INT(jv_lexicon(""), 0);
    CHECK(!jv_english(""));
}

/* The first of the rows that a slip is one of. */
TEST(slips_find_the_first_word_of_the_rows)
{
    static const struct {
        const char *slip, *word;
    } cases[] = { { "pleasse", "please" },
                  { "evrybody", "everybody" },
                  { "shwo", "show" },
                  { "everone", "everyone" },
                  { "whcih", "which" } };
    char meant[JV_LEXICON_WORD];

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        CHECK(jv_lexicon_slip(cases[i].slip, meant));
        CHECK_STR(meant, cases[i].word);
    }
    CHECK(!jv_lexicon_slip("ticket", meant));
    CHECK(!jv_lexicon_slip("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", meant));
    CHECK(!jv_lexicon_slip("", meant));
}

/* ---- words of cards -------------------------------------------------------------------------- */

static struct jv_catalog *crowd(struct jv_arena *a)
{
    struct town_card ours[TOWN_CARDS];
    struct jv_catalog *c = jv_catalog_new();

    town_cards(a, ours);
    town_add(c, ours);
    for (size_t i = 0; i < STRANGERS; i++) {
        const char *token;
        const A2a__AgentCard *card = stranger_card(a, i, &token);

        jv_catalog_add(c, token, 5, card);
    }
    jv_catalog_index(c);
    return c;
}

/* A letter stands for another one. */
static bool is_other(const char *a, const char *b)
{
    size_t n = 0;

    for (size_t i = 0; strlen(a) == strlen(b) && a[i]; i++)
        n += a[i] != b[i];
    return n == 1;
}

/* How a word is a slip of a term: 0 not at all, 1 another letter, 2 in another way. */
static int slip_kind(const struct jv_term *t, const char *word, const char *stem)
{
    int kind = 0;

    if (jv_words_typo(stem, t->stem))
        kind = is_other(stem, t->stem) ? 1 : 2;
    if (t->word && jv_words_typo(word, t->word) && kind < 2)
        kind = is_other(word, t->word) ? 1 : 2;
    return kind;
}

/* As the header of near.c promises, word by word. */
static uint32_t nearest(const struct jv_catalog *c, const char *word, const char *stem)
{
    uint32_t best = JV_NONE;
    size_t len = strlen(stem);
    int best_kind = 0;

    for (uint32_t i = 0; i < c->n_terms && strlen(word) > 3; i++) {
        const struct jv_term *t = &c->terms[i];
        int kind = slip_kind(t, word, stem);

        if (kind < best_kind ||
            (kind == best_kind && best != JV_NONE && c->terms[best].n_postings >= t->n_postings))
            continue;
        if (kind && t->strong && t->len + 4 >= len && t->len <= len + 3 && t->len > 2) {
            best = i;
            best_kind = kind;
        }
    }
    return best;
}

TEST(a_slip_finds_the_word_of_a_card)
{
    struct jv_arena *a = jv_arena_new(0);
    struct jv_catalog *c = crowd(a);
    size_t found = 0;

    for (uint32_t i = 0; i < c->n_terms; i++) {
        char slips[SLIPS_MAX][JV_WORD_SIZE + 2];
        size_t n = c->terms[i].strong ? slips_of(c->terms[i].word, slips) : 0;

        for (size_t k = i % 3; k < n; k += 3) {
            char stem[JV_WORD_SIZE + 2];
            uint32_t want, have;

            memcpy(stem, slips[k], sizeof(stem));
            jv_words_stem(stem);
            want = nearest(c, slips[k], stem);
            have = jv_catalog_near(c, slips[k], stem);
            found += have != JV_NONE;
            if (have != want)
                printf("# %s\n", slips[k]);
            CHECK_INT(have, want);
        }
    }
    CHECK(found > 1000);
    jv_catalog_free(c);
    jv_arena_free(a);
}

/* ---- among many ------------------------------------------------------------------------------ */

TEST(the_right_agent_is_found_among_many)
{
    static const struct {
        const char *text, *agent, *tool;
    } cases[] = {
        { "my pending tickets", "tickets", "get_my_tickets" },
        { "show my open tickets", "tickets", "get_my_tickets" },
        { "show ticket 12301", "tickets", "get_ticket" },
        { "create a ticket for vpn access", "tickets", "create_my_ticket" },
        { "show aws cost", "finops", "get_cloud_cost" },
        { "what is our total cloud cost", "finops", "get_all_clouds_cost" },
        { "show my courses", "oxygen", "get_my_courses" },
        { "which exams are due next week", "oxygen", "get_my_exams" },
    };
    struct jv_arena *a = jv_arena_new(0);
    struct jv_catalog *c = crowd(a);

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        struct jv_plan_input in = { .text = cases[i].text,
                                    .username = "vishal",
                                    .now_ms = INT64_C(1736467200000) };
        struct jv_plan plan;

        CHECK_INT(jv_planner_builtin.plan(NULL, c, &in, a, &plan), 0);
        CHECK_INT(plan.kind, JV_PLAN_CALLS);
        CHECK_INT(plan.n, 1);
        if (plan.n != 1)
            printf("# %s\n", cases[i].text);
        CHECK_STR(plan.n ? plan.calls[0].agent : NULL, cases[i].agent);
        CHECK_STR(plan.n ? plan.calls[0].tool : NULL, cases[i].tool);
    }
    jv_catalog_free(c);
    jv_arena_free(a);
}

TEST_MAIN()
