/* auth.h -- what the files of this actor share.
 *
 * Everything here is about sign-ins, so every time is the real one (jv_real_ms), also while
 * JARVIS_CLOCK stands still. */
#ifndef AUTH_H
#define AUTH_H

#include "jv/db.h"

#include "auth.pb-c.h"

enum { max_username = 64, min_password = 8, max_password = 256 };

struct auth {
    int64_t access_ttl_ms, refresh_ttl_ms, signin_ttl_ms; /* settings */
    int64_t audit_ms, audit_records;
    bool demo;
    const char *admin, *admin_password, *probe, *probe_password;
    struct signing_key {
        char *kid, *pem;
    } token_key, card_key;
};

struct person {
    const char *user_id; /* NULL: nobody has that name */
    const char *username, *role, *email, *password_hash;
    bool may_sign_in, probe;
};

/* ---- people.c ---- */
int person_by_name(struct jv_ctx *ctx, const char *username, struct person *ret);
int person_by_id(struct jv_ctx *ctx, const char *user_id, struct person *ret);
/* The same, and they stay as they are until the transaction ends. Whoever locks a person and their
 * sign-ins locks the person first. */
int person_hold(struct jv_ctx *ctx, const char *user_id, struct person *ret);
void person_show(const struct person *p, Auth__User *ret);
/* Whether the password is that person's; takes the same time when there is no such person. */
int person_check_password(struct jv_ctx *ctx, struct person *p, const char *password, bool *ret);
int person_hash(struct jv_ctx *ctx, const char *password, const char **ret);
int people_add_demo(struct jv_ctx *ctx);
bool people_is_demo_password(const char *password);

/* ---- first.c: people that settings name ---- */
int first_check(const struct auth *auth, struct jv_err *err); /* the settings alone */
int first_add(struct jv_ctx *ctx);

/* ---- find.c ---- */
int find_by_any_name(struct jv_ctx *ctx, const Auth__FindPersonRequest *req,
                     Auth__FoundPerson *ret);

/* ---- lockout.c ---- */
int lockout_count(struct jv_ctx *ctx, const char *username);
/* A right password: forget the wrong ones, unless there were too many. */
int lockout_clear(struct jv_ctx *ctx, const char *username, bool *ret_locked);

/* ---- keys.c ---- */
int keys_load(struct jv_ctx *ctx); /* makes the first ones */
/* The one that signs now. Before anything is spent for what is to be signed. */
int keys_load_token(struct jv_ctx *ctx);
int keys_load_card(struct jv_ctx *ctx);
int keys_rotate(struct jv_ctx *ctx, const char *purpose, Auth__Jwk *ret);
int keys_list(struct jv_ctx *ctx, Auth__KeySet *ret);
void keys_forget(struct auth *auth);

/* ---- tokens.c ---- */
int tokens_sign_in(struct jv_ctx *ctx, const struct person *p, Auth__TokenReply *ret);
int tokens_refresh(struct jv_ctx *ctx, const char *token, Auth__TokenReply *ret);
/* End a sign-in; nothing happens when it has ended already. */
int tokens_end(struct jv_ctx *ctx, const char *sid, const char *reason);
/* The sign-in of a person that a refresh token belongs to; "" when there is none. */
int tokens_family(struct jv_ctx *ctx, const char *token, const char *user_id, const char **ret_sid);
int tokens_revoked(struct jv_ctx *ctx, Auth__RevocationList *ret);
int tokens_purge(struct jv_ctx *ctx);
/* In a transaction that has changed the person: end all of their sign-ins. Tell after the commit.
 */
int tokens_end_person(struct jv_ctx *ctx, const char *user_id, Auth__Revocation **ret);
/* The end of a person's tokens that was told already, while it counts; NULL: there is none. */
int tokens_ended(struct jv_ctx *ctx, const char *user_id, Auth__Revocation **ret);
int tokens_has_ended(struct jv_ctx *ctx, const Auth__HasEndedRequest *req,
                     Auth__HasEndedReply *ret);
void tokens_tell(struct jv_ctx *ctx, const Auth__Revocation *v);

/* ---- telling.c: what must reach the others, whoever dies ---- */
/* In the transaction of the change. */
int telling_keep(struct jv_ctx *ctx, const struct jv_note *note);
/* After the commit: a record, an end (NULL: none) and that the bus has them. */
void telling_say(struct jv_ctx *ctx, const struct jv_note *note, const Auth__Revocation *over);
int telling_again(struct jv_ctx *ctx);   /* a timer: whatever the bus may not have */
int telling_started(struct jv_ctx *ctx); /* all ends that still count, once more */

/* ---- admin.c: what administrators do with people ---- */
/* In lower case, and what they say of others. */
bool admin_is_name(const char *name);
#define ADMIN_NAME_RULE                                                                            \
    "must be 1 to 64 of a to z, 0 to 9, '.', '_' and '-', beginning with a letter or digit"
/* Begins a transaction: one change of people at a time. */
int admin_begin(struct jv_ctx *ctx);
int admin_insert(struct jv_ctx *ctx, struct person *p); /* gives them an id */
/* The change and what is said of it become true together. */
int admin_conclude(struct jv_ctx *ctx, const struct jv_note *note, const Auth__Revocation *over);
int admin_add(struct jv_ctx *ctx, const Auth__AddPersonRequest *req, Auth__User *ret);
int admin_change(struct jv_ctx *ctx, const Auth__ChangePersonRequest *req, Auth__User *ret);
int admin_remove(struct jv_ctx *ctx, const char *username);
int admin_list(struct jv_ctx *ctx, const Auth__ListPeopleRequest *req, Auth__PeopleList *ret);

/* ---- records.c: the audit ---- */
/* Take over what JetStream has, about so many records; RESOURCE_EXHAUSTED: there are more. */
int records_take(struct jv_ctx *ctx, int most);
int records_list(struct jv_ctx *ctx, const Auth__AuditRequest *req, Auth__AuditList *ret);
int records_purge(struct jv_ctx *ctx);

/* ---- cards.c ---- */
int cards_sign(struct jv_ctx *ctx, const A2a__AgentCard *card, A2a__AgentCard *ret);

#endif
