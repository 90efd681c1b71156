/* answers.c -- answers: searched for what their askers may not see. */
#include <stdio.h>
#include <string.h>

#include "leaks/stage_impl.h"

static struct reader reader_of(const struct stage *s, const struct ask *ask)
{
    return ask->token == TOKEN_OWN ? s->me->reader : (struct reader){ -1, 0, 0 };
}

/* The error's text and member, and the body. */
const char *answer_of(struct stage *s, const struct world_reply *r)
{
    return jv_arena_printf(s->arena, "%s\n%s\n%s", r->text ? r->text : "", r->field ? r->field : "",
                           r->json ? r->json : "");
}

static struct world_reply ask_again(struct stage *s, const struct ask *ask)
{
    const char *tokens[] = { s->tokens[s->me->number], NULL, s->expired[s->me->number] };

    return world_ask(s->w, tokens[ask->token], ask->subject, ask->json);
}

static const struct fact *leak_again(struct stage *s, struct ask *ask)
{
    struct reader reader = reader_of(s, ask);
    struct world_reply r;

    ask_wrap(&s->asking, ask);
    r = ask_again(s, ask);
    return facts_leak(s->people->facts, &reader, answer_of(s, &r), ask->said, NULL);
}

/* The text without its n-th word; NULL: it has none. */
static char *without_word(struct jv_arena *a, const char *text, size_t n)
{
    const char *p = text;
    size_t len;

    for (size_t i = 0; i < n; i++) {
        p += strcspn(p, " ");
        p += strspn(p, " ");
    }
    len = strcspn(p, " ");
    if (!*p)
        return NULL;
    return jv_arena_printf(a, "%.*s%s", (int)(p - text), text, p + len + strspn(p + len, " "));
}

/* Fewer and fewer words, as long as it leaks. */
static void shrink(struct stage *s, struct ask *ask)
{
    for (size_t n = 0; ask->text;) {
        struct ask less = *ask;

        less.text = without_word(s->arena, ask->text, n);
        if (!less.text)
            return;
        if (less.text[0] && leak_again(s, &less))
            *ask = less;
        else
            n++;
    }
}

static const char *where_in(const char *text, const char *word)
{
    const char *p = strcasestr(text, word);

    return !p ? text : p - text > 120 ? p - 120 : text;
}

static void print_leak(struct stage *s, const struct suspect *x)
{
    const struct fact *fact = x->fact;
    struct ask alone = x->chain->asks[x->turn];

    printf("# %s (%s) is told %s of %s: %s\n", s->me->username, s->me->scopes, fact->what,
           s->people->list[fact->owner].username, fact->word);
    for (size_t i = 0; i <= x->turn; i++)
        printf("#   %s %s\n", x->chain->asks[i].subject,
               x->chain->asks[i].text ? x->chain->asks[i].text : x->chain->asks[i].json);
    printf("#   ... %.300s ...\n", where_in(x->text, fact->word));
    if (alone.text && leak_again(s, &alone)) {
        shrink(s, &alone);
        printf("#   enough is: %s\n", alone.text);
    }
}

static void search_text(struct stage *s, const struct chain *c, size_t turn, const char *text,
                        bool ever)
{
    struct reader reader = ever ? s->me->reader : reader_of(s, &c->asks[turn]);
    size_t told = 0;
    const struct fact *leak =
            facts_leak(s->people->facts, &reader, text, ever ? NULL : c->said.data, &told);

    s->tally->told += told;
    if (leak && s->n_suspects < max_suspects)
        s->suspects[s->n_suspects++] = (struct suspect){ c, turn, leak, text };
}

/* Once it is known what the batch has written: somebody who opens a ticket for a word has it in
 * their own data, whosever it was before. */
void answer_judge_suspects(struct stage *s)
{
    for (size_t i = 0; i < s->n_suspects; i++) {
        const struct suspect *x = &s->suspects[i];

        if (fact_may_see(x->fact, &s->me->reader) && x->chain->asks[x->turn].token == TOKEN_OWN)
            continue;
        if (!s->plan->quiet && s->tally->leaks < max_printed)
            print_leak(s, x);
        s->tally->leaks++;
    }
    s->n_suspects = 0;
}

static bool is_fault(const struct ask *ask, int code)
{
    if (ask->token != TOKEN_OWN && code != JV_UNAUTHENTICATED)
        return true;
    if (code == JV_DEADLINE_EXCEEDED && strstr(ask->subject, ".SubscribeToTask"))
        return false; /* a task that waits for its person says nothing more */
    return code == JV_INTERNAL || code == JV_UNKNOWN || code == JV_DEADLINE_EXCEEDED ||
           code == JV_UNAVAILABLE || code == JV_RESOURCE_EXHAUSTED;
}

void answer_judge(struct stage *s, const struct chain *c, size_t turn, const struct world_reply *r)
{
    const struct ask *ask = &c->asks[turn];
    const char *text = answer_of(s, r);

    s->tally->asked++;
    s->tally->answered += r->code == JV_OK;
    s->tally->denied += r->code == JV_PERMISSION_DENIED || strstr(text, "\"outcome\":\"denied\"");
    s->tally->refused += r->code == JV_UNAUTHENTICATED;
    search_text(s, c, turn, text, ask->ever && ask->token == TOKEN_OWN);
    if (!is_fault(ask, r->code))
        return;
    if (!s->plan->quiet && s->tally->faults < max_printed)
        printf("# %s: %s %s gave %d %s\n", s->me->username, ask->subject, ask->json, r->code,
               r->text);
    s->tally->faults++;
}

/* What is kept of the asker's sessions: memory, history, what agents were asked. */
void answer_judge_memory(struct stage *s, const struct chain *c)
{
    const char *kept = stage_sql(
            s, jv_arena_printf(s->arena,
                               "select string_agg(line, E'\\n') from ("
                               " select to_jsonb(m)::text as line from sessions.messages m"
                               "  where session_id = '%s'"
                               " union all select to_jsonb(i)::text from sessions.invocations i"
                               "  where session_id = '%s'"
                               " union all select to_jsonb(c)::text from sessions.contexts c"
                               "  where session_id = '%s') kept",
                               c->session, c->session, c->session));

    search_text(s, c, c->n - 1, kept, true);
}
