/* people.c -- made-up people and their data. */
#include "leaks/people.h"

#include <stdio.h>
#include <string.h>

/* ---- who ------------------------------------------------------------------------------------- */

static const char *const plain_names[] = {
    "happy", "open",   "will",  "may",   "mark",   "grant", "april",  "hope", "bill",
    "chase", "rich",   "art",   "grace", "joy",    "june",  "summer", "max",  "frank",
    "aws",   "budget", "admin", "all",   "ticket", "my",    "urgent", "show", "everyone",
};
static const char *const usual_names[] = {
    "alex", "sarah", "vishal", "chris", "anna7", "4711", "r2d2", "jo", "mary-jane", "o.neil", "x_1",
};

#define READ_OWN  "tickets:read tickets:write finops:read oxygen:read registry:read users:read"
#define READ_ALL  "tickets:read:all tickets:write:all tickets:delete finops:read:all oxygen:read:all"
#define OTHER_ALL "users:read:all registry:write registry:approve audit:read"

/* The first are auth's (actors/auth/tokens.c), the others such as an operator might mint. */
static const struct {
    const char *role, *scopes;
    unsigned own, all;
    bool write, write_all;
} roles[] = {
    { "admin", READ_OWN " " READ_ALL " " OTHER_ALL, SEE_ANY, SEE_ANY, true, true },
    { "developer", READ_OWN, SEE_ANY, 0, true, false },
    { "devops", READ_OWN, SEE_ANY, 0, true, false },
    { "data_scientist", READ_OWN, SEE_ANY, 0, true, false },
    { "user", READ_OWN, SEE_ANY, 0, true, false },
    { "user", "", 0, 0, false, false },
    { "user", "tickets:read", SEE_TICKETS, 0, false, false },
    { "user", READ_OWN " tickets:read:all", SEE_ANY, SEE_TICKETS, true, false },
    { "user", READ_OWN " finops:read:all", SEE_ANY, SEE_FINOPS, true, false },
    { "user", "oxygen:read:all oxygen:read", SEE_OXYGEN, SEE_OXYGEN, false, false },
    { "user", "oxygen:read:all finops:read", SEE_FINOPS, SEE_OXYGEN, false, false },
};
enum { n_auth_roles = 5 };

static void add_fact(struct people *p, const struct person *who, unsigned see, const char *word,
                     const char *what)
{
    const struct fact fact = { .word = word, .what = what, .owner = who->number, .see = see };

    facts_add(p->facts, &fact);
}

const char *people_word(struct people *p)
{
    static const char *const syllables[] = { "zo", "va", "ki", "mu", "re", "lo", "ta", "xi",
                                             "qe", "du", "fi", "ja", "po", "we", "gu", "by" };
    const char *word;

    do {
        word = jv_arena_printf(p->arena, "%s%s%s%s%d", DICE_PICK(p->dice, syllables),
                               DICE_PICK(p->dice, syllables), DICE_PICK(p->dice, syllables),
                               DICE_PICK(p->dice, syllables), (int)dice_between(p->dice, 10, 99));
    } while (facts_has(p->facts, word));
    return word;
}

const char *people_said(struct people *p, const struct person *who)
{
    const char *word = people_word(p);
    const struct fact fact = { word, "a word that was said", who->number, SEE_TICKETS,
                               true, .copied = true };

    facts_add(p->facts, &fact);
    return word;
}

static bool is_taken(const struct people *p, int number, const char *name)
{
    for (int i = 0; i < number; i++)
        if (strcmp(p->list[i].username, name) == 0)
            return true;
    return false;
}

static void name_person(struct people *p, struct person *who)
{
    struct fact own = { NULL, "a name", who->number, SEE_ANY, .said = true };

    do {
        size_t kind = dice_below(p->dice, 5);

        own.word = NULL;
        if (kind < 2)
            who->username = DICE_PICK(p->dice, plain_names);
        else if (kind == 2)
            who->username = DICE_PICK(p->dice, usual_names);
        else
            who->username = own.word = people_word(p);
    } while (is_taken(p, who->number, who->username));
    if (own.word)
        facts_add(p->facts, &own);
    who->user_id = jv_arena_printf(p->arena, "user_%03d%02d", (int)dice_below(p->dice, 900) + 100,
                                   who->number);
}

