/* talk.c -- what Jarvis says itself. */
#include "plan/talk.h"

#include <string.h>

#include "google/protobuf/struct.pb-c.h"

#include "jv/say.h"
#include "jv/wire.h"

enum { n_suggestions = 5 };

static bool has_word(const struct jv_reading *r, const char *word)
{
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->tokens[i].word->norm, word) == 0)
            return true;
    return false;
}

static void suggest(const struct jv_catalog *c, struct jv_arena *a, struct jv_plan *ret)
{
    const char **list = JV_NEW_ARRAY(a, const char *, n_suggestions + 1);

    jv_plan_suggest(c, a, 0, NULL, NULL, n_suggestions, list);
    ret->suggestions = list;
}

/* ---- help: what the agents' cards say they can do -------------------------------------------- */

static void say_agent(const struct jv_catalog *c, uint32_t agent, const char *scope,
                      struct jv_buf *b)
{
    const char *example = NULL;

    for (uint32_t i = c->agents[agent].first_tool;
         i < c->n_tools && c->tools[i].agent == agent && !example; i++)
        if (c->tools[i].whose != JV_SOMEBODYS && c->tools[i].n_examples &&
            jv_catalog_may(c, &c->tools[i], scope))
            example = c->tools[i].examples[0];
    jv_buf_str(b, "- **");
    jv_say_text(b, c->agents[agent].name);
    jv_buf_str(b, "**: ");
    jv_say_text(b, c->agents[agent].description);
    if (example) {
        jv_buf_str(b, " For example: *");
        jv_say_text(b, example);
        jv_buf_str(b, "*");
    }
    jv_buf_char(b, '\n');
}

static const char *help(const struct jv_catalog *c, const char *scope, struct jv_arena *a)
{
    enum { most = 12 };
    struct jv_buf b = jv_buf_new(a);

    if (!c->n_agents)
        return "I am Jarvis. None of my agents is there right now; please try again in a moment.";
    jv_buf_str(&b, "I am Jarvis. Ask me in your own words; these agents answer:\n\n");
    for (uint32_t i = 0; i < c->n_agents && i < most; i++)
        say_agent(c, i, scope, &b);
    if (c->n_agents > most)
        jv_buf_printf(&b, "\nand %zu more.\n", c->n_agents - most);
    return b.data;
}

/* ---- small talk ------------------------------------------------------------------------------ */

struct talk {
    jv_roles roles; /* any of these */
    const char *text;
};

static const char feeling_text[] = "Thank you for telling me. What can I do for you?";
static const char sorry_text[] = "I am sorry to hear that. What can I do for you?";

static const struct talk talks[] = {
    { JV_OFF, "That is not something I can help with. I look after what your agents know: ask me "
              "one of these instead." },
    { JV_THANKS, "You are welcome! Is there anything else?" },
    { JV_BYE, "Goodbye! I am here when you need me." },
    { JV_GREET, "Hello! What can I do for you?" },
    { JV_FEELING, feeling_text },
    { JV_YES | JV_NO, "All right. What can I do for you?" },
};

/* "what can you do?", "who are you?" */
static bool asks_for_help(const struct jv_reading *r)
{
    return jv_has_role(r, JV_HELP) || (has_word(r, "how") && has_word(r, "use")) ||
           (has_word(r, "how") && jv_has_role(r, JV_IT) &&
            (has_word(r, "work") || has_word(r, "works"))) ||
           (jv_has_role(r, JV_ASKING) && has_word(r, "you") && !has_word(r, "are")) ||
           (has_word(r, "who") && has_word(r, "you"));
}

/* "what can you do for me?", "how could you help me" */
static bool asks_what_you_do(const struct jv_reading *r)
{
    for (size_t i = 1; i < r->n; i++) {
        const char *w = r->tokens[i].word->norm;
        bool asked = false;

        if (strcmp(w, "you") != 0 && strcmp(w, "u") != 0)
            continue;
        for (size_t k = i > 4 ? i - 4 : 0; k < i; k++)
            asked = asked || r->tokens[k].word->roles & JV_ASKING;
        for (size_t k = i + 1; asked && k < r->n && k < i + 5; k++)
            if (jv_word_is(r, k, "do") || jv_word_is(r, k, "handle") || jv_word_is(r, k, "offer") ||
                jv_word_is(r, k, "know") || r->tokens[k].word->roles & JV_HELP)
                return true;
    }
    return false;
}

