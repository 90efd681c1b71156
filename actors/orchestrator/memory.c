/* memory.c -- what people have told about themselves: kept, listed, erased, and used.
 *
 * It is the person's own, changes what an answer looks like and never what they may do. */
#include "orchestrator.h"

#include <string.h>

#include "jv/say.h"
#include "statement.h"

enum {
    max_rows = 5, /* of a table or list in a short answer */
    max_words_seen = 32,
};

#define ERASING "erasing" /* in the memory, beside the planner's own: "all of it?" was asked */

static const ProtobufCServiceDescriptor *const sessions = &sessions__sessions__descriptor;

/* ---- what a turn says ------------------------------------------------------------------------ */

/* The planner's memory goes on, so that a follow-up still finds what came before; but a change that
 * waits for a yes does not wait for the next one. */
static Google__Protobuf__Struct *memory_of(struct jv_arena *a, const Google__Protobuf__Struct *s)
{
    Google__Protobuf__Struct *copy = jv_msg_new(&google__protobuf__struct__descriptor, a);

    copy->fields =
            JV_NEW_ARRAY(a, Google__Protobuf__Struct__FieldsEntry *, (s ? s->n_fields : 0) + 1);
    for (size_t i = 0; s && i < s->n_fields; i++)
        if (strcmp(s->fields[i]->key, ERASING) != 0 && strcmp(s->fields[i]->key, "confirm") != 0 &&
            strcmp(s->fields[i]->key, ASKED) != 0)
            copy->fields[copy->n_fields++] = s->fields[i];
    return copy;
}

static void talk(struct jv_ctx *ctx, const struct jv_plan_input *in, const char *text,
                 struct planned *ret)
{
    struct jv_arena *a = jv_arena(ctx);

    *ret = (struct planned){ .calls = JV_NEW_ARRAY(a, struct call, 1) };
    ret->plan.kind = JV_PLAN_TALK;
    ret->plan.text = text;
    ret->plan.memory = memory_of(a, in->memory);
}

static void talk_failed(struct jv_ctx *ctx, const struct jv_plan_input *in, struct planned *ret)
{
    const struct jv_err *err = jv_error(ctx);

    jv_warn(ctx, "a memory: %s", err->text);
    talk(ctx, in,
         err->code == JV_RESOURCE_EXHAUSTED
                 ? "I remember as much about you as I can. Ask \"what do you know about me?\" and "
                   "have me forget something first."
                 : "I could not do that just now. Please try again in a moment.",
         ret);
}

static void say_memory(struct jv_buf *b, const Sessions__Memory *m)
{
    jv_buf_printf(b, "\n%d. ", (int)m->id);
    jv_say_text(b, m->text);
}

static int load(struct jv_ctx *ctx, Sessions__MemoryList **ret)
{
    Google__Protobuf__Empty nothing = GOOGLE__PROTOBUF__EMPTY__INIT;

    return jv_call(ctx, sessions, "ListMemories", &nothing, ret);
}

/* ---- remember, list -------------------------------------------------------------------------- */

static void remember(struct jv_ctx *ctx, const struct jv_plan_input *in, const struct statement *st,
                     struct planned *ret)
{
    Sessions__RememberRequest req = SESSIONS__REMEMBER_REQUEST__INIT;
    struct jv_buf b = jv_buf_new(jv_arena(ctx));
    Sessions__Memory *m;

    req.kind = st->preference ? SESSIONS__MEMORY__KIND__preference : SESSIONS__MEMORY__KIND__fact;
    req.text = st->text;
    req.topic = st->topic;
    if (jv_call(ctx, sessions, "Remember", &req, &m)) {
        talk_failed(ctx, in, ret);
        return;
    }
    jv_buf_str(&b, "I'll remember: ");
    jv_say_text(&b, m->text);
    talk(ctx, in, b.data, ret);
}

static void list(struct jv_ctx *ctx, const struct jv_plan_input *in, struct planned *ret)
{
    struct jv_buf b = jv_buf_new(jv_arena(ctx));
    Sessions__MemoryList *known;

    if (load(ctx, &known)) {
        talk_failed(ctx, in, ret);
        return;
    }
    jv_buf_str(&b, known->n_memories ? "This is what you have told me about yourself:\n"
                                     : "You have told me nothing about yourself yet. Say \"I "
                                       "prefer short answers\", for example, and I'll remember.");
    for (size_t i = 0; i < known->n_memories; i++)
        say_memory(&b, known->memories[i]);
    if (known->n_memories)
        jv_buf_str(&b, "\n\nSay \"forget number 1\" or \"forget everything about me\" to have it "
                       "erased.");
    talk(ctx, in, b.data, ret);
}

/* ---- forget ---------------------------------------------------------------------------------- */

