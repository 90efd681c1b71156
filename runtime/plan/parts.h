/* parts.h -- how a sentence falls into parts, and what each is: for clause.c, which mends them. */
#ifndef JV_PARTS_H
#define JV_PARTS_H

#include "plan/clause.h"

/* Cut a sentence; only the places of the parts are filled in. Returns how many. */
size_t jv_parts(const struct jv_reading *r, struct jv_wish *ret, size_t max);
/* A request begins at this token: "please show", "could you", "show me", "I need", "which". */
bool jv_cues(const struct jv_reading *r, size_t i);
/* Background begins at this token: "because ...", "before I ring him", "as we have". */
bool jv_backs(const struct jv_reading *r, size_t i);

/* Fills whom and names: by names where they stand, "my", "his", "everybody's". */
void jv_find_whom(const struct jv_reading *r, const struct jv_asker *who, struct jv_clause *c);
void jv_take_whom(struct jv_clause *to, const struct jv_clause *from);
/* A part that does not say whose is about whom the parts before speak of, or, if none does, about
 * the one named at the end: "show tickets and courses of vishal". */
void jv_share_whom(struct jv_wish *wishes, size_t n);

/* The part names a value, a person, a number or nothing but a time. */
bool jv_has_value(const struct jv_reading *r, const struct jv_clause *c);
/* "alex and sarah's tickets": a part that only names people goes into the next one. Returns how
 * many are left. */
size_t jv_join_names(const struct jv_reading *r, struct jv_wish *all, size_t n);
/* "my tickets", "exams": things are named, not just a word about them. */
bool jv_names_things(const struct jv_reading *r, const struct jv_wish *w);
/* "exams and tickets due this week": the time is that of both. */
void jv_share_dates(const struct jv_reading *r, struct jv_wish *wishes, size_t n);
/* A noun of somebody's things, or a thing by its name, in a row of wishes is one. */
void jv_trust_rows(const struct jv_reading *r, struct jv_wish *wishes, size_t n);

/* Fills mood, looks, wishes, negated and fragment. */
void jv_find_mood(const struct jv_reading *r, struct jv_wish *w);

#endif
