/* find.c -- who is meant by a name or a user id, and who by one that is written nearly so. */
#include "auth.h"

#include <string.h>

enum { max_name = 64, max_alike = 3, max_compared = 2000 };

/* Letters to be added, left out, replaced or swapped to get from one to the other: a row for each
 * letter of a, of which the last three are kept. */
static unsigned distance(const char *a, const char *b)
{
    unsigned rows[3][max_name + 1];
    size_t n = strlen(a), m = strlen(b);

    for (size_t j = 0; j <= m; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        const unsigned *up = rows[(i - 1) % 3];
        unsigned *row = rows[i % 3];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned best = up[j - 1] + (a[i - 1] != b[j - 1]);

            best = up[j] + 1 < best ? up[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                rows[(i + 1) % 3][j - 2] + 1 < best)
                best = rows[(i + 1) % 3][j - 2] + 1;
            row[j] = best;
        }
    }
    return rows[n % 3][m];
}

/* Of two letters any two names are alike. */
static unsigned allowed(const char *name)
{
    size_t n = strlen(name);

    return n < 3 ? 0 : n < 7 ? 1 : 2;
}

static int find_alike(struct jv_ctx *ctx, const char *name, Auth__FoundPerson *ret)
{
    struct jv_rows rows;
    int r = jv_db(ctx, &rows,
                  "select username from people where removed_at is null and not disabled and "
                  "abs(length(username) - length($1)) <= 2 order by username limit $2",
                  jv_text(name), jv_int(max_compared));

    if (r)
        return r;
    ret->alike = JV_NEW_ARRAY(jv_arena(ctx), const char *, max_alike);
    for (unsigned d = 1; d <= allowed(name); d++)
        for (size_t i = 0; i < rows.n && ret->n_alike < max_alike; i++)
            if (distance(name, jv_col(&rows, i, "username")) == d)
                ret->alike[ret->n_alike++] = jv_col(&rows, i, "username");
    return JV_OK;
}

int find_by_any_name(struct jv_ctx *ctx, const Auth__FindPersonRequest *req, Auth__FoundPerson *ret)
{
    const char *name = jv_lower(jv_arena(ctx), req->name);
    struct jv_rows rows;
    int r;

    if (strlen(name) > max_name)
        return JV_OK; /* nobody has such a name */
    r = jv_db(ctx, &rows,
              "select username, removed_at is not null as removed from people "
              "where username = $1 or lower(user_id) = $1 order by username = $1 desc limit 1",
              jv_text(name));
    if (r)
        return r;
    if (!rows.n)
        return req->alike ? find_alike(ctx, name, ret) : JV_OK;
    ret->username = jv_col(&rows, 0, "username");
    ret->removed = jv_col_bool(&rows, 0, "removed");
    return JV_OK;
}
