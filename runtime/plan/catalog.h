/* catalog.h -- agent cards as an index: which words speak for which tools.
 *
 * Tools that do the same for different people (get_my_tickets, get_user_tickets, get_all_tickets)
 * are one family: words choose the family, the person in the sentence chooses the tool. All words
 * are numbered terms; a term speaks for a family with a weight that depends on where the card says
 * it (its words before its description) and on how few others claim it. */
#ifndef JV_CATALOG_H
#define JV_CATALOG_H

#include "jv/plan.h"

#define JV_NONE    UINT32_MAX
#define JV_NO_TERM (JV_NONE - 1) /* of a word of the lexicon that no card has */

/* Whose data a tool is about. */
enum jv_whose {
    JV_NOBODYS = 0, /* the organisation's, or found by its number */
    JV_CALLERS,     /* get_my_tickets */
    JV_SOMEBODYS,   /* get_user_tickets: has an owner member */
    JV_EVERYBODYS,  /* get_all_tickets */
    JV_N_WHOSE
};

enum jv_slot_kind { JV_SLOT_TEXT, JV_SLOT_INTEGER, JV_SLOT_CHOICE, JV_SLOT_TIME, JV_SLOT_OTHER };

struct jv_slot {
    const char *name, *description;
    enum jv_slot_kind kind;
    bool required;
    size_t n_choices; /* of a choice */
    const char *const *choices;
};

struct jv_cat_tool {
    const char *name; /* NULL: the agent itself, which takes text */
    const char *description;
    const char *skill;
    const char *owner; /* the member that says whose; NULL: none */
    const char *scope; /* what its caller must hold; NULL: nothing */
    enum jv_whose whose;
    bool read_only;
    uint32_t agent, family;
    size_t n_slots; /* without the owner */
    const struct jv_slot *slots;
    const uint8_t
            *schema; /* of its arguments, a packed Struct; NULL: too large, or there is none */
    size_t schema_len;
    size_t n_examples;
    const char **examples;
    size_t n_offers;
    const struct jv_offer *offers; /* examples that may be suggested */
    size_t n_patterns;
    const struct jv_pattern *patterns; /* those that may be with another name or number */
};

/* An example that names nobody and no number, and is short. */
struct jv_offer {
    const char *text;
    const char *plain; /* its letters alone, to tell whether two are the same */
    size_t n_values;
    const uint32_t *values; /* phrases in it that stand for a value */
};

/* A short example about one person, or one thing by its number, which stands at from..to: "show
 * [sarah]'s budget". */
struct jv_pattern {
    const char *text;
    size_t from, to;
};

struct jv_cat_family {
    uint32_t agent;
    bool read_only;
    bool wanted;                /* wishing for it is asking for it: "I need ..." */
    uint32_t tools[JV_N_WHOSE]; /* JV_NONE where there is none */
    uint32_t any;               /* a tool of it: for slots, which are the same in all */
    size_t n_core;
    uint32_t *core;                     /* terms of what its tools' names are about: "ticket" */
    bool numbered, needs_number, dated; /* takes, must have a number; takes a time */
    uint32_t first_example, n_examples;
};

struct jv_cat_agent {
    const char *token, *name, *description;
    int priority;
    bool takes_text;
    uint32_t first_family, first_tool; /* those of an agent stand together */
};

struct jv_posting {
    uint32_t family;
    float weight; /* of the place where the card says it, 0 to 1 */
    bool acts;    /* asks for a change: a word of a tool that changes something, and of no other */
    bool past;    /* only said in its past form: "raised with us" */
};

/* A family of the agent that can take a value. */
struct jv_taker {
    uint32_t family;
    bool required; /* its tools must have the member */
};

/* A row of terms that means something together: "on track" speaks for a family; "google cloud" is
 * the value "gcp" of the member "provider". */
struct jv_phrase {
    size_t n;
    const uint32_t *terms;
    uint32_t family; /* JV_NONE: a value */
    uint32_t tool;   /* of the family, that lists it */
    float weight;
    bool own;       /* it is the tool's, not of something it shares with others */
    uint32_t agent; /* of a value */
    const char *member, *value;
    bool past;  /* the card says it in its past form: "closed" */
    bool going; /* it is one word in -ing: "waiting" */
    bool verb;  /* a word of a tool that brings this value about: "complete" */
    size_t n_takers;
    const struct jv_taker *takers; /* of a value, by family; NULL until all is indexed */
    double telling;                /* of a family's: as its most telling word */
};

/* A phrase in the list of the term that it starts with. */
struct jv_head {
    uint32_t phrase, second; /* its next term; JV_NONE: it has one only */
    bool value;
};

