/* test_statements.c -- what people tell about themselves is taken for that, and nothing they ask
 * for is: by hand-made wordings, and by all that the planner is tuned with. */
#include "actors/orchestrator/statement.h"
#include "plan/asking.h"

/* As the orchestrator decides: a statement that is not sure must be no wish of the planner's. */
static bool taken(struct talk *t, const char *text)
{
    struct statement st = statement_read(t->arena, text);

    if (st.act != STATEMENT_REMEMBER || st.sure)
        return st.act != STATEMENT_NONE;
    t->plan.memory = NULL;
    (void)ask(t, st.about);
    return t->plan.kind != JV_PLAN_CALLS && t->plan.kind != JV_PLAN_ASK;
}

static void check_taken(struct talk *t, const char *text, bool wanted)
{
    if (taken(t, text) == wanted)
        return;
    printf("# \"%s\" is %s\n", text, wanted ? "not taken" : "taken");
    check_failures++;
}

static const struct {
    const char *text, *kept, *topic;
    bool preference;
} told[] = {
    { "I prefer short answers", "I prefer short answers", "length", true },
    { "I'd prefer short answers.", "I'd prefer short answers", "length", true },
    { "please keep your answers short", "keep your answers short", "length", true },
    { "Keep it brief, please!", "Keep it brief", "length", true },
    { "I like concise replies", "I like concise replies", "length", true },
    { "Short answers please", "Short answers", "length", true },
    { "Be brief", "Be brief", "length", true },
    { "always answer in one sentence", "always answer in one sentence", "length", true },
    { "no tables please", "no tables", "length", true },
    { "I don't like tables", "I don't like tables", "length", true },
    { "I hate long answers", "I hate long answers", "length", true },
    { "From now on I'd like shorter answers", NULL, "length", true },
    { "give me brief answers from now on", "give me brief answers", "length", true },
    { "I want my answers short", "I want my answers short", "length", true },
    { "I prefer detailed answers", "I prefer detailed answers", "length", true },
    { "please answer in detail", "answer in detail", "length", true },
    { "I want long answers again", "I want long answers again", "length", true },
    { "your answers can be longer", "your answers can be longer", "length", true },
    { "I don't want short answers", "I don't want short answers", "length", true },
    { "call me V", "call me V", "name", true },
    { "You can call me Vish", "You can call me Vish", "name", true },
    { "Hi, my name is Vishal Kumar", "my name is Vishal Kumar", "name", true },
    { "I go by Sam", "I go by Sam", "name", true },
    { "my pronouns are they/them", "my pronouns are they/them", "pronouns", true },
    { "I work on cloud cost", "I work on cloud cost", "", false },
    { "i mostly work on machine learning", "i mostly work on machine learning", "", false },
    { "I work in finance", "I work in finance", "", false },
    { "I work in IT", "I work in IT", "", false },
    { "Just so you know, I work for the data platform group", "I work for the data platform group",
      "", false },
    { "I work as a site reliability engineer", "I work as a site reliability engineer", "", false },
    { "I work from Berlin", "I work from Berlin", "", false },
    { "I'm a data engineer", "I'm a data engineer", "", false },
    { "I am the product owner", "I am the product owner", "", false },
    { "im a backend dev", "im a backend dev", "", false },
    { "I'm an analyst in the finance department", NULL, "", false },
    { "I\xe2\x80\x99m a designer", "I\xe2\x80\x99m a designer", "", false },
    { "I'm in the platform team", "I'm in the platform team", "", false },
    { "I am on the security team", "I am on the security team", "", false },
    { "I'm part of the infrastructure group", NULL, "", false },
    { "I'm responsible for our AWS accounts", NULL, "", false },
    { "I am based in Munich", "I am based in Munich", "place", false },
    { "I live in Pune", "I live in Pune", "place", false },
    { "I report to Sarah", "I report to Sarah", "manager", false },
    { "I specialise in networking", "I specialise in networking", "", false },
    { "I lead the analytics team", "I lead the analytics team", "", false },
    { "I speak German and English", "I speak German and English", "", false },
    { "I'm interested in kubernetes", "I'm interested in kubernetes", "", false },
    { "I'm not interested in azure", "I'm not interested in azure", "", false },
    { "I'm learning Rust", "I'm learning Rust", "", false },
    { "I don't use gcp", "I don't use gcp", "", false },
    { "we don't use azure", "we don't use azure", "", false },
    { "I never use Azure", "I never use Azure", "", false },
    { "We only use AWS", "We only use AWS", "", false },
    { "I only use aws", "I only use aws", "", false },
    { "I don't care about gcp", "I don't care about gcp", "", false },
    { "my team is platform", "my team is platform", "team", false },
    { "My team's platform", "My team's platform", "team", false },
    { "my department is finance", "my department is finance", "department", false },
    { "my role is tech lead", "my role is tech lead", "role", false },
    { "my job title is cloud architect", "my job title is cloud architect", "role", false },
    { "my manager is Priya", "my manager is Priya", "manager", false },
    { "my timezone is CET", "my timezone is CET", "time_zone", false },
    { "my main project is the new billing system", NULL, "", false },
    { "my favourite cloud is azure", "my favourite cloud is azure", "", true },
    { "our team is platform", "our team is platform", "", false },
    { "remember that my team is platform", "my team is platform", "team", false },
    { "Remember that I prefer short answers", "I prefer short answers", "length", true },
    { "please remember I work on cloud cost", "I work on cloud cost", "", false },
    { "keep in mind that I only work mornings", "I only work mornings", "", false },
    { "don't forget that I'm on parental leave in May", NULL, "", false },
    { "note that my manager is Priya", "my manager is Priya", "manager", false },
    { "can you remember that I don't use gcp?", "I don't use gcp", "", false },
    { "I'd like you to remember that we are moving to azure", NULL, "", false },
    { "Remember: I work on cloud cost", "I work on cloud cost", "", false },
    { "for the record, I work on billing", "I work on billing", "", false },
    { "FYI I'm a contractor", "I'm a contractor", "", false },
    { "I prefer aws over gcp", "I prefer aws over gcp", "", true },
    { "I prefer Azure to AWS", "I prefer Azure to AWS", "", true },
    { "I prefer dark roast", "I prefer dark roast", "", true },
    { "I like Python", "I like Python", "", true },
};

