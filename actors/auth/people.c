/* people.c -- who may sign in, their passwords, and the people of the demo. */
#include "auth.h"

#include <string.h>

#include "jv/password.h"

/* No password has this hash: it costs what a real one does when somebody unknown signs in. */
static const char nobodys_hash[] = "$argon2id$v=19$m=19456,t=2,p=1$"
                                   "AAAAAAAAAAAAAAAAAAAAAA$"
                                   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

static int person_from(struct jv_ctx *ctx, const struct jv_rows *rows, struct person *ret)
{
    const struct auth *auth = jv_state(ctx);

    *ret = (struct person){ .password_hash = nobodys_hash };
    if (!rows->n)
        return JV_OK;
    *ret = (struct person){
        .user_id = jv_col(rows, 0, "user_id"),
        .username = jv_col(rows, 0, "username"),
        .role = jv_col(rows, 0, "role"),
        .email = jv_col(rows, 0, "email"),
        .password_hash = jv_col(rows, 0, "password_hash"),
        .probe = jv_col_bool(rows, 0, "probe"),
        .may_sign_in =
                !jv_col_bool(rows, 0, "disabled") && (auth->demo || !jv_col_bool(rows, 0, "demo")),
    };
    return JV_OK;
}

int person_by_name(struct jv_ctx *ctx, const char *username, struct person *ret)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "select user_id, username, role, email, password_hash, disabled, demo, probe "
              "from people where username = $1 and removed_at is null",
              jv_text(username));
    return r ? r : person_from(ctx, &rows, ret);
}

int person_by_id(struct jv_ctx *ctx, const char *user_id, struct person *ret)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "select user_id, username, role, email, password_hash, disabled, demo, probe "
              "from people where user_id = $1 and removed_at is null",
              jv_text(user_id));
    return r ? r : person_from(ctx, &rows, ret);
}

int person_hold(struct jv_ctx *ctx, const char *user_id, struct person *ret)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "select user_id, username, role, email, password_hash, disabled, demo, probe "
              "from people where user_id = $1 and removed_at is null for share",
              jv_text(user_id));
    return r ? r : person_from(ctx, &rows, ret);
}

void person_show(const struct person *p, Auth__User *ret)
{
    ret->user_id = p->user_id;
    ret->username = p->username;
    ret->role = p->role;
    ret->email = p->email;
}

/* ---- passwords ------------------------------------------------------------------------------ */

struct check {
    const char *hash, *password;
    bool matches;
};

static int run_check(void *arg)
{
    struct check *c = arg;

    c->matches = jv_password_verify(c->hash, c->password);
    return JV_OK;
}

struct hashing {
    const char *password;
    char hash[128];
};

static int run_hashing(void *arg)
{
    struct hashing *h = arg;

    return jv_password_hash(h->password, h->hash);
}

int person_hash(struct jv_ctx *ctx, const char *password, const char **ret)
{
    struct hashing h = { .password = password };
    int r = jv_offload(ctx, run_hashing, &h);

    *ret = jv_arena_strdup(jv_arena(ctx), h.hash);
    return r;
}

/* A hash made with older parameters is replaced while the password is at hand. */
static int renew_hash(struct jv_ctx *ctx, struct person *p, const char *password)
{
    const char *hash;
    int r;

    r = person_hash(ctx, password, &hash);
    if (!r)
        r = jv_db(ctx, NULL,
                  "update people set password_hash = $3 where user_id = $1 and password_hash = $2",
                  jv_text(p->user_id), jv_text(p->password_hash), jv_text(hash));
    if (!r)
        p->password_hash = hash;
    return r;
}

int person_check_password(struct jv_ctx *ctx, struct person *p, const char *password, bool *ret)
{
    struct check c = { .hash = p->password_hash, .password = password };
    int r;

    r = jv_offload(ctx, run_check, &c);
    if (r)
        return r;
    *ret = c.matches && p->user_id;
    if (*ret && jv_password_outdated(p->password_hash) && renew_hash(ctx, p, password))
        jv_warn(ctx, "the password hash of %s could not be renewed", p->user_id);
    return JV_OK;
}

/* ---- the demo ------------------------------------------------------------------------------- */

static const struct demo_person {
    const char *user_id, *username, *password, *role;
} demo_people[] = {
    { "user_001", "vishal", "password123", "developer" },
    { "user_002", "happy", "password123", "developer" },
    { "user_003", "alex", "password123", "devops" },
    { "user_004", "sarah", "password123", "data_scientist" },
    { "user_admin", "admin", "admin123", "admin" },
};

bool people_is_demo_password(const char *password)
{
    for (size_t i = 0; i < JV_COUNT(demo_people); i++)
        if (strcmp(password, demo_people[i].password) == 0)
            return true;
    return false;
}

static int add_demo_person(struct jv_ctx *ctx, const struct demo_person *d, const char *hash)
{
    return jv_db(ctx, NULL,
                 "insert into people (user_id, username, role, email, password_hash, demo, "
                 "created_at) values ($1, $2, $3, $2 || '@company.com', $4, true, $5) "
                 "on conflict do nothing",
                 jv_text(d->user_id), jv_text(d->username), jv_text(d->role), jv_text(hash),
                 jv_ms(jv_real_ms(ctx)));
}

int people_add_demo(struct jv_ctx *ctx)
{
    struct hashing h = { .password = "" };
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows, "select user_id from people where demo");
    if (r || rows.n == JV_COUNT(demo_people))
        return r;
    for (size_t i = 0; i < JV_COUNT(demo_people); i++) {
        const struct demo_person *d = &demo_people[i];

        if (strcmp(h.password, d->password) != 0) {
            h.password = d->password;
            r = jv_offload(ctx, run_hashing, &h);
        }
        if (!r)
            r = add_demo_person(ctx, d, h.hash);
        if (r)
            return jv_fail_at(ctx, r, "adding the demo's people");
    }
    jv_warn(ctx, "demo mode: people with published passwords may sign in");
    return JV_OK;
}
