/* lexicon.c -- the language's own words; known.c looks them up in a table made of these rows. */
#include "plan/tables/table.h"

#include "jv/base.h"

const struct jv_lexicon_row jv_lexicon_rows[] = {
    { JV_FUNCTION | JV_ARTICLE, " the this that these those some " },
    { JV_FUNCTION | JV_ARTICLE | JV_ONE, " a an " },
    { JV_FUNCTION | JV_ONE, " another " },
    { JV_GENERAL | JV_ONE, " new fresh " },
    { JV_FUNCTION | JV_IT, " it that those these them one ones this " },
    { JV_FUNCTION | JV_READ,
      " show list give tell display see view check find search look fetch lookup print "
      "pull bring read retrieve know hear gimme dump remind count inform explain summarise "
      "summarize describe say present reveal share " },
    { JV_FUNCTION | JV_ASKING | JV_AUX, " whats hows whos wheres whens " },
    { JV_FUNCTION | JV_ASKING, " what which who whom whose when where how why "
                               "wat wot " },
    { JV_FUNCTION | JV_AUX, " can will should may might must could would shall " },
    { JV_FUNCTION | JV_AUX | JV_BE, " is does did has was " },
    { JV_FUNCTION | JV_BE, " are am do have had were got " },
    { JV_FUNCTION, " be been being ve re ll having let lets theres heres get gets getting " },
    { JV_FUNCTION, " in on at with within about into onto over under to as it its itself there "
                   "here if just only but up out off down while during since until "
                   "before after around regarding concerning per via through between among "
                   "both either because than too such so whether upon till across along "
                   "against towards toward beside besides onwards together " },
    { JV_FUNCTION,
      " y ya yall real you your yours yourself yourselves jarvis u ur nothing something anything "
      "everything someone somebody very really much many lot lots doing d m t s w abt bout "
      "thru wrt rn able "
      "possible gonna wanna trying try well actually right maybe perhaps ever even "
      "else wise bit uhh uhm erm ehm umm ahem omg lol fyi btw huh ugh oops"
      " quite rather pretty simply basically kind kindly sort " },
    { JV_FUNCTION | JV_LATE,
      " still yet already now currently again also just been recently lately soon so far " },
    { JV_FUNCTION | JV_NOT,
      " not don dont doesn doesnt didn didnt isn isnt aren arent won wont wouldn wouldnt "
      "shouldn shouldnt without hasnt hasn havent haven hadnt hadn cant cannot couldnt couldn "
      "wasnt wasn werent weren ain aint neither nor except excluding exclude omit omitting "
      "minus " },
    { JV_FUNCTION | JV_NOT | JV_NOUGHT, " nobody noone none " },
    { JV_FUNCTION | JV_OWNER, " for of by from " },
    { JV_FUNCTION | JV_MY, " my mine own myself " },
    { JV_FUNCTION | JV_SELF, " i me im ive id " },
    { JV_FUNCTION | JV_WE, " we us our ours weve " },
    { JV_FUNCTION | JV_THEIRS | JV_SHE, " he him his she her hers hes shes himself herself " },
    { JV_FUNCTION | JV_THEIRS, " they them their theirs theyre " },
    { JV_FUNCTION | JV_EVERY,
      " all every everyone everybody everyones everybodys anyone anybody anyones anybodys "
      "whoever whomever whosever " },
    { JV_FUNCTION, " each any whatever whichever " },
    { JV_FUNCTION | JV_JOIN, " and plus also then additionally n nd alongside " },
    { JV_FUNCTION | JV_OR, " or versus vs against " },
    { JV_FUNCTION | JV_WISH,
      " need want require wish like needs wants requires wanted needed needing wanting "
      "requires love wanna " },
    { JV_FUNCTION | JV_CAUSE, " because since as so while although though whereas cuz coz cause "
                              "hence therefore but unless when once if before after until "
                              "however otherwise thats where " },
    { JV_FUNCTION | JV_POLITE, " please kindly plz pls plss pleas plese " },
    { JV_GENERAL, " wondering wonder curious interested hoping hope looking appreciate thinking "
                  "grateful " },
    { JV_GENERAL, " today tomorrow yesterday now tonight week month year day days hour time "
                  "date weekly monthly yearly annual annually daily quarter quarterly current "
                  "currently latest recent recently last next nxt previous first second third past "
                  "future once twice always often " },
    { JV_GENERAL | JV_NTH, " first second third fourth fifth last 1st 2nd 3rd 4th 5th top bottom "
                           "latter former upper lower " },
    { JV_WISH, " request requesting " },
    { JV_GENERAL | JV_EVERY,
      " company organisation organization org companywide colleagues system "
      "employees employee people users coworkers everyone whole companies team teams department " },
    { JV_GENERAL, " entire full overall total staff business people thing "
                  "things stuff info information data list overview page item items entry "
                  "entries type types number numbers count amount figure figures part parts "
                  "sort way name names value values ids tally " },
    { JV_GENERAL,
      " write writing system instructions instruction query queries question questions answer "
      "answers sentence word words message messages chat ignore disregard pretend "
      "act wrong nonsense said says think mean means keep put call called ask "
      "asked use using used make made take taken go going gone come coming start "
      "end due left remaining happen happening happened run running moment life "
      "world work back sit sits " },
    { JV_GENERAL, " behalf state news old older newest oldest important relevant specific certain "
                  "different same "
                  "other others available existing quick quickly short long brief asap high "
                  "low big small large little most least top bottom enough interested "
                  "keen ready sometimes usually far " },
    { JV_GENERAL | JV_PERSON, " user username employee colleague person coworker teammate "
                              "member named called guy friend " },
    { JV_GENERAL | JV_MORE,
      " detail details detailed more elaborate again repeat refresh expand further explain "
      "deeper closer zoom composition consists consist comprised " },
    { JV_GENERAL | JV_COMPARE,
      " compare compared comparing comparison difference differences differ cheaper cheapest "
      "costlier costliest pricier priciest higher highest lower lowest bigger biggest larger "
      "easier largest smaller smallest better best worse worst less more expensive differs " },
    { JV_GENERAL | JV_HELP, " help assist assistance capable capability capabilities ability "
                            "abilities commands feature features " },
    { JV_GENERAL | JV_GREET, " hi hey hello howdy greetings yo hiya morning afternoon evening "
                             "night helo namaste hola heya hallo "
                             "gday g'day sup dear " },
    { JV_GENERAL | JV_THANKS, " thanks thank thx cheers ty appreciate appreciated thanx tks ta "
                              "tyvm thnx tx obliged gracias lifesaver " },
    { JV_GENERAL | JV_BYE, " bye goodbye ciao farewell cya " },
    { JV_GENERAL | JV_NOT, " never " },
    { JV_GENERAL | JV_NO,
      " no nope cancel stop nevermind nvm nm mind forget abort scratch scrap skip drop nah "
      "leave unnecessary anymore " },
    { JV_GENERAL | JV_YES, " yes yeah yep yup ok okay sure alright fine " },
    { JV_FEELING, " happy glad pleased satisfied unhappy sad tired bored angry annoyed upset "
                  "hate great awesome nice cool good bad amazing excellent fantastic "
                  "wonderful perfect excited sorry frustrated lovely terrible brilliant "
                  "impressed delighted enjoy enjoying thrilled stressed proud "
                  "disappointed relieved " },
    { JV_GENERAL | JV_OFF, " poem poems poetry joke jokes story stories song songs sing weather "
                           "recipe recipes translate translation essay movie movies music "
                           "football soccer game games lyrics novel haiku riddle horoscope "
                           "president capital rhyme limerick cook pizza restaurant cinema "
                           "cricket rain sunny forecast french spanish german lasagne flight "
                           "hotel taxi stock bitcoin lottery trivia dinner lunch translate "
                           "birthday " },
};

const size_t jv_n_lexicon_rows = JV_COUNT(jv_lexicon_rows);
