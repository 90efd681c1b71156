/* round.c -- one set of people: person after person asks many things at once. */
#include <stdio.h>

#include "leaks/stage_impl.h"

static void make_batch(struct stage *s)
{
    const struct person *who;

    do {
        who = &s->people->list[dice_below(&s->dice, n_people)];
    } while (s->n_used[who->number] + n_chains > n_sessions);
    stage_be(s, who);
    for (size_t i = 0; i < n_chains; i++)
        stage_make_chain(s, &s->chains[i]);
}

static void run_turn(struct stage *s, size_t turn)
{
    for (size_t i = 0; i < n_chains; i++)
        if (turn < s->chains[i].n)
            stage_send(s, &s->chains[i].asks[turn]);
    for (size_t i = 0; i < n_chains; i++) {
        struct chain *c = &s->chains[i];
        struct world_reply r;

        if (turn >= c->n)
            continue;
        jv_buf_printf(&c->said, "%s\n", c->asks[turn].said);
        r = world_collect(s->w);
        answer_judge(s, c, turn, &r);
    }
}

/* What was cancelled or left has come to its end, too. */
static const char *settled(struct stage *s)
{
    world_advance(s->w, 1000);
    return changes_snapshot(s);
}

/* Which of the batch's talks it was: each alone, from where the round began. */
static void blame(struct stage *s)
{
    const char *before, *after;

    stage_sql(s, people_sql(s->people));
    stage_reset_sessions(s);
    before = changes_snapshot(s);
    for (size_t i = 0; i < n_chains; i++, before = after) {
        const struct chain *c = &s->chains[i];

        for (size_t turn = 0; turn < c->n; turn++) {
            stage_send(s, &c->asks[turn]);
            (void)world_collect(s->w);
        }
        after = settled(s);
        if (!changes_judge(s, before, after))
            for (size_t turn = 0; turn < c->n; turn++)
                printf("#   by %s %s\n", c->asks[turn].subject, c->asks[turn].json);
    }
}

/* The tables after it; NULL: nothing more can be learned from this round. */
static const char *run_batch(struct stage *s, const char *before)
{
    const char *after;

    make_batch(s);
    for (size_t turn = 0; turn < max_turns; turn++)
        run_turn(s, turn);
    after = settled(s);
    if (!changes_judge(s, before, after) && !s->plan->quiet) {
        blame(s);
        return NULL;
    }
    for (size_t i = 0; i < n_chains; i++)
        if (s->chains[i].asks[0].way == ASK_CHAT && dice_chance(&s->dice, 30))
            answer_judge_memory(s, &s->chains[i]);
    answer_judge_suspects(s);
    stage_learn_tasks(s);
    return after;
}

void stage_round(const struct plan *plan, struct tally *tally)
{
    struct stage *s = stage_new(plan, tally);
    size_t end = tally->asked + plan->questions;
    const char *before = changes_snapshot(s);

    while (before && tally->asked < end && tally->faults < 100)
        before = run_batch(s, before);
    stage_free(s);
}
