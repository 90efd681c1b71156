/* talk.h -- what Jarvis says itself: help, small talk, questions back, not understood. Kind, short,
 * and only with what the cards say. */
#ifndef JV_TALK_H
#define JV_TALK_H

#include "plan/slots.h"

/* A text that wants no agent: fills kind and text. False when it is none of these. `alone`: no
 * agent was found for it; scope: the asker's, or NULL. */
bool jv_talk(const struct jv_reading *r, bool alone, const char *scope, struct jv_arena *a,
             struct jv_plan *ret);
/* "how do I create a ticket?", "what operations are there?": how to ask for a change. */
bool jv_talk_how(const struct jv_reading *r, struct jv_arena *a, struct jv_plan *ret);
/* Somebody thanks, says goodbye or how they feel, whatever else. */
bool jv_talks(const struct jv_reading *r);
/* The question for a missing member, with suggestions. */
void jv_talk_ask(const struct jv_catalog *c, const struct jv_draft *d, struct jv_arena *a,
                 struct jv_plan *ret);
/* "Shall I ...?", of changes that are not quite sure. */
void jv_talk_confirm(const struct jv_catalog *c, size_t n, const struct jv_draft *changes,
                     struct jv_arena *a, struct jv_plan *ret);
/* What the calls were taken for: "I took this as: my tickets (status: open)." */
const char *jv_talk_taken(const struct jv_catalog *c, size_t n, const struct jv_draft *calls,
                          struct jv_arena *a);
void jv_talk_whose(const struct jv_catalog *c, struct jv_arena *a, struct jv_plan *ret);
void jv_talk_unknown(const struct jv_catalog *c, struct jv_arena *a, struct jv_plan *ret);
void jv_talk_dropped(const struct jv_catalog *c, struct jv_arena *a, struct jv_plan *ret);

#endif