static void add_person(struct people *p, int number, bool only_roles)
{
    struct person *who = &p->list[number];
    size_t kinds = only_roles ? n_auth_roles : JV_COUNT(roles);
    size_t role = number == 0 ? 0 : 1 + dice_below(p->dice, n_auth_roles - 1);

    if (number == 1 && dice_chance(p->dice, 50))
        role = 0;
    if (number >= n_people - (int)(kinds - n_auth_roles))
        role = kinds - (size_t)(n_people - number);
    *who = (struct person){ .number = number, .role = roles[role].role };
    name_person(p, who);
    who->scopes = roles[role].scopes;
    who->reader = (struct reader){ number, roles[role].own, roles[role].all };
    who->may_write = roles[role].write;
    who->may_write_all = roles[role].write_all;
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* Digits that are no fact yet, of a whole number. */
static int64_t fresh_number(struct people *p, int64_t first, int64_t last)
{
    char text[24];
    int64_t n;

    do {
        n = dice_between(p->dice, first, last);
        snprintf(text, sizeof(text), "%lld", (long long)n);
    } while (facts_has(p->facts, text));
    return n;
}

static void add_number(struct people *p, const struct person *who, unsigned see, int64_t n,
                       const char *what)
{
    if (n >= 10000000) /* shorter ones may be anything */
        add_fact(p, who, see, jv_arena_printf(p->arena, "%lld", (long long)n), what);
}

static int64_t new_amount(struct people *p, const struct person *who, const char *what)
{
    int64_t cents = fresh_number(p, 100000000, 999999999); /* 1 to 10 million, in cents */

    add_number(p, who, SEE_FINOPS, cents, what);
    return cents;
}

/* A day that is a fact, or now and then one that is near. */
static const char *new_day(struct people *p, const struct person *who, unsigned see, int first_year,
                           const char *what)
{
    const char *day;

    if (dice_chance(p->dice, 40))
        return jv_arena_printf(p->arena, "2025-01-%02d", (int)dice_between(p->dice, 3, 25));
    do {
        day = jv_arena_printf(p->arena, "%04d-%02d-%02d", first_year + (int)dice_below(p->dice, 20),
                              (int)dice_between(p->dice, 1, 12), (int)dice_between(p->dice, 1, 28));
    } while (facts_has(p->facts, fact_digits(p->arena, day)));
    add_fact(p, who, see, fact_digits(p->arena, day), what);
    return day;
}

/* ---- tickets --------------------------------------------------------------------------------- */

static const char *new_operation(struct people *p, struct person *who)
{
    static const char *const known[] = { "create_ai_key", "create_gitlab_account", "update_budget",
                                         "vpn_access", "gpu_allocation" };
    const char *word;

    if (dice_chance(p->dice, 30))
        return DICE_PICK(p->dice, known);
    word = people_word(p);
    facts_add(p->facts, &(struct fact){ .word = word,
                                        .what = "an operation of a ticket",
                                        .owner = who->number,
                                        .see = SEE_TICKETS,
                                        .copied = true });
    word = dice_chance(p->dice, 50) ? jv_arena_printf(p->arena, "get_%s", word) : word;
    who->operations[who->n_operations++] = word;
    return word;
}

static void add_ticket(struct people *p, struct person *who)
{
    static const char *const states[] = { "pending", "in_progress", "approved", "completed",
                                          "rejected" };
    int32_t id = (int32_t)fresh_number(p, 21000000, 69999999); /* no year begins so */
    const char *day = new_day(p, who, SEE_TICKETS, 2002, "the day of a ticket");

    add_number(p, who, SEE_TICKETS, id, "the id of a ticket");
    who->tickets[who->n_tickets++] = id;
    jv_buf_printf(&who->sql,
                  "insert into tickets.tickets values (%d, '%s', '%s', '%s', '%s 09:00Z', "
                  "'%s 10:00Z');\n",
                  (int)id, new_operation(p, who), who->username, DICE_PICK(p->dice, states), day,
                  day);
}

/* ---- money ----------------------------------------------------------------------------------- */

static void add_allocations(struct people *p, struct person *who)
{
    static const char *const providers[] = { "aws", "gcp", "azure" };
    int64_t total = 0, cents;

    for (size_t i = 0; i < JV_COUNT(providers); i++) {
        if (dice_chance(p->dice, 30))
            continue;
        cents = new_amount(p, who, "an allocation");
        total += cents;
        jv_buf_printf(&who->sql, "insert into finops.allocations values ('%s', '%s', %lld);\n",
                      who->username, providers[i], (long long)cents);
    }
    add_number(p, who, SEE_FINOPS, total, "the sum of allocations");
}

static void add_budget(struct people *p, struct person *who)
{
    int64_t monthly = new_amount(p, who, "a budget"), spent = new_amount(p, who, "what was spent");
    const char *department = people_word(p);

    add_fact(p, who, SEE_FINOPS, department, "a department");
    add_number(p, who, SEE_FINOPS, monthly > spent ? monthly - spent : spent - monthly,
               "what is left of a budget");
    jv_buf_printf(&who->sql, "insert into finops.budgets values ('%s', %lld, %lld, '{%s}', %s);\n",
                  who->username, (long long)monthly, (long long)spent, department,
                  dice_chance(p->dice, 50) ? "true" : "false");
    add_allocations(p, who);
}

/* ---- learning -------------------------------------------------------------------------------- */

static void add_course(struct people *p, struct person *who, int position)
{
    const char *word = people_word(p);

    add_fact(p, who, SEE_OXYGEN, word, "a course");
    jv_buf_printf(&who->sql, "insert into oxygen.courses values ('%s', 'Basic %s', '%s', %d);\n",
                  who->username, word, dice_chance(p->dice, 50) ? "enrolled" : "completed",
                  position);
}

static void add_exam(struct people *p, struct person *who)
{
    const char *word = people_word(p);
    const char *day = new_day(p, who, SEE_OXYGEN, 2026, "the day of an exam");

    add_fact(p, who, SEE_OXYGEN, word, "an exam");
    jv_buf_printf(&who->sql, "insert into oxygen.exams values ('%s', '%s Final', date '%s');\n",
                  who->username, word, day);
}

static void add_learner(struct people *p, struct person *who)
{
    const char *likes = people_word(p);

    add_fact(p, who, SEE_OXYGEN, likes, "a preference");
    jv_buf_printf(&who->sql, "insert into oxygen.learners values ('%s', '{%s,ai}');\n",
                  who->username, likes);
    for (int i = (int)dice_below(p->dice, 5); i > 0; i--)
        add_course(p, who, i);
    for (size_t i = dice_below(p->dice, 4); i > 0; i--)
        add_exam(p, who);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void add_data(struct people *p, struct person *who)
{
    who->sql = jv_buf_new(p->arena);
    for (size_t i = dice_below(p->dice, 7); i > 0; i--)
        add_ticket(p, who);
    if (dice_chance(p->dice, 80))
        add_budget(p, who);
    if (dice_chance(p->dice, 85))
        add_learner(p, who);
}

void people_redraw(struct people *p, struct person *who)
{
    who->n_tickets = who->n_operations = 0;
    add_data(p, who);
}

const char *people_sql(struct people *p)
{
    struct jv_buf b = jv_buf_new(p->arena);

    jv_buf_str(&b, "begin;\ndelete from tickets.tickets;\ndelete from finops.budgets;\n"
                   "delete from oxygen.learners;\n");
    jv_buf_printf(&b, "alter table tickets.tickets alter column id restart with %lld;\n",
                  (long long)p->next_id);
    for (int i = 0; i < n_people; i++)
        jv_buf_str(&b, p->list[i].sql.data);
    jv_buf_str(&b, "commit;\n");
    return b.data;
}

struct people *people_new(struct jv_arena *a, struct dice *d, bool only_roles)
{
    struct people *p = JV_NEW(a, struct people);

    *p = (struct people){ .arena = a, .dice = d, .facts = facts_new(a) };
    p->next_id = dice_between(d, 71, 99) * 1000000;
    for (int i = 0; i < n_people; i++)
        add_person(p, i, only_roles);
    for (int i = 0; i < n_people; i++)
        add_data(p, &p->list[i]);
    return p;
}