static void forget_one(struct jv_ctx *ctx, const struct jv_plan_input *in,
                       const Sessions__Memory *m, struct planned *ret)
{
    Sessions__ForgetRequest req = SESSIONS__FORGET_REQUEST__INIT;
    struct jv_buf b = jv_buf_new(jv_arena(ctx));
    Google__Protobuf__Empty *reply;
    int r;

    req.id = m->id;
    r = jv_call(ctx, sessions, "Forget", &req, &reply);
    if (r && r != JV_NOT_FOUND) { /* not there is what was wanted */
        talk_failed(ctx, in, ret);
        return;
    }
    jv_buf_str(&b, "I have forgotten: ");
    jv_say_text(&b, m->text);
    talk(ctx, in, b.data, ret);
}

static size_t find(struct jv_ctx *ctx, const struct statement *st,
                   const Sessions__MemoryList *known, const Sessions__Memory **ret)
{
    size_t n = 0;

    for (size_t i = 0; i < known->n_memories; i++) {
        const Sessions__Memory *m = known->memories[i];

        if (st->act == STATEMENT_FORGET_NUMBER
                    ? m->id == st->number
                    : statement_names(jv_arena(ctx), st->text, m->text, m->topic))
            ret[n++] = m;
    }
    return n;
}

static const char *which(struct jv_ctx *ctx, const Sessions__Memory *const *found, size_t n)
{
    struct jv_buf b = jv_buf_new(jv_arena(ctx));

    jv_buf_str(&b, "That may be several things:\n");
    for (size_t i = 0; i < n; i++)
        say_memory(&b, found[i]);
    jv_buf_printf(&b, "\n\nPlease say \"forget number %d\", for example.", (int)found[0]->id);
    return b.data;
}

static void forget(struct jv_ctx *ctx, const struct jv_plan_input *in, const struct statement *st,
                   struct planned *ret)
{
    const Sessions__Memory **found;
    Sessions__MemoryList *known;
    size_t n;

    if (load(ctx, &known)) {
        talk_failed(ctx, in, ret);
        return;
    }
    found = JV_NEW_ARRAY(jv_arena(ctx), const Sessions__Memory *, known->n_memories + 1);
    n = find(ctx, st, known, found);
    if (n == 1)
        forget_one(ctx, in, found[0], ret);
    else if (n)
        talk(ctx, in, which(ctx, found, n), ret);
    else
        talk(ctx, in,
             "I remember nothing like that about you. Ask \"what do you know about me?\" to see "
             "what there is.",
             ret);
}

/* What cannot be undone is asked about first. */
static void ask_erase(struct jv_ctx *ctx, const struct jv_plan_input *in, struct planned *ret)
{
    static const char *const answers[] = { "yes", "no", NULL };
    struct jv_arena *a = jv_arena(ctx);
    Sessions__MemoryList *known;

    if (load(ctx, &known)) {
        talk_failed(ctx, in, ret);
        return;
    }
    if (!known->n_memories) {
        talk(ctx, in, "There is nothing to forget: you have told me nothing about yourself.", ret);
        return;
    }
    talk(ctx, in,
         jv_arena_printf(a,
                         known->n_memories == 1
                                 ? "Shall I forget the one thing that you have told me about "
                                   "yourself? Please answer yes or no."
                                 : "Shall I forget all %zu things that you have told me about "
                                   "yourself? Please answer yes or no.",
                         known->n_memories),
         ret);
    ret->plan.kind = JV_PLAN_ASK;
    ret->plan.missing = "confirmation";
    ret->plan.suggestions = answers;
    jv_struct_set(ret->plan.memory, a, ERASING, jv_value_bool(a, true));
}

static void erase(struct jv_ctx *ctx, const struct jv_plan_input *in, struct planned *ret)
{
    Google__Protobuf__Empty nothing = GOOGLE__PROTOBUF__EMPTY__INIT, *reply;

    if (jv_call(ctx, sessions, "ForgetAll", &nothing, &reply))
        talk_failed(ctx, in, ret);
    else
        talk(ctx, in, "I have forgotten everything that you have told me about yourself.", ret);
}

/* ---- is it one? ------------------------------------------------------------------------------ */

/* The planner understands it as a wish. */
static bool is_wish(struct jv_ctx *ctx, const struct jv_plan_input *in, const char *text)
{
    struct jv_plan_input alone = *in;
    const struct jv_catalog *catalog;
    struct jv_plan plan;

    alone.text = text;
    alone.memory = NULL;
    if (catalog_get(ctx, &catalog) ||
        jv_planner_builtin.plan(ctx, catalog, &alone, jv_arena(ctx), &plan))
        return true; /* cannot be told */
    return plan.kind == JV_PLAN_CALLS || plan.kind == JV_PLAN_ASK;
}

static bool asked(const struct jv_plan_input *in, const char *what)
{
    return in->memory && jv_struct_get(in->memory, what);
}

