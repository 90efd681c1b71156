/* people.c -- whose: names are told by where they stand, never by a list of users.
 *
 * A word that a card, the lexicon or English knows is no name ("gcp's", "today's"), whoever is
 * called so, unless it stands where nothing but a name can ("of happy", "will's"). */
#include <string.h>

#include "plan/reading.h"

enum { longest_name = 40 };

static bool is_end(const struct jv_reading *r, size_t i)
{
    return i >= r->n || r->tokens[i].word->before != JV_NO_BREAK || r->tokens[i].word->told;
}

static bool has_role(const struct jv_reading *r, size_t i, jv_roles roles)
{
    return i < r->n && r->tokens[i].word->roles & roles;
}

/* user_001: an id as sign-in gives them. */
static bool is_user_id(const struct jv_word *w)
{
    return strncmp(w->norm, "user_", 5) == 0 && w->norm[5];
}

/* "belonging to", "assigned to" */
static bool is_attached(const struct jv_word *w)
{
    size_t n = strlen(w->norm);

    return w->past || (n > 5 && strcmp(w->norm + n - 3, "ing") == 0) ||
           strcmp(w->norm, "belong") == 0 || strcmp(w->norm, "belongs") == 0;
}

/* Letters are in it, at least as many as digits; no sign, no verb in -ing. */
static bool is_name_like(const char *s)
{
    size_t n = strlen(s), digits = 0;
    bool sounds = false; /* "hmm" is nobody */

    for (const char *p = s; *p; p++) {
        digits += *p >= '0' && *p <= '9';
        sounds = sounds || strchr("aeiouy_", *p) || (unsigned char)*p >= 0x80;
    }
    return (sounds || digits) && n > 1 && n <= longest_name &&
           !(n > 4 && strcmp(s + n - 3, "ing") == 0) && 2 * digits <= n && s[0] != '-' &&
           !(s[0] >= '0' && s[0] <= '9');
}

/* "MATLAB" among small letters, "GitHub": written as things are. */
static bool is_brand(const struct jv_reading *r, const struct jv_word *w)
{
    const char *s = r->words.text + w->from;
    size_t n = w->to - w->from, large = 0, inner = 0;
    bool small = false;

    for (size_t i = 0; i < n; i++) {
        bool upper = s[i] >= 'A' && s[i] <= 'Z';

        large += upper;
        inner += i && upper && s[i - 1] >= 'a' && s[i - 1] <= 'z';
    }
    for (const char *p = r->words.text; *p && !small; p++)
        small = *p >= 'a' && *p <= 'z';
    return inner || (small && n > 2 && large == n);
}

/* In the dictionary, or said of what is: "non-compliance". */
static bool is_ordinary(const struct jv_word *w)
{
    return jv_ordinary(w->norm) || jv_ordinary(w->stem) || jv_ordinary(w->base);
}

/* "reset_password": words that a program ties together; x_1 is none. */
static bool is_tied(struct jv_arena *a, const char *norm)
{
    const char *tie = strchr(norm, '_');

    return tie && jv_ordinary(jv_arena_strndup(a, norm, (size_t)(tie - norm)));
}

/* "john.smith", "mary-jane", "o.neil@example.com": nothing but a sign parts the word at i from the
 * next one, and both may be parts of a name. */
static bool is_tied_on(const struct jv_reading *r, size_t i)
{
    const char *text = r->words.text;

    if (i + 1 >= r->n || r->words.at[i].to + 1 != r->words.at[i + 1].from ||
        r->words.at[i].number || r->words.at[i + 1].number)
        return false;
    for (size_t k = i; k < i + 2; k++)
        if (text[r->words.at[i].to] != '@' &&
            ((r->words.at[k].roles && strlen(r->words.at[k].norm) > 1) ||
             (r->tokens[k].term != JV_NONE && r->catalog->terms[r->tokens[k].term].strong)))
            return false;
    return strchr("-.@", text[r->words.at[i].to]);
}

/* The last word of the name that begins at i. */
static size_t last_part(const struct jv_reading *r, size_t i)
{
    const char *text = r->words.text;
    bool address = false;

    while (is_tied_on(r, i) || (address && i + 1 < r->n && text[r->words.at[i].to] == '.' &&
                                r->words.at[i].to + 1 == r->words.at[i + 1].from)) {
        address = address || text[r->words.at[i].to] == '@';
        i++;
    }
    return i;
}

