/* notices.c -- what people should know: asked of the agents, kept, new ones made known.
 *
 * Everybody's are looked at by one notifier at a time, a page after the other, each in work of its
 * own, so that there may be any number; one person's when they ask. No transaction waits for an
 * agent. So answers may overtake each other: each has a turn, taken before the question, and what
 * was found later stands. */
#include "notifier.h"

#include <stdio.h>
#include <string.h>

#include "jv/db.h"
#include "jv/wire.h"

#include "finops.pb-c.h"
#include "oxygen.pb-c.h"
#include "tickets.pb-c.h"

enum {
    max_text = 400,
    max_user = 64,
    max_key = 400,
    max_pages = 2000,
    ask_ms = 1000,   /* a person waits for it */
    page_ms = 20000, /* nobody does */
    tries = 3,       /* of a person's look that was overtaken */
    soon_ms = 10000, /* after an agent did not answer */
};

static const struct source {
    const char *name;
    const ProtobufCServiceDescriptor *service;
} sources[] = {
    { "oxygen", &oxygen__oxygen__descriptor },
    { "finops", &finops__finops__descriptor },
    { "tickets", &tickets__tickets__descriptor },
};

const struct kind notice_kinds[] = {
    { "exam", "oxygen" },
    { "budget", "finops" },
    { "cost", "finops" },
    { "ticket", "tickets" },
    { 0 },
};

/* One question to an agent: about a person, or a page of everybody's. */
struct look {
    int source;
    char username[max_user + 1]; /* "": everybody's */
    char after_username[max_user + 1], after_key[max_key + 1];
    int64_t turn, first_turn; /* of this page; of the first one */
    int pages;
};

/* ---- what came ------------------------------------------------------------------------------ */

/* As arrays, a column each. */
struct found {
    size_t n;
    const char **username, **key, **kind, **priority, **text, **at;
    bool more;
    const char *last_username, *last_key; /* NULL: there is nothing behind it */
};

static bool is_kind_of(const struct source *from, const char *kind)
{
    for (const struct kind *k = notice_kinds; k->name; k++)
        if (strcmp(k->name, kind) == 0)
            return strcmp(k->source, from->name) == 0;
    return false;
}

static bool is_sound(const struct look *l, const Notices__Notice *n)
{
    size_t kind = strlen(n->kind);

    return is_kind_of(&sources[l->source], n->kind) && strncmp(n->key, n->kind, kind) == 0 &&
           n->key[kind] == ':' && strlen(n->key) <= max_key && strlen(n->username) <= max_user &&
           (!l->username[0] || strcmp(l->username, n->username) == 0) &&
           (strcmp(n->priority, "high") == 0 || strcmp(n->priority, "medium") == 0 ||
            strcmp(n->priority, "low") == 0);
}

/* On one line, without what cannot be seen. */
static const char *clean(struct jv_arena *a, const char *text)
{
    struct jv_buf b = jv_buf_new(a);
    size_t len = jv_clip(text, strlen(text), max_text), n;
    uint32_t c;

    for (size_t i = 0; i < len; i += n) {
        n = jv_utf8_next(text + i, len - i, &c);
        if (!n)
            break;
        if (jv_is_unseen(c))
            jv_buf_char(&b, ' ');
        else
            jv_buf_add(&b, text + i, n);
    }
    return b.len ? b.data : "";
}

static const char **column(struct jv_ctx *ctx, size_t n)
{
    return JV_NEW_ARRAY(jv_arena(ctx), const char *, n + 1);
}

static void add(struct jv_ctx *ctx, struct found *f, const Notices__Notice *n)
{
    struct jv_arena *a = jv_arena(ctx);

    f->username[f->n] = n->username;
    f->key[f->n] = n->key;
    f->kind[f->n] = n->kind;
    f->priority[f->n] = n->priority;
    f->text[f->n] = clean(a, n->text);
    f->at[f->n++] = n->at ? jv_time_print(a, n->at->seconds, 0) : "";
}

/* Behind that one is another page. */
static bool goes_on(const struct look *l, const Notices__Notice *last)
{
    return last && l->pages < max_pages && strlen(last->username) <= max_user &&
           strlen(last->key) <= max_key &&
           (strcmp(last->username, l->after_username) != 0 || strcmp(last->key, l->after_key) != 0);
}

