/* changes.c -- tables before and after: who changed what. */
#include <stdio.h>
#include <string.h>

#include "leaks/stage_impl.h"

/* A line for each row of the agents' tables and each person's sessions and tasks, in order:
 * "t <whose> <ticket> <status> <operation> <hash>". */
static const char snapshot[] =
        "select string_agg(line, E'\\n' order by line collate \"C\") from ("
        " select 't ' || username || ' ' || id || ' ' || status || ' ' || operation || ' '"
        " || md5(t::text) as line from tickets.tickets t"
        " union all select 'b ' || username || ' ' || md5(b::text) from finops.budgets b"
        " union all select 'a ' || username || ' ' || md5(a::text) from finops.allocations a"
        " union all select 'p * ' || md5(c::text) from finops.costs c"
        " union all select 'l ' || username || ' ' || md5(l::text) from oxygen.learners l"
        " union all select 'c ' || username || ' ' || md5(c::text) from oxygen.courses c"
        " union all select 'e ' || username || ' ' || md5(e::text) from oxygen.exams e"
        " union all select 's ' || owner || ' ' || count(*) || coalesce(md5(string_agg(s::text, '|'"
        "  order by id) filter (where title || status <> 'active' or message_count > 0)), '')"
        "  from sessions.sessions s group by owner"
        " union all select 'k ' || owner || ' ' || md5(string_agg(id || state, '|' order by id))"
        "  from (select owner, id, state from tickets.tasks union all select owner, id, state"
        "  from orchestrator.tasks) k group by owner) lines";

const char *changes_snapshot(struct stage *s)
{
    return stage_sql(s, snapshot);
}

struct row {
    char table;
    char who[64], status[16], operation[80];
    int32_t id;
};

static struct row read_row(const char *line, size_t len)
{
    struct row r = { .table = line[0] };
    char text[512];

    snprintf(text, sizeof(text), "%.*s", (int)len, line);
    if (sscanf(text, "t %63s %d %15s %79s", r.who, &r.id, r.status, r.operation) != 4)
        sscanf(text, "%*c %63s", r.who);
    return r;
}

static bool has_line(const char *text, const char *line, size_t len)
{
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, "\n");

        if (n == len && memcmp(p, line, len) == 0)
            return true;
        p += n + (p[n] == '\n');
    }
    return false;
}

static bool is_mine(const struct stage *s, const struct row *r)
{
    return strcmp(r->who, s->me->username) == 0 ||
           (r->table == 'k' && strcmp(r->who, s->me->user_id) == 0);
}

static bool has_ticket(const char *text, int32_t id)
{
    char part[24];

    snprintf(part, sizeof(part), " %d ", (int)id);
    return strstr(text, part) != NULL;
}

/* One's own sessions and tasks change with every question; data is changed by whoever may. */
static bool may_change(const struct stage *s, const struct row *r, const char *after)
{
    if (r->table != 't')
        return strchr("sk", r->table) && is_mine(s, r);
    if (s->me->may_write_all)
        return true;
    return s->me->may_write && is_mine(s, r) && has_ticket(after, r->id);
}

/* Somebody who may has put it there: whoever it belongs to may see it from now on. */
static void learn_ticket(struct stage *s, const struct row *r)
{
    const struct person *owner = NULL;
    struct fact fact = { .what = "the id of a new ticket", .see = SEE_TICKETS };
    const char *id = jv_arena_printf(s->arena, "%d", (int)r->id);

    for (int i = 0; i < n_people; i++)
        if (strcmp(s->people->list[i].username, r->who) == 0)
            owner = &s->people->list[i];
    if (!owner)
        return;
    fact.owner = owner->number;
    fact.word = id;
    if (r->id > 9999999)
        facts_add(s->people->facts, &fact);
    facts_given(s->people->facts, owner->number, r->operation);
}

static void judge_line(struct stage *s, const char *line, size_t len, const char *after, bool added)
{
    struct row r = read_row(line, len);

    if (!may_change(s, &r, after)) {
        if (!s->plan->quiet && s->tally->wrong_writes < max_printed)
            printf("# %s (%s) changed what is not theirs: %s %.*s\n", s->me->username,
                   s->me->scopes, added ? "there is now" : "gone is", (int)len, line);
        s->tally->wrong_writes++;
    } else if (r.table == 't') {
        s->tally->written++;
        if (added)
            learn_ticket(s, &r);
    }
}

/* Lines of one that the other has not. */
bool changes_judge(struct stage *s, const char *before, const char *after)
{
    size_t wrong = s->tally->wrong_writes;
    const char *const texts[2][2] = { { before, after }, { after, before } };

    for (int k = 0; k < 2; k++)
        for (const char *p = texts[k][0]; *p;) {
            size_t n = strcspn(p, "\n");

            if (!has_line(texts[k][1], p, n))
                judge_line(s, p, n, after, k == 1);
            p += n + (p[n] == '\n');
        }
    return s->tally->wrong_writes == wrong;
}