/* "for alex to get ...", "tickets of alex", but not "for laptop repair". */
static bool stands_alone(const struct jv_reading *r, size_t i)
{
    i = last_part(r, i);
    return is_end(r, i + 1) || has_role(r, i + 1, JV_FUNCTION);
}

/* "for alex, vishal and sarah": one more name in the row. */
static bool lists_on(const struct jv_reading *r, size_t i)
{
    size_t before = i && has_role(r, i - 1, JV_JOIN | JV_OR) ? i - 1 : i;

    return before && (before < i || r->tokens[i].word->before == JV_COMMA) &&
           r->tokens[before - 1].name == JV_NAME_OWNER && !r->tokens[before - 1].word->possessive &&
           stands_alone(r, i);
}

/* What somebody's things may be called between the name and the noun: "alex open tickets". */
static bool qualifies(const struct jv_reading *r, size_t i)
{
    const struct jv_token *t = &r->tokens[i];

    return t->in_value || has_role(r, i, JV_LATE) || (has_role(r, i, JV_GENERAL) && !t->name);
}

/* The noun that follows, behind at most two words that qualify it; SIZE_MAX: none does. */
static size_t noun_after(const struct jv_reading *r, size_t i)
{
    i = last_part(r, i);
    for (size_t k = i + 1; k < r->n && k < i + 4 && r->tokens[k].word->before == JV_NO_BREAK; k++) {
        if (jv_token_personal(r, k))
            return k;
        if (!qualifies(r, k))
            break;
    }
    return SIZE_MAX;
}

/* "sarahs tickets": the apostrophe is missing. */
static const char *without_s(const struct jv_word *w, struct jv_arena *a)
{
    size_t n = strlen(w->norm);

    if (n < 4 || w->norm[n - 1] != 's' || strchr("seiuo", w->norm[n - 2]))
        return w->norm;
    return jv_arena_strndup(a, w->norm, n - 1);
}

/* "requests Sarah raised", "vishal needs", "what alex still has" */
static bool acts(const struct jv_reading *r, size_t i)
{
    const struct jv_word *next = i + 1 < r->n ? r->tokens[i + 1].word : NULL;

    if (is_end(r, i + 1))
        return false;
    return next->past || next->roles & (JV_AUX | JV_BE | JV_WISH | JV_LATE) ||
           (has_role(r, i + 1, JV_JOIN) && has_role(r, i + 2, JV_SELF));
}

/* The word is a member's name of those tools: "with operation foo". */
static bool labels(const struct jv_reading *r, size_t i)
{
    const struct jv_catalog *c = r->catalog;
    const struct jv_term *t = r->tokens[i].term == JV_NONE ? NULL : &c->terms[r->tokens[i].term];

    for (size_t k = 0; t && k < t->n_postings; k++) {
        const struct jv_cat_tool *tool = &c->tools[c->families[t->postings[k].family].any];

        for (size_t n = 0; n < tool->n_slots; n++)
            if (strcmp(tool->slots[n].name, r->tokens[i].word->norm) == 0)
                return true;
    }
    return false;
}

/* "really", "very" */
static bool is_adverb(const char *norm)
{
    size_t n = strlen(norm);

    return (n > 3 && strcmp(norm + n - 2, "ly") == 0) || strcmp(norm, "very") == 0 ||
           strcmp(norm, "quite") == 0;
}

/* "the exam", "my open tickets", "some really decent class": it is said already which, or whose. */
static bool is_determined(const struct jv_reading *r, size_t i)
{
    enum { adjectives = 3 };
    static const jv_roles whose = JV_MY | JV_WE | JV_ARTICLE | JV_ONE | JV_THEIRS;

    for (size_t k = i; k > 0 && i - k < adjectives; k--) {
        const struct jv_word *w = r->tokens[k - 1].word;

        if (r->tokens[k].word->before || (w->plural && jv_token_personal(r, k - 1)))
            return false; /* "the tickets alex raised" */
        if (w->roles & whose)
            return !(w->roles & JV_READ);
        if (w->possessive || !jv_ordinary(w->norm) ||
            (w->roles & JV_FUNCTION && !is_adverb(w->norm)) ||
            w->roles & (JV_READ | JV_OWNER | JV_AUX | JV_BE | JV_JOIN))
            return false;
    }
    return false;
}