/* "I'm happy with the service": somebody says how they feel and asks for nothing. */
static bool states_feeling(const struct jv_reading *r)
{
    bool self = r->n > 1 && r->n < 9 && r->tokens[0].word->roles & JV_FEELING &&
                !(r->tokens[1].word->roles & JV_GREET);

    if (jv_has_role(r, JV_READ | JV_ASKING))
        return false;
    for (size_t i = 0; self && i < r->n; i++)
        if (jv_token_personal(r, i) || r->tokens[i].in_value || jv_token_number(r, i))
            return false; /* "great, now my budget" */
    for (size_t i = 0; i < r->n; i++) {
        jv_roles roles = r->tokens[i].word->roles;

        if (roles & JV_FEELING && r->tokens[i].name <= JV_NAME_MAYBE && self)
            return true;
        self = roles & JV_SELF || (self && (roles & (JV_FUNCTION | JV_GENERAL)));
    }
    return false;
}

static bool feels_bad(const struct jv_reading *r)
{
    static const char *const words[] = { "sad",      "tired",       "bored", "angry",
                                         "annoyed",  "hate",        "bad",   "frustrated",
                                         "upset",    "unhappy",     "sorry", "terrible",
                                         "stressed", "disappointed" };

    for (size_t i = 0; i < JV_COUNT(words); i++)
        if (has_word(r, words[i]))
            return true;
    return jv_has_role(r, JV_NOT);
}

/* "thanks for the help": no wish hangs on it. */
static bool only_thanks(const struct jv_reading *r)
{
    return r->n && r->n <= 8 && r->tokens[0].word->roles & JV_THANKS &&
           !jv_has_role(r, JV_READ | JV_ASKING | JV_MY);
}

/* "order a pizza", "write a poem": and nothing in it is anybody's. */
static bool only_off(const struct jv_reading *r)
{
    enum { brief = 8 };

    if (!jv_has_role(r, JV_OFF) || (jv_has_role(r, JV_NTH) && r->n <= brief))
        return false; /* "what's the story with the first?" */
    for (size_t i = 0; i < r->n; i++)
        if (jv_token_personal(r, i) || r->tokens[i].in_value || jv_token_number(r, i))
            return false;
    return true;
}

bool jv_talks(const struct jv_reading *r)
{
    return jv_has_role(r, JV_THANKS | JV_BYE | JV_FEELING | JV_OFF);
}

/* A greeting begins it, a yes is all of it; the others may stand anywhere. */
static bool talks_like(const struct jv_reading *r, jv_roles roles)
{
    enum { brief = 4 };

    if (roles & JV_GREET)
        return r->n && (jv_roles_at(r, 0) | jv_roles_at(r, 1)) & roles; /* good morning */
    if (roles & (JV_YES | JV_NO))
        return r->n <= brief && jv_has_role(r, roles);
    return jv_has_role(r, roles);
}

bool jv_talk(const struct jv_reading *r, bool alone, const char *scope, struct jv_arena *a,
             struct jv_plan *ret)
{
    const char *text = NULL;

    if (states_feeling(r))
        text = feels_bad(r) ? sorry_text : feeling_text;
    else if (only_thanks(r))
        text = talks[1].text;
    else if (only_off(r))
        text = talks[0].text;
    else if (asks_what_you_do(r) || (alone && asks_for_help(r)))
        text = help(r->catalog, scope, a);
    for (size_t i = 0; alone && !text && i < JV_COUNT(talks); i++)
        if (talks_like(r, talks[i].roles))
            text = talks[i].text;
    if (alone && !text && has_word(r, "how") && has_word(r, "you"))
        text = "I am well, thank you. What can I do for you?";
    if (!text)
        return false;
    ret->kind = JV_PLAN_TALK;
    ret->text = text;
    suggest(r->catalog, a, ret);
    return true;
}

void jv_talk_unknown(const struct jv_catalog *c, struct jv_arena *a, struct jv_plan *ret)
{
    ret->kind = JV_PLAN_UNKNOWN;
    ret->text = c->n_agents
                        ? "I am sorry, I did not understand that. You could ask me one of these."
                        : "I am sorry, none of my agents is there right now. Please try again "
                          "in a moment.";
    suggest(c, a, ret);
}

