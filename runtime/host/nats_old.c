/* nats_old.c -- keys of NATS users that were replaced. */
#include "host/nats_old.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { ID = 56, LINE = 160 };

static bool is_key(const char *s)
{
    return s[0] == 'U' && strlen(s) == ID && strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ID;
}

static struct jv_nats_old_key *add(struct jv_nats_old *old, const char *id, const char *user)
{
    struct jv_nats_old_key *more = JV_NEW_ARRAY(old->arena, struct jv_nats_old_key, old->n + 1);

    if (old->n)
        memcpy(more, old->keys, old->n * sizeof(*more));
    old->keys = more;
    more[old->n] = (struct jv_nats_old_key){ .id = jv_arena_strdup(old->arena, id),
                                             .user = jv_arena_strdup(old->arena, user) };
    return &more[old->n++];
}

void jv_nats_old_add(struct jv_nats_old *old, const char *id, const char *user)
{
    for (size_t i = 0; i < old->n; i++)
        if (strcmp(old->keys[i].id, id) == 0)
            return;
    add(old, id, user);
}

static bool read_line(struct jv_nats_old *old, const char *line)
{
    char id[65], user[65], state[17], more;

    if (sscanf(line, "%64s %64s %16s %c", id, user, state, &more) != 3 || !is_key(id) ||
        !jv_is_token(user))
        return false;
    add(old, id, user)->revoked = strcmp(state, "revoked") == 0;
    return old->keys[old->n - 1].revoked || strcmp(state, "retired") == 0;
}

int jv_nats_old_read(const char *dir, struct jv_arena *a, struct jv_nats_old *ret,
                     struct jv_err *err)
{
    char *path = jv_arena_printf(a, "%s/keys/old", dir), line[LINE];
    FILE *f = fopen(path, "re");
    bool ok = true;

    *ret = (struct jv_nats_old){ .arena = a };
    if (!f && errno == ENOENT)
        return JV_OK;
    while (f && ok && fgets(line, sizeof(line), f))
        ok = read_line(ret, line);
    ok = f && ok && !ferror(f);
    if (f)
        fclose(f);
    return ok ? JV_OK
              : jv_err_set(err, JV_FAILED_PRECONDITION,
                           "%s is damaged: it holds no list of replaced keys", path);
}

char *jv_nats_old_text(const struct jv_nats_old *old)
{
    struct jv_buf b = jv_buf_new(old->arena);

    for (size_t i = 0; i < old->n; i++)
        jv_buf_printf(&b, "%s %s %s\n", old->keys[i].id, old->keys[i].user,
                      old->keys[i].revoked ? "revoked" : "retired");
    jv_buf_str(&b, "");
    return old->n ? b.data : jv_arena_strdup(old->arena, "");
}