/* "Will's", "for Will to get": words of the lexicon that people are called, too. */
static bool is_called(const struct jv_reading *r, size_t i, bool apart)
{
    const struct jv_word *w = r->tokens[i].word;

    if (!(w->roles & (JV_AUX | JV_NOUGHT)) || w->roles & (JV_BE | JV_ASKING) ||
        r->tokens[i].in_date)
        return false;
    if (w->roles & JV_NOUGHT && !is_end(r, i + 1) && r->tokens[i + 1].word->past)
        return false; /* "nobody's touched it" */
    return w->possessive ||
           (!apart && has_role(r, i - 1, JV_OWNER | JV_PERSON) && stands_alone(r, i));
}

/* "working on" */
static bool is_doing(const struct jv_reading *r, size_t i)
{
    size_t n = is_end(r, i) ? 0 : strlen(r->tokens[i].word->norm);

    return n > 5 && strcmp(r->tokens[i].word->norm + n - 3, "ing") == 0 && !r->tokens[i].in_value;
}

/* "for Grant to get access": whatever the word means elsewhere. */
static bool receives(const struct jv_reading *r, size_t i)
{
    const struct jv_word *w = r->tokens[i].word;

    return i && jv_word_is(r, i - 1, "for") && jv_word_is(r, i + 1, "to") &&
           (jv_word_is(r, i + 2, "get") || jv_word_is(r, i + 2, "have") ||
            jv_word_is(r, i + 2, "receive")) &&
           !w->roles && !w->plural && !w->number && !r->tokens[i].in_value && !jv_english(w->norm);
}

/* "migration", "urgency": what nobody is called. */
static bool is_abstract(const char *norm)
{
    static const char *const endings[] = { "tion", "sion", "ment", "ness", "ity", "cy",
                                           "ance", "ence", "ing",  "ism",  "age", "ware" };
    size_t n = strlen(norm);

    for (size_t i = 0; i < JV_COUNT(endings); i++) {
        size_t len = strlen(endings[i]);

        if (n > len + 1 && strcmp(norm + n - len, endings[i]) == 0)
            return true;
    }
    return false;
}

/* What it is about was said before. */
static bool has_value(const struct jv_reading *r, size_t before)
{
    for (size_t i = before; i > 0 && r->tokens[i].word->before != JV_STOP; i--)
        if (r->tokens[i - 1].in_value)
            return true;
    return false;
}

/* "tickets of jack", "raised by jack", but not "courses of interest", "sorted by urgency". */
static bool is_owner(const struct jv_reading *r, size_t i)
{
    const struct jv_word *w = r->tokens[i].word;

    if (i < 2 || w->before || w->past || !stands_alone(r, i) || jv_english(w->norm) ||
        is_abstract(w->norm))
        return false;
    if (jv_word_is(r, i - 1, "for") && jv_token_personal(r, i - 2)) /* "a vpn ticket for rose" */
        return has_value(r, i);
    return (jv_word_is(r, i - 1, "of") && jv_token_personal(r, i - 2)) ||
           (jv_word_is(r, i - 1, "by") && r->tokens[i - 2].word->past);
}

/* An ordinary word is a name only where nothing else fits: "Rose's tickets", "does hope have". */
static enum jv_name_place place_of_ordinary(const struct jv_reading *r, size_t i, bool apart)
{
    const struct jv_word *w = r->tokens[i].word;

    if (is_determined(r, i) || w->plural)
        return JV_NO_NAME;
    if (is_owner(r, i))
        return JV_NAME_OWNER;
    if (w->possessive && (noun_after(r, i) != SIZE_MAX || (w->capital && !apart)))
        return JV_NAME_OWNER;
    if (!apart && w->capital && !is_brand(r, w) && !r->tokens[i - 1].word->capital &&
        (noun_after(r, i) != SIZE_MAX || (has_role(r, i - 1, JV_OWNER) && stands_alone(r, i))))
        return JV_NAME_OWNER;
    if (jv_word_is(r, i + 1, "has") && noun_after(r, i + 1) != SIZE_MAX)
        return JV_NAME_SUBJECT; /* "bob has tickets" */
    if (!apart && ((has_role(r, i - 1, JV_AUX) && jv_word_is(r, i + 1, "have")) ||
                   (has_role(r, i - 1, JV_AUX | JV_BE) && is_doing(r, i + 1))))
        return JV_NAME_SUBJECT;
    return JV_NO_NAME;
}