TEST(statements_are_remembered)
{
    struct talk t = talk_new("vishal");

    for (size_t i = 0; i < JV_COUNT(told); i++) {
        struct statement st = statement_read(t.arena, told[i].text);

        check_taken(&t, told[i].text, true);
        CHECK_OR(st.act == STATEMENT_REMEMBER, { continue; });
        if (told[i].kept)
            CHECK_STR(st.text, told[i].kept);
        CHECK_STR(st.topic, told[i].topic);
        if (st.preference != told[i].preference)
            printf("# %s\n", told[i].text);
        CHECK_INT(st.preference, told[i].preference);
    }
    talk_free(&t);
}

TEST(styles)
{
    static const struct {
        const char *text;
        enum statement_style style;
    } rows[] = {
        { "I prefer short answers", STYLE_SHORT },
        { "keep it brief", STYLE_SHORT },
        { "no tables", STYLE_SHORT },
        { "I hate long answers", STYLE_SHORT },
        { "I don't want detailed answers", STYLE_SHORT },
        { "I prefer detailed answers", STYLE_FULL },
        { "I don't like short answers", STYLE_FULL },
        { "I want normal answers again", STYLE_FULL },
        { "I like tables", STYLE_FULL },
        { "answer in detail", STYLE_FULL },
        { "I work on cloud cost", STYLE_UNSAID },
        { "call me V", STYLE_UNSAID },
    };
    struct jv_arena *a = jv_arena_new(1 << 20);

    for (size_t i = 0; i < JV_COUNT(rows); i++)
        CHECK_INT(statement_read(a, rows[i].text).style, rows[i].style);
    jv_arena_free(a);
}

