/* lexicon.h -- the words of the language that mean the same whatever the agents do.
 *
 * Nothing of any domain stands here: nouns and verbs of a domain come from the agents' cards. A
 * word may have several roles; a word that is not listed has none. */
#ifndef JV_LEXICON_H
#define JV_LEXICON_H

#include <stdbool.h>
#include <stdint.h>

typedef uint64_t jv_roles;

enum { JV_LEXICON_WORD = 17 }; /* bytes that hold any listed word */

#define JV_FUNCTION (UINT64_C(1) << 0)  /* holds a sentence together, says nothing alone */
#define JV_GENERAL  (UINT64_C(1) << 1)  /* ordinary, says little; never a name */
#define JV_READ     (UINT64_C(1) << 2)  /* show, list: looking, not changing */
#define JV_ASKING   (UINT64_C(1) << 3)  /* what, which */
#define JV_AUX      (UINT64_C(1) << 4)  /* does, is, can: a name may follow */
#define JV_BE       (UINT64_C(1) << 5)  /* is, do, have: at the start they make a question */
#define JV_MY       (UINT64_C(1) << 6)  /* my, mine */
#define JV_SELF     (UINT64_C(1) << 7)  /* i, me */
#define JV_WE       (UINT64_C(1) << 8)  /* we, our */
#define JV_THEIRS   (UINT64_C(1) << 9)  /* his, her, them: somebody named before */
#define JV_EVERY    (UINT64_C(1) << 10) /* all, everyone, the company: everybody's */
#define JV_JOIN     (UINT64_C(1) << 11) /* and, plus: may part two wishes */
#define JV_OR       (UINT64_C(1) << 12) /* or, versus: parts alternatives */
#define JV_OWNER    (UINT64_C(1) << 13) /* for, of, by: a name may follow */
#define JV_ONE      (UINT64_C(1) << 14) /* a, another: something new */
#define JV_WISH     (UINT64_C(1) << 15) /* need, want */
#define JV_GREET    (UINT64_C(1) << 16)
#define JV_THANKS   (UINT64_C(1) << 17)
#define JV_BYE      (UINT64_C(1) << 18)
#define JV_NO       (UINT64_C(1) << 19) /* no, cancel: not what was asked about */
#define JV_YES      (UINT64_C(1) << 20)
#define JV_HELP     (UINT64_C(1) << 21)
#define JV_FEELING  (UINT64_C(1) << 22) /* happy, great; may well be a name */
#define JV_MORE     (UINT64_C(1) << 23) /* details, again: of what was just answered */
#define JV_COMPARE  (UINT64_C(1) << 24) /* cheaper, difference */
#define JV_OFF      (UINT64_C(1) << 25) /* poem, weather: nothing for agents */
#define JV_PERSON   (UINT64_C(1) << 26) /* user, colleague: a name may follow */
#define JV_ARTICLE  (UINT64_C(1) << 27) /* a, the: may stand inside a phrase */
#define JV_SHE      (UINT64_C(1) << 28) /* his, her: one person */
#define JV_NOT      (UINT64_C(1) << 29) /* not, don't, never */
#define JV_CAUSE    (UINT64_C(1) << 30) /* because, so, while: what follows is background */
#define JV_POLITE   (UINT64_C(1) << 31) /* please: a request begins here */
#define JV_NOUGHT   (UINT64_C(1) << 32) /* nobody: not, and a person */
#define JV_IT       (UINT64_C(1) << 33) /* it, that, those: what was just spoken of */
#define JV_NTH      (UINT64_C(1) << 34) /* first, second, last: one of a list */
#define JV_LATE     (UINT64_C(1) << 35) /* still, already, now: when, loosely */

/* Roles of a lower-case word; 0 when it is not listed. */
jv_roles jv_lexicon(const char *word);
/* The listed word that this one is a slip of the fingers for: two letters swapped, one too many or
 * too few. False: for none. */
bool jv_lexicon_slip(const char *word, char ret[JV_LEXICON_WORD]);

/* An ordinary word of English: no name, and no value of somebody's data. */
bool jv_english(const char *word);
/* A word of the dictionary, or of English as above: a name only where nothing else fits. */
bool jv_ordinary(const char *word);

#endif
