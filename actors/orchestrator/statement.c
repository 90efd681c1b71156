/* statement.c -- what people tell about themselves, by patterns over their words.
 *
 * A statement has a head that speaks of its speaker, and a rest without anything that people ask
 * with. What comes close to a wish is left alone: to remember too little is a nuisance, to take a
 * wish for a statement leaves somebody without an answer. */
#include "statement.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "words_of.h"

enum { max_rest = 16, max_id = 999, max_kept = 200 };

/* Beside what is said. */
static const char *const heads[] = {
    "hi/hello/hey/please/pls/ok/okay/so/well/also/btw/fyi/jarvis/listen/oh/and/actually",
    "by the way",
    "just so you know",
    "just to let you know",
    "for the record",
    "for your information",
    "for future reference",
    "one thing",
    "from now on",
    "going forward",
    "in future",
    "in general",
};
static const char *const tails[] = {
    "please/pls/thanks/cheers/ta/jarvis/btw/fyi/always/generally/usually/then/ok/okay",
    "thank you",
    "from now on",
    "going forward",
    "in future",
    "in the future",
    "in general",
    "by the way",
    "next time",
    "by default",
    "only please",
    "for your information",
};

/* What people ask with: where one of these is, there may be a wish. */
static const char asking[] =
        "show list give tell display see view get fetch pull check find look need want wants wanna "
        "open create raise file close cancel delete remove approve reject update add book enrol "
        "enroll send what which how who whose when where why can could would should will shall is "
        "are do does did but because since until today tomorrow yesterday tonight now please pls "
        "help my me mine you your yours it this these those them his her their ticket tickets "
        "asked asking wondering wonder know break compare versus vs much many status latest "
        "pending overdue deadline deadlines week month id number";
/* The same for what is expressly to be remembered. */
static const char hard_asking[] = "show list give display what which who whose why status";
static const char secrets[] =
        "password passwords passphrase passcode pin pins secret secrets token "
        "tokens key keys iban credentials credential pwd";
static const char roles[] =
        "engineer developer dev analyst manager scientist designer architect consultant lead "
        "director student intern admin administrator trainer accountant tester writer specialist "
        "officer executive contractor freelancer beginner expert owner programmer person fan "
        "newcomer novice researcher sre cto cfo ceo cio vegetarian vegan recruiter planner";
static const char own[] = "i my we our mine";

enum rest_kind {
    REST_NONE = 0,
    REST_PLAIN, /* nothing that asks, no ids */
    REST_NAME,  /* of one to three words */
    REST_ROLE,  /* PLAIN, with a role in it */
    REST_LIKED, /* PLAIN, at most three words */
};