static const char *const asked[] = {
    "I need VPN access",
    "I want my tickets",
    "I prefer to see aws cost",
    "I prefer to see my tickets as a list",
    "I'd prefer the AWS cost",
    "I would like short answers about my tickets",
    "I work on ticket 12301, show it",
    "I work on ticket 12301",
    "I'm working on ticket 12301",
    "I work on cloud cost, show me aws",
    "I work on cloud cost. Show me aws",
    "I work on cloud cost; what is it for gcp",
    "I work on cloud cost so how much is gcp",
    "I work in finance, what did we spend on AWS?",
    "do I work on cloud cost?",
    "I work on cloud cost?",
    "my team is over budget, how much?",
    "my team is asking about the aws cost",
    "my team is waiting for my ticket",
    "my manager is asking for the cloud cost",
    "my manager is waiting, show my tickets",
    "my budget is 500",
    "my ticket is pending",
    "my laptop is broken",
    "my password is hunter2",
    "my vpn is down",
    "my tickets",
    "my courses",
    "my exams please",
    "call me back",
    "call me when my ticket is done",
    "call me later",
    "call me tomorrow",
    "call the helpdesk",
    "call me a cab",
    "keep it short: show my tickets",
    "show my tickets, keep it short",
    "short answer: how much is aws",
    "in short, what do I owe",
    "be brief, what is the aws cost",
    "give me a short list of my tickets",
    "give me short answers about aws cost",
    "give me the details",
    "details please",
    "I like the look of the Kubernetes course",
    "I like it",
    "I love you",
    "I hate this",
    "I hate waiting for my ticket",
    "I don't like this answer",
    "I don't want the details",
    "I don't want vpn access any more",
    "I don't use vpn, delete ticket 12301",
    "I don't use gcp, so what is aws",
    "I don't have a budget",
    "I am vishal and I need my tickets",
    "I am out of budget",
    "I'm stuck",
    "I'm a bit lost, what can you do",
    "I'm in a hurry, my tickets",
    "I'm on leave today",
    "I'm on the train",
    "I'm in the dark about my budget",
    "I'm in the middle of a meeting, show my exams",
    "I'm responsible for ticket 12301",
    "I'm interested in my exams",
    "I'm interested in the cost of aws, can you show it",
    "I'm interested in which cloud is cheapest",
    "I'm learning python, which exams do I have",
    "I'm the owner of ticket 12301",
    "remember my tickets",
    "remember that ticket I filed",
    "do you remember my ticket",
    "remember to close ticket 12301",
    "remember when my exam is",
    "do not forget my exam",
    "don't forget to create a ticket for vpn access",
    "remember what I asked, and show it again",
    "I asked for vpn access yesterday, remember?",
    "note the cost of aws",
    "make a note to create a ticket",
    "keep in mind the budget and show aws",
    "what do you know about aws",
    "what do you know about my tickets",
    "what do you know about happy",
    "what do you remember of ticket 12301",
    "tell me about my courses",
    "tell me what you know about ticket 12301",
    "show my preferences",
    "what are my learning preferences",
    "show my memory usage cost",
    "list everything",
    "forget it",
    "forget that",
    "forget about it",
    "never mind",
    "forget ticket 12301",
    "forget 12301",
    "forget about the ticket, show my courses",
    "forget aws, show gcp",
    "forget that, what about gcp",
    "forget my ticket and show my exams",
    "delete everything",
    "delete all my tickets",
    "delete ticket 12301",
    "delete 12305",
    "delete number 2",
    "remove the first one",
    "erase my tickets",
    "delete that ticket",
    "delete that one",
    "clear my pending tickets",
    "approve it",
    "yes",
    "no",
    "the second one",
    "number 2",
    "only the open ones",
    "not pending",
    "and gcp?",
    "I mean gcp",
    "I meant azure",
    "I said tickets",
    "I think aws is cheaper",
    "I would like to see my budget",
    "I use aws, how much is it",
    "we use aws and gcp, which is cheaper",
    "I joined the company last week and need vpn access",
    "I support happy, show their tickets",
    "I live in fear of my exams",
    "",
    "?",
    "...",
    "I",
    "I am",
    "my",
    "remember",
    "remember that",
    "forget",
    "call me",
};

