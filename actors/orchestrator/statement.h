/* statement.h -- what people tell about themselves, or want done with what they told: by words
 * alone.
 *
 * Only whole sentences are taken, never a question for data or a wish: what is not surely a
 * statement is left to the planner. Nothing here waits or fails; texts are made in the arena. */
#ifndef STATEMENT_H
#define STATEMENT_H

#include "jv/base.h"

enum statement_act {
    STATEMENT_NONE = 0,
    STATEMENT_REMEMBER,
    STATEMENT_SECRET, /* a password or the like was to be remembered, which nobody should */
    STATEMENT_LIST,
    STATEMENT_FORGET, /* what `text` says */
    STATEMENT_FORGET_NUMBER,
    STATEMENT_FORGET_ALL,
};

/* How answers are wanted. */
enum statement_style { STYLE_UNSAID = 0, STYLE_SHORT, STYLE_FULL };

struct statement {
    enum statement_act act;
    bool preference;   /* else a fact */
    bool express;      /* "remember that ..." */
    bool sure;         /* no request has such words; else it is one when `about` alone is one */
    const char *topic; /* "": none; a later one of the same takes its place */
    const char *text;  /* to be kept or forgotten, in the person's words */
    const char *about; /* what is told: "Python" of "I like Python" */
    int number;        /* FORGET_NUMBER */
    enum statement_style style;
};

struct statement statement_read(struct jv_arena *a, const char *text);

/* Is that memory what is said to be forgotten? "my team" is "my team is platform". */
bool statement_names(struct jv_arena *a, const char *said, const char *memory, const char *topic);

/* Yes, or no, and nothing else. */
bool statement_yes(struct jv_arena *a, const char *text);
bool statement_no(struct jv_arena *a, const char *text);

/* Has one of these words in it; `list` is separated by blanks. */
bool statement_has(struct jv_arena *a, const char *text, const char *list);

#endif