static int take(struct jv_ctx *ctx, const struct look *l, const Notices__NoticeList *list,
                struct found *f)
{
    size_t n = list->n_notices;

    *f = (struct found){ 0,
                         column(ctx, n),
                         column(ctx, n),
                         column(ctx, n),
                         column(ctx, n),
                         column(ctx, n),
                         column(ctx, n),
                         list->more && !l->username[0],
                         NULL,
                         NULL };
    for (size_t i = 0; i < n; i++)
        if (is_sound(l, list->notices[i]))
            add(ctx, f, list->notices[i]);
        else
            jv_warn(ctx, "%s gave a notice that is none", sources[l->source].name);
    if (!f->more)
        return JV_OK;
    if (!goes_on(l, n ? list->notices[n - 1] : NULL))
        return jv_fail(ctx, JV_INTERNAL, "%s has more notices, and no end",
                       sources[l->source].name);
    f->last_username = list->notices[n - 1]->username;
    f->last_key = list->notices[n - 1]->key;
    return JV_OK;
}

static int ask(struct jv_ctx *ctx, struct look *l, struct found *f)
{
    Notices__NoticesRequest req = NOTICES__NOTICES_REQUEST__INIT;
    Notices__NoticeList *list;
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows, "select nextval('turns') as turn");
    if (r)
        return r;
    l->turn = jv_col_int(&rows, 0, "turn");
    req.username = l->username;
    req.after_username = l->after_username;
    req.after_key = l->after_key;
    jv_as_actor(ctx);
    r = jv_call(ctx, sources[l->source].service, "Notices", &req, &list);
    return r ? r : take(ctx, l, list, f);
}

/* ---- kept ----------------------------------------------------------------------------------- */

/* Everybody's shut out all others; persons only themselves. */
static int lock(struct jv_ctx *ctx, const struct look *l)
{
    if (!l->username[0])
        return jv_db(ctx, NULL,
                     "select pg_advisory_xact_lock(hashtextextended('notifier.notices', 0))");
    return jv_db(ctx, NULL,
                 "select pg_advisory_xact_lock_shared(hashtextextended('notifier.notices', 0)),"
                 " pg_advisory_xact_lock(hashtextextended('notifier.notices:' || $1, 0))",
                 jv_text(l->username));
}

/* A page is never overtaken as a whole: rounds come one after the other. */
static int was_overtaken(struct jv_ctx *ctx, const struct look *l, bool *ret)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "select from looks where source = $1 and username in ('', $2) and turn > $3 limit 1",
              jv_text(sources[l->source].name), jv_text(l->username), jv_int(l->turn));
    *ret = !r && rows.n;
    return r;
}

/* Which rows the answer speaks of: $1 source, $2 person, $3 and $4 behind which, $5 and $6 up to
 * which, $7 its turn. Who was looked at later is left as they are. */
#define SPOKEN_OF(u, k)                                                                            \
    "(case when $2 <> '' then " u " = $2 else (" u ", " k ") > ($3, $4)"                           \
    " and ($5::text is null or (" u ", " k ") <= ($5, $6)) end)"                                   \
    " and not exists (select from looks l where l.source = $1 and l.username = " u                 \
    " and l.username <> '' and l.turn > $7)"
#define SCOPE_OF(l, f)                                                                             \
    jv_text(sources[(l)->source].name), jv_text((l)->username), jv_text((l)->after_username),      \
            jv_text((l)->after_key), jv_text((f)->last_username), jv_text((f)->last_key),          \
            jv_int((l)->turn)

static int drop_gone(struct jv_ctx *ctx, const struct look *l, const struct found *f)
{
    return jv_db(ctx, NULL,
                 "delete from notices n where source = $1 and " SPOKEN_OF(
                         "n.username", "n.key") " and not exists (select from unnest($8::text[], "
                                                "$9::text[]) as f (u, k)"
                                                " where u = n.username and k = n.key)",
                 SCOPE_OF(l, f), jv_text_array(ctx, f->n, f->username),
                 jv_text_array(ctx, f->n, f->key));
}