static const struct rule {
    const char *pattern;
    enum rest_kind rest;
    const char *topic;
    enum statement_style style;
    bool preference, sure;
} rules[] = {
#define SHORT(p)                                                                                   \
    {                                                                                              \
        p, REST_NONE, "length", STYLE_SHORT, true, true                                            \
    }
#define FULL(p)                                                                                    \
    {                                                                                              \
        p, REST_NONE, "length", STYLE_FULL, true, true                                             \
    }
#define LIKE  "i [really/always/generally/usually/much] [would/do/will] [always/rather/much] "
#define LIKED LIKE "prefer/like/love/want/appreciate/favour [to] [have/get/see/hear/read] "
    SHORT(LIKED "[your/my/the/more/very/only] [more/very] <short> <answers>"),
    SHORT(LIKED "[your/my/the] <answers> [to] [be/kept] [more/very] <short>"),
    SHORT(LIKED "[my/your/the] <answers> without tables"),
    SHORT("[i] [would/want/like/need/prefer] [like/prefer] [you] [to] keep/make [all] "
          "[of] [your/my/the] <answers>/it/them/things [more/very] <short>"),
    SHORT("[always] answer/reply/respond/be [to] [me] [more/very] "
          "<short>/briefly/concisely/shortly/succinctly/tersely [with] [me]"),
    SHORT("[always] answer/reply/respond [to] [me] in short"),
    SHORT("[always] answer/reply/respond [to] [me] in/with one/a/few/two [few/single/couple] [of] "
          "sentence/sentences/words/line/lines"),
    SHORT("[give/send] [me] [only] [more/very] <short> <answers> [only]"),
    SHORT("[no/without] [more] [big/long/huge] tables"),
    SHORT("no <long> <answers>"),
    SHORT("i [do/would] not like/want/need/read [your/the] [so/such] [<long>/big/huge] tables"),
    SHORT("i [do/would] not like/want/need/read [your/the] [so/such] <long> <answers>"),
    SHORT("i hate/dislike [your/the] [<long>/big/huge] tables"),
    SHORT("i hate/dislike [your/the] <long> <answers>"),
    SHORT("i am a fan of <short> <answers>"),
    SHORT("short answers are better [for] [me]"),
    FULL(LIKED "[your/my/the/more/very/only] [more/very] <long> <answers> [again]"),
    FULL(LIKED "[your/my/the] <answers> [to] [be] [more/very] <long> [again]"),
    FULL("[i] [would/want/like/need/prefer] [like/prefer] [you] [to] keep/make [all] [of] "
         "[your/my/the] <answers>/it/them/things [more/very] <long> [again]"),
    FULL("[always] answer/reply/respond [to] [me] in [more/full] detail/full"),
    FULL("[give/send] [me] [more/very] <long> <answers> [again]"),
    FULL("no <short> <answers>"),
    FULL("i [do/would] not like/want/need [your/the] [so/such] <short> <answers>"),
    FULL("i hate/dislike [your/the] <short> <answers>"),
    FULL("[your/the/my] <answers> can/may/should be [more/very] <long> [again]"),
    FULL("i [do/would] like/want/prefer [the/to] [see] tables [again]"),
#undef SHORT
#undef FULL

#define CALL(p)                                                                                    \
    {                                                                                              \
        p, REST_NAME, "name", STYLE_UNSAID, true, true                                             \
    }
    CALL("[you] [can/may/should/could] call me *"),
    CALL("my [first/nick/full] name is *"),
    CALL("my nickname is *"),
    CALL("i go by *"),
    CALL("[i] [would] prefer/like/want [to] [be/being] called *"),
    CALL("[i] [would] prefer/like [it] [if] you call/called me *"),
#undef CALL
    { "my pronouns are *", REST_NAME, "pronouns", STYLE_UNSAID, true, true },
    { "i use they/she/he/them/her/him/they/them/she/her/he/him [pronouns]", REST_NONE, "pronouns",
      STYLE_UNSAID, true, true },

#define FACT(p, topic)                                                                             \
    {                                                                                              \
        p, REST_PLAIN, topic, STYLE_UNSAID, false, true                                            \
    }
#define MAYBE(p, topic)                                                                            \
    {                                                                                              \
        p, REST_PLAIN, topic, STYLE_UNSAID, false, false                                           \
    }
    FACT("i [mostly/mainly/usually/only/currently/also/always/just] work "
         "[mostly/mainly/usually/only/primarily] on/in/for/with/at/as/from *",
         ""),
    FACT("i am [mostly/mainly/currently] working [mostly/mainly] for/at/as/from *", ""),
    MAYBE("i am [mostly/mainly] working [mostly/mainly] on/in/with *", ""),
    FACT("i am on/in the * team/group/squad/department/unit/division/organisation/chapter", ""),
    FACT("i am part/member of *", ""),
    FACT("i am a member of *", ""),
    FACT("i am responsible for *", ""),
    FACT("i am in charge of *", ""),
    FACT("i am based/located in/at *", "place"),
    FACT("i live in *", "place"),
    FACT("i am from *", ""),
    FACT("i report to *", "manager"),
    FACT("i look after *", ""),
    FACT("i take care of *", ""),
    FACT("i [mainly/mostly] focus on *", ""),
    FACT("i specialise/specialize in *", ""),
    FACT("i lead/run/head/manage/joined/support the *", ""),
    FACT("i belong to *", ""),
    FACT("i speak *", ""),
    FACT("i am [not] interested in *", ""),
    FACT("i am [currently] learning/studying *", ""),
    FACT("i do not care about *", ""),
    FACT("i/we do not use *", ""),
    FACT("i/we never/rarely/only/mostly/mainly/always [ever] use/deal [with] *", ""),
    MAYBE("i/we use *", ""),
    { "i am [still] a/an/the *", REST_ROLE, "", STYLE_UNSAID, false, true },
    { "i [really] like/love/enjoy *", REST_LIKED, "", STYLE_UNSAID, true, false },
    { "i [really] hate/dislike *", REST_LIKED, "", STYLE_UNSAID, true, false },
    { "i [always/generally/usually/really/much] [would] prefer * over/to/than *", REST_PLAIN, "",
      STYLE_UNSAID, true, true },
    { "i [always/generally/usually/really/much] [would] prefer *", REST_PLAIN, "", STYLE_UNSAID,
      true, false },
    FACT("my team/squad/group is *", "team"),
    FACT("my department/unit/division is *", "department"),
    FACT("my role/job/profession [title] is *", "role"),
    FACT("my title is *", "role"),
    FACT("my manager/boss/supervisor is *", "manager"),
    FACT("my office/location/site is *", "place"),
    FACT("my timezone is *", "time_zone"),
    FACT("my time zone is *", "time_zone"),
    FACT("my main/current/biggest project/focus/topic/interest/area/task/responsibility is *", ""),
    FACT("my project/focus/field/specialty/speciality/language/city/country/company/hobby/mentor "
         "is "
         "*",
         ""),
    { "my favourite/favorite/preferred * is/are *", REST_PLAIN, "", STYLE_UNSAID, true, true },
    { "our team/department/company/project is *", REST_PLAIN, "", STYLE_UNSAID, false, true },
#undef FACT
#undef MAYBE
};