TEST(wishes_are_no_statements)
{
    struct talk t = talk_new("vishal");

    for (size_t i = 0; i < JV_COUNT(asked); i++)
        check_taken(&t, asked[i], false);
    talk_free(&t);
}

TEST(commands)
{
    static const struct {
        const char *text;
        enum statement_act act;
        int number;
        const char *about;
    } rows[] = {
        { "what do you know about me?", STATEMENT_LIST, 0, NULL },
        { "What do you remember about me", STATEMENT_LIST, 0, NULL },
        { "what have you remembered?", STATEMENT_LIST, 0, NULL },
        { "show me what you know about me", STATEMENT_LIST, 0, NULL },
        { "what did I tell you about myself?", STATEMENT_LIST, 0, NULL },
        { "Jarvis, what do you know about me?", STATEMENT_LIST, 0, NULL },
        { "forget number 2", STATEMENT_FORGET_NUMBER, 2, NULL },
        { "forget #2", STATEMENT_FORGET_NUMBER, 2, NULL },
        { "forget 3 please", STATEMENT_FORGET_NUMBER, 3, NULL },
        { "delete memory 1", STATEMENT_FORGET_NUMBER, 1, NULL },
        { "forget that I prefer short answers", STATEMENT_FORGET, 0, "I prefer short answers" },
        { "forget that my team is platform.", STATEMENT_FORGET, 0, "my team is platform" },
        { "you can forget my name", STATEMENT_FORGET, 0, "my name" },
        { "forget about my team", STATEMENT_FORGET, 0, "my team" },
        { "forget everything about me", STATEMENT_FORGET_ALL, 0, NULL },
        { "please forget everything you know about me", STATEMENT_FORGET_ALL, 0, NULL },
        { "delete everything you have stored about me", STATEMENT_FORGET_ALL, 0, NULL },
        { "erase all your memories of me", STATEMENT_FORGET_ALL, 0, NULL },
        { "clear your memory", STATEMENT_FORGET_ALL, 0, NULL },
        { "forget me", STATEMENT_FORGET_ALL, 0, NULL },
        { "remember that my password is hunter2", STATEMENT_SECRET, 0, NULL },
        { "remember my api key is abc", STATEMENT_SECRET, 0, NULL },
    };
    struct jv_arena *a = jv_arena_new(1 << 20);

    for (size_t i = 0; i < JV_COUNT(rows); i++) {
        struct statement st = statement_read(a, rows[i].text);

        if (st.act != rows[i].act)
            printf("# %s\n", rows[i].text);
        CHECK_INT(st.act, rows[i].act);
        CHECK_INT(st.number, rows[i].number);
        if (rows[i].about)
            CHECK_STR(st.text ? st.text : "", rows[i].about);
    }
    jv_arena_free(a);
}

