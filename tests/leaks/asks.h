/* asks.h -- what may be asked of a system in one of many ways: a question in the chat or to an
 * agent, a tool call, a service's method by hand, somebody else's session or task. */
#ifndef ASKS_H
#define ASKS_H

#include "jv/agent.h"
#include "leaks/words.h"

enum way { ASK_CHAT, ASK_STREAM, ASK_TEXT, ASK_TOOL, ASK_SERVICE, ASK_ODD };
enum token { TOKEN_OWN, TOKEN_NONE, TOKEN_EXPIRED };

struct ask {
    enum way way;
    enum token token;
    const char *text;           /* the question; NULL: there is none */
    const char *agent, *tool;   /* of TEXT, TOOL, SERVICE: subject token, tool or method */
    const char *subject, *json; /* as it is sent; of TOOL json is the arguments */
    const char *said;           /* all that the asker said by it */
    bool ever;                  /* the answer may hold what was said at any time */
};

/* What there is to be asked about. */
struct asking {
    struct words words;
    const struct jv_actor *const *agents; /* those with tools; NULL-terminated */
    const char *session, *other_session;  /* ids */
    size_t n_tasks;
    const char *const *tasks; /* "tickets 3f0c...", of anybody */
};

struct ask ask_make(struct asking *a, enum way way, bool follow_up);
/* subject and json from the other members: after text has changed. */
void ask_wrap(struct asking *a, struct ask *ask);

#endif