/* Before what is expressly to be remembered. */
static const char *const openings[] = {
    "remember/note/memorise/memorize [this] [that] *",
    "keep in mind [that] *",
    "bear in mind [that] *",
    "do not forget [that] *",
    "make a note [that] *",
    "take note [that] *",
    "you should know/remember [that] *",
    "i want/need you to remember/know [that] *",
    "i would like you to remember/know [that] *",
    "can/could/would/will you [please] remember/note [that] *",
};

#define ALL_OF_IT                                                                                  \
    "everything/all/anything/whatever [that] [you] [have/ever] "                                   \
    "[know/remember/remembered/stored/saved/kept/learned] [of/about/on] me"
static const struct {
    enum statement_act act;
    const char *pattern;
} commands[] = {
    { STATEMENT_LIST, "what do you [already/still/actually] know/remember [about/of] me/myself" },
    { STATEMENT_LIST, "what have you remembered/stored/saved/kept/learned [about/of] [me]" },
    { STATEMENT_LIST, "what did/have i tell/told you [about] me/myself" },
    { STATEMENT_LIST, "what do you have on/about me" },
    { STATEMENT_LIST, "[show/list/tell] [me] [all] what you know/remember [about/of] me" },
    { STATEMENT_LIST, "[show/list] [me] everything [that] you know/remember about me" },
    { STATEMENT_LIST, "show/list [me] [all] [of] [your/my/the] memories [of/about] [me]" },
    { STATEMENT_LIST, "do you remember/know anything about me" },
    { STATEMENT_LIST, "what do you remember" },
    { STATEMENT_FORGET_ALL, "forget me" },
    { STATEMENT_FORGET_ALL, "forget everything" },
    { STATEMENT_FORGET_ALL, "forget/erase/delete/clear/wipe/remove " ALL_OF_IT },
    { STATEMENT_FORGET_ALL, "forget everything [that] i [have] [ever] told/said [to] [you]" },
    { STATEMENT_FORGET_ALL,
      "erase/delete/clear/wipe/reset [all] [of] [your/my/the] memory/memories [of/about] [me]" },
    { STATEMENT_FORGET_NUMBER, "forget [memory/item/point/fact/no] [number/no] *" },
    { STATEMENT_FORGET_NUMBER, "delete/erase/remove memory [number/no] *" },
    { STATEMENT_FORGET, "[you] [can/may/should] forget [about] [that] *" },
    { STATEMENT_FORGET, "delete/erase/remove that *" },
    { STATEMENT_FORGET, "do not remember [that] *" },
    { STATEMENT_FORGET, "stop remembering [that] *" },
};

/* ---- what stands around ---------------------------------------------------------------------- */

/* How many words at `from` are those of the list's text, "a/b c". */
static size_t stands_at(const struct said *s, size_t from, const char *words)
{
    struct said part = *s;
    struct rest rest;

    for (size_t n = 1; n <= 4 && from + n <= s->n; n++) {
        part.first = from;
        part.n = from + n;
        if (said_fits(&part, words, &rest))
            return n;
    }
    return 0;
}

static bool skip_head(struct said *s)
{
    for (size_t i = 0; i < JV_COUNT(heads); i++) {
        size_t n = stands_at(s, s->first, heads[i]);

        if (n && s->first + n < s->n) {
            s->first += n;
            return true;
        }
    }
    return false;
}

static bool skip_tail(struct said *s)
{
    for (size_t i = 0; i < JV_COUNT(tails); i++)
        for (size_t n = 1; n <= 3 && s->first + n < s->n; n++)
            if (stands_at(s, s->n - n, tails[i]) == n) {
                s->n -= n;
                return true;
            }
    return false;
}