static bool gives(const struct jv_word *w)
{
    return strcmp(w->norm, "get") == 0 || strcmp(w->norm, "give") == 0 ||
           strcmp(w->norm, "order") == 0 || strcmp(w->norm, "buy") == 0;
}

/* The tool of somebody's is named for many of the noun, and takes no words for what they are about.
 */
static bool has_many(const struct jv_catalog *c, uint32_t family, const char *noun)
{
    const struct jv_cat_tool *t;
    const char *at;

    if (c->families[family].tools[JV_SOMEBODYS] == JV_NONE)
        return false;
    t = &c->tools[c->families[family].tools[JV_SOMEBODYS]];
    for (size_t i = 0; i < t->n_slots; i++)
        if (t->slots[i].kind == JV_SLOT_TEXT)
            return false;
    at = strstr(t->name, noun);
    return at && at[strlen(noun)] == 's';
}

/* "kubernetes exam": one of many is called by what it is about; "alexs exam" by whose it is. */
static bool is_topic(const struct jv_reading *r, size_t i)
{
    const struct jv_token *noun = &r->tokens[i + 1];
    const char *norm = r->tokens[i].word->norm;
    size_t n = strlen(norm);

    if (noun_after(r, i) != i + 1 || noun->word->plural ||
        (n > 3 && norm[n - 1] == 's' && !strchr("seiuo", norm[n - 2])))
        return false;
    for (size_t k = 0; k < r->catalog->terms[noun->term].n_postings; k++)
        if (has_many(r->catalog, r->catalog->terms[noun->term].postings[k].family,
                     noun->word->norm))
            return true;
    return false;
}

/* What stands around it says that it can be nobody but somebody. */
static enum jv_name_place place_by_neighbours(const struct jv_reading *r, size_t i, bool apart)
{
    const struct jv_token *t = &r->tokens[i];
    bool brand = is_brand(r, t->word), story = acts(r, i);

    if (i > 1 && jv_word_is(r, i - 1, "to") && is_attached(r->tokens[i - 2].word))
        return JV_NAME_OWNER;
    if (t->word->possessive || lists_on(r, i))
        return JV_NAME_OWNER;
    if (!apart && has_role(r, i + 1, JV_ONE) && gives(r->tokens[i - 1].word))
        return JV_NAME_OWNER; /* "get alex a laptop" */
    if (!apart && has_role(r, i - 1, JV_PERSON) && !(story && jv_word_is(r, i + 2, "me")))
        return story ? JV_NAME_SUBJECT : JV_NAME_OWNER;
    if (!apart && !(brand && jv_word_is(r, i - 1, "for")) && has_role(r, i - 1, JV_OWNER) &&
        stands_alone(r, i))
        return JV_NAME_OWNER;
    if (!apart && jv_word_is(r, i - 1, "about") && is_end(r, i + 1) &&
        !(i > 1 && jv_token_personal(r, i - 2)))
        return JV_NAME_OWNER; /* "what about alex" */
    if (noun_after(r, i) != SIZE_MAX && !brand && !is_determined(r, i) && !is_topic(r, i))
        return JV_NAME_OWNER; /* "alex progress", "show sarahs open tickets" */
    return JV_NO_NAME;
}

static enum jv_name_place place_of(const struct jv_reading *r, size_t i, struct jv_arena *a)
{
    const struct jv_token *t = &r->tokens[i];
    bool apart = t->word->before != JV_NO_BREAK || i == 0;
    bool feels = t->word->roles & JV_FEELING; /* "I am happy" is nobody's name */
    enum jv_name_place place;

