/* twins.c -- the same questions before and after others' data changed: nothing of it may show, not
 * in a count, an order or a kind of error either. Their sessions and tasks are there the first time
 * only.
 *
 * Those who ask are some that see nobody else's data; theirs stays as it is. Each asks one thing at
 * a time, side by side with the others, so that both times the same happens to them in the same
 * order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "leaks/stage_impl.h"

enum { n_askers = 6, max_chains = 128 };

struct twin {
    const struct person *who;
    size_t n;
    struct chain chains[max_chains];
    const char *first[max_chains][max_turns]; /* what was said the first time */
};

/* ---- what may differ ------------------------------------------------------------------------- */

static bool is_hex_run(const char *p, size_t n)
{
    return strspn(p, "0123456789abcdef-") >= n;
}

/* Digits of a number from 71000000 on, which only new tickets have: their order among others'. */
static bool is_new_id(const char *p)
{
    return strspn(p, "0123456789") == 8 && strncmp(p, "71", 2) >= 0;
}

/* What numbers everybody's messages: their ids, and the names of pages. */
static size_t counter_at(const char *p)
{
    static const char *const names[] = { "\"id\":\"", "\"next_page_token\":\"" };

    for (size_t i = 0; i < JV_COUNT(names); i++)
        if (strncmp(p, names[i], strlen(names[i])) == 0)
            return strlen(names[i]) + strcspn(p + strlen(names[i]), "\"");
    return 0;
}

/* Random names, the time since the world began, counters, and ids that new tickets got. */
static const char *plain(struct stage *s, const char *text)
{
    struct jv_buf b = jv_buf_new(s->arena);
    char before = ' ';

    for (const char *p = text; *p; before = *p++) {
        bool begins = !strchr("0123456789", before);
        size_t counter = counter_at(p);

        if (counter) {
            jv_buf_char(&b, 'C');
            p += counter - 1;
        } else if (is_hex_run(p, 32)) {
            jv_buf_char(&b, 'U');
            p += strspn(p, "0123456789abcdef-") - 1;
        } else if (strncmp(p, "2025-01-10T", 11) == 0) {
            jv_buf_char(&b, 'T');
            p += 11 + strspn(p + 11, "0123456789:.Z") - 1;
        } else if (begins && is_new_id(p)) {
            jv_buf_char(&b, 'N');
            p += 7;
        } else {
            jv_buf_char(&b, *p);
        }
    }
    return b.data;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void print_difference(const struct twin *t, size_t chain, size_t turn, const char *text)
{
    const char *first = t->first[chain][turn];
    size_t at = 0;

    while (first[at] && first[at] == text[at])
        at++;
    at = at > 100 ? at - 100 : 0;
    printf("# %s is told of others' data, as it differs when that does:\n", t->who->username);
    for (size_t i = 0; i <= turn; i++)
        printf("#   %s %s\n", t->chains[chain].asks[i].subject, t->chains[chain].asks[i].json);
    printf("#   first  ... %.250s\n#   second ... %.250s\n", first + at, text + at);
}

static int by_byte(const void *a, const void *b)
{
    return *(const unsigned char *)a - *(const unsigned char *)b;
}

/* Tasks of the same millisecond come in any order: what counts is what is there. */
static const char *comparable(struct stage *s, const struct ask *ask, const struct world_reply *r)
{
    const char *text = plain(s, jv_arena_printf(s->arena, "%d %s", r->code, answer_of(s, r)));
    char *sorted = jv_arena_strdup(s->arena, text);

    if (!strstr(ask->subject, ".ListTasks"))
        return text;
    qsort(sorted, strlen(sorted), 1, by_byte);
    return sorted;
}

static void compare(struct stage *s, struct twin *t, size_t chain, size_t turn,
                    const struct world_reply *r)
{
    const char *text = comparable(s, &t->chains[chain].asks[turn], r);

    s->tally->asked++;
    s->tally->answered += r->code == JV_OK;
    if (!t->first[chain][turn]) {
        t->first[chain][turn] = text;
        return;
    }
    if (strcmp(text, t->first[chain][turn]) == 0)
        return;
    if (!s->plan->quiet && s->tally->leaks < max_printed)
        print_difference(t, chain, turn, text);
    s->tally->leaks++;
}

static void ask_side_by_side(struct stage *s, struct twin *twins, size_t chain, size_t turn)
{
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < n_askers; i++) {
            struct twin *t = &twins[i];
            struct world_reply r;

            if (chain >= t->n || turn >= t->chains[chain].n)
                continue;
            stage_be(s, t->who);
            if (k == 0) {
                stage_send(s, &t->chains[chain].asks[turn]);
            } else {
                r = world_collect(s->w);
                compare(s, t, chain, turn, &r);
            }
        }
    world_advance(s->w, 1); /* what is listed by time has an order */
}

static void ask_all(struct stage *s, struct twin *twins)
{
    world_set_wall(s->w, "2025-01-10T00:00:00Z");
    for (size_t chain = 0; chain < max_chains; chain++)
        for (size_t turn = 0; turn < max_turns; turn++)
            ask_side_by_side(s, twins, chain, turn);
    world_advance(s->w, 1000); /* what was cancelled or left has come to its end, too */
}

/* ---- twins ----------------------------------------------------------------------------------- */

static bool is_asker(const struct twin *twins, const struct person *who)
{
    for (size_t i = 0; i < n_askers; i++)
        if (twins[i].who == who)
            return true;
    return false;
}

static void pick_askers(struct stage *s, struct twin *twins)
{
    for (size_t i = 0; i < n_askers;) {
        const struct person *who = &s->people->list[dice_below(&s->dice, n_people)];

        if (!who->reader.all && !is_asker(twins, who))
            twins[i++].who = who;
    }
}

/* Each other person's questions are about those whose data changes. */
static void make_questions(struct stage *s, struct twin *twins)
{
    size_t wanted = s->plan->questions / 2 / n_askers;

    for (size_t i = 0; i < n_askers; i++) {
        stage_be(s, twins[i].who);
        for (size_t asks = 0; asks < wanted && twins[i].n < max_chains;) {
            struct chain *c = &twins[i].chains[twins[i].n++];

            stage_make_chain(s, c);
            asks += c->n;
        }
    }
}

void stage_twins(const struct plan *plan, struct tally *tally)
{
    struct stage *s = stage_new(plan, tally);
    struct twin *twins = JV_NEW_ARRAY(s->arena, struct twin, n_askers);

    pick_askers(s, twins);
    make_questions(s, twins);
    ask_all(s, twins);
    for (int i = 0; i < n_people; i++)
        if (!is_asker(twins, &s->people->list[i])) {
            people_redraw(s->people, &s->people->list[i]);
            s->gone[i] = true;
        }
    stage_sql(s, people_sql(s->people));
    stage_reset_sessions(s);
    ask_all(s, twins);
    stage_free(s);
}