/* One sentence of somebody, with what is only politeness off; false: it is none. */
static bool one_sentence(struct said *s)
{
    if (s->too_long || !s->n)
        return false;
    while (skip_head(s))
        ;
    while (skip_tail(s))
        ;
    for (size_t i = s->first; i + 1 < s->n; i++)
        if (s->at[i].stop)
            return false;
    return true;
}

/* ---- the rest of a statement ----------------------------------------------------------------- */

static bool has_id(const struct said *s, const struct rest *rest)
{
    for (size_t i = rest->from; i < rest->to; i++)
        if (strspn(s->at[i].norm, "0123456789") >= 4)
            return true;
    return false;
}

/* IT is a place to work in, "it" is not. */
static bool asks(const struct said *s, const struct rest *rest)
{
    for (size_t i = rest->from; i < rest->to; i++)
        if (said_is(s, i, asking) && !(s->at[i].loud && said_is(s, i, "it")))
            return true;
    return false;
}

static bool is_plain(const struct said *s, const struct rest *rest, size_t max)
{
    return rest->to - rest->from <= max && !asks(s, rest) && !has_id(s, rest) &&
           !said_is(s, rest->from, "to not");
}

static bool is_name(const struct said *s, const struct rest *rest)
{
    static const char no_name[] = "back later soon asap at on in if after before a an the for from "
                                  "maybe not anytime again not to about";

    return is_plain(s, rest, 3) && !said_any(s, rest->from, rest->to, no_name) &&
           !isdigit((unsigned char)s->at[rest->from].norm[0]);
}

static bool rest_fits(const struct said *s, const struct rest *rest, enum rest_kind kind)
{
    switch (kind) {
    case REST_NONE:
        return true;
    case REST_PLAIN:
        return is_plain(s, rest, max_rest);
    case REST_NAME:
        return is_name(s, rest);
    case REST_ROLE:
        return is_plain(s, rest, max_rest) && said_any(s, rest->from, rest->to, roles);
    default:
        return is_plain(s, rest, 3);
    }
}

static const struct rule *find_rule(const struct said *s, struct rest *ret)
{
    for (size_t i = 0; i < JV_COUNT(rules); i++)
        if (said_fits(s, rules[i].pattern, ret) && rest_fits(s, ret, rules[i].rest))
            return &rules[i];
    return NULL;
}

/* ---- statements ------------------------------------------------------------------------------ */

static struct statement keep(struct jv_arena *a, const struct said *s, const struct rule *r)
{
    struct statement st = { .act = STATEMENT_REMEMBER, .topic = "" };

    st.text = said_text(a, s, s->first, s->n);
    if (r) {
        st.topic = r->topic;
        st.preference = r->preference;
        st.style = r->style;
        st.sure = r->sure;
    }
    if (said_any(s, s->first, s->n, secrets))
        st.act = STATEMENT_SECRET;
    if (strlen(st.text) > max_kept)
        st.act = STATEMENT_NONE;
    return st;
}

/* "my team is platform" says something, "my tickets" does not. */
static bool says_something(const struct said *s)
{
    return said_is(s, s->first, own) && s->n - s->first >= 3 &&
           !said_any(s, s->first, s->n, hard_asking) &&
           (said_is(s, s->first, "i we") ||
            said_any(s, s->first + 2, s->n - 1, "is are was has have starts begins ends"));
}

/* "Remember that ...": whatever is said of oneself. */
static struct statement read_opening(struct jv_arena *a, const struct said *s)
{
    struct said rest_of = *s;
    struct statement st = { 0 };
    const struct rule *r;
    struct rest rest;

    for (size_t i = 0; i < JV_COUNT(openings); i++) {
        if (!said_fits(s, openings[i], &rest))
            continue;
        rest_of.first = rest.from;
        r = find_rule(&rest_of, &rest);
        if (s->question && i + 1 < JV_COUNT(openings))
            return st;
        if (r || says_something(&rest_of))
            st = keep(a, &rest_of, r);
        st.sure = st.express = true;
        return st;
    }
    return st;
}

static struct statement read_plain(struct jv_arena *a, const struct said *s)
{
    struct statement st = { 0 };
    struct rest rest;
    const struct rule *r = s->question ? NULL : find_rule(s, &rest);

    if (!r)
        return st;
    st = keep(a, s, r);
    st.about = said_text(a, s, rest.from, rest.to);
    if (st.act == STATEMENT_SECRET) /* nobody asked to keep it */
        st.act = STATEMENT_NONE;
    return st;
}

/* ---- commands -------------------------------------------------------------------------------- */