void jv_talk_whose(const struct jv_catalog *c, struct jv_arena *a, struct jv_plan *ret)
{
    ret->kind = JV_PLAN_ASK;
    ret->text = "Whom do you mean? Please ask again with the name.";
    suggest(c, a, ret);
}

void jv_talk_dropped(const struct jv_catalog *c, struct jv_arena *a, struct jv_plan *ret)
{
    ret->kind = JV_PLAN_TALK;
    ret->text = "All right, I leave it at that. Nothing was changed.";
    suggest(c, a, ret);
}

/* ---- questions back -------------------------------------------------------------------------- */

static const char *spaced(struct jv_arena *a, const char *name)
{
    char *s = jv_arena_strdup(a, name);

    for (char *p = s; *p; p++)
        if (*p == '_')
            *p = ' ';
    return s;
}

/* What the vocabulary offers for the member, each value once. */
static size_t offers(const struct jv_catalog *c, const struct jv_draft *d, struct jv_arena *a,
                     const char **ret, size_t max)
{
    const char *last = "";
    size_t n = 0;

    for (size_t i = 0; i < c->n_phrases && n < max; i++) {
        const struct jv_phrase *p = &c->phrases[i];

        if (p->family != JV_NONE || p->agent != c->tools[d->tool].agent ||
            strcmp(p->member, d->missing->name) != 0 || strcmp(p->value, last) == 0)
            continue;
        last = p->value;
        ret[n++] = spaced(a, p->value);
    }
    return n;
}

/* "create_my_ticket" -> "create ticket" */
static const char *action_of(const struct jv_catalog *c, const struct jv_draft *d,
                             struct jv_arena *a)
{
    const struct jv_cat_tool *t = &c->tools[d->tool];
    const char *name = t->name ? t->name : c->agents[t->agent].name, *my = strstr(name, "_my_");

    if (my)
        name = jv_arena_printf(a, "%.*s%s", (int)(my - name), name, my + 3);
    return spaced(a, name);
}

/* "What is asked for, in at most ..." -> "what is asked for" */
static const char *first_clause(struct jv_arena *a, const char *text)
{
    char *s = jv_arena_strndup(a, text, strcspn(text, ",.:;("));

    if (s[0] >= 'A' && s[0] <= 'Z' && !(s[1] >= 'A' && s[1] <= 'Z'))
        s[0] = (char)(s[0] - 'A' + 'a');
    return s;
}

void jv_talk_ask(const struct jv_catalog *c, const struct jv_draft *d, struct jv_arena *a,
                 struct jv_plan *ret)
{
    const char **list = JV_NEW_ARRAY(a, const char *, n_suggestions + 1);
    const char *owner = c->tools[d->tool].owner;
    const char *person = owner ? jv_struct_text(d->arguments, owner) : NULL;
    struct jv_buf b = jv_buf_new(a);
    size_t n = offers(c, d, a, list, n_suggestions);

    jv_buf_str(&b, "To **");
    jv_say_text(&b, action_of(c, d, a));
    jv_buf_str(&b, "**");
    if (person) {
        jv_buf_str(&b, " for ");
        jv_say_text(&b, person);
    }
    jv_buf_str(&b, " I need to know one more thing, the **");
    jv_say_text(&b, spaced(a, d->missing->name));
    jv_buf_str(&b, "**: ");
    jv_say_text(&b, first_clause(a, d->missing->description));
    jv_buf_str(&b, "?");
    if (n) {
        jv_buf_str(&b, n > 1 ? " For example: " : " It can be: ");
        jv_say_list(&b, n < 3 ? n : 3, list);
        jv_buf_char(&b, '.');
    }
    ret->kind = JV_PLAN_ASK;
    ret->text = b.data;
    ret->missing = jv_arena_strdup(a, d->missing->name);
    ret->suggestions = list;
}

/* A time by its day; the end of a span is the first moment after it. */
static bool say_day(struct jv_buf *b, const char *name, const Google__Protobuf__Value *v)
{
    bool text = v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE;
    size_t n = strlen(name), tail = strlen("_until");
    int64_t seconds;
    int32_t nanos;

    if (!text || !strchr(v->string_value, 'T') || jv_time_parse(v->string_value, &seconds, &nanos))
        return false;
    jv_say_date(b, seconds - (n > tail && strcmp(name + n - tail, "_until") == 0));
    return true;
}