TEST(what_is_to_be_forgotten)
{
    struct jv_arena *a = jv_arena_new(1 << 20);

    CHECK(statement_names(a, "I prefer short answers", "I prefer short answers", "length"));
    CHECK(statement_names(a, "my team", "my team is platform", "team"));
    CHECK(statement_names(a, "my name", "call me V", "name"));
    CHECK(statement_names(a, "my name is V", "call me V", "name"));
    CHECK(statement_names(a, "I work on cloud cost", "I mostly work on cloud cost", ""));
    CHECK(!statement_names(a, "my team is billing", "my team is platform", "team"));
    CHECK(!statement_names(a, "my name", "my team is platform", "team"));
    CHECK(!statement_names(a, "I am", "I am a developer", ""));
    CHECK(statement_yes(a, "Yes, please!"));
    CHECK(statement_yes(a, "ok do it"));
    CHECK(!statement_yes(a, "yes, but show my tickets"));
    CHECK(!statement_yes(a, "yes?"));
    CHECK(!statement_yes(a, "no"));
    CHECK(statement_no(a, "No, thanks."));
    CHECK(!statement_no(a, "no, show my tickets"));
    jv_arena_free(a);
}

/* Long, deep, odd: read in no time, and taken for nothing. */
TEST(hostile_texts)
{
    struct jv_arena *a = jv_arena_new(16 << 20);
    struct jv_buf b = jv_buf_new(a);

    for (int i = 0; i < 4000; i++)
        jv_buf_str(&b, "i prefer ");
    CHECK_INT(statement_read(a, b.data).act, STATEMENT_NONE);
    b = jv_buf_new(a);
    for (int i = 0; i < 8; i++) /* every word may be there, in many places */
        jv_buf_str(&b, "i would like you to keep all of ");
    CHECK_INT(statement_read(a, b.data).act, STATEMENT_NONE);
    b = jv_buf_new(a);
    jv_buf_str(&b, "I work on ");
    for (int i = 0; i < 300; i++)
        jv_buf_str(&b, "x");
    CHECK_INT(statement_read(a, b.data).act, STATEMENT_NONE);
    CHECK_INT(statement_read(a, "I work on \xff\xfe").act, STATEMENT_REMEMBER);
    CHECK_INT(statement_read(a, "\xe2\x80").act, STATEMENT_NONE);
    CHECK_INT(statement_read(a, "# # #").act, STATEMENT_NONE);
    CHECK_INT(statement_read(a, "forget number 99999999999999999999").act, STATEMENT_NONE);
    CHECK_INT(statement_read(a, "forget number 0").act, STATEMENT_NONE);
    jv_arena_free(a);
}

/* ---- all that the planner is tuned with --------------------------------------------------- */

static void check_value(struct talk *t, const Google__Protobuf__Value *v, size_t *n)
{
    CHECK_INT(v->kind_case, GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE);
    for (size_t i = 0; i < v->list_value->n_values; i++) {
        struct jv_arena *whole = t->arena;

        t->arena = jv_arena_new(64 << 20);
        check_taken(t, v->list_value->values[i]->string_value, false);
        jv_arena_free(t->arena);
        t->arena = whole;
        ++*n;
    }
}

static size_t check_file(struct talk *t, const char *path)
{
    enum { max_file = 4 << 20 };
    char *text = jv_arena_alloc(t->arena, max_file);
    FILE *f = fopen(path, "rb");
    size_t len = f ? fread(text, 1, max_file - 1, f) : 0, n = 0;
    struct jv_err err = { 0 };
    const Google__Protobuf__Struct *s = (const void *)jv_json_to_msg(
            &google__protobuf__struct__descriptor, text, len, 0, t->arena, &err);

    CHECK_OR(f && s, {
        printf("# %s: %s\n", path, err.text);
        return 0;
    });
    fclose(f);
    for (size_t i = 0; i < s->n_fields; i++)
        check_value(t, s->fields[i]->value, &n);
    return n;
}

TEST(nothing_that_people_ask_is_taken)
{
    struct talk t = talk_new("vishal");

    CHECK(check_file(&t, "tests/plan/tune.json") > 200);
    CHECK(check_file(&t, "tests/plan/more.json") > 200);
    CHECK(check_file(&t, "tests/plan/other.json") > 200);
    talk_free(&t);
}

TEST_MAIN()