static int number_of(const struct said *s, const struct rest *rest)
{
    const char *digits = s->at[rest->from].norm;
    long n = rest->to - rest->from == 1 && isdigit((unsigned char)digits[0])
                     ? strtol(digits + (digits[0] == '#'), NULL, 10)
                     : 0;

    return strspn(digits, "0123456789") == strlen(digits) && n <= max_id ? (int)n : 0;
}

/* "#2" is a number, too. */
static int number_or_hash(const struct said *s, const struct rest *rest)
{
    struct said bare = *s;

    if (bare.at[rest->from].norm[0] == '#')
        bare.at[rest->from].norm++;
    return number_of(&bare, rest);
}

/* Only what could be told: "forget it" and "forget about the ticket, show ..." are no commands. */
static bool may_be_forgotten(const struct said *s, const struct rest *rest)
{
    return said_is(s, rest->from, own) && rest->to - rest->from >= 2 &&
           !said_any(s, rest->from, rest->to, "show list give instead tell please") &&
           !has_id(s, rest);
}

static struct statement read_command(struct jv_arena *a, const struct said *s)
{
    struct statement st = { 0 };
    struct rest rest;

    for (size_t i = 0; i < JV_COUNT(commands) && !st.act; i++) {
        if (!said_fits(s, commands[i].pattern, &rest))
            continue;
        st.act = commands[i].act;
        if (st.act == STATEMENT_FORGET_NUMBER && !(st.number = number_or_hash(s, &rest)))
            st.act = STATEMENT_NONE;
        if (st.act == STATEMENT_FORGET && (s->question || !may_be_forgotten(s, &rest)))
            st.act = STATEMENT_NONE;
        if (rest.from < rest.to)
            st.text = said_text(a, s, rest.from, rest.to);
    }
    return st;
}

struct statement statement_read(struct jv_arena *a, const char *text)
{
    struct statement st = { 0 };
    struct said *s = JV_NEW(a, struct said);

    said_read(a, text, s);
    if (!one_sentence(s))
        return st;
    st = read_command(a, s);
    if (!st.act)
        st = read_opening(a, s);
    if (!st.act)
        st = read_plain(a, s);
    return st;
}

/* ---- small questions ------------------------------------------------------------------------- */

static bool knows(const struct said *memory, const char *topic, const struct said *said, size_t i)
{
    for (size_t k = 0; k < memory->n; k++)
        if (strcmp(memory->at[k].norm, said->at[i].norm) == 0)
            return true;
    return strcmp(topic, said->at[i].norm) == 0;
}

bool statement_names(struct jv_arena *a, const char *said, const char *memory, const char *topic)
{
    static const char light[] =
            "i my we our mine am is are was be the a an in on at of to for with "
            "that do not prefer like want would have me you called call";
    struct said *s = JV_NEW(a, struct said), *m = JV_NEW(a, struct said);
    size_t heavy = 0;

    said_read(a, said, s);
    said_read(a, memory, m);
    for (size_t i = 0; i < s->n; i++) {
        if (said_is(s, i, light))
            continue;
        heavy++;
        if (!knows(m, topic, s, i))
            return false;
    }
    return heavy > 0;
}

static bool is_one_of(struct jv_arena *a, const char *text, const char *const *ways)
{
    struct said *s = JV_NEW(a, struct said);
    struct rest rest;

    said_read(a, text, s);
    if (s->question || !one_sentence(s))
        return false;
    for (; *ways; ways++)
        if (said_fits(s, *ways, &rest))
            return true;
    return false;
}

bool statement_yes(struct jv_arena *a, const char *text)
{
    static const char *const ways[] = {
        "yes/yep/yeah/yup/sure/ok/okay/confirm/confirmed/definitely/absolutely/aye/correct/y",
        "[yes/ok/okay/sure/yeah] do it/that/so",
        "[yes/ok/okay/sure/yeah] go ahead",
        "[yes/yeah] i am sure",
        "yes [i] confirm",
        "yes forget/erase/delete everything/all/it/them",
        "of course",
        NULL,
    };

    return is_one_of(a, text, ways);
}

bool statement_no(struct jv_arena *a, const char *text)
{
    static const char *const ways[] = {
        "no/nope/nah/never/cancel/stop/keep/n", "no [do] [not]", "do not", "better not",
        "[no] keep it/them/everything/all",     "never mind",    NULL,
    };

    return is_one_of(a, text, ways);
}

bool statement_has(struct jv_arena *a, const char *text, const char *list)
{
    struct said *s = JV_NEW(a, struct said);

    said_read(a, text, s);
    return said_any(s, 0, s->n, list);
}
