/* first.c -- people that settings name: the first administrator, whom nobody else could add, and
 * the probe, who signs in after a deploy to see whether all is well.
 *
 * Several replicas that start at once make each of them once. An administrator is made and never
 * changed; the probe's password is what the setting says, and nobody else's ever is. */
#include "auth.h"

#include <string.h>

struct wanted {
    const char *setting, *name, *password, *role;
};

static void read_wanted(const struct auth *auth, struct jv_arena *a, struct wanted *admin,
                        struct wanted *probe)
{
    *admin = (struct wanted){ "JARVIS_ADMIN", jv_lower(a, auth->admin), auth->admin_password,
                              "admin" };
    *probe = (struct wanted){ "JARVIS_PROBE", jv_lower(a, auth->probe), auth->probe_password,
                              "user" };
}

/* ---- the settings --------------------------------------------------------------------------- */

static int check_password(const struct wanted *w, struct jv_err *err)
{
    size_t n = strlen(w->password);

    if (n < min_password || n > max_password)
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s_PASSWORD: must have %d to %d bytes",
                          w->setting, min_password, max_password);
    if (people_is_demo_password(w->password) || strcmp(w->password, w->name) == 0)
        return jv_err_set(err, JV_INVALID_ARGUMENT,
                          "%s_PASSWORD: everybody would guess it; it is a password of the demo, or "
                          "the user name",
                          w->setting);
    return JV_OK;
}

static int check_one(const struct wanted *w, struct jv_err *err)
{
    if (!w->name[0] && !w->password[0])
        return JV_OK;
    if (!w->name[0])
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: is not set, but %s_PASSWORD is",
                          w->setting, w->setting);
    if (!w->password[0])
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s_PASSWORD: is not set, but %s is",
                          w->setting, w->setting);
    if (!admin_is_name(w->name))
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: " ADMIN_NAME_RULE, w->setting);
    if (strncmp(w->name, "user_", 5) == 0)
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: must not begin with user_, as user ids do",
                          w->setting);
    return check_password(w, err);
}

int first_check(const struct auth *auth, struct jv_err *err)
{
    struct jv_arena *a = jv_arena_new(0);
    struct wanted admin, probe;
    int r;

    read_wanted(auth, a, &admin, &probe);
    r = check_one(&admin, err);
    if (!r)
        r = check_one(&probe, err);
    if (!r && admin.name[0] && strcmp(admin.name, probe.name) == 0)
        r = jv_err_set(err, JV_INVALID_ARGUMENT,
                       "JARVIS_PROBE: must be somebody else than JARVIS_ADMIN");
    jv_arena_free(a);
    return r;
}

/* ---- adding --------------------------------------------------------------------------------- */

static int insert(struct jv_ctx *ctx, const struct wanted *w, bool probe)
{
    struct person p = { .username = w->name, .role = w->role, .email = "", .probe = probe };
    struct jv_note note;
    int r;

    r = person_hash(ctx, w->password, &p.password_hash);
    if (!r)
        r = admin_insert(ctx, &p);
    if (r)
        return r;
    note = jv_note(ctx, "person_added", "%s (%s), %s, by the setting %s", p.username, p.user_id,
                   p.role, w->setting);
    return admin_conclude(ctx, &note, NULL);
}

/* One who may sign in: the demo's may not, elsewhere. */
static int has_admin(struct jv_ctx *ctx, bool *ret)
{
    const struct auth *auth = jv_state(ctx);
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "select 1 from people where role = 'admin' and not disabled and removed_at is null "
              "and (not demo or $1::boolean) limit 1",
              jv_bool(auth->demo));
    if (!r)
        *ret = rows.n > 0;
    return r;
}

static int add_admin(struct jv_ctx *ctx, const struct wanted *w)
{
    bool has = false;
    int r = has_admin(ctx, &has);

    if (r || has)
        return r;
    r = admin_begin(ctx);
    if (!r)
        r = has_admin(ctx, &has);
    if (!r && has) /* another replica was first */
        return jv_db_commit(ctx);
    if (!r)
        r = insert(ctx, w, false);
    if (r == JV_ALREADY_EXISTS)
        r = jv_fail(ctx, JV_FAILED_PRECONDITION,
                    "JARVIS_ADMIN: %s is or was somebody's name who is no administrator that may "
                    "sign in; name another",
                    w->name);
    return r;
}

/* ---- the probe ------------------------------------------------------------------------------ */

static int set_password(struct jv_ctx *ctx, const struct wanted *w, const struct person *p)
{
    Auth__Revocation *over;
    struct jv_note note;
    const char *hash;
    int r;

    r = person_hash(ctx, w->password, &hash);
    if (!r)
        r = jv_db(ctx, NULL, "update people set password_hash = $2 where user_id = $1",
                  jv_text(p->user_id), jv_text(hash));
    if (!r)
        r = tokens_end_person(ctx, p->user_id, &over);
    if (r)
        return r;
    note = jv_note(ctx, "person_changed", "%s (%s): password, by the setting %s_PASSWORD",
                   p->username, p->user_id, w->setting);
    return admin_conclude(ctx, &note, over);
}

/* *ret_good: they are there and have that password. */
static int find_probe(struct jv_ctx *ctx, const struct wanted *w, struct person *ret,
                      bool *ret_good)
{
    int r = person_by_name(ctx, w->name, ret);

    *ret_good = false;
    if (r || !ret->user_id)
        return r;
    if (!ret->probe)
        return jv_fail(ctx, JV_FAILED_PRECONDITION,
                       "JARVIS_PROBE: %s is somebody else's name; name another", w->name);
    return person_check_password(ctx, ret, w->password, ret_good);
}

static int keep_probe(struct jv_ctx *ctx, const struct wanted *w)
{
    struct person p;
    bool good;
    int r = find_probe(ctx, w, &p, &good);

    if (r || good)
        return r;
    r = admin_begin(ctx);
    if (!r)
        r = find_probe(ctx, w, &p, &good);
    if (!r && good)
        return jv_db_commit(ctx);
    if (r || p.user_id)
        return r ? r : set_password(ctx, w, &p);
    r = insert(ctx, w, true);
    if (r != JV_ALREADY_EXISTS)
        return r;
    jv_db_rollback(ctx); /* an administrator's wish: no reason to let nobody sign in */
    jv_warn(ctx, "JARVIS_PROBE: %s was removed, and the name is not given again", w->name);
    return JV_OK;
}

int first_add(struct jv_ctx *ctx)
{
    struct wanted admin, probe;
    int r = JV_OK;

    read_wanted(jv_state(ctx), jv_arena(ctx), &admin, &probe);
    if (admin.name[0])
        r = add_admin(ctx, &admin);
    if (!r && probe.name[0])
        r = keep_probe(ctx, &probe);
    return r;
}