static void say_argument(struct jv_buf *b, const char *name, const Google__Protobuf__Value *v)
{
    jv_say_text(b, spaced(b->arena, name));
    jv_buf_str(b, " ");
    if (say_day(b, name, v))
        return;
    if (v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE)
        jv_say_text(b, spaced(b->arena, v->string_value));
    else
        jv_buf_printf(b, "%.0f", v->number_value);
}

/* "update ticket 12304 (status approved)" */
static void say_change(struct jv_buf *b, const struct jv_catalog *c, const struct jv_draft *d)
{
    const Google__Protobuf__Struct *args = d->arguments;
    size_t said = 0;

    jv_buf_str(b, "**");
    jv_say_text(b, action_of(c, d, b->arena));
    for (size_t k = 0; k < args->n_fields; k++)
        if (args->fields[k]->value->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE)
            jv_buf_printf(b, " %.0f", args->fields[k]->value->number_value);
    jv_buf_str(b, "**");
    for (size_t k = 0; k < args->n_fields; k++) {
        if (args->fields[k]->value->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE)
            continue;
        jv_buf_str(b, said++ ? ", " : " (");
        say_argument(b, args->fields[k]->key, args->fields[k]->value);
    }
    jv_buf_str(b, said ? ")" : "");
}

void jv_talk_confirm(const struct jv_catalog *c, size_t n, const struct jv_draft *changes,
                     struct jv_arena *a, struct jv_plan *ret)
{
    static const char *const answers[] = { "yes", "no", NULL };
    struct jv_buf b = jv_buf_new(a);

    jv_buf_str(&b, "I want to be sure before I change anything. Shall I ");
    for (size_t i = 0; i < n; i++) {
        jv_buf_str(&b, !i ? "" : i + 1 < n ? ", " : " and ");
        say_change(&b, c, &changes[i]);
    }
    jv_buf_str(&b, "? Please say yes or no.");
    ret->kind = JV_PLAN_ASK;
    ret->text = b.data;
    ret->missing = "confirmation";
    ret->suggestions = answers;
}

/* ---- how to ask ------------------------------------------------------------------------------ */

/* "how do I create a ticket?", "how can we get ...", "how to" */
static bool asks_how(const struct jv_reading *r)
{
    for (size_t i = 0; i + 2 < r->n; i++) {
        if (!jv_word_is(r, i, "how"))
            continue;
        return jv_word_is(r, i + 1, "to") ||
               (jv_roles_at(r, i + 1) & (JV_AUX | JV_BE) &&
                (jv_roles_at(r, i + 2) & (JV_SELF | JV_WE) || jv_word_is(r, i + 2, "one")) &&
                !jv_word_is(r, i + 3, "have"));
    }
    return false;
}

/* The change that the words are of, or that can be for what they name; JV_NONE. */
static uint32_t change_of(const struct jv_reading *r)
{
    const struct jv_catalog *c = r->catalog;

    for (size_t i = 0; i < r->n; i++) {
        const struct jv_term *t =
                r->tokens[i].term == JV_NONE ? NULL : &c->terms[r->tokens[i].term];

        for (size_t k = 0; t && k < t->n_postings; k++)
            if (t->postings[k].acts)
                return t->postings[k].family;
    }
    for (size_t i = 0; i < r->n_values; i++) {
        const struct jv_phrase *p = &c->phrases[r->values[i].phrase];

        for (size_t k = 0; k < p->n_takers; k++)
            if (p->takers[k].required && !c->families[p->takers[k].family].read_only)
                return p->takers[k].family;
    }
    return JV_NONE;
}

/* "what operations can I request?": a member that the change must have. */
static bool asks_for_choices(const struct jv_reading *r, const struct jv_cat_tool *t)
{
    for (size_t i = 1; i < r->n && jv_roles_at(r, 0) & JV_ASKING; i++)
        for (size_t k = 0; k < t->n_slots; k++)
            if (t->slots[k].required &&
                strncmp(r->tokens[i].word->norm, t->slots[k].name, strlen(t->slots[k].name)) == 0)
                return true;
    return false;
}

