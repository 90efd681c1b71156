/* admin.c -- people, as administrators add, change and remove them.
 *
 * What a person's tokens say holds until they run out, so a change that would make them lie ends
 * all of the person's sign-ins: each process refuses those tokens as soon as it hears of it, and
 * asks when it may have missed that. */
#include "auth.h"

#include <string.h>

#include "jv/wire.h"

enum { max_email = 254, default_page = 50, max_page = 200 };

/* ---- what comes in -------------------------------------------------------------------------- */

bool admin_is_name(const char *name)
{
    static const char inside[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";

    return name[0] && strlen(name) <= max_username && !name[strspn(name, inside)] &&
           !strchr("._-", name[0]);
}

static int read_name(struct jv_ctx *ctx, const char *given, const char **ret)
{
    *ret = jv_lower(jv_arena(ctx), given);
    return admin_is_name(*ret) ? JV_OK : jv_fail_field(ctx, "username", ADMIN_NAME_RULE);
}

static int check_role(struct jv_ctx *ctx, const char *role)
{
    static const char *const roles[] = { "",      "developer", "devops", "data_scientist",
                                         "admin", "user" };

    for (size_t i = 0; i < JV_COUNT(roles); i++)
        if (strcmp(role, roles[i]) == 0)
            return JV_OK;
    return jv_fail_field(ctx, "role", "must be developer, devops, data_scientist, admin or user");
}

static int check_password(struct jv_ctx *ctx, const char *password)
{
    size_t n = strlen(password);

    if (n >= min_password && n <= max_password)
        return JV_OK;
    return jv_fail_field(ctx, "password", "must have %d to %d bytes", min_password, max_password);
}

static int check_email(struct jv_ctx *ctx, const char *email)
{
    if (strlen(email) <= max_email)
        return JV_OK;
    return jv_fail_field(ctx, "email", "is longer than %d bytes", max_email);
}

/* ---- adding --------------------------------------------------------------------------------- */

int admin_insert(struct jv_ctx *ctx, struct person *p)
{
    struct jv_rows rows;
    char id[37];
    int r;

    jv_uuid(id);
    p->user_id = jv_arena_printf(jv_arena(ctx), "user_%s", id);
    r = jv_db(ctx, &rows,
              "insert into people (user_id, username, role, email, password_hash, probe, "
              "created_at) values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
              jv_text(p->user_id), jv_text(p->username), jv_text(p->role), jv_text(p->email),
              jv_text(p->password_hash), jv_bool(p->probe), jv_ms(jv_real_ms(ctx)));
    if (r || rows.affected)
        return r;
    return jv_fail(ctx, JV_ALREADY_EXISTS, "the name %s is or was somebody's", p->username);
}

int admin_conclude(struct jv_ctx *ctx, const struct jv_note *note, const Auth__Revocation *over)
{
    int r = telling_keep(ctx, note);

    if (!r)
        r = jv_db_commit(ctx);
    if (!r)
        telling_say(ctx, note, over);
    return r;
}

/* A user id stands for a person as their name does, so it is nobody else's name. */
static int check_no_id(struct jv_ctx *ctx, const char *name)
{
    if (strncmp(name, "user_", 5) != 0)
        return JV_OK;
    return jv_fail_field(ctx, "username", "must not begin with user_, as user ids do");
}

int admin_add(struct jv_ctx *ctx, const Auth__AddPersonRequest *req, Auth__User *ret)
{
    struct person p = { .role = req->role[0] ? req->role : "user", .email = req->email };
    struct jv_note note;
    int r;

    r = read_name(ctx, req->username, &p.username);
    if (!r)
        r = check_no_id(ctx, p.username);
    if (!r)
        r = check_password(ctx, req->password);
    if (!r)
        r = check_role(ctx, req->role);
    if (!r)
        r = check_email(ctx, req->email);
    if (!r)
        r = person_hash(ctx, req->password, &p.password_hash);
    if (r)
        return r;
    r = jv_db_begin(ctx);
    if (!r)
        r = admin_insert(ctx, &p);
    if (r)
        return r;
    note = jv_note(ctx, "person_added", "%s (%s), %s", p.username, p.user_id, p.role);
    r = admin_conclude(ctx, &note, NULL);
    person_show(&p, ret);
    return r;
}

/* ---- changing and removing ------------------------------------------------------------------ */

/* Two administrators that make each other somebody else at once would be none. */
int admin_begin(struct jv_ctx *ctx)
{
    int r = jv_db_begin(ctx);

    return r ? r
             : jv_db(ctx, NULL, "select pg_advisory_xact_lock(hashtextextended('auth.people', 0))");
}

static int hold(struct jv_ctx *ctx, const char *username, struct person *ret)
{
    int r;

    r = admin_begin(ctx);
    if (!r)
        r = jv_db(ctx, NULL, "select from people where username = $1 for update",
                  jv_text(username));
    if (!r)
        r = person_by_name(ctx, username, ret);
    if (r)
        return r;
    return ret->user_id ? JV_OK : jv_fail(ctx, JV_NOT_FOUND, "user %s not found", username);
}

static int check_not_last(struct jv_ctx *ctx)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "select 1 from people where role = 'admin' and not disabled and removed_at is null");
    if (r || rows.n)
        return r;
    return jv_fail(ctx, JV_FAILED_PRECONDITION, "the last administrator must stay one");
}

static int check_change(struct jv_ctx *ctx, const Auth__ChangePersonRequest *req, bool enables)
{
    int r = check_role(ctx, req->role);

    if (!r && req->password[0])
        r = check_password(ctx, req->password);
    if (!r)
        r = check_email(ctx, req->email);
    if (!r && !req->role[0] && !req->password[0] && !req->email[0] && !enables)
        r = jv_fail_field(ctx, "role",
                          "is missing, and so are email, password and enabled: nothing to change");
    return r;
}