    if (is_user_id(t->word))
        return JV_NAME_OWNER;
    if (is_called(r, i, apart) || receives(r, i))
        return JV_NAME_OWNER;
    if (!jv_token_unknown(r, i) || t->word->quoted || !is_name_like(t->word->norm) ||
        is_tied(a, t->word->norm))
        return JV_NO_NAME;
    if (!feels && is_ordinary(t->word))
        return place_of_ordinary(r, i, apart);
    if (i && labels(r, i - 1))
        return JV_NO_NAME;
    place = place_by_neighbours(r, i, apart);
    if (place != JV_NO_NAME)
        return place;
    if (t->word->told && is_end(r, i + 1) &&
        ((i > 0 && jv_token_personal(r, i - 1)) || (i > 1 && jv_token_personal(r, i - 2))))
        return JV_NAME_OWNER; /* "tickets: vishal" */
    if (!apart && has_role(r, i - 1, feels ? JV_AUX : JV_AUX | JV_BE) && !t->word->past &&
        !is_end(r, i + 1) && !is_brand(r, t->word))
        return JV_NAME_SUBJECT;
    if (acts(r, i) && jv_word_is(r, i + 2, "me"))
        return JV_NAME_MAYBE; /* who "asked me" is not whose */
    if (acts(r, i) && !(feels && !t->word->capital) &&
        !(is_determined(r, i) && !t->word->capital && !jv_word_is(r, i - 1, "that")))
        return JV_NAME_SUBJECT;
    if (!apart && jv_token_personal(r, i - 1) && is_end(r, i + 1) && !is_determined(r, i - 1))
        return JV_NAME_OWNER; /* "tickets vishal" */
    if ((t->word->past && !t->word->capital) || is_brand(r, t->word) ||
        (is_determined(r, i) && !has_role(r, i - 1, JV_ARTICLE))) /* "the last timesheet" */
        return JV_NO_NAME;
    return feels && !(t->word->capital && !apart) ? JV_NO_NAME : JV_NAME_MAYBE;
}

/* "sarah, alex and jack's tickets": who is named beside a name. */
static void list_back(struct jv_reading *r)
{
    bool listed = false; /* the name at i */

    for (size_t i = r->n; i-- > 1;) {
        size_t k = i > 1 && has_role(r, i - 1, JV_JOIN | JV_OR) ? i - 2 : i - 1;
        bool joined = k + 2 == i ? r->tokens[i - 1].word->before == JV_NO_BREAK
                                 : r->tokens[i].word->before == JV_COMMA;

        if (!joined || r->tokens[i].name != JV_NAME_OWNER || r->tokens[k].name != JV_NAME_MAYBE ||
            !(listed || r->tokens[i].word->possessive || noun_after(r, i) != SIZE_MAX)) {
            listed = false;
            continue;
        }
        r->tokens[k].name = JV_NAME_OWNER;
        listed = true;
        i = k + 1; /* who stands there next */
    }
}

/* One name of several words: all of them have it; an address counts up to its @. */
static void join_parts(struct jv_reading *r, struct jv_arena *a)
{
    for (size_t i = 0; i < r->n; i++) {
        size_t last = last_part(r, i), from = r->words.at[i].from, to;
        enum jv_name_place place = JV_NO_NAME;
        const char *text = r->words.text, *sign;

        for (size_t k = i; k <= last && last > i; k++)
            place = r->tokens[k].name > place ? r->tokens[k].name : place;
        if (place <= JV_NAME_MAYBE)
            continue;
        to = r->words.at[last].to;
        sign = memchr(text + from, '@', to - from);
        for (size_t k = i; k <= last; k++) {
            r->tokens[k].name = place;
            r->tokens[k].person =
                    k > i ? r->tokens[i].person
                          : jv_lower(a, jv_arena_strndup(a, text + from,
                                                         sign ? (size_t)(sign - text) - from
                                                              : to - from));
        }
        i = last;
    }
}

/* "what about alexs", "now alexs": of what was spoken of before. */
static bool is_elliptic(const struct jv_reading *r, size_t i)
{
    enum { least = 5 };
    const struct jv_word *w = r->tokens[i].word;
    size_t n = strlen(w->norm);

    return r->tokens[i].name && i && is_end(r, i + 1) && n >= least && w->norm[n - 2] != 'a' &&
           (jv_word_is(r, i - 1, "about") || jv_word_is(r, i - 1, "now") ||
            has_role(r, i - 1, JV_JOIN));
}

void jv_people_mark(struct jv_reading *r, struct jv_arena *a)
{
    for (size_t i = 0; i < r->n; i++) {
        struct jv_token *t = &r->tokens[i];

        t->name = place_of(r, i, a);
        t->person = t->word->norm;
        if ((t->name == JV_NAME_OWNER && !t->word->possessive && noun_after(r, i) != SIZE_MAX) ||
            is_elliptic(r, i))
            t->person = without_s(t->word, a);
    }
    list_back(r);
    join_parts(r, a);
}
