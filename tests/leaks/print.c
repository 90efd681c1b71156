/* print.c -- made-up people, their data and their questions as JSON, for a test in another
 * language:
 *
 *     leaks SEED QUESTIONS
 *     {"people":[{"username","user_id","role","admin"}], "sql":"...",
 *      "facts":[{"word","what","owner"}], "talks":[{"who","other","questions":[{"text","said"}]}]}
 *
 * Everybody has a role as auth knows them. owner and who are places in the list of people. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jv/wire.h"
#include "leaks/words.h"

enum { max_turns = 3 };

static void text_member(struct jv_buf *b, const char *name, const char *text)
{
    jv_buf_printf(b, "\"%s\":", name);
    jv_json_quote(b, text, strlen(text));
}

static void print_people(struct jv_buf *b, struct people *p)
{
    jv_buf_str(b, "\"people\":[");
    for (int i = 0; i < n_people; i++) {
        jv_buf_str(b, i ? ",\n{" : "{");
        text_member(b, "username", p->list[i].username);
        jv_buf_char(b, ',');
        text_member(b, "user_id", p->list[i].user_id);
        jv_buf_char(b, ',');
        text_member(b, "role", p->list[i].role);
        jv_buf_printf(b, ",\"admin\":%s}", p->list[i].may_write_all ? "true" : "false");
    }
    jv_buf_str(b, "],\n");
    text_member(b, "sql", people_sql(p));
}

static void print_facts(struct jv_buf *b, const struct facts *f)
{
    jv_buf_str(b, ",\n\"facts\":[");
    for (size_t i = 0; i < facts_count(f); i++) {
        const struct fact *fact = facts_at(f, i);

        jv_buf_str(b, i ? ",\n{" : "{");
        text_member(b, "word", fact->word);
        jv_buf_char(b, ',');
        text_member(b, "what", fact->what);
        jv_buf_printf(b, ",\"owner\":%d}", fact->owner);
    }
    jv_buf_char(b, ']');
}

static size_t print_talk(struct jv_buf *b, struct people *p)
{
    struct words w = { p, &p->list[dice_below(p->dice, n_people)], NULL };
    size_t n = 1 + dice_below(p->dice, max_turns);

    w.other = &p->list[((size_t)w.me->number + 1 + dice_below(p->dice, n_people - 1)) % n_people];
    jv_buf_printf(b, "{\"who\":%d,\"other\":%d,\"questions\":[", w.me->number, w.other->number);
    for (size_t i = 0; i < n; i++) {
        struct question q = words_make(&w, i ? "follow_up" : "question");

        jv_buf_str(b, i ? ",{" : "{");
        text_member(b, "text", q.text);
        jv_buf_char(b, ',');
        text_member(b, "said", q.said);
        jv_buf_char(b, '}');
    }
    jv_buf_str(b, "]}");
    return n;
}

int main(int argc, char **argv)
{
    struct dice dice = { argc > 1 ? strtoull(argv[1], NULL, 10) : 0 };
    size_t wanted = argc > 2 ? strtoull(argv[2], NULL, 10) : 100, n = 0;
    struct jv_arena *a = jv_arena_new((size_t)256 << 20);
    struct people *p = people_new(a, &dice, true);
    struct jv_buf talks = jv_buf_new(a), b = jv_buf_new(a);

    while (n < wanted) {
        jv_buf_str(&talks, n ? ",\n" : "");
        n += print_talk(&talks, p);
    }
    jv_buf_char(&b, '{');
    print_people(&b, p);
    print_facts(&b, p->facts); /* the words that were said among them */
    jv_buf_printf(&b, ",\n\"talks\":[%s]}\n", talks.data);
    fwrite(b.data, 1, b.len, stdout);
    jv_arena_free(a);
    return 0;
}