static struct jv_note note_change(struct jv_ctx *ctx, const Auth__ChangePersonRequest *req,
                                  const struct person *p, bool enables)
{
    return jv_note(ctx, "person_changed", "%s (%s):%s%s%s%s%s", p->username, p->user_id,
                   req->role[0] ? " role " : "", req->role, req->password[0] ? " password" : "",
                   req->email[0] ? " email" : "",
                   !enables       ? ""
                   : req->enabled ? " enabled"
                                  : " disabled");
}

/* What is so already was perhaps not heard by everybody: it is said again. */
static int end_tokens(struct jv_ctx *ctx, const struct person *p, bool ends, Auth__Revocation **ret)
{
    int r = check_not_last(ctx);

    if (r)
        return r;
    return ends ? tokens_end_person(ctx, p->user_id, ret) : tokens_ended(ctx, p->user_id, ret);
}

int admin_change(struct jv_ctx *ctx, const Auth__ChangePersonRequest *req, Auth__User *ret)
{
    bool enables = req->_enabled_case == AUTH__CHANGE_PERSON_REQUEST___ENABLED_ENABLED;
    const char *name, *hash = "";
    Auth__Revocation *over;
    struct jv_note note;
    struct person p;
    bool ends;
    int r;

    r = read_name(ctx, req->username, &name);
    if (!r)
        r = check_change(ctx, req, enables);
    if (!r && req->password[0])
        r = person_hash(ctx, req->password, &hash);
    if (!r)
        r = hold(ctx, name, &p);
    if (r)
        return r;
    r = jv_db(ctx, NULL,
              "update people set role = coalesce(nullif($2, ''), role), "
              "email = coalesce(nullif($3, ''), email), "
              "password_hash = coalesce(nullif($4, ''), password_hash), "
              "disabled = case when $5::boolean then $6::boolean else disabled end "
              "where user_id = $1",
              jv_text(p.user_id), jv_text(req->role), jv_text(req->email), jv_text(hash),
              jv_bool(enables), jv_bool(!req->enabled));
    ends = hash[0] || (req->role[0] && strcmp(req->role, p.role) != 0) ||
           (enables && !req->enabled);
    if (!r)
        r = end_tokens(ctx, &p, ends, &over);
    if (r)
        return r;
    note = note_change(ctx, req, &p, enables);
    r = admin_conclude(ctx, &note, over);
    if (r)
        return r;
    r = person_by_id(ctx, p.user_id, &p);
    if (!r)
        person_show(&p, ret);
    return r;
}

/* Of somebody who is gone: that their tokens are, too, is said again. */
static int removed_before(struct jv_ctx *ctx, const char *name)
{
    Auth__Revocation *over = NULL;
    struct jv_rows rows;
    int r = jv_db(ctx, &rows,
                  "select user_id from people where username = $1 and removed_at is not null",
                  jv_text(name));

    if (!r && rows.n)
        r = tokens_ended(ctx, jv_col(&rows, 0, "user_id"), &over);
    if (!r && over)
        tokens_tell(ctx, over);
    return r ? r : jv_fail(ctx, JV_NOT_FOUND, "user %s not found", name);
}

int admin_remove(struct jv_ctx *ctx, const char *username)
{
    Auth__Revocation *over;
    struct jv_note note;
    struct person p;
    const char *name;
    int r;

    r = read_name(ctx, username, &name);
    if (!r)
        r = hold(ctx, name, &p);
    if (r == JV_NOT_FOUND)
        return removed_before(ctx, name);
    if (!r)
        r = jv_db(ctx, NULL,
                  "update people set removed_at = $2, disabled = true, role = 'user', email = '', "
                  "password_hash = '' where user_id = $1",
                  jv_text(p.user_id), jv_ms(jv_real_ms(ctx)));
    if (!r)
        r = end_tokens(ctx, &p, true, &over);
    if (r)
        return r;
    note = jv_note(ctx, "person_removed", "%s (%s)", p.username, p.user_id);
    return admin_conclude(ctx, &note, over);
}

/* ---- listing -------------------------------------------------------------------------------- */

static int read_limit(struct jv_ctx *ctx, int32_t asked, int32_t *ret)
{
    if (asked < 0 || asked > max_page)
        return jv_fail_field(ctx, "limit", "must be between 1 and %d", max_page);
    *ret = asked ? asked : default_page;
    return JV_OK;
}

/* The cursor is the last name of the page before. */
int admin_list(struct jv_ctx *ctx, const Auth__ListPeopleRequest *req, Auth__PeopleList *ret)
{
    struct jv_rows rows;
    int32_t limit = default_page;
    int r;

    r = read_limit(ctx, req->limit, &limit);
    if (!r)
        r = jv_db(ctx, &rows,
                  "select user_id, username, role, email, not disabled as enabled from people "
                  "where removed_at is null and username > $1 order by username limit $2",
                  jv_text(req->cursor), jv_int(limit + 1));
    if (r)
        return r;
    ret->people = JV_NEW_ARRAY(jv_arena(ctx), Auth__Person *, rows.n + 1);
    for (size_t i = 0; !r && i < rows.n && i < (size_t)limit; i++) {
        Auth__Person *p = jv_msg_new(&auth__person__descriptor, jv_arena(ctx));

        r = jv_row_to_msg(ctx, &rows, i, &p->base);
        ret->people[ret->n_people++] = p;
    }
    if (rows.n > (size_t)limit)
        ret->next_cursor = ret->people[limit - 1]->username;
    return r;
}