struct jv_term {
    const char *stem;
    const char *word; /* as a card has it first */
    size_t len;       /* of the stem */
    float telling;    /* 0 to 1: the fewer claim it, the more */
    bool strong;      /* an agent chose it: in words, names, tags or the vocabulary */
    struct jv_posting *postings;
    size_t n_postings, cap_postings;
    struct jv_head *phrases; /* that start with it */
    size_t n_phrases, cap_phrases;
};

/* An example question: its terms, with values and names left open. */
struct jv_example {
    uint32_t family;
    size_t n;
    const uint32_t *terms;
    double weight; /* of all its terms */
};

/* Where to look for what somebody meant to type: words by length and first or last letters. */
struct jv_near {
    uint32_t key, term;
};

struct jv_catalog {
    struct jv_arena *arena;
    struct jv_arena *scratch; /* while cards are read; NULL once indexed */
    const void *vocabulary;   /* of the card in hand, a Value */
    struct jv_cat_agent *agents;
    struct jv_cat_family *families;
    struct jv_cat_tool *tools;
    struct jv_term *terms;
    struct jv_phrase *phrases;
    struct jv_example *examples;
    size_t n_agents, cap_agents, n_families, cap_families, n_tools, cap_tools, n_terms, cap_terms;
    size_t n_phrases, cap_phrases, n_examples, cap_examples;
    uint32_t *hash; /* of stems */
    size_t cap_hash;
    size_t n_numbered, n_loose, n_near;
    size_t least_digits;        /* of the numbers in examples; 0: there are none */
    const uint32_t *numbered;   /* families that must have a number */
    const uint32_t *loose;      /* examples that may be like a text of which no card knows a word */
    const struct jv_near *near; /* by key */
};

enum {
    JV_CATALOG_LIMIT = 128 << 20,
    JV_CATALOG_FULL = 64 << 20, /* bytes from which on no more is taken in */
};

/* Room for one more at the end of a list in the catalogue's arena. */
void *jv_catalog_grow(struct jv_arena *a, void *list, size_t n, size_t *cap, size_t size);
#define JV_CAT_ADD(c, list)                                                                        \
    ((c)->list = jv_catalog_grow((c)->arena, (c)->list, (c)->n_##list, &(c)->cap_##list,           \
                                 sizeof((c)->list[0])),                                            \
     &(c)->list[(c)->n_##list++])

/* Once all else is indexed: what may be suggested. */
void jv_suggest_index(struct jv_catalog *c, struct jv_arena *scratch);
/* A text's letters and digits alone: "Show my tickets!" is "show my tickets". */
char *jv_suggest_plain(struct jv_arena *a, const char *text);
void jv_near_index(struct jv_catalog *c);

/* The number of a stem; JV_NONE when no card has it. */
uint32_t jv_catalog_term(const struct jv_catalog *c, const char *stem);
/* The strong term one letter away from the word and its stem; the one more cards claim wins. */
uint32_t jv_catalog_near(const struct jv_catalog *c, const char *word, const char *stem);
/* 1 when one of n has it, falling to 0 when all have; counts may be fractions. */
double jv_rarity(double have, double n);
/* What a term weighs in the shape of a sentence; JV_NONE: a value, JV_NO_TERM: any other word. */
double jv_shape_weight(const struct jv_catalog *c, uint32_t term);
/* The same as jv_catalog_term, made when it is new. */
uint32_t jv_catalog_intern(struct jv_catalog *c, const char *stem);
/* Let a term speak for a family; the greatest weight counts. p.acts: it is a word of the tool. */
void jv_catalog_post(struct jv_catalog *c, uint32_t term, struct jv_posting p);
void jv_catalog_phrase(struct jv_catalog *c, struct jv_phrase phrase);
const struct jv_slot *jv_catalog_slot(const struct jv_cat_tool *t, const char *name);
/* A tool of the family must have a member of this kind. */
/* Everybody's, and not the organisation's, which goes by "all", too. */
bool jv_catalog_everybodys(const struct jv_catalog *c, const struct jv_cat_tool *t);
/* Somebody with these scopes may have what the tool gives; NULL: not known, so what everybody may.
 * Everybody's data is for those who may see everybody's. For asking and suggesting: the tool itself
 * decides. */
bool jv_catalog_may(const struct jv_catalog *c, const struct jv_cat_tool *t, const char *scopes);
bool jv_family_needs(const struct jv_catalog *c, uint32_t family, enum jv_slot_kind kind);
/* The family is of the agent whose value it is, has the member and can take the value. */
bool jv_catalog_takes(const struct jv_catalog *c, uint32_t family, const struct jv_phrase *value);
uint32_t jv_catalog_agent(const struct jv_catalog *c, const char *token);
uint32_t jv_catalog_tool(const struct jv_catalog *c, const char *token, const char *tool);

#endif
