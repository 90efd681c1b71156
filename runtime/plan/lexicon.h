/* lexicon.h -- the words of the language that mean the same whatever the agents do.
 *
 * Nothing of any domain stands here: nouns and verbs of a domain come from the agents' cards. A
 * word may have several roles; a word that is not listed has none. */
#ifndef JV_LEXICON_H
#define JV_LEXICON_H

enum jv_role {
    JV_FUNCTION = 1 << 0, /* holds a sentence together, says nothing alone */
    JV_GENERAL = 1 << 1,  /* ordinary, says little; never a name */
    JV_READ = 1 << 2,     /* show, list: looking, not changing */
    JV_ASKING = 1 << 3,   /* what, which */
    JV_AUX = 1 << 4,      /* does, is, can: a name may follow */
    JV_BE = 1 << 5,       /* is, do, have: at the start they make a question */
    JV_MY = 1 << 6,       /* my, mine */
    JV_SELF = 1 << 7,     /* i, me */
    JV_WE = 1 << 8,       /* we, our */
    JV_THEIRS = 1 << 9,   /* his, her, them: somebody named before */
    JV_EVERY = 1 << 10,   /* all, everyone's, any */
    JV_JOIN = 1 << 11,    /* and, plus: may part two wishes */
    JV_OR = 1 << 12,      /* or, versus: parts alternatives */
    JV_OWNER = 1 << 13,   /* for, of, by: a name may follow */
    JV_ONE = 1 << 14,     /* a, another: something new */
    JV_WISH = 1 << 15,    /* need, want */
    JV_GREET = 1 << 16,
    JV_THANKS = 1 << 17,
    JV_BYE = 1 << 18,
    JV_NO = 1 << 19, /* no, cancel: not what was asked about */
    JV_YES = 1 << 20,
    JV_HELP = 1 << 21,
    JV_FEELING = 1 << 22, /* happy, great; may well be a name */
    JV_MORE = 1 << 23,    /* details, again: of what was just answered */
    JV_COMPARE = 1 << 24, /* cheaper, difference */
    JV_OFF = 1 << 25,     /* poem, weather: nothing for agents */
    JV_PERSON = 1 << 26,  /* user, colleague: a name may follow */
    JV_SHE = 1 << 28,     /* his, her: one person */
    JV_NOT = 1 << 29,     /* not, don't, never */
    JV_ARTICLE = 1 << 27, /* a, the: may stand inside a phrase */
};

/* Roles of a lower-case word; 0 when it is not listed. */
unsigned jv_lexicon(const char *word);

#endif
