/* lexicon.c -- the table of the language's own words. */
#include "plan/lexicon.h"

#include <stddef.h>
#include <string.h>

#include "jv/base.h"

struct row {
    unsigned roles;
    const char *words; /* each between spaces; a word may stand in several rows */
};

static const struct row rows[] = {
    { JV_FUNCTION | JV_ARTICLE, " the this that these those some " },
    { JV_FUNCTION | JV_ARTICLE | JV_ONE, " a an " },
    { JV_FUNCTION | JV_ONE, " another " },
    { JV_GENERAL | JV_ONE, " new " },
    { JV_FUNCTION | JV_READ,
      " show list get give tell display see view check find search look fetch lookup print "
      "pull bring read retrieve " },
    { JV_FUNCTION | JV_ASKING, " what which who whom whose when where how why whats " },
    { JV_FUNCTION | JV_AUX, " can will should may might must could would shall " },
    { JV_FUNCTION | JV_AUX | JV_BE, " is does did has was " },
    { JV_FUNCTION | JV_BE, " are am do have had were " },
    { JV_FUNCTION, " be been being ve re ll having let lets " },
    { JV_FUNCTION, " in on at with within about into onto over under to as it its itself there "
                   "here if so just only but up out off down while during since until "
                   "before after around regarding concerning per via through between among "
                   "both either because than too such " },
    { JV_FUNCTION, " please kindly plz pls you your yours yourself jarvis hey one ones nothing "
                   "something anything everything someone somebody very really much many lot "
                   "lots d m t able possible know gonna wanna trying try well actually right "
                   "maybe perhaps still yet already ever else " },
    { JV_FUNCTION | JV_NOT, " not don dont doesn didn isn aren won wouldn shouldn without " },
    { JV_FUNCTION | JV_OWNER, " for of by from " },
    { JV_FUNCTION | JV_MY, " my mine own myself " },
    { JV_FUNCTION | JV_SELF, " i me im " },
    { JV_FUNCTION | JV_WE, " we us our ours " },
    { JV_FUNCTION | JV_THEIRS | JV_SHE, " he him his she her hers " },
    { JV_FUNCTION | JV_THEIRS, " they them their theirs " },
    { JV_FUNCTION | JV_EVERY, " all every everyone everybody everyones each any anyone anybody " },
    { JV_FUNCTION | JV_JOIN, " and plus also then additionally " },
    { JV_FUNCTION | JV_OR, " or versus vs " },
    { JV_FUNCTION | JV_WISH, " need want require wish like " },
    { JV_GENERAL, " today tomorrow yesterday now tonight week month year day days hour time "
                  "date weekly monthly yearly annual annually daily quarter quarterly current "
                  "currently latest recent recently last next previous first second third past "
                  "future once twice always often " },
    { JV_GENERAL, " whole entire complete full overall total company organisation organization "
                  "org team department business people thing things stuff info information "
                  "data list overview page item items entry entries type types number numbers "
                  "count amount figure figures part parts kind sort way name names value "
                  "values " },
    { JV_GENERAL,
      " write writing system instructions instruction query queries question questions answer "
      "answers sentence word words message messages chat ignore disregard pretend "
      "act wrong nonsense say said says think mean means keep put call called ask "
      "asked use using used make made take taken go going gone come coming start "
      "end due left remaining happen happening happened run running moment life "
      "world work " },
    { JV_GENERAL, " old older newest oldest important relevant specific certain different same "
                  "other others available existing quick quickly short long brief asap high "
                  "low big small large little most least top bottom enough interested looking "
                  "keen ready sometimes usually far " },
    { JV_GENERAL | JV_PERSON, " user username employee colleague person coworker teammate "
                              "member " },
    { JV_GENERAL | JV_MORE,
      " detail details detailed more elaborate again repeat refresh expand further explain " },
    { JV_GENERAL | JV_COMPARE,
      " compare compared comparing comparison difference differences differ cheaper cheapest "
      "costlier costliest pricier priciest higher highest lower lowest bigger biggest larger "
      "largest smaller smallest better best worse worst less " },
    { JV_GENERAL | JV_HELP, " help assist assistance capable capability capabilities ability "
                            "abilities commands feature features " },
    { JV_GENERAL | JV_GREET,
      " hi hey hello howdy greetings yo hiya morning afternoon evening night " },
    { JV_GENERAL | JV_THANKS, " thanks thank thx cheers ty appreciate appreciated " },
    { JV_GENERAL | JV_BYE, " bye goodbye ciao farewell " },
    { JV_GENERAL | JV_NOT, " never " },
    { JV_GENERAL | JV_NO, " no nope cancel stop nevermind mind forget abort " },
    { JV_GENERAL | JV_YES, " yes yeah yep yup ok okay sure alright fine " },
    { JV_FEELING, " happy glad pleased satisfied unhappy sad tired bored angry annoyed upset "
                  "love hate great awesome nice cool good bad amazing excellent fantastic "
                  "wonderful perfect excited sorry frustrated lovely terrible brilliant "
                  "impressed delighted grateful enjoy enjoying " },
    { JV_GENERAL | JV_OFF, " poem poems poetry joke jokes story stories song songs sing weather "
                           "news recipe recipes translate translation essay movie movies music "
                           "football soccer game games lyrics novel haiku riddle horoscope "
                           "president capital rhyme limerick " },
};

/* Whether the word stands in the list between two spaces. */
static bool holds(const char *list, const char *word, size_t len)
{
    for (const char *p = strstr(list, word); p; p = strstr(p + 1, word))
        if (p[-1] == ' ' && p[len] == ' ')
            return true;
    return false;
}

unsigned jv_lexicon(const char *word)
{
    size_t len = strlen(word);
    unsigned roles = 0;

    if (!len || len > 16 || strchr(word, ' '))
        return 0;
    for (size_t i = 0; i < JV_COUNT(rows); i++)
        if (holds(rows[i].words, word, len))
            roles |= rows[i].roles;
    return roles;
}