static const struct jv_cat_tool *tool_asked_about(const struct jv_reading *r)
{
    const struct jv_catalog *c = r->catalog;
    uint32_t family = asks_how(r) ? change_of(r) : JV_NONE;

    if (family != JV_NONE)
        return &c->tools[jv_slots_tool(c, family, JV_WHOM_CALLER)];
    for (size_t i = 0; i < c->n_tools; i++)
        if (!c->tools[i].read_only && c->tools[i].name && asks_for_choices(r, &c->tools[i]))
            return &c->tools[jv_slots_tool(c, c->tools[i].family, JV_WHOM_CALLER)];
    return NULL;
}

/* By an example that tells of nothing that is there, or by what the change must have. */
static void say_how(const struct jv_catalog *c, const struct jv_cat_tool *t,
                    const struct jv_draft *d, struct jv_buf *b)
{
    size_t said = 0;

    for (size_t i = 0; i < t->n_examples; i++)
        if (!strpbrk(t->examples[i], "0123456789")) {
            jv_buf_str(b, "Just ask me, for example: *");
            jv_say_text(b, t->examples[i]);
            jv_buf_str(b, "*.");
            return;
        }
    jv_buf_str(b, "Just ask me to **");
    jv_say_text(b, action_of(c, d, b->arena));
    jv_buf_str(b, "** and say");
    for (size_t i = 0; i < t->n_slots; i++)
        if (t->slots[i].required) {
            jv_buf_str(b, said++ ? " and the **" : " the **");
            jv_say_text(b, spaced(b->arena, t->slots[i].name));
            jv_buf_str(b, "**");
        }
    jv_buf_str(b, ".");
}

bool jv_talk_how(const struct jv_reading *r, struct jv_arena *a, struct jv_plan *ret)
{
    enum { most = 12 };
    const struct jv_cat_tool *t = tool_asked_about(r);
    const char **list = JV_NEW_ARRAY(a, const char *, most + 1);
    struct jv_draft d = { 0 };
    struct jv_buf b = jv_buf_new(a);
    size_t n = 0;

    if (!t)
        return false;
    d.tool = (uint32_t)(t - r->catalog->tools);
    say_how(r->catalog, t, &d, &b);
    for (size_t i = 0; i < t->n_slots; i++)
        if (t->slots[i].required && t->slots[i].kind == JV_SLOT_TEXT) {
            d.missing = &t->slots[i];
            n = offers(r->catalog, &d, a, list, most);
        }
    if (n) {
        jv_buf_str(&b, " The **");
        jv_say_text(&b, spaced(a, d.missing->name));
        jv_buf_str(&b, "** can be ");
        jv_say_list(&b, n, list);
        jv_buf_str(&b, ", or something else in your own words.");
    }
    ret->kind = JV_PLAN_TALK;
    ret->text = b.data;
    suggest(r->catalog, a, ret);
    return true;
}

/* ---- not sure -------------------------------------------------------------------------------- */

/* "get_my_tickets" -> "my tickets": a tool by what it gives. */
static void say_tool(struct jv_buf *b, const struct jv_catalog *c, const struct jv_cat_tool *t)
{
    const char *name = t->name ? t->name : c->agents[t->agent].name;

    if (strncmp(name, "get_", 4) == 0)
        name += 4;
    jv_say_text(b, spaced(b->arena, name));
}

const char *jv_talk_taken(const struct jv_catalog *c, size_t n, const struct jv_draft *calls,
                          struct jv_arena *a)
{
    struct jv_buf b = jv_buf_new(a);

    jv_buf_str(&b, "I am not quite sure what you mean; I took it as ");
    for (size_t i = 0; i < n; i++) {
        const Google__Protobuf__Struct *args = calls[i].arguments;

        jv_buf_str(&b, !i ? "*" : i + 1 < n ? ", *" : " and *");
        say_tool(&b, c, &c->tools[calls[i].tool]);
        jv_buf_char(&b, '*');
        for (size_t k = 0; k < args->n_fields; k++) {
            jv_buf_str(&b, k ? ", " : " (");
            say_argument(&b, args->fields[k]->key, args->fields[k]->value);
        }
        jv_buf_str(&b, args->n_fields ? ")" : "");
    }
    jv_buf_str(&b, ".");
    return b.data;
}
