/* strangers.h -- cards of agents that nobody wrote, to see how the planner fares among many.
 *
 * Each keeps three kinds of things with ten tools, and has words, examples, choices and numbers as
 * real cards do. Most things have names of their own; some are called like those of our agents
 * ("travel budget", "purchase request"). The same number always gives the same card. */
#ifndef STRANGERS_H
#define STRANGERS_H

#include <a2a.pb-c.h>

#include "jv/base.h"

enum { STRANGERS_MAX = 500 };

/* Borrowed from the arena; *ret_token is its name on the bus. */
A2a__AgentCard *stranger_card(struct jv_arena *a, size_t number, const char **ret_token);

#endif