/* The same notice in other words: "in 3 days", "in 2 days". */
static int reword(struct jv_ctx *ctx, const struct look *l, const struct found *f)
{
    return jv_db(ctx, NULL,
                 "update notices n set text = t, priority = p, at = nullif(a, '')::timestamptz"
                 " from unnest($8::text[], $9::text[], $10::text[], $11::text[], $12::text[])"
                 " as f (u, k, p, t, a) where n.source = $1 and u = n.username and k = n.key"
                 " and (n.text, n.priority) <> (t, p) and " SPOKEN_OF("n.username", "n.key"),
                 SCOPE_OF(l, f), jv_text_array(ctx, f->n, f->username),
                 jv_text_array(ctx, f->n, f->key), jv_text_array(ctx, f->n, f->priority),
                 jv_text_array(ctx, f->n, f->text), jv_text_array(ctx, f->n, f->at));
}

static int add_new(struct jv_ctx *ctx, const struct look *l, const struct found *f,
                   struct jv_rows *ret)
{
    return jv_db(ctx, ret,
                 "insert into notices (username, key, source, kind, priority, text, at, first_seen)"
                 " select distinct on (u, k) u, k, $1::text, kind, p, t,"
                 " nullif(a, '')::timestamptz, $8::timestamptz"
                 " from unnest($9::text[], $10::text[], $11::text[], $12::text[], $13::text[],"
                 " $14::text[]) as f (u, k, kind, p, t, a) where " SPOKEN_OF(
                         "u", "k") " order by u, k on conflict do nothing"
                                   " returning id, username, kind, priority, text, key, at",
                 SCOPE_OF(l, f), jv_ms(jv_real_ms(ctx)), jv_text_array(ctx, f->n, f->username),
                 jv_text_array(ctx, f->n, f->key), jv_text_array(ctx, f->n, f->kind),
                 jv_text_array(ctx, f->n, f->priority), jv_text_array(ctx, f->n, f->text),
                 jv_text_array(ctx, f->n, f->at));
}

/* With the last page nobody's own look is needed any more: all later ones have a greater turn. */
static int note_look(struct jv_ctx *ctx, const struct look *l, const struct found *f)
{
    int r = jv_db(ctx, NULL,
                  "insert into looks (source, username, turn) values ($1, $2, $3)"
                  " on conflict (source, username) do update set"
                  " turn = greatest(looks.turn, excluded.turn)",
                  jv_text(sources[l->source].name), jv_text(l->username), jv_int(l->turn));

    if (r || l->username[0] || f->more)
        return r;
    return jv_db(ctx, NULL, "delete from looks where source = $1 and username <> '' and turn < $2",
                 jv_text(sources[l->source].name), jv_int(l->first_turn));
}

static int write_down(struct jv_ctx *ctx, const struct look *l, const struct found *f,
                      struct jv_rows *ret_new, size_t *ret_queued)
{
    int r = drop_gone(ctx, l, f);

    if (!r)
        r = reword(ctx, l, f);
    if (!r)
        r = add_new(ctx, l, f, ret_new);
    if (!r)
        r = hooks_queue(ctx, ret_new, ret_queued);
    return r ? r : note_look(ctx, l, f);
}

/* Rows come sorted by person. */
static void make_known(struct jv_ctx *ctx, const struct jv_rows *news)
{
    for (size_t i = 0; i < news->n; i++) {
        Notifier__Noticed e = NOTIFIER__NOTICED__INIT;

        e.username = jv_col(news, i, "username");
        if (i && strcmp(e.username, jv_col(news, i - 1, "username")) == 0)
            continue;
        if (jv_publish(ctx, "evt.notifier.Noticed", &e))
            jv_info(ctx, "not announced: %s", jv_error(ctx)->text); /* streams look by themselves */
    }
}

static int keep(struct jv_ctx *ctx, const struct look *l, const struct found *f,
                bool *ret_overtaken)
{
    struct jv_rows news;
    size_t queued = 0;
    int r = jv_db_begin(ctx);

    if (!r)
        r = lock(ctx, l);
    if (!r)
        r = was_overtaken(ctx, l, ret_overtaken);
    if (r || *ret_overtaken) {
        jv_db_rollback(ctx);
        return r;
    }
    r = write_down(ctx, l, f, &news, &queued);
    if (!r)
        r = jv_db_commit(ctx);
    if (r)
        return r;
    make_known(ctx, &news);
    if (queued)
        deliver_soon(ctx);
    return JV_OK;
}