bool memory_plan(struct jv_ctx *ctx, const struct jv_plan_input *in, struct planned *ret)
{
    struct statement st = statement_read(jv_arena(ctx), in->text);

    if (asked(in, ERASING) && statement_yes(jv_arena(ctx), in->text)) {
        erase(ctx, in, ret);
        return true;
    }
    if (asked(in, ERASING) && statement_no(jv_arena(ctx), in->text)) {
        talk(ctx, in, "Then I remember all of it as before.", ret);
        return true;
    }
    if (st.act == STATEMENT_REMEMBER && !st.express &&
        (asked(in, "ask") || (!st.sure && is_wish(ctx, in, st.about))))
        return false;
    switch (st.act) {
    case STATEMENT_REMEMBER:
        remember(ctx, in, &st, ret);
        return true;
    case STATEMENT_SECRET:
        talk(ctx, in,
             "That looks like a password or a key. I do not keep such things, and you had better "
             "tell them to nobody.",
             ret);
        return true;
    case STATEMENT_LIST:
        list(ctx, in, ret);
        return true;
    case STATEMENT_FORGET:
    case STATEMENT_FORGET_NUMBER:
        forget(ctx, in, &st, ret);
        return true;
    case STATEMENT_FORGET_ALL:
        ask_erase(ctx, in, ret);
        return true;
    default:
        return false;
    }
}

/* ---- used ------------------------------------------------------------------------------------ */

const char *const *memory_lines(struct jv_arena *a, const Sessions__BeginReply *began)
{
    const char **lines = JV_NEW_ARRAY(a, const char *, began->n_memories + 1);

    for (size_t i = 0; i < began->n_memories; i++)
        lines[i] = began->memories[i]->text;
    return lines;
}

/* The last word on it counts. */
static bool wants_short(struct jv_arena *a, const Sessions__BeginReply *began)
{
    enum statement_style style = STYLE_UNSAID;

    for (size_t i = began->n_memories; !style && i > 0; i--)
        if (began->memories[i - 1]->kind == SESSIONS__MEMORY__KIND__preference)
            style = statement_read(a, began->memories[i - 1]->text).style;
    return style == STYLE_SHORT;
}

/* A line of a table, or of a list; the line under a table's head is none. */
static bool is_row(const char *line)
{
    size_t digits = strspn(line, "0123456789");

    return (line[0] == '|' && strncmp(line, "|-", 2) != 0 && strncmp(line, "| -", 3) != 0 &&
            strncmp(line, "|:", 2) != 0) ||
           strncmp(line, "- ", 2) == 0 || strncmp(line, "* ", 2) == 0 ||
           (digits && strncmp(line + digits, ". ", 2) == 0);
}

/* Rows of all tables and lists; *ret is where the first one begins. */
static size_t count_rows(const char *text, size_t *ret)
{
    size_t n = 0, len;

    for (const char *p = text; *p; p += len + (p[len] == '\n')) {
        len = strcspn(p, "\n");
        if (is_row(p) && n++ == 0)
            *ret = (size_t)(p - text);
    }
    return n;
}

const char *memory_brief(struct jv_ctx *ctx, const Sessions__BeginReply *began,
                         const char *question, const char *text)
{
    static const char in_full[] =
            "details detail detailed full everything table complete completely";
    struct jv_arena *a = jv_arena(ctx);
    size_t before = 0, rows = count_rows(text, &before), head = strchr(text, '|') != NULL;

    while (before && strchr(" \n", text[before - 1]))
        before--;
    if (!before || rows <= max_rows + head || !wants_short(a, began) ||
        statement_has(a, question, in_full))
        return text;
    if (text[before - 1] == ':')
        return jv_arena_printf(a, "%.*s.", (int)before - 1, text);
    return jv_arena_strndup(a, text, before);
}

/* ---- what to ask first ----------------------------------------------------------------------- */

static size_t words_of(struct jv_arena *a, const char *text, const char **list, size_t n)
{
    for (const char *p = text; *p && n < max_words_seen;) {
        size_t len = strcspn(p, " ,.;:!?");

        if (len)
            list[n++] = jv_lower(a, jv_arena_strndup(a, p, len));
        p += len + (p[len] != 0);
    }
    return n;
}

const char *const *memory_words(struct jv_ctx *ctx)
{
    struct jv_arena *a = jv_arena(ctx);
    const char **list = JV_NEW_ARRAY(a, const char *, max_words_seen + 1);
    Sessions__MemoryList *known;
    size_t n = 0;

    if (load(ctx, &known))
        return list; /* then there are the usual ones */
    for (size_t i = known->n_memories; i > 0; i--)
        if (known->memories[i - 1]->kind == SESSIONS__MEMORY__KIND__fact)
            n = words_of(a, known->memories[i - 1]->text, list, n);
    return list;
}
