/* ends.h -- sign-ins and people whose tokens are refused though they have not run out.
 *
 * Nothing is forgotten before it has run out: when there is no room for another one, all tokens
 * that run out no later than it are refused, whoever's they are. People get new ones with their
 * refresh tokens then. Not thread-safe. Times are unix ms, `issued` is in unix seconds. */
#ifndef JV_ENDS_H
#define JV_ENDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JV_MAX_SID = 39, JV_MAX_USER_ID = 67, JV_MAX_ENDS = 1 << 16 };

struct jv_ends;

struct jv_ends *jv_ends_new(size_t most);
struct jv_ends *jv_ends_free(struct jv_ends *e);

/* Tokens of that session are refused until then; of that person, if issued up to a second. What is
 * known already grows, never shrinks. now_ms: what has run out by then may give way. */
void jv_ends_session(struct jv_ends *e, const char *sid, int64_t until_ms, int64_t now_ms);
void jv_ends_person(struct jv_ends *e, const char *user_id, int64_t issued, int64_t until_ms,
                    int64_t now_ms);
/* All tokens that run out no later than this are refused. */
void jv_ends_all(struct jv_ends *e, int64_t until_ms);

/* Is a token refused, as of now_ms? */
bool jv_ends_has(const struct jv_ends *e, const char *user_id, const char *sid, int64_t issued,
                 int64_t exp_ms, int64_t now_ms);

#endif