/* ---- one person's --------------------------------------------------------------------------- */

static int look_at_person(struct jv_ctx *ctx, void *look)
{
    struct look *l = look;
    bool overtaken = true;
    struct found f;
    int r = JV_OK;

    jv_within(ctx, ask_ms);
    for (int i = 0; !r && overtaken && i < tries; i++) {
        r = ask(ctx, l, &f);
        if (!r)
            r = keep(ctx, l, &f, &overtaken);
    }
    return r;
}

void notices_refresh(struct jv_ctx *ctx, const char *username)
{
    struct look looks[JV_COUNT(sources)] = { 0 };
    struct jv_child *children[JV_COUNT(sources)];

    if (strlen(username) > max_user)
        return;
    for (size_t i = 0; i < JV_COUNT(sources); i++) {
        looks[i].source = (int)i;
        snprintf(looks[i].username, sizeof(looks[i].username), "%s", username);
        children[i] = jv_spawn(ctx, look_at_person, &looks[i]);
    }
    for (size_t i = 0; i < JV_COUNT(sources); i++)
        if (jv_join(ctx, children[i]))
            jv_info(ctx, "%s is not asked: %s", sources[i].name, jv_error(ctx)->text);
}

/* ---- everybody's ---------------------------------------------------------------------------- */

/* Whoever moves the time to the next round does this one. */
static int claim(struct jv_ctx *ctx, bool *ret)
{
    struct notifier *s = jv_state(ctx);
    int64_t now = jv_real_ms(ctx);
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "insert into rounds (name, next_at) values ('notices', $2)"
              " on conflict (name) do update set next_at = excluded.next_at"
              " where rounds.next_at <= $1 or rounds.next_at > $2 returning next_at",
              jv_ms(now), jv_ms(now + s->every_ms));
    *ret = !r && rows.n;
    if (!r && !rows.n)
        r = jv_db(ctx, &rows, "select next_at from rounds where name = 'notices'");
    if (!r && rows.n)
        s->look_at_ms = jv_col_ms(&rows, 0, "next_at");
    return r;
}

/* An agent that did not answer is asked again before the next round, whoever does it. */
static int again_soon(struct jv_ctx *ctx)
{
    struct notifier *s = jv_state(ctx);
    int64_t at = jv_real_ms(ctx) + soon_ms;

    if (at < s->look_at_ms)
        s->look_at_ms = at;
    return jv_db(ctx, NULL, "update rounds set next_at = least(next_at, $1) where name = 'notices'",
                 jv_ms(at));
}

static int look_at_page(struct jv_ctx *ctx, void *look)
{
    struct look *l = look, next;
    bool overtaken;
    struct found f;
    int r = ask(ctx, l, &f);

    if (!l->first_turn)
        l->first_turn = l->turn;
    if (!r)
        r = keep(ctx, l, &f, &overtaken);
    if (r) {
        jv_info(ctx, "%s is not asked: %s", sources[l->source].name, jv_error(ctx)->text);
        return again_soon(ctx);
    }
    if (!f.more || overtaken)
        return JV_OK;
    next = *l;
    next.pages++;
    snprintf(next.after_username, sizeof(next.after_username), "%s", f.last_username);
    snprintf(next.after_key, sizeof(next.after_key), "%s", f.last_key);
    return jv_background(ctx, "notices", look_at_page, &next, sizeof(next), page_ms);
}

int notices_due(struct jv_ctx *ctx)
{
    const struct notifier *s = jv_state(ctx);
    bool mine = false;
    int r;

    if (!s->every_ms || jv_real_ms(ctx) < s->look_at_ms)
        return JV_OK;
    r = claim(ctx, &mine);
    for (int i = 0; !r && mine && i < (int)JV_COUNT(sources); i++) {
        const struct look first = { .source = i };

        r = jv_background(ctx, "notices", look_at_page, &first, sizeof(first), page_ms);
    }
    return r;
}
